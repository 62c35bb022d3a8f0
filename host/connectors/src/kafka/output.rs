//! `kafka_output`: pieces as messages of a topic. A step is delivered when its brokers have acknowledged all of them.

use super::{Told, aside, check, options, plain};
use crate::{ConfigError, Grants, Sink, TransportError, View, transports};
use async_trait::async_trait;
use rdkafka::ClientConfig;
use rdkafka::client::ClientContext;
use rdkafka::config::{FromClientConfigAndContext, RDKafkaLogLevel};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, Header, OwnedHeaders};
use rdkafka::producer::{BaseRecord, Producer, ProducerContext, ThreadedProducer};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::{AcqRel, Acquire};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use weir_io::Piece;

/// How long a full queue is waited for before it is tried again; an acknowledgement ends the wait sooner.
const FULL: Duration = Duration::from_millis(50);
/// What a message has beside its key and value, at most, without headers.
const OVERHEAD: usize = 512;
/// The longest message that brokers take unless they are told otherwise.
const MESSAGE_BYTES: usize = 1_000_000;

/// What a producer is unless the program says otherwise: no message twice, none lost, and little memory.
const DEFAULTS: [(&str, &str); 4] = [
    ("enable.idempotence", "true"),
    ("queue.buffering.max.kbytes", "16384"),
    ("linger.ms", "1"),
    ("compression.codec", "none"),
];

#[derive(Debug, Deserialize)]
struct Config {
    topic: String,
    #[serde(default)]
    headers: Vec<ConfigHeader>,
    #[serde(default = "sixty")]
    initialization_timeout_secs: u32,
    log_level: Option<String>,
    kafka_service: Option<Value>,
    // Taken for the sake of programs that have it: what it asks for is so anyway.
    #[expect(dead_code, reason = "see above")]
    fault_tolerance: Option<Value>,
    #[serde(flatten)]
    options: Map<String, Value>,
}

