//! Subqueries in expressions, as joins with what the clause reads. Those that read columns of the query around them are for
//! the general method of unnesting, which is not built yet.

use super::expr::Cx;
use super::scope::Scope;
use super::{Binder, Bound, position};
use crate::Span;
use crate::expr::{any, bigint, boolean, call, case, is_not_null, is_null, not, null};
use crate::plan::{AggregateCall, AggregateKind, JoinKind, Rel, RelId};
use sqlparser::ast::Query;
use weir_circuit::{Expr, ExprOp, Position, Ranking};
use weir_row::{ColumnType, SqlType};

/// Columns from here on stand for subqueries until it is known where their values are.
pub(super) const SUBQUERY_BASE: usize = 1 << 25;

/// A subquery to be joined. Its columns stand from `first` on.
#[derive(Debug)]
struct Pending {
    rel: RelId,
    /// `None`: every row meets its only row. Else the value that its only column must equal for a match.
    wanted: Option<Expr>,
    /// It is no subquery, but the number of each row in a window.
    window: Option<Window>,
    first: usize,
}

/// A window in which rows are numbered.
#[derive(Debug)]
pub(super) struct Window {
    pub(super) keys: Vec<Expr>,
    pub(super) order: Vec<Expr>,
    pub(super) ranking: Ranking,
}

/// The subqueries of a clause.
#[derive(Debug, Default)]
pub(crate) struct Subqueries {
    pending: Vec<Pending>,
    columns: usize,
}

impl Subqueries {
    pub(super) fn add(&mut self, rel: RelId, width: usize, wanted: Option<Expr>) -> usize {
        let first = SUBQUERY_BASE + self.columns;
        self.pending.push(Pending { rel, wanted, window: None, first });
        self.columns += width;
        first
    }

    /// Adds a window; where the rows' number in it stands.
    pub(super) fn add_window(&mut self, window: Window) -> usize {
        let first = SUBQUERY_BASE + self.columns;
        self.pending.push(Pending { rel: 0, wanted: None, window: Some(window), first });
        self.columns += 1;
        first
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }
}

/// An aggregate that counts.
pub(super) fn counted(kind: AggregateKind, argument: Option<Expr>) -> AggregateCall {
    let ty = ColumnType::not_null(SqlType::BigInt);
    AggregateCall::new(kind, argument.into_iter().collect(), ty, Position::NONE)
}

