//! Flat deltas: unsorted rows with weights, in shared blocks.

use crate::summary::Summary;
use std::borrow::Borrow;
use std::cell::{Cell, OnceCell, RefCell};
use std::ops::Deref;
use std::rc::Rc;
use weir_row::{Block, Iter, RowWriter};

/// A block that several batches, snapshots and mergers may hold, and its identifier in the host's store of state.
#[derive(Debug)]
struct Held {
    block: Block,
    /// 0: not stored. (The host's identifiers are kept one higher.)
    stored: Cell<u64>,
    /// The first words of every [`SAMPLE`]th row, once someone seeks here: they lie close together, rows do not.
    samples: OnceCell<Box<[u64]>>,
    /// What operators have added up of the rows, each by its node. Found again from the rows when they are read back.
    summaries: RefCell<Vec<(u32, Rc<RefCell<Summary>>)>>,
}

/// Rows from one sample of a block to the next.
pub(crate) const SAMPLE: usize = 16;

/// A shared block that does not change any more.
#[derive(Clone, Debug)]
pub struct BlockRef(Rc<Held>);

impl BlockRef {
    /// Shares a block.
    pub fn new(block: Block) -> BlockRef {
        let (stored, samples, summaries) = (Cell::new(0), OnceCell::new(), RefCell::new(Vec::new()));
        BlockRef(Rc::new(Held { block, stored, samples, summaries }))
    }

    /// The first words of rows 0, [`SAMPLE`] and so on; rows must have words.
    #[inline]
    pub(crate) fn samples(&self) -> &[u64] {
        self.0.samples.get_or_init(|| (0..self.len()).step_by(SAMPLE).map(|i| self.first_word(i)).collect())
    }

    /// What the operator `node` has added up of the rows so far.
    pub(crate) fn summary(&self, node: u32, new: impl FnOnce() -> Summary) -> Rc<RefCell<Summary>> {
        let mut all = self.0.summaries.borrow_mut();
        match all.iter().find(|(of, _)| *of == node) {
            Some((_, summary)) => summary.clone(),
            None => {
                let summary = Rc::new(RefCell::new(new()));
                all.push((node, summary.clone()));
                summary
            }
        }
    }

    /// The identifier in the host's store, if the block is there.
    pub fn stored(&self) -> Option<u64> {
        self.0.stored.get().checked_sub(1)
    }

    /// Notes that the block is in the host's store.
    pub fn set_stored(&self, id: u64) {
        self.0.stored.set(id.wrapping_add(1));
    }

    /// The block on its own: moved if nobody else holds it, else copied.
    pub fn into_block(self) -> Block {
        match Rc::try_unwrap(self.0) {
            Ok(held) => held.block,
            Err(shared) => shared.block.clone(),
        }
    }
}

impl Deref for BlockRef {
    type Target = Block;

    #[inline(always)]
    fn deref(&self) -> &Block {
        &self.0.block
    }
}

impl Borrow<Block> for BlockRef {
    fn borrow(&self) -> &Block {
        self
    }
}

/// Some rows of one block, with their weights, in order: what row functions go through.
pub type Chunk<'a> = Iter<'a>;

/// Rows with weights in any order; a row may occur more than once. Cheap to clone: blocks are shared.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    stride: u32,
    blocks: Vec<BlockRef>,
    len: usize,
}

impl Rows {
    /// No rows.
    pub fn new(stride: u32) -> Rows {
        Rows { stride, blocks: Vec::new(), len: 0 }
    }

    /// Rows of blocks of this stride; empty blocks are left out.
    pub fn from_blocks(stride: u32, blocks: impl IntoIterator<Item = BlockRef>) -> Rows {
        let mut rows = Rows::new(stride);
        for block in blocks {
            rows.push_block(block);
        }
        rows
    }

    /// These rows with these weights: for constants and tests.
    pub fn from_pairs(stride: u32, rows: &[(&[u64], i64)]) -> Rows {
        let mut out = RowWriter::new(stride);
        for (row, weight) in rows {
            out.push(row, *weight);
        }
        Rows::from(out)
    }

    /// The words of each row; 0 if they differ.
    pub fn stride(&self) -> u32 {
        self.stride
    }

    /// The number of rows, equal ones counted each.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The blocks; none is empty.
    pub fn blocks(&self) -> &[BlockRef] {
        &self.blocks
    }

    /// Adds a block's rows.
    ///
    /// # Panics
    /// If it has another stride.
    pub fn push_block(&mut self, block: BlockRef) {
        if block.is_empty() {
            return;
        }
        assert_eq!(block.stride, self.stride, "blocks of different strides in one run of rows");
        self.len += block.len();
        self.blocks.push(block);
    }

    /// Adds the rows of `other`, sharing its blocks.
    pub fn append(&mut self, other: &Rows) {
        for block in &other.blocks {
            self.push_block(block.clone());
        }
    }

    /// All rows with their weights.
    pub fn iter(&self) -> impl Iterator<Item = (&[u64], i64)> {
        self.blocks.iter().flat_map(|b| b.iter())
    }

    /// The blocks.
    pub fn into_blocks(self) -> Vec<BlockRef> {
        self.blocks
    }

    /// The memory that the rows hold, in bytes; what is shared counts fully.
    pub fn memory_bytes(&self) -> usize {
        self.blocks.iter().map(|b| b.memory_bytes()).sum()
    }
}

impl From<RowWriter> for Rows {
    fn from(out: RowWriter) -> Rows {
        let stride = out.stride();
        Rows::from_blocks(stride, out.finish().into_iter().map(BlockRef::new))
    }
}
