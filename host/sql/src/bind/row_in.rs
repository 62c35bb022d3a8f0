//! `(a, b) [NOT] IN (subquery)` and `(a, b) [NOT] IN ((c, d), ..)`: rows that are equal column by column. It is TRUE if one is, FALSE if each of them differs in a column, else
//! NULL.

use super::compare::Comparison;
use super::dependent::outer_index;
use super::expr::Cx;
use super::subquery::has_subquery;
use super::{Binder, Bound, position};
use crate::Span;
use crate::expr::{all, any, boolean, case, columns_end, is_null, not, null};
use crate::plan::{JoinKind, RelId};
use sqlparser::ast::{self, Query};
use weir_circuit::Expr;
use weir_row::{ColumnType, SqlType};

/// The values of a row that is compared as a whole.
pub(super) fn as_row(e: &ast::Expr) -> Option<&[ast::Expr]> {
    match e {
        ast::Expr::Tuple(values) if values.len() > 1 => Some(values),
        ast::Expr::Nested(inner) => as_row(inner),
        _ => None,
    }
}

impl Binder<'_> {
    /// The values, and the subquery's rows with columns that can be compared with them.
    fn row_operands(
        &mut self,
        values: &[ast::Expr],
        query: &Query,
        at: Span,
        cx: &mut Cx<'_>,
    ) -> Bound<(Vec<Expr>, RelId)> {
        let values = self.many(values, cx);
        let (rel, columns) = self.subquery(query, cx)?;
        let values = values?;
        if columns.len() != values.len() {
            let message = format!("{} values are compared with {} columns", values.len(), columns.len());
            return Err(self.error(at, message));
        }
        let (mut left, mut right) = (vec![], vec![]);
        for (i, (value, _)) in values.into_iter().enumerate() {
            let column = match columns[i].ty.sql {
                SqlType::Null => null(value.ty.sql.clone()),
                _ => Expr::column(i, self.plan.columns(rel)[i].clone()),
            };
            let (value, column) = self.comparable(value, column, at)?;
            left.push(value);
            right.push(column);
        }
        Ok((left, self.plan.project(rel, right)))
    }

    fn equal(&mut self, values: &[Expr], columns: &[Expr], at: Span) -> Bound<Vec<Expr>> {
        let pairs = values.iter().zip(columns);
        pairs.map(|(a, b)| self.compare(Comparison::Eq, a.clone(), b.clone(), at)).collect()
    }

    /// `(a, b) [NOT] IN ((c, d), ..)`.
    pub(super) fn row_in_list(
        &mut self,
        values: &[ast::Expr],
        list: &[ast::Expr],
        negated: bool,
        at: Span,
        cx: &mut Cx<'_>,
    ) -> Bound<Expr> {
        let values: Vec<Expr> = self.many(values, cx)?.into_iter().map(|(e, _)| e).collect();
        let mut rows = vec![];
        for row in list {
            let Some(items) = as_row(row) else {
                let hint = "write a row of as many values in parentheses";
                return Err(self.error_hint(at, "a row is compared with a value that is none", hint));
            };
            if items.len() != values.len() {
                let message = format!("{} values are compared with {}", values.len(), items.len());
                return Err(self.error(at, message));
            }
            let items: Vec<Expr> = self.many(items, cx)?.into_iter().map(|(e, _)| e).collect();
            rows.push(all(self.equal(&values, &items, at)?));
        }
        let found = any(rows);
        Ok(if negated { not(found) } else { found })
    }

    /// `(a, b) [NOT] IN (..)` as a condition that rows must satisfy: the rows that do, or nothing if that is not all there is to it.
    pub(super) fn row_semi_join(
        &mut self,
        rel: RelId,
        values: &[ast::Expr],
        query: &Query,
        negated: bool,
        at: Span,
        cx: &mut Cx<'_>,
    ) -> Bound<Option<RelId>> {
        let (values, right) = self.row_operands(values, query, at, cx)?;
        let width = self.plan.columns(rel).len();
        let types = self.plan.columns(right).to_vec();
        let exact = !values.iter().map(|v| &v.ty).chain(&types).any(|ty| ty.nullable);
        if negated && !exact || values.iter().any(|v| has_subquery(v) || columns_end(v) > width) {
            return Ok(None);
        }
        let columns: Vec<Expr> = types.into_iter().enumerate().map(|(i, ty)| Expr::column(width + i, ty)).collect();
        let on = self.equal(&values, &columns, at)?;
        let kind = if negated { JoinKind::Anti } else { JoinKind::Semi };
        self.dependent_join(rel, right, kind, on, &mut |_, e| Ok(e.clone())).map(Some)
    }

    /// `(a, b) [NOT] IN (..)`, three-valued, anywhere.
    pub(super) fn row_in(
        &mut self,
        values: &[ast::Expr],
        query: &Query,
        negated: bool,
        at: Span,
        cx: &mut Cx<'_>,
    ) -> Bound<Expr> {
        let width = cx.scope.columns.len();
        let level = self.outer.len();
        let (values, rel) = self.row_operands(values, query, at, cx)?;
        if values.iter().any(|v| columns_end(v) > width) {
            let hint = "compute it in a subquery of FROM";
            return Err(self.error_hint(at, "what is compared here as a row can only read columns of FROM", hint));
        }
        let types = self.plan.columns(rel).to_vec();
        let exact = !values.iter().map(|v| &v.ty).chain(&types).any(|ty| ty.nullable);
        let from_inside = |v: &Expr| {
            let mut v = v.clone();
            v.map_columns(&mut |i| outer_index(level, i));
            v
        };
        let values: Vec<Expr> = values.iter().map(from_inside).collect();
        let columns: Vec<Expr> = types.into_iter().enumerate().map(|(i, ty)| Expr::column(i, ty)).collect();
        let equal = self.equal(&values, &columns, at)?;
        let may_be = equal.iter().map(|e| any(vec![e.clone(), is_null(e.clone())])).collect();
        let found = self.plan.filter(rel, all(equal));
        let found = self.has_rows(found, false, at, cx)?;
        let is_in = if exact {
            found
        } else {
            let possible = self.plan.filter(rel, all(may_be));
            let possible = self.has_rows(possible, false, at, cx)?;
            case(vec![(found, boolean(true)), (possible, null(SqlType::Boolean))], boolean(false), position(at))
        };
        let is_in = Expr { ty: ColumnType { nullable: !exact, ..is_in.ty.clone() }, ..is_in };
        Ok(if negated { not(is_in) } else { is_in })
    }
}
