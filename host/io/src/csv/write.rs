//! Rows of a view as CSV: no header, the weight as the last column.

use crate::field::to_text;
use crate::{WEIGHT_MAX, WriteError};
use std::io::Write;
use weir_circuit::Column;
use weir_row::{SortLayout, SqlType, Value, ValueRef};

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
        write_row(columns, layout, b',', row, weight, out)?;
    }
    Ok(())
}

/// Appends a row with its weight.
pub(super) fn write_row(
    columns: &[Column],
    layout: &SortLayout,
    delimiter: u8,
    row: &[u64],
    weight: i64,
    out: &mut Vec<u8>,
) -> Result<(), WriteError> {
    if weight.unsigned_abs() > WEIGHT_MAX as u64 {
        return Err(WriteError::Weight { weight });
    }
    let values = layout.decode(row).map_err(|e| WriteError::Row(e.to_string()))?;
    for (column, value) in columns.iter().zip(&values) {
        field(&column.ty.sql, delimiter, value, out);
        out.push(delimiter);
    }
    // Writing to a vector does not fail.
    let _ = writeln!(out, "{weight}");
    Ok(())
}

fn field(sql: &SqlType, delimiter: u8, value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => {}
        Value::Text(s) => quoted(s, delimiter, out),
        value => quoted(&to_text(sql, ValueRef::from(value)), delimiter, out),
    }
}

/// A text, in quotation marks where it would else be read as something else: as NULL, as two fields, as two records.
fn quoted(s: &str, delimiter: u8, out: &mut Vec<u8>) {
    if !s.bytes().any(|b| b == delimiter || matches!(b, b'"' | b'\n' | b'\r')) {
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
