//! Rust programs against the SDK, compiled and run. The first run builds std and the SDK in the user's cache.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use common::{be_worker, shared};
use weir_compiler::{CancelToken, CompileError, CompileRequest, Compiler, Profile};
use weir_row::{Block, enc};
use weir_runtime::{Engine, Failure, FailureKind, FileStore, Limits, MemoryStore, Pipeline, PipelineOptions, Program};

#[test]
fn compile_worker() {
    be_worker();
}

static COMPILER: LazyLock<Compiler> = LazyLock::new(|| {
    let compiler = shared();
    compiler.provision(&|line| println!("{line}"), &CancelToken::new()).unwrap();
    compiler
});
static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::with_threads(2).unwrap());

/// The hand-written program that generated code looks like.
fn sample() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guest-sdk/tests/sample/src/lib.rs");
    std::fs::read_to_string(path).unwrap()
}

fn compile(source: &str, profile: Profile) -> Result<Program, CompileError> {
    let request = CompileRequest { source: source.to_owned(), profile, user: None };
    let artifact = COMPILER.compile(&request, &CancelToken::new())?;
    let file = COMPILER.open_native(&artifact)?;
    Ok(Program::load_file(&ENGINE, file, &artifact.native_sha256).unwrap())
}

#[test]
fn errors_of_rustc_come_as_text() {
    let error = compile("fn main() { let x: u32 = \"\"; }", Profile::Dev).unwrap_err();
    assert_eq!(error.error_code(), "RustCompilerError");
    let text = error.to_string();
    assert!(text.contains("mismatched types") && text.contains("program.rs:1"), "{text}");
}

#[test]
fn a_program_that_exports_no_pipeline_is_refused() {
    let source = "#[unsafe(no_mangle)] pub extern \"C\" fn f() -> u32 { 1 }";
    let error = compile(source, Profile::Dev).unwrap_err();
    assert!(error.to_string().contains("does not export"), "{error}");
}

#[test]
fn rustc_sees_nothing_of_the_environment() {
    // SAFETY: nothing else in this test binary reads this variable.
    unsafe { std::env::set_var("WEIR_TEST_SECRET", "hunter2") };
    let error = compile("compile_error!(env!(\"WEIR_TEST_SECRET\"));", Profile::Dev).unwrap_err();
    assert!(!error.to_string().contains("hunter2"), "{error}");
}

#[test]
fn compiling_can_be_cancelled() {
    LazyLock::force(&COMPILER);
    let cancel = CancelToken::new();
    let canceller = cancel.clone();
    let thread = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(50));
        canceller.cancel();
        Instant::now()
    });
    let source = format!("{}\n// {:?}", sample(), std::time::SystemTime::now());
    let error =
        COMPILER.compile(&CompileRequest { source, profile: Profile::Optimized, user: None }, &cancel).unwrap_err();
    println!("cancelled within {:?}", thread.join().unwrap().elapsed());
    assert!(matches!(error, CompileError::Cancelled), "{error}");
}

/// orders: id BIGINT, customer INT, item VARCHAR, cents BIGINT NULL
fn orders(rows: &[Order<'_>]) -> Vec<Block> {
    let mut block = Block::new(0);
    for &(id, customer, item, cents, weight) in rows {
        let mut row = vec![enc::i64(id), enc::i32(customer), enc::i64_null(cents)];
        weir_row::text::write(item, &mut row);
        block.push(&row, weight);
    }
    vec![block]
}

/// Rows with weights.
type Rows = Vec<(Vec<u64>, i64)>;
/// An order: id, customer, item, cents, weight.
type Order<'a> = (i64, i32, &'a str, Option<i64>, i64);

fn rows(blocks: &[Block]) -> Rows {
    blocks.iter().flat_map(|b| b.iter().map(|(r, w)| (r.to_vec(), w))).collect()
}

const TABLE_ORDERS: u32 = 1;
/// Views of the sample, by number.
const VIEWS: u32 = 5;

