//! Making, reading, changing, deleting, starting and stopping pipelines.

use super::extract::{JsonBody, QueryParams};
use super::models::{NewPipelineBody, PatchPipelineBody, PipelineView, Selector, SelectorQuery};
use super::{ApiError, AppState};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use weir_catalog::{CatalogError, DeploymentDesired, Pipeline};

/// What no cache may keep.
const NO_CACHE: [(header::HeaderName, &str); 1] = [(header::CACHE_CONTROL, "no-cache")];

fn answer(status: StatusCode, pipeline: &Pipeline, selector: Selector) -> Result<Response, ApiError> {
    let view = PipelineView::new(pipeline, selector).map_err(CatalogError::from)?;
    Ok((status, NO_CACHE, Json(view)).into_response())
}

pub(super) async fn list(
    State(state): State<AppState>,
    QueryParams(query): QueryParams<SelectorQuery>,
) -> Result<Response, ApiError> {
    let tenant = state.tenant();
    let pipelines = state.manager.with_catalog(move |c| c.list(tenant)).await?;
    let views: Vec<PipelineView> = pipelines
        .iter()
        .map(|p| PipelineView::new(p, query.selector))
        .collect::<Result<_, _>>()
        .map_err(CatalogError::from)?;
    Ok((NO_CACHE, Json(views)).into_response())
}

pub(super) async fn get(
    State(state): State<AppState>,
    Path(name): Path<String>,
    QueryParams(query): QueryParams<SelectorQuery>,
) -> Result<Response, ApiError> {
    let tenant = state.tenant();
    let pipeline = state.manager.with_catalog(move |c| c.get(tenant, &name)).await?;
    answer(StatusCode::OK, &pipeline, query.selector)
}

pub(super) async fn create(
    State(state): State<AppState>,
    JsonBody(body): JsonBody<NewPipelineBody>,
) -> Result<Response, ApiError> {
    let pipeline = state.manager.create(state.tenant(), body.into()).await?;
    answer(StatusCode::CREATED, &pipeline, Selector::All)
}

pub(super) async fn put(
    State(state): State<AppState>,
    Path(name): Path<String>,
    JsonBody(body): JsonBody<NewPipelineBody>,
) -> Result<Response, ApiError> {
    let (pipeline, made) = state.manager.put(state.tenant(), name, body.into()).await?;
    answer(if made { StatusCode::CREATED } else { StatusCode::OK }, &pipeline, Selector::All)
}

pub(super) async fn patch(
    State(state): State<AppState>,
    Path(name): Path<String>,
    JsonBody(body): JsonBody<PatchPipelineBody>,
) -> Result<Response, ApiError> {
    let pipeline = state.manager.patch(state.tenant(), name, body.into()).await?;
    answer(StatusCode::OK, &pipeline, Selector::All)
}

pub(super) async fn delete(State(state): State<AppState>, Path(name): Path<String>) -> Result<StatusCode, ApiError> {
    state.manager.delete(state.tenant(), name).await?;
    Ok(StatusCode::OK)
}

pub(super) async fn action(
    State(state): State<AppState>,
    Path((name, action)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let desired = match action.as_str() {
        "start" => DeploymentDesired::Running,
        "pause" => DeploymentDesired::Paused,
        "shutdown" => DeploymentDesired::Shutdown,
        _ => return Err(ApiError::InvalidPipelineAction { action }),
    };
    state.manager.set_desired(state.tenant(), name, desired).await?;
    Ok(StatusCode::ACCEPTED)
}
