//! The plan as data: tables, views, and a graph of operators in the order in which a step runs them.

use crate::{Expr, Frame, Position, UserFunction};
use serde::{Deserialize, Serialize};
use weir_row::{ColumnType, Value};

/// The index of a node in [`Circuit::nodes`].
pub type NodeId = usize;

/// Iterations of a recursion in one step at most: a chain of so many links is longer than any that is meant, and views that never settle are found
/// out within seconds.
pub const ITERATIONS_MAX: u64 = 100_000;

/// What is said of a recursion that is not over by then.
pub fn endless(name: &str) -> String {
    format!("recursive view '{name}' has not settled after {ITERATIONS_MAX} iterations")
}

/// A program's plan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Circuit {
    /// The tables, in order of declaration; `Op::Table` refers to them by index.
    pub tables: Vec<Table>,
    /// The views that are put out, in order of declaration.
    pub views: Vec<View>,
    /// The operators; a node's inputs come before it.
    pub nodes: Vec<Node>,
    /// The functions that are written in Rust, used or not. A circuit that has some must be compiled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub functions: Vec<UserFunction>,
}

impl Circuit {
    /// Whether a table takes in what a [`Late`](Op::Late) behind it lets pass.
    pub fn is_judged(&self, table: NodeId) -> bool {
        self.nodes.iter().any(|n| matches!(n.op, Op::Late { input, of_table: true, .. } if input == table))
    }

    /// For each node the recursion that ends the scope that it is in, if it is in one.
    pub fn scopes(&self) -> Vec<Option<NodeId>> {
        let mut scopes = vec![None; self.nodes.len()];
        for (id, node) in self.nodes.iter().enumerate() {
            if let Op::Recursion { first, .. } = &node.op {
                scopes[(*first).min(id)..id].fill(Some(id));
            }
        }
        scopes
    }
}

/// A column of a table or a view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// The name, folded as SQL folds it.
    pub name: String,
    /// Whether the name was quoted, hence is compared exactly.
    pub case_sensitive: bool,
    /// The type.
    pub ty: ColumnType,
    /// The value when the input has no such field; `None`: NULL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<ColumnDefault>,
}

/// What a column of a table gets when the input has no field for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnDefault {
    /// A value, which is not NULL.
    Constant(Value),
    /// What an expression makes of that which a connector tells of a record.
    OfMetadata {
        /// The expression. Its only column is the metadata: VARIANT, NULL if there are none.
        expr: Expr,
        /// Its value without metadata.
        without: Value,
    },
}

impl ColumnDefault {
    /// The value for input without metadata.
    pub fn without_metadata(&self) -> &Value {
        match self {
            ColumnDefault::Constant(value) | ColumnDefault::OfMetadata { without: value, .. } => value,
        }
    }
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// The name, folded as SQL folds it.
    pub name: String,
    /// Whether the name was quoted.
    pub case_sensitive: bool,
    /// The columns in order of declaration.
    pub columns: Vec<Column>,
    /// The primary key, as indexes into `columns`; `None`: a multiset. In rows of the table the key's columns come first
    /// (a layout of their own), then the others in order.
    pub primary_key: Option<Vec<usize>>,
    /// Whether the contents are kept, to be read as a snapshot.
    pub materialized: bool,
    /// Whether rows are only ever added: the host takes in nothing else.
    #[serde(default, skip_serializing_if = "is_false")]
    pub append_only: bool,
}

impl Table {
    /// The columns that are not in the primary key, in order.
    pub fn value_columns(&self) -> Vec<usize> {
        let key = self.primary_key.as_deref().unwrap_or(&[]);
        (0..self.columns.len()).filter(|i| !key.contains(i)).collect()
    }
}

/// A view that is put out (LOCAL views are not).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// The name, folded as SQL folds it.
    pub name: String,
    /// Whether the name was quoted.
    pub case_sensitive: bool,
    /// The columns in order.
    pub columns: Vec<Column>,
    /// Whether the contents are kept, to be read as a snapshot.
    pub materialized: bool,
}

/// An operator in its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// What it does.
    pub op: Op,
    /// The columns that rows of its output are grouped by: they are laid out first, and rows of one key are on one worker.
    /// Empty for a flat stream.
    pub key: Vec<ColumnType>,
    /// The other columns of its output.
    pub value: Vec<ColumnType>,
    /// What it stands for, for people: a table's or view's name, a clause.
    pub note: String,
}

