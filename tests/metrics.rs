//! `/v0/metrics` and the host-wide `/metrics`, read by a strict parser of Prometheus' text format.
#![allow(clippy::unwrap_used, reason = "a test that unwraps says where it failed")]

mod support;

use reqwest::Method;
use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;
use support::Server;

const PROGRAM: &str = "CREATE TABLE t(a INT NOT NULL, b VARCHAR);\nCREATE TABLE \"a \"\"q\"\" \\ b\"(x INT);
CREATE MATERIALIZED VIEW v AS SELECT b, SUM(a) AS s FROM t GROUP BY b;";

type Labels = BTreeMap<String, String>;

/// A parsed exposition: families with their types, samples by name and labels.
#[derive(Debug)]
struct Metrics {
    families: BTreeMap<String, String>,
    samples: BTreeMap<(String, Labels), f64>,
}

fn is_name(s: &str, also: char) -> bool {
    let first = |c: char| c.is_ascii_alphabetic() || c == '_' || c == also;
    s.starts_with(first) && s.chars().all(|c| first(c) || c.is_ascii_digit())
}

/// The labels in braces and what follows.
fn labels(text: &str) -> (Labels, &str) {
    let mut labels = Labels::new();
    let mut rest = text;
    loop {
        let (name, after) = rest.split_once("=\"").expect("a label has a value");
        assert!(is_name(name, '_'), "{name}");
        let mut value = String::new();
        let mut chars = after.char_indices();
        let end = loop {
            let (i, c) = chars.next().expect("a value ends");
            match c {
                '"' => break i + 1,
                '\\' => value.push(match chars.next().unwrap().1 {
                    'n' => '\n',
                    c @ ('\\' | '"') => c,
                    c => panic!("escaped '{c}'"),
                }),
                c => value.push(c),
            }
        };
        assert_eq!(labels.insert(name.to_owned(), value), None, "label {name} twice");
        rest = &after[end..];
        match rest.strip_prefix(',') {
            Some(more) => rest = more,
            None => return (labels, rest.strip_prefix('}').expect("braces close")),
        }
    }
}

/// Parses, and checks what the format asks: help and type before samples, families together, no sample twice, histograms whole.
fn parse(text: &str) -> Metrics {
    assert!(text.is_empty() || text.ends_with('\n'));
    let (mut families, mut samples) = (BTreeMap::<String, String>::new(), BTreeMap::new());
    let mut now = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, about) = help.split_once(' ').unwrap();
            assert!(is_name(name, ':') && !about.is_empty(), "{line}");
            let kind = lines.next().unwrap().strip_prefix("# TYPE ").unwrap().strip_prefix(name).unwrap().trim();
            assert!(["gauge", "counter", "histogram"].contains(&kind), "{kind}");
            assert_eq!(families.insert(name.to_owned(), kind.to_owned()), None, "{name} twice");
            now = name.to_owned();
            continue;
        }
        let end = line.find(['{', ' ']).unwrap();
        let (name, rest) = line.split_at(end);
        let (labels, rest) = match rest.strip_prefix('{') {
            Some(rest) => labels(rest),
            None => (Labels::new(), rest),
        };
        let value: f64 = rest.strip_prefix(' ').unwrap().parse().unwrap();
        let suffix = name.strip_prefix(&now).unwrap_or_else(|| panic!("{name} outside of its family"));
        match families[&now].as_str() {
            "histogram" => assert!(["_bucket", "_sum", "_count"].contains(&suffix), "{name}"),
            _ => assert!(suffix.is_empty(), "{name}"),
        }
        assert_eq!(samples.insert((name.to_owned(), labels), value), None, "{line} twice");
    }
    let metrics = Metrics { families, samples };
    metrics.check_histograms();
    metrics
}

