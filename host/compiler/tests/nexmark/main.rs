//! The queries of `examples/nexmark` over events that come in steps, in no order and some of them for a while only: each query by itself on the engine, and
//! all of them as one compiled program, with one worker and with three, have what an independent evaluation of the events (`batch.rs`) gives.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod batch;
#[path = "../common/mod.rs"]
mod common;

use batch::{Bag, House};
use common::{be_worker, shared};
use std::ops::Range;
use std::path::Path;
use std::time::Instant;
use weir_circuit::Circuit;
use weir_compiler::{Artifact, CancelToken, CompileRequest, Compiler, Profile};
use weir_io::{Nexmark, NexmarkRows};
use weir_row::{Block, SortLayout};
use weir_runtime::{Cycle, Engine, Pipeline, PipelineOptions, Program};

const QUERIES: usize = 23;

#[test]
fn compile_worker() {
    be_worker();
}

/// What each worker is given in a step: tables with blocks.
type Ingest = Vec<Vec<(u32, Vec<Block>)>>;

/// Events in steps.
struct Act {
    stream: Nexmark,
    /// What is there in the end.
    stays: Vec<Range<u64>>,
    /// What comes with the first half of the steps, and goes with the second.
    goes: Range<u64>,
}

/// Events of a step.
const STEP: u64 = 1_000;

fn acts() -> [Act; 2] {
    [
        // 100 a second: windows of ten seconds have many events.
        Act { stream: Nexmark::new(1, 100), stays: vec![0..5_500, 5_500..11_000], goes: 11_000..12_000 },
        // One a second, at all times of a day and after midnight.
        Act {
            stream: Nexmark::new(2, 1),
            stays: vec![0..2_000, 27_500..29_500, 65_000..66_500, 68_000..69_500, 71_500..72_500, 86_000..88_000],
            goes: 88_000..89_000,
        },
    ]
}

impl Act {
    /// Ranges of events with their weights, step by step.
    fn steps(&self) -> Vec<Vec<(Range<u64>, i64)>> {
        let mut parts: Vec<Range<u64>> = vec![];
        for range in &self.stays {
            let begins = range.clone().step_by(STEP as usize);
            parts.extend(begins.map(|begin| begin..(begin + STEP).min(range.end)));
        }
        // Every third part, then those in between: bids come before their auctions, later bids before earlier ones.
        let mut steps: Vec<Vec<(Range<u64>, i64)>> =
            [1, 2, 0].iter().flat_map(|i| parts.iter().skip(*i).step_by(3)).map(|p| vec![(p.clone(), 1)]).collect();
        let (count, middle) = (steps.len(), self.goes.start + STEP / 3);
        steps[1].push((self.goes.start..middle, 1));
        steps[count / 2].push((middle..self.goes.end, 1));
        steps[count / 2 + 1].push((self.goes.start + STEP / 4..middle, -1));
        steps[count - 1].push((middle..self.goes.end, -1));
        steps.push(vec![(self.goes.start..self.goes.start + STEP / 4, -1)]);
        steps
    }

    /// The changes for each worker, step by step.
    fn changes(&self, circuit: &Circuit, workers: u32) -> Vec<Ingest> {
        let rows = NexmarkRows::new(circuit).unwrap();
        let ingest = |parts: Vec<(Range<u64>, i64)>| {
            let mut out = vec![vec![]; workers as usize];
            for (range, weight) in parts {
                for (table, mut changes) in rows.changes(&self.stream, range, workers as usize).unwrap() {
                    for (to, blocks) in out.iter_mut().zip(changes.take()) {
                        to.push((table as u32, blocks.iter().map(|b| weighted(b, weight)).collect()));
                    }
                }
            }
            out
        };
        self.steps().into_iter().map(ingest).collect()
    }
}

fn weighted(block: &Block, weight: i64) -> Block {
    let mut out = Block::new(block.stride);
    block.iter().for_each(|(row, times)| out.push(row, times * weight));
    out
}

/// A program, ready to run.
struct Ready {
    circuit: Circuit,
    program: Program,
}

