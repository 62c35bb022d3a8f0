//! Section 1.3, interaction with a running pipeline.
//!
//! | rule | shown by |
//! |---|---|
//! | parse errors and good records of one request | `data.rs`: `bad_records_are_reported_and_good_ones_taken`; `dozen_facts.rs` here |
//! | tables with a primary key | `data.rs`: `keyed_tables_are_upserted_updated_and_deleted_from` |
//! | 429 of ingress and egress | `stats.rs`: `a_hundred_connections_each_way` |
//! | endpoints `api-ingress-...` | `stats.rs`: `get_stats` |
//! | chunks of 10,000 records, keep-alive, CSV's weight | `data.rs`: `chunks_are_numbered_and_kept_alive` |
//! | update formats of egress | `stats.rs`: `egress_update_formats` |
//! | connectors: order of checks, names | `stats.rs`: `connector_actions` |
//! | `/logs` | `logs.rs` |
//! | `/stats` | `stats.rs`: `get_stats` |
//! | `/query` | `query.rs` |
//! | `/v0/metrics` | `metrics.rs`: `metrics_agree_with_what_was_done` |
//! | profiles | `profile.rs`: `profiles_add_up` |
//! | checkpoint | `stats.rs`: `post_checkpoint` |
//! | `/config/demos` | `api.rs`: `what_everybody_may_read` |
//! | keys | `tenants.rs`: `keys_are_made_listed_and_deleted_and_scopes_hold` |
//!
//! Otherwise than the page, as its introduction says: `weighted` both ways; a checkpoint is 200; `arrow_ipc`; CSV takes its options. Avro is a
//! known name of a format, but is not read over HTTP (`ConfigError.InputFormatNotSupported`).

use crate::shared::{ask, on_shared, request, run_paused};
use crate::support::Server;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const PROGRAM: &str = "CREATE TABLE n(x INT) WITH ('materialized' = 'true');
CREATE TABLE \"TaBle1\"(\"X\" INT, y INT) WITH ('materialized' = 'true');
CREATE TABLE kinds(b BOOLEAN, dec DECIMAL(6, 2), d DATE, t TIME, ts TIMESTAMP, s VARCHAR) WITH ('materialized' = 'true');
CREATE VIEW doubled AS SELECT x, x * 2 FROM n;
CREATE VIEW kinds_out AS SELECT * FROM kinds;";

/// The result of a query, as lines of JSON.
async fn rows(server: &Server, name: &str, sql: &str) -> Vec<Value> {
    let sql: String = sql.bytes().map(|b| format!("%{b:02X}")).collect();
    let answer = ask(server, Method::GET, &format!("/v0/pipelines/{name}/query?format=json&sql={sql}")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn ingress_of_a_paused_pipeline_waits_10_s_and_force_does_not() {
    on_shared(async |server| {
        run_paused(server, "waits", PROGRAM).await;
        assert_eq!(server.ingress("waits", "n", "force=true", "1\n").await.0, 200);
        assert_eq!(rows(server, "waits", "SELECT x FROM n").await, [json!({ "x": 1 })]);
        let begin = Instant::now();
        let answer = ask(server, Method::POST, "/v0/pipelines/waits/ingress/n").await;
        answer.is_error(500, "PipelineEndpointSendError");
        assert!((10..15).contains(&begin.elapsed().as_secs()), "{:?}", begin.elapsed());
        // What was resumed in time is taken in.
        let (answer, ()) = tokio::join!(server.ingress("waits", "n", "", "2\n"), async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            server.action("waits", "start").await;
        });
        assert_eq!(answer.0, 200, "{}", answer.1);
        assert_eq!(rows(server, "waits", "SELECT x FROM n ORDER BY x").await, [json!({ "x": 1 }), json!({ "x": 2 })]);
    });
}

#[test]
fn ingress_that_waits_for_a_pipeline_that_ends_is_503_terminating() {
    on_shared(async |server| {
        run_paused(server, "ends", PROGRAM).await;
        let (answer, ()) = tokio::join!(ask(server, Method::POST, "/v0/pipelines/ends/ingress/n"), async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            server.action("ends", "shutdown").await;
        });
        assert_eq!(answer.is_error(503, "Terminating"), Value::Null);
    });
}

