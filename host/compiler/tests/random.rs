//! Random well-typed expressions over the whole registry, compiled, many in one component: they give what the naive interpreter gives, row by
//! row. Rows where an expression fails are left out of it by a CASE; failures are compared in `weir-sql`'s test of the same name.
//!
//! `WEIR_SEED` chooses other expressions.
#![allow(clippy::unwrap_used, unreachable_pub, reason = "a test may panic")]

mod common;
#[path = "../../sql/tests/support/encode.rs"]
mod encode;
#[path = "../../sql/tests/random/generate.rs"]
mod generate;

use common::{be_worker, shared};
use generate::{Generator, TABLE, circuit, rows};
use std::collections::BTreeMap;
use std::time::Instant;
use weir_circuit::interpret::{ZSet, evaluate};
use weir_compiler::{CancelToken, CompileRequest, Profile};
use weir_row::{SortLayout, Value};
use weir_runtime::{Engine, Pipeline, PipelineOptions, Program};
use weir_sql::Passes;

/// Expressions in one view.
const COLUMNS: usize = 40;

#[test]
fn compile_worker() {
    be_worker();
}

/// An expression, limited to the rows where it does not fail, and what it gives there.
struct Case {
    sql: String,
    values: BTreeMap<i32, Value>,
}

fn id(row: &[Value]) -> i32 {
    if let Value::I32(id) = row[0] { id } else { unreachable!("ids are there") }
}

fn case(sql: &str, table: &[Vec<Value>]) -> Option<Case> {
    let circuit = circuit(sql, Passes::NONE)?;
    let mut values: BTreeMap<i32, Value> = BTreeMap::new();
    let mut good = vec![];
    for row in table {
        if let Ok(views) = evaluate(&circuit, &[ZSet::from([(row.clone(), 1)])]) {
            values.insert(id(row), views[0].keys().next()?[1].clone());
            good.push(id(row).to_string());
        } else {
            values.insert(id(row), Value::Null);
        }
    }
    // A subquery is evaluated whatever the rows.
    if good.is_empty() || (good.len() < table.len() && sql.contains("SELECT")) {
        return None;
    }
    let limited = format!("CASE WHEN id IN ({}) THEN {sql} END", good.join(", "));
    let cast = format!("CAST({limited} AS VARCHAR)");
    // As the generator does: what has no place in a view is cast.
    let whole = generate::direct(sql);
    Some(Case { sql: if whole { limited } else { cast }, values })
}

#[test]
fn compiled_is_interpreter() {
    let compiler = shared();
    compiler.provision(&|line| println!("{line}"), &CancelToken::new()).unwrap();
    let engine = Engine::with_threads(2).unwrap();
    let seed = std::env::var("WEIR_SEED").ok().and_then(|v| v.parse().ok()).unwrap_or(1);
    let mut generator = Generator::new(seed);
    let table = rows(seed);
    let mut cases = vec![];
    // The first round has nothing to nest.
    for round in 0..2 {
        for example in 0..generator.examples() {
            let made = generator.of(example);
            cases.extend(made.filter(|_| round > 0).and_then(|e| case(&e.sql, &table)));
        }
    }
    let mut source = TABLE.to_string();
    for (v, chunk) in cases.chunks(COLUMNS).enumerate() {
        let columns: Vec<String> = chunk.iter().enumerate().map(|(c, case)| format!("{} AS z{c}", case.sql)).collect();
        source.push_str(&format!("CREATE VIEW weir_{v} AS SELECT id, {} FROM t;\n", columns.join(",\n")));
    }
    let compiled = weir_sql::compile_with(&source, Passes::NONE);
    let circuit = compiled.unwrap_or_else(|e| panic!("{}", weir_sql::render(&source, "random", &e))).circuit;
    let begun = Instant::now();
    let request = CompileRequest { source: weir_sql::generate(&circuit), profile: Profile::Dev, user: None };
    let artifact = compiler.compile(&request, &CancelToken::new()).unwrap();
    println!("{} expressions compiled in {:?}", cases.len(), begun.elapsed());
    let file = compiler.open_native(&artifact).unwrap();
    let program = Program::load_file(&engine, file, &artifact.native_sha256).unwrap();
    let mut pipeline = Pipeline::open(&program, PipelineOptions { workers: 1, ..PipelineOptions::default() }).unwrap();
    pipeline.ingest(0, 0, vec![encode::block(&circuit, 0, &table)]).unwrap();
    pipeline.step(0).unwrap();
    let mut wrong = vec![];
    for (v, chunk) in cases.chunks(COLUMNS).enumerate() {
        let types: Vec<_> = circuit.views[v].columns.iter().map(|c| c.ty.clone()).collect();
        let layout = SortLayout::ascending(&types);
        let blocks = pipeline.delta(v as u32).unwrap();
        let mut count = 0;
        for (words, _) in blocks.iter().flat_map(|b| b.iter()) {
            let row = layout.decode(words).unwrap();
            count += 1;
            for (case, got) in chunk.iter().zip(&row[1..]) {
                let expected = &case.values[&id(&row)];
                if got != expected {
                    wrong.push(format!(
                        "{} of row {}\n  compiled    {got:?}\n  interpreter {expected:?}",
                        case.sql,
                        id(&row)
                    ));
                }
            }
        }
        assert_eq!(count, table.len());
    }
    wrong.sort_by_key(String::len);
    assert!(
        cases.len() > 300 && wrong.is_empty(),
        "seed {seed}: {} differ\n{}",
        wrong.len(),
        wrong[..wrong.len().min(8)].join("\n")
    );
}
