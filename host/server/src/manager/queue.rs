//! Who compiles next. Programs wait in order of arrival within their tenant; tenants take turns. So nobody waits for a tenant
//! that has much to compile, but for one compilation of it.

use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use tokio::sync::oneshot;
use uuid::Uuid;
use weir_catalog::TenantId;

/// Programs that wait, a pure structure: `T` are tenants, `P` places within a tenant's queue, the least first.
#[derive(Debug)]
pub(super) struct FairQueue<T, P> {
    waiting: BTreeMap<T, BTreeSet<P>>,
    /// The tenants that have something waiting, each once; the first has its turn.
    turns: VecDeque<T>,
}

impl<T: Ord + Copy, P: Ord + Copy> FairQueue<T, P> {
    pub(super) fn new() -> Self {
        FairQueue { waiting: BTreeMap::new(), turns: VecDeque::new() }
    }

    /// Adds a place. A tenant that had none waiting has its turn after all others.
    pub(super) fn push(&mut self, tenant: T, place: P) {
        let places = self.waiting.entry(tenant).or_default();
        if places.is_empty() {
            self.turns.push_back(tenant);
        }
        places.insert(place);
    }

    /// Takes a place out; returns whether it was there.
    pub(super) fn remove(&mut self, tenant: T, place: P) -> bool {
        let Some(places) = self.waiting.get_mut(&tenant) else { return false };
        let removed = places.remove(&place);
        if places.is_empty() {
            self.waiting.remove(&tenant);
            self.turns.retain(|t| *t != tenant);
        }
        removed
    }

    /// The next place. Its tenant has its next turn after all others that wait now.
    pub(super) fn pop(&mut self) -> Option<(T, P)> {
        let tenant = self.turns.pop_front()?;
        let places = self.waiting.get_mut(&tenant)?;
        let place = places.pop_first()?;
        if places.is_empty() {
            self.waiting.remove(&tenant);
        } else {
            self.turns.push_back(tenant);
        }
        Some((tenant, place))
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.waiting.values().map(BTreeSet::len).sum()
    }
}

/// A program's place in the queue of its tenant: since when it waits, then which pipeline it is of.
pub(super) type Place = (DateTime<Utc>, Uuid);

/// A compiler that does so many things at once, for which others wait in a [`FairQueue`].
pub(super) struct Compilers(Arc<Mutex<State>>);

struct State {
    free: usize,
    queue: FairQueue<TenantId, Place>,
    /// Who waits for which place. There is one for each in the queue.
    callers: BTreeMap<(TenantId, Place), oneshot::Sender<Permit>>,
}

/// The right to compile, until it is dropped.
pub(super) struct Permit(Arc<Mutex<State>>);

/// A place that is given up when the wait for it is.
struct Waiting<'a> {
    state: &'a Mutex<State>,
    tenant: TenantId,
    place: Place,
}

impl Compilers {
    pub(super) fn new(number: usize) -> Self {
        let queue = FairQueue::new();
        Compilers(Arc::new(Mutex::new(State { free: number, queue, callers: BTreeMap::new() })))
    }

    /// Waits for a compiler. `place` is unique among those that wait. Dropping the future gives the place up.
    pub(super) async fn acquire(&self, tenant: TenantId, place: Place) -> Permit {
        let (sender, receiver) = oneshot::channel();
        {
            let mut state = self.0.lock();
            state.queue.push(tenant, place);
            let before = state.callers.insert((tenant, place), sender);
            assert!(before.is_none(), "a program waits once");
        }
        let _waiting = Waiting { state: &self.0, tenant, place };
        grant(&self.0);
        receiver.await.expect("only this future drops the sender, unless it sent")
    }

    /// How many wait.
    pub(super) fn waiting(&self) -> usize {
        self.0.lock().queue.len()
    }
}

