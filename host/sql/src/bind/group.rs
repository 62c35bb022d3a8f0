//! Aggregation: calls of aggregate functions, GROUP BY, and what may stand beside them.

use super::expr::Cx;
use super::items::Item;
use super::scope::Scope;
use super::subquery::{SUBQUERY_BASE, Subqueries};
use super::{Binder, Bound, Reported, position};
use crate::Span;
use crate::expr::{all, case, is_not_null, null};
use crate::parse::span;
use crate::plan::{AggregateCall, AggregateKind};
use sqlparser::ast::{
    self, DuplicateTreatment, FunctionArg, FunctionArgExpr, FunctionArgumentList, GroupByExpr, Spanned,
};
use weir_circuit::{Expr, ExprOp};
use weir_row::{ColumnType, SqlType};

/// Columns from here on stand for aggregates until it is known where their values are.
pub(super) const AGGREGATE_BASE: usize = 1 << 24;

/// The aggregates of a SELECT. Equal calls are one.
#[derive(Debug, Default)]
pub(crate) struct Aggregates {
    pub(super) calls: Vec<AggregateCall>,
}

impl Aggregates {
    fn add(&mut self, call: AggregateCall) -> Expr {
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
    /// A call of an aggregate function, in SELECT or HAVING.
    pub(super) fn aggregate_call(
        &mut self,
        name: &str,
        list: &FunctionArgumentList,
        filter: Option<&ast::Expr>,
        at: Span,
        cx: &mut Cx<'_>,
    ) -> Bound<Expr> {
        let shown = name.to_uppercase();
        if cx.aggregates.is_none() {
            let message = match cx.clause {
                "aggregate" => format!("{shown} cannot stand within another aggregate"),
                clause => format!("the aggregate {shown} cannot stand in {clause}"),
            };
            return Err(if cx.clause == "WHERE" {
                self.error_hint(at, message, "conditions on groups are written after HAVING")
            } else {
                self.error(at, message)
            });
        }
        let mut inner = Cx { scope: cx.scope, aliases: &[], aggregates: None, subqueries: None, clause: "aggregate" };
        let filter = filter.map(|f| self.condition(f, &mut inner)).transpose();
        let star = matches!(list.args.as_slice(), [FunctionArg::Unnamed(FunctionArgExpr::Wildcard)]);
        let args = if star { vec![] } else { self.plain_arguments(list, at)? };
        let args = self.many(args, &mut inner)?;
        let distinct = list.duplicate_treatment == Some(DuplicateTreatment::Distinct);
        let call = self.aggregate(name, args, star, distinct, at)?;
        let call = filtered(call, filter?);
        // Checked above.
        cx.aggregates.as_mut().map(|a| a.add(call)).ok_or(Reported)
    }

    fn aggregate(
        &mut self,
        name: &str,
        args: Vec<(Expr, Span)>,
        star: bool,
        distinct: bool,
        at: Span,
    ) -> Bound<AggregateCall> {
        let shown = name.to_uppercase();
        let count = |kind, argument, distinct| AggregateCall {
            kind,
            argument,
            distinct,
            ty: ColumnType::not_null(SqlType::BigInt),
            at: position(at),
        };
        if star {
            return match name {
                "count" if !distinct => Ok(count(AggregateKind::CountRows, None, false)),
                _ => Err(self.error(at, format!("{shown}(*) is not part of the language"))),
            };
        }
        let many = name == "count" && !args.is_empty() && !distinct;
        if args.len() != 1 && !many {
            return Err(self.error(at, format!("{shown} takes 1 argument, but here are {}", args.len())));
        }
        let (arg, arg_at) = args[0].clone();
        let ty = arg.ty.sql.clone();
        let of = |kind, argument: Expr, distinct| {
            let ty = ColumnType::nullable(argument.ty.sql.clone());
            AggregateCall { kind, argument: Some(argument), distinct, ty, at: position(at) }
        };
        match name {
            "count" if args.len() > 1 => {
                let present = all(args.into_iter().map(|(e, _)| is_not_null(e)).collect());
                Ok(count(AggregateKind::Count, Some(truth_or_null(present)), false))
            }
            "count" if ty == SqlType::Null => Ok(count(AggregateKind::Count, Some(null(SqlType::Boolean)), false)),
            "count" => Ok(count(AggregateKind::Count, Some(arg), distinct)),
            "countif" => {
                let condition = self.coerce_boolean(arg, arg_at, &shown)?;
                Ok(count(AggregateKind::Count, Some(truth_or_null(condition)), distinct))
            }
            "sum" | "avg" => {
                let arg = if ty == SqlType::Null { null(SqlType::Integer) } else { arg };
                if !super::common::is_number(&arg.ty.sql) {
                    return Err(self.error(arg_at, format!("{shown} takes a number, but this is {ty}")));
                }
                let kind = if name == "sum" { AggregateKind::Sum } else { AggregateKind::Avg };
                Ok(of(kind, arg, distinct))
            }
            "min" | "max" => {
                let arg = if ty == SqlType::Null { null(SqlType::Boolean) } else { arg };
                let kind = if name == "min" { AggregateKind::Min } else { AggregateKind::Max };
                Ok(of(kind, arg, false))
            }
            "bool_and" | "every" | "logical_and" => {
                Ok(of(AggregateKind::Min, self.coerce_boolean(arg, arg_at, &shown)?, false))
            }
            "bool_or" | "some" | "logical_or" => {
                Ok(of(AggregateKind::Max, self.coerce_boolean(arg, arg_at, &shown)?, false))
            }
            _ => Err(self.unsupported(at, format!("the aggregate {shown}"))),
        }
    }

    fn coerce_boolean(&mut self, e: Expr, at: Span, what: &str) -> Bound<Expr> {
        match e.ty.sql {
            SqlType::Boolean => Ok(e),
            SqlType::Null => Ok(null(SqlType::Boolean)),
            ref other => Err(self.error(at, format!("{what} takes a BOOLEAN, but this is {other}"))),
        }
    }

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

/// TRUE where a condition is, else NULL: what COUNT counts.
fn truth_or_null(condition: Expr) -> Expr {
    let at = condition.at;
    case(vec![(condition, crate::expr::boolean(true))], null(SqlType::Boolean), at)
}

/// FILTER as a CASE in the argument.
fn filtered(mut call: AggregateCall, filter: Option<Expr>) -> AggregateCall {
    let Some(filter) = filter else { return call };
    call.argument = Some(match call.argument.take() {
        None => {
            call.kind = AggregateKind::Count;
            truth_or_null(filter)
        }
        Some(argument) => {
            let nothing = null(argument.ty.sql.clone());
            let at = argument.at;
            case(vec![(filter, argument)], nothing, at)
        }
    });
    call
}

/// The number, if an expression is a whole number.
fn ordinal(e: &ast::Expr) -> Option<usize> {
    match e {
        ast::Expr::Value(ast::ValueWithSpan { value: ast::Value::Number(digits, _), .. }) => digits.parse().ok(),
        _ => None,
    }
}
