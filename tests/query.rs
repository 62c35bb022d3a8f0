//! Ad-hoc queries over HTTP: each row of the specification's section, reading one's own writes, one state per query, steps
//! that go on beside queries, and SQL that wants more than it may.
#![allow(clippy::unwrap_used, reason = "a test that unwraps says where it failed")]

mod support;

use futures_util::StreamExt;
use reqwest::header::HeaderValue;
use reqwest::{Method, Response, Url};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use support::{PATIENCE, Server};

const PROGRAM: &str = "CREATE TABLE t(id BIGINT NOT NULL, s VARCHAR) WITH ('materialized' = 'true');
CREATE TABLE bare(id INT NOT NULL);
CREATE TABLE keyed(k INT NOT NULL PRIMARY KEY, v VARCHAR, n BIGINT NOT NULL DEFAULT 7) WITH ('materialized' = 'true');
CREATE TABLE \"MiXed\"(\"Id\" INT) WITH ('materialized' = 'true');
CREATE MATERIALIZED VIEW v AS SELECT id + 1 AS next, s FROM t;
CREATE VIEW unkept AS SELECT id FROM t;
CREATE MATERIALIZED VIEW copied AS SELECT id FROM bare;
CREATE MATERIALIZED VIEW total AS SELECT COUNT(*) AS c, SUM(id) AS s FROM t;
CREATE MATERIALIZED VIEW upserted AS SELECT SUM(n) AS s, COUNT(*) AS c FROM keyed;";

const TYPES: &str =
    "CREATE TABLE types(b BOOLEAN, i8 TINYINT, i16 SMALLINT, i32 INT, i64 BIGINT, d DECIMAL(10, 2), r REAL, f DOUBLE,
    s VARCHAR, day DATE, time TIME, ts TIMESTAMP) WITH ('materialized' = 'true');";

/// The media type of errors of parameters.
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// Asks; the answer may be any.
async fn ask(server: &Server, name: &str, sql: &str, format: &str) -> Response {
    let query = [("pipeline_name", name), ("sql", sql), ("format", format)];
    let url = Url::parse_with_params(&server.url(""), query).unwrap();
    server.send(Method::GET, &format!("/v0/pipelines/{name}/query?{}", url.query().unwrap()), None).await
}

/// The text of an answer that is 200.
async fn text(server: &Server, sql: &str, format: &str) -> String {
    let response = ask(server, "p", sql, format).await;
    let status = response.status();
    let text = response.text().await.unwrap();
    assert_eq!(status, 200, "{sql}: {text}");
    text
}

