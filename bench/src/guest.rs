//! The micro-benchmarks' work. This file is a program like a generated one: it is compiled natively into this binary and,
//! as text, to a component, so that both run the same code. A step's time, modulo [`ROUND`], says what it does: 2n makes the data of
//! benchmark n, 2n+1 does its work.
//!
//! Cost model: sorting n rows is a few passes of 16 bytes a row and one random read of each row; merging is one comparison and one copy a
//! row; joining is a gallop per key and a call of the row function per group. All of it is memory, so wasm has little to lose
//! but its bounds checks (none: 4 GiB are reserved) and its epoch checks (one per loop).
#![allow(unused)]

use weir_sdk::bench_support as work;
use weir_sdk::prelude::*;

/// A step's time never goes back, so that work done again is done this much later.
pub const ROUND: i64 = 100;
/// Rows of the sorts and merges.
const ROWS: usize = 4_000_000;
/// Rows of the sort with texts.
const TEXT_ROWS: usize = 1_000_000;

program! {
    "{}";
}

thread_local! {
    static BENCH: std::cell::RefCell<Bench> = std::cell::RefCell::default();
}

/// What is made ready.
#[derive(Default)]
struct Bench {
    rows: Option<Rows>,
    batches: Vec<Batch>,
    result: usize,
}

impl Program {
    fn step(&mut self, cx: &mut Context) {
        BENCH.with_borrow_mut(|bench| bench.run(cx));
    }
}

impl Bench {
    fn run(&mut self, cx: &mut Context) {
        let bench = self;
        let pairs = |seed| work::pairs(ROWS, u64::MAX, seed);
        match cx.now() % ROUND {
            0 => bench.rows = Some(pairs(1)),
            2 => bench.rows = Some(work::pairs(ROWS, 10_000, 1)),
            4 => bench.rows = Some(work::texts(TEXT_ROWS, u64::MAX, 1)),
            6 => {
                bench.batches = vec![
                    Batch::sort(work::pairs(ROWS / 2, u64::MAX, 1)),
                    Batch::sort(work::pairs(ROWS / 2, u64::MAX, 2)),
                ]
            }
            8 => bench.batches = (0..100).map(|i| Batch::sort(work::pairs(ROWS / 100, u64::MAX, i))).collect(),
            1 | 3 | 5 => bench.result = work::sort(bench.rows.take().expect("made before")),
            7 => {
                let b = bench.batches.pop().expect("made before");
                let a = bench.batches.pop().expect("made before");
                bench.result = work::merge(a, b);
            }
            9 => bench.result = work::build_trace(std::mem::take(&mut bench.batches)),
            11 => bench.result = work::join_pairs(cx, 50, 10_000, 50_000),
            _ => {}
        }
    }
}
