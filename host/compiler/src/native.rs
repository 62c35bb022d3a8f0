//! From component to native code, in a process of its own: Cranelift reads what a stranger wrote, so it runs under
//! limits of memory, CPU and time, and its crash is an error message.
//!
//! The program is this binary again: `weir internal-compile IN.wasm OUT.cwasm`, whose `main` calls [`compile_worker_main`].

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use wasmtime::Engine;

use crate::check::COMPONENT_BYTES_MAX;
use crate::error::CompileError;
use crate::process::{self, CancelToken, Limits, describe_status};

/// The hidden subcommand by which the binary becomes the compile worker.
pub const WORKER_SUBCOMMAND: &str = "internal-compile";

/// What compiling one component may use. 8 MB of wasm take 10 s on one core and 1 GiB.
pub(crate) const LIMITS: Limits = Limits {
    memory_bytes_max: Some(4 << 30),
    cpu_seconds_max: 300,
    wall_max: Duration::from_secs(300),
    file_bytes_max: 1 << 30,
    output_bytes_max: 64 << 10,
};

/// How to start the compile worker.
#[derive(Clone, Debug)]
pub struct Worker {
    /// The program, as a rule this binary.
    pub program: PathBuf,
    /// Arguments before the two files.
    pub args: Vec<OsString>,
}

impl Worker {
    /// This binary with [`WORKER_SUBCOMMAND`].
    ///
    /// # Errors
    /// When the system does not tell the path of the running program.
    pub fn current_binary() -> std::io::Result<Worker> {
        Ok(Worker { program: std::env::current_exe()?, args: vec![WORKER_SUBCOMMAND.into()] })
    }
}

/// The compile worker: reads the component named by the last argument but one and writes native code to the last. Its
/// complaint goes to standard error.
///
/// `args` are all arguments of the process. The caller's `main` returns what this returns.
pub fn compile_worker_main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let mut args: Vec<OsString> = args.into_iter().collect();
    let (Some(output), Some(input)) = (args.pop(), args.pop()) else {
        eprintln!("usage: weir {WORKER_SUBCOMMAND} IN.wasm OUT.cwasm");
        return ExitCode::from(2);
    };
    match compile_file(Path::new(&input), Path::new(&output)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn compile_file(input: &Path, output: &Path) -> Result<(), String> {
    let wasm = fs::read(input).map_err(|e| format!("{}: {e}", input.display()))?;
    if wasm.len() > COMPONENT_BYTES_MAX {
        return Err(format!("the component has {} bytes", wasm.len()));
    }
    let engine = Engine::new(&weir_runtime::wasm_config()).map_err(|e| format!("{e:#}"))?;
    let native = engine.precompile_component(&wasm).map_err(|e| format!("{e:#}"))?;
    fs::write(output, native).map_err(|e| format!("{}: {e}", output.display()))
}

/// Run the worker on a file.
pub(crate) fn compile(worker: &Worker, wasm: &Path, native: &Path, cancel: &CancelToken) -> Result<(), CompileError> {
    let mut command = Command::new(&worker.program);
    command.args(&worker.args).arg(wasm).arg(native).env_clear().current_dir("/");
    let what = "compiling to native code";
    let out = process::run(command, &LIMITS, cancel).map_err(|e| CompileError::process(what, LIMITS.wall_max, e))?;
    if out.status.success() && native.is_file() {
        return Ok(());
    }
    let said = out.stderr.trim();
    let message = if said.is_empty() {
        format!("the compiler ended with {}", describe_status(out.status))
    } else {
        said.to_owned()
    };
    Err(CompileError::Native { message })
}
