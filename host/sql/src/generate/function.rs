//! Row functions.

use super::Generator;
use super::area::Input;
use super::code::Body;
use std::fmt::Write;
use weir_circuit::{Expr, ExprOp, NodeId};

/// Spaces before lines within a loop of a function.
const IN_LOOP: &str = "        ";

impl Generator<'_> {
    /// A function that goes through rows of `input`, drops some, and writes `parts` of each, one layout after the other.
    pub(super) fn row_function(
        &mut self,
        name: &str,
        id: NodeId,
        input: NodeId,
        filter: Option<&Expr>,
        parts: &[&[Expr]],
    ) {
        let comment = self.comment(id);
        let whole = self.is_whole(input, parts);
        let columns = self.input_of(input, "r", "v");
        let body = self.body(columns, filter, parts, if whole { Some("out.push(r, w);") } else { None });
        let _ = write!(
            self.functions,
            "\n{comment}\nfn {name}(cx: &Context, rows: Chunk<'_>, out: &mut RowWriter) {{\n    for (r, w) in rows {{\n{body}    }}\n}}\n"
        );
    }

    /// A function that goes through rows of an index in order, each with its number behind.
    pub(super) fn ranked_function(&mut self, name: &str, id: NodeId, input: NodeId, project: &[Expr]) {
        let comment = self.comment(id);
        let columns = self.numbered_input(input, "r", "v");
        let body = self.body(columns, None, &[project], None);
        let _ = write!(
            self.functions,
            "\n{comment}\nfn {name}(cx: &Context, rows: Chunk<'_>, out: &mut RowWriter) {{\n    for (r, w) in rows {{\n{body}    }}\n}}\n"
        );
    }

    /// A function that goes through rows of an index in order, each with the beginning and the end of its session behind.
    pub(super) fn session_function(&mut self, name: &str, id: NodeId, input: NodeId, project: &[Expr]) {
        let comment = self.comment(id);
        let columns = self.session_input(input, "r", "v");
        let body = self.body(columns, None, &[project], None);
        let _ = write!(
            self.functions,
            "\n{comment}\nfn {name}(cx: &Context, rows: Chunk<'_>, out: &mut RowWriter) {{\n    for (r, w) in rows {{\n{body}    }}\n}}\n"
        );
    }

    /// A function that goes through pairs of rows.
    pub(super) fn pair_function(
        &mut self,
        name: &str,
        id: NodeId,
        inputs: (NodeId, NodeId),
        filter: Option<&Expr>,
        project: &[Expr],
    ) {
        let comment = self.comment(id);
        let columns = self.pair_input(inputs.0, inputs.1);
        let body = self.body(columns, filter, &[project], None);
        let _ = write!(
            self.functions,
            "\n{comment}\nfn {name}(cx: &Context, pairs: Pairs<'_>, out: &mut RowWriter) {{\n    for (l, r, w) in pairs {{\n{body}    }}\n}}\n"
        );
    }

    /// A function that tells whether a pair of rows satisfies a condition.
    pub(super) fn condition_function(&mut self, name: &str, id: NodeId, inputs: (NodeId, NodeId), condition: &Expr) {
        let comment = self.comment(id);
        let columns = self.pair_input(inputs.0, inputs.1);
        let mut body = Body::new(self, columns, "    ");
        body.filter(Some(condition), "return false;");
        let body = body.out;
        let _ = write!(
            self.functions,
            "\n{comment}\nfn {name}(cx: &Context, l: &[u64], r: &[u64]) -> bool {{\n{body}    true\n}}\n"
        );
    }

    /// The lines of a loop: filter, row, end.
    pub(super) fn body(
        &mut self,
        input: Input,
        filter: Option<&Expr>,
        parts: &[&[Expr]],
        whole: Option<&str>,
    ) -> String {
        let mut body = Body::new(self, input, IN_LOOP);
        body.filter(filter, "continue;");
        match whole {
            Some(line) => body.line(line),
            None => {
                let mut number = 0;
                for part in parts {
                    body.write(part, number);
                    number += part.len();
                }
                body.line("out.end(w);");
            }
        }
        body.out
    }

    /// The columns of a join's pairs: key, left value, right value.
    fn pair_input(&mut self, left: NodeId, right: NodeId) -> Input {
        let l = self.input_of(left, "l", "lv");
        let r = self.input_of(right, "r", "rv");
        let keys = self.circuit.nodes[left].key.len();
        let mut input = l;
        let areas = input.areas.len();
        input.areas.extend(r.areas);
        input.columns.extend(r.columns.into_iter().skip(keys).map(|(area, column)| (area + areas, column)));
        input
    }

    /// Whether the parts are just the input's rows.
    fn is_whole(&self, input: NodeId, parts: &[&[Expr]]) -> bool {
        let (key, value) = self.layouts(input);
        let from = if key.is_empty() { vec![value] } else { vec![key, value] };
        let mut column = 0;
        let mut to = vec![];
        for part in parts {
            for e in *part {
                if !matches!(e.op, ExprOp::Column(c) if c == column) {
                    return false;
                }
                column += 1;
            }
            let types: Vec<_> = part.iter().map(|e| e.ty.clone()).collect();
            to.push(weir_row::Layout::new(&types));
        }
        // Parts with slots only and what follows are laid out like one.
        let real = |layouts: Vec<weir_row::Layout>| -> Vec<String> {
            let mut texts: Vec<String> = vec![];
            let mut joins = false;
            for layout in layouts.iter().filter(|l| !l.is_empty()) {
                match texts.last_mut().filter(|_| joins) {
                    Some(last) => *last = format!("{last} {}", layout.text()),
                    None => texts.push(layout.text()),
                }
                joins = layout.is_fixed();
            }
            texts
        };
        real(from) == real(to)
    }
}
