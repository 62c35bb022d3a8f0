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
    let rows = RowWriter::new(columns, flavor);
    let mut first = true;
    for event in events {
        if !std::mem::take(&mut first) {
            out.push(b',');
        }
        out.extend_from_slice(if event.insert { b"{\"insert\":" } else { b"{\"delete\":" });
        rows.row(columns, layout, event.row, out)?;
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
    let writer = RowWriter::new(columns, flavor);
    let mut first = true;
    for (words, weight) in rows {
        if !std::mem::take(&mut first) {
            out.push(b',');
        }
        let _ = write!(out, "{{\"weight\":{weight},\"data\":");
        writer.row(columns, layout, words, out)?;
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

impl SnowflakeStream {
    /// Adds its fields to the row that was written last, within its braces.
    pub(super) fn write(&mut self, row_is_empty: bool, insert: bool, out: &mut Vec<u8>) {
        out.pop();
        if !row_is_empty {
            out.push(b',');
        }
        let action = if insert { "insert" } else { "delete" };
        let SnowflakeStream { id, next } = *self;
        let _ = write!(out, "\"__action\":\"{action}\",\"__stream_id\":{id},\"__seq_number\":{next}}}");
        self.next += 1;
    }
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
    let rows = RowWriter::new(columns, flavor);
    let mut first = true;
    for event in events {
        if !std::mem::take(&mut first) {
            out.push(b',');
        }
        rows.row(columns, layout, event.row, out)?;
        stream.write(columns.is_empty(), event.insert, out);
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
    RowWriter::new(columns, flavor).row(columns, layout, words, out)
}

/// What a writer of rows has ready.
#[derive(Debug)]
pub(crate) struct RowWriter {
    flavor: JsonFlavor,
    /// Each column's name as JSON, with the colon.
    names: Vec<Vec<u8>>,
}

impl RowWriter {
    pub(crate) fn new(columns: &[Column], flavor: JsonFlavor) -> RowWriter {
        let name = |c: &Column| {
            let mut name = Vec::new();
            print::string(&c.name, &mut name);
            name.push(b':');
            name
        };
        RowWriter { flavor, names: columns.iter().map(name).collect() }
    }

    /// Appends a row as an object.
    pub(crate) fn row(
        &self,
        columns: &[Column],
        layout: &SortLayout,
        words: &[u64],
        out: &mut Vec<u8>,
    ) -> Result<(), WriteError> {
        self.fields(0..columns.len(), columns, layout, words, out)
    }

    /// Appends some columns of a row as an object.
    pub(crate) fn some(
        &self,
        which: &[usize],
        columns: &[Column],
        layout: &SortLayout,
        words: &[u64],
        out: &mut Vec<u8>,
    ) -> Result<(), WriteError> {
        self.fields(which.iter().copied(), columns, layout, words, out)
    }

    fn fields(
        &self,
        which: impl Iterator<Item = usize>,
        columns: &[Column],
        layout: &SortLayout,
        words: &[u64],
        out: &mut Vec<u8>,
    ) -> Result<(), WriteError> {
        let values = layout.decode(words).map_err(|e| WriteError::Row(e.to_string()))?;
        out.push(b'{');
        for (n, i) in which.enumerate() {
            if n > 0 {
                out.push(b',');
            }
            out.extend_from_slice(&self.names[i]);
            print::value(&columns[i].ty.sql, self.flavor, ValueRef::from(&values[i]), out);
        }
        out.push(b'}');
        Ok(())
    }
}
