//! Expressions to register programs. What may not be evaluated for some rows (later branches of a CASE, operands behind one that
//! decides) is evaluated on a selection of the others.

use crate::code::{Code, Final, Instruction, Operand};
use crate::direct::{Direct, direct};
use crate::input::{Input, Source};
use crate::item::{Element, LambdaBody, parameters};
use std::cell::RefCell;
use weir_circuit::{Expr, ExprOp, Position};
use weir_functions::{Lambda, find};
use weir_row::{Kind, Place, SqlType, Value, text};

/// Registers and selections of one program at most: what they hold is a batch each.
const REGISTERS_MAX: usize = 100_000;

/// Makes one program.
pub(crate) struct Compiler {
    code: Code,
    finals: Vec<Final>,
    /// Of each selection the one that it is a part of.
    parents: Vec<usize>,
    /// Columns that are in a register, and for which selection.
    loaded: Vec<(usize, usize, Operand)>,
}

type Result<T> = std::result::Result<T, String>;

/// The kind of an expression's values.
fn kind_of(e: &Expr) -> Result<Kind> {
    e.ty.sql.kind().ok_or_else(|| "an expression of no representation".to_owned())
}

impl Compiler {
    /// A compiler of expressions over `input`, of which some columns may be finished accumulators.
    pub(crate) fn new(input: Input, finals: Vec<Final>) -> Compiler {
        let code = Code { input, selections: 1, ..Code::default() };
        Compiler { code, finals, parents: vec![0], loaded: Vec::new() }
    }

    /// The program.
    pub(crate) fn finish(self) -> Code {
        self.code
    }

    /// The input's columns.
    pub(crate) fn input(&self) -> &Input {
        &self.code.input
    }

    fn emit(&mut self, instruction: Instruction) {
        self.code.instructions.push(instruction);
    }

    fn register(&mut self, kind: Kind, nullable: bool) -> Result<Operand> {
        self.code.registers.push((kind, nullable));
        let register = self.code.registers.len() - 1;
        if register > REGISTERS_MAX {
            return Err("an operator with too many expressions".to_owned());
        }
        Ok(Operand { register, kind, nullable })
    }

    /// A selection of rows of `of`.
    fn selection(&mut self, of: usize) -> usize {
        self.parents.push(of);
        self.code.selections += 1;
        self.code.selections - 1
    }

    /// Whether one selection is a part of another.
    fn is_part(&self, mut part: usize, of: usize) -> bool {
        while part != of && part != 0 {
            part = self.parents[part];
        }
        part == of
    }

    /// The rows of which a filter is TRUE, each conjunct on those that passed the ones before.
    pub(crate) fn filter(&mut self, filter: Option<&Expr>) -> Result<usize> {
        filter.map_or(Ok(0), |e| self.truth(e, 0))
    }

    /// The value of an expression, NULL only if its type says so.
    pub(crate) fn value(&mut self, e: &Expr, on: usize) -> Result<Operand> {
        let operand = self.code(e, on)?;
        self.fit(operand, e.ty.nullable, on, e.at)
    }

    fn fit(&mut self, operand: Operand, nullable: bool, on: usize, at: Position) -> Result<Operand> {
        if operand.nullable && !nullable {
            self.emit(Instruction::NotNull { of: operand, on, at });
            return Ok(Operand { nullable: false, ..operand });
        }
        Ok(operand)
    }

    fn column(&mut self, column: usize, on: usize) -> Result<Operand> {
        if let Some((.., operand)) = self.loaded.iter().find(|(c, s, _)| *c == column && self.is_part(on, *s)) {
            return Ok(*operand);
        }
        let operand = match self.source(column)? {
            Source::Field { area, field } => {
                let to = self.register(field.kind, field.nullable)?;
                self.emit(Instruction::Column { to, area, field, on });
                to
            }
            Source::Final(i) => {
                let what = self.finals.get(i).ok_or("an accumulator that is not there")?.clone();
                let to = self.register(what.kind, !matches!(what.method, crate::code::FinalMethod::Count))?;
                self.emit(Instruction::Final { to, what, on });
                to
            }
        };
        self.loaded.push((column, on, operand));
        Ok(operand)
    }

    fn source(&self, column: usize) -> Result<Source> {
        self.code.input.columns.get(column).copied().ok_or_else(|| format!("column #{column} is not there"))
    }

