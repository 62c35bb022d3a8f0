//! Moving over a sorted run of blocks.

use crate::BlockRef;
use crate::Chunk;
use crate::rows::SAMPLE;
use crate::window;
use std::cmp::Ordering;
use weir_row::Block;

/// Rows that are looked at one by one before a search: groups and gaps are mostly short.
const NEAR: usize = 3;

/// The order of a row's first words against a key. Keys delimit themselves, so a row that begins with the words of a key has that key.
#[inline(always)]
pub(crate) fn cmp_key(row: &[u64], key: &[u64]) -> Ordering {
    match (row, key) {
        ([w, ..], [k, ..]) if w != k => w.cmp(k),
        ([_, ..], [_]) => Ordering::Equal,
        _ => cmp_key_far(row, key),
    }
}

/// The same when more than the first words must be looked at.
fn cmp_key_far(row: &[u64], key: &[u64]) -> Ordering {
    for (i, k) in key.iter().enumerate() {
        match row.get(i) {
            Some(w) if w == k => {}
            Some(w) => return w.cmp(k),
            None => return Ordering::Less,
        }
    }
    Ordering::Equal
}

/// A place in a sorted run of blocks, which moves only forward (and, within a group, back).
#[derive(Clone, Copy, Debug)]
pub struct Cursor<'a> {
    blocks: &'a [BlockRef],
    block: usize,
    row: usize,
}

/// Rows of one key in a sorted run: from a place up to another.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Group<'a> {
    blocks: &'a [BlockRef],
    start: (usize, usize),
    end: (usize, usize),
}

impl<'a> Cursor<'a> {
    /// A cursor at the first row.
    pub fn new(blocks: &'a [BlockRef]) -> Cursor<'a> {
        Cursor { blocks, block: 0, row: 0 }
    }

    /// Whether it is at a row, not behind the last.
    #[inline(always)]
    pub fn valid(&self) -> bool {
        self.block < self.blocks.len()
    }

    /// The row, if it is at one.
    #[inline(always)]
    pub fn get(&self) -> Option<&'a [u64]> {
        Some(self.blocks.get(self.block)?.row(self.row))
    }

    /// The row's first word, if it is at one.
    #[inline(always)]
    pub(crate) fn first_word(&self) -> Option<u64> {
        Some(self.blocks.get(self.block)?.first_word(self.row))
    }

    /// The row.
    ///
    /// # Panics
    /// If it is behind the last.
    #[inline(always)]
    pub fn row(&self) -> &'a [u64] {
        self.blocks[self.block].row(self.row)
    }

    /// The row's weight.
    ///
    /// # Panics
    /// If it is behind the last row.
    #[inline(always)]
    pub fn weight(&self) -> i64 {
        self.blocks[self.block].weights[self.row]
    }

    /// To the next row.
    #[inline(always)]
    pub fn step(&mut self) {
        self.row += 1;
        if self.row >= self.blocks[self.block].len() {
            self.block += 1;
            self.row = 0;
        }
    }

    /// To the first row, from here on, whose key is not less than `key`.
    #[inline]
    pub fn seek(&mut self, key: &[u64]) {
        match key {
            [] => {}
            [k] => self.seek_word(*k),
            [k, ..] => self.seek_wide(*k, key),
        }
    }

    /// To the first row, from here on, whose first word is not less than `k`.
    #[inline(never)]
    pub(crate) fn seek_word(&mut self, k: u64) {
        let Some(block) = self.blocks.get(self.block) else { return };
        match window::ahead(block, self.row, k) {
            Ok(row) => self.row = row,
            Err(row) if row < block.len() && block.first_word(block.len() - 1) >= k => self.row = search(block, row, k),
            Err(_) => self.gallop_blocks(|word, _, _| word < k),
        }
    }

    /// The same for keys of several words: code of its own, so that the common case stays in registers.
    #[inline(never)]
    fn seek_wide(&mut self, first: u64, key: &[u64]) {
        self.gallop(|word, block, i| word < first || word == first && cmp_key(block.row(i), key) == Ordering::Less);
    }

    /// To the first row, from here on, whose key is greater than `key`.
    #[inline(never)]
    pub fn seek_past(&mut self, key: &[u64]) {
        match key {
            [] | [u64::MAX] => (self.block, self.row) = (self.blocks.len(), 0),
            [k] => self.seek_word(k + 1),
            [k, ..] => {
                self.gallop(|word, block, i| word < *k || word == *k && cmp_key(block.row(i), key) != Ordering::Greater)
            }
        }
    }

    /// To the first row, from here on, for which `before` does not hold; it is given the row's first word, block and index. First the
    /// block's samples are searched, in steps of doubling length and then halving, then the rows between two of them.
    #[inline(always)]
    fn gallop(&mut self, before: impl Fn(u64, &Block, usize) -> bool) {
        let Some(block) = self.blocks.get(self.block) else { return };
        let at = |i: usize| before(block.first_word(i), block, i);
        if !at(self.row) {
            return;
        }
        let last = block.len() - 1;
        let near = (self.row + NEAR).min(last);
        for i in self.row + 1..=near {
            if !at(i) {
                self.row = i;
                return;
            }
        }
        if near == last || at(last) {
            return self.gallop_blocks(before);
        }
        // `before` holds at `near`, not at `last`.
        let samples = block.samples();
        let first = near / SAMPLE + 1;
        let s = gallop_to(first, samples.len(), |s| before(samples[s], block, s * SAMPLE));
        let low = if s == first { near } else { (s - 1) * SAMPLE };
        self.row = halve(low, (s * SAMPLE).min(last), at);
    }

    /// The same when the row is in none but a later block.
    #[inline(never)]
    fn gallop_blocks(&mut self, before: impl Fn(u64, &Block, usize) -> bool) {
        let behind = |b: usize| {
            let (block, last) = (&self.blocks[b], self.blocks[b].len() - 1);
            before(block.first_word(last), block, last)
        };
        self.block = gallop_to(self.block + 1, self.blocks.len(), behind);
        self.row = 0;
        if let Some(block) = self.blocks.get(self.block)
            && before(block.first_word(0), block, 0)
        {
            let samples = block.samples();
            let s = gallop_to(1, samples.len(), |s| before(samples[s], block, s * SAMPLE));
            let at = |i: usize| before(block.first_word(i), block, i);
            self.row = halve((s - 1) * SAMPLE, (s * SAMPLE).min(block.len() - 1), at);
        }
    }

    /// The rows from here up to another place in the same run.
    pub(crate) fn group_to(&self, end: &Cursor<'a>) -> Group<'a> {
        Group { blocks: self.blocks, start: (self.block, self.row), end: (end.block, end.row) }
    }

    /// The rows of `key`, which the cursor moves past. It must be at the first of them, or past them all.
    #[inline(always)]
    pub(crate) fn group(&mut self, key: &[u64]) -> Group<'a> {
        let start = (self.block, self.row);
        if let (&[k], Some(block)) = (key, self.blocks.get(self.block))
            && k < u64::MAX
        {
            match window::ahead(block, self.row, k + 1) {
                Ok(row) => self.row = row,
                Err(_) => self.seek_word(k + 1),
            }
            return Group { blocks: self.blocks, start, end: (self.block, self.row) };
        }
        // Groups are mostly short: look at the next rows one by one before galloping.
        if let Some(block) = self.blocks.get(self.block) {
            let near = (self.row + NEAR + 1).min(block.len());
            while self.row < near && cmp_key(block.row(self.row), key) == Ordering::Equal {
                self.row += 1;
            }
            if self.row < near {
                return Group { blocks: self.blocks, start, end: (self.block, self.row) };
            }
            if self.row == block.len() {
                (self.block, self.row) = (self.block + 1, 0);
            }
        }
        self.seek_past(key);
        Group { blocks: self.blocks, start, end: (self.block, self.row) }
    }
}

