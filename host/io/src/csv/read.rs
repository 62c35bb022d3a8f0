//! CSV records to insertions: comma, no header, columns in the table's order.

use crate::changes::{BadRow, TableDraft};
use crate::field::{self, Scratch, Unread};
use crate::{Changes, ParseError, RECORD_BYTES_MAX, TableColumns, json};
use csv_core::ReadRecordResult;
use std::sync::Arc;
use weir_row::{SqlType, ValueRef, item};

/// A reader of one stream of CSV records.
pub struct CsvReader {
    table: Arc<TableColumns>,
    core: csv_core::Reader,
    /// Unquoted bytes of the record in hand, and the ends of its fields.
    fields: Vec<u8>,
    used: usize,
    ends: Vec<usize>,
    ended: usize,
    scratch: Scratch,
    event_number: u64,
}

impl std::fmt::Debug for CsvReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CsvReader").field("event_number", &self.event_number).finish_non_exhaustive()
    }
}

impl CsvReader {
    /// A reader for a table; the next record has the number after `event_number`.
    pub fn new(table: Arc<TableColumns>, event_number: u64) -> CsvReader {
        let ends = vec![0; table.columns.len().max(8)];
        CsvReader {
            table,
            core: csv_core::Reader::new(),
            fields: vec![0; 4096],
            used: 0,
            ends,
            ended: 0,
            scratch: Scratch::default(),
            event_number,
        }
    }

    pub(crate) fn event_number(&self) -> u64 {
        self.event_number
    }

    pub(crate) fn push(&mut self, bytes: &[u8], changes: &mut Changes, errors: &mut Vec<ParseError>) {
        if !bytes.is_empty() {
            self.read(bytes, changes, errors);
        }
    }

    pub(crate) fn finish(&mut self, changes: &mut Changes, errors: &mut Vec<ParseError>) {
        // Empty input tells the core that the stream has ended.
        self.read(&[], changes, errors);
        self.core.reset();
    }

    fn read(&mut self, mut bytes: &[u8], changes: &mut Changes, errors: &mut Vec<ParseError>) {
        let table = Arc::clone(&self.table);
        let mut draft = TableDraft::new(&table);
        loop {
            let (result, read, wrote, ended) =
                self.core.read_record(bytes, &mut self.fields[self.used..], &mut self.ends[self.ended..]);
            bytes = &bytes[read..];
            self.used += wrote;
            self.ended += ended;
            match result {
                ReadRecordResult::InputEmpty => return,
                ReadRecordResult::End => return,
                ReadRecordResult::OutputFull => {
                    if self.fields.len() > RECORD_BYTES_MAX {
                        self.event_number += 1;
                        let description = format!("the record is longer than {RECORD_BYTES_MAX} bytes");
                        errors.push(
                            ParseError::new(description, self.event_number, None, &self.fields[..256])
                                .with_suggestion("Is a quotation mark left open?"),
                        );
                        self.begin();
                        self.core.reset();
                        continue;
                    }
                    self.fields.resize(self.fields.len() * 2, 0);
                }
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::Record => {
                    self.event_number += 1;
                    if let Err(e) = self.record(&mut draft, changes) {
                        errors.push(*e);
                    }
                    self.begin();
                }
            }
        }
    }

    fn begin(&mut self) {
        self.used = 0;
        self.ended = 0;
    }

    fn record(&mut self, draft: &mut TableDraft<'_>, changes: &mut Changes) -> Result<(), Box<ParseError>> {
        let bytes = &self.fields[..self.used];
        let ends = &self.ends[..self.ended];
        let shown = || {
            let starts = std::iter::once(0).chain(ends.iter().copied());
            starts.zip(ends).map(|(from, to)| &bytes[from..*to]).collect::<Vec<_>>().join(&b',')
        };
        let event_number = self.event_number;
        let bad = |description: String, field: Option<String>| {
            let description = format!("failed to deserialize CSV record: {description}");
            Box::new(ParseError::new(description, event_number, field, &shown()))
        };
        let text = std::str::from_utf8(bytes).map_err(|e| bad(e.to_string(), None))?;
        draft.clear();
        let mut start = 0;
        for (i, column) in self.table.columns.iter().enumerate() {
            let end = ends.get(i).copied().unwrap_or(start);
            // A field ends where a character does, for the separator was a character.
            let raw = text.get(start..end).unwrap_or("");
            start = end;
            let within = |steps: &[json::Step], problem: String| {
                let description = format!("error parsing field '{}'{}: {problem}", column.name, json::path(steps));
                bad(description, Some(column.name.clone()))
            };
            let wrong = |problem: String| within(&[], problem);
            let value = if is_null(&column.ty.sql, column.ty.nullable, raw) {
                ValueRef::Null
            } else {
                field::from_text(&column.ty.sql, raw, item::DEPTH_MAX, &mut self.scratch).map_err(|e| match e {
                    Unread::Expected(expected) => wrong(format!("invalid value: \"{raw}\", expected {expected}")),
                    Unread::Part { steps, why } => within(&steps, why),
                })?
            };
            if matches!(value, ValueRef::Null) && !column.ty.nullable {
                return Err(wrong("a value is missing, and the column is NOT NULL".into()));
            }
            draft.set(i, value).map_err(|e| wrong(e.to_string()))?;
        }
        draft.insert(1, changes).map_err(|BadRow { description, field }| bad(description, field))
    }
}

/// NULL is `NULL` or `null`, and, where it cannot be a text, an empty field.
fn is_null(sql: &SqlType, nullable: bool, raw: &str) -> bool {
    if matches!(sql, SqlType::Char(_) | SqlType::Varchar(_)) {
        return nullable && (raw == "NULL" || raw == "null");
    }
    matches!(raw.trim(), "" | "NULL" | "null")
}
