//! Prints what instances, calls, kills and exchanges cost.
//!
//! Cost model: a pipeline costs `map + workers × instantiate` to start; a cycle costs one passage to threads and back, plus the
//! component's own work; an exchange costs two copies per byte (out of the sender's memory, into the receiver's) and one
//! wake-up per worker; a kill costs at most one epoch (5 ms) plus the unwinding.
//!
//! `cargo run --release -p weir-compiler --example figures`

#[path = "../../runtime/tests/common/mod.rs"]
mod common;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use common::{component, load, root};
use weir_compiler::{
    CancelToken, CompileRequest, Compiler, Options, Profile, WORKER_SUBCOMMAND, compile_worker_main, default_cache_dir,
};
use weir_row::Block;
use weir_runtime::{Cycle, Engine, Opening, Pipeline, PipelineOptions, Program};

fn main() -> ExitCode {
    let args: Vec<_> = std::env::args_os().collect();
    if args.get(1).is_some_and(|a| a == WORKER_SUBCOMMAND) {
        return compile_worker_main(args);
    }
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("error: {e}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let compiler = Compiler::open(&default_cache_dir().ok_or("HOME is not set")?, Options::from_env()?)?;
    compiler.provision(&|line| println!("{line}"), &CancelToken::new())?;
    let source = std::fs::read_to_string(root().join("guest-sdk/tests/sample/src/lib.rs"))?;
    let request = CompileRequest { source, profile: Profile::Optimized, user: None };
    let artifact = compiler.compile(&request, &CancelToken::new())?;
    let begun = Instant::now();
    let artifact = compiler.compile(&request, &CancelToken::new()).map(|hit| (hit, artifact))?.0;
    println!("compile, cached                 {:>10.1?}", begun.elapsed());
    let engine = Engine::new()?;
    let begun = Instant::now();
    let program = Program::load_file(&engine, compiler.open_native(&artifact)?, &artifact.native_sha256)?;
    println!("load {:>4} KB of native code     {:>10.1?}", artifact.native_bytes / 1000, begun.elapsed());

    instances(&program)?;
    calls(&program)?;
    kills(&engine)?;
    copies(&engine)?;
    exchanges(&engine)?;
    Ok(())
}

fn options(workers: u32) -> PipelineOptions {
    PipelineOptions { workers, ..PipelineOptions::default() }
}

/// The median of `n` runs.
fn median(n: usize, mut run: impl FnMut() -> Duration) -> Duration {
    let mut times: Vec<Duration> = (0..n).map(|_| run()).collect();
    times.sort();
    times[n / 2]
}

fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).unwrap_or(0) * 1024
}

fn instances(program: &Program) -> Result<(), Box<dyn std::error::Error>> {
    for workers in [1, 2] {
        let time = median(101, || {
            let begun = Instant::now();
            let opened = Pipeline::open(program, options(workers));
            let time = begun.elapsed();
            assert!(opened.is_ok());
            time
        });
        println!("open a pipeline of {workers}            {time:>10.1?}");
    }
    const IDLE: usize = 1000;
    let before = resident_bytes();
    let idle = (0..IDLE).map(|_| Pipeline::open(program, options(1))).collect::<Result<Vec<_>, _>>()?;
    let bytes = (resident_bytes() - before) / IDLE as u64;
    let first = idle[0].memory().used_bytes;
    println!(
        "an idle instance                {:>7} KiB resident ({} KiB of memory declared), of {IDLE}",
        bytes / 1024,
        first / 1024
    );
    Ok(())
}

fn calls(program: &Program) -> Result<(), Box<dyn std::error::Error>> {
    for workers in [1, 2] {
        let mut pipeline = Pipeline::open(program, options(workers))?;
        let time = median(1001, || {
            let begun = Instant::now();
            let done = pipeline.cycle(Cycle { now_us: 1, deltas: vec![0], ..Cycle::default() });
            assert!(done.is_ok());
            begun.elapsed()
        });
        println!("an empty cycle of {workers}             {time:>10.1?}");
    }
    Ok(())
}