#[test]
fn ingress_parameters_have_their_errors() {
    on_shared(async |server| {
        run_paused(server, "inparams", PROGRAM).await;
        for (table, query, status, code) in [
            ("nothing", "", 404, "ConfigError.UnknownInputStream"),
            // A view is no table, and what is quoted is exact.
            ("doubled", "", 404, "ConfigError.UnknownInputStream"),
            ("table1", "", 404, "ConfigError.UnknownInputStream"),
            ("TaBle1", "", 404, "ConfigError.UnknownInputStream"),
            ("n", "format=xml", 400, "ConfigError.UnknownInputFormat"),
            ("n", "format=", 400, "ConfigError.UnknownInputFormat"),
            ("n", "format=JSON", 400, "ConfigError.UnknownInputFormat"),
            ("n", "format=raw", 400, "ConfigError.ParserConfigParseError"),
            ("n", "delimiter=ab", 400, "ConfigError.ParserConfigParseError"),
            ("n", "format=avro", 400, "ConfigError.InputFormatNotSupported"),
            ("n", "format=json&update_format=snowflake", 400, "ConfigError.InputFormatNotSupported"),
            ("n", "format=json&update_format=x", 400, "ConfigError.ParserConfigParseError"),
            ("n", "format=json&json_flavor=x", 400, "ConfigError.ParserConfigParseError"),
            ("n", "format=json&lines=x", 400, "ConfigError.ParserConfigParseError"),
            ("n", "format=json&array=1", 400, "ConfigError.ParserConfigParseError"),
        ] {
            let path = format!("/v0/pipelines/inparams/ingress/{table}?{query}");
            let details = ask(server, Method::POST, &path).await.is_error(status, code);
            assert!(details["config_error"].is_object(), "{details}");
        }
        // JSON's parameters mean nothing to CSV.
        ask(server, Method::POST, "/v0/pipelines/inparams/ingress/n?force=true&array=1&lines=x").await.is_empty(200);
    });
}

#[test]
fn ingress_takes_parquet_and_csv_with_its_options() {
    on_shared(async |server| {
        run_paused(server, "parquet", PROGRAM).await;
        let row = r#"{"b":true,"dec":-1.50,"d":"2024-02-25","t":"07:05:00.250","ts":"2024-02-25 12:12:33.250","s":"x"} {"s":null}"#;
        assert_eq!(server.ingress("parquet", "kinds", "format=json&update_format=raw&force=true", row).await.0, 200);
        // What a query writes is read again, be it cut as the connection cuts it.
        let path = format!("{}/v0/pipelines/parquet/query?format=parquet&sql=SELECT%20*%20FROM%20kinds", server.base);
        let file = reqwest::get(path).await.unwrap().bytes().await.unwrap();
        assert_eq!(server.ingress("parquet", "kinds", "format=parquet&force=true", file.clone()).await.0, 200);
        let sql = "SELECT b, dec, d, t, ts, s, COUNT(*) AS n FROM kinds GROUP BY b, dec, d, t, ts, s ORDER BY s";
        let counted = rows(server, "parquet", sql).await;
        assert_eq!(counted.iter().map(|r| r["n"].clone()).collect::<Vec<_>>(), [json!(2), json!(2)], "{counted:?}");
        let (status, error) = server.ingress("parquet", "kinds", "format=parquet&force=true", file.slice(4..)).await;
        assert_eq!((status, &error["error_code"]), (400, &json!("ParseErrors")), "{error}");
        let (status, error) = server.ingress("parquet", "n", "format=parquet&force=true", "PAR1").await;
        assert_eq!((status, &error["details"]["num_errors"]), (400, &json!(1)), "{error}");
        let text = "y;X\n1;2\n";
        let query = "headers=true&delimiter=%3B&force=true";
        assert_eq!(server.ingress("parquet", "%22TaBle1%22", query, text).await.0, 200);
        assert_eq!(rows(server, "parquet", "SELECT * FROM \"TaBle1\"").await, [json!({ "X": 2, "y": 1 })]);
    });
}

#[test]
fn ingress_takes_every_spelling_of_a_table() {
    on_shared(async |server| {
        run_paused(server, "spelled", PROGRAM).await;
        for (i, table) in ["n", "N", "%22n%22", "%6E"].into_iter().enumerate() {
            assert_eq!(server.ingress("spelled", table, "force=true", format!("{i}\n")).await.0, 200, "{table}");
        }
        assert_eq!(rows(server, "spelled", "SELECT COUNT(*) AS c FROM n").await, [json!({ "c": 4 })]);
        // Columns: quoted ones are exact, others in any case; what is unknown is left out.
        let data = r#"{"X": 1, "x": 7, "Y": 2} {"y": 3, "other": 1}"#;
        let query = "format=json&update_format=raw&force=true";
        assert_eq!(server.ingress("spelled", "%22TaBle1%22", query, data).await.0, 200);
        let sql = "SELECT * FROM \"TaBle1\" ORDER BY y";
        assert_eq!(rows(server, "spelled", sql).await, [json!({ "X": 1, "y": 2 }), json!({ "X": null, "y": 3 })]);
    });
}

