//! Runs a program over changes on the engine, for comparisons with other databases (`tests/tpc`): a JSON request a line on standard input, a
//! JSON answer a line on standard output.
//!
//! Request: `{"program": sql, "workers": n, "steps": [{"table": {"insert": [row, ..], "delete": [row, ..]}, ..}, ..]}`.
//! Answer: `{"views": {name: [row, ..], ..}}`, the contents after the last step, `{"error": message}` or `{"refused": message}`.
#![allow(clippy::unwrap_used, reason = "a tool of tests")]

#[allow(clippy::duplicate_mod)]
#[path = "../tests/support/mod.rs"]
mod support;

use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::io::{BufRead, Write};
use std::panic::AssertUnwindSafe;
use support::exchange::{read, show};
use weir_circuit::{Circuit, Table};
use weir_row::{Block, Layout, SortLayout, Value};
use weir_sdk::host::Failure;
use weir_sdk::local::Hub;
use weir_sdk::{Page, Pipeline};

/// The changes of a table, shared out to workers.
fn blocks(table: &Table, changes: &Json, workers: usize) -> Vec<Block> {
    assert!(table.primary_key.is_none(), "tables of replays are multisets");
    let types: Vec<_> = table.columns.iter().map(|c| c.ty.clone()).collect();
    let layout = Layout::new(&types);
    let mut out: Vec<Block> = (0..workers).map(|_| Block::new(layout.stride())).collect();
    for (name, weight) in [("insert", 1), ("delete", -1)] {
        for (i, row) in changes[name].as_array().into_iter().flatten().enumerate() {
            let values: Vec<Value> =
                row.as_array().unwrap().iter().zip(&types).map(|(v, ty)| read(v, &ty.sql)).collect();
            let mut words = vec![];
            layout.encode(&values, &mut words).unwrap();
            out[i % workers].push(&words, weight);
        }
    }
    out
}

fn delta(pipeline: &mut Pipeline, view: usize, layout: &SortLayout, into: &mut BTreeMap<Vec<Value>, i64>) {
    for page in 0.. {
        let Page { blocks, more } = pipeline.delta(view as u32, page);
        for (row, weight) in blocks.iter().flat_map(|b| b.iter()) {
            *into.entry(layout.decode(row).unwrap()).or_default() += weight;
        }
        if !more {
            return;
        }
    }
}

fn answer(request: &Json) -> Json {
    let source = request["program"].as_str().unwrap();
    let circuit: Circuit = match weir_sql::compile(source) {
        Ok(program) => program.circuit,
        Err(e) => return json!({ "refused": weir_sql::render(source, "program", &e) }),
    };
    if let Err(e) = circuit.check() {
        return json!({ "refused": format!("the circuit is wrong: {e}") });
    }
    let workers = request["workers"].as_u64().unwrap() as usize;
    let steps: Vec<Vec<(usize, Vec<Block>)>> = request["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| {
            let of = |(name, changes): (&String, &Json)| {
                let t = circuit.tables.iter().position(|t| t.name == *name).unwrap();
                (t, blocks(&circuit.tables[t], changes, workers))
            };
            step.as_object().unwrap().iter().map(of).collect()
        })
        .collect();
    let layouts: Vec<SortLayout> = circuit
        .views
        .iter()
        .map(|v| SortLayout::ascending(&v.columns.iter().map(|c| c.ty.clone()).collect::<Vec<_>>()))
        .collect();
    let json = serde_json::to_string(&circuit).unwrap();
    let program = || -> Box<dyn weir_sdk::Circuit> { Box::new(weir_engine::Program::new(&json).unwrap()) };
    let work = AssertUnwindSafe(|| {
        Hub::new(workers).run(program, None, |worker, pipeline| {
            let mut views: Vec<BTreeMap<Vec<Value>, i64>> = vec![BTreeMap::new(); layouts.len()];
            for (now, step) in steps.iter().enumerate() {
                for (table, blocks) in step {
                    pipeline.ingest(*table as u32, vec![blocks[worker].clone()]);
                }
                pipeline.step(now as i64);
                for (v, layout) in layouts.iter().enumerate() {
                    delta(pipeline, v, layout, &mut views[v]);
                }
            }
            views
        })
    });
    let by_worker = match std::panic::catch_unwind(work) {
        Ok(views) => views,
        Err(payload) => match payload.downcast::<Failure>() {
            Ok(failure) => return json!({ "error": failure.message }),
            Err(other) => std::panic::resume_unwind(other),
        },
    };
    let mut out = serde_json::Map::new();
    for (v, view) in circuit.views.iter().enumerate() {
        let mut rows: BTreeMap<Vec<Value>, i64> = BTreeMap::new();
        for worker in &by_worker {
            worker[v].iter().for_each(|(row, weight)| *rows.entry(row.clone()).or_default() += weight);
        }
        let mut shown: Vec<Json> = vec![];
        for (row, weight) in &rows {
            let Ok(times) = usize::try_from(*weight) else {
                return json!({ "error": format!("a row of {} is there {weight} times", view.name) });
            };
            let row: Json = row.iter().zip(&view.columns).map(|(x, c)| show(x, &c.ty.sql)).collect();
            shown.extend(std::iter::repeat_n(row, times));
        }
        out.insert(view.name.clone(), json!(shown));
    }
    json!({ "views": out })
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
