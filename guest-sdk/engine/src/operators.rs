//! The operators of a circuit, each made when the circuit is loaded, with the row functions that it calls.

use crate::aggregate::Plan;
use crate::input::{Input, layouts};
use crate::row_function::{Condition, RowFunction};
use crate::scope::Scope;
use crate::time::Time;
use weir_circuit::{Circuit, Expr, NodeId, Op};
use weir_row::{ColumnType, Layout, RowWriter, SqlType};
use weir_sdk::operators::{
    Aggregate, Constant, Distinct, Index, KeyedTable, Output, Ranked, Ranking, Table, TopK, Window, antijoin, join,
    map, negate, rank, semijoin, union, unnest,
};
use weir_sdk::{Chunk, Context, Keyed, Operator, Rows};

/// An operator in its place.
pub(crate) enum Node {
    Table(Table),
    KeyedTable(KeyedTable),
    Constant {
        operator: Constant,
        rows: Vec<Vec<u64>>,
    },
    Map {
        input: NodeId,
        function: RowFunction,
    },
    Index {
        operator: Index,
        input: NodeId,
        function: RowFunction,
    },
    Join {
        left: NodeId,
        right: NodeId,
        function: RowFunction,
    },
    SemiJoin {
        left: NodeId,
        right: NodeId,
        anti: bool,
        condition: Option<Condition>,
        project: RowFunction,
    },
    Distinct {
        operator: Distinct,
        input: NodeId,
    },
    Aggregate {
        operator: Aggregate,
        inputs: Vec<NodeId>,
        emit: RowFunction,
    },
    Union {
        inputs: Vec<NodeId>,
    },
    Negate {
        input: NodeId,
    },
    Unnest {
        input: NodeId,
        layout: String,
    },
    Rank(Rank),
    /// The same of what only ever gains rows.
    TopK {
        operator: TopK,
        rank: Rank,
    },
    Window {
        operator: Window,
        input: NodeId,
        emit: RowFunction,
    },
    /// One that knows of time.
    Time(Time),
    Output {
        operator: Output,
        input: NodeId,
    },
    /// One that stands within a scope or ends it.
    Scope(Scope),
}

