//! Taking relations over from another plan.

use super::{AggregateCall, Plan, Rel, RelId, Root};
use weir_circuit::{Expr, LateColumn};

impl Plan {
    /// A relation of another plan over the new inputs, its expressions changed; it has the columns that it had. `new` says what the other plan's
    /// relations have become.
    pub(crate) fn rebuilt(
        &mut self,
        from: &Plan,
        id: RelId,
        new: &dyn Fn(RelId) -> RelId,
        change: &dyn Fn(&Expr) -> Expr,
    ) -> RelId {
        let all = |exprs: &[Expr]| exprs.iter().map(change).collect::<Vec<_>>();
        match from.rel(id) {
            Rel::Table { table } => self.table(*table, from.columns(id).to_vec()),
            Rel::Values { rows } => self.values(rows.clone(), from.columns(id).to_vec()),
            Rel::Filter { input, predicate } => self.filter(new(*input), change(predicate)),
            Rel::Project { input, exprs } => self.project(new(*input), all(exprs)),
            Rel::Join { left, right, kind, on } => self.join(new(*left), new(*right), *kind, all(on)),
            Rel::Aggregate { input, keys, calls, global } => {
                let calls: Vec<AggregateCall> = calls.iter().map(|c| c.clone().map_reads(&mut |e| change(e))).collect();
                self.aggregate(new(*input), all(keys), calls, *global)
            }
            Rel::Distinct { input, all: false } => self.distinct(new(*input)),
            Rel::Distinct { input, all: true } => self.positive(new(*input)),
            Rel::Negate { input } => self.negate(new(*input)),
            Rel::Union { inputs } => self.union(inputs.iter().map(|i| new(*i)).collect()),
            Rel::Rank { input, keys, order, ranking, numbered, above, upto } => self.rank(Rel::Rank {
                input: new(*input),
                keys: all(keys),
                order: all(order),
                ranking: *ranking,
                numbered: *numbered,
                above: *above,
                upto: *upto,
            }),
            Rel::Window { input, window } => self.window(new(*input), window.clone().map(&mut |e| change(e))),
            Rel::Unnest { input } => self.unnest(new(*input)),
            Rel::Variable { variable } => self.variable(*variable, from.columns(id).to_vec()),
            Rel::Recursion { variables, bodies, index, name, at } => self.recursion(Rel::Recursion {
                variables: variables.clone(),
                bodies: bodies.iter().map(|b| new(*b)).collect(),
                index: *index,
                name: name.clone(),
                at: *at,
            }),
            Rel::Now => self.now(),
            Rel::Within { input, time, bounds } => self.within(new(*input), change(time), (**bounds).clone()),
            Rel::Session { input, keys, time, gap } => self.session(new(*input), all(keys), change(time), *gap),
            Rel::Late { input, columns, of_table } => {
                let change = |c: &LateColumn| LateColumn { column: c.column, waterline: change(&c.waterline) };
                self.late(new(*input), columns.iter().map(change).collect(), *of_table)
            }
            Rel::Dropped { late } => self.dropped(new(*late)),
        }
    }

    /// Its roots, if relations have become others.
    pub(crate) fn moved_roots(&self, new: &mut dyn FnMut(RelId) -> RelId) -> Vec<Root> {
        self.roots.iter().map(|r| Root { rel: new(r.rel), ..r.clone() }).collect()
    }
}
