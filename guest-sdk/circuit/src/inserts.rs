//! What only ever gains rows. Over such a stream the least value of a group is the lesser of what it was and what came, and a row that is not among the
//! first ones never will be: neither needs the rows that came before.

use crate::{Circuit, Expr, Node, Op, Table};

impl Op {
    /// Whether no step takes a row of its output away, once deltas are summed up; `of` says so of the `nodes` before. What is within a scope has
    /// iterations, which take away what the ones before them did.
    pub fn only_inserts(&self, tables: &[Table], nodes: &[Node], of: &[bool]) -> bool {
        let holds = |node: &usize| of.get(*node).copied().unwrap_or(false);
        match self {
            Op::Table { table } => tables.get(*table).is_some_and(|t| t.append_only),
            Op::Constant { .. } => true,
            // Told once for good.
            Op::Dropped { .. } => true,
            Op::Map { input, .. }
            | Op::Index { input, .. }
            | Op::Distinct { input, .. }
            | Op::Unnest { input }
            | Op::Late { input, .. } => holds(input),
            Op::Union { inputs } => inputs.iter().all(holds),
            Op::Join { left, right, .. } | Op::SemiJoin { left, right, anti: false, .. } => holds(left) && holds(right),
            // The bounds never go back.
            Op::Within { input, lower: None, .. } => holds(input),
            // Groups come, as those of DISTINCT do, if nothing but their keys is seen of them.
            Op::Aggregate { parts, global: false, filter, project } => {
                let Some(first) = parts.first().filter(|p| holds(&p.input)) else { return false };
                let keys = nodes.get(first.input).map_or(0, |n| n.key.len());
                filter.iter().chain(project).all(|e| reads_below(e, keys))
            }
            Op::Aggregate { .. }
            | Op::SemiJoin { .. }
            | Op::Within { .. }
            | Op::Rank { .. }
            | Op::Window { .. }
            | Op::Session { .. }
            | Op::Negate { .. }
            | Op::Now
            | Op::Waterline { .. }
            | Op::Least { .. }
            | Op::Import { .. }
            | Op::Variable { .. }
            | Op::Recursion { .. }
            | Op::Export { .. }
            | Op::Retain { .. }
            | Op::Output { .. } => false,
        }
    }
}

/// Whether an expression reads the first columns alone.
fn reads_below(e: &Expr, columns: usize) -> bool {
    let mut all = true;
    e.visit_columns(&mut |c| all &= c < columns);
    all
}

impl Circuit {
    /// For each node whether no step takes a row of its output away.
    pub fn only_inserts(&self) -> Vec<bool> {
        let mut of = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            of.push(node.op.only_inserts(&self.tables, &self.nodes, &of));
        }
        of
    }
}
