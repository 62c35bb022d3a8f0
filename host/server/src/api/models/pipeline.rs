//! The API's models of a pipeline.

use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use weir_catalog::{
    DeploymentDesired, DeploymentError, DeploymentStatus, NewPipeline, PartialProgramInfo, Patch, Pipeline,
    ProgramConfig, ProgramStatus, RuntimeConfig,
};

/// Which fields of a pipeline an answer has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PipelineFieldSelector {
    /// All of them.
    #[default]
    All,
    /// Those that say how it is, without program and configuration.
    Status,
}

/// Query parameters of the calls that return pipelines.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SelectorQuery {
    /// Which fields to return.
    #[serde(default)]
    #[param(inline, required = false)]
    pub(crate) selector: PipelineFieldSelector,
}

/// Times are written as clients of this generation read them: UTC, microseconds, `Z`.
fn timestamp<S: Serializer>(time: &chrono::DateTime<chrono::Utc>, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&time.to_rfc3339_opts(chrono::SecondsFormat::Micros, true))
}

/// A pipeline.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PipelineInfo {
    /// Identifier, in order of creation.
    pub id: Uuid,
    /// Name, unique among the owner's pipelines.
    pub name: String,
    /// What its owner says of it.
    pub description: String,
    /// When it was created.
    #[serde(serialize_with = "timestamp")]
    pub created_at: chrono::DateTime<chrono::Utc>,
    /// Counts edits, from 1.
    pub version: i64,
    /// The version of Weir that last touched it.
    pub platform_version: String,
    /// How it runs.
    pub runtime_config: RuntimeConfig,
    /// The SQL program.
    pub program_code: String,
    /// Rust functions that the program uses.
    pub udf_rust: String,
    /// What they depend on.
    pub udf_toml: String,
    /// How it is compiled.
    pub program_config: ProgramConfig,
    /// Counts edits of the program, from 1.
    pub program_version: i64,
    /// Where its compilation stands.
    pub program_status: ProgramStatus,
    /// Since when.
    #[serde(serialize_with = "timestamp")]
    pub program_status_since: chrono::DateTime<chrono::Utc>,
    /// What the compiler found out.
    pub program_info: Option<PartialProgramInfo>,
    /// Where its deployment stands.
    pub deployment_status: DeploymentStatus,
    /// Since when.
    #[serde(serialize_with = "timestamp")]
    pub deployment_status_since: chrono::DateTime<chrono::Utc>,
    /// What its owner wishes.
    pub deployment_desired_status: DeploymentDesired,
    /// Why it failed, if it did.
    pub deployment_error: Option<DeploymentError>,
}

impl From<Pipeline> for PipelineInfo {
    fn from(p: Pipeline) -> PipelineInfo {
        PipelineInfo {
            id: p.id,
            name: p.name,
            description: p.description,
            created_at: p.created_at,
            version: p.version,
            platform_version: p.platform_version,
            runtime_config: p.runtime_config,
            program_code: p.program_code,
            udf_rust: p.udf_rust,
            udf_toml: p.udf_toml,
            program_config: p.program_config,
            program_version: p.program_version,
            program_status: p.program_status,
            program_status_since: p.program_status_since,
            program_info: p.program_info,
            deployment_status: p.deployment_status,
            deployment_status_since: p.deployment_status_since,
            deployment_desired_status: p.deployment_desired_status,
            deployment_error: p.deployment_error,
        }
    }
}

