//! CSV records to insertions: columns in the table's order, or in that of a header.

use super::config::{CsvConfig, CsvTrim};
use crate::changes::{BadRow, TableDraft};
use crate::field::{self, Scratch, Unread};
use crate::{Changes, ParseError, RECORD_BYTES_MAX, TableColumns, json};
use csv_core::ReadRecordResult;
use std::sync::Arc;
use weir_row::{SqlType, ValueRef, item};

/// Bytes of a record that is too long that an error shows.
const SHOWN_BYTES: usize = 256;
/// What some programs write at the beginning of a file; it is no part of the first field.
const BYTE_ORDER_MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

/// A reader of one stream of CSV records.
pub struct CsvReader {
    table: Arc<TableColumns>,
    config: CsvConfig,
    core: csv_core::Reader,
    record: Record,
    header: Header,
    /// Bytes of a byte order mark that came; all of them, or more, once anything else came.
    mark: usize,
    scratch: Scratch,
    event_number: u64,
}

/// The record in hand.
struct Record {
    /// Its fields, without quotation marks.
    fields: Vec<u8>,
    used: usize,
    /// The ends of its fields.
    ends: Vec<usize>,
    ended: usize,
    /// Bytes of the stream that it took so far.
    bytes: usize,
}

/// What is known of a stream's header.
enum Header {
    /// It has none: the columns are those of the table in order.
    None,
    /// It comes yet.
    Awaited,
    /// It was in a part of the stream that somebody else read.
    Missed,
    /// Each field's column, if it has one; and the header's names, for whoever goes on behind.
    Columns(Vec<Option<usize>>, Vec<String>),
    /// It names no column, so that nothing can be read.
    Useless(Vec<String>),
}

impl std::fmt::Debug for CsvReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CsvReader").field("event_number", &self.event_number).finish_non_exhaustive()
    }
}

impl Record {
    fn begin(&mut self) {
        self.used = 0;
        self.ended = 0;
        self.bytes = 0;
    }

    /// The fields as they stood, without quotation marks.
    fn shown(&self, delimiter: u8) -> Vec<u8> {
        let ends = &self.ends[..self.ended];
        let starts = std::iter::once(0).chain(ends.iter().copied());
        starts.zip(ends).map(|(from, to)| &self.fields[from..*to]).collect::<Vec<_>>().join(&delimiter)
    }
}

impl CsvReader {
    /// A reader for a table, of CSV as it mostly is; the next record has the number after `event_number`.
    pub fn new(table: Arc<TableColumns>, event_number: u64) -> CsvReader {
        CsvReader::configured(table, &CsvConfig::default(), event_number, false)
    }

    /// A reader of any CSV. `resumed`: the stream's beginning was read by another one.
    pub fn configured(table: Arc<TableColumns>, config: &CsvConfig, event_number: u64, resumed: bool) -> CsvReader {
        let ends = vec![0; table.columns.len().max(8)];
        CsvReader {
            table,
            config: *config,
            core: config.core(),
            record: Record { fields: vec![0; 4096], used: 0, ends, ended: 0, bytes: 0 },
            header: match (config.headers, resumed) {
                (false, _) => Header::None,
                (true, false) => Header::Awaited,
                (true, true) => Header::Missed,
            },
            mark: if resumed { BYTE_ORDER_MARK.len() } else { 0 },
            scratch: Scratch::default(),
            event_number,
        }
    }

    pub(crate) fn event_number(&self) -> u64 {
        self.event_number
    }

    pub(crate) fn pending_bytes(&self) -> usize {
        let mark = if self.mark < BYTE_ORDER_MARK.len() { self.mark } else { 0 };
        self.record.bytes + mark
    }

    /// The names of the stream's header, once it was read.
    pub(crate) fn header(&self) -> Option<&[String]> {
        match &self.header {
            Header::Columns(_, names) | Header::Useless(names) => Some(names),
            _ => None,
        }
    }

    /// Tells what the header said, to go on behind it.
    pub(crate) fn resume(&mut self, names: &[String]) {
        if self.config.headers {
            self.header = self.columns_of(names.to_vec());
        }
    }

