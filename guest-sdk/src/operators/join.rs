//! Equi-join of two indexes.

use super::JoinFn;
use crate::circuit::trace;
use crate::cursor::Group;
use crate::{Batch, Chunk, Context, Keyed, Pairs, Rows};
use std::cmp::Ordering;
use std::hint::black_box;
use weir_row::{Layout, RowWriter};

/// Matches that are gathered before their pairs are made: where their weights lie is read for all of them at once, where one match after the
/// other would wait for memory each time.
const AHEAD: usize = 16;

/// The change of the join of two inputs with equal keys: with the traces `L`, `R` of before the step and its deltas `l`, `r`, it is
/// `l x (R + r) + L x r`. `f` makes rows of `stride` words of the pairs that match. The inputs' keys have one layout.
///
/// ```
/// use weir_sdk::prelude::*;
/// let mut cx = weir_sdk::local::solo();
/// let mut left = Index::new(0, "i32", "i32").trace();
/// let mut right = Index::new(1, "i32", "i32").trace();
/// let copy: &dyn Fn(&Context, Chunk<'_>, &mut RowWriter) = &|_, rows, out| rows.for_each(|(r, w)| out.push(r, w));
/// left.step(&mut cx, &Rows::from_pairs(2, &[(&[1, 10], 1), (&[2, 20], 1)]), copy);
/// right.step(&mut cx, &Rows::from_pairs(2, &[(&[2, 200], 1), (&[2, 201], 2)]), copy);
/// let out = join(&mut cx, 2, 3, &left, &right, &|_, pairs, out| {
///     for (l, r, w) in pairs {
///         out.put([l[0], l[1], r[1]]);
///         out.end(w);
///     }
/// });
/// assert_eq!(out.iter().collect::<Vec<_>>(), [(&[2, 20, 200][..], 1), (&[2, 20, 201][..], 2)]);
/// ```
///
/// # Panics
/// If an input keeps no trace, or the keys' layouts differ.
pub fn join(cx: &mut Context, node: u32, stride: u32, left: &dyn Keyed, right: &dyn Keyed, f: JoinFn<'_>) -> Rows {
    let key = left.key();
    assert_eq!(key.stride(), right.key().stride(), "a join of keys of different layouts");
    let mut out = RowWriter::new(stride);
    let (l, r) = (left.delta(), right.delta());
    if !l.is_empty() {
        for batch in trace(right).batches().chain([r]) {
            join_batches(cx, key, l, batch, f, &mut out);
        }
    }
    if !r.is_empty() {
        for batch in trace(left).batches() {
            join_batches(cx, key, batch, r, f, &mut out);
        }
    }
    let rows = Rows::from(out);
    cx.count(node, l.len() + r.len(), rows.len());
    rows
}

/// All matching pairs of two batches. The cursors leap over each other's gaps.
pub(super) fn join_batches(
    cx: &mut Context,
    key: &Layout,
    left: &Batch,
    right: &Batch,
    f: JoinFn<'_>,
    out: &mut RowWriter,
) {
    let (mut l, mut r) = (left.cursor(), right.cursor());
    let mut found = Vec::with_capacity(AHEAD);
    if key.is_fixed() && key.fixed_words == 1 {
        // Most keys: nothing but first words need be looked at.
        while let (Some(key_l), Some(key_r)) = (l.first_word(), r.first_word()) {
            if key_l < key_r {
                l.seek_word(key_r);
            } else if key_r < key_l {
                r.seek_word(key_l);
            } else {
                let groups = (l.group(&[key_l]), r.group(&[key_l]));
                matched(cx, groups, &mut found, f, out);
            }
        }
    } else {
        while let (Some(row_l), Some(row_r)) = (l.get(), r.get()) {
            let key_l = &row_l[..key.end(row_l)];
            match crate::cursor::cmp_key(row_r, key_l) {
                Ordering::Less => r.seek(key_l),
                Ordering::Greater => l.seek(&row_r[..key.end(row_r)]),
                Ordering::Equal => {
                    let groups = (l.group(key_l), r.group(key_l));
                    matched(cx, groups, &mut found, f, out);
                }
            }
        }
    }
    pairs(cx, &mut found, f, out);
}

/// Gathers the groups of a key.
#[inline(always)]
fn matched<'a>(
    cx: &mut Context,
    (left, right): (Group<'a>, Group<'a>),
    found: &mut Vec<(Chunk<'a>, Chunk<'a>)>,
    f: JoinFn<'_>,
    out: &mut RowWriter,
) {
    if let (Some(l), Some(r)) = (left.chunk(), right.chunk()) {
        found.push((l, r));
        if found.len() == AHEAD {
            pairs(cx, found, f, out);
        }
    } else {
        pairs(cx, found, f, out);
        pairs_of_blocks(cx, left, right, f, out);
    }
}

/// The pairs of the groups of some keys.
#[inline(never)]
fn pairs(cx: &mut Context, found: &mut Vec<(Chunk<'_>, Chunk<'_>)>, f: JoinFn<'_>, out: &mut RowWriter) {
    black_box(found.iter().fold(0, |all, (l, r)| all ^ l.first_weight() ^ r.first_weight()));
    f(cx, Pairs::new(found), out);
    cx.recycle();
    found.clear();
}

/// The pairs of the groups of a key that lie in more than one block.
#[cold]
#[inline(never)]
fn pairs_of_blocks(cx: &mut Context, left: Group<'_>, right: Group<'_>, f: JoinFn<'_>, out: &mut RowWriter) {
    for l in left.chunks() {
        for r in right.chunks() {
            f(cx, Pairs::new(&[(l.clone(), r)]), out);
            cx.recycle();
        }
    }
}
