//! The control plane's memory: tenants and their pipelines, on redb. Every change is one transaction; what it returns is
//! what was stored. Rules that need only the record itself (names, versions, when an edit is allowed) live here; what a
//! status leads to is the server's.

mod config;
mod error;
mod name;
mod pipeline;
mod status;
mod store;

pub use config::{ProgramConfig, ProgramProfile, Resources, RuntimeConfig};
pub use error::CatalogError;
pub use name::{NAME_BYTES_MAX, check_name};
pub use pipeline::{NewPipeline, Patch, Pipeline};
pub use status::{
    DeploymentDesired, DeploymentError, DeploymentStatus, ProgramMessage, ProgramStatus, check_desired_transition,
};
pub use store::{Catalog, DEFAULT_TENANT, TenantId};
