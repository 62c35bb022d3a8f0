//! Making ready what every program links: std (when the toolchain has only its sources) and the SDK, each built once
//! per content into the cache.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::error::CompileError;
use crate::hash::Hasher;
use crate::process::{self, CancelToken, Limits};
use crate::sdk;
use crate::store::Store;
use crate::toolchain::{self, Choice, StdLibrary, TARGET, Toolchain};

/// What the machine code of all of std, the SDK and the programs may use beyond wasm's first version. All of it is in
/// every engine's settings (`weir_runtime::wasm_config`).
///
/// Not wide-arithmetic: LLVM of rustc 1.95 reads the high word of a signed product before it is made (`i64::checked_mul` at level 1 and
/// above: `i64.eq` is given a value from before `i64.mul_wide_s`), so overflows go unseen and -1 * -1 overflows. `tests/arithmetic.rs`
/// says whether it may come back.
pub(crate) const TARGET_FEATURES: &str = "+simd128,+bulk-memory";

/// Building std takes 30 s on two idle cores; the SDK's macros and code as much again.
const BUILD: Limits = Limits {
    memory_bytes_max: None,
    cpu_seconds_max: 3600,
    wall_max: Duration::from_secs(1800),
    file_bytes_max: 1 << 30,
    output_bytes_max: 256 << 10,
};
/// Builds of std and of the SDK that are kept, those of other toolchains and versions included; 35 to 80 MB each.
const BUILDS_MAX: usize = 6;
/// Variables that a build of ours takes over from the user: where cargo keeps things and how it reaches its registry.
pub(crate) const ENV_KEPT: [&str; 14] = [
    "HOME",
    "CARGO_HOME",
    "RUSTUP_HOME",
    "http_proxy",
    "https_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "no_proxy",
    "NO_PROXY",
    "all_proxy",
    "ALL_PROXY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "CARGO_HTTP_CAINFO",
];

/// All that rustc needs to compile and link a program.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The compiler.
    pub toolchain: Toolchain,
    /// The sysroot to pass to rustc; `None`: its own.
    pub sysroot: Option<PathBuf>,
    /// Libraries for the target that the SDK consists of.
    pub libraries: PathBuf,
    /// Macros that those libraries name, built for this machine.
    pub host_libraries: PathBuf,
    /// Name and file of each crate that a program may use.
    pub externs: Vec<(String, PathBuf)>,
    /// Hash of the toolchain, std and the SDK.
    pub id: String,
}

/// Find a toolchain and build what is not yet in the cache.
pub(crate) fn prepare(
    store: &Store,
    choice: Choice,
    progress: &dyn Fn(&str),
    cancel: &CancelToken,
) -> Result<Prepared, CompileError> {
    let ready = |t: &Toolchain| store.dir.is_dir(format!("std/{}", std_id(t)));
    let toolchain = toolchain::find(choice, progress, cancel, &ready)?;
    let std_id = std_id(&toolchain);
    let sysroot = match &toolchain.std {
        StdLibrary::Installed => None,
        StdLibrary::FromSource { .. } => Some(std_sysroot(store, &toolchain, &std_id, progress, cancel)?),
    };
    let mut hasher = Hasher::new("weir sdk 2");
    hasher.part(std_id.as_bytes());
    sdk::hash_into(&mut hasher);
    let id = hasher.name();
    let folder = format!("sdk/{id}");
    if !store.dir.is_dir(&folder) {
        let _lock = store.lock("sdk", progress, cancel)?;
        if !store.dir.is_dir(&folder) {
            progress("building the SDK for the sandbox (once)");
            build_sdk(store, &toolchain, sysroot.as_deref(), &folder, cancel)?;
            store.keep_newest("sdk", BUILDS_MAX);
        }
    }
    store.touch(&folder);
    let libraries = store.path_of(&folder).join("target");
    let externs = sdk::CRATES
        .iter()
        .map(|name| Ok(((*name).to_owned(), library(&libraries, name)?)))
        .collect::<Result<_, CompileError>>()?;
    let host_libraries = store.path_of(&folder).join("host");
    Ok(Prepared { toolchain, sysroot, libraries, host_libraries, externs, id })
}

