//! From relational algebra to the circuit: operators are chosen, linear ones (filters, projections) fused into their
//! neighbours, rows laid out by key where an operator needs it, and sent to their worker only if they are not there.

mod aggregate;
mod frames;
mod guard;
mod inputs;
mod join;
mod linear;
mod recursion;
mod stream;
mod time;
mod waterline;
mod window;

use crate::Span;
use crate::plan::{Plan, Rel, RelId};
use std::collections::HashMap;
use stream::Stream;
use weir_circuit::{Circuit, Expr, Node, NodeId, Op};
use weir_row::ColumnType;

/// The state of lowering a plan.
struct Lowering<'p> {
    plan: &'p Plan,
    uses: Vec<usize>,
    circuit: Circuit,
    /// What is known about each node's rows; parallel to the circuit's nodes.
    partitions: Vec<stream::Partition>,
    /// Whether no step takes a row of a node away; parallel to the circuit's nodes.
    only_inserts: Vec<bool>,
    /// Equal nodes are one.
    known: HashMap<String, NodeId>,
    /// What relations have become.
    lowered: HashMap<RelId, Stream>,
    /// The recursion whose bodies are being lowered.
    scope: Option<recursion::Scope>,
    /// The nodes of recursions, by their variables.
    recursions: HashMap<Vec<usize>, NodeId>,
    /// Waterlines of nodes' columns that were looked for.
    waterlines: HashMap<(NodeId, usize), Option<NodeId>>,
}

/// Fills a circuit, which has its tables and views, with the operators of a plan.
///
/// # Errors
///
/// The places of columns by which rows should be final, but never are.
pub(crate) fn lower(plan: &Plan, circuit: Circuit) -> Result<Circuit, Vec<Span>> {
    let mut lowering = Lowering {
        plan,
        uses: plan.uses(),
        circuit,
        partitions: vec![],
        only_inserts: vec![],
        known: HashMap::new(),
        lowered: HashMap::new(),
        scope: None,
        recursions: HashMap::new(),
        waterlines: HashMap::new(),
    };
    let mut never = vec![];
    for root in &plan.roots {
        let mut stream = lowering.stream(root.rel);
        if let Some((column, at)) = root.last {
            match lowering.finally(&stream, column) {
                Some(last) => stream = last,
                None => never.push(at),
            }
        }
        let input = lowering.flat(stream);
        let name = lowering.circuit.views[root.view].name.clone();
        let value: Vec<ColumnType> = lowering.circuit.views[root.view].columns.iter().map(|c| c.ty.clone()).collect();
        let input = lowering.widened(input, &value);
        lowering.node(Op::Output { input, view: root.view }, vec![], value, &name);
    }
    // A table that no view reads can still be fed and listened to.
    for table in 0..lowering.circuit.tables.len() {
        lowering.table_node(table);
    }
    lowering.let_go();
    if never.is_empty() { Ok(lowering.circuit) } else { Err(never) }
}

