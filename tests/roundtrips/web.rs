//! A web server whose answers are slow, or break off.

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use futures_util::StreamExt;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

/// Pieces of a slow answer, and the time between them.
const PIECES: usize = 20;
const PAUSE: Duration = Duration::from_millis(40);

/// What there is, by name, and how often it was asked for.
struct Site {
    texts: HashMap<String, Bytes>,
    asked: Mutex<HashMap<String, usize>>,
}

/// Serves texts below `/plain`, `/slow`, `/breaks` (two of three answers break off, ranges are known) and `/forgets` (the same, without ranges); returns the address.
pub(crate) async fn serve(texts: HashMap<String, Bytes>) -> String {
    let site = Arc::new(Site { texts, asked: Mutex::default() });
    let router = Router::new().route("/{how}/{name}", get(answer)).with_state(site);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

async fn answer(
    State(site): State<Arc<Site>>,
    Path((how, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let Some(text) = site.texts.get(&name) else { return StatusCode::NOT_FOUND.into_response() };
    let number = {
        let mut asked = site.asked.lock().unwrap();
        let number = asked.entry(format!("{how}/{name}")).or_default();
        *number += 1;
        *number
    };
    let range = headers.get("range").filter(|_| how != "forgets");
    let from = range.map_or(0, |r| r.to_str().unwrap()["bytes=".len()..].trim_end_matches('-').parse().unwrap());
    if from >= text.len() && from > 0 {
        return StatusCode::RANGE_NOT_SATISFIABLE.into_response();
    }
    let rest = text.slice(from..);
    let breaks = (how == "breaks" || how == "forgets") && number % 3 != 0;
    let cut = if breaks { rest.len() * number % 3 / 3 + rest.len() / 3 } else { rest.len() };
    let (pieces, pause) = if how == "slow" { (PIECES, PAUSE) } else { (1, Duration::ZERO) };
    let pieces: Vec<Bytes> = rest[..cut].chunks(cut.div_ceil(pieces).max(1)).map(Bytes::copy_from_slice).collect();
    let pieces = futures_util::stream::iter(pieces).then(move |piece| async move {
        tokio::time::sleep(pause).await;
        Ok::<_, std::io::Error>(piece)
    });
    let end = futures_util::stream::once(async move {
        if breaks {
            // What was sent has to be on its way before the connection breaks.
            tokio::time::sleep(Duration::from_millis(100)).await;
            return Err(std::io::Error::other("broken"));
        }
        Ok(Bytes::new())
    });
    let status = if from > 0 { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
    Response::builder().status(status).body(Body::from_stream(pieces.chain(end))).unwrap()
}
