//! A circuit as a program of the SDK.

use crate::operators::{Before, Node};
use crate::time::Time;
use serde::Deserialize;
use weir_circuit::{Circuit, FrameFunction, Op};
use weir_row::{ColumnType, DECIMAL_PRECISION_MAX, Layout, SqlType};
use weir_sdk::{Context, Operator, Rows};

/// Bytes of a circuit's text at most.
const CIRCUIT_BYTES_MAX: usize = 64 << 20;

/// A program that interprets a circuit.
pub struct Program {
    /// The circuit as it was given.
    text: String,
    nodes: Vec<Node>,
    /// The words of each node's rows if it is flat; 0 if they differ.
    strides: Vec<u32>,
    /// What each flat node put out in this step.
    flat: Vec<Rows>,
    /// The iteration of the scope that is running.
    iteration: u64,
}

impl Program {
    /// Makes the program of a circuit's JSON, after checking it.
    ///
    /// # Errors
    /// Why it is no circuit that can be run. Indexes, kinds and inputs are all looked at, whoever made it.
    pub fn new(json: &str) -> Result<Program, String> {
        if json.len() > CIRCUIT_BYTES_MAX {
            return Err(format!("a circuit of {} bytes", json.len()));
        }
        let mut reader = serde_json::Deserializer::from_str(json);
        // Depth is the circuit's check to bound: an expression nests several levels of JSON for each of its own.
        reader.disable_recursion_limit();
        let circuit = Circuit::deserialize(&mut reader).map_err(|e| format!("it is no circuit: {e}"))?;
        circuit.check()?;
        check_digits(&circuit)?;
        let mut nodes = Vec::with_capacity(circuit.nodes.len());
        let scopes = circuit.scopes();
        for (id, node) in circuit.nodes.iter().enumerate() {
            nodes
                .push(Node::new(&circuit, id, scopes[id]).map_err(|e| format!("node {id} ({}): {e}", node.op.name()))?);
        }
        let strides = circuit.nodes.iter().map(|n| Layout::new(&n.value).stride()).collect();
        Ok(Program { text: json.to_owned(), nodes, strides, flat: Vec::new(), iteration: 0 })
    }
}

/// Decimals have as many digits as fit their words.
fn check_digits(circuit: &Circuit) -> Result<(), String> {
    let aggregates = circuit.nodes.iter().flat_map(|node| match &node.op {
        Op::Aggregate { parts, .. } => parts.iter().flat_map(|p| &p.aggregates).map(|a| &a.ty).collect(),
        Op::Window { sums, frames, .. } => {
            let folds = frames.iter().flat_map(|f| &f.functions).filter_map(|f| match f {
                FrameFunction::Fold { aggregate, .. } => Some(aggregate.as_ref()),
                _ => None,
            });
            sums.iter().chain(folds).map(|a| &a.ty).collect::<Vec<_>>()
        }
        _ => vec![],
    });
    let mut types = circuit.nodes.iter().flat_map(|n| n.key.iter().chain(&n.value)).chain(aggregates);
    let fits = |ty: &ColumnType| match ty.sql {
        SqlType::Decimal { precision, scale } => {
            (1..=DECIMAL_PRECISION_MAX).contains(&precision) && i32::from(scale) <= i32::from(precision)
        }
        _ => ty.sql.kind().is_some(),
    };
    if types.all(fits) { Ok(()) } else { Err("a column of no representation".to_owned()) }
}

impl weir_sdk::Circuit for Program {
    fn describe(&self) -> &str {
        &self.text
    }

    fn operators(&mut self) -> Vec<&mut dyn Operator> {
        self.nodes.iter_mut().filter_map(Node::operator).collect()
    }

    fn step(&mut self, cx: &mut Context) {
        self.flat.clear();
        self.flat.resize(self.nodes.len(), Rows::default());
        let mut id = 0;
        while id < self.nodes.len() {
            let (before, rest) = self.nodes.split_at_mut(id);
            if let Node::Time(Time::Retain { state, column, waterline }) = &rest[0] {
                before[*state].retain(*column, &self.flat[*waterline]);
            }
            let settled = if let Node::Time(late) = &mut rest[0] { late.step_table(cx, before) } else { None };
            let before = Before { nodes: before, flat: &self.flat, iteration: self.iteration };
            // (Numbers were checked to fit when the program was made.)
            let rows = settled.unwrap_or_else(|| rest[0].step(cx, id as u32, self.strides[id], before));
            self.flat[id] = rows;
            // A scope runs until its end says that nothing changes any more.
            let (before, rest) = self.nodes.split_at_mut(id);
            (id, self.iteration) =
                rest[0].turned(before).unwrap_or((id + 1, if rest[0].ends_scope() { 0 } else { self.iteration }));
        }
        self.flat.clear();
    }
}
