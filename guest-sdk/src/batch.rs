//! Batches: sorted, consolidated rows, in blocks.

use crate::merge::Merger;
use crate::{BlockRef, Cursor, Rows};
use std::ops::Deref;
use weir_row::{RowWriter, sort_consolidate};

/// Rows sorted at once; longer runs are sorted in parts of about as many and merged, so that what a sort needs besides the rows
/// stays within the cache and 8 MiB.
const SORT_ROWS: usize = 128 * 1024;
/// The same for rows of different lengths, which are dealt to groups that fit the cache.
const SORT_LONG_ROWS: usize = 2 << 20;

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
        let at_once = if stride == 0 { SORT_LONG_ROWS } else { SORT_ROWS };
        let mut parts: Vec<Batch> = Vec::new();
        let mut part = Vec::new();
        let mut part_rows = 0;
        let mut sort = |part: &mut Vec<BlockRef>, part_rows: &mut usize| {
            let mut out = RowWriter::new(stride);
            sort_consolidate(part, &mut out);
            part.clear();
            *part_rows = 0;
            parts.push(Batch { rows: Rows::from(out) });
        };
        for block in rows.into_blocks() {
            if part_rows + block.len() > at_once && part_rows > 0 {
                sort(&mut part, &mut part_rows);
            }
            part_rows += block.len();
            part.push(block);
        }
        sort(&mut part, &mut part_rows);
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
