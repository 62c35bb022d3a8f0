//! What is kept of an endless stream: the size of operators' states at ten points of Nexmark's, with what its tables may promise: that rows are never taken away,
//! that they come in order but for some seconds, both.
//!
//! Cost model, of n events so far, of which w lie within a window and its lateness, in g groups: without promises an extreme, a first row and a join keep their inputs, O(n).
//! Append-only tables leave an extreme O(g) and the first k rows O(g k), while joins keep what they keep. LATENESS leaves O(w) of what is grouped or joined by a
//! window, and of each side of a join what the other side's bounds of time can still reach; groups without a time, such as q4's and q9's auctions, stay. Rows that
//! are let go, or cancel each other, go when batches merge: a state may be up to twice as large as what it stands for. A row costs 8 bytes a word
//! and 8 for its weight.
//!
//! The engine and compiled programs have the same state, so that it is the engine that runs here.

use crate::measure::{Setup, table};
use crate::nexmark::{STEP_EVENTS, TABLES, ingest, query, state_bytes};
use weir_io::{Nexmark, NexmarkRows};
use weir_runtime::{Cycle, Pipeline, PipelineOptions};

/// Extremes and joins by windows; a join bounded by time below an extreme, and below a first row; first rows of each group.
const QUERIES: [&str; 6] = ["q4", "q7", "q8", "q9", "q18", "q19"];
/// Points at which is looked.
const POINTS: u64 = 10;

pub(crate) fn run(setup: &Setup, events: u64, only: Option<&str>) -> anyhow::Result<()> {
    let only = only.filter(|o| *o != "all");
    println!(
        "\n# State in MiB at ten points of {events} events in steps of {STEP_EVENTS}, 10,000 a second, one worker\n"
    );
    let mut rows = Vec::new();
    for name in QUERIES.into_iter().filter(|name| only.is_none_or(|o| o == *name)) {
        for (promise, tables) in promises() {
            let mut row = vec![name.to_owned(), promise.to_owned()];
            row.extend(sizes(setup, &format!("{tables}{}", query(name)), events)?);
            rows.push(row);
        }
    }
    let points: Vec<String> = (1..=POINTS).map(|i| format!("{} %", i * 100 / POINTS)).collect();
    let mut head = vec!["query", "tables"];
    head.extend(points.iter().map(String::as_str));
    head.push("memory in the end, MiB");
    table(&head, &rows);
    Ok(())
}

/// Nexmark's tables, with what they may promise.
fn promises() -> [(&'static str, String); 4] {
    let append_only = |tables: &str| tables.replace("\n);", "\n) WITH ('append_only' = 'true');");
    let lateness =
        |tables: &str| tables.replace("date_time TIMESTAMP", "date_time TIMESTAMP LATENESS INTERVAL 4 SECONDS");
    [
        ("as they are", TABLES.to_owned()),
        ("append-only", append_only(TABLES)),
        ("LATENESS", lateness(TABLES)),
        ("both", append_only(&lateness(TABLES))),
    ]
}

/// Sizes of state at the points, and the memory in the end.
fn sizes(setup: &Setup, sql: &str, events: u64) -> anyhow::Result<Vec<String>> {
    let mib = |bytes: u64| format!("{:.1}", bytes as f64 / f64::from(1 << 20));
    let (compiled, program) = setup.interpreted(sql)?;
    let rows = NexmarkRows::new(&compiled.circuit).map_err(anyhow::Error::msg)?;
    let stream = Nexmark::new(1, 10_000);
    let mut pipeline = Pipeline::open(&program, PipelineOptions::default())?;
    let mut out = Vec::new();
    let mut begin = 0;
    for point in 1..=POINTS {
        while begin < events * point / POINTS {
            let end = (begin + STEP_EVENTS).min(events * point / POINTS);
            let ingest = ingest(&rows, &stream, begin..end, 1)?;
            pipeline.cycle(Cycle { ingest, now_us: end as i64, deltas: Vec::new() })?;
            begin = end;
        }
        out.push(mib(state_bytes(&pipeline.profile()?)?));
    }
    out.push(mib(pipeline.memory().used_bytes));
    Ok(out)
}
