//! Pieces of JSON.

use super::config::{FLAVORS, update_format};
use super::debezium::Envelope;
use super::write::{RowWriter, SnowflakeStream};
use super::{JsonFlavor, UpdateFormat};
use crate::encode::{BUFFER_RECORDS, BUFFER_RECORDS_MAX, Change, Changed, Piece, View};
use crate::format::{FormatError, Options, nearest};
use crate::{DeltaCursor, WriteError};
use serde::Serialize;
use std::hash::{BuildHasher, RandomState};
use std::io::Write;
use std::sync::Arc;
use weir_circuit::Column;
use weir_row::Block;

/// How JSON is to be written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JsonOutputConfig {
    /// What a record looks like.
    pub update_format: UpdateFormat,
    /// How values look.
    pub json_flavor: JsonFlavor,
    /// Whether a piece is an array of records, else each record is a line.
    pub array: bool,
    /// Records of a piece, at most.
    pub buffer_size_records: usize,
    /// Debezium: the columns that are a message's key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_fields: Option<Vec<String>>,
}

impl Default for JsonOutputConfig {
    fn default() -> JsonOutputConfig {
        JsonOutputConfig {
            update_format: UpdateFormat::InsertDelete,
            json_flavor: JsonFlavor::Default,
            array: false,
            buffer_size_records: BUFFER_RECORDS,
            key_fields: None,
        }
    }
}

impl JsonOutputConfig {
    pub(crate) fn parse(mut options: Options<'_>) -> Result<JsonOutputConfig, FormatError> {
        let update_format = update_format(&mut options, &[UpdateFormat::Raw], "output")?;
        let debezium = update_format == UpdateFormat::Debezium;
        // Who reads these formats understands one flavor.
        let flavor = match update_format {
            UpdateFormat::Debezium => JsonFlavor::KafkaConnectJsonConverter,
            UpdateFormat::Snowflake => JsonFlavor::Snowflake,
            _ => JsonFlavor::Default,
        };
        let config = JsonOutputConfig {
            update_format,
            json_flavor: options.choice("json_flavor", &FLAVORS)?.unwrap_or(flavor),
            array: options.flag("array", false)?,
            // A message of Debezium's is one event.
            buffer_size_records: options
                .number("buffer_size_records", 1, BUFFER_RECORDS_MAX as u64)?
                .filter(|_| !debezium)
                .unwrap_or(if debezium { 1 } else { BUFFER_RECORDS }),
            key_fields: options.texts("key_fields")?,
        };
        options.end()?;
        if debezium && config.array {
            return Err(FormatError::config("array", "format 'json': a message of 'debezium' is one event, no array"));
        }
        match &config.key_fields {
            Some(_) if !debezium => {
                let message = "format 'json': 'key_fields' are for messages with keys, as those of 'debezium'";
                Err(FormatError::config("key_fields", message))
            }
            Some(fields) if fields.is_empty() => {
                Err(FormatError::config("key_fields", "format 'json': a key has one field at least"))
            }
            _ => Ok(config),
        }
    }

    pub(crate) fn check(&self, columns: &[Column]) -> Result<(), FormatError> {
        self.key(columns).map(|_| ())
    }

    /// The columns that are a message's key.
    fn key(&self, columns: &[Column]) -> Result<Option<Vec<usize>>, FormatError> {
        let Some(fields) = &self.key_fields else { return Ok(None) };
        let find = |field: &String| {
            let folded = field.to_lowercase();
            let exactly = columns.iter().position(|c| c.name == *field);
            let found = exactly.or_else(|| columns.iter().position(|c| !c.case_sensitive && c.name == folded));
            found.ok_or_else(|| {
                let message = format!("format 'json': 'key_fields' names '{field}', which is no column of the view");
                let error = FormatError::columns(Some("key_fields"), message);
                let names: Vec<&str> = columns.iter().map(|c| c.name.as_str()).collect();
                match nearest(field, &names) {
                    Some(near) => error.with_hint(format!("did you mean '{near}'?")),
                    None => error,
                }
            })
        };
        fields.iter().map(find).collect::<Result<_, _>>().map(Some)
    }
}

/// A writer of JSON.
#[derive(Debug)]
pub(crate) struct JsonEncoder {
    view: View,
    config: JsonOutputConfig,
    rows: RowWriter,
    envelope: Option<Envelope>,
    stream: SnowflakeStream,
    delta: Arc<Vec<Block>>,
    changed: Changed,
    /// For rows with weights.
    cursor: DeltaCursor,
    pub(crate) bytes_max: usize,
}

