//! Subqueries in expressions, as joins with what the clause reads; dependent ones, if they read columns of the query around them.

use super::dependent::OUTER_BASE;
use super::expr::Cx;
use super::scope::Outer;
use super::window::Window;
use super::{Binder, Bound, position};
use crate::Span;
use crate::expr::{any, bigint, boolean, call, case, is_not_null, is_null, not, null};
use crate::plan::{AggregateCall, AggregateKind, JoinKind, Rel, RelId};
use sqlparser::ast::Query;
use std::rc::Rc;
use weir_circuit::{Expr, ExprOp, Position};
use weir_row::{ColumnType, SqlType};

/// Columns from here on stand for subqueries until it is known where their values are.
pub(super) const SUBQUERY_BASE: usize = 1 << 25;

/// Columns from here on stand for subqueries whose values aggregates and the keys of groups read, so that they are joined before grouping.
pub(super) const BELOW_BASE: usize = 1 << 23;

/// A subquery to be joined. Its columns stand from `first` on.
#[derive(Clone, Debug)]
struct Pending {
    rel: RelId,
    /// `None`: every row meets its only row. Else the value that its only column must equal for a match.
    wanted: Option<Expr>,
    /// It is no subquery, but what windows make of each row.
    window: Option<Window>,
    first: usize,
    width: usize,
}

/// The subqueries of a clause.
#[derive(Clone, Debug)]
pub(crate) struct Subqueries {
    pending: Vec<Pending>,
    columns: usize,
    base: usize,
    /// HAVING, of groups: what windows read are the groups for which it is TRUE.
    pub(super) having: Option<Expr>,
}

impl Default for Subqueries {
    fn default() -> Subqueries {
        Subqueries { pending: vec![], columns: 0, base: SUBQUERY_BASE, having: None }
    }
}

impl Subqueries {
    /// Those that are joined before grouping.
    pub(super) fn below() -> Subqueries {
        Subqueries { base: BELOW_BASE, ..Subqueries::default() }
    }

    pub(super) fn add(&mut self, rel: RelId, width: usize, wanted: Option<Expr>) -> usize {
        let alike = |p: &&Pending| {
            let wants = match (&p.wanted, &wanted) {
                (Some(a), Some(b)) => a.same(b),
                (a, b) => a.is_none() && b.is_none(),
            };
            p.window.is_none() && p.rel == rel && wants
        };
        if let Some(known) = self.pending.iter().find(alike) {
            return known.first;
        }
        let first = self.base + self.columns;
        self.pending.push(Pending { rel, wanted, window: None, first, width });
        self.columns += width;
        first
    }

    /// Adds a window; where its first result stands.
    pub(super) fn add_window(&mut self, window: Window) -> usize {
        let first = self.base + self.columns;
        let width = window.width();
        self.pending.push(Pending { rel: 0, wanted: None, window: Some(window), first, width });
        self.columns += width;
        first
    }

    /// An expression that reads subqueries of another clause, reading them here. `None`: it reads a window, or what is not here and is
    /// not to be `added`.
    pub(super) fn adopt(&mut self, from: &Subqueries, e: &Expr, added: bool) -> Option<Expr> {
        let mut e = e.clone();
        let mut whole = true;
        let mut place = |c: usize| {
            let Some(p) = from.pending.iter().find(|p| (p.first..p.first + p.width).contains(&c)) else { return c };
            let wanted = match &p.wanted {
                Some(w) => match self.adopt(from, w, added) {
                    Some(w) => Some(w),
                    None => {
                        whole = false;
                        return c;
                    }
                },
                None => None,
            };
            let before = self.pending.len();
            let first = self.add(p.rel, p.width, wanted);
            whole &= p.window.is_none() && (added || self.pending.len() == before);
            first + c - p.first
        };
        e.map_columns(&mut place);
        whole.then_some(e)
    }

