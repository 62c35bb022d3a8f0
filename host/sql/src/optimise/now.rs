//! What reads NOW. A condition that compares something of a row with a function of the time that never goes back keeps the rows in order of that
//! something, so that a step touches the rows only that the time passes; everything else meets the time as a relation of one row.

use super::fold::may_fail;
use crate::expr::{all, conjuncts, is_now, reads_now};
use crate::monotone::{advances, variable};
use crate::plan::{Bounds, JoinKind, Plan, Rel, RelId};
use weir_circuit::{Expr, ExprOp, is_ordered_word};
use weir_row::{ColumnType, SqlType, Value};

/// The time's type.
const TIME: ColumnType = ColumnType::not_null(SqlType::Timestamp);
/// Longest interval that is moved from one side of a comparison to the other: whoever compares with more means no time that comes.
const MOVED_MICROS_MAX: i64 = 1_000 * 366 * 86_400_000_000;

/// The plan with the time as a relation.
pub(super) fn timed(plan: Plan) -> Plan {
    let mut any = false;
    for id in 0..plan.len() {
        plan.rel(id).visit_exprs(&mut |e| any |= reads_now(e));
    }
    if !any {
        return plan;
    }
    let mut out = Plan::default();
    let mut new: Vec<RelId> = vec![];
    for id in 0..plan.len() {
        let mut reads = false;
        plan.rel(id).visit_exprs(&mut |e| reads |= reads_now(e));
        let rel = match plan.rel(id) {
            _ if !reads => out.rebuilt(&plan, id, &|input| new[input], &Expr::clone),
            Rel::Filter { input, predicate } => filter(&mut out, new[*input], predicate),
            Rel::Join { left, right, kind, on } => join(&mut out, new[*left], new[*right], *kind, on),
            rel => {
                let input = rel.inputs()[0];
                let width = out.columns(new[input]).len();
                let joined = with_now(&mut out, new[input]);
                let rel = out.rebuilt(&plan, id, &|_| joined, &|e| as_column(e, width));
                // Operators that pass their input's columns on, with more behind them, pass the time on too.
                match out.columns(rel).len() > plan.columns(id).len() {
                    true => without(&mut out, rel, width),
                    false => rel,
                }
            }
        };
        new.push(rel);
    }
    out.roots = plan.moved_roots(&mut |rel| new[rel]);
    out
}

/// The expression with NOW as a column.
fn as_column(e: &Expr, column: usize) -> Expr {
    if is_now(e) {
        return Expr { at: e.at, ..Expr::column(column, TIME) };
    }
    let mut e = e.clone();
    e.children_mut().into_iter().for_each(|child| *child = as_column(child, column));
    e
}

/// A relation with the time as its last column.
fn with_now(out: &mut Plan, rel: RelId) -> RelId {
    let now = out.now();
    out.join(rel, now, JoinKind::Inner, vec![])
}

/// A relation without a column.
fn without(out: &mut Plan, rel: RelId, column: usize) -> RelId {
    let columns = out.columns(rel).to_vec();
    let exprs = columns.into_iter().enumerate().filter(|(i, _)| *i != column);
    let exprs = exprs.map(|(i, ty)| Expr::column(i, ty)).collect();
    out.project(rel, exprs)
}

fn filter(out: &mut Plan, input: RelId, predicate: &Expr) -> RelId {
    let (timed, plain): (Vec<Expr>, Vec<Expr>) = conjuncts(predicate.clone()).into_iter().partition(reads_now);
    // What can be an error waits until the time has decided.
    let (failing, plain): (Vec<Expr>, Vec<Expr>) = plain.into_iter().partition(may_fail);
    let mut rel = out.filter(input, all(plain));
    let mut within: Vec<Within> = vec![];
    let mut others = vec![];
    for e in timed {
        match Within::of(&e) {
            Some(one) => match within.iter_mut().find(|w| w.takes(&one)) {
                Some(both) => {
                    both.bounds.lower = both.bounds.lower.take().or(one.bounds.lower);
                    both.bounds.upper = both.bounds.upper.take().or(one.bounds.upper);
                }
                None => within.push(one),
            },
            None => others.push(e),
        }
    }
    for Within { time, bounds } in within {
        rel = out.within(rel, time, bounds);
    }
    rel = out.filter(rel, all(failing));
    if others.is_empty() {
        return rel;
    }
    let width = out.columns(rel).len();
    let joined = with_now(out, rel);
    let others = others.iter().map(|e| as_column(e, width)).collect();
    let filtered = out.filter(joined, all(others));
    without(out, filtered, width)
}

