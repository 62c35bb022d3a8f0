//! Semijoin and antijoin: rows of one input that have, or have not, a match in another.

use super::{MapFn, PairFn, map};
use crate::circuit::trace;
use crate::spine::Reader;
use crate::{Batch, Context, Keyed, Rows};
use std::cmp::Ordering;
use weir_row::{Layout, RowWriter};

/// The change of the rows of `left` that have at least one match in `right`: a row of positive weight with an equal key that satisfies
/// `condition` with it. `project` makes rows of `stride` words of them.
///
/// For a key of which the right input changed, the result is compared before and after; for others only the left input's delta matters.
///
/// # Panics
/// If an input keeps no trace, or the keys' layouts differ.
pub fn semijoin(
    cx: &mut Context,
    node: u32,
    stride: u32,
    left: &dyn Keyed,
    right: &dyn Keyed,
    condition: Option<PairFn<'_>>,
    project: MapFn<'_>,
) -> Rows {
    run(cx, node, stride, left, right, condition, project, true)
}

/// The same for the rows of `left` that have no match in `right`.
///
/// ```
/// use weir_sdk::prelude::*;
/// let mut cx = weir_sdk::local::solo();
/// let mut left = Index::new(0, "i32", "i32").trace();
/// let mut right = Index::new(1, "i32", "").trace();
/// let copy: &dyn Fn(&Context, Chunk<'_>, &mut RowWriter) = &|_, rows, out| rows.for_each(|(r, w)| out.push(r, w));
/// left.step(&mut cx, &Rows::from_pairs(2, &[(&[1, 10], 1), (&[2, 20], 1)]), copy);
/// right.step(&mut cx, &Rows::from_pairs(1, &[(&[2], 1)]), copy);
/// let out = antijoin(&mut cx, 2, 2, &left, &right, None, copy);
/// assert_eq!(out.iter().collect::<Vec<_>>(), [(&[1, 10][..], 1)]);
/// ```
pub fn antijoin(
    cx: &mut Context,
    node: u32,
    stride: u32,
    left: &dyn Keyed,
    right: &dyn Keyed,
    condition: Option<PairFn<'_>>,
    project: MapFn<'_>,
) -> Rows {
    run(cx, node, stride, left, right, condition, project, false)
}

/// What a key's groups are read with.
struct Sides<'a> {
    /// The left input before the step.
    left_before: Reader<'a>,
    left_delta: Reader<'a>,
    right_before: Reader<'a>,
    /// The right input after the step.
    right_after: Reader<'a>,
    right_delta: Reader<'a>,
    condition: Option<PairFn<'a>>,
    /// Whether rows with a match are wanted, rather than those without.
    wanted: bool,
}

#[expect(clippy::too_many_arguments, reason = "the two public functions, which differ in the last")]
fn run(
    cx: &mut Context,
    node: u32,
    stride: u32,
    left: &dyn Keyed,
    right: &dyn Keyed,
    condition: Option<PairFn<'_>>,
    project: MapFn<'_>,
    wanted: bool,
) -> Rows {
    let key = left.key();
    assert_eq!(key.stride(), right.key().stride(), "a semijoin of keys of different layouts");
    let (l, r) = (left.delta(), right.delta());
    let mut sides = Sides {
        left_before: Reader::new(trace(left).batches()),
        left_delta: Reader::new([l].into_iter()),
        right_before: Reader::new(trace(right).batches()),
        right_after: Reader::new(trace(right).batches().chain([r])),
        right_delta: Reader::new([r].into_iter()),
        condition,
        wanted,
    };
    let mut out = RowWriter::new(l.stride());
    for_each_key(key, l, r, |key, in_right| {
        match (in_right, sides.condition) {
            (false, _) => sides.left_alone(cx, key, &mut out),
            (true, None) => sides.by_key(key, &mut out),
            (true, Some(condition)) => sides.by_row(cx, key, condition, &mut out),
        }
        cx.recycle();
    });
    let passed = Rows::from(out);
    let mut out = RowWriter::new(stride);
    map::run(cx, &passed, project, &mut out);
    let rows = Rows::from(out);
    cx.count(node, l.len() + r.len(), rows.len());
    rows
}

