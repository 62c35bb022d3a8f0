//! Profile `dev`: programs run at once on the engine, and answer as compiled ones do.
#![allow(clippy::unwrap_used, reason = "a test that unwraps says where it failed")]

mod support;

use reqwest::Method;
use serde_json::json;
use std::time::{Duration, Instant};
use support::Server;

const PROGRAM: &str =
    "CREATE TABLE sales(id BIGINT NOT NULL PRIMARY KEY, town VARCHAR, price DECIMAL(10, 2), pieces INT);
CREATE TABLE towns(name VARCHAR NOT NULL PRIMARY KEY, country VARCHAR NOT NULL);
CREATE MATERIALIZED VIEW report AS SELECT t.country, COUNT(*) AS n, SUM(s.price) AS total, MAX(UPPER(s.town)) AS last
FROM sales s JOIN towns t ON s.town = t.name WHERE s.pieces > 0 OR s.pieces IS NULL GROUP BY t.country;
CREATE VIEW each AS SELECT id, price / pieces AS price FROM sales;";

/// Longest way from `POST` to Running that passes: this binary is not optimised, and other tests run beside.
const RUNNING_MAX: Duration = Duration::from_secs(5);

#[tokio::test]
async fn programs_run_at_once_and_fail_with_a_position() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    for name in ["first", "p"] {
        let begin = Instant::now();
        let body = json!({ "name": name, "program_code": PROGRAM, "runtime_config": { "workers": 2 },
            "program_config": { "profile": "dev" } });
        let (status, pipeline) = server.call(Method::POST, "/v0/pipelines", Some(body)).await;
        assert_eq!(status, 201, "{pipeline}");
        server.action(name, "start").await;
        server.until_status(name, "Running").await;
        let took = begin.elapsed();
        println!("{name}: POST to Running with profile dev: {took:?}");
        assert!(took < RUNNING_MAX, "{took:?}: something was compiled");
    }
    let mut report = server.egress("p", "report", "format=json").await;
    assert_eq!(server.ingress("p", "towns", "", "Bern,CH\nBasel,CH\nLyon,FR\n").await.0, 200);
    let sales = "1,Bern,10.50,2\n2,Basel,0.25,\n3,Lyon,7.00,1\n4,Lyon,9.00,-3\n5,Nowhere,1.00,1\n";
    assert_eq!(server.ingress("p", "sales", "", sales).await.0, 200);
    report
        .until(&[
            (r#"{"country":"CH","n":2,"total":10.75,"last":"BERN"}"#, 1),
            (r#"{"country":"FR","n":1,"total":7.00,"last":"LYON"}"#, 1),
        ])
        .await;
    let (status, answer) =
        server.ingress("p", "sales", "update_format=insert_delete&format=json", r#"{"delete":{"id":1}}"#).await;
    assert_eq!(status, 200, "{answer}");
    report
        .until(&[
            (r#"{"country":"CH","n":2,"total":10.75,"last":"BERN"}"#, -1),
            (r#"{"country":"CH","n":1,"total":0.25,"last":"BASEL"}"#, 1),
        ])
        .await;
    // A program that fails says where.
    assert_eq!(server.ingress("p", "sales", "", "6,Lyon,1.00,0\n").await.0, 200);
    let failed = server.until_status("p", "Failed").await;
    let message = failed["deployment_error"].to_string();
    assert!(message.contains("divide") && message.contains("line 5, column 32"), "{message}");
    // The other one was not touched.
    server.until_status("first", "Running").await;
}
