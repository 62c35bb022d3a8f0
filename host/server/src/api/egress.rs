//! Changes of a view (or a table), streamed out: one JSON object and `\r\n` per chunk, a keep-alive chunk when there is nothing
//! to say.

use super::ingress::{boolean, json_config, running};
use super::{ApiError, AppState};
use crate::controller::{Controller, ControllerError, Delta};
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;
use weir_io::{RECORDS_PER_CHUNK, UpdateFormat, WriteError, events, write_csv, write_json};

/// Silence after which a keep-alive chunk is sent; clients wait for it to notice that they should end.
const KEEP_ALIVE: Duration = Duration::from_secs(3);
/// Chunks that wait for the connection.
const CHUNKS_WAITING_MAX: usize = 4;

#[derive(Debug, Deserialize)]
pub(super) struct EgressQuery {
    format: Option<String>,
    backpressure: Option<String>,
    #[serde(flatten)]
    parameters: HashMap<String, String>,
}

/// The formats of this endpoint.
#[derive(Clone, Copy)]
enum Format {
    Csv,
    Json,
}

pub(super) async fn egress(
    State(state): State<AppState>,
    Path((name, relation_name)): Path<(String, String)>,
    Query(query): Query<EgressQuery>,
) -> Result<Response, ApiError> {
    let (_, controller) = running(&state, name).await?;
    let unknown = || ApiError::UnknownOutputStream { stream: relation_name.clone() };
    let relation = controller.program().find_relation(&relation_name).ok_or_else(unknown)?;
    let format = match query.format.as_deref().unwrap_or("csv") {
        "csv" => Format::Csv,
        "json" => {
            let format = json_config(&query.parameters, false)?.update_format;
            if format != UpdateFormat::InsertDelete {
                return Err(ApiError::FormatNotSupported { format: format!("{format:?}"), direction: "output" });
            }
            Format::Json
        }
        other => return Err(ApiError::UnknownOutputFormat { format: other.to_owned() }),
    };
    let backpressure = boolean("backpressure", query.backpressure.as_deref(), false)?;
    let chunks = Arc::new(AtomicU64::new(0));
    let mut listener = controller.listen(relation, backpressure, Arc::clone(&chunks)).map_err(|e| match e {
        ControllerError::TooManyListeners => ApiError::ApiConnectionLimit { message: e.to_string() },
        _ => ApiError::Terminating,
    })?;
    let (sender, receiver) = mpsc::channel::<Vec<u8>>(CHUNKS_WAITING_MAX);
    tokio::spawn(async move {
        loop {
            let next = tokio::select! {
                next = tokio::time::timeout(KEEP_ALIVE, listener.next()) => next,
                () = sender.closed() => return,
            };
            let (number, delta) = match next {
                Ok(Some(item)) => item,
                Ok(None) => return,
                Err(_silence) => {
                    let number = chunks.fetch_add(1, Ordering::Relaxed);
                    if sender.send(format!("{{\"sequence_number\":{number}}}\r\n").into_bytes()).await.is_err() {
                        return;
                    }
                    continue;
                }
            };
            let encoding = Arc::clone(&controller);
            let (to, asked) = (sender.clone(), format);
            // Encoding a large delta takes long; the sender waits for the connection.
            let encoded = tokio::task::spawn_blocking(move || encode(&encoding, relation, asked, number, &delta, &to));
            match encoded.await {
                Ok(Ok(true)) => {}
                Ok(Ok(false)) => return,
                Ok(Err(e)) => return tracing::warn!(error = %e, "a delta could not be written"),
                Err(e) => return tracing::error!(error = %e, "writing a delta failed"),
            }
        }
    });
    let body = Body::from_stream(ReceiverStream::new(receiver).map(|chunk| Ok::<_, Infallible>(Bytes::from(chunk))));
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}

/// Writes a delta as chunks; returns whether anybody still reads.
fn encode(
    controller: &Controller,
    relation: usize,
    format: Format,
    first: u64,
    delta: &Delta,
    to: &mpsc::Sender<Vec<u8>>,
) -> Result<bool, WriteError> {
    let relation = &controller.program().relations[relation];
    let mut number = first;
    let mut send = |key: &str, data: Vec<u8>| {
        let mut chunk = format!("{{\"sequence_number\":{number},\"{key}\":").into_bytes();
        number += 1;
        chunk.extend_from_slice(&data);
        chunk.extend_from_slice(b"}\r\n");
        to.blocking_send(chunk).is_ok()
    };
    match format {
        Format::Json => {
            let mut rest = events(delta)?.peekable();
            while rest.peek().is_some() {
                let mut data = vec![b'['];
                write_json(&relation.columns, &relation.layout, rest.by_ref().take(RECORDS_PER_CHUNK), &mut data)?;
                data.push(b']');
                if !send("json_data", data) {
                    return Ok(false);
                }
            }
        }
        Format::Csv => {
            let mut rest = delta.iter().flat_map(|b| b.iter()).peekable();
            while rest.peek().is_some() {
                let mut text = Vec::new();
                write_csv(&relation.columns, &relation.layout, rest.by_ref().take(RECORDS_PER_CHUNK), &mut text)?;
                // CSV is made of texts that were strings, so it is one.
                let data = serde_json::to_vec(&String::from_utf8_lossy(&text)).unwrap_or_default();
                if !send("text_data", data) {
                    return Ok(false);
                }
            }
        }
    }
    Ok(true)
}
