//! Metrics in Prometheus' format: of a tenant's pipelines, and of everything.

use super::auth::Tenant;
use super::{ApiError, AppState, ErrorResponse};
use crate::controller::Controller;
use crate::manager::Manager;
use crate::metrics::text::{Exposition, MEDIA_TYPE};
use crate::metrics::{PipelineLabels, write_pipeline};
use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use weir_catalog::{DeploymentStatus, Pipeline, TenantId};

/// Pipelines that are asked for the size of their state at once.
const ASKED_MAX: usize = 8;
/// How long one of them may take to end its step; else the size it had last is told.
const PATIENCE: Duration = Duration::from_millis(20);
/// How long all of them may take.
const PATIENCE_ALL: Duration = Duration::from_secs(2);

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_metrics))
}

/// The router of the listener for metrics: `/metrics` tells of the server and of all tenants' pipelines.
pub fn metrics_router(manager: Arc<Manager>) -> Router {
    Router::new().route("/metrics", axum::routing::get(all_metrics)).with_state(manager)
}

/// Counts requests that were answered, by route.
pub(super) async fn count(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let method = match request.method().as_str() {
        known @ ("GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD" | "OPTIONS") => known.to_owned(),
        // Clients may invent methods.
        _ => "other".to_owned(),
    };
    let response = next.run(request).await;
    let route = route.as_deref().unwrap_or("other");
    state.manager.metrics().answered(&method, route, response.status().as_u16());
    response
}

/// Returns the metrics of all pipelines that run or are paused, in the text format of Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "Metrics", responses(
    (status = 200, description = "The metrics.", body = String, content_type = "text/plain"),
    (status = 500, description = "The catalog failed.", body = ErrorResponse),
))]
async fn get_metrics(State(state): State<AppState>, Tenant(tenant): Tenant) -> Result<Response, ApiError> {
    let pipelines = state.manager.with_catalog(move |c| c.list(tenant)).await?;
    let deployed = deployed(&state.manager, pipelines.into_iter().map(|p| (tenant, p)));
    let mut out = Exposition::default();
    write_all(&mut out, deployed, false).await;
    Ok(([(header::CONTENT_TYPE, "text/plain")], out.finish()).into_response())
}

async fn all_metrics(State(manager): State<Arc<Manager>>) -> Result<Response, ApiError> {
    let pipelines = manager.with_catalog(weir_catalog::Catalog::list_all).await?;
    let mut out = Exposition::default();
    manager.metrics().write(&mut out, manager.compilations_waiting() as u64);
    let mut statuses = BTreeMap::new();
    for (_, pipeline) in &pipelines {
        *statuses.entry(pipeline.deployment_status.to_string()).or_insert(0_u64) += 1;
    }
    for (status, count) in &statuses {
        out.gauge("weir_pipelines", "Pipelines by status of deployment.", &[("status", status)], *count);
    }
    write_all(&mut out, deployed(&manager, pipelines.into_iter()), true).await;
    Ok(([(header::CONTENT_TYPE, MEDIA_TYPE)], out.finish()).into_response())
}

type Deployed = (TenantId, Pipeline, Arc<Controller>);

fn deployed(manager: &Arc<Manager>, pipelines: impl Iterator<Item = (TenantId, Pipeline)>) -> Vec<Deployed> {
    let runs = |p: &Pipeline| matches!(p.deployment_status, DeploymentStatus::Running | DeploymentStatus::Paused);
    let controller = |(tenant, pipeline): (TenantId, Pipeline)| {
        let controller = manager.slot(tenant, pipeline.id).controller()?;
        Some((tenant, pipeline, controller))
    };
    pipelines.filter(|(_, p)| runs(p)).filter_map(controller).collect()
}

async fn write_all(out: &mut Exposition, deployed: Vec<Deployed>, with_tenants: bool) {
    let begin = Instant::now();
    // Pipelines that fail meanwhile tell what is known.
    let mut asked = futures_util::stream::iter(deployed)
        .map(|(tenant, pipeline, controller)| async move {
            let patience = PATIENCE.min(PATIENCE_ALL.saturating_sub(begin.elapsed()));
            let state_bytes = controller.state_bytes(patience).await.ok();
            (tenant, pipeline, controller, state_bytes)
        })
        .buffered(ASKED_MAX);
    while let Some((tenant, pipeline, controller, state_bytes)) = asked.next().await {
        let (id, tenant) = (format!("pipeline-{}", pipeline.id), tenant.to_string());
        let whose =
            PipelineLabels { pipeline: &id, name: &pipeline.name, tenant: with_tenants.then_some(tenant.as_str()) };
        write_pipeline(out, whose, &controller, state_bytes);
    }
}
