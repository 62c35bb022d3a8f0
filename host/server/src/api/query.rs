//! Ad-hoc queries: SQL over what the pipeline holds now.

use super::auth::{MayWrite, Tenant};
use super::extract::{PathParams, QueryParams};
use super::running::{refused, running};
use super::{ApiError, AppState, ErrorResponse};
use crate::controller::{Controller, SnapshotReader};
use async_trait::async_trait;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use chrono::Utc;
use futures_util::StreamExt;
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use weir_query::{Format, Query, QueryError, Reader, Relation, Source};
use weir_row::Block;

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(pipeline_adhoc_sql))
}

/// How the result of a query is written.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum AdHocResultFormat {
    /// A table for people.
    #[default]
    Text,
    /// A JSON object per line.
    Json,
    /// An Apache Parquet file.
    Parquet,
    /// The streaming format of Apache Arrow.
    ArrowIpc,
}

impl From<AdHocResultFormat> for Format {
    fn from(format: AdHocResultFormat) -> Format {
        match format {
            AdHocResultFormat::Text => Format::Text,
            AdHocResultFormat::Json => Format::Json,
            AdHocResultFormat::Parquet => Format::Parquet,
            AdHocResultFormat::ArrowIpc => Format::ArrowIpc,
        }
    }
}

/// A query.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct AdhocQueryArgs {
    /// The statement: SELECT, or INSERT INTO a table.
    sql: String,
    /// How the result is written; default `text`.
    #[serde(default)]
    #[param(inline, required = false)]
    format: AdHocResultFormat,
}

/// Before a result breaks off: the connection is closed at an error at once, with what it has not sent yet, be it the head of the response.
const FLUSH: Duration = Duration::from_millis(20);

/// Runs a query over tables and views that are materialized, all of them as they are after the same step. It sees all that
/// was acknowledged before. An error after the result began ends it: as a last line of text or JSON, or by breaking off.
#[utoipa::path(get, path = "/pipelines/{pipeline_name}/query", tag = "Pipeline interaction",
    params(("pipeline_name" = String, Path, description = "The pipeline's name"), AdhocQueryArgs), responses(
    (status = 200, description = "The result.", content(
        (String = "text/plain"), (String = "application/json"), (Vec<u8> = "application/octet-stream"),
        (Vec<u8> = "application/vnd.apache.arrow.stream"))),
    (status = 400, description = "The pipeline does not run, or the query cannot be run.", body = ErrorResponse),
    (status = 404, description = "There is no such pipeline.", body = ErrorResponse),
    (status = 429, description = "Too many queries at once.", body = ErrorResponse),
    (status = 503, description = "The pipeline is ending.", body = ErrorResponse),
))]
async fn pipeline_adhoc_sql(
    State(state): State<AppState>,
    Tenant(tenant): Tenant,
    MayWrite(may_write): MayWrite,
    PathParams(name): PathParams<String>,
    QueryParams(args): QueryParams<AdhocQueryArgs>,
) -> Result<Response, ApiError> {
    let (_, controller) = running(&state, tenant, name).await?;
    let permit = controller.admit_query().map_err(refused)?;
    let format = Format::from(args.format);
    let query = Query {
        sql: args.sql,
        format,
        // An INSERT comes by GET.
        may_write,
        relations: relations(&controller),
        memory: Arc::clone(controller.query_memory()),
        source: Arc::new(RunningSource { acknowledged: controller.acknowledged(), controller }),
    };
    let chunks = weir_query::start(query).await.map_err(|e| match e {
        QueryError::WriteRefused => ApiError::InsufficientScope { scope: "Write" },
        e => ApiError::AdHocQuery { error: e.to_string() },
    })?;
    // The query counts until its last chunk is taken, or nobody takes it.
    let chunks = chunks.then(move |chunk| {
        let _ = &permit;
        async {
            if chunk.is_err() {
                tokio::time::sleep(FLUSH).await;
            }
            chunk
        }
    });
    let mut response = Body::from_stream(chunks).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.content_type()));
    if format == Format::Parquet {
        let name = format!("attachment; filename=\"results_{}.parquet\"", Utc::now().format("%Y%m%dT%H%M%S%.6fZ"));
        // It is made of digits and letters.
        if let Ok(value) = HeaderValue::from_str(&name) {
            headers.insert(header::CONTENT_DISPOSITION, value);
        }
    }
    Ok(response)
}

/// What a query of a pipeline can name, in the order of its relations.
fn relations(controller: &Controller) -> Vec<Arc<Relation>> {
    let program = controller.program();
    let relation = |(number, relation): (usize, &crate::controller::RunningRelation)| {
        let table = number.checked_sub(program.views);
        Arc::new(Relation {
            name: relation.name.clone(),
            columns: relation.columns.clone(),
            materialized: relation.materialized,
            table: table.map(|table| (table, Arc::clone(&program.tables[table]))),
        })
    };
    program.relations.iter().enumerate().map(relation).collect()
}

/// A running pipeline as a query sees it.
#[derive(Debug)]
struct RunningSource {
    controller: Arc<Controller>,
    /// What had been acknowledged when the query came.
    acknowledged: u64,
}

#[async_trait]
impl Source for RunningSource {
    async fn open(&self, relations: &[usize]) -> Result<Vec<Box<dyn Reader>>, String> {
        let readers = self.controller.open_snapshots(relations.to_vec(), self.acknowledged).await?;
        Ok(readers.into_iter().map(|reader| Box::new(reader) as Box<dyn Reader>).collect())
    }

    fn workers(&self) -> usize {
        self.controller.workers()
    }

    async fn insert(&self, table: usize, changes: Vec<Vec<Block>>) -> Result<(), String> {
        self.controller.insert(table, changes).await.map_err(|e| e.to_string())
    }
}

#[async_trait]
impl Reader for SnapshotReader {
    async fn next(&mut self) -> Result<Option<Vec<Block>>, String> {
        SnapshotReader::next(self).await.map_err(|e| e.to_string())
    }
}