impl Node {
    /// Makes the operator of node `id` of a circuit that was checked.
    pub(crate) fn new(circuit: &Circuit, id: NodeId, scope: Option<NodeId>) -> Result<Node, String> {
        if let Some(node) = Scope::new(circuit, id, scope)? {
            return Ok(Node::Scope(node));
        }
        if let Some(node) = Time::new(circuit, id)? {
            return Ok(Node::Time(node));
        }
        let (key, value) = layouts(circuit, id);
        let (key_text, value_text) = (key.text(), value.text());
        let number = u32::try_from(id).map_err(|_| "too many operators".to_owned())?;
        Ok(match &circuit.nodes[id].op {
            Op::Table { table } => {
                let declared = &circuit.tables[*table];
                match &declared.primary_key {
                    Some(columns) => {
                        let operator = KeyedTable::new(number, *table, &key_text, &value_text, columns);
                        let operator = if circuit.is_judged(id) { operator.judged() } else { operator };
                        Node::KeyedTable(if declared.materialized { operator.materialized() } else { operator })
                    }
                    None => {
                        let operator = Table::new(number, *table, &value_text);
                        Node::Table(if declared.materialized { operator.materialized() } else { operator })
                    }
                }
            }
            Op::Constant { rows } => {
                let mut encoded = Vec::new();
                for row in rows {
                    let mut words = Vec::new();
                    value.encode(row, &mut words).map_err(|e| e.to_string())?;
                    encoded.push(words);
                }
                Node::Constant { operator: Constant::new(number, value.stride()), rows: encoded }
            }
            Op::Map { input, filter, project } => {
                let function = RowFunction::new(Input::rows(circuit, *input), filter.as_ref(), &[project])?;
                Node::Map { input: *input, function }
            }
            Op::Index { input, filter, key, value, exchange, trace, ordered } => {
                // In order each value column is a layout of its own.
                let values = value.chunks(if *ordered { 1 } else { value.len().max(1) });
                let lists: Vec<&[Expr]> = std::iter::once(key.as_slice()).chain(values).collect();
                let function = RowFunction::new(Input::rows(circuit, *input), filter.as_ref(), &lists)?;
                let mut operator = Index::new(number, &key_text, &value_text);
                if *exchange {
                    operator = operator.exchange();
                }
                if *trace {
                    operator = operator.trace();
                }
                Node::Index { operator, input: *input, function }
            }
            Op::Join { left, right, filter, project } => {
                let function = RowFunction::new(Input::pairs(circuit, *left, *right), filter.as_ref(), &[project])?;
                Node::Join { left: *left, right: *right, function }
            }
            Op::SemiJoin { left, right, anti, condition, project } => {
                let condition = match condition {
                    Some(e) => Some(Condition::new(Input::pairs(circuit, *left, *right), e)?),
                    None => None,
                };
                let project = RowFunction::new(Input::rows(circuit, *left), None, &[project])?;
                Node::SemiJoin { left: *left, right: *right, anti: *anti, condition, project }
            }
            Op::Distinct { input, all } => {
                let operator = Distinct::new(number);
                Node::Distinct { operator: if *all { operator.all() } else { operator }, input: *input }
            }
            Op::Aggregate { parts, global, filter, project } => {
                let key = layouts(circuit, parts[0].input).0;
                if *global && !key.is_empty() {
                    return Err("an aggregation over everything has no key".to_owned());
                }
                let plan = Plan::new(circuit, parts, filter.as_ref(), project)?;
                let operator = Aggregate::new(number, &key.text(), plan.accumulators, plan.parts);
                let operator = if *global { operator.global() } else { operator };
                Node::Aggregate { operator, inputs: parts.iter().map(|p| p.input).collect(), emit: plan.emit }
            }
            Op::Union { inputs } => Node::Union { inputs: inputs.clone() },
            Op::Negate { input } => Node::Negate { input: *input },
            Op::Rank { input, .. } => {
                let rank = Rank::new(circuit, id)?;
                if circuit.traced(*input).is_ok() {
                    return Ok(Node::Rank(rank));
                }
                let (key, value) = layouts(circuit, *input);
                let operator = rank.with_wanted(|wanted| TopK::new(number, &key.text(), &value.text(), wanted));
                Node::TopK { operator, rank }
            }
            Op::Window { input, order, sums, frames, project } => {
                let plan = crate::window::Plan::new(circuit, number, *input, *order, (sums, frames), project)?;
                Node::Window { operator: plan.operator, input: *input, emit: plan.emit }
            }
            Op::Unnest { input } => {
                let layout = Layout::new(&circuit.nodes[*input].columns()).text();
                Node::Unnest { input: *input, layout }
            }
            Op::Import { .. } | Op::Variable { .. } | Op::Recursion { .. } | Op::Export { .. } => {
                return Err("an operator of scopes".to_owned());
            }
            Op::Now
            | Op::Within { .. }
            | Op::Session { .. }
            | Op::Late { .. }
            | Op::Dropped { .. }
            | Op::Waterline { .. }
            | Op::Least { .. }
            | Op::Retain { .. } => return Err("an operator of time".to_owned()),
            Op::Output { input, view } => {
                let operator = Output::new(number, *view, &value_text);
                let kept = circuit.views[*view].materialized;
                Node::Output { operator: if kept { operator.materialized() } else { operator }, input: *input }
            }
        })
    }

