//! The REST API, generation 0.36 of v0. Each file has the handlers of one subject, and `routes()`; handlers carry what the
//! OpenAPI document says of them, so that route and document cannot differ.

mod auth;
mod checkpoint;
mod connectors;
mod document;
mod egress;
mod error;
mod extract;
mod ingress;
mod listen;
mod logs;
mod metrics;
mod models;
mod pipelines;
mod profile;
mod public;
mod stats;

pub use document::document;
pub use error::ApiError;
pub use listen::serve;
pub use metrics::metrics_router;
pub use models::{PatchPipeline, PipelineInfo, PipelineSelectedInfo, PostPutPipeline};
pub use weir_catalog::DeploymentError as ErrorResponse;

use crate::manager::Manager;
use axum::Router;
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;

/// What handlers share.
#[derive(Clone, Debug)]
pub struct AppState {
    pub(crate) manager: Arc<Manager>,
}

/// The routes of `/v0` whose requests have no body, or a small one.
fn v0() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(pipelines::routes())
        .merge(logs::routes())
        .merge(egress::routes())
        .merge(stats::routes())
        .merge(metrics::routes())
        .merge(profile::routes())
        .merge(checkpoint::routes())
        .merge(connectors::routes())
}

/// The routes of `/v0` that read their bodies as they come.
fn v0_streamed() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().merge(ingress::routes())
}

/// All routes.
pub fn router(manager: Arc<Manager>) -> Router {
    let state = AppState { manager };
    let whole: Router<AppState> = v0().into();
    let streamed: Router<AppState> = v0_streamed().into();
    let v0 = whole
        .fallback(not_found)
        .method_not_allowed_fallback(not_found)
        .layer(from_fn(extract::read_body))
        .merge(streamed.method_not_allowed_fallback(not_found))
        .layer(from_fn(auth::authenticate));
    let public: Router<AppState> = public::routes().into();
    let count = from_fn_with_state(state.clone(), metrics::count);
    Router::new().nest("/v0", v0).merge(public).merge(public::pages()).layer(count).with_state(state)
}

/// An unknown path or a wrong method within `/v0`.
async fn not_found() -> StatusCode {
    StatusCode::NOT_FOUND
}
