//! The driver of a pipeline's deployment.

use super::{Manager, Slot, compile, storage};
use crate::automata::deployment::{Action, allows, done, next};
use crate::automata::program::stage;
use crate::controller::{Controller, Phase, RunningProgram};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use weir_catalog::{CatalogError, DeploymentError, DeploymentStatus, Pipeline, ProgramStatus};
use weir_runtime::{Failure, Limits, LogLine, Opening, PipelineOptions, Program};

/// Wait before the catalog is tried again after it failed.
const RETRY: Duration = Duration::from_secs(1);
/// Time that workers have to open.
const INITIALIZING_TIMEOUT: Duration = Duration::from_secs(60);
/// Time of one step. A step takes in a bounded number of rows, so one that takes longer does not end.
const CALL_TIME_MAX: Duration = Duration::from_secs(300);
/// Memory of a pipeline that names no limit, in megabytes.
const MEMORY_MB_DEFAULT: u64 = 4096;

/// A program that is loaded, between Provisioning and Initializing.
struct Loaded {
    program: Program,
    running: RunningProgram,
}

/// Brings a pipeline to where its owner wishes it, until the slot is closed.
pub(super) async fn drive(manager: Arc<Manager>, slot: Arc<Slot>) {
    let mut loaded = None;
    loop {
        slot.deploy_woken().await;
        while !slot.is_closed() {
            match cycle(&manager, &slot, &mut loaded).await {
                Ok(true) => {}
                Ok(false) | Err(CatalogError::UnknownPipeline { .. }) => break,
                Err(e) => {
                    tracing::error!(pipeline = %slot.id, error = %e, "the catalog failed");
                    tokio::time::sleep(RETRY).await;
                }
            }
        }
        if slot.is_closed() {
            return;
        }
    }
}

/// One action of the automaton; returns whether there may be more to do.
async fn cycle(manager: &Arc<Manager>, slot: &Arc<Slot>, loaded: &mut Option<Loaded>) -> Result<bool, CatalogError> {
    let (tenant, id) = (slot.tenant, slot.id);
    let pipeline = manager.with_catalog(move |c| c.get_by_id(tenant, id)).await?;
    let from = pipeline.deployment_status;
    let action = next(from, pipeline.deployment_desired_status, stage(&pipeline.program_status));
    let result = match action {
        // A failure while the pipeline runs is what the controller's watcher stores.
        Action::Wait => return Ok(false),
        Action::Become(_) => Ok(()),
        Action::FailCompilation => Err(compilation_error(&pipeline.program_status)),
        Action::Provision => provision(manager, slot, &pipeline).await.map(|l| *loaded = Some(l)),
        Action::Initialize => initialize(manager, slot, &pipeline, loaded.take()).await,
        Action::Start => act(slot, |c| c.resume()),
        Action::Pause => act(slot, |c| c.pause()),
        Action::Stop => {
            *loaded = None;
            if let Some(controller) = slot.take_controller() {
                controller.end().await;
            }
            slot.logs.close();
            remove_storage(manager, slot).await
        }
    };
    match result {
        Ok(()) => match done(action) {
            Some(to) => store(manager, slot, from, to, None).await,
            None => Ok(false),
        },
        Err(error) => {
            slot.logs.fail(&format!("FAILED: {}", error.message));
            store(manager, slot, from, DeploymentStatus::Failed, Some(error)).await
        }
    }
}

/// Removes what the pipeline kept on disk.
async fn remove_storage(manager: &Manager, slot: &Slot) -> Result<(), DeploymentError> {
    let (data, id) = (Arc::clone(&manager.data), slot.id);
    let removed = tokio::task::spawn_blocking(move || storage::remove(&data, id)).await;
    if let Err(e) = removed.map_err(std::io::Error::other).flatten() {
        // The next start truncates it; a deletion of the pipeline would leave it behind.
        tracing::error!(pipeline = %slot.id, error = %e, "a pipeline's folder could not be removed");
    }
    Ok(())
}

fn act(slot: &Slot, f: impl FnOnce(&Controller)) -> Result<(), DeploymentError> {
    match slot.controller() {
        Some(controller) => {
            f(&controller);
            Ok(())
        }
        None => Err(error("PipelineDeploymentError", "the pipeline is gone".into())),
    }
}

/// Stores a status if the pipeline still stands at `from`; an error comes with Failed and goes with ShuttingDown.
async fn store(
    manager: &Arc<Manager>,
    slot: &Arc<Slot>,
    from: DeploymentStatus,
    to: DeploymentStatus,
    error: Option<DeploymentError>,
) -> Result<bool, CatalogError> {
    let (tenant, id) = (slot.tenant, slot.id);
    manager
        .with_catalog(move |c| {
            c.update(tenant, id, |p| {
                if p.deployment_status != from || !allows(from, to) {
                    return false;
                }
                p.set_deployment_status(to);
                match to {
                    DeploymentStatus::Failed => p.deployment_error = error,
                    DeploymentStatus::ShuttingDown => p.deployment_error = None,
                    _ => {}
                }
                true
            })
        })
        .await?;
    // A log begins with a deployment and ends with it.
    if !matches!(to, DeploymentStatus::Shutdown | DeploymentStatus::ShuttingDown) {
        slot.logs.push(&format!("INFO deployment status: {to}"));
    }
    Ok(true)
}

fn error(code: &str, message: String) -> DeploymentError {
    DeploymentError { details: json!({ "error": message }), message, error_code: code.into() }
}

