//! What every request passes through, whatever its route: a name for it, cross-origin rules, a bound on the silence of its
//! sender, and an answer even if its handler fails.

use super::{ApiError, AppState};
use axum::extract::Request;
use axum::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::{Router, body::Body};
use std::any::Any;
use std::time::{Duration, Instant};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{AllowOrigin, CorsLayer};
use tower_http::timeout::RequestBodyTimeoutLayer;
use tracing::Instrument;
use uuid::Uuid;

/// The header that names a request. A client may choose the name.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Bytes of a name that a client chose.
const REQUEST_ID_BYTES_MAX: usize = 64;

/// Puts the layers around all routes. `silence` is how long a client may pause within a body.
pub(super) fn guarded(routes: Router<AppState>, dev_mode: bool, silence: Duration) -> Router<AppState> {
    // Layers that are added later are passed through earlier.
    routes
        .layer(CatchPanicLayer::custom(failed))
        .layer(RequestBodyTimeoutLayer::new(silence))
        .layer(from_fn(named))
        .layer(cross_origin(dev_mode))
}

/// Pages of any origin may call the API with their users' credentials; in development with any header, too.
fn cross_origin(dev_mode: bool) -> CorsLayer {
    if dev_mode {
        return CorsLayer::very_permissive();
    }
    CorsLayer::new()
        .allow_origin(AllowOrigin::mirror_request())
        .allow_methods([Method::GET, Method::POST, Method::PATCH, Method::PUT, Method::DELETE])
        .allow_headers([AUTHORIZATION, ACCEPT, CONTENT_TYPE])
        .allow_credentials(true)
}

/// Names a request, in the log and in the answer, and notes how it ended.
async fn named(request: Request, next: Next) -> Response {
    let id = request.headers().get(REQUEST_ID).filter(|id| is_name(id)).cloned();
    let id = id.unwrap_or_else(|| {
        // Hexadecimal digits and hyphens are a header's value.
        HeaderValue::from_str(&Uuid::now_v7().to_string()).unwrap_or_else(|_| HeaderValue::from_static("unnamed"))
    });
    let name = id.to_str().unwrap_or_default();
    // The query may hold what is nobody's business: it is not noted.
    let span = tracing::info_span!("request", id = name, method = %request.method(), path = request.uri().path());
    let begin = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;
    let (status, millis) = (response.status().as_u16(), begin.elapsed().as_millis() as u64);
    span.in_scope(|| tracing::debug!(status, millis, "answered"));
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

/// Whether a client's name for a request can be noted as it is.
fn is_name(id: &HeaderValue) -> bool {
    let bytes = id.as_bytes();
    (1..=REQUEST_ID_BYTES_MAX).contains(&bytes.len())
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

/// The answer of a handler that panicked.
fn failed(panic: Box<dyn Any + Send + 'static>) -> Response<Body> {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!(panic = text.unwrap_or("unknown"), "a request failed within the server");
    ApiError::Internal.into_response()
}
