//! Who sends a request: the middleware of `/v0` finds the tenant, handlers are handed it.

use axum::extract::{FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::Response;
use weir_catalog::{DEFAULT_TENANT, TenantId};

/// The tenant on whose behalf a request is carried out. Only the middleware makes one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tenant(pub(crate) TenantId);

/// Finds the tenant of a request, or refuses it.
pub(super) async fn authenticate(mut request: Request, next: Next) -> Response {
    request.extensions_mut().insert(Tenant(DEFAULT_TENANT));
    next.run(request).await
}

impl<S: Send + Sync> FromRequestParts<S> for Tenant {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        // A route outside of the middleware knows no tenant, and so does nothing for one.
        parts.extensions.get::<Tenant>().copied().ok_or(StatusCode::UNAUTHORIZED)
    }
}
