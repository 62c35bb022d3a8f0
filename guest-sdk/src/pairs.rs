//! Matching rows of two inputs.

use crate::Chunk;

/// Every pair of a row of one chunk and a row of another, with the product of their weights: what the row function of a join goes through.
#[derive(Clone, Debug)]
pub struct Pairs<'a> {
    left: Chunk<'a>,
    at: Option<(&'a [u64], i64)>,
    all: Chunk<'a>,
    right: Chunk<'a>,
}

impl<'a> Pairs<'a> {
    /// The pairs of two chunks.
    #[inline]
    pub fn new(mut left: Chunk<'a>, right: Chunk<'a>) -> Pairs<'a> {
        let at = left.next();
        Pairs { left, at, all: right.clone(), right }
    }
}

impl<'a> Iterator for Pairs<'a> {
    /// The left row, the right row, both with their keys, and the weight.
    type Item = (&'a [u64], &'a [u64], i64);

    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (left, weight) = self.at?;
            if let Some((right, w)) = self.right.next() {
                return Some((left, right, weight.wrapping_mul(w)));
            }
            self.at = self.left.next();
            self.right = self.all.clone();
        }
    }
}
