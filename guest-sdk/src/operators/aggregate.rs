//! Aggregation by group.

use super::{AccumulateFn, FoldFn, MapFn, layout, map, scalar_of};
use crate::checkpoint::{Loader, Saver};
use crate::circuit::trace;
use crate::spine::Reader;
use crate::{Batch, Chunk, Context, Floor, Keyed, Operator, Rows, Spine};
use std::cmp::Ordering;
use weir_row::{Layout, RowWriter, enc, shard_of, text};

/// Aggregates that read one input.
pub struct Part {
    method: Method,
    /// The layout of the part's results in a row of state, one column after the other; empty if it has accumulators.
    results: Layout,
}

enum Method {
    Linear(Box<AccumulateFn>),
    Extreme { greatest: bool, biased: bool },
    Mode { biased: bool },
    Fold(Box<FoldFn>),
}

impl Part {
    /// Aggregates by accumulators, which `f` adds rows of a group to (all of the row's accumulators are given to each part). The
    /// input needs no trace.
    pub fn linear(f: impl Fn(&Context, Chunk<'_>, &mut [u64]) + 'static) -> Part {
        Part { method: Method::Linear(Box::new(f)), results: layout("") }
    }

    /// The least value that is not NULL of the input's value columns, which are of this layout. The input needs a trace, unless it only ever gains
    /// rows: then the value of a group is that of before or of what came. Several columns are nullable and stand in the input as in a sort layout;
    /// values whose first column is NULL count as NULL.
    pub fn min(columns: &str) -> Part {
        let (results, biased) = nullable(columns);
        Part { method: Method::Extreme { greatest: false, biased }, results }
    }

    /// The greatest; as for `min`.
    pub fn max(columns: &str) -> Part {
        let (results, biased) = nullable(columns);
        Part { method: Method::Extreme { greatest: true, biased }, results }
    }

    /// The value with the greatest weight that is not NULL of the input's only value column, of this layout; the least of several. The input
    /// needs a trace.
    pub fn mode(column: &str) -> Part {
        let (results, biased) = nullable(column);
        Part { method: Method::Mode { biased }, results }
    }

    /// Results of columns of the layout `results`, which `f` writes one after the other (each as it stands in a sort layout) for a whole group. The input
    /// needs a trace.
    pub fn fold(results: &str, f: impl Fn(&Context, &Rows, &mut RowWriter) + 'static) -> Part {
        Part { method: Method::Fold(Box::new(f)), results: layout(results) }
    }

    /// The number of words of the part's results at the start of `row`.
    fn len(&self, row: &[u64]) -> usize {
        let mut at = 0;
        for field in &self.results.fields {
            at = match field.words {
                0 => text::skip(row, at),
                1 if field.escapes() && row[at] == 1 => at + 2,
                n => at + n,
            };
        }
        at
    }
}

/// The layout of a result that may be absent, hence of nullable columns; and whether a value's words, of the layout `columns`, are
/// another than the result's.
fn nullable(columns: &str) -> (Layout, bool) {
    let columns = layout(columns);
    let mut results = columns.clone();
    results.fields.iter_mut().for_each(|f| f.nullable = true);
    // Only of wide types nullability matters to the words.
    let biased = columns.fields.iter().any(|f| !f.nullable) && results.fields.iter().any(|f| f.escapes());
    assert!(columns.len() == 1 || columns.len() > 1 && !biased, "a column, or nullable columns");
    (layout(&results.text()), biased)
}

/// One row per group, made of its key and its aggregates. For each group there is one row of state: key, accumulators, then the
/// results of the parts that have none, one after the other. A step replaces the rows of the groups that changed; of each old and each new row the
/// row function makes the output, or nothing (HAVING).
///
/// The first accumulator counts the rows of the first part's input: a group exists while it is positive.
///
/// ```
/// use weir_sdk::prelude::*;
/// let mut cx = weir_sdk::local::solo();
/// let mut index = Index::new(0, "i32", "i32").trace();
/// // COUNT(*), MAX(value)
/// let count = Part::linear(|_, rows, acc| rows.for_each(|(_, w)| acc::count(acc, 0, w)));
/// let mut aggregate = Aggregate::new(1, "i32", 1, vec![count, Part::max("i32")]);
/// let copy: &dyn Fn(&Context, Chunk<'_>, &mut RowWriter) = &|_, rows, out| rows.for_each(|(r, w)| out.push(r, w));
/// index.step(&mut cx, &Rows::from_pairs(2, &[(&[1, 10], 1), (&[1, 30], 1), (&[2, 20], 2)]), copy);
/// let out = aggregate.step(&mut cx, 3, &[&index, &index], copy);
/// assert_eq!(out.iter().collect::<Vec<_>>(), [(&[1, 2, 30][..], 1), (&[2, 2, 20][..], 1)]);
/// Operator::commit(&mut index);
/// Operator::commit(&mut aggregate);
/// index.step(&mut cx, &Rows::from_pairs(2, &[(&[1, 30], -1), (&[2, 20], -2)]), copy);
/// let out = aggregate.step(&mut cx, 3, &[&index, &index], copy);
/// assert_eq!(out.iter().collect::<Vec<_>>(), [(&[1, 1, 10][..], 1), (&[1, 2, 30][..], -1), (&[2, 2, 20][..], -1)]);
/// ```
pub struct Aggregate {
    node: u32,
    key: Layout,
    /// Words of the accumulators.
    accumulators: usize,
    parts: Vec<Part>,
    global: bool,
    state: Spine,
    delta: Batch,
}

impl Aggregate {
    /// An aggregation by keys of the layout `key`, with `accumulators` words for all linear parts together.
    pub fn new(node: u32, key: &str, accumulators: usize, parts: Vec<Part>) -> Aggregate {
        let key = layout(key);
        let mut stride = key.stride();
        if key.is_fixed() {
            stride = (key.fixed_words + accumulators) as u32;
            for part in &parts {
                stride = if part.results.is_fixed() && stride != 0 { stride + part.results.stride() } else { 0 };
            }
        }
        assert!(accumulators > 0, "an aggregation counts its groups' rows");
        Aggregate {
            node,
            key,
            accumulators,
            parts,
            global: false,
            state: Spine::new(stride),
            delta: Batch::new(stride),
        }
    }

