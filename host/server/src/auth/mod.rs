//! Who sends a request: nobody in particular, the bearer of an API key, or whom an identity provider vouches for.

mod jwks;
pub mod key;
mod oidc;

pub use oidc::{Oidc, OidcConfig};

use crate::manager::Manager;
use axum::http::{HeaderMap, header};
use std::sync::Arc;
use weir_catalog::{ApiPermission, CatalogError, DEFAULT_TENANT, TenantId};

/// Bytes of a token that is looked at; providers' tokens have some thousands.
const TOKEN_BYTES_MAX: usize = 16 << 10;

/// How requests to `/v0` are let in.
#[derive(Debug)]
pub enum Auth {
    /// All of them, as the default tenant; what they say of themselves is ignored.
    None,
    /// With an API key.
    ApiKey,
    /// With a token of an identity provider, or an API key.
    Oidc(Box<Oidc>),
}

/// On whose behalf a request comes, and what it may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The tenant.
    pub tenant: TenantId,
    /// Whether it may ask.
    pub read: bool,
    /// Whether it may change.
    pub write: bool,
}

/// Why a request is not let in.
#[derive(Debug)]
pub enum Refusal {
    /// It says nothing of itself that could be checked.
    Missing,
    /// What it says is wrong; the word is what clients are told.
    Invalid(&'static str),
    /// The identity provider's keys are out of reach.
    Unavailable(String),
    /// The catalog failed.
    Catalog(CatalogError),
}

impl From<CatalogError> for Refusal {
    fn from(e: CatalogError) -> Refusal {
        Refusal::Catalog(e)
    }
}

impl Auth {
    /// Finds out whose request has these headers.
    ///
    /// # Errors
    /// It is not to be let in.
    pub async fn identify(&self, manager: &Arc<Manager>, headers: &HeaderMap) -> Result<Identity, Refusal> {
        if matches!(self, Auth::None) {
            return Ok(Identity { tenant: DEFAULT_TENANT, read: true, write: true });
        }
        let token = bearer(headers)?;
        if token.starts_with(key::PREFIX) {
            return with_key(manager, token).await;
        }
        match self {
            Auth::Oidc(provider) => {
                let claimed = provider.check(token).await?;
                let tenant = manager.with_catalog(move |c| c.claimed_tenant(&claimed)).await?;
                Ok(Identity { tenant: tenant.id, read: true, write: true })
            }
            Auth::None | Auth::ApiKey => Err(Refusal::Invalid(key::UNAUTHORIZED)),
        }
    }
}

async fn with_key(manager: &Arc<Manager>, key: &str) -> Result<Identity, Refusal> {
    let hash = key::hash(key);
    let (tenant, key) =
        manager.with_catalog(move |c| c.find_api_key(&hash)).await?.ok_or(Refusal::Invalid(key::UNAUTHORIZED))?;
    let may = |permission| key.scopes.contains(&permission);
    Ok(Identity { tenant, read: may(ApiPermission::Read), write: may(ApiPermission::Write) })
}

/// The token of the `Authorization` header.
fn bearer(headers: &HeaderMap) -> Result<&str, Refusal> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let value = all.next().ok_or(Refusal::Missing)?;
    if all.next().is_some() {
        return Err(Refusal::Invalid("InvalidToken"));
    }
    let value = value.to_str().map_err(|_| Refusal::Invalid("InvalidToken"))?;
    match value.trim().split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty() => {
            let token = token.trim();
            if token.len() > TOKEN_BYTES_MAX { Err(Refusal::Invalid("InvalidToken")) } else { Ok(token) }
        }
        _ => Err(Refusal::Missing),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers() {
        let token = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::AUTHORIZATION, value.parse().unwrap());
            }
            match bearer(&headers) {
                Ok(token) => token.to_owned(),
                Err(refusal) => format!("{refusal:?}"),
            }
        };
        assert_eq!(token(&[]), "Missing");
        assert_eq!(token(&["Bearer"]), "Missing");
        assert_eq!(token(&["Basic eA=="]), "Missing");
        assert_eq!(token(&["bearer  apikey:x "]), "apikey:x");
        assert_eq!(token(&["Bearer a", "Bearer b"]), "Invalid(\"InvalidToken\")");
        assert_eq!(token(&[&format!("Bearer {}", "x".repeat(TOKEN_BYTES_MAX + 1))]), "Invalid(\"InvalidToken\")");
    }
}