    fn code(&mut self, e: &Expr, on: usize) -> Result<Operand> {
        let kind = kind_of(e)?;
        if let Some(test) = self.text_test(e, on)? {
            return Ok(test);
        }
        let operand = match &e.op {
            ExprOp::Column(c) => self.column(*c, on)?,
            ExprOp::Literal(value) => {
                let to = self.register(kind, *value == Value::Null)?;
                self.emit(Instruction::Literal { to, value: value.clone(), on });
                to
            }
            ExprOp::Call { kernel, args } => self.call(e, kernel, args, on)?,
            ExprOp::User { .. } => {
                return Err("a call of a function written in Rust, which must be compiled".to_owned());
            }
            ExprOp::And(operands) => self.connective(operands, true, on)?,
            ExprOp::Or(operands) => self.connective(operands, false, on)?,
            ExprOp::IsNull(operand) => self.is_null(operand, on)?,
            ExprOp::NotDistinct(a, b) => {
                let (a, b) = (self.code(a, on)?, self.code(b, on)?);
                if a.kind != b.kind {
                    return Err("a comparison of different kinds".to_owned());
                }
                let to = self.register(Kind::Bool, false)?;
                self.emit(Instruction::NotDistinct { to, a, b, on });
                to
            }
            ExprOp::Case { branches, otherwise } => {
                let to = self.register(kind, e.ty.nullable)?;
                let mut rest = on;
                for (condition, value) in branches {
                    let yes = self.truth(condition, rest)?;
                    let no = self.selection(rest);
                    self.emit(Instruction::Minus { on: rest, less: yes, to: no });
                    self.branch(to, value, yes)?;
                    rest = no;
                }
                self.branch(to, otherwise, rest)?;
                to
            }
            ExprOp::Coalesce(operands) => self.coalesce(e, kind, operands, on)?,
            ExprOp::Sequence(operands) => {
                let mut elements = Vec::with_capacity(operands.len());
                for operand in operands {
                    let scale = if let SqlType::Decimal { scale, .. } = operand.ty.sql { scale } else { 0 };
                    elements.push(Element { of: self.code(operand, on)?, scale });
                }
                let to = self.register(Kind::Item, false)?;
                self.emit(Instruction::Sequence { to, elements, row: matches!(e.ty.sql, SqlType::Row(_)), on });
                to
            }
            ExprOp::Lambda { function, over, body } => self.lambda(function, over, body, on)?,
        };
        if operand.kind == kind { Ok(operand) } else { Err("an expression of another kind than its type".to_owned()) }
    }

    /// Puts the value of a branch into `to` for its rows.
    fn branch(&mut self, to: Operand, value: &Expr, on: usize) -> Result<()> {
        let from = self.code(value, on)?;
        let from = self.fit(from, to.nullable, on, value.at)?;
        if from.kind != to.kind {
            return Err("branches of different kinds".to_owned());
        }
        self.emit(Instruction::Move { to, from, on });
        Ok(())
    }

    fn coalesce(&mut self, e: &Expr, kind: Kind, operands: &[Expr], on: usize) -> Result<Operand> {
        let to = self.register(kind, e.ty.nullable)?;
        let Some((last, first)) = operands.split_last() else { return Err("COALESCE of nothing".to_owned()) };
        let mut rest = on;
        for operand in first {
            let from = self.code(operand, rest)?;
            if from.kind != kind {
                return Err("operands of different kinds".to_owned());
            }
            let there = self.selection(rest);
            self.emit(Instruction::Present { of: from, on: rest, to: there });
            self.emit(Instruction::Move { to, from: Operand { nullable: false, ..from }, on: there });
            let missing = self.selection(rest);
            self.emit(Instruction::Minus { on: rest, less: there, to: missing });
            rest = missing;
        }
        self.branch(to, last, rest)?;
        Ok(to)
    }

    fn lambda(&mut self, function: &str, over: &Expr, body: &Expr, on: usize) -> Result<Operand> {
        let function = Lambda::find(function).ok_or_else(|| format!("no lambda function {function}"))?;
        let over = self.code(over, on)?;
        let mut input = Input::default();
        input.push(parameters());
        let mut compiler = Compiler::new(input, Vec::new());
        let value = compiler.code(body, 0)?;
        if over.kind != Kind::Item || value.kind != Kind::Item {
            return Err("a lambda over or giving something else than items".to_owned());
        }
        let body = Box::new(LambdaBody { code: compiler.finish(), value, row: RefCell::default() });
        let to = self.register(Kind::Item, true)?;
        self.emit(Instruction::Lambda { to, function, over, body, on });
        Ok(to)
    }

