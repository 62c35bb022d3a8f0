//! The crates that a user's functions need: fetched by a manifest of ours, built in the sandbox, kept by their manifest.
//!
//! Fetching is the only step with a network; it unpacks sources and runs none of their code. Building runs their build scripts and macros,
//! and happens in the sandbox, offline.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::error::CompileError;
use crate::hash::Hasher;
use crate::manifest::{self, Dependency};
use crate::process::{self, CancelToken, Limits, describe_status};
use crate::provision::{ENV_KEPT, Prepared, TARGET_FEATURES, path_of_tools, release};
use crate::sandbox::{Sandbox, take_out};
use crate::store::Store;
use crate::toolchain::{StdLibrary, TARGET};

/// What fetching may take.
const FETCH: Limits = Limits {
    memory_bytes_max: None,
    cpu_seconds_max: 120,
    wall_max: Duration::from_secs(300),
    file_bytes_max: 256 << 20,
    output_bytes_max: 64 << 10,
};
/// What building may take. Cargo writes a line about each crate to its output.
const BUILD: Limits = Limits {
    memory_bytes_max: Some(8 << 30),
    cpu_seconds_max: 600,
    wall_max: Duration::from_secs(900),
    file_bytes_max: 1 << 30,
    output_bytes_max: 4 << 20,
};
/// Most crates, with all that they need.
const CRATES_MAX: usize = 300;
/// Most bytes of their sources.
const SOURCE_BYTES_MAX: u64 = 1 << 30;
/// Builds that are kept.
const BUILDS_MAX: usize = 30;
/// What is remembered of a build.
const RECORD: &str = "crates.json";

/// Crates that are built.
#[derive(Clone, Debug, Default)]
pub(crate) struct Crates {
    /// Folders of libraries for the target, and of macros for this machine.
    pub(crate) folders: Vec<PathBuf>,
    /// Name and file of each crate that functions may name.
    pub(crate) externs: Vec<(String, PathBuf)>,
}

/// The crates that `udf.toml` asks for, fetched and built where the cache has them not.
///
/// # Errors
/// [`CompileError::Rustc`] for a manifest that is refused, crates that are not there, and crates that do not build.
pub(crate) fn prepare(
    store: &Store,
    prepared: &Prepared,
    toml: &str,
    unconfined: bool,
    cancel: &CancelToken,
) -> Result<Crates, CompileError> {
    let dependencies = manifest::dependencies(toml).map_err(refused)?;
    if dependencies.is_empty() {
        return Ok(Crates::default());
    }
    let manifest = manifest::cargo(&dependencies);
    let mut hasher = Hasher::new("weir crates 1");
    hasher.part(prepared.id.as_bytes()).part(TARGET_FEATURES.as_bytes()).part(manifest.as_bytes());
    let id = hasher.name();
    let folder = format!("crates/{id}");
    if !store.dir.is_dir(&folder) {
        let _lock = store.lock("crates", &|_| {}, cancel)?;
        if !store.dir.is_dir(&folder) {
            build(store, prepared, &dependencies, &manifest, &folder, unconfined, cancel)?;
            store.keep_newest("crates", BUILDS_MAX);
        }
    }
    store.touch(&folder);
    let path = store.path_of(&folder);
    let record =
        store.dir.read(format!("{folder}/{RECORD}")).map_err(CompileError::io("reading the crates' record"))?;
    let record: BTreeMap<String, String> =
        serde_json::from_slice(&record).map_err(|e| CompileError::io("reading the crates' record")(e.into()))?;
    let externs = record.into_iter().map(|(name, file)| (name, path.join(file))).collect();
    Ok(Crates { folders: vec![path.join("target"), path.join("host")], externs })
}

fn refused(message: impl Into<String>) -> CompileError {
    CompileError::Rustc { message: format!("udf.toml: {}", message.into()) }
}

