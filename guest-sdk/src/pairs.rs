//! Matching rows of two inputs.

use crate::Chunk;

/// Every pair of a row of one chunk and a row of another, with the product of their weights, for some matches of a join: what its row
/// function goes through. Several matches at once, because most have few pairs, and a call for each would cost more than
/// they do.
#[derive(Clone, Debug)]
pub struct Pairs<'a> {
    /// The matches that are to come.
    matches: std::slice::Iter<'a, (Chunk<'a>, Chunk<'a>)>,
    left: Chunk<'a>,
    at: (&'a [u64], i64),
    all: Chunk<'a>,
    right: Chunk<'a>,
}

impl<'a> Pairs<'a> {
    /// The pairs of these matches.
    #[inline]
    pub fn new(matches: &'a [(Chunk<'a>, Chunk<'a>)]) -> Pairs<'a> {
        let none = Chunk::default();
        Pairs { matches: matches.iter(), left: none.clone(), at: (&[], 0), all: none.clone(), right: none }
    }
}

impl<'a> Iterator for Pairs<'a> {
    /// The left row, the right row, both with their keys, and the weight.
    type Item = (&'a [u64], &'a [u64], i64);

    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some((right, w)) = self.right.next() {
                return Some((self.at.0, right, self.at.1.wrapping_mul(w)));
            }
            match self.left.next() {
                Some(at) => {
                    self.at = at;
                    self.right = self.all.clone();
                }
                None => {
                    let (left, right) = self.matches.next()?;
                    self.left = left.clone();
                    self.all = right.clone();
                }
            }
        }
    }
}
