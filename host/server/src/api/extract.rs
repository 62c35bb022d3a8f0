//! Reading requests, with the plain-text errors that clients of this generation know.

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;

/// Bytes that a JSON body may have.
const JSON_BYTES_MAX: usize = 2 << 20;

/// Bytes of an unwanted body that are read and forgotten, so that the client gets to read the answer.
const DRAINED_BYTES_MAX: usize = 32 << 20;

/// Reads what is left of a body and forgets it. A connection whose request was not read to its end is closed, and a client
/// that sends the next one through it, as clients do, would see it break off.
pub(crate) async fn drain(body: Body) {
    let mut pieces = body.into_data_stream();
    let mut bytes = 0;
    while let Some(Ok(piece)) = pieces.next().await {
        bytes += piece.len();
        if bytes > DRAINED_BYTES_MAX {
            return;
        }
    }
}

/// Reads the body of every request whose handler does not stream it, so that all of them are read whatever the answer.
pub(crate) async fn read_body(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let mut pieces = body.into_data_stream();
    let mut bytes = Vec::new();
    while let Some(piece) = pieces.next().await {
        let Ok(piece) = piece else {
            let text = "The request's body broke off, or came too slowly";
            return (StatusCode::REQUEST_TIMEOUT, [(header::CONNECTION, "close")], text).into_response();
        };
        bytes.extend_from_slice(&piece);
        if bytes.len() > JSON_BYTES_MAX {
            drain(Body::from_stream(pieces)).await;
            let text = format!("JSON payload is larger than allowed ({JSON_BYTES_MAX} bytes)");
            return (StatusCode::PAYLOAD_TOO_LARGE, [(header::CONNECTION, "close")], text).into_response();
        }
    }
    next.run(Request::from_parts(parts, Body::from(bytes))).await
}

/// A JSON body. Errors are 400 with a text.
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
        // `read_body` has bounded it.
        let bytes = axum::body::to_bytes(request.into_body(), JSON_BYTES_MAX)
            .await
            .map_err(|e| refuse(StatusCode::PAYLOAD_TOO_LARGE, e.to_string()))?;
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
            // And the parameter, which clients do not expect.
            let is_name = |s: &str| s.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
            let cause = cause.split_once(": ").filter(|(name, _)| is_name(name)).map_or(cause, |(_, cause)| cause);
            (StatusCode::BAD_REQUEST, format!("Query deserialize error: {cause}")).into_response()
        })
    }
}

/// Segments of the path, decoded. Errors (a segment that is not UTF-8, once decoded) are 404: nothing has such a name.
pub(crate) struct PathParams<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for PathParams<T> {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, StatusCode> {
        let segments = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        segments.map(|path| PathParams(path.0)).map_err(|_| StatusCode::NOT_FOUND)
    }
}
