//! Making, reading, changing, deleting, starting and stopping pipelines.

use super::auth::Tenant;
use super::extract::{JsonBody, PathParams, QueryParams};
use super::models::{PatchPipeline, PipelineInfo, PipelineSelectedInfo, PostPutPipeline, SelectorQuery};
use super::{ApiError, AppState, ErrorResponse};
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use weir_catalog::{DeploymentDesired, Pipeline};

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_pipelines, post_pipeline))
        .routes(routes!(get_pipeline, put_pipeline, patch_pipeline, delete_pipeline))
        .routes(routes!(post_pipeline_action))
}

/// What no cache may keep.
pub(super) const NO_CACHE: [(header::HeaderName, &str); 1] = [(header::CACHE_CONTROL, "no-cache")];

fn changed(status: StatusCode, pipeline: Pipeline) -> Response {
    (status, NO_CACHE, Json(PipelineInfo::from(pipeline))).into_response()
}

/// Lists all pipelines, in order of creation.
#[utoipa::path(get, path = "/pipelines", tag = "Pipeline management", params(SelectorQuery), responses(
    (status = 200, description = "The pipelines.", body = Vec<PipelineSelectedInfo>),
    (status = 400, description = "The selector is none.", body = String, content_type = "text/plain"),
    (status = 500, description = "The catalog failed.", body = ErrorResponse),
))]
async fn list_pipelines(
    State(state): State<AppState>,
    Tenant(tenant): Tenant,
    QueryParams(query): QueryParams<SelectorQuery>,
) -> Result<Response, ApiError> {
    let pipelines = state.manager.with_catalog(move |c| c.list(tenant)).await?;
    let infos: Vec<_> = pipelines.into_iter().map(|p| PipelineSelectedInfo::new(p, query.selector)).collect();
    Ok((NO_CACHE, Json(infos)).into_response())
}

/// Returns a pipeline.
#[utoipa::path(get, path = "/pipelines/{pipeline_name}", tag = "Pipeline management",
    params(("pipeline_name" = String, Path, description = "The pipeline's name"), SelectorQuery), responses(
    (status = 200, description = "The pipeline.", body = PipelineSelectedInfo),
    (status = 400, description = "The selector is none.", body = String, content_type = "text/plain"),
    (status = 404, description = "There is no such pipeline.", body = ErrorResponse),
))]
async fn get_pipeline(
    State(state): State<AppState>,
    Tenant(tenant): Tenant,
    PathParams(name): PathParams<String>,
    QueryParams(query): QueryParams<SelectorQuery>,
) -> Result<Response, ApiError> {
    let pipeline = state.manager.with_catalog(move |c| c.get(tenant, &name)).await?;
    Ok((NO_CACHE, Json(PipelineSelectedInfo::new(pipeline, query.selector))).into_response())
}

/// Makes a pipeline. Its program is compiled at once; until then it can already be started, and waits.
#[utoipa::path(post, path = "/pipelines", tag = "Pipeline management", request_body = PostPutPipeline, responses(
    (status = 201, description = "The pipeline was made.", body = PipelineInfo),
    (status = 400, description = "Name or configuration are invalid.", body = ErrorResponse),
    (status = 409, description = "There is a pipeline of that name.", body = ErrorResponse),
))]
async fn post_pipeline(
    State(state): State<AppState>,
    Tenant(tenant): Tenant,
    JsonBody(body): JsonBody<PostPutPipeline>,
) -> Result<Response, ApiError> {
    let pipeline = state.manager.create(tenant, body.into()).await?;
    Ok(changed(StatusCode::CREATED, pipeline))
}

/// Makes a pipeline, or replaces all of the one that has the name. It must be shut down.
#[utoipa::path(put, path = "/pipelines/{pipeline_name}", tag = "Pipeline management",
    params(("pipeline_name" = String, Path, description = "The pipeline's name")),
    request_body = PostPutPipeline, responses(
    (status = 200, description = "The pipeline was replaced.", body = PipelineInfo),
    (status = 201, description = "The pipeline was made.", body = PipelineInfo),
    (status = 400, description = "Name or configuration are invalid, or the pipeline is not shut down.", body = ErrorResponse),
    (status = 409, description = "There is another pipeline of the new name.", body = ErrorResponse),
))]
async fn put_pipeline(
    State(state): State<AppState>,
    Tenant(tenant): Tenant,
    PathParams(name): PathParams<String>,
    JsonBody(body): JsonBody<PostPutPipeline>,
) -> Result<Response, ApiError> {
    let (pipeline, made) = state.manager.put(tenant, name, body.into()).await?;
    Ok(changed(if made { StatusCode::CREATED } else { StatusCode::OK }, pipeline))
}

/// Changes some fields of a pipeline. It must be shut down.
#[utoipa::path(patch, path = "/pipelines/{pipeline_name}", tag = "Pipeline management",
    params(("pipeline_name" = String, Path, description = "The pipeline's name")),
    request_body = PatchPipeline, responses(
    (status = 200, description = "The pipeline was changed.", body = PipelineInfo),
    (status = 400, description = "Name or configuration are invalid, or the pipeline is not shut down.", body = ErrorResponse),
    (status = 404, description = "There is no such pipeline.", body = ErrorResponse),
    (status = 409, description = "There is another pipeline of the new name.", body = ErrorResponse),
))]
async fn patch_pipeline(
    State(state): State<AppState>,
    Tenant(tenant): Tenant,
    PathParams(name): PathParams<String>,
    JsonBody(body): JsonBody<PatchPipeline>,
) -> Result<Response, ApiError> {
    let pipeline = state.manager.patch(tenant, name, body.into()).await?;
    Ok(changed(StatusCode::OK, pipeline))
}

/// Deletes a pipeline, and ends the compilation of its program. It must be shut down.
#[utoipa::path(delete, path = "/pipelines/{pipeline_name}", tag = "Pipeline management",
    params(("pipeline_name" = String, Path, description = "The pipeline's name")), responses(
    (status = 200, description = "The pipeline is gone."),
    (status = 400, description = "The pipeline is not shut down.", body = ErrorResponse),
    (status = 404, description = "There is no such pipeline.", body = ErrorResponse),
))]
async fn delete_pipeline(
    State(state): State<AppState>,
    Tenant(tenant): Tenant,
    PathParams(name): PathParams<String>,
) -> Result<StatusCode, ApiError> {
    state.manager.delete(tenant, name).await?;
    Ok(StatusCode::OK)
}

/// Sets what the owner wishes of a pipeline: `start`, `pause` or `shutdown`. The answer does not wait for it to come true;
/// `deployment_status` tells when it has.
#[utoipa::path(post, path = "/pipelines/{pipeline_name}/{action}", tag = "Pipeline management",
    params(("pipeline_name" = String, Path, description = "The pipeline's name"),
        ("action" = String, Path, description = "`start`, `pause` or `shutdown`")), responses(
    (status = 202, description = "The wish was stored."),
    (status = 400, description = "The action is none, or not possible now.", body = ErrorResponse),
    (status = 404, description = "There is no such pipeline.", body = ErrorResponse),
))]
async fn post_pipeline_action(
    State(state): State<AppState>,
    Tenant(tenant): Tenant,
    PathParams((name, action)): PathParams<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let desired = match action.as_str() {
        "start" => DeploymentDesired::Running,
        "pause" => DeploymentDesired::Paused,
        "shutdown" => DeploymentDesired::Shutdown,
        _ => return Err(ApiError::InvalidPipelineAction { action }),
    };
    state.manager.set_desired(tenant, name, desired).await?;
    Ok(StatusCode::ACCEPTED)
}
