//! Writing rows: fixed slots in order, then escapes, then texts; what is only passed on is copied as words.

use crate::code::Operand;
use crate::compile::Compiler;
use crate::frame::{Areas, Frame};
use crate::input::{Input, Source, text_start, wide};
use weir_circuit::{Expr, ExprOp};
use weir_row::{Field, Kind, Layout, Place, RowWriter, enc, text};
use weir_sdk::Context;

/// Where a column of the output comes from.
#[derive(Clone, Copy, Debug)]
enum From {
    /// Words of the input.
    Words { area: usize, field: Field },
    /// A register.
    Register(Operand),
}

/// A column of the output.
#[derive(Clone, Copy, Debug)]
struct Column {
    from: From,
    to: Field,
}

/// The columns of one layout.
#[derive(Debug)]
struct Part {
    columns: Vec<Column>,
    /// Whether some may have an escape.
    escapes: bool,
    texts: bool,
}

/// Writes rows of one layout, or of several, one after the other.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    parts: Vec<Part>,
    /// The rows are the input's as they are.
    whole: bool,
}

/// Whether a column's words can be passed on.
fn copies(from: &Field, to: &Field) -> bool {
    from.kind == to.kind && from.words == to.words
}

impl Writer {
    /// A writer of lists of expressions; their values go to registers, computed for the rows of `on`.
    pub(crate) fn new(compiler: &mut Compiler, lists: &[&[Expr]], on: usize) -> Result<Writer, String> {
        let mut parts = Vec::new();
        for list in lists {
            let types: Vec<_> = list.iter().map(|e| e.ty.clone()).collect();
            let layout = Layout::new(&types);
            let mut columns = Vec::new();
            for (e, to) in list.iter().zip(&layout.fields) {
                let from = match e.op {
                    ExprOp::Column(c) => match compiler.input().columns.get(c) {
                        Some(Source::Field { area, field }) if copies(field, to) => {
                            From::Words { area: *area, field: *field }
                        }
                        _ => From::Register(compiler.value(e, on)?),
                    },
                    _ => From::Register(compiler.value(e, on)?),
                };
                if let From::Register(operand) = from
                    && operand.kind != to.kind
                {
                    return Err("a column of another kind than its expression".to_owned());
                }
                columns.push(Column { from, to: *to });
            }
            parts.push(Part { columns, escapes: !layout.wide_slots.is_empty(), texts: layout.texts > 0 });
        }
        Ok(Writer { parts, whole: false })
    }

    /// Rows of fixed words that are the input's: copied at once.
    pub(crate) fn whole_if_it_is(mut self, input: &Input) -> Writer {
        let mut wanted = input.columns.iter();
        self.whole = input.is_one_row()
            && (0..input.areas())
                .map(|a| input.layout(a))
                .all(|l| l.is_fixed() && l.fixed_words == l.fields.iter().map(|f| f.words).sum::<usize>())
            && self.parts.iter().flat_map(|p| &p.columns).all(|c| match (c.from, wanted.next()) {
                (From::Words { area, field }, Some(Source::Field { area: a, field: f })) => {
                    area == *a && field.place == f.place && matches!(c.to.place, Place::Slot(_))
                }
                _ => false,
            })
            && wanted.next().is_none();
        self
    }

    /// Writes the row of a batch.
    pub(crate) fn write(
        &self,
        cx: &Context,
        input: &Input,
        frame: &Frame<'_>,
        areas: &Areas<'_>,
        i: usize,
        out: &mut RowWriter,
    ) {
        if self.whole {
            return out.push(areas.words[0][i], areas.weights[i]);
        }
        for part in &self.parts {
            for column in &part.columns {
                match column.from {
                    From::Words { area, field } => {
                        slot(cx, input.layout(area), areas.words[area][i], &field, &column.to, out)
                    }
                    From::Register(operand) => computed(frame, operand, &column.to, i, out),
                }
            }
            if part.escapes {
                part.columns.iter().for_each(|c| escape(input, frame, areas, c, i, out));
            }
            if part.texts {
                part.columns.iter().for_each(|c| string(input, frame, areas, c, i, out));
            }
        }
        out.end(areas.weights[i]);
    }
}

