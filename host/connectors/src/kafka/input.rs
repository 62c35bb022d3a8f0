//! `kafka_input`: messages of topics. Partitions are assigned, not subscribed to: which offsets were worked on is Weir's to know, so that no group of
//! Kafka's ever moves them.

use super::offsets::{Offsets, Opening, StartFrom, Stream, partitions};
use super::{Told, aside, check, options};
use crate::source::{Message, Position};
use crate::{Chunk, ConfigError, Grants, Source, Table, TransportError, transports};
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{FutureExt, StreamExt};
use rdkafka::consumer::{Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::{BorrowedMessage, Headers};
use rdkafka::{ClientConfig, Message as _, Offset, Timestamp, TopicPartitionList};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};
use weir_io::{Datum, Metadata};

/// Messages of a chunk.
const MESSAGES_MAX: usize = 1_000;
/// Bytes of a chunk, unless a message is larger.
const BYTES_MAX: usize = 1 << 20;
/// How often it is asked whether topics have more partitions.
const PARTITIONS_EVERY: Duration = Duration::from_secs(30);
/// Topics of a connector.
const TOPICS_MAX: usize = 64;

/// What a consumer is unless the program says otherwise.
const DEFAULTS: [(&str, &str); 6] = [
    ("group.id", "weir"),
    ("enable.auto.commit", "false"),
    ("enable.auto.offset.store", "false"),
    ("queued.max.messages.kbytes", "8192"),
    ("fetch.message.max.bytes", "1048576"),
    ("reconnect.backoff.max.ms", "2000"),
];

#[derive(Debug, Deserialize)]
struct Config {
    #[serde(default)]
    topics: Vec<String>,
    topic: Option<String>,
    partitions: Option<Vec<i32>>,
    start_from: Option<StartFrom>,
    #[serde(default = "ten")]
    group_join_timeout_secs: u32,
    #[serde(default)]
    include_headers: Option<bool>,
    #[serde(default)]
    include_topic: Option<bool>,
    #[serde(default)]
    include_partition: Option<bool>,
    #[serde(default)]
    include_offset: Option<bool>,
    #[serde(default)]
    include_timestamp: Option<bool>,
    #[serde(default)]
    resume_earliest_if_data_expires: bool,
    #[serde(default)]
    synchronize_partitions: bool,
    header_filter: Option<Value>,
    log_level: Option<String>,
    kafka_service: Option<Value>,
    // Taken for the sake of programs that have them: a consumer has a thread of its own here, and what is taken in is never lost.
    #[expect(dead_code, reason = "see above")]
    poller_threads: Option<u32>,
    #[expect(dead_code, reason = "see above")]
    fault_tolerance: Option<Value>,
    #[serde(flatten)]
    options: Map<String, Value>,
}

fn ten() -> u32 {
    10
}

/// What is told of each message.
#[derive(Clone, Copy, Debug, Default)]
struct Beside {
    headers: bool,
    topic: bool,
    partition: bool,
    offset: bool,
    timestamp: bool,
}

