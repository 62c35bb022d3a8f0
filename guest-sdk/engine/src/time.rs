//! The operators that know of time.

use crate::input::{Input, layouts};
use crate::operators::{Before, Node};
use crate::row_function::RowFunction;
use weir_circuit::{Circuit, Expr, NodeId, Op};
use weir_row::{ColumnType, Layout};
use weir_sdk::operators::{Late, Least, Now, Waterline, Within, session};
use weir_sdk::{Context, Operator, Rows};

/// An operator of time in its place.
pub(crate) enum Time {
    Now(Now),
    Within {
        operator: Within,
        input: NodeId,
        scalars: Vec<NodeId>,
    },
    Session {
        input: NodeId,
        gap: i64,
        emit: RowFunction,
    },
    Late {
        operator: Late,
        input: NodeId,
        function: RowFunction,
        /// Whether it settles what the table before it takes in.
        of_table: bool,
    },
    Dropped {
        late: NodeId,
    },
    Waterline {
        operator: Waterline,
        late: NodeId,
        column: usize,
        wide: bool,
    },
    Least {
        operator: Least,
        inputs: Vec<NodeId>,
    },
    /// Done by the program, since it changes an operator before.
    Retain {
        state: NodeId,
        column: usize,
        waterline: NodeId,
    },
}

/// The operator that drops what is late: the circuit was checked, so it is one.
fn late(before: Before<'_>, node: NodeId) -> &Late {
    match &before.nodes[node] {
        Node::Time(Time::Late { operator, .. }) => operator,
        _ => panic!("node {node} drops nothing, though the circuit was checked"),
    }
}

impl Time {
    /// Makes the operator of a node, if it is one of this kind.
    pub(crate) fn new(circuit: &Circuit, id: NodeId) -> Result<Option<Time>, String> {
        let number = u32::try_from(id).map_err(|_| "too many operators".to_owned())?;
        Ok(Some(match &circuit.nodes[id].op {
            Op::Now => Time::Now(Now::new(number)),
            Op::Within { input, lower, upper, once } => {
                let (key, value) = layouts(circuit, *input);
                let mut operator = Within::new(number, key.stride_with(&value));
                if let Some(edge) = lower {
                    operator = operator.lower(edge.inclusive);
                }
                if let Some(edge) = upper {
                    operator = operator.upper(edge.inclusive);
                }
                let scalars = lower.iter().chain(upper).map(|e| e.scalar).collect();
                Time::Within { operator: if *once { operator.once() } else { operator }, input: *input, scalars }
            }
            Op::Session { input, gap, project } => {
                let time = std::slice::from_ref(&circuit.nodes[*input].value[0]);
                let mut rows = Input::rows(circuit, *input);
                rows.push(Layout::new(time));
                rows.push(Layout::new(time));
                Time::Session { input: *input, gap: *gap, emit: RowFunction::new(rows, None, &[project])? }
            }
            Op::Late { input, columns, of_table } => {
                let types = circuit.columns(*input);
                let mut words = vec![];
                for late in columns {
                    let ty = ColumnType::nullable(types[late.column].sql.clone());
                    words.push(Expr::column(late.column, ty));
                    words.push(late.waterline.clone());
                }
                let function = RowFunction::new(Input::rows(circuit, *input), None, &[&words])?;
                let operator = Late::new(number, columns.len());
                Time::Late { operator, input: *input, function, of_table: *of_table }
            }
            Op::Dropped { late } => Time::Dropped { late: *late },
            Op::Waterline { late, column } => {
                let wide = Layout::new(&[ColumnType::nullable(circuit.nodes[id].value[0].sql.clone())]);
                let wide = !wide.wide_slots.is_empty();
                Time::Waterline { operator: Waterline::new(number), late: *late, column: *column, wide }
            }
            Op::Least { inputs } => Time::Least { operator: Least::new(number, inputs.len()), inputs: inputs.clone() },
            Op::Retain { state, column, waterline } => {
                Time::Retain { state: *state, column: *column, waterline: *waterline }
            }
            _ => return Ok(None),
        }))
    }

    /// The operator, if it is one to the SDK.
    pub(crate) fn operator(&mut self) -> Option<&mut dyn Operator> {
        Some(match self {
            Time::Now(operator) => operator,
            Time::Within { operator, .. } => operator,
            Time::Late { operator, .. } => operator,
            Time::Waterline { operator, .. } => operator,
            Time::Least { operator, .. } => operator,
            Time::Session { .. } | Time::Dropped { .. } | Time::Retain { .. } => return None,
        })
    }

    /// Works on the delta of a table that waits for it, if it is one of those.
    pub(crate) fn step_table(&mut self, cx: &mut Context, before: &mut [Node]) -> Option<Rows> {
        let Time::Late { operator, input, function, of_table: true } = self else { return None };
        // (The circuit was checked, so it is one with a key.)
        let Node::KeyedTable(table) = &mut before[*input] else { return None };
        Some(operator.step_table(cx, table, &|cx, rows, out| function.rows(cx, rows, out)))
    }

    /// Works on the deltas of the nodes before.
    pub(crate) fn step(&mut self, cx: &mut Context, id: u32, stride: u32, before: Before<'_>) -> Rows {
        match self {
            Time::Now(operator) => operator.step(cx),
            Time::Within { operator, input, scalars } => {
                let scalars: Vec<&Rows> = scalars.iter().map(|s| before.rows(*s)).collect();
                operator.step(cx, stride, before.keyed(*input), &scalars)
            }
            Time::Session { input, gap, emit } => {
                let input = before.keyed(*input);
                session(cx, id, stride, input, *gap, &|cx, rows, out| emit.rows(cx, rows, out))
            }
            Time::Late { operator, input, function, .. } => {
                operator.step(cx, before.rows(*input), &|cx, rows, out| function.rows(cx, rows, out))
            }
            Time::Dropped { late: of } => late(before, *of).dropped(cx, id),
            Time::Waterline { operator, late: of, column, wide } => {
                operator.step(cx, late(before, *of).waterline(*column), *wide)
            }
            Time::Least { operator, inputs } => {
                let inputs: Vec<&Rows> = inputs.iter().map(|i| before.rows(*i)).collect();
                operator.step(cx, &inputs)
            }
            // (The program has done it.)
            Time::Retain { .. } => {
                cx.count(id, 0, 0);
                Rows::default()
            }
        }
    }
}
