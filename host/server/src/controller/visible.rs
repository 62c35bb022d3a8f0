//! Which changes a query waits for: those that were acknowledged before it began.

use super::queue::Input;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use tokio::sync::watch;

/// No input.
const NONE: u64 = u64::MAX;

/// Numbers inputs as they are queued, and tells when steps have taken them in. Numbers are given, and turns begun, under the
/// queue's lock.
#[derive(Debug)]
pub(super) struct Visible {
    /// The number of the input that was queued last; the first is 1.
    queued: AtomicU64,
    /// The least number in the turn in hand, or [`NONE`]. Forced inputs overtake others while a pipeline is paused, so numbers
    /// do not ascend from turn to turn.
    in_turn: AtomicU64,
    /// Turns that ended.
    turns: watch::Sender<u64>,
}

impl Default for Visible {
    fn default() -> Self {
        Visible { queued: AtomicU64::new(0), in_turn: AtomicU64::new(NONE), turns: watch::channel(0).0 }
    }
}

impl Visible {
    /// Numbers an input that is queued next.
    pub(super) fn number(&self) -> u64 {
        self.queued.fetch_add(1, Relaxed) + 1
    }

    /// The number of the input that was queued last.
    pub(super) fn last(&self) -> u64 {
        self.queued.load(Relaxed)
    }

    /// A turn takes in these.
    pub(super) fn turn_begins(&self, inputs: &[Input]) {
        self.in_turn.store(inputs.iter().map(|i| i.number).min().unwrap_or(NONE), Relaxed);
    }

    /// What the turn took in is there.
    pub(super) fn turn_ended(&self) {
        self.in_turn.store(NONE, Relaxed);
        self.turns.send_modify(|n| *n += 1);
    }

    /// Ends of turns, to wait for.
    pub(super) fn turns(&self) -> watch::Receiver<u64> {
        self.turns.subscribe()
    }

    /// Whether something up to a number is queued or in hand; of what is queued, only what `counts` says.
    pub(super) fn is_pending<'q>(
        &self,
        mut queue: impl Iterator<Item = &'q Input>,
        up_to: u64,
        counts: impl Fn(&Input) -> bool,
    ) -> bool {
        self.in_turn.load(Relaxed) <= up_to || queue.any(|i| i.number <= up_to && counts(i))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;

    #[test]
    fn pending_until_the_turn_ends_whatever_overtakes() {
        let visible = Visible::default();
        let mut queue = VecDeque::new();
        for forced in [false, true, false] {
            let mut input = Input::new(0, Vec::new(), forced);
            input.number = visible.number();
            queue.push_back(input);
        }
        assert_eq!(visible.last(), 3);
        // Paused: what is forced goes first, and of the rest nothing counts.
        let forced = queue.remove(1).unwrap();
        visible.turn_begins(&[forced]);
        assert!(visible.is_pending(queue.iter(), 2, |i| i.forced));
        assert!(!visible.is_pending(queue.iter(), 1, |i| i.forced));
        assert!(visible.is_pending(queue.iter(), 1, |_| true));
        visible.turn_ended();
        assert!(!visible.is_pending(queue.iter(), 3, |i| i.forced));
        visible.turn_begins(&queue.drain(..).collect::<Vec<_>>());
        assert!(!visible.is_pending(queue.iter(), 0, |_| true));
        assert!(visible.is_pending(queue.iter(), 1, |_| true));
        visible.turn_ended();
        assert!(!visible.is_pending(queue.iter(), 3, |_| true));
        assert_eq!(*visible.turns().borrow(), 2);
    }
}
