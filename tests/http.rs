//! The server as seen by clients that are slow, greedy or gone: sockets, not a client library.
#![allow(clippy::unwrap_used, reason = "a test that unwraps says where it failed")]

mod support;

use reqwest::Method;
use serde_json::json;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use support::Server;

/// Time that clients of these tests' servers may be silent.
const SILENCE: &str = "1";

fn impatient(dir: &tempfile::TempDir) -> Server {
    Server::start_with(dir.path(), &["--client-timeout", SILENCE])
}

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.base.trim_start_matches("http://")).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

/// Sends bytes and reads until the server closes the connection.
fn exchange(server: &Server, bytes: &[u8]) -> String {
    let mut stream = connect(server);
    stream.write_all(bytes).unwrap();
    read_all(&mut stream)
}

fn read_all(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    let mut piece = [0; 4096];
    loop {
        match stream.read(&mut piece) {
            Ok(0) => break,
            Ok(n) => all.extend_from_slice(&piece[..n]),
            // The server closed while we were still sending.
            Err(e) if e.kind() == ErrorKind::ConnectionReset => break,
            Err(e) => panic!("the server neither answers nor closes: {e}"),
        }
    }
    String::from_utf8_lossy(&all).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_never_ends_is_not_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let server = impatient(&dir);
    let begin = Instant::now();
    let mut slow: Vec<TcpStream> = (0..100).map(|_| connect(&server)).collect();
    for stream in &mut slow {
        stream.write_all(b"GET /v0/pipelines HTTP/1.1\r\nHost: x\r\nX-Slow: ").unwrap();
    }
    // The others are served meanwhile.
    assert_eq!(server.get("/v0/pipelines").await.0, 200);
    for stream in &mut slow {
        let answer = read_all(stream);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
    }
    assert!(begin.elapsed() < Duration::from_secs(15));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_never_ends_is_not_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let server = impatient(&dir);
    let head =
        "POST /v0/pipelines HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{";
    let answer = exchange(&server, head.as_bytes());
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert_eq!(server.get("/v0/pipelines").await, (200, json!([])));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let server = impatient(&dir);
    let header = format!("GET /healthz HTTP/1.1\r\nHost: x\r\nX-Large: {}\r\n\r\n", "x".repeat(200_000));
    let answer = exchange(&server, header.as_bytes());
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    let many: String = (0..1000).map(|i| format!("X-{i}: y\r\n")).collect();
    let answer = exchange(&server, format!("GET /healthz HTTP/1.1\r\nHost: x\r\n{many}\r\n").as_bytes());
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    let body = json!({ "name": "a", "program_code": "x".repeat(3 << 20) });
    let response = server.send(Method::POST, "/v0/pipelines", Some(body)).await;
    assert_eq!(response.status(), 413);
    assert_eq!(server.get("/v0/pipelines").await, (200, json!([])));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_http_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let server = impatient(&dir);
    for bytes in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01"[..],
        b"GET\r\n\r\n",
        b"\r\n\r\n\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n",
    ] {
        let answer = exchange(&server, bytes);
        assert!(!answer.starts_with("HTTP/1.1 2"), "{answer}");
    }
    let both =
        "POST /v0/pipelines HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    let answer = exchange(&server, both.as_bytes());
    assert!(!answer.starts_with("HTTP/1.1 2"), "{answer}");
    assert_eq!(server.get("/healthz").await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn both_versions_of_http_and_connections_used_again() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let h2 = reqwest::Client::builder().http2_prior_knowledge().build().unwrap();
    let response = h2.get(server.url("/v0/pipelines")).send().await.unwrap();
    assert_eq!((response.status().as_u16(), response.version()), (200, reqwest::Version::HTTP_2));
    let mut stream = connect(&server);
    for _ in 0..3 {
        stream.write_all(b"GET /config HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        let mut answer = vec![0; 4096];
        let n = stream.read(&mut answer).unwrap();
        assert!(answer[..n].starts_with(b"HTTP/1.1 200"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_other_origins_may_call() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let http = reqwest::Client::new();
    let preflight = http
        .request(Method::OPTIONS, server.url("/v0/pipelines"))
        .header("Origin", "http://console.example")
        .header("Access-Control-Request-Method", "PATCH")
        .header("Access-Control-Request-Headers", "authorization")
        .send()
        .await
        .unwrap();
    assert_eq!(preflight.status(), 200);
    let header = |name: &str| preflight.headers()[name].to_str().unwrap().to_ascii_lowercase();
    assert_eq!(header("access-control-allow-origin"), "http://console.example");
    assert_eq!(header("access-control-allow-credentials"), "true");
    assert!(header("access-control-allow-headers").contains("authorization"));
    for method in ["get", "post", "patch", "put", "delete"] {
        assert!(header("access-control-allow-methods").contains(method));
    }
    let call = http.get(server.url("/v0/pipelines")).header("Origin", "http://console.example").send().await.unwrap();
    assert_eq!(call.headers()["access-control-allow-origin"], "http://console.example");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_have_names() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let http = reqwest::Client::new();
    let name = |r: &reqwest::Response| r.headers()["x-request-id"].to_str().unwrap().to_owned();
    let chosen = http.get(server.url("/v0/pipelines/x")).header("x-request-id", "mine-1").send().await.unwrap();
    assert_eq!((chosen.status().as_u16(), name(&chosen).as_str()), (404, "mine-1"));
    let long = "x".repeat(1000);
    for bad in ["two words", &long, "<script>"] {
        let response = http.get(server.url("/config")).header("x-request-id", bad).send().await.unwrap();
        assert_eq!(name(&response).len(), 36, "{}", name(&response));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn replies_without_data_say_so_and_replies_with_data_are_not_kept() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    server.create("a", "CREATE TABLE t (n INT);").await;
    let response = server.send(Method::POST, "/v0/pipelines/a/shutdown", None).await;
    assert_eq!((response.status().as_u16(), &response.headers()["content-length"]), (202, &"0".parse().unwrap()));
    let response = server.send(Method::GET, "/v0/pipelines/a", None).await;
    assert_eq!(response.headers()["cache-control"], "no-cache");
    assert_eq!(response.headers()["content-type"], "application/json");
    let response = server.send(Method::DELETE, "/v0/pipelines/a", None).await;
    assert_eq!((response.status().as_u16(), &response.headers()["content-length"]), (200, &"0".parse().unwrap()));
    // The body that clients of this generation send where none is read.
    let (status, _) = server.call(Method::POST, "/v0/pipelines/a/start", Some(serde_json::Value::Null)).await;
    assert_eq!(status, 404);
    for (method, path) in
        [(Method::PATCH, "/v0/pipelines"), (Method::GET, "/v0/nothing"), (Method::PUT, "/v0/api_keys")]
    {
        let response = server.send(method, path, None).await;
        assert_eq!((response.status().as_u16(), response.text().await.unwrap()), (404, String::new()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_end_properly_when_the_server_does() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = Server::start(dir.path());
    server.run("a", "CREATE TABLE t (n INT); CREATE VIEW v AS SELECT n FROM t;").await;
    let mut changes = server.egress("a", "v", "format=json").await;
    let logs = reqwest::get(server.url("/v0/pipelines/a/logs")).await.unwrap();
    assert_eq!(server.ingress("a", "t", "format=json&update_format=raw", "{\"n\":1}").await.0, 200);
    changes.until(&[("{\"n\":1}", 1)]).await;
    server.signal(libc::SIGTERM);
    // Chunked bodies that break off are errors of the client library; these end.
    let text = logs.text().await.unwrap();
    assert!(text.contains("LOG STREAM END: "), "{text}");
    while changes.next().await.is_some() {}
    assert!(server.wait());
}
