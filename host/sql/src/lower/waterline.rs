//! Waterlines through operators, and what state they let go of. A waterline of a column is a scalar that no row of a later step, added or taken away,
//! is less than; of NULL it says nothing.

use super::Lowering;
use super::guard::guarded;
use super::linear::Linear;
use super::stream::Stream;
use crate::monotone::{advances, variable};
use weir_circuit::{Edge, Expr, ExprOp, NodeId, Op, is_ordered_word};
use weir_row::ColumnType;

/// Deepest chain of operators that a waterline is looked for through.
const DEPTH_MAX: usize = 500;

impl Lowering<'_> {
    /// The rows of a stream once the waterline of a column has passed them; `None`: it has none.
    pub(super) fn finally(&mut self, stream: &Stream, column: usize) -> Option<Stream> {
        let time = stream.project[column].clone();
        let scalar = self.waterline_of(stream.node, &time, 0)?;
        let index = self.by_time(stream, &time);
        let value = self.circuit.nodes[index].value.clone();
        let upper = Some(Edge { scalar, inclusive: false });
        let node =
            self.node(Op::Within { input: index, lower: None, upper, once: true }, vec![], value.clone(), "emit_final");
        let Linear { filter, project } = Linear::identity(&value);
        Some(Stream { node, filter, project })
    }

    /// The waterline of an expression over a node's columns.
    fn waterline_of(&mut self, node: NodeId, e: &Expr, depth: usize) -> Option<NodeId> {
        let column = variable(e).filter(|_| advances(e) && is_ordered_word(&e.ty.sql))?;
        let of = self.waterline(node, column, depth + 1)?;
        let ty = self.circuit.nodes[of].value[0].clone();
        // A literal's type may be wider than the column's.
        let e = present(e, &ty)?;
        Some(self.scalar(of, guarded(e, &ty)?))
    }

    /// The least of scalars.
    pub(super) fn least(&mut self, mut scalars: Vec<NodeId>) -> Option<NodeId> {
        scalars.sort_unstable();
        scalars.dedup();
        let first = *scalars.first()?;
        let ty = self.circuit.nodes[first].value.clone();
        if scalars.len() == 1 {
            return Some(first);
        }
        if scalars.iter().any(|s| self.circuit.nodes[*s].value != ty) {
            return None;
        }
        Some(self.node(Op::Least { inputs: scalars }, vec![], ty, ""))
    }

    /// The waterline of a node's column.
    pub(super) fn waterline(&mut self, node: NodeId, column: usize, depth: usize) -> Option<NodeId> {
        if depth > DEPTH_MAX {
            return None;
        }
        if let Some(known) = self.waterlines.get(&(node, column)) {
            return *known;
        }
        let found = self.waterline_here(node, column, depth);
        self.waterlines.insert((node, column), found);
        found
    }

    fn waterline_here(&mut self, node: NodeId, column: usize, depth: usize) -> Option<NodeId> {
        let op = self.circuit.nodes[node].op.clone();
        match &op {
            Op::Late { input, columns, .. } => match columns.iter().position(|c| c.column == column) {
                Some(at) => {
                    let ty = ColumnType::not_null(columns[at].waterline.ty.sql.clone());
                    Some(self.node(Op::Waterline { late: node, column: at }, vec![], vec![ty], "LATENESS"))
                }
                None => self.waterline(*input, column, depth + 1),
            },
            Op::Map { input, project, .. } => self.waterline_of(*input, &project[column], depth),
            Op::Index { input, key, value, .. } => {
                self.waterline_of(*input, key.iter().chain(value).nth(column)?, depth)
            }
            Op::Distinct { input, .. } | Op::Negate { input } => self.waterline(*input, column, depth + 1),
            // All columns but the array are passed on.
            Op::Unnest { input } => {
                let array = self.circuit.nodes[*input].columns().len() - 1;
                if column < array { self.waterline(*input, column, depth + 1) } else { None }
            }
            Op::Union { inputs } => {
                let all = inputs.iter().map(|i| self.waterline(*i, column, depth + 1)).collect::<Option<Vec<_>>>()?;
                self.least(all)
            }
            // Old rows of the one side meet new ones of the other; only their keys are both new.
            Op::Join { left, right, project, .. } | Op::SemiJoin { left, right, project, .. } => {
                self.of_keys(&[*left, *right], &project[column], depth)
            }
            Op::Aggregate { parts, project, .. } => {
                let inputs: Vec<NodeId> = parts.iter().map(|p| p.input).collect();
                self.of_keys(&inputs, &project[column], depth)
            }
            Op::Rank { input, project, .. } => self.of_keys(&[*input], &project[column], depth),
            Op::Session { input, project, .. } => self.of_keys(&[*input], &project[column], depth),
            Op::Window { input, project, .. } => {
                let of_key = self.of_keys(&[*input], &project[column], depth);
                of_key.or_else(|| self.of_frames(node, column, depth))
            }
            _ => None,
        }
    }

    /// The waterline of an expression over keys that several nodes share.
    fn of_keys(&mut self, nodes: &[NodeId], e: &Expr, depth: usize) -> Option<NodeId> {
        let column = variable(e)?;
        let scalar = self.key_waterline(nodes, column, depth)?;
        let ty = self.circuit.nodes[scalar].value[0].clone();
        if !advances(e) || !is_ordered_word(&e.ty.sql) {
            return None;
        }
        let e = present(e, &ty)?;
        Some(self.scalar(scalar, guarded(e, &ty)?))
    }

    /// The waterline of a column of a key that several nodes share.
    fn key_waterline(&mut self, nodes: &[NodeId], column: usize, depth: usize) -> Option<NodeId> {
        let keys = self.circuit.nodes[nodes[0]].key.len();
        if column >= keys {
            return None;
        }
        let all = nodes.iter().map(|n| self.waterline(*n, column, depth + 1)).collect::<Option<Vec<_>>>()?;
        self.least(all)
    }

    /// Lets operators forget what no later row can ask for.
    pub(super) fn let_go(&mut self) {
        let nodes = self.circuit.nodes.len();
        if !self.circuit.nodes.iter().any(|n| matches!(n.op, Op::Late { .. })) {
            return;
        }
        let mut readers: Vec<Vec<NodeId>> = vec![vec![]; nodes];
        for id in 0..nodes {
            for input in self.circuit.nodes[id].op.inputs() {
                readers[input].push(id);
            }
        }
        for (id, readers) in readers.iter().enumerate() {
            let node = &self.circuit.nodes[id];
            let keys = node.key.len();
            let columns = node.columns().len();
            let found = match node.op.clone() {
                Op::Index { trace: true, ordered, .. } => {
                    // Of one in order, what rows are ordered by comes first.
                    let columns = if ordered { columns.min(keys + 1) } else { columns };
                    (0..columns).find_map(|c| Some((c, self.unread(id, c, readers)?)))
                }
                Op::Aggregate { parts, .. } => {
                    let inputs: Vec<NodeId> = parts.iter().map(|p| p.input).collect();
                    let keys = self.circuit.nodes[inputs[0]].key.len();
                    (0..keys).find_map(|c| Some((c, self.key_waterline(&inputs, c, 0)?)))
                }
                Op::Rank { input, .. } if self.circuit.traced(input).is_err() => {
                    let keys = self.circuit.nodes[input].key.len();
                    (0..keys).find_map(|c| Some((c, self.waterline(input, c, 0)?)))
                }
                Op::Table { table } if !self.circuit.tables[table].materialized => {
                    let late = readers.iter().find_map(|r| match &self.circuit.nodes[*r].op {
                        Op::Late { columns, .. } => Some((*r, columns.iter().position(|c| c.column < keys)?)),
                        _ => None,
                    });
                    late.and_then(|(late, at)| {
                        let Op::Late { columns, .. } = &self.circuit.nodes[late].op else { return None };
                        let column = columns[at].column;
                        Some((column, self.waterline(late, column, 0)?))
                    })
                }
                _ => None,
            };
            if let Some((column, waterline)) = found {
                self.node(Op::Retain { state: id, column, waterline }, vec![], vec![], "LATENESS");
            }
        }
    }

    /// From where on an index's trace may be read in a column.
    fn unread(&mut self, index: NodeId, column: usize, readers: &[NodeId]) -> Option<NodeId> {
        let keys = self.circuit.nodes[index].key.len();
        let mut scalars = vec![];
        for reader in readers {
            match self.circuit.nodes[*reader].op.clone() {
                Op::Join { left, right, filter, .. } => {
                    for (own, other, is_left) in [(left, right, true), (right, left, false)] {
                        if own != index {
                            continue;
                        }
                        scalars.push(match column < keys {
                            true => self.waterline(other, column, 0)?,
                            false => self.compared(filter.as_ref()?, (left, right), is_left, column)?,
                        });
                    }
                }
                Op::SemiJoin { left, right, .. } if column < keys => {
                    // Rows of the right are looked for by both sides' changes.
                    scalars.push(self.waterline(right, column, 0)?);
                    if right == index {
                        scalars.push(self.waterline(left, column, 0)?);
                    }
                }
                Op::Distinct { .. } => scalars.push(self.waterline(index, column, 0)?),
                Op::Aggregate { parts, .. } if column < keys => {
                    let inputs: Vec<NodeId> = parts.iter().map(|p| p.input).collect();
                    scalars.push(self.key_waterline(&inputs, column, 0)?);
                }
                Op::Rank { .. } | Op::Session { .. } | Op::Window { .. } if column < keys => {
                    scalars.push(self.waterline(index, column, 0)?)
                }
                Op::Window { order, frames, .. } if column == keys => {
                    scalars.push(self.looked_at_from(index, order, &frames)?);
                }
                // These read what comes, not what came.
                Op::Index { .. } | Op::Map { .. } | Op::Union { .. } | Op::Negate { .. } | Op::Output { .. } => {}
                _ => return None,
            }
        }
        self.least(scalars)
    }

    /// From where on a join's condition lets a value column of one side meet later rows of the other.
    fn compared(
        &mut self,
        filter: &Expr,
        (left, right): (NodeId, NodeId),
        is_left: bool,
        column: usize,
    ) -> Option<NodeId> {
        let one = std::slice::from_ref(filter);
        let conjuncts = if let ExprOp::And(operands) = &filter.op { operands.as_slice() } else { one };
        let keys = self.circuit.nodes[left].key.len();
        let middle = self.circuit.nodes[left].columns().len();
        // Columns of pairs: key, left value, right value.
        let place = if is_left { column } else { column - keys + middle };
        for e in conjuncts {
            let ExprOp::Call { kernel, args } = &e.op else { continue };
            let ([a, b], Some((comparison, _))) = (args.as_slice(), kernel.split_once('_')) else { continue };
            let (own, other) = match comparison {
                "ge" | "gt" => (a, b),
                "le" | "lt" => (b, a),
                _ => continue,
            };
            // own + c >= other is own >= other - c.
            let (own, other) = moved(own, other);
            let (Some(of_own), Some(of_other)) = (variable(&own), variable(&other)) else { continue };
            let is_own = matches!(own.op, ExprOp::Column(_)) && of_own == place;
            let is_other = if is_left { of_other >= middle } else { (keys..middle).contains(&of_other) };
            if !is_own || !is_other {
                continue;
            }
            let (node, offset) = if is_left { (right, middle - keys) } else { (left, 0) };
            let mut over = other.clone();
            over.map_columns(&mut |i| i - offset);
            if let Some(found) = self.waterline_of(node, &over, 0) {
                return Some(found);
            }
        }
        None
    }
}

