//! What connectors tell of records: CONNECTOR_METADATA() in columns with a DEFAULT, deletions that are kept; batches and queues with bounds of their own.
#![allow(clippy::unwrap_used, reason = "a test that unwraps says where it failed")]

mod support;

use serde_json::{Value, json};
use std::time::Instant;
use support::{PATIENCE, Server};

async fn run(server: &Server, name: &str, program: &str) {
    let body = json!({ "name": name, "program_code": program, "program_config": { "profile": "dev" },
        "runtime_config": { "workers": 2 } });
    let (status, made) = server.call(reqwest::Method::POST, "/v0/pipelines", Some(body)).await;
    assert_eq!(status, 201, "{made}");
    server.action(name, "start").await;
    server.until_status(name, "Running").await;
}

/// The rows of a query, once the pipeline has worked on all its input.
async fn rows(server: &Server, name: &str, sql: &str) -> Vec<Value> {
    let begin = Instant::now();
    loop {
        let (_, stats) = server.get(&format!("/v0/pipelines/{name}/stats")).await;
        if stats["global_metrics"]["pipeline_complete"] == true {
            break;
        }
        assert!(begin.elapsed() < PATIENCE, "{stats:#}");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let path = format!("/v0/pipelines/{name}/query?format=json&sql={}", sql.replace(' ', "%20"));
    let text = server.send(reqwest::Method::GET, &path, None).await.text().await.unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn deletions_are_kept_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let lines = [
        json!({ "insert": { "id": 1, "what": "a" } }),
        json!({ "delete": { "id": 1, "what": "a" } }),
        // A record that has the column keeps what it says.
        json!({ "delete": { "id": 2, "what": "b", "gone": false } }),
        json!({ "insert": { "id": 3, "what": "c", "gone": null } }),
    ];
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    std::fs::write(folder.path().join("changes.json"), text).unwrap();
    let server = Server::start_with(&folder.path().join("data"), &["--connect-dir", folder.path().to_str().unwrap()]);
    let connector = |soft: bool| {
        json!([{ "name": "file", "soft_delete": soft, "max_worker_batch_size": 1, "max_queued_bytes": 1000,
            "transport": { "name": "file_input", "config": { "path": "changes.json" } }, "format": { "name": "json" } }])
    };
    let columns = "id INT, what VARCHAR, gone BOOLEAN DEFAULT CAST(CONNECTOR_METADATA()['is_delete'] AS BOOLEAN), \
        told VARIANT DEFAULT CONNECTOR_METADATA()";
    let program = format!(
        "CREATE TABLE soft ({columns}) WITH ('materialized' = 'true', 'connectors' = '{}');
         CREATE TABLE hard ({columns}) WITH ('materialized' = 'true');
         CREATE MATERIALIZED VIEW sums AS SELECT COUNT(*) AS n, SUM(id) AS s FROM soft;",
        connector(true)
    );
    run(&server, "kept", &program).await;
    let found = rows(&server, "kept", "SELECT id, what, gone FROM soft ORDER BY id, gone").await;
    assert_eq!(
        found,
        [
            json!({ "id": 1, "what": "a", "gone": false }),
            json!({ "id": 1, "what": "a", "gone": true }),
            json!({ "id": 2, "what": "b", "gone": false }),
            json!({ "id": 3, "what": "c", "gone": null }),
        ]
    );
    assert_eq!(rows(&server, "kept", "SELECT * FROM sums").await, [json!({ "n": 4, "s": 7 })]);
    let told = rows(&server, "kept", "SELECT CAST(told AS VARCHAR) AS t FROM soft WHERE id = 2").await;
    assert!(told[0]["t"].as_str().is_some_and(|t| t.contains("is_delete") && t.contains("true")), "{told:?}");

    // By HTTP nothing is told.
    let record = r#"{"id": 9, "what": "h"}"#;
    let (status, said) = server.ingress("kept", "hard", "format=json&update_format=raw", record).await;
    assert_eq!(status, 200, "{said}");
    let path = "/v0/pipelines/kept/query?format=json&sql=INSERT%20INTO%20hard%20(id)%20VALUES%20(10)";
    assert_eq!(server.send(reqwest::Method::GET, path, None).await.status(), 200);
    let found = rows(&server, "kept", "SELECT id, gone, told FROM hard ORDER BY id").await;
    let nothing = |id: i32| json!({ "id": id, "gone": null, "told": null });
    assert_eq!(found, [nothing(9), nothing(10)]);

    // In a table with a key the row that was deleted has no place beside the others.
    let body = json!({ "name": "keyed", "program_config": { "profile": "dev" },
        "program_code": format!("CREATE TABLE t (id INT NOT NULL PRIMARY KEY) WITH ('connectors' = '{}');", connector(true)) });
    let (status, _) = server.call(reqwest::Method::POST, "/v0/pipelines", Some(body)).await;
    assert_eq!(status, 201);
    let wrong = server.until("keyed", "program_status", |s| s["SqlError"].is_array()).await;
    assert!(wrong["program_status"].to_string().contains("'soft_delete' keeps the rows"), "{wrong}");
}
