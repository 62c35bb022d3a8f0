//! Finding a Rust compiler for the sandbox, in the order of the design: a toolchain with the `wasm32-wasip2` standard
//! library installed; `rustup target add`; Debian's packages with std's sources, of which [`crate::provision`] builds
//! the library once.

mod debian;
mod installed;
mod rustup;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::error::CompileError;
use crate::process::{self, CancelToken, Limits, ProcessError};

/// What programs are compiled for.
pub const TARGET: &str = "wasm32-wasip2";
/// The oldest Rust that the SDK builds with.
const RUST_MINOR_MIN: u32 = 95;
/// What asking a tool for its version may take.
const ASK: Limits = Limits {
    memory_bytes_max: None,
    cpu_seconds_max: 20,
    wall_max: Duration::from_secs(20),
    file_bytes_max: 1 << 20,
    output_bytes_max: 64 << 10,
};
/// What the user runs when nothing was found.
const MEND: &str = "rustup target add wasm32-wasip2   (or, on Debian: \
                    apt-get install rustc-web cargo-web rust-web-src wasi-libc)";

/// Which toolchain to use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// The first that works.
    #[default]
    Auto,
    /// Only an installed standard library, or one that rustup installs.
    Installed,
    /// Only Debian's packages.
    Debian,
}

impl Choice {
    /// What `WEIR_TOOLCHAIN` says (`installed` or `debian`); [`Choice::Auto`] without it.
    pub fn from_env() -> Choice {
        match std::env::var("WEIR_TOOLCHAIN").as_deref() {
            Ok("installed" | "rustup") => Choice::Installed,
            Ok("debian") => Choice::Debian,
            _ => Choice::Auto,
        }
    }
}

/// Where the target's standard library comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StdLibrary {
    /// It lies in the toolchain's own sysroot.
    Installed,
    /// It is built from the sources that came with the compiler, and linked with this folder's C library.
    FromSource {
        /// The folder of wasi-libc.
        libc: PathBuf,
    },
}

/// A Rust compiler that can build for the sandbox.
#[derive(Clone, Debug)]
pub struct Toolchain {
    /// rustc itself, not a proxy of rustup.
    pub rustc: PathBuf,
    /// cargo of the same toolchain.
    pub cargo: PathBuf,
    /// What `rustc -vV` prints: it tells one compiler from another.
    pub version: String,
    /// The compiler's sysroot.
    pub sysroot: PathBuf,
    /// The machine that it runs on, such as `x86_64-unknown-linux-gnu`.
    pub host: String,
    /// Where the standard library comes from.
    pub std: StdLibrary,
    /// A folder with `wasm-component-ld` and a linker for it, when rustc does not find them by itself.
    pub linker_dir: Option<PathBuf>,
}

impl Toolchain {
    /// The first line of the version, such as `rustc 1.95.0 (59807616e 2026-04-14)`.
    pub fn name(&self) -> &str {
        self.version.lines().next().unwrap_or_default()
    }
}

/// Find a toolchain, installing what may be installed.
///
/// `ready` says whether the standard library of a Debian toolchain was built before: then nothing is installed and no network is touched.
pub(crate) fn find(
    choice: Choice,
    progress: &dyn Fn(&str),
    cancel: &CancelToken,
    ready: &dyn Fn(&Toolchain) -> bool,
) -> Result<Toolchain, CompileError> {
    let mut tried = Vec::new();
    if choice != Choice::Debian
        && let Some(found) = installed::find(&mut tried, cancel)?
    {
        return Ok(found);
    }
    if choice != Choice::Installed {
        // Before rustup asks the network: what was built in an earlier run still serves.
        let mut unused = Vec::new();
        if let Some(found) = debian::find(&mut unused, cancel)?.filter(|t| ready(t)) {
            return Ok(found);
        }
    }
    if choice != Choice::Debian
        && rustup::add_target(progress, &mut tried, cancel)?
        && let Some(found) = installed::find(&mut tried, cancel)?
    {
        return Ok(found);
    }
    if choice != Choice::Installed {
        if let Some(found) = debian::find(&mut tried, cancel)? {
            return Ok(found);
        }
        if debian::install(progress, &mut tried, cancel)?
            && let Some(found) = debian::find(&mut tried, cancel)?
        {
            return Ok(found);
        }
    }
    Err(CompileError::ToolchainMissing { tried, mend: MEND.to_owned() })
}

/// What a compiler says of itself.
struct Identity {
    version: String,
    host: String,
}

/// Ask a compiler; `Err` says in words why it will not do.
fn identify(rustc: &Path, cancel: &CancelToken) -> Result<Result<Identity, String>, CompileError> {
    let version = match ask(rustc, &["-vV"], cancel)? {
        Ok(text) => text,
        Err(why) => return Ok(Err(why)),
    };
    let field = |key: &str| version.lines().find_map(|l| l.strip_prefix(key)).map(|v| v.trim().to_owned());
    let (Some(host), Some(release)) = (field("host:"), field("release:")) else {
        return Ok(Err(format!("{} does not say its version", rustc.display())));
    };
    let minor = release.split('.').nth(1).and_then(|m| m.parse::<u32>().ok()).unwrap_or(0);
    if minor < RUST_MINOR_MIN {
        return Ok(Err(format!("{} is {release}; 1.{RUST_MINOR_MIN} or later is needed", rustc.display())));
    }
    Ok(Ok(Identity { version, host }))
}

/// Standard output of a tool that ends well; `Err` says in words what went wrong. Only cancellation is an error.
fn ask(program: &Path, args: &[&str], cancel: &CancelToken) -> Result<Result<String, String>, CompileError> {
    let mut command = Command::new(program);
    command.args(args).env("RUSTUP_AUTO_INSTALL", "0").current_dir("/");
    let name = program.display();
    match process::run(command, &ASK, cancel) {
        Ok(out) if out.status.success() => Ok(Ok(out.stdout)),
        Ok(out) => Ok(Err(format!("{name} ended with {}", process::describe_status(out.status)))),
        Err(ProcessError::Cancelled) => Err(CompileError::Cancelled),
        Err(ProcessError::WallTime) => Ok(Err(format!("{name} did not answer"))),
        Err(ProcessError::Spawn(e)) => Ok(Err(format!("{name}: {e}"))),
    }
}

/// A program on `PATH`.
fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(name)).find(|p| p.is_file())
}

/// The folder of wasm libraries in a sysroot.
fn target_lib(sysroot: &Path) -> PathBuf {
    sysroot.join("lib/rustlib").join(TARGET).join("lib")
}

/// Whether a folder holds a compiled standard library.
fn holds_std(lib: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(lib) else { return false };
    entries.flatten().any(|e| {
        let name = e.file_name();
        let name = name.to_string_lossy();
        name.starts_with("libstd-") && name.ends_with(".rlib")
    })
}
