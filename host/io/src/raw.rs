//! Raw data: a whole message, or each line, is one value.

use crate::changes::{BadRow, TableDraft};
use crate::format::{FormatError, Options, nearest};
use crate::{Changes, ParseError, RECORD_BYTES_MAX, TableColumns};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use weir_row::{SqlType, ValueRef};

/// Bytes of a record that is too long that an error shows.
const SHOWN_BYTES: usize = 256;

/// What is a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RawMode {
    /// A whole message or file.
    #[default]
    Blob,
    /// A line, without what ends it.
    Lines,
}

/// How raw data are to be understood.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct RawConfig {
    /// What is a record.
    pub mode: RawMode,
    /// The column that takes it; `None`: the table's only one.
    pub column_name: Option<String>,
}

impl RawConfig {
    pub(crate) fn parse(mut options: Options<'_>) -> Result<RawConfig, FormatError> {
        let config = RawConfig {
            mode: options.choice("mode", &["blob", "lines"])?.unwrap_or_default(),
            column_name: options.text("column_name")?,
        };
        options.end()?;
        Ok(config)
    }

    /// The column that takes the data.
    pub(crate) fn column(&self, table: &TableColumns) -> Result<usize, FormatError> {
        let names: Vec<&str> = table.columns.iter().map(|c| c.name.as_str()).collect();
        let at = match &self.column_name {
            Some(name) => table.find(name, 0).ok_or_else(|| {
                let error = FormatError::columns(Some("column_name"), format!("the table has no column '{name}'"));
                match nearest(name, &names) {
                    Some(near) => error.with_hint(format!("did you mean '{near}'?")),
                    None => error,
                }
            })?,
            None if names.len() == 1 => 0,
            None => {
                let message = format!("the table has {} columns, of which format 'raw' fills one", names.len());
                return Err(FormatError::columns(None, message).with_hint("name it as 'column_name'"));
            }
        };
        let column = &table.columns[at];
        if !is_text(&column.ty.sql) && !is_binary(&column.ty.sql) {
            let message =
                format!("column '{}' is {}, but format 'raw' fills VARCHAR and VARBINARY", column.name, column.ty);
            return Err(FormatError::columns(self.column_name.is_some().then_some("column_name"), message));
        }
        let others = table.columns.iter().enumerate().filter(|(i, _)| *i != at);
        if let Some((_, other)) = others.into_iter().find(|(_, c)| !c.ty.nullable && c.default.is_none()) {
            let message =
                format!("column '{}' is NOT NULL without a DEFAULT, and format 'raw' does not fill it", other.name);
            return Err(FormatError::columns(None, message));
        }
        Ok(at)
    }
}

fn is_text(sql: &SqlType) -> bool {
    matches!(sql, SqlType::Char(_) | SqlType::Varchar(_))
}

fn is_binary(sql: &SqlType) -> bool {
    matches!(sql, SqlType::Binary(_) | SqlType::Varbinary(_))
}

/// A reader of raw data.
#[derive(Debug)]
pub struct RawReader {
    table: Arc<TableColumns>,
    mode: RawMode,
    column: usize,
    /// Bytes of the record in hand.
    rest: Vec<u8>,
    /// Whether a record was begun: one of no bytes is one, too.
    begun: bool,
    /// Whether the record in hand is too long, so that the rest of it counts for nothing.
    skipping: bool,
    /// Bytes that were passed over so.
    skipped: usize,
    event_number: u64,
}

impl RawReader {
    pub(crate) fn new(
        table: Arc<TableColumns>,
        config: &RawConfig,
        event_number: u64,
    ) -> Result<RawReader, FormatError> {
        let column = config.column(&table)?;
        let mode = config.mode;
        Ok(RawReader { table, mode, column, rest: Vec::new(), begun: false, skipping: false, skipped: 0, event_number })
    }

    pub(crate) fn event_number(&self) -> u64 {
        self.event_number
    }

    pub(crate) fn pending_bytes(&self) -> usize {
        self.rest.len() + self.skipped
    }

    pub(crate) fn push(&mut self, mut bytes: &[u8], changes: &mut Changes, errors: &mut Vec<ParseError>) {
        let table = Arc::clone(&self.table);
        let mut draft = TableDraft::new(&table);
        if self.mode == RawMode::Lines {
            while let Some(end) = bytes.iter().position(|b| *b == b'\n') {
                let (line, more) = bytes.split_at(end);
                bytes = &more[1..];
                if self.rest.is_empty() && !self.skipping {
                    self.record(line, &mut draft, changes, errors);
                    continue;
                }
                self.gather(line, errors);
                self.end(&mut draft, changes, errors);
            }
            if bytes.is_empty() {
                return;
            }
        }
        self.gather(bytes, errors);
    }

    pub(crate) fn finish(&mut self, changes: &mut Changes, errors: &mut Vec<ParseError>) {
        let table = Arc::clone(&self.table);
        if self.begun {
            self.end(&mut TableDraft::new(&table), changes, errors);
        }
    }

    /// Adds to the record in hand.
    fn gather(&mut self, bytes: &[u8], errors: &mut Vec<ParseError>) {
        self.begun = true;
        if self.skipping {
            self.skipped += bytes.len();
            return;
        }
        self.rest.extend_from_slice(bytes);
        if self.rest.len() > RECORD_BYTES_MAX {
            self.event_number += 1;
            let description = format!("the record is longer than {RECORD_BYTES_MAX} bytes");
            errors.push(ParseError::new(description, self.event_number, None, &self.rest[..SHOWN_BYTES]));
            self.skipping = true;
            self.skipped = self.rest.len();
            self.rest = Vec::new();
        }
    }

    /// Ends the record in hand.
    fn end(&mut self, draft: &mut TableDraft<'_>, changes: &mut Changes, errors: &mut Vec<ParseError>) {
        let mut rest = std::mem::take(&mut self.rest);
        if !self.skipping {
            self.record(&rest, draft, changes, errors);
        }
        rest.clear();
        self.rest = rest;
        (self.begun, self.skipping, self.skipped) = (false, false, 0);
    }

    fn record(
        &mut self,
        record: &[u8],
        draft: &mut TableDraft<'_>,
        changes: &mut Changes,
        errors: &mut Vec<ParseError>,
    ) {
        self.event_number += 1;
        let record = match (self.mode, record) {
            (RawMode::Lines, [line @ .., b'\r']) => line,
            (_, record) => record,
        };
        let column = &self.table.columns[self.column];
        let value = if is_binary(&column.ty.sql) {
            Ok(ValueRef::Bytes(record))
        } else {
            std::str::from_utf8(record).map(ValueRef::Text).map_err(|e| e.to_string())
        };
        draft.clear();
        let ended = value.and_then(|value| draft.set(self.column, value).map_err(|e| e.to_string()));
        let ended = match ended {
            Ok(()) => draft.insert(1, changes),
            Err(description) => Err(BadRow { description, field: Some(column.name.clone()) }),
        };
        if let Err(BadRow { description, field }) = ended {
            let description = format!("failed to take a raw record: {description}");
            errors.push(ParseError::new(description, self.event_number, field, record));
        }
    }
}
