//! Traces: the sum of all batches so far, merged little by little.

use crate::cursor::Group;
use crate::floor::Floor;
use crate::merge::Merger;
use crate::{Batch, Cursor};
use std::cmp::Ordering;

/// Rows of merging work, in each merge in progress, per row inserted. A merge of two batches of `n` rows is then complete after `n / 4` rows
/// were inserted, well before the next batch of that size comes up; the sooner, the fewer batches there are to look into.
const FUEL_PER_ROW: usize = 8;
/// Rows of merging work an insert does at least, so that many small inserts do not leave many small batches.
const FUEL_MIN: usize = 1024;
/// Batches of fewer rows than two to the power of this are all of one size class.
const CLASS_MIN: u32 = 6;
/// Batches of one size class differ by a factor of two to the power of this: with four, there are half as many batches to look into as with two,
/// and an eighth more merging.
const CLASS_BITS: u32 = 2;
/// Idle batches and merges at most; beyond, the smallest merge is completed at once. Never met unless sizes are odd on purpose.
const LAYERS_MAX: usize = 48;

/// A part of a spine.
#[derive(Debug)]
enum Layer {
    Idle(Batch),
    Merging(Box<Merger>),
}

impl Layer {
    fn rows(&self) -> usize {
        match self {
            Layer::Idle(batch) => batch.len(),
            Layer::Merging(merger) => merger.sources().iter().map(|b| b.len()).sum(),
        }
    }
}

/// The sum of batches. At most one batch of each size class (powers of four) lies idle; two of one class are merged, each insert
/// doing work in proportion to its own size. So there are O(log n) batches to look into, and no insert takes long.
///
/// ```
/// use weir_sdk::prelude::*;
/// let batch = |row: u64, weight| {
///     let mut out = RowWriter::new(1);
///     out.push(&[row], weight);
///     Batch::sort(Rows::from(out))
/// };
/// let mut spine = Spine::new(1);
/// spine.insert(batch(7, 1));
/// spine.insert(batch(8, 1));
/// spine.insert(batch(7, -1));
/// assert_eq!(spine.weight(&[7]), 0);
/// assert_eq!(spine.weight(&[8]), 1);
/// ```
#[derive(Debug, Default)]
pub struct Spine {
    stride: u32,
    layers: Vec<Layer>,
    floor: Option<Floor>,
}

impl Spine {
    /// An empty trace of rows of `stride` words.
    pub fn new(stride: u32) -> Spine {
        Spine { stride, layers: Vec::new(), floor: None }
    }

    /// The words of each row; 0 if they differ.
    pub fn stride(&self) -> u32 {
        self.stride
    }

    /// Adds a batch, and does some merging.
    pub fn insert(&mut self, batch: Batch) {
        if batch.is_empty() {
            return;
        }
        assert_eq!(batch.stride(), self.stride, "a batch of another stride than its trace");
        let fuel = batch.len().saturating_mul(FUEL_PER_ROW).max(FUEL_MIN);
        self.layers.push(Layer::Idle(batch));
        self.work(fuel);
        while self.layers.len() > LAYERS_MAX {
            let least = (0..self.layers.len()).filter(|i| matches!(self.layers[*i], Layer::Merging(_)));
            let Some(least) = least.min_by_key(|i| self.layers[*i].rows()) else { break };
            if let Layer::Merging(merger) = self.layers.swap_remove(least) {
                self.settle(merger.finish());
            }
        }
    }

    /// Nobody will ask for rows below a floor any more: they go when batches merge, or at once if a whole batch is below.
    pub fn forget_below(&mut self, floor: Floor) {
        self.layers.retain(|layer| match layer {
            Layer::Idle(batch) => !batch.first().zip(batch.last()).is_some_and(|(f, l)| floor.drops_all(f, l)),
            Layer::Merging(_) => true,
        });
        self.floor = Some(floor);
    }

    /// Adds a batch as it is, without any work: when a trace is read back.
    pub(crate) fn restore(&mut self, batch: Batch) {
        self.settle(batch);
    }

    /// Does about `fuel` rows of work in each merge in progress, and begins those that are due. Also to be called when there is
    /// time to spare.
    pub fn work(&mut self, fuel: usize) {
        for i in (0..self.layers.len()).rev() {
            if let Layer::Merging(_) = self.layers[i]
                && let Layer::Merging(merger) = self.layers.swap_remove(i)
            {
                self.advance(merger, fuel);
            }
        }
        while let Some((i, j)) = self.due() {
            // `i < j`, so taking `j` out leaves `i` in its place.
            let (b, a) = (self.layers.swap_remove(j), self.layers.swap_remove(i));
            if let (Layer::Idle(a), Layer::Idle(b)) = (a, b) {
                self.advance(Box::new(Merger::new(a, b).above(self.floor.clone())), fuel);
            }
        }
    }

    fn advance(&mut self, merger: Box<Merger>, mut fuel: usize) {
        match merger.advance(&mut fuel) {
            Ok(batch) => self.settle(batch),
            Err(merger) => self.layers.push(Layer::Merging(merger)),
        }
    }

    fn settle(&mut self, batch: Batch) {
        if !batch.is_empty() {
            self.layers.push(Layer::Idle(batch));
        }
    }

