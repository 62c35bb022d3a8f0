//! The connectors of a running pipeline: made before it starts, driven while it runs, gone with it.
//!
//! A connector's life is the same whatever its transport is: it is opened when it may first bring or take something, asked for chunks or given pieces, opened anew
//! after an error that may pass (`retry.rs`), and dropped at the end. `input.rs` drives sources, `output.rs` sinks.

mod input;
mod output;
mod portions;
mod retry;
mod schemas;

use super::deltas::{Counting, Listener, Speaker, listen};
use super::endpoint::{EndpointConfig, InputEndpoint, OutputEndpoint};
use super::program::RunningProgram;
use super::run::{Controller, Phase};
use input::Feeder;
use output::Drain;
use schemas::Schemas;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::watch;
use weir_connectors::{Grants, Hidden, Registry, SecretError, Sink, Source, Table, View};
use weir_io::{Encoder, InputFormat, OutputFormat, RegistryConfig};

/// Records that could not be read or written are told in the log up to this number of a connector; then every so many.
const PROBLEMS_LOGGED: u64 = 20;
const PROBLEMS_LOGGED_EACH: u64 = 10_000;

/// Takes lines for the pipeline's log.
pub(crate) type Log = Arc<dyn Fn(&str) + Send + Sync>;

/// Connectors that are made, and touch nothing yet.
#[derive(Default)]
pub struct Connectors {
    inputs: Vec<Input>,
    outputs: Vec<Output>,
    grants: Arc<Grants>,
    log: Option<Log>,
}

struct Input {
    endpoint: Arc<InputEndpoint>,
    source: Box<dyn Source>,
    format: Option<InputFormat>,
    schemas: Option<Schemas>,
    hidden: Arc<Hidden>,
}

struct Output {
    relation: usize,
    endpoint: Arc<OutputEndpoint>,
    sink: Box<dyn Sink>,
    encoder: Option<Encoder>,
    schemas: Option<Schemas>,
    listener: Option<Listener>,
    hidden: Arc<Hidden>,
}

/// Why a connector cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotMade {
    /// What it is told is wrong. It was checked as the program was compiled, by this or another version, or it holds secrets that are wrong.
    #[error("connector '{0}': {1}")]
    Config(String, String),
    /// A secret that it refers to is not there, or not granted.
    #[error("connector '{0}': {1}")]
    Secret(String, SecretError),
}

/// Why a connector, whose name is to come, cannot be made.
enum Wrong {
    Config(String),
    Secret(SecretError),
}

impl From<String> for Wrong {
    fn from(e: String) -> Wrong {
        Wrong::Config(e)
    }
}

impl Wrong {
    fn of(self, name: &str) -> NotMade {
        match self {
            Wrong::Config(e) => NotMade::Config(name.into(), e),
            Wrong::Secret(e) => NotMade::Secret(name.into(), e),
        }
    }
}

impl std::fmt::Debug for Connectors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (inputs, outputs) = (self.inputs.len(), self.outputs.len());
        f.debug_struct("Connectors").field("inputs", &inputs).field("outputs", &outputs).finish_non_exhaustive()
    }
}

impl Connectors {
    /// Makes the connectors of a compiled program, which are in `program_info`. Secrets that they refer to are looked up here, and stay here.
    ///
    /// # Errors
    /// See [`NotMade`].
    pub fn new(
        program: &RunningProgram,
        inputs: &BTreeMap<String, Value>,
        outputs: &BTreeMap<String, Value>,
        grants: Arc<Grants>,
        log: impl Fn(&str) + Send + Sync + 'static,
    ) -> Result<Connectors, NotMade> {
        let input =
            |(name, config): (&String, &Value)| Self::input(program, name, config, &grants).map_err(|e| e.of(name));
        let output =
            |(name, config): (&String, &Value)| Self::output(program, name, config, &grants).map_err(|e| e.of(name));
        Ok(Connectors {
            inputs: inputs.iter().map(input).collect::<Result<_, _>>()?,
            outputs: outputs.iter().map(output).collect::<Result<_, _>>()?,
            grants,
            log: Some(Arc::new(log)),
        })
    }

    fn input(program: &RunningProgram, name: &str, config: &Value, grants: &Grants) -> Result<Input, Wrong> {
        let config: EndpointConfig = serde_json::from_value(config.clone()).map_err(|e| e.to_string())?;
        let mut tables = program.relations[program.views..].iter();
        let table = tables.position(|t| t.name == config.stream);
        let table = table.ok_or_else(|| format!("there is no table '{}'", config.stream))?;
        let target = Table { name: config.stream.clone(), columns: Arc::clone(&program.tables[table]) };
        let transport = &config.connector.transport.name;
        let told = config.connector.resolve(grants).map_err(Wrong::Secret)?;
        let hidden = Arc::new(told.hidden);
        let format = told.format.or_else(|| weir_connectors::own_format(transport));
        let format = format.map(|f| InputFormat::parse(&f.name, &f.config)).transpose();
        let format = format.map_err(|e| hidden.wrong("format", e.key.as_deref(), &e.message))?;
        let schemas = schemas(format.as_ref().and_then(InputFormat::registry), &hidden)?;
        let source = weir_connectors::source(transport, &told.transport, &target);
        let source = source.map_err(|e| hidden.wrong("transport", None, &e.message))?;
        let endpoint = Arc::new(InputEndpoint::new(name.to_owned(), config, table, false));
        endpoint.tell_taken(source.taken());
        Ok(Input { endpoint, source, format, schemas, hidden })
    }

