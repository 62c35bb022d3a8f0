//! `s3_input`: one object of an S3 bucket, or all below a prefix, in the order of their keys. An answer that breaks is resumed where it broke.

use crate::url::{check, client};
use crate::{Chunk, ConfigError, Grants, Position, Source, Table, TransportError, transports};
use ::url::Url;
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::client::{HttpClient, HttpConnector};
use object_store::path::Path;
use object_store::{ClientOptions, Error, GetOptions, GetRange, ObjectStore, RetryConfig};
use serde::Deserialize;
use serde_json::{Value, json};

/// The region of buckets that name none.
const REGION: &str = "us-east-1";
/// Attempts of one request before the connector's own.
const RETRIES: usize = 5;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    bucket_name: String,
    key: Option<String>,
    prefix: Option<String>,
    region: Option<String>,
    #[serde(alias = "aws_access_key_id")]
    access_key: Option<String>,
    #[serde(alias = "aws_secret_access_key")]
    secret_key: Option<String>,
    #[serde(default)]
    no_sign_request: bool,
    endpoint_url: Option<String>,
    max_retries: Option<usize>,
    // Objects are read one after the other, so that their order is that of their keys.
    #[serde(default, rename = "max_concurrent_fetches")]
    _max_concurrent_fetches: Option<u32>,
    #[serde(default, rename = "consume_strategy")]
    _consume_strategy: Option<Value>,
}

pub(crate) fn source(config: &str, _table: &Table) -> Result<Box<dyn Source>, ConfigError> {
    let config: Config = transports::parse(config)?;
    match (&config.key, &config.prefix) {
        (Some(_), Some(_)) => {
            return Err(ConfigError::new("'key' names one object and 'prefix' several: give one of them"));
        }
        (None, None) => {
            return Err(ConfigError::new("what is to be read is not said")
                .with_hint("give the 'key' of an object, or a 'prefix'"));
        }
        _ => {}
    }
    let keys = (&config.access_key, &config.secret_key);
    match (config.no_sign_request, keys) {
        (true, (None, None)) | (false, (Some(_), Some(_))) => {}
        (true, _) => return Err(ConfigError::new("with 'no_sign_request' there are no keys")),
        // The server's own identity is not its tenants'.
        (false, _) => {
            let error = ConfigError::new("requests are signed with keys of the connector's own, and there are none");
            return Err(
                error.with_hint("give 'aws_access_key_id' and 'aws_secret_access_key', or set 'no_sign_request'")
            );
        }
    }
    let endpoint = config.endpoint_url.as_deref().map(|text| {
        let url = Url::parse(text).map_err(|e| ConfigError::new(format!("'{text}' is no URL: {e}")))?;
        if matches!(url.scheme(), "http" | "https") {
            Ok(url)
        } else {
            Err(ConfigError::new(format!("'{text}' is neither http nor https")))
        }
    });
    let endpoint = endpoint.transpose()?;
    Ok(Box::new(S3 { config, endpoint, store: None, left: None, key: None, body: None, offset: 0, done: None }))
}

struct S3 {
    config: Config,
    endpoint: Option<Url>,
    store: Option<AmazonS3>,
    /// Objects to come.
    left: Option<BoxStream<'static, object_store::Result<Path>>>,
    /// The object in hand, and how much of it was read.
    key: Option<Path>,
    body: Option<BoxStream<'static, object_store::Result<Bytes>>>,
    offset: u64,
    /// The last object that was read to its end.
    done: Option<Path>,
}

/// Gives the store the client that connects only where it may.
#[derive(Debug)]
struct Granted(reqwest::Client);

impl HttpConnector for Granted {
    fn connect(&self, _options: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.0.clone()))
    }
}

/// A key as it is, if it can be one; else the nearest that can.
fn path(key: &str) -> Path {
    Path::parse(key).unwrap_or_else(|_| Path::from(key))
}

/// What an error says, and whether it may pass.
fn told(what: &str, e: &Error) -> TransportError {
    let message = format!("{what}: {e}");
    let stays = matches!(
        e,
        Error::NotFound { .. }
            | Error::PermissionDenied { .. }
            | Error::Unauthenticated { .. }
            | Error::InvalidPath { .. }
            | Error::NotSupported { .. }
            | Error::UnknownConfigurationKey { .. }
    );
    if stays || message.contains(crate::grants::NOT_GRANTED) {
        TransportError::Fatal(message)
    } else {
        TransportError::Transient(message)
    }
}

