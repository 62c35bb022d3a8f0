//! Waterlines through windows. A change matters to the rows in whose frames it lies; these look at their own frames. Of ranges that is said by values of what
//! rows are ordered by, so that a waterline of that says which rows nobody looks at any more. Frames that count rows may reach back any distance.

use super::Lowering;
use super::guard::guarded;
use super::waterline::present;
use crate::monotone::{advances, variable};
use weir_circuit::{Expr, ExprOp, Frame, FrameBound, FrameUnit, NodeId, Op, is_ordered_word};

impl Lowering<'_> {
    /// What no row of a later step of a window is less than, in the first column that its rows are ordered by.
    fn changed_from(&mut self, index: NodeId, order: usize, frames: &[Frame], depth: usize) -> Option<NodeId> {
        if order == 0 {
            return None;
        }
        let keys = self.circuit.nodes[index].key.len();
        let line = self.waterline(index, keys, depth + 1)?;
        let nullable = self.circuit.nodes[index].value[0].nullable;
        let mut all = vec![line];
        for frame in frames {
            // A row without a value comes at any time, before all others, and these may count it.
            if nullable && (frame.unit != FrameUnit::Range || matches!(frame.start, FrameBound::Unbounded)) {
                return None;
            }
            match &frame.end {
                FrameBound::Offset(n) if *n <= 0 => {}
                FrameBound::Value { back, .. } => all.push(self.at_bound(index, line, back)?),
                _ => return None,
            }
        }
        self.least(all)
    }

    /// What no row is less than that a later step of a window looks at.
    pub(super) fn looked_at_from(&mut self, index: NodeId, order: usize, frames: &[Frame]) -> Option<NodeId> {
        let from = self.changed_from(index, order, frames, 0)?;
        let mut all = vec![from];
        for frame in frames {
            match &frame.start {
                FrameBound::Offset(0) if frame.unit == FrameUnit::Range => {}
                FrameBound::Value { of_row, .. } => all.push(self.at_bound(index, from, of_row)?),
                _ => return None,
            }
        }
        self.least(all)
    }

    /// The waterline of a column that a window puts out, if it is the first one that rows are ordered by.
    pub(super) fn of_frames(&mut self, window: NodeId, column: usize, depth: usize) -> Option<NodeId> {
        let Op::Window { input, order, frames, project, .. } = self.circuit.nodes[window].op.clone() else {
            return None;
        };
        let ExprOp::Column(at) = project.get(column)?.op else { return None };
        if !self.is_first_of_order(input, at) {
            return None;
        }
        self.changed_from(input, order, &frames, depth)
    }

    /// A bound of ranges at a scalar instead of at a row.
    fn at_bound(&mut self, index: NodeId, scalar: NodeId, bound: &[Expr]) -> Option<NodeId> {
        let first = bound.first()?;
        // What lies beyond the type's range is its end, which guarding sees to.
        let e = match &first.op {
            ExprOp::Case { branches, otherwise }
                if branches.iter().all(|(_, value)| matches!(value.op, ExprOp::Literal(_))) =>
            {
                otherwise
            }
            _ => first,
        };
        let column = variable(e)?;
        if !advances(e) || !is_ordered_word(&e.ty.sql) || !self.is_first_of_order(index, column) {
            return None;
        }
        let ty = self.circuit.nodes[scalar].value[0].clone();
        let e = present(e, &ty)?;
        Some(self.scalar(scalar, guarded(e, &ty)?))
    }

    /// Whether a column of an index in order is its first value column, or the same once more.
    fn is_first_of_order(&self, index: NodeId, column: usize) -> bool {
        let node = &self.circuit.nodes[index];
        let Op::Index { value, .. } = &node.op else { return false };
        let at = column.checked_sub(node.key.len()).and_then(|at| value.get(at));
        at.zip(value.first()).is_some_and(|(e, first)| e.same(first))
    }
}
