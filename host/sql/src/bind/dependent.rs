//! Dependent joins: relations that read columns of the rows they are joined to, which correlated subqueries and LATERAL are.
//!
//! One method unnests all of them: the distinct values that a relation reads of the other side are its *domain*; the relation is computed
//! for the whole domain at once, with the domain's columns before its own, and joined by them (Neumann and Kemper, "Unnesting Arbitrary Queries",
//! BTW 2015). Three things make that cheaper where they apply: conditions above everything else that reads the other side
//! become conditions of the join; an aggregation of everything gets its row for an empty group from the join, not from the
//! domain; and a filter that equates each column of the domain with something it reads needs no domain, since the join leaves out
//! what was computed in vain.

use super::{Binder, Bound, Span};
use crate::expr::{
    all, bigint, boolean, case, coalesce, conjuncts, is_not_null, is_null, not_distinct, null, replaced,
};
use crate::optimise::may_fail;
use crate::plan::{AggregateCall, AggregateKind, JoinKind, Rel, RelId};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use weir_circuit::{Expr, ExprOp, Position};
use weir_row::item::ItemWriter;
use weir_row::{ColumnType, Value};

/// Columns from here on are those of queries around the one that reads them, [`LEVEL`] for each query.
pub(super) const OUTER_BASE: usize = 1 << 27;
/// Most columns of a FROM clause that subqueries can read.
const LEVEL: usize = 1 << 18;
/// Largest expression that is moved above a join that it stood below.
const MOVED_SIZE_MAX: usize = 1_000;

/// The index of a column of the `level`th query around.
pub(super) fn outer_index(level: usize, column: usize) -> usize {
    OUTER_BASE + level * LEVEL + column
}

/// What a relation reads of the queries around it: columns, with where each is read first.
pub(super) type Free = Rc<BTreeMap<usize, Expr>>;

/// The values of the other side that a relation is computed for.
struct Domain {
    /// Each of them once.
    rel: RelId,
    /// Which columns of which query its columns are.
    reads: Vec<usize>,
    types: Vec<ColumnType>,
    /// Whether nothing may be computed for other values, since it might fail.
    exact: bool,
    /// What relations have become.
    done: HashMap<RelId, RelId>,
}

impl Domain {
    fn width(&self) -> usize {
        self.reads.len()
    }

    /// An expression of a relation over the domain's columns and then the relation's, which begin at `offset`.
    fn over(&self, e: &Expr, offset: usize) -> Expr {
        self.over_both(e, 0, &|i| i + offset)
    }

    /// As [`Domain::over`], with the domain's columns from `first` on, and the relation's as `place` says.
    fn over_both(&self, e: &Expr, first: usize, place: &dyn Fn(usize) -> usize) -> Expr {
        replaced(&moved(e, place), &|i| {
            let d = self.reads.iter().position(|r| *r == i)?;
            Some(Expr::column(first + d, self.types[d].clone()))
        })
    }

    /// Its columns, from `first` on.
    fn columns(&self, first: usize) -> Vec<Expr> {
        self.types.iter().enumerate().map(|(i, ty)| Expr::column(first + i, ty.clone())).collect()
    }

    /// That its columns are the same in two places.
    fn same(&self, first: usize, second: usize) -> Vec<Expr> {
        let pairs = self.columns(first).into_iter().zip(self.columns(second));
        pairs.map(|(a, b)| not_distinct(a, b, Position::NONE)).collect()
    }

    fn reads(&self, e: &Expr) -> bool {
        let mut reads = false;
        e.visit_columns(&mut |i| reads |= self.reads.contains(&i));
        reads
    }
}

/// A relation as projections and filters over another: expressions and conditions over its columns.
struct Peeled {
    core: RelId,
    exprs: Vec<Expr>,
    conditions: Vec<Expr>,
}

