//! The files of `tests/slt` on the engine, natively, with and without the optimiser.
#![allow(clippy::unwrap_used)]

mod program;
mod read;
#[path = "../support/mod.rs"]
mod support;

use program::Batch;
use read::{Check, Expected, Segment, read};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use support::{Ran, run_steps};
use weir_sql::Passes;

/// Checks in one program.
const BATCH: usize = 200;
/// What the whole suite may take.
const TIME_MAX: Duration = Duration::from_secs(60);

fn files() -> Vec<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/slt");
    let all = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path());
    let mut files: Vec<_> = all.filter(|p| p.extension().is_some_and(|e| e == "slt")).collect();
    files.sort();
    files
}

/// What comes of checks in one program: their rows, or why there are none.
fn answers(segment: &Segment, checks: &[&Check], passes: Passes) -> Result<Vec<Vec<String>>, Expected> {
    let batch = Batch::new(segment, checks, passes).map_err(Expected::Refused)?;
    let steps: Vec<_> = batch.steps.iter().map(|s| (s.now, s.tables.as_slice())).collect();
    match run_steps(&batch.program.circuit, &steps) {
        Ran::Views(views) => Ok(batch.answers(&views)),
        Ran::Failed(failure) => Err(Expected::Error(failure.message)),
        Ran::Refused(message) => Err(Expected::Refused(message)),
    }
}

/// Whether something is what was expected; errors contain what was.
fn fits(got: &Expected, expected: &Expected) -> bool {
    match (got, expected) {
        (Expected::Rows(got), Expected::Rows(expected)) => got == expected,
        (Expected::Error(got), Expected::Error(part)) | (Expected::Refused(got), Expected::Refused(part)) => {
            got.contains(part)
        }
        _ => false,
    }
}

/// Runs one check alone.
fn alone(segment: &Segment, check: &Check, passes: Passes) -> Expected {
    match answers(segment, &[check], passes) {
        Ok(mut rows) => Expected::Rows(rows.remove(0)),
        Err(expected) => expected,
    }
}

/// Runs a segment; says what is wrong.
fn check(segment: &Segment, passes: Passes, wrong: &mut Vec<String>) {
    let (values, failures): (Vec<&Check>, Vec<&Check>) =
        segment.checks.iter().partition(|c| matches!(c.expected, Expected::Rows(_)));
    let mut compare = |check: &Check, got: Expected| {
        if !fits(&got, &check.expected) {
            wrong.push(format!(
                "line {}: {}\n  {got:?}\n  not {:?} ({passes:?})",
                check.line, check.sql, check.expected
            ));
        }
    };
    for batch in values.chunks(BATCH) {
        match answers(segment, batch, passes) {
            Ok(all) => batch.iter().zip(all).for_each(|(check, rows)| compare(check, Expected::Rows(rows))),
            // One that fails has the others fail with it.
            Err(_) => batch.iter().for_each(|check| compare(check, alone(segment, check, passes))),
        }
    }
    for check in failures {
        let got = if check.is_expression
            || !["create", "lateness"].iter().any(|word| check.sql.to_lowercase().starts_with(word))
        {
            alone(segment, check, passes)
        } else {
            // A declaration beside the others.
            let mut with = segment.clone();
            with.declarations.push(check.sql.clone());
            let nothing = Check { sql: "1".to_string(), is_expression: true, ..check.clone() };
            alone(&with, &nothing, passes)
        };
        compare(check, got);
    }
}

#[test]
fn files_hold() {
    support::quiet();
    let (start, mut wrong, mut count) = (Instant::now(), vec![], 0);
    for file in files() {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let (begun, mut here, mut checks) = (Instant::now(), vec![], 0);
        match read(&std::fs::read_to_string(&file).unwrap()) {
            Ok(segments) => {
                for segment in &segments {
                    checks += segment.checks.len();
                    check(segment, Passes::ALL, &mut here);
                    check(segment, Passes::NONE, &mut here);
                }
            }
            Err(e) => here.push(e),
        }
        println!("{name}: {checks} cases in {:?}", begun.elapsed());
        wrong.extend(here.into_iter().map(|w| format!("{name}, {w}")));
        count += checks;
    }
    let took = start.elapsed();
    println!("{count} cases, each with and without the optimiser, in {took:?}");
    assert!(count > 0 && wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(took < TIME_MAX, "{took:?}");
}

/// The reader tells values from errors, and later statements from earlier ones.
#[test]
fn reads_blocks() {
    let text = "# a comment\nstatement ok\nCREATE TABLE t (a INT)\n\nquery I rowsort\nSELECT a FROM t\n----\n2\n1\n\n\
                statement ok\nDROP TABLE t\n\ncases\nf(a => 1) => x\n1/0 => !error zero\n";
    let segments = read(text).unwrap();
    assert_eq!(segments.len(), 2);
    assert_eq!(segments[0].checks[0].expected, Expected::Rows(vec!["1".to_string(), "2".to_string()]));
    assert!(segments[1].declarations.is_empty());
    assert_eq!(segments[1].checks[0].sql, "f(a => 1)");
    assert_eq!(segments[1].checks[1].expected, Expected::Error("zero".to_string()));
    assert!(read("querry\nSELECT 1\n").is_err());
}

/// What is not so is found.
#[test]
fn wrong_values_are_told() {
    support::quiet();
    let segments = read("cases\n1 + 1 => 3\n1 / 0 => 0\n1 + 1 => !error x\n1 + 1 => !refused x\n1 + 1 => 2\n").unwrap();
    let mut wrong = vec![];
    check(&segments[0], Passes::ALL, &mut wrong);
    assert_eq!(wrong.len(), 4, "{wrong:?}");
}