/// The first row of a block whose first word is not less than `k`, which its last row's is not; the row before `from` is less.
#[inline(always)]
fn search(block: &BlockRef, from: usize, k: u64) -> usize {
    let samples = block.samples();
    let first = (from - 1) / SAMPLE + 1;
    let s = gallop_to(first, samples.len(), |s| samples[s] < k);
    // The row looked for is behind the sample before `s`, and no later than `s`.
    let low = if s == first { from } else { (s - 1) * SAMPLE + 1 };
    window::between(block, low, k)
}

/// The least index from `from` on at which `before` does not hold; `to` if it holds at all of them.
#[inline(always)]
fn gallop_to(from: usize, to: usize, before: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut step) = (from, 1);
    if from >= to || !before(from) {
        return from.min(to);
    }
    let high = loop {
        let next = low + step;
        if next >= to {
            break to;
        }
        if !before(next) {
            break next;
        }
        low = next;
        step *= 2;
    };
    halve(low, high, before)
}

/// The least index above `low` at which `before` does not hold, given that it holds at `low` and not at `high`.
#[inline(always)]
fn halve(mut low: usize, mut high: usize, before: impl Fn(usize) -> bool) -> usize {
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if before(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

impl<'a> Group<'a> {
    /// The blocks that it lies in, where it begins, and where it ends.
    pub(crate) fn extent(&self) -> (&'a [BlockRef], (usize, usize), (usize, usize)) {
        (self.blocks, self.start, self.end)
    }

    /// Whether it has no rows.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// The rows, if they lie in one block, as they mostly do.
    #[inline(always)]
    pub(crate) fn chunk(&self) -> Option<Chunk<'a>> {
        let ((block, from), (last, to)) = (self.start, self.end);
        if block == last && from < to { Some(self.blocks[block].range(from, to)) } else { None }
    }

    /// The rows, block by block.
    #[inline]
    pub(crate) fn chunks(self) -> impl Iterator<Item = Chunk<'a>> + Clone {
        let (first, last) = (self.start.0, self.end.0);
        (first..=last).filter_map(move |b| {
            let from = if b == first { self.start.1 } else { 0 };
            let to = if b == last { self.end.1 } else { self.blocks[b].len() };
            (from < to).then(|| self.blocks[b].range(from, to))
        })
    }

    /// The first row and the group without it.
    #[inline]
    pub(crate) fn first(&self) -> Option<(&'a [u64], i64)> {
        if self.is_empty() {
            return None;
        }
        let block = &self.blocks[self.start.0];
        Some((block.row(self.start.1), block.weights[self.start.1]))
    }

    /// Takes the first row off.
    #[inline]
    pub(crate) fn drop_first(&mut self) {
        self.start.1 += 1;
        if self.start.1 >= self.blocks[self.start.0].len() {
            self.start = (self.start.0 + 1, 0);
        }
    }

    /// The last row.
    pub(crate) fn last(&self) -> Option<(&'a [u64], i64)> {
        if self.is_empty() {
            return None;
        }
        let (b, r) = self.before_end();
        Some((self.blocks[b].row(r), self.blocks[b].weights[r]))
    }

    /// Takes the last row off.
    pub(crate) fn drop_last(&mut self) {
        self.end = self.before_end();
    }

    /// The place of the last row.
    fn before_end(&self) -> (usize, usize) {
        match self.end {
            (b, 0) => (b - 1, self.blocks[b - 1].len() - 1),
            (b, r) => (b, r - 1),
        }
    }
}
