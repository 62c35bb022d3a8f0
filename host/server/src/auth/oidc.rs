//! Tokens of an identity provider (OpenID Connect): who signed them, for whom, until when, and which tenant they name.

use super::Refusal;
use super::jwks::{Jwks, Missing, SigningKey};
use axum::http::Uri;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Validation, decode, decode_header};
use serde_json::{Map, Value};
use std::sync::Arc;
use weir_catalog::check_name;

/// Seconds that the provider's clock and ours may differ.
const LEEWAY_SECONDS: u64 = 60;
/// The claim that names the tenant, if no other is set.
const TENANT_CLAIM: &str = "tenant";
/// How names begin that are made of a token's subject. Operators cannot give such names, so a subject is nobody else's tenant.
const SUBJECT_PREFIX: &str = "sub:";

/// What is known of an identity provider.
#[derive(Clone, Debug)]
pub struct OidcConfig {
    /// Where it publishes its keys: https, or http on this machine.
    pub jwks_url: String,
    /// Its name: the claim `iss`.
    pub issuer: String,
    /// Our name with it: the claim `aud`.
    pub audience: String,
    /// The claim that names the tenant. `None`: `tenant`, and the subject of tokens that have none.
    pub tenant_claim: Option<String>,
}

/// An identity provider.
#[derive(Debug)]
pub struct Oidc {
    config: OidcConfig,
    keys: Jwks,
}

impl Oidc {
    /// Takes up a provider; its keys are fetched when they are first needed.
    ///
    /// # Errors
    /// The URL is none, or is not https.
    pub fn new(config: OidcConfig) -> anyhow::Result<Oidc> {
        let url: Uri = config.jwks_url.parse()?;
        Ok(Oidc { keys: Jwks::new(url)?, config })
    }

    /// What clients need to know of it.
    pub fn config(&self) -> &OidcConfig {
        &self.config
    }

    /// Checks a token; returns the name of its tenant.
    pub(super) async fn check(&self, token: &str) -> Result<String, Refusal> {
        let header = decode_header(token).map_err(|e| refusal(&e))?;
        // An extension that the signer requires us to understand; we know none.
        if header.crit.is_some() {
            return Err(Refusal::Invalid("InvalidToken"));
        }
        let key = self.keys.get(header.kid.as_deref(), header.alg).await.map_err(|missing| match missing {
            Missing::Unknown => Refusal::Invalid("InvalidToken"),
            Missing::Unavailable(error) => Refusal::Unavailable(error),
        })?;
        let token = token.to_owned();
        let validation = validation(&self.config, &key);
        // A signature takes a while.
        let claims = tokio::task::spawn_blocking(move || claims(&token, &key, &validation)).await;
        let claims = claims.map_err(|_| Refusal::Invalid("InvalidToken"))??;
        tenant(&self.config, &claims).ok_or(Refusal::Invalid("InvalidToken"))
    }
}

/// The rules for a token that names this key: its algorithm is the key's and no other, whatever the token says.
fn validation(config: &OidcConfig, key: &SigningKey) -> Validation {
    let mut validation = Validation::new(key.algorithm);
    validation.leeway = LEEWAY_SECONDS;
    validation.validate_nbf = true;
    validation.set_issuer(&[&config.issuer]);
    validation.set_audience(&[&config.audience]);
    // The library lets pass what is not there, unless it is told so.
    validation.set_required_spec_claims(&["exp", "iss", "aud"]);
    validation
}

fn claims(token: &str, key: &Arc<SigningKey>, validation: &Validation) -> Result<Map<String, Value>, Refusal> {
    let claims = decode::<Map<String, Value>>(token, &key.key, validation).map_err(|e| refusal(&e))?.claims;
    // It would take a list of issuers, ours among them.
    if claims.get("iss").is_none_or(|issuer| !issuer.is_string()) {
        return Err(Refusal::Invalid("InvalidIssuer"));
    }
    Ok(claims)
}

/// The name of the tenant. A claim that names one follows the rules of names, so that it can be one that an operator made.
fn tenant(config: &OidcConfig, claims: &Map<String, Value>) -> Option<String> {
    let claim = config.tenant_claim.as_deref().unwrap_or(TENANT_CLAIM);
    match claims.get(claim) {
        Some(Value::String(name)) if check_name(name).is_ok() => Some(name.clone()),
        None if config.tenant_claim.is_none() => {
            let subject = claims.get("sub")?.as_str().filter(|subject| !subject.is_empty())?;
            Some(format!("{SUBJECT_PREFIX}{subject}"))
        }
        _ => None,
    }
}

fn refusal(error: &jsonwebtoken::errors::Error) -> Refusal {
    Refusal::Invalid(match error.kind() {
        ErrorKind::ExpiredSignature => "ExpiredSignature",
        ErrorKind::InvalidSignature => "InvalidSignature",
        ErrorKind::InvalidAudience => "InvalidAudience",
        ErrorKind::InvalidIssuer => "InvalidIssuer",
        ErrorKind::MissingRequiredClaim(claim) if claim == "aud" => "InvalidAudience",
        ErrorKind::MissingRequiredClaim(claim) if claim == "iss" => "InvalidIssuer",
        _ => "InvalidToken",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn tenants_of_claims() {
        let named = |claim: Option<&str>, claims: Value| {
            let config = OidcConfig {
                jwks_url: String::new(),
                issuer: String::new(),
                audience: String::new(),
                tenant_claim: claim.map(str::to_owned),
            };
            let Value::Object(claims) = claims else { panic!("an object") };
            tenant(&config, &claims)
        };
        assert_eq!(named(None, json!({ "tenant": "acme", "sub": "x" })), Some("acme".into()));
        assert_eq!(named(None, json!({ "sub": "acme" })), Some("sub:acme".into()));
        assert_eq!(named(None, json!({ "sub": "" })), None);
        assert_eq!(named(None, json!({})), None);
        // What names a tenant wrongly is not passed over.
        assert_eq!(named(None, json!({ "tenant": "sub:x", "sub": "x" })), None);
        assert_eq!(named(None, json!({ "tenant": 7, "sub": "x" })), None);
        assert_eq!(named(None, json!({ "tenant": null, "sub": "x" })), None);
        assert_eq!(named(Some("org"), json!({ "org": "acme", "tenant": "other" })), Some("acme".into()));
        assert_eq!(named(Some("org"), json!({ "tenant": "other", "sub": "x" })), None);
    }
}
