//! The memory of a pipeline's queries.

use datafusion::common::{DataFusionError, Result};
use datafusion::execution::memory_pool::{MemoryLimit, MemoryPool, MemoryReservation};
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes that all queries of a pipeline use together, at most, however much the pipeline may: results are streamed, so it is
/// sorts, joins and groups that need memory, and results as text.
pub const QUERY_MEMORY_BYTES_MAX: usize = 512 << 20;

/// The account of the queries of one pipeline. They share its memory: what is left of the pipeline's own limit, less a
/// reserve for its growth, bounds them. A query that wants more fails; the pipeline does not.
pub struct QueryMemory {
    used_bytes: AtomicUsize,
    /// Bytes that the pipeline leaves to its queries, just now.
    room_bytes: Box<dyn Fn() -> u64 + Send + Sync>,
}

impl QueryMemory {
    /// An account; `room_bytes` is asked at each demand and says what all queries together may use.
    pub fn new(room_bytes: impl Fn() -> u64 + Send + Sync + 'static) -> QueryMemory {
        QueryMemory { used_bytes: AtomicUsize::new(0), room_bytes: Box::new(room_bytes) }
    }

    /// Bytes in use.
    pub fn used_bytes(&self) -> usize {
        self.used_bytes.load(Ordering::Relaxed)
    }

    fn max_bytes(&self) -> usize {
        usize::try_from((self.room_bytes)()).unwrap_or(usize::MAX).min(QUERY_MEMORY_BYTES_MAX)
    }
}

impl fmt::Debug for QueryMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueryMemory").field("used_bytes", &self.used_bytes()).finish_non_exhaustive()
    }
}

impl fmt::Display for QueryMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the pipeline's queries: {} bytes", self.used_bytes())
    }
}

impl MemoryPool for QueryMemory {
    fn name(&self) -> &str {
        "queries"
    }

    fn grow(&self, _: &MemoryReservation, additional: usize) {
        self.used_bytes.fetch_add(additional, Ordering::Relaxed);
    }

    fn shrink(&self, _: &MemoryReservation, shrink: usize) {
        self.used_bytes.fetch_sub(shrink, Ordering::Relaxed);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        let max = self.max_bytes();
        let fits = |used: usize| used.checked_add(additional).filter(|new| *new <= max);
        self.used_bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).map(|_| ()).map_err(|used| {
            DataFusionError::ResourcesExhausted(format!(
                "{} needs {additional} more bytes, and the pipeline's queries, which use {used}, may use {max}",
                reservation.consumer().name()
            ))
        })
    }

    fn reserved(&self) -> usize {
        self.used_bytes()
    }

    fn memory_limit(&self) -> MemoryLimit {
        MemoryLimit::Finite(self.max_bytes())
    }
}