    /// Two idle batches of one size class.
    fn due(&self) -> Option<(usize, usize)> {
        let mut seen = [usize::MAX; usize::BITS as usize];
        for (i, layer) in self.layers.iter().enumerate() {
            if let Layer::Idle(batch) = layer {
                let class = (batch.len().ilog2().max(CLASS_MIN) / CLASS_BITS) as usize;
                if seen[class] != usize::MAX {
                    return Some((seen[class], i));
                }
                seen[class] = i;
            }
        }
        None
    }

    /// The batches whose sum this is.
    pub fn batches(&self) -> impl Iterator<Item = &Batch> {
        self.layers
            .iter()
            .flat_map(|layer| match layer {
                Layer::Idle(batch) => [Some(batch), None],
                Layer::Merging(merger) => merger.sources().map(Some),
            })
            .flatten()
    }

    /// The sum of the weights of a row.
    pub fn weight(&self, row: &[u64]) -> i64 {
        Reader::new(self.batches()).weight(row)
    }

    /// The number of rows of all batches; rows that cancel each other count.
    pub fn len(&self) -> usize {
        self.batches().map(|b| b.len()).sum()
    }

    /// Whether there are no batches.
    pub fn is_empty(&self) -> bool {
        self.layers.is_empty()
    }

    /// The memory of all batches, in bytes.
    pub fn memory_bytes(&self) -> usize {
        self.batches().map(|b| b.memory_bytes()).sum()
    }
}

/// Reads the sum of some batches by key. Keys must be asked for in ascending order.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    cursors: Vec<Cursor<'a>>,
    /// The groups of the key at hand that are not through.
    groups: Vec<Group<'a>>,
}

impl<'a> Reader<'a> {
    /// A reader of these batches.
    pub(crate) fn new(batches: impl Iterator<Item = &'a Batch>) -> Reader<'a> {
        Reader { cursors: batches.map(Batch::cursor).collect(), groups: Vec::new() }
    }

    /// The sum of a row's weights.
    pub(crate) fn weight(&mut self, row: &[u64]) -> i64 {
        let mut weight = 0i64;
        for cursor in &mut self.cursors {
            cursor.seek(row);
            if cursor.get() == Some(row) {
                weight = weight.wrapping_add(cursor.weight());
            }
        }
        weight
    }

    /// Goes to the rows of a key, which [`next_row`](Reader::next_row) and [`next_row_back`](Reader::next_row_back) then give.
    #[inline]
    pub(crate) fn seek(&mut self, key: &[u64]) {
        self.groups.clear();
        for cursor in &mut self.cursors {
            cursor.seek(key);
            let group = cursor.group(key);
            if !group.is_empty() {
                self.groups.push(group);
            }
        }
    }

    /// Goes to the rows of a key whose next word is less than `word`, for [`next_row_back`](Reader::next_row_back). Keys ascend; words need not.
    pub(crate) fn seek_below(&mut self, key: &[u64], word: u64) {
        let to = [key, &[word]].concat();
        self.groups.clear();
        for cursor in &mut self.cursors {
            cursor.seek(key);
            let mut end = *cursor;
            end.seek(&to);
            self.groups.extend(Some(cursor.group_to(&end)).filter(|g| !g.is_empty()));
        }
    }

    /// Goes to the rows of a key whose next word is not less than `word`, for [`next_row`](Reader::next_row).
    pub(crate) fn seek_from(&mut self, key: &[u64], word: u64) {
        let from = [key, &[word]].concat();
        self.groups.clear();
        for cursor in &mut self.cursors {
            cursor.seek(key);
            let mut start = *cursor;
            start.seek(&from);
            let mut end = start;
            end.seek_past(key);
            self.groups.extend(Some(start.group_to(&end)).filter(|g| !g.is_empty()));
        }
    }

    /// The next row of the key in ascending order, and its weight in all, not 0.
    #[inline]
    pub(crate) fn next_row(&mut self) -> Option<(&'a [u64], i64)> {
        self.next_by(Group::first, Group::drop_first, Ordering::Less)
    }

    /// The same in descending order. The two are not to be mixed for one key.
    pub(crate) fn next_row_back(&mut self) -> Option<(&'a [u64], i64)> {
        self.next_by(Group::last, Group::drop_last, Ordering::Greater)
    }

    #[inline(always)]
    fn next_by(
        &mut self,
        end: impl Fn(&Group<'a>) -> Option<(&'a [u64], i64)>,
        drop: impl Fn(&mut Group<'a>),
        wanted: Ordering,
    ) -> Option<(&'a [u64], i64)> {
        loop {
            if let [group] = self.groups.as_mut_slice() {
                // Consolidated as it is.
                let found = end(group);
                if found.is_some() {
                    drop(group);
                }
                return found;
            }
            let mut best: Option<(&'a [u64], i64)> = None;
            for group in &self.groups {
                let Some((row, weight)) = end(group) else { continue };
                best = match best {
                    Some((b, w)) => match row.cmp(b) {
                        Ordering::Equal => Some((b, w.wrapping_add(weight))),
                        o if o == wanted => Some((row, weight)),
                        _ => Some((b, w)),
                    },
                    None => Some((row, weight)),
                };
            }
            let (row, weight) = best?;
            self.groups.retain_mut(|group| {
                if end(group).is_some_and(|(r, _)| r == row) {
                    drop(group);
                }
                !group.is_empty()
            });
            if weight != 0 {
                return Some((row, weight));
            }
        }
    }
}
