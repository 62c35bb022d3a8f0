//! The `connectors` of a table or a view: a JSON text within the program, read so that what is wrong has its place in it.

use crate::transports::{self, FormatUse};
use crate::{ConfigError, Registry, Table, View, secrets};
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashSet;
use weir_io::{FormatError, FormatErrorKind, InputFormat, OutputFormat, RegistryConfig};

/// What `max_batch_size` is if a connector names none. Steps are then as large as the load makes them.
pub const BATCH_RECORDS: u64 = 10_000;
/// Records that a connector that names no limit may have queued.
const QUEUED_RECORDS: u64 = 1_000_000;
/// Connectors of one relation.
const CONNECTORS_MAX: usize = 100;
/// Labels of a connector.
const LABELS_MAX: usize = 100;
/// Bytes of a connector's name.
const NAME_BYTES_MAX: usize = 100;
/// Hexadecimal digits of the name of a connector that has none.
pub const UNNAMED_DIGITS: usize = 10;

/// A transport and what it is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TransportSpec {
    /// Its name.
    pub name: String,
    /// Its configuration.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub config: Value,
}

/// A format and what it is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FormatSpec {
    /// `json`, `csv`, ...
    pub name: String,
    /// Its parameters, with their defaults.
    #[serde(default)]
    pub config: Value,
}

/// A connector's configuration, as the API shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConnectorConfig {
    /// How rows travel.
    pub transport: TransportSpec,
    /// How rows look.
    pub format: Option<FormatSpec>,
    /// The index by which changes are put together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<String>,
    /// Whether output is gathered.
    pub enable_output_buffer: bool,
    /// For how long, at most.
    pub max_output_buffer_time_millis: u64,
    /// How much of it, at most.
    pub max_output_buffer_size_records: u64,
    /// Records that one step takes in.
    pub max_batch_size: u64,
    /// Records that one step takes in for each worker, if there is no `max_batch_size`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_worker_batch_size: Option<u64>,
    /// Records that may be queued.
    pub max_queued_records: u64,
    /// Bytes that may be queued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_queued_bytes: Option<u64>,
    /// Whether what deletes rows inserts them, and their metadata tell it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub soft_delete: bool,
    /// Whether it begins paused.
    pub paused: bool,
    /// Names under which others wait for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// Begins when all connectors that have one of these labels have ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_after: Option<Vec<String>>,
    /// Whether a sink gets the whole contents first. A pipeline begins with all tables empty, and its sinks are there from the first step on, so that
    /// they always get them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub send_snapshot: bool,
}

impl ConnectorConfig {
    /// The defaults, for a transport and a format.
    pub fn new(transport: TransportSpec, format: Option<FormatSpec>) -> ConnectorConfig {
        ConnectorConfig {
            transport,
            format,
            index: None,
            enable_output_buffer: false,
            max_output_buffer_time_millis: u64::MAX,
            max_output_buffer_size_records: u64::MAX,
            max_batch_size: BATCH_RECORDS,
            max_worker_batch_size: None,
            max_queued_records: QUEUED_RECORDS,
            max_queued_bytes: None,
            soft_delete: false,
            paused: false,
            labels: Vec::new(),
            start_after: None,
            send_snapshot: false,
        }
    }

    /// Records that one step takes in, if the connector names a number of its own.
    pub fn batch_limit(&self, workers: usize) -> Option<u64> {
        match self.max_worker_batch_size {
            _ if self.max_batch_size != BATCH_RECORDS => Some(self.max_batch_size),
            Some(records) => Some(records.saturating_mul(workers as u64)),
            None => None,
        }
    }
}

/// A connector as it was declared.
#[derive(Clone, Debug, PartialEq)]
pub struct Declared {
    /// Its name, unique among those of its relation.
    pub name: String,
    /// Its configuration.
    pub config: ConnectorConfig,
    /// Where it stands in the text, and how long it is, in bytes.
    pub place: (usize, usize),
}

/// What is wrong with a text, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The first byte.
    pub offset: usize,
    /// The number of bytes.
    pub length: usize,
    /// What is wrong.
    pub message: String,
    /// What would mend it.
    pub hint: Option<String>,
}

