//! Reading a delta in parts: what is written of it goes out before more is written.

use crate::{Event, WEIGHT_MAX, WriteError};
use weir_row::Block;

/// Where the reader of a delta stands. It is given the same delta every time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeltaCursor {
    block: usize,
    row: usize,
    /// Copies of the row that were read.
    copies: u64,
    /// Whether all rows taken away were read; only for events.
    inserts: bool,
}

/// Refuses a delta that has a row of too large a weight to be written as so many events.
///
/// # Errors
/// [`WriteError::Weight`].
pub fn check_weights(delta: &[Block]) -> Result<(), WriteError> {
    let mut weights = delta.iter().flat_map(|b| &b.weights);
    match weights.find(|w| w.unsigned_abs() > WEIGHT_MAX as u64) {
        Some(&weight) => Err(WriteError::Weight { weight }),
        None => Ok(()),
    }
}

impl DeltaCursor {
    /// The next events, `max` at most, in the order of [`crate::events`]; none at the end.
    pub fn next_events<'d>(&mut self, delta: &'d [Block], max: usize) -> Vec<Event<'d>> {
        std::iter::from_fn(|| self.next_event(delta)).take(max).collect()
    }

    /// The next event in the order of [`crate::events`].
    pub fn next_event<'d>(&mut self, delta: &'d [Block]) -> Option<Event<'d>> {
        loop {
            let Some((block, at)) = self.here(delta) else {
                if std::mem::replace(&mut self.inserts, true) {
                    return None;
                }
                (self.block, self.row) = (0, 0);
                continue;
            };
            let weight = block.weights[at];
            if (weight > 0) == self.inserts && self.copies < weight.unsigned_abs() {
                self.copies += 1;
                return Some(Event { row: block.row(at), insert: self.inserts });
            }
            self.row += 1;
            self.copies = 0;
        }
    }

    /// The next rows with their weights, `max` at most; none at the end.
    pub fn next_rows<'d>(&mut self, delta: &'d [Block], max: usize) -> Vec<(&'d [u64], i64)> {
        std::iter::from_fn(|| self.next_row(delta)).take(max).collect()
    }

    /// The next row with its weight.
    pub fn next_row<'d>(&mut self, delta: &'d [Block]) -> Option<(&'d [u64], i64)> {
        let (block, at) = self.here(delta)?;
        self.row += 1;
        Some((block.row(at), block.weights[at]))
    }

    /// The block and the row that come next; `None` at the end.
    fn here<'d>(&mut self, delta: &'d [Block]) -> Option<(&'d Block, usize)> {
        while self.row >= delta.get(self.block)?.len() {
            self.block += 1;
            self.row = 0;
        }
        Some((&delta[self.block], self.row))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events;
    use proptest::prelude::*;

    proptest! {
        /// In parts of any size it is what it is as a whole.
        #[test]
        fn parts_are_the_whole(
            blocks in prop::collection::vec(prop::collection::vec(-3i64..4, 0..5), 0..4),
            max in 1usize..6,
        ) {
            let mut delta = Vec::new();
            for (i, weights) in blocks.iter().enumerate() {
                let mut block = Block::new(1);
                for (j, weight) in weights.iter().enumerate() {
                    block.push(&[(10 * i + j) as u64], *weight);
                }
                delta.push(block);
            }
            let whole: Vec<Event<'_>> = events(&delta).unwrap().collect();
            let (mut cursor, mut parts) = (DeltaCursor::default(), Vec::new());
            loop {
                let part = cursor.next_events(&delta, max);
                prop_assert!(part.len() <= max);
                if part.is_empty() {
                    break;
                }
                parts.extend(part);
            }
            prop_assert_eq!(parts, whole);
            let (mut cursor, mut parts) = (DeltaCursor::default(), Vec::new());
            loop {
                let part = cursor.next_rows(&delta, max);
                if part.is_empty() {
                    break;
                }
                parts.extend(part);
            }
            prop_assert_eq!(parts, delta.iter().flat_map(|b| b.iter()).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_weight_beyond_the_bound() {
        let mut block = Block::new(1);
        block.push(&[1], WEIGHT_MAX);
        block.push(&[2], -WEIGHT_MAX);
        assert_eq!(check_weights(std::slice::from_ref(&block)), Ok(()));
        block.push(&[3], -WEIGHT_MAX - 1);
        assert_eq!(check_weights(&[block]), Err(WriteError::Weight { weight: -WEIGHT_MAX - 1 }));
    }
}
