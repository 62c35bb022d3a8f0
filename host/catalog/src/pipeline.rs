//! The record of a pipeline, and how edits change it.

use crate::{
    DeploymentDesired, DeploymentError, DeploymentStatus, PartialProgramInfo, ProgramConfig, ProgramStatus,
    RuntimeConfig, check_name, error::CatalogError,
};
use chrono::{DateTime, SubsecRound, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// A pipeline as stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pipeline {
    /// Identifier, a UUIDv7: identifiers are in order of creation.
    pub id: Uuid,
    /// Name, unique within the tenant.
    pub name: String,
    /// For people.
    pub description: String,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// Counts edits, from 1.
    pub version: i64,
    /// The Weir that last touched the program.
    pub platform_version: String,
    /// How it runs.
    pub runtime_config: RuntimeConfig,
    /// The SQL program.
    pub program_code: String,
    /// Rust functions.
    pub udf_rust: String,
    /// Their dependencies.
    pub udf_toml: String,
    /// How it is compiled.
    pub program_config: ProgramConfig,
    /// Counts edits of the program, from 1.
    pub program_version: i64,
    /// Where its compilation stands.
    pub program_status: ProgramStatus,
    /// Since when.
    pub program_status_since: DateTime<Utc>,
    /// What the SQL compiler found out: schema and connectors.
    pub program_info: Option<PartialProgramInfo>,
    /// Where its deployment stands.
    pub deployment_status: DeploymentStatus,
    /// Since when.
    pub deployment_status_since: DateTime<Utc>,
    /// What its owner wishes.
    pub deployment_desired_status: DeploymentDesired,
    /// Why it failed.
    pub deployment_error: Option<DeploymentError>,
}

/// What a client sends to make a pipeline.
#[derive(Clone, Debug, Default)]
pub struct NewPipeline {
    /// Name.
    pub name: String,
    /// Description.
    pub description: String,
    /// Runtime configuration, as sent.
    pub runtime_config: Value,
    /// SQL program.
    pub program_code: String,
    /// Rust functions.
    pub udf_rust: String,
    /// Their dependencies.
    pub udf_toml: String,
    /// Program configuration, as sent.
    pub program_config: Value,
}

/// What a client sends to change a pipeline; what is absent stays.
#[derive(Clone, Debug, Default)]
pub struct Patch {
    /// New name.
    pub name: Option<String>,
    /// New description.
    pub description: Option<String>,
    /// New runtime configuration, replaced whole.
    pub runtime_config: Option<Value>,
    /// New SQL program.
    pub program_code: Option<String>,
    /// New Rust functions.
    pub udf_rust: Option<String>,
    /// Their new dependencies.
    pub udf_toml: Option<String>,
    /// New program configuration, replaced whole.
    pub program_config: Option<Value>,
}

impl From<NewPipeline> for Patch {
    fn from(new: NewPipeline) -> Patch {
        Patch {
            name: Some(new.name),
            description: Some(new.description),
            runtime_config: Some(new.runtime_config),
            program_code: Some(new.program_code),
            udf_rust: Some(new.udf_rust),
            udf_toml: Some(new.udf_toml),
            program_config: Some(new.program_config),
        }
    }
}

/// Now, as precise as the API shows it: microseconds.
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}

impl Pipeline {
    /// A new pipeline, whose program is to be compiled.
    ///
    /// # Errors
    /// Name first, then runtime configuration, then program configuration.
    pub(crate) fn create(new: NewPipeline, platform_version: &str) -> Result<Pipeline, CatalogError> {
        check_name(&new.name)?;
        let runtime_config = RuntimeConfig::parse(new.runtime_config)?;
        let program_config = ProgramConfig::parse(new.program_config)?;
        let now = now();
        Ok(Pipeline {
            id: Uuid::now_v7(),
            name: new.name,
            description: new.description,
            created_at: now,
            version: 1,
            platform_version: platform_version.into(),
            runtime_config,
            program_code: new.program_code,
            udf_rust: new.udf_rust,
            udf_toml: new.udf_toml,
            program_config,
            program_version: 1,
            program_status: ProgramStatus::Pending,
            program_status_since: now,
            program_info: None,
            deployment_status: DeploymentStatus::Shutdown,
            deployment_status_since: now,
            deployment_desired_status: DeploymentDesired::Shutdown,
            deployment_error: None,
        })
    }

    /// Whether its owner may edit it: it is shut down and nobody wishes otherwise.
    pub fn is_shut_down(&self) -> bool {
        self.deployment_status == DeploymentStatus::Shutdown
            && self.deployment_desired_status == DeploymentDesired::Shutdown
    }

    /// Applies an edit: a difference raises `version`, one in the program also `program_version`, and it is compiled again.
    /// Name and configurations have been checked by [`Patch::check`].
    pub(crate) fn edit(&mut self, patch: CheckedPatch, platform_version: &str) {
        let before = self.clone();
        let Patch { name, description, program_code, udf_rust, udf_toml, .. } = patch.patch;
        self.name = name.unwrap_or_else(|| before.name.clone());
        self.description = description.unwrap_or_else(|| before.description.clone());
        self.runtime_config = patch.runtime_config.unwrap_or_else(|| before.runtime_config.clone());
        self.program_code = program_code.unwrap_or_else(|| before.program_code.clone());
        self.udf_rust = udf_rust.unwrap_or_else(|| before.udf_rust.clone());
        self.udf_toml = udf_toml.unwrap_or_else(|| before.udf_toml.clone());
        self.program_config = patch.program_config.unwrap_or_else(|| before.program_config.clone());
        self.platform_version = platform_version.into();
        if *self == before {
            return;
        }
        self.version += 1;
        let program_changed = self.program_code != before.program_code
            || self.udf_rust != before.udf_rust
            || self.udf_toml != before.udf_toml
            || self.program_config != before.program_config
            || self.platform_version != before.platform_version;
        if program_changed {
            self.forget_program();
        }
    }

    /// Has the program compiled anew by another version of the platform.
    pub fn recompile(&mut self, platform_version: &str) {
        self.platform_version = platform_version.into();
        self.version += 1;
        self.forget_program();
    }

    fn forget_program(&mut self) {
        self.program_version += 1;
        self.set_program_status(ProgramStatus::Pending);
        self.program_info = None;
    }

    /// Sets where the compilation stands, and since when.
    pub fn set_program_status(&mut self, status: ProgramStatus) {
        self.program_status = status;
        self.program_status_since = now();
    }

    /// Sets where the deployment stands, and since when.
    pub fn set_deployment_status(&mut self, status: DeploymentStatus) {
        self.deployment_status = status;
        self.deployment_status_since = now();
    }
}

/// An edit whose name and configurations are valid.
pub(crate) struct CheckedPatch {
    pub(crate) patch: Patch,
    runtime_config: Option<RuntimeConfig>,
    program_config: Option<ProgramConfig>,
}

impl Patch {
    /// Checks what can be checked without the record: name, runtime configuration, program configuration, in this order.
    pub(crate) fn check(mut self) -> Result<CheckedPatch, CatalogError> {
        if let Some(name) = &self.name {
            check_name(name)?;
        }
        let runtime_config = self.runtime_config.take().map(RuntimeConfig::parse).transpose()?;
        let program_config = self.program_config.take().map(ProgramConfig::parse).transpose()?;
        Ok(CheckedPatch { patch: self, runtime_config, program_config })
    }
}