impl Metrics {
    fn check_histograms(&self) {
        for name in self.families.iter().filter(|(_, kind)| *kind == "histogram").map(|(name, _)| name) {
            let mut buckets = BTreeMap::<Labels, Vec<(f64, f64)>>::new();
            for ((_, labels), value) in self.samples.iter().filter(|((n, _), _)| *n == format!("{name}_bucket")) {
                let mut labels = labels.clone();
                let bound = labels.remove("le").unwrap();
                let bound = if bound == "+Inf" { f64::INFINITY } else { bound.parse().unwrap() };
                buckets.entry(labels).or_default().push((bound, *value));
            }
            assert!(!buckets.is_empty(), "{name}");
            for (labels, mut buckets) in buckets {
                buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
                assert!(buckets.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1), "{name}: {buckets:?}");
                let (last, count) = *buckets.last().unwrap();
                assert!(last.is_infinite());
                assert_eq!(self.samples[&(format!("{name}_count"), labels.clone())], count);
                assert!(self.samples[&(format!("{name}_sum"), labels)] >= 0.0);
            }
        }
    }

    /// The only sample of that name that has these labels (among others).
    fn get(&self, name: &str, with: &[(&str, &str)]) -> f64 {
        let fits = |labels: &Labels| with.iter().all(|(k, v)| labels.get(*k).is_some_and(|value| value == v));
        let found: Vec<_> = self.samples.iter().filter(|((n, labels), _)| n == name && fits(labels)).collect();
        assert_eq!(found.len(), 1, "{name} {with:?}: {found:?}");
        *found[0].1
    }

    fn pipelines(&self) -> BTreeSet<&str> {
        self.samples.keys().filter_map(|(_, labels)| labels.get("pipeline").map(String::as_str)).collect()
    }
}

