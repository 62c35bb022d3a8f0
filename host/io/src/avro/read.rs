//! Avro messages to changes of a table.

use super::config::{AvroConfig, AvroUpdateFormat};
use super::decode::Bytes;
use super::schema::{Avro, Parsed, find, fits};
use crate::changes::{BadRow, TableDraft, problem};
use crate::field::Scratch;
use crate::format::FormatError;
use crate::{Changes, JsonFlavor, ParseError, RECORD_BYTES_MAX, TableColumns};
use serde_json::Value as Json;
use std::collections::HashMap;
use std::sync::Arc;
use weir_row::{Item, ItemWriter, Kind, ValueRef, item};

/// Bytes before a message that names its schema: a zero, and the schema's number.
pub(super) const HEADER_BYTES: usize = 5;
/// Schemas of a registry that are kept, at most.
const SCHEMAS_MAX: usize = 1_000;
/// How files of Avro's begin, which are none of its messages.
const FILE_MAGIC: &[u8] = b"Obj\x01";

/// A reader of Avro messages.
#[derive(Debug)]
pub struct AvroReader {
    table: Arc<TableColumns>,
    config: AvroConfig,
    /// The schema of the configuration.
    own: Option<(Parsed, Plan)>,
    /// Those of the registry, or why messages of them cannot be read.
    known: HashMap<u32, Result<Plan, String>>,
    message: Vec<u8>,
    /// Whether a message was begun.
    begun: bool,
    /// Bytes of a message that is too long, which were passed over.
    skipped: usize,
    event_number: u64,
}

/// How messages of a schema are read.
#[derive(Debug)]
struct Plan {
    fields: Vec<(String, Avro)>,
    /// For each field of a message, what it is.
    steps: Vec<Step>,
    /// Values of columns that messages do not have, as a JSON object.
    missing: Json,
}

/// What a field is: the columns are those of the fields within, or its own.
#[derive(Clone, Debug, PartialEq)]
enum Step {
    Skip,
    Column(usize),
    Operation,
    Before(Vec<Step>),
    After(Vec<Step>),
}

/// Errors of a message: what is wrong, and with which column.
type Wrong = (String, Option<String>);

impl Plan {
    /// A plan for a schema; `missing`: what is known of columns that it does not have.
    fn new(avro: Avro, missing: Json, table: &TableColumns, config: &AvroConfig) -> Result<Plan, Wrong> {
        let Avro::Record(fields) = avro else {
            return Err(("the schema is no record".into(), None));
        };
        let known = |name: &str| missing.as_object().is_some_and(|m| m.keys().any(|k| k.eq_ignore_ascii_case(name)));
        let steps = match config.update_format {
            AvroUpdateFormat::Debezium => {
                let mut rows = 0;
                let mut step = |(name, of): &(String, Avro)| {
                    let row = match (name.as_str(), of) {
                        ("before" | "after", Avro::Union(of)) => of.iter().find(|v| matches!(v, Avro::Record(_))),
                        ("before" | "after", of @ Avro::Record(_)) => Some(of),
                        _ => None,
                    };
                    let Some(Avro::Record(row)) = row else { return Ok(Step::Skip) };
                    rows += 1;
                    // Before it was, a row may be but its key.
                    let steps = columns(row, table, None, if name == "after" { Some(&known) } else { None })?;
                    Ok(if name == "after" { Step::After(steps) } else { Step::Before(steps) })
                };
                let steps = fields.iter().map(&mut step).collect::<Result<Vec<_>, Wrong>>()?;
                if rows == 0 {
                    let why = "the schema has neither 'before' nor 'after' with a row: it is none of Debezium's";
                    return Err((why.into(), None));
                }
                steps
            }
            _ => columns(&fields, table, config.cdc_field.as_deref(), Some(&known))?,
        };
        Ok(Plan { fields, steps, missing })
    }
}

