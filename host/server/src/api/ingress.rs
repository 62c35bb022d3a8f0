//! Changes of a table, streamed in.

use super::auth::Tenant;
use super::extract::{PathParams, QueryParams, drain};
use super::running::{PATIENCE, refused, running};
use super::{ApiError, AppState, ErrorResponse};
use crate::controller::{Controller, InputEndpoint};
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use futures_util::StreamExt;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use tokio::sync::OwnedSemaphorePermit;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use weir_catalog::TenantId;
use weir_connectors::FormatSpec;
use weir_io::{
    Changes, CsvConfig, ERRORS_REPORTED_MAX, FormatError, FormatErrorKind, InputFormat, JsonConfig, ParseError, Reader,
};

/// The routes of this file. Their bodies are streamed.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(http_input))
}

/// Rows that are handed to the pipeline at once while a request goes on.
const ROWS_HANDED: usize = 10_000;

/// Query parameters of a request, all of them optional.
#[derive(Debug, Deserialize)]
pub(super) struct IngressQuery {
    format: Option<String>,
    #[serde(default, deserialize_with = "flag")]
    force: bool,
    #[serde(flatten)]
    parameters: HashMap<String, String>,
}

/// A parameter of the request itself, `true` or `false`. (Beside flattened ones serde reads texts only.)
pub(super) fn flag<'de, D: Deserializer<'de>>(d: D) -> Result<bool, D::Error> {
    match String::deserialize(d)?.as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(D::Error::custom("provided string was not `true` or `false`")),
    }
}

/// A parameter of a format, `true` or `false`.
fn boolean(name: &str, value: Option<&str>, input: bool) -> Result<bool, ApiError> {
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

/// What a JSON record says.
#[derive(utoipa::ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "documentation")]
enum JsonUpdateFormat {
    /// An object `insert`, `delete` or `update` with a row.
    InsertDelete,
    /// A row and its weight.
    Weighted,
    /// A change event of Debezium.
    Debezium,
    /// Not for input.
    Snowflake,
    /// A row that is inserted.
    Raw,
}

/// The parameters as documented; they are read one by one, since some of them belong to a format.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation")]
struct IngressParams {
    /// Whether a paused pipeline takes the data in, too; default `false`.
    force: Option<bool>,
    /// `csv` (default), `json`, `parquet` or `raw`. The parameters of each are those of its connectors' configuration.
    format: Option<String>,
    /// CSV: what stands between fields; default `,`.
    delimiter: Option<String>,
    /// CSV: whether the first line names the columns; default `false`.
    headers: Option<bool>,
    /// JSON: what a record says; default `insert_delete`.
    #[param(inline)]
    update_format: Option<JsonUpdateFormat>,
    /// JSON: whether the events are in an array; default `false`.
    array: Option<bool>,
    /// JSON: how types are written: `default`, `pandas`, `debezium_mysql` and others.
    json_flavor: Option<String>,
    /// JSON: whether an event has `single` lines or may have `multiple` (default).
    lines: Option<String>,
}

/// Feeds a table with changes. The answer comes when all of them are parsed and queued; a query sees them from then on.
#[utoipa::path(post, path = "/pipelines/{pipeline_name}/ingress/{table_name}", tag = "Pipeline interaction",
    params(("pipeline_name" = String, Path, description = "The pipeline's name"),
        ("table_name" = String, Path, description = "The table, as a SQL identifier"), IngressParams),
    request_body(content = String, description = "Changes in the given format.", content_type = "text/plain"), responses(
    (status = 200, description = "All changes were parsed and queued."),
    (status = 400, description = "The pipeline does not run, the format is wrong, or records could not be read; the others are taken in.", body = ErrorResponse),
    (status = 404, description = "There is no such pipeline or table.", body = ErrorResponse),
    (status = 429, description = "Too many requests at once.", body = ErrorResponse),
    (status = 500, description = "The pipeline did not take the data in time: it is paused.", body = ErrorResponse),
    (status = 503, description = "The pipeline is ending.", body = ErrorResponse),
))]
async fn http_input(
    State(state): State<AppState>,
    Tenant(tenant): Tenant,
    PathParams((name, table)): PathParams<(String, String)>,
    QueryParams(query): QueryParams<IngressQuery>,
    body: Body,
) -> Result<StatusCode, ApiError> {
    match prepare(&state, tenant, name, table, query).await {
        Ok(request) => request.run(body).await,
        Err(e) => {
            drain(body).await;
            Err(e)
        }
    }
}

