//! FROM: relations by name, subqueries, joins.

use super::expr::Cx;
use super::names::closest;
use super::scope::{Scope, ScopeColumn};
use super::unnest::{Unnest, unnest_of};
use super::{Binder, Bound, Declared, OutputColumn, Reported};
use crate::expr::{coalesce, shifted};
use crate::parse::{fold, span};
use crate::plan::{JoinKind, RelId};
use sqlparser::ast::{
    Ident, Join, JoinConstraint, JoinOperator, ObjectName, ObjectNamePart, Spanned, TableAlias, TableFactor,
    TableWithJoins,
};
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
            None if name == "error_view" => Err(self.unsupported(at, "a query of error_view")),
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
            let next = self.table_with_joins(item);
            result = Some(match (result, next) {
                (None, next) => next,
                (Some(Ok((left, mut scope))), Ok((right, right_scope))) => {
                    let offset = self.plan.columns(left).len();
                    append(&mut scope, right_scope, offset);
                    Ok((self.plan.join(left, right, JoinKind::Inner, vec![]), scope))
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
            let right = self.factor(&join.relation);
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
                if *lateral {
                    return Err(self.unsupported(at(), "LATERAL"));
                }
                let (rel, columns) = self.query(subquery)?;
                let columns = match alias {
                    Some(alias) => self.renamed(columns, alias)?,
                    None => columns,
                };
                Ok((rel, scope_of(&columns, alias.as_ref().map(|a| fold(&a.name)))))
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

    /// A relation's name is one word.
    fn single_name<'n>(&mut self, name: &'n ObjectName) -> Bound<&'n Ident> {
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
            JoinOperator::AsOf { .. } => return Err(self.unsupported(at, "ASOF JOIN")),
            JoinOperator::CrossApply | JoinOperator::OuterApply => return Err(self.unsupported(at, "APPLY")),
            _ => return Err(self.error(at, "this kind of join is not part of the language")),
        };
        let offset = self.plan.columns(left.0).len();
        let width = offset + self.plan.columns(right.0).len();
        let mut scope = left.1;
        let left_count = scope.columns.len();
        append(&mut scope, right.1, offset);
        let mut on = vec![];
        match constraint {
            JoinConstraint::On(e) => {
                let mut cx = Cx { scope: &scope, aliases: &[], aggregates: None, subqueries: None, clause: "ON" };
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
            JoinConstraint::None => {
                return Err(self.error_hint(at, "an outer join needs ON or USING", "for example ON a.id = b.id"));
            }
        }
        let rel = match kind {
            Sides::Inner => self.plan.join(left.0, right.0, JoinKind::Inner, on),
            Sides::Left => self.plan.join(left.0, right.0, JoinKind::Left, on),
            Sides::Full => self.plan.join(left.0, right.0, JoinKind::Full, on),
            Sides::Right => {
                // A left join of the two the other way round, its columns put back in place.
                let right_width = width - offset;
                let turned = |i: usize| if i < offset { i + right_width } else { i - offset };
                for e in &mut on {
                    e.map_columns(&mut |i| turned(i));
                }
                let rel = self.plan.join(right.0, left.0, JoinKind::Left, on);
                let columns = self.plan.columns(rel).to_vec();
                let exprs = (0..width).map(|i| Expr::column(turned(i), columns[turned(i)].clone())).collect();
                self.plan.project(rel, exprs)
            }
        };
        let types = self.plan.columns(rel).to_vec();
        for c in &mut scope.columns {
            pad(&mut c.expr, &types);
        }
        Ok((rel, scope))
    }

    /// The conditions of USING; the columns of both sides become one.
    fn using(&mut self, scope: &mut Scope, left_count: usize, names: &[Ident], kind: Sides) -> Bound<Vec<Expr>> {
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

/// Which sides of a join keep rows without a match.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sides {
    Inner,
    Left,
    Right,
    Full,
}

/// Makes an expression as nullable as the columns that it reads have become.
fn pad(e: &mut Expr, columns: &[weir_row::ColumnType]) {
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
fn append(scope: &mut Scope, right: Scope, offset: usize) {
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
