//! The driver of a program's compilation: SQL at once, Rust as soon as a core is free.

use super::{Manager, Slot, info};
use crate::automata::program::{Stage, allows, stage};
use std::sync::Arc;
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

/// The SQL front end on a blocking thread: a program may be large.
async fn compile_sql(code: String) -> Result<weir_sql::Program, Vec<weir_sql::Diagnostic>> {
    match tokio::task::spawn_blocking(move || weir_sql::compile(&code)).await {
        Ok(result) => result,
        Err(panic) => std::panic::resume_unwind(panic.into_panic()),
    }
}

async fn compile(manager: &Arc<Manager>, slot: &Arc<Slot>, pipeline: Pipeline) -> Result<(), CatalogError> {
    let version = pipeline.program_version;
    let cancel = CancelToken::new();
    if let Some((_, earlier)) = slot.compiling.lock().replace((version, cancel.clone())) {
        earlier.cancel();
    }
    if !set(manager, slot, version, ProgramStatus::CompilingSql, |_| ()).await? {
        return Ok(());
    }
    let compiled = match compile_sql(pipeline.program_code.clone()).await {
        Ok(compiled) => compiled,
        Err(errors) => {
            let messages = errors.iter().map(info::message).collect();
            set(manager, slot, version, ProgramStatus::SqlError(messages), |p| p.program_info = None).await?;
            return Ok(());
        }
    };
    let program_info = info::program_info(&compiled);
    let stored = set(manager, slot, version, ProgramStatus::SqlCompiled, move |p| p.program_info = Some(program_info));
    if !stored.await? {
        return Ok(());
    }
    let Ok(_permit) = manager.compilations.acquire().await else { return Ok(()) };
    if cancel.is_cancelled() || !set(manager, slot, version, ProgramStatus::CompilingRust, |_| ()).await? {
        return Ok(());
    }
    let status = match compile_rust(manager, &compiled, profile(&pipeline), cancel).await {
        Ok(artifact) => {
            tracing::info!(pipeline = %slot.id, cache_hit = artifact.cache_hit, rustc_ms = artifact.timings.rustc.as_millis() as u64,
                native_ms = artifact.timings.native.as_millis() as u64, native_bytes = artifact.native_bytes, "compiled");
            ProgramStatus::Success
        }
        Err(CompileError::Cancelled) => return Ok(()),
        Err(CompileError::Rustc { message }) => ProgramStatus::RustError(message),
        Err(e) => ProgramStatus::SystemError(e.to_string()),
    };
    set(manager, slot, version, status, |_| ()).await?;
    Ok(())
}

/// Generates and compiles; found in the cache at once if it was compiled before.
async fn compile_rust(
    manager: &Arc<Manager>,
    program: &weir_sql::Program,
    profile: Profile,
    cancel: CancelToken,
) -> Result<Artifact, CompileError> {
    let (compiler, circuit) = (Arc::clone(&manager.compiler), program.circuit.clone());
    let compiling = tokio::task::spawn_blocking(move || {
        let request = CompileRequest { source: weir_sql::generate(&circuit), profile };
        compiler.compile(&request, &cancel)
    });
    match compiling.await {
        Ok(result) => result,
        Err(panic) => std::panic::resume_unwind(panic.into_panic()),
    }
}

/// What a start needs: the compiled program and its circuit. It is in the cache unless it was thrown out.
pub(super) async fn artifact(
    manager: &Arc<Manager>,
    pipeline: &Pipeline,
) -> Result<(Artifact, weir_sql::Program), String> {
    let program = compile_sql(pipeline.program_code.clone()).await.map_err(|errors| {
        errors.first().map_or_else(|| "the program does not compile".to_owned(), |e| e.message.clone())
    })?;
    let artifact = compile_rust(manager, &program, profile(pipeline), CancelToken::new()).await;
    Ok((artifact.map_err(|e| e.to_string())?, program))
}

/// Stores a status if the automaton allows it for the version worked on; returns whether it did.
async fn set(
    manager: &Arc<Manager>,
    slot: &Arc<Slot>,
    version: i64,
    status: ProgramStatus,
    also: impl FnOnce(&mut Pipeline) + Send + 'static,
) -> Result<bool, CatalogError> {
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
        Ok(stored) => Ok(stored.is_some()),
        // Deleted meanwhile.
        Err(CatalogError::UnknownPipeline { .. }) => Ok(false),
        Err(e) => Err(e),
    }
}