fn compilation_error(status: &ProgramStatus) -> DeploymentError {
    let compiler_error = match status {
        ProgramStatus::SqlError(messages) => {
            messages.iter().filter(|m| !m.warning).map(|m| m.message.clone()).collect::<Vec<_>>().join("\n")
        }
        ProgramStatus::RustError(text) | ProgramStatus::SystemError(text) => text.clone(),
        other => format!("{other:?}"),
    };
    DeploymentError {
        message: format!("Deployment failed because the program did not compile: {compiler_error}"),
        error_code: "StartFailedDueToFailedCompilation".into(),
        details: json!({ "compiler_error": compiler_error }),
    }
}

/// Loads the compiled program.
async fn provision(manager: &Arc<Manager>, slot: &Slot, pipeline: &Pipeline) -> Result<Loaded, DeploymentError> {
    slot.logs.open();
    let (artifact, compiled) =
        compile::artifact(manager, pipeline).await.map_err(|e| error("PipelineStartupError", e))?;
    let artifact_bytes = artifact.native_bytes;
    let engine = manager.engine.clone();
    let program =
        tokio::task::spawn_blocking(move || Program::load(&engine, &artifact.native, &artifact.native_sha256))
            .await
            .map_err(|e| error("PipelineStartupError", e.to_string()))?
            .map_err(|f| error("PipelineStartupError", f.to_string()))?;
    let (version, bytes) = (pipeline.program_version, artifact_bytes);
    slot.logs.push(&format!("INFO program version {version} is loaded: {bytes} bytes of native code"));
    Ok(Loaded { program, running: RunningProgram::new(&compiled.circuit) })
}

/// Opens the workers.
async fn initialize(
    manager: &Arc<Manager>,
    slot: &Arc<Slot>,
    pipeline: &Pipeline,
    loaded: Option<Loaded>,
) -> Result<(), DeploymentError> {
    let Some(Loaded { program, running }) = loaded else {
        return Err(error("PipelineStartupError", "the program was not loaded".into()));
    };
    let config = &pipeline.runtime_config;
    let memory_mb = config.resources.memory_mb_max.unwrap_or(MEMORY_MB_DEFAULT);
    let workers = config.workers;
    let logged = Arc::clone(slot);
    let options = PipelineOptions {
        workers: u32::from(workers),
        limits: Limits {
            memory_bytes_max: Some(memory_mb.saturating_mul(1 << 20)),
            call_time_max: Some(CALL_TIME_MAX),
            ..Limits::default()
        },
        log: Some(Arc::new(move |line: &LogLine| logged.logs.push(&crate::logs::line(line)))),
        times: config.cpu_profiler,
        ..PipelineOptions::default()
    };
    let mut options = options;
    if config.storage {
        let (data, id) = (Arc::clone(&manager.data), slot.id);
        let made = tokio::task::spawn_blocking(move || storage::create(&data, id)).await;
        let store = made.map_err(|e| e.to_string()).and_then(|made| made.map_err(|e| e.to_string()));
        let store = store.map_err(|e| error("PipelineStartupError", format!("its folder cannot be made: {e}")))?;
        options.store = Some(Arc::new(store));
    }
    let opening = Opening::new(&program, options);
    let handle = opening.handle();
    slot.set_opening(Some(handle.clone()));
    let mut opened = tokio::task::spawn_blocking(move || opening.open());
    let result = match tokio::time::timeout(INITIALIZING_TIMEOUT, &mut opened).await {
        Ok(result) => result,
        Err(_late) => {
            handle.kill();
            let timeout = json!({ "secs": INITIALIZING_TIMEOUT.as_secs(), "nanos": 0 });
            // The kill ends it within 100 ms.
            drop(opened.await);
            return Err(DeploymentError {
                message: format!("the pipeline did not become ready within {} s", INITIALIZING_TIMEOUT.as_secs()),
                error_code: "PipelineInitializingTimeout".into(),
                details: json!({ "timeout": timeout }),
            });
        }
    };
    slot.set_opening(None);
    let opened = result.map_err(|e| error("PipelineStartupError", e.to_string()))?.map_err(|f| failure_error(&f))?;
    slot.logs.push(&format!("INFO pipeline '{}' is ready with {workers} workers", pipeline.name));
    let controller = Controller::start(running, opened, config.storage);
    tokio::spawn(watch(Arc::clone(manager), Arc::clone(slot), Arc::clone(&controller)));
    slot.set_controller(controller);
    Ok(())
}

/// Stores the failure of a running pipeline.
async fn watch(manager: Arc<Manager>, slot: Arc<Slot>, controller: Arc<Controller>) {
    let mut phase = controller.phase();
    let ended = phase.wait_for(|p| matches!(p, Phase::Failed(_) | Phase::Ended)).await.map(|p| p.clone());
    let Ok(Phase::Failed(failure)) = ended else { return };
    let stored_error = failure_error(&failure);
    slot.logs.fail(&format!("FAILED: {}", stored_error.message));
    let (tenant, id) = (slot.tenant, slot.id);
    let stored = manager
        .with_catalog(move |c| {
            c.update(tenant, id, |p| {
                if !allows(p.deployment_status, DeploymentStatus::Failed)
                    || p.deployment_status == DeploymentStatus::Shutdown
                {
                    return false;
                }
                p.set_deployment_status(DeploymentStatus::Failed);
                p.deployment_error = Some(stored_error);
                true
            })
        })
        .await;
    if let Err(e) = stored {
        tracing::error!(pipeline = %id, error = %e, "a failure could not be stored");
    }
    slot.wake_deploy();
}

/// A failure as the API shows it.
fn failure_error(failure: &Failure) -> DeploymentError {
    let position = failure.position.map(|(line, column)| json!({ "line": line, "column": column }));
    DeploymentError {
        message: failure.to_string(),
        error_code: "RuntimeError.WorkerPanic".into(),
        details: json!({ "kind": format!("{:?}", failure.kind), "panic": failure.message, "position": position, "worker": failure.worker }),
    }
}
