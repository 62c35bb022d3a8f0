//! What a register program works on: registers, selections of rows, and the rows themselves.

use crate::register::Register;

/// Rows of a batch at most: registers of a few columns stay within the nearest cache.
pub(crate) const BATCH_ROWS: usize = 1024;

/// Some rows of a batch, ascending.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Selection<'a> {
    /// All of so many.
    All(usize),
    /// These.
    Some(&'a [u32]),
}

/// Runs a block for each row of a selection; a loop of its own over all rows needs no list.
macro_rules! each {
    ($selection:expr, $i:ident, $body:block) => {
        match $selection {
            $crate::frame::Selection::All(n) => {
                #[allow(clippy::needless_range_loop, reason = "rows index several columns")]
                for $i in 0..n $body
            }
            $crate::frame::Selection::Some(rows) => {
                for &$i in rows {
                    let $i = $i as usize;
                    $body
                }
            }
        }
    };
}
pub(crate) use each;

/// The registers and selections of one run. Selection 0 is all rows.
#[derive(Debug, Default)]
pub(crate) struct Frame<'a> {
    pub(crate) registers: Vec<Register<'a>>,
    pub(crate) selections: Vec<Vec<u32>>,
    /// Rows of the batch.
    pub(crate) rows: usize,
}

impl<'a> Frame<'a> {
    /// The rows of a selection.
    pub(crate) fn selection(&self, id: usize) -> Selection<'_> {
        if id == 0 || self.selections[id].len() == self.rows {
            Selection::All(self.rows)
        } else {
            Selection::Some(&self.selections[id])
        }
    }

    /// The frame without what borrows, for the next batch.
    pub(crate) fn empty(self) -> Frame<'static> {
        Frame {
            registers: self.registers.into_iter().map(Register::empty).collect(),
            selections: self.selections,
            rows: 0,
        }
    }
}

/// For each stretch of words with a layout of its own, its words in each row.
#[derive(Debug, Default)]
pub(crate) struct Areas<'r> {
    pub(crate) words: Vec<Vec<&'r [u64]>>,
    pub(crate) weights: Vec<i64>,
}