/// Gives free compilers to those whose turn it is.
fn grant(shared: &Arc<Mutex<State>>) {
    loop {
        let sender = {
            let mut state = shared.lock();
            if state.free == 0 {
                return;
            }
            let Some((tenant, place)) = state.queue.pop() else { return };
            state.free -= 1;
            state.callers.remove(&(tenant, place))
        };
        let permit = Permit(Arc::clone(shared));
        // Unlocked: if nobody takes it, the permit is dropped here, which grants it to another.
        match sender {
            Some(sender) => drop(sender.send(permit)),
            None => drop(permit),
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut state = self.state.lock();
        state.queue.remove(self.tenant, self.place);
        state.callers.remove(&(self.tenant, self.place));
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.lock().free += 1;
        grant(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What happens to a queue whose compilers are the machine's cores.
    #[derive(Clone, Debug)]
    enum Event {
        /// A tenant's program arrives, with this time.
        Arrive(u8, u16),
        /// The n-th of those that wait goes away.
        Leave(usize),
        /// The n-th of those that compile is done.
        Done(usize),
    }

    fn event() -> impl Strategy<Value = Event> {
        prop_oneof![
            4 => (0..5u8, any::<u16>()).prop_map(|(t, at)| Event::Arrive(t, at)),
            1 => any::<usize>().prop_map(Event::Leave),
            3 => any::<usize>().prop_map(Event::Done),
        ]
    }

    proptest! {
        #[test]
        fn no_tenant_waits_for_more_than_one_compilation_of_another(
            events in prop::collection::vec(event(), 0..400),
            cores in 1..5usize,
        ) {
            let mut queue = FairQueue::new();
            let (mut waiting, mut compiling) = (Vec::<(u8, (u16, usize))>::new(), Vec::new());
            // For each tenant that waits, how often each other one began since it waits or last began.
            let mut overtaken = BTreeMap::<u8, BTreeMap<u8, usize>>::new();
            for (number, event) in events.into_iter().enumerate() {
                match event {
                    Event::Arrive(tenant, at) => {
                        queue.push(tenant, (at, number));
                        waiting.push((tenant, (at, number)));
                        overtaken.entry(tenant).or_default();
                    }
                    Event::Leave(n) if !waiting.is_empty() => {
                        let (tenant, place) = waiting.swap_remove(n % waiting.len());
                        prop_assert!(queue.remove(tenant, place));
                        prop_assert!(!queue.remove(tenant, place));
                        if !waiting.iter().any(|w| w.0 == tenant) {
                            overtaken.remove(&tenant);
                        }
                    }
                    Event::Done(n) if !compiling.is_empty() => {
                        compiling.swap_remove(n % compiling.len());
                    }
                    Event::Leave(_) | Event::Done(_) => {}
                }
                while compiling.len() < cores {
                    let Some((tenant, place)) = queue.pop() else { break };
                    // First come, first served within the tenant.
                    let first = waiting.iter().filter(|w| w.0 == tenant).min();
                    prop_assert_eq!(first, Some(&(tenant, place)));
                    waiting.retain(|w| *w != (tenant, place));
                    compiling.push((tenant, place));
                    overtaken.remove(&tenant);
                    if waiting.iter().any(|w| w.0 == tenant) {
                        overtaken.insert(tenant, BTreeMap::new());
                    }
                    for (other, by) in &mut overtaken {
                        if *other != tenant {
                            let times = by.entry(tenant).or_default();
                            *times += 1;
                            prop_assert!(*times <= 1, "{tenant} began twice while {other} waited");
                        }
                    }
                }
                prop_assert_eq!(queue.len(), waiting.len());
                // No core is idle while somebody waits.
                prop_assert!(compiling.len() == cores || waiting.is_empty());
            }
        }
    }

    #[tokio::test]
    async fn a_wait_that_is_given_up_keeps_no_compiler() {
        let compilers = Arc::new(Compilers::new(1));
        let at = |place| (DateTime::UNIX_EPOCH, Uuid::from_u128(place));
        let held = compilers.acquire(Uuid::from_u128(1), at(0)).await;
        let wait = |tenant, place| {
            let compilers = Arc::clone(&compilers);
            tokio::spawn(async move { compilers.acquire(Uuid::from_u128(tenant), at(place)).await })
        };
        let (first, second, third) = (wait(1, 1), wait(1, 2), wait(2, 1));
        while compilers.waiting() < 3 {
            tokio::task::yield_now().await;
        }
        first.abort();
        assert!(first.await.is_err());
        assert_eq!(compilers.waiting(), 2);
        drop(held);
        // Granted, but never received.
        third.abort();
        drop(third.await);
        let permit = second.await.unwrap();
        assert_eq!(compilers.waiting(), 0);
        drop(permit);
        let (_a, free) = (compilers.acquire(Uuid::from_u128(3), at(1)).await, compilers.0.lock().free);
        assert_eq!(free, 0, "one compiler, and it is taken");
    }
}
