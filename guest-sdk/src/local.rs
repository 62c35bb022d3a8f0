//! Workers without a sandbox: threads of one process that exchange through memory. For tests and benchmarks.

use crate::host::{Failure, Host, Level};
use crate::{Circuit, Context, Pipeline};
use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use weir_row::Block;

/// Where workers wait for each other. When one ends by a panic the others do, too, instead of waiting for it.
struct Barrier {
    workers: usize,
    state: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    /// Workers that wait.
    here: usize,
    /// How often all of them came.
    rounds: u64,
    /// Whether one will never come.
    broken: bool,
}

/// What a worker ends with because another one did.
struct Abandoned;

impl Barrier {
    fn new(workers: usize) -> Barrier {
        Barrier { workers, state: Mutex::default(), changed: Condvar::new() }
    }

    fn wait(&self) {
        let mut state = lock(&self.state);
        state.here += 1;
        if state.here == self.workers {
            state.here = 0;
            state.rounds += 1;
            self.changed.notify_all();
            return;
        }
        let round = state.rounds;
        while state.rounds == round && !state.broken {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.rounds == round {
            drop(state);
            std::panic::resume_unwind(Box::new(Abandoned));
        }
    }

    fn leave(&self) {
        lock(&self.state).broken = true;
        self.changed.notify_all();
    }
}

/// Breaks the barrier if the worker panics.
struct Leaving<'b>(&'b Barrier);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.leave();
        }
    }
}

/// What the workers of a process share.
struct Shared {
    barrier: Barrier,
    /// Blocks under way, by receiver and sender.
    slots: Mutex<Vec<Vec<Block>>>,
    store: Mutex<Store>,
}

/// Stored blocks.
#[derive(Default)]
struct Store {
    blocks: BTreeMap<u64, Block>,
    next: u64,
}

/// The hosts of the workers of one process, which share a store of state.
#[derive(Clone)]
pub struct Hub {
    shared: Arc<Shared>,
    workers: usize,
}

impl Hub {
    /// Hosts for so many workers.
    pub fn new(workers: usize) -> Hub {
        let slots = Mutex::new(vec![Vec::new(); workers * workers]);
        let shared = Shared { barrier: Barrier::new(workers), slots, store: Mutex::default() };
        Hub { shared: Arc::new(shared), workers }
    }

    /// The host of a worker.
    pub fn host(&self, worker: usize) -> Box<dyn Host> {
        Box::new(LocalHost { hub: self.clone(), worker })
    }

    /// The number of blocks in the store.
    pub fn stored(&self) -> usize {
        lock(&self.shared.store).blocks.len()
    }

    /// The number of blocks that were ever stored.
    pub fn written(&self) -> u64 {
        lock(&self.shared.store).next
    }

    /// Runs `work` on every worker's pipeline, each on its own thread, and returns the results in the order of workers.
    ///
    /// # Panics
    /// If a worker does, or its checkpoint is refused.
    pub fn run<T: Send>(
        &self,
        circuit: impl Fn() -> Box<dyn Circuit> + Sync,
        checkpoints: Option<&[Vec<u8>]>,
        work: impl Fn(usize, &mut Pipeline) -> T + Sync,
    ) -> Vec<T> {
        std::thread::scope(|scope| {
            let (circuit, work) = (&circuit, &work);
            let threads: Vec<_> = (0..self.workers)
                .map(|worker| {
                    scope.spawn(move || {
                        let _leaving = Leaving(&self.shared.barrier);
                        let from = checkpoints.map(|c| c[worker].as_slice());
                        let opened = Pipeline::open(circuit(), self.host(worker), worker, self.workers, from);
                        let mut pipeline = opened.unwrap_or_else(|e| panic!("a worker cannot begin: {e}"));
                        work(worker, &mut pipeline)
                    })
                })
                .collect();
            let results: Vec<_> = threads.into_iter().map(std::thread::ScopedJoinHandle::join).collect();
            let mut out = vec![];
            let mut abandoned = None;
            for result in results {
                match result {
                    Ok(done) => out.push(done),
                    // The one that began says why.
                    Err(e) if e.is::<Abandoned>() => abandoned = Some(e),
                    Err(e) => std::panic::resume_unwind(e),
                }
            }
            abandoned.map_or(out, |e| std::panic::resume_unwind(e))
        })
    }
}

/// The host of one worker.
struct LocalHost {
    hub: Hub,
    worker: usize,
}

/// A lock; a worker that panicked while it held it has ended the pipeline anyhow.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Host for LocalHost {
    fn exchange(&self, _channel: u32, outgoing: Vec<Block>) -> Vec<Block> {
        let workers = self.hub.workers;
        assert_eq!(outgoing.len(), workers, "one block for each worker");
        for (to, block) in outgoing.into_iter().enumerate() {
            lock(&self.hub.shared.slots)[to * workers + self.worker] = vec![block];
        }
        self.hub.shared.barrier.wait();
        let mine = self.worker * workers..(self.worker + 1) * workers;
        let incoming = lock(&self.hub.shared.slots)[mine].iter_mut().flat_map(std::mem::take).collect();
        self.hub.shared.barrier.wait();
        incoming
    }

    fn state_write(&self, block: &Block) -> u64 {
        let mut store = lock(&self.hub.shared.store);
        store.next += 1;
        let id = store.next;
        store.blocks.insert(id, block.clone());
        id
    }

    fn state_read(&self, id: u64) -> Block {
        let store = lock(&self.hub.shared.store);
        store.blocks.get(&id).cloned().unwrap_or_else(|| panic!("block {id} is not in the store"))
    }

    fn state_drop(&self, id: u64) {
        lock(&self.hub.shared.store).blocks.remove(&id);
    }

    fn operated(&self, _node: u32, _rows_in: u64, _rows_out: u64) {}

    fn committed(&self, _node: u32) {}

    fn log(&self, level: Level, message: &str) {
        eprintln!("worker {}: {level:?}: {message}", self.worker);
    }

    fn fail(&self, failure: Failure) -> ! {
        std::panic::panic_any(failure)
    }

    fn cancelled(&self) -> bool {
        false
    }
}

/// The surroundings of a worker that is alone.
pub fn solo() -> Context {
    Context::new(Hub::new(1).host(0), 0, 1)
}