    pub(crate) fn push(&mut self, mut bytes: &[u8], changes: &mut Changes, errors: &mut Vec<ParseError>) {
        while self.mark < BYTE_ORDER_MARK.len()
            && let Some(first) = bytes.first()
        {
            if *first == BYTE_ORDER_MARK[self.mark] {
                self.mark += 1;
                bytes = &bytes[1..];
            } else {
                self.end_mark(changes, errors);
            }
        }
        // Empty input tells the core that the stream has ended.
        if !bytes.is_empty() {
            self.read(bytes, changes, errors);
        }
    }

    /// What began as a byte order mark is none, but the first field's.
    fn end_mark(&mut self, changes: &mut Changes, errors: &mut Vec<ParseError>) {
        let came = std::mem::replace(&mut self.mark, BYTE_ORDER_MARK.len());
        if came < BYTE_ORDER_MARK.len() && came > 0 {
            self.read(&BYTE_ORDER_MARK[..came], changes, errors);
        }
    }

    pub(crate) fn finish(&mut self, changes: &mut Changes, errors: &mut Vec<ParseError>) {
        self.end_mark(changes, errors);
        if self.config.comment.is_some() {
            // The core takes a last line of a comment for a record, unless it has its end.
            self.read(b"\n", changes, errors);
        }
        self.read(&[], changes, errors);
        self.core.reset();
        self.record.begin();
        self.mark = 0;
        if self.config.headers {
            self.header = Header::Awaited;
        }
    }

    fn read(&mut self, mut bytes: &[u8], changes: &mut Changes, errors: &mut Vec<ParseError>) {
        let table = Arc::clone(&self.table);
        let mut draft = TableDraft::new(&table);
        loop {
            let record = &mut self.record;
            let (result, read, wrote, ended) =
                self.core.read_record(bytes, &mut record.fields[record.used..], &mut record.ends[record.ended..]);
            bytes = &bytes[read..];
            record.bytes += read;
            record.used += wrote;
            record.ended += ended;
            match result {
                ReadRecordResult::InputEmpty | ReadRecordResult::End => return,
                ReadRecordResult::OutputFull => {
                    if record.fields.len() > RECORD_BYTES_MAX {
                        self.event_number += 1;
                        let description = format!("the record is longer than {RECORD_BYTES_MAX} bytes");
                        errors.push(
                            ParseError::new(description, self.event_number, None, &record.fields[..SHOWN_BYTES])
                                .with_suggestion("Is a quotation mark left open?"),
                        );
                        self.record.begin();
                        self.core.reset();
                        continue;
                    }
                    record.fields.resize(record.fields.len() * 2, 0);
                }
                ReadRecordResult::OutputEndsFull => record.ends.resize(record.ends.len() * 2, 0),
                ReadRecordResult::Record => {
                    match &self.header {
                        Header::Awaited => self.read_header(errors),
                        Header::Useless(_) => {}
                        Header::None | Header::Missed | Header::Columns(..) => {
                            self.event_number += 1;
                            if let Err(e) = self.read_row(&mut draft, changes) {
                                errors.push(*e);
                            }
                        }
                    }
                    self.record.begin();
                }
            }
        }
    }

    fn bad(&self, description: &str, field: Option<String>) -> Box<ParseError> {
        let description = format!("failed to deserialize CSV record: {description}");
        let shown = self.record.shown(self.config.delimiter);
        Box::new(ParseError::new(description, self.event_number, field, &shown))
    }

    fn read_header(&mut self, errors: &mut Vec<ParseError>) {
        let ends = &self.record.ends[..self.record.ended];
        let starts = std::iter::once(0).chain(ends.iter().copied());
        let names = starts.zip(ends).map(|(from, to)| {
            let name = String::from_utf8_lossy(&self.record.fields[from..*to]);
            match self.config.trim {
                CsvTrim::Headers | CsvTrim::All => name.trim().to_owned(),
                CsvTrim::None | CsvTrim::Fields => name.into_owned(),
            }
        });
        self.header = self.columns_of(names.collect());
        if matches!(self.header, Header::Useless(_)) {
            let names: Vec<_> = self.table.columns.iter().map(|c| format!("'{}'", c.name)).collect();
            let mut error = self.bad("the header names none of the table's columns", None);
            error.event_number = None;
            errors.push(error.with_suggestion(format!("The columns are {}.", names.join(", "))));
        }
    }

