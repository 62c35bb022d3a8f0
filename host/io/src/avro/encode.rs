//! Changes as Avro messages, one each.

use super::config::{AvroKeyMode, AvroOutputConfig, AvroUpdateFormat, SubjectNameStrategy};
use super::made::of_columns;
use super::put;
use super::schema::{Avro, Parsed, fits};
use crate::WriteError;
use crate::encode::{Change, Changed, Piece, View};
use crate::format::FormatError;
use serde_json::{Value as Json, json};
use std::sync::Arc;
use weir_circuit::Column;
use weir_row::{Block, SqlType, Value, ValueRef};

/// A schema that is to be registered before messages are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AvroSchema {
    /// Whether it is that of keys, else that of values.
    pub is_key: bool,
    /// It, as JSON.
    pub schema: String,
    /// The subject under which it is registered, for a topic.
    pub subject: String,
}

/// A schema and the view's column that each of its fields is.
#[derive(Debug)]
struct Side {
    text: String,
    fields: Vec<(Avro, Source)>,
    /// The number under which it is registered.
    id: Option<u32>,
}

/// Where a field comes from.
#[derive(Clone, Copy, Debug)]
enum Source {
    Column(usize),
    Operation,
    Nothing,
}

/// A writer of Avro messages.
#[derive(Debug)]
pub(crate) struct AvroEncoder {
    view: View,
    config: AvroOutputConfig,
    value: Side,
    key: Option<Side>,
    delta: Arc<Vec<Block>>,
    changed: Changed,
}

impl AvroOutputConfig {
    /// The columns of keys.
    fn key(&self, columns: &[Column], index: Option<&[usize]>) -> Result<Option<Vec<usize>>, FormatError> {
        match (self.key_mode, index, self.update_format) {
            (Some(AvroKeyMode::None), ..) => Ok(None),
            (_, Some(index), _) => Ok(Some(index.to_vec())),
            (Some(AvroKeyMode::KeyFields), None, _) => {
                let message = "format 'avro': 'key_mode' is 'key_fields', but the connector has no 'index'";
                Err(FormatError::columns(Some("key_mode"), message))
            }
            // Without an index a row is told apart by all of it.
            (None, None, AvroUpdateFormat::ConfluentJdbc) => Ok(Some((0..columns.len()).collect())),
            (None, None, _) => Ok(None),
        }
    }

    fn sides(&self, columns: &[Column], index: Option<&[usize]>) -> Result<(Side, Option<Side>), FormatError> {
        let made = |why: String| FormatError::columns(None, format!("format 'avro': {why}"));
        let namespace = self.namespace.as_deref();
        let value = match &self.schema {
            Some(text) => Side::new(text.clone(), columns, self.cdc_field.as_deref())
                .map_err(|why| FormatError::columns(Some("schema"), format!("format 'avro': {why}")))?,
            None => {
                let mut schema = of_columns("value", namespace, columns.iter()).map_err(made)?;
                if let (Some(name), Some(fields)) = (&self.cdc_field, schema["fields"].as_array_mut()) {
                    fields.push(json!({"name": name, "type": "string"}));
                }
                Side::new(schema.to_string(), columns, self.cdc_field.as_deref()).map_err(made)?
            }
        };
        let key = self.key(columns, index)?.map(|key| {
            let schema = of_columns("key", namespace, key.iter().map(|i| &columns[*i])).map_err(made)?;
            Side::new(schema.to_string(), columns, None).map_err(made)
        });
        Ok((value, key.transpose()?))
    }

    pub(crate) fn check(&self, columns: &[Column], index: Option<&[usize]>) -> Result<(), FormatError> {
        self.sides(columns, index).map(|_| ())
    }
}

impl Side {
    fn new(text: String, columns: &[Column], operation: Option<&str>) -> Result<Side, String> {
        let parsed = Parsed::new(&text)?;
        let Avro::Record(fields) = parsed.avro else { return Err("the schema is no record".into()) };
        if let Some(operation) = operation
            && !fields.iter().any(|(name, _)| name == operation)
        {
            return Err(format!("the schema has no field '{operation}', which 'cdc_field' names"));
        }
        let mut sources = Vec::with_capacity(fields.len());
        for (name, of) in fields {
            let exactly = columns.iter().position(|c| c.name == name);
            let folded = name.to_lowercase();
            let found = exactly.or_else(|| columns.iter().position(|c| !c.case_sensitive && c.name == folded));
            let source = match found {
                _ if operation == Some(name.as_str()) => {
                    fits(&of, &SqlType::Varchar(None)).map_err(|e| format!("field '{name}': {e}"))?;
                    Source::Operation
                }
                Some(at) => {
                    fits(&of, &columns[at].ty.sql).map_err(|e| format!("field '{name}': {e}"))?;
                    if columns[at].ty.nullable && !may_be_null(&of) {
                        return Err(format!("field '{name}': its column may be NULL, and the field may not"));
                    }
                    Source::Column(at)
                }
                None if may_be_null(&of) => Source::Nothing,
                None => return Err(format!("field '{name}': the view has no such column")),
            };
            sources.push((of, source));
        }
        Ok(Side { text, fields: sources, id: None })
    }