fn sixty() -> u32 {
    60
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ConfigHeader {
    key: String,
    #[serde(default)]
    value: Option<HeaderValue>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum HeaderValue {
    Text(String),
    Bytes(Vec<u8>),
}

pub(crate) fn sink(text: &str, _view: &View) -> Result<Box<dyn Sink>, ConfigError> {
    let config: Config = transports::parse(text)?;
    if config.kafka_service.is_some_and(|s| !s.is_null()) {
        return Err(ConfigError::new("'kafka_service' is not there: give the options of librdkafka themselves"));
    }
    if config.topic.is_empty() {
        return Err(ConfigError::new("'topic' is empty"));
    }
    let client = options::client(text, &config.options, &DEFAULTS, config.log_level.as_deref())?;
    let headers = config.headers.iter().fold(OwnedHeaders::new_with_capacity(config.headers.len()), |all, h| {
        let value = h.value.as_ref().map(|v| match v {
            HeaderValue::Text(s) => s.as_bytes(),
            HeaderValue::Bytes(b) => b,
        });
        all.insert(Header { key: &h.key, value })
    });
    let header_bytes: usize = config.headers.iter().map(ConfigHeader::bytes).sum();
    let message_bytes = client.get("message.max.bytes").and_then(|n| n.parse().ok()).unwrap_or(MESSAGE_BYTES);
    Ok(Box::new(KafkaSink {
        topic: config.topic,
        piece_bytes: message_bytes.saturating_sub(header_bytes + OVERHEAD).max(1),
        headers: (!config.headers.is_empty()).then_some(headers),
        timeout: Duration::from_secs(config.initialization_timeout_secs.into()),
        client,
        producer: None,
        deliveries: Deliveries::default(),
    }))
}

impl ConfigHeader {
    fn bytes(&self) -> usize {
        let value = match &self.value {
            Some(HeaderValue::Text(s)) => s.len(),
            Some(HeaderValue::Bytes(b)) => b.len(),
            None => 0,
        };
        self.key.len() + value + 16
    }
}

/// What became of the messages that were sent.
#[derive(Clone, Default)]
struct Deliveries {
    told: Told,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    under_way: AtomicUsize,
    failed: Mutex<Option<KafkaError>>,
    moved: Notify,
}

impl ClientContext for Deliveries {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.told.log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.told.error_came(error, reason);
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if let Err((e, _)) = result {
            *self.state.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(e.clone());
        }
        self.state.under_way.fetch_sub(1, AcqRel);
        self.state.moved.notify_one();
    }
}

struct KafkaSink {
    topic: String,
    headers: Option<OwnedHeaders>,
    piece_bytes: usize,
    timeout: Duration,
    client: ClientConfig,
    producer: Option<ThreadedProducer<Deliveries>>,
    deliveries: Deliveries,
}

impl KafkaSink {
    /// What went wrong with a message that was sent before.
    fn failure(&self) -> Result<(), TransportError> {
        let failed = self.deliveries.state.failed.lock().unwrap_or_else(PoisonError::into_inner).take();
        match failed {
            Some(e) => Err(self.deliveries.told.error(&format!("topic '{}'", self.topic), &e)),
            None => Ok(()),
        }
    }

    /// Drops the producer, which waits for its threads.
    fn close(&mut self) {
        if let Some(producer) = self.producer.take() {
            aside(move || drop(producer));
        }
    }
}

impl Drop for KafkaSink {
    fn drop(&mut self) {
        self.close();
    }
}

#[async_trait]
impl Sink for KafkaSink {
    async fn open(&mut self, grants: &Grants) -> Result<(), TransportError> {
        check(grants)?;
        self.close();
        self.deliveries = Deliveries::default();
        let (client, context) = (self.client.clone(), self.deliveries.clone());
        let (topic, timeout) = (self.topic.clone(), self.timeout);
        let made = tokio::task::spawn_blocking(move || {
            let told = context.told.clone();
            let producer = ThreadedProducer::from_config_and_context(&client, context)
                .map_err(|e| TransportError::Fatal(format!("no Kafka producer: {}", plain(&e))))?;
            let what = format!("topic '{topic}'");
            let metadata = producer.client().fetch_metadata(Some(&topic), timeout);
            let metadata = metadata.map_err(|e| told.error(&what, &e))?;
            let error = metadata.topics().iter().find_map(|t| t.error());
            match error.map(RDKafkaErrorCode::from) {
                // Brokers make a topic when something is sent there, if they are told to.
                None | Some(RDKafkaErrorCode::UnknownTopicOrPartition) => Ok(producer),
                Some(code) => Err(told.error(&what, &KafkaError::MetadataFetch(code))),
            }
        });
        let made = made.await.map_err(|e| TransportError::Transient(e.to_string()))?;
        self.producer = Some(made?);
        Ok(())
    }

    async fn write(&mut self, piece: Piece) -> Result<(), TransportError> {
        self.failure()?;
        let Some(producer) = &self.producer else { return Err(TransportError::Transient("no producer".into())) };
        let mut record = BaseRecord::<Vec<u8>, Vec<u8>>::to(&self.topic);
        record.key = piece.key.as_ref();
        record.payload = piece.value.as_ref();
        record.headers = self.headers.clone();
        let state = &self.deliveries.state;
        loop {
            state.under_way.fetch_add(1, AcqRel);
            let Err((e, back)) = producer.send(record) else { return Ok(()) };
            state.under_way.fetch_sub(1, AcqRel);
            if e.rdkafka_error_code() != Some(RDKafkaErrorCode::QueueFull) {
                let bytes = piece.value.as_ref().map_or(0, Vec::len);
                return Err(self.deliveries.told.error(&format!("topic '{}', {bytes} bytes", self.topic), &e));
            }
            record = back;
            // Either an acknowledgement makes room, or it is looked at again.
            let _ = tokio::time::timeout(FULL, state.moved.notified()).await;
            self.failure()?;
        }
    }

    async fn flush(&mut self) -> Result<(), TransportError> {
        while self.deliveries.state.under_way.load(Acquire) > 0 {
            let _ = tokio::time::timeout(FULL, self.deliveries.state.moved.notified()).await;
        }
        self.failure()
    }

    fn piece_bytes_max(&self) -> Option<usize> {
        Some(self.piece_bytes)
    }

    fn topic(&self) -> Option<&str> {
        Some(&self.topic)
    }
}
