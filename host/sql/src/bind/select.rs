//! SELECT: its clauses in the order in which they mean something.

use super::expr::Cx;
use super::group::Aggregates;
use super::grouping::{Grouping, nullable_keys};
use super::items::Item;
use super::quantified::{Match, as_match};
use super::scope::Scope;
use super::subquery::Subqueries;
use super::{Binder, Bound, OutputColumn, Reported};
use crate::Span;
use crate::parse::span;
use crate::plan::{JoinKind, RelId};
use sqlparser::ast::{self, BinaryOperator, Distinct, GroupByExpr, Select, Spanned};
use weir_circuit::Expr;

impl Binder<'_> {
    /// A SELECT, with the columns of its result.
    pub(super) fn select(&mut self, select: &Select) -> Bound<(RelId, Vec<OutputColumn>)> {
        let around = std::mem::take(&mut self.optional);
        let windows = std::mem::replace(&mut self.windows, select.named_window.clone());
        let result = self.select_here(select);
        (self.optional, self.windows) = (around, windows);
        result
    }

    fn select_here(&mut self, select: &Select) -> Bound<(RelId, Vec<OutputColumn>)> {
        self.unknown_clauses(select)?;
        let (mut rel, scope) = match self.from(&select.from) {
            Ok((rel, scope)) => (rel, scope),
            // Go on over nothing, so that errors elsewhere are found too.
            Err(_) => (self.one_row(), Scope { columns: vec![], poisoned: true }),
        };
        let mut failed = scope.poisoned;
        if let Some(condition) = &select.selection {
            match self.filter(rel, &scope, condition) {
                Ok(filtered) => rel = filtered,
                Err(_) => failed = true,
            }
        }
        let written = self.grouping_sets(&select.group_by)?;
        self.optional = written.as_ref().map_or_else(Vec::new, |w| w.optional(&select.projection));
        let scope = nullable_keys(&scope, &self.optional);
        let mut aggregates = Aggregates::default();
        let mut subqueries = Subqueries::default();
        let items = self.items(&select.projection, &scope, &mut aggregates, &mut subqueries);
        let known: &[Item] = items.as_deref().unwrap_or(&[]);
        let keys = self.group_keys(written.as_ref(), &scope, known, &subqueries, &mut aggregates.below);
        let having = match &select.having {
            Some(e) => self.having(e, &scope, known, &mut aggregates, &mut subqueries).map(Some),
            None => Ok(None),
        };
        let qualify = match &select.qualify {
            Some(e) => self.qualify(e, &scope, known, &mut aggregates, &mut subqueries).map(Some),
            None => Ok(None),
        };
        let (mut items, keys, having) = (items?, keys?, having?);
        // A column more until rows are chosen by it.
        let qualify = qualify?.map(|item| items.push(item));
        for item in items.iter_mut().filter(|i| super::subquery::has_subquery(&i.expr)) {
            let key = aggregates.below.adopt(&subqueries, &item.expr, false);
            item.expr = key.filter(|e| keys.has(e)).unwrap_or_else(|| item.expr.clone());
        }
        if failed {
            return Err(Reported);
        }
        let grouped = !matches!(&select.group_by, GroupByExpr::Expressions(e, _) if e.is_empty());
        let grouped = grouped || having.is_some() || !aggregates.is_empty();
        let rel = if grouped {
            self.grouped(rel, &scope, &mut items, keys, having, aggregates, subqueries, span(select.group_by.span()))?
        } else {
            let mut exprs: Vec<&mut Expr> = items.iter_mut().map(|i| &mut i.expr).collect();
            self.attach(rel, subqueries, &mut exprs, &mut |_, e| Ok(e.clone()))?
        };
        let rel = match qualify.and_then(|()| items.pop()) {
            Some(condition) => self.plan.filter(rel, condition.expr),
            None => rel,
        };
        let (columns, exprs): (Vec<_>, Vec<_>) = items.into_iter().map(|i| (i.column, i.expr)).unzip();
        if columns.is_empty() {
            return Err(self.error(span(select.span()), "a query needs a column"));
        }
        let rel = self.plan.project(rel, exprs);
        let rel = match &select.distinct {
            Some(Distinct::Distinct) => self.plan.distinct(rel),
            // The query around it chooses the rows.
            Some(Distinct::On(_) | Distinct::All) | None => rel,
        };
        Ok((rel, columns))
    }

    /// WHERE: IN subqueries among its conjuncts become semi joins, other subqueries joins.
    fn filter(&mut self, mut rel: RelId, scope: &Scope, condition: &ast::Expr) -> Bound<RelId> {
        let width = self.plan.columns(rel).len();
        let mut conjuncts = vec![];
        split(condition, &mut conjuncts);
        let mut subqueries = Subqueries::default();
        let mut predicates = vec![];
        let mut failed = false;
        let mut matches = vec![];
        for e in conjuncts {
            if let Some(found) = as_match(e) {
                matches.push((found, span(e.span())));
                continue;
            }
            let mut cx =
                Cx { scope, aliases: &[], aggregates: None, subqueries: Some(&mut subqueries), clause: "WHERE" };
            match self.condition(e, &mut cx) {
                Ok(predicate) => predicates.push(predicate),
                Err(_) => failed = true,
            }
        }
        // What reads this query's columns only says first for which rows subqueries are asked.
        let plain = |e: &Expr| crate::expr::columns_end(e) <= width && !crate::optimise::may_fail(e);
        let (first, mut predicates): (Vec<Expr>, Vec<Expr>) = predicates.into_iter().partition(plain);
        rel = self.plan.filter(rel, crate::expr::all(first));
        for (found, at) in matches {
            let mut cx =
                Cx { scope, aliases: &[], aggregates: None, subqueries: Some(&mut subqueries), clause: "WHERE" };
            match self.matched(rel, &found, at, &mut cx) {
                Ok(Matched::Rows(joined)) => rel = joined,
                Ok(Matched::Condition(predicate)) => predicates.push(predicate),
                Err(_) => failed = true,
            }
        }
        if failed {
            return Err(Reported);
        }
        let mut predicate = crate::expr::all(predicates);
        let plain = subqueries.is_empty();
        rel = self.attach(rel, subqueries, &mut [&mut predicate], &mut |_, e| Ok(e.clone()))?;
        rel = self.plan.filter(rel, predicate);
        if plain {
            return Ok(rel);
        }
        // The subqueries' columns have done their work.
        let columns = self.plan.columns(rel)[..width].to_vec();
        Ok(self.plan.retyped(rel, &columns))
    }

    /// A conjunct about a subquery's rows: a semi or an anti join, if it can be one.
    fn matched(&mut self, rel: RelId, found: &Match<'_>, at: Span, cx: &mut Cx<'_>) -> Bound<Matched> {
        let kind = if found.negated { JoinKind::Anti } else { JoinKind::Semi };
        let Some(value) = found.value else {
            let (right, _) = self.subquery(found.subquery, cx)?;
            if self.is_dependent(right) {
                let joined = self.dependent_join(rel, right, kind, vec![], &mut |_, e| Ok(e.clone()))?;
                return Ok(Matched::Rows(joined));
            }
            return self.has_rows(right, found.negated, at, cx).map(Matched::Condition);
        };
        if let Some(values) = super::row_in::as_row(value) {
            return match self.row_semi_join(rel, values, found.subquery, found.negated, at, cx)? {
                Some(joined) => Ok(Matched::Rows(joined)),
                None => self.row_in(values, found.subquery, found.negated, at, cx).map(Matched::Condition),
            };
        }
        let value = self.expr(value, cx)?;
        let simple = !super::subquery::has_subquery(&value);
        let (value, right) = self.in_operands(value, found.subquery, at, cx)?;
        // NOT IN is NULL where a NULL is on either side.
        let exact = !found.negated || !value.ty.nullable && !self.plan.columns(right)[0].nullable;
        if simple && exact {
            return self.semi_join(rel, value, right, kind, at).map(Matched::Rows);
        }
        self.is_in(value, right, found.negated, at, cx).map(Matched::Condition)
    }

    /// Aggregation, HAVING, and the SELECT list over their columns.
    #[allow(clippy::too_many_arguments)]
    fn grouped(
        &mut self,
        rel: RelId,
        scope: &Scope,
        items: &mut [Item],
        keys: Grouping,
        having: Option<Expr>,
        aggregates: Aggregates,
        mut subqueries: Subqueries,
        at: Span,
    ) -> Bound<RelId> {
        let (rel, groups) = self.aggregation(rel, keys, aggregates, scope, at)?;
        let mut failed = false;
        for item in items.iter_mut() {
            match self.over_groups(&item.expr, &groups) {
                Ok(e) => {
                    item.column.ty.nullable |= e.ty.nullable;
                    item.expr = e;
                }
                Err(_) => failed = true,
            }
        }
        let having = having.map(|e| self.over_groups(&e, &groups)).transpose();
        if failed {
            return Err(Reported);
        }
        subqueries.having = having?;
        let mut exprs: Vec<&mut Expr> = items.iter_mut().map(|i| &mut i.expr).collect();
        self.attach(rel, subqueries, &mut exprs, &mut |binder, e| binder.over_groups(e, &groups))
    }

    /// Clauses that are not built, or not part of the language.
    fn unknown_clauses(&mut self, select: &Select) -> Bound<()> {
        let foreign = select.top.is_some()
            || select.into.is_some()
            || !select.lateral_views.is_empty()
            || select.prewhere.is_some()
            || !select.connect_by.is_empty()
            || !select.cluster_by.is_empty()
            || !select.distribute_by.is_empty()
            || !select.sort_by.is_empty()
            || select.value_table_mode.is_some()
            || select.exclude.is_some();
        if foreign {
            return Err(self.error(span(select.span()), "this SELECT has a clause that is not part of the language"));
        }
        Ok(())
    }
}

/// What a condition on a subquery's rows has become.
enum Matched {
    /// The rows that satisfy it.
    Rows(RelId),
    Condition(Expr),
}

/// The operands of a chain of ANDs, from left to right.
fn split<'e>(mut e: &'e ast::Expr, out: &mut Vec<&'e ast::Expr>) {
    let mut rights = vec![];
    loop {
        match e {
            ast::Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
                rights.push(right.as_ref());
                e = left;
            }
            _ => {
                out.push(e);
                break;
            }
        }
    }
    out.extend(rights.into_iter().rev());
}
