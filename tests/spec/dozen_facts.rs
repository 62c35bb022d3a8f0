//! Section 0, the dozen facts.
//!
//! | fact | shown by |
//! |---|---|
//! | 1 keep-alive chunk after 3 s | `data.rs`: `chunks_are_numbered_and_kept_alive` |
//! | 2 chunked, a chunk a line that ends with CR LF | [`egress_is_chunked_and_each_chunk_ends_with_cr_lf`] |
//! | 3 empty replies | [`empty_replies_have_content_length_0`]; `http.rs`: `replies_without_data_say_so_and_replies_with_data_are_not_kept` |
//! | 4 exact content types | [`content_types_are_exact`] |
//! | 5 bodies to ignore | [`bodies_of_null_and_unknown_parameters_are_ignored`] |
//! | 6 event numbers, error bodies byte for byte | [`event_numbers_count_across_requests_of_one_spelling_and_parser_config`] |
//! | 7 `pipeline_complete` | `stats.rs`: `get_stats`, `pipeline_complete_waits_for_data_and_listeners` |
//! | 8 reading one's own writes | `query.rs`: `a_query_sees_what_was_acknowledged_before` |
//! | 9 `/start` never fails because of compilation | `lifecycle.rs` here |
//! | 10 the state is checked first | `management.rs` here |
//! | 11 wrong documentation | `interaction.rs`, `crosscutting.rs` here |
//! | 12 what there is not | [`what_this_generation_does_not_have`] |
//!
//! Otherwise than the page: `arrow_ipc` is a query format (its introduction says so).

use crate::shared::{ask, keys, on_shared, request, run_paused};
use reqwest::Method;
use std::io::{Read, Write};
use std::net::TcpStream;

const PROGRAM: &str = "CREATE TABLE t1(c1 INT NOT NULL, c2 BOOLEAN, c3 VARCHAR) WITH ('materialized' = 'true');
CREATE VIEW v1 AS SELECT c1 FROM t1;";
const NULL: [(&str, &str); 1] = [("content-type", "application/json")];

