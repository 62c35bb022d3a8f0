//! `/circuit_profile` and `/heap_profile`: what is in them agrees with what was done.
#![allow(clippy::unwrap_used, reason = "a test that unwraps says where it failed")]

mod support;

use reqwest::Method;
use serde_json::json;
use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use support::Server;
use zip::ZipArchive;

const PROGRAM: &str = "CREATE TABLE people(id INT NOT NULL PRIMARY KEY, town VARCHAR);
CREATE TABLE visits(id INT NOT NULL, town VARCHAR);
CREATE MATERIALIZED VIEW guests AS SELECT p.town, COUNT(*) AS n FROM people p JOIN visits v ON p.id = v.id GROUP BY p.town;";

/// The drawings by worker.
async fn drawings(server: &Server) -> Vec<String> {
    let response = server.send(Method::GET, "/v0/pipelines/p/circuit_profile", None).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/zip");
    assert!(response.headers()["content-disposition"].to_str().unwrap().contains("profile.zip"));
    let mut zip = ZipArchive::new(Cursor::new(response.bytes().await.unwrap())).unwrap();
    let mut files = BTreeMap::new();
    for i in 0..zip.len() {
        let mut file = zip.by_index(i).unwrap();
        let path = file.name().unwrap().into_owned();
        let parts: Vec<&str> = path.split('/').collect();
        assert_eq!((parts.len(), parts[0]), (3, "profile"), "{path}");
        assert!(parts[1].parse::<u64>().unwrap() > 1_700_000_000_000_000, "microseconds: {path}");
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        files.insert(parts[2].to_owned(), text);
    }
    assert_eq!(files.keys().collect::<Vec<_>>(), ["0.dot", "1.dot", "Makefile"]);
    assert!(files["Makefile"].contains("\tdot -Tpdf -o $@ $<\n"));
    vec![files.remove("0.dot").unwrap(), files.remove("1.dot").unwrap()]
}

/// The labels of a drawing's operators.
fn labels(dot: &str) -> Vec<String> {
    let operators = dot.lines().filter_map(|l| l.trim().split_once(" [label=\"")).filter(|(n, _)| n.starts_with('n'));
    operators.map(|(_, rest)| rest.split("\", style=").next().unwrap().to_owned()).collect()
}

/// The number after `what` in a label.
fn number(label: &str, what: &str) -> u64 {
    let rest = label.split_once(what).unwrap_or_else(|| panic!("no '{what}' in {label}")).1;
    rest.trim_start().split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap()
}

/// The rows `GET .../circuit_profile` and `GET .../heap_profile`.
#[tokio::test]
async fn profiles_add_up() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    for route in ["circuit_profile", "heap_profile"] {
        let (status, error) = server.get(&format!("/v0/pipelines/p/{route}")).await;
        assert_eq!((status, &error["error_code"]), (404, &json!("UnknownPipelineName")));
    }
    server.create("p", PROGRAM).await;
    for route in ["circuit_profile", "heap_profile"] {
        let (status, error) = server.get(&format!("/v0/pipelines/p/{route}")).await;
        assert_eq!((status, &error["error_code"]), (400, &json!("PipelineNotRunningOrPaused")));
    }
    server.action("p", "start").await;
    server.until_status("p", "Running").await;
    let mut guests = server.egress("p", "guests", "format=json").await;
    let people: String = (0..1_000).map(|i| format!("{i},town{}\n", i % 7)).collect();
    assert_eq!(server.ingress("p", "people", "", people).await.0, 200);
    assert_eq!(server.ingress("p", "visits", "", "1,x\n2,x\n2,x\n5000,x\n").await.0, 200);
    let (one, two) = (r#"{"town":"town1","n":1}"#, r#"{"town":"town2","n":2}"#);
    guests.until(&[(one, 1), (two, 1)]).await;
    let drawings = drawings(&server).await;

    let response = server.get("/v0/pipelines/p/stats").await.1;
    let steps = response["metrics"][0]["value"]["Counter"].as_u64().unwrap();
    let workers: Vec<Vec<String>> = drawings.iter().map(|d| labels(d)).collect();
    assert_eq!(workers[0].len(), workers[1].len());
    assert!(workers[0].len() >= 6, "{:?}", workers[0]);
    let mut state = 0;
    let mut times = 0;
    for label in workers.iter().flatten() {
        // Every operator takes part in every step, on every worker.
        assert_eq!(number(label, "calls "), steps, "{label}");
        assert!(label.contains("\\ntime "), "{label}");
        times += u64::from(!label.contains("time 0.000 ms"));
        if label.contains("\\nstate ") {
            state += number(label, " rows, ");
        }
    }
    assert!(times > 0 && state > 0, "{:?}", workers[0]);
    let sum = |title: &str, what: &str| -> u64 {
        let of = |labels: &Vec<String>| {
            let found: Vec<_> = labels.iter().filter(|l| l.contains(title)).collect();
            assert_eq!(found.len(), 1, "{title} in {labels:?}");
            number(found[0], what)
        };
        workers.iter().map(of).sum()
    };
    assert_eq!(sum("table people", "rows in "), 1_000);
    assert_eq!(sum("table people", "rows out "), 1_000);
    assert_eq!(sum("table visits", "rows in "), 4);
    assert_eq!(sum("view guests", "rows out "), 2);
    // Kept by key for upserts, and in the order of its columns for queries.
    assert_eq!(sum("table people", "state "), 2_000);
    // Both workers hold a part of the table.
    assert!(workers.iter().all(|w| number(w.iter().find(|l| l.contains("table people")).unwrap(), "state ") > 300));

    let response = server.send(Method::GET, "/v0/pipelines/p/heap_profile", None).await;
    assert_eq!(
        (response.status().as_u16(), &response.headers()["content-type"]),
        (200, &"application/protobuf".parse().unwrap())
    );
    let bytes = response.bytes().await.unwrap();
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(&bytes[..]).read_to_end(&mut plain).unwrap();
    for name in ["people", "worker 1", "state_space", "memory outside of states"] {
        assert!(plain.windows(name.len()).any(|w| w == name.as_bytes()), "{name}");
    }
}

/// `cpu_profiler: false`: rows and calls are counted, the clock is not looked at.
#[tokio::test]
async fn without_the_profiler_there_are_no_times() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let body = json!({ "name": "p", "program_code": PROGRAM, "runtime_config": { "workers": 2, "cpu_profiler": false },
        "program_config": { "profile": "unoptimized" } });
    assert_eq!(server.call(Method::POST, "/v0/pipelines", Some(body)).await.0, 201);
    server.action("p", "start").await;
    server.until_status("p", "Running").await;
    let mut people = server.egress("p", "people", "format=json").await;
    assert_eq!(server.ingress("p", "people", "", "1,a\n2,b\n").await.0, 200);
    people.until(&[(r#"{"id":1,"town":"a"}"#, 1), (r#"{"id":2,"town":"b"}"#, 1)]).await;
    for label in drawings(&server).await.iter().flat_map(|d| labels(d)) {
        assert!(label.contains("time 0.000 ms") && number(&label, "calls ") > 0, "{label}");
    }
}
