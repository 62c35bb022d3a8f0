//! How many rows a relation may have: a guess from what the program says of its tables. It is good enough to tell orders of joins apart; nothing
//! depends on it but cost. The rules are those of System R (Selinger et al., SIGMOD 1979), with the key constraints that are known.

use super::Facts;
use crate::expr::conjuncts;
use crate::plan::{JoinKind, Plan, Rel, RelId};
use weir_circuit::{Expr, ExprOp};

/// Rows of a table of which the program says nothing.
const TABLE_ROWS: f64 = 10_000.0;
/// Elements of an array.
const ELEMENTS: f64 = 4.0;
/// The share of rows for which a condition of no known form is TRUE.
const SHARE: f64 = 0.4;
/// The share that is equal to a constant.
const EQUAL_SHARE: f64 = 0.05;
/// The share in an open interval.
const INTERVAL_SHARE: f64 = 0.33;
/// The share of rows that are left when equal ones are one.
const DISTINCT_SHARE: f64 = 0.3;

/// What is thought of a relation.
#[derive(Clone, Debug)]
pub(super) struct Estimate {
    /// Number of rows.
    pub(super) rows: f64,
    /// Number of rows before filters.
    pub(super) base: f64,
    /// Columns of which no two rows have the same, if known.
    pub(super) key: Option<Vec<usize>>,
}

impl Estimate {
    /// Number of distinct values of an expression.
    pub(super) fn distinct(&self, e: &Expr) -> f64 {
        let of_key = |_| if self.is_key(e) { self.base } else { self.base.powf(0.75) };
        self.key.as_ref().map_or(self.base, of_key).max(1.0)
    }

    /// Whether no two rows have the same value of an expression.
    pub(super) fn is_key(&self, e: &Expr) -> bool {
        matches!((&e.op, self.key.as_deref()), (ExprOp::Column(c), Some([k])) if c == k)
    }
}

/// The share of rows for which a condition is TRUE.
pub(super) fn share(e: &Expr) -> f64 {
    match &e.op {
        ExprOp::And(operands) => operands.iter().map(share).product(),
        ExprOp::Or(operands) => operands.iter().map(share).sum::<f64>().min(1.0),
        ExprOp::IsNull(_) => EQUAL_SHARE,
        ExprOp::Call { kernel, args } if kernel == "not_bool" => 1.0 - share(&args[0]).min(1.0),
        ExprOp::Call { kernel, .. } => match kernel.split('_').next() {
            Some("eq") => EQUAL_SHARE,
            Some("ne") => 1.0 - EQUAL_SHARE,
            Some("lt" | "le" | "gt" | "ge") => INTERVAL_SHARE,
            _ => SHARE,
        },
        _ => SHARE,
    }
}

/// What is thought of a plan's relations; inputs come before their users.
pub(super) fn estimates(plan: &Plan, facts: &[Facts]) -> Vec<Estimate> {
    let mut known: Vec<Estimate> = vec![];
    for id in 0..plan.len() {
        let estimate = of(plan, plan.rel(id), facts, &known);
        known.push(Estimate { rows: estimate.rows.max(1.0), ..estimate });
    }
    known
}

/// What is thought of a relation over others.
pub(super) fn of(plan: &Plan, rel: &Rel, facts: &[Facts], known: &[Estimate]) -> Estimate {
    let plain = |rows: f64, key: Option<Vec<usize>>| Estimate { rows, base: rows, key };
    match rel {
        Rel::Table { table } => {
            let facts = &facts[*table];
            plain(facts.rows.map_or(TABLE_ROWS, |n| n as f64), facts.key.clone())
        }
        Rel::Variable { .. } => plain(TABLE_ROWS, None),
        Rel::Values { rows } => plain(rows.len() as f64, None),
        Rel::Filter { input, predicate } => {
            let below = &known[*input];
            let by_key = below.key.as_ref().is_some_and(|key| {
                let fixed = |c: &usize| conjuncts(predicate.clone()).iter().any(|p| fixes(p, *c));
                key.iter().all(fixed)
            });
            let rows = if by_key { 1.0 } else { below.rows * share(predicate) };
            Estimate { rows, ..below.clone() }
        }
        Rel::Project { input, exprs } => {
            let place = |k: &usize| exprs.iter().position(|e| matches!(e.op, ExprOp::Column(c) if c == *k));
            let below = &known[*input];
            let key = below.key.as_ref().and_then(|key| key.iter().map(place).collect());
            Estimate { key, ..below.clone() }
        }
        Rel::Join { left, right, kind, on } => {
            let (l, r) = (&known[*left], &known[*right]);
            let fits = on.iter().filter(|e| is_equality(e)).count();
            let pairs = l.rows * r.rows;
            let equal = if fits > 0 { pairs / l.base.max(r.base) } else { pairs };
            match kind {
                JoinKind::Inner => plain(equal, None),
                JoinKind::Left => plain(equal.max(l.rows), None),
                JoinKind::Full => plain(equal.max(l.rows + r.rows), None),
                JoinKind::Semi | JoinKind::Anti => Estimate { rows: l.rows * 0.5, ..l.clone() },
            }
        }
        Rel::Aggregate { input, keys, .. } => {
            let rows = if keys.is_empty() { 1.0 } else { known[*input].rows * DISTINCT_SHARE };
            plain(rows, Some((0..keys.len()).collect()))
        }
        Rel::Distinct { input, all } => {
            let rows = known[*input].rows * if *all { 1.0 } else { DISTINCT_SHARE };
            plain(rows, (!all).then(|| (0..plan.columns(*input).len()).collect()))
        }
        Rel::Union { inputs } => plain(inputs.iter().map(|i| known[*i].rows).sum(), None),
        Rel::Rank { input, keys, upto, .. } => {
            let below = &known[*input];
            let groups = if keys.is_empty() { 1.0 } else { below.rows * DISTINCT_SHARE };
            let rows = upto.map_or(below.rows, |k| below.rows.min(groups * k as f64));
            Estimate { rows, ..below.clone() }
        }
        Rel::Window { input, .. } => known[*input].clone(),
        Rel::Unnest { input } => plain(known[*input].rows * ELEMENTS, None),
        // What passes rows on, or makes as many.
        other => match other.inputs().first() {
            Some(input) => Estimate { key: None, ..known[*input].clone() },
            None => plain(1.0, None),
        },
    }
}

/// Whether a relation is a product, of which nobody wants all rows: FROM lists that begin alike share it, which is no reason to make it.
pub(super) fn is_product(plan: &Plan, id: RelId) -> bool {
    match plan.rel(id) {
        Rel::Join { kind: JoinKind::Inner, on, .. } => !on.iter().any(is_equality),
        _ => false,
    }
}

/// Whether a condition is that a column is a constant.
fn fixes(e: &Expr, column: usize) -> bool {
    let ExprOp::Call { kernel, args } = &e.op else { return false };
    let is = |e: &Expr| matches!(e.op, ExprOp::Column(c) if c == column);
    let constant = |e: &Expr| matches!(e.op, ExprOp::Literal(_));
    kernel.starts_with("eq_") && (is(&args[0]) && constant(&args[1]) || is(&args[1]) && constant(&args[0]))
}

/// Whether a condition is an equality of two expressions with columns.
fn is_equality(e: &Expr) -> bool {
    let reads = |e: &Expr| crate::expr::columns_end(e) > 0;
    match &e.op {
        ExprOp::Call { kernel, args } => kernel.starts_with("eq_") && args.iter().all(reads),
        ExprOp::NotDistinct(a, b) => reads(a) && reads(b),
        _ => false,
    }
}
