//! Round trips through the real binary: every transport with every format it goes with, rows of all types, bad ones among them, compared with what the test
//! knows; once more after a stop. Then a great text, a million rows, and tenants side by side.
#![allow(clippy::unwrap_used, reason = "a test that unwraps says where it failed")]

mod formats;
mod many;
mod neighbours;
mod rows;
#[path = "../support/mod.rs"]
mod support;
mod web;

use serde_json::{Value, json};
use std::time::{Duration, Instant};
use support::{PATIENCE, Server};

/// Makes a pipeline of profile `dev`, and starts it.
async fn run(server: &Server, name: &str, program: &str) {
    let body = json!({ "name": name, "program_code": program, "program_config": { "profile": "dev" },
        "runtime_config": { "workers": 2 } });
    let (status, made) = server.call(reqwest::Method::POST, "/v0/pipelines", Some(body)).await;
    assert_eq!(status, 201, "{made}");
    server
        .until(name, "program_status", |s| {
            assert!(!s.is_object(), "{s:#}");
            s == "Success"
        })
        .await;
    server.action(name, "start").await;
    server.until_status(name, "Running").await;
}

async fn stop(server: &Server, name: &str) {
    server.action(name, "shutdown").await;
    server.until_status(name, "Shutdown").await;
}

async fn stats(server: &Server, name: &str) -> Value {
    let (status, stats) = server.get(&format!("/v0/pipelines/{name}/stats")).await;
    assert_eq!(status, 200, "{stats}");
    stats
}

/// Waits until there is no difference any more.
async fn until_same(what: &str, mut difference: impl FnMut() -> Option<String>) {
    let begin = Instant::now();
    while let Some(difference) = difference() {
        assert!(begin.elapsed() < PATIENCE, "{what}: {difference}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
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
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn input<'s>(stats: &'s Value, name: &str) -> &'s Value {
    let found = stats["inputs"].as_array().unwrap().iter().find(|i| i["endpoint_name"] == name);
    found.unwrap_or_else(|| panic!("no input {name}: {stats:#}"))
}

async fn query(server: &Server, name: &str, sql: &str, format: &str) -> Vec<u8> {
    let path = reqwest::Url::parse_with_params("http://weir/", [("sql", sql), ("format", format)]).unwrap();
    let path = format!("/v0/pipelines/{name}/query?{}", path.query().unwrap());
    let response = server.send(reqwest::Method::GET, &path, None).await;
    assert_eq!(response.status(), 200, "{sql}");
    response.bytes().await.unwrap().to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_transport_with_every_format() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start_with(
        &dir.path().join("data"),
        &["--connect-dir", dir.path().to_str().unwrap(), "--connect-private"],
    );
    let begin = Instant::now();
    let told = |what: &str| println!("{what}: {:?}", begin.elapsed());
    formats::all_types(&server, dir.path()).await;
    told("all types");
    formats::great_texts(&server, dir.path()).await;
    told("great texts");
    many::rows(&server).await;
    told("many rows");
}
