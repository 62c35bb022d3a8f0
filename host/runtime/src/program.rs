//! A compiled component, mapped from its file and linked: instances of it cost microseconds.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsRawFd;
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use wasmtime::component::{Component, InstancePre};

use crate::engine::Engine;
use crate::failure::Failure;
use crate::shared::Shared;
use crate::worker::{Exports, Worker, WorkerState};

/// Why native code was not loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file cannot be read.
    #[error("the native code cannot be read: {0}")]
    Io(#[from] io::Error),
    /// The file is not what the compiler wrote: compile again.
    #[error("the native code is not what the compiler wrote (cut short or damaged)")]
    Damaged,
    /// It was compiled under other settings, or for another machine: compile again.
    #[error("the native code does not fit this engine: {0}")]
    Incompatible(String),
    /// It does not fit the world.
    #[error("the component does not fit the world weir:pipeline/program: {0}")]
    World(String),
}

/// A program that can be instantiated. Clones share the mapped code, which the system pages in as it runs.
#[derive(Clone)]
pub struct Program {
    engine: Engine,
    pre: InstancePre<WorkerState>,
    exports: Exports,
    /// What an engine interprets.
    circuit: Option<Arc<[u8]>>,
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Program").finish_non_exhaustive()
    }
}

impl Program {
    /// Map native code from a file that `weir_compiler` wrote, whose hash (SHA-256 in hex) it recorded.
    ///
    /// # Safety contract
    /// Native code is as trusted as this program itself. The file must come from the compiler's cache folder, which
    /// only this user can write; the hash finds what was cut short or damaged, and is not a signature.
    ///
    /// # Errors
    /// [`LoadError`]; `Damaged` and `Incompatible` are mended by compiling again.
    pub fn load(engine: &Engine, path: &Path, sha256: &str) -> Result<Program, LoadError> {
        Program::load_file(engine, File::open(path)?, sha256)
    }

    /// [`Program::load`] from a file that was opened through a capability.
    ///
    /// # Errors
    /// As there.
    pub fn load_file(engine: &Engine, mut file: File, sha256: &str) -> Result<Program, LoadError> {
        if hash(&mut file)? != sha256 {
            return Err(LoadError::Damaged);
        }
        // The open file again, whatever its name means by now.
        let path = format!("/proc/self/fd/{}", file.as_raw_fd());
        // SAFETY: the bytes are those that the compiler process of ours wrote, as their hash says, into a folder that only
        // this user can write; artifacts are never changed in place, only renamed and removed, so what is mapped stays.
        let component = unsafe { Component::deserialize_file(engine.wasm(), path) }
            .map_err(|e| LoadError::Incompatible(format!("{e:#}")))?;
        let world = |e: wasmtime::Error| LoadError::World(format!("{e:#}"));
        let pre = engine.linker().instantiate_pre(&component).map_err(world)?;
        let exports =
            Exports::of(&component).map_err(|name| LoadError::World(format!("it does not export `{name}`")))?;
        Ok(Program { engine: engine.clone(), pre, exports, circuit: None })
    }

    /// The program that runs a circuit (as JSON) on this component, which must be an engine.
    ///
    /// # Errors
    /// [`LoadError::World`] if it is not one.
    pub fn with_circuit(mut self, circuit: &[u8]) -> Result<Program, LoadError> {
        if self.exports.load.is_none() {
            return Err(LoadError::World("it interprets no circuits".to_owned()));
        }
        self.circuit = Some(circuit.into());
        Ok(self)
    }

    /// A new instance, which has its circuit if it is an engine's.
    pub(crate) fn instance(&self, shared: &Arc<Shared>, worker: u32) -> Result<Worker, Failure> {
        let mut worker = Worker::new(&self.engine, &self.pre, &self.exports, shared, worker)?;
        if let Some(circuit) = &self.circuit {
            worker.load(circuit.to_vec())?;
        }
        Ok(worker)
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }
}

fn hash(file: &mut File) -> io::Result<String> {
    let mut hasher = Sha256::new();
    let mut chunk = vec![0; 256 << 10];
    loop {
        match file.read(&mut chunk)? {
            0 => break,
            n => hasher.update(&chunk[..n]),
        }
    }
    Ok(hasher.finalize().iter().map(|b| format!("{b:02x}")).collect())
}
