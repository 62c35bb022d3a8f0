//! The join of a scope.

use super::{NEVER, Side};
use crate::checkpoint::{Loader, Saver};
use crate::operators::JoinFn;
use crate::operators::join::join_batches;
use crate::{Batch, Context, Operator, Rows};
use std::collections::BTreeMap;
use weir_row::{Layout, RowWriter};

/// Pairs of rows with equal keys. A change at iteration `i` meets what the other side's earlier steps left at iteration `j`, and the pairs count from
/// the later of the two on: those of later iterations are kept until theirs comes.
///
/// ```
/// use weir_sdk::prelude::*;
/// let mut cx = weir_sdk::local::solo();
/// let copy: &dyn Fn(&Context, Chunk<'_>, &mut RowWriter) = &|_, rows, out| rows.for_each(|(r, w)| out.push(r, w));
/// let pair: &dyn Fn(&Context, Pairs<'_>, &mut RowWriter) = &|_, pairs, out| pairs.for_each(|(l, r, w)| {
///     out.put([l[1], r[1]]);
///     out.end(w);
/// });
/// let (mut left, mut right) = (ScopeIndex::new(0, "i32", "i32"), ScopeIndex::new(1, "i32", "i32"));
/// let mut join = ScopeJoin::new(2);
/// left.step(&mut cx, 3, &Rows::from_pairs(2, &[(&[1, 10], 1)]), copy);
/// Operator::commit(&mut left);
/// // In the next step, the right side changes in iteration 0, when the left's row is not there yet.
/// right.step(&mut cx, 0, &Rows::from_pairs(2, &[(&[1, 20], 1)]), copy);
/// assert!(join.step(&mut cx, 0, 2, Side::Inside(&left), Side::Inside(&right), pair).is_empty());
/// assert_eq!(join.next(), 3);
/// right.step(&mut cx, 3, &Rows::new(2), copy);
/// let out = join.step(&mut cx, 3, 2, Side::Inside(&left), Side::Inside(&right), pair);
/// assert_eq!(out.iter().collect::<Vec<_>>(), [(&[10, 20][..], 1)]);
/// ```
pub struct ScopeJoin {
    node: u32,
    later: BTreeMap<u64, RowWriter>,
}

impl ScopeJoin {
    /// A join.
    pub fn new(node: u32) -> ScopeJoin {
        ScopeJoin { node, later: BTreeMap::new() }
    }

    /// The least iteration for which there are rows already.
    pub fn next(&self) -> u64 {
        self.later.keys().next().copied().unwrap_or(NEVER)
    }

    /// The changes of an iteration; `f` makes rows of `stride` words of pairs.
    ///
    /// # Panics
    /// If the keys' layouts differ.
    pub fn step(
        &mut self,
        cx: &mut Context,
        at: u64,
        stride: u32,
        left: Side<'_>,
        right: Side<'_>,
        f: JoinFn<'_>,
    ) -> Rows {
        let key = left.key();
        assert_eq!(key.stride(), right.key().stride(), "a join of keys of different layouts");
        let mut out = self.later.remove(&at).unwrap_or_else(|| RowWriter::new(stride));
        let (l, r) = (left.delta(at), right.delta(at));
        if let Some(l) = l {
            for batch in right.earlier(at).into_iter().chain(r) {
                join_batches(cx, key, l, batch, f, &mut out);
            }
            for (from, batch) in matching(right, key, l, at) {
                let out = self.due(from, at, stride, &mut out);
                join_batches(cx, key, l, &batch, f, out);
            }
        }
        if let Some(r) = r {
            for batch in left.earlier(at) {
                join_batches(cx, key, batch, r, f, &mut out);
            }
            for (from, batch) in matching(left, key, r, at) {
                let out = self.due(from, at, stride, &mut out);
                join_batches(cx, key, &batch, r, f, out);
            }
        }
        let rows = Rows::from(out);
        cx.count(self.node, l.map_or(0, |l| l.len()) + r.map_or(0, |r| r.len()), rows.len());
        rows
    }

    /// Where pairs go that count from iteration `from` on.
    fn due<'a>(&'a mut self, from: u64, at: u64, stride: u32, now: &'a mut RowWriter) -> &'a mut RowWriter {
        if from == at { now } else { self.later.entry(from).or_insert_with(|| RowWriter::new(stride)) }
    }
}

/// The rows that earlier steps left of a side with the keys of a batch: by the iteration, from `at` on, from which both count.
fn matching(side: Side<'_>, key: &Layout, with: &Batch, at: u64) -> Vec<(u64, Batch)> {
    if let Side::Outside(keyed) = side {
        return crate::circuit::trace(keyed).batches().map(|batch| (at, batch.clone())).collect();
    }
    let mut found: BTreeMap<u64, RowWriter> = BTreeMap::new();
    let stride = side.stride();
    let mut cursor = with.cursor();
    let mut keys = std::iter::from_fn(|| {
        let row = cursor.get()?;
        let key = &row[..key.end(row)];
        cursor.group(key);
        Some(key)
    });
    side.before(&mut keys, &mut |old| {
        let out = found.entry(old.iteration.max(at)).or_insert_with(|| RowWriter::new(stride));
        old.write(out);
        true
    });
    found.into_iter().map(|(from, out)| (from, Batch::sort(Rows::from(out)))).collect()
}

impl Operator for ScopeJoin {
    fn node(&self) -> u32 {
        self.node
    }
    fn save(&self, _: &mut Saver<'_>) {}
    fn load(&mut self, _: &mut Loader<'_>) -> Result<(), String> {
        Ok(())
    }
    fn size(&self) -> (usize, usize) {
        (0, 0)
    }
}
