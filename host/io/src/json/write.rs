//! Rows of a view as JSON, in the default flavor.

use crate::{Event, WriteError};
use std::io::Write;
use weir_circuit::Column;
use weir_functions::forms;
use weir_row::{Item, SortLayout, SqlType, Value};

/// Appends events as `{"insert":{..}}` and `{"delete":{..}}`, separated by commas.
///
/// # Errors
/// A row that does not have the layout.
pub fn write_json<'a>(
    columns: &[Column],
    layout: &SortLayout,
    events: impl Iterator<Item = Event<'a>>,
    out: &mut Vec<u8>,
) -> Result<(), WriteError> {
    let names = names(columns);
    let mut first = true;
    for event in events {
        if !std::mem::take(&mut first) {
            out.push(b',');
        }
        out.extend_from_slice(if event.insert { b"{\"insert\":" } else { b"{\"delete\":" });
        row(columns, &names, layout, event.row, out)?;
        out.push(b'}');
    }
    Ok(())
}

/// Appends rows as `{"weight":n,"data":{..}}`, separated by commas: each row once, whatever its weight.
///
/// # Errors
/// A row that does not have the layout.
pub fn write_json_weighted<'a>(
    columns: &[Column],
    layout: &SortLayout,
    rows: impl Iterator<Item = (&'a [u64], i64)>,
    out: &mut Vec<u8>,
) -> Result<(), WriteError> {
    let names = names(columns);
    let mut first = true;
    for (words, weight) in rows {
        if !std::mem::take(&mut first) {
            out.push(b',');
        }
        let _ = write!(out, "{{\"weight\":{weight},\"data\":");
        row(columns, &names, layout, words, out)?;
        out.push(b'}');
    }
    Ok(())
}

/// Where a stream of events for Snowflake stands: its loader takes each pair of stream and number once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SnowflakeStream {
    /// Unique among the streams of a destination.
    pub id: u32,
    /// The number of the next event.
    pub next: u64,
}

/// Appends events as rows with the fields `__action` (`insert` or `delete`), `__stream_id` and `__seq_number`, separated by commas.
///
/// # Errors
/// A row that does not have the layout.
pub fn write_json_snowflake<'a>(
    columns: &[Column],
    layout: &SortLayout,
    events: impl Iterator<Item = Event<'a>>,
    stream: &mut SnowflakeStream,
    out: &mut Vec<u8>,
) -> Result<(), WriteError> {
    let names = names(columns);
    let mut first = true;
    for event in events {
        if !std::mem::take(&mut first) {
            out.push(b',');
        }
        row(columns, &names, layout, event.row, out)?;
        // The fields go into the row's own braces.
        out.pop();
        if !columns.is_empty() {
            out.push(b',');
        }
        let action = if event.insert { "insert" } else { "delete" };
        let SnowflakeStream { id, next } = *stream;
        let _ = write!(out, "\"__action\":\"{action}\",\"__stream_id\":{id},\"__seq_number\":{next}}}");
        stream.next += 1;
    }
    Ok(())
}

/// Appends one row as an object.
///
/// # Errors
/// A row that does not have the layout.
pub fn write_json_row(
    columns: &[Column],
    layout: &SortLayout,
    words: &[u64],
    out: &mut Vec<u8>,
) -> Result<(), WriteError> {
    row(columns, &names(columns), layout, words, out)
}

/// Each column's name as JSON, with the colon.
fn names(columns: &[Column]) -> Vec<Vec<u8>> {
    columns
        .iter()
        .map(|c| {
            let mut name = Vec::new();
            text(&c.name, &mut name);
            name.push(b':');
            name
        })
        .collect()
}

fn row(
    columns: &[Column],
    names: &[Vec<u8>],
    layout: &SortLayout,
    words: &[u64],
    out: &mut Vec<u8>,
) -> Result<(), WriteError> {
    let values = layout.decode(words).map_err(|e| WriteError::Row(e.to_string()))?;
    out.push(b'{');
    for (i, ((column, name), value)) in columns.iter().zip(names).zip(&values).enumerate() {
        if i > 0 {
            out.push(b',');
        }
        out.extend_from_slice(name);
        scalar(&column.ty.sql, value, out);
    }
    out.push(b'}');
    Ok(())
}

fn text(s: &str, out: &mut Vec<u8>) {
    // Writing to a vector does not fail, and a string is always JSON.
    let _ = serde_json::to_writer(out, s);
}

fn quoted(s: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(s.as_bytes());
    out.push(b'"');
}

/// A time of day with a fraction of no, 3, 6 or 9 digits.
fn time(ns: i64) -> String {
    let whole = forms::time(ns - ns % 1_000_000_000);
    let fraction = ns % 1_000_000_000;
    match fraction {
        0 => whole,
        f if f % 1_000_000 == 0 => format!("{whole}.{:03}", f / 1_000_000),
        f if f % 1_000 == 0 => format!("{whole}.{:06}", f / 1_000),
        f => format!("{whole}.{f:09}"),
    }
}

/// A timestamp with a fraction of no, 3 or 6 digits.
fn timestamp(us: i64) -> String {
    let fraction = us.rem_euclid(1_000_000);
    let whole = forms::timestamp(us - fraction);
    match fraction {
        0 => whole,
        f if f % 1_000 == 0 => format!("{whole}.{:03}", f / 1_000),
        f => format!("{whole}.{f:06}"),
    }
}

fn scalar(sql: &SqlType, value: &Value, out: &mut Vec<u8>) {
    let mut buffer = itoa::Buffer::new();
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(b) => out.extend_from_slice(if *b { b"true" } else { b"false" }),
        Value::I8(n) => out.extend_from_slice(buffer.format(*n).as_bytes()),
        Value::I16(n) => out.extend_from_slice(buffer.format(*n).as_bytes()),
        Value::I32(n) => out.extend_from_slice(buffer.format(*n).as_bytes()),
        Value::I64(n) => out.extend_from_slice(buffer.format(*n).as_bytes()),
        Value::U8(n) => out.extend_from_slice(buffer.format(*n).as_bytes()),
        Value::U16(n) => out.extend_from_slice(buffer.format(*n).as_bytes()),
        Value::U32(n) => out.extend_from_slice(buffer.format(*n).as_bytes()),
        Value::U64(n) => out.extend_from_slice(buffer.format(*n).as_bytes()),
        Value::Dec(units) => {
            let scale = if let SqlType::Decimal { scale, .. } = sql { i32::from(*scale) } else { 0 };
            out.extend_from_slice(forms::decimal_all(*units, scale).as_bytes());
        }
        // JSON has no NaN and no infinity: they are null.
        Value::F32(x) => {
            let _ = serde_json::to_writer(out, x);
        }
        Value::F64(x) => {
            let _ = serde_json::to_writer(out, x);
        }
        Value::Text(s) => text(s, out),
        Value::Date(d) => quoted(&forms::date(*d), out),
        Value::Time(t) => quoted(&time(*t), out),
        Value::Ts(t) => quoted(&timestamp(*t), out),
        Value::Months(n) => {
            let _ = write!(out, "{n}");
        }
        Value::Micros(n) => {
            let _ = write!(out, "{n}");
        }
        Value::Tz(t) => quoted(&format!("{}+00:00", timestamp(*t)), out),
        Value::Uuid(u) => quoted(&forms::uuid(*u), out),
        Value::Bytes(b) => {
            let _ = serde_json::to_writer(out, b);
        }
        Value::Item(b) => out.extend_from_slice(forms::json(Item::new(b)).as_bytes()),
    }
}
