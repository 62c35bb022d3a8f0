//! Changes that wait for a step, up to a bound.

use super::endpoint::InputEndpoint;
use std::sync::Arc;
use weir_row::Block;

/// Bytes of changes that may wait for a step; beyond that those who bring more wait.
pub const ENQUEUE_BYTES_MAX: usize = 64 << 20;

/// Changes of one table, as one request or connector brought them.
#[derive(Debug)]
pub struct Input {
    /// The table.
    pub table: usize,
    /// Blocks for each worker.
    pub workers: Vec<Vec<Block>>,
    /// Rows in all.
    pub rows: usize,
    /// Memory of the blocks.
    pub bytes: usize,
    /// Whether a paused pipeline takes it in, too.
    pub forced: bool,
    /// Through which endpoint they came, if through one.
    pub endpoint: Option<Arc<InputEndpoint>>,
    /// Its number, in the order of queueing; given as it is queued.
    pub number: u64,
}

impl Input {
    /// Changes of a table.
    pub fn new(table: usize, workers: Vec<Vec<Block>>, forced: bool) -> Input {
        let blocks = || workers.iter().flatten();
        let (rows, bytes) = (blocks().map(Block::len).sum(), blocks().map(Block::memory_bytes).sum());
        Input { table, rows, bytes, workers, forced, endpoint: None, number: 0 }
    }
}
