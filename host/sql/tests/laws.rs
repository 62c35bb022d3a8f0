//! Laws: expressions that are TRUE whatever the values, NULLs among them; `laws.txt` has them, one a line. They are evaluated by the engine over
//! random rows.
#![allow(clippy::unwrap_used)]

#[path = "random/generate.rs"]
#[allow(dead_code, reason = "only its rows are used")]
mod generate;
#[allow(clippy::duplicate_mod)]
mod support;

use generate::{TABLE, rows};
use support::{Ran, run};
use weir_circuit::Circuit;
use weir_row::Value;
use weir_sql::{Passes, compile_with};

/// Seeds of rows.
const SEEDS: u64 = 60;

fn circuit(laws: &[&str]) -> Circuit {
    let columns: Vec<String> = laws.iter().enumerate().map(|(i, law)| format!("{law} AS z{i}")).collect();
    let source = format!("{TABLE}CREATE VIEW v AS SELECT id, {} FROM t;", columns.join(",\n"));
    let program = compile_with(&source, Passes::NONE);
    program.unwrap_or_else(|e| panic!("{}", weir_sql::render(&source, "laws", &e))).circuit
}

/// The laws that do not hold, with the row.
fn broken(laws: &[&str], circuit: &Circuit, table: &[Vec<Value>]) -> Vec<String> {
    match run(circuit, &[table.to_vec()]) {
        Ran::Views(views) => {
            let of_row = |(row, _): &(Vec<Value>, i64)| {
                let id = row[0].clone();
                let given = table.iter().find(|r| r[0] == id).unwrap();
                let wrong = laws.iter().zip(&row[1..]).filter(|(_, v)| **v != Value::Bool(true));
                wrong.map(|(law, v)| format!("{law} is {v:?} of {given:?}")).collect::<Vec<_>>()
            };
            assert_eq!(views[0].len(), table.len());
            views[0].iter().flat_map(of_row).collect()
        }
        Ran::Failed(failure) => vec![format!("{laws:?} fail: {}", failure.message)],
        Ran::Refused(message) => vec![format!("{laws:?}: {message}")],
    }
}

#[test]
fn hold() {
    support::quiet();
    let all = include_str!("laws.txt").lines().filter(|l| !l.trim().is_empty() && !l.starts_with("--"));
    let laws: Vec<&str> = all.collect();
    let whole = circuit(&laws);
    let mut wrong = vec![];
    for seed in 0..SEEDS {
        let table = rows(seed);
        let here = broken(&laws, &whole, &table);
        if here.iter().any(|w| w.contains(" fail: ")) {
            // One that fails has the others fail with it.
            wrong.extend(laws.iter().flat_map(|law| broken(&[law], &circuit(&[law]), &table)));
            break;
        }
        wrong.extend(here);
    }
    // One of each.
    wrong.sort();
    wrong.dedup_by_key(|w| w.split(" is ").next().map(str::to_string));
    println!("{} laws over {} rows", laws.len(), SEEDS * generate::ROWS as u64);
    assert!(laws.len() > 50 && wrong.is_empty(), "{} broken\n{}", wrong.len(), wrong[..wrong.len().min(20)].join("\n"));
}

/// What is no law is found.
#[test]
fn what_is_no_law_is_broken() {
    support::quiet();
    for law in ["p OR NOT p", "i = j", "i > j OR i <= j"] {
        assert!((0..9).any(|seed| !broken(&[law], &circuit(&[law]), &rows(seed)).is_empty()), "{law}");
    }
}
