//! Lateness: rows that are older than a waterline are dropped, and the waterline follows what came.

use super::now::Scalar;
use super::{KeyedTable, MapFn, map};
use crate::checkpoint::{Loader, Saver};
use crate::{Context, Keyed, Operator, Rows};
use weir_row::{Block, RowWriter};

/// The input without the rows of which a column is less than its waterline was before the step.
///
/// Waterlines are the greatest that rows stand for, of all workers: each step exchanges one row. A word of 0 is NULL:
/// nothing is known, nothing is late. Of wide columns, the two least values count as one.
///
/// ```
/// use weir_sdk::prelude::*;
/// let mut cx = weir_sdk::local::solo();
/// // Three behind the greatest.
/// let mut late = Late::new(0, 1);
/// let lateness: &dyn Fn(&Context, Chunk<'_>, &mut RowWriter) = &|_, rows, out| rows.for_each(|(r, w)| out.push(&[r[0], r[0] - 3], w));
/// assert_eq!(late.step(&mut cx, &Rows::from_pairs(1, &[(&[20], 1), (&[10], 1)]), lateness).len(), 2);
/// assert_eq!(late.waterline(0), Some(17));
/// assert_eq!(late.step(&mut cx, &Rows::from_pairs(1, &[(&[16], 1), (&[17], 1)]), lateness).len(), 1);
/// assert_eq!(late.dropped(&mut cx, 1).iter().collect::<Vec<_>>(), [(&[16][..], 1)]);
/// ```
pub struct Late {
    node: u32,
    /// The words of the waterlines after the step.
    waterlines: Vec<u64>,
    dropped: Rows,
}

impl Late {
    /// So many columns with a lateness.
    pub fn new(node: u32, columns: usize) -> Late {
        Late { node, waterlines: vec![0; columns], dropped: Rows::default() }
    }

    /// Works on a delta; `f` writes for each row, for each column with a lateness, its word and that of the waterline that it stands for (then, maybe,
    /// more).
    pub fn step(&mut self, cx: &mut Context, input: &Rows, f: MapFn<'_>) -> Rows {
        let mut words = RowWriter::new(0);
        map::run(cx, input, f, &mut words);
        let words = Rows::from(words);
        let mut next = self.waterlines.clone();
        let is_late = |row: &[u64]| self.is_late(row);
        let mut late = 0;
        for (row, _) in words.iter() {
            match is_late(row) {
                true => late += 1,
                false => advance(&mut next, row),
            }
        }
        let rows = if late == 0 {
            self.dropped = Rows::new(input.stride());
            input.clone()
        } else {
            let (mut kept, mut dropped) = (RowWriter::new(input.stride()), RowWriter::new(input.stride()));
            for ((row, weight), (of, _)) in input.iter().zip(words.iter()) {
                match is_late(of) {
                    // Told, not taken away, whatever was to be done with it.
                    true => dropped.push(row, weight.abs()),
                    false => kept.push(row, weight),
                }
            }
            self.dropped = Rows::from(dropped);
            Rows::from(kept)
        };
        self.waterlines = agreed(cx, self.node, next);
        cx.count(self.node, input.len(), rows.len());
        rows
    }

