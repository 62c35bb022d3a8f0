//! Filters and projections in a row become one, over the operator below them.

use super::Lowering;
use super::stream::{Stream, both};
use crate::expr::{size, substitute};
use crate::plan::{Rel, RelId};
use weir_circuit::{Expr, NodeId};
use weir_row::ColumnType;

/// Largest expression that is computed twice rather than kept.
const RECOMPUTED_SIZE_MAX: usize = 3;

/// What is wanted of a relation: the rows that pass, as these expressions over its columns.
#[derive(Clone, Debug)]
pub(super) struct Linear {
    pub(super) filter: Option<Expr>,
    pub(super) project: Vec<Expr>,
}

impl Linear {
    /// All rows, all columns.
    pub(super) fn identity(columns: &[ColumnType]) -> Linear {
        let project = columns.iter().enumerate().map(|(i, ty)| Expr::column(i, ty.clone())).collect();
        Linear { filter: None, project }
    }

    /// The same over columns that are themselves expressions.
    pub(super) fn over(&self, columns: &dyn Fn(usize) -> Expr) -> Linear {
        let project = self.project.iter().map(|e| substitute(e, &columns)).collect();
        Linear { filter: self.filter.as_ref().map(|f| substitute(f, &columns)), project }
    }

    /// Whether putting these in place of the columns would compute something dear more than once.
    fn repeats(&self, exprs: &[Expr]) -> bool {
        let mut reads = vec![0usize; exprs.len()];
        for e in self.project.iter().chain(&self.filter) {
            e.visit_columns(&mut |i| reads[i] += 1);
        }
        exprs.iter().zip(reads).any(|(e, n)| n > 1 && size(e) > RECOMPUTED_SIZE_MAX)
    }
}

impl Lowering<'_> {
    /// A relation, taken apart down to its first operator.
    pub(super) fn linear(&mut self, rel: RelId) -> Stream {
        let mut over = Linear::identity(self.plan.columns(rel));
        let mut at = rel;
        loop {
            if self.is_outside(at) {
                let stream = self.stream(at);
                return self.applied(stream, &over);
            }
            // What others read too is computed once, unless it is cheap.
            if at != rel && self.uses[at] > 1 && !self.is_cheap(at) {
                let stream = self.stream(at);
                return self.applied(stream, &over);
            }
            match self.plan.rel(at) {
                Rel::Filter { input, predicate } => {
                    over.filter = both(Some(predicate.clone()), over.filter);
                    at = *input;
                }
                Rel::Project { input, exprs } => {
                    if over.repeats(exprs) && at != rel {
                        let stream = self.stream(at);
                        let node = self.flat(stream);
                        return self.over(node, None, over);
                    }
                    let exprs = exprs.clone();
                    over = over.over(&|i| exprs[i].clone());
                    at = *input;
                }
                _ if at == rel || self.uses[at] <= 1 => return self.operator(at, over),
                _ => {
                    let stream = self.stream(at);
                    return self.applied(stream, &over);
                }
            }
        }
    }

    /// Whether a relation is a choice of columns of something.
    fn is_cheap(&self, rel: RelId) -> bool {
        matches!(self.plan.rel(rel), Rel::Project { exprs, .. } if exprs.iter().all(Expr::is_trivial))
    }

    /// A stream with more to be done to it. A filter that others apply too becomes a node of its own.
    fn applied(&mut self, stream: Stream, over: &Linear) -> Stream {
        let stream = if stream.filter.is_some() || over.repeats(&stream.project) {
            let types = stream.types();
            let node = self.flat(stream);
            Stream::all(node, &types)
        } else {
            stream
        };
        let below = stream.project.clone();
        let over = over.over(&|i| below[i].clone());
        Stream { node: stream.node, filter: both(stream.filter, over.filter), project: over.project }
    }

    /// A node's rows with what is to be done to them; `place` says where the node has the relation's columns.
    pub(super) fn over(&mut self, node: NodeId, place: Option<&[usize]>, over: Linear) -> Stream {
        let over = match place {
            None => over,
            Some(place) => {
                let mut over = over;
                for e in over.project.iter_mut().chain(&mut over.filter) {
                    e.map_columns(&mut |i| place[i]);
                }
                over
            }
        };
        Stream { node, filter: over.filter, project: over.project }
    }
}

impl Stream {
    /// All of a node.
    fn all(node: NodeId, types: &[ColumnType]) -> Stream {
        let over = Linear::identity(types);
        Stream { node, filter: None, project: over.project }
    }
}
