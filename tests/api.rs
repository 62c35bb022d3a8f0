//! The management of pipelines over HTTP: codes, bodies, rules.
#![allow(clippy::unwrap_used, reason = "a test that unwraps says where it failed")]

mod support;

use reqwest::Method;
use serde_json::{Value, json};
use std::time::Instant;
use support::Server;

fn keys(object: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = object.as_object().expect("an object").keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

#[tokio::test]
async fn pipelines_are_made_read_changed_and_deleted() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let made = server.create("p1", "CREATE TABLE t(x INT);").await;
    assert_eq!(
        keys(&made),
        [
            "created_at",
            "deployment_desired_status",
            "deployment_error",
            "deployment_status",
            "deployment_status_since",
            "description",
            "id",
            "name",
            "platform_version",
            "program_code",
            "program_config",
            "program_info",
            "program_status",
            "program_status_since",
            "program_version",
            "runtime_config",
            "udf_rust",
            "udf_toml",
            "version",
        ]
    );
    assert_eq!((&made["version"], &made["program_version"]), (&json!(1), &json!(1)));
    assert_eq!(made["program_status"], "Pending");
    assert_eq!(made["deployment_error"], Value::Null);
    let (status, brief) = server.get("/v0/pipelines/p1?selector=status").await;
    assert_eq!((status, keys(&brief).len()), (200, 13));
    server.create("p2", "").await;
    let (_, all) = server.get("/v0/pipelines").await;
    let names: Vec<&str> = all.as_array().unwrap().iter().map(|p| p["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["p1", "p2"]);

    let (status, renamed) = server.call(Method::PATCH, "/v0/pipelines/p2", Some(json!({ "name": "p3" }))).await;
    assert_eq!((status, &renamed["version"], &renamed["program_version"]), (200, &json!(2), &json!(1)));
    let new = json!({ "name": "p4", "program_code": "CREATE TABLE u(x INT);" });
    let (status, _) = server.call(Method::PUT, "/v0/pipelines/p4", Some(new.clone())).await;
    assert_eq!(status, 201);
    let (status, same) = server.call(Method::PUT, "/v0/pipelines/p4", Some(new)).await;
    assert_eq!((status, &same["version"]), (200, &json!(1)));
    for name in ["p1", "p3", "p4"] {
        let response = server.send(Method::DELETE, &format!("/v0/pipelines/{name}"), None).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-length"], "0");
    }
    assert_eq!(server.get("/v0/pipelines").await, (200, json!([])));
}

#[tokio::test]
async fn every_refusal_has_its_code() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    server.create("a", "").await;
    let new = |name: &str| json!({ "name": name, "program_code": "" });
    let long = "x".repeat(101);
    let cases = [
        (Method::POST, "/v0/pipelines", Some(new("a")), 409, "DuplicateName"),
        (Method::POST, "/v0/pipelines", Some(new("")), 400, "EmptyName"),
        (Method::POST, "/v0/pipelines", Some(new(&long)), 400, "TooLongName"),
        (Method::POST, "/v0/pipelines", Some(new("a b")), 400, "NameDoesNotMatchPattern"),
        (
            Method::POST,
            "/v0/pipelines",
            Some(json!({ "name": "b", "program_code": "", "runtime_config": { "workers": null } })),
            400,
            "InvalidRuntimeConfig",
        ),
        (
            Method::POST,
            "/v0/pipelines",
            Some(json!({ "name": "b", "program_code": "", "program_config": { "profile": "x" } })),
            400,
            "InvalidProgramConfig",
        ),
        (Method::PUT, "/v0/pipelines/b", Some(new("c")), 400, "CannotRenameNonExistingPipeline"),
        (Method::GET, "/v0/pipelines/b", None, 404, "UnknownPipelineName"),
        (Method::DELETE, "/v0/pipelines/b", None, 404, "UnknownPipelineName"),
        (Method::POST, "/v0/pipelines/b/start", None, 404, "UnknownPipelineName"),
        (Method::POST, "/v0/pipelines/a/Start", None, 400, "InvalidPipelineAction"),
        (Method::POST, "/v0/pipelines/a/ingress/t", None, 400, "PipelineNotRunningOrPaused"),
        (Method::POST, "/v0/pipelines/a/egress/t", None, 400, "PipelineNotRunningOrPaused"),
        (Method::GET, "/v0/pipelines/b/logs", None, 404, "UnknownPipelineName"),
    ];
    for (method, path, body, status, code) in cases {
        let (answered, error) = server.call(method.clone(), path, body).await;
        assert_eq!((answered, &error["error_code"]), (status, &json!(code)), "{method} {path}: {error}");
        assert_eq!(keys(&error), ["details", "error_code", "message"]);
    }
    // Not in the API's form, as clients of this generation know it.
    let http = reqwest::Client::new();
    let post = |body: &'static str| {
        http.post(server.url("/v0/pipelines")).header("content-type", "application/json").body(body).send()
    };
    let response = post("{}").await.unwrap();
    assert_eq!(response.status(), 400);
    assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/plain"));
    assert_eq!(response.text().await.unwrap(), "Json deserialize error: missing field `name` at line 1 column 2");
    let response = http.post(server.url("/v0/pipelines")).body("{}").send().await.unwrap();
    assert_eq!((response.status().as_u16(), response.text().await.unwrap().as_str()), (400, "Content type error"));
    let huge = format!("{{\"name\":\"{}\"}}", "x".repeat(3 << 20));
    let response = http
        .post(server.url("/v0/pipelines"))
        .header("content-type", "application/json")
        .body(huge)
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 413);
    let response = http.get(server.url("/v0/pipelines?selector=x")).send().await.unwrap();
    assert_eq!(response.status(), 400);
    let text = response.text().await.unwrap();
    assert!(
        text.starts_with("Query deserialize error: ")
            && text.contains("unknown variant `x`, expected `all` or `status`"),
        "{text}"
    );
    for (method, path) in
        [(Method::GET, "/v0/nothing"), (Method::PUT, "/v0/pipelines"), (Method::GET, "/v0/pipelines/a/start")]
    {
        let response = server.send(method, path, None).await;
        assert_eq!((response.status().as_u16(), response.text().await.unwrap().as_str()), (404, ""));
    }
    assert_eq!(server.get("/config").await.1["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(server.get("/config/authentication").await, (200, json!({})));
    assert_eq!(server.get("/healthz").await.0, 200);
}

#[tokio::test]
async fn a_wrong_program_gets_all_its_errors_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let begin = Instant::now();
    server.create("bad", "CREATE TABLE t(x INT);CREATE TABLE u(x INT, x INT);\nCREATE VIEW v AS SELECT y FROM t;\nCREATE VIEW w AS SELECT FROM;").await;
    let pipeline = server.until("bad", "program_status", |s| s.get("SqlError").is_some()).await;
    println!("errors of a wrong program after {:?}", begin.elapsed());
    let messages = pipeline["program_status"]["SqlError"].as_array().unwrap();
    let lines: Vec<&Value> = messages.iter().map(|m| &m["start_line_number"]).collect();
    assert!(lines.contains(&&json!(1)) && lines.contains(&&json!(2)) && lines.contains(&&json!(3)), "{messages:?}");
    assert_eq!(
        keys(&messages[0]),
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
    assert_eq!(pipeline["program_info"], Value::Null);

    server.action("bad", "start").await;
    let failed = server.until_status("bad", "Failed").await;
    assert_eq!(failed["deployment_error"]["error_code"], "StartFailedDueToFailedCompilation");
    let (status, error) = server.post("/v0/pipelines/bad/start").await;
    assert_eq!((status, &error["error_code"]), (400, &json!("IllegalPipelineStateTransition")));
    let (status, error) = server.call(Method::PATCH, "/v0/pipelines/bad", Some(json!({}))).await;
    assert_eq!((status, &error["error_code"]), (400, &json!("CannotUpdateNonShutdownPipeline")));
    server.action("bad", "shutdown").await;
    let shut = server.until_status("bad", "Shutdown").await;
    assert_eq!(shut["deployment_error"], Value::Null);
    let mended = json!({ "program_code": "CREATE TABLE t(x INT);\nCREATE VIEW v AS SELECT x FROM t;" });
    let (status, pipeline) = server.call(Method::PATCH, "/v0/pipelines/bad", Some(mended)).await;
    assert_eq!((status, &pipeline["program_version"]), (200, &json!(2)));
    let compiled = server.until("bad", "program_status", |s| s == "Success").await;
    let schema = &compiled["program_info"]["schema"];
    assert_eq!(schema["inputs"][0]["name"], "t");
    assert_eq!(schema["outputs"][0]["name"], "error_view");
    assert_eq!(schema["outputs"][1]["fields"][0]["columntype"]["type"], "INTEGER");
}

#[tokio::test]
async fn what_everybody_may_read() {
    let dir = tempfile::tempdir().unwrap();
    let demos = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/demos");
    let server = Server::start_with(dir.path(), &["--demos-dir", demos]);
    assert_eq!(server.get("/config").await, (200, json!({ "telemetry": "", "version": env!("CARGO_PKG_VERSION") })));
    assert_eq!(server.get("/config/authentication").await, (200, json!({})));
    assert_eq!(server.get("/healthz").await.0, 200);
    let (status, document) = server.get("/api-doc/openapi.json").await;
    assert_eq!((status, &document["info"]["version"]), (200, &json!(env!("CARGO_PKG_VERSION"))));
    for (path, text) in [("/swagger-ui/", "swagger-ui"), ("/", "SQL over changing data"), ("/no/such/page", "/v0")] {
        let response = server.send(Method::GET, path, None).await;
        assert_eq!(response.status(), 200, "{path}");
        assert!(response.text().await.unwrap().contains(text), "{path}");
    }
    let (status, offered) = server.get("/v0/config/demos").await;
    assert_eq!(status, 200);
    let offered = offered.as_array().unwrap();
    let titles: Vec<&str> = offered.iter().map(|d| d["title"].as_str().unwrap()).collect();
    assert_eq!(
        titles,
        ["An endless stream", "Leaders and trends", "Running totals", "Shortest routes", "Who may do what"]
    );
    for demo in offered {
        assert_eq!(keys(demo), ["description", "name", "program_code", "title", "udf_rust", "udf_toml"]);
        server.create(demo["name"].as_str().unwrap(), demo["program_code"].as_str().unwrap()).await;
        server
            .until(demo["name"].as_str().unwrap(), "program_status", |s| {
                assert!(!s.is_object(), "{s}");
                s == "Success"
            })
            .await;
    }
}
