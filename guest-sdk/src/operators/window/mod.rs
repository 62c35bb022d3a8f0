//! Window: for each row of a key, in order, what functions make of the rows around it.

mod affected;
mod edge;
mod evaluate;
mod sums;

use super::{AccumulateFn, FoldFn, MapFn, layout, map};
use crate::checkpoint::{Loader, Saver};
use crate::circuit::trace;
use crate::key_rows::{Cut, KeyRows};
use crate::{Chunk, Context, Keyed, Operator, Rows};
use evaluate::{Result, Side};
use std::cell::Cell;
use weir_row::{Layout, RowWriter};

/// Writes the columns that an index is ordered by of some rows, moved by what a frame's bound says.
pub type BoundFn = dyn Fn(&Context, Chunk<'_>, &mut RowWriter);

/// What the bounds of a frame count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Rows; one of weight 2 is two.
    Rows,
    /// Groups of peers: rows that are equal in what they are ordered by.
    Groups,
    /// Values of what rows are ordered by.
    Range,
}

/// Where a frame begins or ends.
pub enum Bound {
    /// With the key's rows.
    Unbounded,
    /// So many rows or groups behind the current one (before it, if negative), which is the last (first) one within. Of ranges 0 only, which
    /// is the current row's peers.
    Offset(i64),
    /// At a value.
    Value {
        /// Where the bound of a row's frame is.
        of_row: Box<BoundFn>,
        /// How far, to the other side, the rows are in whose frames a row lies. May be farther.
        back: Box<BoundFn>,
    },
}

/// What is made of the rows of a frame.
pub enum Function {
    /// The greatest (least) of some value columns, which are nullable, by the first; where that is NULL a row does not count. Several columns are compared
    /// one after the other.
    Extreme {
        /// The first of the value columns.
        column: usize,
        /// How many they are.
        count: usize,
        /// Whether it is the greatest.
        greatest: bool,
    },
    /// The most frequent value of a nullable column that is not NULL; the least of several.
    Mode {
        /// The value column.
        column: usize,
    },
    /// A nullable column of one row; NULL if there is none.
    Nth {
        /// The value column.
        column: usize,
        /// Which row, from 1.
        nth: u64,
        /// Whether it is counted from the last.
        last: bool,
        /// Whether rows whose value is NULL are not counted.
        ignore_nulls: bool,
    },
    /// What a function writes, of all rows whose value column `present` is not NULL.
    Fold {
        /// It writes one column.
        fold: Box<FoldFn>,
        /// The value column.
        present: Option<usize>,
    },
}

/// Some rows around each row, and what is made of them.
pub struct Frame {
    unit: Unit,
    start: Bound,
    end: Bound,
    sums: bool,
    functions: Vec<Function>,
}

impl Frame {
    /// A frame; with `sums`, the accumulators' words come first among its results.
    pub fn new(unit: Unit, start: Bound, end: Bound, sums: bool, functions: Vec<Function>) -> Frame {
        Frame { unit, start, end, sums, functions }
    }
}