/// An expression with its own columns in other places.
fn moved(e: &Expr, place: &dyn Fn(usize) -> usize) -> Expr {
    let mut e = e.clone();
    e.map_columns(&mut |i| if i < OUTER_BASE { place(i) } else { i });
    e
}

/// An expression over another relation's columns.
fn inside(e: &Expr, column: &dyn Fn(usize) -> Expr) -> Expr {
    replaced(e, &|i| (i < OUTER_BASE).then(|| column(i)))
}

/// A condition of a join over the left columns and what the right ones are.
fn with_right(e: &Expr, width: usize, right: &[Expr]) -> Expr {
    replaced(e, &|i| (width..OUTER_BASE).contains(&i).then(|| right[i - width].clone()))
}

fn columns_of(types: &[ColumnType]) -> Vec<Expr> {
    types.iter().enumerate().map(|(i, ty)| Expr::column(i, ty.clone())).collect()
}

/// The value of an aggregate of no rows.
fn of_nothing(call: &AggregateCall) -> Option<Expr> {
    let item = |begin: fn(&mut ItemWriter)| {
        let mut out = ItemWriter::new();
        begin(&mut out);
        out.end();
        Expr::literal(Value::Item(out.finish().into()), ColumnType::not_null(call.ty.sql.clone()))
    };
    match call.kind {
        AggregateKind::CountRows | AggregateKind::Count => Some(bigint(0)),
        AggregateKind::Array => Some(item(ItemWriter::begin_array)),
        AggregateKind::Map => Some(item(ItemWriter::begin_map)),
        _ => None,
    }
}

