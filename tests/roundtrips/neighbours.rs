//! Tenants side by side: one whose source is as fast as it can, one whose sink is stuck, and one that wants its rows.

use crate::support::{PATIENCE, Server, WEIR};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// Rows of the quiet tenant's file.
const ROWS: u64 = 20_000;
/// How long its rows may take, on a machine that is busy with others' besides.
const BOUND: Duration = Duration::from_secs(30);

struct Tenant<'a> {
    server: &'a Server,
    http: Client,
    key: String,
}

impl Tenant<'_> {
    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Response {
        let request = self.http.request(method, self.server.url(path)).bearer_auth(&self.key);
        let request = if let Some(body) = body { request.json(body) } else { request };
        request.send().await.unwrap()
    }

    async fn get(&self, path: &str) -> Value {
        self.send(Method::GET, path, None).await.json().await.unwrap()
    }

    /// Makes a pipeline and starts it.
    async fn run(&self, program: &str) {
        let body = json!({ "name": "p", "program_code": program, "program_config": { "profile": "dev" },
            "runtime_config": { "workers": 1 } });
        assert_eq!(self.send(Method::POST, "/v0/pipelines", Some(&body)).await.status(), 201);
        assert_eq!(self.send(Method::POST, "/v0/pipelines/p/start", None).await.status(), 202);
        let begin = Instant::now();
        loop {
            let pipeline = self.get("/v0/pipelines/p").await;
            if pipeline["deployment_status"] == "Running" {
                return;
            }
            assert!(!pipeline["program_status"].is_object() && begin.elapsed() < PATIENCE, "{pipeline:#}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn processed(&self) -> u64 {
        self.get("/v0/pipelines/p/stats").await["global_metrics"]["total_processed_records"].as_u64().unwrap()
    }

    async fn until_processed(&self, least: u64) {
        let begin = Instant::now();
        while self.processed().await < least {
            assert!(begin.elapsed() < PATIENCE, "{} processed", self.processed().await);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

fn key(data: &Path, name: &str) -> String {
    let made = Command::new(WEIR).args(["tenant", "create", name, "--json", "--data-dir"]).arg(data).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let made: Value = serde_json::from_slice(&made.stdout).unwrap();
    made["api_key"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenants_connectors_keep_no_other_from_its_rows() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let keys = ["fast", "stuck", "quiet"].map(|name| key(&data, name));
    let server = Server::start_with(&data, &["--auth", "api-key", "--connect-dir", dir.path().to_str().unwrap()]);
    let [fast, stuck, quiet] = keys.map(|key| Tenant { server: &server, http: Client::new(), key });
    let made = |more: &str| {
        format!(
            r#"CREATE TABLE t(n BIGINT, s VARCHAR) WITH ('connectors' = '[{{"transport": {{"name": "datagen", "config": {{"plan": [{{"fields": {{"s": {{"strategy": "sentence"}}}}}}]}}}}}}]');
            CREATE VIEW v {more} AS SELECT n, s FROM t;"#
        )
    };
    fast.run(&made(r#"WITH ('connectors' = '[{"transport": {"name": "null_output"}, "format": {"name": "json"}}]')"#))
        .await;
    stuck.run(&made("")).await;
    // Nobody reads what it sends.
    let held = stuck.send(Method::POST, "/v0/pipelines/p/egress/v?backpressure=true&format=json", None).await;
    assert_eq!(held.status(), 200);
    fast.until_processed(10_000).await;
    stuck.until_processed(1_000).await;

    let lines: String = (0..ROWS).map(|n| format!("{n},row\n")).collect();
    std::fs::write(dir.path().join("rows.csv"), lines).unwrap();
    let begin = Instant::now();
    quiet
        .run(
            r#"CREATE TABLE t(n BIGINT, s VARCHAR) WITH ('connectors' = '[{"name": "f", "transport": {"name": "file_input", "config": {"path": "rows.csv"}}, "format": {"name": "csv"}}]');
            CREATE MATERIALIZED VIEW v AS SELECT COUNT(*) AS c, SUM(n) AS s FROM t;"#,
        )
        .await;
    quiet.until_processed(ROWS).await;
    let took = begin.elapsed();
    assert!(took < BOUND, "{took:?}");
    println!("{ROWS} rows from compilation to result beside two others: {took:?}");
    let ask = "/v0/pipelines/p/query?format=json&sql=SELECT%20*%20FROM%20v";
    assert_eq!(quiet.get(ask).await, json!({ "c": ROWS, "s": ROWS * (ROWS - 1) / 2 }));
    // Single rows, too.
    let begin = Instant::now();
    for _ in 0..20 {
        let request = quiet.http.post(server.url("/v0/pipelines/p/ingress/t?format=json")).bearer_auth(&quiet.key);
        assert_eq!(request.body(r#"{"insert": {"n": 0}}"#).send().await.unwrap().status(), 200);
    }
    assert_eq!(quiet.get(ask).await["c"], ROWS + 20);
    assert!(begin.elapsed() < BOUND, "{:?}", begin.elapsed());
    println!("20 requests: {:?}", begin.elapsed());
    // The fast one has gone on meanwhile.
    let before = fast.processed().await;
    fast.until_processed(before + 1).await;
    drop(held);
}
