//! The circuit as a drawing for Graphviz.

use crate::{Circuit, Op};
use std::fmt::Write;

/// Longest label line, in characters.
const LABEL_WIDTH_MAX: usize = 90;

impl Circuit {
    /// The circuit in Graphviz's language: `weir build --emit dot x.sql | dot -Tsvg`.
    pub fn dot(&self) -> String {
        let mut out = String::from("digraph circuit {\n  rankdir=TB;\n  node [shape=box, fontname=\"monospace\"];\n");
        for (i, node) in self.nodes.iter().enumerate() {
            let title = match &node.op {
                Op::Table { table } => {
                    self.tables.get(*table).map_or_else(String::new, |t| format!("table {}", t.name))
                }
                Op::Output { view, .. } => {
                    self.views.get(*view).map_or_else(String::new, |v| format!("view {}", v.name))
                }
                op => op.name().to_string(),
            };
            let text = node.to_string();
            let short: String = text.chars().take(LABEL_WIDTH_MAX).collect();
            let dots = if short.len() < text.len() { "…" } else { "" };
            let color = match &node.op {
                Op::Table { .. } => ", style=filled, fillcolor=lightblue",
                Op::Output { .. } => ", style=filled, fillcolor=palegreen",
                Op::Index { trace: true, .. } | Op::Aggregate { .. } | Op::Distinct { .. } => {
                    ", style=filled, fillcolor=lightyellow"
                }
                _ => "",
            };
            let _ = writeln!(out, "  n{i} [label=\"{i}: {}\\n{}{dots}\"{color}];", quoted(&title), quoted(&short));
            for input in node.op.inputs() {
                let exchange = matches!(node.op, Op::Index { exchange: true, .. });
                let _ =
                    writeln!(out, "  n{input} -> n{i}{};", if exchange { " [style=bold, label=exchange]" } else { "" });
            }
        }
        out.push_str("}\n");
        out
    }
}

fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}
