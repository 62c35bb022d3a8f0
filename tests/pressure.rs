//! Under pressure: a sink that takes nothing costs no memory and loses nothing, and who brings much does not keep others from bringing little.
#![allow(clippy::unwrap_used, reason = "a test that unwraps says where it failed")]

mod support;

use rdkafka::mocking::MockCluster;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use support::{PATIENCE, Server};

/// What a server may take up while a sink of it is stuck, beside what its bounded queues hold once they are full.
const GROWTH_BYTES_MAX: u64 = 48 << 20;

async fn run(server: &Server, name: &str, program: &str) {
    let body = json!({ "name": name, "program_code": program, "program_config": { "profile": "dev" },
        "runtime_config": { "workers": 2 } });
    let (status, made) = server.call(reqwest::Method::POST, "/v0/pipelines", Some(body)).await;
    assert_eq!(status, 201, "{made}");
    server.action(name, "start").await;
    server.until_status(name, "Running").await;
}

async fn stats(server: &Server, name: &str) -> Value {
    let (status, stats) = server.get(&format!("/v0/pipelines/{name}/stats")).await;
    assert_eq!(status, 200, "{stats}");
    stats
}

fn processed(stats: &Value) -> u64 {
    stats["global_metrics"]["total_processed_records"].as_u64().unwrap()
}

fn resident_bytes(server: &Server) -> u64 {
    let statm = std::fs::read_to_string(format!("/proc/{}/statm", server.pid())).unwrap();
    statm.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sink_that_takes_nothing_costs_no_memory() {
    let mock = MockCluster::new(1).unwrap();
    mock.create_topic("out", 1, 1).unwrap();
    let made = json!([{ "name": "gen", "transport": { "name": "datagen", "config": { "plan": [{
        "fields": { "s": { "strategy": "word" } } }] } } }]);
    let taken = json!([{ "name": "out", "transport": { "name": "kafka_output", "config": { "topic": "out",
            "bootstrap.servers": mock.bootstrap_servers(), "queue.buffering.max.kbytes": 1024, "message.timeout.ms": 600_000 } },
        "format": { "name": "json" }, "max_queued_records": 100_000 }]);
    let program = format!(
        "CREATE TABLE t (id BIGINT, s VARCHAR) WITH ('connectors' = '{made}');
         CREATE VIEW v WITH ('connectors' = '{taken}') AS SELECT id, s FROM t;"
    );
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start_with(dir.path(), &["--connect-private"]);
    run(&server, "stuck", &program).await;
    let begin = Instant::now();
    while processed(&stats(&server, "stuck").await) < 10_000 {
        assert!(begin.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    mock.broker_down(1).unwrap();
    // First the queues fill; then nothing moves.
    let begin = Instant::now();
    let mut before = processed(&stats(&server, "stuck").await);
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let now = processed(&stats(&server, "stuck").await);
        if now == before {
            break;
        }
        before = now;
        assert!(begin.elapsed() < PATIENCE, "it goes on, whoever takes it away: {now}");
    }
    let resident = resident_bytes(&server);
    for _ in 0..5 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let grown = resident_bytes(&server).saturating_sub(resident);
        assert!(grown < GROWTH_BYTES_MAX, "{} MiB more", grown >> 20);
    }
    assert_eq!(processed(&stats(&server, "stuck").await), before);
    // The server answers, and others are not kept waiting.
    run(&server, "other", "CREATE TABLE t (x INT); CREATE VIEW v AS SELECT x AS s FROM t;").await;
    let mut sums = server.egress("other", "v", "format=json").await;
    let (status, _) = server.ingress("other", "t", "format=json&update_format=raw", r#"{"x": 1}"#).await;
    assert_eq!(status, 200);
    assert_eq!(sums.data().await["json_data"][0]["insert"]["s"], 1);
    mock.broker_up(1).unwrap();
    let begin = Instant::now();
    while processed(&stats(&server, "stuck").await) <= before {
        assert!(begin.elapsed() < PATIENCE, "it does not go on");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let end = stats(&server, "stuck").await;
    assert_eq!(end["outputs"][0]["fatal_error"], Value::Null, "{end:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_brings_little_is_not_kept_waiting_by_who_brings_much() {
    // Three sources as fast as they can, and a few rows by request.
    let connectors: Vec<Value> = (0..3)
        .map(|i| {
            json!({ "name": format!("gen{i}"), "transport": { "name": "datagen", "config": { "seed": i, "plan": [{
            "fields": { "id": { "range": [i * 1_000_000_000_i64, (i + 1) * 1_000_000_000_i64] } } }] } } })
        })
        .collect();
    let program = format!(
        "CREATE TABLE much (id BIGINT, s VARCHAR) WITH ('connectors' = '{}');
         CREATE TABLE little (x INT);
         CREATE VIEW n AS SELECT COUNT(*) AS n FROM much;
         CREATE VIEW v AS SELECT x FROM little;",
        json!(connectors)
    );
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    run(&server, "fair", &program).await;
    let mut out = server.egress("fair", "v", "format=json").await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let mut slowest = Duration::ZERO;
    for x in 0..20 {
        let begin = Instant::now();
        let (status, said) =
            server.ingress("fair", "little", "format=json&update_format=raw", format!("{{\"x\": {x}}}")).await;
        assert_eq!(status, 200, "{said}");
        assert_eq!(out.data().await["json_data"][0]["insert"]["x"], x);
        slowest = slowest.max(begin.elapsed());
    }
    // A queue of 64 MiB before it would take minutes in this build.
    assert!(slowest < Duration::from_secs(20), "{slowest:?}");
    // And none of the three waits for the others.
    let stats = stats(&server, "fair").await;
    let totals: Vec<u64> = stats["inputs"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|i| i["endpoint_name"].as_str().unwrap().starts_with("much."))
        .map(|i| i["metrics"]["total_records"].as_u64().unwrap())
        .collect();
    let (least, most) = (*totals.iter().min().unwrap(), *totals.iter().max().unwrap());
    assert!(totals.len() == 3 && least * 3 > most, "{totals:?}; slowest answer {slowest:?}");
    println!("slowest answer {slowest:?}, rows of the three {totals:?}");
}
