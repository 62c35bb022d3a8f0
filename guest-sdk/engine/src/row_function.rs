//! Row functions: a register program and what is done with its registers.

use crate::code::Code;
use crate::compile::Compiler;
use crate::frame::each;
use crate::input::Input;
use crate::writer::Writer;
use weir_circuit::Expr;
use weir_row::RowWriter;
use weir_sdk::{Chunk, Context, Pairs};

/// Drops rows and writes rows.
#[derive(Debug)]
pub(crate) struct RowFunction {
    code: Code,
    /// The rows that pass.
    passed: usize,
    writer: Writer,
}

impl RowFunction {
    /// A function that writes `lists` of each row of the input that passes the filter.
    pub(crate) fn new(input: Input, filter: Option<&Expr>, lists: &[&[Expr]]) -> Result<RowFunction, String> {
        RowFunction::of(Compiler::new(input, Vec::new()), filter, lists)
    }

    /// The same with a compiler that is set up already.
    pub(crate) fn of(mut compiler: Compiler, filter: Option<&Expr>, lists: &[&[Expr]]) -> Result<RowFunction, String> {
        let passed = compiler.filter(filter)?;
        let writer = Writer::new(&mut compiler, lists, passed)?;
        let code = compiler.finish();
        let writer = writer.whole_if_it_is(&code.input);
        Ok(RowFunction { code, passed, writer })
    }

    fn run<'r>(&self, cx: &Context, rows: impl Iterator<Item = (&'r [u64], &'r [u64], i64)>, out: &mut RowWriter) {
        self.code.for_batches(cx, rows, |frame, areas| {
            each!(frame.selection(self.passed), i, {
                self.writer.write(cx, &self.code.input, frame, areas, i, out);
            });
        });
    }

    /// Goes through rows.
    pub(crate) fn rows(&self, cx: &Context, rows: Chunk<'_>, out: &mut RowWriter) {
        self.run(cx, rows.map(|(row, weight)| (row, &[][..], weight)), out);
    }

    /// Goes through pairs of rows.
    pub(crate) fn pairs(&self, cx: &Context, pairs: Pairs<'_>, out: &mut RowWriter) {
        self.run(cx, pairs, out);
    }
}

/// Tells whether a pair of rows satisfies a condition.
#[derive(Debug)]
pub(crate) struct Condition {
    code: Code,
    passed: usize,
}

impl Condition {
    /// A condition on pairs.
    pub(crate) fn new(input: Input, condition: &Expr) -> Result<Condition, String> {
        let mut compiler = Compiler::new(input, Vec::new());
        let passed = compiler.filter(Some(condition))?;
        Ok(Condition { code: compiler.finish(), passed })
    }

    /// Whether it holds.
    pub(crate) fn holds(&self, cx: &Context, left: &[u64], right: &[u64]) -> bool {
        let mut holds = false;
        self.code.for_batches(cx, std::iter::once((left, right, 1)), |frame, _| {
            each!(frame.selection(self.passed), _i, { holds = true });
        });
        holds
    }
}