#[test]
fn ingress_drops_an_array_with_a_bad_element_whole_and_keeps_the_others() {
    on_shared(async |server| {
        run_paused(server, "arrays", PROGRAM).await;
        let query = "format=json&update_format=raw&array=true&force=true";
        let data = r#"[{"x":1},{"x":2}] [{"x":3},{"x":"bad"},{"x":4}] [{"x":5}]"#;
        let (status, error) = server.ingress("arrays", "n", query, data).await;
        assert_eq!((status, &error["details"]["num_errors"]), (400, &json!(1)), "{error}");
        assert_eq!(error["details"]["errors"][0]["event_number"], 4);
        let sql = "SELECT x FROM n ORDER BY x";
        assert_eq!(rows(server, "arrays", sql).await, [1, 2, 5].map(|x| json!({ "x": x })));
        // Without arrays only the bad record is left out.
        let query = "format=json&update_format=raw&force=true";
        assert_eq!(server.ingress("arrays", "n", query, r#"{"x":6}{"x":"bad"}{"x":7}"#).await.0, 400);
        assert_eq!(rows(server, "arrays", sql).await, [1, 2, 5, 6, 7].map(|x| json!({ "x": x })));
    });
}

#[test]
fn ingress_lists_1000_errors_and_counts_the_rest() {
    on_shared(async |server| {
        run_paused(server, "thousand", PROGRAM).await;
        let data = "{\"x\":\"bad\"}\n".repeat(1_003);
        let (status, error) = server.ingress("thousand", "n", "format=json&update_format=raw&force=true", data).await;
        let details = &error["details"];
        assert_eq!((status, &details["num_errors"]), (400, &json!(1_003)));
        assert_eq!(details["errors"].as_array().unwrap().len(), 1_000);
        assert!(error["message"].as_str().unwrap().starts_with("Errors parsing input data (1003 errors):\n"));
    });
}

#[test]
fn ingress_events_may_have_several_keys_taken_as_delete_insert_update() {
    on_shared(async |server| {
        run_paused(server, "events", PROGRAM).await;
        let json = "format=json&force=true";
        let data = r#"{"insert":{"x":1}} {"insert":[2]} {"insert":{"x":3},"delete":{"x":1}} {"insert":{"x":9},"table":"other"}"#;
        assert_eq!(server.ingress("events", "n", json, data).await.0, 200);
        let all = async || rows(server, "events", "SELECT x FROM n ORDER BY x").await;
        assert_eq!(all().await, [2, 3, 9].map(|x| json!({ "x": x })));
        for (bad, field) in [
            (r#"{"insert":{"x":4},"upsert":{}}"#, "unknown field `upsert`"),
            (r#"{"x":4}"#, "unknown field `x`"),
            ("{}", "none of"),
            (r#"{"update":{"x":4}}"#, "PRIMARY KEY"),
            // A bad row refuses its event whole.
            (r#"{"delete":{"x":2},"insert":{"x":"bad"}}"#, "error parsing field 'x'"),
        ] {
            let (status, error) = server.ingress("events", "n", json, bad).await;
            assert_eq!((status, &error["details"]["num_errors"]), (400, &json!(1)), "{bad}");
            let description = error["details"]["errors"][0]["description"].as_str().unwrap();
            assert!(description.contains(field), "{bad}: {description}");
        }
        assert_eq!(all().await, [2, 3, 9].map(|x| json!({ "x": x })));
        // Debezium: before is deleted, after inserted.
        let data = r#"{"payload":{"op":"u","before":{"x":2},"after":{"x":20}}} {"payload":{"op":"c","after":{"x":30}}}
            {"payload":{"op":"d","before":{"x":3},"after":null}} {"payload":{"op":"r","before":null,"after":{"x":40}}}"#;
        assert_eq!(server.ingress("events", "n", "format=json&update_format=debezium&force=true", data).await.0, 200);
        assert_eq!(all().await, [9, 20, 30, 40].map(|x| json!({ "x": x })));
        // Weighted: Weir's own.
        let data = r#"{"weight":-1,"data":{"x":9}} {"weight":2,"data":{"x":50}}"#;
        assert_eq!(server.ingress("events", "n", "format=json&update_format=weighted&force=true", data).await.0, 200);
        assert_eq!(all().await, [20, 30, 40, 50, 50].map(|x| json!({ "x": x })));
    });
}

#[test]
fn values_are_read_and_written_as_the_page_says() {
    on_shared(async |server| {
        run_paused(server, "values", PROGRAM).await;
        let mut out = server.egress("values", "kinds_out", "format=json&backpressure=true").await;
        let row = r#"{"b":true,"dec":5.00,"d":"2024-02-25","t":"12:00:00","ts":"2024-02-25 12:12:33","s":" x "}"#;
        // Dates and times are trimmed, texts are not; decimals may be texts; pandas writes milliseconds.
        for (flavor, data) in [
            (
                "default",
                r#"{"b":true,"dec":5,"d":" 2024-02-25 ","t":" 12:00:00","ts":"2024-02-25 12:12:33 ","s":" x "}"#,
            ),
            ("pandas", r#"{"b":true,"dec":"5","d":"2024-02-25","t":"12:00:00","ts":1708863153000,"s":" x "}"#),
        ] {
            let query = format!("format=json&update_format=raw&json_flavor={flavor}&force=true");
            let pushed = server.ingress("values", "kinds", &query, data).await;
            assert_eq!(pushed.0, 200, "{}", pushed.1);
            assert_eq!(
                out.data().await["json_data"],
                json!([{ "insert": serde_json::from_str::<Value>(row).unwrap() }])
            );
        }
        // The text of a decimal keeps its scale, and NULLs are written.
        let url = server.url("/v0/pipelines/values/egress/kinds_out?format=json");
        let mut raw = reqwest::Client::new().post(url).send().await.unwrap();
        assert_eq!(server.ingress("values", "kinds", "force=true", ",5,,,,NULL\r\n").await.0, 200);
        let chunk = raw.chunk().await.unwrap().unwrap();
        let expected = r#"{"sequence_number":0,"json_data":[{"insert":{"b":null,"dec":5.00,"d":null,"t":null,"ts":null,"s":null}}]}"#;
        assert_eq!(chunk, format!("{expected}\r\n"));
    });
}

#[test]
fn csv_has_no_header_any_line_end_and_inserts_only() {
    on_shared(async |server| {
        run_paused(server, "csv", PROGRAM).await;
        for (i, data) in ["1\n2\n", "3\r\n4\r\n", "5\n6"].into_iter().enumerate() {
            let kind = [("content-type", ["text/csv", "application/json", "x/y"][i])];
            let answer = request(server, Method::POST, "/v0/pipelines/csv/ingress/n?force=true", &kind, data).await;
            answer.is_empty(200);
        }
        let all = rows(server, "csv", "SELECT x FROM n ORDER BY x").await;
        assert_eq!(all, [1, 2, 3, 4, 5, 6].map(|x| json!({ "x": x })));
    });
}

#[test]
fn egress_of_a_step_is_deletes_then_inserts_each_in_order_and_as_often_as_their_weight() {
    on_shared(async |server| {
        run_paused(server, "order", PROGRAM).await;
        let push = async |data: &str| {
            let pushed =
                server.ingress("order", "n", "format=json&update_format=weighted&force=true", data.to_owned()).await;
            assert_eq!(pushed.0, 200, "{}", pushed.1);
        };
        let weighted = |rows: &[(i64, i64)]| {
            rows.iter().map(|(x, w)| format!("{{\"weight\":{w},\"data\":{{\"x\":{x}}}}}")).collect::<String>()
        };
        // Rows enough for both workers.
        let first: Vec<(i64, i64)> = (0..2_000).rev().map(|x| (x, 1)).collect();
        push(&weighted(&first)).await;
        // Their step must be over before somebody listens.
        while rows(server, "order", "SELECT COUNT(*) AS c FROM n").await != [json!({ "c": first.len() })] {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        let mut json = server.egress("order", "doubled", "format=json&backpressure=true").await;
        let mut csv = server.egress("order", "DOUBLED", "backpressure=true").await;
        // Nothing of what was before: only changes from here on. One step, since it is one request.
        let mut second: Vec<(i64, i64)> = (0..2_000).step_by(3).map(|x| (x, -1)).collect();
        second.extend((3_000..4_000).rev().map(|x| (x, 1 + x % 2)));
        // What is changed and changed back in the same step is no change.
        second.extend([(5_000, 1), (5_000, -1)]);
        push(&weighted(&second)).await;
        let object = |x: i64| json!({ "x": x, "expr$1": 2 * x });
        let mut expected: Vec<Value> = (0..2_000).step_by(3).map(|x| json!({ "delete": object(x) })).collect();
        expected.extend((3_000..4_000).flat_map(|x| vec![json!({ "insert": object(x) }); 1 + x as usize % 2]));
        let chunk = json.data().await;
        assert_eq!(chunk["sequence_number"], 0);
        assert_eq!(chunk["json_data"], Value::Array(expected));
        let chunk = csv.data().await;
        let mut sorted = second.clone();
        sorted.truncate(second.len() - 2);
        sorted.sort_unstable();
        let text: String = sorted.iter().map(|(x, w)| format!("{x},{},{w}\n", 2 * x)).collect();
        assert_eq!(chunk["text_data"], text);
    });
}

#[test]
fn egress_numbers_have_gaps_only_where_chunks_were_missed() {
    on_shared(async |server| {
        run_paused(server, "gaps", PROGRAM).await;
        let mut json = server.egress("gaps", "n", "format=json&backpressure=true").await;
        let mut csv = server.egress("gaps", "n", "format=csv&backpressure=true").await;
        let mut weighted = server.egress("gaps", "n", "format=json&update_format=weighted&backpressure=true").await;
        // 8,000 rows, each three times: three chunks of events, but one of rows with their weights.
        let data: String = (0..8_000).map(|x| format!("{{\"weight\":3,\"data\":{{\"x\":{x}}}}}")).collect();
        let query = "format=json&update_format=weighted&force=true";
        assert_eq!(server.ingress("gaps", "n", query, data).await.0, 200);
        let mut events = 0;
        for number in 0..4 {
            if number == 3 {
                // Not before, so that it is a step of its own.
                assert_eq!(server.ingress("gaps", "n", query, r#"{"weight":1,"data":{"x":-1}}"#).await.0, 200);
            }
            let chunk = json.data().await;
            assert_eq!(chunk["sequence_number"], number);
            events += chunk["json_data"].as_array().unwrap().len();
        }
        assert_eq!(events, 24_001);
        for stream in [&mut csv, &mut weighted] {
            let numbers =
                [stream.data().await["sequence_number"].clone(), stream.data().await["sequence_number"].clone()];
            assert_eq!(numbers, [json!(0), json!(1)]);
        }
    });
}

#[test]
fn egress_of_a_row_more_than_a_million_times_fails() {
    on_shared(async |server| {
        run_paused(server, "million", PROGRAM).await;
        let query = "format=json&update_format=weighted&force=true";
        let push = async |weight: i64| {
            let data = json!({ "weight": weight, "data": { "x": 1 } }).to_string();
            assert_eq!(server.ingress("million", "n", query, data).await.0, 200);
        };
        for (format, weight) in [("format=json", 1_000_001), ("format=csv", -1_000_001)] {
            let mut out = server.egress("million", "n", format).await;
            push(weight).await;
            // The stream ends, and the pipeline's log says why.
            while let Some(chunk) = out.next().await {
                assert!(chunk.get("json_data").is_none() && chunk.get("text_data").is_none(), "{chunk}");
            }
        }
        let (log, ()) = tokio::join!(ask(server, Method::GET, "/v0/pipelines/million/logs"), async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            server.action("million", "shutdown").await;
        });
        assert_eq!(log.body.matches("more than 1000000 copies").count(), 2, "{}", log.body);
    });
}

#[test]
fn egress_parameters_have_their_errors() {
    on_shared(async |server| {
        run_paused(server, "outparams", PROGRAM).await;
        for (relation, query, status, code) in [
            ("nothing", "", 404, "ConfigError.UnknownOutputStream"),
            ("%22Doubled%22", "", 404, "ConfigError.UnknownOutputStream"),
            ("doubled", "format=parquet", 400, "ConfigError.UnknownOutputFormat"),
            ("doubled", "format=json&update_format=raw", 400, "ConfigError.OutputFormatNotSupported"),
            ("doubled", "format=json&update_format=debezium", 400, "ConfigError.OutputFormatNotSupported"),
            ("doubled", "format=json&update_format=x", 400, "ConfigError.EncoderConfigParseError"),
            ("doubled", "format=json&array=x", 400, "ConfigError.EncoderConfigParseError"),
        ] {
            let path = format!("/v0/pipelines/outparams/egress/{relation}?{query}");
            let details = ask(server, Method::POST, &path).await.is_error(status, code);
            assert!(details["config_error"].is_object(), "{details}");
        }
        // Views, tables, the built-in view; in any case; whether paused or running.
        for action in ["pause", "start"] {
            server.action("outparams", action).await;
            server.until_status("outparams", if action == "start" { "Running" } else { "Paused" }).await;
            for relation in ["doubled", "Doubled", "n", "%22TaBle1%22", "error_view"] {
                drop(server.egress("outparams", relation, "format=json&array=false&unknown=1").await);
            }
        }
    });
}
