//! Folds: aggregates that go through all rows of a group, in their order.

use crate::code::{Code, Operand};
use crate::compile::Compiler;
use crate::input::Input;
use crate::item::Element;
use crate::register::Register;
use weir_circuit::{AggregateFunction, AggregatePart, Circuit, Expr, Position};
use weir_functions::{Collected, Kernel, find};
use weir_row::{ColumnType, Kind, Layout, RowWriter, SqlType, Value, enc};
use weir_sdk::{Context, Rows};

/// What becomes of the arguments of a group.
enum Method {
    /// Their sum or mean, as floats of a kind.
    Float { of: Operand, mean: bool, kind: Kind },
    /// What a kernel makes of them, as a row of one nullable column.
    Reduce { of: Operand, kernel: &'static Kernel, result: Layout, at: Position },
    /// An array of them.
    Array { of: Element, once: bool, at: Position },
    /// A map.
    Map { key: Element, value: Element, at: Position },
}

/// What has become of the rows so far.
enum State {
    /// The number of arguments and their sum.
    Float(i64, f64),
    Reduced(Value),
    Collected(Collected),
}

/// Puts the values of a group together.
pub(crate) struct Folder {
    code: Code,
    methods: Vec<Method>,
}

impl Folder {
    pub(crate) fn new(circuit: &Circuit, part: &AggregatePart) -> Result<Folder, String> {
        let mut compiler = Compiler::new(Input::rows(circuit, part.input), Vec::new());
        let mut methods = Vec::new();
        for a in &part.aggregates {
            let kind = a.ty.sql.kind().ok_or("an aggregate of no representation")?;
            let mut element = |e: &Expr| -> Result<Element, String> {
                let scale = if let SqlType::Decimal { scale, .. } = e.ty.sql { scale } else { 0 };
                Ok(Element { of: compiler.value(e, 0)?, scale })
            };
            methods.push(match &a.function {
                AggregateFunction::Sum(e) | AggregateFunction::Avg(e) => {
                    let of = element(e)?.of;
                    let float = |k: Kind| matches!(k, Kind::F32 | Kind::F64);
                    if !float(of.kind) || !float(kind) {
                        return Err("a fold of values that are no floats".to_owned());
                    }
                    Method::Float { of, mean: matches!(a.function, AggregateFunction::Avg(_)), kind }
                }
                AggregateFunction::Reduce { kernel, argument } => {
                    let of = element(argument)?.of;
                    let kernel = find(kernel).ok_or_else(|| format!("no kernel {kernel}"))?;
                    if kernel.params != [of.kind, of.kind] || kernel.result != of.kind || kernel.nullable {
                        return Err("a kernel that does not put two values together".to_owned());
                    }
                    let result = Layout::new(&[ColumnType::nullable(a.ty.sql.clone())]);
                    Method::Reduce { of, kernel, result, at: a.at }
                }
                AggregateFunction::Collect { values, once } => match (values.as_slice(), &a.ty.sql) {
                    ([e], SqlType::Array(_)) => Method::Array { of: element(e)?, once: *once, at: a.at },
                    ([k, v], SqlType::Map(..)) => Method::Map { key: element(k)?, value: element(v)?, at: a.at },
                    _ => return Err("a collection that is neither an array nor a map".to_owned()),
                },
                _ => return Err("a fold that is none".to_owned()),
            });
        }
        Ok(Folder { code: compiler.finish(), methods })
    }

    pub(crate) fn fold(&self, cx: &Context, rows: &Rows, out: &mut RowWriter) {
        let mut states: Vec<State> = self.methods.iter().map(Method::start).collect();
        let rows = rows.iter().map(|(row, weight)| (row, &[][..], weight));
        self.code.for_batches(cx, rows, |frame, areas| {
            for (method, state) in self.methods.iter().zip(&mut states) {
                for (i, w) in areas.weights.iter().enumerate() {
                    method.add(cx, &frame.registers, i, *w, state);
                }
            }
        });
        for (method, state) in self.methods.iter().zip(states) {
            method.write(cx, state, out);
        }
    }
}

/// Writes a value as an item.
fn put(element: &Element, registers: &[Register<'_>], i: usize, to: &mut Collected) {
    let register = &registers[element.of.register];
    match element.of.nullable && register.null[i] {
        true => to.items.null(),
        false => to.items.value(register.view(element.of.kind, i), element.scale),
    }
}

impl Method {
    fn start(&self) -> State {
        match self {
            Method::Float { .. } => State::Float(0, 0.0),
            Method::Reduce { .. } => State::Reduced(Value::Null),
            Method::Array { .. } => State::Collected(Collected::array()),
            Method::Map { .. } => State::Collected(Collected::map()),
        }
    }

    fn add(&self, cx: &Context, registers: &[Register<'_>], i: usize, weight: i64, state: &mut State) {
        let is_null = |of: &Operand| of.nullable && registers[of.register].null[i];
        match (self, state) {
            (Method::Float { of, .. }, State::Float(n, sum)) if !is_null(of) => {
                *n += weight;
                *sum += registers[of.register].float(of.kind, i) * weight as f64;
            }
            (Method::Reduce { of, kernel, at, .. }, State::Reduced(total)) if !is_null(of) => {
                let value = registers[of.register].value(of.kind, i);
                // Three times is once, so an even number of times is twice.
                for _ in 0..2 - (weight & 1) {
                    *total = match std::mem::replace(total, Value::Null) {
                        Value::Null => value.clone(),
                        before => cx.ok((kernel.call)(cx.arena(), &[before, value.clone()]), at.line, at.column),
                    };
                }
            }
            (Method::Array { of, once, at }, State::Collected(array)) => {
                for _ in 0..cx.ok(array.times(weight, *once), at.line, at.column) {
                    cx.ok(array.entry(), at.line, at.column);
                    put(of, registers, i, array);
                }
            }
            (Method::Map { key, value, at }, State::Collected(map)) => {
                for _ in 0..cx.ok(map.times(weight, true), at.line, at.column) {
                    let from = cx.ok(map.entry(), at.line, at.column);
                    put(key, registers, i, map);
                    cx.ok(map.key(from), at.line, at.column);
                    put(value, registers, i, map);
                }
            }
            _ => {}
        }
    }

    fn write(&self, cx: &Context, state: State, out: &mut RowWriter) {
        match (self, state) {
            (Method::Float { mean, kind, .. }, State::Float(n, sum)) => {
                let value = if *mean { sum / n as f64 } else { sum };
                let value = (n != 0).then_some(value);
                out.put([match kind {
                    Kind::F32 => enc::f32_null(value.map(|v| v as f32)),
                    _ => enc::f64_null(value),
                }]);
            }
            (Method::Reduce { result, at, .. }, State::Reduced(total)) => {
                let mut words = Vec::new();
                cx.ok(result.encode(&[total], &mut words), at.line, at.column);
                out.copy(&words);
            }
            (_, State::Collected(items)) => out.put_item_null(Some(items.finish(cx.arena()))),
            _ => {}
        }
    }
}
