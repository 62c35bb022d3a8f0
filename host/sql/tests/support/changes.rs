//! Changes of tables, what a pipeline is told of them, and what it puts out after each step.

use std::collections::BTreeMap;
use weir_circuit::interpret::ZSet;
use weir_circuit::{Circuit, Table};
use weir_row::{Block, ColumnType, Layout, SortLayout, Value, shard_of};
use weir_sdk::local::Hub;
use weir_sdk::{Page, Pipeline};

/// A change: table, row, and whether it is deleted.
pub type Change = (usize, Vec<Value>, bool);

/// What a worker is told: the worker, the table, the words of a row, its weight.
pub type Input = (usize, usize, Vec<u64>, i64);

/// Microseconds between steps: less than between the values of times.
const STEP_MICROS: i64 = 30_000_000_000;

/// The time of a step.
pub fn time(step: usize) -> i64 {
    step as i64 * STEP_MICROS
}

fn types(table: &Table, columns: &[usize]) -> Vec<ColumnType> {
    columns.iter().map(|c| table.columns[*c].ty.clone()).collect()
}

/// Adds a row to a multiset.
pub fn add(to: &mut ZSet, row: Vec<Value>, weight: i64) {
    let w = to.entry(row.clone()).or_default();
    *w += weight;
    if *w == 0 {
        to.remove(&row);
    }
}

/// Applies a change to a table's contents; what the pipeline is told: words, and their weight. A deletion from a multiset takes a row
/// that is there.
fn apply(table: &Table, contents: &mut ZSet, row: &[Value], deleted: bool) -> Option<(Vec<u64>, i64)> {
    let pick = |columns: &[usize]| columns.iter().map(|c| row[*c].clone()).collect::<Vec<_>>();
    let mut words = vec![];
    let Some(key) = &table.primary_key else {
        let columns: Vec<usize> = (0..table.columns.len()).collect();
        if deleted && (table.append_only || contents.get(row).is_none_or(|w| *w < 1)) {
            return None;
        }
        let weight = if deleted { -1 } else { 1 };
        add(contents, row.to_vec(), weight);
        Layout::new(&types(table, &columns)).encode(row, &mut words).unwrap();
        return Some((words, weight));
    };
    Layout::new(&types(table, key)).encode(&pick(key), &mut words).unwrap();
    contents.retain(|r, _| key.iter().any(|c| r[*c] != row[*c]));
    if deleted {
        return Some((words, -1));
    }
    contents.insert(row.to_vec(), 1);
    let rest = table.value_columns();
    Layout::new(&types(table, &rest)).encode(&pick(&rest), &mut words).unwrap();
    Some((words, 1))
}

/// Applies a step to the contents of all tables; what so many workers are told of it.
pub fn told(circuit: &Circuit, contents: &mut [ZSet], step: &[Change], workers: usize) -> Vec<Input> {
    let mut input = vec![];
    for (at, (t, row, deleted)) in step.iter().enumerate() {
        let table = &circuit.tables[*t];
        if let Some((words, weight)) = apply(table, &mut contents[*t], row, *deleted) {
            let owner = match &table.primary_key {
                None => at % workers,
                Some(key) => {
                    let end = Layout::new(&types(table, key)).walk(&words).unwrap();
                    shard_of(&words[..end], workers)
                }
            };
            input.push((owner, *t, words, weight));
        }
    }
    input
}

/// All rows of a delta.
fn read(pipeline: &mut Pipeline, view: usize, layout: &SortLayout) -> Vec<(Vec<Value>, i64)> {
    let mut out = vec![];
    for page in 0.. {
        let Page { blocks, more } = pipeline.delta(view as u32, page);
        out.extend(blocks.iter().flat_map(|b| b.iter()).map(|(r, w)| (layout.decode(r).unwrap(), w)));
        if !more {
            return out;
        }
    }
    out
}

/// A row as a block of its own.
pub fn block(circuit: &Circuit, table: usize, words: &[u64], weight: i64) -> Block {
    // Rows of one length come in blocks that say so.
    let t = &circuit.tables[table];
    let all: Vec<usize> = (0..t.columns.len()).collect();
    let stride = if t.primary_key.is_none() { Layout::new(&types(t, &all)).stride() } else { 0 };
    let mut block = Block::new(stride);
    block.push(words, weight);
    block
}

/// The contents of all views after each step, at these times: the sums of what so many workers put out.
pub fn follow(
    circuit: &Circuit,
    program: impl Fn() -> Box<dyn weir_sdk::Circuit> + Sync,
    inputs: &[Vec<Input>],
    time: impl Fn(usize) -> i64 + Sync,
    workers: usize,
) -> Vec<Vec<ZSet>> {
    let layouts: Vec<SortLayout> = circuit
        .views
        .iter()
        .map(|v| SortLayout::ascending(&v.columns.iter().map(|c| c.ty.clone()).collect::<Vec<_>>()))
        .collect();
    let deltas = Hub::new(workers).run(program, None, |worker, pipeline| {
        let mut out = vec![];
        for (step, input) in inputs.iter().enumerate() {
            for (_, table, words, weight) in input.iter().filter(|i| i.0 == worker) {
                pipeline.ingest(*table as u32, vec![block(circuit, *table, words, *weight)]);
            }
            pipeline.step(time(step));
            out.push((0..layouts.len()).map(|v| read(pipeline, v, &layouts[v])).collect::<Vec<_>>());
        }
        out
    });
    let mut views: Vec<ZSet> = vec![BTreeMap::new(); layouts.len()];
    let mut out = vec![];
    for step in 0..inputs.len() {
        for worker in &deltas {
            for (view, rows) in worker[step].iter().enumerate() {
                rows.iter().for_each(|(row, weight)| add(&mut views[view], row.clone(), *weight));
            }
        }
        out.push(views.clone());
    }
    out
}
