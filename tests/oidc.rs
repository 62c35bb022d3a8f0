//! Tokens of an identity provider: which are believed, and whose tenant they name. The provider is this test.
#![allow(clippy::unwrap_used, reason = "a test that unwraps says where it failed")]

mod support;

use axum::{Json, Router, routing::get};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use support::{Server, WEIR};

// Keys made for these tests and used for nothing else.
const RSA: &[u8] = include_bytes!("support/keys/rsa.pem");
const EC: &[u8] = include_bytes!("support/keys/ec.pem");
const OTHER_EC: &[u8] = include_bytes!("support/keys/other-ec.pem");

const ISSUER: &str = "https://issuer.example";
const AUDIENCE: &str = "weir";

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// A key as the provider publishes it.
fn published(key: &EncodingKey, algorithm: Algorithm, id: &str) -> Value {
    let mut jwk = Jwk::from_encoding_key(key, algorithm).unwrap();
    jwk.common.key_id = Some(id.into());
    serde_json::to_value(jwk).unwrap()
}

/// An identity provider: publishes keys, and counts how often they are fetched.
struct Provider {
    url: String,
    keys: Arc<Mutex<Vec<Value>>>,
    fetched: Arc<AtomicUsize>,
}

impl Provider {
    async fn start(keys: Vec<Value>) -> Provider {
        let keys = Arc::new(Mutex::new(keys));
        let fetched = Arc::new(AtomicUsize::new(0));
        let (published, count) = (Arc::clone(&keys), Arc::clone(&fetched));
        let answer = async move || {
            count.fetch_add(1, Ordering::SeqCst);
            Json(json!({ "keys": *published.lock().unwrap() }))
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/keys", listener.local_addr().unwrap());
        let router = Router::new().route("/keys", get(answer));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Provider { url, keys, fetched }
    }

    fn server(&self, dir: &Path) -> Server {
        server(dir, &self.url)
    }
}

fn server(dir: &Path, url: &str) -> Server {
    let options = ["--auth", "oidc", "--oidc-jwks-url", url, "--oidc-issuer", ISSUER, "--oidc-audience", AUDIENCE];
    Server::start_with(dir, &options)
}

/// A token that is right but for `claims`: null takes one away.
fn token(key: &EncodingKey, algorithm: Algorithm, id: &str, claims: &Value) -> String {
    let header = Header { kid: Some(id.into()), ..Header::new(algorithm) };
    token_with(&header, key, claims)
}

fn token_with(header: &Header, key: &EncodingKey, claims: &Value) -> String {
    let mut all = json!({ "iss": ISSUER, "aud": AUDIENCE, "exp": now() + 300, "tenant": "acme", "sub": "u1" });
    for (name, value) in claims.as_object().unwrap() {
        match value {
            Value::Null => all.as_object_mut().unwrap().remove(name),
            value => all.as_object_mut().unwrap().insert(name.clone(), value.clone()),
        };
    }
    encode(header, &all, key).unwrap()
}

/// The status of a list of pipelines with a token, the challenge, and the body.
async fn list(server: &Server, token: &str) -> (u16, String, Value) {
    let request = reqwest::Client::new().get(server.url("/v0/pipelines"));
    let response = request.header("Authorization", format!("Bearer {token}")).send().await.unwrap();
    let challenge = response.headers().get("www-authenticate").map(|v| v.to_str().unwrap().to_owned());
    let status = response.status().as_u16();
    let body = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or(Value::Null);
    (status, challenge.unwrap_or_default(), body)
}

async fn create(server: &Server, token: &str, name: &str) -> u16 {
    let body = json!({ "name": name, "program_code": "not SQL" });
    let request = reqwest::Client::new().post(server.url("/v0/pipelines")).json(&body);
    request.header("Authorization", format!("Bearer {token}")).send().await.unwrap().status().as_u16()
}

fn names(body: &Value) -> Vec<&str> {
    body.as_array().unwrap().iter().map(|p| p["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_token_leads_to_the_tenant_that_it_names() {
    let (rsa, ec) = (EncodingKey::from_rsa_pem(RSA).unwrap(), EncodingKey::from_ec_pem(EC).unwrap());
    let provider =
        Provider::start(vec![published(&rsa, Algorithm::RS256, "r"), published(&ec, Algorithm::ES256, "e")]).await;
    let dir = tempfile::tempdir().unwrap();
    let server = provider.server(dir.path());
    let acme = token(&rsa, Algorithm::RS256, "r", &json!({}));
    assert_eq!(create(&server, &acme, "p").await, 201);
    let with_ec = token(&ec, Algorithm::ES256, "e", &json!({ "sub": "u2", "aud": ["other", AUDIENCE] }));
    assert_eq!(names(&list(&server, &with_ec).await.2), ["p"], "another user of the same tenant");
    // Without the claim, everyone has a tenant of his own; no subject is the tenant of that name.
    let alone = |subject: &str| token(&ec, Algorithm::ES256, "e", &json!({ "tenant": null, "sub": subject }));
    assert_eq!(create(&server, &alone("auth0|7"), "own").await, 201);
    assert_eq!(names(&list(&server, &alone("auth0|7")).await.2), ["own"]);
    for subject in ["auth0|8", "acme", "default"] {
        assert_eq!(list(&server, &alone(subject)).await.2, json!([]), "{subject}");
    }
    // The tenant is the operator's of that name, and keys work beside tokens.
    let key = Command::new(WEIR).args(["tenant", "key", "acme", "k", "--json", "--data-dir"]).arg(dir.path()).output();
    let key: Value = serde_json::from_slice(&key.unwrap().stdout).unwrap();
    assert_eq!(names(&list(&server, key["api_key"].as_str().unwrap()).await.2), ["p"]);
    let (_, config) = server.get("/config/authentication").await;
    assert_eq!(config, json!({ "GoogleIdentity": { "jwk_uri": provider.url, "client_id": AUDIENCE } }));
    assert_eq!(provider.fetched.load(Ordering::SeqCst), 1, "keys are kept");
}

#[tokio::test]
async fn what_is_not_the_providers_word_is_refused() {
    let (rsa, ec) = (EncodingKey::from_rsa_pem(RSA).unwrap(), EncodingKey::from_ec_pem(EC).unwrap());
    let other = EncodingKey::from_ec_pem(OTHER_EC).unwrap();
    let rsa_published = published(&rsa, Algorithm::RS256, "r");
    let provider = Provider::start(vec![
        rsa_published.clone(),
        published(&ec, Algorithm::ES256, "e"),
        json!({ "kty": "oct", "kid": "o", "alg": "HS256", "k": "c2VjcmV0" }),
    ])
    .await;
    let dir = tempfile::tempdir().unwrap();
    let server = provider.server(dir.path());
    let right = |claims: Value| token(&ec, Algorithm::ES256, "e", &claims);
    let with = |header: Header| token_with(&header, &ec, &json!({}));
    let (head, rest) = right(json!({})).split_once('.').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    // The public modulus as a shared secret: what a library falls for that believes the token's algorithm.
    let modulus = EncodingKey::from_base64_secret("c2VjcmV0").unwrap();
    let confused = EncodingKey::from_secret(rsa_published["n"].as_str().unwrap().as_bytes());
    let own = Jwk::from_encoding_key(&other, Algorithm::ES256).unwrap();
    let cases = [
        ("expired", right(json!({ "exp": now() - 120 })), "ExpiredSignature"),
        ("without an end", right(json!({ "exp": null })), "InvalidToken"),
        ("with an end that is none", right(json!({ "exp": "never" })), "InvalidToken"),
        ("not valid yet", right(json!({ "nbf": now() + 120 })), "InvalidToken"),
        ("of another issuer", right(json!({ "iss": "https://other.example" })), "InvalidIssuer"),
        ("of several issuers", right(json!({ "iss": ["https://other.example", ISSUER] })), "InvalidIssuer"),
        ("of no issuer", right(json!({ "iss": null })), "InvalidIssuer"),
        ("for another audience", right(json!({ "aud": "other" })), "InvalidAudience"),
        ("for no audience", right(json!({ "aud": null })), "InvalidAudience"),
        ("with a tenant that is no name", right(json!({ "tenant": "sub:x" })), "InvalidToken"),
        ("with a list of tenants", right(json!({ "tenant": ["acme"] })), "InvalidToken"),
        ("without tenant and subject", right(json!({ "tenant": null, "sub": null })), "InvalidToken"),
        ("signed with another key", token(&other, Algorithm::ES256, "e", &json!({})), "InvalidSignature"),
        ("of a key that is not known", token(&other, Algorithm::ES256, "x", &json!({})), "InvalidToken"),
        (
            "that brings its own key",
            token_with(
                &Header { jwk: Some(own), kid: Some("e".into()), ..Header::new(Algorithm::ES256) },
                &other,
                &json!({}),
            ),
            "InvalidSignature",
        ),
        ("with a shared secret", token(&modulus, Algorithm::HS256, "o", &json!({})), "InvalidToken"),
        ("with a public key as secret", token(&confused, Algorithm::HS256, "r", &json!({})), "InvalidToken"),
        ("of an algorithm that is not its key's", token(&ec, Algorithm::ES256, "r", &json!({})), "InvalidToken"),
        ("of a longer hash", token(&rsa, Algorithm::RS512, "r", &json!({})), "InvalidToken"),
        (
            "with demands",
            with(Header { kid: Some("e".into()), crit: Some(vec!["exp".into()]), ..Header::new(Algorithm::ES256) }),
            "InvalidToken",
        ),
        // {"alg":"none","typ":"JWT"}
        (
            "unsigned",
            format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{}.", rest.split('.').next().unwrap()),
            "InvalidToken",
        ),
        ("changed", format!("{head}.{}", rest.replacen(|c: char| c != 'e', "f", 1)), "InvalidSignature"),
        ("cut off", format!("{head}.{}", rest.split('.').next().unwrap()), "InvalidToken"),
        ("that is none", "x".into(), "InvalidToken"),
    ];
    for (what, token, why) in cases {
        let (status, challenge, body) = list(&server, &token).await;
        let expected = format!("Bearer error_description=\"{why}\"");
        assert_eq!((status, challenge, body), (401, expected, Value::Null), "a token {what}");
    }
    assert_eq!(list(&server, &right(json!({}))).await.0, 200);
    // One without a key's name has the only one of its algorithm.
    assert_eq!(list(&server, &with(Header::new(Algorithm::ES256))).await.0, 200);
    let listed = Command::new(WEIR).args(["tenant", "list", "--json", "--data-dir"]).arg(dir.path()).output().unwrap();
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    let tenants: Vec<&str> = listed.as_array().unwrap().iter().map(|t| t["name"].as_str().unwrap()).collect();
    assert_eq!(tenants, ["default", "acme"], "a token that is refused makes no tenant");
    assert!(provider.fetched.load(Ordering::SeqCst) <= 3, "tokens of unknown keys do not drive the provider");
}

#[tokio::test]
async fn keys_are_fetched_when_they_change_and_missed_when_they_cannot_be() {
    let (rsa, ec) = (EncodingKey::from_rsa_pem(RSA).unwrap(), EncodingKey::from_ec_pem(EC).unwrap());
    let provider = Provider::start(vec![published(&rsa, Algorithm::RS256, "r")]).await;
    let dir = tempfile::tempdir().unwrap();
    let running = provider.server(dir.path());
    let (old, new) = (token(&rsa, Algorithm::RS256, "r", &json!({})), token(&ec, Algorithm::ES256, "e", &json!({})));
    assert_eq!(list(&running, &old).await.0, 200);
    // The provider changes its keys: a token of the new one makes the server ask, though not at once again.
    *provider.keys.lock().unwrap() = vec![published(&ec, Algorithm::ES256, "e")];
    let begin = Instant::now();
    while list(&running, &new).await.0 != 200 {
        assert!(begin.elapsed() < Duration::from_secs(20), "the new key is never found");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(provider.fetched.load(Ordering::SeqCst), 2);
    assert_eq!(list(&running, &old).await.0, 401, "the old key was withdrawn");
    drop(running);
    // Nobody answers: neither right nor wrong can be said.
    let running = server(dir.path(), "http://127.0.0.1:1/keys");
    let (status, _, body) = list(&running, &new).await;
    assert_eq!((status, &body["error_code"]), (503, &json!("AuthenticationUnavailable")));
    // Keys, which need no provider, work on.
    let key = Command::new(WEIR).args(["tenant", "key", "acme", "k", "--json", "--data-dir"]).arg(dir.path()).output();
    let key: Value = serde_json::from_slice(&key.unwrap().stdout).unwrap();
    assert_eq!(list(&running, key["api_key"].as_str().unwrap()).await.0, 200);
    // A provider that others on the way could speak for.
    let refused = Command::new(WEIR)
        .args(["serve", "--bind", "127.0.0.1:0", "--auth", "oidc", "--oidc-jwks-url", "http://issuer.example/keys"])
        .args(["--oidc-issuer", ISSUER, "--oidc-audience", AUDIENCE, "--data-dir"])
        .arg(dir.path())
        .output()
        .unwrap();
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("https://"));
}
