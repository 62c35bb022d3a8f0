//! The driver of a program's compilation: SQL at once, Rust as soon as a core is free.

use super::queue::{Compilers, Permit, Place};
use super::{Manager, Slot, info};
use crate::automata::program::{Event, Stage, Work, on, stage, work};
use crate::connectors::{self, DeclaredConnectors};
use std::pin::pin;
use std::sync::Arc;
use std::time::Instant;
use weir_catalog::{CatalogError, PartialProgramInfo, Pipeline, ProgramMessage, ProgramProfile, ProgramStatus};
use weir_compiler::{Artifact, CancelToken, CompileError, CompileRequest, Profile, UserCode};

/// Compiles a pipeline's program whenever it is Pending, until the slot is closed.
pub(super) async fn drive(manager: Arc<Manager>, slot: Arc<Slot>) {
    loop {
        slot.compile_woken().await;
        if slot.is_closed() {
            return;
        }
        let (tenant, id) = (slot.tenant, slot.id);
        match manager.with_catalog(move |c| c.get_by_id(tenant, id)).await {
            Ok(pipeline) if work(stage(&pipeline.program_status)) == Some(Work::CompileSql) => {
                if let Err(e) = compile(&manager, &slot, pipeline).await {
                    tracing::warn!(pipeline = %id, error = %e, "a compilation was given up");
                }
                slot.wake_deploy();
            }
            Ok(_) | Err(CatalogError::UnknownPipeline { .. }) => {}
            Err(e) => tracing::error!(pipeline = %id, error = %e, "the catalog failed"),
        }
    }
}

/// How a program with this configuration is compiled.
fn profile(pipeline: &Pipeline) -> Profile {
    match pipeline.program_config.profile {
        Some(ProgramProfile::Dev) => Profile::Dev,
        Some(ProgramProfile::Unoptimized) => Profile::Unoptimized,
        Some(ProgramProfile::Optimized) | None => Profile::Optimized,
    }
}

/// The SQL front end on a blocking thread: a program may be large. A program on which it panics is an error of the system, and
/// the driver lives on.
async fn compile_sql(code: String) -> Result<Result<Sql, Vec<weir_sql::Diagnostic>>, String> {
    let compiling = tokio::task::spawn_blocking(move || {
        let program = weir_sql::compile(&code)?;
        let connectors = connectors::declared(&program, &code)?;
        Ok((program, connectors))
    });
    compiling.await.map_err(|panic| panicked("SQL compiler", panic))
}

/// What a program's text says.
type Sql = (weir_sql::Program, DeclaredConnectors);

/// What is said of a panic.
fn panicked(what: &str, panic: tokio::task::JoinError) -> String {
    let message = panic.try_into_panic().ok().and_then(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        text.or_else(|| panic.downcast_ref::<String>().cloned())
    });
    format!("the {what} failed: {}", message.unwrap_or_else(|| "it was stopped".into()))
}

/// Follows the automaton until the program is right, or wrong, or overtaken.
async fn compile(manager: &Arc<Manager>, slot: &Arc<Slot>, pipeline: Pipeline) -> Result<(), CatalogError> {
    let version = pipeline.program_version;
    let mut at = pipeline;
    let mut compiled = None;
    while let Some(work) = work(stage(&at.program_status)) {
        let compilers = match work {
            Work::CompileSql => &manager.sql_compilers,
            Work::CompileRust => &manager.rust_compilers,
        };
        let place = (at.program_status_since, at.id);
        let Some(_permit) = turn(compilers, slot, place, version).await else { return Ok(()) };
        if note(manager, slot, version, Event::Taken, Finding::None).await?.is_none() {
            return Ok(());
        }
        let outcome = match (work, compiled.take()) {
            (Work::CompileSql, _) => sql(manager, &at, &mut compiled).await,
            (Work::CompileRust, Some(program)) => rust(manager, slot, &at, &program).await,
            (Work::CompileRust, None) => Some((Event::Broken, Finding::Text("the SQL was not compiled".into()))),
        };
        let Some((event, finding)) = outcome else { return Ok(()) };
        match note(manager, slot, version, event, finding).await? {
            Some(noted) => at = noted,
            None => return Ok(()),
        }
    }
    Ok(())
}

/// Compiles the SQL of a program.
async fn sql(
    manager: &Manager,
    pipeline: &Pipeline,
    compiled: &mut Option<weir_sql::Program>,
) -> Option<(Event, Finding)> {
    let begin = Instant::now();
    let result = compile_sql(pipeline.program_code.clone()).await;
    manager.metrics.sql_seconds.observe(begin.elapsed());
    Some(match result {
        Ok(Ok((program, connectors))) => {
            let info = info::program_info(&program, connectors);
            *compiled = Some(program);
            (Event::Compiled, Finding::Info(Box::new(info)))
        }
        Ok(Err(errors)) => (Event::Refused, Finding::Messages(errors.iter().map(info::message).collect())),
        Err(failure) => (Event::Broken, Finding::Text(failure)),
    })
}

