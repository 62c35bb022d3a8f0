//! Rewriting plans and expressions into ones that cost less and mean the same. One pass a file; each can be switched off, which
//! tests use. Common subplans need no pass: relations and operators are hash-consed.

mod fold;
mod prune;
mod push;
mod simplify;

pub(crate) use fold::{evaluate, may_fail};

use crate::plan::Plan;

/// Which passes run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passes {
    /// Constant folding.
    pub fold: bool,
    /// Filters move down to where they cost least.
    pub push: bool,
    /// Columns that nobody reads are not made.
    pub prune: bool,
}

impl Passes {
    /// All of them.
    pub const ALL: Passes = Passes { fold: true, push: true, prune: true };
    /// None of them.
    pub const NONE: Passes = Passes { fold: false, push: false, prune: false };
}

/// Runs the passes on a plan.
pub(crate) fn optimise(mut plan: Plan, passes: Passes) -> Plan {
    if passes.fold {
        plan = simplify::simplified(&plan);
    }
    if passes.push {
        plan = push::pushed(&plan);
    }
    if passes.fold {
        // Conditions that meet may decide each other.
        plan = simplify::simplified(&plan);
    }
    if passes.prune {
        plan = prune::pruned(&plan);
    }
    plan
}
