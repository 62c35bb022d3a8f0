//! The operators of recursions: those within a scope, which run in every iteration, the scope's end, and what it puts out.

use crate::aggregate::Plan;
use crate::input::{Input, layouts};
use crate::operators::{Before, Node, Rank};
use crate::row_function::{Condition, RowFunction};
use weir_circuit::{Circuit, Expr, ITERATIONS_MAX, NodeId, Op, endless};
use weir_row::{Layout, RowWriter};
use weir_sdk::operators::{
    Aggregate, PairFn, Recursion, ScopeAggregate, ScopeDistinct, ScopeIndex, ScopeJoin, ScopeRank, ScopeSemiJoin, Side,
    import, least,
};
use weir_sdk::{Chunk, Context, Operator, Pairs, Rows};

/// An operator of a scope in its place. (Linear ones are those of outside.)
pub(crate) enum Scope {
    Import {
        input: NodeId,
    },
    Variable {
        index: usize,
        /// What it is in the iteration to come.
        next: Rows,
    },
    Index {
        operator: ScopeIndex,
        input: NodeId,
        function: RowFunction,
    },
    Join {
        operator: ScopeJoin,
        left: Keyed,
        right: Keyed,
        function: RowFunction,
    },
    SemiJoin {
        operator: ScopeSemiJoin,
        left: Keyed,
        right: Keyed,
        anti: bool,
        condition: Option<Condition>,
        project: RowFunction,
    },
    Distinct {
        operator: ScopeDistinct,
        input: NodeId,
        all: bool,
    },
    Aggregate {
        operator: ScopeAggregate,
        inputs: Vec<NodeId>,
        emit: RowFunction,
    },
    Rank {
        operator: ScopeRank,
        rank: Rank,
    },
    Recursion {
        operator: Recursion,
        first: NodeId,
        variables: Vec<NodeId>,
        exports: Vec<NodeId>,
        again: bool,
    },
    Export {
        input: NodeId,
        index: usize,
    },
}

/// A keyed input: an index of the scope, or the node outside that an import stands for.
#[derive(Clone, Copy)]
pub(crate) enum Keyed {
    Inside(NodeId),
    Outside(NodeId),
}

impl Keyed {
    fn new(circuit: &Circuit, node: NodeId) -> Keyed {
        match &circuit.nodes[node].op {
            Op::Import { input } => Keyed::Outside(*input),
            _ => Keyed::Inside(node),
        }
    }

    fn side(self, before: Before<'_>) -> Side<'_> {
        match self {
            Keyed::Inside(node) => Side::Inside(index(before, node)),
            Keyed::Outside(node) => Side::Outside(before.keyed(node)),
        }
    }
}

/// An index of the scope: the circuit was checked, so it is one.
fn index(before: Before<'_>, node: NodeId) -> &ScopeIndex {
    match &before.nodes[node] {
        Node::Scope(Scope::Index { operator, .. }) => operator,
        _ => panic!("node {node} is no index of its scope, though the circuit was checked"),
    }
}

impl Scope {
    /// Makes the operator of a node, if it is one of this kind.
    pub(crate) fn new(circuit: &Circuit, id: NodeId, scope: Option<NodeId>) -> Result<Option<Scope>, String> {
        let (key, value) = layouts(circuit, id);
        let number = u32::try_from(id).map_err(|_| "too many operators".to_owned())?;
        let stride = |node: NodeId| flat_stride(circuit, node);
        Ok(Some(match &circuit.nodes[id].op {
            Op::Import { input } => Scope::Import { input: *input },
            Op::Variable { index } => Scope::Variable { index: *index, next: Rows::new(stride(id)) },
            Op::Recursion { first, variables, exports, name, at } => {
                let strides = |nodes: &[NodeId]| nodes.iter().map(|n| stride(*n)).collect::<Vec<_>>();
                let operator = Recursion::new(
                    number,
                    ITERATIONS_MAX,
                    &endless(name),
                    at.line,
                    at.column,
                    &strides(variables),
                    &strides(exports),
                );
                let (variables, exports) = (variables.clone(), exports.clone());
                Scope::Recursion { operator, first: *first, variables, exports, again: false }
            }
            Op::Export { input, index } => Scope::Export { input: *input, index: *index },
            _ if scope.is_none() => return Ok(None),
            Op::Index { input, filter, key: keys, value: values, exchange, ordered, .. } => {
                let values = values.chunks(if *ordered { 1 } else { values.len().max(1) });
                let lists: Vec<&[Expr]> = std::iter::once(keys.as_slice()).chain(values).collect();
                let function = RowFunction::new(Input::rows(circuit, *input), filter.as_ref(), &lists)?;
                let operator = ScopeIndex::new(number, &key.text(), &value.text());
                let operator = if *exchange { operator.exchange() } else { operator };
                Scope::Index { operator, input: *input, function }
            }
            Op::Join { left, right, filter, project } => Scope::Join {
                operator: ScopeJoin::new(number),
                left: Keyed::new(circuit, *left),
                right: Keyed::new(circuit, *right),
                function: RowFunction::new(Input::pairs(circuit, *left, *right), filter.as_ref(), &[project])?,
            },
            Op::SemiJoin { left, right, anti, condition, project } => Scope::SemiJoin {
                operator: ScopeSemiJoin::new(number),
                left: Keyed::new(circuit, *left),
                right: Keyed::new(circuit, *right),
                anti: *anti,
                condition: match condition {
                    Some(e) => Some(Condition::new(Input::pairs(circuit, *left, *right), e)?),
                    None => None,
                },
                project: RowFunction::new(Input::rows(circuit, *left), None, &[project])?,
            },
            Op::Distinct { input, all } => {
                Scope::Distinct { operator: ScopeDistinct::new(number), input: *input, all: *all }
            }
            Op::Aggregate { parts, global, filter, project } => {
                let key = layouts(circuit, parts[0].input).0;
                if *global && !key.is_empty() {
                    return Err("an aggregation over everything has no key".to_owned());
                }
                let plan = Plan::new(circuit, parts, filter.as_ref(), project)?;
                let operator = Aggregate::new(number, &key.text(), plan.accumulators, plan.parts);
                let operator = ScopeAggregate::new(if *global { operator.global() } else { operator });
                Scope::Aggregate { operator, inputs: parts.iter().map(|p| p.input).collect(), emit: plan.emit }
            }
            Op::Rank { .. } => Scope::Rank { operator: ScopeRank::new(number), rank: Rank::new(circuit, id)? },
            _ => return Ok(None),
        }))
    }

