//! Connectors of programs, through the real binary: what is wrong with them is said where it stands; files and URLs come in, files go out; labels, pauses,
//! failures, output buffers.
#![allow(clippy::unwrap_used, reason = "a test that unwraps says where it failed")]

mod support;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::StreamExt;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};
use support::{PATIENCE, Server};

async fn stats(server: &Server, name: &str) -> Value {
    let (status, stats) = server.get(&format!("/v0/pipelines/{name}/stats")).await;
    assert_eq!(status, 200, "{stats}");
    stats
}

/// Waits until something is so of the statistics; returns them.
async fn until(server: &Server, name: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let begin = Instant::now();
    loop {
        let stats = stats(server, name).await;
        if is_so(&stats) {
            return stats;
        }
        assert!(begin.elapsed() < PATIENCE, "it never is so: {stats:#}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn until_complete(server: &Server, name: &str) -> Value {
    until(server, name, |s| s["global_metrics"]["pipeline_complete"] == true).await
}

/// Makes a pipeline of profile `dev`, and starts it.
async fn run(server: &Server, name: &str, program: &str, runtime: Value) {
    let mut runtime = runtime;
    runtime["workers"] = json!(2);
    let body = json!({ "name": name, "program_code": program, "program_config": { "profile": "dev" }, "runtime_config": runtime });
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

fn input<'s>(stats: &'s Value, name: &str) -> &'s Value {
    stats["inputs"].as_array().unwrap().iter().find(|i| i["endpoint_name"] == name).unwrap()
}

fn output<'s>(stats: &'s Value, name: &str) -> &'s Value {
    stats["outputs"].as_array().unwrap().iter().find(|o| o["endpoint_name"] == name).unwrap()
}

fn granted(dir: &Path) -> Server {
    Server::start_with(&dir.join("data"), &["--connect-dir", dir.to_str().unwrap(), "--connect-private"])
}

