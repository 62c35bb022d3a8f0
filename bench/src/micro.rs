//! Sort, merge, trace and join: the SDK in wasm beside its native build, in one run. The cost model is in `guest.rs`.

#[allow(missing_docs, unreachable_pub)]
#[path = "guest.rs"]
mod guest;

use crate::measure::{Setup, cpu, median, ms, table};
use std::time::Duration;
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

/// Runs the works whose names contain `work`, each `runs` times: native and wasm in turn, so that whatever else the machine does
/// meets both.
pub(crate) fn run(setup: &Setup, work: &str, runs: usize) -> anyhow::Result<()> {
    println!("\n# Micro-benchmarks: wasm and native builds of the SDK (CPU time, medians of {runs})\n");
    println!(
        "Warm: the work is done again in memory that was used before, on both sides. Cold: an instance's first work, every page new.\n"
    );
    let source = include_str!("guest.rs");
    let program = setup.program_of_source(source)?;
    let mut rows = Vec::new();
    for (name, number) in BENCHES.into_iter().filter(|(name, _)| name.contains(work)) {
        let (mut cold, mut warm, mut native) = (Vec::new(), Vec::new(), Vec::new());
        let mut circuit = guest::Program::new();
        let mut context = weir_sdk::local::solo();
        let mut native_step = |now| {
            context.set_now(now);
            let begin = cpu();
            Circuit::step(&mut circuit, &mut context);
            cpu() - begin
        };
        native_step(2 * number);
        native_step(2 * number + 1);
        for _ in 0..runs {
            let mut pipeline = Pipeline::open(&program, PipelineOptions::default())?;
            let mut wasm_step = |now| {
                let begin = cpu();
                pipeline.step(now).map(|_| cpu() - begin)
            };
            wasm_step(2 * number)?;
            cold.push(wasm_step(2 * number + 1)?);
            wasm_step(guest::ROUND + 2 * number)?;
            warm.push(wasm_step(guest::ROUND + 2 * number + 1)?);
            native_step(2 * number);
            native.push(native_step(2 * number + 1));
        }
        let (cold, warm, native) = (median(&cold), median(&warm), median(&native));
        let ratio = |wasm: Duration| format!("{:.2}", wasm.as_secs_f64() / native.as_secs_f64());
        rows.push(vec![name.to_owned(), ms(native), ms(warm), ms(cold), ratio(warm), ratio(cold)]);
    }
    table(&["work", "native, ms", "wasm warm, ms", "wasm cold, ms", "warm/native", "cold/native"], &rows);
    Ok(())
}
