//! Debian's toolchain: `rustc-web` and `cargo-web`, std's sources from `rust-web-src`, the C library from `wasi-libc`.
//! The linker (`wasm-component-ld` over `rust-lld`) is not among the packages; every toolchain of rustup has one.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::installed::rustup_sysroots;
use super::rustup::last_line;
use super::{StdLibrary, Toolchain, identify, on_path};
use crate::error::CompileError;
use crate::process::{self, CancelToken, Limits, ProcessError};

const PACKAGES: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "wasi-libc"];
const SYSROOT: &str = "/usr";
const RUSTC: &str = "/usr/bin/rustc";
const CARGO: &str = "/usr/bin/cargo";
const STD_SOURCES: &str = "/usr/lib/rustlib/src/rust/library/std";
const LIBC: &str = "/usr/lib/wasm32-wasi";

/// A download of 200 MB and its unpacking.
const INSTALL: Limits = Limits {
    memory_bytes_max: None,
    cpu_seconds_max: 600,
    wall_max: Duration::from_secs(900),
    file_bytes_max: 4 << 30,
    output_bytes_max: 64 << 10,
};

/// Debian's toolchain, when all of it is there; what is missing goes to `tried`.
pub(super) fn find(tried: &mut Vec<String>, cancel: &CancelToken) -> Result<Option<Toolchain>, CompileError> {
    let needed = [(RUSTC, PACKAGES[0]), (CARGO, PACKAGES[1]), (STD_SOURCES, PACKAGES[2]), (LIBC, PACKAGES[3])];
    let missing: Vec<&str> =
        needed.iter().filter(|(p, _)| !Path::new(p).exists()).map(|(_, package)| *package).collect();
    if !missing.is_empty() {
        tried.push(format!("Debian packages missing: {}", missing.join(" ")));
        return Ok(None);
    }
    let identity = match identify(Path::new(RUSTC), cancel)? {
        Ok(identity) => identity,
        Err(why) => {
            tried.push(why);
            return Ok(None);
        }
    };
    let Some(linker_dir) = linker_dir(&identity.host) else {
        tried.push(
            "Debian's rustc was found, but no `wasm-component-ld` with a `rust-lld` or `wasm-ld`: \
             install any rustup toolchain, or run `cargo install wasm-component-ld` and `apt-get install lld`"
                .to_owned(),
        );
        return Ok(None);
    };
    Ok(Some(Toolchain {
        rustc: RUSTC.into(),
        cargo: CARGO.into(),
        version: identity.version,
        sysroot: SYSROOT.into(),
        host: identity.host,
        std: StdLibrary::FromSource { libc: LIBC.into() },
        linker_dir: Some(linker_dir),
    }))
}

/// A folder that holds the component linker; the linker below it lies beside it or on `PATH`.
fn linker_dir(host: &str) -> Option<PathBuf> {
    let mut folders: Vec<PathBuf> =
        rustup_sysroots().iter().map(|s| s.join("lib/rustlib").join(host).join("bin")).collect();
    folders.extend(on_path("wasm-component-ld").and_then(|p| p.parent().map(Path::to_owned)));
    folders.into_iter().find(|dir| {
        let below = dir.join("rust-lld").is_file() || dir.join("wasm-ld").is_file() || on_path("wasm-ld").is_some();
        dir.join("wasm-component-ld").is_file() && below
    })
}

/// Install the packages when this process may; whether it worked.
pub(super) fn install(
    progress: &dyn Fn(&str),
    tried: &mut Vec<String>,
    cancel: &CancelToken,
) -> Result<bool, CompileError> {
    let Some(apt) = on_path("apt-get") else {
        tried.push("this is not a Debian system (no apt-get)".to_owned());
        return Ok(false);
    };
    if !rustix::process::geteuid().is_root() {
        tried.push(format!("not root, so these were not installed: apt-get install {}", PACKAGES.join(" ")));
        return Ok(false);
    }
    for args in [&["update"][..], &["install", "-y", "--no-install-recommends"][..]] {
        let mut command = Command::new(&apt);
        command.args(args).env("DEBIAN_FRONTEND", "noninteractive");
        if args[0] == "install" {
            command.args(PACKAGES);
        }
        progress(&format!("apt-get {}{}", args.join(" "), if args[0] == "install" { " ..." } else { "" }));
        let why = match process::run(command, &INSTALL, cancel) {
            Ok(out) if out.status.success() => continue,
            Ok(out) => last_line(&out.stderr).to_owned(),
            Err(ProcessError::Cancelled) => return Err(CompileError::Cancelled),
            Err(ProcessError::WallTime) => format!("not done within {} s", INSTALL.wall_max.as_secs()),
            Err(ProcessError::Spawn(e)) => e.to_string(),
        };
        tried.push(format!("apt-get {}: {why}", args[0]));
        return Ok(false);
    }
    Ok(true)
}
