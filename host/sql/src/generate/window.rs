//! Windows: functions that add rows up, find bounds, fold frames, and make rows of results.

use super::Generator;
use super::aggregate::linear_result;
use super::area::Input;
use weir_circuit::{
    Aggregate, AggregateMethod, AggregatePart, Expr, Frame, FrameBound, FrameFunction, NodeId, accumulator_widths,
    accumulators,
};
use weir_row::{ColumnType, Layout};

/// The layouts of columns, each by itself, as an array.
fn layouts(columns: &[ColumnType]) -> String {
    let texts: Vec<String> = columns.iter().map(|c| Layout::new(std::slice::from_ref(c)).text()).collect();
    if texts.is_empty() { "&[\"\"; 0]".to_owned() } else { format!("&{texts:?}") }
}

impl Generator<'_> {
    /// The field of a window.
    pub(super) fn window(
        &mut self,
        id: NodeId,
        input: NodeId,
        order: usize,
        (sums, frames): (&[Aggregate], &[Frame]),
        project: &[Expr],
    ) -> String {
        let value = &self.circuit.nodes[input].value;
        let read = frames.iter().flat_map(|f| &f.functions).map(FrameFunction::columns_end).max().unwrap_or(0);
        let (ordered, columns) = (layouts(&value[..order]), layouts(&value[..read]));
        let mut field = format!("n{id}: Window = Window::new({id}, {ordered}, {columns})");
        let part = AggregatePart { input, method: AggregateMethod::Linear, aggregates: sums.to_vec() };
        if !sums.is_empty() {
            let (numbered, _) = accumulators(std::slice::from_ref(&part));
            self.accumulate(id, 0, &part, &numbered[0]);
            field.push_str(&format!(".sums(&{:?}, acc_{id}_0)", accumulator_widths(&part)));
        }
        let mut made = 0;
        for frame in frames {
            let bounds = [&frame.start, &frame.end].map(|bound| self.bound(id, input, bound, &mut made));
            let mut functions = vec![];
            for function in &frame.functions {
                match function {
                    FrameFunction::Sum(_) => {}
                    FrameFunction::Fold { aggregate, present } => {
                        let aggregates = vec![(**aggregate).clone()];
                        self.fold(id, made, &AggregatePart { input, method: AggregateMethod::Fold, aggregates });
                        functions.push(format!(
                            "Function::Fold {{ fold: Box::new(fold_{id}_{made}), present: {present:?} }}"
                        ));
                        made += 1;
                    }
                    other => functions.push(format!("Function::{other:?}")),
                }
            }
            let (unit, functions) = (frame.unit, functions.join(", "));
            let [start, end] = bounds;
            let sums = frame.has_sums();
            field.push_str(&format!(".frame(Frame::new(Unit::{unit:?}, {start}, {end}, {sums}, vec![{functions}]))"));
        }
        self.window_emit(id, input, (sums, frames), project);
        field + ";"
    }

    /// A bound, with the functions that it needs.
    fn bound(&mut self, id: NodeId, input: NodeId, bound: &FrameBound, made: &mut usize) -> String {
        let FrameBound::Value { of_row, back } = bound else { return format!("Bound::{bound:?}") };
        let names = [of_row, back].map(|exprs| {
            let name = format!("bound_{id}_{made}");
            *made += 1;
            // Each column is a layout of its own, as in the index.
            let parts: Vec<&[Expr]> = exprs.chunks(1).collect();
            self.row_function(&name, id, input, None, &parts);
            name
        });
        format!("Bound::Value {{ of_row: Box::new({}), back: Box::new({}) }}", names[0], names[1])
    }

    /// The function that makes rows of an index's rows and the results behind them.
    fn window_emit(&mut self, id: NodeId, input: NodeId, (sums, frames): (&[Aggregate], &[Frame]), project: &[Expr]) {
        let (key, _) = self.layouts(input);
        let value = self.circuit.nodes[input].value.clone();
        let part = AggregatePart { input, method: AggregateMethod::Linear, aggregates: sums.to_vec() };
        let (numbered, words) = accumulators(std::slice::from_ref(&part));
        let mut columns = Input::default();
        let mut rest = "r[..]".to_owned();
        if !key.is_empty() {
            columns.columns = (0..key.len()).map(|c| (0, c)).collect();
            let end = if key.is_fixed() { key.fixed_words.to_string() } else { format!("K{id}.end(r)") };
            rest = format!("r[{end}..]");
            columns.areas.push(self.area("r", key, format!("K{id}"), None));
        }
        let mut before: Vec<String> = vec![];
        // Columns and results stand one after the other, each a layout of its own.
        let next = |generator: &mut Self,
                    columns: &mut Input,
                    rest: &mut String,
                    before: &mut Vec<String>,
                    ty: &ColumnType| {
            let layout = Layout::new(std::slice::from_ref(ty));
            let (var, shape) = (format!("e{}", before.len()), format!("R{id}_{}", before.len()));
            before.push(format!("let {var} = &{rest};"));
            let end = if layout.is_fixed() { layout.fixed_words.to_string() } else { format!("{shape}.end({var})") };
            *rest = format!("{var}[{end}..]");
            columns.areas.push(generator.area(&var, layout, shape, None));
            columns.areas.len() - 1
        };
        for ty in &value {
            let area = next(self, &mut columns, &mut rest, &mut before, ty);
            columns.columns.push((area, 0));
        }
        let (mut finals, mut types) = (vec![], vec![]);
        for (f, frame) in frames.iter().enumerate() {
            if frame.has_sums() {
                before.push(format!("let a{f} = &{rest};"));
                rest = format!("a{f}[{words}..]");
            }
            for function in &frame.functions {
                match function {
                    FrameFunction::Sum(i) => {
                        columns.columns.push((usize::MAX, finals.len()));
                        finals.push(linear_result(&sums[*i], numbered[0][*i], &format!("a{f}")));
                        types.push(sums[*i].ty.clone());
                        continue;
                    }
                    FrameFunction::Extreme { column, count, .. } => {
                        for ty in &value[*column..column + count - 1] {
                            next(self, &mut columns, &mut rest, &mut before, ty);
                        }
                    }
                    _ => {}
                }
                if let Some(ty) = function.ty(sums, &value) {
                    let area = next(self, &mut columns, &mut rest, &mut before, &ty);
                    columns.columns.push((area, 0));
                }
            }
        }
        self.emit_function(id, types, columns, &finals, &before, None, project);
    }
}