/// The connectors that feed a table.
///
/// # Errors
/// All that is wrong with them.
pub fn declared_input(text: &str, table: &Table) -> Result<Vec<Declared>, Vec<Problem>> {
    declared(text, true, &|spec: &Written<'_>, config: &ConnectorConfig| {
        if let Some(place) = spec.places.iter().find(|(key, _)| OUTPUT_ONLY.contains(&key.as_ref())) {
            return Err(spec.problem(place.1, format!("'{}' is for connectors of views", place.0)));
        }
        if config.soft_delete && table.columns.is_keyed() {
            let message = "'soft_delete' keeps the rows that were deleted, and this table's rows replace each other by their PRIMARY KEY";
            return Err(spec.at("soft_delete", message));
        }
        spec.transport_check(config, &|name, text| transports::source(name, text, table).map(drop))?;
        let Some(FormatSpec { name, config: written }) = &config.format else { return Ok(None) };
        let format = secrets::possible(written, |config| {
            let format = InputFormat::parse(name, config.unwrap_or(written)).map_err(|e| spec.format_problem(&e))?;
            format.check(&table.columns).map_err(|e| spec.format_problem(&e))?;
            spec.registry(format.registry())?;
            Ok(format)
        })?;
        Ok(Some(FormatSpec { name: format.name().into(), config: secrets::restored(format.shown(), written) }))
    })
}

/// The connectors that take a view's changes away; `index` finds the columns of an index of its.
///
/// # Errors
/// All that is wrong with them.
pub fn declared_output(
    text: &str,
    view: &View,
    index: &dyn Fn(&str) -> Option<Vec<usize>>,
) -> Result<Vec<Declared>, Vec<Problem>> {
    declared(text, false, &|spec: &Written<'_>, config: &ConnectorConfig| {
        if let Some(place) = spec.places.iter().find(|(key, _)| INPUT_ONLY.contains(&key.as_ref())) {
            return Err(spec.problem(place.1, format!("'{}' is for connectors of tables", place.0)));
        }
        if config.paused {
            return Err(spec.at("paused", "a connector of a view cannot be paused: the pipeline would wait for it"));
        }
        let key = match &config.index {
            Some(name) => {
                let unknown = || spec.at("index", &format!("view '{}' has no index '{name}'", view.name));
                Some(index(name).ok_or_else(unknown)?)
            }
            None => None,
        };
        let format = config.format.as_ref().map(|FormatSpec { name, config: written }| {
            let format = secrets::possible(written, |config| {
                let format =
                    OutputFormat::parse(name, config.unwrap_or(written)).map_err(|e| spec.format_problem(&e))?;
                format.check(&view.columns, key.as_deref()).map_err(|e| spec.format_problem(&e))?;
                spec.registry(format.registry())?;
                Ok(format)
            })?;
            Ok(FormatSpec { name: format.name().into(), config: secrets::restored(format.shown(), written) })
        });
        let format = format.transpose()?;
        let view = View { key, format: format.as_ref().map(|f| f.name.clone()), ..view.clone() };
        spec.transport_check(config, &|name, text| transports::sink(name, text, &view).map(drop))?;
        Ok(format)
    })
}

const OUTPUT_ONLY: [&str; 5] = [
    "index",
    "send_snapshot",
    "enable_output_buffer",
    "max_output_buffer_time_millis",
    "max_output_buffer_size_records",
];
const INPUT_ONLY: [&str; 6] =
    ["labels", "start_after", "max_batch_size", "max_worker_batch_size", "max_queued_bytes", "soft_delete"];
const KEYS: [&str; 16] = [
    "name",
    "transport",
    "format",
    "paused",
    "labels",
    "start_after",
    "max_queued_records",
    "max_queued_bytes",
    "max_batch_size",
    "max_worker_batch_size",
    "soft_delete",
    "index",
    "send_snapshot",
    "enable_output_buffer",
    "max_output_buffer_time_millis",
    "max_output_buffer_size_records",
];

/// What there is instead of plug-ins for connectors.
const PROCESSOR_HINT: &str = "connectors load no plug-ins: read rows as they are and change them in a view, where functions in Rust may be called (docs/udf.md)";