pub(crate) fn source(text: &str, table: &Table) -> Result<Box<dyn Source>, ConfigError> {
    let config: Config = transports::parse(text)?;
    let topics = match (config.topic, config.topics) {
        (None, topics) if !topics.is_empty() => topics,
        (Some(topic), topics) if topics.is_empty() => vec![topic],
        (None, _) => return Err(ConfigError::new("'topic' is missing")),
        (Some(_), _) => return Err(ConfigError::new("there are 'topic' and 'topics': one of them is enough")),
    };
    if topics.len() > TOPICS_MAX || topics.iter().any(String::is_empty) {
        return Err(ConfigError::new(format!("there are 1 to {TOPICS_MAX} topics, and each has a name")));
    }
    if config.kafka_service.is_some_and(|s| !s.is_null()) {
        return Err(ConfigError::new("'kafka_service' is not there: give the options of librdkafka themselves"));
    }
    if config.synchronize_partitions {
        let hint = "rows of different partitions come in no order; LATENESS and windows take them so";
        return Err(ConfigError::new("'synchronize_partitions' is not there").with_hint(hint));
    }
    if config.header_filter.is_some() {
        let hint = "take the headers with 'include_headers' and filter in a view";
        return Err(ConfigError::new("'header_filter' is not there").with_hint(hint));
    }
    if let Some(partitions) = &config.partitions {
        let mut seen = partitions.clone();
        seen.sort_unstable();
        seen.dedup();
        if partitions.is_empty() || seen.len() != partitions.len() || seen[0] < 0 {
            return Err(ConfigError::new("'partitions' are numbers from 0 on, each once"));
        }
    }
    let one_by_one = matches!(config.start_from, Some(StartFrom::Offsets(_)));
    if one_by_one && topics.len() > 1 {
        return Err(ConfigError::new("'start_from' with 'offsets' is for one topic"));
    }
    let mut client = options::client(text, &config.options, &DEFAULTS, config.log_level.as_deref())?;
    let reset = client.get("auto.offset.reset").map(str::to_owned);
    let start = match (config.start_from, reset.as_deref()) {
        (Some(start), _) => start,
        (None, Some("latest" | "largest" | "end")) => StartFrom::Latest,
        (None, _) => StartFrom::Earliest,
    };
    if let (StartFrom::Offsets(offsets), partitions) = (&start, &config.partitions)
        && (offsets.iter().any(|o| *o < 0) || partitions.as_ref().is_some_and(|p| p.len() != offsets.len()))
    {
        return Err(ConfigError::new("'offsets' are numbers from 0 on, one for each of 'partitions'"));
    }
    // What the brokers no longer have is missed only if the program says that it may be.
    client.set("auto.offset.reset", if config.resume_earliest_if_data_expires { "earliest" } else { "error" });
    let told = Beside {
        headers: config.include_headers.unwrap_or(false),
        topic: config.include_topic.unwrap_or(true),
        partition: config.include_partition.unwrap_or(true),
        offset: config.include_offset.unwrap_or(true),
        timestamp: config.include_timestamp.unwrap_or(true),
    };
    Ok(Box::new(KafkaSource {
        topics,
        partitions: config.partitions,
        start,
        timeout: Duration::from_secs(config.group_join_timeout_secs.max(1).into()),
        client,
        told: table.columns.has_metadata().then_some(told),
        begun: Offsets::new(),
        next: Offsets::new(),
        open: None,
    }))
}

impl ConsumerContext for Told {}

struct Open {
    consumer: Arc<Stream>,
    told: Told,
    look_at: Instant,
}

struct KafkaSource {
    topics: Vec<String>,
    partitions: Option<Vec<i32>>,
    start: StartFrom,
    timeout: Duration,
    client: ClientConfig,
    told: Option<Beside>,
    /// Where it was opened first.
    begun: Offsets,
    next: Offsets,
    open: Option<Open>,
}

impl KafkaSource {
    /// Drops the consumer, which takes leave of its brokers.
    fn close(&mut self) {
        if let Some(open) = self.open.take() {
            aside(move || drop(open));
        }
    }

    /// Takes up partitions that were not there before: they are read from their beginning.
    async fn more_partitions(&mut self) -> Result<(), TransportError> {
        let Some(open) = &mut self.open else { return Ok(()) };
        open.look_at = Instant::now() + PARTITIONS_EVERY;
        if self.partitions.is_some() {
            return Ok(());
        }
        let (consumer, told, topics) = (Arc::clone(&open.consumer), open.told.clone(), self.topics.clone());
        let (timeout, known) = (self.timeout, self.next.clone());
        let found = tokio::task::spawn_blocking(move || {
            let mut new = Vec::new();
            for topic in &topics {
                // A broker that does not answer now will be asked again.
                let Ok(found) = partitions(consumer.as_ref(), &told, topic, timeout) else { continue };
                let known = known.get(topic);
                new.extend(
                    found.into_iter().filter(|p| known.is_none_or(|k| !k.contains_key(p))).map(|p| (topic.clone(), p)),
                );
            }
            let mut list = TopicPartitionList::new();
            for (topic, partition) in &new {
                let added = list.add_partition_offset(topic, *partition, Offset::Offset(0));
                added.map_err(|e| told.error("a new partition", &e))?;
            }
            if !new.is_empty() {
                consumer.incremental_assign(&list).map_err(|e| told.error("new partitions", &e))?;
            }
            Ok(new)
        });
        for (topic, partition) in found.await.map_err(|e| TransportError::Transient(e.to_string()))?? {
            self.next.entry(topic).or_default().insert(partition, 0);
        }
        Ok(())
    }

