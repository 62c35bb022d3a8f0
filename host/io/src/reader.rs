//! A reader of a stream of bytes in some format.

use crate::{Changes, CsvReader, JsonReader, ParseError};

/// Bytes that one record may have.
pub const RECORD_BYTES_MAX: usize = 32 << 20;

/// A reader of one stream. Bytes come in pieces cut anywhere; a record that is cut waits for its rest.
#[derive(Debug)]
pub enum Reader {
    /// JSON.
    Json(JsonReader),
    /// CSV.
    Csv(Box<CsvReader>),
}

impl Reader {
    /// Reads the records that these bytes complete. Bad ones are appended to `errors`.
    pub fn push(&mut self, bytes: &[u8], changes: &mut Changes, errors: &mut Vec<ParseError>) {
        match self {
            Reader::Json(r) => r.push(bytes, changes, errors),
            Reader::Csv(r) => r.push(bytes, changes, errors),
        }
    }

    /// Reads what is left at the end of the stream.
    pub fn finish(&mut self, changes: &mut Changes, errors: &mut Vec<ParseError>) {
        match self {
            Reader::Json(r) => r.finish(changes, errors),
            Reader::Csv(r) => r.finish(changes, errors),
        }
    }

    /// The number of the last record read. The next one has the number after it.
    pub fn event_number(&self) -> u64 {
        match self {
            Reader::Json(r) => r.event_number(),
            Reader::Csv(r) => r.event_number(),
        }
    }
}
