//! Relational algebra: the program's meaning before it is decided how it is kept up to date. Relations live in one arena per
//! program and are hash-consed: two views that compute the same share it.

mod build;
mod copy;
mod recursion;
mod text;
mod window;

pub(crate) use window::{Frame, Window};

pub(crate) use recursion::{Definition, resolved};

use crate::Span;
use std::collections::HashMap;
use weir_circuit::{Expr, LateColumn, Position, Ranking};
use weir_row::{ColumnType, Value};

/// The index of a relation in its [`Plan`].
pub(crate) type RelId = usize;

/// How two inputs meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum JoinKind {
    /// Pairs.
    Inner,
    /// Pairs, and left rows without a match padded with NULLs.
    Left,
    /// Pairs, and rows of either side without a match padded with NULLs.
    Full,
    /// Left rows that have a match.
    Semi,
    /// Left rows that have none.
    Anti,
}

/// An aggregate function of SQL; what differs in maintenance is decided when the plan is lowered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum AggregateKind {
    CountRows,
    Count,
    Sum,
    Avg,
    Min,
    Max,
    /// The second input where the first is greatest.
    ArgMax,
    /// The second input where the first is least.
    ArgMin,
    Mode,
    BitAnd,
    BitOr,
    BitXor,
    /// The last input of each row for which the first is TRUE, in the order of the inputs between, as an array.
    Array,
    /// A map of the second input to the third, of each row for which the first is TRUE.
    Map,
    /// The value of one row of a frame: which one, whether it is counted from the last, whether rows where it is NULL are not counted.
    Nth {
        nth: u64,
        last: bool,
        ignore_nulls: bool,
    },
    /// What a function written in Rust, of that number, makes of all rows whose inputs are all there.
    User(usize),
}

impl AggregateKind {
    /// Whether it makes one value of all rows.
    pub(crate) fn is_collection(self) -> bool {
        matches!(self, AggregateKind::Array | AggregateKind::Map)
    }
}

/// A call of an aggregate function. FILTER has become a CASE in the inputs.
#[derive(Clone, Debug)]
pub(crate) struct AggregateCall {
    pub(crate) kind: AggregateKind,
    /// What it reads of each row, over the relation's columns; nothing for COUNT(*).
    pub(crate) inputs: Vec<Expr>,
    /// The argument, over the inputs; none for COUNT(*).
    pub(crate) argument: Option<Expr>,
    /// Whether rows with equal inputs are one.
    pub(crate) distinct: bool,
    /// WITHIN DISTINCT: rows of a group for which these are equal are one, with the inputs that they have in common.
    pub(crate) within: Vec<Expr>,
    pub(crate) ty: ColumnType,
    pub(crate) at: Position,
}

impl AggregateCall {
    /// A call whose argument is the first input, of all rows.
    pub(crate) fn new(kind: AggregateKind, inputs: Vec<Expr>, ty: ColumnType, at: Position) -> AggregateCall {
        let argument = inputs.first().map(|e| Expr { at: e.at, ..Expr::column(0, e.ty.clone()) });
        AggregateCall { kind, inputs, argument, distinct: false, within: vec![], ty, at }
    }

    /// The expressions over the relation's columns.
    pub(crate) fn reads(&self) -> impl Iterator<Item = &Expr> {
        self.inputs.iter().chain(&self.within)
    }

    /// The call with other expressions over the relation's columns.
    pub(crate) fn map_reads(mut self, f: &mut impl FnMut(&Expr) -> Expr) -> AggregateCall {
        self.inputs.iter_mut().chain(&mut self.within).for_each(|e| *e = f(e));
        self
    }

    /// Whether both compute the same.
    pub(crate) fn same(&self, other: &AggregateCall) -> bool {
        let all = |a: &[Expr], b: &[Expr]| a.len() == b.len() && a.iter().zip(b).all(|(x, y)| x.same(y));
        let arguments = match (&self.argument, &other.argument) {
            (Some(a), Some(b)) => a.same(b),
            (None, None) => true,
            _ => false,
        };
        let heads = self.kind == other.kind && self.distinct == other.distinct && self.ty == other.ty;
        heads && arguments && all(&self.inputs, &other.inputs) && all(&self.within, &other.within)
    }
}