    /// Takes a message; those without a value, which tell that a key is gone, say nothing that a format reads.
    fn take(&mut self, message: &BorrowedMessage<'_>, to: &mut Vec<Message>) -> usize {
        let next = match self.next.get_mut(message.topic()) {
            Some(partitions) => partitions,
            None => self.next.entry(message.topic().to_owned()).or_default(),
        };
        next.insert(message.partition(), message.offset() + 1);
        let Some(payload) = message.payload() else { return 0 };
        let metadata = self.told.map(|told| Box::new(told.of(message)));
        to.push(Message { bytes: Bytes::copy_from_slice(payload), metadata });
        payload.len()
    }
}

impl Drop for KafkaSource {
    fn drop(&mut self) {
        self.close();
    }
}

impl Beside {
    fn of(self, message: &BorrowedMessage<'_>) -> Metadata {
        let mut metadata = Metadata::default();
        if self.topic {
            metadata.set("kafka_topic", Datum::Text(message.topic().to_owned()));
        }
        if self.partition {
            metadata.set("kafka_partition", Datum::Int(message.partition()));
        }
        if self.offset {
            metadata.set("kafka_offset", Datum::BigInt(message.offset()));
        }
        if let (true, Timestamp::CreateTime(ms) | Timestamp::LogAppendTime(ms)) = (self.timestamp, message.timestamp())
        {
            metadata.set("kafka_timestamp", Datum::Timestamp(ms.saturating_mul(1_000)));
        }
        if self.headers {
            let headers =
                message.headers().map(|h| h.iter().map(|h| (h.key.to_owned(), h.value.map(<[u8]>::to_vec))).collect());
            metadata.set("kafka_headers", Datum::Headers(headers.unwrap_or_default()));
        }
        metadata
    }
}

#[async_trait]
impl Source for KafkaSource {
    async fn open(&mut self, at: Option<&Position>, grants: &Grants) -> Result<(), TransportError> {
        check(grants)?;
        self.close();
        let at = match at {
            Some(position) => serde_json::from_value(position.at.clone())
                .map_err(|e| TransportError::Fatal(format!("a position that is none: {e}")))?,
            // Where it began is where it begins again: "latest" is said once.
            None => self.begun.clone(),
        };
        let opening = Opening {
            topics: self.topics.clone(),
            wanted: self.partitions.clone(),
            start: self.start.clone(),
            timeout: self.timeout,
            at,
        };
        let (client, told) = (self.client.clone(), Told::default());
        let context = told.clone();
        let opened = tokio::task::spawn_blocking(move || opening.open(&client, context));
        let (consumer, offsets) = opened.await.map_err(|e| TransportError::Transient(e.to_string()))??;
        if self.begun.is_empty() {
            self.begun = offsets.clone();
        }
        self.next = offsets;
        self.open = Some(Open { consumer, told, look_at: Instant::now() + PARTITIONS_EVERY });
        Ok(())
    }

    async fn next(&mut self) -> Result<Chunk, TransportError> {
        let (mut messages, mut bytes) = (Vec::new(), 0);
        loop {
            let Some(open) = &self.open else { return Err(TransportError::Transient("no consumer".into())) };
            let (consumer, told, look_at) = (Arc::clone(&open.consumer), open.told.clone(), open.look_at);
            let mut stream = consumer.stream();
            let first = tokio::select! {
                first = stream.next() => first,
                () = sleep_until(look_at) => {
                    drop(stream);
                    self.more_partitions().await?;
                    continue;
                }
            };
            let mut next = first;
            while let Some(message) = next {
                match message {
                    Ok(message) => bytes += self.take(&message, &mut messages),
                    // The library goes on by itself: other brokers may be there, and this one may come back.
                    Err(e) if is_passing(&e) => tracing::debug!(target: "weir::kafka", "{e}"),
                    // What came before is good, and the error will come again.
                    Err(_) if !messages.is_empty() => break,
                    Err(e) => return Err(told.error("messages", &e)),
                }
                if messages.len() >= MESSAGES_MAX || bytes >= BYTES_MAX {
                    break;
                }
                next = stream.next().now_or_never().flatten();
            }
            if !messages.is_empty() {
                return Ok(Chunk::Messages(messages));
            }
        }
    }

    fn position(&self, _: u64) -> Option<Position> {
        Some(Position { at: json!(self.next), within: false, header: None })
    }
}

/// Whether a consumer that told of it goes on.
fn is_passing(e: &KafkaError) -> bool {
    matches!(
        e.rdkafka_error_code(),
        // No group is joined, so that it does not matter who may.
        Some(
            Code::BrokerTransportFailure
                | Code::Resolve
                | Code::OperationTimedOut
                | Code::PartitionEOF
                | Code::GroupAuthorizationFailed
        )
    )
}
