//! A table that only ever gains rows: what is put out is what it would be without the property, with 1 and 3 workers, straight through and restored
//! half-way, interpreted and compiled; while state is as large as what is put out, not as what came in.
#![allow(clippy::unwrap_used)]

#[rustfmt::skip]
#[allow(clippy::all)]
#[path = "generated/append_only.rs"]
mod generated;
#[path = "support/mod.rs"]
mod support;

use support::streams::{Change, Random, run, run_program, run_sizes};
use weir_circuit::Circuit;
use weir_row::Value;

const DAY: i64 = 86_400_000_000;

/// The program of the corpus, or the same without the property.
fn corpus(append_only: bool) -> Circuit {
    let source = include_str!("corpus/append_only.sql");
    compile(&if append_only { source.to_owned() } else { source.replace("'true'", "'false'") })
}

fn compile(source: &str) -> Circuit {
    let compiled = weir_sql::compile(source).unwrap_or_else(|e| panic!("{}", weir_sql::render(source, "", &e)));
    compiled.circuit.check().unwrap();
    compiled.circuit
}

/// Steps of insertions; into and out of the table that takes deletions, too.
fn stream(seed: u64, steps: usize, rows: usize) -> Vec<Vec<Change>> {
    let mut random = Random(seed);
    let mut edits: Vec<Vec<Value>> = vec![];
    let nullable = |random: &mut Random, v: Value| if random.below(6) == 0 { Value::Null } else { v };
    let mut out = vec![];
    for _ in 0..steps {
        let mut step = vec![];
        for _ in 0..random.below(2 * rows as i64) {
            let auction = Value::I32(random.below(5) as i32);
            let text = |random: &mut Random| {
                Value::text(["", "a", "b", "a longer text, of many words"][random.below(4) as usize])
            };
            // The least two have an escape.
            let big = |random: &mut Random| match random.below(20) {
                0 => Value::I64(i64::MIN),
                1 => Value::I64(i64::MIN + 1),
                _ => Value::I64(random.below(50) - 10),
            };
            let (table, row) = match random.below(5) {
                0..=2 => {
                    let price = Value::Dec(i128::from(random.below(800)));
                    let who = text(&mut random);
                    let row = vec![
                        big(&mut random),
                        nullable(&mut random, auction),
                        nullable(&mut random, price),
                        nullable(&mut random, who),
                        Value::Ts(random.below(6) * DAY / 2),
                        Value::Null,
                    ];
                    (0, row)
                }
                3 => {
                    let (id, low) = (big(&mut random), Value::F64(random.below(12) as f64 / 4.0 - 1.0));
                    (1, vec![nullable(&mut random, id), auction, nullable(&mut random, low)])
                }
                _ if random.below(3) == 0 && !edits.is_empty() => {
                    let at = random.below(edits.len() as i64) as usize;
                    step.push((2, edits.swap_remove(at), -1));
                    continue;
                }
                _ => {
                    let note = text(&mut random);
                    edits.push(vec![auction, nullable(&mut random, note)]);
                    (2, edits.last().unwrap().clone())
                }
            };
            // Some rows are there more than once.
            step.push((table, row, 1 + i64::from(table < 2 && random.below(8) == 0)));
        }
        out.push(step);
    }
    out
}

#[test]
fn results_are_those_without_the_property() {
    let (with, without) = (corpus(true), corpus(false));
    assert!(with.only_inserts().iter().filter(|b| **b).count() > 40);
    let mut rows = 0;
    for seed in 0..10 {
        let stream = stream(seed, 30, 8);
        let expected = run(&without, &stream, 1, None);
        for (workers, restored_at) in [(1, None), (3, None), (1, Some(13)), (3, Some(15))] {
            let got = run(&with, &stream, workers, restored_at);
            for (step, ((got, _), (expected, _))) in got.iter().zip(&expected).enumerate() {
                assert_eq!(got, expected, "after step {step}, seed {seed}, {workers} workers, {restored_at:?}");
            }
        }
        rows += expected.last().unwrap().0.values().map(|view| view.len()).sum::<usize>();
    }
    assert!(rows > 1_000, "{rows} rows");
}

