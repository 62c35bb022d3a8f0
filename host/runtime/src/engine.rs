//! The engine: one per process. It owns wasmtime's engine, the linker, the epoch ticker and the gang scheduler.

use std::sync::Arc;

use wasmtime::component::Linker;

use crate::config::wasm_config;
use crate::gang::Gangs;
use crate::ticker::{Running, Ticker};
use crate::worker::WorkerState;
use crate::{host, wasi};

/// Why there is no engine.
#[derive(Debug, thiserror::Error)]
#[error("the wasm engine could not be started: {0}")]
pub struct EngineError(String);

/// Runs pipelines. Clones are the same engine.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    wasm: wasmtime::Engine,
    linker: Linker<WorkerState>,
    ticker: Ticker,
    gangs: Gangs,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("gangs", &self.0.gangs).finish_non_exhaustive()
    }
}

impl Engine {
    /// An engine that runs as many workers at once as the machine has cores.
    ///
    /// # Errors
    /// When the machine lacks what wasmtime needs, or a thread cannot be started.
    pub fn new() -> Result<Engine, EngineError> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Engine::with_threads(cores)
    }

    /// An engine that runs `threads` workers at once (more when one pipeline alone has more workers).
    ///
    /// # Errors
    /// As [`Engine::new`].
    pub fn with_threads(threads: usize) -> Result<Engine, EngineError> {
        let error = |e: wasmtime::Error| EngineError(format!("{e:#}"));
        let wasm = wasmtime::Engine::new(&wasm_config()).map_err(error)?;
        let mut linker = Linker::new(&wasm);
        host::link(&mut linker).map_err(error)?;
        wasi::link(&mut linker).map_err(error)?;
        let ticker = Ticker::start(wasm.weak()).map_err(|e| EngineError(e.to_string()))?;
        Ok(Engine(Arc::new(Inner { wasm, linker, ticker, gangs: Gangs::new(threads) })))
    }

    pub(crate) fn wasm(&self) -> &wasmtime::Engine {
        &self.0.wasm
    }

    pub(crate) fn linker(&self) -> &Linker<WorkerState> {
        &self.0.linker
    }

    pub(crate) fn gangs(&self) -> &Gangs {
        &self.0.gangs
    }

    /// Epochs pass as long as the result lives.
    pub(crate) fn running(&self) -> Running {
        self.0.ticker.running()
    }
}
