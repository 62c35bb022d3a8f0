//! A table of every type through the real binary: JSON and CSV in, JSON of several flavors and CSV out, queries, and what `program_info` tells.
#![allow(clippy::unwrap_used, reason = "a test that unwraps says where it failed")]

mod support;

use reqwest::{Method, Url};
use serde_json::{Value, json};
use support::Server;

const PROGRAM: &str = "CREATE TYPE place AS (street VARCHAR, number INT NULL, at ROW(x INT, \"Y\" DECIMAL(9, 2)));
CREATE TABLE every(
    id INT NOT NULL PRIMARY KEY, b BOOLEAN, i8 TINYINT, u8 TINYINT UNSIGNED, i16 SMALLINT, u16 SMALLINT UNSIGNED, u32 INTEGER UNSIGNED,
    i64 BIGINT, u64 BIGINT UNSIGNED, n DECIMAL(10, 2), r REAL, f DOUBLE, c CHAR(2), s VARCHAR, d DATE, t TIME, ts TIMESTAMP,
    tz TIMESTAMP WITH TIME ZONE, u UUID, b4 BINARY(4), vb VARBINARY, a INT ARRAY, aa VARCHAR ARRAY ARRAY, m MAP<VARCHAR, DATE>,
    mi MAP<INT, place> NOT NULL, p place, v VARIANT) WITH ('materialized' = 'true');
CREATE MATERIALIZED VIEW out AS SELECT * FROM every;
CREATE VIEW parts AS SELECT id, a[1] AS a1, mi[7].at.x AS x, CAST(v['k'] AS INT) AS k, p.street, TO_HEX(vb) AS hex FROM every;";

/// A row as JSON, as views write it.
const ROW: &str = r#"{"id":1,"b":true,"i8":-128,"u8":255,"i16":-1,"u16":65535,"u32":4294967295,"i64":-9223372036854775808,"u64":18446744073709551615,
"n":12345678.90,"r":0.1,"f":0.30000000000000004,"c":"ab","s":"x,\"y","d":"2024-02-29","t":"07:05:00.250","ts":"2024-02-25 12:12:33.123456",
"tz":"2024-02-25 12:12:33+00:00","u":"01020304-0506-0708-090a-0b0c0d0e0f10","b4":[0,1,2,255],"vb":[222,173],"a":[3,null],"aa":[["a",null],null,[]],
"m":{"a":"2024-02-29","b":null},"mi":{"-1":null,"7":{"street":"S","number":null,"at":{"x":9,"Y":-0.50}}},
"p":{"street":"T","number":4,"at":{"x":1,"Y":1.25}},"v":{"k":7,"l":[1.5,null,"z"]}}"#;

/// The same row in CSV, without the weight.
const LINE: &str = "1,true,-128,255,-1,65535,4294967295,-9223372036854775808,18446744073709551615,12345678.90,0.1,0.30000000000000004,ab,\"x,\"\"y\",\
2024-02-29,07:05:00.250,2024-02-25 12:12:33.123456,2024-02-25 12:12:33+00:00,01020304-0506-0708-090a-0b0c0d0e0f10,000102ff,dead,\"[3,null]\",\
\"[[\"\"a\"\",null],null,[]]\",\"{\"\"a\"\":\"\"2024-02-29\"\",\"\"b\"\":null}\",\
\"{\"\"-1\"\":null,\"\"7\"\":{\"\"street\"\":\"\"S\"\",\"\"number\"\":null,\"\"at\"\":{\"\"x\"\":9,\"\"Y\"\":-0.50}}}\",\
\"{\"\"street\"\":\"\"T\"\",\"\"number\"\":4,\"\"at\"\":{\"\"x\"\":1,\"\"Y\"\":1.25}}\",\"{\"\"k\"\":7,\"\"l\"\":[1.5,null,\"\"z\"\"]}\"";

async fn started() -> (tempfile::TempDir, Server) {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let body = json!({ "name": "p", "program_code": PROGRAM, "runtime_config": { "workers": 2 },
        "program_config": { "profile": "dev" } });
    let (status, pipeline) = server.call(Method::POST, "/v0/pipelines", Some(body)).await;
    assert_eq!(status, 201, "{pipeline}");
    server
        .until("p", "program_status", |s| {
            assert!(!s.is_object(), "{s}");
            s == "Success"
        })
        .await;
    server.action("p", "start").await;
    server.until_status("p", "Running").await;
    (dir, server)
}

/// The text of the first chunk of a listener's that has data, as it came.
async fn query(server: &Server, sql: &str, format: &str) -> Vec<u8> {
    let url = Url::parse_with_params(&server.url(""), [("sql", sql), ("format", format)]).unwrap();
    let response = server.send(Method::GET, &format!("/v0/pipelines/p/query?{}", url.query().unwrap()), None).await;
    assert_eq!(response.status(), 200);
    response.bytes().await.unwrap().to_vec()
}

