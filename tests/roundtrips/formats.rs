//! Tables of all types, one for each transport and format.

use crate::rows::{
    BAD, COLUMNS, Event, ROWS, Rows, declared, difference, json as row_json, sum, text, truth, with_empty_texts,
};
use crate::support::{PATIENCE, Server};
use crate::{input, query, run, stats, stop, until, until_same, web};
use bytes::Bytes;
use futures_util::StreamExt;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

/// Bad records of the followed file's beginning, which comes in pieces.
const PIECE_BYTES: usize = 4_001;

/// A format as a connector names it, and the text that its rows are in.
const FORMATS: [(&str, &str, &str, &str); 6] = [
    ("json", "insert_delete", r#"{"name":"json"}"#, "format=json"),
    ("raw", "raw", r#"{"name":"json","config":{"update_format":"raw"}}"#, "format=json&update_format=raw"),
    (
        "debezium",
        "debezium",
        r#"{"name":"json","config":{"update_format":"debezium"}}"#,
        "format=json&update_format=debezium",
    ),
    (
        "weighted",
        "weighted",
        r#"{"name":"json","config":{"update_format":"weighted"}}"#,
        "format=json&update_format=weighted",
    ),
    ("csv", "csv_headers", r#"{"name":"csv","config":{"headers":true}}"#, "format=csv&headers=true"),
    ("parquet", "", r#"{"name":"parquet"}"#, "format=parquet"),
];

/// A table with a connector that brings rows, and a view of it that goes to a file.
fn table(name: &str, columns: &str, connector: &str, outputs: &str) -> String {
    let connectors = if connector.is_empty() { String::new() } else { format!(", 'connectors' = '[{connector}]'") };
    format!(
        r#"CREATE TABLE {name}({columns}) WITH ('materialized' = 'true'{connectors});
        CREATE VIEW v_{name} WITH ('connectors' = '[{outputs}]') AS SELECT * FROM {name};
"#
    )
}

fn to_file(name: &str, format: &str) -> String {
    format!(r#"{{"transport": {{"name": "file_output", "config": {{"path": "{name}"}}}}, "format": {format}}}"#)
}

fn from(transport: &str, config: &Value, format: &str) -> String {
    format!(r#"{{"name": "in", "transport": {{"name": "{transport}", "config": {config}}}, "format": {format}}}"#)
}

/// A Parquet file of all rows, with some whose TINYINT is none.
async fn parquet(server: &Server) -> Bytes {
    run(server, "seed", &table("t", &declared(), "", "")).await;
    let rows: String = (0..ROWS).map(|row| row_json(row) + "\n").collect();
    let bad: String = (0..BAD).map(|row| format!("{{\"id\":{}}}\n", ROWS + row)).collect();
    let (status, answer) = server.ingress("seed", "t", "format=json&update_format=raw", rows + &bad).await;
    assert_eq!(status, 200, "{answer}");
    let columns = COLUMNS.iter().map(|(name, ..)| match *name {
        "i8" => format!("CASE WHEN id >= {ROWS} THEN 300 ELSE CAST(i8 AS INT) END AS i8"),
        name => name.to_owned(),
    });
    let sql = format!("SELECT id, {} FROM t", columns.collect::<Vec<_>>().join(", "));
    let file = query(server, "seed", &sql, "parquet").await;
    stop(server, "seed").await;
    file.into()
}

pub(crate) async fn all_types(server: &Server, dir: &Path) {
    let parquet = parquet(server).await;
    let truth = truth();
    let texts: HashMap<String, Bytes> = FORMATS
        .iter()
        .map(|(name, form, ..)| {
            let text = if *name == "parquet" { parquet.clone() } else { text(form).into() };
            (format!("in_{name}"), text)
        })
        .collect();
    for (name, text) in &texts {
        std::fs::write(dir.join(name), text).unwrap();
    }
    let address = web::serve(texts.clone()).await;
    let columns = declared();
    let (mut program, mut tables, mut read_anew) = (String::new(), Vec::new(), Vec::new());
    for (i, (name, _, format, _)) in FORMATS.iter().enumerate() {
        let how = ["breaks", "slow", "forgets", "plain", "breaks", "forgets"][i];
        let file = json!({ "path": format!("in_{name}"), "buffer_size_bytes": 1_000 + i });
        let url = json!({ "path": format!("{address}/{how}/in_{name}") });
        for (table_name, connector) in [
            (format!("http_{name}"), String::new()),
            (format!("file_{name}"), from("file_input", &file, format)),
            (format!("url_{name}"), from("url_input", &url, format)),
        ] {
            let outputs = [
                to_file(&format!("out_{table_name}"), r#"{"name": "json"}"#),
                to_file(
                    &format!("weights_{table_name}"),
                    r#"{"name": "json", "config": {"update_format": "weighted"}}"#,
                ),
                to_file(&format!("csv_{table_name}"), r#"{"name": "csv"}"#),
            ];
            program.push_str(&table(&table_name, &columns, &connector, &outputs.join(", ")));
            if !connector.is_empty() {
                read_anew.push(table_name.clone());
            }
            tables.push(table_name);
        }
    }
    let follow = json!({ "path": "growing", "follow": true });
    let out = to_file("out_follow", r#"{"name": "json"}"#);
    program.push_str(&table("follow", &columns, &from("file_input", &follow, FORMATS[0].2), &out));
    let lines = [
        ("file_lines", "file_input", "in_csv".to_owned()),
        ("url_lines", "url_input", format!("{address}/breaks/in_csv")),
    ];
    for (name, transport, path) in lines {
        let format = r#"{"name": "raw", "config": {"mode": "lines"}}"#;
        let out = to_file(&format!("out_{name}"), r#"{"name": "json"}"#);
        program.push_str(&table(name, "s VARCHAR", &from(transport, &json!({ "path": path }), format), &out));
    }
    program.push_str(&table("http_blob", "s VARBINARY", "", &to_file("out_http_blob", r#"{"name": "json"}"#)));
    std::fs::write(dir.join("growing"), "").unwrap();

    run(server, "all", &program).await;
    let growing = tokio::spawn(grow(dir.join("growing"), texts["in_json"].clone()));
    // One is paused in between, and brings nothing meanwhile.
    let path = |action: &str| format!("/v0/pipelines/all/tables/url_raw/connectors/in/{action}");
    assert_eq!(server.post(&path("pause")).await.0, 200);
    tokio::time::sleep(Duration::from_millis(50)).await;
    let records = |s: &Value| input(s, "url_raw.in")["metrics"]["total_records"].as_u64().unwrap();
    let before = records(&stats(server, "all").await);
    assert!(before < ROWS as u64, "it is slow: {before}");

    // HTTP, in and out.
    let mut heard =
        [listen(server, "v_http_json", "format=json").await, listen(server, "v_http_csv", "format=csv").await];
    for (name, _, _, parameters) in FORMATS {
        let (status, answer) =
            server.ingress("all", &format!("http_{name}"), parameters, texts[&format!("in_{name}")].clone()).await;
        assert_eq!((status, &answer["details"]["num_errors"]), (400, &json!(BAD)), "{name}: {answer}");
    }
    assert_eq!(server.ingress("all", "http_blob", "format=raw", vec![0_u8, 1, 255, b'\n']).await.0, 200);
    let mut rows = Rows::new();
    while difference(&rows, &truth).is_some() {
        heard[0].next().await.events.iter().for_each(|e| e.add_to(&mut rows));
    }
    let mut csv = String::new();
    while csv.lines().filter(|l| l.ends_with(",1")).count() < ROWS {
        csv.push_str(&heard[1].next().await.text);
    }

    assert_eq!(records(&stats(server, "all").await), before, "it is paused");
    assert_eq!(server.post(&path("start")).await.0, 200);
    growing.await.unwrap();
    compare(dir, &tables, &truth).await;
    check_counters(server, &read_anew).await;
    until_same("http_blob", || {
        difference(&sum(&dir.join("out_http_blob")), &Rows::from([("s=[0,1,255,10] ".into(), 1)]))
    })
    .await;

    // Stopped and started, everything is read anew; what came by HTTP is gone.
    stop(server, "all").await;
    // Of tables whose rows only come: a row that came and went is there twice, if a step ended in between.
    let [file, url] =
        ["file_csv", "url_parquet"].map(|t| Bytes::from(std::fs::read(dir.join(format!("csv_{t}"))).unwrap()));
    for table in &tables {
        for kind in ["out", "weights", "csv"] {
            std::fs::remove_file(dir.join(format!("{kind}_{table}"))).unwrap();
        }
    }
    server.action("all", "start").await;
    server.until_status("all", "Running").await;
    compare(dir, &read_anew, &truth).await;
    check_counters(server, &read_anew).await;
    assert!(sum(&dir.join("out_http_json")).is_empty());

    // The way back: what was written as CSV is read again, its weights passed over. Texts that were NULL are empty.
    for (i, written) in [Bytes::from(csv), file, url].into_iter().enumerate() {
        let (status, answer) = server.ingress("all", "http_json", "format=csv", written).await;
        assert_eq!(status, 200, "{i}: {answer}");
        let expected = (0..ROWS).map(|row| (with_empty_texts(row), i as i64 + 1)).collect();
        until_same("the way back", || difference(&sum(&dir.join("weights_http_json")), &expected)).await;
    }
    stop(server, "all").await;
}

/// Waits until all files hold what they should.
async fn compare(dir: &Path, tables: &[String], truth: &Rows) {
    for table in tables {
        for kind in ["out", "weights"] {
            let file = dir.join(format!("{kind}_{table}"));
            until_same(&format!("{kind}_{table}"), || difference(&sum(&file), truth)).await;
        }
    }
    until_same("follow", || difference(&sum(&dir.join("out_follow")), truth)).await;
    let mut lines = Rows::new();
    for line in text("csv_headers").lines() {
        *lines.entry(format!("s={} ", Value::from(line))).or_default() += 1;
    }
    for name in ["out_file_lines", "out_url_lines"] {
        until_same(name, || difference(&sum(&dir.join(name)), &lines)).await;
    }
}

/// Bad records are counted and told, good ones too; nothing was given up.
async fn check_counters(server: &Server, tables: &[String]) {
    let ended = |s: &Value| tables.iter().all(|t| input(s, &format!("{t}.in"))["metrics"]["end_of_input"] == true);
    let stats = until(server, "all", ended).await;
    for table in tables {
        let connector = input(&stats, &format!("{table}.in"));
        let metrics = &connector["metrics"];
        assert_eq!(
            (&metrics["num_parse_errors"], &connector["fatal_error"]),
            (&json!(BAD), &Value::Null),
            "{table}: {connector:#}"
        );
        assert!(metrics["total_records"].as_u64().unwrap() >= ROWS as u64, "{table}: {connector:#}");
        let errors = metrics["num_transport_errors"].as_u64().unwrap();
        let broke = ["url_json", "url_debezium", "url_csv", "url_parquet"].contains(&table.as_str());
        assert_eq!(errors > 0, broke, "{table}: {connector:#}");
    }
    let response = server.send(reqwest::Method::GET, "/v0/pipelines/all/logs", None).await;
    let (mut log, mut pieces) = (String::new(), response.bytes_stream());
    while tables.iter().any(|table| !log.contains(&format!("WARN connector '{table}.in'"))) {
        let piece =
            tokio::time::timeout(PATIENCE, pieces.next()).await.unwrap_or_else(|_| panic!("not all is told: {log}"));
        log.push_str(&String::from_utf8_lossy(&piece.unwrap().unwrap()));
    }
}

/// Appends a text to a file, piece by piece, cut anywhere.
async fn grow(path: std::path::PathBuf, text: Bytes) {
    let mut file = std::fs::OpenOptions::new().append(true).open(path).unwrap();
    for piece in text.chunks(PIECE_BYTES) {
        file.write_all(piece).unwrap();
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A listener whose numbers keep all their digits.
struct Heard {
    pieces: std::pin::Pin<Box<dyn futures_util::Stream<Item = reqwest::Result<Bytes>> + Send>>,
    rest: Vec<u8>,
}

/// A chunk of what is heard.
struct Chunk {
    events: Vec<Event>,
    text: String,
}

async fn listen(server: &Server, view: &str, parameters: &str) -> Heard {
    let path = format!("/v0/pipelines/all/egress/{view}?backpressure=true&{parameters}");
    let response = server.send(reqwest::Method::POST, &path, None).await;
    assert_eq!(response.status(), 200);
    Heard { pieces: Box::pin(response.bytes_stream()), rest: Vec::new() }
}

impl Heard {
    async fn next(&mut self) -> Chunk {
        #[derive(serde::Deserialize)]
        struct Raw {
            json_data: Option<Box<RawValue>>,
            text_data: Option<String>,
        }
        loop {
            if let Some(end) = self.rest.iter().position(|b| *b == b'\n') {
                let line: Vec<u8> = self.rest.drain(..=end).collect();
                let raw: Raw = serde_json::from_slice(&line).unwrap();
                let events = raw.json_data.map_or_else(Vec::new, |data| serde_json::from_str(data.get()).unwrap());
                return Chunk { events, text: raw.text_data.unwrap_or_default() };
            }
            let piece = tokio::time::timeout(PATIENCE, self.pieces.next()).await.expect("a chunk in time");
            self.rest.extend_from_slice(&piece.expect("the stream goes on").unwrap());
        }
    }
}

/// Characters of a great text.
const GREAT: usize = 10 << 20;

pub(crate) async fn great_texts(server: &Server, dir: &Path) {
    let great: String = "0123\"5678\\ä\n,".chars().cycle().take(GREAT).collect();
    let small = |id: i64| json!({ "id": id, "s": "small" });
    let row = json!({ "id": 2, "s": great });
    let texts = HashMap::from([
        ("big.json".to_owned(), Bytes::from(format!("{}\n{row}\n{}\n", small(1), small(3)))),
        ("big.csv".to_owned(), Bytes::from(format!("1,small\n2,\"{}\"\n3,small\n", great.replace('"', "\"\"")))),
    ]);
    for (name, text) in &texts {
        std::fs::write(dir.join(name), text).unwrap();
    }
    let address = web::serve(texts.clone()).await;
    let out = |name: &str| to_file(&format!("out_{name}"), r#"{"name": "json"}"#);
    let csv = r#"{"name": "csv"}"#;
    let program = [
        table("great_http", "id INT, s VARCHAR", "", &out("great_http")),
        table(
            "great_file",
            "id INT, s VARCHAR",
            &from("file_input", &json!({ "path": "big.csv" }), csv),
            &out("great_file"),
        ),
        table(
            "great_url",
            "id INT, s VARCHAR",
            &from("url_input", &json!({ "path": format!("{address}/breaks/big.json") }), FORMATS[1].2),
            &out("great_url"),
        ),
    ];
    run(server, "great", &program.concat()).await;
    let (status, answer) = server.ingress("great", "great_http", FORMATS[1].3, texts["big.json"].clone()).await;
    assert_eq!(status, 200, "{answer}");
    let rows = [small(1), row, small(3)].iter().map(|r| (crate::rows::canonical(&r.to_string()), 1)).collect();
    for name in ["great_http", "great_file", "great_url"] {
        let file = dir.join(format!("out_{name}"));
        until_same(name, || difference(&sum(&file), &rows)).await;
    }
    stop(server, "great").await;
}