impl Binder<'_> {
    /// The column of the `level`th query around, counted from outside, as an inner query reads it.
    pub(super) fn outer_column(&mut self, level: usize, e: &Expr, at: Span) -> Bound<Expr> {
        let mut widest = 0;
        e.visit_columns(&mut |i| widest = widest.max(i));
        if widest >= LEVEL {
            return Err(self.error(at, "the query around this one has too many columns for a subquery to read them"));
        }
        let mut e = e.clone();
        e.map_columns(&mut |i| outer_index(level, i));
        e.at = super::position(at);
        Ok(e)
    }

    /// What a relation reads of the queries around it.
    pub(super) fn free(&mut self, rel: RelId) -> Free {
        if let Some(free) = self.free.get(&rel) {
            return free.clone();
        }
        let mut free = BTreeMap::new();
        for input in self.plan.rel(rel).inputs() {
            for (column, e) in self.free(input).iter() {
                free.entry(*column).or_insert_with(|| e.clone());
            }
        }
        self.plan.rel(rel).visit_exprs(&mut |e| outer_columns(e, &mut free));
        let free = Rc::new(free);
        self.free.insert(rel, free.clone());
        free
    }

    /// Whether a relation reads columns of the query that is being bound.
    pub(super) fn is_dependent(&mut self, rel: RelId) -> bool {
        let from = OUTER_BASE + self.outer.len() * LEVEL;
        self.free(rel).range(from..from + LEVEL).next().is_some()
    }

    /// `left` joined to `right`, which may read the columns of the query that is being bound: `outer` says what they are over `left`.
    /// Conditions read the left columns, then the right ones. Kinds are inner, left, semi and anti.
    pub(super) fn dependent_join(
        &mut self,
        left: RelId,
        right: RelId,
        kind: JoinKind,
        on: Vec<Expr>,
        outer: &mut dyn FnMut(&mut Self, &Expr) -> Bound<Expr>,
    ) -> Bound<RelId> {
        let base = OUTER_BASE + self.outer.len() * LEVEL;
        let mut reads = vec![];
        let mut values = vec![];
        for (column, e) in self.free(right).range(base..base + LEVEL) {
            let value = outer(self, &Expr { at: e.at, ..Expr::column(column - base, e.ty.clone()) })?;
            // A column of what stands further outside stays what it is.
            if !matches!(value.op, ExprOp::Column(i) if i == *column) {
                reads.push(*column);
                values.push(value);
            }
        }
        if reads.is_empty() {
            return Ok(self.plan.join(left, right, kind, on));
        }
        let values_of = |i: usize| reads.iter().position(|r| *r == i).map(|at| values[at].clone());
        let correlated = |binder: &mut Self, rel: RelId| reads.iter().any(|r| binder.free(rel).contains_key(r));
        let peeled = self.peel(right, &correlated);
        if let Some(peeled) = peeled {
            if !correlated(self, peeled.core) {
                return Ok(self.join_peeled(left, &peeled, kind, on, &values_of));
            }
            if matches!(kind, JoinKind::Inner | JoinKind::Left)
                && let Rel::Aggregate { input, calls, global: true, .. } = self.plan.rel(peeled.core).clone()
            {
                let mut domain = self.domain(left, right, reads.clone(), values.clone());
                return self.join_total(left, &peeled, input, &calls, (kind, on), &mut domain, &values);
            }
        }
        let mut domain = self.domain(left, right, reads, values.clone());
        let (width, k) = (self.plan.columns(left).len(), domain.width());
        let inner = self.over_domain(right, &mut domain)?;
        let found = self.plan.columns(inner)[..k].to_vec();
        let mut conditions = same(&values, width, &found);
        conditions.extend(on.iter().map(|e| moved(e, &|i| if i < width { i } else { i + k })));
        let joined = self.plan.join(left, inner, kind, conditions);
        if matches!(kind, JoinKind::Semi | JoinKind::Anti) {
            return Ok(joined);
        }
        let mut columns = columns_of(self.plan.columns(joined));
        columns.drain(width..width + k);
        Ok(self.plan.project(joined, columns))
    }

    /// The distinct values that `right` reads of `left`.
    fn domain(&mut self, left: RelId, right: RelId, reads: Vec<usize>, values: Vec<Expr>) -> Domain {
        let types = values.iter().map(|e| e.ty.clone()).collect();
        let exact = self.may_fail_on(right, &reads);
        let rel = self.plan.project(left, values);
        let rel = self.plan.distinct(rel);
        Domain { rel, reads, types, exact, done: HashMap::new() }
    }

    /// Whether something between a relation and what reads none of these columns can fail at run time.
    fn may_fail_on(&mut self, rel: RelId, reads: &[usize]) -> bool {
        let free = self.free(rel);
        if !reads.iter().any(|r| free.contains_key(r)) {
            return false;
        }
        let mut fails = false;
        self.plan.rel(rel).visit_exprs(&mut |e| fails |= may_fail(e));
        fails || self.plan.rel(rel).inputs().into_iter().any(|input| self.may_fail_on(input, reads))
    }

    /// The projections and filters of a relation down to what does not depend, or is neither.
    fn peel(&mut self, mut rel: RelId, correlated: &dyn Fn(&mut Self, RelId) -> bool) -> Option<Peeled> {
        let mut exprs = columns_of(self.plan.columns(rel));
        let mut conditions: Vec<Expr> = vec![];
        while correlated(self, rel) {
            match self.plan.rel(rel) {
                Rel::Filter { input, predicate } => {
                    // Those below come first: they may keep those above from failing.
                    conditions.splice(0..0, conjuncts(predicate.clone()));
                    rel = *input;
                }
                Rel::Project { input, exprs: made } => {
                    let moved = |e: &Expr| inside(e, &|i| made[i].clone());
                    exprs = exprs.iter().map(moved).collect();
                    conditions = conditions.iter().map(moved).collect();
                    rel = *input;
                }
                _ => break,
            }
            if exprs.iter().chain(&conditions).any(|e| crate::expr::size(e) > MOVED_SIZE_MAX) {
                return None;
            }
        }
        Some(Peeled { core: rel, exprs, conditions })
    }

    /// The join with a relation of which only projections and filters read the other side.
    fn join_peeled(
        &mut self,
        left: RelId,
        peeled: &Peeled,
        kind: JoinKind,
        on: Vec<Expr>,
        values: &dyn Fn(usize) -> Option<Expr>,
    ) -> RelId {
        let width = self.plan.columns(left).len();
        let mut core = peeled.core;
        let core_width = self.plan.columns(core).len();
        let over = |e: &Expr| over_pair(e, width, values);
        let exprs: Vec<Expr> = peeled.exprs.iter().map(over).collect();
        let mut conditions: Vec<Expr> = peeled.conditions.iter().map(over).collect();
        conditions.extend(on.iter().map(|e| with_right(e, width, &exprs)));
        let bare = |e: &Expr| matches!(e.op, ExprOp::Column(i) if i >= width);
        // Where there is no match, what is computed is NULL, too.
        let marked = kind == JoinKind::Left && !exprs.iter().all(bare);
        if marked {
            let mut columns = columns_of(self.plan.columns(core));
            columns.push(boolean(true));
            core = self.plan.project(core, columns);
        }
        let joined = self.plan.join(left, core, kind, conditions);
        if matches!(kind, JoinKind::Semi | JoinKind::Anti) {
            return joined;
        }
        let types = self.plan.columns(joined).to_vec();
        let missing = is_null(Expr::column(width + core_width, ColumnType::nullable(crate::expr::BOOLEAN.sql)));
        let mut columns = columns_of(&types[..width]);
        columns.extend(exprs.iter().map(|e| {
            let padded = replaced(e, &|i| types.get(i).map(|ty| Expr::column(i, ty.clone())));
            if marked && !bare(e) {
                case(vec![(missing.clone(), null(e.ty.sql.clone()))], padded, e.at)
            } else {
                padded
            }
        }));
        self.plan.project(joined, columns)
    }

    /// The join with an aggregation of everything, below projections and filters: each left row meets one row.
    #[allow(clippy::too_many_arguments)]
    fn join_total(
        &mut self,
        left: RelId,
        peeled: &Peeled,
        input: RelId,
        calls: &[AggregateCall],
        (kind, on): (JoinKind, Vec<Expr>),
        domain: &mut Domain,
        values: &[Expr],
    ) -> Bound<RelId> {
        let width = self.plan.columns(left).len();
        let k = domain.width();
        let grouped = self.grouped_over(input, calls, &[], domain)?;
        let found = self.plan.columns(grouped)[..k].to_vec();
        let joined = self.plan.join(left, grouped, JoinKind::Left, same(values, width, &found));
        let types = self.plan.columns(joined).to_vec();
        // The aggregates, also of groups that are not there.
        let result = |i: usize| {
            let value = Expr::column(width + k + i, types[width + k + i].clone());
            match of_nothing(&calls[i]) {
                Some(empty) => coalesce(vec![value, empty], calls[i].at),
                None => value,
            }
        };
        let reads = domain.reads.clone();
        let value_of = |i: usize| reads.iter().position(|r| *r == i).map(|at| values[at].clone());
        let over = |e: &Expr| replaced(e, &|i| if i < OUTER_BASE { Some(result(i)) } else { value_of(i) });
        let exprs: Vec<Expr> = peeled.exprs.iter().map(over).collect();
        let mut conditions: Vec<Expr> = peeled.conditions.iter().map(over).collect();
        conditions.extend(on.iter().map(|e| with_right(e, width, &exprs)));
        let condition = all(conditions);
        let always = crate::expr::is_true_literal(&condition);
        let mut columns = columns_of(&types[..width]);
        if kind == JoinKind::Left && !always {
            let only_then = |e: Expr| {
                let (sql, at) = (e.ty.sql.clone(), e.at);
                case(vec![(condition.clone(), e)], null(sql), at)
            };
            columns.extend(exprs.into_iter().map(only_then));
            return Ok(self.plan.project(joined, columns));
        }
        columns.extend(exprs);
        let kept = self.plan.filter(joined, condition);
        Ok(self.plan.project(kept, columns))
    }

    /// Groups for the whole domain, without those that have no row: the domain's columns, keys, aggregates.
    fn grouped_over(
        &mut self,
        input: RelId,
        calls: &[AggregateCall],
        keys: &[Expr],
        domain: &mut Domain,
    ) -> Bound<RelId> {
        let k = domain.width();
        let rows = self.over_domain(input, domain)?;
        let found = self.plan.columns(rows)[..k].to_vec();
        let mut all_keys = columns_of(&found);
        all_keys.extend(keys.iter().map(|e| domain.over(e, k)));
        let calls = calls.iter().map(|c| c.clone().map_reads(&mut |e| domain.over(e, k))).collect();
        Ok(self.plan.aggregate(rows, all_keys, calls, false))
    }

    /// A relation for the whole domain: the domain's columns, then its own.
    fn over_domain(&mut self, rel: RelId, domain: &mut Domain) -> Bound<RelId> {
        if let Some(done) = domain.done.get(&rel) {
            return Ok(*done);
        }
        let new = self.deeper(Span::default, |binder| binder.over_domain_here(rel, domain))?;
        self.repeated(1, Span::default(), "unnesting subqueries")?;
        domain.done.insert(rel, new);
        Ok(new)
    }

    fn over_domain_here(&mut self, rel: RelId, domain: &mut Domain) -> Bound<RelId> {
        let k = domain.width();
        if !self.reads_domain(rel, domain) {
            return Ok(self.plan.join(domain.rel, rel, JoinKind::Inner, vec![]));
        }
        Ok(match self.plan.rel(rel).clone() {
            // (None of these reads the domain; what a recursive query would read of others is an error.)
            Rel::Table { .. }
            | Rel::Values { .. }
            | Rel::Variable { .. }
            | Rel::Recursion { .. }
            | Rel::Now
            | Rel::Within { .. }
            | Rel::Late { .. }
            | Rel::Dropped { .. } => self.plan.join(domain.rel, rel, JoinKind::Inner, vec![]),
            Rel::Session { input, keys, time, gap } => {
                let input = self.over_domain(input, domain)?;
                let mut all_keys = columns_of(&self.plan.columns(input)[..k]);
                all_keys.extend(keys.iter().map(|e| domain.over(e, k)));
                let time = domain.over(&time, k);
                self.plan.session(input, all_keys, time, gap)
            }
            Rel::Filter { input, predicate } => {
                if !self.reads_domain(input, domain) {
                    return Ok(self.filtered(input, predicate, domain));
                }
                let input = self.over_domain(input, domain)?;
                let predicate = domain.over(&predicate, k);
                self.plan.filter(input, predicate)
            }
            Rel::Project { input, exprs } => {
                let input = self.over_domain(input, domain)?;
                let mut columns = columns_of(&self.plan.columns(input)[..k]);
                columns.extend(exprs.iter().map(|e| domain.over(e, k)));
                self.plan.project(input, columns)
            }
            Rel::Join { left, right, kind, on } => self.join_over(left, right, kind, &on, domain)?,
            Rel::Aggregate { input, keys, calls, global } => {
                let grouped = self.grouped_over(input, &calls, &keys, domain)?;
                if !global {
                    return Ok(grouped);
                }
                // A row for each of the domain, whether it has rows or not.
                let on = domain.same(0, k);
                let every = self.plan.join(domain.rel, grouped, JoinKind::Left, on);
                let types = self.plan.columns(every).to_vec();
                let mut columns = domain.columns(0);
                for (i, call) in calls.iter().enumerate() {
                    let value = Expr::column(2 * k + i, types[2 * k + i].clone());
                    columns.push(match of_nothing(call) {
                        Some(empty) => coalesce(vec![value, empty], call.at),
                        None => value,
                    });
                }
                self.plan.project(every, columns)
            }
            Rel::Distinct { input, all } => {
                let input = self.over_domain(input, domain)?;
                if all { self.plan.positive(input) } else { self.plan.distinct(input) }
            }
            Rel::Negate { input } => {
                let input = self.over_domain(input, domain)?;
                self.plan.negate(input)
            }
            Rel::Union { inputs } => {
                let inputs = inputs.into_iter().map(|i| self.over_domain(i, domain)).collect::<Bound<Vec<_>>>()?;
                self.plan.union(inputs)
            }
            Rel::Rank { input, keys, order, ranking, numbered, above, upto } => {
                let input = self.over_domain(input, domain)?;
                let mut all_keys = columns_of(&self.plan.columns(input)[..k]);
                all_keys.extend(keys.iter().map(|e| domain.over(e, k)));
                let order = order.iter().map(|e| domain.over(e, k)).collect();
                self.plan.rank(Rel::Rank { input, keys: all_keys, order, ranking, numbered, above, upto })
            }
            Rel::Window { input, window } => {
                let input = self.over_domain(input, domain)?;
                let keys = columns_of(&self.plan.columns(input)[..k]);
                let mut window = window.map(&mut |e| domain.over(e, k));
                window.keys.splice(0..0, keys);
                self.plan.window(input, window)
            }
            Rel::Unnest { input } => {
                let input = self.over_domain(input, domain)?;
                self.plan.unnest(input)
            }
        })
    }

    fn reads_domain(&mut self, rel: RelId, domain: &Domain) -> bool {
        let free = self.free(rel);
        domain.reads.iter().any(|r| free.contains_key(r))
    }

    /// A filter that reads the domain, over what does not.
    fn filtered(&mut self, input: RelId, predicate: Expr, domain: &Domain) -> RelId {
        let k = domain.width();
        let conditions = conjuncts(predicate);
        if domain.exact {
            let on = conditions.iter().map(|e| domain.over(e, k)).collect();
            return self.plan.join(domain.rel, input, JoinKind::Inner, on);
        }
        // What the domain's columns are equal to.
        let equal: Vec<Option<Expr>> = (0..k).map(|d| conditions.iter().find_map(|e| equated(e, d, domain))).collect();
        let Some(equal) = equal.into_iter().collect::<Option<Vec<Expr>>>() else {
            let on = conditions.iter().map(|e| domain.over(e, k)).collect();
            return self.plan.join(domain.rel, input, JoinKind::Inner, on);
        };
        let (mut others, own): (Vec<Expr>, Vec<Expr>) = conditions.into_iter().partition(|e| domain.reads(e));
        let used = |e: &Expr| (0..k).any(|d| equated(e, d, domain).is_some_and(|x| x.same(&equal[d])));
        others.retain(|e| !used(e));
        let present = equal.iter().map(|e| is_not_null(e.clone()));
        let rows = self.plan.filter(input, all(own.into_iter().chain(present).collect()));
        let types = self.plan.columns(rows).to_vec();
        // (The constant NULL is not there either, but has no other type.)
        let type_of =
            |e: &Expr| ColumnType { sql: e.ty.sql.clone(), nullable: matches!(e.op, ExprOp::Literal(Value::Null)) };
        let mut columns: Vec<Expr> = equal.into_iter().map(|e| Expr { ty: type_of(&e), ..e }).collect();
        columns.extend(columns_of(&types));
        let rows = self.plan.project(rows, columns);
        let rest = all(others.iter().map(|e| domain.over(e, k)).collect());
        self.plan.filter(rows, rest)
    }

    /// A join of which a side, or the condition, reads the domain.
    fn join_over(
        &mut self,
        left: RelId,
        right: RelId,
        kind: JoinKind,
        on: &[Expr],
        domain: &mut Domain,
    ) -> Bound<RelId> {
        let k = domain.width();
        let (width, right_width) = (self.plan.columns(left).len(), self.plan.columns(right).len());
        let reads_right = self.reads_domain(right, domain);
        if kind == JoinKind::Inner && reads_right && !self.reads_domain(left, domain) {
            let r = self.over_domain(right, domain)?;
            // Left, domain, right: the domain comes first in the end.
            let place = |i: usize| if i < width { i } else { i + k };
            let on = on.iter().map(|e| domain.over_both(e, width, &place)).collect();
            let joined = self.plan.join(left, r, kind, on);
            let types = columns_of(self.plan.columns(joined));
            let columns = [&types[width..width + k], &types[..width], &types[width + k..]].concat();
            return Ok(self.plan.project(joined, columns));
        }
        let l = self.over_domain(left, domain)?;
        if !reads_right && kind != JoinKind::Full {
            let on = on.iter().map(|e| domain.over(e, k)).collect();
            return Ok(self.plan.join(l, right, kind, on));
        }
        // Both sides for the whole domain, joined by it.
        let r = self.over_domain(right, domain)?;
        let place = |i: usize| if i < width { i + k } else { i + 2 * k };
        let (of_left, of_right) = (self.plan.columns(l)[..k].to_vec(), self.plan.columns(r)[..k].to_vec());
        let mut conditions = same(&columns_of(&of_left), k + width, &of_right);
        conditions.extend(on.iter().map(|e| domain.over_both(e, 0, &place)));
        let joined = self.plan.join(l, r, kind, conditions);
        if matches!(kind, JoinKind::Semi | JoinKind::Anti) {
            return Ok(joined);
        }
        let types = columns_of(self.plan.columns(joined));
        let second = k + width;
        let mut columns: Vec<Expr> = (0..k)
            .map(|d| match kind {
                JoinKind::Full => coalesce(vec![types[d].clone(), types[second + d].clone()], Position::NONE),
                _ => types[d].clone(),
            })
            .collect();
        columns.extend_from_slice(&types[k..k + width]);
        columns.extend_from_slice(&types[second + k..second + k + right_width]);
        Ok(self.plan.project(joined, columns))
    }
}

