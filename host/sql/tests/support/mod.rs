//! Running circuits on the engine, natively.
#![allow(unreachable_pub, dead_code, reason = "each test uses a part of it")]

pub mod changes;
pub mod encode;
pub mod exchange;
pub mod streams;

use std::panic::AssertUnwindSafe;
use weir_circuit::Circuit;
use weir_row::{SortLayout, Value};
use weir_sdk::host::Failure;
use weir_sdk::local::Hub;
use weir_sdk::{Page, Pipeline};

/// A row of a view, and how often it is there.
pub type Weighted = (Vec<Value>, i64);

/// What came of a program.
pub enum Ran {
    /// The contents of its views.
    Views(Vec<Vec<Weighted>>),
    /// A run-time error.
    Failed(Failure),
    /// What the engine has against the circuit.
    Refused(String),
}

/// Keeps run-time errors, which are panics natively, off the terminal.
pub fn quiet() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !info.payload().is::<Failure>() {
                before(info);
            }
        }));
    });
}

/// One step of the engine with one worker, on these rows of each table.
///
/// # Panics
/// If the engine does, other than by a run-time error of the program.
pub fn run(circuit: &Circuit, tables: &[Vec<Vec<Value>>]) -> Ran {
    run_steps(circuit, &[(0, tables)])
}

/// Steps of the engine with one worker, each at a time on rows of each table; views' contents are the sum of what they put out.
///
/// # Panics
/// As [`run`].
pub fn run_steps(circuit: &Circuit, steps: &[(i64, &[Vec<Vec<Value>>])]) -> Ran {
    let json = serde_json::to_string(circuit).unwrap();
    if let Err(e) = weir_engine::Program::new(&json) {
        return Ran::Refused(format!("the engine refuses it: {e}"));
    }
    let program = || -> Box<dyn weir_sdk::Circuit> { Box::new(weir_engine::Program::new(&json).unwrap()) };
    let layouts: Vec<SortLayout> = circuit
        .views
        .iter()
        .map(|v| SortLayout::ascending(&v.columns.iter().map(|c| c.ty.clone()).collect::<Vec<_>>()))
        .collect();
    let work = AssertUnwindSafe(|| {
        let views = Hub::new(1).run(program, None, |_, pipeline| {
            let mut views = vec![vec![]; layouts.len()];
            for (now, tables) in steps {
                for (t, rows) in tables.iter().enumerate() {
                    pipeline.ingest(t as u32, vec![encode::block(circuit, t, rows)]);
                }
                pipeline.step(*now);
                for (v, layout) in layouts.iter().enumerate() {
                    views[v].extend(read(pipeline, v, layout));
                }
            }
            views.into_iter().map(summed).collect::<Vec<_>>()
        });
        views.into_iter().next().unwrap()
    });
    match std::panic::catch_unwind(work) {
        Ok(views) => Ran::Views(views),
        Err(payload) => match payload.downcast::<Failure>() {
            Ok(failure) => Ran::Failed(*failure),
            Err(other) => std::panic::resume_unwind(other),
        },
    }
}

/// Each row once, with the sum of its weights, if that is not 0.
fn summed(rows: Vec<Weighted>) -> Vec<Weighted> {
    let mut sum: std::collections::BTreeMap<Vec<Value>, i64> = Default::default();
    rows.into_iter().for_each(|(row, weight)| *sum.entry(row).or_default() += weight);
    sum.into_iter().filter(|(_, weight)| *weight != 0).collect()
}

/// All rows of a delta.
pub fn read(pipeline: &mut Pipeline, view: usize, layout: &SortLayout) -> Vec<Weighted> {
    let mut out = vec![];
    for page in 0.. {
        let Page { blocks, more } = pipeline.delta(view as u32, page);
        out.extend(blocks.iter().flat_map(|b| b.iter()).map(|(r, w)| (layout.decode(r).unwrap(), w)));
        if !more {
            return out;
        }
    }
    out
}