/// Calls `f` with each key of either batch in order, and whether the second has it.
fn for_each_key(key: &Layout, left: &Batch, right: &Batch, mut f: impl FnMut(&[u64], bool)) {
    let (mut l, mut r) = (left.cursor(), right.cursor());
    loop {
        let at = match (l.get(), r.get()) {
            (None, None) => return,
            (Some(a), None) => &a[..key.end(a)],
            (None, Some(b)) => &b[..key.end(b)],
            (Some(a), Some(b)) => {
                let (a, b) = (&a[..key.end(a)], &b[..key.end(b)]);
                if a.cmp(b) == Ordering::Greater { b } else { a }
            }
        };
        l.group(at);
        let in_right = !r.group(at).is_empty();
        f(at, in_right);
    }
}

impl Sides<'_> {
    /// Only the left input changed: its delta's rows pass or not.
    fn left_alone(&mut self, cx: &Context, key: &[u64], out: &mut RowWriter) {
        self.left_delta.seek(key);
        if self.condition.is_none() {
            self.right_before.seek(key);
            if exists(&mut self.right_before) == self.wanted {
                while let Some((row, weight)) = self.left_delta.next_row() {
                    out.push(row, weight);
                }
            }
            return;
        }
        let rights = rows_of(&mut self.right_before, key);
        while let Some((row, weight)) = self.left_delta.next_row() {
            if matches(cx, self.condition, row, &rights) == self.wanted {
                out.push(row, weight);
            }
        }
    }

    /// The right input changed, and the key is all that matters.
    fn by_key(&mut self, key: &[u64], out: &mut RowWriter) {
        self.right_before.seek(key);
        self.right_after.seek(key);
        let before = exists(&mut self.right_before) == self.wanted;
        let after = exists(&mut self.right_after) == self.wanted;
        if before != after {
            let sign = if after { 1 } else { -1 };
            self.left_before.seek(key);
            while let Some((row, weight)) = self.left_before.next_row() {
                out.push(row, weight.wrapping_mul(sign));
            }
        }
        if after {
            self.left_delta.seek(key);
            while let Some((row, weight)) = self.left_delta.next_row() {
                out.push(row, weight);
            }
        }
    }

    /// The right input changed: rows of the left one that match a changed row are looked at before and after.
    fn by_row(&mut self, cx: &Context, key: &[u64], condition: PairFn<'_>, out: &mut RowWriter) {
        let before = rows_of(&mut self.right_before, key);
        let after = rows_of(&mut self.right_after, key);
        let mut changed = Vec::new();
        self.right_delta.seek(key);
        while let Some((row, _)) = self.right_delta.next_row() {
            changed.push(row);
        }
        self.left_before.seek(key);
        while let Some((row, weight)) = self.left_before.next_row() {
            if !changed.iter().any(|r| condition(cx, row, r)) {
                continue;
            }
            let passed = matches(cx, Some(condition), row, &before) == self.wanted;
            let passes = matches(cx, Some(condition), row, &after) == self.wanted;
            let sign = i64::from(passes) - i64::from(passed);
            if sign != 0 {
                out.push(row, weight.wrapping_mul(sign));
            }
        }
        self.left_delta.seek(key);
        while let Some((row, weight)) = self.left_delta.next_row() {
            if matches(cx, Some(condition), row, &after) == self.wanted {
                out.push(row, weight);
            }
        }
    }
}

/// Whether the key that a reader is at has a row of positive weight.
fn exists(reader: &mut Reader<'_>) -> bool {
    while let Some((_, weight)) = reader.next_row() {
        if weight > 0 {
            return true;
        }
    }
    false
}

/// The rows of a key that have a positive weight.
fn rows_of<'a>(reader: &mut Reader<'a>, key: &[u64]) -> Vec<&'a [u64]> {
    let mut rows = Vec::new();
    reader.seek(key);
    while let Some((row, weight)) = reader.next_row() {
        if weight > 0 {
            rows.push(row);
        }
    }
    rows
}

/// Whether a left row matches one of the right rows.
fn matches(cx: &Context, condition: Option<PairFn<'_>>, left: &[u64], rights: &[&[u64]]) -> bool {
    rights.iter().any(|right| condition.is_none_or(|c| c(cx, left, right)))
}
