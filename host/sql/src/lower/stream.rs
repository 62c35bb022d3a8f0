//! A relation on its way: a node of the circuit, and the filter and projection that still stand between the two.

use super::Lowering;
use crate::expr::{all, is_true_literal, substitute};
use weir_circuit::{Expr, ExprOp, NodeId, Op, same_words};
use weir_row::{ColumnType, Layout};

/// Which worker has a row: that of these columns' hash, if it is known.
pub(super) type Partition = Option<Vec<Expr>>;

/// The rows of a node that pass the filter, projected.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    pub(super) node: NodeId,
    pub(super) filter: Option<Expr>,
    pub(super) project: Vec<Expr>,
}

impl Stream {
    /// The types of its columns.
    pub(super) fn types(&self) -> Vec<ColumnType> {
        self.project.iter().map(|e| e.ty.clone()).collect()
    }

    /// An expression over the stream's columns as one over the node's.
    pub(super) fn over_node(&self, e: &Expr) -> Expr {
        substitute(e, &|i| self.project[i].clone())
    }
}

/// Both filters; `None` if there is none.
pub(super) fn both(a: Option<Expr>, b: Option<Expr>) -> Option<Expr> {
    let e = all(a.into_iter().chain(b).collect());
    (!is_true_literal(&e)).then_some(e)
}

