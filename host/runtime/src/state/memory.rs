//! A store in memory: for tests, and for pipelines whose state may go with the process.

use std::collections::HashMap;
use std::mem;
use std::sync::Arc;

use parking_lot::Mutex;
use weir_row::Block;

use super::{BlockStore, Checkpoint, StoreError};

/// Blocks and the last checkpoint in memory.
#[derive(Debug, Default)]
pub struct MemoryStore {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    next_id: u64,
    blocks: HashMap<u64, Arc<Block>>,
    /// Dropped since the last checkpoint, which may name them.
    dropped: HashMap<u64, Arc<Block>>,
    /// Written since the last checkpoint.
    written: Vec<u64>,
    checkpoint: Option<Checkpoint>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> MemoryStore {
        MemoryStore::default()
    }

    /// Blocks that can be read.
    pub fn len(&self) -> usize {
        self.state.lock().blocks.len()
    }

    /// Whether no block can be read.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl BlockStore for MemoryStore {
    fn write(&self, block: Block) -> Result<u64, StoreError> {
        let mut state = self.state.lock();
        let id = state.next_id;
        state.next_id += 1;
        state.blocks.insert(id, Arc::new(block));
        state.written.push(id);
        Ok(id)
    }

    fn read(&self, id: u64) -> Result<Block, StoreError> {
        let block = self.state.lock().blocks.get(&id).cloned().ok_or(StoreError::NoBlock(id))?;
        // Copied outside of the lock.
        Ok(Block::clone(&block))
    }

    fn drop_block(&self, id: u64) -> Result<(), StoreError> {
        let mut state = self.state.lock();
        let block = state.blocks.remove(&id).ok_or(StoreError::NoBlock(id))?;
        state.dropped.insert(id, block);
        Ok(())
    }

    fn commit(&self, checkpoint: &Checkpoint) -> Result<(), StoreError> {
        let mut state = self.state.lock();
        state.dropped.clear();
        state.written.clear();
        state.checkpoint = Some(checkpoint.clone());
        Ok(())
    }

    fn last_checkpoint(&self) -> Result<Option<Checkpoint>, StoreError> {
        Ok(self.state.lock().checkpoint.clone())
    }

    fn rollback(&self) -> Result<(), StoreError> {
        let mut state = self.state.lock();
        let dropped = mem::take(&mut state.dropped);
        state.blocks.extend(dropped);
        for id in mem::take(&mut state.written) {
            state.blocks.remove(&id);
        }
        Ok(())
    }
}