/// An aggregate function. Arguments read the columns of the part's input, key first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AggregateFunction {
    /// Number of rows.
    CountRows,
    /// Number of rows whose argument is not NULL.
    Count(Expr),
    /// Sum of the arguments that are not NULL; NULL if there is none. Runs wide, cast back to the result's type at the end.
    Sum(Expr),
    /// Sum divided by count, cut toward zero; NULL if there is none.
    Avg(Expr),
    /// The least argument that is not NULL. The part's input is indexed with the argument as its only value column.
    Min,
    /// The greatest argument that is not NULL; as for `Min`.
    Max,
    /// The value of the row with the least key that is not NULL; of several such rows the least value. The part's input is an index in
    /// order whose value columns are the key and the value, both nullable.
    ArgMin,
    /// The value of the row with the greatest key that is not NULL; of several such rows the greatest value. As for `ArgMin`.
    ArgMax,
    /// The most frequent argument that is not NULL; the least of several. The part's input is as for `Min`.
    Mode,
    /// Exclusive or of whole numbers that are not NULL; NULL if there is none.
    BitXor(Expr),
    /// The arguments that are not NULL, put together by a kernel of two arguments of their kind; NULL if there is none. The order must not
    /// matter, and an argument taken three times must be as if it were taken once.
    Reduce {
        /// The kernel's name in the registry of `weir-functions`.
        kernel: String,
        /// The argument.
        argument: Expr,
    },
    /// A linear aggregate that is written in Rust, of rows whose arguments are all there; NULL if there is none.
    User {
        /// Index into [`Circuit::functions`].
        function: usize,
        /// A [`Sequence`](crate::ExprOp::Sequence) of its arguments, of a row's type.
        argument: Expr,
    },
    /// An array of a value of each row, NULLs included; or, if the result's type is a map, a map of a key and a value of each, where of equal
    /// keys the last stays. The part's input is an index in order; that of a map has the key and the value as its first value columns.
    Collect {
        /// The value, or key and value.
        values: Vec<Expr>,
        /// Whether a row is taken once whatever its weight.
        once: bool,
    },
}

/// One aggregate of a part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Aggregate {
    /// The function.
    pub function: AggregateFunction,
    /// The result's type.
    pub ty: ColumnType,
    /// Where it stands, for overflow.
    pub at: Position,
}

/// Aggregates that read one input. `DISTINCT` is an input that went through [`Op::Distinct`]; `FILTER` is a CASE in the argument.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AggregatePart {
    /// A node whose output is keyed by the group.
    pub input: NodeId,
    /// How the part is kept up to date.
    pub method: AggregateMethod,
    /// The aggregates, in the order of their results.
    pub aggregates: Vec<Aggregate>,
}

/// How a part of an aggregation is kept up to date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AggregateMethod {
    /// By adding up deltas: COUNT, SUM and AVG of exact types, BIT_XOR of whole numbers. Needs no trace of its input.
    Linear,
    /// By looking at one end of the group in the input's trace: MIN, MAX, ARG_MIN and ARG_MAX; one aggregate a part. An input that only ever gains
    /// rows needs no trace: the value of before is known.
    Extreme,
    /// By going through the whole group in the input's trace: SUM and AVG of floats, whose result must not depend on history, `Reduce`,
    /// `Collect`, and `Mode`, which has a part to itself.
    Fold,
}

fn is_false(b: &bool) -> bool {
    !b
}

