//! What can go wrong in the catalog, with the API's stable codes.

use crate::{DeploymentDesired, DeploymentStatus};
use serde_json::{Value, json};
use uuid::Uuid;

/// An error of the catalog.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// No pipeline of that name in the tenant.
    #[error("Unknown pipeline name '{pipeline_name}'")]
    UnknownPipelineName {
        /// The name asked for.
        pipeline_name: String,
    },
    /// No pipeline of that identifier.
    #[error("Unknown pipeline id '{pipeline_id}'")]
    UnknownPipeline {
        /// The identifier asked for.
        pipeline_id: Uuid,
    },
    /// The name is taken.
    #[error("An entity with this name already exists")]
    DuplicateName,
    /// An empty name.
    #[error("Name cannot be empty, it must contain at least one character")]
    EmptyName,
    /// A name of more than [`crate::NAME_BYTES_MAX`] bytes.
    #[error("Name '{name}' is too long: it has {length} bytes, the maximum is {max_length}")]
    TooLongName {
        /// The name.
        name: String,
        /// Its bytes.
        length: usize,
        /// The limit.
        max_length: usize,
    },
    /// A name with other characters than letters, digits, `_` and `-`.
    #[error(
        "Name '{name}' contains characters which are not lowercase (a-z), uppercase (A-Z), numbers (0-9), underscores (_) or hyphens (-)"
    )]
    NameDoesNotMatchPattern {
        /// The name.
        name: String,
    },
    /// A runtime configuration that is none.
    #[error("Runtime configuration is invalid: {error}")]
    InvalidRuntimeConfig {
        /// What was sent.
        value: Value,
        /// What is wrong with it.
        error: String,
    },
    /// A program configuration that is none.
    #[error("Program configuration is invalid: {error}")]
    InvalidProgramConfig {
        /// What was sent.
        value: Value,
        /// What is wrong with it.
        error: String,
    },
    /// An edit of a pipeline that is not shut down.
    #[error(
        "Cannot update a pipeline which is not fully shutdown. Shut it down first by invoking the '/shutdown' endpoint"
    )]
    CannotUpdateNonShutdownPipeline,
    /// A deletion of a pipeline that is not shut down.
    #[error(
        "Cannot delete a pipeline which is not fully shutdown. Shut it down first by invoking the '/shutdown' endpoint"
    )]
    CannotDeleteNonShutdownPipeline,
    /// PUT of a new pipeline under another name than its path's.
    #[error("Cannot rename a pipeline that does not exist: the name in the request body must be that of the path")]
    CannotRenameNonExistingPipeline,
    /// `/start` or `/pause` when that is not possible.
    #[error(
        "Deployment status (current: '{status}', desired: '{desired_status}') cannot have desired changed to '{requested_desired_status}'. {hint}"
    )]
    IllegalPipelineStateTransition {
        /// What to do about it.
        hint: String,
        /// The status.
        status: DeploymentStatus,
        /// The status wished for so far.
        desired_status: DeploymentDesired,
        /// The status now wished for.
        requested_desired_status: DeploymentDesired,
    },
    /// An update by the compiler or the runner that has been overtaken.
    #[error("The pipeline changed meanwhile: version {expected} is outdated, now it is {actual}")]
    OutdatedVersion {
        /// The version worked on.
        expected: i64,
        /// The version now.
        actual: i64,
    },
    /// No key of that name in the tenant.
    #[error("Unknown API key '{name}'")]
    UnknownApiKey {
        /// The name asked for.
        name: String,
    },
    /// A key that would allow nothing.
    #[error("An API key must have at least one scope")]
    NoScopes,
    /// No such tenant, or it was deleted meanwhile.
    #[error("Unknown tenant '{tenant}'")]
    UnknownTenant {
        /// Its name or identifier.
        tenant: String,
    },
    /// A deletion of a tenant that still has pipelines.
    #[error("The tenant has {pipelines} pipelines: delete them first, or with it")]
    TenantHasPipelines {
        /// How many.
        pipelines: usize,
    },
    /// A deletion of the tenant that a server without authentication serves.
    #[error("The default tenant cannot be deleted")]
    CannotDeleteDefaultTenant,
    /// More than one tenant, or one server, may have.
    #[error("There are {max} {what} already, which is the most there may be")]
    LimitReached {
        /// Of what.
        what: &'static str,
        /// How many there may be.
        max: usize,
    },
    /// Another process has the catalog open.
    #[error("The catalog is in use by another process")]
    InUse,
    /// The database failed.
    #[error("The catalog's database failed: {0}")]
    Database(#[from] redb::Error),
    /// A stored record cannot be read.
    #[error("A record in the catalog cannot be read: {0}")]
    Corrupt(#[from] serde_json::Error),
    /// The database was written by a newer Weir.
    #[error("The catalog was written by a newer version of Weir (schema {found}, this one knows {known})")]
    NewerSchema {
        /// The schema found.
        found: u64,
        /// The newest one known here.
        known: u64,
    },
}

impl CatalogError {
    /// The API's stable code.
    pub fn error_code(&self) -> &'static str {
        match self {
            CatalogError::UnknownPipelineName { .. } => "UnknownPipelineName",
            CatalogError::UnknownPipeline { .. } => "UnknownPipeline",
            CatalogError::DuplicateName => "DuplicateName",
            CatalogError::EmptyName => "EmptyName",
            CatalogError::TooLongName { .. } => "TooLongName",
            CatalogError::NameDoesNotMatchPattern { .. } => "NameDoesNotMatchPattern",
            CatalogError::InvalidRuntimeConfig { .. } => "InvalidRuntimeConfig",
            CatalogError::InvalidProgramConfig { .. } => "InvalidProgramConfig",
            CatalogError::CannotUpdateNonShutdownPipeline => "CannotUpdateNonShutdownPipeline",
            CatalogError::CannotDeleteNonShutdownPipeline => "CannotDeleteNonShutdownPipeline",
            CatalogError::CannotRenameNonExistingPipeline => "CannotRenameNonExistingPipeline",
            CatalogError::IllegalPipelineStateTransition { .. } => "IllegalPipelineStateTransition",
            CatalogError::OutdatedVersion { .. } => "OutdatedPipelineVersion",
            CatalogError::UnknownApiKey { .. } => "UnknownApiKey",
            CatalogError::NoScopes => "NoScopes",
            CatalogError::UnknownTenant { .. } => "UnknownTenant",
            CatalogError::TenantHasPipelines { .. } => "TenantHasPipelines",
            CatalogError::CannotDeleteDefaultTenant => "CannotDeleteDefaultTenant",
            CatalogError::LimitReached { .. } => "LimitReached",
            CatalogError::InUse => "CatalogInUse",
            CatalogError::Database(_) | CatalogError::NewerSchema { .. } => "DatabaseError",
            CatalogError::Corrupt(_) => "InvalidJsonData",
        }
    }

    /// The HTTP status that the API answers with.
    pub fn http_status(&self) -> u16 {
        match self {
            CatalogError::UnknownTenant { .. } => 401,
            CatalogError::UnknownPipelineName { .. }
            | CatalogError::UnknownPipeline { .. }
            | CatalogError::UnknownApiKey { .. } => 404,
            CatalogError::DuplicateName | CatalogError::OutdatedVersion { .. } => 409,
            CatalogError::InUse
            | CatalogError::Database(_)
            | CatalogError::Corrupt(_)
            | CatalogError::NewerSchema { .. } => 500,
            _ => 400,
        }
    }

    /// The API's `details`: the error's fields; `null` if it has none.
    pub fn details(&self) -> Value {
        match self {
            CatalogError::UnknownPipelineName { pipeline_name } => json!({ "pipeline_name": pipeline_name }),
            CatalogError::UnknownPipeline { pipeline_id } => json!({ "pipeline_id": pipeline_id }),
            CatalogError::UnknownApiKey { name } => json!({ "name": name }),
            CatalogError::UnknownTenant { tenant } => json!({ "tenant": tenant }),
            CatalogError::TenantHasPipelines { pipelines } => json!({ "pipelines": pipelines }),
            CatalogError::LimitReached { what, max } => json!({ "what": what, "max": max }),
            CatalogError::TooLongName { name, length, max_length } => {
                json!({ "name": name, "length": length, "max_length": max_length })
            }
            CatalogError::NameDoesNotMatchPattern { name } => json!({ "name": name }),
            CatalogError::InvalidRuntimeConfig { value, error }
            | CatalogError::InvalidProgramConfig { value, error } => {
                json!({ "value": value, "error": { "DeserializationFailed": error } })
            }
            CatalogError::IllegalPipelineStateTransition { hint, status, desired_status, requested_desired_status } => {
                json!({
                    "hint": hint, "status": status, "desired_status": desired_status,
                    "requested_desired_status": requested_desired_status,
                })
            }
            CatalogError::OutdatedVersion { expected, actual } => {
                json!({ "outdated_version": expected, "latest_version": actual })
            }
            CatalogError::Database(e) => json!({ "error": e.to_string() }),
            CatalogError::Corrupt(e) => json!({ "error": e.to_string() }),
            _ => Value::Null,
        }
    }
}

macro_rules! from_redb {
    ($($error:ident)*) => { $(
        impl From<redb::$error> for CatalogError {
            fn from(e: redb::$error) -> Self {
                match e.into() {
                    redb::Error::DatabaseAlreadyOpen => CatalogError::InUse,
                    e => CatalogError::Database(e),
                }
            }
        }
    )* };
}

from_redb! { DatabaseError TransactionError TableError StorageError CommitError }
