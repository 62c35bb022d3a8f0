//! FROM: relations by name, subqueries, joins.

use super::dependent::outer_index;
use super::expr::Cx;
use super::names::closest;
use super::scope::{Outer, Scope, ScopeColumn};
use super::subquery::Subqueries;
use super::unnest::{Unnest, unnest_of};
use super::{Binder, Bound, Declared, OutputColumn, Reported};
use crate::expr::{coalesce, shifted};
use crate::parse::{fold, span};
use crate::plan::{JoinKind, RelId};
use sqlparser::ast::{
    Ident, Join, JoinConstraint, JoinOperator, ObjectName, ObjectNamePart, Query, Spanned, TableAlias, TableFactor,
    TableWithJoins,
};
use std::rc::Rc;
use weir_circuit::{Expr, Position};

impl Binder<'_> {
    /// The relation of that name.
    pub(super) fn relation(&mut self, ident: &Ident) -> Bound<(RelId, Vec<OutputColumn>)> {
        let name = fold(ident);
        let at = span(ident.span);
        let found = self.ctes.iter().rev().find_map(|level| level.get(&name)).or_else(|| self.declared.get(&name));
        match found {
            Some(Declared::Relation { rel, columns, .. }) => Ok((*rel, columns.clone())),
            Some(Declared::Poisoned) => Err(Reported),
            None if name == "error_view" => Ok(self.errors_so_far(at)),
            None if self.later.contains(&name) => {
                let hint = "move its declaration up; views that refer to each other need DECLARE RECURSIVE VIEW";
                Err(self.error_hint(at, format!("'{name}' is used before it is declared"), hint))
            }
            None => {
                let known: Vec<String> =
                    self.declared.keys().chain(self.ctes.iter().flat_map(|l| l.keys())).cloned().collect();
                let hint = closest(&name, known.iter().map(String::as_str)).map(|c| format!("did you mean '{c}'?"));
                Err(self.error_maybe_hint(at, format!("there is no table or view '{name}'"), hint))
            }
        }
    }

    /// A FROM clause: items separated by commas are crossed.
    pub(super) fn from(&mut self, items: &[TableWithJoins]) -> Bound<(RelId, Scope)> {
        let mut result: Option<Bound<(RelId, Scope)>> = None;
        for item in items {
            // UNNEST reads the columns of the items before it.
            if let Some(unnest) = unnest_of(&item.relation) {
                let left = result.unwrap_or_else(|| Ok((self.one_row(), Scope::default())));
                let first = left.and_then(|left| self.unnest(left, &unnest, false));
                result = Some(self.joins(first, &item.joins));
                continue;
            }
            let next = match &result {
                Some(Ok((_, scope))) if item_is_lateral(item) => {
                    self.seeing(&scope.clone(), |binder| binder.table_with_joins(item))
                }
                _ => self.table_with_joins(item),
            };
            result = Some(match (result, next) {
                (None, next) => next,
                (Some(Ok((left, mut scope))), Ok((right, right_scope))) => {
                    let offset = self.plan.columns(left).len();
                    append(&mut scope, right_scope, offset);
                    let joined = self.dependent_join(left, right, JoinKind::Inner, vec![], &mut |_, e| Ok(e.clone()));
                    joined.map(|rel| (rel, scope))
                }
                _ => Err(Reported),
            });
        }
        match result {
            Some(result) => result,
            None => Ok((self.one_row(), Scope::default())),
        }
    }

    fn table_with_joins(&mut self, item: &TableWithJoins) -> Bound<(RelId, Scope)> {
        let left = match unnest_of(&item.relation) {
            Some(unnest) => {
                let alone = (self.one_row(), Scope::default());
                self.unnest(alone, &unnest, false)
            }
            None => self.factor(&item.relation),
        };
        self.joins(left, &item.joins)
    }

    /// What stands left of joins with all of them.
    fn joins(&mut self, mut left: Bound<(RelId, Scope)>, joins: &[Join]) -> Bound<(RelId, Scope)> {
        for join in joins {
            if let Some(unnest) = unnest_of(&join.relation) {
                left = left.and_then(|left| self.join_unnest(left, &unnest, join));
                continue;
            }
            let right = match (&left, &join.relation) {
                (Ok((_, scope)), TableFactor::Derived { lateral, subquery, alias, sample: _ })
                    if *lateral || is_apply(&join.join_operator) =>
                {
                    let at = span(join.relation.span());
                    self.seeing(&scope.clone(), |binder| binder.derived(true, subquery, alias.as_ref(), at))
                }
                (Ok((_, scope)), relation) if is_lateral(relation) => {
                    self.seeing(&scope.clone(), |binder| binder.factor(relation))
                }
                (_, relation) => self.factor(relation),
            };
            left = match (left, right) {
                (Ok(left), Ok(right)) => self.join(left, right, join),
                _ => Err(Reported),
            };
        }
        left
    }

    /// `CROSS JOIN UNNEST`, `[LEFT] JOIN UNNEST .. ON TRUE`.
    fn join_unnest(
        &mut self,
        left: (RelId, Scope),
        unnest: &Result<Unnest<'_>, crate::Span>,
        join: &Join,
    ) -> Bound<(RelId, Scope)> {
        let at = span(join.relation.span());
        let (outer, constraint) = match &join.join_operator {
            JoinOperator::Join(c) | JoinOperator::Inner(c) | JoinOperator::CrossJoin(c) => (false, c),
            JoinOperator::Left(c) | JoinOperator::LeftOuter(c) => (true, c),
            JoinOperator::CrossApply => (false, &JoinConstraint::None),
            JoinOperator::OuterApply => (true, &JoinConstraint::None),
            _ => return Err(self.error(at, "UNNEST stands to the right of CROSS JOIN, JOIN or LEFT JOIN")),
        };
        let (rel, scope) = self.unnest(left, unnest, outer)?;
        let condition = match constraint {
            JoinConstraint::None => return Ok((rel, scope)),
            JoinConstraint::On(e) => {
                let mut cx = Cx { scope: &scope, aliases: &[], aggregates: None, subqueries: None, clause: "ON" };
                self.condition(e, &mut cx)?
            }
            _ => return Err(self.error(at, "UNNEST is joined ON a condition, or without")),
        };
        if outer && !crate::expr::is_true_literal(&condition) {
            return Err(self.unsupported(at, "LEFT JOIN UNNEST on another condition than TRUE"));
        }
        Ok((self.plan.filter(rel, condition), scope))
    }

    pub(super) fn factor(&mut self, factor: &TableFactor) -> Bound<(RelId, Scope)> {
        let at = || span(factor.span());
        match factor {
            TableFactor::Table { name, alias, args, version, sample, with_ordinality, .. } => {
                if args.is_some() || *with_ordinality {
                    return Err(self.unsupported(at(), "a table function"));
                }
                if version.is_some() || sample.is_some() {
                    return Err(self.error(at(), "this clause is not part of the language"));
                }
                let ident = self.single_name(name)?.clone();
                let (rel, columns) = self.relation(&ident)?;
                let alias = alias.as_ref();
                let columns = match alias {
                    Some(alias) => self.renamed(columns, alias)?,
                    None => columns,
                };
                Ok((rel, scope_of(&columns, Some(fold(alias.map_or(&ident, |a| &a.name))))))
            }
            TableFactor::Derived { lateral, subquery, alias, .. } => {
                self.derived(*lateral, subquery, alias.as_ref(), at())
            }
            TableFactor::NestedJoin { table_with_joins, alias } => {
                let (rel, mut scope) = self.deeper(at, |b| b.table_with_joins(table_with_joins))?;
                if let Some(alias) = alias {
                    let name = fold(&alias.name);
                    scope.columns.iter_mut().for_each(|c| c.relation = Some(name.clone()));
                }
                Ok((rel, scope))
            }
            TableFactor::UNNEST { .. } => Err(self.unsupported(at(), "UNNEST")),
            TableFactor::TableFunction { expr, alias } => self.table_function(expr, alias.as_ref()),
            TableFactor::Function { .. } => Err(self.unsupported(at(), "a table function")),
            TableFactor::Pivot { .. } | TableFactor::Unpivot { .. } => self.deeper(at, |b| b.turned(factor)),
            _ => Err(self.error(at(), "this kind of table is not part of the language")),
        }
    }

    /// A subquery of FROM. It sees what stands to the left of it only if it is LATERAL.
    fn derived(
        &mut self,
        lateral: bool,
        subquery: &Query,
        alias: Option<&TableAlias>,
        at: crate::Span,
    ) -> Bound<(RelId, Scope)> {
        let beside = self.outer.iter().rev().take_while(|o| o.beside).count();
        let from = self.outer.len() - beside;
        let seen: Vec<bool> = self.outer[from..].iter().map(|o| o.visible).collect();
        for o in &mut self.outer[from..] {
            o.visible &= lateral;
            // For the subquery it is a query around it, which its own FROM clause may read.
            o.beside = false;
        }
        let result = self.deeper(|| at, |binder| binder.query(subquery));
        for (o, seen) in self.outer[from..].iter_mut().zip(seen) {
            (o.visible, o.beside) = (seen, true);
        }
        let (rel, columns) = result?;
        let columns = match alias {
            Some(alias) => self.renamed(columns, alias)?,
            None => columns,
        };
        Ok((rel, scope_of(&columns, alias.map(|a| fold(&a.name)))))
    }

    /// Binds what may read the columns that stand to the left of it.
    fn seeing<T>(&mut self, scope: &Scope, f: impl FnOnce(&mut Self) -> T) -> T {
        self.outer.push(Outer { scope: Rc::new(scope.clone()), visible: true, beside: true });
        let result = f(self);
        self.outer.pop();
        result
    }

    /// A relation's name is one word.
    pub(super) fn single_name<'n>(&mut self, name: &'n ObjectName) -> Bound<&'n Ident> {
        match name.0.as_slice() {
            [ObjectNamePart::Identifier(ident)] => Ok(ident),
            _ => Err(self.error(span(name.span()), format!("there is no table or view '{name}'"))),
        }
    }

    /// `t AS name(c, ..)`
    pub(super) fn renamed(&mut self, mut columns: Vec<OutputColumn>, alias: &TableAlias) -> Bound<Vec<OutputColumn>> {
        if alias.columns.is_empty() {
            return Ok(columns);
        }
        if alias.columns.len() != columns.len() {
            let message = format!("{} names for {} columns", alias.columns.len(), columns.len());
            return Err(self.error(span(alias.name.span), message));
        }
        for (column, def) in columns.iter_mut().zip(&alias.columns) {
            column.name = fold(&def.name);
            column.case_sensitive = def.name.quote_style.is_some();
            column.span = span(def.name.span);
        }
        Ok(columns)
    }

    fn join(&mut self, left: (RelId, Scope), right: (RelId, Scope), join: &Join) -> Bound<(RelId, Scope)> {
        let at = span(join.relation.span());
        let (kind, constraint) = match &join.join_operator {
            JoinOperator::Join(c) | JoinOperator::Inner(c) => (Sides::Inner, c),
            JoinOperator::Left(c) | JoinOperator::LeftOuter(c) => (Sides::Left, c),
            JoinOperator::Right(c) | JoinOperator::RightOuter(c) => (Sides::Right, c),
            JoinOperator::FullOuter(c) => (Sides::Full, c),
            JoinOperator::CrossJoin(c) => (Sides::Inner, c),
            JoinOperator::AsOf { match_condition, constraint } => {
                return self.asof_join(left, right, (match_condition, constraint), at);
            }
            JoinOperator::CrossApply => (Sides::Inner, &JoinConstraint::None),
            JoinOperator::OuterApply => (Sides::Left, &JoinConstraint::None),
            _ => return Err(self.error(at, "this kind of join is not part of the language")),
        };
        let offset = self.plan.columns(left.0).len();
        let mut scope = left.1;
        let left_count = scope.columns.len();
        append(&mut scope, right.1, offset);
        if matches!(kind, Sides::Right | Sides::Full) && self.is_dependent(right.0) {
            let hint = "put it to the right of CROSS JOIN, JOIN or LEFT JOIN";
            return Err(self.error_hint(at, "a LATERAL subquery cannot be kept where the left side has no row", hint));
        }
        let mut on = vec![];
        let mut subqueries = Subqueries::default();
        match constraint {
            JoinConstraint::On(e) => {
                let subqueries = Some(&mut subqueries);
                let mut cx = Cx { scope: &scope, aliases: &[], aggregates: None, subqueries, clause: "ON" };
                on.push(self.condition(e, &mut cx)?);
            }
            JoinConstraint::Using(names) => {
                let names: Vec<Ident> =
                    names.iter().map(|n| self.single_name(n).cloned()).collect::<Bound<Vec<_>>>()?;
                on = self.using(&mut scope, left_count, &names, kind)?;
            }
            JoinConstraint::Natural => {
                let bare = |c: &&ScopeColumn| c.bare;
                let names: Vec<Ident> = scope.columns[..left_count]
                    .iter()
                    .filter(bare)
                    .filter(|l| scope.columns[left_count..].iter().any(|r| r.bare && r.name == l.name))
                    .map(|l| Ident::with_quote_and_span('"', join.relation.span(), l.name.clone()))
                    .collect();
                on = self.using(&mut scope, left_count, &names, kind)?;
            }
            JoinConstraint::None if kind == Sides::Inner => {}
            JoinConstraint::None if is_apply(&join.join_operator) => {}
            JoinConstraint::None => {
                return Err(self.error_hint(at, "an outer join needs ON or USING", "for example ON a.id = b.id"));
            }
        }
        let rel = self.joined(left.0, right.0, kind, on, subqueries, at)?;
        let types = self.plan.columns(rel).to_vec();
        for c in &mut scope.columns {
            pad(&mut c.expr, &types);
        }
        Ok((rel, scope))
    }

    /// Two relations joined on conditions over the columns of both, which may contain subqueries.
    fn joined(
        &mut self,
        left: RelId,
        right: RelId,
        kind: Sides,
        mut on: Vec<Expr>,
        subqueries: Subqueries,
        at: crate::Span,
    ) -> Bound<RelId> {
        let (offset, right_width) = (self.plan.columns(left).len(), self.plan.columns(right).len());
        let width = offset + right_width;
        let same = &mut |_: &mut Self, e: &Expr| Ok(e.clone());
        let (kind, swapped) = match kind {
            Sides::Inner if subqueries.is_empty() => {
                return self.dependent_join(left, right, JoinKind::Inner, on, same);
            }
            Sides::Inner => {
                let rel = self.dependent_join(left, right, JoinKind::Inner, vec![], same)?;
                let types = self.plan.columns(rel).to_vec();
                let mut condition = crate::expr::all(on);
                let rel = self.attach(rel, subqueries, &mut [&mut condition], same)?;
                let rel = self.plan.filter(rel, condition);
                return Ok(self.plan.retyped(rel, &types));
            }
            Sides::Full if subqueries.is_empty() => return Ok(self.plan.join(left, right, JoinKind::Full, on)),
            Sides::Full => return Err(self.unsupported(at, "a subquery in the condition of a FULL JOIN")),
            Sides::Left => (JoinKind::Left, false),
            Sides::Right => (JoinKind::Left, true),
        };
        // A right join is a left join of the two the other way round, its columns put back in place.
        let turned = move |i: usize| match i {
            i if !swapped || i >= width => i,
            i if i < offset => i + right_width,
            i => i - offset,
        };
        let (first, second) = if swapped { (right, left) } else { (left, right) };
        let split = if swapped { right_width } else { offset };
        let rel = if subqueries.is_empty() {
            on.iter_mut().for_each(|e| e.map_columns(&mut |i| turned(i)));
            self.dependent_join(first, second, kind, on, same)?
        } else {
            // What the condition leaves of the second for each row of the first.
            let level = self.outer.len();
            let place = |i: usize| match turned(i) {
                i if i < split => outer_index(level, i),
                i if i < width => i - split,
                i => i,
            };
            let mut condition = crate::expr::all(on);
            condition.map_columns(&mut |i| place(i));
            let types = self.plan.columns(second).to_vec();
            let over = &mut |_: &mut Self, e: &Expr| {
                let mut e = e.clone();
                e.map_columns(&mut |i| place(i));
                Ok(e)
            };
            let kept = self.attach(second, subqueries, &mut [&mut condition], over)?;
            let kept = self.plan.filter(kept, condition);
            let kept = self.plan.retyped(kept, &types);
            self.dependent_join(first, kept, kind, vec![], same)?
        };
        if !swapped {
            return Ok(rel);
        }
        let columns = self.plan.columns(rel).to_vec();
        let exprs = (0..width).map(|i| Expr::column(turned(i), columns[turned(i)].clone())).collect();
        Ok(self.plan.project(rel, exprs))
    }

    /// The conditions of USING; the columns of both sides become one.
    pub(super) fn using(
        &mut self,
        scope: &mut Scope,
        left_count: usize,
        names: &[Ident],
        kind: Sides,
    ) -> Bound<Vec<Expr>> {
        let mut on = vec![];
        let mut merged = vec![];
        for ident in names {
            let name = fold(ident);
            let at = span(ident.span);
            let left: Vec<usize> =
                (0..left_count).filter(|i| scope.columns[*i].bare && scope.columns[*i].name == name).collect();
            let right: Vec<usize> = (left_count..scope.columns.len())
                .filter(|i| scope.columns[*i].bare && scope.columns[*i].name == name)
                .collect();
            let (l, r) = match (left.as_slice(), right.as_slice()) {
                ([l], [r]) => (*l, *r),
                ([], _) | (_, []) => return Err(self.error(at, format!("both sides of USING need a column '{name}'"))),
                _ => return Err(self.error(at, format!("column '{name}' is ambiguous"))),
            };
            let (a, b) = (scope.columns[l].expr.clone(), scope.columns[r].expr.clone());
            on.push(self.compare(super::compare::Comparison::Eq, a.clone(), b.clone(), at)?);
            let (a, b) = self.comparable(a, b, at)?;
            let expr = match kind {
                Sides::Inner | Sides::Left => a,
                Sides::Right => b,
                Sides::Full => {
                    let (mut a, mut b) = (a, b);
                    a.ty.nullable = true;
                    b.ty.nullable = true;
                    coalesce(vec![a, b], Position::NONE)
                }
            };
            let case_sensitive = scope.columns[l].case_sensitive;
            scope.columns[l].bare = false;
            scope.columns[r].bare = false;
            merged.push(ScopeColumn { relation: None, name, case_sensitive, expr, bare: true });
        }
        scope.columns.splice(0..0, merged);
        Ok(on)
    }
}

