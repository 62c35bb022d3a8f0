//! The register program: instructions in order, each a loop over the rows of a selection.

use crate::direct::Direct;
use crate::frame::{Areas, BATCH_ROWS, Frame, Selection, each};
use crate::input::{Input, text_start, wide};
use crate::item::{Element, LambdaBody, lambda, sequence};
use crate::register::Register;
use std::cell::RefCell;
use weir_circuit::Position;
use weir_functions::{Kernel, Lambda};
use weir_row::{Field, Kind, Layout, Place, Value, dec, enc};
use weir_sdk::Context;

/// A register with what is known of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operand {
    pub(crate) register: usize,
    pub(crate) kind: Kind,
    /// Whether it may hold NULL.
    pub(crate) nullable: bool,
}

/// How the value of a linear aggregate is made of its accumulators.
#[derive(Clone, Debug)]
pub(crate) struct Final {
    /// The stretch of accumulators.
    pub(crate) area: usize,
    pub(crate) count: usize,
    pub(crate) sum: usize,
    pub(crate) method: FinalMethod,
    /// The result's kind.
    pub(crate) kind: Kind,
    pub(crate) at: Position,
}

/// What a linear aggregate yields.
#[derive(Clone, Debug)]
pub(crate) enum FinalMethod {
    /// The count.
    Count,
    /// The exclusive or of whole numbers, as registers have them.
    Xor,
    /// The sum, or the sum divided by the count, through a kernel that narrows it and its further arguments.
    Sum { mean: bool, three_words: bool, kernel: &'static Kernel, rest: Vec<Value> },
}

/// An instruction. `on` is the selection it works on.
#[derive(Debug)]
pub(crate) enum Instruction {
    /// Reads a column.
    Column { to: Operand, area: usize, field: Field, on: usize },
    /// Finishes an accumulator.
    Final { to: Operand, what: Final, on: usize },
    /// A constant.
    Literal { to: Operand, value: Value, on: usize },
    /// A strict call.
    Call { to: Operand, kernel: &'static Kernel, direct: Option<Direct>, args: Vec<Operand>, on: usize, at: Position },
    /// Whether a text column is equal to a constant, by its words.
    TextIs { to: Operand, area: usize, text: usize, words: Vec<u64>, equal: bool, on: usize },
    /// Whether a column is NULL, from its words.
    ColumnIsNull { to: Operand, area: usize, field: Field, on: usize },
    /// Whether a register is NULL.
    IsNull { to: Operand, of: Operand, on: usize },
    /// Values one after the other, as an array or a row.
    Sequence { to: Operand, elements: Vec<Element>, row: bool, on: usize },
    /// A function that takes a lambda.
    Lambda { to: Operand, function: Lambda, over: Operand, body: Box<LambdaBody>, on: usize },
    /// NULL-safe equality.
    NotDistinct { to: Operand, a: Operand, b: Operand, on: usize },
    /// Copies rows.
    Move { to: Operand, from: Operand, on: usize },
    /// Three-valued AND (OR) of `to` and `from`, into `to`.
    Connect { to: Operand, from: Operand, and: bool, on: usize },
    /// The rows where an AND (OR) so far is not decided.
    Undecided { of: Operand, and: bool, on: usize, to: usize },
    /// The rows where a BOOLEAN is TRUE.
    True { of: Operand, on: usize, to: usize },
    /// The rows where a register is not NULL.
    Present { of: Operand, on: usize, to: usize },
    /// Rows of `on` that are not in `less`.
    Minus { on: usize, less: usize, to: usize },
    /// Rows of either.
    Merge { a: usize, b: usize, to: usize },
    /// Fails if a register is NULL.
    NotNull { of: Operand, on: usize, at: Position },
}

/// A program that was made of expressions.
#[derive(Debug, Default)]
pub(crate) struct Code {
    pub(crate) input: Input,
    pub(crate) instructions: Vec<Instruction>,
    /// Kind and nullability of each register.
    pub(crate) registers: Vec<(Kind, bool)>,
    /// The number of selections.
    pub(crate) selections: usize,
    /// What the last run worked on, for its memory.
    pub(crate) frame: RefCell<Frame<'static>>,
}

impl Code {
    /// Goes through rows (pairs of rows) batch by batch: runs the program and hands over what it made.
    pub(crate) fn for_batches<'r>(
        &self,
        cx: &Context,
        rows: impl Iterator<Item = (&'r [u64], &'r [u64], i64)>,
        mut done: impl FnMut(&Frame<'_>, &Areas<'r>),
    ) {
        let mut areas = Areas { words: vec![Vec::new(); self.input.areas()], weights: Vec::new() };
        let mut frame: Frame<'_> = self.frame.take();
        frame.registers.resize_with(self.registers.len(), Register::default);
        frame.selections.resize_with(self.selections.max(1), Vec::new);
        for (left, right, weight) in rows {
            self.input.add(&mut areas, left, right, weight);
            if areas.weights.len() == BATCH_ROWS {
                self.run(cx, &mut frame, &areas);
                done(&frame, &areas);
                areas.words.iter_mut().for_each(Vec::clear);
                areas.weights.clear();
            }
        }
        if !areas.weights.is_empty() {
            self.run(cx, &mut frame, &areas);
            done(&frame, &areas);
        }
        self.frame.replace(frame.empty());
    }

