//! Random well-typed expressions over the whole registry: the engine's register programs, with and without the optimiser, give what the naive
//! interpreter gives, row by row; where one fails, the other fails with the same message.
//!
//! `WEIR_SEED` chooses other expressions, `WEIR_ROUNDS` how many are made of each example.
#![allow(clippy::unwrap_used)]

mod generate;
#[path = "../support/mod.rs"]
mod support;

use generate::{Generator, circuit, rows};
use std::collections::BTreeMap;
use std::time::Instant;
use support::{Ran, run};
use weir_circuit::Circuit;
use weir_circuit::interpret::{ZSet, evaluate};
use weir_row::Value;
use weir_sql::Passes;

fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(usual)
}

/// In place of a message: a fault of ours.
const PANIC: &str = "a panic";

/// The value of each row that has one, by the engine.
fn engine(circuit: &Circuit, table: &[Vec<Value>]) -> Result<BTreeMap<i32, Value>, String> {
    // With the optimiser a constant needs no table.
    let tables = vec![table.to_vec(); circuit.tables.len()];
    let Ok(ran) = std::panic::catch_unwind(|| run(circuit, &tables)) else { return Err(PANIC.to_string()) };
    match ran {
        Ran::Views(mut views) => {
            let id = |row: &[Value]| if let Value::I32(id) = row[0] { id } else { unreachable!("ids are there") };
            Ok(views.remove(0).into_iter().map(|(row, _)| (id(&row), row[1].clone())).collect())
        }
        Ran::Failed(failure) => Err(failure.message),
        Ran::Refused(message) => Err(format!("refused: {message}")),
    }
}

/// What is wrong with an expression, if something is; how many rows have values, and how many fail.
fn check(sql: &str, table: &[Vec<Value>], counts: &mut (usize, usize)) -> Result<(), String> {
    let plain = circuit(sql, Passes::NONE).unwrap();
    let mut expected = BTreeMap::new();
    let (mut good, mut bad) = (vec![], vec![]);
    for row in table {
        let alone = vec![ZSet::from([(row.clone(), 1)]); plain.tables.len()];
        match evaluate(&plain, &alone) {
            Ok(views) => {
                let Some(out) = views[0].keys().next() else { return Err("no row".to_string()) };
                if let Value::I32(id) = row[0] {
                    expected.insert(id, out[1].clone());
                }
                good.push(row.clone());
            }
            Err(e) => bad.push((row, e.message)),
        }
    }
    counts.0 += good.len();
    counts.1 += bad.len();
    for passes in [Passes::NONE, Passes::ALL] {
        let Some(circuit) = circuit(sql, passes) else { return Err(format!("does not compile with {passes:?}")) };
        // (What does not depend on rows may fail without them.)
        let got = if good.is_empty() { Ok(expected.clone()) } else { engine(&circuit, &good) };
        if got.as_ref() != Ok(&expected) {
            return Err(format!("{passes:?}\n  engine      {got:?}\n  interpreter {expected:?}"));
        }
        for (row, message) in &bad {
            let got = engine(&circuit, std::slice::from_ref(*row)).map(|_| "a value");
            // The optimiser may leave out what fails, if something else decides: an operand that is NULL.
            if passes == Passes::NONE && got.as_ref() != Err(message) || got.as_ref().is_err_and(|e| e == PANIC) {
                return Err(format!("{passes:?}, {row:?}\n  engine      {got:?}\n  interpreter {message}"));
            }
        }
    }
    Ok(())
}

#[test]
fn engine_is_interpreter() {
    support::quiet();
    let (begun, seed) = (Instant::now(), setting("WEIR_SEED", 1));
    let mut generator = Generator::new(seed);
    let table = rows(seed);
    let (mut wrong, mut count, mut rows) = (vec![], 0, (0, 0));
    for _ in 0..setting("WEIR_ROUNDS", 2) {
        for example in 0..generator.examples() {
            let Some(expression) = generator.of(example) else { continue };
            count += 1;
            if let Err(e) = check(&expression.sql, &table, &mut rows) {
                wrong.push(format!("{}\n  {e}", expression.sql));
            }
        }
    }
    let (values, failures) = rows;
    println!(
        "{count} expressions of {} examples: {values} values, {failures} errors, in {:?}",
        generator.examples(),
        begun.elapsed()
    );
    assert!(count > generator.examples() && values > failures, "too few expressions");
    // The shortest says most.
    wrong.sort_by_key(String::len);
    assert!(wrong.is_empty(), "seed {seed}: {} differ\n{}", wrong.len(), wrong[..wrong.len().min(12)].join("\n"));
}
