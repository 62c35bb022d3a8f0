//! Recursions: a scope is a loop in `step`.

use super::Generator;
use weir_circuit::{Expr, ITERATIONS_MAX, NodeId, Op, endless};
use weir_row::Layout;

impl Generator<'_> {
    /// The lines before a node that begins a scope.
    pub(super) fn scope_begins(&self, id: NodeId) -> Vec<String> {
        let Some(end) = self.scopes[id] else { return vec![] };
        if id > 0 && self.scopes[id - 1] == Some(end) {
            return vec![];
        }
        vec![format!("self.n{end}.begin();"), "loop {".to_owned(), format!("    let at = self.n{end}.iteration();")]
    }

    /// Field and line of `step` of an operator of recursions, if it is one.
    pub(super) fn scope_operator(&mut self, id: NodeId) -> Option<(Option<String>, Option<String>)> {
        let circuit = self.circuit;
        let (key, value) = self.layouts(id);
        let (key, value, stride) = (key.text(), value.text(), self.stride(id));
        let scope = self.scopes[id];
        Some(match &circuit.nodes[id].op {
            Op::Import { input } => (None, Some(format!("let n{id} = import(cx, {id}, at, {});", self.rows(*input)))),
            Op::Variable { index } => (None, Some(format!("let n{id} = self.n{}.variable({index});", scope?))),
            Op::Recursion { first, variables, exports, name, at } => {
                let strides = |nodes: &[NodeId]| nodes.iter().map(|n| self.row_stride(*n)).collect::<Vec<_>>();
                let field = format!(
                    "n{id}: Recursion = Recursion::new({id}, {ITERATIONS_MAX}, {:?}, {}, {}, &{:?}, &{:?});",
                    endless(name),
                    at.line,
                    at.column,
                    strides(variables),
                    strides(exports)
                );
                let rows = |nodes: &[NodeId]| nodes.iter().map(|n| self.rows(*n)).collect::<Vec<_>>().join(", ");
                let calendars: Vec<String> =
                    (*first..id).filter(|n| self.has_calendar(*n)).map(|n| format!("self.n{n}.next()")).collect();
                let turn = format!(
                    "    if !self.n{id}.turn(cx, &[{}], &[{}], least([{}])) {{\n                break;\n            }}\n        }}",
                    rows(variables),
                    rows(exports),
                    calendars.join(", ")
                );
                (Some(field), Some(turn))
            }
            Op::Export { input, index } => {
                (None, Some(format!("let n{id} = self.n{input}.export(cx, {id}, {index});")))
            }
            _ if scope.is_none() => return None,
            Op::Index { input, filter, key: keys, value: values, exchange, ordered, .. } => {
                let values = values.chunks(if *ordered { 1 } else { values.len().max(1) });
                let parts: Vec<&[Expr]> = std::iter::once(keys.as_slice()).chain(values).collect();
                self.row_function(&format!("index_{id}"), id, *input, filter.as_ref(), &parts);
                let exchange = if *exchange { ".exchange()" } else { "" };
                (
                    Some(format!("n{id}: ScopeIndex = ScopeIndex::new({id}, {key:?}, {value:?}){exchange};")),
                    Some(format!("self.n{id}.step(cx, at, {}, &index_{id});", self.rows(*input))),
                )
            }
            Op::Join { left, right, filter, project } => {
                self.pair_function(&format!("join_{id}"), id, (*left, *right), filter.as_ref(), project);
                let sides = format!("{}, {}", self.side(*left), self.side(*right));
                (
                    Some(format!("n{id}: ScopeJoin = ScopeJoin::new({id});")),
                    Some(format!("let n{id} = self.n{id}.step(cx, at, {stride}, {sides}, &join_{id});")),
                )
            }
            Op::SemiJoin { left, right, anti, condition, project } => {
                let condition = match condition {
                    None => "None".to_string(),
                    Some(condition) => {
                        self.condition_function(&format!("matches_{id}"), id, (*left, *right), condition);
                        format!("Some(&matches_{id})")
                    }
                };
                self.row_function(&format!("map_{id}"), id, *left, None, &[project]);
                let sides = format!("{}, {}", self.side(*left), self.side(*right));
                (
                    Some(format!("n{id}: ScopeSemiJoin = ScopeSemiJoin::new({id});")),
                    Some(format!(
                        "let n{id} = self.n{id}.step(cx, at, {stride}, {anti}, {sides}, {condition}, &map_{id});"
                    )),
                )
            }
            Op::Distinct { input, all } => (
                Some(format!("n{id}: ScopeDistinct = ScopeDistinct::new({id});")),
                Some(format!("let n{id} = self.n{id}.step(cx, at, &self.n{input}, {all});")),
            ),
            Op::Aggregate { parts, global, filter, project } => {
                let field = self.aggregate(id, parts, *global, filter.as_ref(), project);
                // The operator of outside, wrapped.
                let made = field.split_once(" = ").map_or("", |(_, made)| made.trim_end_matches(';'));
                let inputs: Vec<String> = parts.iter().map(|p| format!("&self.n{}", p.input)).collect();
                let inputs = inputs.join(", ");
                (
                    Some(format!("n{id}: ScopeAggregate = ScopeAggregate::new({made});")),
                    Some(format!("let n{id} = self.n{id}.step(cx, at, {stride}, &[{inputs}], &emit_{id});")),
                )
            }
            Op::Rank { input, order, ranking, numbered, above, upto, project } => {
                self.ranked_function(&format!("emit_{id}"), id, *input, project);
                let wanted = self.wanted(*input, *order, *ranking, *numbered, *above, *upto);
                (
                    Some(format!("n{id}: ScopeRank = ScopeRank::new({id});")),
                    Some(format!(
                        "let n{id} = self.n{id}.step(cx, at, {stride}, &self.n{input}, {wanted}, &emit_{id});"
                    )),
                )
            }
            _ => return None,
        })
    }

    /// A keyed input of an operator of a scope.
    fn side(&self, node: NodeId) -> String {
        match &self.circuit.nodes[node].op {
            Op::Import { input } => format!("Side::Outside(&self.n{input})"),
            _ => format!("Side::Inside(&self.n{node})"),
        }
    }

    /// Whether an operator of a scope keeps something for later iterations.
    fn has_calendar(&self, node: NodeId) -> bool {
        matches!(
            self.circuit.nodes[node].op,
            Op::Join { .. } | Op::SemiJoin { .. } | Op::Distinct { .. } | Op::Aggregate { .. } | Op::Rank { .. }
        )
    }

    /// The words of a node's rows, be it flat or keyed; 0 if they differ.
    fn row_stride(&self, node: NodeId) -> u32 {
        let (key, value) = self.layouts(node);
        if key.is_empty() { Layout::stride(&value) } else { key.stride_with(&value) }
    }
}
