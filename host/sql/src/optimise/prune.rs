//! Columns that nobody reads are not made: what is needed is found from the views down, over all users of a relation, then the plan is
//! built anew from the tables up.

use crate::expr::all;
use crate::plan::{JoinKind, Plan, Rel, RelId, Window};
use std::collections::BTreeSet;
use weir_circuit::Expr;

/// The columns of a relation that are needed; `None`: the relation itself is not.
type Needed = Option<BTreeSet<usize>>;

/// The plan without needless columns.
pub(super) fn pruned(plan: &Plan) -> Plan {
    let needed = needed(plan);
    let mut out = Plan::default();
    // For each relation that is needed: the new one, which has just the needed columns in their order.
    let mut new: Vec<RelId> = vec![0; plan.len()];
    for id in 0..plan.len() {
        let Some(columns) = &needed[id] else { continue };
        new[id] = rebuild(plan, &mut out, &needed, &new, id, columns);
    }
    out.roots = plan.moved_roots(&mut |rel| new[rel]);
    out
}

/// The columns of each table that views need.
pub(crate) fn read_columns(plan: &Plan, tables: usize) -> Vec<BTreeSet<usize>> {
    let mut read = vec![BTreeSet::new(); tables];
    for (id, columns) in needed(plan).into_iter().enumerate() {
        if let Rel::Table { table } = plan.rel(id) {
            read[*table].extend(columns.into_iter().flatten());
        }
    }
    read
}

fn read(e: &Expr, into: &mut BTreeSet<usize>) {
    e.visit_columns(&mut |i| {
        into.insert(i);
    });
}

fn add(to: &mut Needed, columns: impl IntoIterator<Item = usize>) {
    to.get_or_insert_with(BTreeSet::new).extend(columns);
}

fn needed(plan: &Plan) -> Vec<Needed> {
    let mut needed: Vec<Needed> = vec![None; plan.len()];
    for root in &plan.roots {
        add(&mut needed[root.rel], 0..plan.columns(root.rel).len());
    }
    // Inputs come before their users.
    for id in (0..plan.len()).rev() {
        let Some(columns) = needed[id].clone() else { continue };
        match plan.rel(id) {
            Rel::Table { .. } | Rel::Values { .. } => {}
            // Rows are distinct by all of their columns.
            Rel::Variable { .. } => {
                let all = 0..plan.columns(id).len();
                add(&mut needed[id], all);
            }
            Rel::Recursion { bodies, .. } => {
                let all = 0..plan.columns(id).len();
                add(&mut needed[id], all);
                for body in bodies {
                    add(&mut needed[*body], 0..plan.columns(*body).len());
                }
            }
            Rel::Filter { input, predicate } => {
                let mut below = columns;
                read(predicate, &mut below);
                add(&mut needed[*input], below);
            }
            Rel::Project { input, exprs } => {
                let mut below = BTreeSet::new();
                columns.iter().for_each(|c| read(&exprs[*c], &mut below));
                add(&mut needed[*input], below);
            }
            Rel::Join { left, right, on, .. } => {
                let width = plan.columns(*left).len();
                let mut both = columns;
                on.iter().for_each(|e| read(e, &mut both));
                add(&mut needed[*left], both.iter().copied().filter(|c| *c < width));
                add(&mut needed[*right], both.iter().filter(|c| **c >= width).map(|c| c - width));
            }
            Rel::Aggregate { input, keys, calls, .. } => {
                let mut below = BTreeSet::new();
                keys.iter().for_each(|k| read(k, &mut below));
                for c in columns.iter().filter(|c| **c >= keys.len()) {
                    calls[c - keys.len()].reads().for_each(|e| read(e, &mut below));
                }
                add(&mut needed[*input], below);
            }
            Rel::Distinct { input, .. } => {
                let all = 0..plan.columns(*input).len();
                add(&mut needed[*input], all.clone());
                add(&mut needed[id], all);
            }
            Rel::Rank { input, keys, order, .. } => {
                let number = plan.columns(*input).len();
                let mut below: BTreeSet<usize> = columns.into_iter().filter(|c| *c < number).collect();
                keys.iter().chain(order).for_each(|e| read(e, &mut below));
                add(&mut needed[*input], below);
            }
            Rel::Window { input, window } => {
                let number = plan.columns(*input).len();
                let mut below: BTreeSet<usize> = columns.iter().copied().filter(|c| *c < number).collect();
                kept(window, number, &columns).0.exprs().for_each(|e| read(e, &mut below));
                add(&mut needed[*input], below);
            }
            Rel::Unnest { input } => {
                let array = plan.columns(*input).len() - 1;
                add(&mut needed[*input], columns.into_iter().filter(|c| *c < array).chain([array]));
            }
            Rel::Now => {}
            Rel::Within { input, time, .. } => {
                let mut below = columns;
                read(time, &mut below);
                add(&mut needed[*input], below);
            }
            Rel::Session { input, keys, time, .. } => {
                let width = plan.columns(*input).len();
                let mut below: BTreeSet<usize> = columns.into_iter().filter(|c| *c < width).collect();
                keys.iter().chain([time]).for_each(|e| read(e, &mut below));
                add(&mut needed[*input], below);
            }
            // What is dropped is told whole.
            Rel::Late { input, .. } | Rel::Dropped { late: input } => {
                let all = 0..plan.columns(*input).len();
                add(&mut needed[*input], all.clone());
                add(&mut needed[id], all);
            }
            Rel::Negate { input } => add(&mut needed[*input], columns),
            Rel::Union { inputs } => {
                for input in inputs {
                    add(&mut needed[*input], columns.iter().copied());
                }
            }
        }
    }
    needed
}