    fn run<'a>(&self, cx: &'a Context, frame: &mut Frame<'a>, areas: &Areas<'_>) {
        let n = areas.weights.len();
        frame.rows = n;
        for (register, (kind, nullable)) in frame.registers.iter_mut().zip(&self.registers) {
            register.reserve(*kind, *nullable, n);
        }
        for instruction in &self.instructions {
            self.execute(cx, frame, areas, instruction);
        }
    }

    fn execute<'a>(&self, cx: &'a Context, frame: &mut Frame<'a>, areas: &Areas<'_>, instruction: &Instruction) {
        let selected = match instruction {
            Instruction::Undecided { of, and, on, to } => {
                let register = &frame.registers[of.register];
                select(frame, *on, *to, |i| register.null[i] || (register.words[i] != 0) == *and)
            }
            Instruction::True { of, on, to } => {
                let register = &frame.registers[of.register];
                select(frame, *on, *to, |i| !(of.nullable && register.null[i]) && register.words[i] != 0)
            }
            Instruction::Present { of, on, to } => {
                let register = &frame.registers[of.register];
                select(frame, *on, *to, |i| !(of.nullable && register.null[i]))
            }
            Instruction::Minus { on, less, to } => {
                // Both ascend.
                let mut less = match frame.selection(*less) {
                    Selection::All(_) => return frame.selections[*to].clear(),
                    Selection::Some(rows) => rows.iter().peekable(),
                };
                select(frame, *on, *to, |i| less.next_if(|taken| **taken as usize == i).is_none())
            }
            Instruction::Merge { a, b, to } => {
                let mut all: Vec<u32> = Vec::new();
                for id in [*a, *b] {
                    each!(frame.selection(id), i, { all.push(i as u32) });
                }
                all.sort_unstable();
                frame.selections[*to] = all;
                return;
            }
            Instruction::NotNull { of, on, at } => {
                if of.nullable {
                    let register = &frame.registers[of.register];
                    each!(frame.selection(*on), i, {
                        if register.null[i] {
                            cx.not_null(None::<()>, at.line, at.column);
                        }
                    });
                }
                return;
            }
            computing => {
                let (Instruction::Column { to, .. }
                | Instruction::Final { to, .. }
                | Instruction::Literal { to, .. }
                | Instruction::Call { to, .. }
                | Instruction::TextIs { to, .. }
                | Instruction::ColumnIsNull { to, .. }
                | Instruction::IsNull { to, .. }
                | Instruction::NotDistinct { to, .. }
                | Instruction::Sequence { to, .. }
                | Instruction::Lambda { to, .. }
                | Instruction::Move { to, .. }
                | Instruction::Connect { to, .. }) = computing
                else {
                    return;
                };
                let mut register = std::mem::take(&mut frame.registers[to.register]);
                self.compute(cx, frame, areas, computing, &mut register);
                frame.registers[to.register] = register;
                return;
            }
        };
        frame.selections[selected.to] = selected.rows;
    }

    fn compute<'a>(
        &self,
        cx: &'a Context,
        frame: &Frame<'a>,
        areas: &Areas<'_>,
        instruction: &Instruction,
        to: &mut Register<'a>,
    ) {
        match instruction {
            Instruction::Column { area, field, on, .. } => {
                column(cx, self.input.layout(*area), &areas.words[*area], field, frame.selection(*on), to);
            }
            Instruction::Final { what, on, .. } => {
                let rows = &areas.words[what.area];
                each!(frame.selection(*on), i, { finish(cx, what, rows[i], to, i) });
            }
            Instruction::Literal { to: operand, value, on } => {
                let null = *value == Value::Null;
                let text = if let Value::Text(s) = value { Some(&*cx.arena().alloc_str(s)) } else { None };
                each!(frame.selection(*on), i, {
                    if operand.nullable {
                        to.null[i] = null;
                    }
                    match text {
                        Some(text) => to.texts[i] = text,
                        None => to.set(i, value, cx.arena()),
                    }
                });
            }
            Instruction::Call { to: operand, kernel, direct, args, on, at } => {
                call(cx, frame, (operand, kernel, *direct, args), *on, *at, to);
            }
            Instruction::TextIs { to: operand, area, text, words, equal, on } => {
                let (layout, rows) = (self.input.layout(*area), &areas.words[*area]);
                each!(frame.selection(*on), i, {
                    let here = &rows[i][text_start(layout, rows[i], *text)..];
                    if operand.nullable {
                        to.null[i] = here[0] == 0;
                    }
                    to.words[i] = u64::from(here.starts_with(words) == *equal);
                });
            }
            Instruction::ColumnIsNull { area, field, on, .. } => {
                let (layout, rows) = (self.input.layout(*area), &areas.words[*area]);
                each!(frame.selection(*on), i, {
                    let row = rows[i];
                    to.words[i] = u64::from(match field.place {
                        Place::Slot(s) => row[s..s + field.words].iter().all(|w| *w == 0),
                        Place::Wide(s) => row[s] == 0,
                        Place::Text(t) => row[text_start(layout, row, t)] == 0,
                    });
                });
            }
            Instruction::IsNull { of, on, .. } => {
                let from = &frame.registers[of.register];
                each!(frame.selection(*on), i, { to.words[i] = u64::from(of.nullable && from.null[i]) });
            }
            Instruction::NotDistinct { a, b, on, .. } => {
                let (x, y) = (&frame.registers[a.register], &frame.registers[b.register]);
                each!(frame.selection(*on), i, {
                    let (p, q) = (a.nullable && x.null[i], b.nullable && y.null[i]);
                    let equal = if p || q { p == q } else { same(a.kind, x, y, i) };
                    to.words[i] = u64::from(equal);
                });
            }
            Instruction::Sequence { elements, row, on, .. } => sequence(cx, frame, (elements, *row), *on, to),
            Instruction::Lambda { function, over, body, on, .. } => {
                lambda(cx, frame, (*function, *over, body), *on, to)
            }
            Instruction::Move { to: operand, from, on } => {
                let source = &frame.registers[from.register];
                each!(frame.selection(*on), i, {
                    if operand.nullable {
                        to.null[i] = from.nullable && source.null[i];
                    }
                    match operand.kind {
                        Kind::Dec | Kind::Uuid => to.decs[i] = source.decs[i],
                        Kind::Text => to.texts[i] = source.texts[i],
                        Kind::Bytes | Kind::Item => to.bytes[i] = source.bytes[i],
                        _ => to.words[i] = source.words[i],
                    }
                });
            }
            Instruction::Connect { from, and, on, .. } => {
                let source = &frame.registers[from.register];
                each!(frame.selection(*on), i, {
                    let null = from.nullable && source.null[i];
                    let decides = !null && (source.words[i] != 0) != *and;
                    // Undecided rows are NULL or the neutral value.
                    if decides {
                        to.null[i] = false;
                        to.words[i] = u64::from(!*and);
                    } else {
                        to.null[i] |= null;
                    }
                });
            }
            _ => {}
        }
    }
}

