//! Rewriting plans and expressions into ones that cost less and mean the same. One pass a file; each can be switched off, which
//! tests use. Common subplans need no pass: relations and operators are hash-consed.

mod estimate;
mod fold;
mod now;
mod order;
mod prune;
mod push;
mod simplify;

pub(crate) use fold::{evaluate, fails_here, may_fail};
pub(crate) use prune::read_columns;

use crate::Program;
use crate::plan::Plan;

/// Largest expression that is computed again below the projection that computes it.
const RECOMPUTED_SIZE_MAX: usize = 12;

/// What a program says of a table, for estimates.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    /// Number of rows that are expected.
    rows: Option<u64>,
    /// The primary key.
    key: Option<Vec<usize>>,
}

/// What a program says of its tables.
pub(crate) fn facts(program: &Program) -> Vec<Facts> {
    let of = |t: &crate::Relation| {
        let size = t.properties.iter().find(|p| p.key == "expected_size");
        Facts { rows: size.and_then(|p| p.value.parse().ok()), key: t.primary_key.clone() }
    };
    program.tables.iter().map(of).collect()
}

/// Which passes run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passes {
    /// Constant folding.
    pub fold: bool,
    /// Filters move down to where they cost least.
    pub push: bool,
    /// Inner joins in the order that costs least.
    pub order: bool,
    /// Columns that nobody reads are not made.
    pub prune: bool,
}

impl Passes {
    /// All of them.
    pub const ALL: Passes = Passes { fold: true, push: true, order: true, prune: true };
    /// None of them.
    pub const NONE: Passes = Passes { fold: false, push: false, order: false, prune: false };
}

/// Runs the passes on a plan.
pub(crate) fn optimise(mut plan: Plan, facts: &[Facts], passes: Passes) -> Plan {
    if passes.fold {
        plan = simplify::simplified(&plan);
    }
    if passes.push {
        plan = push::pushed(&plan);
    }
    if passes.order {
        plan = order::ordered(&plan, facts);
    }
    if passes.fold {
        // Conditions that meet may decide each other.
        plan = simplify::simplified(&plan);
    }
    // Not to be switched off: lowering knows of the time as a relation only.
    plan = now::timed(plan);
    if passes.prune {
        plan = prune::pruned(&plan);
    }
    plan
}