    /// There is a row from the first step on, even when there is no input; the key is empty.
    pub fn global(mut self) -> Aggregate {
        assert!(self.key.is_empty(), "an aggregation over everything has no key");
        self.global = true;
        self
    }

    /// Whether there is a row even when there is no input.
    pub(super) fn is_global(&self) -> bool {
        self.global
    }

    /// Works on this step's deltas of the parts' inputs, in order; `emit` makes rows of `stride` words of rows of state.
    ///
    /// # Panics
    /// If there is not one input for each part, or one keeps no trace whose part needs it.
    pub fn step(&mut self, cx: &mut Context, stride: u32, inputs: &[&dyn Keyed], emit: MapFn<'_>) -> Rows {
        assert_eq!(inputs.len(), self.parts.len(), "an aggregation has one input for each part");
        let (state, all_exist) = self.update(cx, inputs);
        self.delta = Batch::from_sorted(state);
        let rows_in = inputs.iter().map(|i| i.delta().len()).sum();
        let mut out = RowWriter::new(stride);
        if all_exist {
            map::run(cx, &self.delta, emit, &mut out);
        } else {
            let mut existing = RowWriter::new(self.delta.stride());
            for (row, weight) in self.delta.iter() {
                if self.exists(row) {
                    existing.push(row, weight);
                }
            }
            map::run(cx, &Rows::from(existing), emit, &mut out);
        }
        let rows = Rows::from(out);
        cx.count(self.node, rows_in, rows.len());
        rows
    }

    /// Groups whose key's column is less than a scalar may be forgotten, and are not taken back; `scalar` is its delta.
    pub fn retain(&mut self, column: usize, scalar: &Rows) {
        if let Some(word) = scalar_of(scalar)
            && let Some(floor) = Floor::of(&self.key, &layout(""), column, word)
        {
            self.state.forget_below(floor);
        }
    }

    /// Whether a row of state is a group with rows.
    fn exists(&self, row: &[u64]) -> bool {
        self.global || row[self.key.end(row)] as i64 > 0
    }

