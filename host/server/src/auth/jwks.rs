//! The keys that an identity provider publishes, fetched when they are needed and kept.

use anyhow::{Context, bail, ensure};
use axum::http::{StatusCode, Uri};
use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use parking_lot::RwLock;
use rustls::{ClientConfig, RootCertStore};
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// Keys older than this are fetched anew.
const REFRESH: Duration = Duration::from_secs(3600);
/// Time between two attempts, however many tokens name keys that are not known.
const ATTEMPTS_APART: Duration = Duration::from_secs(5);
/// Keys older than this are no longer believed, if the provider cannot be reached: one of them may have been withdrawn.
const BELIEVED: Duration = Duration::from_secs(24 * 3600);
/// Time that the provider has to answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of its answer.
const BYTES_MAX: usize = 1 << 20;
/// Keys that are looked at.
const KEYS_MAX: usize = 100;
/// Bytes of the least RSA modulus: 2048 bits.
const MODULUS_BYTES_MIN: usize = 256;

/// A key that tokens may be signed with, and the one algorithm it is for.
#[derive(Debug)]
pub(super) struct SigningKey {
    id: Option<String>,
    pub(super) algorithm: Algorithm,
    pub(super) key: DecodingKey,
}

/// Why there is no key.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Missing {
    /// The provider has none of that name and algorithm.
    Unknown,
    /// The provider cannot be asked.
    Unavailable(String),
}

/// What was fetched.
#[derive(Debug)]
struct Fetched {
    at: Instant,
    keys: Vec<Arc<SigningKey>>,
}

/// The last attempt to fetch.
#[derive(Debug, Default)]
struct Attempt {
    at: Option<Instant>,
    error: Option<String>,
}

/// A provider's keys.
#[derive(Debug)]
pub(super) struct Jwks {
    url: Uri,
    client: Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
    fetched: RwLock<Option<Fetched>>,
    /// Held while keys are fetched, so that they are fetched once.
    attempt: Mutex<Attempt>,
}

impl Jwks {
    pub(super) fn new(url: Uri) -> anyhow::Result<Jwks> {
        let host = url.host().context("the URL of the keys names no host")?;
        let tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()?;
        let tls = match url.scheme_str() {
            Some("https") => tls.with_native_roots().context("reading the system's certificates")?,
            // Who could change the keys on their way could sign anything.
            Some("http") if matches!(host, "localhost" | "127.0.0.1" | "[::1]") => {
                tls.with_root_certificates(RootCertStore::empty())
            }
            _ => bail!("the URL of the keys must begin with https:// (http:// only on this machine)"),
        };
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls.with_no_client_auth())
            .https_or_http()
            .enable_http1()
            .build();
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Ok(Jwks { url, client, fetched: RwLock::default(), attempt: Mutex::default() })
    }

    /// The key that a token names. A token that names none has the only one of its algorithm.
    pub(super) async fn get(&self, id: Option<&str>, algorithm: Algorithm) -> Result<Arc<SigningKey>, Missing> {
        if let Some(key) = self.kept(id, algorithm, REFRESH) {
            return Ok(key);
        }
        // One that is known does not wait for a fetch that is under way.
        let mut attempt = match self.attempt.try_lock() {
            Ok(attempt) => attempt,
            Err(_) => match self.kept(id, algorithm, BELIEVED) {
                Some(key) => return Ok(key),
                None => self.attempt.lock().await,
            },
        };
        if let Some(key) = self.kept(id, algorithm, REFRESH) {
            return Ok(key);
        }
        if attempt.at.is_none_or(|at| at.elapsed() >= ATTEMPTS_APART) {
            attempt.at = Some(Instant::now());
            let result = tokio::time::timeout(TIMEOUT, self.fetch()).await;
            let result = result.unwrap_or_else(|_| Err(anyhow::anyhow!("no answer within {} s", TIMEOUT.as_secs())));
            attempt.error = match result {
                Ok(keys) => {
                    tracing::info!(url = %self.url, keys = keys.len(), "fetched the identity provider's keys");
                    *self.fetched.write() = Some(Fetched { at: Instant::now(), keys });
                    None
                }
                Err(error) => {
                    tracing::warn!(url = %self.url, error = %format!("{error:#}"), "the identity provider's keys could not be fetched");
                    Some(format!("the identity provider's keys could not be fetched: {error:#}"))
                }
            };
        }
        match (self.kept(id, algorithm, BELIEVED), &attempt.error) {
            (Some(key), _) => Ok(key),
            (None, None) => Err(Missing::Unknown),
            (None, Some(error)) => Err(Missing::Unavailable(error.clone())),
        }
    }

    /// A key that was fetched not longer ago than `age`.
    fn kept(&self, id: Option<&str>, algorithm: Algorithm, age: Duration) -> Option<Arc<SigningKey>> {
        let fetched = self.fetched.read();
        let fetched = fetched.as_ref().filter(|f| f.at.elapsed() < age)?;
        let mut fitting =
            fetched.keys.iter().filter(|key| key.algorithm == algorithm && (id.is_none() || key.id.as_deref() == id));
        let first = fitting.next()?;
        if id.is_none() && fitting.next().is_some() {
            return None;
        }
        Some(Arc::clone(first))
    }

    async fn fetch(&self) -> anyhow::Result<Vec<Arc<SigningKey>>> {
        let answer = self.client.get(self.url.clone()).await?;
        // No redirects: the address is the operator's to know.
        ensure!(answer.status() == StatusCode::OK, "the answer is {}", answer.status());
        let body = Limited::new(answer.into_body(), BYTES_MAX).collect().await.map_err(|e| anyhow::anyhow!(e))?;
        let keys = read(&body.to_bytes())?;
        ensure!(!keys.is_empty(), "there is no RS256 or ES256 key among them");
        Ok(keys)
    }
}