impl Binder<'_> {
    /// Binds a subquery; names of the queries around it are known to be such.
    pub(super) fn subquery(&mut self, query: &Query, cx: &Cx<'_>) -> Bound<(RelId, Vec<super::OutputColumn>)> {
        self.outer.push(cx.scope.clone());
        let result = self.query(query);
        self.outer.pop();
        result
    }

    pub(super) fn allowed<'q>(&mut self, cx: &'q mut Cx<'_>, at: Span) -> Bound<&'q mut super::subquery::Subqueries> {
        let clause = cx.clause;
        match cx.subqueries.as_deref_mut() {
            Some(subqueries) => Ok(subqueries),
            None => Err(self.unsupported(at, format!("a subquery in {clause}"))),
        }
    }

    /// `(SELECT ..)` as a value: NULL if there is no row; more than one is a run-time error.
    pub(super) fn scalar_subquery(&mut self, query: &Query, at: Span, cx: &mut Cx<'_>) -> Bound<Expr> {
        let (rel, columns) = self.subquery(query, cx)?;
        if columns.len() != 1 {
            return Err(
                self.error(at, format!("a subquery used as a value has one column, but this has {}", columns.len()))
            );
        }
        let column = Expr::column(0, self.plan.columns(rel)[0].clone());
        let (rel, ty) = if self.has_one_row(rel) {
            (rel, column.ty)
        } else {
            if weir_functions::find("single_row").is_none() {
                return Err(self.unsupported(at, "a subquery that may have several rows"));
            }
            let ty = ColumnType::nullable(column.ty.sql.clone());
            let value = AggregateCall::new(AggregateKind::Max, vec![column], ty.clone(), position(at));
            let calls = vec![counted(AggregateKind::CountRows, None), value];
            let grouped = self.plan.aggregate(rel, vec![], calls, true);
            let count = Expr::column(0, ColumnType::not_null(SqlType::BigInt));
            let single = call("single_row", vec![count], SqlType::Boolean, position(at));
            let value = case(vec![(single, Expr::column(1, ty.clone()))], null(ty.sql.clone()), position(at));
            (self.plan.project(grouped, vec![value]), ty)
        };
        let ty = if columns[0].ty.sql == SqlType::Null { ColumnType::nullable(SqlType::Null) } else { ty };
        let index = self.allowed(cx, at)?.add(rel, 1, None);
        Ok(Expr { at: position(at), ..Expr::column(index, ty) })
    }

    /// Whether a relation has exactly one row, whatever the tables hold.
    fn has_one_row(&self, rel: RelId) -> bool {
        match self.plan.rel(rel) {
            Rel::Aggregate { global, .. } => *global,
            Rel::Values { rows } => rows.len() == 1,
            Rel::Project { input, .. } => self.has_one_row(*input),
            _ => false,
        }
    }

    /// `[NOT] EXISTS (..)`
    pub(super) fn exists(&mut self, query: &Query, negated: bool, at: Span, cx: &mut Cx<'_>) -> Bound<Expr> {
        let (rel, _) = self.subquery(query, cx)?;
        let count = self.plan.aggregate(rel, vec![], vec![counted(AggregateKind::CountRows, None)], true);
        let n = Expr::column(0, ColumnType::not_null(SqlType::BigInt));
        let exists = call("gt_i64", vec![n, bigint(0)], SqlType::Boolean, position(at));
        let rel = self.plan.project(count, vec![exists]);
        let index = self.allowed(cx, at)?.add(rel, 1, None);
        let e = Expr { at: position(at), ..Expr::column(index, crate::expr::BOOLEAN) };
        Ok(if negated { not(e) } else { e })
    }

    /// The rows of an IN subquery and its column, converted so that it can be compared with `e`.
    pub(super) fn in_operands(&mut self, e: Expr, query: &Query, at: Span, cx: &Cx<'_>) -> Bound<(Expr, RelId)> {
        let (rel, columns) = self.subquery(query, cx)?;
        if columns.len() != 1 {
            return Err(self.error(
                at,
                format!("a subquery whose rows are compared has one column, but this has {}", columns.len()),
            ));
        }
        let mut column = Expr::column(0, self.plan.columns(rel)[0].clone());
        if columns[0].ty.sql == SqlType::Null {
            column = null(e.ty.sql.clone());
        }
        let (e, column) = self.comparable(e, column, at)?;
        let rel = self.plan.project(rel, vec![column]);
        Ok((e, rel))
    }

    /// `e [NOT] IN (..)`, three-valued, anywhere.
    pub(super) fn in_subquery(
        &mut self,
        e: Expr,
        query: &Query,
        negated: bool,
        at: Span,
        cx: &mut Cx<'_>,
    ) -> Bound<Expr> {
        let (e, rel) = self.in_operands(e, query, at, cx)?;
        let column = self.plan.columns(rel)[0].clone();
        let place = position(at);
        let Some(_) = e.ty.sql.kind() else { return Ok(null(SqlType::Boolean)) };
        let present = self.plan.filter(rel, is_not_null(Expr::column(0, column.clone())));
        let present = self.plan.project(present, vec![Expr::column(0, ColumnType::not_null(column.sql.clone()))]);
        let distinct = self.plan.distinct(present);
        let exact = !e.ty.nullable && !column.nullable;
        let totals = self.plan.aggregate(
            rel,
            vec![],
            vec![
                counted(AggregateKind::CountRows, None),
                counted(AggregateKind::Count, Some(Expr::column(0, column.clone()))),
            ],
            true,
        );
        let subqueries = self.allowed(cx, at)?;
        let found = subqueries.add(distinct, 1, Some(e.clone()));
        let matched = is_not_null(Expr::column(found, ColumnType::nullable(column.sql)));
        let is_in = if exact {
            matched
        } else {
            let first = subqueries.add(totals, 2, None);
            let count = |i| Expr::column(first + i, ColumnType::not_null(SqlType::BigInt));
            let empty = call("eq_i64", vec![count(0), bigint(0)], SqlType::Boolean, place);
            let nulls = call("lt_i64", vec![count(1), count(0)], SqlType::Boolean, place);
            let unknown = any(vec![is_null(e), nulls]);
            let branches = vec![(matched, boolean(true)), (empty, boolean(false)), (unknown, null(SqlType::Boolean))];
            case(branches, boolean(false), place)
        };
        Ok(if negated { not(is_in) } else { is_in })
    }

    /// `e IN (..)` as a condition that rows must satisfy: a semi join; the join's inputs and condition.
    pub(super) fn semi_join(&mut self, rel: RelId, e: Expr, query: &Query, at: Span, cx: &Cx<'_>) -> Bound<RelId> {
        let width = self.plan.columns(rel).len();
        let (e, right) = self.in_operands(e, query, at, cx)?;
        let column = Expr::column(width, self.plan.columns(right)[0].clone());
        let on = self.compare(super::compare::Comparison::Eq, e, column, at)?;
        Ok(self.plan.join(rel, right, JoinKind::Semi, vec![on]))
    }

    /// Joins a clause's subqueries to the relation that it reads, and puts their columns into the clause's expressions.
    /// `over` turns expressions of subqueries into ones over the relation.
    pub(super) fn attach(
        &mut self,
        mut rel: RelId,
        subqueries: Subqueries,
        exprs: &mut [&mut Expr],
        over: &mut dyn FnMut(&mut Self, &Expr) -> Bound<Expr>,
    ) -> Bound<RelId> {
        let mut places: Vec<usize> = vec![];
        for p in subqueries.pending {
            let width = self.plan.columns(rel).len();
            if let Some(window) = p.window {
                let mut mapped = |binder: &mut Self, exprs: &[Expr]| -> Bound<Vec<Expr>> {
                    let all = exprs.iter().map(|e| {
                        let mut e = over(binder, e)?;
                        place_subqueries(&mut e, &places);
                        Ok(e)
                    });
                    all.collect()
                };
                let (keys, order) = (mapped(self, &window.keys)?, mapped(self, &window.order)?);
                let ranking = window.ranking;
                let numbered = Rel::Rank { input: rel, keys, order, ranking, numbered: true, above: 0, upto: None };
                rel = self.plan.rank(numbered);
                places.push(width);
                continue;
            }
            let sub_width = self.plan.columns(p.rel).len();
            rel = match &p.wanted {
                None => self.plan.join(rel, p.rel, JoinKind::Inner, vec![]),
                Some(wanted) => {
                    let mut wanted = over(self, wanted)?;
                    place_subqueries(&mut wanted, &places);
                    let column = Expr::column(width, self.plan.columns(p.rel)[0].clone());
                    let on = self.compare(super::compare::Comparison::Eq, wanted, column, Span::default())?;
                    self.plan.join(rel, p.rel, JoinKind::Left, vec![on])
                }
            };
            debug_assert_eq!(p.first - SUBQUERY_BASE, places.len());
            places.extend(width..width + sub_width);
        }
        for e in exprs {
            place_subqueries(e, &places);
        }
        Ok(rel)
    }

    /// Whether a name belongs to a query around this one.
    pub(super) fn is_outer(&self, relation: Option<&str>, name: &str) -> bool {
        let here = |s: &Scope| match relation {
            Some(r) => s.has_relation(r),
            None => s.columns.iter().any(|c| c.name == name),
        };
        self.outer.iter().any(here)
    }
}

fn place_subqueries(e: &mut Expr, places: &[usize]) {
    e.map_columns(&mut |i| if i >= SUBQUERY_BASE { places[i - SUBQUERY_BASE] } else { i });
}

/// Whether an expression reads a subquery's value.
pub(super) fn has_subquery(e: &Expr) -> bool {
    if let ExprOp::Column(i) = e.op {
        return i >= SUBQUERY_BASE;
    }
    e.children().into_iter().any(has_subquery)
}
