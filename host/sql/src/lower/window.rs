//! Windows: one index in order for all frames of a partition and an order, with what the calls read behind what rows are ordered by.

use super::Lowering;
use super::aggregate::{counts_rows, function, method, over_inputs};
use super::linear::Linear;
use super::stream::Stream;
use crate::expr::{is_true_literal, substitute};
use crate::plan::{AggregateCall, AggregateKind, RelId, Window};
use std::collections::BTreeSet;
use weir_circuit::{
    Aggregate, AggregateFunction, AggregateMethod, Expr, Frame, FrameBound, FrameFunction, Op, Position, same_words,
};
use weir_row::{ColumnType, SqlType};

/// The index's columns, over the stream's node, and what is added up of them.
struct Columns {
    keys: usize,
    value: Vec<Expr>,
    sums: Vec<Aggregate>,
}

fn nullable(e: &Expr) -> Expr {
    Expr { ty: ColumnType::nullable(e.ty.sql.clone()), ..e.clone() }
}

impl Columns {
    /// The place of a column among the values, where it is added if it is not there.
    fn place(&mut self, e: &Expr) -> usize {
        let known =
            self.value.iter().position(|x| x.same(e) && same_words(&x.ty, &e.ty) && x.ty.nullable == e.ty.nullable);
        known.unwrap_or_else(|| {
            self.value.push(e.clone());
            self.value.len() - 1
        })
    }

    /// Where an expression is among the index's columns, the key's or the value's.
    fn in_index(&mut self, keys: &[Expr], e: &Expr) -> usize {
        let key = keys.iter().position(|k| k.same(e) && k.ty == e.ty);
        key.unwrap_or_else(|| self.keys + self.place(e))
    }

    /// Several columns one after the other.
    fn places(&mut self, exprs: &[Expr]) -> usize {
        self.value.extend_from_slice(exprs);
        self.value.len() - exprs.len()
    }

    /// A value column as an expression over the index.
    fn column(&self, place: usize) -> Expr {
        Expr::column(self.keys + place, self.value[place].ty.clone())
    }

    /// The number of a sum.
    fn sum(&mut self, sum: Aggregate) -> usize {
        if self.sums.is_empty() {
            let ty = ColumnType::not_null(SqlType::BigInt);
            self.sums.push(Aggregate { function: AggregateFunction::CountRows, ty, at: Position::NONE });
        }
        let known = self.sums.iter().position(|s| s.function == sum.function && s.ty == sum.ty);
        known.unwrap_or_else(|| {
            self.sums.push(sum);
            self.sums.len() - 1
        })
    }

    /// The circuit's form of a call.
    fn function(&mut self, call: &AggregateCall, inputs: &[Expr]) -> FrameFunction {
        let extreme = |columns: &mut Columns, greatest: bool| {
            // What is counted tells which parts of a batch are there still.
            columns.sum(counter());
            let exprs: Vec<Expr> = inputs.iter().map(nullable).collect();
            match exprs.as_slice() {
                [e] => FrameFunction::Extreme { column: columns.place(e), count: 1, greatest },
                all => FrameFunction::Extreme { column: columns.places(all), count: all.len(), greatest },
            }
        };
        let as_column = |columns: &mut Columns, e: &Expr| {
            let at = columns.place(e);
            columns.column(at)
        };
        match call.kind {
            AggregateKind::Min | AggregateKind::ArgMin => extreme(self, false),
            AggregateKind::Max | AggregateKind::ArgMax => extreme(self, true),
            AggregateKind::Mode => FrameFunction::Mode { column: self.place(&nullable(&inputs[0])) },
            AggregateKind::Nth { nth, last, ignore_nulls } => {
                FrameFunction::Nth { column: self.place(&nullable(&inputs[0])), nth, last, ignore_nulls }
            }
            AggregateKind::Array | AggregateKind::Map => {
                let present = (!is_true_literal(&inputs[0])).then(|| self.place(&nullable(&inputs[0])));
                let from = if call.kind == AggregateKind::Map { 1 } else { inputs.len() - 1 };
                let values = inputs[from..].iter().map(|e| as_column(self, e)).collect();
                let function = AggregateFunction::Collect { values, once: false };
                let aggregate = Box::new(Aggregate { function, ty: call.ty.clone(), at: call.at });
                FrameFunction::Fold { aggregate, present }
            }
            _ if counts_rows(call) => FrameFunction::Sum(self.sum(counter())),
            _ => {
                let e = over_inputs(call, |i| as_column(self, &inputs[i]));
                let aggregate = function(call, e);
                match method(call) {
                    AggregateMethod::Linear => FrameFunction::Sum(self.sum(aggregate)),
                    _ => FrameFunction::Fold { aggregate: Box::new(aggregate), present: None },
                }
            }
        }
    }
}