/// What the fields of a row are. `known`: whether there is a value for a column without a field; `None`: none is needed.
fn columns(
    fields: &[(String, Avro)],
    table: &TableColumns,
    operation: Option<&str>,
    known: Option<&dyn Fn(&str) -> bool>,
) -> Result<Vec<Step>, Wrong> {
    if let Some(operation) = operation
        && find(fields, operation).is_none()
    {
        return Err((format!("the schema has no field '{operation}', which 'cdc_field' names"), None));
    }
    let mut taken = vec![false; table.columns.len()];
    let mut steps = Vec::with_capacity(fields.len());
    for (i, (name, of)) in fields.iter().enumerate() {
        if operation.is_some_and(|o| find(fields, o) == Some(i)) {
            steps.push(Step::Operation);
            continue;
        }
        let found = table.find(name, i).filter(|at| !std::mem::replace(&mut taken[*at], true));
        let Some(at) = found else {
            steps.push(Step::Skip);
            continue;
        };
        let column = &table.columns[at];
        fits(of, &column.ty.sql).map_err(|e| (format!("column '{}': {e}", column.name), Some(column.name.clone())))?;
        steps.push(Step::Column(at));
    }
    let missing = table.columns.iter().zip(&taken).find(|(c, taken)| !**taken && !c.ty.nullable && c.default.is_none());
    match (missing, known) {
        (Some((c, _)), Some(known)) if !known(&c.name) => {
            let why = format!("the schema has no field for column '{}', which is NOT NULL and has no DEFAULT", c.name);
            Err((why, Some(c.name.clone())))
        }
        _ => Ok(steps),
    }
}

/// What a message says.
struct Message<'p> {
    bytes: Bytes<'p>,
    delete: bool,
}

impl AvroConfig {
    /// Whether a table's rows can be read with the schema, if there is one.
    pub(crate) fn check(&self, table: &TableColumns) -> Result<(), FormatError> {
        self.plan(table).map(|_| ())
    }

    fn plan(&self, table: &TableColumns) -> Result<Option<(Parsed, Plan)>, FormatError> {
        let Some(text) = &self.schema else { return Ok(None) };
        let wrong = |why: String| FormatError::columns(Some("schema"), format!("format 'avro': {why}"));
        let parsed = Parsed::new(text).map_err(wrong)?;
        let plan = Plan::new(parsed.avro.clone(), Json::Null, table, self).map_err(|(why, _)| wrong(why))?;
        Ok(Some((parsed, plan)))
    }
}

impl AvroReader {
    pub(crate) fn new(
        table: Arc<TableColumns>,
        config: &AvroConfig,
        event_number: u64,
    ) -> Result<AvroReader, FormatError> {
        Ok(AvroReader {
            own: config.plan(&table)?,
            table,
            config: config.clone(),
            known: HashMap::new(),
            message: Vec::new(),
            begun: false,
            skipped: 0,
            event_number,
        })
    }

    pub(crate) fn event_number(&self) -> u64 {
        self.event_number
    }

    pub(crate) fn pending_bytes(&self) -> usize {
        self.message.len() + self.skipped
    }

    /// The number of the schema that a message names and that has to be provided before the message is read.
    pub(crate) fn wants(&self, message: &[u8]) -> Option<u32> {
        if self.config.registry.registry_urls.is_empty() {
            return None;
        }
        schema_id(message).filter(|id| !self.known.contains_key(id))
    }

    /// The number of the schema that a message names.
    pub(crate) fn schema_id(&self, message: &[u8]) -> Option<u32> {
        if self.config.skip_schema_id { None } else { schema_id(message) }
    }

    /// The number of the schema that the message in hand wants.
    pub(crate) fn wanted(&self) -> Option<u32> {
        self.wants(&self.message)
    }

    /// Takes a schema of the registry, and those that it names and does not hold.
    pub(crate) fn provide(&mut self, id: u32, schema: &str, references: &[String]) -> Result<(), FormatError> {
        let plan = self.plan(schema, references);
        let told = match &plan {
            Ok(_) => Ok(()),
            Err(why) => Err(FormatError::columns(None, format!("format 'avro': schema {id} of the registry: {why}"))),
        };
        self.keep(id, plan);
        told
    }

    /// Takes why there is no schema of that number that could be read.
    pub(crate) fn refuse(&mut self, id: u32, why: &str) {
        self.keep(id, Err(why.to_owned()));
    }

