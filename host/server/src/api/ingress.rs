//! Changes of a table, streamed in.

use super::extract::drain;
use super::{ApiError, AppState};
use crate::controller::{Controller, ControllerError};
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use futures_util::StreamExt;
use parking_lot::Mutex;
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;
use weir_catalog::{DeploymentStatus, Pipeline};
use weir_io::{Changes, CsvReader, ERRORS_REPORTED_MAX, JsonConfig, JsonReader, ParseError, Reader, UpdateFormat};

/// How long a request waits for a paused pipeline.
const PATIENCE: Duration = Duration::from_secs(10);
/// Rows that are handed to the pipeline at once while a request goes on.
const ROWS_HANDED: usize = 10_000;
/// Endpoints whose event numbers are remembered; a pipeline that is started anew begins with none.
const ENDPOINTS_MAX: usize = 10_000;

/// The numbers of the last events, by pipeline, table as it was spelled, and format: numbers go on from request to request.
#[derive(Debug, Default)]
pub(crate) struct EventCounters(Mutex<HashMap<(Uuid, String, String), u64>>);

impl EventCounters {
    fn get(&self, key: &(Uuid, String, String)) -> u64 {
        self.0.lock().get(key).copied().unwrap_or(0)
    }

    /// Adds the events of a request; requests that overlap number theirs alike.
    fn add(&self, key: (Uuid, String, String), events: u64) {
        let mut counters = self.0.lock();
        if counters.len() >= ENDPOINTS_MAX {
            counters.clear();
        }
        *counters.entry(key).or_default() += events;
    }
}

/// The running pipeline of that name, and its record.
pub(super) async fn running(state: &AppState, name: String) -> Result<(Pipeline, Arc<Controller>), ApiError> {
    let tenant = state.tenant();
    let pipeline = state.manager.with_catalog(move |c| c.get(tenant, &name)).await?;
    let status = pipeline.deployment_status;
    let controller = matches!(status, DeploymentStatus::Running | DeploymentStatus::Paused)
        .then(|| state.manager.slot(tenant, pipeline.id).controller())
        .flatten();
    controller.map(|c| (pipeline, c)).ok_or(ApiError::PipelineNotRunningOrPaused { status })
}

/// Query parameters of a request, all of them optional.
#[derive(Debug, Deserialize)]
pub(super) struct IngressQuery {
    format: Option<String>,
    force: Option<String>,
    #[serde(flatten)]
    parameters: HashMap<String, String>,
}

/// `true` or `false`.
pub(super) fn boolean(name: &str, value: Option<&str>, input: bool) -> Result<bool, ApiError> {
    match value {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(other) => Err(ApiError::FormatParameters {
            error: format!("'{name}' must be 'true' or 'false', not '{other}'"),
            input,
        }),
    }
}

/// The JSON parameters among those of a query; others are ignored.
pub(super) fn json_config(parameters: &HashMap<String, String>, input: bool) -> Result<JsonConfig, ApiError> {
    let mut fields = serde_json::Map::new();
    for key in ["update_format", "json_flavor", "lines"] {
        if let Some(value) = parameters.get(key) {
            fields.insert(key.into(), value.clone().into());
        }
    }
    fields.insert("array".into(), boolean("array", parameters.get("array").map(String::as_str), input)?.into());
    serde_json::from_value(fields.into()).map_err(|e| ApiError::FormatParameters { error: e.to_string(), input })
}

pub(super) async fn ingress(
    State(state): State<AppState>,
    Path((name, table)): Path<(String, String)>,
    Query(query): Query<IngressQuery>,
    body: Body,
) -> Result<StatusCode, ApiError> {
    match prepare(&state, name, table, query).await {
        Ok(request) => request.run(&state, body).await,
        Err(e) => {
            drain(body).await;
            Err(e)
        }
    }
}

/// A request that may begin.
struct Prepared {
    reader: Reader,
    key: (Uuid, String, String),
    controller: Arc<Controller>,
    table: usize,
    forced: bool,
}

impl Prepared {
    async fn run(mut self, state: &AppState, body: Body) -> Result<StatusCode, ApiError> {
        let begin = self.reader.event_number();
        let outcome = take_in(&mut self.reader, &self.controller, self.table, self.forced, body).await;
        state.ingress.add(self.key, self.reader.event_number() - begin);
        outcome
    }
}

/// Everything about a request but its body.
async fn prepare(
    state: &AppState,
    name: String,
    table_name: String,
    query: IngressQuery,
) -> Result<Prepared, ApiError> {
    let (pipeline, controller) = running(state, name).await?;
    let unknown = || ApiError::UnknownInputStream { stream: table_name.clone() };
    let table = controller.program().find_table(&table_name).ok_or_else(unknown)?;
    let forced = boolean("force", query.force.as_deref(), true)?;
    let columns = Arc::clone(&controller.program().tables[table]);
    let format = query.format.as_deref().unwrap_or("csv");
    let (reader, key) = match format {
        "csv" => {
            let key = (pipeline.id, table_name.clone(), "csv".to_owned());
            let last = state.ingress.get(&key);
            (Reader::Csv(Box::new(CsvReader::new(columns, last))), key)
        }
        "json" => {
            let config = json_config(&query.parameters, true)?;
            if config.update_format == UpdateFormat::Snowflake {
                return Err(ApiError::FormatNotSupported { format: "snowflake".into(), direction: "input" });
            }
            let key = (pipeline.id, table_name.clone(), format!("{config:?}"));
            let last = state.ingress.get(&key);
            (Reader::Json(JsonReader::new(columns, config, last)), key)
        }
        other => return Err(ApiError::UnknownInputFormat { format: other.to_owned() }),
    };
    controller.await_intake(forced, PATIENCE).await.map_err(refused)?;
    Ok(Prepared { reader, key, controller, table, forced })
}

async fn take_in(
    reader: &mut Reader,
    controller: &Controller,
    table: usize,
    forced: bool,
    body: Body,
) -> Result<StatusCode, ApiError> {
    let mut changes = Changes::new(&controller.program().tables[table], controller.workers());
    let mut problems = Problems::default();
    let mut pieces = body.into_data_stream();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|e| ApiError::Body(e.to_string()))?;
        reader.push(&piece, &mut changes, &mut problems.fresh);
        problems.count();
        if changes.rows() >= ROWS_HANDED {
            controller.enqueue(table, changes.take(), forced, PATIENCE).await.map_err(refused)?;
        }
    }
    reader.finish(&mut changes, &mut problems.fresh);
    problems.count();
    controller.enqueue(table, changes.take(), forced, PATIENCE).await.map_err(refused)?;
    match problems.number {
        0 => Ok(StatusCode::OK),
        number => Err(ApiError::ParseErrors { errors: problems.first, num_errors: number }),
    }
}

/// Errors of a request: the first ones, and how many there are.
#[derive(Default)]
struct Problems {
    first: Vec<ParseError>,
    number: usize,
    fresh: Vec<ParseError>,
}

impl Problems {
    fn count(&mut self) {
        self.number += self.fresh.len();
        let room = ERRORS_REPORTED_MAX - self.first.len();
        self.fresh.truncate(room);
        self.first.append(&mut self.fresh);
    }
}

fn refused(e: ControllerError) -> ApiError {
    match e {
        ControllerError::Ended => ApiError::Terminating,
        ControllerError::TooManyListeners => ApiError::ApiConnectionLimit { message: e.to_string() },
        ControllerError::Paused => {
            ApiError::PipelineEndpointSendError { seconds: PATIENCE.as_secs(), error: e.to_string() }
        }
    }
}