    /// Works on the delta of a table with a primary key, whose steps wait for it. The change of a key is late if the row that is there is, or the one
    /// that comes in its place: what a waterline has passed does not change any more. The table does not take in a late change, of which the
    /// new row is told, or the one that was to be deleted.
    ///
    /// ```
    /// use weir_sdk::prelude::*;
    /// let mut cx = weir_sdk::local::solo();
    /// // A key, and a time with a lateness of 3.
    /// let lateness: &dyn Fn(&Context, Chunk<'_>, &mut RowWriter) = &|_, rows, out| rows.for_each(|(r, w)| out.push(&[r[1], r[1] - 3], w));
    /// let mut table = KeyedTable::new(0, 0, "i32", "i32", &[0]).materialized().judged();
    /// let mut late = Late::new(1, 1);
    /// for (row, rows) in [([1, 10], 1), ([2, 11], 1), ([1, 20], 2), ([2, 21], 0), ([1, 16], 0)] {
    ///     let mut block = Block::new(0);
    ///     block.push(&row, 1);
    ///     Operator::table(&mut table).unwrap().1.ingest(block).unwrap();
    ///     table.step(&mut cx);
    ///     assert_eq!(late.step_table(&mut cx, &mut table, lateness).len(), rows);
    ///     assert_eq!(late.dropped(&mut cx, 2).len(), usize::from(rows == 0));
    ///     Operator::commit(&mut table);
    /// }
    /// let (_, sink) = Operator::relation(&mut table).unwrap();
    /// assert_eq!(sink.contents().unwrap().weight(&[2, 11]), 1);
    /// assert_eq!(sink.contents().unwrap().weight(&[2, 21]), 0);
    /// ```
    pub fn step_table(&mut self, cx: &mut Context, table: &mut KeyedTable, f: MapFn<'_>) -> Rows {
        let input = table.delta().rows().clone();
        let mut words = RowWriter::new(0);
        map::run(cx, &input, f, &mut words);
        let words = Rows::from(words);
        let mut next = self.waterlines.clone();
        let mut rows = input.iter().zip(words.iter()).peekable();
        let (mut kept, mut dropped) = (RowWriter::new(input.stride()), RowWriter::new(input.stride()));
        while let Some(first) = rows.next() {
            // A key has one row that goes, or one that comes, or both.
            let key = &first.0.0[..table.key().end(first.0.0)];
            let second = rows.next_if(|((row, _), _)| row.starts_with(key));
            let change = [Some(first), second];
            let mut both = change.iter().flatten();
            if both.clone().any(|(_, (of, _))| self.is_late(of)) {
                if let Some(((told, _), _)) = both.clone().find(|((_, w), _)| *w > 0).or(both.next()) {
                    dropped.push(told, 1);
                }
                continue;
            }
            for ((row, weight), (of, _)) in both {
                kept.push(row, *weight);
                advance(&mut next, of);
            }
        }
        let (kept, dropped) = (Rows::from(kept), Rows::from(dropped));
        // (As they are, if that is all of them.)
        let rows = if dropped.is_empty() { input.clone() } else { kept };
        self.dropped = dropped;
        table.settle(rows.clone());
        self.waterlines = agreed(cx, self.node, next);
        cx.count(self.node, input.len(), rows.len());
        rows
    }

    /// Whether a row is, by its words.
    fn is_late(&self, words: &[u64]) -> bool {
        self.waterlines.iter().enumerate().any(|(c, line)| words[2 * c] != 0 && words[2 * c] < *line)
    }

    /// What was dropped in this step; counted for the operator `node`.
    pub fn dropped(&self, cx: &mut Context, node: u32) -> Rows {
        cx.count(node, self.dropped.len(), self.dropped.len());
        self.dropped.clone()
    }

    /// The word of a column's waterline after this step, once there is one.
    pub fn waterline(&self, column: usize) -> Option<u64> {
        Some(self.waterlines[column]).filter(|w| *w != 0)
    }
}

/// Raises waterlines to those that a row stands for.
fn advance(waterlines: &mut [u64], words: &[u64]) {
    waterlines.iter_mut().enumerate().for_each(|(c, line)| *line = (*line).max(words[2 * c + 1]));
}

/// The greatest words of all workers.
fn agreed(cx: &Context, channel: u32, mut words: Vec<u64>) -> Vec<u64> {
    if cx.workers() == 1 {
        return words;
    }
    let mut block = Block::new(words.len() as u32);
    block.push(&words, 1);
    for block in cx.host().exchange(channel, vec![block; cx.workers()]) {
        let shape = block.check().map_err(|e| e.to_string());
        cx.ok(shape, 0, 0);
        for (row, _) in &block {
            words.iter_mut().zip(row).for_each(|(word, other)| *word = (*word).max(*other));
        }
    }
    words
}

impl Operator for Late {
    fn node(&self) -> u32 {
        self.node
    }
    fn commit(&mut self) {
        self.dropped = Rows::default();
    }
    fn save(&self, to: &mut Saver<'_>) {
        self.waterlines.iter().for_each(|w| to.number(*w));
    }
    fn load(&mut self, from: &mut Loader<'_>) -> Result<(), String> {
        self.waterlines.iter_mut().try_for_each(|w| from.number().map(|n| *w = n))
    }
    fn size(&self) -> (usize, usize) {
        (0, 0)
    }
}

/// A waterline as a scalar.
pub struct Waterline {
    node: u32,
    scalar: Scalar,
}

impl Waterline {
    /// One that is not known yet.
    pub fn new(node: u32) -> Waterline {
        Waterline { node, scalar: Scalar::default() }
    }

    /// The change of the waterline, which is this word now; `wide`: the column's type is.
    pub fn step(&mut self, cx: &mut Context, word: Option<u64>, wide: bool) -> Rows {
        // Of a wide type the word 1 stands for two values.
        let rows = self.scalar.become_word(word.filter(|w| !wide || *w > 1));
        cx.count(self.node, 0, rows.len());
        rows
    }
}

impl Operator for Waterline {
    fn node(&self) -> u32 {
        self.node
    }
    fn save(&self, to: &mut Saver<'_>) {
        self.scalar.save(to);
    }
    fn load(&mut self, from: &mut Loader<'_>) -> Result<(), String> {
        self.scalar = Scalar::load(from)?;
        Ok(())
    }
    fn size(&self) -> (usize, usize) {
        (0, 0)
    }
}
