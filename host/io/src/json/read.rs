//! JSON records to changes of a table.

use super::row::RowSeed;
use super::split::Splitter;
use super::{JsonConfig, UpdateFormat};
use crate::changes::{BadRow, TableDraft};
use crate::{Changes, ParseError, RECORD_BYTES_MAX, TableColumns};
use serde::Deserialize;
use serde::de::DeserializeSeed;
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
                errors.push(e);
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
                errors.push(e);
                return;
            }
        }
        for event in &events {
            // It was read without an error just now.
            let _ = self.event(event.get().as_bytes(), draft, changes);
        }
    }

    fn event(&self, event: &[u8], draft: &mut TableDraft<'_>, changes: &mut Changes) -> Result<(), ParseError> {
        let malformed = |e: serde_json::Error| {
            ParseError::new(format!("failed to deserialize JSON event: {e}"), self.event_number, None, event)
        };
        match self.config.update_format {
            UpdateFormat::InsertDelete => {
                let e: InsertDelete<'_> = serde_json::from_slice(event).map_err(|e| {
                    malformed(e).with_suggestion(
                        "The update format is 'insert_delete': {\"insert\": {..}}, {\"delete\": {..}} or {\"update\": {..}}; a bare row needs 'update_format=raw'.",
                    )
                })?;
                if e.insert.is_none() && e.delete.is_none() && e.update.is_none() {
                    return Err(ParseError::new(
                        "the event has none of 'insert', 'delete' and 'update'".into(),
                        self.event_number,
                        None,
                        event,
                    ));
                }
                for (row, action) in
                    [(e.delete, Action::Delete), (e.insert, Action::Insert(1)), (e.update, Action::Update)]
                {
                    if let Some(row) = row {
                        self.row(row.get(), action, draft, changes)?;
                    }
                }
                Ok(())
            }
            UpdateFormat::Weighted => {
                let e: Weighted<'_> = serde_json::from_slice(event).map_err(malformed)?;
                match (self.table.keyed, e.weight) {
                    (_, 0) => Ok(()),
                    (true, ..0) => self.row(e.data.get(), Action::Delete, draft, changes),
                    (true, _) => self.row(e.data.get(), Action::Insert(1), draft, changes),
                    (false, weight) => self.row(e.data.get(), Action::Insert(weight), draft, changes),
                }
            }
            UpdateFormat::Debezium => {
                let e: Debezium<'_> = serde_json::from_slice(event).map_err(malformed)?;
                if let Some(before) = e.payload.before {
                    self.row(before.get(), Action::Delete, draft, changes)?;
                }
                match e.payload.after {
                    Some(after) => self.row(after.get(), Action::Insert(1), draft, changes),
                    None => Ok(()),
                }
            }
            UpdateFormat::Raw | UpdateFormat::Snowflake => match std::str::from_utf8(event) {
                Ok(row) => self.row(row, Action::Insert(1), draft, changes),
                Err(e) => {
                    let description = format!("failed to deserialize JSON record: {e}");
                    Err(ParseError::new(description, self.event_number, None, event))
                }
            },
        }
    }

    fn row(
        &self,
        row: &str,
        action: Action,
        draft: &mut TableDraft<'_>,
        changes: &mut Changes,
    ) -> Result<(), ParseError> {
        let mut field = None;
        draft.clear();
        let mut json = serde_json::Deserializer::from_str(row);
        let read = RowSeed { draft, flavor: self.config.json_flavor, field: &mut field }
            .deserialize(&mut json)
            .and_then(|()| json.end());
        if let Err(e) = read {
            let description = format!("failed to deserialize JSON record: {e}");
            return Err(ParseError::new(description, self.event_number, field, row.as_bytes()));
        }
        let ended = match action {
            Action::Insert(weight) => draft.insert(weight, changes),
            Action::Delete => draft.delete(changes),
            Action::Update => draft.update(changes),
        };
        ended.map_err(|BadRow { description, field }| {
            let description = format!("failed to deserialize JSON record: {description}");
            ParseError::new(description, self.event_number, field, row.as_bytes())
        })
    }
}