    fn columns_of(&self, names: Vec<String>) -> Header {
        let columns: Vec<_> = names.iter().enumerate().map(|(i, name)| self.table.find(name, i)).collect();
        match columns.iter().any(Option::is_some) {
            true => Header::Columns(columns, names),
            false => Header::Useless(names),
        }
    }

    /// Whether a record has as many fields as it should have.
    fn check_fields(&self) -> Result<(), Box<ParseError>> {
        let (expected, what) = match &self.header {
            Header::Columns(columns, _) => (columns.len(), "the header"),
            _ => (self.table.columns.len(), "the table"),
        };
        let fields = self.record.ended;
        if !self.config.flexible && fields != expected {
            let why = format!("the record has {fields} fields, but {what} has {expected} columns");
            return Err(Box::new(self.bad(&why, None).with_suggestion("With 'flexible' records may differ.")));
        }
        if matches!(self.header, Header::Missed) {
            let why = "the stream goes on behind its header, which nobody remembers";
            return Err(self.bad(why, None));
        }
        Ok(())
    }

    fn read_row(&mut self, draft: &mut TableDraft<'_>, changes: &mut Changes) -> Result<(), Box<ParseError>> {
        self.check_fields()?;
        let bytes = &self.record.fields[..self.record.used];
        let text = std::str::from_utf8(bytes).map_err(|e| self.bad(&e.to_string(), None))?;
        let mut scratch = std::mem::take(&mut self.scratch);
        draft.clear();
        let read = self.read_fields(text, draft, &mut scratch);
        self.scratch = scratch;
        read?;
        draft.insert(1, changes).map_err(|BadRow { description, field }| self.bad(&description, field))
    }

    fn read_fields(
        &self,
        text: &str,
        draft: &mut TableDraft<'_>,
        scratch: &mut Scratch,
    ) -> Result<(), Box<ParseError>> {
        let mut start = 0;
        for (i, end) in self.record.ends[..self.record.ended].iter().enumerate() {
            // A field ends where a character does, for the separator was a character.
            let raw = text.get(start..*end).unwrap_or("");
            start = *end;
            let at = match &self.header {
                Header::Columns(columns, _) => columns.get(i).copied().flatten(),
                _ => (i < self.table.columns.len()).then_some(i),
            };
            let Some(at) = at else { continue };
            let column = &self.table.columns[at];
            let raw = match self.config.trim {
                CsvTrim::Fields | CsvTrim::All => raw.trim(),
                CsvTrim::None | CsvTrim::Headers => raw,
            };
            let within = |steps: &[json::Step], problem: String| {
                let description = format!("error parsing field '{}'{}: {problem}", column.name, json::path(steps));
                self.bad(&description, Some(column.name.clone()))
            };
            let wrong = |problem: String| within(&[], problem);
            let value = if is_null(&column.ty.sql, column.ty.nullable, raw) {
                ValueRef::Null
            } else {
                field::from_text(&column.ty.sql, raw, item::DEPTH_MAX, scratch).map_err(|e| match e {
                    Unread::Expected(expected) => wrong(format!("invalid value: \"{raw}\", expected {expected}")),
                    Unread::Part { steps, why } => within(&steps, why),
                })?
            };
            if matches!(value, ValueRef::Null) && !column.ty.nullable {
                return Err(wrong("a value is missing, and the column is NOT NULL".into()));
            }
            draft.set(at, value).map_err(|e| wrong(e.to_string()))?;
        }
        Ok(())
    }
}

/// NULL is `NULL` or `null`, and, where it cannot be a text, an empty field.
fn is_null(sql: &SqlType, nullable: bool, raw: &str) -> bool {
    if matches!(sql, SqlType::Char(_) | SqlType::Varchar(_)) {
        return nullable && (raw == "NULL" || raw == "null");
    }
    matches!(raw.trim(), "" | "NULL" | "null")
}