/// A request that may begin.
struct Prepared {
    reader: Reader,
    endpoint: Arc<InputEndpoint>,
    controller: Arc<Controller>,
    forced: bool,
    /// One of the connections that may feed the pipeline at once.
    _permit: OwnedSemaphorePermit,
}

/// The format that a request names, and what `/stats` tells of it.
fn format(query: &IngressQuery) -> Result<(FormatSpec, InputFormat), ApiError> {
    let name = query.format.as_deref().unwrap_or("csv");
    let not_supported = |name: &str| ApiError::FormatNotSupported { format: name.to_owned(), direction: "input" };
    if name == "avro" {
        // Its messages come from connectors only.
        return Err(not_supported(name));
    }
    let format = InputFormat::of_request(name, &query.parameters).map_err(|e| match e.kind {
        FormatErrorKind::Unknown => ApiError::UnknownInputFormat { format: name.to_owned() },
        FormatErrorKind::Direction => {
            let key = e.key.unwrap_or_default();
            not_supported(query.parameters.get(&key).map_or(name, String::as_str))
        }
        FormatErrorKind::Config | FormatErrorKind::Columns => parameters(&e),
    })?;
    // CSV as it mostly is has nothing to tell.
    let config = if format == InputFormat::Csv(CsvConfig::default()) { json!({}) } else { format.shown() };
    Ok((FormatSpec { name: format.name().into(), config }, format))
}

fn parameters(e: &FormatError) -> ApiError {
    let error = match &e.hint {
        Some(hint) => format!("{e}; {hint}"),
        None => e.to_string(),
    };
    ApiError::FormatParameters { error, input: true }
}

/// Everything about a request but its body.
async fn prepare(
    state: &AppState,
    tenant: TenantId,
    name: String,
    table_name: String,
    query: IngressQuery,
) -> Result<Prepared, ApiError> {
    let (_, controller) = running(state, tenant, name).await?;
    let unknown = || ApiError::UnknownInputStream { stream: table_name.clone() };
    let table = controller.program().find_table(&table_name).ok_or_else(unknown)?;
    let forced = query.force;
    let (shown, format) = format(&query)?;
    let columns = Arc::clone(&controller.program().tables[table]);
    format.check(&columns).map_err(|e| parameters(&e))?;
    let permit = controller.admit_input().map_err(refused)?;
    let endpoint = controller.request_endpoint(&table_name, table, shown).map_err(refused)?;
    controller.await_intake(forced, PATIENCE).await.map_err(refused)?;
    let reader = format.reader(columns, endpoint.events.load(Relaxed), false).map_err(|e| parameters(&e))?;
    Ok(Prepared { reader, endpoint, controller, forced, _permit: permit })
}

impl Prepared {
    async fn run(mut self, body: Body) -> Result<StatusCode, ApiError> {
        let columns = Arc::clone(&self.controller.program().tables[self.endpoint.table]);
        let mut changes = Changes::new(&columns, self.controller.workers());
        let mut problems = Problems::default();
        let mut pieces = body.into_data_stream();
        while let Some(piece) = pieces.next().await {
            let piece = piece.map_err(|e| {
                self.endpoint.counters.num_transport_errors.fetch_add(1, Relaxed);
                ApiError::Body(e.to_string())
            })?;
            self.endpoint.counters.total_bytes.fetch_add(piece.len() as u64, Relaxed);
            self.read(&mut problems, |reader, fresh| reader.push(&piece, &mut changes, fresh));
            if changes.rows() >= ROWS_HANDED {
                self.hand_over(&mut changes).await?;
            }
        }
        self.read(&mut problems, |reader, fresh| reader.finish(&mut changes, fresh));
        self.hand_over(&mut changes).await?;
        match problems.number {
            0 => Ok(StatusCode::OK),
            number => Err(ApiError::ParseErrors { errors: problems.first, num_errors: number }),
        }
    }

    /// Has the reader read; counts events and errors. Requests that overlap number their events alike.
    fn read(&mut self, problems: &mut Problems, with: impl FnOnce(&mut Reader, &mut Vec<ParseError>)) {
        let before = self.reader.event_number();
        with(&mut self.reader, &mut problems.fresh);
        self.endpoint.events.fetch_add(self.reader.event_number() - before, Relaxed);
        self.endpoint.counters.num_parse_errors.fetch_add(problems.fresh.len() as u64, Relaxed);
        problems.count();
    }

    async fn hand_over(&self, changes: &mut Changes) -> Result<(), ApiError> {
        let taken = changes.take();
        self.controller.enqueue_from(&self.endpoint, taken, self.forced, PATIENCE).await.map_err(refused)
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
