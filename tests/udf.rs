//! Functions of the program's own through the API and the command line; every program of `docs/udf.md`.
#![allow(clippy::unwrap_used, reason = "a test that unwraps says where it failed")]

mod support;

use reqwest::Method;
use serde_json::{Value, json};
use std::process::{Command, Output};
use support::{Server, WEIR};

const PAGE: &str = include_str!("../docs/udf.md");

/// The blocks of the page in a language, in order.
fn blocks(language: &str) -> Vec<&'static str> {
    let begin = format!("```{language}\n");
    PAGE.split(begin.as_str()).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

async fn create(server: &Server, name: &str, sql: &str, rust: &str, toml: &str, profile: &str) {
    let body = json!({ "name": name, "program_code": sql, "udf_rust": rust, "udf_toml": toml, "runtime_config": { "workers": 2 },
        "program_config": { "profile": profile } });
    let (status, pipeline) = server.call(Method::POST, "/v0/pipelines", Some(body)).await;
    assert_eq!(status, 201, "{pipeline}");
}

/// Waits until a program is right or wrong.
async fn compiled(server: &Server, name: &str) -> Value {
    server.until(name, "program_status", |s| *s == "Success" || s.is_object()).await
}

#[tokio::test]
async fn the_page_on_functions_is_true() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let (sql, rust, toml) = (blocks("sql"), blocks("rust"), blocks("toml"));
    let [taxes, events, cards, middles] = sql.as_slice() else { panic!("{} programs", sql.len()) };
    create(&server, "taxes", taxes, "", "", "dev").await;
    create(&server, "events", events, "", "", "dev").await;
    // Profile dev: they are compiled all the same.
    create(&server, "cards", cards, rust[0], toml[0], "dev").await;
    create(&server, "middles", middles, rust[1], "", "dev").await;
    for name in ["taxes", "events", "cards", "middles"] {
        let pipeline = compiled(&server, name).await;
        assert_eq!(pipeline["program_status"], "Success", "{pipeline}");
        server.action(name, "start").await;
        server.until_status(name, "Running").await;
    }
    let stubs = server.get("/v0/pipelines/cards").await.1["program_info"]["udf_stubs"].as_str().unwrap().to_owned();
    for declaration in rust[0].lines().filter(|l| l.starts_with("pub fn")) {
        assert!(stubs.contains(declaration.trim_end_matches(" {")), "{declaration} is not in:\n{stubs}");
    }

    let mut view = server.egress("taxes", "taxes", "format=json").await;
    assert_eq!(server.ingress("taxes", "sales", "", "1,100.00,CH\n2,100.00,FR\n3,,DE\n").await.0, 200);
    view.until(&[(r#"{"id":1,"tax":8.10}"#, 1), (r#"{"id":2,"tax":0.00}"#, 1), (r#"{"id":3,"tax":null}"#, 1)]).await;

    let mut view = server.egress("events", "totals", "format=json").await;
    let lines = [r#"{"name":"a","n":2}"#, r#"{"name":"a","n":3}"#, "no JSON"].map(|l| json!({ "line": l }).to_string());
    assert_eq!(server.ingress("events", "lines", "format=json&update_format=raw", lines.join("\n")).await.0, 200);
    view.until(&[(r#"{"name":"a","n":5}"#, 1), (r#"{"name":null,"n":null}"#, 1)]).await;

    let mut view = server.egress("cards", "cards", "format=json").await;
    let people = r#"{"id":1,"name":"Ada Lovelace","scores":[3,null,4]} {"id":2,"name":null,"scores":null}"#;
    assert_eq!(server.ingress("cards", "people", "format=json&update_format=raw", people).await.0, 200);
    view.until(&[(r#"{"id":1,"initials":"A.L","mean":3.50}"#, 1), (r#"{"id":2,"initials":null,"mean":null}"#, 1)])
        .await;
    // An error stops the pipeline, at the place of the call.
    let empty = r#"{"id":3,"name":"x","scores":[]}"#;
    assert_eq!(server.ingress("cards", "people", "format=json&update_format=raw", empty).await.0, 200);
    let failed = server.until_status("cards", "Failed").await;
    let message = failed["deployment_error"].to_string();
    let line = cards.lines().position(|l| l.contains("mean(scores) AS")).unwrap() + 1;
    let column = cards.lines().nth(line - 1).unwrap().find("mean(").unwrap() + 1;
    assert!(message.contains("no scores") && message.contains(&format!("line {line}, column {column}")), "{message}");

    let mut view = server.egress("middles", "middles", "format=json").await;
    assert_eq!(server.ingress("middles", "points", "", "1,0,0\n1,10,20\n2,,5\n").await.0, 200);
    view.until(&[(r#"{"region":1,"middle":"5 10"}"#, 1), (r#"{"region":2,"middle":null}"#, 1)]).await;
    let delete = r#"{"delete":{"region":1,"x":0,"y":0}}"#;
    assert_eq!(server.ingress("middles", "points", "format=json&update_format=insert_delete", delete).await.0, 200);
    view.until(&[(r#"{"region":1,"middle":"5 10"}"#, -1), (r#"{"region":1,"middle":"10 20"}"#, 1)]).await;
}

#[tokio::test]
async fn wrong_rust_is_a_rust_error_until_it_is_mended() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let sql = "CREATE TABLE t(x INT); CREATE FUNCTION f(x INT) RETURNS INT; CREATE VIEW v AS SELECT f(x) AS y FROM t;";
    let good = "pub fn f(x: Option<i32>) -> Result<Option<i32>, Box<dyn std::error::Error>> { Ok(x) }";
    create(&server, "p", sql, &format!("{good}\n\nfn g() -> u32 {{ \"\" }}\n"), "", "unoptimized").await;
    let wrong = compiled(&server, "p").await;
    let said = wrong["program_status"]["RustError"].as_str().unwrap();
    assert!(said.contains("mismatched types") && said.contains("udf.rs:3:17"), "{said}");
    // What was found about the SQL stays.
    assert!(wrong["program_info"]["udf_stubs"].as_str().unwrap().contains("pub fn f(x: Option<i32>)"), "{wrong}");

    for (change, expected) in [
        (json!({ "udf_rust": good }), "Success"),
        (json!({ "udf_toml": "a = { git = \"https://example.org\" }" }), "udf.toml: `a`: `git` is not taken"),
        (json!({ "udf_toml": "" }), "Success"),
        (json!({ "udf_rust": format!("{good} include!(\"/etc/passwd\");") }), "ermission denied"),
    ] {
        let before = server.get("/v0/pipelines/p").await.1["program_version"].as_i64().unwrap();
        let (status, changed) = server.call(Method::PATCH, "/v0/pipelines/p", Some(change.clone())).await;
        assert_eq!((status, &changed["program_version"]), (200, &json!(before + 1)), "{changed}");
        let now = compiled(&server, "p").await;
        let status = now["program_status"].to_string();
        assert!(status.contains(expected) && !status.contains("root:"), "{change}: {status}");
    }
}

fn weir(args: &[&str]) -> Output {
    Command::new(WEIR).args(args).output().unwrap()
}

#[test]
fn the_command_line_takes_functions_from_files() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let sql = file(
        "p.sql",
        "CREATE TABLE t(x INT); CREATE FUNCTION f(x INT) RETURNS INT; CREATE VIEW v AS SELECT f(x) AS y FROM t;",
    );
    let rust = file(
        "udf.rs",
        "pub fn f(x: Option<i32>) -> Result<Option<i32>, Box<dyn std::error::Error>> { Ok(x.map(|x| x * 2)) }",
    );
    let rows = file("t.csv", "21\n");
    let stubs = weir(&["build", &sql, "--emit", "stubs"]);
    assert!(String::from_utf8_lossy(&stubs.stdout).contains("pub fn f(x: Option<i32>) ->"), "{stubs:?}");
    let ran = weir(&["run", &sql, "--udf-rust", &rust, "--input", &format!("t={rows}"), "--profile", "dev"]);
    assert!(String::from_utf8_lossy(&ran.stdout).contains(r#"{"view":"v","insert":{"y":42}}"#), "{ran:?}");
    let without = weir(&["run", &sql, "--input", &format!("t={rows}")]);
    assert!(String::from_utf8_lossy(&without.stderr).contains("name its file with --udf-rust"), "{without:?}");
    let toolchain = weir(&["toolchain"]);
    assert!(String::from_utf8_lossy(&toolchain.stdout).contains("\nsandbox    "), "{toolchain:?}");
}
