//! Every example of the registry, run in three ways: constants folded, by the naive interpreter, and by the engine's register programs over
//! a table of one row.
#![allow(clippy::unwrap_used)]

#[path = "slt/program.rs"]
mod program;
#[allow(dead_code, reason = "examples are in no file")]
#[path = "slt/read.rs"]
mod read;
mod support;

use program::Batch;
use read::{Check, Expected, Segment};
use support::{Ran, run};
use weir_circuit::interpret::{ZSet, evaluate};
use weir_sql::{Example, Outcome, Passes, examples};

/// How a program is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Folded,
    Interpreted,
    Engine,
}

const WAYS: [Way; 3] = [Way::Folded, Way::Interpreted, Way::Engine];
/// Examples in one program.
const BATCH: usize = 100;

fn check(e: &Example) -> Check {
    let expected = match e.outcome {
        Outcome::Gives("") => Expected::Rows(vec!["(empty)".to_string()]),
        Outcome::Gives(text) => Expected::Rows(vec![text.trim_end().to_string()]),
        Outcome::Fails(part) => Expected::Error(part.to_string()),
        Outcome::Refused(part) => Expected::Refused(part.to_string()),
    };
    Check { line: 0, sql: e.sql.to_string(), is_expression: true, expected }
}

/// What comes of checks in one program.
fn answers(checks: &[&Check], way: Way) -> Result<Vec<Expected>, Expected> {
    let passes = if way == Way::Folded { Passes::ALL } else { Passes::NONE };
    let batch = Batch::new(&Segment::default(), checks, passes).map_err(Expected::Refused)?;
    let circuit = &batch.program.circuit;
    let views = if way == Way::Engine {
        match run(circuit, &batch.steps[0].tables) {
            Ran::Views(views) => views,
            Ran::Failed(failure) => return Err(Expected::Error(failure.message)),
            Ran::Refused(message) => return Err(Expected::Refused(message)),
        }
    } else {
        let tables: Vec<ZSet> =
            batch.steps[0].tables.iter().map(|rows| rows.iter().map(|row| (row.clone(), 1)).collect()).collect();
        let views = evaluate(circuit, &tables).map_err(|e| Expected::Error(e.message))?;
        views.into_iter().map(|view| view.into_iter().collect()).collect()
    };
    Ok(batch.answers(&views).into_iter().map(Expected::Rows).collect())
}

/// Runs examples together, or, when one of them fails, each alone; says what is wrong.
fn compare(all: &[(Example, Check)], way: Way, wrong: &mut Vec<String>) {
    let alone = |check: &Check| answers(&[check], way).map_or_else(|e| e, |mut rows| rows.remove(0));
    let checks: Vec<&Check> = all.iter().map(|(_, c)| c).collect();
    let got = answers(&checks, way).unwrap_or_else(|_| checks.iter().map(|c| alone(c)).collect());
    for ((e, check), got) in all.iter().zip(got) {
        let fits = match (&got, &check.expected) {
            (Expected::Error(got), Expected::Error(part)) | (Expected::Refused(got), Expected::Refused(part)) => {
                got.contains(part.as_str())
            }
            (got, expected) => got == expected,
        };
        if !fits {
            wrong.push(format!("{}: {} => {got:?}, not {:?} ({way:?})", e.of, e.sql, check.expected));
        }
    }
}

#[test]
fn hold() {
    support::quiet();
    let all: Vec<(Example, Check)> = examples().map(|e| (e, check(&e))).collect();
    let (values, failures): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|(_, c)| matches!(c.expected, Expected::Rows(_)));
    assert!(values.len() > 200 && failures.len() > 20);
    let mut wrong = vec![];
    for way in WAYS {
        values.chunks(BATCH).for_each(|batch| compare(batch, way, &mut wrong));
        failures.chunks(1).for_each(|one| compare(one, way, &mut wrong));
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
