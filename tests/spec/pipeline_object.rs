//! Section 1.1, the pipeline object.
//!
//! | rule | shown by |
//! |---|---|
//! | 19 keys, 13 with `selector=status` | here; `api.rs`: `pipelines_are_made_read_changed_and_deleted` |
//! | every error of a program at once | `api.rs`: `a_wrong_program_gets_all_its_errors_at_once` |
//! | statuses of a compilation | the unit tests of `automata/program.rs` |
//!
//! | `input_connectors`, `output_connectors`, `ConnectorGenerationError` | `../connectors.rs` |
//!
//! Otherwise than the page: `fault_tolerance` is accepted (the page's introduction says that Weir does
//! it); `workers` has an upper bound of 64 and is not 0 (400 `InvalidRuntimeConfig`); constructs that Weir does not know yet have
//! the kind `Not supported`.

use crate::shared::{ask, keys, on_shared, send};
use reqwest::Method;
use serde_json::{Value, json};

const STATUS_KEYS: [&str; 13] = [
    "id",
    "name",
    "description",
    "created_at",
    "version",
    "platform_version",
    "program_version",
    "program_status",
    "program_status_since",
    "deployment_status",
    "deployment_status_since",
    "deployment_desired_status",
    "deployment_error",
];
const MORE_KEYS: [&str; 6] =
    ["runtime_config", "program_code", "udf_rust", "udf_toml", "program_config", "program_info"];

fn sorted<'a>(keys: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut keys: Vec<&str> = keys.into_iter().collect();
    keys.sort_unstable();
    keys
}

#[test]
fn selectors_choose_19_or_13_keys_and_changes_return_19() {
    on_shared(async |server| {
        let all = sorted(STATUS_KEYS.into_iter().chain(MORE_KEYS));
        let made = server.create("objkeys", "").await;
        assert_eq!(sorted(keys(&made)), all);
        let body = json!({ "name": "objkeys", "program_code": "", "description": "x" });
        assert_eq!(sorted(keys(&send(server, Method::PUT, "/v0/pipelines/objkeys", &body).await.json())), all);
        assert_eq!(sorted(keys(&send(server, Method::PATCH, "/v0/pipelines/objkeys", &json!({})).await.json())), all);
        let get = async |query: &str| ask(server, Method::GET, &format!("/v0/pipelines{query}")).await.json();
        assert_eq!(sorted(keys(&get("/objkeys").await)), all);
        assert_eq!(sorted(keys(&get("/objkeys?selector=all").await)), all);
        assert_eq!(sorted(keys(&get("/objkeys?selector=status").await)), sorted(STATUS_KEYS));
        assert!(get("").await.as_array().unwrap().iter().all(|p| sorted(keys(p)) == all));
        assert!(get("?selector=status").await.as_array().unwrap().iter().all(|p| keys(p).len() == 13));
    });
}

#[test]
fn identifiers_are_uuids_of_version_7_and_versions_begin_at_1() {
    on_shared(async |server| {
        let made = server.create("objid", "").await;
        let id: uuid::Uuid = made["id"].as_str().unwrap().parse().unwrap();
        assert_eq!(id.get_version_num(), 7);
        assert_eq!((&made["version"], &made["program_version"]), (&json!(1), &json!(1)));
        assert_eq!(made["platform_version"], ask(server, Method::GET, "/config").await.json()["version"]);
        assert_eq!((&made["program_status"], &made["program_info"]), (&json!("Pending"), &Value::Null));
        assert_eq!((&made["deployment_status"], &made["deployment_error"]), (&json!("Shutdown"), &Value::Null));
    });
}