impl Lowering<'_> {
    /// Adds an operator, unless there is an equal one.
    fn node(&mut self, op: Op, key: Vec<ColumnType>, value: Vec<ColumnType>, note: &str) -> NodeId {
        let partition = self.partition_of(&op);
        let only_inserts = op.only_inserts(&self.circuit.tables, &self.circuit.nodes, &self.only_inserts);
        // A trace serves everyone who reads the index, so whether there is one tells no indexes apart.
        let (bare, wants_trace) = match op {
            Op::Index { input, filter, key, value, exchange, trace, ordered } => {
                (Op::Index { input, filter, key, value, exchange, trace: false, ordered }, trace)
            }
            other => (other, false),
        };
        let mut node = Node { op: bare, key, value, note: String::new() };
        let text = node.to_string();
        let id = match self.known.get(&text) {
            Some(id) => *id,
            None => {
                node.note = note.to_string();
                self.circuit.nodes.push(node);
                self.partitions.push(partition);
                self.only_inserts.push(only_inserts);
                self.known.insert(text, self.circuit.nodes.len() - 1);
                self.circuit.nodes.len() - 1
            }
        };
        if let Op::Index { trace, .. } = &mut self.circuit.nodes[id].op {
            *trace |= wants_trace;
        }
        id
    }

    /// The columns of a node's rows.
    fn columns(&self, node: NodeId) -> Vec<ColumnType> {
        self.circuit.nodes[node].columns()
    }

    /// The rows of a relation.
    fn stream(&mut self, rel: RelId) -> Stream {
        if self.is_outside(rel) {
            return self.imported(rel);
        }
        if let Some(stream) = self.lowered.get(&rel) {
            return stream.clone();
        }
        let stream = self.linear(rel);
        self.lowered.insert(rel, stream.clone());
        stream
    }

    /// A relation that is no filter and no projection, put out as these expressions over its columns.
    fn operator(&mut self, rel: RelId, over: linear::Linear) -> Stream {
        match self.plan.rel(rel).clone() {
            Rel::Table { table } => self.table(table, over),
            Rel::Values { rows } => {
                let columns = self.plan.columns(rel).to_vec();
                let node = self.node(Op::Constant { rows }, vec![], columns, "");
                self.over(node, None, over)
            }
            Rel::Join { left, right, kind, on } => self.join(rel, left, right, kind, on, over),
            Rel::Aggregate { input, keys, calls, global } => self.aggregate(input, &keys, &calls, global, over),
            Rel::Distinct { input, all } => {
                let index = self.distinct_index(input);
                let key = self.circuit.nodes[index].key.clone();
                let note = if all { "EXCEPT ALL" } else { "DISTINCT" };
                let node = self.node(Op::Distinct { input: index, all }, key, vec![], note);
                self.over(node, None, over)
            }
            Rel::Negate { input } => {
                let columns = self.plan.columns(rel).to_vec();
                let stream = self.stream(input);
                let input = self.flat(stream);
                let node = self.node(Op::Negate { input }, vec![], columns, "");
                self.over(node, None, over)
            }
            Rel::Union { inputs } => {
                let columns = self.plan.columns(rel).to_vec();
                let inputs: Vec<NodeId> = inputs
                    .into_iter()
                    .map(|input| {
                        let stream = self.stream(input);
                        let flat = self.flat(stream);
                        self.widened(flat, &columns)
                    })
                    .collect();
                let node = self.node(Op::Union { inputs }, vec![], columns, "UNION");
                self.over(node, None, over)
            }
            Rel::Rank { input, keys, order, ranking, numbered, above, upto } => {
                let columns = self.plan.columns(rel).to_vec();
                let stream = self.stream(input);
                let of_node = |e: &Expr| stream.over_node(e);
                let keys: Vec<Expr> = keys.iter().map(of_node).collect();
                let by: Vec<Expr> = order.iter().map(of_node).collect();
                let first = keys.len() + by.len();
                let value = by.iter().chain(&stream.project).cloned().collect();
                let (count, order) = (stream.project.len(), by.len());
                // The first rows of what only ever gains rows are kept by the operator itself.
                let trace = upto.is_none() || !self.only_inserts[stream.node];
                let index = self.ordered_index(&stream, None, keys, value, trace);
                // A row of no words at all has a column more.
                let number = self.columns(index).len();
                let places = (first..first + count).chain(numbered.then_some(number));
                let project = places.zip(&columns).map(|(at, ty)| Expr::column(at, ty.clone())).collect();
                let op = Op::Rank { input: index, order, ranking, numbered, above, upto, project };
                let node = self.node(op, vec![], columns, "");
                self.over(node, None, over)
            }
            Rel::Window { input, window } => self.window(rel, input, &window, over),
            Rel::Unnest { input } => {
                let columns = self.plan.columns(rel).to_vec();
                let types = self.plan.columns(input).to_vec();
                let stream = self.stream(input);
                let flat = self.flat(stream);
                // What a column is made of may be nullable where the column is not.
                let mut input = self.widened(flat, &types);
                // (An index of keys alone has the same words, but is none of rows.)
                if !self.circuit.nodes[input].key.is_empty() {
                    let project = linear::Linear::identity(&types).project;
                    input = self.node(Op::Map { input, filter: None, project }, vec![], types, "");
                }
                let node = self.node(Op::Unnest { input }, vec![], columns, "UNNEST");
                self.over(node, None, over)
            }
            Rel::Variable { variable } => {
                let node = self.variable(variable);
                self.over(node, None, over)
            }
            Rel::Recursion { variables, bodies, index, name, at } => {
                let recursion = self.recursion(&variables, &bodies, &name, at);
                let node = self.export(recursion, index);
                self.over(node, None, over)
            }
            Rel::Now => {
                let node = self.now();
                self.over(node, None, over)
            }
            Rel::Within { input, time, bounds } => self.within(input, &time, *bounds, over),
            Rel::Session { input, keys, time, gap } => self.session(input, &keys, &time, gap, over),
            Rel::Late { input, columns, of_table } => self.late(input, &columns, of_table, over),
            Rel::Dropped { late } => self.dropped(late, over),
            // `linear` took them apart.
            Rel::Filter { .. } | Rel::Project { .. } => self.stream(rel),
        }
    }

    /// A table's rows. With a primary key its columns come first, so columns are renumbered.
    fn table(&mut self, table: usize, over: linear::Linear) -> Stream {
        let node = self.table_node(table);
        let declared = &self.circuit.tables[table];
        let order = declared.primary_key.iter().flatten().copied().chain(declared.value_columns());
        let mut place = vec![0; declared.columns.len()];
        for (at, column) in order.enumerate() {
            place[column] = at;
        }
        self.over(node, Some(&place), over)
    }

    /// The operator of a table.
    fn table_node(&mut self, table: usize) -> NodeId {
        let declared = &self.circuit.tables[table];
        let types = |columns: &[usize]| -> Vec<ColumnType> {
            columns.iter().map(|c| declared.columns[*c].ty.clone()).collect()
        };
        let key = types(declared.primary_key.as_deref().unwrap_or_default());
        let value = types(&declared.value_columns());
        let name = declared.name.clone();
        self.node(Op::Table { table }, key, value, &name)
    }

    /// An index of whole rows, for DISTINCT.
    fn distinct_index(&mut self, input: RelId) -> NodeId {
        let stream = self.stream(input);
        let key = stream.project.clone();
        self.index(&stream, None, key, vec![], true, true, "DISTINCT")
    }
}
