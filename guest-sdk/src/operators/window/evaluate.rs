//! The results of rows, one after the other: frames move along, and what was made of one is made use of for the next.

use super::edge::Edge;
use super::{Bound, BoundFn, Frame, Function, Unit, Window};
use crate::key_rows::{Cut, KeyRows};
use crate::{Context, Rows};
use std::collections::BTreeMap;
use weir_row::{Layout, RowWriter};

/// The words of all results of a row, and how many times it has them.
pub(super) type Result = (Vec<u64>, i64);

/// The rows of a key before or after a step, and a place among them from which results are made, row by row.
pub(super) struct Side<'a> {
    pub(super) window: &'a Window,
    pub(super) cx: &'a Context,
    /// The words of the key.
    pub(super) key: usize,
    /// The stride of rows.
    stride: u32,
    pub(super) rows: &'a KeyRows<'a>,
    /// Before the row whose results are made next.
    pub(super) at: Cut,
    states: Vec<State<'a>>,
}

/// A frame, and the most extreme value in it.
pub(super) type Known<'a> = (Edge, Edge, Option<&'a [u64]>);

/// What is known of a frame, as of the row before.
#[derive(Default)]
pub(super) struct State<'a> {
    /// The frame; none if the row at hand does not follow the one before.
    edges: Option<(Edge, Edge)>,
    /// The group of peers of the row before, and what was made of its frame.
    peers: Option<&'a [u64]>,
    results: Vec<u64>,
    /// Whether all rows that are counted from the first one are there.
    found: bool,
    /// Sums of a frame.
    sums: Option<(Edge, Edge, Vec<u64>)>,
    /// For each function, if it is an extreme, the value that it has of a frame.
    extremes: Vec<Option<Known<'a>>>,
}

/// The words of NULL as a row of one nullable column.
fn null(layout: &Layout, to: &mut Vec<u64>) {
    layout.fields.iter().for_each(|f| to.resize(to.len() + f.words.max(1), 0));
}

