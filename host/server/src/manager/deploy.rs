//! The driver of a pipeline's deployment.

use super::compile::Startable;
use super::{Manager, Slot, compile, storage};
use crate::automata::deployment::{Action, Answer, Event, State, allows, on, timeout};
use crate::automata::program::stage;
use crate::controller::{Batching, Connectors, Controller, NotMade, Phase, RunningProgram, Settings};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use weir_catalog::{CatalogError, DeploymentError, DeploymentStatus, Pipeline, ProgramStatus};
use weir_runtime::{Failure, Limits, LogLine, Opening, PipelineOptions, Program};

/// Wait before the catalog is tried again after it failed.
const RETRY: Duration = Duration::from_secs(1);
/// Wait before a pipeline that could not be ended is ended again.
const STOP_RETRY: Duration = Duration::from_millis(500);
/// Time of one step. A step takes in a bounded number of rows, so one that takes longer does not end.
const CALL_TIME_MAX: Duration = Duration::from_secs(300);
/// Memory of a pipeline that names no limit, in megabytes.
const MEMORY_MB_DEFAULT: u64 = 4096;

/// A program that is loaded, between Provisioning and Initializing.
struct Loaded {
    program: Program,
    running: RunningProgram,
}

/// What came of an action, and why, if it went wrong.
type Outcome = Result<Event, (Event, DeploymentError)>;