/// `own >= other` with an interval that is added to or taken from the one side on the other.
fn moved(own: &Expr, other: &Expr) -> (Expr, Expr) {
    let ExprOp::Call { kernel, args } = &own.op else { return (own.clone(), other.clone()) };
    let opposite = match kernel.as_str() {
        "add_ts_micros" => "sub_ts_micros",
        "sub_ts_micros" => "add_ts_micros",
        _ => return (own.clone(), other.clone()),
    };
    match args.as_slice() {
        [e, by] if matches!(by.op, ExprOp::Literal(_)) => {
            let op = ExprOp::Call { kernel: opposite.to_string(), args: vec![other.clone(), by.clone()] };
            (e.clone(), Expr { op, ..own.clone() })
        }
        _ => (own.clone(), other.clone()),
    }
}

/// An expression over one column as one over a scalar, which is never NULL.
pub(super) fn present(e: &Expr, scalar: &ColumnType) -> Option<Expr> {
    match &e.op {
        ExprOp::Column(_) => (e.ty.sql.kind() == scalar.sql.kind()).then(|| Expr::column(0, scalar.clone())),
        ExprOp::Literal(_) => Some(e.clone()),
        ExprOp::Call { kernel, args } => {
            let args = args.iter().map(|a| present(a, scalar)).collect::<Option<Vec<_>>>()?;
            let made = crate::expr::call(kernel, args, e.ty.sql.clone(), e.at);
            (!made.ty.nullable).then_some(made)
        }
        _ => None,
    }
}
