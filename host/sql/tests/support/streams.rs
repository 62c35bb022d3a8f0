//! Streams of changes, straight through and restored half-way: what views hold after each step, and how much state there is.

use super::{encode, read};
use std::collections::BTreeMap;
use weir_circuit::Circuit;
use weir_row::{Block, ColumnType, Layout, SortLayout, Value};
use weir_sdk::Pipeline;
use weir_sdk::local::Hub;

/// Numbers that look random (splitmix64).
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, n: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % n.cast_unsigned()).cast_signed()
    }
}

/// A change: table, row, weight.
pub type Change = (usize, Vec<Value>, i64);

/// What a worker takes in of a step.
fn blocks(circuit: &Circuit, step: &[Change], worker: usize, workers: usize) -> Vec<(u32, Block)> {
    let of = |(i, (table, row, weight)): (usize, &Change)| {
        let one = encode::block(circuit, *table, std::slice::from_ref(row));
        let words = one.iter().next().map(|(row, _)| row.to_vec()).unwrap();
        let types = |columns: &[usize]| -> Vec<ColumnType> {
            columns.iter().map(|c| circuit.tables[*table].columns[*c].ty.clone()).collect()
        };
        let owner = match &circuit.tables[*table].primary_key {
            None => i % workers,
            Some(key) => weir_row::shard_of(&words[..Layout::new(&types(key)).walk(&words).unwrap()], workers),
        };
        let mut block = Block::new(one.stride);
        // A row with a key is deleted by that.
        let end = match &circuit.tables[*table].primary_key {
            Some(key) if *weight < 0 => Layout::new(&types(key)).walk(&words).unwrap(),
            _ => words.len(),
        };
        block.push(&words[..end], *weight);
        (owner == worker).then_some((*table as u32, block))
    };
    step.iter().enumerate().filter_map(of).collect()
}

/// The contents of each view, by name.
pub type Contents = BTreeMap<String, BTreeMap<Vec<Value>, i64>>;

/// Rows of state, of all operators.
fn state_rows(pipeline: &mut Pipeline) -> u64 {
    let profile: serde_json::Value = serde_json::from_str(&pipeline.profile()).unwrap();
    profile.as_array().unwrap().iter().map(|o| o["state_rows"].as_u64().unwrap()).sum()
}

/// Contents after each step, and the rows of state of all workers.
pub fn run(
    circuit: &Circuit,
    steps: &[Vec<Change>],
    workers: usize,
    restored_at: Option<usize>,
) -> Vec<(Contents, u64)> {
    let json = serde_json::to_string(circuit).unwrap();
    let program = || -> Box<dyn weir_sdk::Circuit> { Box::new(weir_engine::Program::new(&json).unwrap()) };
    run_program(circuit, &program, steps, workers, restored_at)
}

pub fn run_program(
    circuit: &Circuit,
    program: &(impl Fn() -> Box<dyn weir_sdk::Circuit> + Sync),
    steps: &[Vec<Change>],
    workers: usize,
    restored_at: Option<usize>,
) -> Vec<(Contents, u64)> {
    let types = |v: &weir_circuit::View| v.columns.iter().map(|c| c.ty.clone()).collect::<Vec<_>>();
    let layouts: Vec<SortLayout> = circuit.views.iter().map(|v| SortLayout::ascending(&types(v))).collect();
    let hub = Hub::new(workers);
    let part = |steps: &[Vec<Change>], from: Option<&[Vec<u8>]>| {
        hub.run(program, from, |worker, pipeline| {
            let mut out = vec![];
            for (at, step) in steps.iter().enumerate() {
                for (table, block) in blocks(circuit, step, worker, workers) {
                    pipeline.ingest(table, vec![block]);
                }
                pipeline.step(at as i64);
                let deltas: Vec<_> = layouts.iter().enumerate().map(|(v, layout)| read(pipeline, v, layout)).collect();
                out.push((deltas, state_rows(pipeline)));
            }
            (out, pipeline.checkpoint())
        })
    };
    let cut = restored_at.unwrap_or(steps.len());
    let mut parts = vec![part(&steps[..cut], None)];
    if cut < steps.len() {
        let checkpoints: Vec<Vec<u8>> = parts[0].iter().map(|(_, checkpoint)| checkpoint.clone()).collect();
        parts.push(part(&steps[cut..], Some(&checkpoints)));
    }
    let (mut contents, mut all) = (Contents::new(), vec![]);
    for part in parts {
        for step in 0..part[0].0.len() {
            let mut rows = 0;
            for (worker, _) in &part {
                let (deltas, state) = &worker[step];
                rows += state;
                for (view, delta) in circuit.views.iter().zip(deltas) {
                    let sum = contents.entry(view.name.clone()).or_default();
                    delta.iter().for_each(|(row, weight)| *sum.entry(row.clone()).or_default() += weight);
                    sum.retain(|_, weight| *weight != 0);
                }
            }
            all.push((contents.clone(), rows));
        }
    }
    all
}

/// Rows of state after each step.
pub fn run_sizes(circuit: &Circuit, steps: &[Vec<Change>]) -> Vec<u64> {
    let json = serde_json::to_string(circuit).unwrap();
    let program = || -> Box<dyn weir_sdk::Circuit> { Box::new(weir_engine::Program::new(&json).unwrap()) };
    let all = Hub::new(1).run(program, None, |_, pipeline| {
        let sizes = steps.iter().enumerate().map(|(at, step)| {
            for (table, block) in blocks(circuit, step, 0, 1) {
                pipeline.ingest(table, vec![block]);
            }
            pipeline.step(at as i64);
            state_rows(pipeline)
        });
        sizes.collect::<Vec<_>>()
    });
    all.into_iter().next().unwrap()
}
