//! From Rust source to a component: one call of rustc.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::compiler::CompileRequest;
use crate::crates::{self, Crates};
use crate::error::CompileError;
use crate::process::{self, CancelToken, Limits};
use crate::provision::{Prepared, TARGET_FEATURES, path_of_tools};
use crate::sandbox::take_out;
use crate::store::Store;
use crate::toolchain::{StdLibrary, TARGET};

/// How much work goes into a program's speed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// Not compiled at all: the engine runs the circuit (`Compiler::engine`). Rust that is compiled with it anyhow is quick to build.
    Dev,
    /// The quickest to build.
    Unoptimized,
    /// The quickest to run.
    #[default]
    Optimized,
}

impl Profile {
    /// rustc's options. The SDK's operators are optimised in every profile; this is the program's own code.
    ///
    /// One codegen unit: on two busy cores 40 join+aggregate stages take 3.5 s at level 3 with one unit, 5.0 s with two, 4.3 s with four
    /// (each unit gets its own copies of what the SDK lets be inlined), and one unit makes the smallest code. Without optimisation
    /// (1.3 s) units cost nothing and let idle cores help.
    pub(crate) const fn flags(self) -> [&'static str; 2] {
        match self {
            Profile::Dev => ["opt-level=1", "codegen-units=1"],
            Profile::Unoptimized => ["opt-level=0", "codegen-units=4"],
            Profile::Optimized => ["opt-level=3", "codegen-units=1"],
        }
    }
}

/// Bytes of the largest source text.
pub const SOURCE_BYTES_MAX: usize = 16 << 20;

/// How the source is called in error messages.
const SOURCE_NAME: &str = "program.rs";
/// The name by which files written for the dialect's first implementation know `weir-udf`.
const ALIAS: &str = "feldera_sqllib";
/// The modules beside it.
const STUBS_NAME: &str = "stubs.rs";
const UDF_NAME: &str = "udf.rs";

/// What rustc may use for one program.
pub(crate) const LIMITS: Limits = Limits {
    memory_bytes_max: Some(8 << 30),
    cpu_seconds_max: 1200,
    wall_max: Duration::from_secs(600),
    file_bytes_max: 1 << 30,
    output_bytes_max: 256 << 10,
};

/// What rustc may use for a program with functions of its author's, whose macros and constants may go on for ever.
pub(crate) const USER_LIMITS: Limits = Limits {
    memory_bytes_max: Some(4 << 30),
    cpu_seconds_max: 120,
    wall_max: Duration::from_secs(180),
    file_bytes_max: 1 << 30,
    output_bytes_max: 256 << 10,
};

/// Compile a program to the component `output`; `work` is a folder for both, in the cache.
pub(crate) fn compile(
    store: &Store,
    prepared: &Prepared,
    request: &CompileRequest,
    unconfined: bool,
    (work, output): (&Path, &Path),
    cancel: &CancelToken,
) -> Result<(), CompileError> {
    let CompileRequest { source, profile, user } = request;
    let cache = &store.path;
    let mut sources = vec![(SOURCE_NAME, source)];
    let (mut crates, mut limits) = (Crates::default(), &LIMITS);
    if let Some(user) = user {
        sources.extend([(STUBS_NAME, &user.stubs), (UDF_NAME, &user.rust)]);
        crates = crates::prepare(store, prepared, &user.toml, unconfined, cancel)?;
        limits = &USER_LIMITS;
    }
    for (name, text) in sources {
        if text.len() > SOURCE_BYTES_MAX {
            let what = format!("a program of {} bytes", text.len());
            return Err(CompileError::Limit { what, limit: format!("{SOURCE_BYTES_MAX} bytes") });
        }
        let file = work.join(name);
        fs::write(&file, text).map_err(CompileError::io(format!("writing {}", file.display())))?;
    }
    let mut command = Command::new(&prepared.toolchain.rustc);
    command
        .args(["--edition", "2024", "--crate-name", "program", "--crate-type", "cdylib", "--target", TARGET])
        .args(["--color", "never", "-A", "warnings", "-C", "panic=abort", "-C", "strip=debuginfo"])
        .args(profile.flags().iter().flat_map(|flag| ["-C", flag]))
        .args(["-C", &format!("target-feature={TARGET_FEATURES}")])
        .arg("-L")
        .arg(with_prefix("dependency=", &prepared.libraries))
        .arg("-L")
        .arg(with_prefix("dependency=", &prepared.host_libraries));
    for folder in &crates.folders {
        command.arg("-L").arg(with_prefix("dependency=", folder));
    }
    let alias = prepared.externs.iter().find(|(name, _)| user.is_some() && name == "weir_udf");
    let alias = alias.map(|(_, path)| (ALIAS.to_owned(), path.clone()));
    for (name, path) in prepared.externs.iter().chain(&crates.externs).chain(&alias) {
        command.arg("--extern").arg(with_prefix(&format!("{name}="), path));
    }
    if let StdLibrary::FromSource { libc } = &prepared.toolchain.std {
        command.arg("-L").arg(with_prefix("native=", libc));
    }
    if let Some(sysroot) = &prepared.sysroot {
        command.arg("--sysroot").arg(sysroot);
    }
    // What rustc writes is in a folder of its own: macros of users' crates run in it, and must not reach what is put into the cache.
    let made = work.join("made");
    fs::create_dir(&made).map_err(CompileError::io(format!("creating {}", made.display())))?;
    let component = made.join("program.wasm");
    // By its bare name: messages of panics quote it, and must not tell where the cache lies.
    command.arg("-o").arg(&component).arg(SOURCE_NAME);
    command
        .current_dir(work)
        .env_clear()
        .env("PATH", path_of_tools(&prepared.toolchain))
        .env("TMPDIR", &made)
        .env("LC_ALL", "C");
    let readable: Vec<&Path> = crates.folders.iter().map(PathBuf::as_path).chain([work]).collect();
    // What is generated does without a sandbox where there is none.
    let sandbox = crates::confinement(prepared, &readable, &made, unconfined || user.is_none())?;
    let out = process::run_confined(command, limits, sandbox, cancel)
        .map_err(|e| CompileError::process("rustc", limits.wall_max, e))
        .map_err(|e| if user.is_some() { e.of_the_user() } else { e })?;
    if out.status.success() && component.is_file() {
        take_out(&component, output).map_err(CompileError::io("taking the component"))?;
        // What is left of it goes with the cache's folder.
        let _ = fs::remove_dir_all(&made);
        return Ok(());
    }
    let said = out.stderr.trim();
    let message = if out.status.code().is_none() || said.is_empty() {
        // It was killed, or gave up: what it says of itself then is for its own developers.
        let why = said.lines().next().unwrap_or_default();
        format!("rustc ended with {}\n{why}", process::describe_status(out.status))
    } else {
        // The linker quotes whole paths, which are nobody's business.
        said.replace(&*work.to_string_lossy(), ".").replace(&*cache.to_string_lossy(), "")
    };
    Err(CompileError::Rustc { message })
}

fn with_prefix(prefix: &str, path: &Path) -> std::ffi::OsString {
    let mut text = std::ffi::OsString::from(prefix);
    text.push(path);
    text
}
