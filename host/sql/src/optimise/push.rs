//! Filters move down: through projections, into the inputs of joins, unions, DISTINCT, and groups by key. A condition on both inputs of
//! an inner join becomes a condition of the join, where it may be a key. A left join whose padding a filter throws away is an inner
//! join. A condition that can fail at run time is not moved below a join: it might meet rows that the join would drop.

use super::RECOMPUTED_SIZE_MAX;
use super::estimate::is_product;
use super::fold::may_fail;
use crate::expr::{all, any, columns_end, conjuncts, size, substitute};
use crate::plan::{JoinKind, Plan, Rel, RelId};
use std::collections::HashMap;
use weir_circuit::{Expr, ExprOp};
use weir_row::Value;

struct Push<'p> {
    plan: &'p Plan,
    uses: Vec<usize>,
    out: Plan,
    /// Relations without a filter from above.
    done: HashMap<RelId, RelId>,
}

/// The plan with its filters as low as they go.
pub(super) fn pushed(plan: &Plan) -> Plan {
    let mut push = Push { plan, uses: plan.uses(), out: Plan::default(), done: HashMap::new() };
    push.out.roots = plan.moved_roots(&mut |rel| push.rel(rel, vec![]));
    push.out
}

/// Whether an expression reads columns of `from..to` only, and at least one.
fn only(e: &Expr, from: usize, to: usize) -> bool {
    let (mut inside, mut outside) = (false, false);
    e.visit_columns(&mut |i| if (from..to).contains(&i) { inside = true } else { outside = true });
    inside && !outside
}

/// The greatest number, from column `number`, of which a condition can be TRUE, if it says so.
fn bound(e: &Expr, number: usize) -> Option<u64> {
    let ExprOp::Call { kernel, args } = &e.op else { return None };
    let [a, b] = args.as_slice() else { return None };
    let is_number = |e: &Expr| matches!(e.op, ExprOp::Column(c) if c == number);
    let (kernel, limit) = match (&a.op, &b.op) {
        (_, ExprOp::Literal(Value::I64(limit))) if is_number(a) => (kernel.as_str(), *limit),
        (ExprOp::Literal(Value::I64(limit)), _) if is_number(b) => {
            let turned = match kernel.as_str() {
                "ge_i64" => "le_i64",
                "gt_i64" => "lt_i64",
                "eq_i64" => "eq_i64",
                _ => return None,
            };
            (turned, *limit)
        }
        _ => return None,
    };
    match kernel {
        "le_i64" | "eq_i64" => Some(u64::try_from(limit).unwrap_or(0)),
        "lt_i64" => Some(u64::try_from(limit).unwrap_or(0).saturating_sub(1)),
        _ => None,
    }
}

/// Whether a condition is never TRUE when all columns from `from` on are NULL.
fn rejects_nulls(e: &Expr, from: usize) -> bool {
    match &e.op {
        ExprOp::Call { kernel, args } if kernel == "not_bool" => match &args[0].op {
            ExprOp::IsNull(operand) => is_strict(operand) && columns_end(operand) > from,
            _ => is_strict(e) && columns_end(e) > from,
        },
        ExprOp::Call { .. } => is_strict(e) && columns_end(e) > from,
        ExprOp::Column(i) => *i >= from,
        ExprOp::And(operands) => operands.iter().any(|o| rejects_nulls(o, from)),
        ExprOp::Or(operands) => operands.iter().all(|o| rejects_nulls(o, from)),
        _ => false,
    }
}

