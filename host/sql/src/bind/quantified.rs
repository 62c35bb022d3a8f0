//! Comparisons with all rows of a subquery: `e < ANY (..)`, `e >= ALL (..)`. Equality with any is IN, inequality with all NOT IN; the others
//! look at the least or the greatest value, which are maintained, and at how many there are.

use super::compare::Comparison;
use super::expr::Cx;
use super::subquery::counted;
use super::{Binder, Bound, position};
use crate::Span;
use crate::expr::{any, bigint, boolean, call, case, is_null, not, null};
use crate::parse::span;
use crate::plan::{AggregateCall, AggregateKind};
use sqlparser::ast::{self, BinaryOperator, Query, Spanned};
use weir_circuit::Expr;
use weir_row::{ColumnType, SqlType};

/// A condition on whether a subquery has rows.
pub(super) struct Match<'e> {
    /// What they must be equal to, if not just be there.
    pub(super) value: Option<&'e ast::Expr>,
    pub(super) subquery: &'e Query,
    pub(super) negated: bool,
}

/// `e = ANY (subquery)`, IN, EXISTS and their negations.
pub(super) fn as_match(e: &ast::Expr) -> Option<Match<'_>> {
    match e {
        ast::Expr::InSubquery { expr, subquery, negated } => {
            Some(Match { value: Some(expr), subquery, negated: *negated })
        }
        ast::Expr::AnyOp { left, compare_op: BinaryOperator::Eq, right, .. } => match right.as_ref() {
            ast::Expr::Subquery(subquery) => Some(Match { value: Some(left), subquery, negated: false }),
            _ => None,
        },
        ast::Expr::Exists { subquery, negated } => Some(Match { value: None, subquery, negated: *negated }),
        ast::Expr::UnaryOp { op: ast::UnaryOperator::Not, expr } => {
            as_match(expr).map(|m| Match { negated: !m.negated, ..m })
        }
        ast::Expr::Nested(inner) => as_match(inner),
        _ => None,
    }
}

impl Binder<'_> {
    /// `e op ANY (..)`, `e op ALL (..)`; three-valued.
    pub(super) fn quantified(
        &mut self,
        left: &ast::Expr,
        op: &BinaryOperator,
        right: &ast::Expr,
        every: bool,
        at: Span,
        cx: &mut Cx<'_>,
    ) -> Bound<Expr> {
        let word = if every { "ALL" } else { "ANY" };
        let e = self.expr(left, cx);
        let ast::Expr::Subquery(query) = right else {
            let hint = "ARRAY_CONTAINS looks for a value in an array";
            return Err(self.error_hint(span(right.span()), format!("{word} takes a subquery"), hint));
        };
        let op = match op {
            BinaryOperator::Eq => Comparison::Eq,
            BinaryOperator::NotEq => Comparison::Ne,
            BinaryOperator::Lt => Comparison::Lt,
            BinaryOperator::LtEq => Comparison::Le,
            BinaryOperator::Gt => Comparison::Gt,
            BinaryOperator::GtEq => Comparison::Ge,
            other => return Err(self.error(at, format!("there is no {other} {word}"))),
        };
        match (op, every) {
            (Comparison::Eq, false) => self.in_subquery(e?, query, false, at, cx),
            (Comparison::Ne, true) => self.in_subquery(e?, query, true, at, cx),
            // Not equal to one of them: not equal to all of them.
            (Comparison::Ne, false) => Ok(not(self.against_extremes(e?, Comparison::Eq, query, true, at, cx)?)),
            _ => self.against_extremes(e?, op, query, every, at, cx),
        }
    }

    fn against_extremes(
        &mut self,
        e: Expr,
        op: Comparison,
        query: &Query,
        every: bool,
        at: Span,
        cx: &mut Cx<'_>,
    ) -> Bound<Expr> {
        use AggregateKind::{Count, CountRows, Max, Min};
        let (e, rel) = self.in_operands(e, query, at, cx)?;
        let column = self.plan.columns(rel)[0].clone();
        let place = position(at);
        let smaller = matches!(op, Comparison::Lt | Comparison::Le);
        // The one that is decisive: below any is below the greatest, below all is below the least.
        let kinds = match op {
            Comparison::Eq | Comparison::Ne => vec![Min, Max],
            _ => vec![if smaller == every { Min } else { Max }],
        };
        let ty = ColumnType::nullable(column.sql.clone());
        let value = Expr::column(0, column.clone());
        let mut calls = vec![counted(CountRows, None), counted(Count, Some(value.clone()))];
        calls.extend(kinds.iter().map(|k| AggregateCall::new(*k, vec![value.clone()], ty.clone(), place)));
        let totals = self.plan.aggregate(rel, vec![], calls, true);
        let first = self.allowed(cx, at)?.add(totals, 2 + kinds.len(), None);
        let mut holds = vec![];
        for i in 0..kinds.len() {
            let extreme = Expr::column(first + 2 + i, ty.clone());
            holds.push(self.compare(op, e.clone(), extreme, at)?);
        }
        let count = |i| Expr::column(first + i, ColumnType::not_null(SqlType::BigInt));
        let mut branches = vec![(call("eq_i64", vec![count(0), bigint(0)], SqlType::Boolean, place), boolean(every))];
        if every {
            branches.push((any(holds.into_iter().map(not).collect()), boolean(false)));
        } else {
            branches.push((any(holds), boolean(true)));
        }
        if e.ty.nullable || column.nullable {
            let nulls = call("lt_i64", vec![count(1), count(0)], SqlType::Boolean, place);
            branches.push((any(vec![is_null(e), nulls]), null(SqlType::Boolean)));
        }
        Ok(case(branches, boolean(every), place))
    }
}
