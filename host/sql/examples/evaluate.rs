//! Evaluates queries for the referees (`tests/python/referees`): a JSON request a line on standard input, a JSON answer a line on standard
//! output.
//!
//! Request: `{"columns": [["a", "INTEGER", value-type], ..], "rows": [[value, ..], ..], "queries": [sql, ..], "each": bool}`; the table is called `t`.
//! Answer: for each query `{"rows": [[value, ..], ..]}`, `{"error": message}` or `{"refused": message}`. With `each`, where a query fails, it is
//! run on each row of the table alone, and the answer is `{"each": [answer, ..]}`; the interpreter says which rows fail, the engine has to agree.
#![allow(clippy::unwrap_used, reason = "a tool of tests")]

#[allow(clippy::duplicate_mod)]
#[path = "../tests/support/mod.rs"]
mod support;

use serde_json::{Value as Json, json};
use std::io::{BufRead, Write};
use support::exchange::{read, show};
use support::{Ran, Weighted, run};
use weir_circuit::Circuit;
use weir_circuit::interpret::{ZSet, evaluate};
use weir_row::{SqlType, Value};
use weir_sql::{Passes, compile_with};

fn rows(circuit: &Circuit, views: &[Vec<Weighted>]) -> Json {
    let types: Vec<&SqlType> = circuit.views[0].columns.iter().map(|c| &c.ty.sql).collect();
    let mut all = vec![];
    for (row, weight) in &views[0] {
        let row: Json = row.iter().zip(&types).map(|(v, ty)| show(v, ty)).collect();
        all.extend(std::iter::repeat_n(row, usize::try_from(*weight).unwrap()));
    }
    json!({ "rows": all })
}

/// What the engine makes of a circuit over some rows.
fn engine(circuit: &Circuit, table: &[Vec<Value>]) -> Json {
    match run(circuit, &vec![table.to_vec(); circuit.tables.len()]) {
        Ran::Views(views) => rows(circuit, &views),
        Ran::Failed(failure) => json!({ "error": failure.message }),
        Ran::Refused(message) => json!({ "refused": message }),
    }
}

/// What a query gives on each row alone: rows that do not fail are run by the engine together.
fn each(circuit: &Circuit, table: &[Vec<Value>]) -> Json {
    let alone = |row: &Vec<Value>| evaluate(circuit, &vec![ZSet::from([(row.clone(), 1)]); circuit.tables.len()]);
    let said: Vec<_> = table.iter().map(|row| alone(row).err().map(|e| e.message)).collect();
    let good: Vec<Vec<Value>> =
        table.iter().zip(&said).filter(|(_, e)| e.is_none()).map(|(row, _)| row.clone()).collect();
    let mut answers = vec![];
    for (row, error) in table.iter().zip(&said) {
        let Some(message) = error else { continue };
        let got = engine(circuit, std::slice::from_ref(row));
        assert_eq!(got, json!({ "error": message }), "engine and interpreter differ on {row:?}");
        answers.push(json!({ "row": show(&row[0], &SqlType::Integer), "error": message }));
    }
    let mut answer = engine(circuit, &good);
    answer["failed"] = json!(answers);
    answer
}

fn answer(request: &Json) -> Json {
    let columns = request["columns"].as_array().unwrap();
    let declared: Vec<String> =
        columns.iter().map(|c| format!("{} {}", c[0].as_str().unwrap(), c[1].as_str().unwrap())).collect();
    let declaration = format!("CREATE TABLE t ({});\n", declared.join(", "));
    let mut table: Vec<Vec<Value>> = vec![];
    let queries = request["queries"].as_array().unwrap().iter().map(|query| {
        let source = format!("{declaration}CREATE VIEW v AS {};", query.as_str().unwrap());
        // Without the optimiser: its folding is another way of evaluation, which `examples.rs` and `slt` look at.
        let circuit = match compile_with(&source, Passes::NONE) {
            Ok(program) => program.circuit,
            Err(e) => return json!({ "refused": weir_sql::render(&source, "query", &e) }),
        };
        if table.is_empty() {
            let read = |row: &Json| {
                let values = row.as_array().unwrap().iter().zip(&circuit.tables[0].columns);
                values.map(|(v, c)| read(v, &c.ty.sql)).collect()
            };
            table = request["rows"].as_array().unwrap().iter().map(read).collect();
        }
        match engine(&circuit, &table) {
            answer if answer.get("error").is_some() && request["each"] == true => each(&circuit, &table),
            answer => answer,
        }
    });
    queries.collect()
}

fn main() {
    support::quiet();
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let request: Json = serde_json::from_str(&line.unwrap()).unwrap();
        writeln!(out, "{}", answer(&request)).unwrap();
        out.flush().unwrap();
    }
}
