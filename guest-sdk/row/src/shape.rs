//! What generated code needs to know of a storage layout to read its rows.

use crate::{dec, text};

/// The numbers of a storage layout, as constants of a program. Methods take the row from the layout's first word on; it must be
/// well-formed, else they give some value or panic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Words before the variable part.
    pub fixed: usize,
    /// The slots of nullable wide columns, ascending.
    pub wide: &'static [usize],
    /// The number of texts.
    pub texts: usize,
}

impl Shape {
    /// The shape of a layout with `fixed` words of slots, nullable wide columns at the slots `wide`, and `texts` texts.
    pub const fn new(fixed: usize, wide: &'static [usize], texts: usize) -> Shape {
        Shape { fixed, wide, texts }
    }

    /// The index of the first text.
    #[inline(always)]
    pub fn first_text(&self, row: &[u64]) -> usize {
        let mut at = self.fixed;
        for &slot in self.wide {
            at += usize::from(row[slot] == 1);
        }
        at
    }

    /// The number of the row's words: where the value begins behind a key of this shape.
    #[inline(always)]
    pub fn end(&self, row: &[u64]) -> usize {
        let mut at = self.first_text(row);
        for _ in 0..self.texts {
            at = text::skip(row, at);
        }
        at
    }

    /// The biased word of the wide column at `slot`, whose slot is 1.
    #[cold]
    pub fn escape(&self, row: &[u64], slot: usize) -> u64 {
        let before = self.wide.iter().take_while(|&&s| s < slot).filter(|&&s| row[s] == 1).count();
        row[self.fixed + before]
    }

    /// The biased word of the nullable wide column at `slot`.
    #[inline(always)]
    pub fn wide(&self, row: &[u64], slot: usize) -> Option<u64> {
        match row[slot] {
            0 => None,
            1 => Some(self.escape(row, slot)),
            b => Some(b),
        }
    }

    /// The nullable BIGINT at `slot`.
    #[inline(always)]
    pub fn i64_null(&self, row: &[u64], slot: usize) -> Option<i64> {
        self.wide(row, slot).map(dec::i64)
    }

    /// The nullable BIGINT UNSIGNED at `slot`.
    #[inline(always)]
    pub fn u64_null(&self, row: &[u64], slot: usize) -> Option<u64> {
        self.wide(row, slot)
    }

    /// The nullable day-time interval at `slot`.
    #[inline(always)]
    pub fn micros_null(&self, row: &[u64], slot: usize) -> Option<i64> {
        self.wide(row, slot).map(dec::i64)
    }
}
