//! Embeds the SDK's sources in the binary: an installed `weir` builds programs without a checkout.
//!
//! What is embedded is `weir-sdk`, the crates of this workspace that it depends on, `wit/`, a workspace manifest with
//! only the entries that those crates use, and the lock file cut down to their dependencies: so a change elsewhere in
//! the workspace changes no hash, and no user's cache.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// The crate that programs link; the others follow from its manifest.
const SDK_ROOT: &str = "guest-sdk";
/// The crate that the engine's component links.
const ENGINE_ROOT: &str = "guest-sdk/engine";
/// The crate that functions written in Rust link.
const UDF_ROOT: &str = "guest-sdk/udf";

fn main() {
    let manifest_dir = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let root = manifest_dir.join("../..");
    let out_dir = PathBuf::from(std::env::var("OUT_DIR").expect("cargo sets it"));
    println!("cargo:rerun-if-changed=build.rs");

    let workspace = read(&root, "Cargo.toml");
    let members = members(&root, &workspace);
    // Path inside the unpacked SDK -> contents.
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for member in &members {
        let manifest = strip_manifest(&read(&root, &format!("{member}/Cargo.toml")));
        files.insert(format!("{member}/Cargo.toml"), manifest.into_bytes());
        add_folder(&root, &format!("{member}/src"), &mut files);
        let script = format!("{member}/build.rs");
        if root.join(&script).is_file() {
            files.insert(script.clone(), read(&root, &script).into_bytes());
        }
    }
    add_folder(&root, "wit", &mut files);
    let manifests: Vec<String> = members.iter().map(|m| read(&root, &format!("{m}/Cargo.toml"))).collect();
    let names: Vec<String> = manifests.iter().map(|m| package_name(m)).collect();
    let own: BTreeMap<&str, Vec<String>> =
        names.iter().map(String::as_str).zip(manifests.iter().map(|m| dependencies(m))).collect();
    files.insert("Cargo.toml".to_owned(), workspace_manifest(&root, &workspace, &members).into_bytes());
    files.insert("Cargo.lock".to_owned(), prune_lock(&read(&root, "Cargo.lock"), &own).into_bytes());

    let mut code = String::from("/// Path in the SDK's folder and contents of each file, sorted by path.\n");
    code.push_str("pub(crate) static FILES: &[(&str, &[u8])] = &[\n");
    let embedded = out_dir.join("sdk");
    for (path, contents) in &files {
        let copy = embedded.join(path);
        fs::create_dir_all(copy.parent().expect("the path has a folder")).expect("OUT_DIR is writable");
        fs::write(&copy, contents).expect("OUT_DIR is writable");
        writeln!(code, "    ({path:?}, include_bytes!({:?})),", copy.display().to_string())
            .expect("a String takes all");
    }
    code.push_str("];\n");
    let crates: Vec<String> = names.iter().map(|n| n.replace('-', "_")).collect();
    writeln!(code, "/// Crates of the SDK that a program may name.\npub(crate) static CRATES: &[&str] = &{crates:?};")
        .expect("a String takes all");
    fs::write(out_dir.join("embedded.rs"), code).expect("OUT_DIR is writable");
}