/// Compiles the Rust of a program; `None` if it was overtaken.
async fn rust(
    manager: &Arc<Manager>,
    slot: &Slot,
    pipeline: &Pipeline,
    program: &weir_sql::Program,
) -> Option<(Event, Finding)> {
    let begin = Instant::now();
    let _running = manager.metrics.compilations_running.enter();
    let cancel = CancelToken::new();
    let mut compiling = pin!(compile_rust(manager, program, pipeline, pipeline.program_config.cache, cancel.clone()));
    let result = tokio::select! {
        result = &mut compiling => result,
        () = slot.superseded(pipeline.program_version) => {
            cancel.cancel();
            compiling.await
        }
    };
    match result {
        Ok(Ok(artifact)) => {
            manager.metrics.compiled(begin.elapsed(), artifact.cache_hit);
            tracing::info!(pipeline = %slot.id, cache_hit = artifact.cache_hit, rustc_ms = artifact.timings.rustc.as_millis() as u64,
                native_ms = artifact.timings.native.as_millis() as u64, native_bytes = artifact.native_bytes, "compiled");
            Some((Event::Compiled, Finding::None))
        }
        Ok(Err(CompileError::Cancelled)) => None,
        Ok(Err(CompileError::Rustc { message })) => Some((Event::Refused, Finding::Text(message))),
        Ok(Err(e @ CompileError::Unconfined { .. })) => Some((Event::Refused, Finding::Text(e.to_string()))),
        Ok(Err(e)) => Some((Event::Broken, Finding::Text(e.to_string()))),
        Err(failure) => Some((Event::Broken, Finding::Text(failure))),
    }
}

/// Waits for a compiler; for none if the program is overtaken meanwhile.
async fn turn(compilers: &Compilers, slot: &Slot, place: Place, version: i64) -> Option<Permit> {
    tokio::select! {
        permit = compilers.acquire(slot.tenant, place) => Some(permit),
        () = slot.superseded(version) => None,
    }
}

/// Whether the engine runs a program: one with functions in Rust is compiled, whatever its profile.
fn is_interpreted(pipeline: &Pipeline, program: &weir_sql::Program) -> bool {
    profile(pipeline) == Profile::Dev && program.circuit.functions.is_empty()
}

/// Generates and compiles; with `cache`, it is found at once if it was compiled before. Of a program that is interpreted: the engine.
async fn compile_rust(
    manager: &Arc<Manager>,
    program: &weir_sql::Program,
    pipeline: &Pipeline,
    cache: bool,
    cancel: CancelToken,
) -> Result<Result<Artifact, CompileError>, String> {
    let (compiler, circuit) = (Arc::clone(&manager.compiler), program.circuit.clone());
    let (profile, interpreted) = (profile(pipeline), is_interpreted(pipeline, program));
    let user = (!circuit.functions.is_empty()).then(|| UserCode {
        stubs: weir_sql::stubs(&circuit),
        rust: pipeline.udf_rust.clone(),
        toml: pipeline.udf_toml.clone(),
    });
    let compiling = tokio::task::spawn_blocking(move || {
        if interpreted {
            return compiler.engine(&|_| {}, &cancel);
        }
        let request = CompileRequest { source: weir_sql::generate(&circuit), profile, user };
        if cache { compiler.compile(&request, &cancel) } else { compiler.compile_anew(&request, &cancel) }
    });
    compiling.await.map_err(|panic| panicked("compiler", panic))
}

/// What a start needs.
pub(super) struct Startable {
    /// The compiled program, or the engine.
    pub(super) artifact: Artifact,
    pub(super) program: weir_sql::Program,
    /// Whether the engine runs the circuit.
    pub(super) interpreted: bool,
}

/// The compiled program and its circuit. It is in the cache unless it was thrown out.
pub(super) async fn artifact(manager: &Arc<Manager>, pipeline: &Pipeline) -> Result<Startable, String> {
    let (program, _) = compile_sql(pipeline.program_code.clone()).await?.map_err(|errors| {
        errors.first().map_or_else(|| "the program does not compile".to_owned(), |e| e.message.clone())
    })?;
    let interpreted = is_interpreted(pipeline, &program);
    let artifact = compile_rust(manager, &program, pipeline, true, CancelToken::new()).await?;
    Ok(Startable { artifact: artifact.map_err(|e| e.to_string())?, program, interpreted })
}

/// What a compiler found out.
enum Finding {
    None,
    Info(Box<PartialProgramInfo>),
    Messages(Vec<ProgramMessage>),
    Text(String),
}

impl Finding {
    fn text(self) -> String {
        match self {
            Finding::Text(text) => text,
            _ => String::new(),
        }
    }
}

/// Tells the automaton what happened to the version worked on and stores where that leads; returns the record, or `None` if the
/// compiler was overtaken.
async fn note(
    manager: &Arc<Manager>,
    slot: &Arc<Slot>,
    version: i64,
    event: Event,
    finding: Finding,
) -> Result<Option<Pipeline>, CatalogError> {
    let (tenant, id) = (slot.tenant, slot.id);
    let stored = manager
        .with_catalog(move |c| {
            c.update(tenant, id, |p| {
                if p.program_version != version {
                    return false;
                }
                let Some(to) = on(stage(&p.program_status), event) else { return false };
                let status = match (to, finding) {
                    (Stage::Pending, _) => ProgramStatus::Pending,
                    (Stage::CompilingSql, _) => ProgramStatus::CompilingSql,
                    (Stage::SqlCompiled, finding) => {
                        if let Finding::Info(info) = finding {
                            p.program_info = Some(*info);
                        }
                        ProgramStatus::SqlCompiled
                    }
                    (Stage::CompilingRust, _) => ProgramStatus::CompilingRust,
                    (Stage::Success, _) => ProgramStatus::Success,
                    (Stage::SqlError, finding) => {
                        p.program_info = None;
                        ProgramStatus::SqlError(match finding {
                            Finding::Messages(messages) => messages,
                            _ => Vec::new(),
                        })
                    }
                    (Stage::RustError, finding) => ProgramStatus::RustError(finding.text()),
                    (Stage::SystemError, finding) => ProgramStatus::SystemError(finding.text()),
                };
                p.set_program_status(status);
                true
            })
        })
        .await;
    match stored {
        // Deleted meanwhile.
        Err(CatalogError::UnknownPipeline { .. }) => Ok(None),
        stored => stored,
    }
}