/// Checks what depends on the side; returns the format with all its defaults.
type Check<'c> = &'c dyn Fn(&Written<'_>, &ConnectorConfig) -> Result<Option<FormatSpec>, Problem>;

fn declared(text: &str, input: bool, check: Check<'_>) -> Result<Vec<Declared>, Vec<Problem>> {
    let list: Vec<&RawValue> = serde_json::from_str(text).map_err(|e| {
        let e = ConfigError::json(text, &e);
        let message = format!("'connectors' is not a JSON array of connectors: {}", e.message);
        vec![Problem { offset: e.offset.unwrap_or(0), length: usize::from(e.offset.is_some()), message, hint: None }]
    })?;
    if list.len() > CONNECTORS_MAX {
        let message = format!("{} connectors, and {CONNECTORS_MAX} are allowed", list.len());
        return Err(vec![Problem { offset: 0, length: text.len(), message, hint: None }]);
    }
    let (mut found, mut problems, mut names) = (Vec::new(), Vec::new(), HashSet::new());
    for (i, raw) in list.into_iter().enumerate() {
        let connector = Written::new(text, raw).and_then(|spec| spec.connector(i, input, check).map(|c| (spec, c)));
        match connector {
            Ok((spec, connector)) if !names.insert(connector.name.clone()) => {
                problems.push(spec.at("name", &format!("there are two connectors named '{}'", connector.name)));
            }
            Ok((_, connector)) => found.push(connector),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(found) } else { Err(problems) }
}

/// An object, its members in order.
#[derive(Debug)]
pub(crate) struct Object<'a>(pub(crate) Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
                #[derive(Deserialize)]
                struct Key<'k>(#[serde(borrow)] Cow<'k, str>);
                let mut members = Vec::new();
                while let Some((Key(key), value)) = map.next_entry::<Key<'de>, &'de RawValue>()? {
                    members.push((key, value));
                }
                Ok(Object(members))
            }
        }
        d.deserialize_map(Members)
    }
}

/// A connector as it is written.
struct Written<'a> {
    text: &'a str,
    whole: &'a RawValue,
    places: Vec<(Cow<'a, str>, &'a RawValue)>,
    transport: Vec<(Cow<'a, str>, &'a RawValue)>,
    format: Vec<(Cow<'a, str>, &'a RawValue)>,
}

fn member<'a>(members: &[(Cow<'a, str>, &'a RawValue)], key: &str) -> Option<&'a RawValue> {
    members.iter().find(|(k, _)| k == key).map(|(_, value)| *value)
}