#[test]
fn generated_is_engine() {
    let compiled = || -> Box<dyn weir_sdk::Circuit> { Box::new(generated::Program::new()) };
    let circuit = corpus(true);
    for seed in 10..16 {
        let stream = stream(seed, 30, 8);
        let expected = run(&circuit, &stream, 1, None);
        for (workers, restored_at) in [(1, None), (3, Some(11))] {
            let got = run_program(&circuit, &compiled, &stream, workers, restored_at);
            for (step, (got, expected)) in got.iter().zip(&expected).enumerate() {
                assert_eq!(got.0, expected.0, "after step {step}, seed {seed}, {workers} workers");
                assert!(workers > 1 || got.1 == expected.1, "{} rows of state, not {}", got.1, expected.1);
            }
        }
    }
}

/// Groups, and what is kept of each at most.
const GROUPS: i64 = 20;

/// Extremes and first rows of a stream without end, each alone: rows of state at ten points, with the property and without.
#[test]
fn state_is_as_large_as_what_is_put_out() {
    const VIEWS: [(&str, &str, u64); 7] = [
        ("MIN, MAX", "SELECT g, MIN(x) AS lo, MAX(x) AS hi FROM t GROUP BY g", 1),
        ("ARG_MAX", "SELECT g, ARG_MAX(name, x) AS who FROM t GROUP BY g", 1),
        ("of a join", "SELECT a.g, MAX(b.x) AS hi FROM few a JOIN t b ON a.g = b.g AND b.x > 0 GROUP BY a.g", 1),
        ("LIMIT", "SELECT g, x FROM t ORDER BY x DESC LIMIT 10", 1),
        ("ROW_NUMBER", "SELECT g, x, ROW_NUMBER() OVER (PARTITION BY g ORDER BY x) AS n FROM t QUALIFY n <= 3", 3),
        (
            "the latest",
            "SELECT g, name FROM (SELECT g, name, ROW_NUMBER() OVER (PARTITION BY g ORDER BY id DESC) AS n FROM t) AS r WHERE n = 1",
            1,
        ),
        (
            "DENSE_RANK",
            "SELECT g, x, DENSE_RANK() OVER (PARTITION BY g ORDER BY x) AS n FROM (SELECT DISTINCT g, x FROM t) AS d QUALIFY n <= 2",
            2,
        ),
    ];
    const STEPS: usize = 400;
    const ROWS: usize = 50;
    let mut random = Random(7);
    let stream: Vec<Vec<Change>> = (0..STEPS)
        .map(|step| {
            let row = |at: usize| {
                let (g, x) = (Value::I32(random.below(GROUPS) as i32), Value::I32(random.below(1_000_000) as i32));
                let id = Value::I64((step * ROWS + at) as i64);
                (0, vec![id, g, x, Value::text(&format!("name {at}"))], 1)
            };
            let mut rows: Vec<Change> = (0..ROWS).map(row).collect();
            if step == 0 {
                rows.extend((0..GROUPS).map(|g| (1, vec![Value::I32(g as i32)], 1)));
            }
            rows
        })
        .collect();
    for (name, query, kept) in VIEWS {
        let sizes = |append_only: bool| {
            let with = format!("WITH ('append_only' = '{append_only}')");
            let circuit = compile(&format!(
                "CREATE TABLE t (id BIGINT NOT NULL, g INT NOT NULL, x INT NOT NULL, name VARCHAR) {with};
                 CREATE TABLE few (g INT NOT NULL) {with};
                 CREATE VIEW v AS {query};"
            ));
            let all = run_sizes(&circuit, &stream);
            (1..=10).map(|i| all[i * STEPS / 10 - 1]).collect::<Vec<u64>>()
        };
        let (with, without) = (sizes(true), sizes(false));
        println!("{name}: rows of state at ten points: append-only {with:?}, otherwise {without:?}");
        let all = (STEPS * ROWS) as u64;
        // A join or a DISTINCT keeps its inputs in any case.
        let inputs = if ["of a join", "DENSE_RANK"].contains(&name) { all + GROUPS as u64 } else { 0 };
        // Rows that cancel each other stay until batches merge.
        let most = 100 + 4 * GROUPS as u64 * (kept + 1);
        assert!(with.iter().all(|n| *n <= inputs + most), "{name}: more than {most} rows: {with:?}");
        assert!(without[9] >= inputs + all / 2, "{name}: it does not grow in any case: {without:?}");
    }
}