fn read(root: &Path, path: &str) -> String {
    println!("cargo:rerun-if-changed={}", root.join(path).display());
    fs::read_to_string(root.join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn add_folder(root: &Path, folder: &str, files: &mut BTreeMap<String, Vec<u8>>) {
    println!("cargo:rerun-if-changed={}", root.join(folder).display());
    let entries = fs::read_dir(root.join(folder)).unwrap_or_else(|e| panic!("{folder}: {e}"));
    for entry in entries {
        let entry = entry.expect("the folder is readable");
        let path = format!("{folder}/{}", entry.file_name().to_str().expect("source files have UTF-8 names"));
        if entry.path().is_dir() {
            add_folder(root, &path, files);
        } else if path.ends_with(".rs") || path.ends_with(".wit") || path.ends_with(".toml") {
            files.insert(path.clone(), fs::read(entry.path()).unwrap_or_else(|e| panic!("{path}: {e}")));
        }
    }
}

/// `name -> folder` of the workspace's own crates in the guest SDK.
fn guest_crates(workspace: &str) -> BTreeMap<String, String> {
    workspace
        .lines()
        .filter_map(|line| {
            let (name, rest) = line.split_once('=')?;
            let path = rest.split_once("path = \"")?.1.split_once('"')?.0;
            path.starts_with(SDK_ROOT).then(|| (name.trim().to_owned(), path.to_owned()))
        })
        .collect()
}

/// Names of a manifest's dependencies, those for tests excepted.
fn dependencies(manifest: &str) -> Vec<String> {
    let mut in_dependencies = false;
    let mut names = Vec::new();
    for line in manifest.lines().map(str::trim) {
        if line.starts_with('[') {
            in_dependencies = line.ends_with("dependencies]") && !line.contains("dev-dependencies");
        } else if in_dependencies && line.contains('=') && !line.starts_with('#') {
            let name = line.split(['=', '.']).next().expect("split yields one part at least");
            names.push(name.trim().to_owned());
        }
    }
    names
}

/// A manifest without what only tests and benchmarks need.
fn strip_manifest(manifest: &str) -> String {
    let mut keep = true;
    let mut out = String::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            let unwanted = ["dev-dependencies", "[[test]]", "[[bench]]", "[[example]]"];
            keep = !unwanted.iter().any(|section| line.contains(section));
        }
        if keep {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

/// The SDK's crate and those it reaches, as folders.
fn members(root: &Path, workspace: &str) -> BTreeSet<String> {
    let crates = guest_crates(workspace);
    let mut found = BTreeSet::new();
    let mut todo = vec![SDK_ROOT.to_owned(), ENGINE_ROOT.to_owned(), UDF_ROOT.to_owned()];
    while let Some(folder) = todo.pop() {
        if found.insert(folder.clone()) {
            let manifest = read(root, &format!("{folder}/Cargo.toml"));
            todo.extend(dependencies(&manifest).iter().filter_map(|name| crates.get(name).cloned()));
        }
    }
    found
}

fn package_name(manifest: &str) -> String {
    let line = manifest.lines().find(|l| l.starts_with("name = ")).expect("a package has a name");
    line.split('"').nth(1).expect("a name is quoted").to_owned()
}

/// A workspace of the SDK's crates alone, with the versions and lints of ours.
fn workspace_manifest(root: &Path, workspace: &str, members: &BTreeSet<String>) -> String {
    let wanted: BTreeSet<String> =
        members.iter().flat_map(|m| dependencies(&read(root, &format!("{m}/Cargo.toml")))).collect();
    let list: Vec<String> = members.iter().map(|m| format!("{m:?}")).collect();
    let mut out = format!("[workspace]\nresolver = \"3\"\nmembers = [{}]\n", list.join(", "));
    let mut section = "";
    for line in workspace.lines() {
        if line.starts_with('[') {
            section = line.trim();
        }
        let keep = match section {
            "[workspace.package]" => true,
            s if s.starts_with("[workspace.lints") => true,
            "[workspace.dependencies]" => {
                line.starts_with('[') || line.split_once('=').is_some_and(|(name, _)| wanted.contains(name.trim()))
            }
            _ => false,
        };
        if keep && !line.trim().is_empty() && !line.starts_with('#') {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

/// The lock file cut down to what our own packages (name -> dependencies) reach.
fn prune_lock(lock: &str, own: &BTreeMap<&str, Vec<String>>) -> String {
    let mut parts = lock.split("[[package]]\n");
    let mut out = parts.next().expect("split yields one part at least").to_owned();
    let packages: Vec<Package<'_>> = parts.map(Package::parse).collect();
    let mut keep = BTreeSet::new();
    let mut todo: Vec<usize> = (0..packages.len()).filter(|&i| own.contains_key(packages[i].name)).collect();
    while let Some(i) = todo.pop() {
        if keep.insert(i) {
            for (name, version) in packages[i].dependencies(own) {
                let wanted = |p: &Package<'_>| p.name == name && version.is_none_or(|v| v == p.version);
                todo.extend((0..packages.len()).filter(|&i| wanted(&packages[i])));
            }
        }
    }
    for i in keep {
        let package = &packages[i];
        out.push_str("[[package]]\n");
        for line in package.text.lines() {
            let unwanted = match (own.get(package.name), line.strip_prefix(" \"")) {
                (Some(wanted), Some(rest)) => !wanted.iter().any(|w| rest.split(['"', ' ']).next() == Some(w)),
                _ => false,
            };
            if !unwanted {
                out.push_str(line);
                out.push('\n');
            }
        }
    }
    out
}

struct Package<'a> {
    text: &'a str,
    name: &'a str,
    version: &'a str,
}

impl<'a> Package<'a> {
    fn parse(text: &'a str) -> Self {
        let field = |key: &str| {
            let line = text.lines().find(|l| l.starts_with(key)).unwrap_or_else(|| panic!("Cargo.lock: no {key}"));
            line.split('"').nth(1).expect("a value is quoted")
        };
        Package { text, name: field("name = "), version: field("version = ") }
    }

    /// Name and, where the name is not enough, version of each dependency; of our own packages only those not for tests.
    fn dependencies(&self, own: &BTreeMap<&str, Vec<String>>) -> Vec<(&'a str, Option<&'a str>)> {
        let list = self.text.split_once("dependencies = [\n").map_or("", |(_, rest)| rest);
        list.lines()
            .take_while(|l| !l.starts_with(']'))
            .filter_map(|l| l.split('"').nth(1))
            .map(|d| d.split_once(' ').map_or((d, None), |(name, version)| (name, version.split(' ').next())))
            .filter(|(name, _)| own.get(self.name).is_none_or(|wanted| wanted.iter().any(|w| w == name)))
            .collect()
    }
}