/// The rows of an answer in JSON.
async fn rows(server: &Server, sql: &str) -> Vec<Value> {
    text(server, sql, "json").await.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

async fn feed(server: &Server, table: &str, csv: String) {
    let (status, answer) = server.ingress("p", table, "format=csv", csv).await;
    assert_eq!(status, 200, "{answer}");
}

#[tokio::test]
async fn text_json_and_their_errors() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    server.run("p", PROGRAM).await;

    // A table that was never fed has 0 rows: text has its header, JSON nothing.
    assert_eq!(text(&server, "SELECT * FROM t", "text").await, "+----+---+\n| id | s |\n+----+---+\n+----+---+");
    assert_eq!(text(&server, "SELECT * FROM t", "json").await, "");
    let events = format!("[1,\"one\"][2,null][2,null][3,\"{}\"]", "x".repeat(65));
    let (status, answer) = server.ingress("p", "t", "format=json&update_format=raw", events).await;
    assert_eq!(status, 200, "{answer}");

    // text: the default, no newline at the end, a row as often as its weight, cells of 64 characters.
    let long = "x".repeat(64) + "...";
    let rule = format!("+----+{}+", "-".repeat(69));
    let row = |id: &str, s: &str| format!("| {id:<2} | {s:<67} |");
    let expected = [
        rule.clone(),
        row("id", "s"),
        rule.clone(),
        row("1", "one"),
        row("2", ""),
        row("2", ""),
        row("3", &long),
        rule,
    ];
    let ordered = "SELECT * FROM T ORDER BY Id";
    assert_eq!(text(&server, ordered, "text").await, expected.join("\n"));
    let path = "/v0/pipelines/p/query?sql=SELECT%20id%20FROM%20t%20WHERE%20id=1&other=ignored";
    let response = server.send(Method::GET, path, None).await;
    assert_eq!(response.headers()["content-type"], "text/plain");
    assert_eq!(response.text().await.unwrap(), "+----+\n| id |\n+----+\n| 1  |\n+----+");

    // json: a line per row, NULLs explicit.
    let response = ask(&server, "p", "SELECT * FROM t WHERE id < 3 ORDER BY id", "json").await;
    assert_eq!(response.headers()["content-type"], "application/json");
    let lines = "{\"id\":1,\"s\":\"one\"}\n{\"id\":2,\"s\":null}\n{\"id\":2,\"s\":null}\n";
    assert_eq!(response.text().await.unwrap(), lines);

    // Views, names that fold and names that do not, the name of a count.
    assert_eq!(rows(&server, "SELECT NEXT FROM V WHERE s = 'one'").await, [json!({ "next": 2 })]);
    assert_eq!(rows(&server, "SELECT COUNT(*) FROM t").await, [json!({ "count(*)": 4 })]);
    assert_eq!(rows(&server, "SELECT \"Id\" FROM \"MiXed\"").await, [] as [Value; 0]);
    let distinct = "WITH a AS (SELECT DISTINCT id FROM t) SELECT x.id FROM a x JOIN a y ON x.id = y.id + 1 ORDER BY 1 DESC LIMIT 1";
    assert_eq!(rows(&server, distinct).await, [json!({ "id": 3 })]);
    let recursive = "WITH RECURSIVE r(id) AS (SELECT 1 UNION ALL SELECT t.id FROM t JOIN r ON t.id = r.id + 1) SELECT id FROM r ORDER BY id";
    let ids: Vec<Value> = rows(&server, recursive).await.iter().map(|r| r["id"].clone()).collect();
    assert_eq!(ids, [1, 2, 2, 3, 3]);
    assert_eq!(
        rows(&server, "SELECT (SELECT MAX(id) FROM t) - (SELECT MIN(next) FROM v) AS d").await,
        [json!({ "d": 1 })]
    );

    // Errors before the first byte.
    for (sql, says) in [
        ("SELECT * FROM nothing", "nothing"),
        ("SELECT * FROM MiXed", "mixed"),
        ("SELEC 1", "SELEC"),
        ("SELECT nothing FROM t", "nothing"),
        ("", "No SQL"),
        ("SELECT 1; SELECT 2", "single"),
        ("INSERT INTO v VALUES (1, 'x')", "view"),
        ("INSERT INTO nothing VALUES (1)", "nothing"),
    ] {
        let response = ask(&server, "p", sql, "text").await;
        assert_eq!(response.status(), 400, "{sql}");
        let error: Value = response.json().await.unwrap();
        assert_eq!(error["error_code"], "AdHocQueryError", "{error}");
        let told = error["details"]["error"].as_str().unwrap();
        assert!(told.contains(says), "{sql}: {told}");
        assert!(error["message"].as_str().unwrap().contains(told));
    }
    // Errors of the parameters, and of the pipeline.
    let refused = async |path: &str| {
        let response = server.send(Method::GET, path, None).await;
        assert_eq!((response.status().as_u16(), &response.headers()["content-type"]), (400, &TEXT));
        response.text().await.unwrap()
    };
    let told = refused("/v0/pipelines/p/query?sql=SELECT%201&format=xml").await;
    assert!(
        told.starts_with("Query deserialize error: unknown variant `xml`, expected one of `text`, `json`, `parquet`"),
        "{told}"
    );
    assert_eq!(refused("/v0/pipelines/p/query").await, "Query deserialize error: missing field `sql`");
    let (status, body) = server.get("/v0/pipelines/nobody/query?sql=SELECT%201").await;
    assert_eq!((status, &body["error_code"]), (404, &json!("UnknownPipelineName")));

    // Errors after it.
    let failed = text(&server, "SELECT 1/0", "text").await;
    assert!(failed.starts_with("ERROR: "), "{failed}");
    let failed = text(&server, "SELECT id / (id - 3) AS q FROM t", "json").await;
    let last: Value = serde_json::from_str(failed.lines().last().unwrap()).unwrap();
    assert!(last["error"].as_str().unwrap().contains("zero"), "{failed}");
    for format in ["parquet", "arrow_ipc"] {
        let response = ask(&server, "p", "SELECT id / (id - 3) AS q FROM t", format).await;
        assert_eq!(response.status(), 200);
        assert!(response.bytes().await.is_err(), "{format} breaks off");
    }
    for sql in ["SELECT * FROM bare", "SELECT * FROM unkept"] {
        let failed = text(&server, sql, "text").await;
        assert!(failed.contains("Tried to SELECT from a non-materialized source"), "{failed}");
        let line: Value = serde_json::from_str(&text(&server, sql, "json").await).unwrap();
        assert!(line["error"].as_str().unwrap().contains("Tried to SELECT from a non-materialized source"), "{line}");
    }

    // Not running: 400.
    server.action("p", "shutdown").await;
    server.until_status("p", "Shutdown").await;
    let response = ask(&server, "p", "SELECT 1", "text").await;
    assert_eq!(response.status(), 400);
    assert_eq!(response.json::<Value>().await.unwrap()["error_code"], "PipelineNotRunningOrPaused");
}