/// The window with the calls whose results are needed, and which columns these are; the first result is column `number`.
fn kept(window: &Window, number: usize, columns: &BTreeSet<usize>) -> (Window, Vec<usize>) {
    let mut window = window.clone();
    let (mut column, mut results) = (number, vec![]);
    for frame in &mut window.frames {
        frame.calls.retain(|_| {
            column += 1;
            let wanted = columns.contains(&(column - 1));
            results.extend(wanted.then_some(column - 1));
            wanted
        });
    }
    window.frames.retain(|f| !f.calls.is_empty());
    if window.frames.is_empty() {
        (window.keys, window.order) = (vec![], vec![]);
    }
    (window, results)
}

/// Where a needed column is among the needed ones.
fn place(needed: &Needed, column: usize) -> usize {
    needed.as_ref().map_or(0, |n| n.range(..column).count())
}

fn rebuild(
    plan: &Plan,
    out: &mut Plan,
    needed: &[Needed],
    new: &[RelId],
    id: RelId,
    columns: &BTreeSet<usize>,
) -> RelId {
    let moved = |e: &Expr, input: RelId| {
        let mut e = e.clone();
        e.map_columns(&mut |i| place(&needed[input], i));
        e
    };
    // The relation, and where it has which of the old columns.
    let (rel, has): (RelId, Vec<usize>) = match plan.rel(id) {
        Rel::Table { table } => {
            let all = plan.columns(id).to_vec();
            let has = (0..all.len()).collect();
            (out.table(*table, all), has)
        }
        Rel::Values { rows } => {
            let all = plan.columns(id).to_vec();
            let has = (0..all.len()).collect();
            (out.values(rows.clone(), all), has)
        }
        Rel::Variable { variable } => {
            let all = plan.columns(id).to_vec();
            let has = (0..all.len()).collect();
            (out.variable(*variable, all), has)
        }
        Rel::Recursion { variables, bodies, index, name, at } => {
            let bodies: Vec<RelId> = bodies.iter().map(|b| new[*b]).collect();
            let (variables, index, name, at) = (variables.clone(), *index, name.clone(), *at);
            let rel = out.recursion(Rel::Recursion { variables, bodies, index, name, at });
            (rel, columns.iter().copied().collect())
        }
        Rel::Filter { input, predicate } => {
            let has = needed[*input].iter().flatten().copied().collect();
            (out.filter(new[*input], moved(predicate, *input)), has)
        }
        Rel::Project { input, exprs } => {
            let exprs = columns.iter().map(|c| moved(&exprs[*c], *input)).collect();
            (out.project(new[*input], exprs), columns.iter().copied().collect())
        }
        // The time is there always: a join with it that does not read it adds nothing.
        Rel::Join { left, right, kind: JoinKind::Inner, on }
            if matches!(plan.rel(*right), Rel::Now) && needed[*right].as_ref().is_none_or(BTreeSet::is_empty) =>
        {
            let has = needed[*left].iter().flatten().copied().collect();
            (out.filter(new[*left], all(on.iter().map(|e| moved(e, *left)).collect())), has)
        }
        Rel::Join { left, right, kind, on } => {
            let width = plan.columns(*left).len();
            let left_has: Vec<usize> = needed[*left].iter().flatten().copied().collect();
            let on = on.iter().map(|e| {
                let mut e = e.clone();
                e.map_columns(&mut |i| match i < width {
                    true => place(&needed[*left], i),
                    false => left_has.len() + place(&needed[*right], i - width),
                });
                e
            });
            let on = on.collect();
            let mut has = left_has.clone();
            if !matches!(kind, JoinKind::Semi | JoinKind::Anti) {
                has.extend(needed[*right].iter().flatten().map(|c| c + width));
            }
            (out.join(new[*left], new[*right], *kind, on), has)
        }
        Rel::Aggregate { input, keys, calls, global } => {
            let wanted = |i: &usize| columns.contains(&(keys.len() + i));
            let kept: Vec<usize> = (0..calls.len()).filter(wanted).collect();
            let has = (0..keys.len()).chain(kept.iter().map(|i| keys.len() + i)).collect();
            let calls = kept.iter().map(|i| calls[*i].clone().map_reads(&mut |e| moved(e, *input))).collect();
            let keys = keys.iter().map(|k| moved(k, *input)).collect();
            (out.aggregate(new[*input], keys, calls, *global), has)
        }
        Rel::Distinct { input, all } => {
            let rel = if *all { out.positive(new[*input]) } else { out.distinct(new[*input]) };
            (rel, columns.iter().copied().collect())
        }
        Rel::Negate { input } => {
            let has = needed[*input].iter().flatten().copied().collect();
            (out.negate(new[*input]), has)
        }
        Rel::Rank { input, keys, order, ranking, numbered, above, upto } => {
            let number = plan.columns(*input).len();
            let numbered = *numbered && columns.contains(&number);
            let has = needed[*input].iter().flatten().copied().chain(numbered.then_some(number)).collect();
            let rel = Rel::Rank {
                input: new[*input],
                keys: keys.iter().map(|e| moved(e, *input)).collect(),
                order: order.iter().map(|e| moved(e, *input)).collect(),
                ranking: *ranking,
                numbered,
                above: *above,
                upto: *upto,
            };
            (out.rank(rel), has)
        }
        Rel::Window { input, window } => {
            let number = plan.columns(*input).len();
            let (window, results) = kept(window, number, columns);
            let window = window.map(&mut |e| moved(e, *input));
            let has = needed[*input].iter().flatten().copied().chain(results).collect();
            (out.window(new[*input], window), has)
        }
        Rel::Unnest { input } => {
            // The array is the last column, before and after.
            let array = plan.columns(*input).len() - 1;
            let has = needed[*input].iter().flatten().copied().chain([array + 1]).collect();
            (out.unnest(new[*input]), has)
        }
        Rel::Now => (out.now(), vec![0]),
        Rel::Within { input, time, bounds } => {
            let has = needed[*input].iter().flatten().copied().collect();
            (out.within(new[*input], moved(time, *input), (**bounds).clone()), has)
        }
        Rel::Session { input, keys, time, gap } => {
            let width = plan.columns(*input).len();
            let has = needed[*input].iter().flatten().copied().chain([width, width + 1]).collect();
            let keys = keys.iter().map(|e| moved(e, *input)).collect();
            (out.session(new[*input], keys, moved(time, *input), *gap), has)
        }
        Rel::Late { .. } | Rel::Dropped { .. } => {
            let rel = out.rebuilt(plan, id, &|input| new[input], &Expr::clone);
            (rel, columns.iter().copied().collect())
        }
        Rel::Union { inputs } => {
            let inputs = inputs.iter().map(|i| {
                // An input may have columns that others of its users need.
                let has: Vec<usize> = needed[*i].iter().flatten().copied().collect();
                chosen(plan, out, *i, new[*i], &has, columns)
            });
            let inputs = inputs.collect::<Vec<_>>();
            (out.union(inputs), columns.iter().copied().collect())
        }
    };
    chosen(plan, out, id, rel, &has, columns)
}

/// Just the needed columns of a relation that has these of the old ones, at their old types.
fn chosen(plan: &Plan, out: &mut Plan, old: RelId, rel: RelId, has: &[usize], columns: &BTreeSet<usize>) -> RelId {
    let exprs = columns.iter().map(|c| {
        // Every needed column is there.
        let at = has.iter().position(|h| h == c).unwrap_or(usize::MAX);
        Expr::column(at, plan.columns(old)[*c].clone())
    });
    let exprs = exprs.collect();
    out.project(rel, exprs)
}
