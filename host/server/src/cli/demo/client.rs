//! The demo as a client of the REST API.

use super::super::client;
use super::Screen;
use super::seconds;
use crate::api::PostPutPipeline;
use anyhow::Context;
use futures_util::StreamExt;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use weir_catalog::DeploymentStatus;

/// Starting and stopping take longer only when something is wrong.
const PATIENCE: Duration = Duration::from_secs(120);

/// A client of one server.
#[derive(Clone)]
pub(super) struct Client(client::Client);

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
        Client(client::Client::new(&format!("http://{address}"), None))
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
        let body = PostPutPipeline {
            name: name.to_owned(),
            description: None,
            runtime_config: json!({ "workers": workers }),
            program_code: program.to_owned(),
            udf_rust: None,
            udf_toml: None,
            program_config: Value::Null,
        };
        self.0.put_pipeline(name, &body).await?;
        self.0.compiled(name, |_| {}).await?;
        let compile_time = begin.elapsed();
        let start = Instant::now();
        self.0.order(Method::POST, &["pipelines", name, "start"]).await?;
        self.0.deployed(name, DeploymentStatus::Running, PATIENCE).await?;
        let lines = program.lines().filter(|l| !l.trim().is_empty() && !l.trim_start().starts_with("--")).count();
        screen.line(&format!(
            "  {lines} lines of SQL compiled to a sandboxed component in {}, running {} after the start.",
            seconds(compile_time),
            seconds(start.elapsed())
        ));
        Ok(())
    }

    /// Listens to a view; its contents follow in the background.
    pub(super) async fn listen(&self, name: &str, view: &str) -> anyhow::Result<Contents> {
        let request = self.0.request(Method::POST, &["pipelines", name, "egress", view])?;
        let request = request.query(&[("format", "json"), ("backpressure", "true")]);
        let mut pieces = self.0.send(request).await?.bytes_stream();
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

    /// Sends rows to a table; `format` names the parameters of their format.
    pub(super) async fn send(
        &self,
        name: &str,
        table: &str,
        format: &[(&str, &str)],
        rows: impl Into<reqwest::Body>,
    ) -> anyhow::Result<()> {
        let request = self.0.request(Method::POST, &["pipelines", name, "ingress", table])?.query(format);
        self.0.send(request.body(rows)).await.with_context(|| format!("sending rows to '{table}'"))?;
        Ok(())
    }

    /// Asks a question; the answer is a table.
    pub(super) async fn query(&self, name: &str, sql: &str) -> anyhow::Result<String> {
        let request = self.0.request(Method::GET, &["pipelines", name, "query"])?;
        let response = self.0.send(request.query(&[("sql", sql), ("format", "text")])).await?;
        Ok(response.text().await?)
    }

    /// Ends a pipeline.
    pub(super) async fn shut_down(&self, name: &str) -> anyhow::Result<()> {
        self.0.order(Method::POST, &["pipelines", name, "shutdown"]).await?;
        self.0.deployed(name, DeploymentStatus::Shutdown, PATIENCE).await
    }
}
