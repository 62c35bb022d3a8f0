//! Every example of the registry, run in three ways: constants folded, by the naive interpreter, and by the engine's register programs over
//! a table of one row.
#![allow(clippy::unwrap_used)]

#[path = "support/mod.rs"]
mod support;

use support::{Ran, run, view_of};
use weir_circuit::interpret::evaluate;
use weir_row::Value;
use weir_sql::{Example, Outcome, Passes, compile_with, examples};

/// How a program is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Folded,
    Interpreted,
    Engine,
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_string(),
        Value::Text(s) => s.to_string(),
        other => panic!("a cast to VARCHAR gave {other:?}"),
    }
}

/// The only row of a program's only view, or the run-time error.
fn row(source: &str, way: Way) -> Result<Vec<Value>, String> {
    let passes = if way == Way::Folded { Passes::ALL } else { Passes::NONE };
    let program = compile_with(source, passes).map_err(|e| weir_sql::render(source, "example", &e))?;
    let one = vec![vec![vec![Value::I32(1)]]];
    let rows = match way {
        Way::Folded | Way::Interpreted => {
            let table = one[0].iter().map(|row| (row.clone(), 1)).collect();
            evaluate(&program.circuit, &[table]).map_err(|e| e.message)?[0].keys().cloned().collect()
        }
        Way::Engine => match run(&program.circuit, &one) {
            Ran::Views(views) => views[0].iter().map(|(row, _)| row.clone()).collect::<Vec<_>>(),
            Ran::Failed(failure) => return Err(failure.message),
        },
    };
    assert_eq!(rows.len(), 1, "{source}");
    Ok(rows.into_iter().next().unwrap())
}

/// Expressions as columns of one view.
fn source(expressions: &[&str]) -> String {
    format!("CREATE TABLE one (n INT NOT NULL);\n{}", view_of(expressions))
}

/// Examples with values: many in one program.
#[test]
fn give() {
    let all: Vec<(Example, &str)> = examples()
        .filter_map(|e| match e.outcome {
            Outcome::Gives(text) => Some((e, text)),
            _ => None,
        })
        .collect();
    assert!(all.len() > 200);
    support::quiet();
    let mut wrong = vec![];
    for way in [Way::Folded, Way::Interpreted, Way::Engine] {
        for batch in all.chunks(50) {
            let whole = row(&source(&batch.iter().map(|(e, _)| e.sql).collect::<Vec<_>>()), way);
            // One that fails has the others fail with it: then each is run alone.
            let values: Vec<String> = match whole {
                Ok(values) => values.iter().map(text).collect(),
                Err(_) => {
                    let alone = |e: &Example| row(&source(&[e.sql]), way).map(|v| text(&v[0]));
                    batch.iter().map(|(e, _)| alone(e).unwrap_or_else(|message| message)).collect()
                }
            };
            for ((e, expected), got) in batch.iter().zip(values) {
                if got != *expected {
                    wrong.push(format!("{}: {} => {got}, not {expected} ({way:?})", e.of, e.sql));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn fail() {
    support::quiet();
    let mut wrong = vec![];
    for e in examples() {
        let Outcome::Fails(part) = e.outcome else { continue };
        for way in [Way::Folded, Way::Interpreted, Way::Engine] {
            match row(&source(&[e.sql]), way) {
                Err(message) if message.contains(part) => {}
                other => wrong.push(format!("{}: {} => {other:?}, not an error with {part:?} ({way:?})", e.of, e.sql)),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn refused() {
    let mut wrong = vec![];
    for e in examples() {
        let Outcome::Refused(part) = e.outcome else { continue };
        let source = source(&[e.sql]);
        match weir_sql::compile(&source) {
            Ok(_) => wrong.push(format!("{}: {} compiles", e.of, e.sql)),
            Err(diagnostics) => {
                let shown = weir_sql::render(&source, "example", &diagnostics);
                if !shown.contains(part) {
                    wrong.push(format!("{}: {} is refused without {part:?}:\n{shown}", e.of, e.sql));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The page is what the registry says now.
#[test]
fn reference_is_fresh() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/sql-reference.md");
    let fresh = weir_sql::reference();
    if std::env::var("INSTA_UPDATE").is_ok_and(|v| v == "always") {
        std::fs::write(path, &fresh).unwrap();
    }
    let stored = std::fs::read_to_string(path).unwrap_or_default();
    let stale = "docs/sql-reference.md is stale: cargo run -p weir-sql --example sql_reference > docs/sql-reference.md";
    assert!(stored == fresh, "{stale}");
}
