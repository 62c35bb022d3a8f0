//! `/stats`: configuration, counters, endpoints, completion; limits of connections; connector actions; checkpoints.
#![allow(clippy::unwrap_used, reason = "a test that unwraps says where it failed")]

mod support;

use serde_json::{Value, json};
use std::time::{Duration, Instant};
use support::{PATIENCE, Server};
use weir_runtime::{BlockStore, FileStore};

const PROGRAM: &str = "CREATE TABLE t1(c1 INT NOT NULL, c2 VARCHAR);
CREATE TABLE \"numbers +C0_-,.!%()&/\"(n INT);
CREATE VIEW v1 AS SELECT c2, COUNT(*) AS n FROM t1 GROUP BY c2;
CREATE VIEW v2 AS SELECT * FROM t1;";

async fn stats(server: &Server, name: &str) -> Value {
    let (status, stats) = server.get(&format!("/v0/pipelines/{name}/stats")).await;
    assert_eq!(status, 200, "{stats}");
    stats
}

/// Waits until the pipeline is complete; returns the statistics that say so.
async fn until_complete(server: &Server, name: &str) -> Value {
    let begin = Instant::now();
    loop {
        let stats = stats(server, name).await;
        if stats["global_metrics"]["pipeline_complete"] == true {
            return stats;
        }
        assert!(begin.elapsed() < PATIENCE, "never complete: {stats}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

/// The row `GET .../stats` of the spec's table.
#[tokio::test]
async fn get_stats() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let (status, error) = server.get("/v0/pipelines/p/stats").await;
    assert_eq!((status, &error["error_code"]), (404, &json!("UnknownPipelineName")));
    let id = server.create("p", PROGRAM).await["id"].as_str().unwrap().to_owned();
    let (status, error) = server.get("/v0/pipelines/p/stats").await;
    assert_eq!((status, &error["error_code"]), (400, &json!("PipelineNotRunningOrPaused")));
    server.action("p", "pause").await;
    server.until_status("p", "Paused").await;

    let response = server.send(reqwest::Method::GET, "/v0/pipelines/p/stats", None).await;
    assert_eq!(response.headers()["content-type"], "application/json");
    assert!(response.headers().get("cache-control").is_none());
    let idle = stats(&server, "p").await;
    assert_eq!(keys(&idle), ["global_metrics", "inputs", "metrics", "outputs", "pipeline_config"]);
    let config = &idle["pipeline_config"];
    assert_eq!(
        keys(config),
        [
            "clock_resolution_usecs",
            "cpu_profiler",
            "fault_tolerance",
            "inputs",
            "max_buffering_delay_usecs",
            "min_batch_size_records",
            "min_storage_bytes",
            "name",
            "outputs",
            "resources",
            "storage",
            "storage_config",
            "tracing",
            "tracing_endpoint_jaeger",
            "workers"
        ]
    );
    assert_eq!(config["name"], format!("pipeline-{id}"));
    assert_eq!(
        (&config["storage_config"], &config["inputs"], &config["outputs"]),
        (&Value::Null, &json!({}), &json!({}))
    );
    let global = &idle["global_metrics"];
    assert!(global["rss_bytes"].as_u64().unwrap() > 0, "{global}");
    // Idle and without connectors: complete at once.
    assert_eq!(
        global,
        &json!({ "state": "Paused", "rss_bytes": global["rss_bytes"], "cpu_msecs": 0, "buffered_input_records": 0,
            "total_input_records": 0, "total_processed_records": 0, "pipeline_complete": true })
    );
    assert_eq!((&idle["inputs"], &idle["outputs"]), (&json!([]), &json!([])));

    server.action("p", "start").await;
    server.until_status("p", "Running").await;
    let raw = "format=json&update_format=raw";
    let body = r#"{"c1":1,"c2":"a"}{"c1":2,"c2":"a"}{"c1":"x"}"#;
    assert_eq!(server.ingress("p", "t1", raw, body).await.0, 400);
    assert_eq!(server.ingress("p", "t1", &format!("{raw}&array=false"), r#"{"c1":3}"#).await.0, 200);
    assert_eq!(server.ingress("p", "T1", "format=csv", "4,b\n").await.0, 200);
    let done = until_complete(&server, "p").await;
    let global = &done["global_metrics"];
    assert_eq!((&global["total_input_records"], &global["total_processed_records"]), (&json!(4), &json!(4)));
    assert_eq!((&global["buffered_input_records"], &global["state"]), (&json!(0), &json!("Running")));

    // One endpoint for each spelling of the table and each format; sorted by name.
    let inputs = done["inputs"].as_array().unwrap();
    assert_eq!(inputs.len(), 2, "{inputs:?}");
    assert!(inputs.is_sorted_by_key(|i| i["endpoint_name"].as_str().unwrap().to_owned()));
    let of = |prefix: &str| inputs.iter().find(|i| i["endpoint_name"].as_str().unwrap().starts_with(prefix)).unwrap();
    let json_input = of("api-ingress-t1-");
    assert_eq!(
        json_input,
        &json!({
            "endpoint_name": json_input["endpoint_name"],
            "config": {
                "stream": "t1",
                "transport": { "name": "http_input", "config": { "name": json_input["endpoint_name"] } },
                "format": { "name": "json", "config":
                    { "update_format": "raw", "json_flavor": "default", "array": false, "lines": "multiple" } },
                "enable_output_buffer": false,
                "max_output_buffer_time_millis": u64::MAX, "max_output_buffer_size_records": u64::MAX,
                "max_batch_size": 10_000, "max_queued_records": 1_000_000, "paused": false
            },
            "metrics": { "total_bytes": body.len() + 8, "total_records": 3, "buffered_records": 0,
                "num_transport_errors": 0, "num_parse_errors": 1, "end_of_input": false },
            "fatal_error": null, "paused": false
        })
    );
    let csv_input = of("api-ingress-T1-");
    assert_eq!((&csv_input["config"]["stream"], &csv_input["config"]["format"]["name"]), (&json!("t1"), &json!("csv")));
    assert_eq!(csv_input["metrics"]["total_records"], 1);

    // Steps, their times, rows of relations.
    let metric = |key: &str, label: Option<&str>| {
        let found = done["metrics"]
            .as_array()
            .unwrap()
            .iter()
            .find(|m| m["key"] == key && label.is_none_or(|label| m["labels"] == json!([["relation", label]])));
        found.unwrap_or_else(|| panic!("no {key}"))["value"].clone()
    };
    let steps = metric("feldera.dbsp.step", None)["Counter"].as_u64().unwrap();
    let histogram = metric("weir.step", None)["Histogram"].clone();
    assert_eq!(keys(&histogram), ["count", "maximum", "mean", "minimum", "sample"]);
    assert_eq!(histogram["count"].as_u64().unwrap(), steps);
    assert!(histogram["maximum"].as_f64().unwrap() >= histogram["minimum"].as_f64().unwrap());
    assert_eq!(metric("weir.table.rows", Some("t1")), json!({ "Counter": 4 }));
    assert_eq!(metric("weir.view.rows", Some("v2")), json!({ "Counter": 4 }));
    assert!(metric("weir.memory", None)["Gauge"].as_f64().unwrap() > 0.0);

    // Endpoints and event numbers live as long as the deployment.
    let (_, error) = server.ingress("p", "t1", raw, "x").await;
    assert_eq!(error["details"]["errors"][0]["event_number"], 5);
    server.action("p", "shutdown").await;
    server.until_status("p", "Shutdown").await;
    server.action("p", "start").await;
    server.until_status("p", "Running").await;
    assert_eq!(stats(&server, "p").await["inputs"], json!([]));
    let (_, error) = server.ingress("p", "t1", raw, "x").await;
    assert_eq!(error["details"]["errors"][0]["event_number"], 1);
}

/// Completion: false while data is under way, true a tick of the clock after it has arrived.
#[tokio::test]
async fn pipeline_complete_waits_for_data_and_listeners() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    server.run("p", PROGRAM).await;
    until_complete(&server, "p").await;
    for i in 0..3 {
        let begin = Instant::now();
        assert_eq!(server.ingress("p", "t1", "", format!("{i},a\n")).await.0, 200);
        until_complete(&server, "p").await;
        assert!(begin.elapsed() >= Duration::from_millis(100), "{:?}", begin.elapsed());
    }
    // A listener that does not read: more is sent to it than the sockets hold.
    let mut listener = server.egress("p", "v2", "format=json&backpressure=true").await;
    let attached = until_complete(&server, "p").await;
    let output = &attached["outputs"][0];
    assert!(output["endpoint_name"].as_str().unwrap().starts_with("api-egress-v2-"), "{output}");
    assert_eq!(output["config"]["transport"], json!({ "name": "http_output" }));
    assert_eq!(output["config"]["format"]["config"]["array"], true);
    assert_eq!(
        keys(&output["metrics"]),
        [
            "buffered_batches",
            "buffered_records",
            "num_encode_errors",
            "num_transport_errors",
            "queued_batches",
            "queued_records",
            "total_processed_input_records",
            "transmitted_bytes",
            "transmitted_records"
        ]
    );
    assert_eq!(output["metrics"]["total_processed_input_records"], 3);
    let text = "x".repeat(20_000);
    let rows = 2_000;
    let data: String = (0..rows).map(|i| format!("{i},{text}\n")).collect();
    assert_eq!(server.ingress("p", "t1", "", data).await.0, 200);
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_millis(500) {
        let stats = stats(&server, "p").await;
        assert_eq!(stats["global_metrics"]["pipeline_complete"], false, "{stats}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut got = 0;
    while got < rows {
        got += listener.data().await["json_data"].as_array().unwrap().len();
    }
    let done = until_complete(&server, "p").await;
    let metrics = &done["outputs"][0]["metrics"];
    assert_eq!((&metrics["transmitted_records"], &metrics["queued_batches"]), (&json!(rows), &json!(0)));
    assert_eq!(metrics["total_processed_input_records"], rows + 3);
    assert!(metrics["transmitted_bytes"].as_u64().unwrap() > 40_000_000);
    // Gone with its connection.
    drop(listener);
    let begin = Instant::now();
    while stats(&server, "p").await["outputs"] != json!([]) {
        assert!(begin.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    until_complete(&server, "p").await;
}

/// `ApiConnectionLimit`: 100 connections each way.
#[tokio::test]
async fn a_hundred_connections_each_way() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    server.create("p", PROGRAM).await;
    server.action("p", "pause").await;
    server.until_status("p", "Paused").await;
    let mut listeners = Vec::new();
    for _ in 0..100 {
        listeners.push(server.egress("p", "v1", "format=json").await);
    }
    let (status, error) = server.post("/v0/pipelines/p/egress/v1?format=json").await;
    assert_eq!((status, &error["error_code"]), (429, &json!("ApiConnectionLimit")), "{error}");
    drop(listeners);
    // Requests that wait for a paused pipeline, and one more.
    let waiting: Vec<_> = (0..100).map(|i| server.ingress("p", "t1", "", format!("{i},a\n"))).collect();
    let one_more = async {
        loop {
            let (status, error) = server.ingress("p", "t1", "format=csv&force=true", "").await;
            if status == 429 {
                assert_eq!(error["error_code"], "ApiConnectionLimit");
                break;
            }
            assert_eq!(status, 200, "{error}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        server.action("p", "start").await;
    };
    let (answers, ()) = tokio::join!(futures_util::future::join_all(waiting), one_more);
    // The one that was tried again and again may have taken the place of some.
    assert!(answers.iter().filter(|(status, _)| *status == 200).count() >= 99, "{answers:?}");
    assert!(answers.iter().all(|(status, _)| [200, 429].contains(status)), "{answers:?}");
    assert_eq!(server.ingress("p", "t1", "", "1,a\n").await.0, 200);
}

/// The connector routes: order of checks and decoding of names. (Connectors themselves come with the data plane.)
#[tokio::test]
async fn connector_actions() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let act = async |pipeline: &str, table: &str, connector: &str, action: &str| {
        let path = format!("/v0/pipelines/{pipeline}/tables/{table}/connectors/{connector}/{action}");
        let (status, error) = server.post(&path).await;
        let name = error["details"]["endpoint_name"].as_str().unwrap_or("").to_owned();
        (status, error["error_code"].as_str().unwrap_or("").to_owned(), name)
    };
    let answer = |status: u16, code: &str, name: &str| (status, code.to_owned(), name.to_owned());
    // The action is looked at first, in its case.
    assert_eq!(act("p", "t1", "c", "Start").await, answer(400, "InvalidConnectorAction", ""));
    assert_eq!(act("p", "t1", "c", "start").await, answer(404, "UnknownPipelineName", ""));
    server.create("p", PROGRAM).await;
    assert_eq!(act("p", "t1", "c", "pause").await, answer(400, "PipelineNotRunningOrPaused", ""));
    server.action("p", "pause").await;
    server.until_status("p", "Paused").await;
    assert_eq!(act("p", "T1", "C", "pause").await, answer(404, "UnknownInputEndpoint", "t1.C"));
    assert_eq!(act("p", "nothing", "c", "start").await, answer(404, "UnknownInputEndpoint", "nothing.c"));
    let table = "%22numbers%20+C0_-,.!%25()&%2F%22";
    let name = "numbers +C0_-,.!%()&/.c1";
    assert_eq!(act("p", table, "c1", "start").await, answer(404, "UnknownInputEndpoint", name));
    // The same name feeds the table.
    assert_eq!(server.ingress("p", table, "force=true", "5\n").await.0, 200);
    let stats = until_complete(&server, "p").await;
    assert_eq!(stats["inputs"][0]["config"]["stream"], "numbers +C0_-,.!%()&/");
    // An endpoint of requests is no connector.
    let endpoint = stats["inputs"][0]["endpoint_name"].as_str().unwrap().replace('%', "%25").replace('/', "%2F");
    let (_, code, _) = act("p", &endpoint, "", "pause").await;
    assert!(code.is_empty() || code == "UnknownInputEndpoint");
}

/// The row `POST .../checkpoint`.
#[tokio::test]
async fn post_checkpoint() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let (status, error) = server.post("/v0/pipelines/p/checkpoint").await;
    assert_eq!((status, &error["error_code"]), (404, &json!("UnknownPipelineName")));
    server.run("p", PROGRAM).await;
    let (status, error) = server.post("/v0/pipelines/p/checkpoint").await;
    assert_eq!((status, &error["error_code"]), (400, &json!("NotSupported")), "{error}");
    assert!(error["message"].as_str().unwrap().contains("storage"));
    server.action("p", "shutdown").await;
    server.until_status("p", "Shutdown").await;
    let (status, error) = server.post("/v0/pipelines/p/checkpoint").await;
    assert_eq!((status, &error["error_code"]), (400, &json!("PipelineNotRunningOrPaused")));

    let patch = json!({ "runtime_config": { "workers": 2, "storage": true } });
    let (status, pipeline) = server.call(reqwest::Method::PATCH, "/v0/pipelines/p", Some(patch)).await;
    assert_eq!(status, 200, "{pipeline}");
    server.action("p", "start").await;
    server.until_status("p", "Running").await;
    assert_eq!(server.ingress("p", "t1", "", "1,a\n2,b\n").await.0, 200);
    until_complete(&server, "p").await;
    let steps = stats(&server, "p").await["metrics"][0]["value"]["Counter"].as_u64().unwrap();
    assert_eq!(server.post("/v0/pipelines/p/checkpoint").await.0, 200);
    let folder = dir.path().join("pipelines").join(pipeline["id"].as_str().unwrap());
    assert_eq!(
        stats(&server, "p").await["pipeline_config"]["storage_config"]["path"],
        format!("pipelines/{}", pipeline["id"].as_str().unwrap())
    );
    // What is on disk is the state after that step.
    let copy = dir.path().join("copy.redb");
    std::fs::copy(folder.join("state.redb"), &copy).unwrap();
    let checkpoint = FileStore::open(&copy).unwrap().last_checkpoint().unwrap().unwrap();
    assert_eq!((checkpoint.steps, checkpoint.workers.len()), (steps, 2));
    let owner: Value = serde_json::from_slice(&checkpoint.owner).unwrap();
    assert_eq!(owner["program_version"], pipeline["program_version"]);
    // The pipeline goes on, and a shutdown leaves nothing behind.
    for more in 1..=5 {
        // What was acknowledged is in the checkpoint that is asked for next.
        assert_eq!(server.ingress("p", "t1", "", "3,a\n").await.0, 200);
        assert_eq!(server.post("/v0/pipelines/p/checkpoint").await.0, 200);
        std::fs::copy(folder.join("state.redb"), &copy).unwrap();
        let checkpoint = FileStore::open(&copy).unwrap().last_checkpoint().unwrap().unwrap();
        assert_eq!(checkpoint.steps, steps + more);
    }
    server.action("p", "shutdown").await;
    server.until_status("p", "Shutdown").await;
    assert!(!folder.exists());
}

/// Update formats of egress: the row `POST .../egress/{view-or-table}`, and what Weir adds (`weighted`).
#[tokio::test]
async fn egress_update_formats() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    server.run("p", PROGRAM).await;
    let mut weighted = server.egress("p", "v2", "format=json&update_format=weighted").await;
    let mut snowflake = server.egress("p", "v2", "format=json&update_format=snowflake").await;
    for format in ["raw", "debezium"] {
        let path = format!("/v0/pipelines/p/egress/v2?format=json&update_format={format}");
        let (status, error) = server.post(&path).await;
        assert_eq!((status, &error["error_code"]), (400, &json!("ConfigError.OutputFormatNotSupported")));
    }
    assert_eq!(server.ingress("p", "t1", "", "1,a\n1,a\n2,b\n").await.0, 200);
    let (a, b) = (json!({ "c1": 1, "c2": "a" }), json!({ "c1": 2, "c2": "b" }));
    assert_eq!(weighted.data().await["json_data"], json!([{ "weight": 2, "data": a }, { "weight": 1, "data": b }]));
    let chunk = snowflake.data().await;
    let rows = chunk["json_data"].as_array().unwrap();
    let stream = &rows[0]["__stream_id"];
    assert_eq!(rows.len(), 3);
    assert_eq!(rows[2], json!({ "c1": 2, "c2": "b", "__action": "insert", "__stream_id": stream, "__seq_number": 2 }));
    let delete = r#"{"delete":{"c1":1,"c2":"a"}}"#;
    assert_eq!(server.ingress("p", "t1", "format=json", delete).await.0, 200);
    assert_eq!(weighted.data().await["json_data"], json!([{ "weight": -1, "data": a }]));
    let chunk = snowflake.data().await;
    assert_eq!(
        chunk["json_data"],
        json!([{ "c1": 1, "c2": "a", "__action": "delete", "__stream_id": stream, "__seq_number": 3 }])
    );
}

/// A listener that never reads: the pipeline can be shut down, and the stream ends.
#[tokio::test]
async fn a_listener_that_does_not_read_holds_nobody_up() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    server.run("p", PROGRAM).await;
    let mut listener = server.egress("p", "v2", "format=json&backpressure=true").await;
    let text = "x".repeat(20_000);
    for i in 0..3 {
        let data: String = (0..1_000).map(|j| format!("{},{text}\n", i * 1_000 + j)).collect();
        assert_eq!(server.ingress("p", "t1", "", data).await.0, 200);
    }
    assert_eq!(stats(&server, "p").await["global_metrics"]["pipeline_complete"], false);
    let begin = Instant::now();
    server.action("p", "shutdown").await;
    server.until_status("p", "Shutdown").await;
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
    while listener.next().await.is_some() {}
}

/// The body of `ParseErrors` to the byte, as clients compare it.
#[tokio::test]
async fn parse_errors_to_the_byte() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    server.run("p", PROGRAM).await;
    let url = format!("{}/v0/pipelines/p/ingress/t1?format=json&update_format=raw&array=true", server.base);
    let response = reqwest::Client::new().post(url).body(r#"[{"c1": 1}, {"c1": "x"}]"#).send().await.unwrap();
    assert_eq!(response.status(), 400);
    let body = response.text().await.unwrap();
    let parsed: Value = serde_json::from_str(&body).unwrap();
    let error = &parsed["details"]["errors"][0];
    let text = |value: &Value| value.to_string();
    let expected = format!(
        r#"{{"message":{},"error_code":"ParseErrors","details":{{"errors":[{{"description":{},"event_number":{},"field":{},"invalid_bytes":null,"invalid_text":{},"suggestion":null}}],"num_errors":1}}}}"#,
        text(&parsed["message"]),
        text(&error["description"]),
        error["event_number"],
        text(&error["field"]),
        text(&error["invalid_text"])
    );
    assert_eq!(body, expected);
    // One bad element drops its whole array.
    let done = until_complete(&server, "p").await;
    assert_eq!(done["global_metrics"]["total_input_records"], 0);
}
