//! JSON records to changes of a table.

use super::row::read_row;
use super::split::Splitter;
use super::{JsonConfig, UpdateFormat};
use crate::changes::{BadRow, TableDraft};
use crate::{Changes, ParseError, RECORD_BYTES_MAX, TableColumns};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::sync::Arc;

/// A reader of one stream of JSON records.
#[derive(Debug)]
pub struct JsonReader {
    table: Arc<TableColumns>,
    config: JsonConfig,
    splitter: Splitter,
    /// Bytes of a record whose end has not come.
    rest: Vec<u8>,
    event_number: u64,
}

/// `{"insert": .., "delete": .., "update": ..}`; `table` is for other systems and ignored.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InsertDelete<'a> {
    #[serde(borrow)]
    insert: Option<&'a RawValue>,
    #[serde(borrow)]
    delete: Option<&'a RawValue>,
    #[serde(borrow)]
    update: Option<&'a RawValue>,
    #[serde(default, rename = "table")]
    _table: serde::de::IgnoredAny,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Weighted<'a> {
    weight: i64,
    #[serde(borrow)]
    data: &'a RawValue,
}

#[derive(Deserialize)]
struct Debezium<'a> {
    #[serde(borrow)]
    payload: DebeziumPayload<'a>,
}

#[derive(Deserialize)]
struct DebeziumPayload<'a> {
    #[serde(borrow)]
    before: Option<&'a RawValue>,
    #[serde(borrow)]
    after: Option<&'a RawValue>,
}

/// What to do with a row.
#[derive(Clone, Copy)]
enum Action {
    Insert(i64),
    Delete,
    Update,
}

impl JsonReader {
    /// A reader for a table; the next record has the number after `event_number`.
    pub fn new(table: Arc<TableColumns>, config: JsonConfig, event_number: u64) -> JsonReader {
        JsonReader { table, splitter: Splitter::new(config.lines), config, rest: Vec::new(), event_number }
    }

    pub(crate) fn event_number(&self) -> u64 {
        self.event_number
    }

    pub(crate) fn pending_bytes(&self) -> usize {
        self.rest.len()
    }

    pub(crate) fn push(&mut self, bytes: &[u8], changes: &mut Changes, errors: &mut Vec<ParseError>) {
        let table = Arc::clone(&self.table);
        let mut draft = TableDraft::new(&table);
        let mut bytes = bytes;
        if bytes.is_empty() {
            return;
        }
        // A record begun in an earlier piece is completed first, so that the rest is read where it lies.
        while !self.rest.is_empty() && !bytes.is_empty() {
            let before = self.rest.len();
            self.rest.extend_from_slice(bytes);
            let Some(end) = self.splitter.next(&self.rest) else {
                return self.bound(errors);
            };
            let record: Vec<u8> = self.rest[..end].to_vec();
            self.rest.clear();
            bytes = &bytes[end - before..];
            self.record(&record, &mut draft, changes, errors);
        }
        while let Some(end) = self.splitter.next(bytes) {
            self.record(&bytes[..end], &mut draft, changes, errors);
            bytes = &bytes[end..];
        }
        self.rest.extend_from_slice(bytes);
        self.bound(errors);
    }

    pub(crate) fn finish(&mut self, changes: &mut Changes, errors: &mut Vec<ParseError>) {
        let table = Arc::clone(&self.table);
        let rest = std::mem::take(&mut self.rest);
        self.splitter = Splitter::new(self.config.lines);
        self.record(&rest, &mut TableDraft::new(&table), changes, errors);
    }

    /// Gives up a record that has grown too long.
    fn bound(&mut self, errors: &mut Vec<ParseError>) {
        if self.rest.len() > RECORD_BYTES_MAX {
            self.event_number += 1;
            let rest = std::mem::take(&mut self.rest);
            self.splitter = Splitter::new(self.config.lines);
            errors.push(
                ParseError::new(
                    format!("the record is longer than {RECORD_BYTES_MAX} bytes"),
                    self.event_number,
                    None,
                    &rest[..256],
                )
                .with_suggestion("Is a bracket or a quotation mark left open?"),
            );
        }
    }

    fn record(
        &mut self,
        record: &[u8],
        draft: &mut TableDraft<'_>,
        changes: &mut Changes,
        errors: &mut Vec<ParseError>,
    ) {
        let record = record.trim_ascii();
        if record.is_empty() {
            return;
        }
        if !self.config.array {
            self.event_number += 1;
            if let Err(e) = self.event(record, draft, changes) {
                errors.push(*e);
            }
            return;
        }
        let first = self.event_number + 1;
        let events: Vec<&RawValue> = match serde_json::from_slice(record) {
            Ok(events) => events,
            Err(e) => {
                self.event_number += 1;
                errors.push(
                    ParseError::new(format!("failed to parse JSON array: {e}"), first, None, record)
                        .with_suggestion("With 'array=true' each record must be a JSON array of events."),
                );
                return;
            }
        };
        // One bad event refuses its array: it is read once to nowhere before it counts.
        let mut trial = Changes::new(&self.table, 1);
        for event in &events {
            self.event_number += 1;
            if let Err(e) = self.event(event.get().as_bytes(), draft, &mut trial) {
                self.event_number = first + events.len() as u64 - 1;
                errors.push(*e);
                return;
            }
        }
        for event in &events {
            // It was read without an error just now.
            let _ = self.event(event.get().as_bytes(), draft, changes);
        }
    }

