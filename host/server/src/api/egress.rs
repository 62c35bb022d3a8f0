//! Changes of a view (or a table), streamed out: one JSON object and `\r\n` per chunk, a keep-alive chunk when there is nothing
//! to say.

use super::auth::Tenant;
use super::chunks::{Encoder, Format, Piece};
use super::extract::{PathParams, QueryParams};
use super::ingress::{flag, json_config};
use super::running::{refused, running};
use super::{ApiError, AppState, ErrorResponse};
use crate::controller::{Controller, Listener, Phase};
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use weir_io::WriteError;

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(http_output))
}

/// Silence after which a keep-alive chunk is sent; clients wait for it to notice that they should end.
const KEEP_ALIVE: Duration = Duration::from_secs(3);
/// How long a reader may go on reading what is left when the pipeline has ended.
const GRACE: Duration = Duration::from_secs(5);
/// Rows that are written on the spot; more are written where others need not wait for it.
const ROWS_AT_ONCE: usize = 500;
/// Chunks that wait for the connection.
const CHUNKS_WAITING_MAX: usize = 4;

#[derive(Debug, Deserialize)]
pub(super) struct EgressQuery {
    format: Option<String>,
    #[serde(default, deserialize_with = "flag")]
    backpressure: bool,
    #[serde(flatten)]
    parameters: HashMap<String, String>,
}

/// The parameters as documented.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation")]
struct EgressParams {
    /// `csv` (default) or `json`.
    format: Option<String>,
    /// Whether the pipeline waits for a slow reader (else it misses chunks, and their numbers have gaps); default `false`.
    backpressure: Option<bool>,
    /// JSON: accepted; events always come in arrays.
    array: Option<bool>,
    /// JSON: `insert_delete` (default), `weighted` or `snowflake`.
    update_format: Option<String>,
    /// JSON: how types are written: `default`, `kafka_connect_json_converter`, `c_hex` and others; with `snowflake` events Snowflake's.
    json_flavor: Option<String>,
}

/// A piece of a stream of changes: JSON or text, or neither to keep the connection alive.
#[derive(ToSchema)]
#[schema(as = Chunk)]
#[expect(dead_code, reason = "documentation")]
struct Chunk {
    /// Counts all chunks, from 0; a gap tells of chunks that were left out.
    sequence_number: u64,
    /// Binary formats.
    #[schema(format = Binary)]
    bin_data: Option<String>,
    /// Events, if the format is JSON.
    #[schema(value_type = Option<Vec<Object>>)]
    json_data: Option<Vec<serde_json::Value>>,
    /// Lines, if the format is CSV; the last column is the weight.
    text_data: Option<String>,
}

/// The format that a request names.
fn format(query: &EgressQuery) -> Result<Format, ApiError> {
    match query.format.as_deref().unwrap_or("csv") {
        "csv" => Ok(Format::Csv),
        "json" => {
            let config = json_config(&query.parameters, false)?;
            Format::json(config).map_err(|format| ApiError::FormatNotSupported { format, direction: "output" })
        }
        other => Err(ApiError::UnknownOutputFormat { format: other.to_owned() }),
    }
}

