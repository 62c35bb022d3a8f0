//! Kafka through the real binary: Debezium's messages come in, views' changes go out, brokers go and come back; librdkafka's mock is the cluster.
#![allow(clippy::unwrap_used, reason = "a test that unwraps says where it failed")]

mod support;

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::{get, post};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Message;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use support::{PATIENCE, Server};

type Mock = MockCluster<'static, DefaultProducerContext>;

fn server(dir: &tempfile::TempDir) -> Server {
    Server::start_with(dir.path(), &["--connect-private"])
}

async fn run(server: &Server, name: &str, program: &str) {
    let body = json!({ "name": name, "program_code": program, "program_config": { "profile": "dev" },
        "runtime_config": { "workers": 2 } });
    let (status, made) = server.call(reqwest::Method::POST, "/v0/pipelines", Some(body)).await;
    assert_eq!(status, 201, "{made}");
    server.action(name, "start").await;
    server.until_status(name, "Running").await;
}

async fn rows(server: &Server, name: &str, sql: &str) -> Vec<Value> {
    let path = format!("/v0/pipelines/{name}/query?format=json&sql={}", sql.replace(' ', "%20"));
    let text = server.send(reqwest::Method::GET, &path, None).await.text().await.unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Waits until a query gives these rows.
async fn until_rows(server: &Server, name: &str, sql: &str, expected: &[Value]) {
    let begin = Instant::now();
    loop {
        let found = rows(server, name, sql).await;
        if found == expected {
            return;
        }
        assert!(begin.elapsed() < PATIENCE, "{sql}: {found:?}, not {expected:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn connector(server: &Server, name: &str, side: &str, connector: &str) -> Value {
    let (status, stats) = server.get(&format!("/v0/pipelines/{name}/stats")).await;
    assert_eq!(status, 200, "{stats}");
    let all = stats[side].as_array().unwrap();
    all.iter().find(|c| c["endpoint_name"] == connector).unwrap_or_else(|| panic!("{connector}: {stats:#}")).clone()
}

fn produce(mock: &Mock, topic: &str, messages: impl IntoIterator<Item = (Option<String>, Option<String>)>) {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", mock.bootstrap_servers());
    let producer: ThreadedProducer<DefaultProducerContext> = config.create().unwrap();
    for (key, value) in messages {
        let mut record = BaseRecord::<String, String>::to(topic);
        (record.key, record.payload) = (key.as_ref(), value.as_ref());
        producer.send(record).map_err(|(e, _)| e).unwrap();
    }
    producer.flush(PATIENCE).unwrap();
}

/// The messages of partition 0, so many at least, and all that are there: keys, and the lines of values.
fn held(mock: &Mock, topic: &str, n: usize) -> Vec<(Option<Value>, Vec<Value>)> {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", mock.bootstrap_servers()).set("group.id", "test");
    let consumer: BaseConsumer = config.create().unwrap();
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(topic, 0, Offset::Beginning).unwrap();
    consumer.assign(&list).unwrap();
    let (mut all, begin) = (Vec::new(), Instant::now());
    let there = || consumer.fetch_watermarks(topic, 0, PATIENCE).unwrap().1 as usize;
    while all.len() < n.max(there()) {
        assert!(begin.elapsed() < PATIENCE, "{n} wanted: {all:?}");
        let Some(Ok(message)) = consumer.poll(Duration::from_millis(100)) else { continue };
        let key = message.key().map(|bytes| serde_json::from_slice(bytes).unwrap());
        let lines = message.payload().unwrap_or_default().split(|b| *b == b'\n').filter(|line| !line.is_empty());
        all.push((key, lines.map(|line| serde_json::from_slice(line).unwrap()).collect()));
    }
    all
}

/// A message of Debezium's about a row of `customers`.
fn event(op: &str, before: Option<(i32, &str)>, after: Option<(i32, &str)>) -> (Option<String>, Option<String>) {
    let row = |(id, name): (i32, &str)| json!({ "id": id, "name": name, "since": 19_723 });
    let id = before.or(after).map(|(id, _)| id);
    let key = json!({ "payload": { "id": id } });
    let value = json!({
        "schema": { "type": "struct", "name": "shop.customers.Envelope" },
        "payload": { "op": op, "before": before.map(row), "after": after.map(row),
            "source": { "connector": "postgresql", "table": "customers" }, "ts_ms": 1_700_000_000_000_i64 }
    });
    (Some(key.to_string()), Some(value.to_string()))
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_a_database_come_in_and_changes_of_views_go_out() {
    let mock = MockCluster::new(2).unwrap();
    mock.create_topic("shop.customers", 1, 1).unwrap();
    mock.create_topic("names", 1, 1).unwrap();
    let brokers = mock.bootstrap_servers();
    let input = json!([{ "name": "cdc", "transport": { "name": "kafka_input",
            "config": { "topic": "shop.customers", "bootstrap.servers": brokers, "auto.offset.reset": "earliest" } },
        "format": { "name": "json", "config": { "update_format": "debezium", "json_flavor": "debezium_postgres" } } }]);
    let output = json!([{ "name": "out", "index": "by_name", "transport": { "name": "kafka_output",
            "config": { "topic": "names", "bootstrap.servers": brokers } },
        "format": { "name": "json", "config": { "update_format": "debezium" } } }]);
    let program = format!(
        "CREATE TABLE customers (id INT NOT NULL PRIMARY KEY, name VARCHAR, since DATE) WITH ('connectors' = '{input}');
         CREATE MATERIALIZED VIEW names WITH ('connectors' = '{output}') AS SELECT name, COUNT(*) AS n FROM customers GROUP BY name;
         CREATE INDEX by_name ON names(name);"
    );
    let dir = tempfile::tempdir().unwrap();
    let server = server(&dir);
    produce(&mock, "shop.customers", [event("r", None, Some((1, "Ada"))), event("c", None, Some((2, "Ada")))]);
    run(&server, "shop", &program).await;
    let names = "SELECT name, n FROM names ORDER BY name";
    until_rows(&server, "shop", names, &[json!({ "name": "Ada", "n": 2 })]).await;
    let first = held(&mock, "names", 1);
    assert_eq!(first.last().unwrap().1[0]["payload"]["after"], json!({ "name": "Ada", "n": 2 }));
    // Changed, deleted with the tombstone that Debezium sends behind, and something that is none of its messages.
    let tombstone = (Some(json!({ "payload": { "id": 2 } }).to_string()), None);
    produce(
        &mock,
        "shop.customers",
        [
            event("u", Some((1, "Ada")), Some((1, "Eve"))),
            event("d", Some((2, "Ada")), None),
            tombstone,
            (None, Some("no JSON".into())),
            event("c", None, Some((3, "Eve"))),
        ],
    );
    until_rows(&server, "shop", names, &[json!({ "name": "Eve", "n": 2 })]).await;
    assert_eq!(
        rows(&server, "shop", "SELECT since FROM customers WHERE id = 1").await,
        [json!({ "since": "2024-01-01" })]
    );
    let cdc = connector(&server, "shop", "inputs", "customers.cdc").await;
    assert_eq!(cdc["metrics"]["num_parse_errors"], 1, "{cdc}");
    assert_eq!(cdc["metrics"]["num_transport_errors"], 0, "{cdc}");
    assert_eq!(cdc["fatal_error"], Value::Null);
    // Whoever follows the topic by its keys has the view.
    let begin = Instant::now();
    loop {
        let mut by_key = BTreeMap::new();
        for (key, value) in held(&mock, "names", first.len()) {
            let after = value.first().map(|v| v["payload"]["after"].clone()).filter(|after| !after.is_null());
            by_key.insert(key.unwrap()["payload"]["name"].to_string(), after);
        }
        // `held` reads what is there; more may be on its way.
        if by_key.get("\"Ada\"") == Some(&None)
            && by_key.get("\"Eve\"") == Some(&Some(json!({ "name": "Eve", "n": 2 })))
        {
            break;
        }
        assert!(begin.elapsed() < PATIENCE, "{by_key:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_when_brokers_go_and_pipelines_pause() {
    let mock = MockCluster::new(1).unwrap();
    mock.create_topic("numbers", 3, 1).unwrap();
    mock.create_topic("doubles", 1, 1).unwrap();
    let brokers = mock.bootstrap_servers();
    let input = json!([{ "name": "k", "transport": { "name": "kafka_input", "config": {
            "topic": "numbers", "bootstrap.servers": brokers, "group_join_timeout_secs": 1, "include_headers": true } },
        "format": { "name": "json", "config": { "update_format": "raw" } } }]);
    let output = json!([{ "name": "k", "transport": { "name": "kafka_output", "config": {
            "topic": "doubles", "bootstrap.servers": brokers, "initialization_timeout_secs": 1 } },
        "format": { "name": "json" } }]);
    let program = format!(
        "CREATE TABLE numbers (x BIGINT, at BIGINT DEFAULT CAST(CONNECTOR_METADATA()['kafka_offset'] AS BIGINT),
             part INT DEFAULT CAST(CONNECTOR_METADATA()['kafka_partition'] AS INT),
             topic VARCHAR DEFAULT CAST(CONNECTOR_METADATA()['kafka_topic'] AS VARCHAR),
             ts TIMESTAMP DEFAULT CAST(CONNECTOR_METADATA()['kafka_timestamp'] AS TIMESTAMP))
             WITH ('connectors' = '{input}');
         CREATE MATERIALIZED VIEW doubles WITH ('connectors' = '{output}') AS SELECT x * 2 AS y FROM numbers;
         CREATE MATERIALIZED VIEW sums AS SELECT COUNT(*) AS n, SUM(x) AS s, COUNT(DISTINCT part) AS parts, COUNT(DISTINCT (part, at)) AS places,
             MIN(topic) AS topic, MIN(ts) > TIMESTAMP '2020-01-01 00:00:00' AS young FROM numbers;"
    );
    let dir = tempfile::tempdir().unwrap();
    let server = server(&dir);
    run(&server, "flow", &program).await;
    let numbers =
        |range: std::ops::Range<i64>| range.map(|x| (Some(x.to_string()), Some(json!({ "x": x }).to_string())));
    let sums = |n: i64| {
        let s = n * (n - 1) / 2;
        [json!({ "n": n, "s": s, "parts": 3, "places": n, "topic": "numbers", "young": true })]
    };
    produce(&mock, "numbers", numbers(0..1_000));
    until_rows(&server, "flow", "SELECT * FROM sums", &sums(1_000)).await;
    // The only broker goes; that is told, and the pipeline lives.
    mock.broker_down(1).unwrap();
    let begin = Instant::now();
    while connector(&server, "flow", "inputs", "numbers.k").await["metrics"]["num_transport_errors"] == 0 {
        assert!(begin.elapsed() < PATIENCE, "nobody noticed");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let (status, _) = server
        .ingress(
            "flow",
            "numbers",
            "format=json&update_format=raw",
            r#"{"x": 1000, "part": 0, "at": -1, "topic": "numbers", "ts": "2026-01-01 00:00:00"}"#,
        )
        .await;
    assert_eq!(status, 200);
    mock.broker_up(1).unwrap();
    produce(&mock, "numbers", numbers(1_001..2_000));
    until_rows(&server, "flow", "SELECT * FROM sums", &sums(2_000)).await;
    // Paused: what comes meanwhile waits with its broker.
    server.action("flow", "pause").await;
    server.until_status("flow", "Paused").await;
    produce(&mock, "numbers", numbers(2_000..3_000));
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(rows(&server, "flow", "SELECT n FROM sums").await, [json!({ "n": 2_000 })]);
    server.action("flow", "start").await;
    server.until_status("flow", "Running").await;
    until_rows(&server, "flow", "SELECT * FROM sums", &sums(3_000)).await;
    // Everything went out; twice at most where a broker did not say that it has something.
    let begin = Instant::now();
    loop {
        let lines = held(&mock, "doubles", 1).into_iter().flat_map(|(_, lines)| lines);
        let out: BTreeSet<i64> = lines.map(|line| line["insert"]["y"].as_i64().unwrap()).collect();
        if out == (0..3_000).map(|x| x * 2).collect() {
            break;
        }
        assert!(begin.elapsed() < PATIENCE, "{} of 3,000 came", out.len());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Registers schemas as a registry does: a number for each text.
async fn registry() -> (String, Arc<Mutex<Vec<(String, String)>>>) {
    let schemas: Arc<Mutex<Vec<(String, String)>>> = Arc::default();
    let (asked, told) = (Arc::clone(&schemas), Arc::clone(&schemas));
    let register = move |Path(subject): Path<String>, body: String| async move {
        let body: Value = serde_json::from_str(&body).unwrap();
        let entry = (subject, body["schema"].as_str().unwrap().to_owned());
        let mut all = asked.lock().unwrap();
        let at = all.iter().position(|e| *e == entry).unwrap_or_else(|| {
            all.push(entry);
            all.len() - 1
        });
        json!({ "id": at + 1 }).to_string()
    };
    let tell = move |Path(id): Path<usize>| async move {
        match told.lock().unwrap().get(id - 1) {
            Some((_, schema)) => (StatusCode::OK, json!({ "schema": schema }).to_string()),
            None => (StatusCode::NOT_FOUND, json!({ "error_code": 40403, "message": "not found" }).to_string()),
        }
    };
    let app = Router::new().route("/subjects/{subject}/versions", post(register)).route("/schemas/ids/{id}", get(tell));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    (url, schemas)
}

#[tokio::test(flavor = "multi_thread")]
async fn avro_goes_out_and_comes_in_by_a_registry() {
    let mock = MockCluster::new(1).unwrap();
    mock.create_topic("people", 1, 1).unwrap();
    let (url, schemas) = registry().await;
    let brokers = mock.bootstrap_servers();
    let output = json!([{ "name": "out", "index": "by_id", "transport": { "name": "kafka_output",
            "config": { "topic": "people", "bootstrap.servers": brokers } },
        "format": { "name": "avro", "config": { "update_format": "raw", "registry_urls": [url] } } }]);
    let input = json!([{ "name": "in", "transport": { "name": "kafka_input",
            "config": { "topic": "people", "bootstrap.servers": brokers } },
        "format": { "name": "avro", "config": { "update_format": "raw", "registry_urls": [url] } } }]);
    let columns = "id BIGINT, name VARCHAR, born DATE, size DECIMAL(5, 2), tags VARCHAR ARRAY";
    let program = format!(
        "CREATE TABLE src ({columns});
         CREATE VIEW people WITH ('connectors' = '{output}') AS SELECT * FROM src;
         CREATE INDEX by_id ON people(id);
         CREATE TABLE back ({columns}, schema_id INT DEFAULT CAST(CONNECTOR_METADATA()['avro_schema_id'] AS INT))
             WITH ('materialized' = 'true', 'connectors' = '{input}');"
    );
    let dir = tempfile::tempdir().unwrap();
    let server = server(&dir);
    run(&server, "avro", &program).await;
    let rows = r#"{"id": 1, "name": "Ada", "born": "1815-12-10", "size": 1.65, "tags": ["a", null]}
        {"id": 2, "name": null, "born": null, "size": null, "tags": null}"#;
    let (status, said) = server.ingress("avro", "src", "format=json&update_format=raw", rows).await;
    assert_eq!(status, 200, "{said}");
    until_rows(
        &server,
        "avro",
        "SELECT id, name, born, size, tags, schema_id > 0 AS told FROM back ORDER BY id",
        &[
            json!({ "id": 1, "name": "Ada", "born": "1815-12-10", "size": 1.65, "tags": ["a", null], "told": true }),
            json!({ "id": 2, "name": null, "born": null, "size": null, "tags": null, "told": true }),
        ],
    )
    .await;
    let subjects: BTreeSet<String> = schemas.lock().unwrap().iter().map(|(subject, _)| subject.clone()).collect();
    assert_eq!(subjects, ["people-key", "people-value"].map(str::to_owned).into());
    // A message of a number that nobody has is an error of that record; what comes after it is read.
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", mock.bootstrap_servers());
    let producer: ThreadedProducer<DefaultProducerContext> = config.create().unwrap();
    producer.send(BaseRecord::<(), [u8]>::to("people").payload(&[0, 0, 0, 0, 99, 2])).map_err(|(e, _)| e).unwrap();
    producer.flush(PATIENCE).unwrap();
    let (status, _) = server.ingress("avro", "src", "format=json&update_format=raw", r#"{"id": 3}"#).await;
    assert_eq!(status, 200);
    until_rows(&server, "avro", "SELECT COUNT(*) AS n FROM back", &[json!({ "n": 3 })]).await;
    let input = connector(&server, "avro", "inputs", "back.in").await;
    assert_eq!(input["metrics"]["num_parse_errors"], 1, "{input}");
    assert_eq!(input["fatal_error"], Value::Null, "{input}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_reached_is_told() {
    let input = json!([{ "name": "k", "transport": { "name": "kafka_input", "config": {
        "topic": "t", "bootstrap.servers": "127.0.0.1:9", "group_join_timeout_secs": 1 } }, "format": { "name": "json" } }]);
    let program = format!("CREATE TABLE t (x INT) WITH ('connectors' = '{input}');");
    let dir = tempfile::tempdir().unwrap();
    // Granted: it is tried again and again. Not granted: that is said, and not tried.
    {
        let server = server(&dir);
        run(&server, "away", &program).await;
        let begin = Instant::now();
        while connector(&server, "away", "inputs", "t.k").await["metrics"]["num_transport_errors"].as_u64() < Some(2) {
            assert!(begin.elapsed() < PATIENCE);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(connector(&server, "away", "inputs", "t.k").await["fatal_error"], Value::Null);
    }
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    run(&server, "closed", &program).await;
    let begin = Instant::now();
    loop {
        let found = connector(&server, "closed", "inputs", "t.k").await;
        if found["fatal_error"].as_str().is_some_and(|e| e.contains("--connect-private")) {
            break;
        }
        assert!(begin.elapsed() < PATIENCE, "{found}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // Options are checked with the program.
    let program = program.replace("group_join_timeout_secs", "plugin.library.paths");
    let body = json!({ "name": "evil", "program_code": program, "program_config": { "profile": "dev" } });
    server.call(reqwest::Method::POST, "/v0/pipelines", Some(body)).await;
    let wrong = server.until("evil", "program_status", |s| s["SqlError"].is_array()).await;
    assert!(wrong["program_status"].to_string().contains("not a program's to set"), "{wrong}");
}
