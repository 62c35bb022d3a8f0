//! What a trace may forget.

use crate::BlockRef;
use weir_row::{Block, Layout, Place, RowWriter};

/// A column and its least word that still matters: nobody will ask for rows below it, so they may be there or not. They go when batches merge, so
/// that nothing is gone through for their sake.
#[derive(Clone, Debug)]
pub struct Floor {
    /// The layout before the one that the column is in, if that is of no fixed length.
    before: Option<Layout>,
    /// Words before the column's, behind that layout.
    at: usize,
    /// Lesser words are NULL, or not exact: they stay.
    least: u64,
    /// The least word that matters.
    word: u64,
}

impl Floor {
    /// A floor of the first word, which is not NULL.
    pub fn first(word: u64) -> Floor {
        Floor { before: None, at: 0, least: 0, word }
    }

    /// A floor of a column of rows of the layout `key`, then `value`, which is not stored as bytes.
    pub fn of(key: &Layout, value: &Layout, column: usize, word: u64) -> Option<Floor> {
        let field = key.fields.iter().chain(&value.fields).nth(column)?;
        let (at, least) = match field.place {
            Place::Slot(at) => (at, u64::from(field.nullable)),
            Place::Wide(at) => (at, 2),
            Place::Text(_) => return None,
        };
        let (before, at) = match column < key.len() {
            true => (None, at),
            false if key.is_fixed() => (None, key.fixed_words + at),
            false => (Some(key.clone()), at),
        };
        Some(Floor { before, at, least, word })
    }

    /// Whether a row matters.
    fn keeps(&self, row: &[u64]) -> bool {
        let start = self.before.as_ref().map_or(0, |layout| layout.end(row));
        row.get(start + self.at).is_none_or(|word| *word < self.least || *word >= self.word)
    }

    /// Whether none of a run's rows matter, if that is easily said.
    pub(crate) fn drops_all(&self, first: &[u64], last: &[u64]) -> bool {
        let ordered = self.before.is_none() && self.at == 0;
        ordered && first.first().is_some_and(|word| *word >= self.least) && !self.keeps(last)
    }

    /// The rows of a block that matter.
    pub(crate) fn sift(&self, block: BlockRef) -> Vec<BlockRef> {
        let kept = block.iter().filter(|(row, _)| self.keeps(row)).count();
        if kept == block.len() {
            return vec![block];
        }
        let mut out = RowWriter::new(block.stride);
        block.iter().filter(|(row, _)| self.keeps(row)).for_each(|(row, weight)| out.push(row, weight));
        let blocks: Vec<Block> = out.finish();
        blocks.into_iter().map(BlockRef::new).collect()
    }
}
