//! The operators that know of time.

use super::Generator;
use std::fmt::Write;
use weir_circuit::{Expr, NodeId, Op};
use weir_row::{ColumnType, Layout};

impl Generator<'_> {
    /// Field and line of `step` of an operator that knows of time, if it is one.
    pub(super) fn time_operator(&mut self, id: NodeId) -> Option<(Option<String>, Option<String>)> {
        let circuit = self.circuit;
        let node = &circuit.nodes[id];
        let stride = self.stride(id);
        Some(match &node.op {
            Op::Now => {
                (Some(format!("n{id}: Now = Now::new({id});")), Some(format!("let n{id} = self.n{id}.step(cx);")))
            }
            Op::Within { input, lower, upper, once } => {
                let (key, value) = self.layouts(*input);
                let mut field = format!("n{id}: Within = Within::new({id}, {})", key.stride_with(&value));
                for (name, edge) in [("lower", lower), ("upper", upper)] {
                    let _ = edge.as_ref().map(|e| write!(field, ".{name}({})", e.inclusive));
                }
                let once = if *once { ".once();" } else { ";" };
                let scalars: Vec<String> = lower.iter().chain(upper).map(|e| format!("&n{}", e.scalar)).collect();
                let scalars = scalars.join(", ");
                (
                    Some(field + once),
                    Some(format!("let n{id} = self.n{id}.step(cx, {stride}, &self.n{input}, &[{scalars}]);")),
                )
            }
            Op::Session { input, gap, project } => {
                self.session_function(&format!("emit_{id}"), id, *input, project);
                (None, Some(format!("let n{id} = session(cx, {id}, {stride}, &self.n{input}, {gap}, &emit_{id});")))
            }
            Op::Late { input, columns, of_table } => {
                let types = circuit.columns(*input);
                let mut words = vec![];
                for late in columns {
                    let ty = ColumnType::nullable(types[late.column].sql.clone());
                    words.push(Expr::column(late.column, ty));
                    words.push(late.waterline.clone());
                }
                self.row_function(&format!("late_{id}"), id, *input, None, &[&words]);
                let step = match of_table {
                    true => format!("let n{id} = self.n{id}.step_table(cx, &mut self.n{input}, &late_{id});"),
                    false => format!("let n{id} = self.n{id}.step(cx, {}, &late_{id});", self.rows(*input)),
                };
                (Some(format!("n{id}: Late = Late::new({id}, {});", columns.len())), Some(step))
            }
            Op::Dropped { late } => (None, Some(format!("let n{id} = self.n{late}.dropped(cx, {id});"))),
            Op::Waterline { late, column } => {
                let wide = Layout::new(&[ColumnType::nullable(node.value[0].sql.clone())]);
                let wide = !wide.wide_slots.is_empty();
                (
                    Some(format!("n{id}: Waterline = Waterline::new({id});")),
                    Some(format!("let n{id} = self.n{id}.step(cx, self.n{late}.waterline({column}), {wide});")),
                )
            }
            Op::Least { inputs } => {
                let scalars: Vec<String> = inputs.iter().map(|i| format!("&n{i}")).collect();
                (
                    Some(format!("n{id}: Least = Least::new({id}, {});", inputs.len())),
                    Some(format!("let n{id} = self.n{id}.step(cx, &[{}]);", scalars.join(", "))),
                )
            }
            Op::Retain { state, column, waterline } => {
                (None, Some(format!("self.n{state}.retain({column}, &n{waterline}); cx.count({id}, 0, 0);")))
            }
            _ => return None,
        })
    }
}
