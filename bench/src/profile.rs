//! What profiling costs: the same steps with and without times of operators, in turns, in one run.
//!
//! Cost model: per operator and step = a call into the host (with or without times, since rows are always counted) + a look at the
//! clock, and both again for operators with state. Steps of 10,000 events should not show it; steps of nothing cost
//! little else.

use crate::measure::{Setup, table};
use std::time::{Duration, Instant};
use weir_io::{Nexmark, NexmarkRows};
use weir_runtime::{Cycle, Pipeline, PipelineOptions};

const SQL: &str =
    concat!(include_str!("../../examples/nexmark/tables.sql"), include_str!("../../examples/nexmark/q3.sql"));
/// Events of a step, and such steps for each side.
const SIZES: [(u64, u64); 3] = [(0, 20_000), (100, 5_000), (10_000, 60)];
/// Turns that each side has; the steps are divided among them.
const TURNS: u64 = 10;

pub(crate) fn run(setup: &Setup) -> anyhow::Result<()> {
    println!("\n# What times of operators cost: Nexmark q3, one worker\n");
    let (compiled, program, _) = setup.program_of_sql(SQL)?;
    let events_of = NexmarkRows::new(&compiled.circuit).map_err(anyhow::Error::msg)?;
    let stream = Nexmark::new(1, 10_000);
    let operators = compiled.circuit.nodes.len();
    let mut rows = Vec::new();
    for (events, steps) in SIZES {
        let open = |times| Pipeline::open(&program, PipelineOptions { times, ..PipelineOptions::default() });
        let mut sides = [(open(false)?, Vec::new()), (open(true)?, Vec::new())];
        for turn in 0..TURNS {
            for (pipeline, took) in &mut sides {
                let mut sum = Duration::ZERO;
                for step in turn * steps / TURNS..(turn + 1) * steps / TURNS {
                    let changes = events_of
                        .changes(&stream, step * events..(step + 1) * events, 1)
                        .map_err(anyhow::Error::msg)?;
                    let blocks = changes.into_iter().flat_map(|(table, mut changes)| {
                        changes.take().into_iter().map(move |blocks| (table as u32, blocks))
                    });
                    let ingest = vec![blocks.filter(|(_, blocks)| !blocks.is_empty()).collect()];
                    let begin = Instant::now();
                    pipeline.cycle(Cycle { ingest, now_us: step as i64, deltas: Vec::new() })?;
                    sum += begin.elapsed();
                }
                took.push(sum / (steps / TURNS) as u32);
            }
        }
        // The best turn of each: what others do on the machine only adds.
        let [without, with] = sides.map(|(_, took)| took.into_iter().min().unwrap_or_default().as_secs_f64() * 1e6);
        rows.push(vec![
            events.to_string(),
            operators.to_string(),
            format!("{without:.2}"),
            format!("{with:.2}"),
            format!("{:.3}", (with - without) / operators as f64),
            format!("{:.2} %", (with / without - 1.0) * 100.0),
        ]);
    }
    table(&["events a step", "operators", "µs a step without", "with times", "µs an operator", "more"], &rows);
    Ok(())
}