/// A join whose condition reads the time: the left input brings it along.
fn join(out: &mut Plan, left: RelId, right: RelId, kind: JoinKind, on: &[Expr]) -> RelId {
    let width = out.columns(left).len();
    let left = with_now(out, left);
    let on = on.iter().map(|e| {
        let mut e = e.clone();
        e.map_columns(&mut |i| if i < width { i } else { i + 1 });
        as_column(&e, width)
    });
    let on = on.collect();
    let rel = out.join(left, right, kind, on);
    without(out, rel, width)
}

/// Bounds of something of a row.
struct Within {
    time: Expr,
    bounds: Bounds,
}

impl Within {
    /// A condition as bounds, if it is one.
    fn of(e: &Expr) -> Option<Within> {
        let ExprOp::Call { kernel, args } = &e.op else { return None };
        let [a, b] = args.as_slice() else { return None };
        let (comparison, kind) = kernel.split_once('_')?;
        if a.ty.sql.kind()?.name() != kind || !is_ordered_word(&a.ty.sql) {
            return None;
        }
        let turned = match comparison {
            "lt" => "gt",
            "le" => "ge",
            "gt" => "lt",
            "ge" => "le",
            "eq" => "eq",
            _ => return None,
        };
        let (time, comparison, bound) = match (reads_now(a), reads_now(b)) {
            (false, true) => (a.clone(), comparison, b.clone()),
            (true, false) => (b.clone(), turned, a.clone()),
            _ => return None,
        };
        // (now - t) < c, (t - now) > c: the interval goes to the other side.
        let (time, comparison, bound) = match moved(&time, &bound) {
            Some((time, bound, true)) => (time, comparison, bound),
            Some((time, bound, false)) => {
                let turned = match comparison {
                    "lt" => "gt",
                    "le" => "ge",
                    "gt" => "lt",
                    "ge" => "le",
                    other => other,
                };
                (time, turned, bound)
            }
            None => (time, comparison, bound),
        };
        // (Neither side may read what the other does, and the time is to be read.)
        let mut columns = 0;
        time.visit_columns(&mut |_| columns += 1);
        if reads_now(&time) || columns == 0 || !is_ordered_word(&time.ty.sql) {
            return None;
        }
        let bound = as_column(&bound, 0);
        if variable(&bound) != Some(0) || !advances(&bound) || bound.ty.nullable {
            return None;
        }
        let (lower, upper) = match comparison {
            "gt" => (Some((bound, false)), None),
            "ge" => (Some((bound, true)), None),
            "lt" => (None, Some((bound, false))),
            "le" => (None, Some((bound, true))),
            _ => (Some((bound.clone(), true)), Some((bound, true))),
        };
        Some(Within { time, bounds: Bounds { lower, upper } })
    }

    /// Whether another condition is a bound more of the same.
    fn takes(&self, other: &Within) -> bool {
        let (a, b) = (&self.bounds, &other.bounds);
        let apart = !(a.lower.is_some() && b.lower.is_some() || a.upper.is_some() && b.upper.is_some());
        apart && self.time.same(&other.time)
    }
}

/// A difference of something of a row and the time, and an interval that it is compared with: the first, what that is compared with instead, and
/// whether in the same way.
fn moved(interval: &Expr, difference: &Expr) -> Option<(Expr, Expr, bool)> {
    let ExprOp::Literal(Value::Micros(by)) = interval.op else { return None };
    let ExprOp::Call { kernel, args } = &difference.op else { return None };
    let [a, b] = args.as_slice() else { return None };
    if kernel != "diff_ts_micros" || by.abs() > MOVED_MICROS_MAX {
        return None;
    }
    let shift = |e: &Expr, name: &str| {
        crate::expr::call(name, vec![e.clone(), interval.clone()], e.ty.sql.clone(), difference.at)
    };
    match (reads_now(a), reads_now(b)) {
        // c > now - t is t > now - c.
        (true, false) => Some((b.clone(), shift(a, "sub_ts_micros"), true)),
        // c > t - now is t < now + c.
        (false, true) => Some((a.clone(), shift(b, "add_ts_micros"), false)),
        _ => None,
    }
}