impl Ready {
    /// The contents of the queries' views after the steps.
    fn contents(&self, ingest: &[Ingest], workers: u32) -> Vec<(String, Bag)> {
        let options = PipelineOptions { workers, ..PipelineOptions::default() };
        let mut pipeline = Pipeline::open(&self.program, options).unwrap();
        let views: Vec<usize> =
            (0..self.circuit.views.len()).filter(|v| self.circuit.views[*v].name.starts_with('q')).collect();
        let layouts = views.iter().map(|v| {
            let types: Vec<_> = self.circuit.views[*v].columns.iter().map(|c| c.ty.clone()).collect();
            SortLayout::ascending(&types)
        });
        let layouts: Vec<SortLayout> = layouts.collect();
        let mut bags = vec![Bag::new(); views.len()];
        for (now, step) in ingest.iter().enumerate() {
            let deltas = views.iter().map(|v| *v as u32).collect();
            let output = pipeline.cycle(Cycle { ingest: step.clone(), now_us: now as i64, deltas }).unwrap();
            for ((bag, layout), blocks) in bags.iter_mut().zip(&layouts).zip(output.deltas) {
                for (row, weight) in blocks.iter().flat_map(Block::iter) {
                    *bag.entry(layout.decode(row).unwrap()).or_default() += weight;
                }
            }
        }
        bags.iter_mut().for_each(|bag| bag.retain(|_, weight| *weight != 0));
        views.iter().map(|v| self.circuit.views[*v].name.clone()).zip(bags).collect()
    }
}

fn file(name: &str) -> String {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/nexmark");
    std::fs::read_to_string(dir.join(name)).unwrap()
}

fn circuit(queries: Range<usize>) -> Circuit {
    let sql = file("tables.sql") + &queries.map(|q| file(&format!("q{q}.sql"))).collect::<String>();
    weir_sql::compile(&sql).unwrap_or_else(|e| panic!("{}", weir_sql::render(&sql, "nexmark.sql", &e))).circuit
}

fn load(compiler: &Compiler, engine: &Engine, artifact: &Artifact) -> Program {
    Program::load_file(engine, compiler.open_native(artifact).unwrap(), &artifact.native_sha256).unwrap()
}

#[test]
fn queries_give_what_a_batch_evaluation_gives() {
    let compiler = shared();
    compiler.provision(&|line| println!("{line}"), &CancelToken::new()).unwrap();
    let engine = Engine::with_threads(3).unwrap();
    let begun = Instant::now();

    let all = circuit(0..QUERIES);
    let request = CompileRequest { source: weir_sql::generate(&all), profile: Profile::Dev, user: None };
    let compiled = compiler.compile(&request, &CancelToken::new()).unwrap();
    let interpreted = load(&compiler, &engine, &compiler.engine(&|_| {}, &CancelToken::new()).unwrap());
    let mut programs = vec![Ready { program: load(&compiler, &engine, &compiled), circuit: all.clone() }];
    for query in 0..QUERIES {
        let circuit = circuit(query..query + 1);
        assert_eq!(circuit.tables, all.tables);
        let program = interpreted.clone().with_circuit(&serde_json::to_vec(&circuit).unwrap()).unwrap();
        programs.push(Ready { circuit, program });
    }
    println!("compiled in {:?}", begun.elapsed());

    let mut wrong = vec![];
    for (number, act) in acts().iter().enumerate() {
        let house = House::new(&act.stream, &act.stays);
        let expected: Vec<Bag> = (0..QUERIES).map(|q| house.query(q)).collect();
        for (query, bag) in expected.iter().enumerate() {
            assert!(!bag.is_empty(), "stream {number} has nothing for q{query}");
            println!("stream {number}, q{query}: {} rows", bag.len());
        }
        for workers in [1, 3] {
            let ingest = act.changes(&all, workers);
            let mut compared = 0;
            for (p, ready) in programs.iter().enumerate() {
                for (view, got) in ready.contents(&ingest, workers) {
                    let expected = &expected[view.strip_prefix('q').unwrap().parse::<usize>().unwrap()];
                    compared += 1;
                    if got != *expected {
                        let how = if p == 0 { "compiled" } else { "on the engine" };
                        let missing = expected.iter().find(|(row, n)| got.get(*row) != Some(n));
                        let extra = got.iter().find(|(row, n)| expected.get(*row) != Some(n));
                        let what = format!("{missing:?} is missing, {extra:?} is too much");
                        wrong.push(format!("stream {number}, {view} {how}, {workers} workers: {what}"));
                    }
                }
            }
            assert_eq!(compared, 2 * QUERIES);
        }
    }
    println!("compared after {:?}", begun.elapsed());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