fn kills(engine: &Engine) -> Result<(), Box<dyn std::error::Error>> {
    for (name, text, workers) in [
        ("an endless loop", "(func $step (param $now i64) (loop $l (br $l)))", 1),
        (
            "a blocked exchange",
            "(func $step (param $now i64)
               (if (global.get $worker)
                 (then (call $host.exchange (i32.const 1) (global.get $list) (global.get $len) (call $pair (i32.const 0) (i32.const 0))))
                 (else (loop $l (br $l)))))",
            2,
        ),
    ] {
        let program = load(engine, &component(text))?;
        let mut times = Vec::new();
        for _ in 0..20 {
            let opening = Opening::new(&program, options(workers));
            let handle = opening.handle();
            let thread = std::thread::spawn(move || {
                let mut pipeline = opening.open()?;
                for worker in 0..workers {
                    pipeline.ingest(worker, 0, vec![Block::default(); workers as usize])?;
                }
                let ended = pipeline.step(1).map(|_| ());
                assert!(ended.is_err());
                Ok::<_, weir_runtime::Failure>(Instant::now())
            });
            std::thread::sleep(Duration::from_millis(30));
            let begun = Instant::now();
            handle.kill();
            let ended = thread.join().map_err(|_| "the host died")??;
            times.push(ended - begun);
        }
        times.sort();
        println!("kill {name:<24}   {:>10.1?} (at most {:.1?})", times[10], times[19]);
    }
    Ok(())
}

fn block(words: u64) -> Block {
    Block { stride: 1, words: (0..words).collect(), ends: Vec::new(), weights: vec![1; words as usize] }
}

/// Host to guest and back, a block of 8 MiB.
fn copies(engine: &Engine) -> Result<(), Box<dyn std::error::Error>> {
    // Takes the list and gives its memory back.
    let text = "(func $ingest (param $table i32) (param $list i32) (param $len i32)
                  (global.set $list (local.get $list))
                  (global.set $len (local.get $len))
                  (global.set $top (i32.const 4096)))
                (func $delta (param i32 i32) (result i32)
                  (i32.store (i32.const 2048) (global.get $list))
                  (i32.store (i32.const 2052) (global.get $len))
                  (i32.const 2048))";
    let program = load(engine, &component(text))?;
    let mut pipeline = Pipeline::open(&program, options(1))?;
    let big = block(512 << 10);
    let bytes = 16.0 * big.len() as f64;
    let time = median(21, || {
        let blocks = vec![big.clone()];
        let begun = Instant::now();
        assert!(pipeline.ingest(0, 0, blocks).is_ok());
        begun.elapsed()
    });
    println!("host to guest, 8 MiB            {:>7.1} GB/s", bytes / time.as_secs_f64() / 1e9);
    let time = median(21, || {
        let begun = Instant::now();
        assert!(pipeline.delta(0).is_ok_and(|d| d.len() == 1));
        begun.elapsed()
    });
    println!("guest to host, 8 MiB            {:>7.1} GB/s", bytes / time.as_secs_f64() / 1e9);
    Ok(())
}

/// All-to-all, `ROUNDS` times in a step.
fn exchanges(engine: &Engine) -> Result<(), Box<dyn std::error::Error>> {
    const ROUNDS: u32 = 200;
    let text = format!(
        "(global $mark (mut i32) (i32.const 0))
         (func $step (param $now i64)
           (local $n i32) (local $ret i32)
           (local.set $ret (call $pair (i32.const 0) (i32.const 0)))
           (global.set $mark (global.get $top))
           (loop $next
             (global.set $top (global.get $mark))
             (call $host.exchange (i32.const 7) (global.get $list) (global.get $len) (local.get $ret))
             (local.set $n (i32.add (local.get $n) (i32.const 1)))
             (br_if $next (i32.lt_u (local.get $n) (i32.const {ROUNDS})))))"
    );
    let program = load(engine, &component(&text))?;
    for workers in [2, 4] {
        for words in [1, 6 << 10, 16 << 10] {
            let mut pipeline = Pipeline::open(&program, options(workers))?;
            let one = block(words);
            for worker in 0..workers {
                pipeline.ingest(worker, 0, vec![one.clone(); workers as usize])?;
            }
            let time = median(9, || {
                let begun = Instant::now();
                assert!(pipeline.step(1).is_ok());
                begun.elapsed()
            });
            let bytes = 16.0 * words as f64 * f64::from(workers * workers * ROUNDS);
            println!(
                "exchange {workers} × {workers} × {:>4} KB         {:>7.2} GB/s, {:.1?} a round",
                16 * words / 1000,
                bytes / time.as_secs_f64() / 1e9,
                time / ROUNDS
            );
        }
    }
    Ok(())
}
