//! Many pipelines and many clients at once. Prints figures; `just load` runs it at full size, with a release build.
#![allow(clippy::unwrap_used, reason = "a test that unwraps says where it failed")]

mod support;

use futures_util::future::join_all;
use serde_json::json;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use support::{PATIENCE, Server};

/// A number from the environment, or the one for CI.
fn size(name: &str, otherwise: usize) -> usize {
    std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(otherwise)
}

/// Threads, open files and resident bytes of the server.
fn held(server: &Server) -> (usize, usize, usize) {
    let proc = format!("/proc/{}", server.pid());
    let count = |folder: &str| std::fs::read_dir(format!("{proc}/{folder}")).unwrap().count();
    let statm = std::fs::read_to_string(format!("{proc}/statm")).unwrap();
    let pages: usize = statm.split(' ').nth(1).unwrap().parse().unwrap();
    (count("task"), count("fd"), pages * 4096)
}

fn millis(times: &mut [Duration]) -> (f64, f64) {
    times.sort();
    let of = |t: Duration| t.as_secs_f64() * 1e3;
    (of(times[times.len() / 2]), of(times[times.len() - 1]))
}

/// A list is read from the catalog and written as JSON: some microseconds a pipeline.
#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_pipelines() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let n = size("WEIR_LOAD_PIPELINES", 200);
    let body = |i: usize| json!({ "name": format!("p{i}"), "program_code": "CREATE TABLE t (n INT" });
    let begin = Instant::now();
    for chunk in (0..n).collect::<Vec<_>>().chunks(50) {
        let made = chunk.iter().map(|i| server.call(reqwest::Method::POST, "/v0/pipelines", Some(body(*i))));
        assert!(join_all(made).await.iter().all(|(status, _)| *status == 201));
    }
    println!("{n} pipelines made in {:.1} s", begin.elapsed().as_secs_f64());
    server.until(&format!("p{}", n - 1), "program_status", |s| s.is_object()).await;
    for selector in ["status", "all"] {
        let mut times = Vec::new();
        for _ in 0..20 {
            let begin = Instant::now();
            let response = server.send(reqwest::Method::GET, &format!("/v0/pipelines?selector={selector}"), None).await;
            let bytes = response.bytes().await.unwrap();
            times.push(begin.elapsed());
            let list: Vec<serde_json::Value> = serde_json::from_slice(&bytes).unwrap();
            assert_eq!(list.len(), n);
        }
        let (median, worst) = millis(&mut times);
        println!("{n} pipelines listed ({selector}): median {median:.1} ms, worst {worst:.1} ms");
    }
}

/// A start maps compiled code and opens its workers: some milliseconds, and some commits of the catalog.
#[tokio::test(flavor = "multi_thread")]
async fn a_start_of_a_compiled_program() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    server.create("a", "CREATE TABLE t (n INT); CREATE MATERIALIZED VIEW v AS SELECT COUNT(*) AS c FROM t;").await;
    server.until("a", "program_status", |s| s == "Success").await;
    let mut times = Vec::new();
    for _ in 0..10 {
        let begin = Instant::now();
        server.action("a", "start").await;
        server.until_status("a", "Running").await;
        times.push(begin.elapsed());
        server.action("a", "shutdown").await;
        server.until_status("a", "Shutdown").await;
    }
    let (median, worst) = millis(&mut times);
    println!("/start to Running: median {median:.1} ms, worst {worst:.1} ms");
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_create_start_and_delete_leave_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let (clients, seconds) = (size("WEIR_LOAD_CLIENTS", 20), size("WEIR_LOAD_SECONDS", 8));
    // Code that stays loaded, pools and caches are there from the first round on.
    join_all((0..clients).map(|i| round(&server, i, 0))).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let before = held(&server);
    let rounds = AtomicUsize::new(0);
    let begin = Instant::now();
    join_all((0..clients).map(|i| {
        let (server, rounds) = (&server, &rounds);
        async move {
            let mut n = 1;
            while begin.elapsed() < Duration::from_secs(seconds as u64) {
                round(server, i, n).await;
                rounds.fetch_add(1, Ordering::Relaxed);
                n += 1;
            }
        }
    }))
    .await;
    let (took, rounds) = (begin.elapsed().as_secs_f64(), rounds.load(Ordering::Relaxed));
    println!(
        "{clients} clients: {rounds} pipelines made, run and deleted in {took:.0} s: {:.1} /s",
        rounds as f64 / took
    );
    assert_eq!(server.get("/v0/pipelines").await, (200, json!([])));
    // Threads that have nothing to do end after some seconds.
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let after = held(&server);
        let fits =
            after.0 <= before.0 + 4 && after.1 <= before.1 + 8 && after.2 <= before.2 + before.2 / 2 + (64 << 20);
        if fits || Instant::now() > deadline {
            println!(
                "threads {} -> {}, files {} -> {}, MB {} -> {}",
                before.0,
                after.0,
                before.1,
                after.1,
                before.2 >> 20,
                after.2 >> 20
            );
            assert!(fits, "the server holds more than before: {before:?} -> {after:?}");
            return;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// One pipeline's life; every answer is one that the API allows.
async fn round(server: &Server, client: usize, n: usize) {
    let name = format!("c{client}-{n}");
    let program = "CREATE TABLE t (n INT); CREATE VIEW v AS SELECT n + 1 AS m FROM t;";
    let made = server.create(&name, program).await;
    assert_eq!(made["version"], 1);
    server.action(&name, "start").await;
    let begin = Instant::now();
    while server.get(&format!("/v0/pipelines/{name}?selector=status")).await.1["deployment_status"] != "Running" {
        assert!(begin.elapsed() < PATIENCE, "it does not start");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(server.ingress(&name, "t", "format=csv", "1\n2\n").await, (200, json!("")));
    server.action(&name, "shutdown").await;
    server.until_status(&name, "Shutdown").await;
    assert_eq!(server.call(reqwest::Method::DELETE, &format!("/v0/pipelines/{name}"), None).await.0, 200);
}