    /// The operator, if it is one to the SDK.
    pub(crate) fn operator(&mut self) -> Option<&mut dyn Operator> {
        Some(match self {
            Scope::Index { operator, .. } => operator,
            Scope::Join { operator, .. } => operator,
            Scope::SemiJoin { operator, .. } => operator,
            Scope::Distinct { operator, .. } => operator,
            Scope::Aggregate { operator, .. } => operator,
            Scope::Rank { operator, .. } => operator,
            Scope::Recursion { operator, .. } => operator,
            Scope::Import { .. } | Scope::Variable { .. } | Scope::Export { .. } => return None,
        })
    }

    /// The result, if it lives in the operator.
    pub(crate) fn delta(&self) -> Option<&Rows> {
        if let Scope::Index { operator, .. } = self { Some(operator.delta().rows()) } else { None }
    }

    /// The least iteration that the operator's calendar has something for.
    fn next(&self) -> u64 {
        match self {
            Scope::Join { operator, .. } => operator.next(),
            Scope::SemiJoin { operator, .. } => operator.next(),
            Scope::Distinct { operator, .. } => operator.next(),
            Scope::Aggregate { operator, .. } => operator.next(),
            Scope::Rank { operator, .. } => operator.next(),
            _ => least([]),
        }
    }

    /// Works on the deltas of the nodes before in an iteration.
    pub(crate) fn step(&mut self, cx: &mut Context, id: u32, stride: u32, before: Before<'_>) -> Rows {
        let at = before.iteration;
        match self {
            Scope::Import { input } => import(cx, id, at, before.rows(*input)),
            Scope::Variable { next, .. } => next.clone(),
            Scope::Index { operator, input, function } => {
                operator.step(cx, at, before.rows(*input), &|cx, rows, out| function.rows(cx, rows, out));
                Rows::default()
            }
            Scope::Join { operator, left, right, function } => {
                let f = |cx: &Context, pairs: Pairs<'_>, out: &mut RowWriter| function.pairs(cx, pairs, out);
                operator.step(cx, at, stride, left.side(before), right.side(before), &f)
            }
            Scope::SemiJoin { operator, left, right, anti, condition, project } => {
                let holds;
                let condition: Option<PairFn<'_>> = match condition {
                    Some(condition) => {
                        holds = |cx: &Context, l: &[u64], r: &[u64]| condition.holds(cx, l, r);
                        Some(&holds)
                    }
                    None => None,
                };
                let project = |cx: &Context, rows: Chunk<'_>, out: &mut RowWriter| project.rows(cx, rows, out);
                let (left, right) = (left.side(before), right.side(before));
                operator.step(cx, at, stride, *anti, left, right, condition, &project)
            }
            Scope::Distinct { operator, input, all } => operator.step(cx, at, index(before, *input), *all),
            Scope::Aggregate { operator, inputs, emit } => {
                let inputs: Vec<&ScopeIndex> = inputs.iter().map(|i| index(before, *i)).collect();
                operator.step(cx, at, stride, &inputs, &|cx, rows, out| emit.rows(cx, rows, out))
            }
            Scope::Rank { operator, rank } => {
                let emit = |cx: &Context, rows: Chunk<'_>, out: &mut RowWriter| rank.emit.rows(cx, rows, out);
                let input = index(before, rank.input);
                rank.with_wanted(|wanted| operator.step(cx, at, stride, input, wanted, &emit))
            }
            Scope::Recursion { operator, first, variables, exports, again } => {
                let rows = |nodes: &[NodeId]| nodes.iter().map(|n| before.rows(*n)).collect::<Vec<_>>();
                let next = before.nodes[*first..].iter().map(|node| match node {
                    Node::Scope(node) => node.next(),
                    _ => least([]),
                });
                let next = next.min().unwrap_or(least([]));
                *again = operator.turn(cx, &rows(variables), &rows(exports), next);
                Rows::default()
            }
            Scope::Export { input, index } => match &before.nodes[*input] {
                Node::Scope(Scope::Recursion { operator, .. }) => operator.export(cx, id, *index),
                _ => Rows::default(),
            },
        }
    }

    /// Once a scope's end has had its turn: hands the variables on. Where the scope begins and its next iteration, if there is one.
    pub(crate) fn turned(&self, before: &mut [Node]) -> Option<(NodeId, u64)> {
        let Scope::Recursion { operator, first, again, .. } = self else { return None };
        for node in &mut before[*first..] {
            if let Node::Scope(Scope::Variable { index, next }) = node {
                *next = operator.variable(*index);
            }
        }
        again.then_some((*first, operator.iteration()))
    }
}

/// The words of a node's rows, be it flat or keyed.
fn flat_stride(circuit: &Circuit, node: NodeId) -> u32 {
    let (key, value) = layouts(circuit, node);
    if key.is_empty() { Layout::stride(&value) } else { key.stride_with(&value) }
}