/// An operator. All of them turn deltas into deltas.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// Changes of a table. With a primary key the output is keyed by it, in the key's order.
    Table {
        /// Index into [`Circuit::tables`].
        table: usize,
    },
    /// Rows that are there from the first step on; put out by worker 0.
    Constant {
        /// The rows.
        rows: Vec<Vec<Value>>,
    },
    /// Rows that pass the filter, projected. Flat.
    Map {
        /// The input, flat or keyed.
        input: NodeId,
        /// Rows for which it is not TRUE are dropped.
        filter: Option<Expr>,
        /// The output's columns.
        project: Vec<Expr>,
    },
    /// The input as sorted batches of rows laid out as key, then value; rows of one key on one worker.
    Index {
        /// The input, flat or keyed.
        input: NodeId,
        /// Rows for which it is not TRUE are dropped.
        filter: Option<Expr>,
        /// The key's columns.
        key: Vec<Expr>,
        /// The value's columns.
        value: Vec<Expr>,
        /// Whether rows must go to the worker that owns their key; false if they are there already.
        exchange: bool,
        /// Whether the sum of all deltas is kept (a trace); joins, folds and DISTINCT need it, extremes and ranks if rows may go.
        trace: bool,
        /// Whether each value column is laid out by itself, one after the other, so that the rows of a key are in SQL order (an ascending
        /// sort layout). For extremes of several columns and for folds, which alone may read it.
        #[serde(default, skip_serializing_if = "is_false")]
        ordered: bool,
    },
    /// Pairs of rows with equal keys. Flat. Columns of expressions: key, left value, right value.
    Join {
        /// An index with a trace.
        left: NodeId,
        /// An index with a trace, on as many key columns of the same kinds.
        right: NodeId,
        /// Pairs for which it is not TRUE are dropped.
        filter: Option<Expr>,
        /// The output's columns.
        project: Vec<Expr>,
    },
    /// Rows of the left input that have no match on the right (`anti`), or at least one (otherwise), with their weights. Flat.
    SemiJoin {
        /// An index with a trace.
        left: NodeId,
        /// An index with a trace.
        right: NodeId,
        /// Whether to keep the rows without a match rather than those with one.
        anti: bool,
        /// What a pair must satisfy, besides equal keys, to be a match. Columns: key, left value, right value.
        condition: Option<Expr>,
        /// The output's columns, over key and left value.
        project: Vec<Expr>,
    },
    /// Each row of the input that has a positive weight, once. Keyed as its input.
    Distinct {
        /// An index with a trace.
        input: NodeId,
        /// Whether rows keep their weight, if it is positive: what is left of a difference of multisets.
        #[serde(default, skip_serializing_if = "is_false")]
        all: bool,
    },
    /// One row per group. Flat. Columns of `project`: key, then the results of the parts in order.
    Aggregate {
        /// Inputs with their aggregates; the keys of all are of the same kinds. The first part is linear and has a `CountRows`,
        /// which tells whether a group exists.
        parts: Vec<AggregatePart>,
        /// Whether there is a row even when no input row exists (no GROUP BY; the key is then empty).
        global: bool,
        /// Groups for which it is not TRUE are dropped (HAVING).
        filter: Option<Expr>,
        /// The output's columns.
        project: Vec<Expr>,
    },
    /// All rows of all inputs, weights added. Flat; inputs have the same columns, bar nullability, in flat layout.
    Union {
        /// The inputs.
        inputs: Vec<NodeId>,
    },
    /// The rows of each key in order, numbered, or those of some numbers only. Flat. Columns of `project`: key, value, number (BIGINT NOT NULL).
    Rank {
        /// An index in order; with a trace, unless it only ever gains rows and `upto` says what is kept of them.
        input: NodeId,
        /// The number of value columns, from the first, that rows are ordered by: what makes rows peers.
        order: usize,
        /// How rows are numbered.
        ranking: Ranking,
        /// Whether the number is read.
        numbered: bool,
        /// Rows up to this number are left out.
        above: u64,
        /// Rows beyond this number are left out.
        upto: Option<u64>,
        /// The output's columns.
        project: Vec<Expr>,
    },
    /// For each row of an index in order: values of the rows around it. Flat. Columns of `project`: key, value, then the results of the frames'
    /// functions, frame by frame.
    Window {
        /// An index with a trace, in order.
        input: NodeId,
        /// The number of value columns, from the first, that rows are ordered by: what makes rows peers.
        order: usize,
        /// What is added up over the rows of frames: linear aggregates, of which the first counts rows; none if no frame needs any.
        sums: Vec<Aggregate>,
        /// Which rows, and what is made of them.
        frames: Vec<Frame>,
        /// The output's columns.
        project: Vec<Expr>,
    },
    /// For each row of the input, whose last column is an array, a row for each element: the other columns, then the element as a nullable
    /// VARIANT, and its number from 1, an INTEGER. Flat.
    Unnest {
        /// The input, flat.
        input: NodeId,
    },
    /// The input with weights negated. Flat.
    Negate {
        /// The input.
        input: NodeId,
    },
    /// Within a scope: a stream from outside, which is the same in every iteration. Keyed as its input.
    Import {
        /// A node before the scope.
        input: NodeId,
    },
    /// Within a scope: what the iteration before made of the scope's variable of this number; nothing in the first. Flat.
    Variable {
        /// Index into the variables of the [`Op::Recursion`] that ends the scope.
        index: usize,
    },
    /// The end of a scope, which is the nodes from `first` up to this one: they run again and again until no variable changes. Nodes within are read
    /// by nodes within only, and read what is outside through imports. It has no columns; what comes of it are its exports.
    Recursion {
        /// The first node of the scope.
        first: NodeId,
        /// For each variable what it is in the next iteration.
        variables: Vec<NodeId>,
        /// What is put out of the scope: as it is in the last iteration.
        exports: Vec<NodeId>,
        /// The views' names, for the error when there is no end.
        name: String,
        /// Where they are declared.
        at: Position,
    },
    /// What a recursion puts out. Flat.
    Export {
        /// The recursion.
        input: NodeId,
        /// Index into its exports.
        index: usize,
    },
    /// The time of the step. A *scalar*: a relation of at most one row of one column, which every worker has.
    Now,
    /// Rows whose key lies between two scalars, which never go back; each step touches only the rows that they pass over. Flat, the input's value columns.
    Within {
        /// An index of one key column, without exchange or trace; what it puts out is kept here, in order, as long as it may matter.
        input: NodeId,
        /// Rows with a lesser key are dropped, and so are forgotten.
        lower: Option<Edge>,
        /// Rows with a greater key wait.
        upper: Option<Edge>,
        /// Whether rows that the upper bound has passed are put out for good, and forgotten: there is no lower bound then, and what comes too late
        /// is dropped.
        #[serde(default, skip_serializing_if = "is_false")]
        once: bool,
    },
    /// Each row of the input with the beginning and end of its session, of its time's type. Flat. Columns of `project`: key, value, beginning, end.
    Session {
        /// An index with a trace, in order, whose first value column is the time, not NULL.
        input: NodeId,
        /// Rows of a key are of one session if there is less than this between them: microseconds, days, or units of an integer.
        gap: i64,
        /// The output's columns.
        project: Vec<Expr>,
    },
    /// The input without the rows of which a column is less than its waterline was before the step. Its rows are laid out as its input's.
    Late {
        /// The input.
        input: NodeId,
        /// Columns with their lateness.
        columns: Vec<LateColumn>,
        /// Whether the input is a table with a primary key, whose own lateness it is: the change of a key is late if the row that is there or the new
        /// one is, and then the table does not take it in either. Nothing else reads the table.
        #[serde(default, skip_serializing_if = "is_false")]
        of_table: bool,
    },
    /// The rows that a [`Late`](Op::Late) dropped in this step, however they came: as often as they were to be added or taken away; of the change of a key the
    /// new row, or the one that was to be deleted. Laid out as its input's.
    Dropped {
        /// The `Late`.
        late: NodeId,
    },
    /// A scalar: what no row of a [`Late`](Op::Late) will be less than in later steps. Without a row as long as nothing is known.
    Waterline {
        /// The `Late`.
        late: NodeId,
        /// Index into its columns with a lateness.
        column: usize,
    },
    /// A scalar: the least of scalars, once all have a row.
    Least {
        /// The scalars, of one type.
        inputs: Vec<NodeId>,
    },
    /// Lets an operator forget the rows of its state of which a column is less than a scalar: nothing will ask for them. It puts nothing out.
    Retain {
        /// A table with a primary key, an index with a trace, an aggregation, or a rank whose input keeps no trace.
        state: NodeId,
        /// The column, of key and value; of the last two: of the key of what they read.
        column: usize,
        /// The scalar, of that column's kind.
        waterline: NodeId,
    },
    /// The deltas of a view, in its sort layout, kept for the host; also its contents, if it is materialized.
    Output {
        /// The input; its columns are the view's, in order.
        input: NodeId,
        /// Index into [`Circuit::views`].
        view: usize,
    },
}

