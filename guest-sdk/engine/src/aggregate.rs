//! Aggregations: what adds rows to accumulators, folds groups, and makes rows of groups' states. Accumulators are numbered by
//! [`accumulators`], as in generated programs, so that state is the same.

use crate::code::{Code, Final, FinalMethod, Operand};
use crate::compile::Compiler;
use crate::fold::Folder;
use crate::input::{Input, layouts, plain_words};
use crate::row_function::RowFunction;
use weir_circuit::{
    Accumulators, Aggregate, AggregateFunction, AggregateMethod, AggregatePart, Circuit, Expr, accumulators,
};
use weir_functions::find;
use weir_row::{ColumnType, Kind, Layout, SqlType, Value, acc};
use weir_sdk::operators::Part;
use weir_sdk::{Chunk, Context};

/// The parts of an aggregation, their accumulators, and the function that makes rows of groups.
pub(crate) struct Plan {
    pub(crate) parts: Vec<Part>,
    pub(crate) accumulators: usize,
    pub(crate) emit: RowFunction,
}

impl Plan {
    /// Plans an aggregation.
    pub(crate) fn new(
        circuit: &Circuit,
        parts: &[AggregatePart],
        filter: Option<&Expr>,
        project: &[Expr],
    ) -> Result<Plan, String> {
        let (numbered, words) = accumulators(parts);
        let mut made = Vec::new();
        for (p, (part, of_part)) in parts.iter().zip(&numbered).enumerate() {
            made.push(match part.method {
                AggregateMethod::Linear => {
                    let adder = Adder::new(circuit, part, of_part, p == 0)?;
                    Part::linear(move |cx, rows, acc| adder.add(cx, rows, acc))
                }
                AggregateMethod::Extreme => {
                    let (_, value) = layouts(circuit, part.input);
                    match part.aggregates[0].function {
                        AggregateFunction::Min | AggregateFunction::ArgMin => Part::min(&value.text()),
                        AggregateFunction::Max | AggregateFunction::ArgMax => Part::max(&value.text()),
                        _ => return Err("an extreme that is none".to_owned()),
                    }
                }
                AggregateMethod::Fold if part.aggregates[0].is_chosen() => {
                    Part::mode(&layouts(circuit, part.input).1.text())
                }
                AggregateMethod::Fold => {
                    let types: Vec<ColumnType> = part.aggregates.iter().map(|a| a.ty.clone()).collect();
                    let folder = Folder::new(circuit, part)?;
                    Part::fold(&Layout::new(&types).text(), move |cx, rows, out| folder.fold(cx, rows, out))
                }
            });
        }
        let emit = emit(circuit, parts, &numbered, words, filter, project)?;
        Ok(Plan { parts: made, accumulators: words, emit })
    }
}

/// One thing that a row adds.
#[derive(Clone, Copy, Debug)]
enum Addition {
    /// Counts the row.
    Row { at: usize },
    /// Counts an argument that is not NULL.
    Count { at: usize, of: Operand },
    /// Adds an argument; counts it too if it is nullable.
    Sum { words: Accumulators, of: Operand, counted: bool, xor: bool },
}

/// Adds rows to accumulators.
pub(crate) struct Adder {
    code: Code,
    additions: Vec<Addition>,
}

impl Adder {
    pub(crate) fn new(
        circuit: &Circuit,
        part: &AggregatePart,
        words: &[Accumulators],
        first: bool,
    ) -> Result<Adder, String> {
        let mut compiler = Compiler::new(Input::rows(circuit, part.input), Vec::new());
        let mut additions = Vec::new();
        let mut counted = Vec::new();
        if first {
            additions.push(Addition::Row { at: 0 });
            counted.push(0);
        }
        for (a, words) in part.aggregates.iter().zip(words) {
            let exact = |operand: Operand| match operand.kind {
                Kind::F32 | Kind::F64 | Kind::Text | Kind::Bool | Kind::Uuid | Kind::Bytes | Kind::Item => {
                    Err("a linear sum of values that are not exact".to_owned())
                }
                _ => Ok(operand),
            };
            match a.argument() {
                Some(e) if e.ty.nullable => {
                    let of = compiler.value(e, 0)?;
                    // Of an argument that is never NULL after all, nullability is only a type.
                    additions.push(match a.is_sum() || a.is_xor() {
                        false => Addition::Count { at: words.count, of },
                        true => Addition::Sum { words: *words, of: exact(of)?, counted: true, xor: a.is_xor() },
                    });
                }
                other => {
                    if !counted.contains(&words.count) {
                        counted.push(words.count);
                        additions.push(Addition::Row { at: words.count });
                    }
                    if let Some(e) = other.filter(|_| a.is_sum() || a.is_xor()) {
                        let of = exact(compiler.value(e, 0)?)?;
                        additions.push(Addition::Sum { words: *words, of, counted: false, xor: a.is_xor() });
                    }
                }
            }
        }
        Ok(Adder { code: compiler.finish(), additions })
    }