impl Lowering<'_> {
    /// Where an operator's rows are, from where its inputs' are.
    pub(super) fn partition_of(&self, op: &Op) -> Partition {
        let by_key = |count: usize, types: &[ColumnType]| -> Partition {
            Some((0..count).map(|i| Expr::column(i, types[i].clone())).collect())
        };
        let projected = |partition: Partition, project: &[Expr]| -> Partition {
            partition?.iter().map(|p| position_in(p, project)).collect()
        };
        match op {
            Op::Table { table } => {
                let table = &self.circuit.tables[*table];
                let key = table.primary_key.as_ref()?;
                let types: Vec<ColumnType> = key.iter().map(|c| table.columns[*c].ty.clone()).collect();
                by_key(types.len(), &types)
            }
            Op::Index { key, exchange: true, .. } => {
                let types: Vec<ColumnType> = key.iter().map(|e| e.ty.clone()).collect();
                by_key(types.len(), &types)
            }
            Op::Index { input, key, .. } => projected(self.partitions[*input].clone(), key),
            Op::Distinct { input, .. } => self.partitions[*input].clone(),
            Op::Map { input, project, .. } => projected(self.partitions[*input].clone(), project),
            Op::Join { left, project, .. } | Op::SemiJoin { left, project, .. } => {
                projected(self.partitions[*left].clone(), project)
            }
            Op::Aggregate { parts, project, .. } => projected(self.partitions[parts[0].input].clone(), project),
            Op::Negate { input } => self.partitions[*input].clone(),
            Op::Rank { input, project, .. } | Op::Window { input, project, .. } => {
                projected(self.partitions[*input].clone(), project)
            }
            // All columns but the array stay where they are.
            Op::Unnest { input } => {
                let array = self.circuit.nodes[*input].columns().len() - 1;
                let kept = |p: &Vec<Expr>| p.iter().all(|e| !matches!(e.op, ExprOp::Column(c) if c == array));
                self.partitions[*input].clone().filter(kept)
            }
            Op::Union { inputs } => {
                let mut all = inputs.iter().map(|i| &self.partitions[*i]);
                let first = all.next()?.clone()?;
                all.all(|p| p.as_ref().is_some_and(|p| same_columns(p, &first))).then_some(first)
            }
            Op::Import { input } => self.partitions[*input].clone(),
            Op::Export { input, index } => match &self.circuit.nodes[*input].op {
                Op::Recursion { exports, .. } => self.partitions[exports[*index]].clone(),
                _ => None,
            },
            Op::Constant { .. } | Op::Output { .. } | Op::Variable { .. } | Op::Recursion { .. } => None,
            Op::Session { input, project, .. } => projected(self.partitions[*input].clone(), project),
            Op::Late { input, .. } => self.partitions[*input].clone(),
            Op::Dropped { late } => self.partitions[*late].clone(),
            // Rows stay where they were before they were indexed.
            Op::Within { input, .. } => match &self.circuit.nodes[*input].op {
                Op::Index { input, value, .. } => projected(self.partitions[*input].clone(), value),
                _ => None,
            },
            Op::Now | Op::Waterline { .. } | Op::Least { .. } | Op::Retain { .. } => None,
        }
    }

    /// Whether the rows that a key is made of are on the worker that owns the key.
    pub(super) fn in_place(&self, node: NodeId, key: &[Expr]) -> bool {
        self.partitions[node].as_ref().is_some_and(|p| same_columns(p, key))
    }

    /// The stream as a flat node.
    pub(super) fn flat(&mut self, stream: Stream) -> NodeId {
        let node = &self.circuit.nodes[stream.node];
        // Key and value one after the other are laid out like all columns together if the key has slots only, or all.
        let is_flat = node.value.is_empty() || Layout::new(&node.key).is_fixed();
        let identity = stream.filter.is_none() && is_identity(&stream.project, &node.columns());
        if is_flat && identity {
            return stream.node;
        }
        let types = stream.types();
        let op = Op::Map { input: stream.node, filter: stream.filter, project: stream.project };
        self.node(op, vec![], types, "")
    }

    /// A flat node with columns of these types, which are at most wider in nullability.
    pub(super) fn widened(&mut self, node: NodeId, types: &[ColumnType]) -> NodeId {
        let columns = self.columns(node);
        if columns.iter().zip(types).all(|(a, b)| same_words(a, b)) {
            return node;
        }
        let project = types.iter().enumerate().map(|(i, ty)| Expr::column(i, ty.clone())).collect();
        self.flat(Stream { node, filter: None, project })
    }

    /// Whether rows of equal keys are on one worker, whichever that is: their worker is that of some of the key's columns.
    fn together(&self, node: NodeId, key: &[Expr]) -> bool {
        let Some(partition) = &self.partitions[node] else { return false };
        !partition.is_empty() && partition.iter().all(|p| position_in(p, key).is_some())
    }

    /// The stream as sorted batches by key. Expressions are over the node's columns. `alone`: nothing else is to meet it by its key, so
    /// that it matters that rows of one key are on one worker, but not on which.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn index(
        &mut self,
        stream: &Stream,
        filter: Option<Expr>,
        key: Vec<Expr>,
        value: Vec<Expr>,
        trace: bool,
        alone: bool,
        note: &str,
    ) -> NodeId {
        self.index_as(stream, filter, (key, value), (trace, false), alone, note)
    }

    /// The same; the rows of a key are in the order of their values.
    pub(super) fn ordered_index(
        &mut self,
        stream: &Stream,
        filter: Option<Expr>,
        key: Vec<Expr>,
        value: Vec<Expr>,
        trace: bool,
    ) -> NodeId {
        self.index_as(stream, filter, (key, value), (trace, true), true, "")
    }

    fn index_as(
        &mut self,
        stream: &Stream,
        filter: Option<Expr>,
        (key, mut value): (Vec<Expr>, Vec<Expr>),
        (trace, ordered): (bool, bool),
        alone: bool,
        note: &str,
    ) -> NodeId {
        if let Op::Import { input } = self.circuit.nodes[stream.node].op {
            // Outside it is kept once, without iterations, and shared with others.
            let outside = Stream { node: input, ..stream.clone() };
            let scope = self.scope.take();
            let index = self.index_as(&outside, filter, (key, value), (trace, ordered), alone, note);
            self.scope = scope;
            return self.import(index);
        }
        // Within a scope groups are looked at as a whole.
        let trace = trace || self.scope.is_some();
        if key.is_empty() && value.is_empty() {
            // A row of no words at all is nothing to send or to store.
            value.push(crate::expr::boolean(true));
        }
        let types = |exprs: &[Expr]| exprs.iter().map(|e| e.ty.clone()).collect::<Vec<_>>();
        let (key_types, value_types) = (types(&key), types(&value));
        let exchange = !(self.in_place(stream.node, &key) || alone && self.together(stream.node, &key));
        let filter = both(stream.filter.clone(), filter);
        let op = Op::Index { input: stream.node, filter, key, value, exchange, trace, ordered };
        self.node(op, key_types, value_types, note)
    }
}

/// Whether both are the same columns read at the same types, so that they have the same hash.
fn same_columns(a: &[Expr], b: &[Expr]) -> bool {
    a.len() == b.len()
        && a.iter().zip(b).all(|(x, y)| {
            matches!((&x.op, &y.op), (ExprOp::Column(i), ExprOp::Column(j)) if i == j) && same_words(&x.ty, &y.ty)
        })
}

/// Where a projection puts a column. The type stays that by which the column was hashed.
fn position_in(column: &Expr, project: &[Expr]) -> Option<Expr> {
    let ExprOp::Column(c) = column.op else { return None };
    let at = project.iter().position(|e| matches!(e.op, ExprOp::Column(i) if i == c))?;
    Some(Expr::column(at, column.ty.clone()))
}

/// Whether a projection leaves every column as and where it is.
pub(super) fn is_identity(project: &[Expr], columns: &[ColumnType]) -> bool {
    project.len() == columns.len()
        && project
            .iter()
            .zip(columns)
            .enumerate()
            .all(|(i, (e, ty))| matches!(e.op, ExprOp::Column(c) if c == i) && e.ty == *ty)
}
