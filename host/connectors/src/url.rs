//! `url_input`: what a web server answers. A connection that breaks is resumed where it broke.

use crate::grants::{self, is_public};
use crate::{Chunk, ConfigError, Grants, GrantsError, Position, Source, Table, TransportError, stream, transports};
use ::url::{Host, Url};
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::RANGE;
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode};
use serde::Deserialize;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// Time to connect.
const CONNECT: Duration = Duration::from_secs(10);
/// Time that a server may be silent within an answer.
const SILENCE: Duration = Duration::from_secs(60);
/// Redirections that are followed.
const REDIRECTIONS: usize = 10;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    path: String,
    // Connections that are paused are closed by many a server; upstream does it itself after this time. Here they are resumed.
    #[serde(default)]
    #[expect(dead_code, reason = "taken for the sake of programs that have it")]
    pause_timeout: Option<u32>,
}

pub(crate) fn source(config: &str, _table: &Table) -> Result<Box<dyn Source>, ConfigError> {
    let config: Config = transports::parse(config)?;
    let url = Url::parse(&config.path).map_err(|e| {
        ConfigError::new(format!("'{}' is no URL: {e}", config.path)).with_hint("write one that begins with https://")
    })?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(ConfigError::new(format!("'{}' is neither http nor https", url.scheme())));
    }
    Ok(Box::new(UrlSource { url, body: None, offset: 0, ended: false }))
}

/// A client that connects only where it may, whoever names the address: the program, a redirection, or a name server.
pub(crate) fn client(grants: &Grants) -> Result<Client, TransportError> {
    let fatal = |e: &dyn std::fmt::Display| TransportError::Fatal(format!("no client for HTTP: {e}"));
    let private = grants.private_networks;
    let redirections = Policy::custom(move |attempt| {
        if attempt.previous().len() > REDIRECTIONS {
            return attempt.error("too many redirections");
        }
        match literal(attempt.url()) {
            Some(address) if !private && !is_public(address) => {
                let host = address.to_string();
                attempt.error(GrantsError::Private { host })
            }
            _ => attempt.follow(),
        }
    });
    let client = Client::builder()
        .connect_timeout(CONNECT)
        .read_timeout(SILENCE)
        .redirect(redirections)
        .no_proxy()
        .dns_resolver(Arc::new(Granted { private }));
    client.build().map_err(|e| fatal(&e))
}

/// The address that a URL names without a name.
fn literal(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Ipv4(v4) => Some(v4.into()),
        Host::Ipv6(v6) => Some(v6.into()),
        Host::Domain(_) => None,
    }
}

/// Refuses an address within a URL that connectors may not reach.
pub(crate) fn check(url: &Url, grants: &Grants) -> Result<(), TransportError> {
    match literal(url) {
        Some(address) if !grants.allows(address) => {
            Err(TransportError::Fatal(GrantsError::Private { host: address.to_string() }.to_string()))
        }
        _ => Ok(()),
    }
}

/// The system's names, but for those of addresses that connectors may not reach.
struct Granted {
    private: bool,
}

impl Resolve for Granted {
    fn resolve(&self, name: Name) -> Resolving {
        let private = self.private;
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let mut addresses = tokio::net::lookup_host((host.as_str(), 0)).await?.peekable();
            let is_known = addresses.peek().is_some();
            let allowed: Vec<_> = addresses.filter(|a| private || is_public(a.ip())).collect();
            if allowed.is_empty() && is_known {
                return Err(Box::new(GrantsError::Private { host }).into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

struct UrlSource {
    url: Url,
    body: Option<BoxStream<'static, reqwest::Result<Bytes>>>,
    offset: u64,
    ended: bool,
}

/// A URL as it is told: without name and password.
pub(crate) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    // What has no host has neither.
    let _ = url.set_username("").and_then(|()| url.set_password(None));
    url.into()
}

/// All that an error says, down to its cause; what the operator does not grant does not become so by waiting.
pub(crate) fn told(what: &str, e: reqwest::Error) -> TransportError {
    // What is asked for says the URL, and how it may be said.
    let e = &e.without_url();
    let mut message = format!("{what}: {e}");
    let mut cause = std::error::Error::source(e);
    while let Some(e) = cause {
        message.push_str(&format!(": {e}"));
        cause = e.source();
    }
    // The error itself is hidden in those around it.
    let refused = message.contains(grants::NOT_GRANTED);
    if refused || e.is_redirect() || e.is_builder() {
        TransportError::Fatal(message)
    } else {
        TransportError::Transient(message)
    }
}

/// An answer that is none: the server's own faults may pass, ours do not.
fn status(what: &str, response: &Response) -> Result<(), TransportError> {
    let status = response.status();
    if status.is_success() { Ok(()) } else { Err(answered(status, format!("{what}: the server answered {status}"))) }
}

/// The error of such a status.
pub(crate) fn answered(status: StatusCode, message: String) -> TransportError {
    let passes = status.is_server_error()
        || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY);
    if passes { TransportError::Transient(message) } else { TransportError::Fatal(message) }
}

#[async_trait]
impl Source for UrlSource {
    async fn open(&mut self, at: Option<&Position>, grants: &Grants) -> Result<(), TransportError> {
        self.offset = stream::offset(at)?;
        self.ended = false;
        let what = format!("GET {}", shown(&self.url));
        check(&self.url, grants)?;
        let mut request = client(grants)?.get(self.url.clone());
        if self.offset > 0 {
            request = request.header(RANGE, format!("bytes={}-", self.offset));
        }
        let response = request.send().await.map_err(|e| told(&what, e))?;
        if response.status() == StatusCode::RANGE_NOT_SATISFIABLE && self.offset > 0 {
            // All of it had come.
            (self.body, self.ended) = (Some(futures_util::stream::empty().boxed()), false);
            return Ok(());
        }
        status(&what, &response)?;
        // A server that knows no ranges begins anew.
        let mut skip = if response.status() == StatusCode::PARTIAL_CONTENT { 0 } else { self.offset };
        let body = response.bytes_stream().map(move |bytes| {
            bytes.map(|mut bytes| {
                let cut = usize::try_from(skip).unwrap_or(usize::MAX).min(bytes.len());
                skip -= cut as u64;
                bytes.split_off(cut)
            })
        });
        self.body = Some(body.boxed());
        Ok(())
    }

    async fn next(&mut self) -> Result<Chunk, TransportError> {
        if self.ended {
            return Ok(Chunk::End);
        }
        let Some(body) = &mut self.body else { return Err(TransportError::Fatal("the URL is not open".into())) };
        match body.next().await {
            Some(Ok(bytes)) => {
                self.offset += bytes.len() as u64;
                Ok(Chunk::Bytes(bytes))
            }
            Some(Err(e)) => Err(told(&format!("reading {}", shown(&self.url)), e)),
            None => {
                self.ended = true;
                Ok(Chunk::EndOfStream)
            }
        }
    }

    fn position(&self, unread_bytes: u64) -> Option<Position> {
        Some(stream::at(self.offset.saturating_sub(unread_bytes)))
    }
}