#[test]
fn egress_is_chunked_and_each_chunk_ends_with_cr_lf() {
    on_shared(async |server| {
        run_paused(server, "fact2", PROGRAM).await;
        let mut stream = TcpStream::connect(server.base.strip_prefix("http://").unwrap()).unwrap();
        stream.set_read_timeout(Some(std::time::Duration::from_secs(30))).unwrap();
        stream.write_all(b"POST /v0/pipelines/fact2/egress/v1?format=json HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
        let mut seen = Vec::new();
        let until = |end: &str, stream: &mut TcpStream, seen: &mut Vec<u8>| {
            while !String::from_utf8_lossy(seen).ends_with(end) {
                let mut piece = [0; 4096];
                let n = stream.read(&mut piece).unwrap();
                assert!(n > 0, "{}", String::from_utf8_lossy(seen));
                seen.extend_from_slice(&piece[..n]);
            }
        };
        until("\r\n\r\n", &mut stream, &mut seen);
        let head = String::from_utf8_lossy(&seen).to_lowercase();
        assert!(head.starts_with("http/1.1 200") && head.contains("transfer-encoding: chunked\r\n"), "{head}");
        seen.clear();
        for i in 1..=2 {
            assert_eq!(server.ingress("fact2", "t1", "force=true", format!("{i},,\n")).await.0, 200);
            // A chunk of HTTP for each JSON object, sent at once.
            let object = format!("{{\"sequence_number\":{},\"json_data\":[{{\"insert\":{{\"c1\":{i}}}}}]}}\r\n", i - 1);
            until("\r\n\r\n", &mut stream, &mut seen);
            assert_eq!(String::from_utf8_lossy(&seen), format!("{:X}\r\n{object}\r\n", object.len()));
            seen.clear();
        }
    });
}

#[test]
fn empty_replies_have_content_length_0() {
    on_shared(async |server| {
        server.create("fact3", PROGRAM).await;
        let post = async |path: &str| ask(server, Method::POST, &format!("/v0/pipelines/fact3/{path}")).await;
        post("pause").await.is_empty(202);
        server.until_status("fact3", "Paused").await;
        post("ingress/t1?force=true").await.is_empty(200);
        post("start").await.is_empty(202);
        post("shutdown").await.is_empty(202);
        server.until_status("fact3", "Shutdown").await;
        ask(server, Method::DELETE, "/v0/pipelines/fact3").await.is_empty(200);
        let key = serde_json::json!({ "name": "fact3" });
        assert_eq!(crate::shared::send(server, Method::POST, "/v0/api_keys", &key).await.status, 201);
        ask(server, Method::DELETE, "/v0/api_keys/fact3").await.is_empty(200);
        ask(server, Method::GET, "/healthz").await.is_empty(200);
    });
}

#[test]
fn content_types_are_exact() {
    on_shared(async |server| {
        run_paused(server, "fact4", PROGRAM).await;
        for (path, content_type) in [
            ("/v0/pipelines", "application/json"),
            ("/v0/pipelines/fact4", "application/json"),
            ("/v0/pipelines/nobody", "application/json"),
            ("/v0/pipelines/fact4/stats", "application/json"),
            ("/v0/pipelines/fact4/query?sql=SELECT%201", "text/plain"),
            ("/v0/pipelines/fact4/query?sql=SELECT%201&format=json", "application/json"),
            ("/v0/pipelines/fact4/query?sql=SELECT%201&format=parquet", "application/octet-stream"),
            ("/v0/pipelines/fact4/circuit_profile", "application/zip"),
            ("/v0/pipelines/fact4/heap_profile", "application/protobuf"),
            ("/v0/metrics", "text/plain"),
            ("/v0/api_keys", "application/json"),
            ("/v0/config/demos", "application/json"),
            ("/config", "application/json"),
            ("/config/authentication", "application/json"),
            ("/api-doc/openapi.json", "application/json"),
        ] {
            assert_eq!(ask(server, Method::GET, path).await.header("content-type"), Some(content_type), "{path}");
        }
    });
}

#[test]
fn bodies_of_null_and_unknown_parameters_are_ignored() {
    on_shared(async |server| {
        server.create("fact5", PROGRAM).await;
        let call = async |method: Method, path: &str| {
            request(server, method, &format!("/v0/pipelines/fact5{path}"), &NULL, "null").await
        };
        call(Method::POST, "/pause").await.is_empty(202);
        server.until_status("fact5", "Paused").await;
        call(Method::POST, "/checkpoint").await.is_error(400, "NotSupported");
        call(Method::POST, "/egress/nothing").await.is_error(404, "ConfigError.UnknownOutputStream");
        call(Method::POST, "/tables/t1/connectors/c/start").await.is_error(404, "UnknownInputEndpoint");
        let query = ask(
            server,
            Method::GET,
            "/v0/pipelines/fact5/query?pipeline_name=fact5&sql=SELECT%201%20AS%20x&format=json",
        );
        assert_eq!(query.await.body, "{\"x\":1}\n");
        let pushed =
            server.ingress("fact5", "t1", "format=json&force=true&whatever=1", "{\"insert\":{\"c1\":1}}").await;
        assert_eq!(pushed.0, 200, "{}", pushed.1);
        call(Method::POST, "/shutdown").await.is_empty(202);
        server.until_status("fact5", "Shutdown").await;
        call(Method::DELETE, "").await.is_empty(200);
    });
}

#[test]
fn event_numbers_count_across_requests_of_one_spelling_and_parser_config() {
    on_shared(async |server| {
        run_paused(server, "fact6", PROGRAM).await;
        let raw = "format=json&update_format=raw&force=true";
        let push = async |table: &str, query: &str, data: &str| {
            request(server, Method::POST, &format!("/v0/pipelines/fact6/ingress/{table}?{query}"), &[], data).await
        };
        // The whole body, byte for byte.
        let answer = push("t1", raw, "[10, true, \"foo\"]\n[40, \"foo\", \"buzz\"]\n{\"c1\":\"x\"}").await;
        assert_eq!(answer.status, 400);
        let expected = concat!(
            r#"{"message":"Errors parsing input data (2 errors):\n    Parse error (event #2): failed to deserialize JSON record: "#,
            r#"error parsing field 'c2': invalid type: string \"foo\", expected a boolean at line 1 column 10\n"#,
            r#"Invalid fragment: '[40, \"foo\", \"buzz\"]'\n    Parse error (event #3): failed to deserialize JSON record: "#,
            r#"error parsing field 'c1': invalid type: string \"x\", expected i32 at line 1 column 9\n"#,
            r#"Invalid fragment: '{\"c1\":\"x\"}'","error_code":"ParseErrors","details":{"errors":[{"description":"#,
            r#""failed to deserialize JSON record: error parsing field 'c2': invalid type: string \"foo\", expected a boolean at line 1 column 10","#,
            r#""event_number":2,"field":"c2","invalid_bytes":null,"invalid_text":"[40, \"foo\", \"buzz\"]","suggestion":null},"#,
            r#"{"description":"failed to deserialize JSON record: error parsing field 'c1': invalid type: string \"x\", expected i32 at line 1 column 9","#,
            r#""event_number":3,"field":"c1","invalid_bytes":null,"invalid_text":"{\"c1\":\"x\"}","suggestion":null}],"num_errors":2}}"#,
        );
        assert_eq!(answer.body, expected);
        let number = async |table: &str, query: &str, data: &str| {
            push(table, query, data).await.is_error(400, "ParseErrors")["errors"][0]["event_number"].clone()
        };
        assert_eq!(number("t1", raw, "{}").await, 4);
        assert_eq!(push("t1", raw, "{\"c1\":1}{\"c1\":2}").await.status, 200);
        assert_eq!(number("t1", raw, "{}").await, 7);
        // Parameters that mean what is the default anyway are the same configuration, in any order; `force` is none of the parser's.
        assert_eq!(number("t1", "force=true&lines=multiple&array=false&update_format=raw&format=json", "{}").await, 8);
        // Another spelling, another configuration of the parser, another format: other counters.
        assert_eq!(number("T1", raw, "{}").await, 1);
        assert_eq!(number("%22t1%22", raw, "{}").await, 1);
        assert_eq!(number("t1", &format!("{raw}&array=true"), "[{}]").await, 1);
        assert_eq!(number("t1", "format=csv&force=true", "x,,\n").await, 1);
        assert_eq!(number("t1", raw, "{}").await, 9);
    });
}

#[test]
fn what_this_generation_does_not_have() {
    on_shared(async |server| {
        let made = server.create("fact12", "").await;
        assert!(!keys(&made).contains(&"refresh_version") && !keys(&made).contains(&"program_error"));
        // No pages: parameters of later generations are ignored.
        let all = ask(server, Method::GET, "/v0/pipelines?selector=status&limit=0&offset=1000").await;
        assert!(all.json().as_array().unwrap().iter().any(|p| p["name"] == "fact12"));
        ask(server, Method::GET, "/v0/config").await.is_empty(404);
        ask(server, Method::POST, "/v0/pipelines/fact12/stop").await.is_error(400, "InvalidPipelineAction");
        ask(server, Method::GET, "/v0/pipelines/fact12/completion_status").await.is_empty(404);
        ask(server, Method::POST, "/v0/pipelines/fact12/query").await.is_empty(404);
    });
}
