//! What expressions give: `tests/expressions.txt` has a line `expression => text` each, where the text is that of a cast to VARCHAR; `NULL`,
//! `ERROR` (at run time) and `REFUSED` (at compile time) say what they say. Type checks are written `expression :: TYPE`.
#![allow(clippy::unwrap_used)]

use weir_circuit::interpret::evaluate;
use weir_row::Value;
use weir_sql::{Passes, compile_with};

fn outcome(expression: &str, passes: Passes) -> String {
    let source =
        format!("CREATE TABLE one (nothing INT);\nCREATE VIEW v AS SELECT CAST({expression} AS VARCHAR) AS x;");
    let circuit = match compile_with(&source, passes) {
        Ok(program) => program.circuit,
        Err(_) => return "REFUSED".to_string(),
    };
    circuit.check().unwrap_or_else(|e| panic!("{expression}: {e}\n{circuit}"));
    match evaluate(&circuit, &[Default::default()]) {
        Err(_) => "ERROR".to_string(),
        Ok(views) => {
            let rows: Vec<_> = views[0].keys().collect();
            assert_eq!(rows.len(), 1, "{expression}");
            match &rows[0][0] {
                Value::Null => "NULL".to_string(),
                Value::Text(s) => s.to_string(),
                other => panic!("{expression}: {other:?}"),
            }
        }
    }
}

fn type_of(expression: &str) -> String {
    let source = format!("CREATE LOCAL VIEW v AS SELECT {expression} AS x;\nCREATE VIEW w AS SELECT x FROM v;");
    match weir_sql::compile(&source) {
        Ok(program) => program.views[1].columns[0].ty.to_string(),
        Err(_) => "REFUSED".to_string(),
    }
}

#[test]
fn expressions() {
    let mut wrong = vec![];
    for line in include_str!("expressions.txt").lines().filter(|l| !l.trim().is_empty() && !l.starts_with("--")) {
        if let Some((expression, expected)) = line.split_once(" => ") {
            for passes in [Passes::ALL, Passes::NONE] {
                let got = outcome(expression.trim(), passes);
                if got != expected.trim_end() {
                    wrong.push(format!("{expression} => {got}, not {expected} ({passes:?})"));
                }
            }
        } else if let Some((expression, expected)) = line.rsplit_once(" :: ") {
            let got = type_of(expression.trim());
            if got != expected.trim() {
                wrong.push(format!("{expression} :: {got}, not {expected}"));
            }
        } else {
            wrong.push(format!("a line that says nothing: {line}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
