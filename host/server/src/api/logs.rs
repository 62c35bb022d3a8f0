//! A pipeline's log as a stream of lines.

use super::auth::Tenant;
use super::extract::PathParams;
use super::{ApiError, AppState, ErrorResponse};
use crate::logs::{Ending, Event};
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use std::convert::Infallible;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_pipeline_logs))
}

/// Lines that wait for a slow reader.
const LINES_WAITING_MAX: usize = 16;

/// Streams a pipeline's log: the lines so far, then those to come, until it is shut down.
#[utoipa::path(get, path = "/pipelines/{pipeline_name}/logs", tag = "Pipeline interaction",
    params(("pipeline_name" = String, Path, description = "The pipeline's name")), responses(
    (status = 200, description = "The stream of lines.", body = String, content_type = "text/plain"),
    (status = 404, description = "There is no such pipeline.", body = ErrorResponse),
))]
async fn get_pipeline_logs(
    State(state): State<AppState>,
    Tenant(tenant): Tenant,
    PathParams(name): PathParams<String>,
) -> Result<Response, ApiError> {
    let pipeline = state.manager.with_catalog(move |c| c.get(tenant, &name)).await?;
    let headers = [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
    let slot = state.manager.slot(tenant, pipeline.id);
    let Some(following) = slot.logs.follow() else {
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
    let mut receiver = following.receiver;
    let (sender, lines) = mpsc::channel::<String>(LINES_WAITING_MAX);
    tokio::spawn(async move {
        if !first.is_empty() && sender.send(first).await.is_err() {
            return;
        }
        loop {
            let event = match &mut receiver {
                Some(receiver) => tokio::select! {
                    event = receiver.recv() => event,
                    () = sender.closed() => return,
                },
                None => Ok(Event::End(Ending::Finished)),
            };
            let last = !matches!(event, Ok(Event::Line(_)) | Err(RecvError::Lagged(_)));
            let line = match event {
                Ok(Event::Line(line)) => line + "\n",
                Ok(Event::End(ending)) => format!("{}\n", ending.line()),
                Err(RecvError::Lagged(n)) => format!("... {n} log lines were left out because the reader is slow.\n"),
                Err(RecvError::Closed) => format!("{}\n", Ending::Shutdown.line()),
            };
            if sender.send(line).await.is_err() || last {
                return;
            }
        }
    });
    let body = Body::from_stream(ReceiverStream::new(lines).map(|line| Ok::<_, Infallible>(Bytes::from(line))));
    Ok((headers, body).into_response())
}
