//! Recursion by nested streams. The operators of a *scope* run again and again within a step, once an *iteration*, and work on differences of
//! differences: what they take in and put out at an iteration is what changes from the iteration before, less what changed there in
//! the step before. So an iteration handles what a change of the tables changes of it, and no more.
//!
//! Linear operators are the same within a scope as without. What an operator must remember is in indexes ([`ScopeIndex`]): the changes of all steps
//! before, each row with its iteration behind its key. An iteration changes what earlier steps made of a later one only if the later
//! one is looked at too, so operators keep a calendar: of rows (joins), or of keys (whatever looks at groups), by iteration. A scope is done when
//! no worker's variables change and all calendars are empty. Iterations in which nothing happens are left out.

mod aggregate;
mod control;
mod group;
mod index;
mod join;

pub use aggregate::ScopeAggregate;
pub use control::{Recursion, least};
pub use group::{ScopeDistinct, ScopeRank, ScopeSemiJoin};
pub use index::ScopeIndex;
pub use join::ScopeJoin;

use crate::spine::Reader;
use crate::{Batch, Context, Keyed, Rows, Spine};
use weir_row::{Layout, RowWriter};

/// What is put in place of an iteration when there is none.
const NEVER: u64 = u64::MAX;

/// A keyed stream as an operator of a scope reads it.
#[derive(Clone, Copy)]
pub enum Side<'a> {
    /// One of the scope.
    Inside(&'a ScopeIndex),
    /// One from outside, which is the same in every iteration: all of it is of iteration 0.
    Outside(&'a dyn Keyed),
}

impl<'a> Side<'a> {
    fn key(self) -> &'a Layout {
        match self {
            Side::Inside(index) => index.key(),
            Side::Outside(keyed) => keyed.key(),
        }
    }

    fn value(self) -> &'a Layout {
        match self {
            Side::Inside(index) => index.value(),
            Side::Outside(keyed) => keyed.value(),
        }
    }

    fn stride(self) -> u32 {
        match self {
            Side::Inside(index) => index.delta().stride(),
            Side::Outside(keyed) => keyed.delta().stride(),
        }
    }

    /// The changes of this iteration.
    fn delta(self, at: u64) -> Option<&'a Batch> {
        let delta = match self {
            Side::Inside(index) => index.delta(),
            Side::Outside(keyed) if at == 0 => keyed.delta(),
            Side::Outside(_) => return None,
        };
        (!delta.is_empty()).then_some(delta)
    }

    /// The changes of this step's earlier iterations: their sum is that of these.
    fn earlier(self, at: u64) -> Vec<&'a Batch> {
        match self {
            Side::Inside(index) => index.earlier().batches().collect(),
            Side::Outside(keyed) if at > 0 => vec![keyed.delta()],
            Side::Outside(_) => vec![],
        }
    }

    /// Calls `f` with the rows that earlier steps left of these keys: in ascending order of keys, then of iterations, with where the key ends and
    /// the iteration; rows of one from outside have none in them. It goes on to the next key when `f` says so.
    fn before(self, keys: &mut dyn Iterator<Item = &[u64]>, f: &mut dyn FnMut(Old<'_>) -> bool) {
        match self {
            Side::Inside(index) => {
                let mut reader = Reader::new(index.trace().batches());
                for key in keys {
                    reader.seek(key);
                    while let Some((row, weight)) = reader.next_row() {
                        let (key, rest) = row.split_at(key.len());
                        if !f(Old { key, iteration: rest[0], value: &rest[1..], weight }) {
                            break;
                        }
                    }
                }
            }
            Side::Outside(keyed) => {
                let mut reader = Reader::new(crate::circuit::trace(keyed).batches());
                for key in keys {
                    reader.seek(key);
                    while let Some((row, weight)) = reader.next_row() {
                        let (key, value) = row.split_at(key.len());
                        if !f(Old { key, iteration: 0, value, weight }) {
                            break;
                        }
                    }
                }
            }
        }
    }
}

/// A row of the trace of a scope.
struct Old<'a> {
    key: &'a [u64],
    /// From which on it counts.
    iteration: u64,
    value: &'a [u64],
    weight: i64,
}

impl Old<'_> {
    /// Writes the row as operators outside of scopes know it.
    fn write(&self, out: &mut RowWriter) {
        out.copy(self.key);
        out.copy(self.value);
        out.end(self.weight);
    }
}

/// A spine of one batch.
fn spine_of(batch: Batch) -> Spine {
    let mut spine = Spine::new(batch.stride());
    spine.restore(batch);
    spine
}

/// Rows with the weights of the second negated; sorted.
fn difference(stride: u32, plus: &Rows, minus: &Rows) -> Rows {
    if minus.is_empty() {
        return Batch::sort(plus.clone()).into_rows();
    }
    let mut out = RowWriter::new(stride);
    for (row, weight) in minus.iter() {
        out.push(row, weight.wrapping_neg());
    }
    let mut all = Rows::from(out);
    all.append(plus);
    Batch::sort(all).into_rows()
}

/// What operators outside of scopes would see of a stream, for some keys.
struct Contents {
    key: Layout,
    value: Layout,
    /// What this step changes, up to some iteration.
    delta: Batch,
    /// What earlier steps left, up to that iteration.
    trace: Spine,
}

impl Keyed for Contents {
    fn key(&self) -> &Layout {
        &self.key
    }
    fn value(&self) -> &Layout {
        &self.value
    }
    fn delta(&self) -> &Batch {
        &self.delta
    }
    fn trace(&self) -> Option<&Spine> {
        Some(&self.trace)
    }
}

/// A stream from outside as one of a scope: all of it is of iteration 0.
pub fn import(cx: &Context, node: u32, at: u64, rows: &Rows) -> Rows {
    let rows = if at == 0 { rows.clone() } else { Rows::new(rows.stride()) };
    cx.count(node, rows.len(), rows.len());
    rows
}
