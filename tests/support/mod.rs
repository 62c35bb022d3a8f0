//! A server of its own for each test: the real binary, a free port, a temporary data folder. Compiled programs are shared
//! through the user's cache.
#![allow(dead_code, unreachable_pub, missing_docs, reason = "each test binary uses a part of it")]

use futures_util::StreamExt;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The binary under test.
pub const WEIR: &str = env!("CARGO_BIN_EXE_weir");
/// Longest wait for anything: a compilation on a loaded machine.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// A running server.
pub struct Server {
    child: Child,
    pub base: String,
    http: reqwest::Client,
}

impl Server {
    /// Starts a server on a data folder.
    pub fn start(data_dir: &Path) -> Server {
        Server::start_with(data_dir, &[])
    }

    /// Starts a server on a data folder, with more arguments.
    pub fn start_with(data_dir: &Path, arguments: &[&str]) -> Server {
        Server::start_in(data_dir, arguments, &[])
    }

    /// Starts a server on a data folder, with more arguments and variables.
    pub fn start_in(data_dir: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Server {
        let mut child = Command::new(WEIR)
            .args(["serve", "--bind", "127.0.0.1:0", "--data-dir"])
            .arg(data_dir)
            .args(arguments)
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped"))
            .read_line(&mut line)
            .expect("the server says where it listens");
        let address = line.trim().rsplit(' ').next().expect("an address").to_owned();
        assert!(address.starts_with("http://127.0.0.1:"), "{line}");
        Server { child, base: address, http: reqwest::Client::new() }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal.
    pub fn signal(&self, signal: i32) {
        // SAFETY: kill only sends a signal, to a child that has not been waited for.
        assert_eq!(unsafe { libc::kill(self.child.id() as libc::pid_t, signal) }, 0);
    }

    /// Waits for the process to end; returns whether it did so well.
    pub fn wait(&mut self) -> bool {
        self.child.wait().expect("a child").success()
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    pub async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Response {
        let mut request = self.http.request(method, self.url(path));
        if let Some(body) = body {
            request = request.json(&body);
        }
        request.send().await.expect("an answer")
    }

    /// Status and JSON body (null if there is none).
    pub async fn call(&self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let response = self.send(method, path, body).await;
        let status = response.status().as_u16();
        let text = response.text().await.expect("a body");
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    pub async fn get(&self, path: &str) -> (u16, Value) {
        self.call(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str) -> (u16, Value) {
        self.call(Method::POST, path, None).await
    }

    /// Makes a pipeline.
    pub async fn create(&self, name: &str, program: &str) -> Value {
        let body = json!({ "name": name, "program_code": program, "runtime_config": { "workers": 2 },
            "program_config": { "profile": "unoptimized" } });
        let (status, pipeline) = self.call(Method::POST, "/v0/pipelines", Some(body)).await;
        assert_eq!(status, 201, "{pipeline}");
        pipeline
    }

    /// Waits until a field of a pipeline satisfies a condition.
    pub async fn until(&self, name: &str, key: &str, reached: impl Fn(&Value) -> bool) -> Value {
        let begin = Instant::now();
        loop {
            let (status, pipeline) = self.get(&format!("/v0/pipelines/{name}")).await;
            assert_eq!(status, 200, "{pipeline}");
            if reached(&pipeline[key]) {
                return pipeline;
            }
            assert!(
                begin.elapsed() < PATIENCE,
                "{key} stays at {}; error: {}",
                pipeline[key],
                pipeline["deployment_error"]
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub async fn until_status(&self, name: &str, status: &str) -> Value {
        self.until(name, "deployment_status", |s| s == status).await
    }

    /// Makes, compiles and starts a pipeline.
    pub async fn run(&self, name: &str, program: &str) {
        self.create(name, program).await;
        self.until(name, "program_status", |s| {
            assert!(!s.is_object(), "{s}");
            s == "Success"
        })
        .await;
        self.action(name, "start").await;
        self.until_status(name, "Running").await;
    }

    pub async fn action(&self, name: &str, action: &str) {
        let (status, body) = self.post(&format!("/v0/pipelines/{name}/{action}")).await;
        assert_eq!(status, 202, "{body}");
    }

    /// Sends data to a table; `query` as in the URL.
    pub async fn ingress(&self, name: &str, table: &str, query: &str, data: impl Into<reqwest::Body>) -> (u16, Value) {
        let url = self.url(&format!("/v0/pipelines/{name}/ingress/{table}?{query}"));
        let response = self.http.post(url).body(data).send().await.expect("an answer");
        let status = response.status().as_u16();
        let text = response.text().await.expect("a body");
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    /// Listens to a view.
    pub async fn egress(&self, name: &str, view: &str, query: &str) -> Egress {
        let url = self.url(&format!("/v0/pipelines/{name}/egress/{view}?{query}"));
        let response = self.http.post(url).send().await.expect("an answer");
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "application/json");
        Egress { pieces: Box::pin(response.bytes_stream()), rest: Vec::new() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A stream of chunks.
pub struct Egress {
    pieces: std::pin::Pin<Box<dyn futures_util::Stream<Item = reqwest::Result<bytes::Bytes>>>>,
    rest: Vec<u8>,
}

impl Egress {
    /// The next chunk; `None` at the end of the stream.
    pub async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(end) = self.rest.iter().position(|b| *b == b'\n') {
                let line: Vec<u8> = self.rest.drain(..=end).collect();
                assert!(line.ends_with(b"\r\n"), "a chunk ends with CR LF");
                return Some(serde_json::from_slice(&line).expect("a chunk is JSON"));
            }
            let piece = tokio::time::timeout(PATIENCE, self.pieces.next()).await.expect("a chunk in time")?;
            self.rest.extend_from_slice(&piece.ok()?);
        }
    }

    /// The next chunk with data.
    pub async fn data(&mut self) -> Value {
        loop {
            let chunk = self.next().await.expect("the stream goes on");
            if chunk.get("json_data").is_some() || chunk.get("text_data").is_some() {
                return chunk;
            }
        }
    }

    /// Reads until the sum of all events is `expected`: rows as JSON texts with their weights.
    pub async fn until(&mut self, expected: &[(&str, i64)]) {
        let expected: std::collections::BTreeMap<String, i64> = expected
            .iter()
            .map(|(row, n)| (serde_json::from_str::<Value>(row).expect("a row").to_string(), *n))
            .collect();
        let mut sum = std::collections::BTreeMap::<String, i64>::new();
        let begin = Instant::now();
        while sum != expected {
            assert!(begin.elapsed() < PATIENCE, "{sum:?} is not {expected:?}");
            let chunk = self.next().await.expect("the stream goes on");
            for event in chunk["json_data"].as_array().into_iter().flatten() {
                for (key, by) in [("insert", 1), ("delete", -1)] {
                    if let Some(row) = event.get(key) {
                        *sum.entry(row.to_string()).or_default() += by;
                    }
                }
            }
            sum.retain(|_, n| *n != 0);
        }
    }
}
