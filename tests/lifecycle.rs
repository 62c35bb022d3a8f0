//! Starting, pausing, failing, ending; the server's own end.
#![allow(clippy::unwrap_used, reason = "a test that unwraps says where it failed")]

mod support;

use reqwest::Method;
use serde_json::json;
use std::time::{Duration, Instant};
use support::Server;

const PROGRAM: &str =
    "CREATE TABLE t(x TINYINT NOT NULL);\nCREATE VIEW v AS SELECT x + CAST(100 AS TINYINT) AS y FROM t;";

#[tokio::test]
async fn a_start_waits_for_the_compiler_and_a_pause_holds() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    server.create("p", PROGRAM).await;
    // Before it is compiled, and paused first.
    server.action("p", "pause").await;
    server.until_status("p", "Paused").await;
    let mut egress = server.egress("p", "v", "format=json").await;
    let (status, _) = server.ingress("p", "t", "format=json&update_format=raw&force=true", "{\"x\": 1}").await;
    assert_eq!(status, 200);
    assert_eq!(egress.data().await["json_data"], json!([{ "insert": { "y": 101 } }]));
    let begin = Instant::now();
    server.action("p", "start").await;
    server.until_status("p", "Running").await;
    println!("Paused to Running in {:?}", begin.elapsed());
    let (status, _) = server.ingress("p", "t", "format=json&update_format=raw", "{\"x\": 2}").await;
    assert_eq!(status, 200);
    assert_eq!(egress.data().await["json_data"], json!([{ "insert": { "y": 102 } }]));
    let (status, error) = server.call(Method::DELETE, "/v0/pipelines/p", None).await;
    assert_eq!((status, &error["error_code"]), (400, &json!("CannotDeleteNonShutdownPipeline")));
    server.action("p", "shutdown").await;
    server.action("p", "shutdown").await;
    server.until_status("p", "Shutdown").await;
    while egress.next().await.is_some() {}
    // State does not survive a shutdown; the compiled program does.
    let begin = Instant::now();
    server.action("p", "start").await;
    server.until_status("p", "Running").await;
    println!("Shutdown to Running of a compiled program in {:?}", begin.elapsed());
}

#[tokio::test]
async fn an_error_of_the_program_fails_the_pipeline_with_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    server.run("p", PROGRAM).await;
    server.run("other", PROGRAM).await;
    let (status, _) = server.ingress("p", "t", "format=csv", "27\n100\n").await;
    assert_eq!(status, 200);
    let failed = server.until_status("p", "Failed").await;
    let error = &failed["deployment_error"];
    assert_eq!(error["error_code"], "RuntimeError.WorkerPanic");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("attempt to add with overflow") && message.contains("line 2"), "{message}");
    assert_eq!(error["details"]["position"]["line"], 2);
    let (status, error) = server.ingress("p", "t", "format=csv", "1\n").await;
    assert_eq!((status, &error["error_code"]), (400, &json!("PipelineNotRunningOrPaused")));
    // Nobody else notices.
    let mut egress = server.egress("other", "v", "format=json").await;
    server.ingress("other", "t", "format=csv", "1\n").await;
    assert_eq!(egress.data().await["json_data"], json!([{ "insert": { "y": 101 } }]));
    let log = reqwest::get(server.url("/v0/pipelines/p/logs")).await.unwrap();
    assert_eq!(log.headers()["content-type"], "text/plain; charset=utf-8");
    server.action("p", "shutdown").await;
    let log = log.text().await.unwrap();
    assert!(log.contains("FAILED: ") && log.ends_with("LOG STREAM END: stdout and stderr are finished\n"), "{log}");
    server.until_status("p", "Shutdown").await;
    let log = reqwest::get(server.url("/v0/pipelines/p/logs")).await.unwrap().text().await.unwrap();
    assert_eq!(log, "LOG STREAM UNAVAILABLE: the pipeline has likely not yet started\n");
}

#[tokio::test]
async fn a_killed_server_says_what_was_lost() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = Server::start(dir.path());
    server.run("p", PROGRAM).await;
    server.create("q", "CREATE TABLE q(x INT);").await;
    server.signal(libc::SIGKILL);
    server.wait();
    let server = Server::start(dir.path());
    let failed = server.until_status("p", "Failed").await;
    assert_eq!(failed["deployment_error"]["error_code"], "PipelineDeploymentError");
    assert_eq!(failed["program_status"], "Success");
    server.until("q", "program_status", |s| s == "Success").await;
    server.action("p", "shutdown").await;
    server.until_status("p", "Shutdown").await;
    server.action("p", "start").await;
    server.until_status("p", "Running").await;
}

