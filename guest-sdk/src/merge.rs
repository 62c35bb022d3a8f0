//! Merging two batches, a portion at a time.

use crate::floor::Floor;
use crate::{Batch, BlockRef, Rows};
use std::cmp::Ordering;
use std::hint::select_unpredictable;
use weir_row::{BLOCK_ROWS, BLOCK_WORDS, Block, RowWriter};

/// A block that is taken over whole must be at least this part of a full one (or so must be the block before it), lest batches
/// crumble into small blocks.
const WHOLE_PART: usize = 4;

/// A merge of two batches in progress. Both stay readable until it is done.
#[derive(Debug)]
pub struct Merger {
    a: Batch,
    b: Batch,
    at_a: (usize, usize),
    at_b: (usize, usize),
    out: RowWriter,
    done: Vec<BlockRef>,
    /// Rows below it are left out.
    floor: Option<Floor>,
    /// Blocks of `done` that have no such rows.
    sifted: usize,
}

impl Merger {
    /// Begins a merge.
    ///
    /// # Panics
    /// If the batches have rows of different strides.
    pub fn new(a: Batch, b: Batch) -> Merger {
        assert_eq!(a.stride(), b.stride(), "batches of different strides cannot be merged");
        let out = RowWriter::new(a.stride());
        Merger { a, b, at_a: (0, 0), at_b: (0, 0), out, done: Vec::new(), floor: None, sifted: 0 }
    }

    /// Leaves out rows below a floor.
    pub(crate) fn above(self, floor: Option<Floor>) -> Merger {
        Merger { floor, ..self }
    }

    /// Takes rows below the floor out of the blocks that are done.
    fn sift(&mut self) {
        let Some(floor) = &self.floor else { return };
        let blocks = self.done.split_off(self.sifted);
        self.done.extend(blocks.into_iter().flat_map(|block| floor.sift(block)));
        self.sifted = self.done.len();
    }

    /// What it costs to take over a block.
    fn cost(&self, block: &Block) -> isize {
        if self.floor.is_some() { block.len() as isize } else { 1 }
    }

    /// The two batches.
    pub fn sources(&self) -> [&Batch; 2] {
        [&self.a, &self.b]
    }

    /// Works on about as many rows as `fuel` says, which is lowered by them; whether the merge is complete.
    pub fn work(&mut self, fuel: &mut usize) -> bool {
        let mut budget = *fuel as isize;
        while budget > 0 {
            let (Some(a), Some(b)) = (self.a.blocks().get(self.at_a.0), self.b.blocks().get(self.at_b.0)) else {
                let complete = self.rest(&mut budget);
                self.sift();
                *fuel = budget.max(0) as usize;
                return complete;
            };
            if self.at_a.1 == 0 && is_whole(a) && a.last() < Some(b.row(self.at_b.1)) {
                let a = a.clone();
                budget -= self.cost(&a);
                take_over(&mut self.out, &mut self.done, a);
                self.at_a.0 += 1;
            } else if self.at_b.1 == 0 && is_whole(b) && b.last() < Some(a.row(self.at_a.1)) {
                let b = b.clone();
                budget -= self.cost(&b);
                take_over(&mut self.out, &mut self.done, b);
                self.at_b.0 += 1;
            } else {
                let before = (self.at_a.1, self.at_b.1);
                let limit = budget.min(BLOCK_ROWS as isize) as usize;
                if a.stride == 0 {
                    merge_blocks(a, b, &mut self.at_a.1, &mut self.at_b.1, limit, &mut self.out);
                } else {
                    merge_fixed(a, b, &mut self.at_a.1, &mut self.at_b.1, limit, &mut self.out);
                }
                budget -= (self.at_a.1 - before.0 + self.at_b.1 - before.1) as isize;
                step_over(a, &mut self.at_a);
                step_over(b, &mut self.at_b);
                self.done.extend(self.out.take_full().into_iter().map(BlockRef::new));
            }
            self.sift();
        }
        *fuel = 0;
        false
    }

