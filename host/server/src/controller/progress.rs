//! How far a pipeline has come: what it took in, what it worked on, and when something last moved.

use crate::metrics::histogram::{Histogram, STEP_SECONDS};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Time that must have passed since the last data moved before a pipeline is complete: a tick of the clock. Clients that stop
/// reading when it is get the last chunk by then.
pub const QUIET: Duration = Duration::from_millis(100);

/// Counters of a pipeline since it was started. A step costs a dozen atomic operations.
#[derive(Debug)]
pub struct Progress {
    begun: Instant,
    /// Records taken in.
    pub input_records: AtomicU64,
    /// Records that wait for a step.
    pub buffered_records: AtomicU64,
    /// Bytes of the changes that wait for a step.
    pub buffered_bytes: AtomicU64,
    /// Records that went through a step, whose changes were told to all who listen.
    pub processed_records: AtomicU64,
    /// Steps made.
    pub steps: AtomicU64,
    /// CPU time of the workers in steps, in nanoseconds: of their threads, time that they waited left out.
    pub cpu_ns: AtomicU64,
    /// Time of steps: from the first change handed to a worker to the last one read from it.
    pub step_seconds: Histogram,
    /// When data moved last, in nanoseconds since `begun`; 0: never.
    moved_ns: AtomicU64,
}

impl Default for Progress {
    fn default() -> Self {
        Progress {
            begun: Instant::now(),
            input_records: AtomicU64::new(0),
            buffered_records: AtomicU64::new(0),
            buffered_bytes: AtomicU64::new(0),
            processed_records: AtomicU64::new(0),
            steps: AtomicU64::new(0),
            cpu_ns: AtomicU64::new(0),
            step_seconds: Histogram::new(STEP_SECONDS),
            moved_ns: AtomicU64::new(0),
        }
    }
}

impl Progress {
    /// Data moved now.
    pub fn moved(&self) {
        let ns = u64::try_from(self.begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.moved_ns.fetch_max(ns.max(1), Relaxed);
    }

    /// Whether no data moved for [`QUIET`].
    pub fn is_quiet(&self) -> bool {
        let moved = self.moved_ns.load(Relaxed);
        moved == 0 || self.begun.elapsed().saturating_sub(Duration::from_nanos(moved)) >= QUIET
    }

    /// Whether all that was taken in was worked on.
    pub fn has_caught_up(&self) -> bool {
        // In this order: what comes in between makes it look behind, never ahead.
        let processed = self.processed_records.load(Relaxed);
        processed >= self.input_records.load(Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_at_once_and_a_tick_after_data() {
        let progress = Progress::default();
        assert!(progress.is_quiet() && progress.has_caught_up());
        progress.input_records.fetch_add(1, Relaxed);
        assert!(!progress.has_caught_up());
        progress.processed_records.fetch_add(1, Relaxed);
        let moved = Instant::now();
        progress.moved();
        while !progress.is_quiet() {
            std::thread::sleep(Duration::from_millis(1));
        }
        assert!(progress.has_caught_up() && moved.elapsed() >= QUIET);
    }
}
