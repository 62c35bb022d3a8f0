//! Recursive views: while a program is bound, whoever reads one reads a variable. Afterwards it is known which of them depend on each
//! other, and variables that are read outside of their cycle become what comes of it.

use super::{Plan, Rel, RelId, Root};
use crate::expr::reads_now;
use std::collections::{BTreeSet, HashMap, HashSet};
use weir_circuit::Position;

/// What a variable stands for.
#[derive(Clone, Debug)]
pub(crate) struct Definition {
    /// A relation of distinct rows over variables.
    pub(crate) body: RelId,
    /// The view's name.
    pub(crate) name: String,
    /// Where it is declared.
    pub(crate) at: Position,
}

/// A plan whose variables are within recursions only, and what is to be said of it.
pub(crate) struct Resolved {
    pub(crate) plan: Plan,
    /// Variables that do not depend on themselves.
    pub(crate) straight: Vec<usize>,
    /// Variables with a window function in their cycle.
    pub(crate) windows: Vec<usize>,
    /// Variables with something in their cycle that knows of time.
    pub(crate) times: Vec<usize>,
}

/// Variables that depend on each other.
struct Cycle {
    variables: Vec<usize>,
    /// Relations that depend on the variables, and the variables on them.
    inside: HashSet<RelId>,
    /// Those of them that someone outside reads.
    exports: BTreeSet<RelId>,
}

struct Resolver<'p> {
    plan: &'p Plan,
    definitions: &'p [Definition],
    cycles: Vec<Cycle>,
    out: Plan,
    /// What relations have become outside of cycles, and within theirs.
    outside: HashMap<RelId, RelId>,
    within: HashMap<RelId, RelId>,
    /// The bodies of cycles.
    bodies: HashMap<usize, Vec<RelId>>,
}

/// Relations that can be reached from some, themselves included, without going through a variable to its definition.
pub(super) fn reached(plan: &Plan, from: impl IntoIterator<Item = RelId>) -> HashSet<RelId> {
    let mut reached = HashSet::new();
    let mut left: Vec<RelId> = from.into_iter().collect();
    while let Some(rel) = left.pop() {
        if reached.insert(rel) {
            left.extend(plan.rel(rel).inputs());
        }
    }
    reached
}

/// The variables among relations.
fn variables(plan: &Plan, rels: &HashSet<RelId>) -> BTreeSet<usize> {
    rels.iter()
        .filter_map(|r| if let Rel::Variable { variable } = plan.rel(*r) { Some(*variable) } else { None })
        .collect()
}

/// Resolves a plan's variables.
pub(crate) fn resolved(plan: &Plan, definitions: &[Definition]) -> Resolved {
    let direct: Vec<BTreeSet<usize>> = definitions.iter().map(|d| variables(plan, &reached(plan, [d.body]))).collect();
    let depends: Vec<BTreeSet<usize>> = (0..definitions.len()).map(|v| all_reached(&direct, v)).collect();
    let mut cycles: Vec<Cycle> = vec![];
    let mut cycle_of = vec![None; definitions.len()];
    for v in 0..definitions.len() {
        if cycle_of[v].is_some() || !depends[v].contains(&v) {
            continue;
        }
        let members: Vec<usize> = depends[v].iter().copied().filter(|u| depends[*u].contains(&v)).collect();
        for member in &members {
            cycle_of[*member] = Some(cycles.len());
        }
        let below = reached(plan, members.iter().map(|m| definitions[*m].body));
        cycles.push(Cycle { inside: inside(plan, &members, &below), variables: members, exports: BTreeSet::new() });
    }
    let (mut windows, mut times) = (vec![], vec![]);
    for cycle in &cycles {
        let any = |test: fn(&Rel) -> bool| cycle.inside.iter().any(|r| test(plan.rel(*r)));
        if any(|rel| matches!(rel, Rel::Rank { numbered: true, .. } | Rel::Window { .. })) {
            windows.push(cycle.variables[0]);
        }
        if any(knows_time) {
            times.push(cycle.variables[0]);
        }
    }
    let straight = (0..definitions.len()).filter(|v| cycle_of[*v].is_none()).collect();
    let mut resolver = Resolver {
        plan,
        definitions,
        cycles,
        out: Plan::default(),
        outside: HashMap::new(),
        within: HashMap::new(),
        bodies: HashMap::new(),
    };
    resolver.find_exports();
    let roots = plan.roots.iter().map(|r| Root { rel: resolver.outside(r.rel), ..r.clone() }).collect();
    resolver.out.roots = roots;
    Resolved { plan: resolver.out, straight, windows, times }
}

/// What a variable depends on, directly or not.
fn all_reached(direct: &[BTreeSet<usize>], from: usize) -> BTreeSet<usize> {
    let mut all = BTreeSet::new();
    let mut left: Vec<usize> = direct[from].iter().copied().collect();
    while let Some(v) = left.pop() {
        if all.insert(v) {
            left.extend(&direct[v]);
        }
    }
    all
}

