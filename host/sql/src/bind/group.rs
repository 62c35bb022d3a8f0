//! What may stand beside aggregates.

use super::dependent::OUTER_BASE;
use super::expr::Cx;
use super::items::Item;
use super::scope::Scope;
use super::subquery::{SUBQUERY_BASE, Subqueries};
use super::{Binder, Bound};
use crate::Span;
use crate::plan::AggregateCall;
use sqlparser::ast;
use weir_circuit::{Expr, ExprOp, Position};
use weir_row::{ColumnType, Kind, SqlType};

/// Columns from here on stand for aggregates until it is known where their values are.
pub(super) const AGGREGATE_BASE: usize = 1 << 24;

/// Columns from here on stand for calls of GROUPING.
const GROUPING_BASE: usize = AGGREGATE_BASE + (1 << 23);

/// The aggregates of a SELECT. Equal calls are one.
#[derive(Debug)]
pub(crate) struct Aggregates {
    pub(super) calls: Vec<AggregateCall>,
    /// The arguments of each call of GROUPING.
    pub(super) groupings: Vec<Vec<(Expr, Span)>>,
    /// The subqueries that aggregates and keys read.
    pub(super) below: Subqueries,
}

impl Default for Aggregates {
    fn default() -> Aggregates {
        Aggregates { calls: vec![], groupings: vec![], below: Subqueries::below() }
    }
}

/// What an aggregation puts out: keys, aggregates, calls of GROUPING.
#[derive(Debug)]
pub(super) struct Groups {
    /// The keys over the columns of FROM.
    pub(super) keys: Vec<Expr>,
    /// Their types, nullable where a set of groups has not got the key.
    pub(super) types: Vec<ColumnType>,
    /// How many aggregates there are.
    pub(super) calls: usize,
    /// The columns of FROM, for messages.
    pub(super) scope: Scope,
}

impl Aggregates {
    /// The value of a call.
    pub(super) fn add(&mut self, call: AggregateCall) -> Expr {
        let index = self.calls.iter().position(|c| c.same(&call)).unwrap_or_else(|| {
            self.calls.push(call.clone());
            self.calls.len() - 1
        });
        Expr { at: call.at, ..Expr::column(AGGREGATE_BASE + index, call.ty) }
    }

    /// The value of a call of GROUPING.
    pub(super) fn add_grouping(&mut self, arguments: Vec<(Expr, Span)>, at: Position) -> Expr {
        self.groupings.push(arguments);
        let index = GROUPING_BASE + self.groupings.len() - 1;
        Expr { at, ..Expr::column(index, ColumnType::not_null(SqlType::BigInt)) }
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.calls.is_empty() && self.groupings.is_empty()
    }
}

/// Whether an expression contains an aggregate.
pub(super) fn has_aggregate(e: &Expr) -> bool {
    let mut found = false;
    e.visit_columns(&mut |i| found |= (AGGREGATE_BASE..SUBQUERY_BASE).contains(&i));
    found
}

/// Whether an expression has neither aggregates nor subqueries.
pub(super) fn reads_columns_only(e: &Expr) -> bool {
    let mut only = true;
    e.visit_columns(&mut |i| only &= !(AGGREGATE_BASE..OUTER_BASE).contains(&i));
    only
}

impl Binder<'_> {
    /// An expression over FROM's columns as one over the aggregation's: keys, then aggregates.
    pub(super) fn over_groups(&mut self, e: &Expr, groups: &Groups) -> Bound<Expr> {
        if let Some(i) = groups.keys.iter().position(|k| k.same(e)) {
            return Ok(Expr { at: e.at, ..Expr::column(i, groups.types[i].clone()) });
        }
        // A DECIMAL of more digits before the point, or a longer text, is the same, written with another type.
        let alike = |k: &Expr| match (&k.ty.sql, &e.ty.sql) {
            (SqlType::Decimal { scale: a, .. }, SqlType::Decimal { scale: b, .. }) => a == b,
            (a, b) => a.kind() == Some(Kind::Text) && b.kind() == Some(Kind::Text),
        };
        let retyped = |k: &Expr| alike(k) && Expr { ty: k.ty.clone(), ..e.clone() }.same(k);
        if let Some(i) = groups.keys.iter().position(retyped) {
            let ty = ColumnType { sql: e.ty.sql.clone(), nullable: groups.types[i].nullable };
            return Ok(Expr { at: e.at, ..Expr::column(i, ty) });
        }
        match e.op {
            ExprOp::Column(c) if c >= SUBQUERY_BASE => Ok(e.clone()),
            ExprOp::Column(c) if c >= GROUPING_BASE => {
                let at = groups.keys.len() + groups.calls + c - GROUPING_BASE;
                Ok(Expr { op: ExprOp::Column(at), ..e.clone() })
            }
            ExprOp::Column(c) if c >= AGGREGATE_BASE => {
                Ok(Expr { op: ExprOp::Column(groups.keys.len() + c - AGGREGATE_BASE), ..e.clone() })
            }
            ExprOp::Column(c) => {
                let column = groups.scope.columns.iter().find(|s| matches!(s.expr.op, ExprOp::Column(i) if i == c));
                let name = column.map_or("?", |s| s.name.as_str());
                let start = crate::LineCol { line: e.at.line.max(1), column: e.at.column.max(1) };
                let length = u32::try_from(name.chars().count()).unwrap_or(1);
                let end = crate::LineCol { column: start.column + length, ..start };
                let message = format!("column '{name}' is neither in GROUP BY nor within an aggregate");
                let hint = format!("add it to GROUP BY, or take MIN({name}) or MAX({name})");
                Err(self.error_hint(Span { start, end }, message, hint))
            }
            _ => {
                let mut out = e.clone();
                let mut result = Ok(());
                let mut widened = false;
                for child in out.children_mut() {
                    match self.over_groups(child, groups) {
                        Ok(rewritten) => {
                            widened |= rewritten.ty.nullable && !child.ty.nullable;
                            *child = rewritten;
                        }
                        Err(reported) => result = Err(reported),
                    }
                }
                // A key that a grouping set has not got is NULL there.
                if widened && !matches!(out.op, ExprOp::IsNull(_) | ExprOp::NotDistinct(..)) {
                    out.ty.nullable = true;
                }
                result.map(|()| out)
            }
        }
    }

    /// HAVING over the columns of FROM.
    pub(super) fn having(
        &mut self,
        e: &ast::Expr,
        scope: &Scope,
        items: &[Item],
        aggregates: &mut Aggregates,
        subqueries: &mut Subqueries,
    ) -> Bound<Expr> {
        let aliases: Vec<(String, Expr)> = items.iter().map(|i| (i.column.name.clone(), i.expr.clone())).collect();
        let mut cx = Cx {
            scope,
            aliases: &aliases,
            aggregates: Some(aggregates),
            subqueries: Some(subqueries),
            clause: "HAVING",
        };
        self.condition(e, &mut cx)
    }
}

/// The number, if an expression is a whole number.
pub(super) fn ordinal(e: &ast::Expr) -> Option<usize> {
    match e {
        ast::Expr::Value(ast::ValueWithSpan { value: ast::Value::Number(digits, _), .. }) => digits.parse().ok(),
        _ => None,
    }
}