    /// Copies what is left of the one batch that is not through, the rest of a block first, then whole blocks.
    fn rest(&mut self, budget: &mut isize) -> bool {
        let (batch, at) =
            if self.at_a.0 < self.a.blocks().len() { (&self.a, &mut self.at_a) } else { (&self.b, &mut self.at_b) };
        while let Some(block) = batch.blocks().get(at.0) {
            if *budget <= 0 {
                return false;
            }
            if at.1 == 0 && is_whole(block) {
                take_over(&mut self.out, &mut self.done, block.clone());
                *budget -= if self.floor.is_some() { block.len() as isize } else { 1 };
            } else {
                for (row, weight) in block.range(at.1, block.len()) {
                    self.out.push(row, weight);
                }
                *budget -= (block.len() - at.1) as isize;
            }
            *at = (at.0 + 1, 0);
        }
        true
    }

    /// The merged batch, which [`work`](Merger::work) completed.
    fn complete(mut self) -> Batch {
        self.out.cut();
        self.done.extend(self.out.take_full().into_iter().map(BlockRef::new));
        self.sift();
        Batch::from_sorted(Rows::from_blocks(self.a.stride(), self.done))
    }

    /// The merged batch if `work` has completed it with this fuel, else the merge.
    pub fn advance(mut self, fuel: &mut usize) -> Result<Batch, Box<Merger>> {
        if self.work(fuel) { Ok(self.complete()) } else { Err(Box::new(self)) }
    }

    /// Works until the merge is complete.
    pub fn finish(mut self) -> Batch {
        while !self.work(&mut (isize::MAX as usize)) {}
        self.complete()
    }
}

/// Whether a block may be taken over as it is.
fn is_whole(block: &Block) -> bool {
    block.words.len() >= BLOCK_WORDS / WHOLE_PART || block.len() >= BLOCK_ROWS / WHOLE_PART
}

/// Puts a block behind what was written.
fn take_over(out: &mut RowWriter, done: &mut Vec<BlockRef>, block: BlockRef) {
    let (rows, words) = out.open();
    if rows > 0 && words < BLOCK_WORDS / WHOLE_PART / 2 && rows < BLOCK_ROWS / WHOLE_PART / 2 {
        // Little was written since the last block: rather copy than leave a crumb.
        for (row, weight) in block.iter() {
            out.push(row, weight);
        }
    } else {
        out.cut();
        done.extend(out.take_full().into_iter().map(BlockRef::new));
        done.push(block);
        return;
    }
    done.extend(out.take_full().into_iter().map(BlockRef::new));
}

/// To the next block, if this one is through.
fn step_over(block: &Block, at: &mut (usize, usize)) {
    if at.1 >= block.len() {
        *at = (at.0 + 1, 0);
    }
}

/// Merges rows of two blocks until one is through, or about `limit` rows were merged.
#[inline(never)]
fn merge_blocks(a: &Block, b: &Block, at_a: &mut usize, at_b: &mut usize, limit: usize, out: &mut RowWriter) {
    let (mut i, mut j) = (*at_a, *at_b);
    let stop = i + j + limit;
    let (len_a, len_b) = (a.len(), b.len());
    let (words_a, words_b) = (a.words.as_slice(), b.words.as_slice());
    while i < len_a && j < len_b && i + j < stop {
        let ((start_a, end_a), (start_b, end_b)) = (a.span(i), b.span(j));
        let first = |words: &[u64], start: usize, end: usize| if start < end { words[start] } else { 0 };
        let (first_a, first_b) = (first(words_a, start_a, end_a), first(words_b, start_b, end_b));
        let mut less = first_a < first_b;
        if first_a == first_b {
            match cmp_far(&words_a[start_a..end_a], &words_b[start_b..end_b]) {
                Ordering::Equal => {
                    let weight = a.weights[i].wrapping_add(b.weights[j]);
                    if weight != 0 {
                        out.push_from(words_a, start_a, end_a, weight);
                    }
                    (i, j) = (i + 1, j + 1);
                    continue;
                }
                order => less = order == Ordering::Less,
            }
        }
        // Which side is less cannot be foretold, so nothing branches on it.
        let words = select_unpredictable(less, words_a, words_b);
        let (start, end) = select_unpredictable(less, (start_a, end_a), (start_b, end_b));
        out.push_from(words, start, end, select_unpredictable(less, a.weights[i], b.weights[j]));
        (i, j) = (i + usize::from(less), j + usize::from(!less));
    }
    (*at_a, *at_b) = (i, j);
}

