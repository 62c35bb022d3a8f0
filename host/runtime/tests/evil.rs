//! Runs each guest of `tests/evil` and checks what its owner sees, that it ends soon, and that the host lives on.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::fs;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use common::{component, load, root};
use weir_row::Block;
use weir_runtime::{Engine, Failure, FailureKind, Limits, Opening, PipelineOptions, Program};

/// When a guest is killed, counted from its begin.
const KILL_AFTER: Duration = Duration::from_millis(60);
/// A generous bound for a machine under load; the figures are printed.
const END_WITHIN: Duration = Duration::from_secs(2);

/// What a guest's head says.
#[derive(Debug, Default)]
struct Expected {
    workers: u32,
    limits: Limits,
    kill: bool,
    fails: Option<String>,
    says: Vec<String>,
    at: Option<(u32, u32)>,
    refused: Option<String>,
}

fn expected(text: &str) -> Expected {
    let mut out = Expected { workers: 1, ..Expected::default() };
    for line in text.lines().filter_map(|l| l.strip_prefix(";; ")) {
        let (key, value) = line.split_once(": ").unwrap_or((line, ""));
        let number = || value.parse::<u64>().unwrap();
        match key {
            "workers" => out.workers = u32::try_from(number()).unwrap(),
            "memory" => out.limits.memory_bytes_max = Some(number() << 20),
            "time" => out.limits.call_time_max = Some(Duration::from_millis(number())),
            "delta" => out.limits.delta_bytes_max = number() << 20,
            "kill" => out.kill = true,
            "fails" => out.fails = Some(value.to_owned()),
            "says" => out.says.push(value.to_owned()),
            "at" => {
                let (line, column) = value.split_once(' ').unwrap();
                out.at = Some((line.parse().unwrap(), column.parse().unwrap()));
            }
            "refused" => out.refused = Some(value.to_owned()),
            "survives" => {}
            other => panic!("what does `{other}` mean?"),
        }
    }
    out
}

fn one_row_each(workers: u32) -> Vec<Block> {
    (0..workers)
        .map(|w| {
            let mut block = Block::new(1);
            block.push(&[u64::from(w)], 1);
            block
        })
        .collect()
}

/// Everything that an owner does with a pipeline.
fn live(opening: Opening, workers: u32) -> Result<(), Failure> {
    let mut pipeline = opening.open()?;
    pipeline.describe()?;
    for worker in 0..workers {
        pipeline.ingest(worker, 0, one_row_each(workers))?;
    }
    pipeline.keep_delta(0, true)?;
    pipeline.step(1)?;
    pipeline.step(2)?;
    pipeline.delta(0)?;
    let _ = pipeline.snapshot(0)?;
    assert_eq!(pipeline.snapshot(1)?.unwrap_err(), "something went wrong");
    pipeline.checkpoint(vec![])?;
    pipeline.profile()?;
    Ok(())
}

/// The failure, and how long after the kill (or the begin) it came.
fn run(program: &Program, expected: &Expected) -> (Result<(), Failure>, Duration) {
    let options =
        PipelineOptions { workers: expected.workers, limits: expected.limits.clone(), ..PipelineOptions::default() };
    let opening = Opening::new(program, options);
    let handle = opening.handle();
    let workers = expected.workers;
    let thread = std::thread::spawn(move || (live(opening, workers), Instant::now()));
    let mut begun = Instant::now();
    if expected.kill {
        std::thread::sleep(KILL_AFTER);
        begun = Instant::now();
        handle.kill();
    }
    let (result, ended) = thread.join().expect("the host lives");
    (result, ended.saturating_duration_since(begun))
}

fn check(engine: &Engine, text: &str) -> String {
    let expected = expected(text);
    let program = match (load(engine, &component(text)), &expected.refused) {
        (Ok(_), Some(why)) => panic!("loaded, but should be refused: {why}"),
        (Err(e), Some(why)) => {
            assert!(e.to_string().contains(why.as_str()), "{e}");
            return format!("refused: {e}");
        }
        (loaded, None) => loaded.unwrap(),
    };
    let (result, time) = run(&program, &expected);
    assert!(time < END_WITHIN, "it ended only after {time:?}");
    let Some(kind) = expected.fails else {
        result.unwrap();
        return "survived".to_owned();
    };
    let failure = result.expect_err("it should fail");
    assert_eq!(format!("{:?}", failure.kind), kind, "{failure:?}");
    for text in &expected.says {
        assert!(failure.message.contains(text.as_str()), "{failure:?}");
    }
    assert_eq!(failure.position, expected.at, "{failure:?}");
    assert!(failure.message.len() <= 16 << 10);
    let message: String = failure.message.chars().take(90).collect();
    format!("{kind} after {time:.1?}: {message}")
}

#[test]
fn every_evil_guest_ends_cleanly() {
    let engine = Engine::with_threads(2).unwrap();
    let good = load(&engine, &component("")).unwrap();
    let mut names: Vec<_> = fs::read_dir(root().join("tests/evil")).unwrap().map(|e| e.unwrap().path()).collect();
    names.sort();
    let mut failed = Vec::new();
    let mut count = 0;
    for path in names {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if path.extension().is_none_or(|e| e != "wat") || name == "template" {
            continue;
        }
        count += 1;
        let text = fs::read_to_string(&path).unwrap();
        match std::panic::catch_unwind(AssertUnwindSafe(|| check(&engine, &text))) {
            Ok(said) => println!("{name}: {said}"),
            Err(_) => failed.push(name),
        }
        // The host lives, and so do others on the same engine.
        for workers in [1, 3] {
            let expected = Expected { workers, ..Expected::default() };
            run(&good, &expected).0.unwrap();
        }
    }
    assert!(count >= 40, "only {count} guests were found");
    assert!(failed.is_empty(), "{failed:?}");
}

#[test]
fn files_that_are_not_what_the_compiler_wrote_are_refused() {
    let engine = Engine::with_threads(1).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("program.cwasm");
    fs::write(&path, b"not native code").unwrap();
    let error = Program::load(&engine, &path, "00").unwrap_err().to_string();
    assert!(error.contains("not what the compiler wrote"), "{error}");
    // Even with the right hash: wasmtime reads its header before it maps anything executable.
    let sha256: String = {
        use sha2::{Digest, Sha256};
        Sha256::digest(b"not native code").iter().map(|b| format!("{b:02x}")).collect()
    };
    let error = Program::load(&engine, &path, &sha256).unwrap_err().to_string();
    assert!(error.contains("does not fit this engine"), "{error}");
}

#[test]
fn a_killed_pipeline_says_so_for_ever() {
    let engine = Engine::with_threads(2).unwrap();
    let program = load(&engine, &component("")).unwrap();
    let mut pipeline = Opening::new(&program, PipelineOptions::default()).open().unwrap();
    pipeline.step(1).unwrap();
    pipeline.handle().kill();
    for _ in 0..2 {
        assert_eq!(pipeline.step(2).unwrap_err().kind, FailureKind::Killed);
        assert_eq!(pipeline.describe().unwrap_err().kind, FailureKind::Killed);
    }
}
