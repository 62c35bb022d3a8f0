//! `kafka_input` and `kafka_output` against librdkafka's own mock of a cluster: nothing is lost or doubled, whatever happens to brokers and connectors.
#![allow(clippy::unwrap_used, reason = "a test that unwraps says where it failed")]

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Headers, Message as _, OwnedHeaders};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use weir_circuit::{Column, ColumnDefault, Expr};
use weir_connectors::{Chunk, Grants, Position, Sink, Source, Table, TransportError, View};
use weir_io::{Piece, TableColumns};
use weir_row::{ColumnType, SqlType, Value as RowValue};

type Mock = MockCluster<'static, DefaultProducerContext>;

const PATIENCE: Duration = Duration::from_secs(60);

fn grants() -> Grants {
    let mut grants = Grants::default();
    grants.private_networks = true;
    grants
}

/// A table of a text, and of what is told of it if asked for.
fn table(told: bool) -> Table {
    let metadata = ColumnType::nullable(SqlType::Variant);
    let default =
        told.then(|| ColumnDefault::OfMetadata { expr: Expr::column(0, metadata.clone()), without: RowValue::Null });
    let columns = vec![
        Column {
            name: "s".into(),
            case_sensitive: false,
            ty: ColumnType::nullable(SqlType::Varchar(None)),
            default: None,
        },
        Column { name: "told".into(), case_sensitive: false, ty: metadata, default },
    ];
    let name = "t".to_owned();
    let table = weir_circuit::Table {
        name: name.clone(),
        case_sensitive: false,
        columns,
        primary_key: None,
        materialized: false,
        append_only: false,
    };
    Table { name, columns: Arc::new(TableColumns::new(&table)) }
}

fn source(mock: &Mock, mut config: Value) -> Box<dyn Source> {
    config["bootstrap.servers"] = json!(mock.bootstrap_servers());
    weir_connectors::source("kafka_input", &config.to_string(), &table(false)).unwrap()
}

fn sink(mock: &Mock, mut config: Value) -> Box<dyn Sink> {
    config["bootstrap.servers"] = json!(mock.bootstrap_servers());
    let view = View { name: "v".into(), columns: Arc::new([]), key: None, format: Some("json".into()) };
    weir_connectors::sink("kafka_output", &config.to_string(), &view).unwrap()
}

/// Sends texts to partitions in turn, as others would.
fn produce(mock: &Mock, topic: &str, partitions: i32, texts: impl Iterator<Item = String>) {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", mock.bootstrap_servers());
    let producer: ThreadedProducer<DefaultProducerContext> = config.create().unwrap();
    for (i, text) in texts.enumerate() {
        let record: BaseRecord<'_, str, str> =
            BaseRecord::to(topic).payload(text.as_str()).key("k").partition(i as i32 % partitions);
        producer.send(record).map_err(|(e, _)| e).unwrap();
    }
    producer.flush(PATIENCE).unwrap();
}

