//! NOW: a pipeline that reads it is stepped by the clock; no other one is.
#![allow(clippy::unwrap_used, reason = "a test that unwraps says where it failed")]

mod support;

use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use support::Server;

const EVENTS: &str = "CREATE TABLE events(id INT NOT NULL, ts TIMESTAMP NOT NULL);";
const RECENT: &str = "CREATE VIEW recent AS SELECT id FROM events WHERE ts >= NOW() - INTERVAL 1 SECOND;";
const PLAIN: &str = "CREATE VIEW recent AS SELECT id FROM events;";
/// How long nothing must happen. The shortest tick here is a hundredth of it.
const QUIET: Duration = Duration::from_secs(2);

/// A pipeline that runs.
async fn start(server: &Server, name: &str, view: &str, tick: Value) {
    let body = json!({ "name": name, "program_code": format!("{EVENTS}\n{view}"), "program_config": { "profile": "dev" },
        "runtime_config": { "workers": 2, "clock_resolution_usecs": tick } });
    let (status, pipeline) = server.call(Method::POST, "/v0/pipelines", Some(body)).await;
    assert_eq!(status, 201, "{pipeline}");
    server.action(name, "start").await;
    server.until_status(name, "Running").await;
}

/// Steps that it has made.
async fn steps(server: &Server, name: &str) -> u64 {
    let (_, stats) = server.get(&format!("/v0/pipelines/{name}/stats")).await;
    let metric = stats["metrics"].as_array().unwrap().iter().find(|m| m["key"] == "feldera.dbsp.step");
    metric.unwrap_or_else(|| panic!("{stats}"))["value"]["Counter"].as_u64().unwrap()
}

#[tokio::test]
async fn rows_grow_old_without_any_input() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    start(&server, "ticks", RECENT, json!(20_000)).await;
    start(&server, "plain", PLAIN, json!(20_000)).await;
    start(&server, "tickless", RECENT, Value::Null).await;
    let mut recent = server.egress("ticks", "recent", "format=json").await;
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    // One that is old, one that grows old, one that does not while we look.
    let rows = [(1, since_1970 - 60_000), (2, since_1970), (3, since_1970 + 3_600_000)];
    let line = |(id, at): (i32, u128)| {
        let at = chrono::DateTime::from_timestamp_millis(i64::try_from(at).unwrap()).unwrap();
        format!("{id},{}\n", at.format("%Y-%m-%d %H:%M:%S%.3f"))
    };
    let data: String = rows.into_iter().map(line).collect();
    for name in ["ticks", "plain", "tickless"] {
        assert_eq!(server.ingress(name, "events", "", data.clone()).await.0, 200);
    }
    // (The second row is put out, then taken back: the sum of all that is told.)
    let chunk = recent.data().await;
    let first = chunk["json_data"].to_string();
    assert!(first.contains(r#"{"insert":{"id":2}}"#) && first.contains(r#"{"insert":{"id":3}}"#), "{chunk}");
    assert!(!first.contains(r#""id":1"#), "{chunk}");
    let chunk = recent.data().await;
    assert_eq!(chunk["json_data"], json!([{ "delete": { "id": 2 } }]), "{chunk}");
    // Who does not read the time, or is told no resolution, is never woken for it; nor is who is paused.
    let before = [steps(&server, "ticks").await, steps(&server, "plain").await, steps(&server, "tickless").await];
    tokio::time::sleep(QUIET).await;
    let after = [steps(&server, "ticks").await, steps(&server, "plain").await, steps(&server, "tickless").await];
    assert!(after[0] > before[0] + 10, "{before:?} {after:?}");
    assert_eq!(before[1..], after[1..]);
    server.action("ticks", "pause").await;
    server.until_status("ticks", "Paused").await;
    let before = steps(&server, "ticks").await;
    tokio::time::sleep(QUIET).await;
    assert!(steps(&server, "ticks").await <= before + 1, "a paused pipeline is stepped by the clock");
}