    pub(crate) fn add(&self, cx: &Context, rows: Chunk<'_>, acc: &mut [u64]) {
        if let [Addition::Row { at }] = self.additions.as_slice() {
            return rows.for_each(|(_, w)| acc::count(acc, *at, w));
        }
        let rows = rows.map(|(row, weight)| (row, &[][..], weight));
        self.code.for_batches(cx, rows, |frame, areas| {
            for addition in &self.additions {
                let mut weights = areas.weights.iter().copied();
                match *addition {
                    Addition::Row { at } => weights.for_each(|w| acc::count(acc, at, w)),
                    Addition::Count { at, of } => {
                        let register = &frame.registers[of.register];
                        for (i, w) in weights.by_ref().enumerate() {
                            if !(of.nullable && register.null[i]) {
                                acc::count(acc, at, w);
                            }
                        }
                    }
                    Addition::Sum { words, of, counted, xor } => {
                        let register = &frame.registers[of.register];
                        for (i, w) in weights.by_ref().enumerate() {
                            if of.nullable && register.null[i] {
                                continue;
                            }
                            if counted {
                                acc::count(acc, words.count, w);
                            }
                            if xor {
                                acc::xor(acc, words.sum, register.words[i], w);
                                continue;
                            }
                            let value = register.whole(of.kind, i);
                            match words.wide {
                                true => acc::sum_wide(acc, words.sum, value, w),
                                false => acc::sum(acc, words.sum, value, w),
                            }
                        }
                    }
                }
            }
        });
    }
}

/// Whether it is a whole number of one word.
fn is_whole(kind: Kind) -> bool {
    use Kind::{I8, I16, I32, I64, U8, U16, U32, U64};
    matches!(kind, I8 | I16 | I32 | I64 | U8 | U16 | U32 | U64)
}

/// How the value of a linear aggregate is made of the accumulators in a stretch.
pub(crate) fn finisher(a: &Aggregate, words: Accumulators, area: usize) -> Result<Final, String> {
    let kind = a.ty.sql.kind().ok_or("an aggregate of no representation")?;
    let Accumulators { count, sum, wide } = words;
    let done = |method| Ok(Final { area, count, sum, method, kind, at: a.at });
    if a.is_xor() {
        let whole = a.argument().is_some_and(|e| e.ty.sql.kind() == Some(kind)) && is_whole(kind);
        return if whole { done(FinalMethod::Xor) } else { Err("an exclusive or of no whole numbers".to_owned()) };
    }
    if !a.is_sum() {
        return if kind == Kind::I64 { done(FinalMethod::Count) } else { Err("a count that is no BIGINT".to_owned()) };
    }
    let (kernel, rest) = match &a.ty.sql {
        SqlType::Decimal { precision, scale } => {
            ("check_dec".to_owned(), vec![Value::I32((*precision).into()), Value::I32((*scale).into())])
        }
        _ => (format!("cast_dec_to_{}", kind.name()), vec![Value::I32(0)]),
    };
    let kernel = find(&kernel).ok_or_else(|| format!("no kernel {kernel}"))?;
    let kinds = [Kind::Dec].into_iter().chain(rest.iter().filter_map(Value::kind));
    if !kernel.params.iter().copied().eq(kinds) || kernel.result != kind {
        return Err("a sum of another kind than its type".to_owned());
    }
    let mean = matches!(a.function, AggregateFunction::Avg(_));
    done(FinalMethod::Sum { mean, three_words: wide, kernel, rest })
}

/// The function that makes rows of groups: of the key, the accumulators, and the other parts' results.
fn emit(
    circuit: &Circuit,
    parts: &[AggregatePart],
    words: &[Vec<Accumulators>],
    accumulators: usize,
    filter: Option<&Expr>,
    project: &[Expr],
) -> Result<RowFunction, String> {
    let (key, _) = layouts(circuit, parts[0].input);
    let mut input = Input::default();
    input.push(key);
    input.push(plain_words(accumulators));
    let mut finals = Vec::new();
    for (part, words) in parts.iter().zip(words) {
        for (i, a) in part.aggregates.iter().enumerate() {
            if let Some(words) = words.get(i) {
                input.push_final(finals.len());
                finals.push(finisher(a, *words, 1)?);
            } else {
                // Results stand one after the other, each a layout of its own; a chosen row's other columns come before it.
                if a.is_chosen() {
                    let columns = circuit.nodes[part.input].value.split_last().map_or(&[][..], |(_, before)| before);
                    columns.iter().for_each(|c| input.push_unread(Layout::new(std::slice::from_ref(c))));
                }
                input.push(Layout::new(&[ColumnType::nullable(a.ty.sql.clone())]));
            }
        }
    }
    RowFunction::of(Compiler::new(input, finals), filter, &[project])
}
