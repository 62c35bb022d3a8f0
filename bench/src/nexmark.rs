//! Nexmark, from SQL, in process: events are made and laid out beforehand, so that what is timed is ingest into the sandbox, the
//! steps, and the deltas read back.
//!
//! Cost model: per event = copy of its words into the guest (a bid is about 40 words, 4 GB/s) + row functions + what the query
//! keeps; per step = a call per worker and table (microseconds) + merging of traces (amortised, logarithmic in the
//! steps). Two workers add an exchange of what joins and groups need. With profile `dev` the engine runs row functions as loops over
//! batches: a few times their cost, while the operators are the same code.

use crate::measure::{Setup, cpu, table};
use std::time::{Duration, Instant};
use weir_io::{Nexmark, NexmarkRows};
use weir_runtime::{Cycle, Pipeline, PipelineOptions};

const TABLES: &str = include_str!("../../examples/nexmark/tables.sql");
const QUERIES: [(&str, &str); 7] = [
    ("q0", include_str!("../../examples/nexmark/q0.sql")),
    ("q1", include_str!("../../examples/nexmark/q1.sql")),
    ("q2", include_str!("../../examples/nexmark/q2.sql")),
    ("q3", include_str!("../../examples/nexmark/q3.sql")),
    ("q4", include_str!("../../examples/nexmark/q4.sql")),
    ("q7", include_str!("../../examples/nexmark/q7.sql")),
    ("q8", include_str!("../../examples/nexmark/q8.sql")),
];
/// Events of one step.
const STEP_EVENTS: u64 = 40_000;

pub(crate) fn run(setup: &Setup, events: u64, only: Option<&str>) -> anyhow::Result<()> {
    println!("\n# Nexmark from SQL, {events} events in steps of {STEP_EVENTS}, no parsing\n");
    let mut rows = Vec::new();
    for (name, query) in QUERIES.into_iter().filter(|(name, _)| only.is_none_or(|o| o == *name)) {
        for (profile, workers) in [("optimized", 1), ("optimized", 2), ("dev", 1), ("dev", 2)] {
            let m = measure(setup, &format!("{TABLES}{query}"), events, workers, profile == "dev")?;
            let per_million = |d: Duration| d.as_secs_f64() * 1e6 / events as f64;
            rows.push(vec![
                name.to_owned(),
                profile.to_owned(),
                workers.to_string(),
                format!("{:.2}", events as f64 / m.wall.as_secs_f64() / 1e6),
                format!("{:.3}", per_million(m.cpu)),
                format!("{}", m.peak_bytes >> 20),
                format!("{}", m.changes),
                format!("{:.1}", m.longest.as_secs_f64() * 1e3),
            ]);
        }
    }
    table(
        &[
            "query",
            "profile",
            "workers",
            "M events/s",
            "CPU s per M events",
            "peak memory, MiB",
            "changes",
            "longest step, ms",
        ],
        &rows,
    );
    Ok(())
}

struct Measured {
    wall: Duration,
    cpu: Duration,
    peak_bytes: u64,
    changes: u64,
    longest: Duration,
}

fn measure(setup: &Setup, sql: &str, events: u64, workers: u32, interpreted: bool) -> anyhow::Result<Measured> {
    let (compiled, program) = if interpreted {
        setup.interpreted(sql)?
    } else {
        let (compiled, program, _) = setup.program_of_sql(sql)?;
        (compiled, program)
    };
    let rows = NexmarkRows::new(&compiled.circuit).map_err(anyhow::Error::msg)?;
    let stream = Nexmark::new(1, 10_000);
    let mut pipeline = Pipeline::open(&program, PipelineOptions { workers, ..PipelineOptions::default() })?;
    let views: Vec<u32> = (0..compiled.circuit.views.len() as u32).collect();
    let mut m =
        Measured { wall: Duration::ZERO, cpu: Duration::ZERO, peak_bytes: 0, changes: 0, longest: Duration::ZERO };
    let mut begin = 0;
    while begin < events {
        let end = (begin + STEP_EVENTS).min(events);
        let changes = rows.changes(&stream, begin..end, workers as usize).map_err(anyhow::Error::msg)?;
        let mut ingest = vec![Vec::new(); workers as usize];
        for (table, mut changes) in changes {
            for (to, blocks) in ingest.iter_mut().zip(changes.take()) {
                to.push((table as u32, blocks));
            }
        }
        let (clock, used) = (Instant::now(), cpu());
        let output = pipeline.cycle(Cycle { ingest, now_us: end as i64, deltas: views.clone() })?;
        let took = clock.elapsed();
        m.wall += took;
        m.cpu += cpu() - used;
        m.longest = m.longest.max(took);
        m.changes += output.deltas.iter().flatten().map(|b| b.len() as u64).sum::<u64>();
        begin = end;
    }
    m.peak_bytes = pipeline.memory().peak_bytes;
    Ok(m)
}