/// What a condition says that column `d` of the domain is equal to, of what does not read the domain.
fn equated(e: &Expr, d: usize, domain: &Domain) -> Option<Expr> {
    let ExprOp::Call { kernel, args } = &e.op else { return None };
    let [a, b] = args.as_slice() else { return None };
    let is_it = |e: &Expr| matches!(e.op, ExprOp::Column(i) if i == domain.reads[d]);
    let other = match (is_it(a), is_it(b)) {
        (true, false) => b,
        (false, true) => a,
        _ => return None,
    };
    let alike = other.ty.sql.kind() == domain.types[d].sql.kind() && kernel.starts_with("eq_");
    (alike && !domain.reads(other) && !may_fail(other)).then(|| other.clone())
}

/// That values over the left columns are the columns of another relation, which begin at `first`.
fn same(values: &[Expr], first: usize, found: &[ColumnType]) -> Vec<Expr> {
    let pairs = values.iter().zip(found).enumerate();
    pairs.map(|(i, (v, ty))| not_distinct(v.clone(), Expr::column(first + i, ty.clone()), Position::NONE)).collect()
}

/// An expression of a relation that stands to the right of `width` columns, with what it reads of them.
fn over_pair(e: &Expr, width: usize, values: &dyn Fn(usize) -> Option<Expr>) -> Expr {
    replaced(&moved(e, &|i| i + width), values)
}

/// The columns of queries around that an expression reads.
fn outer_columns(e: &Expr, into: &mut BTreeMap<usize, Expr>) {
    if let ExprOp::Column(i) = e.op
        && i >= OUTER_BASE
    {
        into.entry(i).or_insert_with(|| e.clone());
    }
    e.children().into_iter().for_each(|c| outer_columns(c, into));
}