/// Feed some orders in two steps and return all views' changes of both.
fn feed(pipeline: &mut Pipeline) -> Result<Vec<Rows>, Failure> {
    let workers = pipeline.workers();
    let steps: [&[Order<'_>]; 2] = [
        &[(1, 7, "tea", Some(300), 1), (2, 7, "coffee", Some(2000), 1), (3, 8, "tea", None, 1), (4, 9, "", Some(5), 2)],
        &[(2, 7, "coffee", Some(2000), -1), (5, 8, "a longer item than seven bytes", Some(1500), 1)],
    ];
    let mut out = Vec::new();
    for (now, changes) in (1..).zip(steps) {
        for (i, change) in changes.iter().enumerate() {
            let worker = u32::try_from(i).unwrap() % workers;
            pipeline.ingest(worker, TABLE_ORDERS, orders(&[*change]))?;
        }
        pipeline.step(now)?;
        for view in 0..VIEWS {
            out.push(rows(&pipeline.delta(view)?));
        }
    }
    Ok(out)
}

fn open(program: &Program, workers: u32) -> Pipeline {
    Pipeline::open(program, PipelineOptions { workers, ..PipelineOptions::default() }).unwrap()
}

#[test]
fn the_same_changes_in_every_profile_and_with_any_number_of_workers() {
    let mut answers = Vec::new();
    for profile in [Profile::Dev, Profile::Unoptimized, Profile::Optimized] {
        let program = compile(&sample(), profile).unwrap();
        for workers in [1, 2, 3, 5] {
            answers.push((profile, workers, feed(&mut open(&program, workers)).unwrap()));
        }
    }
    let first = &answers[0].2;
    assert!(
        first.iter().all(|delta| !delta.is_empty()) || first.iter().filter(|d| !d.is_empty()).count() >= 6,
        "{first:?}"
    );
    for (profile, workers, answer) in &answers {
        assert_eq!(answer, first, "{profile:?} with {workers} workers");
    }
}

#[test]
fn a_checkpoint_is_where_a_pipeline_goes_on() {
    let program = compile(&sample(), Profile::Optimized).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.redb");
    let more = orders(&[(9, 7, "tea", Some(1), 1)]);
    let straight = {
        let mut pipeline = open(&program, 2);
        feed(&mut pipeline).unwrap();
        pipeline.ingest(0, TABLE_ORDERS, more.clone()).unwrap();
        pipeline.step(3).unwrap();
        (0..VIEWS).map(|v| rows(&pipeline.delta(v).unwrap())).collect::<Vec<_>>()
    };
    let options = |restore| PipelineOptions {
        workers: 2,
        store: Some(Arc::new(FileStore::open(&path).unwrap())),
        restore,
        ..PipelineOptions::default()
    };
    let mut pipeline = Pipeline::open(&program, options(false)).unwrap();
    feed(&mut pipeline).unwrap();
    pipeline.checkpoint(b"offsets".to_vec()).unwrap();
    // Lost with the process: a step after the checkpoint.
    pipeline.ingest(1, TABLE_ORDERS, orders(&[(10, 8, "lost", Some(1), 1)])).unwrap();
    pipeline.step(4).unwrap();
    drop(pipeline);
    let mut pipeline = Pipeline::open(&program, options(true)).unwrap();
    assert_eq!(pipeline.steps(), 2);
    pipeline.ingest(0, TABLE_ORDERS, more).unwrap();
    pipeline.step(3).unwrap();
    let restored: Vec<_> = (0..VIEWS).map(|v| rows(&pipeline.delta(v).unwrap())).collect();
    assert_eq!(restored, straight);
}

#[test]
fn a_checkpoint_of_other_workers_is_refused() {
    let program = compile(&sample(), Profile::Optimized).unwrap();
    let store = Arc::new(MemoryStore::new());
    let options = |workers, restore| PipelineOptions {
        workers,
        store: Some(store.clone()),
        restore,
        ..PipelineOptions::default()
    };
    Pipeline::open(&program, options(2, false)).unwrap().checkpoint(vec![]).unwrap();
    let failure = Pipeline::open(&program, options(3, true)).unwrap_err();
    assert!(failure.message.contains("2 workers and the pipeline has 3"), "{failure}");
}

#[test]
fn snapshots_are_of_one_point_in_time() {
    let program = compile(&sample(), Profile::Optimized).unwrap();
    let mut pipeline = open(&program, 3);
    feed(&mut pipeline).unwrap();
    // `all_orders` is the fourth view, and materialized; `large` is the first, and not.
    let mut snapshot = pipeline.snapshot_open(3).unwrap().unwrap();
    pipeline.ingest(0, TABLE_ORDERS, orders(&[(11, 7, "later", Some(1), 1)])).unwrap();
    pipeline.step(3).unwrap();
    let mut before = Vec::new();
    loop {
        let page = pipeline.snapshot_next(&mut snapshot).unwrap();
        if page.is_empty() {
            break;
        }
        before.extend(rows(&page));
    }
    pipeline.snapshot_close(snapshot).unwrap();
    assert_eq!(before.iter().map(|(_, w)| w).sum::<i64>(), 5, "{before:?}");
    assert!(before.is_sorted());
    let after = rows(&pipeline.snapshot(3).unwrap().unwrap());
    assert_eq!(after.iter().map(|(_, w)| w).sum::<i64>(), 6);
    assert!(pipeline.snapshot(0).unwrap().is_err());
    pipeline.step(4).unwrap();
}

#[test]
fn a_program_describes_itself() {
    let program = compile(&sample(), Profile::Optimized).unwrap();
    let described = program.describe(Limits::default()).unwrap();
    assert_eq!(described, open(&program, 2).describe().unwrap());
}

#[test]
fn a_block_of_another_layout_fails_with_a_message() {
    let program = compile(&sample(), Profile::Optimized).unwrap();
    let mut block = Block::new(1);
    block.push(&[1], 1);
    let mut pipeline = open(&program, 1);
    let failure = pipeline.ingest(0, TABLE_ORDERS, vec![block]).and_then(|()| pipeline.step(1)).unwrap_err();
    assert_eq!(failure.kind, FailureKind::SqlError, "{failure}");
    println!("{failure}");
}

/// The sample, with some code run at the begin of each step.
fn with_step(code: &str) -> String {
    let begin = "self.n0.step(cx);";
    let source = sample();
    assert!(source.contains(begin), "the sample changed");
    source.replace(begin, &format!("{{ {code} }} {begin}"))
}

/// The failure of the first step of the sample with some code in it.
fn failure_of(code: &str) -> Failure {
    let program = compile(&with_step(code), Profile::Dev).unwrap();
    open(&program, 2).step(1).unwrap_err()
}

#[test]
fn a_panic_is_quoted() {
    let failure = failure_of("let v: Vec<u32> = Vec::new(); let i = v.len() + 3; if v[i] == 1 { return; }");
    assert_eq!(failure.kind, FailureKind::Trap);
    assert!(failure.message.contains("index out of bounds: the len is 0 but the index is 3"), "{failure}");
    assert!(!failure.message.contains('/'), "it tells a path of this machine: {failure}");
}

#[test]
fn exit_and_abort_are_traps() {
    for code in ["std::process::exit(0)", "std::process::abort()"] {
        let failure = failure_of(&format!("if cx as *const _ as usize != 1 {{ {code} }}"));
        assert_eq!(failure.kind, FailureKind::Trap, "{failure}");
    }
}

#[test]
fn nothing_waits_for_a_clock() {
    let begun = Instant::now();
    let failure = failure_of("std::thread::sleep(std::time::Duration::from_secs(3600));");
    assert!(failure.message.contains("waits for a clock"), "{failure}");
    assert!(begun.elapsed() < Duration::from_secs(60));
}

#[test]
fn the_world_outside_is_empty_and_stands_still() {
    // Fails with what it saw.
    let failure = failure_of(
        r#"
        use std::hash::{BuildHasher, RandomState};
        let seen = format!(
            "args {} vars {} file {:?} dir {:?} year {} tick {:?} seed {}",
            std::env::args().count(),
            std::env::vars().count(),
            std::fs::read("/etc/passwd").map(|b| b.len()).map_err(|_| "none"),
            std::fs::read_dir("/").map(|d| d.count()).map_err(|_| "none"),
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() / 31_556_952,
            { let begun = std::time::Instant::now(); (0..1000).for_each(|i| { std::hint::black_box(i); }); begun.elapsed() },
            RandomState::new().hash_one(7),
        );
        panic!("{seen}");
        "#,
    );
    let seen = "args 0 vars 0 file Err(\"none\") dir Err(\"none\") year 0 tick 0ns seed ";
    assert!(failure.message.contains(seen), "{failure}");
    let again = failure_of(
        "use std::hash::{BuildHasher, RandomState}; let h = RandomState::new().hash_one(7); panic!(\"seed {h}\");",
    );
    let seed = |f: &Failure| f.message.rsplit("seed ").next().map(str::to_owned);
    assert_eq!(seed(&failure), seed(&again), "randomness is not fixed");
}

#[test]
fn sockets_are_refused_before_anything_runs() {
    let source = with_step("drop(std::net::TcpStream::connect(\"127.0.0.1:80\"));");
    match compile(&source, Profile::Dev) {
        // The import is named, or the C library of the toolchain has no `connect`.
        Err(error) => {
            let text = error.to_string();
            assert!(text.contains("wasi:sockets") || text.contains("undefined symbol: connect"), "{text}");
            assert!(!text.contains("/.cache/"), "it tells a path of this machine: {text}");
        }
        // Or its std has none: then connecting fails within the sandbox.
        Ok(program) => open(&program, 1).step(1).map(|_| ()).unwrap(),
    }
}

#[test]
fn what_a_component_prints_is_in_the_log() {
    let source = with_step("println!(\"hello {}\", 1 + 1); eprint!(\"in \"); eprintln!(\"pieces\");");
    let program = compile(&source, Profile::Dev).unwrap();
    let mut pipeline = open(&program, 1);
    pipeline.step(1).unwrap();
    let log: Vec<String> = pipeline.handle().log().into_iter().map(|l| l.text).collect();
    assert_eq!(log, ["hello 2", "in pieces"]);
}
