//! Profile `dev`: from the POST of a program to a pipeline that runs, and the parts of that, in process.
//!
//! Cost model: the front end is a few milliseconds for a small program; the engine's native code is mapped once and shared by all
//! programs, so a pipeline costs its instance (tenths of a millisecond) and the making of register programs from the circuit. Over REST
//! there are three to five durable commits (milliseconds each, by the disk) and the states that a start goes through.

use crate::measure::{Setup, median, ms, table};
use crate::server::Server;
use anyhow::bail;
use std::time::{Duration, Instant};
use weir_compiler::CancelToken;
use weir_runtime::{Pipeline, PipelineOptions, Program};

/// Runs of each; the median counts.
const RUNS: usize = 15;

const PROGRAMS: [(&str, &str); 2] = [
    (
        "one aggregate",
        "CREATE TABLE t(k INT, x INT); CREATE MATERIALIZED VIEW v AS SELECT k, SUM(x) AS s, COUNT(*) AS n FROM t GROUP BY k;",
    ),
    (
        "nexmark q4",
        concat!(include_str!("../../examples/nexmark/tables.sql"), include_str!("../../examples/nexmark/q4.sql")),
    ),
];

pub(crate) fn run(setup: &Setup) -> anyhow::Result<()> {
    println!("\n# Profile dev: from POST to Running (median of {RUNS})\n");
    let server = Server::start()?;
    let mut rows = Vec::new();
    for (name, sql) in PROGRAMS {
        let parts = parts(setup, sql)?;
        let mut whole = Vec::new();
        for run in 0..RUNS {
            whole.push(server.life(&format!("bench-{run}"), sql)?);
        }
        let mut row = vec![name.to_owned(), ms(median(&whole))];
        row.extend(parts.iter().map(|times| ms(median(times))));
        rows.push(row);
    }
    let head = [
        "program",
        "POST to Running over REST, ms",
        "SQL to circuit",
        "map the engine",
        "open a worker, make its program",
        "first step",
    ];
    table(&head, &rows);
    Ok(())
}

/// The times of the parts: front end, mapping, opening, first step.
fn parts(setup: &Setup, sql: &str) -> anyhow::Result<[Vec<Duration>; 4]> {
    let artifact = setup.compiler.engine(&|step| eprintln!("{step}"), &CancelToken::new())?;
    let mut parts: [Vec<Duration>; 4] = Default::default();
    for _ in 0..RUNS {
        let begin = Instant::now();
        let Ok(compiled) = weir_sql::compile(sql) else { bail!("the program has errors") };
        let circuit = serde_json::to_vec(&compiled.circuit)?;
        parts[0].push(begin.elapsed());
        let begin = Instant::now();
        let program =
            Program::load(&setup.engine, &artifact.native, &artifact.native_sha256)?.with_circuit(&circuit)?;
        parts[1].push(begin.elapsed());
        let begin = Instant::now();
        let mut pipeline = Pipeline::open(&program, PipelineOptions::default())?;
        parts[2].push(begin.elapsed());
        let begin = Instant::now();
        pipeline.step(0)?;
        parts[3].push(begin.elapsed());
    }
    Ok(parts)
}