/// Makes selection `to` of the rows of `on` that pass.
fn select(frame: &Frame<'_>, on: usize, to: usize, mut passes: impl FnMut(usize) -> bool) -> Selected {
    let mut rows = Vec::with_capacity(frame.rows);
    each!(frame.selection(on), i, {
        if passes(i) {
            rows.push(i as u32);
        }
    });
    Selected { to, rows }
}

/// A selection that is to be put into its place.
struct Selected {
    to: usize,
    rows: Vec<u32>,
}

/// Whether two values that are not NULL are equal.
fn same(kind: Kind, a: &Register<'_>, b: &Register<'_>, i: usize) -> bool {
    match kind {
        Kind::Dec | Kind::Uuid => a.decs[i] == b.decs[i],
        Kind::Text => a.texts[i] == b.texts[i],
        Kind::Bytes | Kind::Item => a.bytes[i] == b.bytes[i],
        // Floats are equal when their canonical words are.
        Kind::F32 | Kind::F64 => enc::f64(a.float(kind, i)) == enc::f64(b.float(kind, i)),
        _ => a.words[i] == b.words[i],
    }
}

/// Decodes a column.
fn column<'a>(
    cx: &'a Context,
    layout: &Layout,
    rows: &[&[u64]],
    field: &Field,
    on: Selection<'_>,
    to: &mut Register<'a>,
) {
    macro_rules! slots {
        ($s:expr, |$w:ident| $value:expr) => {
            each!(on, i, {
                let $w = rows[i][$s];
                if field.nullable {
                    to.null[i] = $w == 0;
                }
                to.words[i] = $value;
            })
        };
    }
    match (field.place, field.kind) {
        (Place::Wide(s), kind) => each!(on, i, {
            let word = wide(layout, rows[i], s);
            to.null[i] = word.is_none();
            let b = word.unwrap_or(0);
            to.words[i] = if kind == Kind::U64 { b } else { dec::i64(b) as u64 };
        }),
        (Place::Text(t), Kind::Bytes | Kind::Item) => each!(on, i, {
            let bytes = cx.bytes_null(rows[i], text_start(layout, rows[i], t));
            if field.nullable {
                to.null[i] = bytes.is_none();
            }
            to.bytes[i] = bytes.unwrap_or(&[]);
        }),
        (Place::Text(t), Kind::Uuid) => each!(on, i, {
            let uuid = cx.uuid_null(rows[i], text_start(layout, rows[i], t));
            if field.nullable {
                to.null[i] = uuid.is_none();
            }
            to.decs[i] = uuid.unwrap_or(0) as i128;
        }),
        (Place::Text(t), _) => each!(on, i, {
            let at = text_start(layout, rows[i], t);
            let text = cx.text_null(rows[i], at);
            if field.nullable {
                to.null[i] = text.is_none();
            }
            to.texts[i] = text.unwrap_or("");
        }),
        (Place::Slot(s), Kind::Dec) => each!(on, i, {
            let row = rows[i];
            if field.nullable {
                to.null[i] = row[s..s + field.words].iter().all(|w| *w == 0);
            }
            to.decs[i] = if field.words == 2 { dec::dec2(row[s], row[s + 1]) } else { dec::dec(row[s]) };
        }),
        (Place::Slot(s), Kind::Bool) => slots!(s, |w| u64::from(dec::bool(w))),
        (Place::Slot(s), Kind::I8) => slots!(s, |w| dec::i8(w) as i64 as u64),
        (Place::Slot(s), Kind::I16) => slots!(s, |w| dec::i16(w) as i64 as u64),
        (Place::Slot(s), Kind::I32 | Kind::Date | Kind::Months) => slots!(s, |w| dec::i32(w) as i64 as u64),
        // (These have no NULL here, or no value whose word is 0.)
        (Place::Slot(s), Kind::I64 | Kind::Micros | Kind::Ts | Kind::Tz) => slots!(s, |w| dec::i64(w) as u64),
        (Place::Slot(s), Kind::U8) => slots!(s, |w| u64::from(dec::u8(w))),
        (Place::Slot(s), Kind::U16) => slots!(s, |w| u64::from(dec::u16(w))),
        (Place::Slot(s), Kind::U32) => slots!(s, |w| u64::from(dec::u32(w))),
        (Place::Slot(s), Kind::U64) => slots!(s, |w| w),
        (Place::Slot(s), Kind::Time) => slots!(s, |w| dec::time(w) as u64),
        (Place::Slot(s), Kind::F32) => slots!(s, |w| u64::from(dec::f32(w).to_bits())),
        (Place::Slot(s), Kind::F64) => slots!(s, |w| dec::f64(w).to_bits()),
        (Place::Slot(_), Kind::Text | Kind::Uuid | Kind::Bytes | Kind::Item) => {}
    }
}

