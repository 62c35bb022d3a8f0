//! ASOF JOIN: each left row with the closest right row. It is a window over the rows of both sides: the greatest right row, by its time,
//! among those up to the left row's time.

use super::compare::Comparison;
use super::composite::{sequence, unpack};
use super::expr::Cx;
use super::from::{Sides, append, pad};
use super::order::ascending;
use super::scope::Scope;
use super::{Binder, Bound, position};
use crate::Span;
use crate::expr::{all, call, columns_end, conjuncts, int, is_not_null, is_true_literal, null};
use crate::parse::{ASOF_LEFT, span};
use crate::plan::{AggregateCall, AggregateKind, Frame, RelId, Window};
use sqlparser::ast::{self, BinaryOperator, JoinConstraint, Spanned};
use weir_circuit::{Expr, ExprOp, FrameBound, FrameUnit, Position};
use weir_row::{ColumnType, RowType, SqlType};

/// Which right rows a left row may be joined to, of left and right time.
#[derive(Clone, Copy)]
struct Match {
    /// The right row is earlier, else later.
    earlier: bool,
    /// It may be at the same time.
    same: bool,
}

/// A condition's operands: over the left columns, and over the right ones.
type Pair = (Expr, Expr);

impl Binder<'_> {
    /// `left [LEFT] ASOF JOIN right MATCH_CONDITION (l >= r) ON ..`
    pub(super) fn asof_join(
        &mut self,
        left: (RelId, Scope),
        right: (RelId, Scope),
        (condition, constraint): (&ast::Expr, &JoinConstraint),
        at: Span,
    ) -> Bound<(RelId, Scope)> {
        if self.is_dependent(right.0) {
            return Err(self.error(at, "the right side of ASOF JOIN cannot read the left one"));
        }
        let width = self.plan.columns(left.0).len();
        let mut scope = left.1;
        let left_count = scope.columns.len();
        append(&mut scope, right.1, width);
        let (outer, condition) = match condition {
            ast::Expr::BinaryOp { left, op: BinaryOperator::And, right } if is_mark(left) => (true, right.as_ref()),
            other => (false, other),
        };
        let (matched, times) = self.match_condition(condition, &scope, width)?;
        let on = match constraint {
            JoinConstraint::On(e) => {
                let mut cx = Cx { scope: &scope, aliases: &[], aggregates: None, subqueries: None, clause: "ON" };
                vec![self.condition(e, &mut cx)?]
            }
            JoinConstraint::Using(names) => {
                let names = names.iter().map(|n| self.single_name(n).cloned()).collect::<Bound<Vec<_>>>()?;
                self.using(&mut scope, left_count, &names, Sides::Left)?
            }
            JoinConstraint::Natural => return Err(self.unsupported(at, "NATURAL with ASOF JOIN")),
            JoinConstraint::None => vec![],
        };
        let mut keys = vec![];
        for e in on.into_iter().flat_map(conjuncts).filter(|e| !is_true_literal(e)) {
            let is_equal = |kernel: &str| kernel.starts_with("eq_");
            let pair = match e.op {
                ExprOp::Call { kernel, args } if is_equal(&kernel) => of_both(args, width).map(|(pair, _)| pair),
                _ => None,
            };
            let Some(pair) = pair else {
                let hint = "filter the left side before, or the result after";
                let message = "ON of an ASOF JOIN takes equalities of a left and a right column only";
                return Err(self.error_hint(at, message, hint));
            };
            keys.push(pair);
        }
        let rel = self.closest(left.0, right.0, (matched, times), keys, outer, position(at));
        let types = self.plan.columns(rel).to_vec();
        for c in &mut scope.columns {
            pad(&mut c.expr, &types);
        }
        Ok((rel, scope))
    }

    /// The comparison of MATCH_CONDITION.
    fn match_condition(&mut self, e: &ast::Expr, scope: &Scope, width: usize) -> Bound<(Match, Pair)> {
        let at = span(e.span());
        let mut e = e;
        while let ast::Expr::Nested(inner) = e {
            e = inner;
        }
        let compared = match e {
            ast::Expr::BinaryOp { left, op: BinaryOperator::GtEq, right } => Some((left, right, true, true)),
            ast::Expr::BinaryOp { left, op: BinaryOperator::Gt, right } => Some((left, right, true, false)),
            ast::Expr::BinaryOp { left, op: BinaryOperator::LtEq, right } => Some((left, right, false, true)),
            ast::Expr::BinaryOp { left, op: BinaryOperator::Lt, right } => Some((left, right, false, false)),
            _ => None,
        };
        let hint = "for example MATCH_CONDITION (l.ts >= r.ts)";
        let Some((a, b, earlier, same)) = compared else {
            return Err(self.error_hint(at, "MATCH_CONDITION is one comparison by >=, >, <= or <", hint));
        };
        let mut cx = Cx { scope, aliases: &[], aggregates: None, subqueries: None, clause: "MATCH_CONDITION" };
        let (a, b) = (self.expr(a, &mut cx), self.expr(b, &mut cx));
        // That they can be compared is found out as for any comparison.
        let (a, b) = (a?, b?);
        self.compare(Comparison::Ge, a.clone(), b.clone(), at)?;
        let (a, b) = self.comparable(a, b, at)?;
        match of_both(vec![a, b], width) {
            Some((pair, turned)) => Ok((Match { earlier: earlier != turned, same }, pair)),
            None => Err(self.error_hint(
                at,
                "MATCH_CONDITION compares a column of the left side with one of the right",
                hint,
            )),
        }
    }

    /// The join: left columns, then right ones.
    fn closest(
        &mut self,
        left: RelId,
        right: RelId,
        (matched, (left_time, right_time)): (Match, Pair),
        keys: Vec<Pair>,
        outer: bool,
        at: Position,
    ) -> RelId {
        let columns = |types: &[ColumnType]| -> Vec<Expr> {
            types.iter().enumerate().map(|(i, ty)| Expr::column(i, ty.clone())).collect()
        };
        let left_columns = columns(self.plan.columns(left));
        let right_columns = columns(self.plan.columns(right));
        let (left_keys, right_keys): (Vec<Expr>, Vec<Expr>) = keys.into_iter().unzip();
        // The time comes first, so that it decides; of rows of one time the others do.
        let fields: Vec<Expr> = [right_time.clone()].into_iter().chain(right_columns.iter().cloned()).collect();
        let names = (0..fields.len()).map(|i| format!("f{i}"));
        let ty =
            SqlType::Row(RowType { name: None, fields: names.zip(&fields).map(|(n, e)| (n, e.ty.clone())).collect() });
        let row = sequence(fields, ty.clone(), at);
        // Rows that can match no other are not asked.
        let present = right_keys.iter().chain([&right_time]).map(|e| is_not_null(e.clone())).collect();
        let asked = self.plan.filter(right, all(present));
        // Keys, time, which side, the left columns, the right row. At one time, rows of the right side come first if they match.
        let (of_left, of_right) = if matched.same { (1, 0) } else { (0, 1) };
        let from_left = left_keys.into_iter().chain([left_time, int(of_left)]).chain(left_columns.iter().cloned());
        let from_left = from_left.chain([null(ty.clone())]).collect();
        let nothing = left_columns.iter().map(|c| null(c.ty.sql.clone()));
        let from_right =
            right_keys.into_iter().chain([right_time, int(of_right)]).chain(nothing).chain([row]).collect();
        let inputs = vec![self.plan.project(left, from_left), self.plan.project(asked, from_right)];
        let rows = self.plan.union(inputs);
        let all_columns = columns(self.plan.columns(rows));
        let width = all_columns.len();
        let first = width - 1 - left_columns.len();
        let (time, side) = (&all_columns[first - 2], &all_columns[first - 1]);
        let mut order = vec![];
        // Rows without a time come first, so that they have none before them.
        ascending(time.clone(), !matched.earlier, true, &mut order);
        order.push(side.clone());
        let kind = if matched.earlier { AggregateKind::Max } else { AggregateKind::Min };
        let result = ColumnType::nullable(ty);
        let calls = vec![AggregateCall::new(kind, vec![all_columns[width - 1].clone()], result.clone(), at)];
        let (start, end) = (FrameBound::Unbounded, FrameBound::Offset(0));
        let frame = Frame { unit: FrameUnit::Range, start, end, calls };
        let keys = all_columns[..first - 2].to_vec();
        let found = self.plan.window(rows, Window { keys, order, frames: vec![frame] });
        let row = Expr::column(width, result);
        let is_left = call("eq_i32", vec![side.clone(), int(of_left)], SqlType::Boolean, at);
        let kept = if outer { is_left } else { all(vec![is_left, is_not_null(row.clone())]) };
        let found = self.plan.filter(found, kept);
        let of_left = left_columns.into_iter().enumerate().map(|(i, c)| Expr::column(first + i, c.ty));
        let of_right = right_columns.iter().enumerate().map(|(i, c)| {
            let item = call("item_field", vec![row.clone(), int(i as i32 + 1)], SqlType::Variant, at);
            unpack(item, &c.ty.sql, at)
        });
        let exprs = of_left.chain(of_right).collect();
        self.plan.project(found, exprs)
    }
}

/// Whether an expression is the mark of a LEFT join.
fn is_mark(e: &ast::Expr) -> bool {
    matches!(e, ast::Expr::Identifier(ident) if ident.quote_style == Some(ASOF_LEFT))
}

/// Two operands as one over the left columns and one over the right ones; whether they were the other way round.
fn of_both(operands: Vec<Expr>, width: usize) -> Option<(Pair, bool)> {
    let [a, b] = <[Expr; 2]>::try_from(operands).ok()?;
    let reads_left = |e: &Expr| columns_end(e) > 0 && columns_end(e) <= width;
    let reads_right = |e: &Expr| {
        let mut only = columns_end(e) > 0;
        e.visit_columns(&mut |i| only &= i >= width);
        only
    };
    let moved = |mut e: Expr| {
        e.map_columns(&mut |i| i - width);
        e
    };
    if reads_left(&a) && reads_right(&b) {
        return Some(((a, moved(b)), false));
    }
    (reads_right(&a) && reads_left(&b)).then(|| ((b, moved(a)), true))
}