/// Brings a pipeline to where its owner wishes it, until the slot is closed.
pub(super) async fn drive(manager: Arc<Manager>, slot: Arc<Slot>) {
    let mut loaded = None;
    loop {
        slot.deploy_woken().await;
        while !slot.is_closed() {
            match settle(&manager, &slot, &mut loaded).await {
                Ok(()) | Err(CatalogError::UnknownPipeline { .. }) => break,
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

/// Follows the automaton from a look at the pipeline until there is nothing to do.
async fn settle(manager: &Arc<Manager>, slot: &Arc<Slot>, loaded: &mut Option<Loaded>) -> Result<(), CatalogError> {
    let mut happened: Option<Outcome> = None;
    while !slot.is_closed() {
        let (pipeline, action) = note(manager, slot, happened.take()).await?;
        let Some(action) = action else { return Ok(()) };
        match act(manager, slot, &pipeline, action, loaded).await? {
            Some(outcome) => happened = Some(outcome),
            None => return Ok(()),
        }
    }
    Ok(())
}

/// Tells the automaton what happened (nothing: a look), stores where that leads, and returns what to do there. State and event
/// meet in one transaction, so that no wish is overlooked.
async fn note(
    manager: &Arc<Manager>,
    slot: &Arc<Slot>,
    happened: Option<Outcome>,
) -> Result<(Pipeline, Option<Action>), CatalogError> {
    let (tenant, id) = (slot.tenant, slot.id);
    let noted = manager.with_catalog(move |c| {
        let mut said = (None, None);
        let platform = c.platform_version().to_owned();
        let stored = c.update(tenant, id, |p| {
            let (event, mut why) = match happened {
                None => {
                    let current = p.platform_version == platform;
                    (Event::Look { program: stage(&p.program_status), current }, None)
                }
                Some(Ok(event)) => (event, None),
                Some(Err((event, error))) => (event, Some(error)),
            };
            let from = p.deployment_status;
            let (to, action) = on(State { status: from, desired: p.deployment_desired_status }, event);
            said.0 = action;
            if action == Some(Action::BlameCompilation) {
                why = Some(compilation_error(&p.program_status));
            }
            if action == Some(Action::Recompile) {
                p.recompile(&platform);
                return true;
            }
            if to == from {
                return false;
            }
            assert!(allows(from, to), "{from} does not lead to {to}");
            p.set_deployment_status(to);
            match to {
                DeploymentStatus::Failed => p.deployment_error = why,
                DeploymentStatus::ShuttingDown => p.deployment_error = None,
                _ => {}
            }
            said.1 = Some(to);
            true
        })?;
        let pipeline = match stored {
            Some(pipeline) => pipeline,
            None => c.get_by_id(tenant, id)?,
        };
        Ok((pipeline, said))
    });
    let (pipeline, (action, to)) = noted.await?;
    match to {
        Some(DeploymentStatus::Failed) => {
            let why = pipeline.deployment_error.as_ref().map_or("", |e| e.message.as_str());
            slot.logs.fail(&format!("FAILED: {why}"));
        }
        // A log begins with a deployment and ends with it.
        None | Some(DeploymentStatus::Shutdown | DeploymentStatus::ShuttingDown) => {}
        Some(to) => slot.logs.push(&format!("INFO deployment status: {to}")),
    }
    Ok((pipeline, action))
}

/// Does what the automaton says. Returns what came of it; `None`: nothing that it needs to know.
async fn act(
    manager: &Arc<Manager>,
    slot: &Arc<Slot>,
    pipeline: &Pipeline,
    action: Action,
    loaded: &mut Option<Loaded>,
) -> Result<Option<Outcome>, CatalogError> {
    let outcome = match action {
        Action::BlameCompilation => None,
        // The compiler's driver is woken by the change of the record.
        Action::Recompile => None,
        Action::Provision => Some(provision(manager, slot, pipeline).await.map(|l| {
            *loaded = Some(l);
            Event::Provisioned
        })),
        Action::Initialize => {
            let opened = initialize(manager, slot, pipeline, loaded.take()).await;
            Some(opened.map(|()| Event::Initialized(Answer::Paused)))
        }
        Action::Resume => command(slot, Controller::resume),
        Action::Pause => command(slot, Controller::pause),
        Action::Probe => match command(slot, |_| {}) {
            // It is as it was.
            Some(Ok(Event::Answered(answer))) if stands(pipeline.deployment_status, answer) => None,
            answered => answered,
        },
        Action::Stop | Action::StopAgain => {
            if action == Action::StopAgain {
                tokio::time::sleep(STOP_RETRY).await;
            }
            *loaded = None;
            if let Some(controller) = slot.take_controller() {
                controller.end().await;
            }
            slot.logs.close();
            Some(match remove_storage(manager, slot).await {
                Ok(()) => Ok(Event::Stopped),
                Err(e) => {
                    tracing::error!(pipeline = %slot.id, error = %e, "a pipeline's folder could not be removed");
                    Ok(Event::StopFailed)
                }
            })
        }
    };
    Ok(outcome)
}

fn stands(status: DeploymentStatus, answer: Answer) -> bool {
    status == if answer == Answer::Paused { DeploymentStatus::Paused } else { DeploymentStatus::Running }
}

/// Tells a running pipeline what to do; returns what it says of itself. It lives in this process, so it always answers.
fn command(slot: &Slot, tell: impl FnOnce(&Controller)) -> Option<Outcome> {
    let Some(controller) = slot.controller() else {
        let gone = error("PipelineDeploymentError", "the pipeline is gone".into());
        return Some(Err((Event::Failed, gone)));
    };
    tell(&controller);
    let phase = controller.phase().borrow().clone();
    Some(match phase {
        Phase::Paused => Ok(Event::Answered(Answer::Paused)),
        Phase::Running => Ok(Event::Answered(Answer::Running)),
        Phase::Failed(failure) => Err((Event::Failed, failure_error(&failure))),
        Phase::Ended => Err((Event::Failed, error("PipelineDeploymentError", "the pipeline has ended".into()))),
    })
}

/// Removes what the pipeline kept on disk.
async fn remove_storage(manager: &Manager, slot: &Slot) -> std::io::Result<()> {
    let (data, id) = (Arc::clone(&manager.data), slot.id);
    let removed = tokio::task::spawn_blocking(move || storage::remove(&data, id)).await;
    removed.map_err(std::io::Error::other).flatten()
}

/// The error of a timed state whose time is over.
fn late(status: DeploymentStatus) -> (Event, DeploymentError) {
    let allowed = timeout(status).unwrap_or_default();
    let (code, what) = match status {
        DeploymentStatus::Provisioning => ("PipelineProvisioningTimeout", "its program was not loaded"),
        _ => ("PipelineInitializingTimeout", "it did not become ready"),
    };
    let late = DeploymentError {
        message: format!("The pipeline was given up: {what} within {} s", allowed.as_secs()),
        error_code: code.into(),
        details: json!({ "timeout": { "secs": allowed.as_secs(), "nanos": 0 } }),
    };
    (Event::Late, late)
}

/// An error of something that was done.
fn failed(error: DeploymentError) -> (Event, DeploymentError) {
    (Event::Failed, error)
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
async fn provision(
    manager: &Arc<Manager>,
    slot: &Slot,
    pipeline: &Pipeline,
) -> Result<Loaded, (Event, DeploymentError)> {
    slot.logs.open();
    let allowed = timeout(DeploymentStatus::Provisioning).unwrap_or(Duration::MAX);
    match tokio::time::timeout(allowed, load(manager, slot, pipeline)).await {
        Ok(loaded) => loaded.map_err(failed),
        Err(_late) => Err(late(DeploymentStatus::Provisioning)),
    }
}

async fn load(manager: &Arc<Manager>, slot: &Slot, pipeline: &Pipeline) -> Result<Loaded, DeploymentError> {
    let startup = |e: String| error("PipelineStartupError", e);
    let startable = compile::artifact(manager, pipeline).await.map_err(startup)?;
    let mut running = RunningProgram::new(&startable.program.circuit);
    for view in &startable.program.views {
        view.indexes.iter().for_each(|index| running.add_index(&view.name, &index.name, &index.columns));
    }
    let (version, mut bytes) = (pipeline.program_version, startable.artifact.native_bytes);
    let key = startable.artifact.key.clone();
    let how = if startable.interpreted { "interpreted by an engine" } else { "loaded" };
    let program = match map(manager, startable).await {
        Ok(program) => program,
        // What is compiled again is whole again.
        Err(e) => {
            tracing::warn!(pipeline = %slot.id, error = %e, "a compiled program cannot be used and is compiled again");
            manager.compiler.forget(&key);
            let startable = compile::artifact(manager, pipeline).await.map_err(startup)?;
            bytes = startable.artifact.native_bytes;
            map(manager, startable).await.map_err(startup)?
        }
    };
    slot.logs.push(&format!("INFO program version {version} is {how}: {bytes} bytes of native code"));
    Ok(Loaded { program, running })
}

/// Maps compiled code; an engine gets its circuit.
async fn map(manager: &Arc<Manager>, startable: Startable) -> Result<Program, String> {
    let (compiler, engine) = (Arc::clone(&manager.compiler), manager.engine.clone());
    let mapped = tokio::task::spawn_blocking(move || {
        let Startable { artifact, program, interpreted } = startable;
        let file = compiler.open_native(&artifact).map_err(|e| e.to_string())?;
        let loaded = Program::load_file(&engine, file, &artifact.native_sha256).map_err(|e| e.to_string())?;
        if !interpreted {
            return Ok(loaded);
        }
        let circuit = serde_json::to_vec(&program.circuit).map_err(|e| e.to_string())?;
        loaded.with_circuit(&circuit).map_err(|e| e.to_string())
    });
    mapped.await.map_err(|e| e.to_string())?
}

/// Opens the workers.
async fn initialize(
    manager: &Arc<Manager>,
    slot: &Arc<Slot>,
    pipeline: &Pipeline,
    loaded: Option<Loaded>,
) -> Result<(), (Event, DeploymentError)> {
    let Some(Loaded { program, running }) = loaded else {
        return Err(failed(error("PipelineStartupError", "the program was not loaded".into())));
    };
    let config = &pipeline.runtime_config;
    let connectors = connectors(manager, slot, pipeline, &running)?;
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
        let store =
            store.map_err(|e| failed(error("PipelineStartupError", format!("its folder cannot be made: {e}"))))?;
        options.store = Some(Arc::new(store));
    }
    let opening = Opening::new(&program, options);
    let handle = opening.handle();
    slot.set_opening(Some(handle.clone()));
    let mut opened = tokio::task::spawn_blocking(move || opening.open());
    let allowed = timeout(DeploymentStatus::Initializing).unwrap_or(Duration::MAX);
    let result = match tokio::time::timeout(allowed, &mut opened).await {
        Ok(result) => result,
        Err(_late) => {
            handle.kill();
            // The kill ends it within 100 ms.
            drop(opened.await);
            return Err(late(DeploymentStatus::Initializing));
        }
    };
    slot.set_opening(None);
    let opened = result
        .map_err(|e| failed(error("PipelineStartupError", e.to_string())))?
        .map_err(|f| failed(failure_error(&f)))?;
    slot.logs.push(&format!("INFO pipeline '{}' is ready with {workers} workers", pipeline.name));
    let settings = Settings {
        durable: config.storage,
        tick: config.clock_resolution_usecs.map(Duration::from_micros),
        batching: Batching {
            min_records: config.min_batch_size_records,
            delay: Duration::from_micros(config.max_buffering_delay_usecs),
        },
    };
    let controller = Controller::start(running, opened, settings, connectors);
    tokio::spawn(watch(Arc::clone(slot), controller.phase()));
    slot.set_controller(controller);
    Ok(())
}

/// Makes the connectors of a program. They touch nothing before the pipeline runs.
fn connectors(
    manager: &Manager,
    slot: &Arc<Slot>,
    pipeline: &Pipeline,
    running: &RunningProgram,
) -> Result<Connectors, (Event, DeploymentError)> {
    let Some(info) = &pipeline.program_info else { return Ok(Connectors::default()) };
    let (grants, slot) = (Arc::clone(&manager.grants), Arc::clone(slot));
    let log = move |line: &str| slot.logs.push(line);
    let made = Connectors::new(running, &info.input_connectors, &info.output_connectors, grants, log);
    made.map_err(|e| {
        let code = match e {
            NotMade::Config(..) => "PipelineInvalidProgramInfo",
            NotMade::Secret(..) => "PipelineStartupError",
        };
        failed(error(code, e.to_string()))
    })
}

/// Has the driver look at a pipeline when it ends by itself.
async fn watch(slot: Arc<Slot>, mut phase: tokio::sync::watch::Receiver<Phase>) {
    // The sender's end is one, too.
    let _ = phase.wait_for(|p| matches!(p, Phase::Failed(_) | Phase::Ended)).await;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_that_is_over_is_told_as_clients_read_durations() {
        for (status, code, secs) in [
            (DeploymentStatus::Provisioning, "PipelineProvisioningTimeout", 20),
            (DeploymentStatus::Initializing, "PipelineInitializingTimeout", 60),
        ] {
            let (event, error) = late(status);
            assert_eq!((event, error.error_code.as_str()), (Event::Late, code));
            assert_eq!(error.details, json!({ "timeout": { "secs": secs, "nanos": 0 } }));
        }
    }
}
