//! What everybody may read: configuration, health, the OpenAPI document.

use super::{ApiError, AppState, ErrorResponse};
use crate::auth::Auth;
use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use utoipa_swagger_ui::SwaggerUi;
use weir_catalog::DEFAULT_TENANT_NAME;

/// The documented routes of this file.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_config)).routes(routes!(get_config_authentication))
}

/// Pages, and what is no part of the API.
pub(super) fn pages() -> Router<AppState> {
    Router::new()
        .route("/healthz", axum::routing::get(healthz))
        .merge(SwaggerUi::new("/swagger-ui").url("/api-doc/openapi.json", super::document()))
        .fallback(welcome)
}

/// What clients need to know of this server.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Configuration {
    /// Where usage is reported to: nowhere.
    telemetry: String,
    /// The version of Weir.
    version: String,
}

/// Returns what clients need to know of this server.
#[utoipa::path(get, path = "/config", tag = "Configuration", responses(
    (status = 200, description = "The configuration.", body = Configuration),
    (status = 500, description = "It could not be read.", body = ErrorResponse),
))]
async fn get_config() -> Json<Configuration> {
    Json(Configuration { telemetry: String::new(), version: crate::PLATFORM_VERSION.into() })
}

/// Returns how users sign in; an empty object: they need not.
#[utoipa::path(get, path = "/config/authentication", tag = "Configuration", responses(
    (status = 200, description = "The provider.", body = Object),
    (status = 500, description = "It could not be read.", body = ErrorResponse),
))]
async fn get_config_authentication(State(state): State<AppState>) -> Json<serde_json::Value> {
    Json(match &*state.auth {
        // Keys are not made by signing in.
        Auth::None | Auth::ApiKey => serde_json::json!({}),
        // Of the forms that clients of this generation know, the one of a provider of no make of its own.
        Auth::Oidc(provider) => {
            let config = provider.config();
            serde_json::json!({ "GoogleIdentity": { "jwk_uri": config.jwks_url, "client_id": config.audience } })
        }
    })
}

async fn healthz(State(state): State<AppState>) -> Result<StatusCode, ApiError> {
    state.manager.with_catalog(|c| c.find_tenant(DEFAULT_TENANT_NAME).map(drop)).await?;
    Ok(StatusCode::OK)
}

/// Every other path: where a console will be, for now a page that says where to go.
async fn welcome(uri: Uri) -> String {
    format!(
        "Weir {}: SQL over changing data.\nThe API is below /v0 (you asked for {}); /swagger-ui/ shows it. Try: curl http://HOST/v0/pipelines\n",
        crate::PLATFORM_VERSION,
        uri.path()
    )
}