    /// The change of the state, and whether all groups in it have rows.
    fn update(&self, cx: &mut Context, inputs: &[&dyn Keyed]) -> (Rows, bool) {
        let mut out = RowWriter::new(self.state.stride());
        let mut state = Reader::new(self.state.batches());
        let mut cursors: Vec<_> = inputs.iter().map(|i| i.delta().cursor()).collect();
        let mut readers: Vec<_> = inputs.iter().zip(&self.parts).map(|(i, part)| PartReader::new(part, *i)).collect();
        let mut all_exist = true;
        let mut new = Vec::new();
        let mut scratch = Vec::new();
        let first = self.global && self.state.is_empty() && shard_of(&[], cx.workers()) == cx.worker();
        if first && cursors.iter().all(|c| !c.valid()) {
            // The row of no input at all.
            new.resize(self.accumulators, 0);
            for (part, reader) in self.parts.iter().zip(&mut readers) {
                part.results(cx, &[], None, true, reader, &mut scratch, &mut new);
            }
            out.push(&new, 1);
            return (Rows::from(out), true);
        }
        while let Some(key) = least_key(&self.key, &cursors) {
            state.seek(key);
            let old = state.next_row().map(|(row, _)| row);
            new.clear();
            new.extend_from_slice(key);
            match old {
                Some(old) => new.extend_from_slice(&old[key.len()..key.len() + self.accumulators]),
                None => new.resize(key.len() + self.accumulators, 0),
            }
            let mut rest = old.map(|old| &old[key.len() + self.accumulators..]);
            for ((part, cursor), reader) in self.parts.iter().zip(&mut cursors).zip(&mut readers) {
                let group = cursor.group(key);
                if let Method::Linear(f) = &part.method {
                    let acc = &mut new[key.len()..key.len() + self.accumulators];
                    group.chunks().for_each(|rows| f(cx, rows, acc));
                    continue;
                }
                let mut before = None;
                if let Some(words) = rest {
                    let (mine, others) = words.split_at(part.len(words));
                    (before, rest) = (Some(mine), Some(others));
                }
                reader.touched = group;
                part.results(cx, key, before, !reader.touched.is_empty(), reader, &mut scratch, &mut new);
            }
            cx.recycle();
            let there = self.global || new[key.len()..key.len() + self.accumulators].iter().any(|w| *w != 0);
            let new = there.then_some(new.as_slice());
            if old == new {
                continue;
            }
            let mut both = [(old, -1), (new, 1)];
            if old > new {
                both.reverse();
            }
            for (row, weight) in both {
                if let Some(row) = row {
                    all_exist &= self.global || row[key.len()] as i64 > 0;
                    out.push(row, weight);
                }
            }
        }
        (Rows::from(out), all_exist)
    }
}

/// The least key that a cursor is at.
fn least_key<'a>(key: &Layout, cursors: &[crate::Cursor<'a>]) -> Option<&'a [u64]> {
    let mut least: Option<&[u64]> = None;
    for cursor in cursors {
        if let Some(row) = cursor.get() {
            let k = &row[..key.end(row)];
            if least.is_none_or(|l| k.cmp(l) == Ordering::Less) {
                least = Some(k);
            }
        }
    }
    least
}

/// What a part that looks into its input's trace reads it with.
struct PartReader<'a> {
    /// The input after the step, or what came, if it keeps no trace.
    all: Reader<'a>,
    /// For weights of single rows, which are asked for in an order of their own.
    weights: Reader<'a>,
    /// The rows of the group at hand that changed.
    touched: crate::cursor::Group<'a>,
    stride: u32,
}

impl<'a> PartReader<'a> {
    fn new(part: &Part, input: &'a dyn Keyed) -> PartReader<'a> {
        let delta = input.delta();
        let nothing = crate::cursor::Group::default();
        let stride = delta.stride();
        if let Method::Linear(_) = part.method {
            let none = || Reader::new([].into_iter());
            return PartReader { all: none(), weights: none(), touched: nothing, stride };
        }
        // What came is enough for an extreme that nobody takes away.
        let kept = match part.method {
            Method::Extreme { .. } => input.trace(),
            _ => Some(trace(input)),
        };
        let batches = || kept.into_iter().flat_map(|t| t.batches()).chain([delta]);
        PartReader { all: Reader::new(batches()), weights: Reader::new(batches()), touched: nothing, stride }
    }
}

impl Part {
    /// Writes NULLs as the part's results.
    fn null(&self, to: &mut Vec<u64>) {
        to.clear();
        to.resize(self.results.fields.iter().map(|f| f.words.max(1)).sum(), 0);
    }

