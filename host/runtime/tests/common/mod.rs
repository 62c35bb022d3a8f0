//! Guests written in the text format, made components and loaded.

use std::path::{Path, PathBuf};

use weir_runtime::{Engine, LoadError, Program, wasm_config};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// The repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A component of a text: functions that replace those of the template, or a whole component.
pub(crate) fn component(text: &str) -> Vec<u8> {
    let body: String = text.lines().filter(|l| !l.starts_with(";;")).map(|l| format!("{l}\n")).collect();
    if body.trim_start().starts_with("(component") {
        return wat::parse_str(&body).expect("the component is well-formed");
    }
    let template = std::fs::read_to_string(root().join("tests/evil/template.wat")).expect("the template is there");
    let mut parts = template.split(";; DEFAULTS\n");
    let module = parts.next().expect("split yields one part at least");
    let mut functions = body.clone();
    for default in parts {
        let name = default.split_whitespace().nth(1).expect("a function has a name");
        if !body.contains(&format!("(func {name} ")) {
            functions.push_str(default);
        }
    }
    let module = module.replace("(;FUNCTIONS;)", &functions);
    let mut module = wat::parse_str(&module).unwrap_or_else(|e| panic!("{e}\n{functions}"));
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_path(root().join("wit")).expect("the world is well-formed");
    let world = resolve.select_world(&[package], Some("program")).expect("the package has the world");
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false)
        .expect("the world can be embedded");
    let mut encoder = ComponentEncoder::default();
    encoder.validate(true).module(&module).expect("the module fits the world");
    encoder.encode().expect("the component is valid")
}

/// Native code of a component, loaded as the serving process does. (Only tests compile in the process that runs.)
pub(crate) fn load(engine: &Engine, wasm: &[u8]) -> Result<Program, LoadError> {
    use sha2::{Digest, Sha256};
    let compiler = wasmtime::Engine::new(&wasm_config()).expect("the settings are valid");
    let native = compiler.precompile_component(wasm).expect("the component compiles");
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let path = folder.path().join("program.cwasm");
    std::fs::write(&path, &native).expect("the temporary folder is writable");
    let sha256: String = Sha256::digest(&native).iter().map(|b| format!("{b:02x}")).collect();
    Program::load(engine, &path, &sha256)
}
