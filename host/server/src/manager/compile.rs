//! The driver of a program's compilation: SQL at once, Rust as soon as a core is free.

use super::queue::{Compilers, Permit, Place};
use super::{Manager, Slot, info};
use crate::automata::program::{Stage, allows, stage};
use std::pin::pin;
use std::sync::Arc;
use std::time::Instant;
use weir_catalog::{CatalogError, Pipeline, ProgramProfile, ProgramStatus};
use weir_compiler::{Artifact, CancelToken, CompileError, CompileRequest, Profile};

/// Compiles a pipeline's program whenever it is Pending, until the slot is closed.
pub(super) async fn drive(manager: Arc<Manager>, slot: Arc<Slot>) {
    loop {
        slot.compile_woken().await;
        if slot.is_closed() {
            return;
        }
        let (tenant, id) = (slot.tenant, slot.id);
        match manager.with_catalog(move |c| c.get_by_id(tenant, id)).await {
            Ok(pipeline) if stage(&pipeline.program_status) == Stage::Pending => {
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
async fn compile_sql(code: String) -> Result<Result<weir_sql::Program, Vec<weir_sql::Diagnostic>>, String> {
    tokio::task::spawn_blocking(move || weir_sql::compile(&code)).await.map_err(|panic| panicked("SQL compiler", panic))
}

/// What is said of a panic.
fn panicked(what: &str, panic: tokio::task::JoinError) -> String {
    let message = panic.try_into_panic().ok().and_then(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        text.or_else(|| panic.downcast_ref::<String>().cloned())
    });
    format!("the {what} failed: {}", message.unwrap_or_else(|| "it was stopped".into()))
}

async fn compile(manager: &Arc<Manager>, slot: &Arc<Slot>, pipeline: Pipeline) -> Result<(), CatalogError> {
    let version = pipeline.program_version;
    let place = (pipeline.program_status_since, pipeline.id);
    let Some(permit) = turn(&manager.sql_compilers, slot, place, version).await else { return Ok(()) };
    if set(manager, slot, version, ProgramStatus::CompilingSql, |_| ()).await?.is_none() {
        return Ok(());
    }
    let begin = Instant::now();
    let compiled = compile_sql(pipeline.program_code.clone()).await;
    manager.metrics.sql_seconds.observe(begin.elapsed());
    let compiled = match compiled {
        Ok(Ok(compiled)) => compiled,
        Err(failure) => {
            set(manager, slot, version, ProgramStatus::SystemError(failure), |_| ()).await?;
            return Ok(());
        }
        Ok(Err(errors)) => {
            let messages = errors.iter().map(info::message).collect();
            set(manager, slot, version, ProgramStatus::SqlError(messages), |p| p.program_info = None).await?;
            return Ok(());
        }
    };
    drop(permit);
    let program_info = info::program_info(&compiled);
    let stored = set(manager, slot, version, ProgramStatus::SqlCompiled, move |p| p.program_info = Some(program_info));
    let Some(stored) = stored.await? else { return Ok(()) };
    let place = (stored.program_status_since, stored.id);
    let Some(_permit) = turn(&manager.rust_compilers, slot, place, version).await else { return Ok(()) };
    if set(manager, slot, version, ProgramStatus::CompilingRust, |_| ()).await?.is_none() {
        return Ok(());
    }
    let begin = Instant::now();
    let _running = manager.metrics.compilations_running.enter();
    let cancel = CancelToken::new();
    let mut compiling = pin!(compile_rust(manager, &compiled, profile(&pipeline), cancel.clone()));
    let result = tokio::select! {
        result = &mut compiling => result,
        () = slot.superseded(version) => {
            cancel.cancel();
            compiling.await
        }
    };
    let status = match result {
        Ok(Ok(artifact)) => {
            manager.metrics.compiled(begin.elapsed(), artifact.cache_hit);
            tracing::info!(pipeline = %slot.id, cache_hit = artifact.cache_hit, rustc_ms = artifact.timings.rustc.as_millis() as u64,
                native_ms = artifact.timings.native.as_millis() as u64, native_bytes = artifact.native_bytes, "compiled");
            ProgramStatus::Success
        }
        Err(failure) => ProgramStatus::SystemError(failure),
        Ok(Err(CompileError::Cancelled)) => return Ok(()),
        Ok(Err(CompileError::Rustc { message })) => ProgramStatus::RustError(message),
        Ok(Err(e)) => ProgramStatus::SystemError(e.to_string()),
    };
    set(manager, slot, version, status, |_| ()).await?;
    Ok(())
}

/// Waits for a compiler; for none if the program is overtaken meanwhile.
async fn turn(
    compilers: &Compilers,
    slot: &Slot,
    place: Place,
    version: i64,
) -> Option<Permit> {
    tokio::select! {
        permit = compilers.acquire(slot.tenant, place) => Some(permit),
        () = slot.superseded(version) => None,
    }
}

/// Generates and compiles; found in the cache at once if it was compiled before.
async fn compile_rust(
    manager: &Arc<Manager>,
    program: &weir_sql::Program,
    profile: Profile,
    cancel: CancelToken,
) -> Result<Result<Artifact, CompileError>, String> {
    let (compiler, circuit) = (Arc::clone(&manager.compiler), program.circuit.clone());
    let compiling = tokio::task::spawn_blocking(move || {
        let request = CompileRequest { source: weir_sql::generate(&circuit), profile };
        compiler.compile(&request, &cancel)
    });
    compiling.await.map_err(|panic| panicked("compiler", panic))
}

/// What a start needs: the compiled program and its circuit. It is in the cache unless it was thrown out.
pub(super) async fn artifact(
    manager: &Arc<Manager>,
    pipeline: &Pipeline,
) -> Result<(Artifact, weir_sql::Program), String> {
    let program = compile_sql(pipeline.program_code.clone()).await?.map_err(|errors| {
        errors.first().map_or_else(|| "the program does not compile".to_owned(), |e| e.message.clone())
    })?;
    let artifact = compile_rust(manager, &program, profile(pipeline), CancelToken::new()).await?;
    Ok((artifact.map_err(|e| e.to_string())?, program))
}

/// Stores a status if the automaton allows it for the version worked on; returns the record if it did.
async fn set(
    manager: &Arc<Manager>,
    slot: &Arc<Slot>,
    version: i64,
    status: ProgramStatus,
    also: impl FnOnce(&mut Pipeline) + Send + 'static,
) -> Result<Option<Pipeline>, CatalogError> {
    let (tenant, id) = (slot.tenant, slot.id);
    let stored = manager
        .with_catalog(move |c| {
            c.update(tenant, id, |p| {
                let legal = allows(stage(&p.program_status), stage(&status), version, p.program_version);
                if legal {
                    p.set_program_status(status);
                    also(p);
                }
                legal
            })
        })
        .await;
    match stored {
        Ok(stored) => Ok(stored),
        // Deleted meanwhile.
        Err(CatalogError::UnknownPipeline { .. }) => Ok(None),
        Err(e) => Err(e),
    }
}
