//! GROUP BY, and what may stand beside aggregates.

use super::expr::Cx;
use super::items::Item;
use super::scope::Scope;
use super::subquery::{SUBQUERY_BASE, Subqueries};
use super::{Binder, Bound, Reported};
use crate::Span;
use crate::parse::span;
use crate::plan::AggregateCall;
use sqlparser::ast::{self, GroupByExpr, Spanned};
use weir_circuit::{Expr, ExprOp};

/// Columns from here on stand for aggregates until it is known where their values are.
pub(super) const AGGREGATE_BASE: usize = 1 << 24;

/// The aggregates of a SELECT. Equal calls are one.
#[derive(Debug, Default)]
pub(crate) struct Aggregates {
    pub(super) calls: Vec<AggregateCall>,
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
}

/// Whether an expression contains an aggregate.
fn has_aggregate(e: &Expr) -> bool {
    let mut found = false;
    e.visit_columns(&mut |i| found |= (AGGREGATE_BASE..SUBQUERY_BASE).contains(&i));
    found
}

impl Binder<'_> {
    /// The keys of GROUP BY over the columns of FROM.
    pub(super) fn group_keys(&mut self, group_by: &GroupByExpr, scope: &Scope, items: &[Item]) -> Bound<Vec<Expr>> {
        let (exprs, modifiers) = match group_by {
            GroupByExpr::All(modifiers) => {
                let keys = items.iter().filter(|i| !has_aggregate(&i.expr)).map(|i| i.expr.clone()).collect();
                return if modifiers.is_empty() {
                    Ok(keys)
                } else {
                    Err(self.unsupported(span(group_by.span()), "this form of GROUP BY"))
                };
            }
            GroupByExpr::Expressions(exprs, modifiers) => (exprs, modifiers),
        };
        if !modifiers.is_empty() {
            return Err(self.unsupported(span(group_by.span()), "this form of GROUP BY"));
        }
        let aliases: Vec<(String, Expr)> = items.iter().map(|i| (i.column.name.clone(), i.expr.clone())).collect();
        let mut keys: Vec<Expr> = vec![];
        let mut failed = false;
        // `GROUP BY (a, b), ()` is `GROUP BY a, b`.
        let exprs = exprs.iter().flat_map(|e| match e {
            ast::Expr::Tuple(inner) => inner.iter().collect(),
            e => vec![e],
        });
        for e in exprs {
            let at = span(e.span());
            let key = match ordinal(e) {
                Some(n) => match items.get(n.wrapping_sub(1)) {
                    Some(item) => Ok(item.expr.clone()),
                    None => Err(self.error(at, format!("GROUP BY {n}: there are {} columns", items.len()))),
                },
                None => {
                    let mut cx =
                        Cx { scope, aliases: &aliases, aggregates: None, subqueries: None, clause: "GROUP BY" };
                    self.expr(e, &mut cx)
                }
            };
            match key {
                Ok(key) if has_aggregate(&key) => {
                    self.error(at, "a group's key cannot be an aggregate");
                    failed = true;
                }
                Ok(key) => {
                    if !keys.iter().any(|k| k.same(&key)) {
                        keys.push(key);
                    }
                }
                Err(_) => failed = true,
            }
        }
        if failed { Err(Reported) } else { Ok(keys) }
    }

    /// An expression over FROM's columns as one over the aggregation's: keys, then aggregates.
    pub(super) fn over_groups(&mut self, e: &Expr, keys: &[Expr], scope: &Scope) -> Bound<Expr> {
        if let Some(i) = keys.iter().position(|k| k.same(e)) {
            return Ok(Expr { at: e.at, ..Expr::column(i, keys[i].ty.clone()) });
        }
        match e.op {
            ExprOp::Column(c) if c >= SUBQUERY_BASE => Ok(e.clone()),
            ExprOp::Column(c) if c >= AGGREGATE_BASE => {
                Ok(Expr { op: ExprOp::Column(keys.len() + c - AGGREGATE_BASE), ..e.clone() })
            }
            ExprOp::Column(c) => {
                let column = scope.columns.iter().find(|s| matches!(s.expr.op, ExprOp::Column(i) if i == c));
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
                for child in out.children_mut() {
                    match self.over_groups(child, keys, scope) {
                        Ok(rewritten) => *child = rewritten,
                        Err(reported) => result = Err(reported),
                    }
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
fn ordinal(e: &ast::Expr) -> Option<usize> {
    match e {
        ast::Expr::Value(ast::ValueWithSpan { value: ast::Value::Number(digits, _), .. }) => digits.parse().ok(),
        _ => None,
    }
}
