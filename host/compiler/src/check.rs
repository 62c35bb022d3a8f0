//! Is this file a component of our world? It may import what the world names and the WASI interfaces that Rust's std
//! links by itself (the runtime gives those an empty context), and nothing else; it must export a pipeline.

use wasmparser::{ComponentExternalKind, ComponentTypeRef, Encoding, Parser, Payload};

/// The interface that a component exports.
pub const PIPELINE_EXPORT: &str = "weir:pipeline/pipeline@0.1.0";

/// Interfaces of ours that a component may import.
const WEIR_IMPORTS: [&str; 2] = ["weir:pipeline/types@0.1.0", "weir:pipeline/host@0.1.0"];

/// WASI interfaces, without their version, that Rust's std links although a program calls none of them: arguments and
/// environment, standard streams (panic messages), clocks, the seed of hash maps, and the file system for messages of errors.
const WASI_IMPORTS: [&str; 20] = [
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/stderr",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:cli/terminal-stderr",
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/wall-clock",
    "wasi:filesystem/preopens",
    "wasi:filesystem/types",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:random/insecure",
    "wasi:random/insecure-seed",
    "wasi:random/random",
];

/// Minor version of WASI that the runtime links.
const WASI_VERSION_PREFIX: &str = "0.2.";

/// Bytes of the largest component that is looked at.
pub const COMPONENT_BYTES_MAX: usize = 64 << 20;

/// Why a file is not a component of our world.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WorldError {
    /// Not wasm, cut short, or damaged.
    #[error("it is not a valid WebAssembly file: {0}")]
    Malformed(String),
    /// A core module.
    #[error("it is a core module, not a component (build it for wasm32-wasip2)")]
    CoreModule,
    /// Larger than [`COMPONENT_BYTES_MAX`].
    #[error("it has {0} bytes; at most {COMPONENT_BYTES_MAX} are allowed")]
    TooLarge(usize),
    /// An import that the world does not have.
    #[error("it imports `{0}`, which the world weir:pipeline/program does not offer")]
    UnknownImport(String),
    /// The pipeline is missing.
    #[error("it does not export `{PIPELINE_EXPORT}`{}", exports_note(.0))]
    MissingExport(Vec<String>),
}

fn exports_note(exports: &[String]) -> String {
    if exports.is_empty() {
        " (it exports nothing)".to_owned()
    } else {
        format!(" (it exports {})", exports.join(", "))
    }
}

/// Check a component's imports and exports.
///
/// Types are not compared here: the runtime does that when it links, and the native compiler validates the code.
///
/// # Errors
/// A [`WorldError`] that names the first offender.
pub fn check_world(bytes: &[u8]) -> Result<(), WorldError> {
    if bytes.len() > COMPONENT_BYTES_MAX {
        return Err(WorldError::TooLarge(bytes.len()));
    }
    let malformed = |e: wasmparser::BinaryReaderError| WorldError::Malformed(e.to_string());
    let mut depth = 0_u32;
    let mut exports = Vec::new();
    let mut exported = false;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(malformed)? {
            Payload::Version { encoding: Encoding::Module, .. } if depth == 0 => return Err(WorldError::CoreModule),
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    let import = import.map_err(malformed)?;
                    let instance = matches!(import.ty, ComponentTypeRef::Instance(_));
                    if !instance || !is_offered(import.name.name) {
                        return Err(WorldError::UnknownImport(import.name.name.to_owned()));
                    }
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    let export = export.map_err(malformed)?;
                    exported |= export.kind == ComponentExternalKind::Instance && export.name.name == PIPELINE_EXPORT;
                    exports.push(export.name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    if exported { Ok(()) } else { Err(WorldError::MissingExport(exports)) }
}

fn is_offered(import: &str) -> bool {
    if WEIR_IMPORTS.contains(&import) {
        return true;
    }
    import
        .split_once('@')
        .is_some_and(|(name, version)| WASI_IMPORTS.contains(&name) && version.starts_with(WASI_VERSION_PREFIX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_offered_interfaces_pass() {
        for (import, offered) in [
            ("weir:pipeline/host@0.1.0", true),
            ("weir:pipeline/host@9.0.0", false),
            ("wasi:cli/stderr@0.2.6", true),
            ("wasi:cli/stderr@0.3.0", false),
            ("wasi:cli/stderr", false),
            ("wasi:sockets/tcp@0.2.6", false),
            ("wasi:http/outgoing-handler@0.2.6", false),
            ("env", false),
        ] {
            assert_eq!(is_offered(import), offered, "{import}");
        }
    }

    #[test]
    fn what_is_not_wasm_is_refused() {
        assert!(matches!(check_world(b""), Err(WorldError::Malformed(_))));
        assert!(matches!(check_world(b"SELECT 1"), Err(WorldError::Malformed(_))));
        assert_eq!(check_world(b"\0asm\x01\0\0\0"), Err(WorldError::CoreModule));
        assert_eq!(check_world(b"\0asm\x0d\0\x01\0"), Err(WorldError::MissingExport(vec![])));
    }
}