/// Bounds of a time, and whether each is included: functions of the step's time, which is the one column that they read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bounds {
    pub(crate) lower: Option<(Expr, bool)>,
    pub(crate) upper: Option<(Expr, bool)>,
}

/// A relation.
#[derive(Clone, Debug)]
pub(crate) enum Rel {
    /// A table of the program, its columns in order of declaration.
    Table { table: usize },
    /// Constant rows.
    Values { rows: Vec<Vec<Value>> },
    /// The rows for which the predicate is TRUE.
    Filter { input: RelId, predicate: Expr },
    /// Each row's expressions.
    Project { input: RelId, exprs: Vec<Expr> },
    /// Two inputs; conditions (all must be TRUE) read the left columns, then the right ones.
    Join { left: RelId, right: RelId, kind: JoinKind, on: Vec<Expr> },
    /// A row per group: keys, then aggregates. `global`: one row, whether there are input rows or not.
    Aggregate { input: RelId, keys: Vec<Expr>, calls: Vec<AggregateCall>, global: bool },
    /// Each row once; `all`: as often as it is there, and not at all if it is there less than never.
    Distinct { input: RelId, all: bool },
    /// Each row as often less as the input has it more. Only within a union that `Distinct { all }` reads, since what comes between works
    /// on rows that are there.
    Negate { input: RelId },
    /// All rows of all inputs.
    Union { inputs: Vec<RelId> },
    /// The rows of each key in order, those of some numbers only; if `numbered` with their number as the last column.
    Rank {
        input: RelId,
        keys: Vec<Expr>,
        order: Vec<Expr>,
        ranking: Ranking,
        numbered: bool,
        above: u64,
        upto: Option<u64>,
    },
    /// Each row with what calls make of the rows around it behind.
    Window { input: RelId, window: Window },
    /// A row for each element of the array that is the input's last column: the other columns, the element as an item, its number.
    Unnest { input: RelId },
    /// What a recursive view is so far: within the bodies of a recursion that has the variable of this number.
    Variable { variable: usize },
    /// Body `index`, once no variable changes any more: variables begin empty, and each body but those beyond the variables says what its
    /// variable is next.
    Recursion { variables: Vec<usize>, bodies: Vec<RelId>, index: usize, name: String, at: Position },
    /// One row of one column: the time of the step. Expressions of the binder have a call of [`crate::expr::NOW`] instead, until it is known what reads
    /// it.
    Now,
    /// The rows whose time lies within bounds, which are functions of the step's time that never go back, and whether each is included. Rows
    /// without a time are not.
    Within { input: RelId, time: Expr, bounds: Box<Bounds> },
    /// Each row with a time, with the beginning and the end of its session as the last two columns.
    Session { input: RelId, keys: Vec<Expr>, time: Expr, gap: i64 },
    /// The rows that are not late. `of_table`: the lateness is that of a table with a primary key, which does not take in what is late.
    Late { input: RelId, columns: Vec<LateColumn>, of_table: bool },
    /// The rows that a `Late` drops, in the step in which it does.
    Dropped { late: RelId },
}

impl Rel {
    /// The relations it reads.
    pub(crate) fn inputs(&self) -> Vec<RelId> {
        match self {
            Rel::Table { .. } | Rel::Values { .. } | Rel::Variable { .. } | Rel::Now => vec![],
            Rel::Dropped { late } => vec![*late],
            Rel::Filter { input, .. }
            | Rel::Project { input, .. }
            | Rel::Aggregate { input, .. }
            | Rel::Negate { input }
            | Rel::Distinct { input, .. }
            | Rel::Rank { input, .. }
            | Rel::Window { input, .. }
            | Rel::Within { input, .. }
            | Rel::Session { input, .. }
            | Rel::Late { input, .. }
            | Rel::Unnest { input } => vec![*input],
            Rel::Join { left, right, .. } => vec![*left, *right],
            Rel::Union { inputs } | Rel::Recursion { bodies: inputs, .. } => inputs.clone(),
        }
    }

