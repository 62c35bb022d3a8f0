//! Top-k: the first rows of each key of a stream that only ever gains rows. Those that are not among them never will be, so that they are all that is kept.

use super::rank::{Seen, Wanted, collect, difference, ordered_by, write_numbered};
use super::{MapFn, Ranked, Ranking, layout, map, scalar_of};
use crate::checkpoint::{Loader, Saver};
use crate::spine::Reader;
use crate::{Batch, Context, Floor, Keyed, Operator, Rows, Spine};
use weir_row::{Layout, RowWriter};

/// What [`rank`](super::rank()) puts out, of an index without a trace whose rows never go, up to some number.
///
/// ```
/// use weir_sdk::prelude::*;
/// let mut cx = weir_sdk::local::solo();
/// let copy: &dyn Fn(&Context, Chunk<'_>, &mut RowWriter) = &|_, rows, out| rows.for_each(|(r, w)| out.push(r, w));
/// // The two least.
/// let wanted = Ranked { order: &["i32"], ranking: Ranking::Row, numbered: false, above: 0, upto: 2 };
/// let mut index = Index::new(0, "", "i32");
/// let mut top = TopK::new(1, "", "i32", &wanted);
/// for (row, expected) in [(7, 1), (5, 1), (6, 2), (9, 0)] {
///     index.step(&mut cx, &Rows::from_pairs(1, &[(&[row], 1)]), copy);
///     // A row of the index, then its number, which does not matter here.
///     assert_eq!(top.step(&mut cx, 2, &index, copy).len(), expected);
///     Operator::commit(&mut top);
/// }
/// // 5 and 6; 7, which came and went again, is gone for good once batches are merged.
/// assert!(Operator::size(&top).0 <= 4);
/// ```
pub struct TopK {
    node: u32,
    key: Layout,
    order: Vec<Layout>,
    ranking: Ranking,
    numbered: bool,
    above: u64,
    upto: u64,
    /// The rows up to the last number that is wanted, those before the first one among them.
    state: Spine,
    delta: Batch,
}

impl TopK {
    /// Those rows of an index of the layout `key`, then `value`, that are wanted.
    pub fn new(node: u32, key: &str, value: &str, wanted: &Ranked<'_>) -> TopK {
        let key = layout(key);
        let stride = key.stride_with(&layout(value));
        let Ranked { ranking, numbered, above, upto, .. } = *wanted;
        let order = wanted.order.iter().map(|text| layout(text)).collect();
        let (state, delta) = (Spine::new(stride), Batch::new(stride));
        TopK { node, key, order, ranking, numbered, above, upto, state, delta }
    }

    /// Keys whose column is less than a scalar may be forgotten; `scalar` is its delta.
    pub fn retain(&mut self, column: usize, scalar: &Rows) {
        if let Some(word) = scalar_of(scalar)
            && let Some(floor) = Floor::of(&self.key, &layout(""), column, word)
        {
            self.state.forget_below(floor);
        }
    }

    /// Works on a delta; `emit` makes output rows of `stride` words of rows with their numbers.
    pub fn step(&mut self, cx: &mut Context, stride: u32, input: &dyn Keyed, emit: MapFn<'_>) -> Rows {
        let delta = input.delta();
        let numbered_stride = if delta.stride() == 0 { 0 } else { delta.stride() + 1 };
        let (mut kept, mut changes) = (RowWriter::new(delta.stride()), RowWriter::new(numbered_stride));
        let wanted = self.wanted(self.above, self.numbered);
        let all = self.wanted(0, false);
        let mut before = Reader::new(self.state.batches());
        let mut after = Reader::new(self.state.batches().chain([delta]));
        let (mut old, mut new) = (Vec::new(), Vec::new());
        let mut cursor = delta.cursor();
        while let Some(first) = cursor.get() {
            let key = &first[..self.key.end(first)];
            cursor.group(key);
            let at = key.len();
            before.seek(key);
            let seen = collect(std::iter::from_fn(|| before.next_row()), at, &self.order, &all, &mut old);
            if self.is_beyond(first, at, &old, &seen) {
                continue;
            }
            after.seek(key);
            collect(std::iter::from_fn(|| after.next_row()), at, &self.order, &all, &mut new);
            difference(&old, &new, |(row, _, weight)| kept.push(row, weight));
            if self.above > 0 || self.numbered {
                for rows in [&mut old, &mut new] {
                    let of = std::mem::take(rows);
                    collect(of.iter().map(|(row, _, weight)| (*row, *weight)), at, &self.order, &wanted, rows);
                }
            }
            difference(&old, &new, |row| write_numbered(row, &mut changes));
        }
        self.delta = Batch::from_sorted(Rows::from(kept));
        let mut out = RowWriter::new(stride);
        map::run(cx, &Rows::from(changes), emit, &mut out);
        let rows = Rows::from(out);
        cx.count(self.node, delta.len(), rows.len());
        rows
    }

    /// What is wanted, of rows that are kept.
    fn wanted(&self, above: u64, numbered: bool) -> Ranked<'static> {
        Ranked { order: &[], ranking: self.ranking, numbered, above, upto: self.upto }
    }

    /// Whether rows from `first` on come behind all that is wanted of a key, of which `old` is kept.
    fn is_beyond(&self, first: &[u64], key: usize, old: &[Wanted<'_>], seen: &Seen<'_>) -> bool {
        let Some((last, ..)) = old.last() else { return false };
        let by = |row| ordered_by(row, key, &self.order);
        match self.ranking {
            Ranking::Row => seen.rows >= self.upto && first >= *last,
            Ranking::Rank => seen.rows >= self.upto && by(first) > by(last),
            Ranking::Dense => seen.number >= self.upto && by(first) > by(last),
        }
    }
}

impl Operator for TopK {
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