    /// Whether an expression reads what a window makes, or a subquery that does.
    fn reads_window(&self, e: Option<&Expr>) -> bool {
        let mut reads = false;
        let mut see = |c: usize| {
            let p = self.pending.iter().find(|p| (p.first..p.first + p.width).contains(&c));
            reads |= p.is_some_and(|p| p.window.is_some() || self.reads_window(p.wanted.as_ref()));
        };
        e.iter().for_each(|e| e.visit_columns(&mut see));
        reads
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    /// Whether anything reads the columns of one.
    fn is_read(&self, of: &Pending, exprs: &[&mut Expr]) -> bool {
        let mut read = false;
        let mut see = |e: &Expr| e.visit_columns(&mut |c| read |= (of.first..of.first + of.width).contains(&c));
        exprs.iter().for_each(|e| see(e));
        self.having.iter().for_each(&mut see);
        for p in &self.pending {
            p.wanted.iter().for_each(&mut see);
            p.window.iter().flat_map(Window::exprs).for_each(&mut see);
        }
        read
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
        self.outer.push(Outer { scope: Rc::new(cx.scope.clone()), visible: true, beside: false });
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
        self.has_rows(rel, negated, at, cx)
    }

    /// As [`Binder::exists`], of the subquery's rows.
    pub(super) fn has_rows(&mut self, rel: RelId, negated: bool, at: Span, cx: &mut Cx<'_>) -> Bound<Expr> {
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
        self.is_in(e, rel, negated, at, cx)
    }

    /// As [`Binder::in_subquery`], with the subquery's rows.
    pub(super) fn is_in(&mut self, e: Expr, rel: RelId, negated: bool, at: Span, cx: &mut Cx<'_>) -> Bound<Expr> {
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

    /// `e IN (..)` as a condition that rows must satisfy: a semi join with the subquery's rows.
    pub(super) fn semi_join(&mut self, rel: RelId, e: Expr, right: RelId, kind: JoinKind, at: Span) -> Bound<RelId> {
        let width = self.plan.columns(rel).len();
        let column = Expr::column(width, self.plan.columns(right)[0].clone());
        let on = self.compare(super::compare::Comparison::Eq, e, column, at)?;
        self.dependent_join(rel, right, kind, vec![on], &mut |_, e| Ok(e.clone()))
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
        let mut places = Places { base: subqueries.base, at: vec![None; subqueries.columns] };
        // Windows are over what HAVING leaves, and that may read subqueries.
        let mut having = subqueries.having.clone();
        let early =
            |p: &&Pending| having.is_none() || p.window.is_none() && !subqueries.reads_window(p.wanted.as_ref());
        let (first, then): (Vec<_>, Vec<_>) = subqueries.pending.iter().partition(early);
        let order = first.into_iter().map(Some).chain([None]).chain(then.into_iter().map(Some));
        for p in order {
            let Some(p) = p else {
                if let Some(having) = having.take() {
                    if subqueries.reads_window(Some(&having)) {
                        let hint = "conditions on window functions are written after QUALIFY";
                        return Err(self.error_hint(at_of(&having), "HAVING cannot read a window function", hint));
                    }
                    rel = self.plan.filter(rel, places.placed(having));
                }
                continue;
            };
            if places.has(p) {
                continue;
            }
            let width = self.plan.columns(rel).len();
            if !subqueries.is_read(p, exprs) {
                // A key of the groups has its value.
                places.set(p, |_| width);
                continue;
            }
            if let Some(window) = &p.window {
                // Others of the same partition and order are made with it.
                let alike = |q: &&Pending| match &q.window {
                    Some(w) => q.first == p.first || w.joins(window) && !w.exprs().any(has_subquery) && !places.has(q),
                    None => false,
                };
                let together: Vec<&Pending> = subqueries.pending.iter().filter(alike).collect();
                let windows = together.iter().filter_map(|q| q.window.as_ref()).collect::<Vec<_>>();
                let mut mapped = |binder: &mut Self, e: &Expr| over(binder, e).map(|e| places.placed(e));
                let (made, results) = self.windowed(rel, &windows, &mut mapped)?;
                rel = made;
                for (q, results) in together.into_iter().zip(results) {
                    places.set(q, |i| results[i]);
                }
                continue;
            }
            let (kind, on) = match &p.wanted {
                None => (JoinKind::Inner, vec![]),
                Some(wanted) => {
                    let mut wanted = over(self, wanted)?;
                    places.put(&mut wanted);
                    let column = Expr::column(width, self.plan.columns(p.rel)[0].clone());
                    let on = self.compare(super::compare::Comparison::Eq, wanted, column, Span::default())?;
                    (JoinKind::Left, vec![on])
                }
            };
            rel = self.dependent_join(rel, p.rel, kind, on, over)?;
            places.set(p, |i| width + i);
        }
        for e in exprs {
            places.put(e);
        }
        Ok(rel)
    }
}

/// Where the columns of subqueries are.
struct Places {
    base: usize,
    at: Vec<Option<usize>>,
}

impl Places {
    fn put(&self, e: &mut Expr) {
        e.map_columns(&mut |i| i.checked_sub(self.base).and_then(|i| *self.at.get(i)?).unwrap_or(i));
    }

    fn placed(&self, mut e: Expr) -> Expr {
        self.put(&mut e);
        e
    }

    /// Whether it is known where a subquery's columns are.
    fn has(&self, p: &Pending) -> bool {
        self.at[p.first - self.base].is_some()
    }

    fn set(&mut self, p: &Pending, place: impl Fn(usize) -> usize) {
        (0..p.width).for_each(|i| self.at[p.first - self.base + i] = Some(place(i)));
    }
}

/// The place of an expression.
fn at_of(e: &Expr) -> Span {
    let start = crate::LineCol { line: e.at.line.max(1), column: e.at.column.max(1) };
    Span { start, end: start }
}

/// Whether an expression reads a subquery's value.
pub(super) fn has_subquery(e: &Expr) -> bool {
    if let ExprOp::Column(i) = e.op {
        return (SUBQUERY_BASE..OUTER_BASE).contains(&i);
    }
    e.children().into_iter().any(has_subquery)
}
