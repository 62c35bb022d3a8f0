//! Pieces of CSV.

use super::write::write_row;
use crate::encode::{BUFFER_RECORDS, BUFFER_RECORDS_MAX, Piece, View};
use crate::format::{FormatError, Options};
use crate::{DeltaCursor, WriteError};
use serde::Serialize;
use std::sync::Arc;
use weir_row::Block;

/// How CSV is to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct CsvOutputConfig {
    /// What stands between fields.
    #[serde(serialize_with = "super::config::character")]
    pub delimiter: u8,
    /// Lines of a piece, at most.
    pub buffer_size_records: usize,
}

impl Default for CsvOutputConfig {
    fn default() -> CsvOutputConfig {
        CsvOutputConfig { delimiter: b',', buffer_size_records: BUFFER_RECORDS }
    }
}

impl CsvOutputConfig {
    pub(crate) fn parse(mut options: Options<'_>) -> Result<CsvOutputConfig, FormatError> {
        let default = CsvOutputConfig::default();
        let delimiter = options.character("delimiter")?.unwrap_or(default.delimiter);
        let records = options.number("buffer_size_records", 1, BUFFER_RECORDS_MAX as u64)?;
        options.end()?;
        if matches!(delimiter, b'"' | b'\n' | b'\r' | b'-' | b'0'..=b'9') {
            let message =
                "format 'csv': 'delimiter' is what weights are made of, stands around fields or ends a record";
            return Err(FormatError::config("delimiter", message));
        }
        Ok(CsvOutputConfig { delimiter, buffer_size_records: records.unwrap_or(default.buffer_size_records) })
    }
}

/// A writer of CSV.
#[derive(Debug)]
pub(crate) struct CsvEncoder {
    view: View,
    config: CsvOutputConfig,
    delta: Arc<Vec<Block>>,
    cursor: DeltaCursor,
    pub(crate) bytes_max: usize,
}

impl CsvEncoder {
    pub(crate) fn new(view: View, config: CsvOutputConfig) -> CsvEncoder {
        let (delta, cursor) = (Arc::default(), DeltaCursor::default());
        CsvEncoder { view, config, delta, cursor, bytes_max: usize::MAX }
    }

    pub(crate) fn begin(&mut self, delta: Arc<Vec<Block>>) -> Result<(), WriteError> {
        (self.delta, self.cursor) = (delta, DeltaCursor::default());
        Ok(())
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.cursor.clone().next_row(&self.delta).is_none()
    }

    pub(crate) fn next(&mut self) -> Result<Option<Piece>, WriteError> {
        let (mut out, mut records) = (Vec::new(), 0);
        while records < self.config.buffer_size_records {
            let (mark, length) = (self.cursor, out.len());
            let Some((row, weight)) = self.cursor.next_row(&self.delta) else { break };
            let View { columns, layout, .. } = &self.view;
            if let Err(e) = write_row(columns, layout, self.config.delimiter, row, weight, &mut out) {
                if records == 0 {
                    return Err(e);
                }
                // The piece ends before it; the error is told when it is met again.
                self.cursor = mark;
                out.truncate(length);
                break;
            }
            if out.len() > self.bytes_max && records > 0 {
                self.cursor = mark;
                out.truncate(length);
                break;
            }
            records += 1;
        }
        Ok((records > 0).then_some(Piece { key: None, value: Some(out), records }))
    }
}