/// A web server on a free port; returns its address.
async fn web(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

#[tokio::test]
async fn what_is_wrong_is_said_where_it_stands() {
    let dir = tempfile::tempdir().unwrap();
    let server = granted(dir.path());
    let program = r#"CREATE TABLE t(a INT) WITH ('connectors' = '[
  {"name": "x''y", "transport": {"name": "empty_input"}}
]');
CREATE TABLE u(a INT) WITH ('connectors' = '[{"transport": {"name": "kafak"}, "format": {"name": "json"}},
  {"transport": {"name": "file_input", "config": {"path": "a", "tail": true}}, "format": {"name": "csv"}},
  {"transport": {"name": "file_output", "config": {"path": "a"}}, "format": {"name": "csv"}},
  {"name": "n", "transport": {"name": "empty_input"}, "start_after": "never"}]');
CREATE TABLE w(a INT) WITH ('connectors' = '[{"transport": {"name": "empty_input"}, "paused": "yes"},
  {"transport": {"name": "file_input", "config": {"path": "a"}}}, {"transport": {"name": "empty_input"}, "max_batch": 5}]');
CREATE VIEW v WITH ('connectors' = '[{"transport": {"name": "null_output"}, "index": "no_index"}]') AS SELECT * FROM t;
CREATE VIEW x WITH ('connectors' = '[') AS SELECT * FROM t;"#;
    server.create("wrong", program).await;
    let pipeline = server.until("wrong", "program_status", |s| s["SqlError"].is_array()).await;
    let messages = pipeline["program_status"]["SqlError"].as_array().unwrap();
    let places: Vec<_> = messages
        .iter()
        .map(|m| {
            assert_eq!((&m["error_type"], &m["snippet"]), (&json!("ConnectorGenerationError"), &Value::Null), "{m}");
            let at = |key: &str| m[key].as_u64().unwrap();
            let text: String = program
                .lines()
                .nth(at("start_line_number") as usize - 1)
                .unwrap()
                .chars()
                .skip(at("start_column") as usize - 1)
                .take((at("end_column") + 1 - at("start_column")) as usize)
                .collect();
            (text, m["message"].as_str().unwrap().lines().next().unwrap().to_owned())
        })
        .collect();
    let expect = |text: &str, message: &str| {
        let found = places.iter().any(|(t, m)| t == text && m.contains(message));
        assert!(found, "no error at {text} that says {message}: {places:#?}");
    };
    expect(r#""x''y""#, "no connector's name");
    expect(r#""kafak""#, "there is no transport 'kafak'");
    expect(r#"""#, "unknown field `tail`");
    expect(r#""file_output""#, "for output");
    expect(r#""yes""#, "'paused'");
    expect("5", "a connector has no 'max_batch'");
    expect(r#"{"name": "file_input", "config": {"path": "a"}}"#, "needs a 'format'");
    expect(r#""no_index""#, "no index 'no_index'");
    assert!(places.iter().any(|(_, m)| m.contains("not a JSON array")), "{places:#?}");
    // What depends on others is looked at when each is right by itself.
    let waits = r#"CREATE TABLE t(a INT) WITH ('connectors' = '[{"name": "a", "transport": {"name": "empty_input"}, "start_after": "x"},
      {"name": "b", "transport": {"name": "empty_input"}, "start_after": "y", "labels": ["z"]},
      {"name": "c", "transport": {"name": "empty_input"}, "start_after": ["z"], "labels": ["y"]}]');"#;
    server.create("waits", waits).await;
    let pipeline = server.until("waits", "program_status", |s| s["SqlError"].is_array()).await;
    let said = pipeline["program_status"]["SqlError"].to_string();
    assert!(
        said.contains("starts after 'x', and no connector has that label") && said.contains("wait for itself"),
        "{said}"
    );
}

#[tokio::test]
async fn files_come_in_and_go_out() {
    let dir = tempfile::tempdir().unwrap();
    let server = granted(dir.path());
    let path = |name: &str| dir.path().join(name).display().to_string();
    let lines: String = (0..50_000).map(|i| format!("{i},name {}\n", i % 100)).collect();
    std::fs::write(path("in.csv"), format!("{lines}not a number,x\n50000,last")).unwrap();
    std::fs::write(
        path("in.json"),
        "{\"insert\": {\"a\": -1, \"b\": \"j\"}} {\"insert\": {\"a\": -2, \"b\": \"j\"}}\n",
    )
    .unwrap();
    std::fs::write(path("out.json"), "what was there before").unwrap();
    let program = format!(
        r#"CREATE TABLE t(a INT, b VARCHAR) WITH ('materialized' = 'true', 'connectors' = '[
            {{"name": "c", "transport": {{"name": "file_input", "config": {{"path": "{}"}}}}, "format": {{"name": "csv"}}}},
            {{"transport": {{"name": "file_input", "config": {{"path": "in.json", "buffer_size_bytes": 7}}}}, "format": {{"name": "json"}}}}]');
        CREATE VIEW v WITH ('connectors' = '[
            {{"name": "o", "transport": {{"name": "file_output", "config": {{"path": "{}"}}}}, "format": {{"name": "json"}}}},
            {{"name": "csv", "transport": {{"name": "file_output", "config": {{"path": "out.csv"}}}}, "format": {{"name": "csv"}}}},
            {{"name": "none", "transport": {{"name": "null_output"}}}}]')
        AS SELECT b, COUNT(*) AS n FROM t GROUP BY b;"#,
        path("in.csv"),
        path("out.json")
    );
    run(&server, "files", &program, json!({})).await;
    let stats = until_complete(&server, "files").await;
    let c = input(&stats, "t.c");
    assert_eq!((&c["metrics"]["total_records"], &c["metrics"]["num_parse_errors"]), (&json!(50_001), &json!(1)));
    assert_eq!((&c["metrics"]["end_of_input"], &c["fatal_error"]), (&json!(true), &Value::Null));
    assert_eq!(stats["global_metrics"]["total_processed_records"], 50_003);
    assert_eq!(stats["inputs"].as_array().unwrap().len(), 2);
    assert!(stats["pipeline_config"]["inputs"]["t.c"]["transport"]["name"] == "file_input");
    assert_eq!(rows(&server, "files", "SELECT COUNT(*) AS n, SUM(a) AS s FROM t").await[0]["n"], 50_003);
    // The sums of what went out are the view.
    let mut sums = std::collections::BTreeMap::<String, i64>::new();
    for line in std::fs::read_to_string(path("out.json")).unwrap().lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        let (row, weight) = if event["insert"].is_object() { (&event["insert"], 1) } else { (&event["delete"], -1) };
        *sums.entry(row.to_string()).or_default() += weight;
    }
    sums.retain(|_, weight| *weight != 0);
    assert_eq!(sums.len(), 102, "{sums:?}");
    assert_eq!(sums[&json!({ "b": "name 7", "n": 500 }).to_string()], 1);
    let csv = std::fs::read_to_string(path("out.csv")).unwrap();
    assert!(csv.lines().any(|l| l == "j,2,1") && csv.lines().any(|l| l == "last,1,1"), "{csv}");
    let sent = output(&stats, "v.o");
    assert_eq!(sent["metrics"]["queued_records"], 0);
    assert_eq!(sent["metrics"]["transmitted_bytes"], std::fs::metadata(path("out.json")).unwrap().len());
    // Information about the program tells of them, too.
    let (_, pipeline) = server.get("/v0/pipelines/files").await;
    let config = &pipeline["program_info"]["input_connectors"]["t.c"];
    assert_eq!(
        (&config["stream"], &config["max_queued_records"], &config["paused"]),
        (&json!("t"), &json!(1_000_000), &json!(false))
    );
    assert_eq!(pipeline["program_info"]["output_connectors"].as_object().unwrap().len(), 3);
}

#[tokio::test]
async fn a_file_is_followed_and_a_connector_pauses() {
    let dir = tempfile::tempdir().unwrap();
    let server = granted(dir.path());
    let path = dir.path().join("log.json");
    std::fs::write(&path, "{\"a\": 1}\n{\"a\":").unwrap();
    let program = r#"CREATE TABLE t(a INT) WITH ('materialized' = 'true', 'connectors' = '[{"name": "log", "transport": {"name": "file_input",
        "config": {"path": "log.json", "follow": true}}, "format": {"name": "json", "config": {"update_format": "raw"}}}]');"#;
    run(&server, "follow", program, json!({})).await;
    let records = |n: i64| move |s: &Value| input(s, "t.log")["metrics"]["total_records"] == n;
    until(&server, "follow", records(1)).await;
    let append = |text: &str| {
        use std::io::Write;
        std::fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(text.as_bytes()).unwrap();
    };
    append(" 2}\n");
    until(&server, "follow", records(2)).await;
    let act = async |action: &str| {
        let path = format!("/v0/pipelines/follow/tables/t/connectors/log/{action}");
        assert_eq!(server.send(reqwest::Method::POST, &path, None).await.status(), 200);
    };
    act("pause").await;
    append("{\"a\": 3}\n");
    tokio::time::sleep(Duration::from_millis(300)).await;
    let paused = stats(&server, "follow").await;
    assert_eq!(
        (&input(&paused, "t.log")["paused"], &input(&paused, "t.log")["metrics"]["total_records"]),
        (&json!(true), &json!(2))
    );
    assert_eq!(paused["global_metrics"]["pipeline_complete"], false);
    act("start").await;
    until(&server, "follow", records(3)).await;
    // A file that became shorter has been begun anew.
    std::fs::write(&path, "{\"a\": 4}\n").unwrap();
    until(&server, "follow", records(4)).await;
    // A pipeline that is paused takes nothing in.
    server.action("follow", "pause").await;
    server.until_status("follow", "Paused").await;
    append("{\"a\": 5}\n");
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(records(4)(&stats(&server, "follow").await));
    server.action("follow", "start").await;
    until(&server, "follow", records(5)).await;
}

#[tokio::test]
async fn urls_are_resumed_where_they_broke() {
    let dir = tempfile::tempdir().unwrap();
    let server = granted(dir.path());
    let text: Arc<String> = Arc::new((0..20_000).map(|i| format!("{{\"insert\": {{\"a\": {i}}}}}\n")).collect());
    let requests = Arc::new(AtomicUsize::new(0));
    // Each answer breaks off in the middle of a record, but for the last; one server knows ranges, the other does not.
    let serve = |ranges: bool| {
        let (text, requests) = (Arc::clone(&text), Arc::clone(&requests));
        move |headers: HeaderMap| {
            let (text, requests) = (Arc::clone(&text), Arc::clone(&requests));
            async move {
                let number = requests.fetch_add(1, Relaxed);
                if number % 3 == 1 {
                    return (StatusCode::SERVICE_UNAVAILABLE, "later").into_response();
                }
                let range = headers.get("range").map(|r| r.to_str().unwrap().to_owned());
                let from: usize = match range {
                    Some(range) if ranges => range.trim_start_matches("bytes=").trim_end_matches('-').parse().unwrap(),
                    _ => 0,
                };
                let rest = text.as_bytes()[from..].to_vec();
                let cut = if rest.len() > 200_000 { (from + 200_011).min(text.len()) - from } else { rest.len() };
                let broken = cut < rest.len();
                let piece = bytes::Bytes::from(rest).slice(..cut);
                // What was sent has to be on its way before the connection breaks.
                let end = futures_util::stream::once(async move {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    if broken { Err(std::io::Error::other("broken")) } else { Ok(bytes::Bytes::new()) }
                });
                let pieces = futures_util::stream::iter([Ok(piece)]).chain(end);
                let status = if from > 0 { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
                Response::builder().status(status).body(Body::from_stream(pieces)).unwrap()
            }
        }
    };
    let address = web(Router::new().route("/ranges", get(serve(true)))).await;
    let program = |path: &str| {
        format!(
            r#"CREATE TABLE t(a INT) WITH ('materialized' = 'true', 'connectors' = '[{{"name": "u", "transport": {{"name": "url_input",
            "config": {{"path": "{address}{path}"}}}}, "format": {{"name": "json"}}}}]');"#
        )
    };
    run(&server, "url", &program("/ranges"), json!({})).await;
    let stats = until_complete(&server, "url").await;
    let metrics = &input(&stats, "t.u")["metrics"];
    assert_eq!((&metrics["total_records"], &metrics["num_parse_errors"]), (&json!(20_000), &json!(0)), "{stats:#}");
    assert!(metrics["num_transport_errors"].as_u64().unwrap() >= 2, "{stats:#}");
    let sums = rows(&server, "url", "SELECT COUNT(DISTINCT a) AS n, COUNT(*) AS c FROM t").await;
    assert_eq!(sums, [json!({ "n": 20_000, "c": 20_000 })]);
    // What is not there will not be: the connector says so, and the pipeline is not complete.
    run(&server, "gone", &program("/nothing"), json!({})).await;
    let stats = until(&server, "gone", |s| input(s, "t.u")["fatal_error"].is_string()).await;
    assert!(input(&stats, "t.u")["fatal_error"].as_str().unwrap().contains("404"), "{stats:#}");
    assert_eq!(stats["global_metrics"]["pipeline_complete"], false);
}