/// What makes one built std differ from another.
fn std_id(toolchain: &Toolchain) -> String {
    let mut hasher = Hasher::new("weir std 2");
    let installed = toolchain.std == StdLibrary::Installed;
    hasher.part(toolchain.version.as_bytes()).part(TARGET_FEATURES.as_bytes()).part(&[u8::from(installed)]);
    hasher.name()
}

/// A sysroot of ours with std built from source, and the host's libraries linked beside.
fn std_sysroot(
    store: &Store,
    toolchain: &Toolchain,
    id: &str,
    progress: &dyn Fn(&str),
    cancel: &CancelToken,
) -> Result<PathBuf, CompileError> {
    let folder = format!("std/{id}");
    if !store.dir.is_dir(&folder) {
        let _lock = store.lock("std", progress, cancel)?;
        if !store.dir.is_dir(&folder) {
            progress("building the standard library for the sandbox from source (once, about a minute)");
            let scratch = store.scratch()?;
            let work = scratch.path();
            let failed = |e| CompileError::io(format!("building std in {}", work.display()))(e);
            let source = work.join("build");
            fs::create_dir_all(source.join("src")).map_err(failed)?;
            let manifest =
                "[package]\nname = \"weir_std\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[lib]\n[workspace]\n";
            fs::write(source.join("Cargo.toml"), manifest).map_err(failed)?;
            fs::write(source.join("src/lib.rs"), "").map_err(failed)?;
            let mut command = cargo(toolchain, &source, None);
            command.args(["-Z", "build-std=std,panic_abort"]).env("RUSTC_BOOTSTRAP", "1");
            run_build("building std", command, cancel)?;
            let rustlib = work.join("sysroot/lib/rustlib");
            let lib = rustlib.join(TARGET).join("lib");
            copy_libraries(&release(&source, true), &lib, &[".rlib"], &["libweir_std-"]).map_err(failed)?;
            symlink(toolchain.sysroot.join("lib/rustlib").join(&toolchain.host), rustlib.join(&toolchain.host))
                .map_err(failed)?;
            scratch.put("sysroot", &folder)?;
            store.keep_newest("std", BUILDS_MAX);
        }
    }
    store.touch(&folder);
    Ok(store.path_of(&folder))
}

fn build_sdk(
    store: &Store,
    toolchain: &Toolchain,
    sysroot: Option<&Path>,
    folder: &str,
    cancel: &CancelToken,
) -> Result<(), CompileError> {
    let scratch = store.scratch()?;
    let work = scratch.path();
    let failed = |e| CompileError::io(format!("building the SDK in {}", work.display()))(e);
    let source = work.join("build");
    sdk::unpack(&source).map_err(failed)?;
    let mut command = cargo(toolchain, &source, sysroot);
    // Not `--locked`: the lock file is ours cut down, and cargo drops a little more (features that only the host enables);
    // the versions stay.
    command.args(["-p", "weir-sdk", "-p", "weir-engine", "-p", "weir-udf", "--lib"]);
    run_build("building the SDK", command, cancel)?;
    copy_libraries(&release(&source, true), &work.join("built/target"), &[".rlib"], &[]).map_err(failed)?;
    copy_libraries(&release(&source, false), &work.join("built/host"), &[".so", ".dylib"], &[]).map_err(failed)?;
    scratch.put("built", folder)?;
    Ok(())
}

/// Where cargo leaves libraries of a release build.
pub(crate) fn release(source: &Path, for_target: bool) -> PathBuf {
    let target = source.join("target");
    if for_target { target.join(TARGET) } else { target }.join("release/deps")
}

