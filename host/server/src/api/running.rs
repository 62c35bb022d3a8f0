//! What requests to a running pipeline begin with, and what its refusals are to a client.

use super::{ApiError, AppState};
use crate::controller::{Controller, ControllerError};
use std::sync::Arc;
use std::time::Duration;
use weir_catalog::{DeploymentStatus, Pipeline, TenantId};

/// How long a request waits for a paused pipeline.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// The running pipeline of that name, and its record.
pub(super) async fn running(
    state: &AppState,
    tenant: TenantId,
    name: String,
) -> Result<(Pipeline, Arc<Controller>), ApiError> {
    let pipeline = state.manager.with_catalog(move |c| c.get(tenant, &name)).await?;
    let status = pipeline.deployment_status;
    let controller = matches!(status, DeploymentStatus::Running | DeploymentStatus::Paused)
        .then(|| state.manager.slot(tenant, pipeline.id).controller())
        .flatten();
    controller.map(|c| (pipeline, c)).ok_or(ApiError::PipelineNotRunningOrPaused { status })
}

/// What a controller's refusal is to a client.
pub(super) fn refused(e: ControllerError) -> ApiError {
    match e {
        ControllerError::Ended => ApiError::Terminating,
        ControllerError::TooManyListeners
        | ControllerError::TooManyQueries
        | ControllerError::TooManyRequests
        | ControllerError::TooManyEndpoints => ApiError::ApiConnectionLimit { message: e.to_string() },
        ControllerError::Paused => {
            ApiError::PipelineEndpointSendError { seconds: PATIENCE.as_secs(), error: e.to_string() }
        }
        ControllerError::NotDurable => ApiError::NotSupported { error: e.to_string() },
        ControllerError::Busy => ApiError::PipelineUnreachable { error: e.to_string() },
    }
}
