//! Where a program and its deployment stand.

use crate::CatalogError;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;
use utoipa::ToSchema;

/// One error or warning of a SQL program; lines and columns from 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = SqlCompilerMessage)]
pub struct ProgramMessage {
    /// First line.
    pub start_line_number: usize,
    /// First column.
    pub start_column: usize,
    /// Last line.
    pub end_line_number: usize,
    /// Last column.
    pub end_column: usize,
    /// Whether it is but a warning.
    pub warning: bool,
    /// Its kind, for people.
    pub error_type: String,
    /// What is wrong.
    pub message: String,
    /// The source lines concerned.
    pub snippet: Option<String>,
}

/// Where the compilation of a program stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum ProgramStatus {
    /// Waiting for the SQL compiler.
    Pending,
    /// In the SQL compiler.
    CompilingSql,
    /// Waiting for the Rust compiler.
    SqlCompiled,
    /// In the Rust compiler.
    CompilingRust,
    /// Ready to run.
    Success,
    /// The SQL is wrong.
    SqlError(Vec<ProgramMessage>),
    /// The Rust is wrong.
    RustError(String),
    /// The compiler failed.
    SystemError(String),
}

/// What a pipeline's owner wishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = PipelineDesiredStatus)]
pub enum DeploymentDesired {
    /// Not to run.
    Shutdown,
    /// To be ready, taking in nothing.
    Paused,
    /// To run.
    Running,
}

/// Where a pipeline's deployment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = PipelineStatus)]
pub enum DeploymentStatus {
    /// Not running.
    Shutdown,
    /// Its program is being loaded.
    Provisioning,
    /// Its workers are being opened.
    Initializing,
    /// Ready; takes in nothing.
    Paused,
    /// Running.
    Running,
    /// Does not answer.
    Unavailable,
    /// Ended by an error; shut it down to clear it.
    Failed,
    /// Being shut down.
    ShuttingDown,
}

impl fmt::Display for DeploymentDesired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl fmt::Display for DeploymentStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// Why a pipeline failed; also the form of every typed error of the API.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ErrorResponse)]
pub struct DeploymentError {
    /// For people.
    pub message: String,
    /// For programs.
    pub error_code: String,
    /// More about it.
    pub details: Value,
}

/// Whether the owner's wish may change from `current` to `requested` at this status.
///
/// # Errors
/// `IllegalPipelineStateTransition`, with a hint.
pub fn check_desired_transition(
    status: DeploymentStatus,
    current: DeploymentDesired,
    requested: DeploymentDesired,
) -> Result<(), CatalogError> {
    let refuse = |hint: &str| {
        Err(CatalogError::IllegalPipelineStateTransition {
            hint: hint.into(),
            status,
            desired_status: current,
            requested_desired_status: requested,
        })
    };
    if requested == DeploymentDesired::Shutdown {
        return Ok(());
    }
    if current == DeploymentDesired::Shutdown && status != DeploymentStatus::Shutdown {
        return refuse(
            "Cannot restart the pipeline while it is shutting down. Wait for the shutdown to complete before starting the pipeline again.",
        );
    }
    if status == DeploymentStatus::Failed && current != DeploymentDesired::Shutdown {
        return refuse(
            "Cannot restart a pipeline which is failed. Clear the failed error state first by invoking the '/shutdown' endpoint.",
        );
    }
    Ok(())
}
