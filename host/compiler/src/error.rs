//! Why a program was not compiled.

use std::io;
use std::time::Duration;

/// Errors of this crate. [`CompileError::error_code`] is stable.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// No Rust compiler with the `wasm32-wasip2` standard library was found or could be made.
    #[error("no Rust toolchain for wasm32-wasip2 was found:\n{}\nTo mend it, run: {mend}", bullets(tried))]
    ToolchainMissing {
        /// What was tried, in order, and why each did not do.
        tried: Vec<String>,
        /// The command that mends it.
        mend: String,
    },
    /// A step of provisioning failed.
    #[error("{step} failed: {message}")]
    Provision {
        /// The step, as a noun phrase.
        step: String,
        /// What the tool said.
        message: String,
    },
    /// rustc refused the program. Generated code always compiles, so this is a bug in the generator or a user's own
    /// Rust code.
    #[error("rustc refused the program:\n{message}")]
    Rustc {
        /// What rustc said.
        message: String,
    },
    /// Users' own Rust would be compiled without a sandbox, which the operator has not allowed.
    #[error(
        "functions in Rust are not compiled here: compilers cannot be confined ({why}). An operator who trusts all users may allow it with --unconfined-udf"
    )]
    Unconfined {
        /// What the kernel lacks.
        why: String,
    },
    /// The component is not of the world `weir:pipeline/program`.
    #[error("the component is refused: {0}")]
    World(#[from] crate::check::WorldError),
    /// Native code could not be made of the component.
    #[error("the component could not be compiled to native code: {message}")]
    Native {
        /// What the compiler said.
        message: String,
    },
    /// A limit of time or memory was met.
    #[error("{what} exceeded its limit of {limit}")]
    Limit {
        /// What was running.
        what: String,
        /// The limit, in words.
        limit: String,
    },
    /// The compilation was cancelled.
    #[error("the compilation was cancelled")]
    Cancelled,
    /// The cache folder could not be used.
    #[error("{context}: {source}")]
    Io {
        /// What was attempted.
        context: String,
        /// The cause.
        source: io::Error,
    },
}

fn bullets(lines: &[String]) -> String {
    lines.iter().map(|line| format!("  - {line}")).collect::<Vec<_>>().join("\n")
}

impl CompileError {
    /// A stable name for programs that read errors.
    pub fn error_code(&self) -> &'static str {
        match self {
            CompileError::ToolchainMissing { .. } => "ToolchainMissing",
            CompileError::Provision { .. } => "ToolchainProvision",
            CompileError::Rustc { .. } => "RustCompilerError",
            CompileError::Unconfined { .. } => "SandboxMissing",
            CompileError::World(_) => "BadComponent",
            CompileError::Native { .. } => "NativeCompilerError",
            CompileError::Limit { .. } => "CompilationLimit",
            CompileError::Cancelled => "CompilationCancelled",
            CompileError::Io { .. } => "CompilerIo",
        }
    }

    pub(crate) fn io(context: impl Into<String>) -> impl FnOnce(io::Error) -> CompileError {
        let context = context.into();
        move |source| CompileError::Io { context, source }
    }

    /// A limit that the user's own code met is that code's error.
    pub(crate) fn of_the_user(self) -> CompileError {
        match self {
            CompileError::Limit { .. } => CompileError::Rustc { message: self.to_string() },
            other => other,
        }
    }

    /// What ended a child before its time.
    pub(crate) fn process(what: &str, wall_max: Duration, error: crate::process::ProcessError) -> CompileError {
        use crate::process::ProcessError;
        match error {
            ProcessError::Cancelled => CompileError::Cancelled,
            ProcessError::WallTime => {
                CompileError::Limit { what: what.to_owned(), limit: format!("{} s", wall_max.as_secs()) }
            }
            ProcessError::Spawn(source) => CompileError::Io { context: format!("running {what}"), source },
        }
    }
}