fn is_apply(operator: &JoinOperator) -> bool {
    matches!(operator, JoinOperator::CrossApply | JoinOperator::OuterApply)
}

/// Whether something in a factor may read what stands to the left of it.
fn is_lateral(factor: &TableFactor) -> bool {
    match factor {
        TableFactor::Derived { lateral, .. } => *lateral,
        TableFactor::NestedJoin { table_with_joins, .. } => item_is_lateral(table_with_joins),
        _ => false,
    }
}

fn item_is_lateral(item: &TableWithJoins) -> bool {
    is_lateral(&item.relation)
        || item
            .joins
            .iter()
            .any(|j| is_lateral(&j.relation) || is_apply(&j.join_operator) || unnest_of(&j.relation).is_some())
}

/// Which sides of a join keep rows without a match.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sides {
    Inner,
    Left,
    Right,
    Full,
}

/// Makes an expression as nullable as the columns that it reads have become.
pub(super) fn pad(e: &mut Expr, columns: &[weir_row::ColumnType]) {
    let mut reads_nullable = false;
    e.visit_columns(&mut |i| reads_nullable |= columns[i].nullable);
    if reads_nullable {
        nullable(e);
    }
}

fn nullable(e: &mut Expr) {
    if !matches!(e.op, weir_circuit::ExprOp::Literal(_)) {
        e.ty.nullable = true;
    }
    e.children_mut().into_iter().for_each(nullable);
}

/// Adds the columns of a relation that stands to the right.
pub(super) fn append(scope: &mut Scope, right: Scope, offset: usize) {
    scope.poisoned |= right.poisoned;
    scope.columns.extend(right.columns.into_iter().map(|c| ScopeColumn { expr: shifted(&c.expr, offset), ..c }));
}

/// The columns of a relation by name.
pub(super) fn scope_of(columns: &[OutputColumn], relation: Option<String>) -> Scope {
    let columns = columns.iter().enumerate().map(|(i, c)| ScopeColumn {
        relation: relation.clone(),
        name: c.name.clone(),
        case_sensitive: c.case_sensitive,
        expr: Expr::column(i, c.ty.clone()),
        bare: true,
    });
    Scope { columns: columns.collect(), poisoned: false }
}