    /// The operator, if it has state.
    pub(crate) fn operator(&mut self) -> Option<&mut dyn Operator> {
        Some(match self {
            Node::Table(operator) => operator,
            Node::KeyedTable(operator) => operator,
            Node::Constant { operator, .. } => operator,
            Node::Index { operator, .. } => operator,
            Node::Distinct { operator, .. } => operator,
            Node::Aggregate { operator, .. } => operator,
            Node::TopK { operator, .. } => operator,
            Node::Window { operator, .. } => operator,
            Node::Output { operator, .. } => operator,
            Node::Scope(node) => return node.operator(),
            Node::Time(node) => return node.operator(),
            Node::Map { .. }
            | Node::Join { .. }
            | Node::SemiJoin { .. }
            | Node::Union { .. }
            | Node::Negate { .. }
            | Node::Unnest { .. }
            | Node::Rank(_) => {
                return None;
            }
        })
    }

    /// The operator, if its result lives in it, keyed.
    fn keyed(&self) -> Option<&dyn Keyed> {
        Some(match self {
            Node::KeyedTable(operator) => operator,
            Node::Index { operator, .. } => operator,
            Node::Distinct { operator, .. } => operator,
            _ => return None,
        })
    }

    /// Where to go on instead of at the next node, and in which iteration: back at the beginning of the scope that the node ends.
    pub(crate) fn turned(&self, before: &mut [Node]) -> Option<(NodeId, u64)> {
        if let Node::Scope(node) = self { node.turned(before) } else { None }
    }

    /// Whether it ends a scope.
    pub(crate) fn ends_scope(&self) -> bool {
        matches!(self, Node::Scope(Scope::Recursion { .. }))
    }

    /// Lets the operator forget rows below a scalar, whose delta this is.
    pub(crate) fn retain(&mut self, column: usize, scalar: &Rows) {
        match self {
            Node::KeyedTable(operator) => operator.retain(column, scalar),
            Node::Index { operator, .. } => operator.retain(column, scalar),
            Node::Aggregate { operator, .. } => operator.retain(column, scalar),
            Node::TopK { operator, .. } => operator.retain(column, scalar),
            // (The circuit was checked.)
            _ => {}
        }
    }

    /// Works on the deltas of the nodes before; returns its own if it is flat.
    pub(crate) fn step(&mut self, cx: &mut Context, id: u32, stride: u32, before: Before<'_>) -> Rows {
        match self {
            Node::Table(operator) => return operator.step(cx),
            Node::KeyedTable(operator) => operator.step(cx),
            Node::Constant { operator, rows } => {
                return operator.step(cx, &|out: &mut RowWriter| rows.iter().for_each(|row| out.push(row, 1)));
            }
            Node::Map { input, function } => {
                return map(cx, id, stride, before.rows(*input), &|cx, rows, out| function.rows(cx, rows, out));
            }
            Node::Index { operator, input, function } => {
                operator.step(cx, before.rows(*input), &|cx, rows, out| function.rows(cx, rows, out));
            }
            Node::Join { left, right, function } => {
                let (left, right) = (before.keyed(*left), before.keyed(*right));
                return join(cx, id, stride, left, right, &|cx, pairs, out| function.pairs(cx, pairs, out));
            }
            Node::SemiJoin { left, right, anti, condition, project } => {
                let run = if *anti { antijoin } else { semijoin };
                let (left, right) = (before.keyed(*left), before.keyed(*right));
                let holds;
                let condition: Option<weir_sdk::operators::PairFn<'_>> = match condition {
                    Some(condition) => {
                        holds = |cx: &Context, l: &[u64], r: &[u64]| condition.holds(cx, l, r);
                        Some(&holds)
                    }
                    None => None,
                };
                return run(cx, id, stride, left, right, condition, &|cx, rows, out| project.rows(cx, rows, out));
            }
            Node::Distinct { operator, input } => operator.step(cx, before.keyed(*input)),
            Node::Aggregate { operator, inputs, emit } => {
                let inputs: Vec<&dyn Keyed> = inputs.iter().map(|i| before.keyed(*i)).collect();
                return operator.step(cx, stride, &inputs, &|cx, rows, out| emit.rows(cx, rows, out));
            }
            Node::Union { inputs } => {
                let inputs: Vec<&Rows> = inputs.iter().map(|i| before.rows(*i)).collect();
                return union(cx, id, &inputs);
            }
            Node::Rank(function) => {
                let input = before.keyed(function.input);
                let emit = |cx: &Context, rows: Chunk<'_>, out: &mut RowWriter| function.emit.rows(cx, rows, out);
                return function.with_wanted(|wanted| rank(cx, id, stride, input, wanted, &emit));
            }
            Node::TopK { operator, rank } => {
                let emit = |cx: &Context, rows: Chunk<'_>, out: &mut RowWriter| rank.emit.rows(cx, rows, out);
                return operator.step(cx, stride, before.keyed(rank.input), &emit);
            }
            Node::Window { operator, input, emit } => {
                let input = before.keyed(*input);
                return operator.step(cx, stride, input, &|cx, rows, out| emit.rows(cx, rows, out));
            }
            Node::Unnest { input, layout } => return unnest(cx, id, layout, before.rows(*input)),
            Node::Negate { input } => return negate(cx, id, before.rows(*input).clone()),
            Node::Time(node) => return node.step(cx, id, stride, before),
            Node::Output { operator, input } => operator.step(cx, before.rows(*input)),
            Node::Scope(node) => return node.step(cx, id, stride, before),
        }
        Rows::default()
    }
}

