//! Profiles of a running pipeline.

use super::auth::Tenant;
use super::extract::PathParams;
use super::running::running;
use super::{ApiError, AppState, ErrorResponse};
use crate::controller::{Controller, OperatorProfile};
use crate::metrics::{pprof, profile};
use axum::extract::State;
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use weir_catalog::TenantId;

/// How long a profile waits for the step in hand; then it tells the sizes of before.
const PATIENCE: Duration = Duration::from_secs(5);

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_pipeline_circuit_profile)).routes(routes!(get_pipeline_heap_profile))
}

/// The running pipeline of that name, and what its workers did.
async fn profiled(
    state: &AppState,
    tenant: TenantId,
    name: String,
) -> Result<(Arc<Controller>, Vec<Vec<OperatorProfile>>), ApiError> {
    let (_, controller) = running(state, tenant, name).await?;
    let workers = controller.profile(PATIENCE).await.map_err(unwritten)?;
    Ok((controller, workers))
}

fn unwritten(error: impl std::fmt::Display) -> ApiError {
    ApiError::PipelineUnreachable { error: error.to_string() }
}

/// Returns a zip of drawings of the circuit, one for each worker: what each operator did since the start, how long it took, what it
/// holds; and a Makefile that makes PDFs of them.
#[utoipa::path(get, path = "/pipelines/{pipeline_name}/circuit_profile", tag = "Pipeline interaction",
    params(("pipeline_name" = String, Path, description = "The pipeline's name")), responses(
    (status = 200, description = "The zip.", body = Object, content_type = "application/zip"),
    (status = 400, description = "The pipeline does not run.", body = ErrorResponse),
    (status = 404, description = "There is no such pipeline.", body = ErrorResponse),
    (status = 503, description = "The pipeline cannot be reached.", body = ErrorResponse),
))]
async fn get_pipeline_circuit_profile(
    State(state): State<AppState>,
    Tenant(tenant): Tenant,
    PathParams(name): PathParams<String>,
) -> Result<Response, ApiError> {
    let (controller, workers) = profiled(&state, tenant, name).await?;
    let now_us = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros();
    let zip =
        tokio::task::spawn_blocking(move || profile::circuit_zip(&controller.program().circuit, &workers, now_us));
    let zip = zip.await.map_err(unwritten)?.map_err(unwritten)?;
    Ok((attachment("application/zip", "attachment; filename=\"profile.zip\""), zip).into_response())
}

/// Returns where the pipeline's memory is, by worker and operator, as a profile that pprof reads.
#[utoipa::path(get, path = "/pipelines/{pipeline_name}/heap_profile", tag = "Pipeline interaction",
    params(("pipeline_name" = String, Path, description = "The pipeline's name")), responses(
    (status = 200, description = "The gzipped profile.", body = String, content_type = "application/protobuf"),
    (status = 400, description = "The pipeline does not run.", body = ErrorResponse),
    (status = 404, description = "There is no such pipeline.", body = ErrorResponse),
    (status = 503, description = "The pipeline cannot be reached.", body = ErrorResponse),
))]
async fn get_pipeline_heap_profile(
    State(state): State<AppState>,
    Tenant(tenant): Tenant,
    PathParams(name): PathParams<String>,
) -> Result<Response, ApiError> {
    let (controller, workers) = profiled(&state, tenant, name).await?;
    let memory_bytes = controller.memory_bytes().0;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    let samples = profile::memory_samples(&controller.program().circuit, &workers, memory_bytes);
    let encoded = pprof::encode(&samples, i64::try_from(now).unwrap_or(0)).map_err(unwritten)?;
    Ok((attachment("application/protobuf", "attachment; filename=\"heap.pb.gz\""), encoded).into_response())
}

fn attachment(media_type: &'static str, disposition: &'static str) -> [(HeaderName, &'static str); 2] {
    [(header::CONTENT_TYPE, media_type), (header::CONTENT_DISPOSITION, disposition)]
}
