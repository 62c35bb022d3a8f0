//! A pipeline's log as a stream of lines.

use super::{ApiError, AppState};
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use std::convert::Infallible;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;

/// Lines that wait for a slow reader.
const LINES_WAITING_MAX: usize = 16;

pub(super) async fn logs(State(state): State<AppState>, Path(name): Path<String>) -> Result<Response, ApiError> {
    let tenant = state.tenant();
    let pipeline = state.manager.with_catalog(move |c| c.get(tenant, &name)).await?;
    let headers = [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
    let slot = state.manager.slot(tenant, pipeline.id);
    let Some(mut following) = slot.logs.follow() else {
        return Ok((headers, "LOG STREAM UNAVAILABLE: the pipeline has likely not yet started\n").into_response());
    };
    let mut first = String::new();
    if following.discarded > 0 {
        first = format!(
            "... {} prior log lines were discarded due to buffer constraints and are thus not shown.\n",
            following.discarded
        );
    }
    for line in &following.lines {
        first.push_str(line);
        first.push('\n');
    }
    let (sender, receiver) = mpsc::channel::<String>(LINES_WAITING_MAX);
    tokio::spawn(async move {
        if !first.is_empty() && sender.send(first).await.is_err() {
            return;
        }
        loop {
            let line = tokio::select! {
                line = following.receiver.recv() => line,
                () = sender.closed() => return,
            };
            let line = match line {
                Ok(line) => line + "\n",
                Err(RecvError::Lagged(n)) => format!("... {n} log lines were left out because the reader is slow.\n"),
                Err(RecvError::Closed) => "LOG STREAM END: pipeline is being shutdown\n".to_owned(),
            };
            let last = line.starts_with("LOG STREAM END");
            if sender.send(line).await.is_err() || last {
                return;
            }
        }
    });
    let body = Body::from_stream(ReceiverStream::new(receiver).map(|line| Ok::<_, Infallible>(Bytes::from(line))));
    Ok((headers, body).into_response())
}
