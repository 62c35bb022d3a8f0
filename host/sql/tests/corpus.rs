//! Programs as data: `tests/corpus/*.sql`, beside each what the front end says about it, and in `tests/generated` the Rust that it
//! becomes (which `native.rs` runs). `INSTA_UPDATE=always cargo test -p weir-sql --test corpus` writes the expectations anew.
#![allow(clippy::unwrap_used)]

use std::path::Path;

fn outcome(source: &str, name: &str) -> String {
    match weir_sql::compile(source) {
        Ok(program) => {
            let rust = format!("{}/tests/generated/{name}.rs", env!("CARGO_MANIFEST_DIR"));
            let rust = rust.replace(".sql.rs", ".rs");
            let generated = weir_sql::generate(&program.circuit);
            if std::env::var("INSTA_UPDATE").is_ok_and(|v| v == "always") {
                std::fs::write(&rust, &generated).unwrap();
            }
            let expected = std::fs::read_to_string(&rust).unwrap_or_default();
            assert!(
                expected == generated,
                "{rust} is not what is generated now: update it, and look at the difference"
            );
            program.circuit.check().unwrap_or_else(|e| panic!("{name}: {e}\n{}", program.circuit));
            let warnings = weir_sql::render(source, name, &program.warnings);
            format!("{}\n{warnings}", program.circuit)
        }
        Err(diagnostics) => weir_sql::render(source, name, &diagnostics),
    }
}

#[test]
fn corpus() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut files: Vec<_> = std::fs::read_dir(&dir)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "sql"))
        .collect();
    files.sort();
    assert!(!files.is_empty());
    for file in files {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let source = std::fs::read_to_string(&file).unwrap();
        let outcome = outcome(&source, &format!("{name}.sql"));
        insta::with_settings!({ snapshot_path => "corpus", prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(name, outcome);
        });
    }
}