#[tokio::test]
async fn types_in_each_format() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    server.run("p", TYPES).await;
    let row = json!({ "b": true, "i8": -128, "i16": 1, "i32": 2, "i64": i64::MIN, "d": 5.00, "r": 1.5, "f": -0.25, "s": "é\"\n",
        "day": "2021-05-20", "time": "11:12:33.483221092", "ts": "2024-02-25 12:12:33" });
    let nulls = json!({});
    let body = format!("{row}\n{nulls}");
    let (status, answer) = server.ingress("p", "types", "format=json&update_format=raw", body).await;
    assert_eq!(status, 200, "{answer}");
    let expected = "{\"b\":true,\"i8\":-128,\"i16\":1,\"i32\":2,\"i64\":-9223372036854775808,\"d\":5.00,\"r\":1.5,\"f\":-0.25,\
        \"s\":\"é\\\"\\n\",\"day\":\"2021-05-20\",\"time\":\"11:12:33.483221092\",\"ts\":\"2024-02-25T12:12:33\"}\n\
        {\"b\":null,\"i8\":null,\"i16\":null,\"i32\":null,\"i64\":null,\"d\":null,\"r\":null,\"f\":null,\"s\":null,\
        \"day\":null,\"time\":null,\"ts\":null}\n";
    assert_eq!(text(&server, "SELECT * FROM types ORDER BY i8 NULLS LAST", "json").await, expected);
    // BINARY is hexadecimal, in lower case.
    assert_eq!(text(&server, "SELECT X'0AFF' AS x", "json").await, "{\"x\":\"0aff\"}\n");

    // Parquet: magic at both ends, a file to download. Arrow: the stream's first message and its end.
    let response = ask(&server, "p", "SELECT * FROM types", "parquet").await;
    assert_eq!(response.headers()["content-type"], "application/octet-stream");
    let disposition = response.headers()["content-disposition"].to_str().unwrap().to_owned();
    assert!(
        disposition.starts_with("attachment; filename=\"results_") && disposition.ends_with(".parquet\""),
        "{disposition}"
    );
    let file = response.bytes().await.unwrap();
    assert!(file.starts_with(b"PAR1") && file.ends_with(b"PAR1"), "{} bytes", file.len());
    let response = ask(&server, "p", "SELECT * FROM types", "arrow_ipc").await;
    assert_eq!(response.headers()["content-type"], "application/vnd.apache.arrow.stream");
    let stream = response.bytes().await.unwrap();
    assert!(stream.starts_with(&[0xff; 4]) && stream.ends_with(&[0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]));
}

