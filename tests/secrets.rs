//! What connectors keep secret, and registries of schemas, through the real binary: secrets arrive where they are needed and are told nowhere; what is not granted
//! or not there keeps a pipeline from starting, and says who can change that.
#![allow(clippy::unwrap_used, reason = "a test that unwraps says where it failed")]

mod support;

use axum::Router;
use axum::extract::{Path as Of, Query, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use support::{PATIENCE, Server};

/// Values that nothing but a peer may see.
const VARIABLE: &str = "hush-Ü#variable";
const SECRET: &str = "hush-file/part";

async fn web(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

fn granted(dir: &Path) -> Server {
    let secrets = dir.join("secrets");
    std::fs::create_dir_all(secrets.join("web")).unwrap();
    std::fs::write(secrets.join("web/part"), format!("{SECRET}\n")).unwrap();
    let (secrets, files) = (secrets.display().to_string(), dir.display().to_string());
    let arguments = [
        "--connect-private",
        "--connect-dir",
        &files,
        "--connect-secrets",
        &secrets,
        "--connect-env",
        "WEIR_TEST_KEY,WEIR_TEST_GONE",
        "--connect-env",
        "WEIR_TEST_QUOTE",
    ];
    let environment =
        [("WEIR_TEST_KEY", VARIABLE), ("WEIR_TEST_QUOTE", "hush-quote"), ("WEIR_TEST_OTHER", "hush-other")];
    Server::start_in(&dir.join("data"), &arguments, &environment)
}

async fn start(server: &Server, name: &str, program: &str) {
    let body = json!({ "name": name, "program_code": program, "program_config": { "profile": "dev" }, "runtime_config": { "workers": 2 } });
    let (status, made) = server.call(reqwest::Method::POST, "/v0/pipelines", Some(body)).await;
    assert_eq!(status, 201, "{made}");
    server.action(name, "start").await;
}

async fn run(server: &Server, name: &str, program: &str) {
    start(server, name, program).await;
    server.until_status(name, "Running").await;
}

async fn until(server: &Server, name: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let begin = Instant::now();
    loop {
        let (status, stats) = server.get(&format!("/v0/pipelines/{name}/stats")).await;
        assert_eq!(status, 200, "{stats}");
        if is_so(&stats) {
            return stats;
        }
        assert!(begin.elapsed() < PATIENCE, "it never is so: {stats:#}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The lines of a pipeline's log until one has a text.
async fn log(server: &Server, name: &str, until: &str) -> String {
    use futures_util::StreamExt;
    let answer = server.send(reqwest::Method::GET, &format!("/v0/pipelines/{name}/logs"), None).await;
    let (mut bytes, mut log) = (answer.bytes_stream(), String::new());
    let read = async {
        while !log.contains(until) {
            log.push_str(&String::from_utf8_lossy(&bytes.next().await.unwrap().unwrap()));
        }
    };
    assert!(tokio::time::timeout(PATIENCE, read).await.is_ok(), "no '{until}'");
    log
}

async fn rows(server: &Server, name: &str, sql: &str) -> Vec<Value> {
    let path = format!("/v0/pipelines/{name}/query?format=json&sql={}", sql.replace(' ', "%20"));
    let text = server.send(reqwest::Method::GET, &path, None).await.text().await.unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A table with one connector.
fn table(connector: &Value) -> String {
    let text = json!([connector]).to_string().replace('\'', "''");
    format!("CREATE TABLE t(id BIGINT, name VARCHAR) WITH ('materialized' = 'true', 'connectors' = '{text}');")
}

/// All folders' files that hold one of the values.
fn files_with(dir: &Path, values: &[&str], found: &mut Vec<String>) {
    for entry in std::fs::read_dir(dir).unwrap().flatten() {
        let (path, kind) = (entry.path(), entry.file_type().unwrap());
        if kind.is_dir() {
            files_with(&path, values, found);
        } else if kind.is_file() {
            let bytes = std::fs::read(&path).unwrap_or_default();
            let holds = |v: &&str| bytes.windows(v.len()).any(|w| w == v.as_bytes());
            found.extend(values.iter().any(holds).then(|| path.display().to_string()));
        }
    }
}

#[tokio::test]
async fn values_reach_the_peer_and_nobody_else() {
    let dir = tempfile::tempdir().unwrap();
    let server = granted(dir.path());
    let rows_of = async |Of((a, b)): Of<(String, String)>, Query(query): Query<HashMap<String, String>>| {
        let right = format!("{a}/{b}") == SECRET && query.get("key").map(String::as_str) == Some(VARIABLE);
        if right { "1!a!\n2!b!\n".into_response() } else { StatusCode::FORBIDDEN.into_response() }
    };
    // An address that fails says what it was asked for, in the ways of its libraries.
    let address = web(Router::new().route("/{a}/{b}", get(rows_of))).await;
    let config = |path: &str| {
        json!({ "name": "c",
            "transport": { "name": "url_input", "config": { "path": path } },
            "format": { "name": "csv", "config": { "delimiter": "!", "quote": "~" } } })
    };
    // '#' would end a query, so the URL as a whole is as the program's author wrote it: the value is escaped there by nobody.
    let escaped = address.clone() + "/${secret:kubernetes:web/part}?key=hush-%C3%9C%23variable";
    run(&server, "right", &table(&config(&escaped))).await;
    let stats = until(&server, "right", |s| s["global_metrics"]["pipeline_complete"] == true).await;
    assert_eq!(stats["global_metrics"]["total_processed_records"], 2, "{stats:#}");
    let (_, pipeline) = server.get("/v0/pipelines/right").await;
    for told in [&stats, &pipeline] {
        let told = told.to_string();
        assert!(told.contains("${secret:kubernetes:web/part}") && !told.contains(SECRET), "{told}");
    }
    // Refused, and nobody there.
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let wrong = address + "/a/b?x=${env:WEIR_TEST_KEY}";
    let away = format!("http://{gone}/${{secret:kubernetes:web/part}}?x=${{env:WEIR_TEST_KEY}}");
    for (name, path, until_told) in [("wrong", wrong, "gives up"), ("away", away, "tries again")] {
        run(&server, name, &table(&config(&path))).await;
        let log = log(&server, name, until_told).await;
        let stats = until(&server, name, |s| s["inputs"][0]["metrics"]["num_transport_errors"] != 0).await;
        for told in [log, stats.to_string()] {
            assert!(told.contains("${env:WEIR_TEST_KEY}") && !told.contains("hush"), "{told}");
            assert!(!told.contains("variable"), "{told}");
        }
    }
    // Not in the catalog, not in what was compiled.
    let mut found = Vec::new();
    files_with(&dir.path().join("data"), &[SECRET, VARIABLE], &mut found);
    assert!(found.is_empty(), "{found:?}");
}

#[tokio::test]
async fn what_is_missing_or_wrong_is_said_by_its_reference() {
    let dir = tempfile::tempdir().unwrap();
    let server = granted(dir.path());
    let file = |path: &str, quote: &str| {
        json!({ "name": "c", "transport": { "name": "file_input", "config": { "path": path } },
            "format": { "name": "csv", "config": { "quote": quote } } })
    };
    for (name, path, quote, expected) in [
        ("other", "${env:WEIR_TEST_OTHER}", "'", &["${env:WEIR_TEST_OTHER}", "--connect-env WEIR_TEST_OTHER"][..]),
        ("gone", "${env:WEIR_TEST_GONE}", "'", &["${env:WEIR_TEST_GONE}", "no such variable"]),
        ("file", "${secret:kubernetes:web/other}", "'", &["${secret:kubernetes:web/other}", "no file 'web/other'"]),
        // The value is not one that its key may have: which one it is stays unsaid.
        (
            "quote",
            "a",
            "${env:WEIR_TEST_QUOTE}",
            &["'quote' of the configuration of its format", "${env:WEIR_TEST_QUOTE}"],
        ),
    ] {
        start(&server, name, &table(&file(path, quote))).await;
        let pipeline = server.until_status(name, "Failed").await;
        let error = pipeline["deployment_error"].to_string();
        assert!(error.contains("connector 't.c'") && expected.iter().all(|e| error.contains(e)), "{error}");
        assert!(!pipeline.to_string().contains("hush"), "{pipeline}");
    }
    // None of it is looked up to compile a program, and what is no reference is an error of the program.
    let program = table(&file("${secret:vault:a/b}", "'"));
    server.create("none", &program).await;
    let pipeline = server.until("none", "program_status", |s| s["SqlError"].is_array()).await;
    let error = &pipeline["program_status"]["SqlError"][0];
    assert!(
        error["message"].as_str().unwrap().contains("'${secret:vault:a/b}' is no reference to a secret"),
        "{error}"
    );
    let column = program.find("${secret").unwrap() + 1;
    assert_eq!((&error["start_line_number"], &error["start_column"]), (&json!(1), &json!(column)), "{error}");
    // What is written into a program is not shown beside figures.
    let bucket = json!({ "bucket_name": "b", "key": "k", "aws_access_key_id": "who", "aws_secret_access_key": "knows-it",
        "endpoint_url": "http://127.0.0.1:9" });
    let written = json!({ "name": "c", "paused": true, "transport": { "name": "s3_input", "config": bucket },
        "format": { "name": "csv" } });
    run(&server, "written", &table(&written)).await;
    let stats = until(&server, "written", |s| s["inputs"][0].is_object()).await;
    assert_eq!(stats["inputs"][0]["config"]["transport"]["config"]["aws_secret_access_key"], "***");
    assert!(stats.to_string().contains("who") && !stats.to_string().contains("knows-it"), "{stats}");
}

/// What a registry was asked to do, and whether it is away.
#[derive(Clone, Default)]
struct Registry {
    schemas: Arc<Mutex<Vec<(String, String)>>>,
    refused: Arc<AtomicUsize>,
}

impl Registry {
    /// A registry that knows who may ask, and is away for the first requests.
    async fn serve(&self, away: usize) -> String {
        self.refused.store(away, Relaxed);
        let (read, write) = (self.clone(), self.clone());
        let schema = async move |Of(id): Of<usize>| {
            let schemas = read.schemas.lock().unwrap();
            match schemas.get(id.wrapping_sub(1)) {
                Some((_, schema)) => json!({ "schema": schema }).to_string().into_response(),
                None => (StatusCode::NOT_FOUND, r#"{"error_code": 40403, "message": "no"}"#).into_response(),
            }
        };
        let register = async move |Of(subject): Of<String>, body: String| {
            let schema = serde_json::from_str::<Value>(&body).unwrap()["schema"].as_str().unwrap().to_owned();
            let mut schemas = write.schemas.lock().unwrap();
            schemas.push((subject, schema));
            json!({ "id": schemas.len() }).to_string()
        };
        let refused = Arc::clone(&self.refused);
        let guard = axum::middleware::from_fn(move |request: Request, next: axum::middleware::Next| {
            let is_known = request.headers().get("authorization").is_some_and(|h| h == "Bearer hush-file/part");
            let is_away = refused.fetch_update(Relaxed, Relaxed, |n| n.checked_sub(1)).is_ok();
            async move {
                match (is_away, is_known) {
                    (true, _) => StatusCode::BAD_GATEWAY.into_response(),
                    (_, false) => StatusCode::UNAUTHORIZED.into_response(),
                    _ => next.run(request).await,
                }
            }
        });
        let router = Router::new().route("/schemas/ids/{id}", get(schema));
        web(router.route("/subjects/{subject}/versions", post(register)).layer(guard)).await
    }
}

#[tokio::test]
async fn schemas_come_from_a_registry_and_go_there() {
    let dir = tempfile::tempdir().unwrap();
    let server = granted(dir.path());
    let registry = Registry::default();
    let schema = json!({ "type": "record", "name": "r", "fields": [
        { "name": "id", "type": "long" }, { "name": "name", "type": ["null", "string"] }] });
    registry.schemas.lock().unwrap().push(("t-value".into(), schema.to_string()));
    // More refusals than the clients of both inputs live with by themselves.
    let url = registry.serve(8).await;
    // A message for each path: of schema 1, of one that nobody knows.
    let message =
        async |Of(id): Of<u8>| Response::new(axum::body::Body::from([&[0, 0, 0, 0, id, 14, 2, 2][..], b"x"].concat()));
    let messages = web(Router::new().route("/{id}", get(message))).await;
    let avro = |url: &str, more: Value| {
        let mut config =
            json!({ "registry_urls": url, "registry_authorization_token": "${secret:kubernetes:web/part}" });
        config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "name": "avro", "config": config })
    };
    let input = |url: &str, id: u8| {
        json!({ "name": format!("c{id}"), "transport": { "name": "url_input", "config": { "path": format!("{messages}/{id}") } },
            "format": avro(url, json!({})) })
    };
    let program = |url: &str| {
        let inputs = json!([input(url, 1), input(url, 9)]);
        let outputs = json!([{ "name": "o", "transport": { "name": "null_output" }, "index": "by_id", "format": avro(url, json!({ "namespace": "a.b" })) }]);
        format!(
            "CREATE TABLE t(id BIGINT NOT NULL, name VARCHAR) WITH ('materialized' = 'true', 'connectors' = '{inputs}');
            CREATE VIEW v WITH ('connectors' = '{outputs}') AS SELECT id, COUNT(*) AS n FROM t GROUP BY id;
            CREATE INDEX by_id ON v(id);"
        )
    };
    run(&server, "avro", &program(&url)).await;
    let stats = until(&server, "avro", |s| s["global_metrics"]["pipeline_complete"] == true).await;
    assert_eq!(rows(&server, "avro", "SELECT * FROM t").await, [json!({ "id": 7, "name": "x" })]);
    let errors = |of: &str| {
        let found = stats["inputs"].as_array().unwrap().iter().find(|i| i["endpoint_name"] == of).unwrap();
        (found["metrics"]["num_parse_errors"].as_u64().unwrap(), found["metrics"]["num_transport_errors"].as_u64())
    };
    assert_eq!((errors("t.c1").0, errors("t.c9").0), (0, 1), "{stats:#}");
    assert!(errors("t.c1").1 > Some(0) || errors("t.c9").1 > Some(0), "{stats:#}");
    log(&server, "avro", "its schema 9 is not known to the registry").await;
    assert_eq!(stats["outputs"][0]["metrics"]["transmitted_records"], 1, "{stats:#}");
    let registered = registry.schemas.lock().unwrap()[1..].to_vec();
    let subjects: Vec<&str> = registered.iter().map(|(subject, _)| subject.as_str()).collect();
    assert_eq!(subjects, ["v-key", "v-value"]);
    assert!(registered[1].1.contains(r#""namespace":"a.b""#), "{registered:?}");
    assert!(!stats.to_string().contains("hush"), "{stats:#}");
    // One that refuses ends its connectors, not the pipeline.
    let refusing = web(Router::new().fallback(async || StatusCode::FORBIDDEN)).await;
    run(&server, "refused", &program(&refusing)).await;
    let stats = until(&server, "refused", |s| s["inputs"][0]["fatal_error"].is_string()).await;
    let error = stats["inputs"][0]["fatal_error"].as_str().unwrap();
    assert!(error.contains("403") && error.contains("schema registry") && !error.contains("hush"), "{error}");
    // What comes otherwise has its output's error.
    server.ingress("refused", "t", "format=csv", "5,x\n").await;
    let stats = until(&server, "refused", |s| s["outputs"][0]["fatal_error"].is_string()).await;
    assert!(stats["outputs"][0]["fatal_error"].as_str().unwrap().contains("403"), "{stats:#}");
}