/// What is wanted of the rows of each key in order.
pub(crate) struct Rank {
    pub(crate) input: NodeId,
    order: Vec<String>,
    ranking: Ranking,
    numbered: bool,
    above: u64,
    upto: u64,
    pub(crate) emit: RowFunction,
}

impl Rank {
    /// That of node `id`, which is one of rank.
    pub(crate) fn new(circuit: &Circuit, id: NodeId) -> Result<Rank, String> {
        let Op::Rank { input, order, ranking, numbered, above, upto, project } = &circuit.nodes[id].op else {
            return Err("no rank".to_owned());
        };
        let columns = &circuit.nodes[*input].value[..*order];
        let mut rows = Input::rows(circuit, *input);
        rows.push(Layout::new(&[ColumnType::not_null(SqlType::BigInt)]));
        Ok(Rank {
            input: *input,
            order: columns.iter().map(|c| Layout::new(std::slice::from_ref(c)).text()).collect(),
            ranking: match ranking {
                weir_circuit::Ranking::Row => Ranking::Row,
                weir_circuit::Ranking::Rank => Ranking::Rank,
                weir_circuit::Ranking::Dense => Ranking::Dense,
            },
            numbered: *numbered,
            above: *above,
            upto: upto.unwrap_or(u64::MAX),
            emit: RowFunction::new(rows, None, &[project])?,
        })
    }

    /// Calls `f` with it as the operator takes it.
    pub(crate) fn with_wanted<T>(&self, f: impl FnOnce(&Ranked<'_>) -> T) -> T {
        let order: Vec<&str> = self.order.iter().map(String::as_str).collect();
        f(&Ranked { order: &order, ranking: self.ranking, numbered: self.numbered, above: self.above, upto: self.upto })
    }
}

/// What the nodes before one put out in this step.
#[derive(Clone, Copy)]
pub(crate) struct Before<'a> {
    pub(crate) nodes: &'a [Node],
    pub(crate) flat: &'a [Rows],
    /// The iteration of the scope at hand.
    pub(crate) iteration: u64,
}

impl<'a> Before<'a> {
    /// A node's result as a flat stream.
    pub(crate) fn rows(self, node: NodeId) -> &'a Rows {
        match self.nodes[node].keyed() {
            Some(keyed) => keyed.delta_rows(),
            None => match &self.nodes[node] {
                Node::Scope(inside) => inside.delta().unwrap_or(&self.flat[node]),
                _ => &self.flat[node],
            },
        }
    }

    /// A node's result as a keyed stream: the circuit was checked, so it is one.
    pub(crate) fn keyed(self, node: NodeId) -> &'a dyn Keyed {
        match self.nodes[node].keyed() {
            Some(keyed) => keyed,
            None => panic!("node {node} is not keyed, though the circuit was checked"),
        }
    }
}