#[tokio::test]
async fn insert_goes_the_way_of_ingress() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    server.run("p", PROGRAM).await;
    let mut egress = server.egress("p", "t", "format=json").await;
    assert_eq!(text(&server, "INSERT INTO t VALUES (1, 'a'), (2, NULL)", "json").await, "{\"count\":2}\n");
    // Visible to the next query, and to who listens.
    assert_eq!(rows(&server, "SELECT * FROM total").await, [json!({ "c": 2, "s": 3 })]);
    egress.until(&[(r#"{"id":1,"s":"a"}"#, 1), (r#"{"id":2,"s":null}"#, 1)]).await;
    let inserted = text(&server, "INSERT INTO t SELECT id + 10, s FROM t", "text").await;
    assert_eq!(inserted, "+-------+\n| count |\n+-------+\n| 2     |\n+-------+");
    assert_eq!(rows(&server, "SELECT * FROM total").await, [json!({ "c": 4, "s": 26 })]);
    // Any table, also one that keeps nothing.
    assert_eq!(text(&server, "INSERT INTO bare VALUES (5)", "json").await, "{\"count\":1}\n");
    assert_eq!(rows(&server, "SELECT * FROM copied").await, [json!({ "id": 5 })]);
    // A primary key: upserts; a column that is not given has its default.
    text(&server, "INSERT INTO keyed VALUES (1, 'a', 1), (2, 'b', 2)", "json").await;
    text(&server, "INSERT INTO keyed (v, k) VALUES ('c', 1)", "json").await;
    assert_eq!(
        rows(&server, "SELECT * FROM keyed ORDER BY k").await,
        [json!({ "k": 1, "v": "c", "n": 7 }), json!({ "k": 2, "v": "b", "n": 2 })]
    );
    assert_eq!(rows(&server, "SELECT * FROM upserted").await, [json!({ "s": 9, "c": 2 })]);
    // All or nothing: a row that fails takes the others with it.
    let failed = text(&server, "INSERT INTO t SELECT 10 / (id - 2), 'x' FROM t", "json").await;
    assert!(failed.starts_with("{\"error\":"), "{failed}");
    for (sql, status) in [
        ("INSERT INTO t VALUES (NULL, 'x'), (1, 'y')", 400),
        ("INSERT INTO t SELECT CASE WHEN id > 1 THEN id END, s FROM t", 200),
    ] {
        let response = ask(&server, "p", sql, "json").await;
        assert_eq!(response.status(), status, "{sql}");
        let failed = response.text().await.unwrap();
        assert!(failed.contains("null") && failed.contains("\"error\":"), "{failed}");
    }
    assert_eq!(rows(&server, "SELECT c FROM total").await, [json!({ "c": 4 })]);

    // Blocks while paused; a query then does not wait for it, nor for other data that cannot be taken in.
    server.action("p", "pause").await;
    server.until_status("p", "Paused").await;
    let waiting = text(&server, "INSERT INTO t VALUES (100, 'later')", "json");
    tokio::pin!(waiting);
    assert!(tokio::time::timeout(Duration::from_millis(500), &mut waiting).await.is_err());
    assert_eq!(rows(&server, "SELECT c FROM total").await, [json!({ "c": 4 })]);
    let (status, _) = server.ingress("p", "t", "format=csv&force=true", "7,forced\n").await;
    assert_eq!(status, 200);
    assert_eq!(rows(&server, "SELECT c FROM total").await, [json!({ "c": 5 })]);
    server.action("p", "start").await;
    assert_eq!(waiting.await, "{\"count\":1}\n");
    assert_eq!(rows(&server, "SELECT c FROM total").await, [json!({ "c": 6 })]);
}

#[tokio::test]
async fn a_query_sees_what_was_acknowledged_before() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    server.run("p", PROGRAM).await;
    // Others keep the pipeline busy meanwhile.
    let busy = async {
        for _ in 0..40 {
            let csv: String = (0..5_000).map(|i| format!("{i}\n")).collect();
            feed(&server, "bare", csv).await;
        }
    };
    let own = async {
        for i in 1..=60 {
            feed(&server, "t", format!("{i},x\n")).await;
            assert_eq!(rows(&server, "SELECT COUNT(*) AS c FROM t").await, [json!({ "c": i })], "after insert {i}");
            assert_eq!(rows(&server, "SELECT c FROM total").await, [json!({ "c": i })], "after insert {i}");
        }
    };
    tokio::join!(busy, own);
}

#[tokio::test]
async fn a_query_is_of_one_state() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    server.run("p", PROGRAM).await;
    // On a slow machine few queries fit between the first row and the last: rows come until enough states were seen.
    let (done, seen) = (std::sync::atomic::AtomicBool::new(false), std::sync::atomic::AtomicUsize::new(0));
    let feeding = async {
        for i in 0..1_000 {
            let csv: String = (0..1_000).map(|j| format!("{},x\n", i * 1_000 + j)).collect();
            feed(&server, "t", csv).await;
            if i >= 30 && seen.load(std::sync::atomic::Ordering::Relaxed) >= 4 {
                break;
            }
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
    };
    let asking = async {
        let mut states = std::collections::BTreeSet::new();
        while !done.load(std::sync::atomic::Ordering::Relaxed) {
            let sql = "SELECT a.c AS a, a.s AS s, total.c AS b, total.s AS u, (SELECT COUNT(*) FROM v) AS d
                FROM (SELECT COUNT(*) AS c, SUM(id) AS s FROM t) a, total";
            for row in rows(&server, sql).await {
                assert_eq!((&row["a"], &row["a"], &row["s"]), (&row["b"], &row["d"], &row["u"]), "{row}");
                states.insert(row["a"].as_i64().unwrap());
            }
            seen.store(states.len(), std::sync::atomic::Ordering::Relaxed);
        }
        states.len()
    };
    let ((), states) = tokio::join!(feeding, asking);
    assert!(states >= 4, "{states} states were seen");
}

#[tokio::test]
async fn a_large_result_does_not_hold_steps_up() {
    const ROWS: usize = 100_000;
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    server.run("p", PROGRAM).await;
    let text_of = "some text that makes a row long enough to fill pages".repeat(2);
    for chunk in 0..10 {
        let csv: String = (0..ROWS / 10).map(|i| format!("{},{text_of}{i}\n", chunk * ROWS / 10 + i)).collect();
        feed(&server, "t", csv).await;
    }
    let asked = Instant::now();
    let query = async {
        let response = ask(&server, "p", "SELECT * FROM t", "json").await;
        assert_eq!(response.status(), 200);
        let (mut lines, mut bytes) = (0, response.bytes_stream());
        while let Some(piece) = bytes.next().await {
            lines += piece.unwrap().iter().filter(|b| **b == b'\n').count();
        }
        assert_eq!(lines, ROWS);
        asked.elapsed()
    };
    let steps = async {
        let mut longest = Duration::ZERO;
        for i in 0..50 {
            let begin = Instant::now();
            feed(&server, "bare", format!("{i}\n")).await;
            // Returns when a step took it in.
            text(&server, "INSERT INTO bare VALUES (1)", "json").await;
            longest = longest.max(begin.elapsed());
        }
        longest
    };
    let (took, longest) = tokio::join!(query, steps);
    println!("{ROWS} rows in {took:?}; longest ingress and INSERT beside it {longest:?}");
    println!("longest wait of a step for a page: {} us", step_wait_us(&server).await);
    assert_eq!(rows(&server, "SELECT COUNT(*) AS c FROM copied").await, [json!({ "c": 100 })]);
    let table = text(&server, "SELECT * FROM t", "text").await;
    assert_eq!(table.lines().count(), ROWS + 4);
}

/// What the server's metrics tell of steps that waited.
async fn step_wait_us(server: &Server) -> u64 {
    let metrics = server.send(Method::GET, "/v0/metrics", None).await.text().await.unwrap();
    let line = metrics.lines().find(|l| l.starts_with("weir_step_wait_us_max")).unwrap();
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_query_ends_with_its_client_and_with_its_pipeline() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    server.run("p", PROGRAM).await;
    let csv: String = (0..20_000).map(|i| format!("{i},{i}\n")).collect();
    feed(&server, "t", csv).await;
    // 1.6e9 rows, never read: more than may be open at once, if those that are gone were not let go. Their snapshots, too.
    let endless = "SELECT a.id, b.s FROM t a CROSS JOIN t b CROSS JOIN t c";
    for _ in 0..4 {
        let mut open = Vec::new();
        for _ in 0..15 {
            open.push(ask(&server, "p", endless, "json").await);
        }
        assert!(open.iter().all(|r| r.status() == 200));
        drop(open);
        let begin = Instant::now();
        assert_eq!(rows(&server, "SELECT COUNT(*) AS c FROM t").await, [json!({ "c": 20_000 })]);
        assert!(begin.elapsed() < PATIENCE);
    }
    // One that is being read, and is not done, when the pipeline ends.
    let response = ask(&server, "p", endless, "json").await;
    let mut pieces = response.bytes_stream();
    assert!(pieces.next().await.unwrap().is_ok());
    server.action("p", "shutdown").await;
    server.until_status("p", "Shutdown").await;
    // The rows that were read before can be joined on for long, which is the client's to stop; new ones there are none.
    let response = ask(&server, "p", "SELECT 1", "json").await;
    assert_eq!(response.status(), 400);
}

#[tokio::test]
async fn hostile_sql_reaches_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    server.run("p", PROGRAM).await;
    server.run("other", "CREATE TABLE secret(id INT) WITH ('materialized' = 'true');").await;
    for sql in [
        "COPY t TO '/tmp/weir-stolen.csv'",
        "COPY (SELECT 1) TO '/tmp/weir-stolen.parquet' STORED AS PARQUET",
        "CREATE EXTERNAL TABLE x STORED AS CSV LOCATION '/etc/passwd'",
        "CREATE TABLE x AS SELECT 1",
        "CREATE VIEW x AS SELECT 1",
        "CREATE DATABASE x",
        "CREATE SCHEMA x",
        "CREATE FUNCTION f(int) RETURNS int RETURN 1",
        "DROP TABLE t",
        "DROP VIEW v",
        "ALTER TABLE t ADD COLUMN x INT",
        "TRUNCATE TABLE t",
        "DELETE FROM t",
        "UPDATE t SET id = 1",
        "INSERT OVERWRITE t VALUES (1, 'x')",
        "REPLACE INTO t VALUES (1, 'x')",
        "MERGE INTO t USING t s ON t.id = s.id WHEN MATCHED THEN DELETE",
        "WITH x AS (SELECT 1) INSERT INTO v SELECT * FROM x",
        "SELECT * INTO x FROM t",
        "SET datafusion.execution.batch_size = 1",
        "RESET datafusion.execution.batch_size",
        "SHOW ALL",
        "SHOW TABLES",
        "SHOW datafusion.execution.batch_size",
        "DESCRIBE t",
        "EXPLAIN SELECT 1",
        "EXPLAIN ANALYZE INSERT INTO t VALUES (1, 'x')",
        "PREPARE x AS SELECT 1",
        "EXECUTE x",
        "DEALLOCATE x",
        "BEGIN",
        "COMMIT",
        "ROLLBACK",
        "USE x",
        "GRANT ALL ON t TO x",
        "LOAD DATA INPATH '/etc/passwd' INTO TABLE t",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM \"/etc/passwd\"",
        "SELECT * FROM 'file:///etc/passwd'",
        "SELECT * FROM \"http://127.0.0.1/x.csv\"",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_parquet('/etc/passwd')",
        "SELECT * FROM information_schema.tables",
        "SELECT * FROM information_schema.df_settings",
        "SELECT * FROM secret",
        "SELECT * FROM other.public.secret",
        "SELECT * FROM datafusion.public.t",
        "SELECT @@version",
        "SELECT * FROM t; DROP TABLE t",
        "INSERT INTO t SELECT id FROM secret",
    ] {
        let response = ask(&server, "p", sql, "text").await;
        let status = response.status();
        let answer = response.text().await.unwrap();
        assert_eq!(status, 400, "{sql}: {answer}");
        assert!(answer.contains("AdHocQueryError"), "{sql}: {answer}");
    }
    assert!(!std::path::Path::new("/tmp/weir-stolen.csv").exists());
    // What is nested deep, or would be large, ends in an error; the server goes on.
    let deep = format!("SELECT {}1{}", "(".repeat(5_000), ")".repeat(5_000));
    let sum = format!("SELECT {}", vec!["1"; 10_000].join("+"));
    let chain = |n: usize, with: &str| format!("SELECT {}", vec!["1"; n].join(with));
    let relations = format!("SELECT 1 FROM {}", (0..1_000).map(|i| format!("t t{i}")).collect::<Vec<_>>().join(","));
    for (sql, status) in [
        (deep, 400),
        (sum, 400),
        (relations, 400),
        (chain(5_000, " OR "), 400),
        (chain(400, "+"), 200),
        (format!("SELECT 1=1{}", " OR 2=1".repeat(190)), 200),
        (chain(100, " UNION ALL SELECT "), 200),
        (format!("SELECT 1{}", "::INT".repeat(400)), 200),
        (format!("SELECT {}", vec!["id AS x"; 1_500].join(",")), 400),
        (format!("SELECT {}1", "- ".repeat(300)), 400),
        (format!("SELECT {}true", "NOT ".repeat(300)), 400),
    ] {
        let begin = Instant::now();
        let response = ask(&server, "p", &sql, "text").await;
        let answered = response.status();
        let answer = response.text().await.unwrap();
        assert_eq!(answered, status, "{}...: {answer:.300}", &sql[..60]);
        println!("{}...: {:?}", &sql[..30], begin.elapsed());
    }
    assert_eq!(rows(&server, "SELECT COUNT(*) AS c FROM t").await, [json!({ "c": 0 })]);
}