/// `cargo build` for the sandbox in an environment of ours.
fn cargo(toolchain: &Toolchain, source: &Path, sysroot: Option<&Path>) -> Command {
    let mut command = Command::new(&toolchain.cargo);
    command
        .args(["build", "--release", "--quiet", "--color", "never", "--target", TARGET])
        .current_dir(source)
        .env_clear()
        .envs(ENV_KEPT.iter().filter_map(|key| Some((*key, std::env::var_os(key)?))))
        .env("PATH", path_of_tools(toolchain))
        .env("RUSTC", &toolchain.rustc)
        .env("CARGO_TARGET_DIR", source.join("target"))
        .env("CARGO_PROFILE_RELEASE_PANIC", "abort")
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "3")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1")
        .env("CARGO_PROFILE_RELEASE_DEBUG", "false")
        .env("CARGO_INCREMENTAL", "0")
        .env("CARGO_TERM_PROGRESS_WHEN", "never");
    let mut flags = vec![OsString::from("-C"), format!("target-feature={TARGET_FEATURES}").into()];
    // The features are not all stable, which rustc says of each crate.
    flags.extend(["-A".into(), "warnings".into()]);
    // Messages of panics quote source paths: they are the same on every machine, and tell nothing of it.
    let cargo_home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let cargo_home = cargo_home.or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cargo")));
    for (from, to) in [(Some(source.to_owned()), "sdk"), (cargo_home, "cargo")] {
        if let Some(from) = from {
            let mut flag = concat("--remap-path-prefix=", &from);
            flag.push(format!("={to}"));
            flags.push(flag);
        }
    }
    if let StdLibrary::FromSource { libc } = &toolchain.std {
        flags.push("-L".into());
        flags.push(concat("native=", libc));
    }
    if let Some(sysroot) = sysroot {
        flags.push("--sysroot".into());
        flags.push(sysroot.into());
    }
    command.env("CARGO_ENCODED_RUSTFLAGS", flags.join(OsString::from("\x1f").as_os_str()));
    command
}

/// `PATH` for rustc: the component linker first, then the system's tools (macros are linked with `cc`).
pub(crate) fn path_of_tools(toolchain: &Toolchain) -> OsString {
    let mut folders: Vec<PathBuf> = toolchain.linker_dir.iter().cloned().collect();
    folders.extend(["/usr/local/bin", "/usr/bin", "/bin"].map(PathBuf::from));
    // None of the folders contains the separator: they come from splitting PATH, or are literals above, or from
    // rustup's home, where a colon would have broken rustup itself.
    std::env::join_paths(folders).unwrap_or_else(|_| "/usr/bin:/bin".into())
}

fn concat(prefix: &str, path: &Path) -> OsString {
    let mut text = OsString::from(prefix);
    text.push(path);
    text
}

fn run_build(step: &str, command: Command, cancel: &CancelToken) -> Result<(), CompileError> {
    let out = process::run(command, &BUILD, cancel).map_err(|e| CompileError::process(step, BUILD.wall_max, e))?;
    if out.status.success() {
        return Ok(());
    }
    let message = format!("cargo ended with {}\n{}", process::describe_status(out.status), out.stderr.trim_end());
    Err(CompileError::Provision { step: step.to_owned(), message })
}

/// Copy files by ending; names that begin with one of `except` stay.
fn copy_libraries(from: &Path, to: &Path, endings: &[&str], except: &[&str]) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if endings.iter().any(|e| name.ends_with(e)) && !except.iter().any(|e| name.starts_with(e)) {
            fs::copy(entry.path(), to.join(&*name))?;
        }
    }
    Ok(())
}

/// The file of a crate: `lib<name>-<hash>.rlib`.
fn library(folder: &Path, name: &str) -> Result<PathBuf, CompileError> {
    let prefix = format!("lib{name}-");
    let entries = fs::read_dir(folder).map_err(CompileError::io(format!("reading {}", folder.display())))?;
    let mut files = entries.flatten().map(|e| e.path()).filter(|p| {
        p.file_name().is_some_and(|n| n.to_string_lossy().starts_with(&prefix))
            && p.extension().is_some_and(|e| e == "rlib")
    });
    files.next().ok_or_else(|| CompileError::Provision {
        step: "building the SDK".to_owned(),
        message: format!("there is no {prefix}*.rlib in {}", folder.display()),
    })
}