impl JsonEncoder {
    pub(crate) fn new(view: View, config: JsonOutputConfig) -> Result<JsonEncoder, FormatError> {
        let rows = RowWriter::new(&view.columns, config.json_flavor);
        let envelope = match config.update_format {
            UpdateFormat::Debezium => {
                let key = config.key(&view.columns)?.or_else(|| view.key.clone());
                Some(Envelope::new(&view.columns, config.json_flavor, key))
            }
            _ => None,
        };
        // Unique enough among the streams of a destination, and a number that JSON readers keep exactly.
        let stream = SnowflakeStream { id: RandomState::new().hash_one(0u8) as u32, next: 0 };
        let (delta, changed, cursor) = (Arc::default(), Changed::default(), DeltaCursor::default());
        Ok(JsonEncoder { view, config, rows, envelope, stream, delta, changed, cursor, bytes_max: usize::MAX })
    }

    pub(crate) fn begin(&mut self, delta: Arc<Vec<Block>>) -> Result<(), WriteError> {
        self.delta = Arc::default();
        self.cursor = DeltaCursor::default();
        if self.counts_copies() {
            self.changed = Changed::new(&self.view, &delta)?;
        }
        self.delta = delta;
        Ok(())
    }

    pub(crate) fn counts_copies(&self) -> bool {
        self.config.update_format != UpdateFormat::Weighted
    }

    pub(crate) fn is_at_end(&self) -> bool {
        if self.counts_copies() {
            return self.changed.is_at_end(&self.delta);
        }
        self.cursor.clone().next_row(&self.delta).is_none()
    }

    pub(crate) fn next(&mut self) -> Result<Option<Piece>, WriteError> {
        let delta = Arc::clone(&self.delta);
        let (mut key, mut out, mut records) = (None, Vec::new(), 0);
        if self.config.array {
            out.push(b'[');
        }
        while records < self.config.buffer_size_records {
            let (mark, cursor, stream, length) = (self.changed.mark(), self.cursor, self.stream, out.len());
            if self.config.array && records > 0 {
                out.push(b',');
            }
            let written = self.record(&delta, &mut key, &mut out);
            let fits = out.len() <= self.bytes_max || records == 0;
            match written {
                Ok(0) => {
                    out.truncate(length);
                    break;
                }
                Ok(written) if fits => records += written,
                Err(e) if records == 0 => return Err(e),
                // The piece ends before it; an error is told when it is met again.
                _ => {
                    self.changed.back(mark);
                    (self.cursor, self.stream) = (cursor, stream);
                    out.truncate(length);
                    break;
                }
            }
            if !self.config.array {
                out.push(b'\n');
            }
        }
        if self.config.array {
            out.extend_from_slice(b"]\n");
        }
        Ok((records > 0).then_some(Piece { key, value: Some(out), records }))
    }

    /// Appends the next record, and tells how many events it is; 0 at the end.
    fn record(&mut self, delta: &[Block], key: &mut Option<Vec<u8>>, out: &mut Vec<u8>) -> Result<usize, WriteError> {
        let View { columns, layout, .. } = &self.view;
        let row = |words: &[u64], out: &mut Vec<u8>| self.rows.row(columns, layout, words, out);
        if self.config.update_format == UpdateFormat::Weighted {
            let Some((words, weight)) = self.cursor.next_row(delta) else { return Ok(0) };
            let _ = write!(out, "{{\"weight\":{weight},\"data\":");
            row(words, out)?;
            out.push(b'}');
            return Ok(1);
        }
        let Some(change) = self.changed.next(&self.view, delta)? else { return Ok(0) };
        match (self.config.update_format, &self.envelope) {
            (_, Some(envelope)) => {
                *key = envelope.write(change, columns, layout, &self.rows, out)?;
            }
            (UpdateFormat::Snowflake, _) => {
                let mut part = |words, insert, out: &mut Vec<u8>| {
                    row(words, out)?;
                    self.stream.write(columns.is_empty(), insert, out);
                    Ok(())
                };
                match change {
                    Change::Insert(words) => part(words, true, out)?,
                    Change::Delete(words) => part(words, false, out)?,
                    Change::Update { before, after } => {
                        part(before, false, out)?;
                        out.push(if self.config.array { b',' } else { b'\n' });
                        part(after, true, out)?;
                        return Ok(2);
                    }
                }
            }
            _ => {
                let (name, words): (&[u8], _) = match change {
                    Change::Insert(words) => (b"{\"insert\":", words),
                    Change::Delete(words) => (b"{\"delete\":", words),
                    Change::Update { after, .. } => (b"{\"update\":", after),
                };
                out.extend_from_slice(name);
                row(words, out)?;
                out.push(b'}');
            }
        }
        Ok(1)
    }
}
