//! Endpoints: where rows come from and go to. Each has a configuration, counters, and a name by which `/stats` tells of it.

use parking_lot::Mutex;
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use tokio::sync::watch;

/// Records per batch of an endpoint that names no limit.
const BATCH_RECORDS: u64 = 10_000;
/// Records that an endpoint that names no limit may have queued.
const QUEUED_RECORDS: u64 = 1_000_000;

/// A format and what it was told.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FormatConfig {
    /// `json`, `csv`, ...
    pub name: &'static str,
    /// Its parameters with their defaults.
    pub config: Value,
}

/// An endpoint's configuration as the API shows it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EndpointConfig {
    /// The table or view.
    pub stream: String,
    /// How rows travel: `{"name": .., "config": ..}`.
    pub transport: Value,
    /// How rows look.
    pub format: Option<FormatConfig>,
    /// Whether output is gathered.
    pub enable_output_buffer: bool,
    /// For how long, at most.
    pub max_output_buffer_time_millis: u64,
    /// How much of it, at most.
    pub max_output_buffer_size_records: u64,
    /// Records per batch.
    pub max_batch_size: u64,
    /// Records that may be queued.
    pub max_queued_records: u64,
    /// Whether it begins paused.
    pub paused: bool,
}

impl EndpointConfig {
    fn new(stream: &str, transport: Value, format: FormatConfig) -> EndpointConfig {
        EndpointConfig {
            stream: stream.to_owned(),
            transport,
            format: Some(format),
            enable_output_buffer: false,
            max_output_buffer_time_millis: u64::MAX,
            max_output_buffer_size_records: u64::MAX,
            max_batch_size: BATCH_RECORDS,
            max_queued_records: QUEUED_RECORDS,
            paused: false,
        }
    }

    /// Of an endpoint that requests feed.
    pub fn http_input(name: &str, stream: &str, format: FormatConfig) -> EndpointConfig {
        EndpointConfig::new(stream, json!({ "name": "http_input", "config": { "name": name } }), format)
    }

    /// Of an endpoint that a response reads.
    pub fn http_output(stream: &str, format: FormatConfig) -> EndpointConfig {
        EndpointConfig::new(stream, json!({ "name": "http_output" }), format)
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
    /// Errors of the transport.
    pub num_transport_errors: AtomicU64,
    /// Records that could not be read.
    pub num_parse_errors: AtomicU64,
    /// Whether nothing more will come.
    pub end_of_input: AtomicBool,
}

/// An endpoint that brings rows.
#[derive(Debug)]
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
    paused: watch::Sender<bool>,
}

impl InputEndpoint {
    /// An endpoint that nothing came through yet.
    pub fn new(name: String, config: EndpointConfig, table: usize, by_requests: bool) -> InputEndpoint {
        let paused = watch::channel(config.paused).0;
        InputEndpoint {
            name,
            config,
            table,
            counters: InputCounters::default(),
            events: AtomicU64::new(0),
            fatal_error: Mutex::default(),
            by_requests,
            paused,
        }
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
}

impl OutputEndpoint {
    /// An endpoint that nothing went through yet.
    pub fn new(name: String, config: EndpointConfig) -> OutputEndpoint {
        OutputEndpoint { name, config, counters: OutputCounters::default(), chunks: AtomicU64::new(0) }
    }

    /// A chunk was handed to the transport.
    pub fn sent(&self, records: u64, bytes: u64) {
        self.counters.transmitted_records.fetch_add(records, Relaxed);
        self.counters.transmitted_bytes.fetch_add(bytes, Relaxed);
    }
}
