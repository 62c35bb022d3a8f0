//! A client of the REST API, for the commands that talk to a server and for the demo. It reads and writes the server's own
//! models.

use crate::api::{ErrorResponse, PipelineInfo, PipelineSelectedInfo};
use anyhow::{Context, anyhow, bail};
use clap::Args;
use reqwest::{Method, RequestBuilder, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::{Duration, Instant};
use weir_catalog::{DeploymentStatus, ProgramStatus};

/// Between two looks at a status.
const POLL: Duration = Duration::from_millis(20);
/// Bytes of an error's text that are shown.
const ERROR_BYTES_MAX: usize = 4 << 10;

/// Which server to talk to, and as whom.
#[derive(Clone, Debug, Args)]
pub(super) struct ServerArgs {
    /// The server.
    #[arg(long, global = true, env = "WEIR_HOST", default_value = "http://127.0.0.1:8080", value_name = "URL")]
    host: String,
    /// A key of the tenant, as `weir tenant create` prints it.
    #[arg(long, global = true, env = "WEIR_API_KEY", hide_env_values = true, value_name = "KEY")]
    api_key: Option<String>,
    /// Print what the server answers, as JSON.
    #[arg(long, global = true)]
    pub(super) json: bool,
}

impl ServerArgs {
    pub(super) fn client(&self) -> Client {
        Client::new(&self.host, self.api_key.clone())
    }
}

/// A client of one server.
#[derive(Clone, Debug)]
pub(super) struct Client {
    http: reqwest::Client,
    host: String,
    key: Option<String>,
}

impl Client {
    pub(super) fn new(host: &str, key: Option<String>) -> Client {
        Client { http: reqwest::Client::new(), host: host.trim_end_matches('/').to_owned(), key }
    }

    /// A request to a path below `/v0`, whose segments are encoded.
    pub(super) fn request(&self, method: Method, segments: &[&str]) -> anyhow::Result<RequestBuilder> {
        let mut url = reqwest::Url::parse(&self.host).with_context(|| format!("'{}' is no URL", self.host))?;
        url.path_segments_mut()
            .map_err(|()| anyhow!("'{}' is no URL of a server", self.host))?
            .pop_if_empty()
            .push("v0")
            .extend(segments);
        let request = self.http.request(method, url);
        Ok(match &self.key {
            Some(key) => request.bearer_auth(key),
            None => request,
        })
    }

    /// Sends a request; an answer that is an error becomes one.
    pub(super) async fn send(&self, request: RequestBuilder) -> anyhow::Result<Response> {
        let response = request.send().await.with_context(|| {
            format!("no server answers at {}; start one with 'weir serve', or name it with --host", self.host)
        })?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let text = response.text().await.unwrap_or_default();
        match serde_json::from_str::<ErrorResponse>(&text) {
            Ok(error) => bail!("{} ({})", error.message, error.error_code),
            Err(_) if status.as_u16() == 401 => {
                bail!("the server asks for a key: give one with --api-key or WEIR_API_KEY")
            }
            Err(_) => {
                let shown: String = text.chars().take(ERROR_BYTES_MAX).collect();
                bail!("the server answered {status}: {shown}")
            }
        }
    }

    pub(super) async fn get<T: DeserializeOwned>(&self, segments: &[&str]) -> anyhow::Result<T> {
        let response = self.send(self.request(Method::GET, segments)?).await?;
        response.json().await.context("reading the server's answer")
    }

    pub(super) async fn put<T: DeserializeOwned>(&self, segments: &[&str], body: &impl Serialize) -> anyhow::Result<T> {
        self.with_body(Method::PUT, segments, body).await
    }

    pub(super) async fn with_body<T: DeserializeOwned>(
        &self,
        method: Method,
        segments: &[&str],
        body: &impl Serialize,
    ) -> anyhow::Result<T> {
        let response = self.send(self.request(method, segments)?.json(body)).await?;
        response.json().await.context("reading the server's answer")
    }

    /// Sends a request whose answer has no body.
    pub(super) async fn order(&self, method: Method, segments: &[&str]) -> anyhow::Result<()> {
        self.send(self.request(method, segments)?).await.map(drop)
    }

    /// How a pipeline is, without its program.
    pub(super) async fn status(&self, name: &str) -> anyhow::Result<PipelineSelectedInfo> {
        let request = self.request(Method::GET, &["pipelines", name])?.query(&[("selector", "status")]);
        self.send(request).await?.json().await.context("reading the server's answer")
    }

    /// Makes or replaces a pipeline.
    pub(super) async fn put_pipeline(&self, name: &str, body: &impl Serialize) -> anyhow::Result<PipelineInfo> {
        self.put(&["pipelines", name], body).await
    }

    /// Waits until a program is compiled; `progress` is told of each status.
    ///
    /// # Errors
    /// It does not compile.
    pub(super) async fn compiled(&self, name: &str, progress: impl Fn(&ProgramStatus)) -> anyhow::Result<()> {
        let mut last = None;
        loop {
            let status = self.status(name).await?.program_status;
            if last.as_ref() != Some(&status) {
                progress(&status);
            }
            match &status {
                ProgramStatus::Success => return Ok(()),
                ProgramStatus::SqlError(messages) => {
                    let texts: Vec<String> = messages
                        .iter()
                        .map(|m| {
                            format!(
                                "{}:{}: {}\n{}",
                                m.start_line_number,
                                m.start_column,
                                m.message,
                                m.snippet.as_deref().unwrap_or_default()
                            )
                        })
                        .collect();
                    bail!("the program does not compile:\n{}", texts.join("\n"))
                }
                ProgramStatus::RustError(text) | ProgramStatus::SystemError(text) => {
                    bail!("the program does not compile: {text}")
                }
                _ => {}
            }
            last = Some(status);
            tokio::time::sleep(POLL).await;
        }
    }

    /// Waits until a deployment stands at a status.
    ///
    /// # Errors
    /// The pipeline fails, or `patience` ends.
    pub(super) async fn deployed(&self, name: &str, to: DeploymentStatus, patience: Duration) -> anyhow::Result<()> {
        let begin = Instant::now();
        loop {
            let pipeline = self.status(name).await?;
            if pipeline.deployment_status == to {
                return Ok(());
            }
            if pipeline.deployment_status == DeploymentStatus::Failed && to != DeploymentStatus::Shutdown {
                let why = pipeline.deployment_error.map_or_else(String::new, |e| e.message);
                bail!(
                    "the pipeline failed: {why}\nRead 'weir pipelines logs {name}', then 'weir pipelines shutdown {name}'."
                );
            }
            if begin.elapsed() > patience {
                bail!("the pipeline is still {} after {} s", pipeline.deployment_status, patience.as_secs());
            }
            tokio::time::sleep(POLL).await;
        }
    }
}