/// A pipeline, or those of its fields that say how it is.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PipelineSelectedInfo {
    /// Identifier, in order of creation.
    pub id: Uuid,
    /// Name, unique among the owner's pipelines.
    pub name: String,
    /// What its owner says of it.
    pub description: String,
    /// When it was created.
    #[serde(serialize_with = "timestamp")]
    pub created_at: chrono::DateTime<chrono::Utc>,
    /// Counts edits, from 1.
    pub version: i64,
    /// The version of Weir that last touched it.
    pub platform_version: String,
    /// How it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime_config: Option<RuntimeConfig>,
    /// The SQL program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub program_code: Option<String>,
    /// Rust functions that the program uses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub udf_rust: Option<String>,
    /// What they depend on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub udf_toml: Option<String>,
    /// How it is compiled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub program_config: Option<ProgramConfig>,
    /// Counts edits of the program, from 1.
    pub program_version: i64,
    /// Where its compilation stands.
    pub program_status: ProgramStatus,
    /// Since when.
    #[serde(serialize_with = "timestamp")]
    pub program_status_since: chrono::DateTime<chrono::Utc>,
    /// What the compiler found out; null until it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program_info: Option<Option<PartialProgramInfo>>,
    /// Where its deployment stands.
    pub deployment_status: DeploymentStatus,
    /// Since when.
    #[serde(serialize_with = "timestamp")]
    pub deployment_status_since: chrono::DateTime<chrono::Utc>,
    /// What its owner wishes.
    pub deployment_desired_status: DeploymentDesired,
    /// Why it failed, if it did.
    pub deployment_error: Option<DeploymentError>,
}

impl PipelineSelectedInfo {
    pub(crate) fn new(p: Pipeline, selector: PipelineFieldSelector) -> PipelineSelectedInfo {
        let all = selector == PipelineFieldSelector::All;
        PipelineSelectedInfo {
            id: p.id,
            name: p.name,
            description: p.description,
            created_at: p.created_at,
            version: p.version,
            platform_version: p.platform_version,
            runtime_config: all.then_some(p.runtime_config),
            program_code: all.then_some(p.program_code),
            udf_rust: all.then_some(p.udf_rust),
            udf_toml: all.then_some(p.udf_toml),
            program_config: all.then_some(p.program_config),
            program_version: p.program_version,
            program_status: p.program_status,
            program_status_since: p.program_status_since,
            program_info: all.then_some(p.program_info),
            deployment_status: p.deployment_status,
            deployment_status_since: p.deployment_status_since,
            deployment_desired_status: p.deployment_desired_status,
            deployment_error: p.deployment_error,
        }
    }
}

/// What makes a pipeline, or replaces one; what is left out has its default.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PostPutPipeline {
    /// Name: 1 to 100 of `a-z A-Z 0-9 _ -`.
    pub name: String,
    /// What its owner says of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// How it runs.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    #[schema(value_type = Option<RuntimeConfig>)]
    pub runtime_config: Value,
    /// The SQL program.
    pub program_code: String,
    /// Rust functions that the program uses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub udf_rust: Option<String>,
    /// What they depend on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub udf_toml: Option<String>,
    /// How it is compiled.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    #[schema(value_type = Option<ProgramConfig>)]
    pub program_config: Value,
}

impl From<PostPutPipeline> for NewPipeline {
    fn from(body: PostPutPipeline) -> NewPipeline {
        NewPipeline {
            name: body.name,
            description: body.description.unwrap_or_default(),
            runtime_config: body.runtime_config,
            program_code: body.program_code,
            udf_rust: body.udf_rust.unwrap_or_default(),
            udf_toml: body.udf_toml.unwrap_or_default(),
            program_config: body.program_config,
        }
    }
}

/// What changes a pipeline; what is absent or null stays.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct PatchPipeline {
    /// A new name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A new description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Another way to run, replacing the whole configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<RuntimeConfig>)]
    pub runtime_config: Option<Value>,
    /// A new SQL program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub program_code: Option<String>,
    /// New Rust functions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub udf_rust: Option<String>,
    /// What they depend on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub udf_toml: Option<String>,
    /// Another way to compile, replacing the whole configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ProgramConfig>)]
    pub program_config: Option<Value>,
}

impl From<PatchPipeline> for Patch {
    fn from(body: PatchPipeline) -> Patch {
        Patch {
            name: body.name,
            description: body.description,
            runtime_config: body.runtime_config,
            program_code: body.program_code,
            udf_rust: body.udf_rust,
            udf_toml: body.udf_toml,
            program_config: body.program_config,
        }
    }
}
