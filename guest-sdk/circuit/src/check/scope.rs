//! What must hold of recursions: a scope is a run of nodes that is closed but for its imports and its exports.

use super::{require, same_layout};
use crate::{Circuit, NodeId, Op};

impl Circuit {
    /// Checks where scopes begin and end; returns for each node the recursion that ends its scope.
    pub(super) fn check_scopes(&self) -> Result<Vec<Option<NodeId>>, String> {
        let mut end = 0;
        for (id, node) in self.nodes.iter().enumerate() {
            if let Op::Recursion { first, .. } = node.op {
                if first < end || first >= id {
                    return Err(format!("node {id}: a scope that begins at node {first}"));
                }
                end = id + 1;
            }
        }
        Ok(self.scopes())
    }

    /// Checks a node, whose own structure is right, as one of its scope, or of none.
    pub(super) fn check_within(&self, id: NodeId, scopes: &[Option<NodeId>]) -> Result<(), String> {
        let op = &self.nodes[id].op;
        let scope = scopes[id];
        match op {
            Op::Import { input } => {
                require(scope.is_some(), "an import that is in no scope")?;
                return require(scopes[*input].is_none(), "an import of what is in a scope");
            }
            Op::Recursion { variables, exports, .. } => {
                require(!variables.is_empty(), "no variables")?;
                let inside = variables.iter().chain(exports).all(|n| scopes[*n] == Some(id));
                return require(inside, "a variable or an export that is not of its scope");
            }
            Op::Export { .. } => return require(scope.is_none(), "an export that is in a scope"),
            _ => {}
        }
        require(op.inputs().iter().all(|i| scopes[*i] == scope), "an input of another scope")?;
        let Some(scope) = scope else { return require(!matches!(op, Op::Variable { .. }), "a variable of no scope") };
        let Op::Recursion { variables, .. } = &self.nodes[scope].op else { return Ok(()) };
        let imported = |n: NodeId| matches!(self.nodes[n].op, Op::Import { .. });
        match op {
            Op::Variable { index } => {
                let next = variables.get(*index).ok_or("a variable that is not there")?;
                // (That it is of this scope is checked at the scope's end.)
                require(scopes.get(*next) == Some(&Some(scope)), "a variable that is not of its scope")?;
                same_layout(&self.columns(*next), &self.nodes[id].value)
            }
            Op::Index { trace, .. } => require(*trace, "an index in a scope that keeps no trace"),
            Op::Join { left, right, .. } | Op::SemiJoin { left, right, .. } => {
                require(!imported(*left) || !imported(*right), "a join in a scope of what is outside")
            }
            Op::Distinct { input, .. } | Op::Rank { input, .. } => {
                require(!imported(*input), "an input that is outside of the scope")
            }
            Op::Aggregate { parts, .. } => {
                let index = |n: NodeId| matches!(self.nodes[n].op, Op::Index { .. });
                require(parts.iter().all(|p| index(p.input)), "a part in a scope whose input is no index of it")
            }
            Op::Map { .. } | Op::Union { .. } | Op::Unnest { .. } | Op::Negate { .. } => Ok(()),
            // A constant is imported, as all that does not depend on variables.
            Op::Constant { .. }
            | Op::Table { .. }
            | Op::Output { .. }
            | Op::Window { .. }
            | Op::Now
            | Op::Within { .. }
            | Op::Session { .. }
            | Op::Late { .. }
            | Op::Dropped { .. }
            | Op::Waterline { .. }
            | Op::Least { .. }
            | Op::Retain { .. } => Err("it cannot be in a scope".to_owned()),
            Op::Import { .. } | Op::Recursion { .. } | Op::Export { .. } => Ok(()),
        }
    }
}