    fn write(&self, columns: &[Column], row: &[Value], operation: &str, out: &mut Vec<u8>) -> Result<(), WriteError> {
        for (of, source) in &self.fields {
            let text = SqlType::Varchar(None);
            let (name, sql, value) = match source {
                Source::Column(at) => (columns[*at].name.as_str(), &columns[*at].ty.sql, ValueRef::from(&row[*at])),
                Source::Operation => ("operation", &text, ValueRef::Text(operation)),
                Source::Nothing => ("", &SqlType::Null, ValueRef::Null),
            };
            put::value(of, sql, value, out).map_err(|e| WriteError::Encoding(format!("column '{name}': {e}")))?;
        }
        Ok(())
    }
}

fn may_be_null(of: &Avro) -> bool {
    match of {
        Avro::Null => true,
        Avro::Union(of) => of.contains(&Avro::Null),
        _ => false,
    }
}

impl AvroEncoder {
    pub(crate) fn new(view: View, config: AvroOutputConfig) -> Result<AvroEncoder, FormatError> {
        let (value, key) = config.sides(&view.columns, view.key.as_deref())?;
        let (delta, changed) = (Arc::default(), Changed::default());
        Ok(AvroEncoder { view, config, value, key, delta, changed })
    }

    /// The schemas that messages name, if there is a registry for them.
    pub(crate) fn schemas(&self, topic: &str) -> Vec<AvroSchema> {
        if self.config.registry.registry_urls.is_empty() {
            return Vec::new();
        }
        let schema = |side: &Side, is_key: bool| {
            let json: Json = serde_json::from_str(&side.text).unwrap_or_default();
            let name = json["name"].as_str().unwrap_or("");
            let record = match json["namespace"].as_str() {
                Some(namespace) if !name.contains('.') => format!("{namespace}.{name}"),
                _ => name.to_owned(),
            };
            let subject = match self.config.subject_name_strategy {
                SubjectNameStrategy::TopicName => format!("{topic}-{}", if is_key { "key" } else { "value" }),
                SubjectNameStrategy::RecordName => record,
                SubjectNameStrategy::TopicRecordName => format!("{topic}-{record}"),
            };
            AvroSchema { is_key, schema: side.text.clone(), subject }
        };
        self.key.iter().map(|k| schema(k, true)).chain([schema(&self.value, false)]).collect()
    }

    /// Takes the number of a schema.
    pub(crate) fn registered(&mut self, is_key: bool, id: u32) {
        match (&mut self.key, is_key) {
            (Some(key), true) => key.id = Some(id),
            (None, true) => {}
            (_, false) => self.value.id = Some(id),
        }
    }

    pub(crate) fn begin(&mut self, delta: Arc<Vec<Block>>) -> Result<(), WriteError> {
        self.delta = Arc::default();
        self.changed = Changed::new(&self.view, &delta)?;
        self.delta = delta;
        Ok(())
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.changed.is_at_end(&self.delta)
    }

    pub(crate) fn next(&mut self) -> Result<Option<Piece>, WriteError> {
        let delta = Arc::clone(&self.delta);
        let Some(change) = self.changed.next(&self.view, &delta)? else { return Ok(None) };
        let operations = self.config.cdc_field.is_some();
        match change {
            Change::Insert(row) => self.message(row, "I").map(Some),
            Change::Delete(row) if operations => self.message(row, "D").map(Some),
            Change::Delete(row) => self.tombstone(row).map(Some),
            // The new row takes the place of the old one.
            Change::Update { after, .. } => self.message(after, "U").map(Some),
        }
    }

    fn begun(&self, side: &Side) -> Result<Vec<u8>, WriteError> {
        let mut out = Vec::new();
        if !self.config.skip_schema_id {
            let id = match (side.id, self.config.registry.registry_urls.is_empty()) {
                (Some(id), _) => id,
                (None, true) => 0,
                (None, false) => return Err(WriteError::Encoding("the schema is not registered yet".into())),
            };
            out.push(0);
            out.extend_from_slice(&id.to_be_bytes());
        }
        Ok(out)
    }

    fn key_of(&self, row: &[Value]) -> Result<Option<Vec<u8>>, WriteError> {
        let Some(key) = &self.key else { return Ok(None) };
        let mut out = self.begun(key)?;
        key.write(&self.view.columns, row, "", &mut out)?;
        Ok(Some(out))
    }

    fn decoded(&self, row: &[u64]) -> Result<Vec<Value>, WriteError> {
        self.view.layout.decode(row).map_err(|e| WriteError::Row(e.to_string()))
    }

    fn message(&self, row: &[u64], operation: &str) -> Result<Piece, WriteError> {
        let row = self.decoded(row)?;
        let mut out = self.begun(&self.value)?;
        self.value.write(&self.view.columns, &row, operation, &mut out)?;
        Ok(Piece { key: self.key_of(&row)?, value: Some(out), records: 1 })
    }

    /// A key whose row is gone.
    fn tombstone(&self, row: &[u64]) -> Result<Piece, WriteError> {
        let key = self.key_of(&self.decoded(row)?)?;
        if key.is_none() {
            return Err(WriteError::Deletion);
        }
        Ok(Piece { key, value: None, records: 1 })
    }
}
