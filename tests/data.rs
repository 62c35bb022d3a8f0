//! Changes in, changes out, over HTTP.
#![allow(clippy::unwrap_used, reason = "a test that unwraps says where it failed")]

mod support;

use serde_json::{Value, json};
use std::time::{Duration, Instant};
use support::Server;

const TABLES: &str = "CREATE TABLE t1(c1 INT NOT NULL, c2 BOOLEAN, c3 VARCHAR);
CREATE TABLE keyed(k INT NOT NULL PRIMARY KEY, v VARCHAR, n BIGINT NOT NULL DEFAULT 7);
CREATE MATERIALIZED VIEW v1 AS SELECT * FROM t1;
CREATE VIEW grouped AS SELECT v, COUNT(*) AS c, SUM(n) AS s, MAX(k) AS m FROM keyed GROUP BY v;
CREATE VIEW joined AS SELECT t1.c1, keyed.v FROM t1 LEFT JOIN keyed ON t1.c1 = keyed.k;";

#[tokio::test]
async fn bad_records_are_reported_and_good_ones_taken() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    server.run("p", TABLES).await;
    let mut egress = server.egress("p", "v1", "format=json").await;
    let raw = "format=json&update_format=raw";
    let (status, error) =
        server.ingress("p", "t1", raw, "[10, true, \"foo\"]\n[40, \"foo\", \"buzz\"]\n[20, null, null]").await;
    assert_eq!(status, 400);
    let text = error.to_string();
    assert_eq!(
        error["message"],
        "Errors parsing input data (1 errors):\n    Parse error (event #2): failed to deserialize JSON record: error parsing field 'c2': invalid type: string \"foo\", expected a boolean at line 1 column 10\nInvalid fragment: '[40, \"foo\", \"buzz\"]'",
        "{text}"
    );
    assert_eq!(error["error_code"], "ParseErrors");
    assert_eq!(error["details"]["num_errors"], 1);
    egress.until(&[(r#"{"c1":10,"c2":true,"c3":"foo"}"#, 1), (r#"{"c1":20,"c2":null,"c3":null}"#, 1)]).await;
    // Numbers go on from request to request; another spelling counts by itself.
    let (_, error) = server.ingress("p", "t1", raw, "x").await;
    assert_eq!(error["details"]["errors"][0]["event_number"], 4);
    let (_, error) = server.ingress("p", "T1", raw, "x").await;
    assert_eq!(error["details"]["errors"][0]["event_number"], 1);

    for (table, query, status, code) in [
        ("nothing", "format=json", 404, "ConfigError.UnknownInputStream"),
        ("%22T1%22", "format=json", 404, "ConfigError.UnknownInputStream"),
        ("t1", "format=xml", 400, "ConfigError.UnknownInputFormat"),
        ("t1", "format=json&update_format=x", 400, "ConfigError.ParserConfigParseError"),
        ("t1", "format=json&array=1", 400, "ConfigError.ParserConfigParseError"),
        ("t1", "format=json&update_format=snowflake", 400, "ConfigError.InputFormatNotSupported"),
    ] {
        let (answered, error) = server.ingress("p", table, query, "").await;
        assert_eq!((answered, &error["error_code"]), (status, &json!(code)), "{table}?{query}: {error}");
    }
    for (view, query, status, code) in [
        ("nothing", "format=json", 404, "ConfigError.UnknownOutputStream"),
        ("v1", "format=parquet", 400, "ConfigError.UnknownOutputFormat"),
        ("v1", "format=json&update_format=raw", 400, "ConfigError.OutputFormatNotSupported"),
    ] {
        let (answered, error) = server.post(&format!("/v0/pipelines/p/egress/{view}?{query}")).await;
        assert_eq!((answered, &error["error_code"]), (status, &json!(code)), "{view}?{query}: {error}");
    }
}

#[tokio::test]
async fn keyed_tables_are_upserted_updated_and_deleted_from() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    server.run("p", TABLES).await;
    let mut grouped = server.egress("p", "grouped", "format=json&backpressure=true").await;
    let mut joined = server.egress("p", "joined", "format=json&backpressure=true").await;
    let mut table = server.egress("p", "keyed", "format=json&backpressure=true").await;
    let send = async |events: &str| {
        let (status, body) = server.ingress("p", "keyed", "format=json", events.to_owned()).await;
        assert_eq!(status, 200, "{body}");
    };
    send(r#"{"insert":{"k":1,"v":"a"}} {"insert":{"k":2,"v":"a","n":3}} {"insert":{"k":3,"v":"b","n":1}}"#).await;
    grouped.until(&[(r#"{"v":"a","c":2,"s":10,"m":2}"#, 1), (r#"{"v":"b","c":1,"s":1,"m":3}"#, 1)]).await;
    server.ingress("p", "t1", "format=csv", "1,true,x\n9,,\n").await;
    joined.until(&[(r#"{"c1":1,"v":"a"}"#, 1), (r#"{"c1":9,"v":null}"#, 1)]).await;
    send(r#"{"update":{"k":2,"v":"b"}} {"insert":{"k":1,"v":null,"n":5}} {"delete":{"k":3}} {"delete":{"k":77}} {"update":{"k":78,"v":"z"}}"#)
        .await;
    // Only what changed is told: the sum goes on from before.
    grouped
        .until(&[
            (r#"{"v":"a","c":2,"s":10,"m":2}"#, -1),
            (r#"{"v":"b","c":1,"s":1,"m":3}"#, -1),
            (r#"{"v":"b","c":1,"s":3,"m":2}"#, 1),
            (r#"{"v":null,"c":1,"s":5,"m":1}"#, 1),
        ])
        .await;
    joined.until(&[(r#"{"c1":1,"v":"a"}"#, -1), (r#"{"c1":1,"v":null}"#, 1)]).await;
    send(r#"{"insert":{"k":9,"v":"nine"}}"#).await;
    joined.until(&[(r#"{"c1":9,"v":null}"#, -1), (r#"{"c1":9,"v":"nine"}"#, 1)]).await;
    table
        .until(&[(r#"{"k":2,"v":"b","n":3}"#, 1), (r#"{"k":1,"v":null,"n":5}"#, 1), (r#"{"k":9,"v":"nine","n":7}"#, 1)])
        .await;
}

#[tokio::test]
async fn chunks_are_numbered_and_kept_alive() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    server.run("p", TABLES).await;
    let mut json_chunks = server.egress("p", "v1", "format=json&array=false").await;
    let mut csv_chunks = server.egress("p", "V1", "").await;
    let begin = Instant::now();
    assert_eq!(json_chunks.next().await, Some(json!({ "sequence_number": 0 })));
    assert!(begin.elapsed() < Duration::from_secs(5));
    let rows: String = (0..25_000).map(|i| format!("{},{},\"a,{}\"\n", 25_000 - i, i % 2 == 0, i)).collect();
    assert_eq!(server.ingress("p", "t1", "", rows).await.0, 200);
    let (mut seen, mut numbers) = (Vec::new(), Vec::new());
    while seen.len() < 25_000 {
        let chunk = json_chunks.data().await;
        let data = chunk["json_data"].as_array().unwrap().clone();
        assert!(data.len() <= 10_000);
        numbers.push(chunk["sequence_number"].as_u64().unwrap());
        // Within a chunk rows are in order.
        let keys: Vec<i64> = data.iter().map(|e| e["insert"]["c1"].as_i64().unwrap()).collect();
        assert!(keys.is_sorted());
        seen.extend(keys);
    }
    assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    seen.sort_unstable();
    assert_eq!(seen, (1..=25_000).collect::<Vec<i64>>());
    let text = csv_chunks.data().await["text_data"].as_str().unwrap().to_owned();
    assert!(text.lines().all(|l| l.ends_with(",1")), "{}", text.lines().next().unwrap_or(""));
    assert_eq!(text.lines().next().unwrap().split(',').count(), 5);
}

#[tokio::test]
async fn constants_and_totals_are_there_from_the_first_step() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let program = "CREATE TABLE t(x DECIMAL(10,2));
CREATE VIEW constant AS SELECT 1 AS a, 'x' AS b, DATE '2024-02-25' AS d, TIMESTAMP '2024-02-25 12:12:33' AS ts;
CREATE VIEW total AS SELECT COUNT(*) AS n, SUM(x) AS s FROM t;";
    server.create("p", program).await;
    server.action("p", "pause").await;
    server.until_status("p", "Paused").await;
    let mut constant = server.egress("p", "constant", "format=json").await;
    let mut total = server.egress("p", "total", "format=json").await;
    server.action("p", "start").await;
    constant.until(&[(r#"{"a":1,"b":"x","d":"2024-02-25","ts":"2024-02-25 12:12:33"}"#, 1)]).await;
    total.until(&[(r#"{"n":0,"s":null}"#, 1)]).await;
    server.ingress("p", "t", "format=json&update_format=raw", r#"{"x": 1.10}{"x":"2.2"}{"x":null}"#).await;
    let chunk = total.data().await;
    assert_eq!(chunk["json_data"], json!([{ "delete": { "n": 0, "s": null } }, { "insert": { "n": 3, "s": 3.30 } }]));
    let raw: Value = chunk["json_data"][1]["insert"]["s"].clone();
    assert_eq!(raw, json!(3.30));
}