    /// An error about the event or the row in hand.
    fn bad(&self, what: &str, why: impl std::fmt::Display, field: Option<String>, text: &[u8]) -> Box<ParseError> {
        let description = format!("failed to deserialize JSON {what}: {why}");
        Box::new(ParseError::new(description, self.event_number, field, text))
    }

    /// Reads an event of one row as it mostly comes, without going over it first to find the row. `false`: it is not so, or something is wrong with
    /// it, and nothing was taken.
    fn simple_event(&self, event: &[u8], draft: &mut TableDraft<'_>, changes: &mut Changes) -> bool {
        let within = |begin: &[u8]| event.strip_prefix(begin)?.strip_suffix(b"}");
        let (row, delete) = match self.config.update_format {
            UpdateFormat::Raw => (event, false),
            UpdateFormat::InsertDelete => match (within(b"{\"insert\":"), within(b"{\"delete\":")) {
                (Some(row), _) => (row, false),
                (_, Some(row)) => (row, true),
                _ => return false,
            },
            _ => return false,
        };
        let Ok(row) = std::str::from_utf8(row) else { return false };
        draft.clear();
        if read_row(row, self.config.json_flavor, draft, &mut None).is_err() {
            return false;
        }
        if delete { draft.delete(changes).is_ok() } else { draft.insert(1, changes).is_ok() }
    }

    fn event(&self, event: &[u8], draft: &mut TableDraft<'_>, changes: &mut Changes) -> Result<(), Box<ParseError>> {
        if self.simple_event(event, draft, changes) {
            return Ok(());
        }
        let malformed = |e: serde_json::Error| self.bad("event", e, None, event);
        let rows: [Option<(&RawValue, Action)>; 3] = match self.config.update_format {
            UpdateFormat::InsertDelete => {
                let e: InsertDelete<'_> = serde_json::from_slice(event).map_err(|e| {
                    Box::new(malformed(e).with_suggestion(
                        "The update format is 'insert_delete': {\"insert\": {..}}, {\"delete\": {..}} or {\"update\": {..}}; a bare row needs 'update_format=raw'.",
                    ))
                })?;
                if e.insert.is_none() && e.delete.is_none() && e.update.is_none() {
                    return Err(self.bad("event", "it has none of 'insert', 'delete' and 'update'", None, event));
                }
                [
                    e.delete.map(|row| (row, Action::Delete)),
                    e.insert.map(|row| (row, Action::Insert(1))),
                    e.update.map(|row| (row, Action::Update)),
                ]
            }
            UpdateFormat::Weighted => {
                let e: Weighted<'_> = serde_json::from_slice(event).map_err(malformed)?;
                let action = match (self.table.keyed, e.weight) {
                    (_, 0) => return Ok(()),
                    (true, ..0) => Action::Delete,
                    (true, _) => Action::Insert(1),
                    (false, weight) => Action::Insert(weight),
                };
                [Some((e.data, action)), None, None]
            }
            UpdateFormat::Debezium => {
                let e: Debezium<'_> = serde_json::from_slice(event).map_err(malformed)?;
                let DebeziumPayload { before, after } = e.payload;
                [before.map(|row| (row, Action::Delete)), after.map(|row| (row, Action::Insert(1))), None]
            }
            UpdateFormat::Raw | UpdateFormat::Snowflake => {
                let row: &RawValue = serde_json::from_slice(event).map_err(|e| self.bad("record", e, None, event))?;
                [Some((row, Action::Insert(1))), None, None]
            }
        };
        if rows.iter().flatten().count() > 1 {
            // A bad row refuses its event: half of it would be a change that nobody sent.
            let mut trial = Changes::new(&self.table, 1);
            for (row, action) in rows.iter().flatten() {
                self.row(row.get(), *action, draft, &mut trial)?;
            }
        }
        rows.into_iter().flatten().try_for_each(|(row, action)| self.row(row.get(), action, draft, changes))
    }

    fn row(
        &self,
        row: &str,
        action: Action,
        draft: &mut TableDraft<'_>,
        changes: &mut Changes,
    ) -> Result<(), Box<ParseError>> {
        let mut field = None;
        draft.clear();
        if let Err(e) = read_row(row, self.config.json_flavor, draft, &mut field) {
            return Err(self.bad("record", e, field, row.as_bytes()));
        }
        let ended = match action {
            Action::Insert(weight) => draft.insert(weight, changes),
            Action::Delete => draft.delete(changes),
            Action::Update => draft.update(changes),
        };
        ended.map_err(|BadRow { description, field }| self.bad("record", description, field, row.as_bytes()))
    }
}
