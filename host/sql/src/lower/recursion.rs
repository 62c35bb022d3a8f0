//! Recursions: bodies become the nodes of a scope. What does not depend on variables stays outside, its indexes too, and is imported.

use super::Lowering;
use super::stream::{Partition, Stream};
use crate::plan::{Rel, RelId};
use std::collections::{BTreeMap, HashMap, HashSet};
use weir_circuit::{Circuit, Node, NodeId, Op, Position};
use weir_row::ColumnType;

/// A recursion whose bodies are being lowered.
pub(super) struct Scope {
    /// The variables' nodes.
    variables: HashMap<usize, NodeId>,
    /// Relations that depend on variables.
    inside: HashSet<RelId>,
}

/// Lowering at some point, to go back to.
struct Mark {
    circuit: Circuit,
    partitions: Vec<Partition>,
    known: HashMap<String, NodeId>,
    lowered: HashMap<RelId, Stream>,
}

impl Lowering<'_> {
    /// Whether a relation is read from within a recursion that it does not depend on.
    pub(super) fn is_outside(&self, rel: RelId) -> bool {
        self.scope.as_ref().is_some_and(|scope| !scope.inside.contains(&rel))
    }

    /// A relation from outside as it is read within. Filter and projection stay to be done, by an index outside if there is one.
    pub(super) fn imported(&mut self, rel: RelId) -> Stream {
        let scope = self.scope.take();
        let outside = self.stream(rel);
        self.scope = scope;
        let node = self.import(outside.node);
        Stream { node, ..outside }
    }

    /// A node from outside within.
    pub(super) fn import(&mut self, input: NodeId) -> NodeId {
        let Node { key, value, .. } = self.circuit.nodes[input].clone();
        self.node(Op::Import { input }, key, value, "")
    }

    /// The node of a variable. (There are none outside of scopes.)
    pub(super) fn variable(&self, variable: usize) -> NodeId {
        self.scope.as_ref().and_then(|s| s.variables.get(&variable)).copied().unwrap_or(usize::MAX)
    }

    /// What a recursion puts out.
    pub(super) fn export(&mut self, recursion: NodeId, index: usize) -> NodeId {
        let Op::Recursion { exports, .. } = &self.circuit.nodes[recursion].op else { return recursion };
        let columns = self.columns(exports[index]);
        self.node(Op::Export { input: recursion, index }, vec![], columns, "")
    }

    /// The node of a recursion, which puts out its bodies.
    pub(super) fn recursion(&mut self, variables: &[usize], bodies: &[RelId], name: &str, at: Position) -> NodeId {
        if let Some(node) = self.recursions.get(variables) {
            return *node;
        }
        let inside = self.inside(bodies);
        // What is read from outside comes before all that is within.
        let mut boundary: Vec<RelId> =
            inside.iter().flat_map(|r| self.plan.rel(*r).inputs()).chain(bodies.iter().copied()).collect();
        boundary.sort_unstable();
        boundary.dedup();
        for rel in boundary.into_iter().filter(|r| !inside.contains(r)) {
            self.stream(rel);
        }
        // Indexes of what is outside turn out to be needed on the way: then they are made first, and the rest anew.
        let mark = self.mark();
        let mut node = self.scope(variables, bodies, &inside, name, at);
        let needed = self.made_outside(mark.circuit.nodes.len());
        if !needed.is_empty() {
            self.back_to(mark);
            self.make(needed);
            node = self.scope(variables, bodies, &inside, name, at);
        }
        self.recursions.insert(variables.to_vec(), node);
        node
    }

    /// The relations below some that depend on variables.
    fn inside(&self, bodies: &[RelId]) -> HashSet<RelId> {
        let mut below = HashSet::new();
        let mut left = bodies.to_vec();
        while let Some(rel) = left.pop() {
            // Another recursion has variables of its own.
            if below.insert(rel) && !matches!(self.plan.rel(rel), Rel::Recursion { .. }) {
                left.extend(self.plan.rel(rel).inputs());
            }
        }
        let mut sorted: Vec<RelId> = below.into_iter().collect();
        sorted.sort_unstable();
        // (Inputs have lower numbers than what reads them.)
        let mut inside = HashSet::new();
        for rel in sorted {
            let depends = match self.plan.rel(rel) {
                Rel::Variable { .. } => true,
                other => other.inputs().iter().any(|i| inside.contains(i)),
            };
            if depends {
                inside.insert(rel);
            }
        }
        inside
    }

    /// Makes the nodes of a scope and its end.
    fn scope(
        &mut self,
        variables: &[usize],
        bodies: &[RelId],
        inside: &HashSet<RelId>,
        name: &str,
        at: Position,
    ) -> NodeId {
        let first = self.circuit.nodes.len();
        let mut nodes = HashMap::new();
        for (index, (variable, body)) in variables.iter().zip(bodies).enumerate() {
            let columns = self.plan.columns(*body).to_vec();
            nodes.insert(*variable, self.node(Op::Variable { index }, vec![], columns, name));
        }
        self.scope = Some(Scope { variables: nodes, inside: inside.clone() });
        let mut exports = vec![];
        for body in bodies {
            let columns: Vec<ColumnType> = self.plan.columns(*body).to_vec();
            let stream = self.stream(*body);
            let flat = self.flat(stream);
            exports.push(self.widened(flat, &columns));
        }
        self.scope = None;
        let next = exports[..variables.len()].to_vec();
        let op = Op::Recursion { first, variables: next, exports, name: name.to_owned(), at };
        let node = self.node(op, vec![], vec![], "");
        // Another scope has variables and imports of its own.
        self.known.retain(|_, id| !(first..node).contains(id));
        node
    }

    fn mark(&self) -> Mark {
        Mark {
            circuit: self.circuit.clone(),
            partitions: self.partitions.clone(),
            known: self.known.clone(),
            lowered: self.lowered.clone(),
        }
    }

    fn back_to(&mut self, mark: Mark) {
        self.circuit = mark.circuit;
        self.partitions = mark.partitions;
        self.only_inserts.truncate(self.circuit.nodes.len());
        self.known = mark.known;
        self.lowered = mark.lowered;
    }

    /// The nodes from `first` on that do not depend on a scope's, but for its end.
    fn made_outside(&self, first: NodeId) -> Vec<(NodeId, Node)> {
        let mut within = HashSet::new();
        let mut outside = vec![];
        for (id, node) in self.circuit.nodes.iter().enumerate().skip(first) {
            let leaf = matches!(node.op, Op::Variable { .. } | Op::Import { .. });
            if leaf || node.op.inputs().iter().any(|i| within.contains(i)) {
                within.insert(id);
            } else {
                outside.push((id, node.clone()));
            }
        }
        outside
    }

    /// Makes nodes anew, which read each other by their old numbers.
    fn make(&mut self, nodes: Vec<(NodeId, Node)>) {
        let mut new = BTreeMap::new();
        for (old, Node { mut op, key, value, note }) in nodes {
            for input in op.inputs_mut() {
                *input = new.get(input).copied().unwrap_or(*input);
            }
            new.insert(old, self.node(op, key, value, &note));
        }
    }
}