/// Calls a kernel for the rows where no argument is NULL.
fn call<'a>(
    cx: &'a Context,
    frame: &Frame<'a>,
    (operand, kernel, direct, args): (&Operand, &'static Kernel, Option<Direct>, &[Operand]),
    on: usize,
    at: Position,
    to: &mut Register<'a>,
) {
    let mut live = Vec::new();
    let mut rows = frame.selection(on);
    if args.iter().any(|a| a.nullable) {
        each!(rows, i, {
            let null = args.iter().any(|a| a.nullable && frame.registers[a.register].null[i]);
            to.null[i] = null;
            if !null {
                live.push(i as u32);
            }
        });
        rows = Selection::Some(&live);
    } else if operand.nullable {
        each!(rows, i, { to.null[i] = false });
    }
    let register = |a: usize| &frame.registers[args[a].register];
    let failed = match direct {
        Some(Direct::One(f)) => f(&register(0).words, &mut to.words, rows),
        Some(Direct::Two(f)) => f(&register(0).words, &register(1).words, &mut to.words, rows),
        Some(Direct::Decs(f)) => {
            f(&register(0).decs, &register(1).decs, &mut to.words, rows);
            None
        }
        Some(Direct::Texts(f)) => {
            f(&register(0).texts, &register(1).texts, &mut to.words, rows);
            None
        }
        None => {
            let mut values = Vec::with_capacity(args.len());
            each!(rows, i, {
                values.clear();
                values.extend(args.iter().map(|a| frame.registers[a.register].value(a.kind, i)));
                let value = cx.ok((kernel.call)(cx.arena(), &values), at.line, at.column);
                if value == Value::Null {
                    to.null[i] = true;
                }
                to.set(i, &value, cx.arena());
            });
            None
        }
    };
    if let Some(i) = failed {
        // The kernel knows what is wrong, and how to say it.
        let values: Vec<Value> = args.iter().map(|a| frame.registers[a.register].value(a.kind, i)).collect();
        cx.ok((kernel.call)(cx.arena(), &values), at.line, at.column);
    }
}