impl<'a> Side<'a> {
    pub(super) fn new(window: &'a Window, cx: &'a Context, key: usize, stride: u32, rows: &'a KeyRows<'a>) -> Side<'a> {
        let states = window.frames.iter().map(|_| State::default()).collect();
        Side { window, cx, key, stride, rows, at: rows.start(), states }
    }

    /// The stride of rows.
    pub(super) fn block_stride(&self) -> u32 {
        self.stride
    }

    /// Goes to the first row that is not less than `row`.
    pub(super) fn go(&mut self, row: &[u64]) {
        self.at = self.rows.seek(row);
        for state in &mut self.states {
            (state.edges, state.peers) = (None, None);
        }
    }

    /// The row whose results are made next.
    pub(super) fn peek(&mut self) -> Option<(&'a [u64], i64)> {
        self.rows.peek(&mut self.at)
    }

    /// The words of a row that its peers share: the key, and what rows are ordered by.
    pub(super) fn peers<'r>(&self, row: &'r [u64]) -> &'r [u64] {
        let end = self.window.order.iter().fold(self.key, |end, column| end + column.end(&row[end..]));
        &row[..end]
    }

    /// The words of some value columns of a row.
    pub(super) fn value<'r>(&self, row: &'r [u64], column: usize, count: usize) -> &'r [u64] {
        let past = |from: usize, columns: &[Layout]| columns.iter().fold(from, |at, c| at + c.end(&row[at..]));
        let start = past(self.key, &self.window.columns[..column]);
        &row[start..past(start, &self.window.columns[column..column + count])]
    }

    /// The words of a bound: the key, and the columns that rows are ordered by as `f` writes them of a row.
    pub(super) fn moved(&self, f: &BoundFn, row: &[u64]) -> Vec<u64> {
        let mut out = RowWriter::new(0);
        let mut one = RowWriter::new(self.stride);
        one.push(row, 1);
        for block in Rows::from(one).blocks() {
            f(self.cx, block.iter(), &mut out);
        }
        let mut words = row[..self.key].to_vec();
        out.finish().iter().for_each(|block| words.extend_from_slice(&block.words));
        words
    }

    /// Makes the results of the next row, and goes on behind it.
    pub(super) fn evaluate(&mut self, out: &mut Vec<Result>) {
        let Some((row, weight)) = self.peek() else { return };
        let counts_rows =
            |f: &Frame| f.unit == Unit::Rows && [&f.start, &f.end].iter().any(|b| matches!(b, Bound::Offset(_)));
        // Of frames that do not count rows, a row has the same results as often as it is there.
        let (copies, each) =
            if self.window.frames.iter().any(counts_rows) { (weight.unsigned_abs(), 1) } else { (1, weight) };
        for copy in 0..copies {
            let mut words = Vec::new();
            for f in 0..self.window.frames.len() {
                let mut state = std::mem::take(&mut self.states[f]);
                self.frame(&self.window.frames[f], &mut state, row, copy);
                words.extend_from_slice(&state.results);
                self.states[f] = state;
            }
            match out.last_mut().filter(|(before, _)| *before == words) {
                Some((_, weight)) => *weight += each,
                None => out.push((words, each)),
            }
        }
        self.rows.pass(&mut self.at, row);
    }

    /// Makes the results of a frame of a row.
    fn frame(&self, frame: &Frame, state: &mut State<'a>, row: &'a [u64], copy: u64) {
        let peers = self.peers(row);
        if frame.unit != Unit::Rows && state.peers == Some(peers) {
            return;
        }
        state.peers = Some(peers);
        let (lo, hi) = state.edges.take().unzip();
        let lo = self.bound(frame.unit, &frame.start, false, copy, row, lo);
        let hi = self.bound(frame.unit, &frame.end, true, copy, row, hi);
        let edges = (lo.clone(), hi.clone());
        // A frame that would end before it begins has no rows.
        let hi = hi.max(lo.clone());
        state.results.clear();
        if frame.sums {
            let sums = self.slide(state.sums.take(), &lo, &hi);
            state.results.extend_from_slice(&sums);
            state.sums = Some((lo.clone(), hi.clone(), sums));
        }
        state.extremes.resize(frame.functions.len(), None);
        state.found = true;
        for (function, known) in frame.functions.iter().zip(&mut state.extremes) {
            let start = state.results.len();
            self.function(function, &lo, &hi, known, &mut state.results);
            state.found &= !matches!(function, Function::Nth { last: false, .. }) || state.results[start] != 0;
        }
        state.edges = Some(edges);
    }

    fn function(&self, function: &Function, lo: &Edge, hi: &Edge, known: &mut Option<Known<'a>>, to: &mut Vec<u64>) {
        match function {
            Function::Extreme { column, count, greatest } => {
                let kind = (*column, *count, *greatest);
                let value = self.extreme(known.take(), lo, hi, kind);
                match value {
                    Some(value) => to.extend_from_slice(value),
                    None => self.window.columns[*column..column + count].iter().for_each(|c| null(c, to)),
                }
                *known = Some((lo.clone(), hi.clone(), value));
            }
            Function::Mode { column } => {
                let mut times: BTreeMap<&[u64], u64> = BTreeMap::new();
                self.each(lo, hi, |row, n| {
                    let value = self.value(row, *column, 1);
                    if value[0] != 0 {
                        *times.entry(value).or_default() += n;
                    }
                });
                // `max_by_key` takes the last of several.
                match times.iter().rev().max_by_key(|(_, n)| **n) {
                    Some((value, _)) => to.extend_from_slice(value),
                    None => null(&self.window.columns[*column], to),
                }
            }
            Function::Nth { column, nth, last, ignore_nulls } => {
                let counts = |row: &[u64]| !ignore_nulls || self.value(row, *column, 1)[0] != 0;
                let row = if *last { self.nth_last(lo, hi, *nth, counts) } else { self.nth(lo, hi, *nth, counts) };
                match row {
                    Some(row) => to.extend_from_slice(self.value(row, *column, 1)),
                    None => null(&self.window.columns[*column], to),
                }
            }
            Function::Fold { fold, present } => {
                let mut rows = RowWriter::new(self.stride);
                self.each(lo, hi, |row, n| {
                    if present.is_none_or(|column| self.value(row, column, 1)[0] != 0) {
                        rows.push(row, n.cast_signed());
                    }
                });
                let mut out = RowWriter::new(0);
                fold(self.cx, &Rows::from(rows), &mut out);
                out.end(1);
                out.finish().iter().for_each(|block| to.extend_from_slice(&block.words));
            }
        }
    }

    /// Goes through the rows between two edges, with the times that each is there.
    fn each(&self, lo: &Edge, hi: &Edge, mut f: impl FnMut(&'a [u64], u64)) {
        let (mut cut, mut skip) = (lo.cut.clone(), lo.skip);
        while let Some((row, n)) = self.times(&mut cut, skip, hi) {
            if n > 0 {
                f(row, n);
            }
            self.rows.pass(&mut cut, row);
            skip = 0;
        }
    }

    /// The row at a cut, and how many times it is there before an edge, but for the first `skip`.
    fn times(&self, cut: &mut Cut, skip: u64, hi: &Edge) -> Option<(&'a [u64], u64)> {
        let (row, weight) = self.rows.peek(cut)?;
        if *cut < hi.cut {
            return Some((row, weight.unsigned_abs() - skip));
        }
        (*cut == hi.cut && hi.skip > skip).then(|| (row, hi.skip - skip))
    }

    /// The row at a number from the first one.
    fn nth(&self, lo: &Edge, hi: &Edge, nth: u64, counts: impl Fn(&[u64]) -> bool) -> Option<&'a [u64]> {
        let (mut cut, mut skip, mut left) = (lo.cut.clone(), lo.skip, nth);
        while let Some((row, n)) = self.times(&mut cut, skip, hi) {
            if counts(row) {
                if left <= n {
                    return Some(row);
                }
                left -= n;
            }
            self.rows.pass(&mut cut, row);
            skip = 0;
        }
        None
    }

    /// The row at a number from the last one.
    fn nth_last(&self, lo: &Edge, hi: &Edge, nth: u64, counts: impl Fn(&[u64]) -> bool) -> Option<&'a [u64]> {
        let (mut cut, mut left) = (hi.cut.clone(), nth);
        let mut part = hi.skip;
        loop {
            let (row, times) = match part {
                0 if cut <= lo.cut => return None,
                0 => {
                    let (row, weight) = self.rows.prev(&mut cut)?;
                    (row, weight.unsigned_abs())
                }
                n => (self.rows.peek(&mut cut)?.0, n),
            };
            part = 0;
            let times = if cut == lo.cut { times.saturating_sub(lo.skip) } else { times };
            if counts(row) {
                if left <= times {
                    return Some(row);
                }
                left -= times;
            }
        }
    }

    /// Whether frames that begin with the first row hold all changes up to `last`, and whatever comes later changes them as it would have
    /// without: if results are the same then, they stay the same.
    pub(super) fn settled(&self, last: &[u64]) -> bool {
        let past = self.rows.seek_past(last);
        self.window.frames.iter().zip(&self.states).all(|(frame, state)| {
            if !matches!(frame.start, Bound::Unbounded) {
                return true;
            }
            let holds = state.edges.as_ref().is_some_and(|(_, hi)| hi.cut >= past);
            holds
                && frame.functions.iter().all(|f| match f {
                    Function::Extreme { .. } => true,
                    Function::Nth { last: true, nth: 1, .. } => true,
                    // One that is not there yet may come, another before and after.
                    Function::Nth { last: false, .. } => state.found,
                    Function::Nth { .. } | Function::Mode { .. } | Function::Fold { .. } => false,
                })
        })
    }
}