    fn call(&mut self, e: &Expr, kernel: &str, args: &[Expr], on: usize) -> Result<Operand> {
        let kernel = find(kernel).ok_or_else(|| format!("no kernel {kernel}"))?;
        let args: Vec<Operand> = args.iter().map(|a| self.code(a, on)).collect::<Result<_>>()?;
        if !kernel.params.iter().eq(args.iter().map(|a| &a.kind)) {
            return Err(format!("{} called with other kinds of arguments than it takes", kernel.name));
        }
        let nullable = kernel.nullable || args.iter().any(|a| a.nullable);
        let to = self.register(kernel.result, nullable)?;
        let direct = direct(kernel.name)
            .filter(|d| !kernel.nullable && args.len() == if matches!(d, Direct::One(_)) { 1 } else { 2 });
        self.emit(Instruction::Call { to, kernel, direct, args, on, at: e.at });
        Ok(to)
    }

    fn boolean(&mut self, e: &Expr, on: usize) -> Result<Operand> {
        let operand = self.code(e, on)?;
        if operand.kind == Kind::Bool { Ok(operand) } else { Err("a condition that is not BOOLEAN".to_owned()) }
    }

    /// Three-valued AND or OR as a value.
    fn connective(&mut self, operands: &[Expr], and: bool, on: usize) -> Result<Operand> {
        let to = self.register(Kind::Bool, true)?;
        let Some((first, others)) = operands.split_first() else { return Err("no operands".to_owned()) };
        let from = self.boolean(first, on)?;
        self.emit(Instruction::Move { to, from, on });
        let (mut rest, mut nullable) = (on, from.nullable);
        for operand in others {
            let undecided = self.selection(rest);
            self.emit(Instruction::Undecided { of: to, and, on: rest, to: undecided });
            let from = self.boolean(operand, undecided)?;
            nullable |= from.nullable;
            self.emit(Instruction::Connect { to, from, and, on: undecided });
            rest = undecided;
        }
        Ok(Operand { nullable, ..to })
    }

    fn is_null(&mut self, e: &Expr, on: usize) -> Result<Operand> {
        let to = self.register(Kind::Bool, false)?;
        if let ExprOp::Column(c) = e.op
            && let Source::Field { area, field } = self.source(c)?
            && field.nullable
        {
            self.emit(Instruction::ColumnIsNull { to, area, field, on });
        } else {
            let of = self.code(e, on)?;
            self.emit(Instruction::IsNull { to, of, on });
        }
        Ok(to)
    }

    /// A comparison of a text column with a constant, by words: no text's words are a prefix of another's.
    fn text_test(&mut self, e: &Expr, on: usize) -> Result<Option<Operand>> {
        let ExprOp::Call { kernel, args } = &e.op else { return Ok(None) };
        let equal = match kernel.as_str() {
            "eq_text" => true,
            "ne_text" => false,
            _ => return Ok(None),
        };
        let [a, b] = args.as_slice() else { return Ok(None) };
        let (column, constant) = match (&a.op, &b.op) {
            (ExprOp::Column(c), ExprOp::Literal(Value::Text(s)))
            | (ExprOp::Literal(Value::Text(s)), ExprOp::Column(c)) => (*c, s),
            _ => return Ok(None),
        };
        let Source::Field { area, field } = self.source(column)? else { return Ok(None) };
        let Place::Text(number) = field.place else { return Ok(None) };
        let mut words = Vec::new();
        text::write(constant, &mut words);
        let to = self.register(Kind::Bool, field.nullable)?;
        self.emit(Instruction::TextIs { to, area, text: number, words, equal, on });
        Ok(Some(to))
    }

    /// The rows for which a condition is TRUE.
    fn truth(&mut self, e: &Expr, on: usize) -> Result<usize> {
        match &e.op {
            ExprOp::And(operands) => operands.iter().try_fold(on, |on, operand| self.truth(operand, on)),
            ExprOp::Or(operands) => {
                let (mut rest, mut all) = (on, None);
                for operand in operands {
                    let yes = self.truth(operand, rest)?;
                    let no = self.selection(rest);
                    self.emit(Instruction::Minus { on: rest, less: yes, to: no });
                    rest = no;
                    all = Some(match all {
                        None => yes,
                        Some(before) => {
                            let both = self.selection(on);
                            self.emit(Instruction::Merge { a: before, b: yes, to: both });
                            both
                        }
                    });
                }
                all.ok_or_else(|| "no operands".to_owned())
            }
            _ => {
                let of = self.boolean(e, on)?;
                let to = self.selection(on);
                self.emit(Instruction::True { of, on, to });
                Ok(to)
            }
        }
    }
}
