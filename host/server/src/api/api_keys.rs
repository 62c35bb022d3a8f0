//! Making, listing and deleting API keys.

use super::auth::Tenant;
use super::extract::{JsonBody, PathParams};
use super::pipelines::NO_CACHE;
use super::{ApiError, AppState, ErrorResponse};
use crate::auth::key;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use weir_catalog::{ApiKey, ApiPermission, NewApiKey};

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_api_keys, post_api_key)).routes(routes!(get_api_key, delete_api_key))
}

/// A key, without its secret.
#[derive(Debug, Serialize, ToSchema)]
struct ApiKeyDescr {
    /// Identifier.
    id: Uuid,
    /// Name, unique within the tenant.
    name: String,
    /// What its bearer may do.
    scopes: Vec<ApiPermission>,
}

impl From<ApiKey> for ApiKeyDescr {
    fn from(key: ApiKey) -> ApiKeyDescr {
        ApiKeyDescr { id: key.id, name: key.name, scopes: key.scopes }
    }
}

/// A key to be made.
#[derive(Debug, Deserialize, ToSchema)]
struct NewApiKeyRequest {
    /// Name: 1 to 100 letters, digits, `_` and `-`.
    #[schema(example = "my-api-key")]
    name: String,
    /// What its bearer may do; everything if absent.
    #[schema(required = false)]
    scopes: Option<Vec<ApiPermission>>,
}

/// A new key.
#[derive(Debug, Serialize, ToSchema)]
struct NewApiKeyResponse {
    /// Identifier.
    id: Uuid,
    /// Name.
    name: String,
    /// The key. It is shown this once and not kept.
    api_key: String,
}

/// Lists all keys, without their secrets.
#[utoipa::path(get, path = "/api_keys", tag = "API keys", responses(
    (status = 200, description = "The keys.", body = Vec<ApiKeyDescr>),
    (status = 500, description = "The catalog failed.", body = ErrorResponse),
))]
async fn list_api_keys(State(state): State<AppState>, Tenant(tenant): Tenant) -> Result<Response, ApiError> {
    let keys = state.manager.with_catalog(move |c| c.list_api_keys(tenant)).await?;
    let keys: Vec<_> = keys.into_iter().map(ApiKeyDescr::from).collect();
    Ok((NO_CACHE, Json(keys)).into_response())
}

/// Makes a key. A key with the scope `Read` alone may only ask: requests that change something are answered 403.
#[utoipa::path(post, path = "/api_keys", tag = "API keys", request_body = NewApiKeyRequest, responses(
    (status = 201, description = "The key was made.", body = NewApiKeyResponse),
    (status = 400, description = "The name is invalid, or the tenant has too many keys.", body = ErrorResponse),
    (status = 409, description = "There is a key of that name.", body = ErrorResponse),
))]
async fn post_api_key(
    State(state): State<AppState>,
    Tenant(tenant): Tenant,
    JsonBody(body): JsonBody<NewApiKeyRequest>,
) -> Result<Response, ApiError> {
    let api_key = key::generate().map_err(|e| ApiError::Randomness(e.to_string()))?;
    let scopes = body.scopes.unwrap_or_else(|| vec![ApiPermission::Read, ApiPermission::Write]);
    let new = NewApiKey { name: body.name, scopes, hash: key::hash(&api_key) };
    let made = state.manager.with_catalog(move |c| c.create_api_key(tenant, new)).await?;
    let answer = NewApiKeyResponse { id: made.id, name: made.name, api_key };
    Ok((StatusCode::CREATED, NO_CACHE, Json(answer)).into_response())
}

/// Returns a key, without its secret, in an array of one.
#[utoipa::path(get, path = "/api_keys/{api_key_name}", tag = "API keys",
    params(("api_key_name" = String, Path, description = "The key's name")), responses(
    (status = 200, description = "The key.", body = Vec<ApiKeyDescr>),
    (status = 404, description = "There is no such key.", body = ErrorResponse),
))]
async fn get_api_key(
    State(state): State<AppState>,
    Tenant(tenant): Tenant,
    PathParams(name): PathParams<String>,
) -> Result<Response, ApiError> {
    let key = state.manager.with_catalog(move |c| c.get_api_key(tenant, &name)).await?;
    // Clients of this generation expect an array.
    Ok((NO_CACHE, Json([ApiKeyDescr::from(key)])).into_response())
}

/// Deletes a key: requests that come with it are refused from now on.
#[utoipa::path(delete, path = "/api_keys/{api_key_name}", tag = "API keys",
    params(("api_key_name" = String, Path, description = "The key's name")), responses(
    (status = 200, description = "The key is gone."),
    (status = 404, description = "There is no such key.", body = ErrorResponse),
))]
async fn delete_api_key(
    State(state): State<AppState>,
    Tenant(tenant): Tenant,
    PathParams(name): PathParams<String>,
) -> Result<StatusCode, ApiError> {
    state.manager.with_catalog(move |c| c.delete_api_key(tenant, &name)).await?;
    Ok(StatusCode::OK)
}