/// Takes chunks until there are so many messages; opens the source again where it was, as its driver does.
async fn take(source: &mut dyn Source, at: &mut Option<Position>, n: usize, failures: &mut usize) -> Vec<String> {
    let begin = Instant::now();
    let mut taken = Vec::new();
    let mut is_open = false;
    while taken.len() < n {
        assert!(begin.elapsed() < PATIENCE, "{} of {n}", taken.len());
        let chunk = async {
            if !is_open {
                source.open(at.as_ref(), &grants()).await?;
            }
            tokio::time::timeout(PATIENCE, source.next()).await.expect("messages come")
        };
        match chunk.await {
            Ok(Chunk::Messages(messages)) => {
                is_open = true;
                taken.extend(messages.iter().map(|m| String::from_utf8(m.bytes.to_vec()).unwrap()));
                *at = source.position(0);
            }
            Ok(other) => panic!("{other:?}"),
            Err(TransportError::Transient(_)) => {
                (is_open, *failures) = (false, *failures + 1);
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            Err(e) => panic!("{e}"),
        }
    }
    taken
}

fn sorted(mut texts: Vec<String>) -> Vec<String> {
    texts.sort();
    texts
}

fn texts(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|i| format!("text {i:06}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_come_once_and_a_source_goes_on_at_its_position() {
    let mock = MockCluster::new(3).unwrap();
    mock.create_topic("in", 3, 1).unwrap();
    produce(&mock, "in", 3, texts(0..5_000).into_iter());
    let (mut at, mut failures) = (None, 0);
    let mut all = Vec::new();
    // Cut at every chunk's end: whoever goes on there gets the rest and nothing twice.
    while all.len() < 5_000 {
        let mut source = source(&mock, json!({ "topic": "in" }));
        all.extend(take(source.as_mut(), &mut at, 1, &mut failures).await);
    }
    assert_eq!(sorted(all), texts(0..5_000));
    assert_eq!(failures, 0);
    let at_end = serde_json::to_value(at.clone().unwrap()).unwrap();
    let ends = at_end["at"]["in"].as_object().unwrap();
    assert_eq!(ends.values().map(|v| v.as_i64().unwrap()).sum::<i64>(), 5_000, "{at_end}");
    // What comes later comes to one that goes on at the end.
    produce(&mock, "in", 3, texts(5_000..5_010).into_iter());
    let mut again = source(&mock, json!({ "topics": ["in"] }));
    assert_eq!(sorted(take(again.as_mut(), &mut at, 10, &mut failures).await), texts(5_000..5_010));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_begins_where_it_is_told_to() {
    let mock = MockCluster::new(1).unwrap();
    mock.create_topic("in", 2, 1).unwrap();
    produce(&mock, "in", 2, texts(0..10).into_iter());
    let even: Vec<_> = texts(0..10).into_iter().step_by(2).collect();
    let odd: Vec<_> = texts(0..10).into_iter().skip(1).step_by(2).collect();

    let mut one = source(&mock, json!({ "topic": "in", "partitions": [1] }));
    assert_eq!(take(one.as_mut(), &mut None, 5, &mut 0).await, odd);

    let mut offsets = source(&mock, json!({ "topic": "in", "start_from": { "offsets": [3, 4] } }));
    let expected: Vec<_> = even[3..].iter().chain(&odd[4..]).cloned().collect();
    assert_eq!(sorted(take(offsets.as_mut(), &mut None, 3, &mut 0).await), sorted(expected));

    let mut latest = source(&mock, json!({ "topic": "in", "auto.offset.reset": "latest" }));
    latest.open(None, &grants()).await.unwrap();
    let mut at = latest.position(0);
    produce(&mock, "in", 2, texts(10..12).into_iter());
    assert_eq!(sorted(take(latest.as_mut(), &mut at, 2, &mut 0).await), texts(10..12));

    // Opened, and then again before anything came: nothing of what came between is missed.
    let mut twice = source(&mock, json!({ "topic": "in", "start_from": "latest" }));
    twice.open(None, &grants()).await.unwrap();
    produce(&mock, "in", 2, texts(12..14).into_iter());
    assert_eq!(sorted(take(twice.as_mut(), &mut None, 2, &mut 0).await), texts(12..14));

    // What cannot be is said.
    let mut beyond = source(&mock, json!({ "topic": "in", "start_from": { "offsets": [3, 400] } }));
    let e = beyond.open(None, &grants()).await.unwrap_err();
    assert!(matches!(&e, TransportError::Fatal(m) if m.contains("there is no offset 400, only 0 to")), "{e}");
    let mut missing = source(&mock, json!({ "topic": "in", "partitions": [7] }));
    let e = missing.open(None, &grants()).await.unwrap_err();
    assert!(matches!(&e, TransportError::Fatal(m) if m.contains("has no partition 7")), "{e}");
    let mut refused = source(&mock, json!({ "topic": "in" }));
    let e = refused.open(None, &Grants::default()).await.unwrap_err();
    assert!(matches!(&e, TransportError::Fatal(m) if m.contains("--connect-private")), "{e}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_goes_and_comes_back() {
    let mock = MockCluster::new(1).unwrap();
    mock.create_topic("in", 2, 1).unwrap();
    produce(&mock, "in", 2, texts(0..100).into_iter());
    let config = json!({ "topic": "in", "group_join_timeout_secs": 2 });
    let mut reader = source(&mock, config);
    let (mut at, mut failures) = (None, 0);
    let mut all = take(reader.as_mut(), &mut at, 100, &mut failures).await;
    mock.broker_down(1).unwrap();
    // It is asked for more meanwhile, and opened anew.
    let down = async {
        let mut at = at.clone();
        tokio::time::timeout(Duration::from_secs(6), take(reader.as_mut(), &mut at, 1, &mut failures)).await
    };
    assert!(down.await.is_err());
    mock.broker_up(1).unwrap();
    produce(&mock, "in", 2, texts(100..200).into_iter());
    all.extend(take(reader.as_mut(), &mut at, 100, &mut failures).await);
    assert_eq!(sorted(all), texts(0..200));
    assert!(failures > 0, "nobody noticed");
}

#[tokio::test(flavor = "multi_thread")]
async fn partitions_move_to_other_brokers() {
    let mock = MockCluster::new(3).unwrap();
    mock.create_topic("in", 3, 3).unwrap();
    let mut reader = source(&mock, json!({ "topic": "in" }));
    let mut out = sink(&mock, json!({ "topic": "in" }));
    out.open(&grants()).await.unwrap();
    let (mut at, mut failures, mut all) = (None, 0, Vec::new());
    for round in 0..4 {
        for partition in 0..3 {
            mock.partition_leader("in", partition, Some((partition + round) % 3 + 1)).unwrap();
        }
        for text in texts(round as usize * 50..round as usize * 50 + 50) {
            out.write(piece(None, Some(&text))).await.unwrap();
        }
        out.flush().await.unwrap();
        all.extend(take(reader.as_mut(), &mut at, 50, &mut failures).await);
    }
    assert_eq!(sorted(all), texts(0..200));
}

/// A message: key, value, headers.
type Held = (Option<String>, Option<String>, BTreeMap<String, String>);

/// What a topic holds: partition 0's messages as (key, value, headers), in order.
fn held(mock: &Mock, topic: &str, n: usize) -> Vec<Held> {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", mock.bootstrap_servers())
        .set("group.id", "test")
        .set("auto.offset.reset", "earliest");
    let consumer: BaseConsumer = config.create().unwrap();
    let mut list = rdkafka::TopicPartitionList::new();
    list.add_partition_offset(topic, 0, rdkafka::Offset::Beginning).unwrap();
    consumer.assign(&list).unwrap();
    let (mut all, begin) = (Vec::new(), Instant::now());
    // A little longer than there are messages: none may come that should not.
    let mut last = Instant::now();
    while all.len() < n || last.elapsed() < Duration::from_millis(500) {
        assert!(begin.elapsed() < PATIENCE, "{} of {n}", all.len());
        let Some(message) = consumer.poll(Duration::from_millis(100)) else { continue };
        let Ok(message) = message else { continue };
        last = Instant::now();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let headers =
            message.headers().map(|h| h.iter().map(|h| (h.key.to_owned(), text(h.value.unwrap_or(b"-")))).collect());
        all.push((message.key().map(text), message.payload().map(text), headers.unwrap_or_default()));
    }
    all
}

fn piece(key: Option<&str>, value: Option<&str>) -> Piece {
    Piece { key: key.map(|k| k.as_bytes().to_vec()), value: value.map(|v| v.as_bytes().to_vec()), records: 1 }
}

#[tokio::test(flavor = "multi_thread")]
async fn pieces_arrive_with_keys_tombstones_and_headers() {
    let mock = MockCluster::new(2).unwrap();
    mock.create_topic("out", 1, 1).unwrap();
    let headers = json!([{ "key": "from", "value": "weir" }, { "key": "raw", "value": [104, 105] }, { "key": "none" }]);
    let mut out = sink(&mock, json!({ "topic": "out", "headers": headers }));
    assert_eq!(out.topic(), Some("out"));
    assert!(out.piece_bytes_max().is_some_and(|b| (900_000..1_000_000).contains(&b)));
    let e = out.open(&Grants::default()).await.unwrap_err();
    assert!(matches!(&e, TransportError::Fatal(m) if m.contains("--connect-private")), "{e}");
    out.open(&grants()).await.unwrap();
    out.write(piece(Some("a"), Some("1"))).await.unwrap();
    out.write(piece(Some("a"), None)).await.unwrap();
    out.write(piece(None, Some("2"))).await.unwrap();
    out.flush().await.unwrap();
    let headers: BTreeMap<_, _> =
        [("from", "weir"), ("raw", "hi"), ("none", "-")].map(|(k, v)| (k.to_owned(), v.to_owned())).into();
    let message =
        |key: Option<&str>, value: Option<&str>| (key.map(str::to_owned), value.map(str::to_owned), headers.clone());
    assert_eq!(
        held(&mock, "out", 3),
        [message(Some("a"), Some("1")), message(Some("a"), None), message(None, Some("2"))]
    );

    // Larger than its brokers take: said at once, and for good.
    let large = "x".repeat(1_100_000);
    let e = async {
        out.write(piece(None, Some(&large))).await?;
        out.flush().await
    };
    let e = e.await.unwrap_err();
    assert!(matches!(&e, TransportError::Fatal(m) if m.contains("out")), "{e}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sink_waits_for_its_broker() {
    let mock = MockCluster::new(1).unwrap();
    mock.create_topic("out", 1, 1).unwrap();
    let mut out = sink(&mock, json!({ "topic": "out", "queue.buffering.max.messages": 10 }));
    out.open(&grants()).await.unwrap();
    out.write(piece(None, Some("first"))).await.unwrap();
    out.flush().await.unwrap();
    mock.broker_down(1).unwrap();
    // No more than its queue holds is taken from the pipeline.
    let mut taken = 0;
    let writing = async {
        for i in 0..100 {
            out.write(piece(None, Some(&format!("{i}")))).await.unwrap();
            taken += 1;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(2), writing).await.is_err());
    assert!((1..=11).contains(&taken), "{taken}");
    mock.broker_up(1).unwrap();
    for i in taken..100 {
        out.write(piece(None, Some(&format!("{i}")))).await.unwrap();
    }
    tokio::time::timeout(PATIENCE, out.flush()).await.expect("it comes back").unwrap();
    let values: Vec<_> = held(&mock, "out", 101).into_iter().map(|(_, value, _)| value.unwrap()).collect();
    let expected: Vec<_> = std::iter::once("first".to_owned()).chain((0..100).map(|i| i.to_string())).collect();
    assert_eq!(values, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_of_a_message_is_there_for_columns() {
    let mock = MockCluster::new(1).unwrap();
    mock.create_topic("told", 1, 1).unwrap();
    let mut client = ClientConfig::new();
    client.set("bootstrap.servers", mock.bootstrap_servers());
    let producer: ThreadedProducer<DefaultProducerContext> = client.create().unwrap();
    let header = |key, value| rdkafka::message::Header { key, value };
    let headers = OwnedHeaders::new().insert(header("a", Some("1"))).insert(header("b", None::<&str>));
    let record: BaseRecord<'_, str, str> =
        BaseRecord::to("told").payload("{}").timestamp(1_700_000_000_000).headers(headers);
    producer.send(record).map_err(|(e, _)| e).unwrap();
    producer.flush(PATIENCE).unwrap();
    for (config, expected) in [
        (
            json!({ "include_headers": true }),
            vec!["kafka_headers", "kafka_offset", "kafka_partition", "kafka_timestamp", "kafka_topic"],
        ),
        (
            json!({ "include_topic": false, "include_partition": false, "include_timestamp": false }),
            vec!["kafka_offset"],
        ),
    ] {
        let mut config = config;
        config["topic"] = json!("told");
        config["bootstrap.servers"] = json!(mock.bootstrap_servers());
        let mut source = weir_connectors::source("kafka_input", &config.to_string(), &table(true)).unwrap();
        source.open(None, &grants()).await.unwrap();
        let Chunk::Messages(messages) = source.next().await.unwrap() else { panic!("no messages") };
        let metadata = messages[0].metadata.as_ref().unwrap();
        let mut names: Vec<_> = metadata.names().collect();
        names.sort_unstable();
        assert_eq!(names, expected);
    }
    // Nothing is made of it where no column asks.
    let mut source = source(&mock, json!({ "topic": "told" }));
    source.open(None, &grants()).await.unwrap();
    let Chunk::Messages(messages) = source.next().await.unwrap() else { panic!("no messages") };
    assert_eq!(messages[0].metadata, None);
}

#[test]
fn wrong_options_are_said_where_they_stand() {
    let (input, output) = ("kafka_input", "kafka_output");
    for (name, config, said) in [
        (input, r#"{"topic": "t"}"#, "'bootstrap.servers' is missing"),
        (input, r#"{"bootstrap.servers": "b:9092"}"#, "'topic' is missing"),
        (input, r#"{"topic": "t", "topics": ["u"], "bootstrap.servers": "b"}"#, "one of them is enough"),
        (
            input,
            r#"{"topic": "t", "bootstrap.servers": "b", "no.such.option": 1}"#,
            "'no.such.option': No such configuration property",
        ),
        (input, r#"{"topic": "t", "bootstrap.servers": "b", "fetch.wait.max.ms": "soon"}"#, "'fetch.wait.max.ms':"),
        (input, r#"{"topic": "t", "bootstrap.servers": "b", "enable.auto.commit": true}"#, "must be 'false'"),
        (
            input,
            r#"{"topic": "t", "bootstrap.servers": "b", "plugin.library.paths": "evil.so"}"#,
            "not a program's to set",
        ),
        (
            input,
            r#"{"topic": "t", "bootstrap.servers": "b", "ssl.key.location": "/etc/key"}"#,
            "not a program's to set",
        ),
        (
            input,
            r#"{"topic": "t", "bootstrap.servers": "b", "queued.max.messages.kbytes": 2000000}"#,
            "is 65536 at most",
        ),
        (input, r#"{"topic": "t", "bootstrap.servers": "b", "debug": "all"}"#, "not a program's to set"),
        (
            input,
            r#"{"topic": "t", "bootstrap.servers": "b", "start_from": {"offsets": [1, 2]}, "partitions": [1]}"#,
            "one for each",
        ),
        (input, r#"{"topics": ["t", "u"], "bootstrap.servers": "b", "start_from": {"offsets": [1]}}"#, "for one topic"),
        (input, r#"{"topic": "t", "bootstrap.servers": "b", "partitions": [1, 1]}"#, "each once"),
        (input, r#"{"topic": "t", "bootstrap.servers": "b", "synchronize_partitions": true}"#, "is not there"),
        (input, r#"{"topic": "t", "bootstrap.servers": "b", "log_level": "loud"}"#, "no such 'log_level'"),
        (output, r#"{"bootstrap.servers": "b"}"#, "missing field `topic`"),
        (output, r#"{"topic": "", "bootstrap.servers": "b"}"#, "'topic' is empty"),
        (output, r#"{"topic": "t", "bootstrap.servers": "b", "acks": []}"#, "'acks' is a text"),
        (output, r#"{"topic": "t", "bootstrap.servers": "b", "headers": [{"value": "v"}]}"#, "missing field `key`"),
    ] {
        let view = View { name: "v".into(), columns: Arc::new([]), key: None, format: None };
        let e = match name {
            "kafka_input" => weir_connectors::source(name, config, &table(false)).err(),
            _ => weir_connectors::sink(name, config, &view).err(),
        };
        let e = e.unwrap_or_else(|| panic!("taken: {config}"));
        assert!(e.message.contains(said), "{config}: {e}");
    }
    let config = r#"{"topic": "t", "bootstrap.servers": "b", "no.such.option": 1}"#;
    let e = weir_connectors::source(input, config, &table(false)).err().unwrap();
    assert_eq!(e.offset, config.find("\"no.such"));
}