#[tokio::test]
async fn what_is_not_granted_is_not_reached() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let address = web(Router::new().route("/", get(|| async { "1" }))).await;
    let redirecting = address.replace("127.0.0.1", "localhost");
    for (i, (transport, config)) in [
        ("file_input", json!({ "path": "/etc/passwd" })),
        ("url_input", json!({ "path": address })),
        ("url_input", json!({ "path": redirecting })),
    ]
    .into_iter()
    .enumerate()
    {
        let connectors =
            json!([{ "name": "c", "transport": { "name": transport, "config": config }, "format": { "name": "csv" } }]);
        let name = format!("p{i}");
        run(&server, &name, &format!("CREATE TABLE t(a INT) WITH ('connectors' = '{connectors}');"), json!({})).await;
        let stats = until(&server, &name, |s| input(s, "t.c")["fatal_error"].is_string()).await;
        let said = input(&stats, "t.c")["fatal_error"].as_str().unwrap();
        assert!(said.contains("may not reach") && said.contains("--connect-"), "{said}");
        assert_eq!(input(&stats, "t.c")["metrics"]["total_records"], 0);
    }
}

#[tokio::test]
async fn labels_order_connectors_and_output_is_gathered() {
    let dir = tempfile::tempdir().unwrap();
    let server = granted(dir.path());
    for (name, from) in [("one", 0), ("two", 1_000), ("three", 2_000)] {
        let lines: String = (from..from + 1_000).map(|i| format!("{i}\n")).collect();
        std::fs::write(dir.path().join(name), lines).unwrap();
    }
    let file = |name: &str, more: &str| {
        format!(
            r#"{{"name": "{name}", "transport": {{"name": "file_input", "config": {{"path": "{name}"}}}}, "format": {{"name": "csv"}}{more}}}"#
        )
    };
    let program = format!(
        r#"CREATE TABLE t(a INT) WITH ('materialized' = 'true', 'connectors' = '[{}, {}, {}]');
        CREATE VIEW v WITH ('connectors' = '[{{"name": "o", "transport": {{"name": "file_output", "config": {{"path": "out"}}}}, "format": {{"name": "csv"}},
            "enable_output_buffer": true, "max_output_buffer_time_millis": 1000}}]') AS SELECT COUNT(*) AS n FROM t;"#,
        file("three", r#", "start_after": ["second", "first"]"#),
        file("two", r#", "start_after": "first", "labels": ["second"], "max_batch_size": 100"#),
        file("one", r#", "labels": ["first"], "paused": true"#),
    );
    run(&server, "labels", &program, json!({})).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(stats(&server, "labels").await["global_metrics"]["total_input_records"], 0);
    let path = "/v0/pipelines/labels/tables/t/connectors/one/start";
    assert_eq!(server.send(reqwest::Method::POST, path, None).await.status(), 200);
    let stats = until_complete(&server, "labels").await;
    assert_eq!(stats["global_metrics"]["total_processed_records"], 3_000);
    // Steps in between are not seen: what they undo of each other is gone.
    let out = std::fs::read_to_string(dir.path().join("out")).unwrap();
    let lines: Vec<&str> = out.lines().collect();
    assert!(lines.len() <= 3 && lines.last() == Some(&"3000,1"), "{out}");
    assert_eq!(output(&stats, "v.o")["metrics"]["buffered_records"], 0);
}

#[tokio::test]
async fn rows_are_made_up() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let nexmark = |table: &str| {
        format!(
            r#"WITH ('connectors' = '[{{"name": "n", "transport": {{"name": "nexmark", "config": {{"table": "{table}", "events": 5000}}}}}}]')"#
        )
    };
    let tables = include_str!("../examples/nexmark/tables.sql");
    let tables = ["person", "auction", "bid"].iter().fold(tables.to_owned(), |sql, table| {
        let (before, after) = sql.split_once(&format!("CREATE TABLE {table} (")).unwrap();
        let (columns, rest) = after.split_once(");").unwrap();
        format!("{before}CREATE TABLE {table} ({columns}) {};{rest}", nexmark(table))
    });
    let program = format!(
        r#"{tables}
        CREATE TABLE made(id BIGINT NOT NULL PRIMARY KEY, who VARCHAR, d DECIMAL(8, 2), at TIMESTAMP, tags VARCHAR ARRAY, m MAP<VARCHAR, INT>, b VARBINARY, u UUID)
        WITH ('materialized' = 'true', 'connectors' = '[{{"name": "g", "transport": {{"name": "datagen", "config": {{"plan": [{{"limit": 3000, "fields": {{
            "id": {{"range": [0, 1000]}}, "who": {{"strategy": "name"}}, "d": {{"strategy": "uniform"}}, "tags": {{"range": [0, 3], "value": {{"strategy": "word"}}}}}}}}]}}}}}}]');
        CREATE TABLE ticks(at TIMESTAMP) WITH ('materialized' = 'true', 'connectors' = '[{{"name": "c", "transport": {{"name": "clock", "config": {{"clock_resolution_usecs": 20000}}}}}}]');
        CREATE MATERIALIZED VIEW sizes AS SELECT (SELECT COUNT(*) FROM person) AS p, (SELECT COUNT(*) FROM auction) AS a, (SELECT COUNT(*) FROM bid) AS b;
        CREATE MATERIALIZED VIEW orphans AS SELECT COUNT(*) AS n FROM auction WHERE seller NOT IN (SELECT id FROM person WHERE id IS NOT NULL);"#
    );
    run(&server, "made", &program, json!({})).await;
    let ended = |s: &Value| {
        ["person.n", "auction.n", "bid.n", "made.g"].iter().all(|n| input(s, n)["metrics"]["end_of_input"] == true)
    };
    let stats =
        until(&server, "made", |s| ended(s) && input(s, "ticks.c")["metrics"]["total_records"].as_u64() >= Some(3))
            .await;
    assert!(stats["inputs"].as_array().unwrap().iter().all(|i| i["metrics"]["num_parse_errors"] == 0), "{stats:#}");
    assert_eq!(input(&stats, "made.g")["metrics"]["total_records"], 3_000);
    assert_eq!(stats["global_metrics"]["pipeline_complete"], false, "a clock never ends");
    until(&server, "made", |s| s["global_metrics"]["buffered_input_records"] == 0).await;
    assert_eq!(rows(&server, "made", "SELECT * FROM sizes").await, [json!({ "p": 100, "a": 300, "b": 4_600 })]);
    assert_eq!(rows(&server, "made", "SELECT COUNT(*) AS n FROM made").await, [json!({ "n": 1_000 })]);
    assert_eq!(rows(&server, "made", "SELECT * FROM orphans").await, [json!({ "n": 0 })]);
}
