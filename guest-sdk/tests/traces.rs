//! Batches, traces and joins of many blocks, against maps.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use proptest::prelude::*;
use std::collections::{BTreeMap, HashMap};
use weir_row::{BLOCK_WORDS, Merge};
use weir_sdk::Merger;
use weir_sdk::bench_support::Random;
use weir_sdk::prelude::*;

type Map = BTreeMap<Vec<u64>, i64>;

/// `n` rows of words below `range` (their lengths by the first word if the stride is 0), and their sum added to `map`.
fn rows(random: &mut Random, n: usize, stride: u32, range: u64, map: &mut Map) -> Rows {
    let mut out = RowWriter::new(stride);
    for _ in 0..n {
        let first = random.next_u64() % range;
        let len = if stride == 0 { 1 + first as usize % 4 } else { stride as usize };
        let row: Vec<_> = std::iter::once(first).chain((1..len).map(|_| random.next_u64() % range)).collect();
        let weight = if random.next_u64().is_multiple_of(3) { -1 } else { 1 };
        *map.entry(row.clone()).or_insert(0) += weight;
        out.push(&row, weight);
    }
    Rows::from(out)
}

fn contents(batches: impl Iterator<Item = Batch>) -> Map {
    let runs = batches.map(|b| b.blocks().to_vec()).collect();
    let mut merge = Merge::new(runs);
    let mut map = Map::new();
    while let Some((row, weight)) = merge.next_row() {
        assert!(map.insert(row.to_vec(), weight).is_none(), "a row came twice");
    }
    map
}