/// A bound that is a scalar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edge {
    /// The scalar, of the bounded column's kind. Without a row it bounds nothing from below, everything from above.
    pub scalar: NodeId,
    /// Whether rows that are equal to it are within the bound.
    pub inclusive: bool,
}

/// A column with a lateness.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LateColumn {
    /// The column.
    pub column: usize,
    /// Over a row: the waterline that it stands for, which is its column minus the lateness. Of the column's kind, nullable.
    pub waterline: Expr,
}

/// How rows are numbered, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ranking {
    /// Each row its own number.
    Row,
    /// Peers share a number, and the next number counts all rows before.
    Rank,
    /// Peers share a number, and numbers have no gaps.
    Dense,
}

impl Op {
    /// The nodes that the operator reads.
    pub fn inputs(&self) -> Vec<NodeId> {
        match self {
            Op::Table { .. } | Op::Constant { .. } | Op::Variable { .. } | Op::Now => vec![],
            Op::Within { input, lower, upper, .. } => {
                std::iter::once(*input).chain(lower.iter().chain(upper).map(|e| e.scalar)).collect()
            }
            Op::Dropped { late } | Op::Waterline { late, .. } => vec![*late],
            Op::Retain { state, waterline, .. } => vec![*state, *waterline],
            Op::Map { input, .. }
            | Op::Index { input, .. }
            | Op::Distinct { input, .. }
            | Op::Negate { input }
            | Op::Unnest { input }
            | Op::Session { input, .. }
            | Op::Late { input, .. }
            | Op::Rank { input, .. }
            | Op::Import { input }
            | Op::Export { input, .. }
            | Op::Window { input, .. }
            | Op::Output { input, .. } => vec![*input],
            Op::Join { left, right, .. } | Op::SemiJoin { left, right, .. } => vec![*left, *right],
            Op::Aggregate { parts, .. } => parts.iter().map(|p| p.input).collect(),
            Op::Union { inputs } | Op::Least { inputs } => inputs.clone(),
            Op::Recursion { variables, exports, .. } => variables.iter().chain(exports).copied().collect(),
        }
    }

