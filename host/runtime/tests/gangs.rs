//! Many pipelines on few threads: all get their turn, none waits for another's workers for ever.

mod common;

use std::time::{Duration, Instant};

use common::{component, load};
use weir_row::Block;
use weir_runtime::{Cycle, Engine, Pipeline, PipelineOptions};

fn row(n: u64) -> Block {
    let mut block = Block::new(1);
    block.push(&[n], 1);
    block
}

fn open(program: &weir_runtime::Program, workers: u32) -> Pipeline {
    Pipeline::open(program, PipelineOptions { workers, ..PipelineOptions::default() }).expect("the guest is good")
}

#[test]
fn exchanging_pipelines_do_not_block_each_other() {
    let engine = Engine::with_threads(2).expect("the machine runs wasm");
    let program = load(&engine, &component("")).expect("the guest is good");
    let threads: Vec<_> = (0..12)
        .map(|i| {
            let workers = [1, 2, 3, 5][i % 4];
            let mut pipeline = open(&program, workers);
            std::thread::spawn(move || {
                for round in 0..100 {
                    // Every worker sends the number `to` to worker `to`.
                    let sent: Vec<Block> = (0..workers).map(|to| row(u64::from(to))).collect();
                    let ingest = vec![vec![(0, sent)]; workers as usize];
                    let cycle = Cycle { ingest, now_us: round, deltas: vec![0] };
                    let out = pipeline.cycle(cycle).expect("nothing fails");
                    let rows: Vec<_> = out.deltas[0].iter().flat_map(|b| b.iter()).map(|(r, w)| (r[0], w)).collect();
                    // Everyone got its own number from everyone.
                    let want: Vec<_> = (0..workers).map(|w| (u64::from(w), i64::from(workers))).collect();
                    assert_eq!(rows, want);
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|t| t.join().expect("no pipeline fails"));
}

#[test]
fn a_waiting_pipeline_can_be_killed() {
    let engine = Engine::with_threads(1).expect("the machine runs wasm");
    let endless = load(&engine, &component("(func $step (param $now i64) (loop $l (br $l)))")).expect("it loads");
    let mut hog = open(&endless, 1);
    let hog_handle = hog.handle();
    let mut waiting = open(&endless, 1);
    let waiting_handle = waiting.handle();
    let hog = std::thread::spawn(move || hog.step(1).is_err());
    std::thread::sleep(Duration::from_millis(30));
    // The only permit is taken.
    let waiting = std::thread::spawn(move || waiting.step(1).is_err());
    std::thread::sleep(Duration::from_millis(30));
    let begun = Instant::now();
    waiting_handle.kill();
    assert!(waiting.join().expect("the host lives"));
    println!("a waiting pipeline ended after {:?}", begun.elapsed());
    hog_handle.kill();
    assert!(hog.join().expect("the host lives"));
}

#[test]
fn calls_work_inside_of_an_async_runtime() {
    let engine = Engine::with_threads(2).expect("the machine runs wasm");
    let program = load(&engine, &component("")).expect("the guest is good");
    let runtime = tokio::runtime::Builder::new_multi_thread().build().expect("a runtime can be built");
    runtime.block_on(async {
        let mut pipeline = open(&program, 2);
        pipeline.describe().expect("nothing fails");
    });
}
