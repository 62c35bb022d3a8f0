//! Where a pipeline keeps blocks of state outside its memory, and its checkpoints (design D9).
//!
//! A checkpoint is atomic: after a crash the store is as the last one left it. Between two checkpoints blocks may be
//! written, read and dropped; what was dropped stays stored until the next checkpoint, because the last one may name it.

mod encoding;
mod file;
mod memory;

use std::fmt;

use serde::{Deserialize, Serialize};
use weir_row::Block;

pub use file::FileStore;
pub use memory::MemoryStore;

/// Why a store did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// An identifier that was never given out, or whose block was dropped.
    #[error("there is no block of state {0}")]
    NoBlock(u64),
    /// What was read is not what was written.
    #[error("the state is damaged: {0}")]
    Damaged(String),
    /// The database failed.
    #[error("the state could not be stored or read: {0}")]
    Database(String),
}

/// All that is needed to go on from a point in time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Steps done before it.
    pub steps: u64,
    /// `now` of the last step, in microseconds since 1970.
    pub now_us: i64,
    /// What each worker's `checkpoint` returned.
    pub workers: Vec<Vec<u8>>,
    /// What the owner adds: connectors' offsets, the program's version.
    pub owner: Vec<u8>,
}

/// A store of blocks. All methods may be called by all workers at once.
pub trait BlockStore: Send + Sync + fmt::Debug {
    /// Store a block and give it an identifier, which is not given out again.
    ///
    /// # Errors
    /// When the database fails.
    fn write(&self, block: Block) -> Result<u64, StoreError>;

    /// Read a block.
    ///
    /// # Errors
    /// [`StoreError::NoBlock`] for an identifier that was not given out, or was dropped.
    fn read(&self, id: u64) -> Result<Block, StoreError>;

    /// Give up a block. It is stored until the next [`BlockStore::commit`].
    ///
    /// # Errors
    /// As [`BlockStore::read`].
    fn drop_block(&self, id: u64) -> Result<(), StoreError>;

    /// Make everything durable that was written, remove what was dropped, and note the checkpoint: all of it or nothing.
    ///
    /// # Errors
    /// When the database fails: then the last checkpoint is in force.
    fn commit(&self, checkpoint: &Checkpoint) -> Result<(), StoreError>;

    /// The last checkpoint, if any.
    ///
    /// # Errors
    /// When the database fails or is damaged.
    fn last_checkpoint(&self) -> Result<Option<Checkpoint>, StoreError>;

    /// Forget what happened since the last checkpoint (or everything, when there was none): a pipeline begins again from there.
    ///
    /// # Errors
    /// When the database fails.
    fn rollback(&self) -> Result<(), StoreError>;
}