/// For each row of an index in order: the row, then, frame by frame, the accumulators of the frame's rows (if it has sums) and its
/// functions' results, each as it stands in a sort layout; `emit` makes output rows of them. It keeps no state: what is added up over blocks of
/// the input's trace is kept with these.
///
/// A change costs the rows whose frames it lies in, before and after, and for each of them, and each batch of the trace, a search and a few dozen sums
/// or rows, however large the frame is. Where a frame begins with the key's first row, it is looked no further than what it changed matters.
/// What a whole partition has in common is made once, and if it stays as it was only changed rows are looked at.
/// Of functions that are no sum, extreme or row, each affected row looks at its whole frame.
///
/// ```
/// use weir_sdk::prelude::*;
/// let mut cx = weir_sdk::local::solo();
/// // A key, an order, which is also what is added up and looked at.
/// let mut index = Index::new(0, "i32", "i32?").trace();
/// let sum = |_: &Context, rows: Chunk<'_>, acc: &mut [u64]| {
///     for (r, w) in rows {
///         acc::count(acc, 0, w);
///         acc::sum(acc, 1, r[1] as i128, w);
///     }
/// };
/// // COUNT(*), SUM(x) OVER (ROWS UNBOUNDED PRECEDING), LAG(x)
/// let running = Frame::new(Unit::Rows, Bound::Unbounded, Bound::Offset(0), true, vec![]);
/// let lag = Function::Nth { column: 0, nth: 1, last: false, ignore_nulls: false };
/// let before = Frame::new(Unit::Rows, Bound::Offset(-1), Bound::Offset(-1), false, vec![lag]);
/// let mut window = Window::new(1, &["i32?"], &["i32?"]).sums(&[1, 2], sum).frame(running).frame(before);
/// let copy: &dyn Fn(&Context, Chunk<'_>, &mut RowWriter) = &|_, rows, out| rows.for_each(|(r, w)| out.push(r, w));
/// index.step(&mut cx, &Rows::from_pairs(2, &[(&[1, 10], 1), (&[1, 30], 1)]), copy);
/// let out = window.step(&mut cx, 6, &index, copy);
/// assert_eq!(out.iter().collect::<Vec<_>>(), [(&[1, 10, 1, 0, 10, 0][..], 1), (&[1, 30, 2, 0, 40, 10][..], 1)]);
/// Operator::commit(&mut index);
/// index.step(&mut cx, &Rows::from_pairs(2, &[(&[1, 20], 1)]), copy);
/// let out = window.step(&mut cx, 6, &index, copy);
/// assert_eq!(
///     out.iter().collect::<Vec<_>>(),
///     [
///         (&[1, 20, 2, 0, 30, 10][..], 1),
///         (&[1, 30, 2, 0, 40, 10][..], -1),
///         (&[1, 30, 3, 0, 60, 20][..], 1)
///     ]
/// );
/// ```
pub struct Window {
    node: u32,
    /// Each column that rows are ordered by.
    order: Vec<Layout>,
    /// Each value column up to the last that a function reads.
    columns: Vec<Layout>,
    /// The words of each accumulator; 0: an exclusive or.
    widths: Vec<usize>,
    accumulate: Option<Box<AccumulateFn>>,
    frames: Vec<Frame>,
    /// The extremes that frames want.
    kinds: Vec<sums::Kind>,
    /// Rows and sums looked at since the beginning.
    looked: Cell<u64>,
}

impl Window {
    /// A window over rows with these value columns, of which the first are what rows are ordered by.
    pub fn new(node: u32, order: &[impl AsRef<str>], columns: &[impl AsRef<str>]) -> Window {
        let order = order.iter().map(|text| layout(text.as_ref())).collect();
        let columns = columns.iter().map(|text| layout(text.as_ref())).collect();
        Window {
            node,
            order,
            columns,
            widths: vec![],
            accumulate: None,
            frames: vec![],
            kinds: vec![],
            looked: Cell::new(0),
        }
    }