    fn keep(&mut self, id: u32, plan: Result<Plan, String>) {
        if self.known.len() >= SCHEMAS_MAX {
            // They are asked for again.
            self.known.clear();
        }
        self.known.insert(id, plan);
    }

    fn plan(&self, schema: &str, references: &[String]) -> Result<Plan, String> {
        let parsed = Parsed::with(schema, references)?;
        // What a message has is read as the configuration's schema says, if there is one.
        let (avro, missing) = match &self.own {
            Some((own, _)) => parsed.resolved(own)?,
            None => (parsed.avro, Json::Null),
        };
        Plan::new(avro, missing, &self.table, &self.config).map_err(|(why, _)| why)
    }

    pub(crate) fn push(&mut self, bytes: &[u8], errors: &mut Vec<ParseError>) {
        self.begun = true;
        if self.skipped > 0 {
            self.skipped += bytes.len();
        } else if self.message.len() + bytes.len() > RECORD_BYTES_MAX {
            self.event_number += 1;
            errors.push(self.error(format!("the message is longer than {RECORD_BYTES_MAX} bytes"), None));
            self.skipped = self.message.len() + bytes.len();
            self.message = Vec::new();
        } else {
            self.message.extend_from_slice(bytes);
        }
    }

    pub(crate) fn finish(&mut self, changes: &mut Changes, errors: &mut Vec<ParseError>) {
        if !std::mem::take(&mut self.begun) || std::mem::take(&mut self.skipped) > 0 {
            return;
        }
        let message = std::mem::take(&mut self.message);
        // A message of nothing tells those who keep logs that a key is gone; here an event did already.
        if !message.is_empty() {
            self.event_number += 1;
            if let Err((why, field)) = self.read(&message, changes) {
                errors.push(self.error_of(&message, why, field));
            }
        }
        self.message = message;
        self.message.clear();
    }

    fn error(&self, why: String, field: Option<String>) -> ParseError {
        self.error_of(&self.message, why, field)
    }

    fn error_of(&self, message: &[u8], why: String, field: Option<String>) -> ParseError {
        ParseError::new(format!("failed to read an Avro message: {why}"), self.event_number, field, message)
    }

    fn read(&self, message: &[u8], changes: &mut Changes) -> Result<(), Wrong> {
        let plain = |why: &str| (why.to_owned(), None);
        if message.starts_with(FILE_MAGIC) {
            return Err(plain("it is a file of Avro's, and only messages are read"));
        }
        let (id, body) = match (self.config.skip_schema_id, schema_id(message)) {
            (true, _) => (None, message),
            (false, Some(id)) => (Some(id), &message[HEADER_BYTES..]),
            (false, None) => {
                return Err(plain("it does not begin with the number of its schema; 'skip_schema_id' is for those"));
            }
        };
        let plan = match (self.config.registry.registry_urls.is_empty(), id) {
            (false, Some(id)) => match self.known.get(&id) {
                Some(Ok(plan)) => plan,
                Some(Err(why)) => return Err((format!("its schema {id}: {why}"), None)),
                None => return Err((format!("its schema {id} is not known to the registry"), None)),
            },
            _ => self.own.as_ref().map(|(_, plan)| plan).ok_or_else(|| plain("its schema is not known"))?,
        };
        self.read_body(plan, body, changes)
    }

    fn read_body(&self, plan: &Plan, body: &[u8], changes: &mut Changes) -> Result<(), Wrong> {
        let twice = plan.steps.iter().filter(|s| matches!(s, Step::Before(_) | Step::After(_))).count() > 1;
        if twice {
            // A bad row refuses its event: half of it would be a change that nobody sent.
            self.read_event(plan, body, &mut Changes::new(&self.table, 1))?;
        }
        self.read_event(plan, body, changes)
    }

