//! Rows of a view as JSON.

use super::{JsonFlavor, print};
use crate::{Event, WriteError};
use std::io::Write;
use weir_circuit::Column;
use weir_row::{SortLayout, ValueRef};

/// Appends events as `{"insert":{..}}` and `{"delete":{..}}`, separated by commas.
///
/// # Errors
/// A row that does not have the layout.
pub fn write_json<'a>(
    columns: &[Column],
    layout: &SortLayout,
    flavor: JsonFlavor,
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
        row(columns, &names, layout, flavor, event.row, out)?;
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
    flavor: JsonFlavor,
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
        row(columns, &names, layout, flavor, words, out)?;
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
    flavor: JsonFlavor,
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
        row(columns, &names, layout, flavor, event.row, out)?;
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
    flavor: JsonFlavor,
    words: &[u64],
    out: &mut Vec<u8>,
) -> Result<(), WriteError> {
    row(columns, &names(columns), layout, flavor, words, out)
}

/// Each column's name as JSON, with the colon.
fn names(columns: &[Column]) -> Vec<Vec<u8>> {
    columns
        .iter()
        .map(|c| {
            let mut name = Vec::new();
            print::string(&c.name, &mut name);
            name.push(b':');
            name
        })
        .collect()
}

fn row(
    columns: &[Column],
    names: &[Vec<u8>],
    layout: &SortLayout,
    flavor: JsonFlavor,
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
        print::value(&column.ty.sql, flavor, ValueRef::from(value), out);
    }
    out.push(b'}');
    Ok(())
}
