//! Toolchains that have the target's standard library: rustup's, or the one on `PATH`.

use std::path::{Path, PathBuf};

use super::{StdLibrary, TARGET, Toolchain, holds_std, identify, on_path, target_lib};
use crate::error::CompileError;
use crate::process::CancelToken;

/// The first usable toolchain; what did not do goes to `tried`.
pub(super) fn find(tried: &mut Vec<String>, cancel: &CancelToken) -> Result<Option<Toolchain>, CompileError> {
    let mut sysroots = rustup_sysroots();
    // A compiler beside `lib/rustlib`, as distributions lay it out. rustup's proxies have no such neighbour.
    sysroots.extend(on_path("rustc").and_then(|p| Some(p.parent()?.parent()?.to_owned())));
    let mut found = false;
    for sysroot in sysroots {
        if !holds_std(&target_lib(&sysroot)) {
            continue;
        }
        found = true;
        let rustc = sysroot.join("bin/rustc");
        let Some(cargo) = Some(sysroot.join("bin/cargo")).filter(|p| p.is_file()).or_else(|| on_path("cargo")) else {
            tried.push(format!("{}: it has no cargo", sysroot.display()));
            continue;
        };
        match identify(&rustc, cancel)? {
            Ok(identity) => {
                return Ok(Some(Toolchain {
                    rustc,
                    cargo,
                    version: identity.version,
                    sysroot,
                    host: identity.host,
                    std: StdLibrary::Installed,
                    linker_dir: None,
                }));
            }
            Err(why) => tried.push(why),
        }
    }
    if !found {
        tried.push(format!("no installed toolchain has the target {TARGET}"));
    }
    Ok(None)
}

/// Folder of rustup's toolchains.
fn rustup_toolchains() -> Option<PathBuf> {
    let home = std::env::var_os("RUSTUP_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".rustup")))?;
    Some(home.join("toolchains"))
}

/// rustup's toolchains: stable releases before others, so that a nightly is the last resort.
pub(super) fn rustup_sysroots() -> Vec<PathBuf> {
    let Some(Ok(entries)) = rustup_toolchains().map(std::fs::read_dir) else { return Vec::new() };
    let mut names: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
    names.sort_by_key(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let rank = if name.starts_with("stable") { 0 } else { u8::from(name.starts_with("nightly")) + 1 };
        (rank, name)
    });
    names
}