#[tokio::test]
async fn memory_is_that_of_the_pipeline() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    server.create("p", PROGRAM).await;
    let config = json!({ "runtime_config": { "workers": 1, "resources": { "memory_mb_max": 100 } } });
    let (status, answer) = server.call(Method::PATCH, "/v0/pipelines/p", Some(config)).await;
    assert_eq!(status, 200, "{answer}");
    server.until("p", "program_status", |s| s == "Success").await;
    server.action("p", "start").await;
    server.until_status("p", "Running").await;
    let hungry = "FROM (SELECT DISTINCT repeat('x', 100000) || value AS x FROM generate_series(1, 1000000))";
    let failed = text(&server, &format!("SELECT COUNT(*) {hungry}"), "text").await;
    assert!(failed.starts_with("ERROR: ") && failed.contains("more bytes"), "{failed}");
    // A text is held until it is whole; a cell of it is short, though.
    let failed = text(&server, "SELECT repeat('x', 60) FROM generate_series(1, 1000000)", "text").await;
    assert!(failed.starts_with("ERROR: ") && failed.contains("more bytes"), "{failed}");
    assert_eq!(query_bytes(&server).await, 0);
    assert_eq!(rows(&server, "SELECT COUNT(*) AS c FROM t").await, [json!({ "c": 0 })]);
}

/// What the server's metrics tell of the memory of queries.
async fn query_bytes(server: &Server) -> u64 {
    let metrics = server.send(Method::GET, "/v0/metrics", None).await.text().await.unwrap();
    let line = metrics.lines().find(|l| l.starts_with("weir_query_memory_bytes")).unwrap();
    line.rsplit(' ').next().unwrap().parse().unwrap()
}