/// The relations among these that depend on the variables. (Inputs have lower numbers than what reads them.)
fn inside(plan: &Plan, members: &[usize], among: &HashSet<RelId>) -> HashSet<RelId> {
    let mut sorted: Vec<RelId> = among.iter().copied().collect();
    sorted.sort_unstable();
    let mut inside = HashSet::new();
    for rel in sorted {
        let depends = match plan.rel(rel) {
            Rel::Variable { variable } => members.contains(variable),
            other => other.inputs().iter().any(|i| inside.contains(i)),
        };
        if depends {
            inside.insert(rel);
        }
    }
    inside
}

/// Whether a relation depends on the time, or on what came in earlier steps.
fn knows_time(rel: &Rel) -> bool {
    let mut reads = false;
    rel.visit_exprs(&mut |e| reads |= reads_now(e));
    reads
        || match rel {
            Rel::Now | Rel::Within { .. } | Rel::Session { .. } | Rel::Late { .. } | Rel::Dropped { .. } => true,
            Rel::Table { .. }
            | Rel::Values { .. }
            | Rel::Filter { .. }
            | Rel::Project { .. }
            | Rel::Join { .. }
            | Rel::Aggregate { .. }
            | Rel::Distinct { .. }
            | Rel::Negate { .. }
            | Rel::Union { .. }
            | Rel::Rank { .. }
            | Rel::Window { .. }
            | Rel::Unnest { .. }
            | Rel::Variable { .. }
            | Rel::Recursion { .. } => false,
        }
}

impl Resolver<'_> {
    /// The cycle that a relation is within.
    fn cycle(&self, rel: RelId) -> Option<usize> {
        self.cycles.iter().position(|c| c.inside.contains(&rel))
    }

    /// Finds what is read of cycles from outside.
    fn find_exports(&mut self) {
        let mut seen = HashSet::new();
        let mut entered = HashSet::new();
        let mut left: Vec<RelId> = self.plan.roots.iter().map(|r| r.rel).collect();
        while let Some(rel) = left.pop() {
            if !seen.insert(rel) {
                continue;
            }
            let Some(cycle) = self.cycle(rel) else {
                match self.plan.rel(rel) {
                    Rel::Variable { variable } => left.push(self.definitions[*variable].body),
                    other => left.extend(other.inputs()),
                }
                continue;
            };
            if !matches!(self.plan.rel(rel), Rel::Variable { .. }) {
                self.cycles[cycle].exports.insert(rel);
            }
            if entered.insert(cycle) {
                let within = &self.cycles[cycle];
                let below = within.inside.iter().flat_map(|r| self.plan.rel(*r).inputs());
                let bodies = within.variables.iter().map(|v| self.definitions[*v].body);
                left.extend(below.chain(bodies).filter(|r| !within.inside.contains(r)));
            }
        }
    }

    /// What a relation is to those outside of cycles.
    fn outside(&mut self, rel: RelId) -> RelId {
        if let Some(done) = self.outside.get(&rel) {
            return *done;
        }
        let new = match (self.cycle(rel), self.plan.rel(rel).clone()) {
            (Some(cycle), Rel::Variable { variable }) => {
                let index = self.cycles[cycle].variables.iter().position(|v| *v == variable).unwrap_or(0);
                self.recursion(cycle, index)
            }
            (None, Rel::Variable { variable }) => self.outside(self.definitions[variable].body),
            (Some(cycle), _) => {
                let exported = self.cycles[cycle].exports.iter().position(|r| *r == rel).unwrap_or(0);
                self.recursion(cycle, self.cycles[cycle].variables.len() + exported)
            }
            (None, mut other) => {
                for input in other.inputs_mut() {
                    *input = self.outside(*input);
                }
                self.out.copied(other, self.plan.columns(rel).to_vec())
            }
        };
        self.outside.insert(rel, new);
        new
    }

    /// What comes of a cycle.
    fn recursion(&mut self, cycle: usize, index: usize) -> RelId {
        let (variables, exports) = (self.cycles[cycle].variables.clone(), self.cycles[cycle].exports.clone());
        if !self.bodies.contains_key(&cycle) {
            let roots: Vec<RelId> = variables.iter().map(|v| self.definitions[*v].body).chain(exports).collect();
            let bodies = roots.into_iter().map(|r| self.within(cycle, r)).collect();
            self.bodies.insert(cycle, bodies);
        }
        let names: Vec<&str> = variables.iter().map(|v| self.definitions[*v].name.as_str()).collect();
        let (name, at) = (names.join(", "), self.definitions[variables[0]].at);
        let bodies = self.bodies[&cycle].clone();
        self.out.recursion(Rel::Recursion { variables, bodies, index, name, at })
    }

    /// What a relation is within a cycle.
    fn within(&mut self, cycle: usize, rel: RelId) -> RelId {
        if !self.cycles[cycle].inside.contains(&rel) {
            return self.outside(rel);
        }
        if let Some(done) = self.within.get(&rel) {
            return *done;
        }
        let mut new = self.plan.rel(rel).clone();
        for input in new.inputs_mut() {
            *input = self.within(cycle, *input);
        }
        let new = self.out.copied(new, self.plan.columns(rel).to_vec());
        self.within.insert(rel, new);
        new
    }
}