fn build(
    store: &Store,
    prepared: &Prepared,
    dependencies: &[Dependency],
    manifest: &str,
    folder: &str,
    unconfined: bool,
    cancel: &CancelToken,
) -> Result<(), CompileError> {
    let scratch = store.scratch()?;
    let work = scratch.path();
    let failed = |e| CompileError::io(format!("building crates in {}", work.display()))(e);
    let source = work.join("build");
    fs::create_dir_all(source.join("src")).map_err(failed)?;
    fs::write(source.join("Cargo.toml"), manifest).map_err(failed)?;
    fs::write(source.join("src/lib.rs"), "").map_err(failed)?;

    let out = process::run(fetch(prepared, &source), &FETCH, cancel)
        .map_err(|e| CompileError::process("fetching crates", FETCH.wall_max, e))?;
    if !out.status.success() {
        let status = describe_status(out.status);
        return Err(refused(format!("the crates could not be fetched ({status}):\n{}", shown(&out.stderr, &work))));
    }
    bounded(&source.join("vendor")).map_err(refused)?;
    // Before any code of the crates has run.
    let lock = fs::read_to_string(source.join("Cargo.lock")).map_err(failed)?;
    let messages = build_fetched(prepared, &work, unconfined, cancel)?;
    let built = work.join("built");
    take_libraries(&release(&source, true), &built.join("target"), &source).map_err(failed)?;
    take_libraries(&release(&source, false), &built.join("host"), &source).map_err(failed)?;
    let externs = externs(dependencies, &lock, &messages).map_err(refused)?;
    let record = serde_json::to_vec(&externs).map_err(|e| CompileError::io("writing the crates' record")(e.into()))?;
    fs::write(built.join(RECORD), record).map_err(failed)?;
    scratch.put("built", folder)?;
    Ok(())
}

/// Takes the libraries out of a folder that lies within `source`, where code of the crates could write.
fn take_libraries(from: &Path, to: &Path, source: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    if !from.canonicalize()?.starts_with(source.canonicalize()?) {
        return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, "it leads out of the sandbox"));
    }
    for entry in fs::read_dir(from)?.flatten() {
        let name = entry.file_name();
        let text = name.to_string_lossy();
        let library = [".rlib", ".so", ".dylib"].iter().any(|ending| text.ends_with(ending));
        if library && !text.starts_with("libweir_crates-") {
            take_out(&entry.path(), &to.join(&name))?;
        }
    }
    Ok(())
}

/// What a tool says, without the path of its folder.
fn shown(said: &str, work: &Path) -> String {
    said.replace(&*work.to_string_lossy(), ".").trim().to_owned()
}

/// Builds the sources in `build` of a work folder, which have their crates in `vendor` and is all that can be written; returns what cargo says of its artifacts.
fn build_fetched(
    prepared: &Prepared,
    work: &Path,
    unconfined: bool,
    cancel: &CancelToken,
) -> Result<String, CompileError> {
    let source = work.join("build");
    let home = source.join("home");
    let failed = |e| CompileError::io(format!("building crates in {}", work.display()))(e);
    fs::create_dir_all(&home).map_err(failed)?;
    let vendor = source.join("vendor");
    let config = format!(
        "[source.crates-io]\nreplace-with = \"vendored\"\n[source.vendored]\ndirectory = {:?}\n[net]\noffline = true\n",
        vendor.display().to_string()
    );
    fs::write(home.join("config.toml"), config).map_err(failed)?;

    let sandbox = confinement(prepared, &[], &source, unconfined)?;
    let out = process::run_confined(cargo(prepared, &source, &home), &BUILD, sandbox, cancel)
        .map_err(|e| CompileError::process("building crates", BUILD.wall_max, e).of_the_user())?;
    if !out.status.success() {
        let status = describe_status(out.status);
        return Err(refused(format!("the crates could not be built ({status}):\n{}", shown(&out.stderr, work))));
    }
    Ok(out.stdout)
}

/// The sandbox of compilers that work in `work`; `None` if the operator allows that there is none.
pub(crate) fn confinement(
    prepared: &Prepared,
    readable: &[&Path],
    work: &Path,
    unconfined: bool,
) -> Result<Option<Sandbox>, CompileError> {
    let toolchain = &prepared.toolchain;
    let mut paths: Vec<&Path> = readable.to_vec();
    paths.extend([toolchain.rustc.parent(), toolchain.cargo.parent()].into_iter().flatten());
    // The folders of Debian's sysroot are among the system's; all of `/usr` is more than is needed.
    paths.extend(Some(toolchain.sysroot.as_path()).filter(|s| *s != Path::new("/usr")));
    if let StdLibrary::FromSource { libc } = &toolchain.std {
        paths.push(libc);
    }
    // The linker's own libraries lie two folders up: `lib/rustlib/HOST/bin`.
    paths.extend(toolchain.linker_dir.as_deref().map(|dir| dir.ancestors().nth(3).unwrap_or(dir)));
    paths.extend(prepared.sysroot.as_deref());
    paths.extend([prepared.libraries.as_path(), &prepared.host_libraries]);
    match Sandbox::new(&paths, work) {
        Ok(sandbox) => Ok(Some(sandbox)),
        Err(_) if unconfined => Ok(None),
        Err(why) => Err(CompileError::Unconfined { why }),
    }
}

