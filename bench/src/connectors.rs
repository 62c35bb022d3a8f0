//! Many rows by connectors, with the real server: made up, from files, through Kafka (librdkafka's mock of a cluster, in this process).
//!
//! Cost model: a connector's rows cost what their reading costs (see `ingress.rs`) and a step's share; nothing is sent over HTTP, and files are read in pieces of
//! 256 KiB. `datagen` makes JSON, which is read like any other, so that it costs its making on top. A message of Kafka's costs about a
//! microsecond beside its record: librdkafka hands out one event each. One connector reads on one thread at a time; the step runs beside it. Memory is what the queues
//! hold (64 MiB before a step) and what the program keeps, however many rows come.

use crate::measure::table;
use crate::server::{PATIENCE, Server};
use anyhow::Context;
use rdkafka::ClientConfig;
use rdkafka::error::KafkaError;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
use rdkafka::types::RDKafkaErrorCode;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

/// Messages of Kafka's: the mock keeps them in memory.
const MESSAGES: u64 = 500_000;
/// The longest that a part may take.
const LIMIT: Duration = Duration::from_secs(600);

pub(crate) fn run(rows: u64) -> anyhow::Result<()> {
    println!("\n# Connectors: {rows} rows each ({MESSAGES} by Kafka), COUNT and SUM of them kept up to date\n");
    let folder = std::env::temp_dir().join(format!("weir-bench-files-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let measured = measure(rows, &folder);
    std::fs::remove_dir_all(&folder)?;
    let lines = measured?;
    table(&["connector", "rows", "s", "rows/s", "MB/s", "CPU s per M rows", "peak memory, MiB"], &lines);
    Ok(())
}

fn measure(rows: u64, folder: &Path) -> anyhow::Result<Vec<Vec<String>>> {
    let csv = write(&folder.join("rows.csv"), rows, |i, to| writeln!(to, "{i},text {}", i % 1_000))?;
    let json =
        write(&folder.join("rows.json"), rows, |i, to| writeln!(to, "{{\"id\":{i},\"s\":\"text {}\"}}", i % 1_000))?;
    let file = |name: &str, format: Value| json!({ "name": "c", "transport": { "name": "file_input", "config": { "path": name } }, "format": format });
    let raw = json!({ "name": "json", "config": { "update_format": "raw" } });
    let fields = json!({ "s": { "values": ["some text", "another one", "a third"] } });
    let made = json!({ "name": "c", "transport": { "name": "datagen", "config": { "plan": [{ "limit": rows, "fields": fields }] } } });
    let mut lines = vec![
        one("datagen", folder, rows, None, &made)?,
        one("file_input, csv", folder, rows, Some(csv), &file("rows.csv", json!({ "name": "csv" })))?,
        one("file_input, json", folder, rows, Some(json), &file("rows.json", raw.clone()))?,
    ];
    let mock = MockCluster::new(1)?;
    mock.create_topic("rows", 4, 1)?;
    let bytes = produce(&mock.bootstrap_servers())?;
    let kafka = json!({ "name": "c", "transport": { "name": "kafka_input", "config": {
        "topic": "rows", "bootstrap.servers": mock.bootstrap_servers() } }, "format": raw });
    lines.push(one("kafka_input, json", folder, MESSAGES, Some(bytes), &kafka)?);
    Ok(lines)
}

/// Writes a file of rows; its bytes.
fn write(path: &Path, rows: u64, row: impl Fn(u64, &mut String) -> std::fmt::Result) -> anyhow::Result<u64> {
    let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
    let (mut text, mut bytes) = (String::new(), 0);
    for i in 0..rows {
        row(i, &mut text)?;
        if text.len() > 1 << 20 || i + 1 == rows {
            file.write_all(text.as_bytes())?;
            bytes += text.len() as u64;
            text.clear();
        }
    }
    file.flush()?;
    Ok(bytes)
}

/// Sends rows as messages; their bytes.
fn produce(brokers: &str) -> anyhow::Result<u64> {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers);
    let producer: ThreadedProducer<DefaultProducerContext> = config.create()?;
    let (mut text, mut bytes) = (String::new(), 0);
    for i in 0..MESSAGES {
        text.clear();
        write!(text, "{{\"id\":{i},\"s\":\"text {}\"}}", i % 1_000)?;
        bytes += text.len() as u64;
        let mut record: BaseRecord<'_, str, str> =
            BaseRecord::to("rows").payload(text.as_str()).partition((i % 4) as i32);
        while let Err((e, back)) = producer.send(record) {
            anyhow::ensure!(matches!(e, KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull)), "{e}");
            std::thread::sleep(Duration::from_millis(5));
            record = back;
        }
    }
    producer.flush(PATIENCE)?;
    Ok(bytes)
}

/// Runs a pipeline of one connector until it has all rows.
fn one(name: &str, folder: &Path, rows: u64, bytes: Option<u64>, connector: &Value) -> anyhow::Result<Vec<String>> {
    let grant = folder.to_str().context("a path that is no text")?;
    let server = Server::start_with(&["--connect-dir", grant, "--connect-private"])?;
    let program = format!(
        "CREATE TABLE t(id BIGINT, s VARCHAR) WITH ('connectors' = '[{connector}]');
         CREATE MATERIALIZED VIEW n AS SELECT COUNT(*) AS n, SUM(id) AS total FROM t;"
    );
    let (begin, cpu) = (Instant::now(), server.usage()?.cpu);
    server.begin("c", &program)?;
    loop {
        let stats: Value = serde_json::from_str(&server.ask("GET", "/v0/pipelines/c/stats", "")?)?;
        let error = &stats["inputs"][0]["fatal_error"];
        anyhow::ensure!(error.is_null(), "{name}: {error}");
        if stats["global_metrics"]["total_processed_records"].as_u64() >= Some(rows) {
            break;
        }
        anyhow::ensure!(begin.elapsed() < LIMIT, "{name}: {stats:#}");
        std::thread::sleep(Duration::from_millis(5));
    }
    let took = begin.elapsed().as_secs_f64();
    let cpu = (server.usage()?.cpu - cpu).as_secs_f64();
    let count = server.ask("GET", "/v0/pipelines/c/query?format=json&sql=SELECT%20n%20FROM%20n", "")?;
    anyhow::ensure!(count.contains(&format!("{{\"n\":{rows}}}")), "{name}: {count}");
    Ok(vec![
        name.into(),
        rows.to_string(),
        format!("{took:.2}"),
        format!("{:.0}", rows as f64 / took),
        bytes.map_or("-".into(), |b| format!("{:.1}", b as f64 / took / 1e6)),
        format!("{:.2}", cpu / rows as f64 * 1e6),
        format!("{:.0}", server.peak_bytes()? as f64 / f64::from(1 << 20)),
    ])
}
