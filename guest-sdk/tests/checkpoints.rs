//! Checkpoints: what is written again and what is not, what is given up, and what is refused.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use weir_sdk::bench_support::{Random, pairs};
use weir_sdk::local::Hub;
use weir_sdk::prelude::*;
use weir_sdk::{Page, Pipeline};

/// Orders by customer, joined with themselves by a running MAX: enough operators with state of many blocks.
mod circuit {
    use weir_sdk::prelude::*;

    program! {
        "{}";
        n0: Table = Table::new(0, 0, "i64 i64").materialized();
        n1: Index = Index::new(1, "i64", "i64").exchange().trace();
        n2: Aggregate = Aggregate::new(2, "i64", 1, vec![
            Part::linear(|_, rows, acc| rows.for_each(|(_, w)| acc::count(acc, 0, w))),
            Part::max("i64"),
        ]);
        n3: Output = Output::new(3, 0, "i64 i64 i64").materialized();
    }

    impl Program {
        fn step(&mut self, cx: &mut Context) {
            let n0 = self.n0.step(cx);
            self.n1.step(cx, &n0, &|_, rows, out| rows.for_each(|(r, w)| out.push(r, w)));
            let n2 = self.n2.step(cx, 3, &[&self.n1, &self.n1], &|_, rows, out| {
                // The greatest value is never one of the two that need an escape.
                rows.for_each(|(r, w)| out.push(&[r[0], r[1], r[2]], w));
            });
            self.n3.step(cx, &n2);
        }
    }
}

fn open(hub: &Hub, from: Option<&[u8]>) -> Result<Pipeline, String> {
    Pipeline::open(Box::new(circuit::Program::new()), hub.host(0), 0, 1, from)
}

fn ingest(pipeline: &mut Pipeline, rows: usize, keys: u64, seed: u64) {
    let blocks = pairs(rows, keys, seed).blocks().iter().map(|b| Block::clone(b)).collect();
    pipeline.ingest(0, blocks);
}

fn contents(pipeline: &mut Pipeline, relation: u32) -> Vec<(Vec<u64>, i64)> {
    let handle = pipeline.snapshot_open(relation).expect("it is materialized");
    let mut rows = Vec::new();
    loop {
        let Page { blocks, more } = pipeline.snapshot_next(handle);
        rows.extend(blocks.iter().flat_map(|b| b.iter()).map(|(r, w)| (r.to_vec(), w)));
        if !more {
            break;
        }
    }
    pipeline.snapshot_close(handle);
    assert!(rows.windows(2).all(|r| r[0].0 < r[1].0), "a snapshot is sorted and consolidated across its pages");
    rows
}

#[test]
fn stopped_and_restored_is_straight_through_with_state_of_many_blocks() {
    let hub = Hub::new(1);
    let (mut straight, mut stopped) = (open(&hub, None).unwrap(), open(&hub, None).unwrap());
    for step in 0..12 {
        for pipeline in [&mut straight, &mut stopped] {
            ingest(pipeline, 30_000, 50_000, step);
        }
        if step % 3 == 1 {
            // Between taking in and working: what is queued is part of the state.
            let manifest = stopped.checkpoint();
            stopped = open(&hub, Some(&manifest)).unwrap();
        }
        straight.step(0);
        stopped.step(0);
        if step % 4 == 3 {
            let manifest = stopped.checkpoint();
            stopped = open(&hub, Some(&manifest)).unwrap();
        }
    }
    for relation in [0, 1] {
        let expected = contents(&mut straight, relation);
        assert!(expected.len() > 20_000);
        assert_eq!(contents(&mut stopped, relation), expected);
    }
}

#[test]
fn what_did_not_change_is_not_written_again_and_what_is_unused_is_given_up() {
    let hub = Hub::new(1);
    let mut pipeline = open(&hub, None).unwrap();
    ingest(&mut pipeline, 400_000, 1 << 40, 1);
    pipeline.step(0);
    pipeline.checkpoint();
    let all = hub.written();
    assert!(all > 20, "the state has many blocks");
    pipeline.checkpoint();
    assert_eq!(hub.written(), all, "nothing changed");
    ingest(&mut pipeline, 10, 1 << 40, 2);
    pipeline.step(0);
    let manifest = pipeline.checkpoint();
    assert!(hub.written() - all <= 10, "{} blocks written for ten rows", hub.written() - all);

    // A restored pipeline knows which blocks are stored, and goes on giving up those that it no longer uses.
    let mut pipeline = open(&hub, Some(&manifest)).unwrap();
    let before = hub.written();
    pipeline.checkpoint();
    assert_eq!(hub.written(), before);
    let mut random = Random::new(9);
    for _ in 0..6 {
        ingest(&mut pipeline, 100_000, 1 << 40, random.next_u64());
        pipeline.step(0);
        pipeline.checkpoint();
    }
    let named = pipeline.checkpoint().len() / 8;
    assert!(hub.stored() <= named, "{} blocks stored, at most {named} named", hub.stored());
}

#[test]
fn a_snapshot_is_not_changed_by_later_steps() {
    let hub = Hub::new(1);
    let mut pipeline = open(&hub, None).unwrap();
    ingest(&mut pipeline, 300_000, 1 << 40, 1);
    pipeline.step(0);
    let before = contents(&mut pipeline, 1);
    let handle = pipeline.snapshot_open(1).unwrap();
    let first = pipeline.snapshot_next(handle);
    assert!(first.more, "it has pages");
    for seed in 2..6 {
        ingest(&mut pipeline, 100_000, 1 << 40, seed);
        pipeline.step(0);
    }
    let mut rows: Vec<_> = first.blocks.iter().flat_map(|b| b.iter()).map(|(r, w)| (r.to_vec(), w)).collect();
    loop {
        let page = pipeline.snapshot_next(handle);
        rows.extend(page.blocks.iter().flat_map(|b| b.iter()).map(|(r, w)| (r.to_vec(), w)));
        if !page.more {
            break;
        }
    }
    assert!(rows == before);
}

#[test]
fn a_delta_comes_in_pages() {
    let hub = Hub::new(1);
    let mut pipeline = open(&hub, None).unwrap();
    ingest(&mut pipeline, 300_000, 1 << 40, 1);
    pipeline.step(0);
    let mut rows = Vec::new();
    for number in 0.. {
        let page = pipeline.delta(0, number);
        assert!(page.blocks.iter().map(|b| b.words.len()).sum::<usize>() <= 5 * weir_row::BLOCK_WORDS);
        rows.extend(page.blocks.iter().flat_map(|b| b.iter()).map(|(r, w)| (r.to_vec(), w)));
        if !page.more {
            break;
        }
    }
    assert!(rows == contents(&mut pipeline, 0));
    assert_eq!(pipeline.delta(0, 1000), Page::default());
}

#[test]
fn a_manifest_that_lies_is_refused() {
    let hub = Hub::new(1);
    let mut pipeline = open(&hub, None).unwrap();
    ingest(&mut pipeline, 1000, 100, 1);
    pipeline.step(0);
    let manifest = pipeline.checkpoint();
    assert!(open(&hub, Some(&manifest)).is_ok());
    for len in 0..manifest.len() {
        assert!(open(&hub, Some(&manifest[..len])).is_err(), "cut to {len} bytes");
    }
    assert!(open(&hub, Some(&[manifest.as_slice(), &[0; 8]].concat())).is_err());
    for at in [0, 1, 2, 3, 4] {
        let mut other = manifest.clone();
        other[8 * at] ^= 1;
        assert!(open(&hub, Some(&other)).is_err(), "number {at} changed");
    }
}
