//! Typed expressions over the columns of a row.

use serde::{Deserialize, Serialize};
use weir_row::{ColumnType, Value};

/// A place in the SQL text, from 1; `Position::NONE` when an expression stands nowhere in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl Position {
    /// No place.
    pub const NONE: Position = Position { line: 0, column: 0 };
}

/// An expression with its type and its place in the program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expr {
    /// What it does.
    pub op: ExprOp,
    /// The type of its value. The binder inserts casts, so that operands have just the kinds that a kernel takes.
    pub ty: ColumnType,
    /// Where it stands, for run-time errors.
    #[serde(default, skip_serializing_if = "is_nowhere")]
    pub at: Position,
}

fn is_nowhere(at: &Position) -> bool {
    *at == Position::NONE
}

/// What an expression does. Whatever is not strict in its arguments has a variant of its own; everything else is a call
/// of a kernel of `weir-functions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExprOp {
    /// A column of the input row: the key's columns first, then the value's; of a join the key's, the left value's, the
    /// right value's.
    Column(usize),
    /// A constant of the expression's type.
    Literal(Value),
    /// A strict call: NULL if any argument is NULL, else the kernel's value.
    Call {
        /// The kernel's name in the registry of `weir-functions`.
        kernel: String,
        /// Its arguments, in order.
        args: Vec<Expr>,
    },
    /// Three-valued AND of at least two operands.
    And(Vec<Expr>),
    /// Three-valued OR of at least two operands.
    Or(Vec<Expr>),
    /// Whether the operand is NULL; never NULL itself.
    IsNull(Box<Expr>),
    /// NULL-safe equality of two operands of one type; never NULL itself.
    NotDistinct(Box<Expr>, Box<Expr>),
    /// The value of the first branch whose condition is TRUE; the other branches are not evaluated.
    Case {
        /// Conditions and values.
        branches: Vec<(Expr, Expr)>,
        /// The value when no condition is TRUE.
        otherwise: Box<Expr>,
    },
    /// The first operand that is not NULL.
    Coalesce(Vec<Expr>),
    /// The values of the operands, NULLs included, one after the other, as an ARRAY or a ROW, whichever the type is; never NULL itself.
    Sequence(Vec<Expr>),
    /// A call of a function that the program's author wrote in Rust, which is told of NULLs. Only compiled programs can make it.
    User {
        /// Index into [`Circuit::functions`](crate::Circuit::functions).
        function: usize,
        /// Its arguments, in order, of the kinds of its parameters.
        args: Vec<Expr>,
    },
    /// A function of `weir-functions` that takes a lambda: NULL if `over` is NULL.
    Lambda {
        /// Its name in the registry of lambda functions.
        function: String,
        /// The array or VARIANT that the lambda is called on the parts of.
        over: Box<Expr>,
        /// The lambda's body, of representation [`Kind::Item`](weir_row::Kind::Item), over columns of its own: its parameters, which are nullable items.
        body: Box<Expr>,
    },
}

impl Expr {
    /// Column `index`, of type `ty`.
    pub fn column(index: usize, ty: ColumnType) -> Expr {
        Expr { op: ExprOp::Column(index), ty, at: Position::NONE }
    }

    /// A constant.
    pub fn literal(value: Value, ty: ColumnType) -> Expr {
        Expr { op: ExprOp::Literal(value), ty, at: Position::NONE }
    }

    /// The operands, in order of evaluation; the body of a lambda is none of them.
    pub fn children(&self) -> Vec<&Expr> {
        match &self.op {
            ExprOp::Column(_) | ExprOp::Literal(_) => vec![],
            ExprOp::Call { args, .. } | ExprOp::User { args, .. } => args.iter().collect(),
            ExprOp::And(es) | ExprOp::Or(es) | ExprOp::Coalesce(es) | ExprOp::Sequence(es) => es.iter().collect(),
            ExprOp::IsNull(e) | ExprOp::Lambda { over: e, .. } => vec![e],
            ExprOp::NotDistinct(a, b) => vec![a, b],
            ExprOp::Case { branches, otherwise } => {
                branches.iter().flat_map(|(c, v)| [c, v]).chain([otherwise.as_ref()]).collect()
            }
        }
    }

    /// The operands, in order of evaluation, to change.
    pub fn children_mut(&mut self) -> Vec<&mut Expr> {
        match &mut self.op {
            ExprOp::Column(_) | ExprOp::Literal(_) => vec![],
            ExprOp::Call { args, .. } | ExprOp::User { args, .. } => args.iter_mut().collect(),
            ExprOp::And(es) | ExprOp::Or(es) | ExprOp::Coalesce(es) | ExprOp::Sequence(es) => es.iter_mut().collect(),
            ExprOp::IsNull(e) | ExprOp::Lambda { over: e, .. } => vec![e],
            ExprOp::NotDistinct(a, b) => vec![a, b],
            ExprOp::Case { branches, otherwise } => {
                branches.iter_mut().flat_map(|(c, v)| [c, v]).chain([otherwise.as_mut()]).collect()
            }
        }
    }

    /// Calls `f` with the index of every column that the expression reads.
    pub fn visit_columns(&self, f: &mut impl FnMut(usize)) {
        if let ExprOp::Column(i) = self.op {
            f(i);
        }
        for child in self.children() {
            child.visit_columns(f);
        }
    }

    /// Replaces the index of every column that the expression reads.
    pub fn map_columns(&mut self, f: &mut impl FnMut(usize) -> usize) {
        if let ExprOp::Column(i) = &mut self.op {
            *i = f(*i);
        }
        for child in self.children_mut() {
            child.map_columns(f);
        }
    }

    /// Whether it is a column or a constant: as cheap to compute again as to keep.
    pub fn is_trivial(&self) -> bool {
        matches!(self.op, ExprOp::Column(_) | ExprOp::Literal(_))
    }

    /// Whether both compute the same: equal but for their places in the program.
    pub fn same(&self, other: &Expr) -> bool {
        let (a, b) = (self.children(), other.children());
        let heads = match (&self.op, &other.op) {
            (ExprOp::Column(i), ExprOp::Column(j)) => i == j,
            (ExprOp::Literal(x), ExprOp::Literal(y)) => x == y,
            (ExprOp::Call { kernel: f, .. }, ExprOp::Call { kernel: g, .. }) => f == g,
            (ExprOp::User { function: f, .. }, ExprOp::User { function: g, .. }) => f == g,
            (ExprOp::Lambda { function: f, body: a, .. }, ExprOp::Lambda { function: g, body: b, .. }) => {
                f == g && a.same(b)
            }
            (x, y) => std::mem::discriminant(x) == std::mem::discriminant(y),
        };
        heads && self.ty == other.ty && a.len() == b.len() && a.into_iter().zip(b).all(|(x, y)| x.same(y))
    }
}