#[tokio::test]
async fn a_terminated_server_ends_its_streams() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = Server::start(dir.path());
    server.run("p", PROGRAM).await;
    let mut egress = server.egress("p", "v", "format=json").await;
    let begin = Instant::now();
    server.signal(libc::SIGTERM);
    while egress.next().await.is_some() {}
    assert!(server.wait(), "the server ends well");
    assert!(begin.elapsed() < Duration::from_secs(9), "the server did not wait for its streams: {:?}", begin.elapsed());
}

#[tokio::test]
async fn deleting_a_pipeline_cancels_its_compilation() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    // Unlike any program compiled before.
    let stamp = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos();
    let views: String = (0..40)
        .map(|i| {
            format!("CREATE VIEW v{i} AS SELECT x, COUNT(*) AS n, '{stamp}' AS s FROM t WHERE x > {i} GROUP BY x;\n")
        })
        .collect();
    server.create("p", &format!("CREATE TABLE t(x INT);\n{views}")).await;
    server.until("p", "program_status", |s| s == "CompilingRust").await;
    let (status, _) = server.call(Method::DELETE, "/v0/pipelines/p", None).await;
    assert_eq!(status, 200);
    assert_eq!(server.get("/v0/pipelines/p").await.0, 404);
    // The name is free, and another program compiles.
    server.create("p", PROGRAM).await;
    server.until("p", "program_status", |s| s == "Success").await;
}

/// The folder in the user's cache where the program with this text in its source was compiled to.
fn compiled(text: &str) -> std::path::PathBuf {
    let cache = std::env::var_os("WEIR_CACHE_DIR").map_or_else(
        || {
            let base = std::env::var_os("XDG_CACHE_HOME").map(std::path::PathBuf::from);
            base.unwrap_or_else(|| std::path::Path::new(&std::env::var_os("HOME").unwrap()).join(".cache")).join("weir")
        },
        std::path::PathBuf::from,
    );
    let holds = |folder: &std::path::Path| {
        std::fs::read_dir(folder).is_ok_and(|files| {
            files.flatten().any(|f| {
                f.path().extension().is_some_and(|e| e == "rs")
                    && std::fs::read_to_string(f.path()).is_ok_and(|source| source.contains(text))
            })
        })
    };
    let mut found = std::fs::read_dir(cache.join("programs")).unwrap().flatten().map(|entry| entry.path());
    found.find(|folder| holds(folder)).expect("the program is in the cache")
}

#[tokio::test]
async fn damaged_code_is_compiled_again_and_the_cache_may_be_refused() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let text = format!("{}", u64::from(std::process::id()) * 1_000_003 + 7_000_000_000);
    let program = format!("CREATE TABLE t(x BIGINT);\nCREATE VIEW v AS SELECT x + {text} AS y FROM t;");
    server.create("p", &program).await;
    server.until("p", "program_status", |s| s == "Success").await;
    let folder = compiled(&text);
    let native = || {
        let files = std::fs::read_dir(&folder).unwrap().flatten().map(|f| f.path());
        files.into_iter().find(|f| f.extension().is_some_and(|e| e == "cwasm")).expect("native code")
    };
    let mut code = std::fs::read(native()).unwrap();
    let middle = code.len() / 2;
    for byte in &mut code[middle..middle + 100] {
        *byte ^= 0xff;
    }
    std::fs::write(native(), code).unwrap();
    server.action("p", "start").await;
    server.until_status("p", "Running").await;
    let mut egress = server.egress("p", "v", "format=json").await;
    server.ingress("p", "t", "format=csv", "0\n").await;
    assert_eq!(egress.data().await["json_data"][0]["insert"]["y"].to_string(), text);
    server.action("p", "shutdown").await;
    server.until_status("p", "Shutdown").await;

    let before = std::fs::metadata(native()).unwrap().modified().unwrap();
    for (cache, anew) in [(true, false), (false, true)] {
        let body =
            json!({ "program_config": { "profile": "unoptimized", "cache": cache }, "udf_toml": format!("# {cache}") });
        assert_eq!(server.call(reqwest::Method::PATCH, "/v0/pipelines/p", Some(body)).await.0, 200);
        server.until("p", "program_status", |s| s == "Success").await;
        let now = std::fs::metadata(native()).unwrap().modified().unwrap();
        assert_eq!(now != before, anew, "cache: {cache}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}
