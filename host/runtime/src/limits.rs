//! What a pipeline may use, and the limiter that holds it to its memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use wasmtime::{ResourceLimiter, Result};

use crate::shared::Shared;

/// Workers of one pipeline, at most.
pub const WORKERS_MAX: u32 = 64;
/// Bytes of one table's element.
const TABLE_ELEMENT_BYTES: u64 = 16;
/// Core instances, memories and tables of one component. A program of ours has 6 instances and one memory.
const INSTANCES_MAX: usize = 64;
const MEMORIES_MAX: usize = 16;
const TABLES_MAX: usize = 64;

/// What a pipeline may use.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of all memories and tables of all workers together. Default: no limit but 4 GiB for each worker. Growing
    /// beyond ends the pipeline with [`crate::FailureKind::MemoryLimit`].
    pub memory_bytes_max: Option<u64>,
    /// Wall time of one call (a step, an ingest, a page). Default: no limit. A step that is interrupted ends the pipeline with
    /// [`crate::FailureKind::Timeout`]: its state is half changed.
    pub call_time_max: Option<Duration>,
    /// Bytes of log lines during one call; more are dropped and counted. Default: 1 MiB.
    pub log_bytes_max: u64,
    /// Bytes that one call may hand from the component to the host. Default: 128 MiB. The host allocates that much on
    /// behalf of a malicious component, for each worker; what waits at an exchange counts as memory of the pipeline.
    pub transfer_bytes_max: usize,
    /// Bytes of all pages of one worker's share of a delta, or of a snapshot that is read at once. Default: 4 GiB, what
    /// a worker's memory can hold. More ends the pipeline.
    pub delta_bytes_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            memory_bytes_max: None,
            call_time_max: None,
            log_bytes_max: 1 << 20,
            transfer_bytes_max: 128 << 20,
            delta_bytes_max: 4 << 30,
        }
    }
}

/// Bytes that the workers of a pipeline use together.
#[derive(Debug)]
pub(crate) struct MemoryAccount {
    used: AtomicU64,
    peak: AtomicU64,
    max: u64,
}

impl MemoryAccount {
    pub(crate) fn new(max: Option<u64>) -> MemoryAccount {
        MemoryAccount { used: AtomicU64::new(0), peak: AtomicU64::new(0), max: max.unwrap_or(u64::MAX) }
    }

    pub(crate) fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    pub(crate) fn peak(&self) -> u64 {
        self.peak.load(Ordering::Relaxed)
    }

    pub(crate) fn max(&self) -> u64 {
        self.max
    }

    /// Take bytes, if they are within the limit.
    pub(crate) fn take(&self, bytes: u64) -> bool {
        let fits = |used: u64| used.checked_add(bytes).filter(|&new| new <= self.max);
        match self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits) {
            Ok(before) => {
                self.peak.fetch_max(before + bytes, Ordering::Relaxed);
                true
            }
            Err(_) => false,
        }
    }

    pub(crate) fn give_back(&self, bytes: u64) {
        self.used.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// Counts one worker's memory into the pipeline's account, and out of it when the worker goes.
#[derive(Debug)]
pub(crate) struct Limiter {
    shared: Arc<Shared>,
    worker: u32,
    bytes: u64,
}

impl Limiter {
    pub(crate) fn new(shared: Arc<Shared>, worker: u32) -> Limiter {
        Limiter { shared, worker, bytes: 0 }
    }

    /// Bytes of this worker.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    fn grow(&mut self, bytes: u64) -> Result<bool> {
        if self.shared.memory.take(bytes) {
            self.bytes += bytes;
            return Ok(true);
        }
        Err(self.shared.out_of_memory(self.worker).into())
    }
}

impl Drop for Limiter {
    fn drop(&mut self) {
        self.shared.memory.give_back(self.bytes);
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool> {
        // Beyond what the memory itself declares (4 GiB at most) the component sees its own failure to grow.
        if maximum.is_some_and(|max| desired > max) {
            return Ok(false);
        }
        self.grow(desired.saturating_sub(current) as u64)
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool> {
        if maximum.is_some_and(|max| desired > max) {
            return Ok(false);
        }
        self.grow(desired.saturating_sub(current) as u64 * TABLE_ELEMENT_BYTES)
    }

    fn instances(&self) -> usize {
        INSTANCES_MAX
    }

    fn memories(&self) -> usize {
        MEMORIES_MAX
    }

    fn tables(&self) -> usize {
        TABLES_MAX
    }
}
