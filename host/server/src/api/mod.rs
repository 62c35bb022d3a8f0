//! The REST API, generation 0.36 of v0.

mod egress;
mod error;
mod extract;
mod ingress;
mod listen;
mod logs;
mod models;
mod pipelines;

pub use error::{ApiError, ErrorResponse};
pub use listen::serve;
pub use models::{NewPipelineBody, PatchPipelineBody, PipelineView};

use crate::manager::Manager;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::json;
use std::sync::Arc;
use weir_catalog::DEFAULT_TENANT;

/// What handlers share.
#[derive(Clone, Debug)]
pub struct AppState {
    pub(crate) manager: Arc<Manager>,
    pub(crate) ingress: Arc<ingress::EventCounters>,
}

impl AppState {
    /// The tenant of a request: without authentication there is but one.
    pub(crate) fn tenant(&self) -> weir_catalog::TenantId {
        DEFAULT_TENANT
    }
}

/// All routes.
pub fn router(manager: Arc<Manager>) -> Router {
    let state = AppState { manager, ingress: Arc::default() };
    let v0 = Router::new()
        .route("/pipelines", get(pipelines::list).post(pipelines::create))
        .route(
            "/pipelines/{name}",
            get(pipelines::get).put(pipelines::put).patch(pipelines::patch).delete(pipelines::delete),
        )
        .route("/pipelines/{name}/{action}", post(pipelines::action))
        .route("/pipelines/{name}/logs", get(logs::logs))
        .route("/pipelines/{name}/egress/{relation}", post(egress::egress))
        .fallback(not_found)
        .method_not_allowed_fallback(not_found)
        .layer(axum::middleware::from_fn(extract::read_body))
        // Streamed, so outside of the layer that reads bodies whole.
        .route("/pipelines/{name}/ingress/{table}", post(ingress::ingress));
    Router::new()
        .nest("/v0", v0)
        .route("/config", get(config))
        .route("/config/authentication", get(async || Json(json!({}))))
        .route("/healthz", get(healthz))
        .fallback(welcome)
        .with_state(state)
}

/// An unknown path or a wrong method within `/v0`.
async fn not_found() -> StatusCode {
    StatusCode::NOT_FOUND
}

async fn config() -> Json<serde_json::Value> {
    Json(json!({ "telemetry": "", "version": crate::PLATFORM_VERSION }))
}

async fn healthz(State(state): State<AppState>) -> Result<StatusCode, ApiError> {
    state.manager.with_catalog(|c| c.list(DEFAULT_TENANT).map(drop)).await?;
    Ok(StatusCode::OK)
}

/// Every other path: where the console will be, for now a page that says where to go.
async fn welcome(uri: Uri) -> Response {
    let page = format!(
        "Weir {}: SQL over changing data.\nThe API is below /v0 (you asked for {}). Try: curl http://HOST/v0/pipelines\n",
        crate::PLATFORM_VERSION,
        uri.path()
    );
    (StatusCode::OK, page).into_response()
}
