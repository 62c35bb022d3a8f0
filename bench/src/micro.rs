//! Sort, merge, trace and join: the SDK in wasm beside its native build, in one run. The cost model is in `guest.rs`.

#[allow(missing_docs, unreachable_pub)]
#[path = "guest.rs"]
mod guest;

use crate::measure::{Setup, best, ms, table};
use std::time::Instant;
use weir_runtime::{Pipeline, PipelineOptions};
use weir_sdk::Circuit;

/// Name, and the number of the benchmark in `guest.rs`.
const BENCHES: [(&str, i64); 6] = [
    ("sort 4 M pairs, any keys", 0),
    ("sort 4 M pairs, 10,000 keys", 1),
    ("sort 1 M rows with texts", 2),
    ("merge 2 x 2 M pairs", 3),
    ("trace of 100 x 40,000 pairs", 4),
    ("join 50 x 2 x 10,000 pairs", 5),
];
/// Runs of each, the best of which counts.
const RUNS: usize = 3;

pub(crate) fn run(setup: &Setup) -> anyhow::Result<()> {
    println!("\n# Micro-benchmarks: wasm and native builds of the SDK (best of {RUNS})\n");
    let source = include_str!("guest.rs");
    let program = setup.program_of_source(source)?;
    let mut rows = Vec::new();
    for (name, number) in BENCHES {
        let (mut wasm, mut native) = (Vec::new(), Vec::new());
        for _ in 0..RUNS {
            let mut pipeline = Pipeline::open(&program, PipelineOptions::default())?;
            pipeline.step(2 * number)?;
            let begin = Instant::now();
            pipeline.step(2 * number + 1)?;
            wasm.push(begin.elapsed());
            let mut circuit = guest::Program::new();
            let mut context = weir_sdk::local::solo();
            context.set_now(2 * number);
            Circuit::step(&mut circuit, &mut context);
            context.set_now(2 * number + 1);
            let begin = Instant::now();
            Circuit::step(&mut circuit, &mut context);
            native.push(begin.elapsed());
        }
        let (wasm, native) = (best(&wasm), best(&native));
        rows.push(vec![
            name.to_owned(),
            ms(wasm),
            ms(native),
            format!("{:.2}", wasm.as_secs_f64() / native.as_secs_f64()),
        ]);
    }
    table(&["work", "wasm, ms", "native, ms", "wasm/native"], &rows);
    Ok(())
}