/// The row `GET /v0/metrics`, and the host-wide endpoint.
#[tokio::test]
async fn metrics_agree_with_what_was_done() {
    let dir = tempfile::tempdir().unwrap();
    // A port that is free, as far as anybody can know.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let server = Server::start_with(dir.path(), &["--metrics-bind", &address]);
    let own = async || {
        let response = server.send(Method::GET, "/v0/metrics", None).await;
        assert_eq!(
            (response.status().as_u16(), &response.headers()["content-type"]),
            (200, &"text/plain".parse().unwrap())
        );
        parse(&response.text().await.unwrap())
    };
    let all = async || {
        let response = reqwest::get(format!("http://{address}/metrics")).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/plain; version=0.0.4");
        parse(&response.text().await.unwrap())
    };
    assert!(own().await.samples.is_empty());
    let id = server.create("p", PROGRAM).await["id"].as_str().unwrap().to_owned();
    server.create("idle", PROGRAM).await;
    server.action("p", "start").await;
    server.until_status("p", "Running").await;
    let pipeline = format!("pipeline-{id}");
    let mut view = server.egress("p", "v", "format=json").await;
    let rows: String = (0..100).map(|i| format!("{i},k{}\n", i % 10)).collect();
    assert_eq!(server.ingress("p", "t", "", rows).await.0, 200);
    assert_eq!(server.ingress("p", "%22a%20%22%22q%22%22%20%5C%20b%22", "", "1\n2\nx\n").await.0, 400);
    let mut records = 0;
    while records < 10 {
        records += view.data().await["json_data"].as_array().unwrap().len();
    }
    while server.get("/v0/pipelines/p/stats").await.1["global_metrics"]["pipeline_complete"] != true {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }

    let metrics = own().await;
    assert_eq!(metrics.pipelines(), BTreeSet::from([pipeline.as_str()]));
    let p = [("pipeline", pipeline.as_str())];
    for (name, kind) in [
        ("cpu_msecs", "gauge"),
        ("rss_bytes", "gauge"),
        ("buffered_input_records", "gauge"),
        ("total_input_records", "gauge"),
        ("total_processed_records", "gauge"),
        ("pipeline_completed", "gauge"),
        ("input_total_bytes", "gauge"),
        ("input_total_records", "gauge"),
        ("input_buffered_records", "gauge"),
        ("input_num_transport_errors", "gauge"),
        ("input_num_parse_errors", "gauge"),
        ("output_transmitted_bytes", "gauge"),
        ("output_transmitted_records", "gauge"),
        ("output_buffered_records", "gauge"),
        ("output_buffered_batches", "gauge"),
        ("output_num_transport_errors", "gauge"),
        ("output_num_encode_errors", "gauge"),
        ("feldera_dbsp_step", "counter"),
        ("weir_step_seconds", "histogram"),
        ("weir_state_bytes", "gauge"),
        ("weir_memory_peak_bytes", "gauge"),
        ("weir_input_queue_bytes", "gauge"),
    ] {
        assert_eq!(metrics.families.get(name).map(String::as_str), Some(kind), "{name}");
    }
    assert_eq!(metrics.get("total_input_records", &p), 102.0);
    assert_eq!(metrics.get("total_processed_records", &p), 102.0);
    assert_eq!(metrics.get("buffered_input_records", &p), 0.0);
    assert_eq!(metrics.get("pipeline_completed", &p), 1.0);
    assert!(metrics.get("rss_bytes", &p) <= metrics.get("weir_memory_peak_bytes", &p));
    assert!(metrics.get("weir_state_bytes", &p) > 0.0);
    assert_eq!(metrics.get("weir_step_seconds_count", &p), metrics.get("feldera_dbsp_step", &p));
    assert_eq!(metrics.get("weir_table_rows_total", &[p[0], ("relation", "t")]), 100.0);
    assert_eq!(metrics.get("weir_table_rows_total", &[p[0], ("relation", "a \"q\" \\ b")]), 2.0);
    assert_eq!(metrics.get("weir_view_rows_total", &[p[0], ("relation", "v")]), 10.0);
    assert_eq!(metrics.get("output_transmitted_records", &p), 10.0);
    let of_inputs = |name: &str| -> f64 {
        metrics
            .samples
            .iter()
            .filter(|((n, l), _)| n == name && l["endpoint"].starts_with("api-ingress-"))
            .map(|(_, v)| v)
            .sum()
    };
    assert_eq!(of_inputs("input_total_records"), metrics.get("total_input_records", &p));
    assert_eq!(of_inputs("input_num_parse_errors"), 1.0);

    // The server's own, and all pipelines.
    let metrics = all().await;
    assert_eq!(metrics.get("weir_pipeline_info", &[p[0], ("name", "p")]), 1.0);
    assert_eq!(metrics.get("total_input_records", &p), 102.0);
    assert_eq!(metrics.get("weir_pipelines", &[("status", "Running")]), 1.0);
    assert_eq!(metrics.get("weir_pipelines", &[("status", "Shutdown")]), 1.0);
    assert_eq!(metrics.get("weir_compile_sql_seconds_count", &[]), 2.0);
    assert!(metrics.get("weir_http_connections", &[]) >= 1.0);
    let route = |method, route, status| {
        metrics.get("weir_http_requests_total", &[("method", method), ("route", route), ("status", status)])
    };
    assert_eq!(route("POST", "/v0/pipelines", "2xx"), 2.0);
    assert_eq!(route("POST", "/v0/pipelines/{pipeline_name}/ingress/{table_name}", "2xx"), 1.0);
    assert_eq!(route("POST", "/v0/pipelines/{pipeline_name}/ingress/{table_name}", "4xx"), 1.0);
    let cache = |result| metrics.get("weir_compile_cache_total", &[("result", result)]);
    assert_eq!(cache("hit") + cache("miss"), metrics.get("weir_compile_seconds_count", &[]));
    assert!(cache("hit") + cache("miss") >= 1.0);
    assert_eq!(metrics.get("weir_info", &[("version", "0.36.0")]), 1.0);
    // Nothing else is there.
    let response = reqwest::get(format!("http://{address}/v0/pipelines")).await.unwrap();
    assert_eq!(response.status(), 404);
    // A pipeline that is shut down tells nothing.
    server.action("p", "shutdown").await;
    server.until_status("p", "Shutdown").await;
    assert!(own().await.samples.is_empty());
    assert!(all().await.pipelines().is_empty());
}
