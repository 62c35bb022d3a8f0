//! Adding relations to a plan: types are computed here, trivial relations vanish, equal ones are shared.

use super::{AggregateCall, Bounds, JoinKind, Plan, Rel, RelId};
use crate::expr::{all, is_true_literal};
use weir_circuit::{Expr, ExprOp};
use weir_row::{ColumnType, SqlType, Value};

/// The type of a bare NULL has no representation; any will do, since its only value is NULL.
fn represent(e: &mut Expr) {
    if e.ty.sql == SqlType::Null {
        *e = Expr::literal(Value::Null, ColumnType::nullable(SqlType::Boolean));
    }
}

impl Plan {
    /// A relation with these columns; the same one if there is an equal one already.
    pub(super) fn add(&mut self, rel: Rel, columns: Vec<ColumnType>) -> RelId {
        let key = format!("{} :: {}", super::text::describe(&rel), super::text::types(&columns));
        if let Some(id) = self.known.get(&key) {
            return *id;
        }
        let id = self.rels.len();
        self.rels.push(rel);
        self.columns.push(columns);
        self.known.insert(key, id);
        id
    }

    /// A table with its columns in order of declaration.
    pub(crate) fn table(&mut self, table: usize, columns: Vec<ColumnType>) -> RelId {
        self.add(Rel::Table { table }, columns)
    }

    /// Constant rows.
    pub(crate) fn values(&mut self, rows: Vec<Vec<Value>>, columns: Vec<ColumnType>) -> RelId {
        self.add(Rel::Values { rows }, columns)
    }

    /// The rows for which the predicate is TRUE.
    pub(crate) fn filter(&mut self, input: RelId, predicate: Expr) -> RelId {
        if is_true_literal(&predicate) {
            return input;
        }
        let columns = self.columns[input].clone();
        match &self.rels[input] {
            Rel::Filter { input, predicate: below } => {
                let (input, both) = (*input, all(vec![below.clone(), predicate]));
                self.add(Rel::Filter { input, predicate: both }, columns)
            }
            _ => self.add(Rel::Filter { input, predicate }, columns),
        }
    }

    /// Expressions over each row.
    pub(crate) fn project(&mut self, input: RelId, mut exprs: Vec<Expr>) -> RelId {
        exprs.iter_mut().for_each(represent);
        let identity = exprs.len() == self.columns[input].len()
            && exprs
                .iter()
                .enumerate()
                .all(|(i, e)| matches!(e.op, ExprOp::Column(c) if c == i) && e.ty == self.columns[input][i]);
        if identity {
            return input;
        }
        let columns = exprs.iter().map(|e| e.ty.clone()).collect();
        self.add(Rel::Project { input, exprs }, columns)
    }

    /// Two inputs meeting; semi and anti joins have the left columns only.
    pub(crate) fn join(&mut self, left: RelId, right: RelId, kind: JoinKind, on: Vec<Expr>) -> RelId {
        let on: Vec<Expr> = on.into_iter().flat_map(crate::expr::conjuncts).filter(|e| !is_true_literal(e)).collect();
        let pad = |columns: &[ColumnType], padded: bool| -> Vec<ColumnType> {
            columns.iter().map(|c| ColumnType { sql: c.sql.clone(), nullable: c.nullable || padded }).collect()
        };
        let mut columns = pad(&self.columns[left], kind == JoinKind::Full);
        if !matches!(kind, JoinKind::Semi | JoinKind::Anti) {
            columns.extend(pad(&self.columns[right], matches!(kind, JoinKind::Left | JoinKind::Full)));
        }
        self.add(Rel::Join { left, right, kind, on }, columns)
    }

    /// Groups: keys, then aggregates.
    pub(crate) fn aggregate(
        &mut self,
        input: RelId,
        mut keys: Vec<Expr>,
        calls: Vec<AggregateCall>,
        global: bool,
    ) -> RelId {
        keys.iter_mut().for_each(represent);
        let columns = keys.iter().map(|k| k.ty.clone()).chain(calls.iter().map(|c| c.ty.clone())).collect();
        self.add(Rel::Aggregate { input, keys, calls, global }, columns)
    }

    /// Each row once.
    pub(crate) fn distinct(&mut self, input: RelId) -> RelId {
        if matches!(self.rels[input], Rel::Distinct { all: false, .. }) {
            return input;
        }
        let columns = self.columns[input].clone();
        self.add(Rel::Distinct { input, all: false }, columns)
    }

    /// Each row as often as it is there, if it is at all: what is left of a difference.
    pub(crate) fn positive(&mut self, input: RelId) -> RelId {
        let columns = self.columns[input].clone();
        self.add(Rel::Distinct { input, all: true }, columns)
    }

