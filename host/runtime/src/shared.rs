//! What the workers of a pipeline, its owner, and whoever kills it have in common.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;

use crate::exchange::Exchange;
use crate::failure::{Failure, FailureKind};
use crate::limits::{Limits, MemoryAccount};
use crate::log::Log;
use crate::profile::OperatorStats;
use crate::state::BlockStore;

/// Ends a component's run: the reason is in [`Shared::failure`].
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the pipeline has ended")]
pub(crate) struct Ended;

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) workers: u32,
    pub(crate) limits: Limits,
    pub(crate) memory: MemoryAccount,
    pub(crate) exchange: Exchange,
    pub(crate) log: Log,
    pub(crate) store: Arc<dyn BlockStore>,
    /// Whether operators' times are kept.
    pub(crate) times: bool,
    /// What each worker's operators did until the end of its last step.
    pub(crate) operators: Vec<Mutex<Vec<OperatorStats>>>,
    /// The first failure: it counts, later ones are its consequences.
    failure: OnceLock<Failure>,
    ended: AtomicBool,
}

impl Shared {
    pub(crate) fn new(workers: u32, limits: Limits, log: Log, store: Arc<dyn BlockStore>, times: bool) -> Shared {
        Shared {
            workers,
            memory: MemoryAccount::new(limits.memory_bytes_max),
            limits,
            exchange: Exchange::new(workers as usize),
            log,
            store,
            times,
            operators: (0..workers).map(|_| Mutex::default()).collect(),
            failure: OnceLock::new(),
            ended: AtomicBool::new(false),
        }
    }

    /// End the pipeline, unless it has ended; every worker stops within milliseconds.
    pub(crate) fn fail(&self, failure: Failure) -> Ended {
        // Only the first one is kept.
        let _ = self.failure.set(failure);
        self.ended.store(true, Ordering::Release);
        self.exchange.end();
        Ended
    }

    /// End the pipeline because a worker wants more than there is.
    pub(crate) fn out_of_memory(&self, worker: u32) -> Ended {
        let mib = self.memory.max() >> 20;
        let message = format!("the pipeline needs more memory than its limit of {mib} MiB");
        self.fail(Failure::new(FailureKind::MemoryLimit, Some(worker), message))
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    pub(crate) fn failure(&self) -> Option<Failure> {
        self.failure.get().cloned()
    }

    /// The failure after a call that ended in an error.
    pub(crate) fn failure_or(&self, otherwise: impl FnOnce() -> Failure) -> Failure {
        if self.failure.get().is_none() {
            self.fail(otherwise());
        }
        self.failure().unwrap_or_else(|| Failure::new(FailureKind::Killed, None, "the pipeline has ended"))
    }
}
