//! Nexmark, from SQL, in process: events are made and laid out beforehand, so that what is timed is ingest into the sandbox, the
//! steps, and the deltas read back.
//!
//! Cost model: per event = copy of its words into the guest (a bid is about 40 words, 4 GB/s) + row functions + what the query
//! keeps; per step = a call per worker and table (microseconds) + merging of traces (amortised, logarithmic in the
//! steps). Two workers add an exchange of what joins and groups need. With profile `dev` the engine runs row functions as loops over
//! batches: a few times their cost, while the operators are the same code.
//!
//! What is kept, by queries: nothing by q0-q2, q10, q14, q21, q22; q13 the bids, for a side that could change; joins q3, q4, q6-q9 and q20 both sides' rows as far as
//! they are read; groups q5, q7, q12, q17 a row each, and q15, q16 a row for each distinct bidder and auction; q11, q18, q19 all bids in order. q5 turns a
//! bid into five rows, one for each window that it lies in. A change of a group, a window or a first row goes out as two: what was, what is.

use crate::measure::{Setup, cpu, table};
use anyhow::bail;
use std::ops::Range;
use std::time::{Duration, Instant};
use weir_io::{Nexmark, NexmarkRows};
use weir_runtime::{Cycle, Pipeline, PipelineOptions};
use weir_sdk::prelude::Block;

pub(crate) const TABLES: &str = include_str!("../../examples/nexmark/tables.sql");
const QUERIES: [(&str, &str); 23] = [
    ("q0", include_str!("../../examples/nexmark/q0.sql")),
    ("q1", include_str!("../../examples/nexmark/q1.sql")),
    ("q2", include_str!("../../examples/nexmark/q2.sql")),
    ("q3", include_str!("../../examples/nexmark/q3.sql")),
    ("q4", include_str!("../../examples/nexmark/q4.sql")),
    ("q5", include_str!("../../examples/nexmark/q5.sql")),
    ("q6", include_str!("../../examples/nexmark/q6.sql")),
    ("q7", include_str!("../../examples/nexmark/q7.sql")),
    ("q8", include_str!("../../examples/nexmark/q8.sql")),
    ("q9", include_str!("../../examples/nexmark/q9.sql")),
    ("q10", include_str!("../../examples/nexmark/q10.sql")),
    ("q11", include_str!("../../examples/nexmark/q11.sql")),
    ("q12", include_str!("../../examples/nexmark/q12.sql")),
    ("q13", include_str!("../../examples/nexmark/q13.sql")),
    ("q14", include_str!("../../examples/nexmark/q14.sql")),
    ("q15", include_str!("../../examples/nexmark/q15.sql")),
    ("q16", include_str!("../../examples/nexmark/q16.sql")),
    ("q17", include_str!("../../examples/nexmark/q17.sql")),
    ("q18", include_str!("../../examples/nexmark/q18.sql")),
    ("q19", include_str!("../../examples/nexmark/q19.sql")),
    ("q20", include_str!("../../examples/nexmark/q20.sql")),
    ("q21", include_str!("../../examples/nexmark/q21.sql")),
    ("q22", include_str!("../../examples/nexmark/q22.sql")),
];
/// Events of one step.
pub(crate) const STEP_EVENTS: u64 = 40_000;

pub(crate) fn run(setup: &Setup, events: u64, only: Option<&str>) -> anyhow::Result<()> {
    let only = only.filter(|o| *o != "all");
    if let Some(only) = only.filter(|o| QUERIES.iter().all(|(name, _)| name != o)) {
        bail!("there is no query '{only}': q0 to q22, or all");
    }
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
                format!("{:.1}", m.state_bytes as f64 / f64::from(1 << 20)),
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
            "state, MiB",
            "peak memory, MiB",
            "changes",
            "longest step, ms",
        ],
        &rows,
    );
    Ok(())
}

#[derive(Default)]
struct Measured {
    wall: Duration,
    cpu: Duration,
    /// What the operators keep in the end.
    state_bytes: u64,
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
    let mut m = Measured::default();
    let mut begin = 0;
    while begin < events {
        let end = (begin + STEP_EVENTS).min(events);
        let ingest = ingest(&rows, &stream, begin..end, workers)?;
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
    m.state_bytes = state_bytes(&pipeline.profile()?)?;
    Ok(m)
}

/// What a worker takes in: tables with blocks.
type Taken = Vec<(u32, Vec<Block>)>;

/// What each worker takes in of some events.
pub(crate) fn ingest(
    rows: &NexmarkRows,
    stream: &Nexmark,
    events: Range<u64>,
    workers: u32,
) -> anyhow::Result<Vec<Taken>> {
    let changes = rows.changes(stream, events, workers as usize).map_err(anyhow::Error::msg)?;
    let mut ingest = vec![Vec::new(); workers as usize];
    for (table, mut changes) in changes {
        for (to, blocks) in ingest.iter_mut().zip(changes.take()) {
            to.push((table as u32, blocks));
        }
    }
    Ok(ingest)
}

/// The text of a query, without its tables.
pub(crate) fn query(name: &str) -> &'static str {
    QUERIES.iter().find(|(n, _)| *n == name).map_or("", |(_, sql)| sql)
}

/// The sum of what operators of all workers say that they hold.
pub(crate) fn state_bytes(profiles: &[String]) -> anyhow::Result<u64> {
    let mut sum = 0;
    for profile in profiles {
        let operators: Vec<serde_json::Value> = serde_json::from_str(profile)?;
        sum += operators.iter().filter_map(|o| o["state_bytes"].as_u64()).sum::<u64>();
    }
    Ok(sum)
}