fn check_batch(batch: &Batch) {
    assert!(batch.iter().zip(batch.iter().skip(1)).all(|((a, _), (b, _))| a < b), "a batch is sorted");
    assert!(batch.iter().all(|(_, w)| w != 0), "a batch has no row of weight 0");
    assert!(batch.blocks().iter().all(|b| b.words.len() <= BLOCK_WORDS && b.check().is_ok()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_trace_is_the_sum_of_its_batches(
        sizes in prop::collection::vec(prop_oneof![1usize..50, 1000usize..40_000], 1..20),
        stride in 0u32..6, bits in 2u32..40, seed in any::<u64>(),
    ) {
        let mut random = Random::new(seed);
        let mut map = Map::new();
        let mut spine = Spine::new(stride);
        let mut total = 0;
        for (i, n) in sizes.iter().enumerate() {
            let batch = Batch::sort(rows(&mut random, *n, stride, 1 << bits, &mut map));
            check_batch(&batch);
            total += batch.len();
            spine.insert(batch);
            let bound = 2 * (usize::BITS - total.leading_zeros()) as usize;
            prop_assert!(spine.batches().count() <= bound, "{} batches after {}", spine.batches().count(), i + 1);
        }
        map.retain(|_, w| *w != 0);
        spine.batches().for_each(check_batch);
        prop_assert_eq!(contents(spine.batches().cloned()), map.clone());
        for (row, weight) in map.iter().step_by(map.len() / 200 + 1) {
            prop_assert_eq!(spine.weight(row), *weight);
        }
    }

    #[test]
    fn a_merge_in_portions_is_the_merge_at_once(
        (a, b) in (0usize..60_000, 0usize..60_000), stride in 0u32..5, bits in 2u32..40,
        apart in prop::option::of(0u64..3), fuel in 1usize..20_000, seed in any::<u64>(),
    ) {
        let mut random = Random::new(seed);
        let mut map = Map::new();
        let a = Batch::sort(rows(&mut random, a, stride, 1 << bits, &mut map));
        let mut b_map = Map::new();
        let b = rows(&mut random, b, stride, 1 << bits, &mut b_map);
        // Shifted, so that the batches overlap in part or not at all, and whole blocks are taken over.
        let shift = apart.map_or(0, |s| (s << bits) / 2);
        let mut out = RowWriter::new(stride);
        for (row, weight) in b.iter() {
            let mut row = row.to_vec();
            row[0] += shift * 4;
            *map.entry(row.clone()).or_insert(0) += weight;
            out.push(&row, weight);
        }
        let b = Batch::sort(Rows::from(out));
        let mut merger = Merger::new(a, b);
        let mut portions = 0;
        let merged = loop {
            portions += 1;
            let mut left = fuel;
            match merger.advance(&mut left) {
                Ok(merged) => break merged,
                Err(more) => merger = *more,
            }
            prop_assert!(portions < 200_000);
        };
        map.retain(|_, w| *w != 0);
        check_batch(&merged);
        prop_assert_eq!(contents([merged].into_iter()), map);
    }

    #[test]
    fn a_cursor_seeks_to_the_first_row_of_a_key(
        n in prop_oneof![1usize..40, 1usize..60_000], stride in 0u32..7, bits in 3u32..30, seed in any::<u64>()
    ) {
        let mut random = Random::new(seed);
        let mut map = Map::new();
        let batch = Batch::sort(rows(&mut random, n, stride, 1 << bits, &mut map));
        map.retain(|_, w| *w != 0);
        let all: Vec<&Vec<u64>> = map.keys().collect();
        let mut keys: Vec<u64> = (0..500).map(|_| random.next_u64() % (1 << bits)).collect();
        keys.sort_unstable();
        keys.push(u64::MAX);
        let (mut at, mut past) = (batch.cursor(), batch.cursor());
        for key in keys {
            at.seek(&[key]);
            past.seek_past(&[key]);
            // A cursor never goes back.
            at.seek(&[key / 2]);
            past.seek_past(&[key / 2]);
            let first = all.partition_point(|r| r[0] < key);
            let after = all.partition_point(|r| r[0] <= key);
            prop_assert_eq!(at.get(), all.get(first).map(|r| r.as_slice()));
            prop_assert_eq!(past.get(), all.get(after).map(|r| r.as_slice()));
        }
    }
}

#[test]
fn a_join_of_many_blocks_is_the_join_of_maps() {
    let mut cx = weir_sdk::local::solo();
    let mut random = Random::new(3);
    let (mut left, mut right) = (Index::new(0, "u64", "u64").trace(), Index::new(1, "u64", "u64").trace());
    let (mut lefts, mut rights) = (Map::new(), Map::new());
    let mut sum: HashMap<Vec<u64>, i64> = HashMap::new();
    for step in 0..6 {
        // One key has a group of many blocks.
        let sizes = if step % 2 == 0 { (30_000, 200) } else { (300, 40_000) };
        for (index, map, n) in [(&mut left, &mut lefts, sizes.0), (&mut right, &mut rights, sizes.1)] {
            let mut out = RowWriter::new(2);
            for _ in 0..n {
                let key = if random.next_u64().is_multiple_of(3) { 5 } else { random.next_u64() % 30_000 };
                let row = [key, random.next_u64() % 40_000];
                *map.entry(row.to_vec()).or_insert(0) += 1;
                out.push(&row, 1);
            }
            index.step(&mut cx, &Rows::from(out), &|_, rows, out| rows.for_each(|(r, w)| out.push(r, w)));
        }
        // The great group would have many pairs: they are counted by the left value's last digits.
        let out = join(&mut cx, 2, 2, &left, &right, &|_, pairs, out| {
            // A call goes through the matches of several keys.
            let mut put = |key: u64, sums: &mut [i64; 8]| {
                for (i, w) in std::mem::take(sums).into_iter().enumerate().filter(|(_, w)| *w != 0) {
                    out.put([key, i as u64]);
                    out.end(w);
                }
            };
            let (mut key, mut sums) = (0, [0i64; 8]);
            for (l, r, w) in pairs {
                assert_eq!(l[0], r[0]);
                if l[0] != key {
                    put(key, &mut sums);
                    key = l[0];
                }
                sums[(l[1] + r[1]) as usize % 8] += w;
            }
            put(key, &mut sums);
        });
        out.iter().for_each(|(r, w)| *sum.entry(r.to_vec()).or_insert(0) += w);
        Operator::commit(&mut left);
        Operator::commit(&mut right);
    }
    let mut by_key: HashMap<u64, [i64; 8]> = HashMap::new();
    for (row, w) in &rights {
        by_key.entry(row[0]).or_default()[row[1] as usize % 8] += w;
    }
    let mut expected: HashMap<Vec<u64>, i64> = HashMap::new();
    for (row, w) in &lefts {
        for (i, n) in by_key.get(&row[0]).copied().unwrap_or_default().iter().enumerate().filter(|(_, n)| **n != 0) {
            *expected.entry(vec![row[0], (row[1] as usize + i) as u64 % 8]).or_insert(0) += w * n;
        }
    }
    sum.retain(|_, w| *w != 0);
    assert_eq!(sum.len(), expected.len());
    assert!(sum == expected);
}
