//! Queries: WITH, the body, ORDER BY and LIMIT.

use super::expr::Cx;
use super::subquery::Subqueries;
use super::{Binder, Bound, Declared, OutputColumn};
use crate::Span;
use crate::diagnostic::warning;
use crate::expr::null;
use crate::parse::{fold, span};
use crate::plan::RelId;
use sqlparser::ast::{Cte, Distinct, Expr as Ast, Query, SetExpr, Spanned, Values};
use std::collections::HashMap;
use weir_circuit::Expr;
use weir_row::{SqlType, Value};

impl Binder<'_> {
    /// A query, with the columns of its result.
    pub(super) fn query(&mut self, query: &Query) -> Bound<(RelId, Vec<OutputColumn>)> {
        self.deeper(|| span(query.span()), |binder| binder.query_here(query))
    }

    fn query_here(&mut self, query: &Query) -> Bound<(RelId, Vec<OutputColumn>)> {
        let level = self.ctes.len();
        if let Some(with) = &query.with {
            for cte in &with.cte_tables {
                if with.recursive { self.recursive_cte(cte) } else { self.cte(cte) }
            }
        }
        let limited = query.limit_clause.is_some() || query.fetch.is_some();
        let on = match query.body.as_ref() {
            SetExpr::Select(select) if matches!(select.distinct, Some(Distinct::On(_))) => Some(select),
            _ => None,
        };
        let result = match on {
            Some(select) => self.distinct_on(Some(query), select),
            None if limited => self.first_rows(query),
            None => self.body(&query.body),
        };
        self.ctes.truncate(level);
        self.order(query, limited || on.is_some())?;
        result
    }

    fn cte(&mut self, cte: &Cte) {
        let name = fold(&cte.alias.name);
        let declared = match self.query(&cte.query) {
            Ok((rel, columns)) => match self.renamed(columns, &cte.alias) {
                Ok(columns) => Declared::Relation { rel, columns, table: None },
                Err(_) => Declared::Poisoned,
            },
            Err(_) => Declared::Poisoned,
        };
        self.ctes.push(HashMap::from([(name, declared)]));
    }

    /// What is said about ORDER BY without LIMIT, and about clauses that are not part of the language.
    fn order(&mut self, query: &Query, limited: bool) -> Bound<()> {
        if let Some(order) = query.order_by.as_ref().filter(|_| !limited) {
            self.warning(
                span(order.span()),
                warning::WITHOUT_EFFECT,
                "ORDER BY without LIMIT has no effect: a view is a set of rows without an order",
            );
        }
        let others = query.locks.is_empty() && query.for_clause.is_none() && query.pipe_operators.is_empty();
        if others { Ok(()) } else { Err(self.error(span(query.span()), "this clause is not part of the language")) }
    }

    pub(super) fn body(&mut self, body: &SetExpr) -> Bound<(RelId, Vec<OutputColumn>)> {
        let at = || span(body.span());
        match body {
            SetExpr::Select(select) => self.distinct_on(None, select),
            SetExpr::Query(query) => self.query(query),
            SetExpr::SetOperation { left, op, set_quantifier, right } => {
                self.deeper(at, |binder| binder.set_operation(left, *op, *set_quantifier, right))
            }
            SetExpr::Values(values) => self.values(values),
            SetExpr::Table(table) => {
                let name = table.table_name.clone().unwrap_or_default().to_lowercase();
                self.relation(&sqlparser::ast::Ident::new(name))
            }
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => {
                Err(self.error(at(), "a view is defined by a query"))
            }
        }
    }

    /// VALUES: columns by common type.
    fn values(&mut self, values: &Values) -> Bound<(RelId, Vec<OutputColumn>)> {
        let rows: Vec<&Vec<Ast>> = values.rows.iter().map(|r| &r.content).collect();
        let width = rows.first().map_or(0, |r| r.len());
        let place = |row: &[Ast]| row.iter().map(|e| span(e.span())).reduce(Span::to).unwrap_or_default();
        let scope = super::scope::Scope::default();
        let mut columns: Vec<Vec<(Expr, Span)>> = vec![vec![]; width];
        let mut subqueries = Subqueries::default();
        let mut failed = false;
        for row in &rows {
            if row.len() != width {
                let message = format!("this row has {} values, the first one {width}", row.len());
                self.error(place(row), message);
                failed = true;
                continue;
            }
            for (column, e) in columns.iter_mut().zip(row.iter()) {
                let within = Some(&mut subqueries);
                let mut cx = Cx { subqueries: within, ..Cx::constant(&scope, "VALUES") };
                match self.expr(e, &mut cx) {
                    Ok(bound) => column.push((bound, span(e.span()))),
                    Err(_) => failed = true,
                }
            }
        }
        if failed {
            return Err(super::Reported);
        }
        let mut outputs = vec![];
        let mut unified = vec![];
        for (i, column) in columns.into_iter().enumerate() {
            let at = column.first().map_or_else(Span::default, |c| c.1);
            let column = self.unify(column, "the values of a column")?;
            let nullable = column.iter().any(|e| e.ty.nullable);
            let ty = weir_row::ColumnType { sql: column[0].ty.sql.clone(), nullable };
            outputs.push(OutputColumn { name: format!("expr${i}"), case_sensitive: false, ty, span: at });
            unified.push(column);
        }
        let physical: Vec<_> = outputs
            .iter()
            .map(|c| if c.ty.sql == SqlType::Null { null(SqlType::Boolean).ty } else { c.ty.clone() })
            .collect();
        // Rows of constants become one relation; others are computed, so that their errors are the run time's.
        let mut constant: Vec<Vec<Value>> = vec![];
        let mut computed = vec![];
        for i in 0..rows.len() {
            let mut exprs: Vec<Expr> = unified.iter().map(|c| c[i].clone()).collect();
            let row: Option<Vec<Value>> =
                exprs.iter().map(|e| crate::optimise::evaluate(e).and_then(Result::ok)).collect();
            match row {
                Some(row) => constant.push(row),
                None => {
                    let one = self.one_row();
                    let mut reads: Vec<&mut Expr> = exprs.iter_mut().collect();
                    let one = self.attach(one, subqueries.clone(), &mut reads, &mut |_, e| Ok(e.clone()))?;
                    computed.push(self.plan.project(one, exprs));
                }
            }
        }
        let mut inputs = vec![];
        if !constant.is_empty() || computed.is_empty() {
            inputs.push(self.plan.values(constant, physical.clone()));
        }
        for rel in computed {
            inputs.push(self.plan.retyped(rel, &physical));
        }
        Ok((self.plan.union(inputs), outputs))
    }

    /// The relation of one row without columns.
    pub(super) fn one_row(&mut self) -> RelId {
        self.plan.values(vec![vec![]], vec![])
    }
}