    /// The same nodes, to be renumbered; the beginning of a scope is not among them.
    pub fn inputs_mut(&mut self) -> Vec<&mut NodeId> {
        match self {
            Op::Table { .. } | Op::Constant { .. } | Op::Variable { .. } | Op::Now => vec![],
            Op::Within { input, lower, upper, .. } => {
                let edges = lower.iter_mut().chain(upper).map(|e| &mut e.scalar);
                std::iter::once(input).chain(edges).collect()
            }
            Op::Dropped { late } | Op::Waterline { late, .. } => vec![late],
            Op::Retain { state, waterline, .. } => vec![state, waterline],
            Op::Map { input, .. }
            | Op::Index { input, .. }
            | Op::Distinct { input, .. }
            | Op::Negate { input }
            | Op::Unnest { input }
            | Op::Session { input, .. }
            | Op::Late { input, .. }
            | Op::Rank { input, .. }
            | Op::Import { input }
            | Op::Export { input, .. }
            | Op::Window { input, .. }
            | Op::Output { input, .. } => vec![input],
            Op::Join { left, right, .. } | Op::SemiJoin { left, right, .. } => vec![left, right],
            Op::Aggregate { parts, .. } => parts.iter_mut().map(|p| &mut p.input).collect(),
            Op::Union { inputs } | Op::Least { inputs } => inputs.iter_mut().collect(),
            Op::Recursion { variables, exports, .. } => variables.iter_mut().chain(exports).collect(),
        }
    }

    /// The operator's name in texts and drawings.
    pub fn name(&self) -> &'static str {
        match self {
            Op::Table { .. } => "table",
            Op::Constant { .. } => "constant",
            Op::Map { .. } => "map",
            Op::Index { .. } => "index",
            Op::Join { .. } => "join",
            Op::SemiJoin { anti: true, .. } => "antijoin",
            Op::SemiJoin { anti: false, .. } => "semijoin",
            Op::Distinct { all: false, .. } => "distinct",
            Op::Distinct { all: true, .. } => "positive",
            Op::Aggregate { .. } => "aggregate",
            Op::Union { .. } => "union",
            Op::Unnest { .. } => "unnest",
            Op::Rank { .. } => "rank",
            Op::Window { .. } => "window",
            Op::Negate { .. } => "negate",
            Op::Import { .. } => "import",
            Op::Variable { .. } => "variable",
            Op::Recursion { .. } => "recursion",
            Op::Export { .. } => "export",
            Op::Now => "now",
            Op::Within { once: false, .. } => "within",
            Op::Within { once: true, .. } => "final",
            Op::Session { .. } => "session",
            Op::Late { .. } => "late",
            Op::Dropped { .. } => "dropped",
            Op::Waterline { .. } => "waterline",
            Op::Least { .. } => "least",
            Op::Retain { .. } => "retain",
            Op::Output { .. } => "output",
        }
    }
}
