//! What one row more or less in a large group costs an aggregate, on the engine: `cargo run --release -p weir-sql --example aggregate_cost`.
//!
//! Model: a step with one changed row costs a constant for linear aggregates, a constant and the logarithm of the group's rows for extremes, and
//! a constant and so much per row of the group for folds.
#![allow(clippy::unwrap_used)]

use std::time::Instant;
use weir_row::{Block, ColumnType, Layout, SqlType, Value};
use weir_sdk::local::Hub;

const LINEAR: [&str; 7] =
    ["SUM(x)", "EVERY(x > 0)", "BIT_XOR(x)", "VAR_POP(x)", "STDDEV(DISTINCT x)", "COVAR_POP(x, y)", "REGR_SXX(x, y)"];
const EXTREME: [&str; 2] = ["MAX(x)", "ARG_MAX(y, x)"];
const FOLD: [&str; 4] = ["BIT_AND(x)", "MODE(x)", "VAR_POP(f)", "ARRAY_AGG(x)"];
/// Rows of the group.
const ROWS: [i64; 3] = [2_000, 20_000, 200_000];
/// Steps that are measured: in turns the last row is taken out and put in.
const STEPS: i64 = 20;

/// Microseconds of a step.
fn cost(circuit: &str, rows: i64) -> f64 {
    let types = [SqlType::Integer, SqlType::BigInt, SqlType::BigInt, SqlType::Double].map(ColumnType::not_null);
    let layout = Layout::new(&types);
    let program = || Box::new(weir_engine::Program::new(circuit).unwrap()) as Box<dyn weir_sdk::Circuit>;
    let push = |block: &mut Block, i: i64, weight: i64| {
        let mut words = vec![];
        layout.encode(&[Value::I32(1), Value::I64(i), Value::I64(i / 2), Value::F64(i as f64)], &mut words).unwrap();
        block.push(&words, weight);
    };
    let times = Hub::new(1).run(program, None, |_, pipeline| {
        for chunk in (0..rows).collect::<Vec<_>>().chunks(4_000) {
            let mut block = Block::new(layout.stride());
            chunk.iter().for_each(|i| push(&mut block, *i, 1));
            pipeline.ingest(0, vec![block]);
        }
        pipeline.step(0);
        let start = Instant::now();
        for step in 0..STEPS {
            let mut block = Block::new(layout.stride());
            push(&mut block, rows - 1, if step % 2 == 0 { -1 } else { 1 });
            pipeline.ingest(0, vec![block]);
            pipeline.step(step + 1);
        }
        start.elapsed().as_secs_f64() * 1e6 / STEPS as f64
    });
    times[0]
}

fn main() {
    println!("us of a step, of groups of {ROWS:?} rows");
    for (class, aggregates) in [("linear", &LINEAR[..]), ("extreme", &EXTREME), ("fold", &FOLD)] {
        for aggregate in aggregates {
            let program = format!(
                "CREATE TABLE t (g INT NOT NULL, x BIGINT NOT NULL, y BIGINT NOT NULL, f DOUBLE NOT NULL);
                 CREATE VIEW v AS SELECT g, {aggregate} AS a FROM t GROUP BY g;"
            );
            let circuit = serde_json::to_string(&weir_sql::compile(&program).unwrap().circuit).unwrap();
            let costs = ROWS.map(|rows| format!("{:>8.0}", cost(&circuit, rows)));
            println!("{class:8} {aggregate:20} {}", costs.join(" "));
        }
    }
}
