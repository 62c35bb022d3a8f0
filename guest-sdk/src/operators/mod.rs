//! Operators, one a file: each turns the deltas of a step into the delta of its result. They know rows as words only, so that each is
//! compiled once for all programs; what a program adds is its row functions.

mod aggregate;
mod constant;
mod delay;
mod distinct;
mod exchange;
mod index;
mod integrate;
mod join;
mod keyed_table;
mod late;
mod map;
mod now;
mod output;
mod rank;
mod recursion;
mod semijoin;
mod session;
mod table;
mod top_k;
mod union;
mod unnest;
mod upsert;
mod window;
mod within;

pub use aggregate::{Aggregate, Part};
pub use constant::Constant;
pub use delay::Delay;
pub use distinct::Distinct;
pub use exchange::exchange;
pub use index::Index;
pub use integrate::{Differentiate, Integrate};
pub use join::join;
pub use keyed_table::KeyedTable;
pub use late::{Late, Waterline};
pub use map::map;
pub use now::{Least, Now};
pub use output::{Output, Sink};
pub use rank::{Ranked, Ranking, rank};
pub use recursion::{
    Recursion, ScopeAggregate, ScopeDistinct, ScopeIndex, ScopeJoin, ScopeRank, ScopeSemiJoin, Side, import, least,
};
pub use semijoin::{antijoin, semijoin};
pub use session::session;
pub use table::Table;
pub use top_k::TopK;
pub use union::{negate, union};
pub use unnest::unnest;
pub use window::{Bound, BoundFn, Frame, Function, Unit, Window};
pub use within::Within;

use crate::{Chunk, Context, Pairs, Rows};
use weir_row::{Layout, RowWriter};

/// A row function: goes through some rows and writes rows.
pub type MapFn<'a> = &'a dyn Fn(&Context, Chunk<'_>, &mut RowWriter);
/// The row function of a join: goes through matching pairs and writes rows.
pub type JoinFn<'a> = &'a dyn Fn(&Context, Pairs<'_>, &mut RowWriter);
/// A condition on a left row and a right row, both with their keys.
pub type PairFn<'a> = &'a dyn Fn(&Context, &[u64], &[u64]) -> bool;
/// Adds rows of a group to its accumulators.
pub type AccumulateFn = dyn Fn(&Context, Chunk<'_>, &mut [u64]);
/// Writes the results of a whole group, one column after the other, without an end of row.
pub type FoldFn = dyn Fn(&Context, &Rows, &mut RowWriter);

/// The word that a scalar's delta says that it is now, if it changed.
pub(crate) fn scalar_of(delta: &Rows) -> Option<u64> {
    now::scalar_of(delta)
}

/// The layout that a plan names.
///
/// # Panics
/// If it names none: a fault of the plan.
fn layout(text: &str) -> Layout {
    Layout::parse(text).unwrap_or_else(|e| panic!("a plan's layout is wrong: {e}"))
}