    /// Appends the part's results for a group. `before` are its results before the step, `touched` whether its input changed.
    #[expect(clippy::too_many_arguments, reason = "what a group's row is made of")]
    fn results(
        &self,
        cx: &Context,
        key: &[u64],
        before: Option<&[u64]>,
        touched: bool,
        reader: &mut PartReader<'_>,
        scratch: &mut Vec<u64>,
        to: &mut Vec<u64>,
    ) {
        if let (false, Some(before)) = (touched, before) {
            return to.extend_from_slice(before);
        }
        match &self.method {
            Method::Linear(_) => {}
            Method::Extreme { greatest, biased } => {
                extreme(key, *greatest, *biased, before, reader, scratch);
                if scratch.is_empty() {
                    self.null(scratch);
                }
                to.extend_from_slice(scratch);
            }
            Method::Mode { biased } => {
                let mut best = 0;
                scratch.clear();
                reader.all.seek(key);
                while let Some((row, weight)) = reader.all.next_row() {
                    let value = &row[key.len()..];
                    if weight > best && !is_null(value, *biased) {
                        best = weight;
                        write_value(value, *biased, scratch);
                    }
                }
                if scratch.is_empty() {
                    self.null(scratch);
                }
                to.extend_from_slice(scratch);
            }
            Method::Fold(f) => {
                let mut rows = RowWriter::new(reader.stride);
                reader.all.seek(key);
                while let Some((row, weight)) = reader.all.next_row() {
                    rows.push(row, weight);
                }
                let mut out = RowWriter::new(0);
                f(cx, &Rows::from(rows), &mut out);
                out.end(1);
                for block in out.finish() {
                    to.extend_from_slice(&block.words);
                }
            }
        }
    }
}

/// Whether the words of a value are those of NULL. (Of several columns the first tells: no first word is 0 but NULL's, and 2 words of a decimal
/// that are 0 are NULL too.)
fn is_null(value: &[u64], biased: bool) -> bool {
    !biased && value[0] == 0
}

/// Writes a value as nullable columns.
fn write_value(value: &[u64], biased: bool, to: &mut Vec<u64>) {
    to.clear();
    if biased {
        to.push(enc::slot(value[0]));
        to.extend(enc::escape(value[0]));
    } else {
        to.extend_from_slice(value);
    }
}

/// Writes the extreme value of a group to `to`, as nullable columns; nothing, if there is none.
fn extreme(
    key: &[u64],
    greatest: bool,
    biased: bool,
    before: Option<&[u64]>,
    reader: &mut PartReader<'_>,
    to: &mut Vec<u64>,
) {
    let is_null = |value: &[u64]| is_null(value, biased);
    let write = |value: &[u64], to: &mut Vec<u64>| write_value(value, biased, to);
    // The most extreme value among the rows that changed.
    let mut group = reader.touched;
    let mut best = None;
    while let Some((row, _)) = if greatest { group.last() } else { group.first() } {
        if !is_null(&row[key.len()..]) {
            best = Some(row);
            break;
        }
        if greatest { group.drop_last() } else { group.drop_first() }
    }
    // What lies beyond both it and the value before was not there and did not change. So if the value before lies beyond it, that stays; if
    // not, and the best one is there now, it is the value.
    if let Some(before) = before.filter(|b| b[0] != 0) {
        let Some(row) = best else { return write_raw(before, to) };
        write(&row[key.len()..], to);
        let order = to.as_slice().cmp(before);
        if order == (if greatest { Ordering::Less } else { Ordering::Greater }) {
            return write_raw(before, to);
        }
        if reader.weights.weight(row) > 0 {
            return;
        }
    }
    reader.all.seek(key);
    while let Some((row, weight)) = if greatest { reader.all.next_row_back() } else { reader.all.next_row() } {
        let value = &row[key.len()..];
        if weight > 0 && !is_null(value) {
            return write(value, to);
        }
    }
    to.clear();
}

/// Writes words as they are.
fn write_raw(value: &[u64], to: &mut Vec<u64>) {
    to.clear();
    to.extend_from_slice(value);
}

impl Operator for Aggregate {
    fn node(&self) -> u32 {
        self.node
    }
    fn commit(&mut self) {
        let empty = Batch::new(self.delta.stride());
        self.state.insert(std::mem::replace(&mut self.delta, empty));
    }
    fn save(&self, to: &mut Saver<'_>) {
        to.spine(&self.state);
    }
    fn load(&mut self, from: &mut Loader<'_>) -> Result<(), String> {
        self.state = from.spine(self.state.stride())?;
        Ok(())
    }
    fn size(&self) -> (usize, usize) {
        (self.state.len(), self.state.memory_bytes())
    }
}
