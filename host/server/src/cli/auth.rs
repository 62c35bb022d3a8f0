//! The options of `weir serve` that say whom it lets in.

use crate::auth::{Auth, Oidc, OidcConfig};
use anyhow::Context;
use clap::{Args, ValueEnum};

/// How clients prove who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum AuthArg {
    /// They need not: all of them are the default tenant.
    None,
    /// With an API key. Make a tenant and its first key with `weir tenant create NAME`.
    ApiKey,
    /// With a token (JWT, RS256 or ES256) of an OpenID Connect provider, or with an API key.
    Oidc,
}

/// Options about authentication.
#[derive(Debug, Args)]
pub(super) struct AuthArgs {
    /// How clients prove who they are.
    #[arg(long, value_enum, default_value = "none", env = "WEIR_AUTH", help_heading = "Authentication")]
    auth: AuthArg,
    /// Where the provider publishes its keys; https only, but for this machine.
    #[arg(
        long,
        env = "WEIR_OIDC_JWKS_URL",
        value_name = "URL",
        required_if_eq("auth", "oidc"),
        help_heading = "Authentication"
    )]
    oidc_jwks_url: Option<String>,
    /// The claim `iss` of its tokens.
    #[arg(
        long,
        env = "WEIR_OIDC_ISSUER",
        value_name = "TEXT",
        required_if_eq("auth", "oidc"),
        help_heading = "Authentication"
    )]
    oidc_issuer: Option<String>,
    /// The claim `aud` of its tokens: this server's name with the provider.
    #[arg(
        long,
        env = "WEIR_OIDC_AUDIENCE",
        value_name = "TEXT",
        required_if_eq("auth", "oidc"),
        help_heading = "Authentication"
    )]
    oidc_audience: Option<String>,
    /// The claim that names the tenant, which is made when it is first seen. Without this option it is `tenant`; a token that has
    /// no such claim then has a tenant of its subject alone.
    #[arg(long, env = "WEIR_OIDC_TENANT_CLAIM", value_name = "CLAIM", help_heading = "Authentication")]
    oidc_tenant_claim: Option<String>,
}

impl AuthArgs {
    /// What they mean.
    pub(super) fn open(&self) -> anyhow::Result<Auth> {
        Ok(match self.auth {
            AuthArg::None => Auth::None,
            AuthArg::ApiKey => Auth::ApiKey,
            AuthArg::Oidc => Auth::Oidc(Box::new(Oidc::new(OidcConfig {
                jwks_url: self.oidc_jwks_url.clone().context("--oidc-jwks-url is missing")?,
                issuer: self.oidc_issuer.clone().context("--oidc-issuer is missing")?,
                audience: self.oidc_audience.clone().context("--oidc-audience is missing")?,
                tenant_claim: self.oidc_tenant_claim.clone(),
            })?)),
        })
    }
}