/// Streams the changes of a table or view from now on: one JSON object and `\r\n` per chunk, without end.
#[utoipa::path(post, path = "/pipelines/{pipeline_name}/egress/{table_name}", tag = "Pipeline interaction",
    params(("pipeline_name" = String, Path, description = "The pipeline's name"),
        ("table_name" = String, Path, description = "The table or view, as a SQL identifier"), EgressParams), responses(
    (status = 200, description = "The stream.", body = Chunk),
    (status = 400, description = "The pipeline does not run, or the format is wrong.", body = ErrorResponse),
    (status = 404, description = "There is no such pipeline, table or view.", body = ErrorResponse),
    (status = 429, description = "Too many listen already.", body = ErrorResponse),
    (status = 500, description = "The pipeline did not answer.", body = ErrorResponse),
    (status = 503, description = "The pipeline is ending.", body = ErrorResponse),
))]
async fn http_output(
    State(state): State<AppState>,
    Tenant(tenant): Tenant,
    PathParams((name, relation_name)): PathParams<(String, String)>,
    QueryParams(query): QueryParams<EgressQuery>,
) -> Result<Response, ApiError> {
    let (pipeline, controller) = running(&state, tenant, name).await?;
    let unknown = || ApiError::UnknownOutputStream { stream: relation_name.clone() };
    let relation = controller.program().find_relation(&relation_name).ok_or_else(unknown)?;
    let format = format(&query)?;
    let listener =
        controller.listen(relation, query.backpressure, format.shown(), format.counting()).map_err(refused)?;
    let (sender, receiver) = mpsc::channel::<Piece>(CHUNKS_WAITING_MAX);
    let slot = state.manager.slot(tenant, pipeline.id);
    let endpoint = Arc::clone(&listener.endpoint);
    tokio::spawn(async move {
        if let Err(e) = pump(listener, &controller, relation, format, sender).await {
            slot.logs.push(&format!("ERROR changes of '{relation_name}' could not be sent: {e}"));
        }
    });
    // What is taken from this stream is handed to the connection at once.
    let pieces = ReceiverStream::new(receiver).map(move |piece| {
        endpoint.sent(piece.records, piece.bytes.len() as u64);
        if let Some(receipt) = piece.receipt {
            receipt.sign();
        }
        Ok::<_, Infallible>(Bytes::from(piece.bytes))
    });
    Ok(([(header::CONTENT_TYPE, "application/json")], Body::from_stream(pieces)).into_response())
}

/// Writes what the listener is told, until either side ends.
async fn pump(
    mut listener: Listener,
    controller: &Arc<Controller>,
    relation: usize,
    mut format: Format,
    sender: mpsc::Sender<Piece>,
) -> Result<(), WriteError> {
    loop {
        let next = tokio::select! {
            next = tokio::time::timeout(KEEP_ALIVE, listener.next()) => next,
            () = sender.closed() => return Ok(()),
        };
        let delivery = match next {
            Ok(Some(delivery)) => delivery,
            Ok(None) => return Ok(()),
            Err(_silence) => {
                let number = listener.endpoint.chunks.fetch_add(1, Relaxed);
                let bytes = format!("{{\"sequence_number\":{number}}}\r\n").into_bytes();
                if sender.send(Piece { bytes, records: 0, receipt: None }).await.is_err() {
                    return Ok(());
                }
                continue;
            }
        };
        let written = async {
            let mut encoder = Encoder::new(controller, relation, format, delivery)?;
            let reads_on = write(&mut encoder, controller, &sender).await?;
            Ok::<_, WriteError>((reads_on, encoder.format()))
        };
        match written.await {
            Ok((true, next)) => format = next,
            Ok((false, _)) => return Ok(()),
            Err(e) => {
                listener.endpoint.counters.num_encode_errors.fetch_add(1, Relaxed);
                return Err(e);
            }
        }
    }
}

/// Writes a delivery, each chunk when there is room for it: a slow reader costs a bounded number of chunks, and no thread. Returns
/// whether anybody still reads.
async fn write(
    encoder: &mut Encoder,
    controller: &Arc<Controller>,
    sender: &mpsc::Sender<Piece>,
) -> Result<bool, WriteError> {
    let mut phase = controller.phase();
    let ended = async {
        // An error: the controller is gone, which is an end, too.
        let _ = phase.wait_for(|p| matches!(p, Phase::Failed(_) | Phase::Ended)).await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::pin!(ended);
    loop {
        let permit = tokio::select! {
            permit = sender.reserve() => permit,
            () = &mut ended => return Ok(false),
        };
        let Ok(permit) = permit else { return Ok(false) };
        // A large chunk takes milliseconds, in which others would wait.
        let chunk = if encoder.rows() > ROWS_AT_ONCE {
            tokio::task::block_in_place(|| encoder.next_chunk())
        } else {
            encoder.next_chunk()
        };
        match chunk? {
            Some(piece) => permit.send(piece),
            None => return Ok(true),
        }
    }
}
