//! Making a pipeline's state durable.

use super::auth::Tenant;
use super::extract::PathParams;
use super::running::{refused, running};
use super::{ApiError, AppState, ErrorResponse};
use crate::PLATFORM_VERSION;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::json;
use std::time::Duration;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// How long a checkpoint waits for the step in hand.
const PATIENCE: Duration = Duration::from_secs(100);

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(checkpoint_pipeline))
}

/// Makes the state of a pipeline durable; all that was acknowledged before is in it, but for what waits for a paused pipeline. The pipeline's state must be kept on disk (`storage` in its
/// runtime configuration).
#[utoipa::path(post, path = "/pipelines/{pipeline_name}/checkpoint", tag = "Pipeline interaction",
    params(("pipeline_name" = String, Path, description = "The pipeline's name")), responses(
    (status = 200, description = "The state is on disk."),
    (status = 400, description = "The pipeline does not run, or keeps nothing on disk.", body = ErrorResponse),
    (status = 404, description = "There is no such pipeline.", body = ErrorResponse),
    (status = 503, description = "The pipeline is ending, or a step takes long.", body = ErrorResponse),
))]
async fn checkpoint_pipeline(
    State(state): State<AppState>,
    Tenant(tenant): Tenant,
    PathParams(name): PathParams<String>,
) -> Result<StatusCode, ApiError> {
    let (pipeline, controller) = running(&state, tenant, name).await?;
    // What a restart must compare before it goes on from here.
    let owner = json!({ "platform_version": PLATFORM_VERSION, "program_version": pipeline.program_version });
    controller.checkpoint(owner.to_string().into_bytes(), PATIENCE).await.map_err(refused)?;
    state.manager.slot(tenant, pipeline.id).logs.push("INFO a checkpoint was written");
    Ok(StatusCode::OK)
}
