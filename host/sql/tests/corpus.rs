//! Programs as data: `tests/corpus/*.sql`, and beside each what the front end says about it. `INSTA_UPDATE=always cargo test
//! -p weir-sql --test corpus` writes the expectations anew.

use std::path::Path;

fn outcome(source: &str, name: &str) -> String {
    match weir_sql::compile(source) {
        Ok(program) => {
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