/// The order of two rows whose first words are equal, by a loop: they are short.
#[inline(never)]
fn cmp_far(a: &[u64], b: &[u64]) -> Ordering {
    for (x, y) in a.iter().zip(b) {
        if x != y {
            return x.cmp(y);
        }
    }
    a.len().cmp(&b.len())
}

/// The same for rows of one length; the common short ones by code of their own.
fn merge_fixed(a: &Block, b: &Block, at_a: &mut usize, at_b: &mut usize, limit: usize, out: &mut RowWriter) {
    match a.stride {
        1 => merge_stride::<1>(a, b, at_a, at_b, limit, out),
        2 => merge_stride::<2>(a, b, at_a, at_b, limit, out),
        3 => merge_stride::<3>(a, b, at_a, at_b, limit, out),
        4 => merge_stride::<4>(a, b, at_a, at_b, limit, out),
        _ => merge_blocks(a, b, at_a, at_b, limit, out),
    }
}

/// The same for rows of `N` words.
#[inline(never)]
fn merge_stride<const N: usize>(
    a: &Block,
    b: &Block,
    at_a: &mut usize,
    at_b: &mut usize,
    limit: usize,
    out: &mut RowWriter,
) {
    let (rows_a, _) = a.words.as_chunks::<N>();
    let (rows_b, _) = b.words.as_chunks::<N>();
    // Of one length each, said so that no index below needs a check.
    let (weights_a, weights_b) = (&a.weights[..rows_a.len()], &b.weights[..rows_b.len()]);
    let (mut i, mut j) = (*at_a, *at_b);
    let stop = i + j + limit;
    while i < rows_a.len() && j < rows_b.len() && i + j < stop {
        let left = rows_a.len() - i + rows_b.len() - j;
        out.fill::<N>(limit.min(left), |to, weights| {
            let weights = &mut weights[..to.len()];
            let mut written = 0;
            while i < rows_a.len() && j < rows_b.len() && written < to.len() {
                let (row_a, row_b) = (&rows_a[i], &rows_b[j]);
                let (less, equal) = order(row_a, row_b);
                if equal {
                    let weight = weights_a[i].wrapping_add(weights_b[j]);
                    if weight != 0 {
                        (to[written], weights[written]) = (*row_a, weight);
                        written += 1;
                    }
                    (i, j) = (i + 1, j + 1);
                    continue;
                }
                // Which side is less cannot be foretold, so nothing branches on it.
                to[written] = std::array::from_fn(|w| select_unpredictable(less, row_a[w], row_b[w]));
                weights[written] = select_unpredictable(less, weights_a[i], weights_b[j]);
                (i, j) = (i + usize::from(less), j + usize::from(!less));
                written += 1;
            }
            written
        });
    }
    (*at_a, *at_b) = (i, j);
}

/// Whether a row is less than another, and whether they are equal: two words at once, as one number.
#[inline(always)]
fn order<const N: usize>(a: &[u64; N], b: &[u64; N]) -> (bool, bool) {
    if N == 1 {
        return (a[0] < b[0], a[0] == b[0]);
    }
    let pair = |r: &[u64; N]| u128::from(r[0]) << 64 | u128::from(r[1]);
    let (x, y) = (pair(a), pair(b));
    if N > 2 && x == y {
        let order = a[2..].cmp(&b[2..]);
        return (order == Ordering::Less, order == Ordering::Equal);
    }
    (x < y, x == y)
}
