//! The demo as a client of the REST API.

use super::Screen;
use super::seconds;
use anyhow::{Context, bail};
use futures_util::StreamExt;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Between two looks at a status.
const POLL: Duration = Duration::from_millis(10);
/// Compiling and starting take longer only when something is wrong.
const PATIENCE: Duration = Duration::from_secs(120);

/// A client of one server.
#[derive(Clone)]
pub(super) struct Client {
    http: reqwest::Client,
    base: String,
}

/// A view's contents, kept up to date by its changes.
#[derive(Clone, Default)]
pub(super) struct Contents {
    rows: Arc<parking_lot::Mutex<HashMap<String, i64>>>,
    changes: Arc<AtomicU64>,
    /// When the last change came.
    last: Arc<parking_lot::Mutex<Option<Instant>>>,
}

impl Contents {
    /// The rows that are there now.
    pub(super) fn rows(&self) -> Vec<Value> {
        let rows = self.rows.lock();
        rows.iter().filter(|(_, n)| **n > 0).filter_map(|(row, _)| serde_json::from_str(row).ok()).collect()
    }

    /// Changes so far.
    pub(super) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Relaxed)
    }

    /// When the last change came.
    pub(super) fn last(&self) -> Option<Instant> {
        *self.last.lock()
    }

    fn apply(&self, chunk: &Value) {
        let events = chunk["json_data"].as_array().map_or(&[][..], Vec::as_slice);
        if events.is_empty() {
            return;
        }
        *self.last.lock() = Some(Instant::now());
        self.changes.fetch_add(events.len() as u64, Ordering::Relaxed);
        let mut rows = self.rows.lock();
        for event in events {
            for (key, by) in [("insert", 1), ("delete", -1)] {
                if let Some(row) = event.get(key) {
                    let count = rows.entry(row.to_string()).or_default();
                    *count += by;
                }
            }
        }
        rows.retain(|_, n| *n != 0);
    }
}

impl Client {
    pub(super) fn new(address: SocketAddr) -> Client {
        Client { http: reqwest::Client::new(), base: format!("http://{address}/v0/pipelines") }
    }

    /// Makes a pipeline, waits until it is compiled, and starts it, telling how long each part took.
    pub(super) async fn deploy(
        &self,
        screen: &mut Screen,
        name: &str,
        program: &str,
        workers: u16,
    ) -> anyhow::Result<()> {
        let begin = Instant::now();
        let body = json!({ "name": name, "program_code": program, "runtime_config": { "workers": workers } });
        let response = self.http.put(format!("{}/{name}", self.base)).json(&body).send().await?;
        self.check(response).await?;
        let compiled = self.wait(
            name,
            "program_status",
            |status| status == "Success",
            |p| {
                let status = &p["program_status"];
                status.is_object().then(|| format!("the program does not compile: {status}"))
            },
        );
        compiled.await?;
        let compile_time = begin.elapsed();
        let start = Instant::now();
        let response = self.http.post(format!("{}/{name}/start", self.base)).send().await?;
        self.check(response).await?;
        let running = self.wait(
            name,
            "deployment_status",
            |status| status == "Running",
            |p| {
                (p["deployment_status"] == "Failed")
                    .then(|| format!("the pipeline failed: {}", p["deployment_error"]["message"]))
            },
        );
        running.await?;
        let lines = program.lines().filter(|l| !l.trim().is_empty() && !l.trim_start().starts_with("--")).count();
        screen.line(&format!(
            "  {lines} lines of SQL compiled to a sandboxed component in {}, running {} after the start.",
            seconds(compile_time),
            seconds(start.elapsed())
        ));
        Ok(())
    }

    async fn check(&self, response: reqwest::Response) -> anyhow::Result<reqwest::Response> {
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        bail!("the server answered {status}: {}", response.text().await.unwrap_or_default())
    }

    async fn wait(
        &self,
        name: &str,
        key: &str,
        reached: impl Fn(&Value) -> bool,
        failed: impl Fn(&Value) -> Option<String>,
    ) -> anyhow::Result<()> {
        let begin = Instant::now();
        loop {
            let response = self.http.get(format!("{}/{name}?selector=status", self.base)).send().await?;
            let pipeline: Value = self.check(response).await?.json().await?;
            if reached(&pipeline[key]) {
                return Ok(());
            }
            if let Some(why) = failed(&pipeline) {
                bail!(why);
            }
            if begin.elapsed() > PATIENCE {
                bail!("'{key}' of pipeline '{name}' stays at {}", pipeline[key]);
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Listens to a view; its contents follow in the background.
    pub(super) async fn listen(&self, name: &str, view: &str) -> anyhow::Result<Contents> {
        let url = format!("{}/{name}/egress/{view}?format=json&backpressure=true", self.base);
        let response = self.http.post(url).send().await?;
        let mut pieces = self.check(response).await?.bytes_stream();
        let contents = Contents::default();
        let filled = contents.clone();
        tokio::spawn(async move {
            let mut rest: Vec<u8> = Vec::new();
            while let Some(Ok(piece)) = pieces.next().await {
                rest.extend_from_slice(&piece);
                while let Some(end) = rest.iter().position(|b| *b == b'\n') {
                    let line: Vec<u8> = rest.drain(..=end).collect();
                    if let Ok(chunk) = serde_json::from_slice::<Value>(&line) {
                        filled.apply(&chunk);
                    }
                }
            }
        });
        Ok(contents)
    }

    /// Sends rows to a table.
    pub(super) async fn send(
        &self,
        name: &str,
        table: &str,
        format: &str,
        rows: impl Into<reqwest::Body>,
    ) -> anyhow::Result<()> {
        let url = format!("{}/{name}/ingress/{table}?{format}", self.base);
        let response = self.http.post(url).body(rows).send().await?;
        self.check(response).await.with_context(|| format!("sending rows to '{table}'"))?;
        Ok(())
    }

    /// Ends a pipeline.
    pub(super) async fn shut_down(&self, name: &str) -> anyhow::Result<()> {
        let response = self.http.post(format!("{}/{name}/shutdown", self.base)).send().await?;
        self.check(response).await?;
        self.wait(name, "deployment_status", |status| status == "Shutdown", |_| None).await
    }
}