/// The value of a linear aggregate.
fn finish<'a>(cx: &'a Context, what: &Final, acc: &[u64], to: &mut Register<'a>, i: usize) {
    use weir_row::acc as a;
    let count = a::get_count(acc, what.count);
    let (mean, three_words, kernel, rest) = match &what.method {
        FinalMethod::Count => return to.words[i] = count as u64,
        FinalMethod::Xor => {
            to.null[i] = count == 0;
            return to.words[i] = acc[what.sum];
        }
        FinalMethod::Sum { mean, three_words, kernel, rest } => (mean, three_words, kernel, rest),
    };
    to.null[i] = count == 0;
    if count == 0 {
        return;
    }
    let at = what.at;
    let total = if *three_words {
        cx.ok(a::get_sum_wide(acc, what.sum).ok_or("sum out of range"), at.line, at.column)
    } else {
        a::get_sum(acc, what.sum)
    };
    let total = if *mean { total / i128::from(count) } else { total };
    if let (Kind::I64, Ok(small)) = (what.kind, i64::try_from(total)) {
        to.words[i] = small as u64;
        return;
    }
    let mut values = vec![Value::Dec(total)];
    values.extend_from_slice(rest);
    to.set(i, &cx.ok((kernel.call)(cx.arena(), &values), at.line, at.column), cx.arena());
}
