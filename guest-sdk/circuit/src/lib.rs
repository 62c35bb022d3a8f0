//! The circuit: a program's plan, which the SQL front end makes, the Rust generator prints and the host reads. It holds no
//! code and no state; it builds for the sandbox and for the host.

mod accumulators;
mod check;
mod dot;
mod expr;
mod frame;
mod inserts;
#[cfg(feature = "interpret")]
pub mod interpret;
mod plan;
mod text;
mod time;
mod user;

pub use accumulators::{Accumulators, accumulator_widths, accumulators};
pub use check::{EXPRESSION_DEPTH_MAX, LAMBDA_PARAMETERS, same_words};
pub use dot::DotNote;
pub use expr::{Expr, ExprOp, Position};
pub use frame::{FRAME_OFFSET_MAX, Frame, FrameBound, FrameFunction, FrameUnit};
pub use plan::{
    Aggregate, AggregateFunction, AggregateMethod, AggregatePart, Circuit, Column, ColumnDefault, Edge, ITERATIONS_MAX,
    LateColumn, Node, NodeId, Op, Ranking, Table, View, endless,
};
pub use time::is_ordered_word;
pub use user::UserFunction;
