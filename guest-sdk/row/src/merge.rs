//! Merging sorted runs of blocks, row by row.

use crate::{Block, RowWriter};
use std::borrow::Borrow;
use std::cmp::Ordering;

/// One of the runs: blocks whose rows ascend from the first to the last.
#[derive(Debug)]
struct Run<B> {
    blocks: Vec<B>,
    block: usize,
    row: usize,
}

impl<B: Borrow<Block>> Run<B> {
    fn row(&self) -> &[u64] {
        self.blocks[self.block].borrow().row(self.row)
    }

    fn weight(&self) -> i64 {
        self.blocks[self.block].borrow().weights[self.row]
    }

    /// Steps over empty blocks; whether a row is there.
    fn settle(&mut self) -> bool {
        while self.blocks.get(self.block).is_some_and(|b| self.row >= b.borrow().len()) {
            self.block += 1;
            self.row = 0;
        }
        self.block < self.blocks.len()
    }
}

/// Merges sorted runs into one that is sorted and consolidated: each row once, with the sum of its weights, unless that is 0.
///
/// ```
/// use weir_row::{Block, Merge};
/// let mut a = Block::new(1);
/// a.push(&[1], 1);
/// a.push(&[3], 1);
/// let mut b = Block::new(1);
/// b.push(&[2], 1);
/// b.push(&[3], -1);
/// let mut merge = Merge::new(vec![vec![a], vec![b]]);
/// assert_eq!(merge.next_row().map(|(r, w)| (r.to_vec(), w)), Some((vec![1], 1)));
/// assert_eq!(merge.next_row().map(|(r, w)| (r.to_vec(), w)), Some((vec![2], 1)));
/// assert!(merge.next_row().is_none());
/// ```
#[derive(Debug)]
pub struct Merge<B> {
    /// The runs that have rows left, as a binary heap: no run's row is less than that of its parent at `(i - 1) / 2`.
    heap: Vec<Run<B>>,
    /// The row last put out.
    row: Vec<u64>,
}

impl<B: Borrow<Block>> Merge<B> {
    /// A merge of these runs, each a list of blocks sorted from the first to the last.
    pub fn new(runs: Vec<Vec<B>>) -> Merge<B> {
        let mut heap: Vec<_> = runs.into_iter().map(|blocks| Run { blocks, block: 0, row: 0 }).collect();
        heap.retain_mut(Run::settle);
        let mut merge = Merge { heap, row: Vec::new() };
        for i in (0..merge.heap.len() / 2).rev() {
            merge.sift(i);
        }
        merge
    }

    /// The next row with its weight, which is not 0.
    pub fn next_row(&mut self) -> Option<(&[u64], i64)> {
        loop {
            let first = self.heap.first()?;
            self.row.clear();
            self.row.extend_from_slice(first.row());
            let mut weight = 0i64;
            while self.heap.first().is_some_and(|r| r.row() == self.row) {
                weight = weight.wrapping_add(self.heap[0].weight());
                self.step();
            }
            if weight != 0 {
                return Some((&self.row, weight));
            }
        }
    }

    /// Moves the least run on.
    fn step(&mut self) {
        let first = &mut self.heap[0];
        first.row += 1;
        if !first.settle() {
            self.heap.swap_remove(0);
        }
        self.sift(0);
    }

    /// Moves the run at `i` down to where no run below it is less.
    fn sift(&mut self, mut i: usize) {
        loop {
            let mut least = i;
            for child in [2 * i + 1, 2 * i + 2] {
                if child < self.heap.len() && self.heap[child].row().cmp(self.heap[least].row()) == Ordering::Less {
                    least = child;
                }
            }
            if least == i {
                return;
            }
            self.heap.swap(i, least);
            i = least;
        }
    }

    /// All rows that are left, as blocks of rows of `stride` words.
    pub fn collect(mut self, stride: u32) -> Vec<Block> {
        let mut out = RowWriter::new(stride);
        while let Some((row, weight)) = self.next_row() {
            out.push(row, weight);
        }
        out.finish()
    }
}