    /// What is added up: `f` adds rows to accumulators of so many words each; 0 is one word, of which the exclusive or is taken.
    pub fn sums(mut self, widths: &[usize], f: impl Fn(&Context, Chunk<'_>, &mut [u64]) + 'static) -> Window {
        self.widths = widths.to_vec();
        self.accumulate = Some(Box::new(f));
        self
    }

    /// Adds a frame.
    pub fn frame(mut self, frame: Frame) -> Window {
        for function in &frame.functions {
            if let Function::Extreme { column, count, greatest } = function
                && !self.kinds.contains(&(*column, *count, *greatest))
            {
                self.kinds.push((*column, *count, *greatest));
            }
        }
        self.frames.push(frame);
        self
    }

    /// How many rows, and sums of rows, all steps have looked at.
    pub fn looked(&self) -> u64 {
        self.looked.get()
    }

    /// Works on this step's delta of an index in order with a trace.
    pub fn step(&mut self, cx: &mut Context, stride: u32, input: &dyn Keyed, emit: MapFn<'_>) -> Rows {
        let delta = input.delta();
        let mut cursor = delta.cursor();
        // Results of several layouts follow the row.
        let mut changes = RowWriter::new(0);
        while let Some(row) = cursor.get() {
            let key = &row[..input.key().end(row)];
            let mut touched = cursor.group(key);
            let mut changed = vec![];
            while let Some((row, _)) = touched.first() {
                changed.push(row);
                touched.drop_first();
            }
            let before = KeyRows::new(trace(input).batches(), key);
            let after = KeyRows::new(trace(input).batches().chain([delta]), key);
            self.key(cx, key.len(), delta.stride(), &changed, &before, &after, &mut changes);
            self.looked.set(self.looked.get() + before.looked.get() + after.looked.get());
            cx.recycle();
        }
        let mut out = RowWriter::new(stride);
        map::run(cx, &Rows::from(changes), emit, &mut out);
        let rows = Rows::from(out);
        cx.count(self.node, delta.len(), rows.len());
        rows
    }

    /// Whether a frame has all rows of the key, whichever row it is of.
    fn is_whole(&self, frame: &Frame) -> bool {
        let peers = |bound: &Bound| {
            let here = matches!(bound, Bound::Offset(0)) && frame.unit != Unit::Rows;
            matches!(bound, Bound::Unbounded) || here && self.order.is_empty()
        };
        peers(&frame.start) && peers(&frame.end)
    }

    /// The changes of a key of which rows changed.
    #[expect(clippy::too_many_arguments, reason = "what a key's results are made of")]
    fn key(
        &self,
        cx: &Context,
        key: usize,
        stride: u32,
        changed: &[&[u64]],
        before: &KeyRows<'_>,
        after: &KeyRows<'_>,
        out: &mut RowWriter,
    ) {
        let side = |rows| Side::new(self, cx, key, stride, rows);
        let (mut old, mut new) = (side(before), side(after));
        if self.frames.iter().all(|frame| self.is_whole(frame)) {
            let (mut was, mut is) = (vec![], vec![]);
            old.evaluate(&mut was);
            new.evaluate(&mut is);
            if let (Some((words, _)), Some((same, _))) = (was.pop(), is.pop())
                && words == same
            {
                // What all rows have in common is as it was.
                for row in changed {
                    let weight = after.weight(row).max(0) - before.weight(row).max(0);
                    if weight != 0 {
                        write(row, &[(words.clone(), weight)], 1, out);
                    }
                }
                return;
            }
            old.go(&[]);
            new.go(&[]);
        }
        let (a, b) = (side(before), side(after));
        let mut changed = changed.iter().copied().peekable();
        let tail = self.frames.iter().any(|f| matches!(f.start, Bound::Unbounded));
        let (mut was, mut is) = (vec![], vec![]);
        while let Some(mut last) = changed.next() {
            let begin = affected::begin(&a, &b, last);
            old.go(&begin);
            new.go(&begin);
            // Where a change up to `last` matters up to, as far as that has been asked; that costs a walk along a frame of rows.
            let (mut ends, mut asked) = (<(Cut, Cut)>::default(), false);
            // Whether nothing that comes later differs, as far as the changes up to here go.
            let mut settled = false;
            loop {
                let (in_old, in_new) = (old.peek(), new.peek());
                let Some(row) = [in_old, in_new].into_iter().flatten().map(|(row, _)| row).min() else { return };
                while let Some(next) = changed.next_if(|next| *next <= row) {
                    (last, asked, settled) = (next, false, false);
                }
                let within = |ends: &(Cut, Cut)| old.at < ends.0 || new.at < ends.1;
                let mut near = row <= last || within(&ends);
                if !near && !asked {
                    (ends, asked) = (affected::ends(&a, &b, last), true);
                    near = within(&ends);
                }
                if !near && (settled || !tail) {
                    // Unless the next change matters from here on.
                    let Some(next) = changed.next_if(|next| affected::begin(&a, &b, next).as_slice() <= row) else {
                        break;
                    };
                    (last, asked, near) = (next, false, true);
                }
                was.clear();
                is.clear();
                if in_old.is_some_and(|(of_old, _)| of_old == row) {
                    old.evaluate(&mut was);
                }
                if in_new.is_some_and(|(of_new, _)| of_new == row) {
                    new.evaluate(&mut is);
                }
                let same = was == is;
                if !same {
                    write(row, &was, -1, out);
                    write(row, &is, 1, out);
                }
                settled = !near && same && old.settled(last) && new.settled(last);
            }
        }
    }
}

/// Writes a row with its results.
fn write(row: &[u64], results: &[Result], sign: i64, out: &mut RowWriter) {
    for (words, weight) in results {
        out.copy(row);
        out.copy(words);
        out.end(sign * weight);
    }
}

impl Operator for Window {
    fn node(&self) -> u32 {
        self.node
    }
    fn save(&self, _: &mut Saver<'_>) {}
    fn load(&mut self, _: &mut Loader<'_>) -> std::result::Result<(), String> {
        Ok(())
    }
    fn size(&self) -> (usize, usize) {
        (0, 0)
    }
}
