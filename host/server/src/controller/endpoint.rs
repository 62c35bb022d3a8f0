//! Endpoints: where rows come from and go to. Each has a configuration, counters, and a name by which `/stats` tells of it.

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use tokio::sync::{Notify, watch};
use weir_connectors::{ConnectorConfig, FormatSpec, Position, Taken, TransportSpec};

/// An endpoint's configuration as the API shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EndpointConfig {
    /// The table or view.
    pub stream: String,
    /// Everything else.
    #[serde(flatten)]
    pub connector: ConnectorConfig,
}

impl EndpointConfig {
    /// Of an endpoint that requests feed.
    pub fn http_input(name: &str, stream: &str, format: FormatSpec) -> EndpointConfig {
        let transport = TransportSpec { name: "http_input".into(), config: json!({ "name": name }) };
        EndpointConfig { stream: stream.to_owned(), connector: ConnectorConfig::new(transport, Some(format)) }
    }

    /// Of an endpoint that a response reads.
    pub fn http_output(stream: &str, format: FormatSpec) -> EndpointConfig {
        let transport = TransportSpec { name: "http_output".into(), config: Value::Null };
        EndpointConfig { stream: stream.to_owned(), connector: ConnectorConfig::new(transport, Some(format)) }
    }

    /// As `/stats` shows it: without passwords and the like.
    pub fn masked(&self) -> EndpointConfig {
        EndpointConfig { stream: self.stream.clone(), connector: self.connector.masked() }
    }
}

/// Counters of an input endpoint.
#[derive(Debug, Default)]
pub struct InputCounters {
    /// Bytes received.
    pub total_bytes: AtomicU64,
    /// Records received.
    pub total_records: AtomicU64,
    /// Records that wait for a step.
    pub buffered_records: AtomicU64,
    /// Memory of those.
    pub buffered_bytes: AtomicU64,
    /// Errors of the transport.
    pub num_transport_errors: AtomicU64,
    /// Records that could not be read.
    pub num_parse_errors: AtomicU64,
    /// Whether nothing more will come.
    pub end_of_input: AtomicBool,
}

/// An endpoint that brings rows.
pub struct InputEndpoint {
    /// Its name, unique in the pipeline.
    pub name: String,
    /// How it is configured.
    pub config: EndpointConfig,
    /// The table.
    pub table: usize,
    /// What it did.
    pub counters: InputCounters,
    /// Events so far: errors name an event by its number.
    pub events: AtomicU64,
    /// Why it gave up, if it did.
    pub fatal_error: Mutex<Option<String>>,
    /// Whether requests feed it: then it has no end that could be waited for.
    pub by_requests: bool,
    /// Told when less of it is queued.
    pub room: Notify,
    paused: watch::Sender<bool>,
    /// Up to where the pipeline worked on what it brought.
    position: Mutex<Option<Position>>,
    taken: Mutex<Option<Taken>>,
}

impl std::fmt::Debug for InputEndpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InputEndpoint").field("name", &self.name).finish_non_exhaustive()
    }
}

impl InputEndpoint {
    /// An endpoint that nothing came through yet.
    pub fn new(name: String, config: EndpointConfig, table: usize, by_requests: bool) -> InputEndpoint {
        let paused = watch::channel(config.connector.paused).0;
        InputEndpoint {
            name,
            config,
            table,
            counters: InputCounters::default(),
            events: AtomicU64::new(0),
            fatal_error: Mutex::default(),
            by_requests,
            room: Notify::new(),
            paused,
            position: Mutex::default(),
            taken: Mutex::default(),
        }
    }

    /// Who wants to be told up to where it was worked on.
    pub fn tell_taken(&self, taken: Option<Taken>) {
        *self.taken.lock() = taken;
    }

    /// All up to a position was worked on.
    pub fn worked_on(&self, position: Position) {
        if let Some(taken) = &*self.taken.lock() {
            taken(&position);
        }
        *self.position.lock() = Some(position);
    }

    /// Up to where the pipeline worked on what it brought.
    pub fn position(&self) -> Option<Position> {
        self.position.lock().clone()
    }

    /// Pauses it, or lets it go on; independent of the pipeline's state.
    pub fn set_paused(&self, paused: bool) {
        self.paused.send_replace(paused);
    }

    /// Whether it is paused.
    pub fn is_paused(&self) -> bool {
        *self.paused.borrow()
    }

    /// Whether it is paused, and whether it will be.
    pub fn paused(&self) -> watch::Receiver<bool> {
        self.paused.subscribe()
    }
}

/// Counters of an output endpoint.
#[derive(Debug, Default)]
pub struct OutputCounters {
    /// Records sent.
    pub transmitted_records: AtomicU64,
    /// Bytes sent.
    pub transmitted_bytes: AtomicU64,
    /// Records that wait to be sent.
    pub queued_records: AtomicU64,
    /// Steps whose records wait to be sent.
    pub queued_batches: AtomicU64,
    /// Records that are gathered before they are sent.
    pub buffered_records: AtomicU64,
    /// Steps whose records are gathered.
    pub buffered_batches: AtomicU64,
    /// Records that could not be written.
    pub num_encode_errors: AtomicU64,
    /// Errors of the transport.
    pub num_transport_errors: AtomicU64,
    /// Records that the pipeline had taken in when it made what was sent last.
    pub total_processed_input_records: AtomicU64,
}

/// An endpoint that takes rows away.
#[derive(Debug)]
pub struct OutputEndpoint {
    /// Its name, unique in the pipeline.
    pub name: String,
    /// How it is configured.
    pub config: EndpointConfig,
    /// What it did.
    pub counters: OutputCounters,
    /// Chunks so far, those that were missed among them: a gap in the numbers is what tells of them.
    pub chunks: AtomicU64,
    /// Why it gave up, if it did.
    pub fatal_error: Mutex<Option<String>>,
}

impl OutputEndpoint {
    /// An endpoint that nothing went through yet.
    pub fn new(name: String, config: EndpointConfig) -> OutputEndpoint {
        OutputEndpoint {
            name,
            config,
            counters: OutputCounters::default(),
            chunks: AtomicU64::new(0),
            fatal_error: Mutex::default(),
        }
    }

    /// A chunk was handed to the transport.
    pub fn sent(&self, records: u64, bytes: u64) {
        self.counters.transmitted_records.fetch_add(records, Relaxed);
        self.counters.transmitted_bytes.fetch_add(bytes, Relaxed);
    }
}
