//! A scope by naive iteration: everything anew, from empty variables, until none changes.

use super::{Result, Run, ZSet, error};
use crate::{ITERATIONS_MAX, NodeId, Op, endless};

impl Run<'_> {
    /// Evaluates the scope that node `id` ends; its nodes are then as in the last iteration.
    pub(super) fn recursion(&mut self, id: NodeId) -> Result<ZSet> {
        let circuit = self.circuit;
        let Op::Recursion { first, variables, name, at, .. } = &circuit.nodes[id].op else { return Ok(ZSet::new()) };
        self.variables = vec![ZSet::new(); variables.len()];
        for _ in 0..ITERATIONS_MAX {
            for inside in *first..id {
                self.nodes[inside] = self.node(inside)?;
            }
            let next: Vec<ZSet> = variables.iter().map(|v| self.nodes[*v].clone()).collect();
            if next == self.variables {
                return Ok(ZSet::new());
            }
            self.variables = next;
        }
        Err(error(endless(name), *at))
    }
}
