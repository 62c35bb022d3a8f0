//! Batches: sorted, consolidated rows, in blocks.

use crate::merge::Merger;
use crate::{BlockRef, Cursor, Rows};
use std::ops::Deref;
use weir_row::{RowWriter, sort_consolidate, sort_scattered};

/// Rows sorted at once by comparing; longer runs are sorted in portions of about as many and merged, so that what a sort needs besides the rows
/// stays within the cache and 8 MiB.
const SORT_ROWS: usize = 128 * 1024;
/// Rows and words dealt at once: they are copied, so that this bounds what a sort needs besides the rows, to 80 MiB.
const DEAL_ROWS: usize = 2 << 20;
const DEAL_WORDS: usize = 8 << 20;
/// Blocks of a portion, however few rows they have.
const SORT_BLOCKS: usize = 64 * 1024;
/// Words of rows that are moved about themselves.
const MOVED_WORDS: u32 = 4;

/// Blocks in portions of so many rows and words, but for those of one block.
fn portions(blocks: Vec<BlockRef>, rows_max: usize, words_max: usize) -> impl Iterator<Item = Vec<BlockRef>> {
    let mut blocks = blocks.into_iter().peekable();
    std::iter::from_fn(move || {
        let first = blocks.next()?;
        let (mut rows, mut words) = (first.len(), first.words.len());
        let mut portion = vec![first];
        while let Some(next) = blocks.next_if(|next| {
            rows + next.len() <= rows_max && words + next.words.len() <= words_max && portion.len() < SORT_BLOCKS
        }) {
            (rows, words) = (rows + next.len(), words + next.words.len());
            portion.push(next);
        }
        Some(portion)
    })
}

/// Sorts blocks in portions that are to be merged.
fn sort_portions(blocks: Vec<BlockRef>, stride: u32, parts: &mut Vec<Batch>) {
    for portion in portions(blocks, SORT_ROWS, usize::MAX) {
        let mut out = RowWriter::new(stride);
        sort_consolidate(&portion, &mut out);
        parts.push(Batch { rows: Rows::from(out) });
    }
}

/// Rows in ascending order, each once, none with weight 0. Immutable and cheap to clone: blocks are shared.
///
/// ```
/// use weir_sdk::prelude::*;
/// let mut out = RowWriter::new(1);
/// for (row, weight) in [(3, 1), (1, 1), (3, 1), (2, 1), (2, -1)] {
///     out.put([row]);
///     out.end(weight);
/// }
/// let batch = Batch::sort(Rows::from(out));
/// assert_eq!(batch.iter().collect::<Vec<_>>(), [(&[1][..], 1), (&[3][..], 2)]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Batch {
    rows: Rows,
}

impl Batch {
    /// A batch of no rows.
    pub fn new(stride: u32) -> Batch {
        Batch { rows: Rows::new(stride) }
    }

    /// Sorts and consolidates.
    pub fn sort(rows: Rows) -> Batch {
        if is_sorted(&rows) {
            return Batch { rows };
        }
        let stride = rows.stride();
        let mut parts: Vec<Batch> = Vec::new();
        if (1..=MOVED_WORDS).contains(&stride) {
            sort_portions(rows.into_blocks(), stride, &mut parts);
        } else {
            for portion in portions(rows.into_blocks(), DEAL_ROWS, DEAL_WORDS) {
                let mut out = RowWriter::new(stride);
                if sort_scattered(&portion, &mut out) {
                    parts.push(Batch { rows: Rows::from(out) });
                } else {
                    sort_portions(portion, stride, &mut parts);
                }
            }
        }
        Batch::merge_all(stride, parts)
    }

    /// The sum of batches: neighbours are merged until one is left.
    pub fn merge_all(stride: u32, mut parts: Vec<Batch>) -> Batch {
        while parts.len() > 1 {
            let mut merged = Vec::with_capacity(parts.len().div_ceil(2));
            let mut rest = parts.into_iter();
            while let Some(a) = rest.next() {
                merged.push(match rest.next() {
                    Some(b) => Merger::new(a, b).finish(),
                    None => a,
                });
            }
            parts = merged;
        }
        parts.pop().unwrap_or_else(|| Batch::new(stride))
    }

    /// Takes rows that are sorted and consolidated already.
    ///
    /// # Panics
    /// In debug builds, if they are not.
    pub fn from_sorted(rows: Rows) -> Batch {
        debug_assert!(is_sorted(&rows), "rows that are not sorted and consolidated");
        Batch { rows }
    }

    /// A cursor at the first row.
    pub fn cursor(&self) -> Cursor<'_> {
        Cursor::new(self.rows.blocks())
    }

    /// The rows, as a flat delta.
    pub fn rows(&self) -> &Rows {
        &self.rows
    }

    /// The rows, as a flat delta.
    pub fn into_rows(self) -> Rows {
        self.rows
    }

    /// The first row.
    pub fn first(&self) -> Option<&[u64]> {
        self.rows.blocks().first().map(|b| b.row(0))
    }

    /// The last row.
    pub fn last(&self) -> Option<&[u64]> {
        self.rows.blocks().last().and_then(|b| b.last())
    }
}

impl Deref for Batch {
    type Target = Rows;

    fn deref(&self) -> &Rows {
        &self.rows
    }
}

/// Whether rows ascend strictly and none has weight 0; soon answered for rows that do not.
fn is_sorted(rows: &Rows) -> bool {
    let mut before: Option<&[u64]> = None;
    for (row, weight) in rows.iter() {
        if weight == 0 || before.is_some_and(|b| b >= row) {
            return false;
        }
        before = Some(row);
    }
    true
}