/// Passes a slot on.
#[inline]
fn slot(cx: &Context, layout: &Layout, row: &[u64], from: &Field, to: &Field, out: &mut RowWriter) {
    match (from.place, to.place) {
        (Place::Slot(s), Place::Wide(_)) => out.put([enc::slot(row[s])]),
        (Place::Wide(s), Place::Slot(_)) => out.put([cx.not_null(wide(layout, row, s), 0, 0)]),
        (Place::Slot(s), _) if from.words == 2 => out.put([row[s], row[s + 1]]),
        (Place::Slot(s) | Place::Wide(s), _) => out.put([row[s]]),
        (Place::Text(_), _) => {}
    }
}

/// The value of a register, as words of a slot.
fn computed(frame: &Frame<'_>, operand: Operand, to: &Field, i: usize, out: &mut RowWriter) {
    let register = &frame.registers[operand.register];
    if operand.nullable && register.null[i] {
        return match to.words {
            0 => {}
            1 => out.put([0]),
            _ => out.put([0, 0]),
        };
    }
    if to.kind == Kind::Dec {
        let value = register.decs[i];
        return if to.words == 2 { out.put(enc::dec2(value)) } else { out.put([enc::dec(value)]) };
    }
    if to.kind.is_variable() {
        return;
    }
    let word = encode(to.kind, register.words[i]);
    out.put([if to.escapes() { enc::slot(word) } else { word }]);
}

/// A register's word as a row's.
fn encode(kind: Kind, word: u64) -> u64 {
    match kind {
        Kind::Bool => enc::bool(word != 0),
        Kind::I8 => enc::i8(word as i8),
        Kind::I16 => enc::i16(word as i16),
        Kind::I32 | Kind::Date | Kind::Months => enc::i32(word as i32),
        Kind::I64 | Kind::Micros => enc::i64(word as i64),
        Kind::U8 => enc::u8(word as u8),
        Kind::U16 => enc::u16(word as u16),
        Kind::U32 => enc::u32(word as u32),
        Kind::U64 => word,
        Kind::F32 => enc::f32(f32::from_bits(word as u32)),
        Kind::F64 => enc::f64(f64::from_bits(word)),
        Kind::Time => enc::time(word as i64),
        Kind::Ts | Kind::Tz => enc::ts(word as i64),
        // None of them is in `words`.
        Kind::Dec | Kind::Text | Kind::Uuid | Kind::Bytes | Kind::Item => 0,
    }
}

/// The escape of a nullable wide column, if it has one.
fn escape(input: &Input, frame: &Frame<'_>, areas: &Areas<'_>, column: &Column, i: usize, out: &mut RowWriter) {
    if !column.to.escapes() {
        return;
    }
    let biased = match column.from {
        From::Words { area, field } => {
            let row = areas.words[area][i];
            match field.place {
                Place::Wide(s) => wide(input.layout(area), row, s),
                Place::Slot(s) => Some(row[s]),
                Place::Text(_) => None,
            }
        }
        From::Register(operand) => {
            let register = &frame.registers[operand.register];
            let null = operand.nullable && register.null[i];
            (!null).then(|| encode(column.to.kind, register.words[i]))
        }
    };
    if let Some(word) = biased.and_then(enc::escape) {
        out.put([word]);
    }
}

/// The text of a text column.
fn string(input: &Input, frame: &Frame<'_>, areas: &Areas<'_>, column: &Column, i: usize, out: &mut RowWriter) {
    let Place::Text(_) = column.to.place else { return };
    match column.from {
        From::Words { area, field } => {
            if let Place::Text(t) = field.place {
                let row = areas.words[area][i];
                let at = text_start(input.layout(area), row, t);
                out.copy(&row[at..text::skip(row, at)]);
            }
        }
        From::Register(operand) => {
            let register = &frame.registers[operand.register];
            let null = operand.nullable && register.null[i];
            if null {
                return out.put([0]);
            }
            match operand.kind {
                Kind::Uuid => out.put_uuid(register.decs[i] as u128),
                Kind::Bytes | Kind::Item => out.put_bytes(register.bytes[i]),
                _ => out.put_text(register.texts[i]),
            }
        }
    }
}
