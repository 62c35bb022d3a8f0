//! Rows of a view as CSV: no header, the weight as the last column.

use crate::{WEIGHT_MAX, WriteError};
use std::io::Write;
use weir_circuit::Column;
use weir_functions::forms;
use weir_row::{Item, SortLayout, SqlType, Value};

/// Appends rows with their weights, in order.
///
/// # Errors
/// A row that does not have the layout, or too large a weight.
pub fn write_csv<'a>(
    columns: &[Column],
    layout: &SortLayout,
    rows: impl Iterator<Item = (&'a [u64], i64)>,
    out: &mut Vec<u8>,
) -> Result<(), WriteError> {
    for (row, weight) in rows {
        if weight.unsigned_abs() > WEIGHT_MAX as u64 {
            return Err(WriteError::Weight { weight });
        }
        let values = layout.decode(row).map_err(|e| WriteError::Row(e.to_string()))?;
        for (column, value) in columns.iter().zip(&values) {
            field(&column.ty.sql, value, out);
            out.push(b',');
        }
        // Writing to a vector does not fail.
        let _ = writeln!(out, "{weight}");
    }
    Ok(())
}

fn field(sql: &SqlType, value: &Value, out: &mut Vec<u8>) {
    let text = match value {
        Value::Null => return,
        Value::Bool(b) => b.to_string(),
        Value::I8(n) => n.to_string(),
        Value::I16(n) => n.to_string(),
        Value::I32(n) => n.to_string(),
        Value::I64(n) => n.to_string(),
        Value::U8(n) => n.to_string(),
        Value::U16(n) => n.to_string(),
        Value::U32(n) => n.to_string(),
        Value::U64(n) => n.to_string(),
        Value::Dec(units) => {
            let scale = if let SqlType::Decimal { scale, .. } = sql { i32::from(*scale) } else { 0 };
            forms::decimal_all(*units, scale)
        }
        Value::F32(x) => forms::real(*x),
        Value::F64(x) => forms::double(*x),
        Value::Text(s) => return quoted(s, out),
        Value::Date(d) => forms::date(*d),
        Value::Time(t) => forms::time(*t),
        Value::Ts(t) => forms::timestamp(*t),
        Value::Months(n) => n.to_string(),
        Value::Micros(n) => n.to_string(),
        Value::Tz(t) => format!("{}+00:00", forms::timestamp(*t)),
        Value::Uuid(u) => forms::uuid(*u),
        Value::Bytes(b) => forms::hex(b),
        Value::Item(b) => return quoted(&forms::json(Item::new(b)), out),
    };
    out.extend_from_slice(text.as_bytes());
}

/// A text, in quotation marks where it would else be read as something else: as NULL, as two fields, as two records.
fn quoted(s: &str, out: &mut Vec<u8>) {
    if !s.bytes().any(|b| matches!(b, b',' | b'"' | b'\n' | b'\r')) {
        return out.extend_from_slice(s.as_bytes());
    }
    out.push(b'"');
    for b in s.bytes() {
        if b == b'"' {
            out.push(b'"');
        }
        out.push(b);
    }
    out.push(b'"');
}
