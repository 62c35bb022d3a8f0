//! Who sends a request: the middleware of `/v0` finds the tenant, handlers are handed it.

use super::{ApiError, AppState, ErrorResponse, extract};
use crate::auth::{Identity, Refusal};
use axum::Json;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use weir_catalog::TenantId;

/// The tenant on whose behalf a request is carried out. Only the middleware makes one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tenant(pub(crate) TenantId);

/// Whether the request may change something. The middleware has asked already by the request's method; a handler whose GET can
/// change something asks for itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MayWrite(pub(crate) bool);

/// Finds the tenant of a request, or refuses it.
pub(super) async fn authenticate(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let refused = match state.auth.identify(&state.manager, request.headers()).await {
        Ok(identity) => match forbidden(&request, &identity) {
            None => {
                request.extensions_mut().insert(Tenant(identity.tenant));
                request.extensions_mut().insert(MayWrite(identity.write));
                return next.run(request).await;
            }
            Some(scope) => refuse_scope(scope),
        },
        Err(refusal) => refuse(refusal),
    };
    // Else the client could not read the answer.
    extract::drain(request.into_body()).await;
    refused
}

/// The scope that the identity lacks for a request.
fn forbidden(request: &Request, identity: &Identity) -> Option<&'static str> {
    if reads(request.method(), request.uri().path()) {
        (!identity.read).then_some("Read")
    } else {
        (!identity.write).then_some("Write")
    }
}

/// Whether a request only asks; `path` is what follows `/v0`. To listen to a view is to ask, though its method is POST.
fn reads(method: &Method, path: &str) -> bool {
    let egress = || matches!(path.split('/').collect::<Vec<_>>()[..], ["", "pipelines", _, "egress", _]);
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) || (*method == Method::POST && egress())
}

/// 401, without a body. The header tells why.
fn refuse(refusal: Refusal) -> Response {
    let challenge = match refusal {
        Refusal::Missing => HeaderValue::from_static("Bearer"),
        Refusal::Invalid(why) => HeaderValue::try_from(format!("Bearer error_description=\"{why}\""))
            .unwrap_or(HeaderValue::from_static("Bearer")),
        Refusal::Catalog(e) => return ApiError::Catalog(e).into_response(),
        Refusal::Unavailable(error) => {
            let body = ErrorResponse {
                details: json!({ "error": error }),
                message: format!("Whether the token is valid cannot be told at the moment: {error}"),
                error_code: "AuthenticationUnavailable".into(),
            };
            return (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response();
        }
    };
    (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, challenge)]).into_response()
}

/// 403: the key is known, but is not for this.
fn refuse_scope(scope: &'static str) -> Response {
    let challenge = [(header::WWW_AUTHENTICATE, "Bearer error=\"insufficient_scope\"")];
    (challenge, ApiError::InsufficientScope { scope }).into_response()
}

impl<S: Send + Sync> FromRequestParts<S> for Tenant {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        // A route outside of the middleware knows no tenant, and so does nothing for one.
        parts.extensions.get::<Tenant>().copied().ok_or(StatusCode::UNAUTHORIZED)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for MayWrite {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        parts.extensions.get::<MayWrite>().copied().ok_or(StatusCode::UNAUTHORIZED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_asks() {
        for (method, path, asks) in [
            (Method::GET, "/pipelines", true),
            (Method::GET, "/pipelines/p/query", true),
            (Method::POST, "/pipelines/p/egress/v", true),
            (Method::POST, "/pipelines", false),
            (Method::POST, "/pipelines/p/ingress/t", false),
            (Method::POST, "/pipelines/p/start", false),
            (Method::POST, "/pipelines/egress/start", false),
            (Method::POST, "/pipelines/p/tables/egress/connectors/c/start", false),
            (Method::POST, "/pipelines/p/egress/v/", false),
            (Method::PUT, "/pipelines/p/egress/v", false),
            (Method::DELETE, "/api_keys/k", false),
        ] {
            assert_eq!(reads(&method, path), asks, "{method} {path}");
        }
    }
}
