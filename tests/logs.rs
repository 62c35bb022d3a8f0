//! `/logs`: first and last lines, what is in between, both endings.
#![allow(clippy::unwrap_used, reason = "a test that unwraps says where it failed")]

mod support;

use reqwest::Method;
use serde_json::json;
use std::time::Duration;
use support::{PATIENCE, Server};

const PROGRAM: &str =
    "CREATE TABLE t(x TINYINT NOT NULL);\nCREATE VIEW v AS SELECT\n  x + CAST(100 AS TINYINT) AS y FROM t;";

async fn logs(server: &Server, name: &str) -> String {
    let response = server.send(Method::GET, &format!("/v0/pipelines/{name}/logs"), None).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/plain; charset=utf-8");
    assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    tokio::time::timeout(PATIENCE, response.text()).await.expect("the stream ends").unwrap()
}

const UNAVAILABLE: &str = "LOG STREAM UNAVAILABLE: the pipeline has likely not yet started\n";

/// The row `GET .../logs`.
#[tokio::test]
async fn get_logs() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let (status, error) = server.get("/v0/pipelines/p/logs").await;
    assert_eq!((status, &error["error_code"]), (404, &json!("UnknownPipelineName")));
    server.create("p", PROGRAM).await;
    assert_eq!(logs(&server, "p").await, UNAVAILABLE);
    server.action("p", "start").await;
    server.until_status("p", "Running").await;
    // Shut down while somebody reads.
    let (text, ()) = tokio::join!(logs(&server, "p"), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        server.action("p", "pause").await;
        server.until_status("p", "Paused").await;
        server.action("p", "shutdown").await;
    });
    for line in
        ["is loaded", "is ready with 2 workers", "deployment status: Initializing", "deployment status: Running"]
    {
        assert!(text.contains(line), "no '{line}' in:\n{text}");
    }
    assert!(text.contains("deployment status: Paused\nINFO deployment status: Running\n"), "{text}");
    assert!(text.ends_with("LOG STREAM END: pipeline is being shutdown\n"), "{text}");
    server.until_status("p", "Shutdown").await;
    assert_eq!(logs(&server, "p").await, UNAVAILABLE);

    // It ends by itself: an overflow, told with its place. The log can be read until it is shut down.
    server.action("p", "start").await;
    server.until_status("p", "Running").await;
    let (text, _) = tokio::join!(logs(&server, "p"), server.ingress("p", "t", "", "100\n"));
    let finished = "LOG STREAM END: stdout and stderr are finished\n";
    assert!(text.ends_with(finished), "{text}");
    let failure = text.lines().find(|l| l.starts_with("FAILED: ")).unwrap_or_else(|| panic!("no failure in {text}"));
    assert!(failure.contains("line 3"), "{failure}");
    server.until_status("p", "Failed").await;
    let again = logs(&server, "p").await;
    assert!(again.contains(failure) && again.ends_with(finished), "{again}");
    server.action("p", "shutdown").await;
    server.until_status("p", "Shutdown").await;
    assert_eq!(logs(&server, "p").await, UNAVAILABLE);
}

/// A program that does not compile: its start fails, and the log says why.
#[tokio::test]
async fn a_failed_start_has_a_log() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    server.create("bad", "CREATE VIEW v AS SELECT nothing FROM nowhere;").await;
    server.action("bad", "start").await;
    server.until_status("bad", "Failed").await;
    let text = logs(&server, "bad").await;
    assert!(text.starts_with("FAILED: ") && text.contains("nowhere"), "{text}");
    assert!(text.ends_with("LOG STREAM END: stdout and stderr are finished\n"), "{text}");
}
