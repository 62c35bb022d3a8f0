//! Operators of a scope whose result for a key depends on the rows of that key: at an iteration they look at the keys that changed in this step up
//! to it and have a difference there, be it one of this step or one that earlier steps left. For these the operator of outside is run on what there is up to
//! the iteration, and up to the one before; the difference of the two is the iteration's.

use super::{Contents, NEVER, ScopeIndex, Side, difference, spine_of};
use crate::checkpoint::{Loader, Saver};
use crate::operators::rank::{Ranked, rank};
use crate::operators::semijoin::{antijoin, semijoin};
use crate::operators::{Distinct, MapFn, PairFn};
use crate::spine::Reader;
use crate::{Batch, Context, Keyed, Operator, Rows};
use std::collections::BTreeMap;
use weir_row::{Layout, RowWriter};

/// The keys that are to be looked at in later iterations, by iteration. A key has a word behind it, since it may be of no words at all.
#[derive(Default)]
pub(super) struct Calendar {
    keys: BTreeMap<u64, RowWriter>,
}

/// The groups of some keys: up to an iteration, and up to the one before unless there is none.
pub(super) struct Groups {
    pub(super) now: Vec<Contents>,
    pub(super) before: Option<Vec<Contents>>,
}

impl Calendar {
    /// The least iteration for which there are keys.
    pub(super) fn next(&self) -> u64 {
        self.keys.keys().next().copied().unwrap_or(NEVER)
    }

