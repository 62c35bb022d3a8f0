//! Reading requests, with the plain-text errors that clients of this generation know.

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;

/// Bytes that a JSON body may have.
const JSON_BYTES_MAX: usize = 2 << 20;

/// A JSON body. Errors are 400 (413 if it is too large) with a text.
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Response;

    async fn from_request(request: Request, _: &S) -> Result<Self, Response> {
        let refuse = |status: StatusCode, text: String| (status, text).into_response();
        let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
        let essence = content_type.split(';').next().unwrap_or("").trim();
        if !essence.eq_ignore_ascii_case("application/json") {
            return Err(refuse(StatusCode::BAD_REQUEST, "Content type error".into()));
        }
        let bytes = axum::body::to_bytes(request.into_body(), JSON_BYTES_MAX).await.map_err(|_| {
            refuse(
                StatusCode::PAYLOAD_TOO_LARGE,
                format!("JSON payload is larger than allowed ({JSON_BYTES_MAX} bytes)"),
            )
        })?;
        serde_json::from_slice(&bytes)
            .map(JsonBody)
            .map_err(|e| refuse(StatusCode::BAD_REQUEST, format!("Json deserialize error: {e}")))
    }
}

/// Query parameters. Errors are 400 with a text.
pub(crate) struct QueryParams<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for QueryParams<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        let query = axum::extract::Query::<T>::try_from_uri(&parts.uri);
        query.map(|q| QueryParams(q.0)).map_err(|e| {
            // axum names the extractor before it names the error.
            let text = e.body_text();
            let cause = text.split_once(": ").map_or(text.as_str(), |(_, cause)| cause);
            (StatusCode::BAD_REQUEST, format!("Query deserialize error: {cause}")).into_response()
        })
    }
}