/// `cargo vendor`: resolves, downloads and unpacks.
fn fetch(prepared: &Prepared, source: &Path) -> Command {
    let mut command = Command::new(&prepared.toolchain.cargo);
    command
        .args(["vendor", "--quiet", "--color", "never", "--respect-source-config", "--manifest-path"])
        .arg(source.join("Cargo.toml"))
        .arg(source.join("vendor"))
        // Folders above the sources are nobody's who could configure cargo there.
        .current_dir("/")
        .env_clear()
        .envs(ENV_KEPT.iter().filter_map(|key| Some((*key, std::env::var_os(key)?))))
        .env("PATH", path_of_tools(&prepared.toolchain))
        .env("RUSTC", &prepared.toolchain.rustc);
    command
}

/// `cargo build` of the sources that were fetched, in an environment without anything of the user's.
fn cargo(prepared: &Prepared, source: &Path, home: &Path) -> Command {
    let toolchain = &prepared.toolchain;
    let mut command = Command::new(&toolchain.cargo);
    command
        .args(["build", "--release", "--quiet", "--color", "never", "--offline", "--locked", "--target", TARGET])
        .args(["--message-format", "json-render-diagnostics", "--manifest-path"])
        .arg(source.join("Cargo.toml"))
        .current_dir("/")
        .env_clear()
        .env("PATH", path_of_tools(toolchain))
        .env("HOME", home)
        .env("CARGO_HOME", home)
        .env("TMPDIR", source)
        .env("LC_ALL", "C")
        .env("RUSTC", &toolchain.rustc)
        .env("CARGO_TARGET_DIR", source.join("target"))
        .env("CARGO_INCREMENTAL", "0");
    // Other metadata than that of the SDK's own crates, which may be the same ones.
    let mut flags = vec!["-C".into(), format!("target-feature={TARGET_FEATURES}"), "-C".into(), "metadata=udf".into()];
    flags.push(format!("--remap-path-prefix={}=crates", source.display()));
    if let StdLibrary::FromSource { libc } = &toolchain.std {
        flags.extend(["-L".to_owned(), format!("native={}", libc.display())]);
    }
    if let Some(sysroot) = &prepared.sysroot {
        flags.extend(["--sysroot".to_owned(), sysroot.display().to_string()]);
    }
    command.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"));
    command
}

/// Whether what was fetched is within bounds.
fn bounded(vendor: &Path) -> Result<(), String> {
    let Ok(entries) = fs::read_dir(vendor) else { return Ok(()) };
    let crates: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
    if crates.len() > CRATES_MAX {
        return Err(format!("these crates need {} crates in all; at most {CRATES_MAX} are allowed", crates.len()));
    }
    let (mut bytes, mut todo) = (0, crates);
    while let Some(path) = todo.pop() {
        let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
        if metadata.is_dir() {
            todo.extend(fs::read_dir(&path).into_iter().flatten().flatten().map(|e| e.path()));
        }
        bytes += metadata.len();
    }
    if bytes > SOURCE_BYTES_MAX {
        return Err(format!("the crates' sources have {bytes} bytes; at most {SOURCE_BYTES_MAX} are allowed"));
    }
    Ok(())
}