    /// What there is of the keys that must be looked at in iteration `at`; nothing if there are none.
    pub(super) fn groups(&mut self, at: u64, inputs: &[Side<'_>]) -> Option<Groups> {
        let key = inputs[0].key();
        let stride = if key.is_fixed() { key.fixed_words as u32 + 1 } else { 0 };
        let due = self.keys.remove(&at);
        if due.is_none() && inputs.iter().all(|input| input.delta(at).is_none()) {
            return None;
        }
        let mut keys = due.unwrap_or_else(|| RowWriter::new(stride));
        for delta in inputs.iter().filter_map(|input| input.delta(at)) {
            let mut cursor = delta.cursor();
            while let Some(row) = cursor.get() {
                let key = &row[..key.end(row)];
                cursor.group(key);
                write_key(key, &mut keys);
            }
        }
        let keys = Batch::sort(Rows::from(keys));
        let mut later: BTreeMap<u64, RowWriter> = BTreeMap::new();
        let (mut now, mut before) = (vec![], vec![]);
        for input in inputs {
            let (mut upto, mut upto_before) = (RowWriter::new(input.stride()), RowWriter::new(input.stride()));
            input.before(&mut each_key(&keys), &mut |old| {
                if old.iteration > at {
                    // From there on to the next.
                    write_key(old.key, later.entry(old.iteration).or_insert_with(|| RowWriter::new(stride)));
                    return false;
                }
                old.write(&mut upto);
                if old.iteration < at || matches!(input, Side::Outside(_)) {
                    old.write(&mut upto_before);
                }
                true
            });
            let earlier = restricted(&input.earlier(at), &keys, input.stride());
            let both = [earlier.clone()].into_iter().chain(input.delta(at).cloned()).collect();
            let changed = Batch::merge_all(input.stride(), both);
            now.push(contents(input.key(), input.value(), upto, changed));
            before.push(contents(input.key(), input.value(), upto_before, earlier));
        }
        for (iteration, mut keys) in later {
            let of = self.keys.entry(iteration).or_insert_with(|| RowWriter::new(stride));
            for block in std::mem::replace(&mut keys, RowWriter::new(stride)).finish() {
                block.iter().for_each(|(row, weight)| of.push(row, weight));
            }
        }
        Some(Groups { now, before: (at > 0).then_some(before) })
    }

    /// The change of an iteration, of rows of `stride` words: `f` is the operator outside of scopes.
    pub(super) fn step(
        &mut self,
        cx: &mut Context,
        at: u64,
        stride: u32,
        inputs: &[Side<'_>],
        f: &mut dyn FnMut(&mut Context, &[&dyn Keyed]) -> Rows,
    ) -> Rows {
        let Some(groups) = self.groups(at, inputs) else { return Rows::new(stride) };
        let mut run = |contents: &[Contents]| {
            let keyed: Vec<&dyn Keyed> = contents.iter().map(|c| c as &dyn Keyed).collect();
            f(cx, &keyed)
        };
        let now = run(&groups.now);
        match &groups.before {
            Some(before) => difference(stride, &now, &run(before)),
            None => Batch::sort(now).into_rows(),
        }
    }
}

fn write_key(key: &[u64], out: &mut RowWriter) {
    out.copy(key);
    out.put([0]);
    out.end(1);
}

/// The keys of a batch of keys.
fn each_key(keys: &Batch) -> impl Iterator<Item = &[u64]> {
    keys.iter().map(|(row, _)| &row[..row.len() - 1])
}

/// The rows of some batches with these keys.
fn restricted(batches: &[&Batch], keys: &Batch, stride: u32) -> Batch {
    let mut out = RowWriter::new(stride);
    let mut reader = Reader::new(batches.iter().copied());
    for key in each_key(keys) {
        reader.seek(key);
        while let Some((row, weight)) = reader.next_row() {
            out.push(row, weight);
        }
    }
    Batch::from_sorted(Rows::from(out))
}

fn contents(key: &Layout, value: &Layout, trace: RowWriter, delta: Batch) -> Contents {
    let trace = spine_of(Batch::sort(Rows::from(trace)));
    Contents { key: key.clone(), value: value.clone(), delta, trace }
}

/// The operators of a scope with nothing but a calendar.
macro_rules! with_calendar {
    ($($name:ident)*) => { $(
        impl $name {
            /// The operator.
            pub fn new(node: u32) -> $name {
                $name { node, calendar: Calendar::default() }
            }

            /// The least iteration for which there is something to do already.
            pub fn next(&self) -> u64 {
                self.calendar.next()
            }
        }

        impl Operator for $name {
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
    )* };
}

/// Each row of an index of a scope that has a positive weight, once; or, `all`, as often as its weight says.
pub struct ScopeDistinct {
    node: u32,
    calendar: Calendar,
}

/// The rows of one input that have, or have not, a match in another.
pub struct ScopeSemiJoin {
    node: u32,
    calendar: Calendar,
}

/// The rows of each key with their numbers in order, or those of some numbers only.
pub struct ScopeRank {
    node: u32,
    calendar: Calendar,
}

with_calendar! { ScopeDistinct ScopeSemiJoin ScopeRank }

impl ScopeDistinct {
    /// The changes of an iteration.
    pub fn step(&mut self, cx: &mut Context, at: u64, input: &ScopeIndex, all: bool) -> Rows {
        let node = self.node;
        self.calendar.step(cx, at, input.delta().stride(), &[Side::Inside(input)], &mut |cx, inputs| {
            let mut distinct = Distinct::new(node);
            if all {
                distinct = distinct.all();
            }
            distinct.step(cx, inputs[0]);
            distinct.delta().rows().clone()
        })
    }
}

impl ScopeSemiJoin {
    /// The changes of an iteration; `anti`: the rows without a match.
    #[expect(clippy::too_many_arguments, reason = "those of the operator outside of scopes")]
    pub fn step(
        &mut self,
        cx: &mut Context,
        at: u64,
        stride: u32,
        anti: bool,
        left: Side<'_>,
        right: Side<'_>,
        condition: Option<PairFn<'_>>,
        project: MapFn<'_>,
    ) -> Rows {
        let node = self.node;
        self.calendar.step(cx, at, stride, &[left, right], &mut |cx, inputs| {
            let run = if anti { antijoin } else { semijoin };
            run(cx, node, stride, inputs[0], inputs[1], condition, project)
        })
    }
}

impl ScopeRank {
    /// The changes of an iteration.
    pub fn step(
        &mut self,
        cx: &mut Context,
        at: u64,
        stride: u32,
        input: &ScopeIndex,
        wanted: &Ranked<'_>,
        emit: MapFn<'_>,
    ) -> Rows {
        let node = self.node;
        let inputs = [Side::Inside(input)];
        self.calendar.step(cx, at, stride, &inputs, &mut |cx, inputs| rank(cx, node, stride, inputs[0], wanted, emit))
    }
}
