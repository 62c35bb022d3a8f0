//! Random programs and changes for comparisons with other databases (`tests/python/test_programs.py`): `programs FROM COUNT` prints a JSON request
//! of `replay` a line, for so many seeds from a first one, and with it the contents of the tables after the last step.
#![allow(clippy::unwrap_used, unreachable_pub, dead_code, reason = "a tool of tests")]

#[path = "../tests/programs/generate/mod.rs"]
mod generate;
#[path = "../tests/programs/late.rs"]
mod late;
#[path = "../tests/random/generate.rs"]
mod registry;
#[path = "../tests/programs/script.rs"]
mod script;
#[allow(clippy::duplicate_mod)]
#[path = "../tests/support/mod.rs"]
mod support;
#[path = "../tests/programs/tree.rs"]
mod tree;
#[path = "../tests/programs/types.rs"]
mod types;

use generate::{Registry, program};
use serde_json::{Map, Value as Json, json};
use weir_circuit::interpret::ZSet;
use weir_row::Value;
use weir_sql::{Passes, compile_with};

/// A value of a request.
fn sent(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(b) => json!(b),
        Value::I32(x) => json!(x),
        Value::I64(x) => json!(x),
        Value::Dec(x) => json!(x.to_string()),
        Value::F64(x) => json!(x.to_string()),
        Value::Text(x) => json!(&**x),
        Value::Date(x) => json!(x),
        Value::Ts(x) => json!(x),
        other => unreachable!("{other:?} is not of a common type"),
    }
}

fn rows(of: impl Iterator<Item = (Vec<Value>, i64)>) -> Json {
    let times = |(row, n): (Vec<Value>, i64)| (0..n).map(move |_| row.iter().map(sent).collect::<Json>());
    of.flat_map(times).collect()
}

fn main() {
    let mut numbers = std::env::args().skip(1).map(|a| a.parse::<u64>().expect("a number"));
    let (first, count) = (numbers.next().unwrap_or(1), numbers.next().unwrap_or(10));
    let registry = Registry { templates: vec![] };
    for seed in first..first + count {
        let source = program(seed, &registry, true, 0).tree.to_string();
        let Ok(compiled) = compile_with(&source, Passes::NONE) else { continue };
        let circuit = compiled.circuit;
        let mut contents = vec![ZSet::new(); circuit.tables.len()];
        let mut steps = vec![];
        for step in script::changes(&script::script(seed, &source, &circuit), &circuit) {
            let before = contents.clone();
            support::changes::told(&circuit, &mut contents, &step, 1);
            let mut tables = Map::new();
            for ((table, old), new) in circuit.tables.iter().zip(&before).zip(&contents) {
                let more = |a: &ZSet, b: &ZSet| {
                    rows(a.iter().map(|(row, w)| (row.clone(), (w - b.get(row).unwrap_or(&0)).max(0))))
                };
                tables.insert(table.name.clone(), json!({ "insert": more(new, old), "delete": more(old, new) }));
            }
            steps.push(Json::Object(tables));
        }
        let all: Map<String, Json> = circuit
            .tables
            .iter()
            .zip(contents)
            .map(|(table, rows_of)| (table.name.clone(), rows(rows_of.into_iter())))
            .collect();
        println!(
            "{}",
            json!({ "seed": seed, "program": source, "steps": steps, "workers": 1 + seed % 3, "contents": all })
        );
    }
}
