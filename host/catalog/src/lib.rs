//! The control plane's memory: tenants, their pipelines and their keys, on redb. Every change is one transaction; what it returns is
//! what was stored. Rules that need only the record itself (names, versions, when an edit is allowed) live here; what a
//! status leads to is the server's.

mod config;
mod error;
mod keys;
mod name;
mod pipeline;
mod pipelines;
mod program;
mod schema;
mod status;
mod store;
mod tenants;
#[cfg(test)]
mod tests;

pub use config::{FaultTolerance, ProgramConfig, ProgramProfile, Resources, RuntimeConfig};
pub use error::CatalogError;
pub use keys::{API_KEYS_PER_TENANT_MAX, ApiKey, ApiPermission, KeyHash, NewApiKey};
pub use name::{NAME_BYTES_MAX, check_name};
pub use pipeline::{NewPipeline, Patch, Pipeline};
pub use pipelines::PIPELINES_PER_TENANT_MAX;
pub use program::{ColumnType, Field, PartialProgramInfo, ProgramSchema, PropertyValue, Relation, SourcePosition};
pub use status::{
    DeploymentDesired, DeploymentError, DeploymentStatus, ProgramMessage, ProgramStatus, check_desired_transition,
};
pub use store::{Catalog, Change, TenantId};
pub use tenants::{CLAIMED_NAME_BYTES_MAX, DEFAULT_TENANT, DEFAULT_TENANT_NAME, TENANTS_MAX, Tenant, TenantSummary};
