//! Arrays and maps of rows: ARRAY_AGG, and ARRAY and MAP of a subquery.

use super::aggregate::{Inputs, Written};
use super::expr::Cx;
use super::order::ascending;
use super::{Binder, Bound, Reported, position};
use crate::Span;
use crate::expr::{all, boolean, case, is_not_null, null};
use crate::parse::span;
use crate::plan::{AggregateCall, AggregateKind};
use sqlparser::ast::{FunctionArgumentClause, NullTreatment, OrderByExpr, Query, Spanned};
use weir_circuit::{Expr, ExprOp, Position};
use weir_row::{ColumnType, RowType, SqlType};

/// The inputs of an array: whether a row counts, what rows are ordered by, the element.
fn array_inputs(counts: Expr, mut order: Vec<Expr>, element: Expr) -> Vec<Expr> {
    // Rows that are equal in what they are ordered by are ordered by the element, so it need not be named twice.
    if order.last().is_some_and(|last| last.same(&element)) {
        order.pop();
    }
    [counts].into_iter().chain(order).chain([element]).collect()
}

fn array_of(element: &Expr) -> ColumnType {
    ColumnType::nullable(SqlType::Array(Box::new(element.ty.sql.clone())))
}

impl Binder<'_> {
    /// `ARRAY_AGG([DISTINCT] e [RESPECT | IGNORE NULLS] [ORDER BY ..])`
    pub(super) fn array_agg(
        &mut self,
        written: &Written<'_>,
        args: Vec<(Expr, Span)>,
        filter: Option<Expr>,
        (distinct, within): (bool, Vec<Expr>),
        cx: &mut Cx<'_>,
    ) -> Bound<Expr> {
        let at = written.at;
        let Ok([(element, _)]) = <[(Expr, Span); 1]>::try_from(args) else {
            return Err(self.error(at, "ARRAY_AGG takes 1 argument"));
        };
        let element = if element.ty.sql == SqlType::Null { null(SqlType::Boolean) } else { element };
        let mut nulls = written.nulls;
        let mut order: Option<&[OrderByExpr]> = None;
        for clause in &written.list.clauses {
            match clause {
                FunctionArgumentClause::IgnoreOrRespectNulls(treatment) => nulls = Some(*treatment),
                FunctionArgumentClause::OrderBy(by) => order = Some(by),
                _ => return Err(self.unsupported(at, "this clause within a call")),
            }
        }
        let keys = match order {
            Some(order) => self.element_order(order, &element, distinct, cx)?,
            None => {
                // Any order that does not depend on history will do: NULLs last.
                let mut keys = vec![];
                ascending(element.clone(), false, false, &mut keys);
                keys
            }
        };
        let mut conditions: Vec<Expr> = filter.into_iter().collect();
        if nulls == Some(NullTreatment::IgnoreNulls) {
            conditions.push(is_not_null(element.clone()));
        }
        let counts = match all(conditions) {
            always if crate::expr::is_true_literal(&always) => always,
            condition => {
                let at = condition.at;
                case(vec![(condition, boolean(true))], null(SqlType::Boolean), at)
            }
        };
        let ty = array_of(&element);
        let inputs = Inputs { exprs: array_inputs(counts, keys, element), distinct, within, at: position(at) };
        let call = inputs.call(AggregateKind::Array, inputs.column(0), ty);
        // The caller has checked that there may be aggregates here.
        cx.aggregates.as_deref_mut().map(|a| a.add(call)).ok_or(Reported)
    }

    /// What an ORDER BY within a call orders by.
    fn element_order(
        &mut self,
        order: &[OrderByExpr],
        element: &Expr,
        distinct: bool,
        cx: &Cx<'_>,
    ) -> Bound<Vec<Expr>> {
        let mut inner = Cx { scope: cx.scope, aliases: &[], aggregates: None, subqueries: None, clause: "aggregate" };
        let mut keys = vec![];
        for by in order {
            let at = span(by.span());
            let key = self.expr(&by.expr, &mut inner)?;
            if distinct && !key.same(element) {
                let message = "with DISTINCT the array can only be ordered by its element";
                return Err(self.error(at, message));
            }
            self.order_key(key, &by.options, at, &mut keys)?;
        }
        Ok(keys)
    }

    /// `ARRAY(SELECT ..)`, `MAP(SELECT key, value ..)`: one value of all rows.
    pub(super) fn collected(&mut self, name: &str, query: &Query, at: Span, cx: &mut Cx<'_>) -> Bound<Expr> {
        let (rel, names) = self.subquery(query, cx)?;
        let columns: Vec<Expr> =
            self.plan.columns(rel).iter().enumerate().map(|(i, ty)| Expr::column(i, ty.clone())).collect();
        let place = position(at);
        let call = if name == "array" {
            let element = match <[Expr; 1]>::try_from(columns) {
                Ok([column]) => column,
                Err(columns) => {
                    let fields = names.iter().zip(&columns).map(|(n, c)| (n.name.clone(), c.ty.clone())).collect();
                    let ty = ColumnType::not_null(SqlType::Row(RowType { name: None, fields }));
                    Expr { op: ExprOp::Sequence(columns), ty, at: place }
                }
            };
            let mut keys = vec![];
            ascending(element.clone(), false, false, &mut keys);
            let ty = array_of(&element);
            collection(AggregateKind::Array, array_inputs(boolean(true), keys, element), ty, place)
        } else {
            let Ok([key, value]) = <[Expr; 2]>::try_from(columns) else {
                return Err(self.error(at, format!("MAP takes a subquery of 2 columns, but this has {}", names.len())));
            };
            if matches!(key.ty.sql, SqlType::Map(..)) {
                return Err(self.error(at, "a key of a MAP cannot be a MAP"));
            }
            let ty = SqlType::Map(Box::new(key.ty.sql.clone()), Box::new(value.ty.sql.clone()));
            collection(AggregateKind::Map, vec![boolean(true), key, value], ColumnType::nullable(ty), place)
        };
        let ty = call.ty.clone();
        let rel = self.plan.aggregate(rel, vec![], vec![call], true);
        let index = self.allowed(cx, at)?.add(rel, 1, None);
        Ok(Expr { at: place, ..Expr::column(index, ty) })
    }
}

fn collection(kind: AggregateKind, inputs: Vec<Expr>, ty: ColumnType, at: Position) -> AggregateCall {
    AggregateCall::new(kind, inputs, ty, at)
}