    fn output(program: &RunningProgram, name: &str, config: &Value, grants: &Grants) -> Result<Output, Wrong> {
        let config: EndpointConfig = serde_json::from_value(config.clone()).map_err(|e| e.to_string())?;
        let relation = program.relations[..program.views].iter().position(|v| v.name == config.stream);
        // A view that nothing writes to is none of the circuit's; it is silent.
        let relation = relation.unwrap_or(program.relations.len());
        let no_index = |index: &String| format!("there is no index '{index}'");
        let key = config.connector.index.as_ref();
        let key = key.map(|index| program.index(relation, index).ok_or_else(|| no_index(index))).transpose()?;
        let columns: Arc<[_]> = program.relations.get(relation).map_or(&[][..], |r| &r.columns).into();
        let told = config.connector.resolve(grants).map_err(Wrong::Secret)?;
        let hidden = Arc::new(told.hidden);
        let wrong = |e: weir_io::FormatError| hidden.wrong("format", e.key.as_deref(), &e.message);
        let format = told.format.as_ref().map(|f| OutputFormat::parse(&f.name, &f.config));
        let format = format.transpose().map_err(wrong)?;
        let schemas = schemas(format.as_ref().and_then(OutputFormat::registry), &hidden)?;
        let mut encoder = match (&format, program.relations.get(relation)) {
            (Some(format), Some(relation)) => {
                Some(format.encoder(Arc::clone(&columns), relation.layout.clone(), key.clone()).map_err(wrong)?)
            }
            _ => None,
        };
        let view = View { name: config.stream.clone(), columns, key, format: format.map(|f| f.name().to_owned()) };
        let sink = weir_connectors::sink(&config.connector.transport.name, &told.transport, &view);
        let sink = sink.map_err(|e| hidden.wrong("transport", None, &e.message))?;
        if let (Some(encoder), Some(bytes)) = (&mut encoder, sink.piece_bytes_max()) {
            encoder.limit_bytes(bytes);
        }
        let endpoint = Arc::new(OutputEndpoint::new(name.to_owned(), config));
        Ok(Output { relation, endpoint, sink, encoder, schemas, listener: None, hidden })
    }

    /// Has the sinks listen from the first step on: they miss nothing.
    pub(super) fn speakers(&mut self) -> (Vec<Arc<OutputEndpoint>>, Vec<(usize, Speaker)>) {
        let mut speakers = Vec::new();
        for output in &mut self.outputs {
            let copies = output.encoder.as_ref().is_none_or(Encoder::counts_copies);
            let counting = if copies { Counting::Copies } else { Counting::Rows };
            let (speaker, listener) = listen(true, counting, Arc::clone(&output.endpoint), true);
            output.listener = Some(listener);
            speakers.push((output.relation, speaker));
        }
        (self.outputs.iter().map(|o| Arc::clone(&o.endpoint)).collect(), speakers)
    }
}

/// The client of a format's registry.
fn schemas(registry: Option<&RegistryConfig>, hidden: &Hidden) -> Result<Option<Schemas>, String> {
    let registry = registry.map(Registry::new).transpose();
    let registry = registry.map_err(|e| hidden.wrong("format", Some("registry_urls"), &e.message))?;
    Ok(registry.map(Schemas::new))
}

/// A log that is told no secrets.
fn hiding(log: &Log, hidden: &Arc<Hidden>) -> Log {
    let (log, hidden) = (Arc::clone(log), Arc::clone(hidden));
    Arc::new(move |line: &str| log(&hidden.hide(line)))
}

/// Drives connectors until the pipeline ends.
pub(super) fn spawn(controller: &Arc<Controller>, connectors: Connectors) {
    let Connectors { inputs, outputs, grants, log } = connectors;
    let log = log.unwrap_or_else(|| Arc::new(|_| {}));
    let ended = Arc::new(watch::Sender::new(()));
    let endpoints: Vec<_> = inputs.iter().map(|i| Arc::clone(&i.endpoint)).collect();
    for Input { endpoint, source, format, schemas, hidden } in inputs {
        controller.inputs.add(Arc::clone(&endpoint));
        let labels = endpoint.config.connector.start_after.clone().unwrap_or_default();
        let has_label = |e: &&Arc<InputEndpoint>| e.config.connector.labels.iter().any(|l| labels.contains(l));
        let after = endpoints.iter().filter(has_label).cloned().collect();
        let (controller, grants, log, ended) =
            (Arc::clone(controller), Arc::clone(&grants), hiding(&log, &hidden), Arc::clone(&ended));
        let feeder =
            Feeder { controller: Arc::clone(&controller), endpoint, source, format, schemas, grants, hidden, log };
        tokio::spawn(until_end(controller, feeder.run(after, ended)));
    }
    for Output { endpoint, sink, encoder, schemas, listener, hidden, .. } in outputs {
        let Some(listener) = listener else { continue };
        let (grants, log) = (Arc::clone(&grants), hiding(&log, &hidden));
        let drain = Drain { endpoint, sink, encoder, schemas, listener, grants, hidden, log };
        tokio::spawn(until_end(Arc::clone(controller), drain.run()));
    }
}

/// Drives a connector until it or the pipeline ends.
async fn until_end(controller: Arc<Controller>, drive: impl Future<Output = ()>) {
    let mut phase = controller.phase();
    tokio::select! {
        () = drive => {}
        _ = phase.wait_for(|p| matches!(p, Phase::Failed(_) | Phase::Ended)) => {}
    }
}
