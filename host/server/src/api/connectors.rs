//! Pausing input connectors, and letting them go on.

use super::auth::Tenant;
use super::extract::PathParams;
use super::running::running;
use super::{ApiError, AppState, ErrorResponse};
use axum::extract::State;
use axum::http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(post_pipeline_input_connector_action))
}

/// Pauses an input connector, or lets it go on. It brings rows while both it and the pipeline run; neither changes the other. To
/// do so again changes nothing, and a pipeline that is started anew begins with its connectors as they are declared.
#[utoipa::path(post, path = "/pipelines/{pipeline_name}/tables/{table_name}/connectors/{connector_name}/{action}",
    tag = "Pipeline interaction", params(
    ("pipeline_name" = String, Path, description = "The pipeline's name"),
    ("table_name" = String, Path, description = "The table, as a SQL identifier"),
    ("connector_name" = String, Path, description = "The connector's name"),
    ("action" = String, Path, description = "`start` or `pause`")), responses(
    (status = 200, description = "It was done."),
    (status = 400, description = "The action is none, or the pipeline does not run.", body = ErrorResponse),
    (status = 404, description = "There is no such pipeline, table or connector.", body = ErrorResponse),
))]
async fn post_pipeline_input_connector_action(
    State(state): State<AppState>,
    Tenant(tenant): Tenant,
    PathParams((name, table, connector, action)): PathParams<(String, String, String, String)>,
) -> Result<StatusCode, ApiError> {
    let paused = match action.as_str() {
        "start" => false,
        "pause" => true,
        _ => return Err(ApiError::InvalidConnectorAction { action }),
    };
    let (_, controller) = running(&state, tenant, name).await?;
    let program = controller.program();
    // A table that is none is named as it was sent.
    let canonical = program.find_table(&table).map_or(table, |t| program.relations[program.views + t].name.clone());
    let endpoint_name = format!("{canonical}.{connector}");
    match controller.find_input(&endpoint_name).filter(|endpoint| !endpoint.by_requests) {
        Some(endpoint) => {
            endpoint.set_paused(paused);
            Ok(StatusCode::OK)
        }
        None => Err(ApiError::UnknownInputEndpoint { endpoint_name }),
    }
}