/// What a disjunction over both inputs of a join says of each alone: one of what its operands say of it, if all of them do.
fn implied(e: &Expr, width: usize) -> Vec<Expr> {
    let ExprOp::Or(operands) = &e.op else { return vec![] };
    let of_side = |from: usize, to: usize| -> Option<Expr> {
        let says = |operand: &Expr| {
            let about: Vec<Expr> = conjuncts(operand.clone()).into_iter().filter(|p| only(p, from, to)).collect();
            (!about.is_empty() && !about.iter().any(may_fail)).then(|| all(about))
        };
        operands.iter().map(says).collect::<Option<Vec<Expr>>>().map(any)
    };
    // What is about one side only goes there whole.
    let end = columns_end(e).max(width);
    if only(e, 0, width) || only(e, width, end) {
        return vec![];
    }
    of_side(0, width).into_iter().chain(of_side(width, end)).collect()
}

/// Whether an expression is NULL when any column of it is.
fn is_strict(e: &Expr) -> bool {
    match &e.op {
        ExprOp::Column(_) | ExprOp::Literal(_) => true,
        ExprOp::Call { args, .. } => args.iter().all(is_strict),
        _ => false,
    }
}

impl Push<'_> {
    /// A relation's rows for which the predicates are TRUE.
    fn rel(&mut self, id: RelId, predicates: Vec<Expr>) -> RelId {
        if predicates.is_empty() {
            if let Some(done) = self.done.get(&id) {
                return *done;
            }
            let new = self.inside(id, vec![]);
            self.done.insert(id, new);
            return new;
        }
        let linear = matches!(self.plan.rel(id), Rel::Filter { .. } | Rel::Project { .. });
        if self.uses[id] > 1 && !linear && !is_product(self.plan, id) {
            // Others want all rows: keep the relation shared.
            let all_rows = self.rel(id, vec![]);
            return self.out.filter(all_rows, all(predicates));
        }
        self.inside(id, predicates)
    }

    fn inside(&mut self, id: RelId, mut predicates: Vec<Expr>) -> RelId {
        match self.plan.rel(id) {
            Rel::Table { table } => {
                let rel = self.out.table(*table, self.plan.columns(id).to_vec());
                self.out.filter(rel, all(predicates))
            }
            Rel::Values { rows } => {
                let rel = self.out.values(rows.clone(), self.plan.columns(id).to_vec());
                self.out.filter(rel, all(predicates))
            }
            Rel::Filter { input, predicate } => {
                let mut both = conjuncts(predicate.clone());
                both.append(&mut predicates);
                self.rel(*input, both)
            }
            Rel::Project { input, exprs } => {
                let cheap = |p: &Expr| {
                    let mut cheap = true;
                    p.visit_columns(&mut |i| cheap &= size(&exprs[i]) <= RECOMPUTED_SIZE_MAX);
                    cheap
                };
                let (below, above): (Vec<Expr>, Vec<Expr>) = predicates.into_iter().partition(cheap);
                let below = below.iter().map(|p| substitute(p, &|i| exprs[i].clone())).collect();
                let input = self.rel(*input, below);
                let rel = self.out.project(input, exprs.clone());
                self.out.filter(rel, all(above))
            }
            Rel::Join { left, right, kind, on } => self.join(*left, *right, *kind, on, predicates),
            Rel::Aggregate { input, keys, calls, global } => {
                let (below, above): (Vec<Expr>, Vec<Expr>) =
                    predicates.into_iter().partition(|p| !global && only(p, 0, keys.len()) && !may_fail(p));
                let below = below.iter().map(|p| substitute(p, &|i| keys[i].clone())).collect();
                let input = self.rel(*input, below);
                let rel = self.out.aggregate(input, keys.clone(), calls.clone(), *global);
                self.out.filter(rel, all(above))
            }
            Rel::Rank { input, keys, order, ranking, numbered, above, upto } => {
                // A bound on the number is a bound on what is looked at. What says only which keys matter goes below.
                let number = self.plan.columns(*input).len();
                let bounds = predicates.iter().filter_map(|p| if *numbered { bound(p, number) } else { None });
                let upto = bounds.chain(*upto).min();
                let is_key = |c: usize| keys.iter().any(|k| matches!(k.op, ExprOp::Column(k) if k == c));
                let of_keys = |p: &Expr| {
                    let mut all = true;
                    p.visit_columns(&mut |c| all &= c < number && is_key(c));
                    all && only(p, 0, number) && !may_fail(p)
                };
                let (below, above_it): (Vec<Expr>, Vec<Expr>) = predicates.into_iter().partition(of_keys);
                let input = self.rel(*input, below);
                let rel = self.out.rank(Rel::Rank {
                    input,
                    keys: keys.clone(),
                    order: order.clone(),
                    ranking: *ranking,
                    numbered: *numbered,
                    above: *above,
                    upto,
                });
                self.out.filter(rel, all(above_it))
            }
            Rel::Window { input, window } => {
                // What says only which keys matter goes below.
                let width = self.plan.columns(*input).len();
                let is_key = |c: usize| window.keys.iter().any(|k| matches!(k.op, ExprOp::Column(k) if k == c));
                let of_keys = |p: &Expr| {
                    let mut all = true;
                    p.visit_columns(&mut |c| all &= c < width && is_key(c));
                    all && only(p, 0, width) && !may_fail(p)
                };
                let (below, above): (Vec<Expr>, Vec<Expr>) = predicates.into_iter().partition(of_keys);
                let input = self.rel(*input, below);
                let rel = self.out.window(input, window.clone());
                self.out.filter(rel, all(above))
            }
            Rel::Unnest { input } => {
                let array = self.plan.columns(*input).len() - 1;
                let (below, above): (Vec<Expr>, Vec<Expr>) =
                    predicates.into_iter().partition(|p| only(p, 0, array) && !may_fail(p));
                let input = self.rel(*input, below);
                let rel = self.out.unnest(input);
                self.out.filter(rel, all(above))
            }
            Rel::Distinct { input, all: false } => {
                let input = self.rel(*input, predicates);
                self.out.distinct(input)
            }
            Rel::Distinct { input, all: true } => {
                // It has not all of the rows below.
                let (above, below): (Vec<Expr>, Vec<Expr>) = predicates.into_iter().partition(may_fail);
                let input = self.rel(*input, below);
                let rel = self.out.positive(input);
                self.out.filter(rel, all(above))
            }
            Rel::Negate { input } => {
                let input = self.rel(*input, predicates);
                self.out.negate(input)
            }
            Rel::Variable { variable } => {
                let rel = self.out.variable(*variable, self.plan.columns(id).to_vec());
                self.out.filter(rel, all(predicates))
            }
            // A row that is dropped from what comes of a recursion may have been needed on the way.
            Rel::Recursion { variables, bodies, index, name, at } => {
                let whole = |b: &RelId| {
                    let rel = self.rel(*b, vec![]);
                    self.out.retyped(rel, self.plan.columns(*b))
                };
                let bodies = bodies.iter().map(whole).collect();
                let (variables, index, name, at) = (variables.clone(), *index, name.clone(), *at);
                let rel = self.out.recursion(Rel::Recursion { variables, bodies, index, name, at });
                self.out.filter(rel, all(predicates))
            }
            // What goes below a lateness would change what is late; the others are rare above others.
            Rel::Now | Rel::Within { .. } | Rel::Session { .. } | Rel::Late { .. } | Rel::Dropped { .. } => {
                let inputs = self.plan.rel(id).inputs();
                let new: Vec<(RelId, RelId)> = inputs.into_iter().map(|i| (i, self.rel(i, vec![]))).collect();
                let find = |id: RelId| new.iter().find(|(old, _)| *old == id).map_or(id, |(_, new)| *new);
                let rel = self.out.rebuilt(self.plan, id, &find, &Expr::clone);
                self.out.filter(rel, all(predicates))
            }
            Rel::Union { inputs } => {
                let inputs = inputs.iter().map(|i| self.rel(*i, predicates.clone())).collect();
                let rel = self.out.union(inputs);
                self.out.retyped(rel, self.plan.columns(id))
            }
        }
    }

    fn join(&mut self, left: RelId, right: RelId, kind: JoinKind, on: &[Expr], predicates: Vec<Expr>) -> RelId {
        let width = self.plan.columns(left).len();
        let end = width + self.plan.columns(right).len();
        if kind == JoinKind::Left
            && let Some(rel) = self.without_match(left, right, on, &predicates)
        {
            return rel;
        }
        let kind = match kind {
            JoinKind::Left if predicates.iter().any(|p| rejects_nulls(p, width)) => JoinKind::Inner,
            other => other,
        };
        let mut to_left = vec![];
        let mut to_right = vec![];
        let mut conditions = vec![];
        let mut above = vec![];
        let sides = |p: Expr, left: bool, right: bool, to_left: &mut Vec<Expr>, to_right: &mut Vec<Expr>| {
            if left && only(&p, 0, width) && !may_fail(&p) {
                to_left.push(p);
                None
            } else if right && only(&p, width, end) && !may_fail(&p) {
                let mut p = p;
                p.map_columns(&mut |i| i - width);
                to_right.push(p);
                None
            } else {
                Some(p)
            }
        };
        for p in on.iter().cloned() {
            // An outer join's condition on the side that it keeps whole does not drop rows.
            let (l, r) = match kind {
                JoinKind::Inner | JoinKind::Semi => (true, true),
                JoinKind::Left | JoinKind::Anti => (false, true),
                JoinKind::Full => (false, false),
            };
            for implied in implied(&p, width) {
                sides(implied, l, r, &mut to_left, &mut to_right);
            }
            conditions.extend(sides(p, l, r, &mut to_left, &mut to_right));
        }
        for p in predicates {
            let (l, r) = match kind {
                JoinKind::Inner => (true, true),
                JoinKind::Left | JoinKind::Semi | JoinKind::Anti => (true, false),
                JoinKind::Full => (false, false),
            };
            for implied in implied(&p, width) {
                sides(implied, l, r, &mut to_left, &mut to_right);
            }
            let rest = sides(p, l, r, &mut to_left, &mut to_right);
            if kind == JoinKind::Inner { conditions.extend(rest) } else { above.extend(rest) }
        }
        let (left, right) = (self.rel(left, to_left), self.rel(right, to_right));
        let rel = self.out.join(left, right, kind, conditions);
        self.out.filter(rel, all(above))
    }

    /// A left join of which only the padded rows pass: a column of the right that cannot be NULL must be.
    fn without_match(&mut self, left: RelId, right: RelId, on: &[Expr], predicates: &[Expr]) -> Option<RelId> {
        let width = self.plan.columns(left).len();
        let right_columns = self.plan.columns(right).to_vec();
        let tells = |p: &Expr| match &p.op {
            ExprOp::IsNull(e) => matches!(e.op, ExprOp::Column(c) if c >= width && !right_columns[c - width].nullable),
            _ => false,
        };
        predicates.iter().find(|p| tells(p))?;
        let mut to_left = vec![];
        let mut above = vec![];
        for p in predicates {
            match p {
                p if only(p, 0, width) && !may_fail(p) => to_left.push(p.clone()),
                p if tells(p) => {}
                p => above.push(p.clone()),
            }
        }
        let columns = self.plan.columns(left).to_vec();
        let (left, right) = (self.rel(left, to_left), self.rel(right, vec![]));
        let rel = self.out.join(left, right, JoinKind::Anti, on.to_vec());
        let mut exprs: Vec<Expr> = columns.iter().enumerate().map(|(i, ty)| Expr::column(i, ty.clone())).collect();
        exprs.extend(right_columns.iter().map(|c| crate::expr::null(c.sql.clone())));
        let rel = self.out.project(rel, exprs);
        Some(self.out.filter(rel, all(above)))
    }
}
