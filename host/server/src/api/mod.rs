//! The REST API, generation 0.36 of v0. Each file has the handlers of one subject, and `routes()`; handlers carry what the
//! OpenAPI document says of them, so that route and document cannot differ.

mod api_keys;
mod auth;
mod checkpoint;
mod chunks;
mod connectors;
mod demos;
mod document;
mod egress;
mod error;
mod extract;
mod guard;
mod ingress;
mod listen;
mod logs;
mod metrics;
mod models;
mod pipelines;
mod profile;
mod public;
mod query;
mod running;
mod stats;

pub use demos::{Demo, read_demos};
pub use document::document;
pub use error::ApiError;
pub use listen::{SILENCE_MAX, serve};
pub use metrics::metrics_router;
pub use models::{PatchPipeline, PipelineInfo, PipelineSelectedInfo, PostPutPipeline};
pub use weir_catalog::DeploymentError as ErrorResponse;

use crate::auth::Auth;
use crate::manager::Manager;
use axum::Router;
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::any;
use std::sync::Arc;
use std::time::Duration;
use utoipa_axum::router::OpenApiRouter;

/// What handlers share.
#[derive(Clone, Debug)]
pub struct AppState {
    pub(crate) manager: Arc<Manager>,
    pub(crate) auth: Arc<Auth>,
    pub(crate) demos: Arc<Vec<Demo>>,
}

/// What the server's owner chooses of the API.
#[derive(Debug)]
pub struct Options {
    /// How requests to `/v0` are let in.
    pub auth: Auth,
    /// Whether pages of any origin may send any header.
    pub dev_mode: bool,
    /// How long a client may be silent within a request.
    pub silence: Duration,
    /// The demos that are offered.
    pub demos: Vec<Demo>,
}

impl Default for Options {
    fn default() -> Self {
        Options { auth: Auth::None, dev_mode: false, silence: SILENCE_MAX, demos: Vec::new() }
    }
}

/// The routes of `/v0` whose requests have no body, or a small one.
fn v0() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(pipelines::routes())
        .merge(logs::routes())
        .merge(egress::routes())
        .merge(query::routes())
        .merge(demos::routes())
        .merge(stats::routes())
        .merge(metrics::routes())
        .merge(profile::routes())
        .merge(checkpoint::routes())
        .merge(connectors::routes())
        .merge(api_keys::routes())
}

/// The routes of `/v0` that read their bodies as they come.
fn v0_streamed() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().merge(ingress::routes())
}

/// All routes.
pub fn router(manager: Arc<Manager>, options: Options) -> Router {
    let state = AppState { manager, auth: Arc::new(options.auth), demos: Arc::new(options.demos) };
    let whole: Router<AppState> = v0().into();
    let streamed: Router<AppState> = v0_streamed().into();
    let v0 = whole
        .fallback(not_found)
        .method_not_allowed_fallback(not_found)
        .layer(from_fn(extract::read_body))
        .merge(streamed.method_not_allowed_fallback(not_found))
        .layer(from_fn_with_state(state.clone(), auth::authenticate));
    let public: Router<AppState> = public::routes().into();
    let count = from_fn_with_state(state.clone(), metrics::count);
    // The slash alone belongs to `/v0`, too, but a nested router does not get it.
    let routes = Router::new().nest("/v0", v0).route("/v0/", any(not_found));
    let routes = routes.merge(public).merge(public::pages()).layer(count);
    guard::guarded(routes, options.dev_mode, options.silence).with_state(state)
}

/// An unknown path or a wrong method within `/v0`.
async fn not_found() -> StatusCode {
    StatusCode::NOT_FOUND
}
