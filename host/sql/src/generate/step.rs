//! The fields of the program and the lines of `step`, one of each at most for an operator.

use super::Generator;
use std::fmt::Write;
use weir_circuit::{Expr, NodeId, Op};
use weir_row::{Layout, Value};

impl Generator<'_> {
    /// Fields and steps of all operators; row functions are written on the way.
    pub(super) fn operators(&mut self) -> (Vec<String>, Vec<String>) {
        let mut fields = vec![];
        let mut steps = vec![];
        for id in 0..self.circuit.nodes.len() {
            steps.extend(self.scope_begins(id));
            let made = self.scope_operator(id).or_else(|| self.time_operator(id));
            let (field, step) = made.unwrap_or_else(|| self.operator(id));
            fields.extend(field);
            let indent = if self.scopes[id].is_some() { "    " } else { "" };
            steps.extend(step.into_iter().map(|line| format!("{indent}{line}")));
        }
        (fields, steps)
    }

    /// A node's result as a flat stream.
    pub(super) fn rows(&self, node: NodeId) -> String {
        if self.is_keyed(node) { format!("self.n{node}.delta()") } else { format!("&n{node}") }
    }

    /// The words of a flat node's rows; 0 if they differ.
    pub(super) fn stride(&self, node: NodeId) -> u32 {
        Layout::new(&self.circuit.nodes[node].value).stride()
    }

    fn operator(&mut self, id: NodeId) -> (Option<String>, Option<String>) {
        let circuit = self.circuit;
        let node = &circuit.nodes[id];
        let (key, value) = self.layouts(id);
        let (key_text, value_text) = (key.text(), value.text());
        let stride = self.stride(id);
        match &node.op {
            Op::Table { table } => {
                let declared = &circuit.tables[*table];
                let kept = if declared.materialized { ".materialized()" } else { "" };
                let judged = if circuit.is_judged(id) { ".judged()" } else { "" };
                match &declared.primary_key {
                    Some(columns) => (
                        Some(format!(
                            "n{id}: KeyedTable = KeyedTable::new({id}, {table}, {key_text:?}, {value_text:?}, &{columns:?}){kept}{judged};"
                        )),
                        Some(format!("self.n{id}.step(cx);")),
                    ),
                    None => (
                        Some(format!("n{id}: Table = Table::new({id}, {table}, {value_text:?}){kept};")),
                        Some(format!("let n{id} = self.n{id}.step(cx);")),
                    ),
                }
            }
            Op::Constant { rows } => {
                self.constant(id, rows, &value);
                (
                    Some(format!("n{id}: Constant = Constant::new({id}, {stride});")),
                    Some(format!("let n{id} = self.n{id}.step(cx, &rows_{id});")),
                )
            }
            Op::Map { input, filter, project } => {
                self.row_function(&format!("map_{id}"), id, *input, filter.as_ref(), &[project]);
                (None, Some(format!("let n{id} = map(cx, {id}, {stride}, {}, &map_{id});", self.rows(*input))))
            }
            Op::Index { input, filter, key, value, exchange, trace, ordered } => {
                // In order each value column is a layout of its own.
                let values = value.chunks(if *ordered { 1 } else { value.len().max(1) });
                let parts: Vec<&[Expr]> = std::iter::once(key.as_slice()).chain(values).collect();
                self.row_function(&format!("index_{id}"), id, *input, filter.as_ref(), &parts);
                let exchange = if *exchange { ".exchange()" } else { "" };
                let trace = if *trace { ".trace()" } else { "" };
                (
                    Some(format!("n{id}: Index = Index::new({id}, {key_text:?}, {value_text:?}){exchange}{trace};")),
                    Some(format!("self.n{id}.step(cx, {}, &index_{id});", self.rows(*input))),
                )
            }
            Op::Join { left, right, filter, project } => {
                self.pair_function(&format!("join_{id}"), id, (*left, *right), filter.as_ref(), project);
                let inputs = format!("&self.n{left}, &self.n{right}");
                (None, Some(format!("let n{id} = join(cx, {id}, {stride}, {inputs}, &join_{id});")))
            }
            Op::SemiJoin { left, right, anti, condition, project } => {
                let name = if *anti { "antijoin" } else { "semijoin" };
                let condition = match condition {
                    None => "None".to_string(),
                    Some(condition) => {
                        self.condition_function(&format!("matches_{id}"), id, (*left, *right), condition);
                        format!("Some(&matches_{id})")
                    }
                };
                self.row_function(&format!("map_{id}"), id, *left, None, &[project]);
                let inputs = format!("&self.n{left}, &self.n{right}");
                (None, Some(format!("let n{id} = {name}(cx, {id}, {stride}, {inputs}, {condition}, &map_{id});")))
            }
            Op::Distinct { input, all } => {
                let all = if *all { ".all()" } else { "" };
                (
                    Some(format!("n{id}: Distinct = Distinct::new({id}){all};")),
                    Some(format!("self.n{id}.step(cx, &self.n{input});")),
                )
            }
            Op::Aggregate { parts, global, filter, project } => {
                let field = self.aggregate(id, parts, *global, filter.as_ref(), project);
                let inputs: Vec<String> = parts.iter().map(|p| format!("&self.n{}", p.input)).collect();
                let inputs = inputs.join(", ");
                (Some(field), Some(format!("let n{id} = self.n{id}.step(cx, {stride}, &[{inputs}], &emit_{id});")))
            }
            Op::Union { inputs } => {
                let inputs: Vec<String> = inputs.iter().map(|i| self.rows(*i)).collect();
                (None, Some(format!("let n{id} = union(cx, {id}, &[{}]);", inputs.join(", "))))
            }
            Op::Rank { input, order, ranking, numbered, above, upto, project } => {
                self.ranked_function(&format!("emit_{id}"), id, *input, project);
                let wanted = self.wanted(*input, *order, *ranking, *numbered, *above, *upto);
                if circuit.traced(*input).is_err() {
                    let (key, value) = self.layouts(*input);
                    let (key, value) = (key.text(), value.text());
                    return (
                        Some(format!("n{id}: TopK = TopK::new({id}, {key:?}, {value:?}, {wanted});")),
                        Some(format!("let n{id} = self.n{id}.step(cx, {stride}, &self.n{input}, &emit_{id});")),
                    );
                }
                (None, Some(format!("let n{id} = rank(cx, {id}, {stride}, &self.n{input}, {wanted}, &emit_{id});")))
            }
            Op::Window { input, order, sums, frames, project } => {
                let field = self.window(id, *input, *order, (sums, frames), project);
                (Some(field), Some(format!("let n{id} = self.n{id}.step(cx, {stride}, &self.n{input}, &emit_{id});")))
            }
            Op::Unnest { input } => {
                let layout = Layout::new(&circuit.nodes[*input].columns()).text();
                (None, Some(format!("let n{id} = unnest(cx, {id}, {layout:?}, {});", self.rows(*input))))
            }
            Op::Negate { input } => {
                let rows = self.rows(*input);
                let rows = rows.strip_prefix('&').unwrap_or(&rows);
                (None, Some(format!("let n{id} = negate(cx, {id}, Rows::clone(&{rows}));")))
            }
            // (Those of scopes.)
            Op::Import { .. } | Op::Variable { .. } | Op::Recursion { .. } | Op::Export { .. } => (None, None),
            // (Those of time.)
            Op::Now
            | Op::Within { .. }
            | Op::Session { .. }
            | Op::Late { .. }
            | Op::Dropped { .. }
            | Op::Waterline { .. }
            | Op::Least { .. }
            | Op::Retain { .. } => (None, None),
            Op::Output { input, view } => {
                let kept = if circuit.views[*view].materialized { ".materialized()" } else { "" };
                (
                    Some(format!("n{id}: Output = Output::new({id}, {view}, {value_text:?}){kept};")),
                    Some(format!("self.n{id}.step(cx, {});", self.rows(*input))),
                )
            }
        }
    }

    /// What is wanted of the rows of each key.
    pub(super) fn wanted(
        &self,
        input: NodeId,
        order: usize,
        ranking: weir_circuit::Ranking,
        numbered: bool,
        above: u64,
        upto: Option<u64>,
    ) -> String {
        let columns = &self.circuit.nodes[input].value[..order];
        let layouts: Vec<String> = columns.iter().map(|ty| Layout::new(std::slice::from_ref(ty)).text()).collect();
        let upto = upto.map_or_else(|| "u64::MAX".to_string(), |n| n.to_string());
        format!(
            "&Ranked {{ order: &{layouts:?}, ranking: Ranking::{ranking:?}, numbered: {numbered}, above: {above}, upto: {upto} }}"
        )
    }

    /// Constant rows as their words.
    fn constant(&mut self, id: NodeId, rows: &[Vec<Value>], layout: &Layout) {
        let mut body = String::new();
        for row in rows {
            let mut words = vec![];
            // The binder has typed the row, so it fits its layout.
            if layout.encode(row, &mut words).is_ok() {
                let words: Vec<String> = words.iter().map(|w| format!("{w:#x}")).collect();
                let _ = writeln!(body, "    out.push(&[{}], 1);", words.join(", "));
            }
        }
        let comment = self.comment(id);
        let _ = write!(self.functions, "\n{comment}\nfn rows_{id}(out: &mut RowWriter) {{\n{body}}}\n");
    }
}
