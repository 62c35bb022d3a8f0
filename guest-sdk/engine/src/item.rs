//! Items: sequences of values, and lambdas, whose bodies are programs of their own.

use crate::code::{Code, Operand};
use crate::frame::{Frame, each};
use crate::register::Register;
use std::cell::RefCell;
use weir_functions::{Lambda, item_in};
use weir_row::{Item, ItemWriter, Layout};
use weir_sdk::Context;

/// A value that is put into a sequence, and the scale of a decimal.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Element {
    pub(crate) of: Operand,
    pub(crate) scale: u8,
}

/// A lambda's body: a program over rows of two nullable items, and where its value is.
#[derive(Debug)]
pub(crate) struct LambdaBody {
    pub(crate) code: Code,
    pub(crate) value: Operand,
    /// The words of the row at hand.
    pub(crate) row: RefCell<Vec<u64>>,
}

/// The layout of a lambda's parameters.
pub(crate) fn parameters() -> Layout {
    Layout::new(&weir_circuit::LAMBDA_PARAMETERS)
}

/// Writes sequences.
pub(crate) fn sequence<'a>(
    cx: &'a Context,
    frame: &Frame<'a>,
    (elements, row): (&[Element], bool),
    on: usize,
    to: &mut Register<'a>,
) {
    each!(frame.selection(on), i, {
        let mut out = ItemWriter::new();
        if row {
            out.begin_row()
        } else {
            out.begin_array()
        }
        for element in elements {
            let register = &frame.registers[element.of.register];
            match element.of.nullable && register.null[i] {
                true => out.null(),
                false => out.value(register.view(element.of.kind, i), element.scale),
            }
        }
        out.end();
        to.bytes[i] = item_in(cx.arena(), out).bytes();
    });
}

/// Calls a function that takes a lambda for the rows where what it goes over is not NULL.
pub(crate) fn lambda<'a>(
    cx: &'a Context,
    frame: &Frame<'a>,
    (function, over, body): (Lambda, Operand, &LambdaBody),
    on: usize,
    to: &mut Register<'a>,
) {
    let from = &frame.registers[over.register];
    each!(frame.selection(on), i, {
        let value = match over.nullable && from.null[i] {
            true => None,
            false => function.run(cx.arena(), Item::new(from.bytes[i]), |a, b| body.call(cx, a, b)),
        };
        to.null[i] = value.is_none();
        if let Some(item) = value {
            to.bytes[i] = item.bytes();
        }
    });
}

impl LambdaBody {
    fn call<'a>(&self, cx: &'a Context, a: Option<Item<'a>>, b: Option<Item<'a>>) -> Option<Item<'a>> {
        let mut row = self.row.take();
        row.clear();
        for parameter in [a, b] {
            match parameter {
                Some(item) => weir_row::text::write_bytes(item.bytes(), &mut row),
                None => row.push(0),
            }
        }
        let mut result = None;
        self.code.for_batches(cx, [(row.as_slice(), &[][..], 1)].into_iter(), |frame, _| {
            let register = &frame.registers[self.value.register];
            if !(self.value.nullable && register.null[0]) {
                result = Some(Item::new(cx.arena().alloc_slice_copy(register.bytes[0])));
            }
        });
        self.row.replace(row);
        result
    }
}