impl S3 {
    fn connect(&self, grants: &Grants) -> Result<AmazonS3, TransportError> {
        if let Some(url) = &self.endpoint {
            check(url, grants)?;
        }
        let config = &self.config;
        let retries = RetryConfig { max_retries: config.max_retries.unwrap_or(RETRIES), ..RetryConfig::default() };
        // From nothing but the configuration: the server's own environment is none of a tenant's.
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&config.bucket_name)
            .with_region(config.region.as_deref().unwrap_or(REGION))
            .with_skip_signature(config.no_sign_request)
            .with_retry(retries)
            .with_http_connector(Granted(client(grants)?));
        if let (Some(key), Some(secret)) = (&config.access_key, &config.secret_key) {
            builder = builder.with_access_key_id(key).with_secret_access_key(secret);
        }
        if let Some(url) = &self.endpoint {
            builder = builder.with_endpoint(url.as_str().trim_end_matches('/')).with_allow_http(url.scheme() == "http");
        }
        builder.build().map_err(|e| TransportError::Fatal(e.to_string()))
    }

    /// The objects behind the last one that was read.
    fn list(&self, store: &AmazonS3) -> BoxStream<'static, object_store::Result<Path>> {
        if let Some(key) = &self.config.key {
            let path = path(key);
            let all = (self.done.as_ref() != Some(&path)).then_some(Ok(path));
            return futures_util::stream::iter(all).boxed();
        }
        let prefix = self.config.prefix.clone().unwrap_or_default();
        // A store lists whole folders; what begins with the prefix's last part is sorted out here.
        let folder = prefix.rsplit_once('/').map(|(folder, _)| Path::from(folder));
        let listed = match &self.done {
            Some(done) => store.list_with_offset(folder.as_ref(), done),
            None => store.list(folder.as_ref()),
        };
        listed
            .filter_map(move |object| {
                let object = object.map(|o| o.location);
                let wanted = object.as_ref().map_or(true, |path| path.as_ref().starts_with(&prefix));
                async move { wanted.then_some(object) }
            })
            .boxed()
    }

    /// Begins an object, or goes on in it.
    async fn begin(&mut self, key: Path, offset: u64) -> Result<(), TransportError> {
        let Some(store) = &self.store else { return Err(TransportError::Fatal("the store is not open".into())) };
        let range = (offset > 0).then_some(GetRange::Offset(offset));
        let got = store.get_opts(&key, GetOptions { range, ..GetOptions::default() }).await;
        self.body = Some(got.map_err(|e| told(&format!("reading '{key}'"), &e))?.into_stream());
        (self.key, self.offset) = (Some(key), offset);
        Ok(())
    }
}

#[async_trait]
impl Source for S3 {
    async fn open(&mut self, at: Option<&Position>, grants: &Grants) -> Result<(), TransportError> {
        let text = |key: &str| at.and_then(|at| at.at.get(key)).and_then(Value::as_str).map(path);
        let offset = at.and_then(|at| at.at.get("offset")).and_then(Value::as_u64).unwrap_or(0);
        (self.done, self.key, self.body, self.left) = (text("done"), None, None, None);
        self.store = Some(self.connect(grants)?);
        if let Some(key) = text("key") {
            self.begin(key, offset).await?;
        }
        Ok(())
    }

    async fn next(&mut self) -> Result<Chunk, TransportError> {
        if let (Some(body), Some(key)) = (&mut self.body, &self.key) {
            return match body.next().await {
                Some(Ok(bytes)) => {
                    self.offset += bytes.len() as u64;
                    Ok(Chunk::Bytes(bytes))
                }
                Some(Err(e)) => Err(told(&format!("reading '{key}'"), &e)),
                None => {
                    (self.done, self.body, self.offset) = (self.key.take(), None, 0);
                    Ok(Chunk::EndOfStream)
                }
            };
        }
        if self.left.is_none() {
            let Some(store) = &self.store else { return Err(TransportError::Fatal("the store is not open".into())) };
            self.left = Some(self.list(store));
        }
        let listed = match &mut self.left {
            Some(left) => left.next().await,
            None => None,
        };
        match listed {
            Some(Ok(key)) => {
                self.begin(key, 0).await?;
                Ok(Chunk::Bytes(Bytes::new()))
            }
            Some(Err(e)) => Err(told("listing the bucket", &e)),
            None => Ok(Chunk::End),
        }
    }

    fn position(&self, unread_bytes: u64) -> Option<Position> {
        let offset = self.offset.saturating_sub(unread_bytes);
        let done = self.done.as_ref().map(ToString::to_string);
        let at = match &self.key {
            Some(key) if offset > 0 => json!({ "done": done, "key": key.to_string(), "offset": offset }),
            _ => json!({ "done": done }),
        };
        Some(Position { within: at.get("key").is_some(), at, header: None })
    }
}
