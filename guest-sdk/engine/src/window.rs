//! Windows: what adds rows up, goes through frames, finds their bounds, and makes rows of results.

use crate::aggregate::{Adder, finisher};
use crate::compile::Compiler;
use crate::fold::Folder;
use crate::input::{Input, plain_words};
use crate::row_function::RowFunction;
use weir_circuit::{
    Aggregate, AggregateMethod, AggregatePart, Circuit, Expr, Frame, FrameBound, FrameFunction, FrameUnit, NodeId,
    accumulator_widths, accumulators,
};
use weir_row::{ColumnType, Layout};
use weir_sdk::operators::{self, Bound, BoundFn, Function, Unit, Window};

/// The layout of one column.
fn layout(column: &ColumnType) -> Layout {
    Layout::new(std::slice::from_ref(column))
}

/// A window, and the function that makes rows of its rows' results.
pub(crate) struct Plan {
    pub(crate) operator: Window,
    pub(crate) emit: RowFunction,
}

impl Plan {
    /// Plans a window over a node.
    pub(crate) fn new(
        circuit: &Circuit,
        number: u32,
        input: NodeId,
        order: usize,
        (sums, frames): (&[Aggregate], &[Frame]),
        project: &[Expr],
    ) -> Result<Plan, String> {
        let value = &circuit.nodes[input].value;
        let read = frames.iter().flat_map(|f| &f.functions).map(FrameFunction::columns_end).max().unwrap_or(0);
        let texts = |columns: &[ColumnType]| columns.iter().map(|c| layout(c).text()).collect::<Vec<_>>();
        let (ordered, columns) = (texts(&value[..order]), texts(&value[..read]));
        let mut operator = Window::new(number, &ordered, &columns);
        let part = AggregatePart { input, method: AggregateMethod::Linear, aggregates: sums.to_vec() };
        let (numbered, words) = accumulators(std::slice::from_ref(&part));
        if !sums.is_empty() {
            let adder = Adder::new(circuit, &part, &numbered[0], true)?;
            let add =
                move |cx: &weir_sdk::Context, rows: weir_sdk::Chunk<'_>, acc: &mut [u64]| adder.add(cx, rows, acc);
            operator = operator.sums(&accumulator_widths(&part), add);
        }
        let mut results = Input::rows(circuit, input);
        let mut finals = Vec::new();
        for frame in frames {
            let area = results.areas();
            if frame.has_sums() {
                results.push_unread(plain_words(words));
            }
            let mut functions = Vec::new();
            for function in &frame.functions {
                match function {
                    FrameFunction::Sum(i) => {
                        let sum = sums.get(*i).ok_or("a sum that is not there")?;
                        results.push_final(finals.len());
                        finals.push(finisher(sum, numbered[0][*i], area)?);
                        continue;
                    }
                    FrameFunction::Extreme { column, count, .. } => {
                        value[*column..column + count - 1].iter().for_each(|c| results.push_unread(layout(c)));
                    }
                    _ => {}
                }
                let ty = function.ty(sums, value).ok_or("a column that is not there")?;
                results.push(layout(&ty));
                functions.push(made(circuit, input, function)?);
            }
            let unit = match frame.unit {
                FrameUnit::Rows => Unit::Rows,
                FrameUnit::Groups => Unit::Groups,
                FrameUnit::Range => Unit::Range,
            };
            let (start, end) = (bound(circuit, input, &frame.start)?, bound(circuit, input, &frame.end)?);
            operator = operator.frame(operators::Frame::new(unit, start, end, frame.has_sums(), functions));
        }
        let emit = RowFunction::of(Compiler::new(results, finals), None, &[project])?;
        Ok(Plan { operator, emit })
    }
}

/// What is made of a frame's rows, but for sums.
fn made(circuit: &Circuit, input: NodeId, function: &FrameFunction) -> Result<Function, String> {
    Ok(match function {
        FrameFunction::Extreme { column, count, greatest } => {
            Function::Extreme { column: *column, count: *count, greatest: *greatest }
        }
        FrameFunction::Mode { column } => Function::Mode { column: *column },
        FrameFunction::Nth { column, nth, last, ignore_nulls } => {
            Function::Nth { column: *column, nth: *nth, last: *last, ignore_nulls: *ignore_nulls }
        }
        FrameFunction::Fold { aggregate, present } => {
            let part = AggregatePart { input, method: AggregateMethod::Fold, aggregates: vec![(**aggregate).clone()] };
            let folder = Folder::new(circuit, &part)?;
            Function::Fold { fold: Box::new(move |cx, rows, out| folder.fold(cx, rows, out)), present: *present }
        }
        FrameFunction::Sum(_) => return Err("a sum is no function of its own".to_owned()),
    })
}

fn bound(circuit: &Circuit, input: NodeId, bound: &FrameBound) -> Result<Bound, String> {
    let function = |exprs: &[Expr]| -> Result<Box<BoundFn>, String> {
        // Each column is a layout of its own, as in the index.
        let columns: Vec<&[Expr]> = exprs.chunks(1).collect();
        let f = RowFunction::new(Input::rows(circuit, input), None, &columns)?;
        Ok(Box::new(move |cx, rows, out| f.rows(cx, rows, out)))
    };
    Ok(match bound {
        FrameBound::Unbounded => Bound::Unbounded,
        FrameBound::Offset(n) => Bound::Offset(*n),
        FrameBound::Value { of_row, back } => Bound::Value { of_row: function(of_row)?, back: function(back)? },
    })
}
