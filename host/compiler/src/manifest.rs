//! `udf.toml`: which crates functions need. Of it only names, version requirements and features are taken; the manifest that cargo reads is
//! written here.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use toml::{Table, Value};

/// Bytes of the longest `udf.toml`.
const BYTES_MAX: usize = 64 << 10;
/// Most dependencies that it names.
const DEPENDENCIES_MAX: usize = 50;
/// Most features of one.
const FEATURES_MAX: usize = 50;
/// Characters of the longest name, version or feature.
const WORD_MAX: usize = 100;

/// A crate of the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    version: String,
    features: Vec<String>,
    default_features: bool,
}

/// The dependencies of a `udf.toml`: entries as in a `[dependencies]` section, with or without that line.
///
/// # Errors
/// What is not TOML, and whatever is not a name, a version or features.
pub(crate) fn dependencies(toml: &str) -> Result<Vec<Dependency>, String> {
    if toml.len() > BYTES_MAX {
        return Err(format!("{} bytes; at most {BYTES_MAX} are allowed", toml.len()));
    }
    let mut table: Table = toml.parse().map_err(|e: toml::de::Error| e.to_string())?;
    if let Some(Value::Table(_)) = table.get("dependencies") {
        let Some(Value::Table(inner)) = table.remove("dependencies") else { return Ok(vec![]) };
        if let Some(other) = table.keys().next() {
            return Err(format!("`{other}`: only dependencies are taken"));
        }
        table = inner;
    }
    if table.len() > DEPENDENCIES_MAX {
        return Err(format!("{} dependencies; at most {DEPENDENCIES_MAX} are allowed", table.len()));
    }
    let mut found: Vec<Dependency> =
        table.into_iter().map(|(name, value)| dependency(name, value)).collect::<Result<_, _>>()?;
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

fn dependency(name: String, value: Value) -> Result<Dependency, String> {
    if name.starts_with("weir") || ["std", "core", "alloc", "test", "proc_macro"].contains(&name.as_str()) {
        return Err(format!("`{name}` is not taken from the registry"));
    }
    word(&name, "-_", "the name")?;
    let mut dependency =
        Dependency { name: name.clone(), version: String::new(), features: vec![], default_features: true };
    let table = match value {
        Value::String(version) => Table::from_iter([("version".to_owned(), Value::String(version))]),
        Value::Table(table) => table,
        _ => return Err(format!("`{name}`: expected a version or a table")),
    };
    for (key, value) in table {
        match (key.as_str(), value) {
            ("version", Value::String(version)) => {
                word(&version, "-_.*^~<>=, +", "the version")?;
                dependency.version = version;
            }
            ("default-features" | "default_features", Value::Boolean(on)) => dependency.default_features = on,
            ("features", Value::Array(list)) if list.len() <= FEATURES_MAX => {
                for feature in list {
                    let Value::String(feature) = feature else {
                        return Err(format!("`{name}`: a feature is a string"));
                    };
                    word(&feature, "-_.+", "a feature")?;
                    dependency.features.push(feature);
                }
            }
            ("version" | "default-features" | "default_features" | "features", _) => {
                return Err(format!("`{name}`: `{key}` is malformed"));
            }
            _ => {
                return Err(format!("`{name}`: `{key}` is not taken: only version, features and default-features are"));
            }
        }
    }
    if dependency.version.is_empty() {
        return Err(format!("`{name}` has no version"));
    }
    Ok(dependency)
}

/// Whether a text is made of letters, digits and some signs.
fn word(text: &str, signs: &str, what: &str) -> Result<(), String> {
    let good = text.chars().all(|c| c.is_ascii_alphanumeric() || signs.contains(c));
    if good && !text.is_empty() && text.len() <= WORD_MAX {
        Ok(())
    } else {
        Err(format!("{what} {text:?} is malformed"))
    }
}

/// The manifest of a crate that depends on these.
pub(crate) fn cargo(dependencies: &[Dependency]) -> String {
    // Build scripts and macros are made otherwise than the SDK's, so that the same crate in both is two crates.
    let mut out = String::from(
        "[package]\nname = \"weir_crates\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[lib]\n[workspace]\n\
         [profile.release]\npanic = \"abort\"\nopt-level = 3\ncodegen-units = 1\ndebug = false\n\
         [profile.release.build-override]\nopt-level = 0\ncodegen-units = 15\n[dependencies]\n",
    );
    for Dependency { name, version, features, default_features } in dependencies {
        // All parts were checked: none has a quote.
        let features: Vec<String> = features.iter().map(|f| format!("\"{f}\"")).collect();
        let features = features.join(", ");
        let _ = writeln!(
            out,
            "{name} = {{ version = \"{version}\", default-features = {default_features}, features = [{features}] }}"
        );
    }
    out
}

/// The version of each dependency of our crate, from the lock file.
pub(crate) fn locked(lock: &str) -> Result<BTreeMap<String, String>, String> {
    let table: Table = lock.parse().map_err(|e: toml::de::Error| e.to_string())?;
    let packages = table.get("package").and_then(Value::as_array).ok_or("a lock file without packages")?;
    let text = |p: &Value, key: &str| p.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let root = packages.iter().find(|p| text(p, "name") == "weir_crates").ok_or("a lock file without our crate")?;
    let mut versions = BTreeMap::new();
    for entry in root.get("dependencies").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        // `name`, or `name version` where there are several.
        let (name, version) = entry.split_once(' ').map_or((entry, None), |(n, v)| (n, v.split(' ').next()));
        let version = match version {
            Some(version) => version.to_owned(),
            None => packages.iter().find(|p| text(p, "name") == name).map(|p| text(p, "version")).unwrap_or_default(),
        };
        versions.insert(name.to_owned(), version);
    }
    Ok(versions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_and_features_are_taken() {
        let with = dependencies(
            "[dependencies]\nsmall = \"1.2\"\nbig = { version = \">=1, <2\", features = [\"a\"], default-features = false }\n",
        );
        let without = dependencies(
            "big = { version = \">=1, <2\", features = [\"a\"], default-features = false }\nsmall = \"1.2\"\n",
        );
        assert_eq!(with, without);
        let manifest = cargo(&with.unwrap());
        assert!(
            manifest.contains("big = { version = \">=1, <2\", default-features = false, features = [\"a\"] }\n"),
            "{manifest}"
        );
        assert!(
            manifest.ends_with("small = { version = \"1.2\", default-features = true, features = [] }\n"),
            "{manifest}"
        );
        assert_eq!(dependencies("# nothing\n"), Ok(vec![]));
    }

    #[test]
    fn nothing_else_is() {
        for toml in [
            "a = { path = \"/etc\" }",
            "a = { git = \"https://example.org/a\" }",
            "a = { version = \"1\", registry = \"mine\" }",
            "a = { version = \"1\", package = \"b\" }",
            "a = \"1\\\" }\\n[patch.crates-io]\"",
            "\"a = 1\\n[patch]\" = \"1\"",
            "a = { version = \"1\", features = [\"x\\\"]\"] }",
            "a = 1",
            "a = \"\"",
            "weir-sdk = \"1\"",
            "[package]\nbuild = \"build.rs\"",
            "[dependencies]\na = \"1\"\n[patch.crates-io]\nb = { path = \".\" }",
            "[build-dependencies]\na = \"1\"",
            "[target.'cfg(unix)'.dependencies]\na = \"1\"",
            "no toml",
        ] {
            assert!(dependencies(toml).is_err(), "{toml}");
        }
    }
}
