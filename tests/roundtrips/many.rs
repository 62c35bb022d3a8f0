//! Many rows, with a pause in between: each comes once.

use crate::support::Server;
use crate::{input, query, run, stats, stop, until};
use serde_json::{Value, json};
use std::time::Duration;

/// Rows that are made up.
const ROWS: u64 = 1_000_000;

pub(crate) async fn rows(server: &Server) {
    let program = format!(
        r#"CREATE TABLE t(n BIGINT NOT NULL, k INT) WITH ('connectors' = '[{{"name": "g", "transport": {{"name": "datagen", "config": {{"plan": [
            {{"limit": {ROWS}, "fields": {{"k": {{"range": [0, 1000]}}}}}}]}}}}}}]');
        CREATE MATERIALIZED VIEW sums AS SELECT COUNT(*) AS c, SUM(n) AS s, SUM(k) AS k FROM t;"#
    );
    run(server, "many", &program).await;
    let records = |s: &Value| input(s, "t.g")["metrics"]["total_records"].as_u64().unwrap();
    until(server, "many", |s| records(s) > 0).await;
    server.action("many", "pause").await;
    server.until_status("many", "Paused").await;
    // What was on its way when it was paused may come.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let paused = records(&stats(server, "many").await);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(records(&stats(server, "many").await), paused);
    assert!(paused < ROWS, "{paused}");
    server.action("many", "start").await;
    until(server, "many", |s| s["global_metrics"]["pipeline_complete"] == true).await;
    let sums: Value = serde_json::from_slice(&query(server, "many", "SELECT * FROM sums", "json").await).unwrap();
    assert_eq!(sums, json!({ "c": ROWS, "s": ROWS * (ROWS - 1) / 2, "k": ROWS / 1_000 * 499_500 }));
    stop(server, "many").await;
}
