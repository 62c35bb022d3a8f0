//! A reader of a stream of bytes in some format.

use crate::{AvroReader, Changes, CsvReader, FormatError, JsonReader, ParquetReader, ParseError, RawReader};

/// Bytes that one record may have.
pub const RECORD_BYTES_MAX: usize = 32 << 20;

/// A reader of one stream. Bytes come in pieces cut anywhere; a record that is cut waits for its rest.
#[derive(Debug)]
pub enum Reader {
    /// JSON.
    Json(JsonReader),
    /// CSV.
    Csv(Box<CsvReader>),
    /// Raw data.
    Raw(RawReader),
    /// Parquet, of which rows come at the end of a file.
    Parquet(ParquetReader),
    /// Avro: what is pushed before [`Reader::finish`] is one message.
    Avro(Box<AvroReader>),
}

impl Reader {
    /// Reads the records that these bytes complete. Bad ones are appended to `errors`.
    pub fn push(&mut self, bytes: &[u8], changes: &mut Changes, errors: &mut Vec<ParseError>) {
        match self {
            Reader::Json(r) => r.push(bytes, changes, errors),
            Reader::Csv(r) => r.push(bytes, changes, errors),
            Reader::Raw(r) => r.push(bytes, changes, errors),
            Reader::Parquet(r) => r.push(bytes, errors),
            Reader::Avro(r) => r.push(bytes, errors),
        }
    }

    /// Reads what is left at the end of a stream, be it a file or a whole message. Another one may begin then.
    pub fn finish(&mut self, changes: &mut Changes, errors: &mut Vec<ParseError>) {
        match self {
            Reader::Json(r) => r.finish(changes, errors),
            Reader::Csv(r) => r.finish(changes, errors),
            Reader::Raw(r) => r.finish(changes, errors),
            Reader::Parquet(r) => r.finish(changes, errors),
            Reader::Avro(r) => r.finish(changes, errors),
        }
    }

    /// Bytes at the end of what was pushed that belong to a record whose end has not come: a stream that is read again goes on that many bytes
    /// before, with `resumed`.
    pub fn pending_bytes(&self) -> usize {
        match self {
            Reader::Json(r) => r.pending_bytes(),
            Reader::Csv(r) => r.pending_bytes(),
            Reader::Raw(r) => r.pending_bytes(),
            Reader::Parquet(r) => r.pending_bytes(),
            Reader::Avro(r) => r.pending_bytes(),
        }
    }

    /// What the beginning of the stream says of all the rest (the names in the header of CSV with headers), once it was read. Who resumes the
    /// stream with another reader gives it to [`Reader::resume`].
    pub fn header(&self) -> Option<&[String]> {
        match self {
            Reader::Json(_) | Reader::Raw(_) | Reader::Parquet(_) | Reader::Avro(_) => None,
            Reader::Csv(r) => r.header(),
        }
    }

    /// Tells a reader that was made with `resumed` what [`Reader::header`] said to the one before.
    pub fn resume(&mut self, header: &[String]) {
        match self {
            Reader::Json(_) | Reader::Raw(_) | Reader::Parquet(_) | Reader::Avro(_) => {}
            Reader::Csv(r) => r.resume(header),
        }
    }

    /// Avro with a registry: the number of the schema that a message names and that has to be provided before it is read.
    pub fn wants(&self, message: &[u8]) -> Option<u32> {
        match self {
            Reader::Avro(r) => r.wants(message),
            Reader::Json(_) | Reader::Csv(_) | Reader::Raw(_) | Reader::Parquet(_) => None,
        }
    }

    /// The number of the schema that a message names.
    pub fn schema_id(&self, message: &[u8]) -> Option<u32> {
        match self {
            Reader::Avro(r) => r.schema_id(message),
            Reader::Json(_) | Reader::Csv(_) | Reader::Raw(_) | Reader::Parquet(_) => None,
        }
    }

    /// The same of what was pushed and is not finished.
    pub fn wanted(&self) -> Option<u32> {
        match self {
            Reader::Avro(r) => r.wanted(),
            Reader::Json(_) | Reader::Csv(_) | Reader::Raw(_) | Reader::Parquet(_) => None,
        }
    }

    /// Takes the schema of a number, as its registry has it, and the schemas of types that it names and does not hold, each after those that it names.
    ///
    /// # Errors
    /// It is no schema, or does not fit the table: messages of it will be refused.
    pub fn provide(&mut self, id: u32, schema: &str, references: &[String]) -> Result<(), FormatError> {
        match self {
            Reader::Avro(r) => r.provide(id, schema, references),
            Reader::Json(_) | Reader::Csv(_) | Reader::Raw(_) | Reader::Parquet(_) => Ok(()),
        }
    }

    /// Takes why the schema of a number cannot be had: messages of it are refused, and say so.
    pub fn refuse(&mut self, id: u32, why: &str) {
        if let Reader::Avro(r) = self {
            r.refuse(id, why);
        }
    }

    /// The number of the last record read. The next one has the number after it.
    pub fn event_number(&self) -> u64 {
        match self {
            Reader::Json(r) => r.event_number(),
            Reader::Csv(r) => r.event_number(),
            Reader::Raw(r) => r.event_number(),
            Reader::Parquet(r) => r.event_number(),
            Reader::Avro(r) => r.event_number(),
        }
    }
}