    /// The same, to be replaced.
    pub(crate) fn inputs_mut(&mut self) -> Vec<&mut RelId> {
        match self {
            Rel::Table { .. } | Rel::Values { .. } | Rel::Variable { .. } | Rel::Now => vec![],
            Rel::Dropped { late } => vec![late],
            Rel::Filter { input, .. }
            | Rel::Project { input, .. }
            | Rel::Aggregate { input, .. }
            | Rel::Negate { input }
            | Rel::Distinct { input, .. }
            | Rel::Rank { input, .. }
            | Rel::Window { input, .. }
            | Rel::Within { input, .. }
            | Rel::Session { input, .. }
            | Rel::Late { input, .. }
            | Rel::Unnest { input } => vec![input],
            Rel::Join { left, right, .. } => vec![left, right],
            Rel::Union { inputs } | Rel::Recursion { bodies: inputs, .. } => inputs.iter_mut().collect(),
        }
    }
}

impl Rel {
    /// Calls `f` with each expression over the columns of what it reads.
    pub(crate) fn visit_exprs<'r>(&'r self, f: &mut impl FnMut(&'r Expr)) {
        match self {
            Rel::Table { .. }
            | Rel::Values { .. }
            | Rel::Distinct { .. }
            | Rel::Negate { .. }
            | Rel::Union { .. }
            | Rel::Unnest { .. }
            | Rel::Variable { .. }
            | Rel::Recursion { .. }
            | Rel::Now
            | Rel::Dropped { .. } => {}
            Rel::Within { time, .. } => f(time),
            Rel::Session { keys, time, .. } => keys.iter().chain([time]).for_each(f),
            Rel::Late { columns, .. } => columns.iter().map(|c| &c.waterline).for_each(f),
            Rel::Filter { predicate, .. } => f(predicate),
            Rel::Project { exprs, .. } => exprs.iter().for_each(f),
            Rel::Join { on, .. } => on.iter().for_each(f),
            Rel::Aggregate { keys, calls, .. } => keys.iter().chain(calls.iter().flat_map(|c| c.reads())).for_each(f),
            Rel::Window { window, .. } => window.exprs().for_each(f),
            Rel::Rank { keys, order, .. } => keys.iter().chain(order).for_each(f),
        }
    }
}

/// A view as a root of the plan.
#[derive(Clone, Debug)]
pub(crate) struct Root {
    /// The relation that is put out.
    pub(crate) rel: RelId,
    /// Its index among the views that are put out.
    pub(crate) view: usize,
    /// Its column by which rows are put out once they are final, and where that is said.
    pub(crate) last: Option<(usize, Span)>,
}

/// A program's relations.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    rels: Vec<Rel>,
    columns: Vec<Vec<ColumnType>>,
    known: HashMap<String, RelId>,
    /// The views that are put out.
    pub(crate) roots: Vec<Root>,
}

impl Plan {
    /// A relation.
    pub(crate) fn rel(&self, id: RelId) -> &Rel {
        &self.rels[id]
    }

    /// The types of a relation's columns.
    pub(crate) fn columns(&self, id: RelId) -> &[ColumnType] {
        &self.columns[id]
    }

    /// Whether a relation reads another, directly or not.
    pub(crate) fn reads(&self, rel: RelId, other: RelId) -> bool {
        recursion::reached(self, [rel]).contains(&other)
    }

    /// Number of relations; those that no root needs included.
    pub(crate) fn len(&self) -> usize {
        self.rels.len()
    }

    /// How many relations and roots read each relation, counting only what the roots need.
    pub(crate) fn uses(&self) -> Vec<usize> {
        let mut uses = vec![0; self.len()];
        for root in &self.roots {
            uses[root.rel] += 1;
        }
        // Inputs come before their users.
        for id in (0..self.len()).rev() {
            if uses[id] > 0 {
                for input in self.rels[id].inputs() {
                    uses[input] += 1;
                }
            }
        }
        uses
    }
}
