//! The circuit as a drawing for Graphviz.

use crate::{Circuit, NodeId, Op};
use std::fmt::Write;

/// Longest label line, in characters.
const LABEL_WIDTH_MAX: usize = 90;

/// What a drawing says of an operator besides what it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DotNote {
    /// Lines of text.
    pub lines: Vec<String>,
    /// From 0 to 1: how red it is.
    pub heat: f64,
}

/// How a drawing begins.
const HEAD: &str = "digraph circuit {\n  rankdir=TB;\n  node [shape=box, fontname=\"monospace\"];\n";

impl Circuit {
    /// The circuit in Graphviz's language: `weir build --emit dot x.sql | dot -Tsvg`.
    pub fn dot(&self) -> String {
        self.dot_with(|_| None)
    }

    /// The same, with notes.
    pub fn dot_with(&self, note: impl Fn(NodeId) -> Option<DotNote>) -> String {
        format!("{HEAD}{}}}\n", self.dot_nodes("n", note))
    }

    /// Several circuits side by side, each with its title, in Graphviz's language.
    pub fn dot_beside(circuits: &[(&str, &Circuit)]) -> String {
        let mut out = HEAD.to_string();
        for (i, (title, circuit)) in circuits.iter().enumerate() {
            let _ = writeln!(out, "  subgraph cluster_c{i} {{ label=\"{}\";", quoted(title));
            out.push_str(&circuit.dot_nodes(&format!("c{i}n"), |_| None));
            out.push_str("  }\n");
        }
        out.push_str("}\n");
        out
    }

    /// Nodes and edges; names of nodes begin with `prefix`.
    fn dot_nodes(&self, prefix: &str, note: impl Fn(NodeId) -> Option<DotNote>) -> String {
        let mut out = String::new();
        let scopes = self.scopes();
        // Edges of the nodes of a scope.
        let mut later = String::new();
        for (i, node) in self.nodes.iter().enumerate() {
            if scopes[i].is_some() && (i == 0 || scopes[i - 1] != scopes[i]) {
                let _ = writeln!(out, "  subgraph cluster_{prefix}{i} {{ label=\"recursion\"; style=dashed;");
            }
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
            let note = note(i);
            let mut lines = String::new();
            for line in note.iter().flat_map(|n| &n.lines) {
                let _ = write!(lines, "\\n{}", quoted(line));
            }
            // White at 0, red at 1.
            let paleness = |heat: f64| (255.0 * (1.0 - heat.clamp(0.0, 1.0))) as u8;
            let heat = note.map(|n| {
                let p = paleness(n.heat);
                format!(", style=filled, fillcolor=\"#ff{p:02x}{p:02x}\"")
            });
            let color = heat.as_deref().unwrap_or(color);
            let (title, short) = (quoted(&title), quoted(&short));
            let _ = writeln!(out, "  {prefix}{i} [label=\"{i}: {title}\\n{short}{dots}{lines}\"{color}];");
            // (An edge within a cluster would draw both of its nodes into it.)
            let mut edges = String::new();
            // From one iteration to the next.
            if let (Op::Variable { index }, Some(end)) = (&node.op, scopes[i])
                && let Op::Recursion { variables, .. } = &self.nodes[end].op
                && let Some(from) = variables.get(*index)
            {
                let _ = writeln!(edges, "  {prefix}{from} -> {prefix}{i} [style=dashed, constraint=false];");
            }
            for input in node.op.inputs() {
                let exchange = matches!(node.op, Op::Index { exchange: true, .. });
                let _ = writeln!(
                    edges,
                    "  {prefix}{input} -> {prefix}{i}{};",
                    if exchange { " [style=bold, label=exchange]" } else { "" }
                );
            }
            later.push_str(&edges);
            if scopes[i].is_some() && scopes.get(i + 1) != Some(&scopes[i]) {
                out.push_str("  }\n");
            }
            if scopes[i].is_none() || scopes.get(i + 1) != Some(&scopes[i]) {
                out.push_str(&std::mem::take(&mut later));
            }
        }
        out
    }
}

fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}