/// The name by which each dependency is called, and its file in the folder of the build, from what cargo says of its artifacts.
fn externs(dependencies: &[Dependency], lock: &str, messages: &str) -> Result<BTreeMap<String, String>, String> {
    let versions = manifest::locked(lock)?;
    let mut found = BTreeMap::new();
    for line in messages.lines() {
        let Ok(message) = serde_json::from_str::<Value>(line) else { continue };
        let text = |pointer: &str| message.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        if text("/reason") != "compiler-artifact" {
            continue;
        }
        let wanted = |d: &&Dependency| {
            versions
                .get(&d.name)
                .is_some_and(|version| text("/package_id").ends_with(&format!("#{}@{version}", d.name)))
        };
        if dependencies.iter().find(wanted).is_none() {
            continue;
        }
        let files = message.pointer("/filenames").and_then(Value::as_array).into_iter().flatten();
        for file in files.filter_map(Value::as_str).map(Path::new) {
            let folder = match file.extension().and_then(|e| e.to_str()) {
                Some("rlib") => "target",
                Some("so" | "dylib") => "host",
                _ => continue,
            };
            let Some(file) = file.file_name().and_then(|f| f.to_str()) else { continue };
            found.insert(text("/target/name").replace('-', "_"), format!("{folder}/{file}"));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toolchain::Choice;

    /// A build script that tries what it must not do, and says what came of it by failing.
    const EVIL: &str = r#"
        use std::{fs, net, process::Command};
        fn main() {
            let tried = [
                ("read", fs::read("/etc/passwd").is_ok()),
                ("home", fs::read_dir("/root").is_ok()),
                ("write", fs::write("/tmp/weir-evil", "x").is_ok() || fs::write("/var/tmp/weir-evil", "x").is_ok()),
                ("environment", std::env::vars().any(|(k, _)| k == "WEIR_TEST_SECRET")),
                ("others", fs::read("/proc/self/environ").is_ok()),
                ("connect", net::TcpStream::connect("127.0.0.1:1").err().map(|e| e.kind()) != Some(std::io::ErrorKind::PermissionDenied)),
                ("resolve", std::net::ToSocketAddrs::to_socket_addrs("example.org:80").is_ok()),
                ("child", Command::new("/bin/cat").arg("/etc/passwd").output().is_ok_and(|o| o.status.success())),
            ];
            let good: Vec<_> = tried.iter().filter(|(_, good)| *good).map(|(what, _)| what).collect();
            panic!("it could: {good:?}");
        }
    "#;

    #[test]
    fn a_build_script_reaches_nothing() {
        let cache = crate::default_cache_dir().unwrap();
        let store = Store::open(&cache).unwrap();
        let cancel = CancelToken::new();
        let prepared = crate::provision::prepare(&store, Choice::from_env(), &|_| {}, &cancel).unwrap();
        if let Err(why) = crate::sandbox_available() {
            let scratch = store.scratch().unwrap();
            let error = confinement(&prepared, &[], &scratch.path(), false).err().unwrap();
            assert_eq!(error.error_code(), "SandboxMissing");
            eprintln!("not tested: {why}");
            return;
        }
        // SAFETY: nothing else in this test binary reads this variable.
        unsafe { std::env::set_var("WEIR_TEST_SECRET", "hunter2") };
        let scratch = store.scratch().unwrap();
        let work = scratch.path();
        let vendored = work.join("build/vendor/evil");
        let files = [
            ("build/Cargo.toml", manifest::cargo(&manifest::dependencies("evil = \"1\"").unwrap())),
            ("build/src/lib.rs", String::new()),
            (
                "build/vendor/evil/Cargo.toml",
                "[package]\nname = \"evil\"\nversion = \"1.0.0\"\nedition = \"2024\"\n".into(),
            ),
            ("build/vendor/evil/src/lib.rs", String::new()),
            ("build/vendor/evil/build.rs", EVIL.to_owned()),
            (
                "build/vendor/evil/.cargo-checksum.json",
                format!("{{\"files\":{{}},\"package\":\"{}\"}}", "0".repeat(64)),
            ),
            (
                "build/Cargo.lock",
                format!(
                    "version = 4\n[[package]]\nname = \"evil\"\nversion = \"1.0.0\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\n\
                     checksum = \"{}\"\n[[package]]\nname = \"weir_crates\"\nversion = \"0.0.0\"\ndependencies = [\"evil\"]\n",
                    "0".repeat(64)
                ),
            ),
        ];
        for (path, text) in files {
            fs::create_dir_all(work.join(path).parent().unwrap()).unwrap();
            fs::write(work.join(path), text).unwrap();
        }
        assert!(vendored.is_dir());
        let said = build_fetched(&prepared, &work, false, &cancel).unwrap_err().to_string();
        assert!(said.contains("it could: []"), "{said}");
    }
}
