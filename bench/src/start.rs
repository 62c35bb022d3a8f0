//! Cold start: mapping native code, opening workers, the first step, a kill.
//!
//! Cost model: mapping is a few system calls and a checksum of the file (about 1 GB/s); an instance is a reservation of address space and a copy of
//! its data segment; a kill waits for the next epoch (milliseconds).

use crate::measure::{Setup, best, ms, resident_bytes, table};
use std::time::{Duration, Instant};
use weir_runtime::{Pipeline, PipelineOptions, Program};

/// Runs of each; the best counts, except for memory.
const RUNS: usize = 20;
/// Idle instances whose memory is averaged.
const IDLE: usize = 100;

const SQL: &str = "CREATE TABLE t(k INT, x INT);
CREATE MATERIALIZED VIEW v AS SELECT k, SUM(x) AS s, COUNT(*) AS n FROM t GROUP BY k;";

pub(crate) fn run(setup: &Setup) -> anyhow::Result<()> {
    println!("\n# Cold start (best of {RUNS})\n");
    let (_, program, artifact) = setup.program_of_sql(SQL)?;
    let (mut load, mut open, mut step) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let begin = Instant::now();
        Program::load(&setup.engine, &artifact.native, &artifact.native_sha256)?;
        load.push(begin.elapsed());
        let begin = Instant::now();
        let mut pipeline = Pipeline::open(&program, PipelineOptions::default())?;
        open.push(begin.elapsed());
        let begin = Instant::now();
        pipeline.step(0)?;
        step.push(begin.elapsed());
    }
    let before = resident_bytes();
    let mut idle = Vec::new();
    for _ in 0..IDLE {
        let mut pipeline = Pipeline::open(&program, PipelineOptions::default())?;
        pipeline.step(0)?;
        idle.push(pipeline);
    }
    let each = resident_bytes().saturating_sub(before) / IDLE as u64;
    let mut rows = vec![
        vec!["component".into(), format!("{} KiB", artifact.component_bytes >> 10)],
        vec!["native code".into(), format!("{} KiB", artifact.native_bytes >> 10)],
        vec!["load the compiled component, ms".into(), ms(best(&load))],
        vec!["open a pipeline of one worker, ms".into(), ms(best(&open))],
        vec!["first step, ms".into(), ms(best(&step))],
        vec!["an idle instance, resident".into(), format!("{} KiB", each >> 10)],
    ];
    drop(idle);
    rows.push(vec!["kill of an endless loop, ms (worst of 5)".into(), ms(kill(setup)?)]);
    table(&["what", "figure"], &rows);
    Ok(())
}

/// A program whose step never ends, as a hostile tenant might send it.
const LOOP: &str = "use weir_sdk::prelude::*;
program! { \"{}\"; }
impl Program { fn step(&mut self, cx: &mut Context) { loop { std::hint::black_box(cx.now()); } } }
";

fn kill(setup: &Setup) -> anyhow::Result<Duration> {
    let program = setup.program_of_source(LOOP)?;
    let mut worst = Duration::ZERO;
    for _ in 0..5 {
        let mut pipeline = Pipeline::open(&program, PipelineOptions::default())?;
        let handle = pipeline.handle();
        let stepping = std::thread::spawn(move || pipeline.step(0).is_err());
        std::thread::sleep(Duration::from_millis(50));
        let begin = Instant::now();
        handle.kill();
        let ended = stepping.join().unwrap_or(false);
        anyhow::ensure!(ended, "the endless loop ended by itself");
        worst = worst.max(begin.elapsed());
    }
    Ok(worst)
}