/// The keys of a set that tokens may be signed with; others, and what cannot be read, are passed over.
fn read(text: &[u8]) -> anyhow::Result<Vec<Arc<SigningKey>>> {
    #[derive(Deserialize)]
    struct Set {
        keys: Vec<serde_json::Value>,
    }
    let set: Set = serde_json::from_slice(text).context("reading the set of keys")?;
    let keys = set.keys.into_iter().take(KEYS_MAX).filter_map(|key| serde_json::from_value::<Jwk>(key).ok());
    Ok(keys.filter_map(|key| signing_key(&key)).map(Arc::new).collect())
}

/// A key for RS256 or ES256, which nothing says is for something else. Keys of other kinds, shared secrets above all, never
/// sign a token.
fn signing_key(jwk: &Jwk) -> Option<SigningKey> {
    let (algorithm, named) = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => (Algorithm::RS256, KeyAlgorithm::RS256),
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
            (Algorithm::ES256, KeyAlgorithm::ES256)
        }
        _ => return None,
    };
    let common = &jwk.common;
    let fits = common.key_algorithm.is_none_or(|a| a == named)
        && common.public_key_use.as_ref().is_none_or(|u| *u == PublicKeyUse::Signature)
        && common.key_operations.as_ref().is_none_or(|all| all.contains(&KeyOperations::Verify));
    let key = DecodingKey::from_jwk(jwk).ok().filter(|_| fits)?;
    if let jsonwebtoken::DecodingKeyKind::RsaModulusExponent { n, .. } = key.kind() {
        let zeros = n.iter().take_while(|b| **b == 0).count();
        if n.len() - zeros < MODULUS_BYTES_MIN {
            return None;
        }
    }
    Some(SigningKey { id: common.key_id.clone(), algorithm, key })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const POINT: (&str, &str) =
        ("MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM");

    #[test]
    fn only_keys_that_sign_are_taken() {
        let ec = |extra: serde_json::Value| {
            let mut key = json!({ "kty": "EC", "crv": "P-256", "x": POINT.0, "y": POINT.1 });
            key.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            key
        };
        let small = json!({ "kty": "RSA", "n": "AQAB", "e": "AQAB" });
        let secret = json!({ "kty": "oct", "k": "c2VjcmV0", "alg": "HS256" });
        let cases = [
            (ec(json!({})), true),
            (ec(json!({ "use": "sig", "alg": "ES256", "key_ops": ["verify"] })), true),
            (ec(json!({ "use": "enc" })), false),
            (ec(json!({ "alg": "RS256" })), false),
            (ec(json!({ "key_ops": ["encrypt"] })), false),
            (ec(json!({ "crv": "P-384" })), false),
            (small, false),
            (secret, false),
            (json!({ "kty": "of the future" }), false),
            (json!(7), false),
        ];
        for (key, taken) in cases {
            let set = json!({ "keys": [key] });
            assert_eq!(read(set.to_string().as_bytes()).unwrap().len(), usize::from(taken), "{set}");
        }
        let many = json!({ "keys": vec![ec(json!({})); KEYS_MAX + 1] });
        assert_eq!(read(many.to_string().as_bytes()).unwrap().len(), KEYS_MAX);
        assert!(read(b"{}").is_err() && read(b"<html>").is_err());
    }

    #[test]
    fn addresses() {
        for (url, fits) in [
            ("https://issuer.example/keys", true),
            ("http://127.0.0.1:7/keys", true),
            ("http://localhost/keys", true),
            ("http://issuer.example/keys", false),
            ("http://127.0.0.1.issuer.example/keys", false),
            ("ftp://127.0.0.1/keys", false),
            ("/keys", false),
        ] {
            assert_eq!(Jwks::new(url.parse().unwrap()).is_ok(), fits, "{url}");
        }
    }
}