impl<'a> Written<'a> {
    fn new(text: &'a str, whole: &'a RawValue) -> Result<Written<'a>, Problem> {
        let mut spec = Written { text, whole, places: vec![], transport: vec![], format: vec![] };
        spec.places = spec.members(whole, "a connector", &KEYS)?;
        for (key, what) in [("transport", "'transport'"), ("format", "'format'")] {
            let Some(raw) = member(&spec.places, key) else { continue };
            let members = spec.members(raw, what, &["name", "config"])?;
            if key == "transport" { spec.transport = members } else { spec.format = members }
        }
        Ok(spec)
    }

    /// The members of an object, each of them known and there once.
    fn members(
        &self,
        raw: &'a RawValue,
        what: &str,
        known: &[&str],
    ) -> Result<Vec<(Cow<'a, str>, &'a RawValue)>, Problem> {
        let Object(members) = serde_json::from_str(raw.get()).map_err(|e| {
            self.problem(raw, format!("{what} is an object: {}", ConfigError::json(raw.get(), &e).message))
        })?;
        let mut seen = HashSet::new();
        for (key, value) in &members {
            if !known.contains(&key.as_ref()) {
                let problem = self.problem(value, format!("{what} has no '{key}'"));
                let hint = match key.as_ref() {
                    "preprocessor" | "postprocessor" => PROCESSOR_HINT.into(),
                    _ => format!("known are: {}", known.join(", ")),
                };
                return Err(Problem { hint: Some(hint), ..problem });
            }
            if !seen.insert(key.clone()) {
                return Err(self.problem(value, format!("'{key}' is given twice")));
            }
        }
        Ok(members)
    }

    /// A problem with a part of the text.
    fn problem(&self, raw: &RawValue, message: String) -> Problem {
        // What was read without a copy lies within the text.
        let offset = (raw.get().as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        Problem { offset: offset.min(self.text.len()), length: raw.get().len(), message, hint: None }
    }

    /// A problem with a member, or, if that is not there, with the connector.
    fn at(&self, key: &str, message: &str) -> Problem {
        self.problem(member(&self.places, key).unwrap_or(self.whole), message.into())
    }

    fn transport_config(&self) -> &'a str {
        member(&self.transport, "config").map_or("{}", |raw| if raw.get() == "null" { "{}" } else { raw.get() })
    }

    /// A problem with the transport's configuration, at its place if it has one.
    fn transport_problem(&self, e: ConfigError) -> Problem {
        let whole = member(&self.transport, "config").or(member(&self.places, "transport")).unwrap_or(self.whole);
        let mut problem = self.problem(whole, e.message);
        if let (Some(offset), Some(_)) = (e.offset, member(&self.transport, "config")) {
            (problem.offset, problem.length) = (problem.offset + offset, 1);
        }
        Problem { hint: e.hint, ..problem }
    }

    fn format_problem(&self, e: &FormatError) -> Problem {
        let config = member(&self.format, "config");
        // A key of the format's is found by its name.
        let key = config.and_then(|raw| {
            let Object(members) = serde_json::from_str(raw.get()).ok()?;
            member(&members, e.key.as_deref()?)
        });
        let place = key.or(config).or(member(&self.places, "format")).unwrap_or(self.whole);
        Problem { hint: e.hint.clone(), ..self.problem(place, e.message.clone()) }
    }

    /// Makes the transport, of which nothing is kept.
    fn transport_check(
        &self,
        config: &ConnectorConfig,
        make: &dyn Fn(&str, &str) -> Result<(), ConfigError>,
    ) -> Result<(), Problem> {
        let TransportSpec { name, config } = &config.transport;
        let made = secrets::possible(config, |config| match config {
            Some(config) => make(name, &config.to_string()),
            None => make(name, self.transport_config()),
        });
        made.map_err(|e| self.transport_problem(e))
    }

    /// Whether the registry of a format can be asked.
    fn registry(&self, registry: Option<&RegistryConfig>) -> Result<(), Problem> {
        let Some(Err(e)) = registry.map(Registry::new) else { return Ok(()) };
        let (kind, key) = (FormatErrorKind::Config, Some("registry_urls".into()));
        Err(self.format_problem(&FormatError { kind, key, message: e.message, hint: e.hint }))
    }

    /// Whether the references to secrets in a configuration are some.
    fn references(&self, raw: &RawValue) -> Result<(), Problem> {
        secrets::check(raw).map_err(|e| {
            let place = self.problem(raw, e.message);
            Problem { offset: place.offset + e.offset, length: e.length, hint: Some(e.hint.into()), ..place }
        })
    }

    /// A member as what it must be.
    fn read<T: DeserializeOwned>(
        &self,
        members: &[(Cow<'a, str>, &'a RawValue)],
        key: &str,
    ) -> Result<Option<T>, Problem> {
        let Some(raw) = member(members, key).filter(|raw| raw.get() != "null") else { return Ok(None) };
        let read = serde_json::from_str(raw.get());
        read.map(Some).map_err(|e| self.problem(raw, format!("'{key}': {}", ConfigError::json(raw.get(), &e).message)))
    }

    fn connector(&self, number: usize, input: bool, check: Check<'_>) -> Result<Declared, Problem> {
        if self.transport.is_empty() {
            return Err(self.at("transport", "the connector has no 'transport'"));
        }
        let name: Option<String> = self.read(&self.transport, "name")?;
        let name = name.ok_or_else(|| self.at("transport", "the transport has no 'name'"))?;
        let found = transports::find(&name, input).map_err(|e| {
            let place = member(&self.transport, "name").unwrap_or(self.whole);
            Problem { hint: e.hint, ..self.problem(place, e.message) }
        })?;
        let transport = TransportSpec { name, config: self.read(&self.transport, "config")?.unwrap_or(Value::Null) };
        let format: Option<String> = self.read(&self.format, "name")?;
        let format = match format {
            Some(name) => Some(FormatSpec { name, config: self.read(&self.format, "config")?.unwrap_or(Value::Null) }),
            None if member(&self.places, "format").is_some() && !self.format.is_empty() => {
                return Err(self.at("format", "the format has no 'name'"));
            }
            None => None,
        };
        match (found.format, &format) {
            (FormatUse::Needed, None) => {
                let message = format!("transport '{}' needs a 'format'", found.name);
                let hint = Some(r#"for example: "format": {"name": "json"}"#.into());
                return Err(Problem { hint, ..self.at("transport", &message) });
            }
            (FormatUse::Own, Some(_)) => {
                return Err(
                    self.at("format", &format!("transport '{}' makes rows itself and has no format", found.name))
                );
            }
            _ => {}
        }
        for of in [&self.transport, &self.format] {
            member(of, "config").map_or(Ok(()), |raw| self.references(raw))?;
        }
        let mut config = ConnectorConfig::new(transport, format);
        self.attributes(&mut config)?;
        config.format = check(self, &config)?;
        let name = self.name(number)?;
        let place = self.problem(self.whole, String::new());
        Ok(Declared { name, config, place: (place.offset, place.length) })
    }

    fn attributes(&self, config: &mut ConnectorConfig) -> Result<(), Problem> {
        let has = &self.places;
        config.paused = self.read(has, "paused")?.unwrap_or(config.paused);
        config.labels = self.read(has, "labels")?.unwrap_or_default();
        config.start_after = self.read::<OneOrMany>(has, "start_after")?.map(OneOrMany::many);
        config.index = self.read(has, "index")?;
        config.send_snapshot = self.read(has, "send_snapshot")?.unwrap_or(false);
        config.soft_delete = self.read(has, "soft_delete")?.unwrap_or(false);
        config.enable_output_buffer = self.read(has, "enable_output_buffer")?.unwrap_or(false);
        for (key, to, least) in [
            ("max_queued_records", &mut config.max_queued_records, 1),
            ("max_batch_size", &mut config.max_batch_size, 1),
            ("max_output_buffer_time_millis", &mut config.max_output_buffer_time_millis, 0),
            ("max_output_buffer_size_records", &mut config.max_output_buffer_size_records, 1),
        ] {
            if let Some(n) = self.read::<u64>(has, key)? {
                if n < least {
                    return Err(self.at(key, &format!("'{key}' is {least} at least")));
                }
                *to = n;
            }
        }
        for (key, to) in [
            ("max_worker_batch_size", &mut config.max_worker_batch_size),
            ("max_queued_bytes", &mut config.max_queued_bytes),
        ] {
            *to = self.read(has, key)?;
            if *to == Some(0) {
                return Err(self.at(key, &format!("'{key}' is 1 at least")));
            }
        }
        if config.labels.len() > LABELS_MAX {
            return Err(self.at("labels", &format!("there may be {LABELS_MAX} labels")));
        }
        let limits = [config.max_output_buffer_time_millis, config.max_output_buffer_size_records];
        if config.enable_output_buffer && limits == [u64::MAX; 2] {
            let message = "an output buffer needs a bound, or nothing would leave it";
            let hint = "set max_output_buffer_time_millis, max_output_buffer_size_records or both";
            return Err(Problem { hint: Some(hint.into()), ..self.at("enable_output_buffer", message) });
        }
        if !config.enable_output_buffer && limits != [u64::MAX; 2] {
            let message = "there is no output buffer to be bounded: 'enable_output_buffer' is not true";
            return Err(self.at("enable_output_buffer", message));
        }
        Ok(())
    }

    /// The name, or one that is made of the connector: the same for the same program, whenever it is compiled.
    fn name(&self, number: usize) -> Result<String, Problem> {
        let Some(name) = self.read::<String>(&self.places, "name")? else {
            return Ok(unnamed(number, self.whole.get()));
        };
        if name.is_empty() || name.len() > NAME_BYTES_MAX {
            return Err(self.at("name", &format!("a connector's name has 1 to {NAME_BYTES_MAX} bytes")));
        }
        if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-') {
            let message = format!("'{name}' is no connector's name: it may have letters, digits, '_' and '-'");
            return Err(self.at("name", &message));
        }
        Ok(name)
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    fn many(self) -> Vec<String> {
        match self {
            OneOrMany::One(label) => vec![label],
            OneOrMany::Many(labels) => labels,
        }
    }
}

/// Digits that tell connectors of a relation apart (FNV-1a: nothing depends on its quality).
fn unnamed(number: usize, text: &str) -> String {
    let bytes = text.bytes().chain(number.to_le_bytes());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
    format!("{:0width$x}", hash & ((1 << (4 * UNNAMED_DIGITS)) - 1), width = UNNAMED_DIGITS)
}
