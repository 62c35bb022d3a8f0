//! What generated programs import.

pub use crate::operators::{
    Aggregate, Bound, Constant, Delay, Differentiate, Distinct, Frame, Function, Index, Integrate, KeyedTable, Late,
    Least, Now, Output, Part, Ranked, Ranking, Table, TopK, Unit, Waterline, Window, Within, antijoin, exchange, join,
    map, negate, rank, semijoin, session, union, unnest,
};
pub use crate::operators::{
    Recursion, ScopeAggregate, ScopeDistinct, ScopeIndex, ScopeJoin, ScopeRank, ScopeSemiJoin, Side, import, least,
};
pub use crate::{Batch, Chunk, Circuit, Context, Ingest, Keyed, Operator, Pairs, Relation, Rows, Spine, program};
pub use weir_functions as f;
pub use weir_row::{Block, Item, ItemWriter, Layout, RowWriter, Shape, acc, dec, enc, text};