    /// What a union takes away.
    pub(crate) fn negate(&mut self, input: RelId) -> RelId {
        let columns = self.columns[input].clone();
        self.add(Rel::Negate { input }, columns)
    }

    /// All rows of all inputs, which have columns of the same types; the result's are nullable where one input's are.
    pub(crate) fn union(&mut self, inputs: Vec<RelId>) -> RelId {
        let mut columns = self.columns[inputs[0]].clone();
        for input in &inputs[1..] {
            for (c, other) in columns.iter_mut().zip(&self.columns[*input]) {
                c.nullable |= other.nullable;
            }
        }
        // Rows of all inputs are laid out alike.
        let mut inputs: Vec<RelId> = inputs.into_iter().map(|i| self.retyped(i, &columns)).collect();
        if inputs.len() == 1 {
            return inputs[0];
        }
        let nested = inputs.iter().flat_map(|i| match &self.rels[*i] {
            Rel::Union { inputs } => inputs.clone(),
            _ => vec![*i],
        });
        inputs = nested.collect();
        self.add(Rel::Union { inputs }, columns)
    }

    /// The rows of each key in order; see [`Rel::Rank`], which `rel` is.
    pub(crate) fn rank(&mut self, rel: Rel) -> RelId {
        let Rel::Rank { input, numbered, .. } = rel else { unreachable!("what is no ranking") };
        let mut columns = self.columns[input].clone();
        if numbered {
            columns.push(ColumnType::not_null(SqlType::BigInt));
        }
        self.add(rel, columns)
    }

    /// The rows of the elements of the array that is the input's last column.
    pub(crate) fn unnest(&mut self, input: RelId) -> RelId {
        let mut columns = self.columns[input].clone();
        columns.pop();
        columns.push(ColumnType::nullable(SqlType::Variant));
        columns.push(ColumnType::not_null(SqlType::Integer));
        self.add(Rel::Unnest { input }, columns)
    }

    /// A variable of a recursion.
    pub(crate) fn variable(&mut self, variable: usize, columns: Vec<ColumnType>) -> RelId {
        self.add(Rel::Variable { variable }, columns)
    }

    /// What comes of a recursion; see [`Rel::Recursion`], which `rel` is.
    pub(crate) fn recursion(&mut self, rel: Rel) -> RelId {
        let Rel::Recursion { bodies, index, .. } = &rel else { unreachable!("what is no recursion") };
        let columns = self.columns[bodies[*index]].clone();
        self.add(rel, columns)
    }

    /// A relation of another plan, over inputs of this one with the same columns.
    pub(crate) fn copied(&mut self, rel: Rel, columns: Vec<ColumnType>) -> RelId {
        self.add(rel, columns)
    }

    /// The time of the step.
    pub(crate) fn now(&mut self) -> RelId {
        self.add(Rel::Now, vec![ColumnType::not_null(SqlType::Timestamp)])
    }

    /// The rows whose time lies within bounds; see [`Rel::Within`].
    pub(crate) fn within(&mut self, input: RelId, time: Expr, bounds: Bounds) -> RelId {
        let columns = self.columns[input].clone();
        self.add(Rel::Within { input, time, bounds: Box::new(bounds) }, columns)
    }

    /// Each row with the beginning and the end of its session.
    pub(crate) fn session(&mut self, input: RelId, keys: Vec<Expr>, time: Expr, gap: i64) -> RelId {
        let mut columns = self.columns[input].clone();
        columns.extend(vec![ColumnType::not_null(time.ty.sql.clone()); 2]);
        self.add(Rel::Session { input, keys, time, gap }, columns)
    }

    /// The rows that are not late; `of_table`: the table does not take in the others.
    pub(crate) fn late(&mut self, input: RelId, columns: Vec<weir_circuit::LateColumn>, of_table: bool) -> RelId {
        let types = self.columns[input].clone();
        self.add(Rel::Late { input, columns, of_table }, types)
    }

    /// The rows that are.
    pub(crate) fn dropped(&mut self, late: RelId) -> RelId {
        debug_assert!(matches!(self.rels[late], Rel::Late { .. }), "only a lateness drops rows");
        let types = self.columns[late].clone();
        self.add(Rel::Dropped { late }, types)
    }

    /// The relation with columns of these types, which are at most wider in nullability or in texts' lengths.
    pub(crate) fn retyped(&mut self, input: RelId, columns: &[ColumnType]) -> RelId {
        let exprs = columns.iter().enumerate().map(|(i, ty)| Expr::column(i, ty.clone())).collect();
        self.project(input, exprs)
    }
}