/// COUNT(*).
fn counter() -> Aggregate {
    let ty = ColumnType::not_null(SqlType::BigInt);
    Aggregate { function: AggregateFunction::CountRows, ty, at: Position::NONE }
}

impl Lowering<'_> {
    /// The rows of a relation with what is made of the rows around them, put out as `over` says.
    pub(super) fn window(&mut self, rel: RelId, input: RelId, window: &Window, over: Linear) -> Stream {
        let types = self.plan.columns(rel).to_vec();
        let stream = self.stream(input);
        let of_node = |e: &Expr| stream.over_node(e);
        let keys: Vec<Expr> = window.keys.iter().map(of_node).collect();
        let value: Vec<Expr> = window.order.iter().map(of_node).collect();
        let order = value.len();
        let mut columns = Columns { keys: keys.len(), value, sums: vec![] };
        // All columns come in their order, so that peers have one order in all windows over a relation.
        let places: Vec<usize> = stream.project.iter().map(|e| columns.in_index(&keys, e)).collect();
        let mut functions = vec![];
        for frame in &window.frames {
            let mut made = vec![];
            for call in &frame.calls {
                let inputs: Vec<Expr> = call.inputs.iter().map(of_node).collect();
                made.push(columns.function(call, &inputs));
            }
            functions.push(made);
        }
        // The bounds read the row's own columns in the index.
        let own = |c: usize| Expr::column(places[c], stream.project[c].ty.clone());
        let bound = |bound: &FrameBound| match bound {
            FrameBound::Value { of_row, back } => {
                let [of_row, back] = [of_row, back].map(|exprs| exprs.iter().map(|e| substitute(e, &own)).collect());
                FrameBound::Value { of_row, back }
            }
            other => other.clone(),
        };
        let frames = window.frames.iter().zip(functions);
        let frames: Vec<Frame> = frames
            .map(|(frame, functions)| Frame {
                unit: frame.unit,
                start: bound(&frame.start),
                end: bound(&frame.end),
                functions,
            })
            .collect();
        // Columns that nobody reads behind the window are not put out. (A row has a result at least.)
        let read = read_columns(&over, places.len());
        let index = self.ordered_index(&stream, None, keys, columns.value, true);
        let results = self.columns(index).len();
        let at = read.iter().map(|c| c.checked_sub(places.len()).map_or_else(|| places[*c], |r| results + r));
        let types: Vec<ColumnType> = read.iter().map(|c| types[*c].clone()).collect();
        let project = at.zip(&types).map(|(at, ty)| Expr::column(at, ty.clone())).collect();
        let op = Op::Window { input: index, order, sums: columns.sums, frames, project };
        let node = self.node(op, vec![], types, "");
        let place: Vec<usize> =
            (0..=read.last().copied().unwrap_or(0)).map(|c| read.partition_point(|r| *r < c)).collect();
        self.over(node, Some(&place), over)
    }
}

/// The columns that something reads, in order; the first result, which is column `first`, if it reads none.
fn read_columns(over: &Linear, first: usize) -> Vec<usize> {
    let mut read = BTreeSet::new();
    over.project.iter().chain(&over.filter).for_each(|e| e.visit_columns(&mut |c| _ = read.insert(c)));
    if read.is_empty() {
        read.insert(first);
    }
    read.into_iter().collect()
}
