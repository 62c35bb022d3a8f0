//! All transports. A new one is a file, and a line here.

use crate::{ConfigError, FormatSpec, Sink, Source, Table, View};
use serde::de::DeserializeOwned;

/// A transport: what it is called, and what it can be.
#[derive(Clone, Copy, Debug)]
pub struct Transport {
    /// Its name in programs.
    pub name: &'static str,
    /// What makes a source from a configuration, if it can be one.
    source: Option<MakeSource>,
    /// What makes a sink from a configuration, if it can be one.
    sink: Option<MakeSink>,
    /// What it carries.
    pub format: FormatUse,
}

/// Whether a transport goes with a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormatUse {
    /// It carries bytes, which need one.
    Needed,
    /// It may have one.
    Optional,
    /// It makes what it carries, as JSON.
    Own,
}

/// The format of a transport that has its own.
pub fn own_format(name: &str) -> Option<FormatSpec> {
    let transport = TRANSPORTS.iter().find(|t| t.name == name)?;
    (transport.format == FormatUse::Own)
        .then(|| FormatSpec { name: "json".into(), config: serde_json::json!({ "update_format": "raw" }) })
}

type MakeSource = fn(&str, &Table) -> Result<Box<dyn Source>, ConfigError>;
type MakeSink = fn(&str, &View) -> Result<Box<dyn Sink>, ConfigError>;

/// The transports by name.
pub const TRANSPORTS: &[Transport] = &[
    Transport { name: "clock", source: Some(crate::clock::source), sink: None, format: FormatUse::Own },
    Transport { name: "datagen", source: Some(crate::datagen::source), sink: None, format: FormatUse::Own },
    Transport { name: "empty_input", source: Some(crate::empty::source), sink: None, format: FormatUse::Optional },
    Transport { name: "file_input", source: Some(crate::file::source), sink: None, format: FormatUse::Needed },
    Transport { name: "file_output", source: None, sink: Some(crate::file::sink), format: FormatUse::Needed },
    Transport { name: "kafka_input", source: Some(crate::kafka::source), sink: None, format: FormatUse::Needed },
    Transport { name: "kafka_output", source: None, sink: Some(crate::kafka::sink), format: FormatUse::Needed },
    Transport { name: "nexmark", source: Some(crate::nexmark::source), sink: None, format: FormatUse::Own },
    Transport { name: "null_output", source: None, sink: Some(crate::null::sink), format: FormatUse::Optional },
    Transport { name: "s3_input", source: Some(crate::s3::source), sink: None, format: FormatUse::Needed },
    Transport { name: "url_input", source: Some(crate::url::source), sink: None, format: FormatUse::Needed },
];

/// The transport of that name, for input or for output.
pub(crate) fn find(name: &str, input: bool) -> Result<&'static Transport, ConfigError> {
    let fits = |t: &&Transport| if input { t.source.is_some() } else { t.sink.is_some() };
    let (side, other) = if input { ("input", "output") } else { ("output", "input") };
    match TRANSPORTS.iter().find(|t| t.name == name) {
        Some(t) if fits(&t) => Ok(t),
        Some(_) => {
            Err(ConfigError::new(format!("'{name}' is a transport for {other}, and this connector is for {side}"))
                .with_hint(format!("for {side} there are: {}", names(fits))))
        }
        None => Err(ConfigError::new(format!("there is no transport '{name}'"))
            .with_hint(format!("for {side} there are: {}", names(fits)))),
    }
}

fn names(fits: impl Fn(&&Transport) -> bool) -> String {
    TRANSPORTS.iter().filter(fits).map(|t| t.name).collect::<Vec<_>>().join(", ")
}

/// A source of that name, for a table.
///
/// # Errors
/// There is none, or its configuration is wrong.
pub fn source(name: &str, config: &str, table: &Table) -> Result<Box<dyn Source>, ConfigError> {
    match find(name, true)?.source {
        Some(make) => make(config, table),
        None => Err(ConfigError::new(format!("'{name}' is no transport for input"))),
    }
}

/// A sink of that name, for a relation.
///
/// # Errors
/// There is none, or its configuration is wrong.
pub fn sink(name: &str, config: &str, view: &View) -> Result<Box<dyn Sink>, ConfigError> {
    match find(name, false)?.sink {
        Some(make) => make(config, view),
        None => Err(ConfigError::new(format!("'{name}' is no transport for output"))),
    }
}

/// Reads a configuration.
pub(crate) fn parse<T: DeserializeOwned>(config: &str) -> Result<T, ConfigError> {
    serde_json::from_str(config).map_err(|e| ConfigError::json(config, &e))
}