#[tokio::test]
async fn in_and_out() {
    let (_dir, server) = started().await;
    let quiet = "backpressure=true&format=json";
    let mut json_out = server.egress("p", "out", quiet).await;
    let mut hex = server.egress("p", "out", &format!("{quiet}&json_flavor=c_hex")).await;
    let mut kafka = server.egress("p", "out", &format!("{quiet}&json_flavor=kafka_connect_json_converter")).await;
    let mut csv = server.egress("p", "out", "backpressure=true&format=csv").await;
    let mut parts = server.egress("p", "parts", quiet).await;

    let (status, answer) = server.ingress("p", "every", "format=json", format!("{{\"insert\":{ROW}}}")).await;
    assert_eq!(status, 200, "{answer}");
    let row: Value = serde_json::from_str(ROW).unwrap();
    assert_eq!(json_out.data().await["json_data"], json!([{ "insert": row }]));
    assert_eq!(csv.data().await["text_data"], format!("{LINE},1\n"));
    parts.until(&[(r#"{"id":1,"a1":3,"x":9,"k":7,"street":"T","hex":"dead"}"#, 1)]).await;
    let chunk = hex.data().await;
    let shown = &chunk["json_data"][0]["insert"];
    assert_eq!((&shown["b4"], &shown["v"]), (&json!("0x000102ff"), &json!(r#"{"k":7,"l":[1.5,null,"z"]}"#)));
    let chunk = kafka.data().await;
    let shown = &chunk["json_data"][0]["insert"];
    assert_eq!((&shown["d"], &shown["t"], &shown["n"]), (&json!(19_782), &json!(25_500_250), &json!("12345678.90")));
    assert_eq!(shown["mi"]["7"]["at"]["Y"], "-0.50");
    assert_eq!(shown["m"]["a"], 19_782);

    // The same row from CSV and from another flavor is the same row: nothing changes but for what is written once more.
    assert_eq!(server.ingress("p", "every", "format=csv", LINE).await.0, 200);
    let again = shown.to_string().replacen("\"id\":1,", "\"id\":2,", 1);
    let flavor = "format=json&update_format=raw&json_flavor=kafka_connect_json_converter";
    let (status, answer) = server.ingress("p", "every", flavor, again).await;
    assert_eq!(status, 200, "{answer}");
    let mut second: Value = serde_json::from_str(ROW).unwrap();
    second["id"] = 2.into();
    // Milliseconds only.
    second["ts"] = "2024-02-25 12:12:33.123".into();
    assert_eq!(json_out.data().await["json_data"], json!([{ "insert": second }]));

    // What is wrong is told with its place, and the rest is taken.
    let wrong = r#"{"insert":{"id":3,"mi":{"1":{"street":"S","at":{"x":"9","Y":1}}}}} {"insert":{"id":4,"mi":{}}} {"insert":{"id":5}}"#;
    let (status, error) = server.ingress("p", "every", "format=json", wrong).await;
    assert_eq!((status, &error["details"]["num_errors"]), (400, &json!(2)));
    let told = |i: usize| error["details"]["errors"][i]["description"].as_str().unwrap().to_owned();
    assert!(
        told(0).contains("error parsing field 'mi'['1'].at.x: invalid type: string \"9\", expected i32"),
        "{}",
        told(0)
    );
    assert!(told(1).contains("'mi'"), "{}", told(1));
    let chunk = json_out.data().await;
    assert_eq!(
        (&chunk["json_data"][0]["insert"]["id"], &chunk["json_data"][0]["insert"]["mi"]),
        (&json!(4), &json!({}))
    );
}

#[tokio::test]
async fn queries_and_program_info() {
    let (_dir, server) = started().await;
    assert_eq!(server.ingress("p", "every", "format=csv", LINE).await.0, 200);
    let text =
        String::from_utf8(query(&server, "SELECT a, aa, m, mi, p, v, u, b4, tz FROM every", "json").await).unwrap();
    let row: Value = serde_json::from_str(&text).unwrap();
    let expected = json!({ "a": [3, null], "aa": [["a", null], null, []], "m": { "a": "2024-02-29", "b": null },
        "mi": { "-1": null, "7": { "street": "S", "number": null, "at": { "x": 9, "Y": -0.5 } } },
        "p": { "street": "T", "number": 4, "at": { "x": 1, "Y": 1.25 } }, "v": "{\"k\":7,\"l\":[1.5,null,\"z\"]}",
        "u": "01020304-0506-0708-090a-0b0c0d0e0f10", "b4": "000102ff", "tz": "2024-02-25T12:12:33Z" });
    assert_eq!(row, expected);
    let parquet = query(&server, "SELECT * FROM out", "parquet").await;
    assert!(parquet.len() > 100 && parquet.starts_with(b"PAR1") && parquet.ends_with(b"PAR1"));
    let table = String::from_utf8(query(&server, "SELECT p, a FROM out", "text").await).unwrap();
    assert!(table.contains("| {street: T, number: 4, at: {x: 1, Y: 1.25}} | [3, ] |"), "{table}");
    let insert = "INSERT INTO every (id, a, mi, p, v, vb) SELECT 2, a, mi, p, '[]', vb FROM every";
    assert_eq!(query(&server, insert, "json").await, b"{\"count\":1}\n");
    let unnested = query(&server, "SELECT id, unnest(a) AS x FROM out ORDER BY id, x NULLS FIRST", "json").await;
    let lines = "{\"id\":1,\"x\":null}\n{\"id\":1,\"x\":3}\n{\"id\":2,\"x\":null}\n{\"id\":2,\"x\":3}\n";
    assert_eq!(String::from_utf8(unnested).unwrap(), lines);

    let (_, pipeline) = server.get("/v0/pipelines/p").await;
    let fields = pipeline["program_info"]["schema"]["inputs"][0]["fields"].as_array().unwrap();
    let of = |name: &str| &fields.iter().find(|f| f["name"] == name).unwrap()["columntype"];
    assert_eq!((&of("aa")["type"], &of("aa")["component"]["component"]["type"]), (&json!("ARRAY"), &json!("VARCHAR")));
    assert_eq!((&of("mi")["key"]["type"], &of("mi")["value"]["type"]), (&json!("INTEGER"), &json!("STRUCT")));
    assert_eq!(of("p")["fields"][2]["columntype"]["fields"][1]["name"], "Y");
    assert_eq!((&of("p")["fields"][1]["columntype"]["nullable"], &of("v")["type"]), (&json!(true), &json!("VARIANT")));
}