    fn read_event(&self, plan: &Plan, body: &[u8], changes: &mut Changes) -> Result<(), Wrong> {
        let mut message = Message { bytes: Bytes::new(body), delete: false };
        let mut draft = TableDraft::new(&self.table);
        let ended = |e: Result<(), BadRow>| e.map_err(|BadRow { description, field }| (description, field));
        if self.config.update_format == AvroUpdateFormat::Debezium {
            for ((_, of), step) in plan.fields.iter().zip(&plan.steps) {
                let (Step::Before(steps) | Step::After(steps)) = step else {
                    message.bytes.skip(of).map_err(|e| (e, None))?;
                    continue;
                };
                let of = message.within(of)?;
                let Avro::Record(row) = of else {
                    message.bytes.skip(of).map_err(|e| (e, None))?;
                    continue;
                };
                self.read_fields(row, steps, &plan.missing, &mut message, &mut draft)?;
                ended(if matches!(step, Step::After(_)) { draft.insert(1, changes) } else { draft.delete(changes) })?;
            }
            return match message.bytes.left() {
                0 => Ok(()),
                left => Err((format!("{left} bytes are left behind it"), None)),
            };
        }
        self.read_fields(&plan.fields, &plan.steps, &plan.missing, &mut message, &mut draft)?;
        if message.bytes.left() > 0 {
            return Err((format!("{} bytes are left behind it", message.bytes.left()), None));
        }
        ended(if message.delete { draft.delete(changes) } else { draft.insert(1, changes) })
    }

    fn read_fields(
        &self,
        fields: &[(String, Avro)],
        steps: &[Step],
        missing: &Json,
        message: &mut Message<'_>,
        draft: &mut TableDraft<'_>,
    ) -> Result<(), Wrong> {
        draft.clear();
        if !missing.is_null() {
            let mut field = None;
            crate::json::read_row(&missing.to_string(), JsonFlavor::Default, draft, &mut field)
                .map_err(|why| (format!("a default of 'schema': {why}"), field))?;
        }
        for ((name, of), step) in fields.iter().zip(steps) {
            let at = match step {
                Step::Column(at) => *at,
                Step::Operation => {
                    let mut scratch = Scratch::default();
                    let text = weir_row::SqlType::Varchar(None);
                    let read = message.bytes.scalar(of, &text, &mut scratch);
                    message.delete = match read.map_err(|e| (format!("its field '{name}': {e}"), None))? {
                        ValueRef::Text("D" | "d") => true,
                        ValueRef::Text("I" | "i" | "U" | "u" | "C" | "c" | "R" | "r") => false,
                        _ => return Err((format!("its field '{name}' is none of 'I', 'U' and 'D'"), None)),
                    };
                    continue;
                }
                _ => {
                    message.bytes.skip(of).map_err(|e| (format!("its field '{name}': {e}"), None))?;
                    continue;
                }
            };
            let column = &self.table.columns[at];
            let wrong =
                |why: String| (format!("error reading field '{}': {why}", column.name), Some(column.name.clone()));
            let mut scratch = Scratch::default();
            let mut items = ItemWriter::new();
            let value = if column.ty.sql.kind() == Some(Kind::Item) {
                message
                    .bytes
                    .item(of, &column.ty.sql, column.ty.nullable, item::DEPTH_MAX, &mut items)
                    .map_err(wrong)?;
                Item::new(items.bytes()).present().map_or(ValueRef::Null, ValueRef::Item)
            } else {
                message.bytes.scalar(of, &column.ty.sql, &mut scratch).map_err(wrong)?
            };
            if matches!(value, ValueRef::Null) && !column.ty.nullable {
                return Err(wrong("NULL, and the column is NOT NULL".into()));
            }
            draft.set(at, value).map_err(|e| wrong(problem(&e)))?;
        }
        Ok(())
    }
}

impl Message<'_> {
    /// What comes of a union; of anything else itself.
    fn within<'a>(&mut self, of: &'a Avro) -> Result<&'a Avro, Wrong> {
        match of {
            Avro::Union(of) => self.bytes.variant(of).map_err(|e| (e, None)),
            of => Ok(of),
        }
    }
}

/// The number of the schema that a message names.
fn schema_id(message: &[u8]) -> Option<u32> {
    match message {
        [0, a, b, c, d, ..] => Some(u32::from_be_bytes([*a, *b, *c, *d])),
        _ => None,
    }
}