#[test]
fn configurations_are_written_back_with_their_defaults() {
    on_shared(async |server| {
        let body =
            json!({ "name": "objconfig", "program_code": "", "runtime_config": { "unknown": [1], "resources": null } });
        let answer = send(server, Method::POST, "/v0/pipelines", &body).await;
        let expected = concat!(
            r#""runtime_config":{"workers":8,"storage":false,"fault_tolerance":null,"cpu_profiler":true,"tracing":false,"#,
            r#""tracing_endpoint_jaeger":"127.0.0.1:6831","min_batch_size_records":0,"max_buffering_delay_usecs":0,"#,
            r#""resources":{"cpu_cores_min":null,"cpu_cores_max":null,"memory_mb_min":null,"memory_mb_max":null,"#,
            r#""storage_mb_max":null,"storage_class":null},"min_storage_bytes":null,"clock_resolution_usecs":100000}"#
        );
        assert!(answer.body.contains(expected), "{}", answer.body);
        assert!(answer.body.contains(r#""program_config":{"profile":null,"cache":true}"#), "{}", answer.body);
        for profile in ["dev", "unoptimized", "optimized"] {
            let patch = json!({ "program_config": { "profile": profile, "cache": false, "unknown": 1 } });
            let patched = send(server, Method::PATCH, "/v0/pipelines/objconfig", &patch).await.json();
            assert_eq!(patched["program_config"], json!({ "profile": profile, "cache": false }));
        }
    });
}

#[test]
fn a_configuration_that_cannot_be_read_is_told_with_its_value() {
    on_shared(async |server| {
        for (key, code, value, error) in [
            ("runtime_config", "InvalidRuntimeConfig", json!({ "workers": null }), "invalid type: null, expected u16"),
            (
                "runtime_config",
                "InvalidRuntimeConfig",
                json!({ "workers": "4" }),
                "invalid type: string \"4\", expected u16",
            ),
            (
                "runtime_config",
                "InvalidRuntimeConfig",
                json!({ "workers": 65536 }),
                "invalid value: integer `65536`, expected u16",
            ),
            (
                "runtime_config",
                "InvalidRuntimeConfig",
                json!({ "workers": 65 }),
                "workers must be from 1 to 64, not 65",
            ),
            (
                "runtime_config",
                "InvalidRuntimeConfig",
                json!({ "storage": 1 }),
                "invalid type: integer `1`, expected a boolean",
            ),
            (
                "runtime_config",
                "InvalidRuntimeConfig",
                json!("x"),
                "invalid type: string \"x\", expected struct RuntimeConfig",
            ),
            (
                "program_config",
                "InvalidProgramConfig",
                json!({ "profile": "fast" }),
                "unknown variant `fast`, expected one of `dev`, `unoptimized`, `optimized`",
            ),
            (
                "program_config",
                "InvalidProgramConfig",
                json!({ "cache": null }),
                "invalid type: null, expected a boolean",
            ),
        ] {
            let mut body = json!({ "name": "objnever", "program_code": "" });
            body[key] = value.clone();
            for (method, path) in [
                (Method::POST, "/v0/pipelines"),
                (Method::PUT, "/v0/pipelines/objnever"),
                (Method::PATCH, "/v0/pipelines/objnever"),
            ] {
                let details = send(server, method, path, &body).await.is_error(400, code);
                assert_eq!(details, json!({ "value": value, "error": { "DeserializationFailed": error } }));
            }
        }
    });
}

fn columntype(sql: &str, nullable: bool, precision: Value, scale: Value) -> Value {
    json!({ "type": sql, "nullable": nullable, "precision": precision, "scale": scale,
        "component": null, "fields": null, "key": null, "value": null })
}

#[test]
fn program_info_tells_of_tables_and_views() {
    on_shared(async |server| {
        let program =
            "CREATE TABLE Items(Id INT NOT NULL PRIMARY KEY, Price DECIMAL(10, 2) DEFAULT 1.5, \"Name\" VARCHAR)
WITH ('materialized' = 'true');
CREATE LOCAL VIEW hidden AS SELECT id FROM items;
CREATE MATERIALIZED VIEW \"Dear\" AS SELECT id, id + 1 FROM hidden;";
        server.create("objinfo", program).await;
        let compiled = server.until("objinfo", "program_status", |s| s == "Success").await;
        let info = &compiled["program_info"];
        assert_eq!(sorted(keys(info)), ["input_connectors", "output_connectors", "schema", "udf_stubs"]);
        assert_eq!((&info["udf_stubs"], &info["input_connectors"]), (&json!(""), &json!({})));
        let inputs = info["schema"]["inputs"].as_array().unwrap();
        assert_eq!(inputs.len(), 1);
        // Unquoted names are in lower case.
        assert_eq!((&inputs[0]["name"], &inputs[0]["case_sensitive"]), (&json!("items"), &json!(false)));
        assert_eq!(inputs[0]["materialized"], true);
        let fields = inputs[0]["fields"].as_array().unwrap();
        let field = |name: &str, quoted: bool, ty: Value, default: Value| {
            json!({ "name": name, "case_sensitive": quoted, "columntype": ty, "lateness": null, "default": default,
                "watermark": null })
        };
        assert_eq!(fields[0], field("id", false, columntype("INTEGER", false, Value::Null, Value::Null), Value::Null));
        assert_eq!(fields[1], field("price", false, columntype("DECIMAL", true, json!(10), json!(2)), json!("1.5")));
        assert_eq!(fields[2], field("Name", true, columntype("VARCHAR", true, json!(-1), Value::Null), Value::Null));
        assert_eq!(
            inputs[0]["properties"],
            json!({ "materialized": { "value": "true",
                "key_position": { "start_line_number": 2, "start_column": 7, "end_line_number": 2, "end_column": 21 },
                "value_position": { "start_line_number": 2, "start_column": 24, "end_line_number": 2, "end_column": 30 } } })
        );
        // The built-in view is first; local views are none of the outputs.
        let outputs = info["schema"]["outputs"].as_array().unwrap();
        let names: Vec<&str> = outputs.iter().map(|o| o["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["error_view", "Dear"]);
        let columns = |o: &Value| o["fields"].as_array().unwrap().iter().map(|f| f["name"].clone()).collect::<Vec<_>>();
        assert_eq!(columns(&outputs[0]), ["table_or_view_name", "message", "metadata"]);
        assert_eq!((&outputs[0]["materialized"], &outputs[1]["materialized"]), (&json!(false), &json!(true)));
        assert_eq!(outputs[1]["case_sensitive"], true);
        assert_eq!(columns(&outputs[1]), ["id", "expr$1"]);

        // A change of the program forgets it; a program that is wrong has none.
        let patched =
            send(server, Method::PATCH, "/v0/pipelines/objinfo", &json!({ "program_code": "CREATE" })).await.json();
        assert_eq!((&patched["program_status"], &patched["program_info"]), (&json!("Pending"), &Value::Null));
        let wrong = server.until("objinfo", "program_status", |s| s.get("SqlError").is_some()).await;
        assert_eq!(wrong["program_info"], Value::Null);
    });
}

#[test]
fn messages_of_sql_errors_have_their_kinds_and_places() {
    on_shared(async |server| {
        for (name, program, kind, place, word) in [
            (
                "objparse",
                "CREATE TABLE t(x INT);\nCREATE VIEW v AS SELEC x FROM t;",
                "Error parsing SQL",
                (2, 18),
                "SELEC",
            ),
            (
                "objsemantic",
                "CREATE TABLE t(x INT);\nCREATE VIEW v AS SELECT yy FROM t;",
                "Error in SQL statement",
                (2, 25),
                "yy",
            ),
        ] {
            server.create(name, program).await;
            let pipeline = server.until(name, "program_status", |s| s.get("SqlError").is_some()).await;
            let message = &pipeline["program_status"]["SqlError"][0];
            assert_eq!(
                sorted(keys(message)),
                [
                    "end_column",
                    "end_line_number",
                    "error_type",
                    "message",
                    "snippet",
                    "start_column",
                    "start_line_number",
                    "warning"
                ]
            );
            assert_eq!((&message["error_type"], &message["warning"]), (&json!(kind), &json!(false)), "{message}");
            assert_eq!(
                (&message["start_line_number"], &message["start_column"]),
                (&json!(place.0), &json!(place.1)),
                "{message}"
            );
            assert!(message["end_line_number"].is_u64() && message["end_column"].is_u64(), "{message}");
            assert!(message["message"].as_str().unwrap().contains(word), "{message}");
            assert!(message["snippet"].as_str().unwrap().contains(word), "{message}");
        }
    });
}
