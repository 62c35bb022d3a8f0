//! Random circuits of the SDK's operators on random data with deletions: the sum of the deltas is the batch answer, for one worker and for
//! three, however the data is cut into steps, and straight through is the same as stopped and restored.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::BTreeMap;
use weir_sdk::local::Hub;
use weir_sdk::operators::PairFn;
use weir_sdk::prelude::*;

/// A Z-set of pairs.
type Zset = BTreeMap<(u64, u64), i64>;

/// What a stage does to the streams before it (the first two are the tables); every stream is of pairs.
#[derive(Clone, Debug)]
enum Stage {
    Filter(usize, u64),
    Join(usize, usize),
    Semi {
        left: usize,
        right: usize,
        anti: bool,
        condition: bool,
    },
    Distinct(usize, bool),
    Union(usize, usize),
    Negate(usize),
    /// COUNT and SUM, MIN, MAX and a fold, each of an input of its own.
    Aggregate {
        inputs: [usize; 4],
        global: bool,
    },
    Differentiated(usize),
    Delayed(usize),
}

fn stage() -> impl Strategy<Value = Stage> {
    let i = || any::<usize>();
    prop_oneof![
        (i(), 0u64..3).prop_map(|(a, c)| Stage::Filter(a, c)),
        (i(), i()).prop_map(|(a, b)| Stage::Join(a, b)),
        (i(), i(), any::<bool>(), any::<bool>()).prop_map(|(left, right, anti, condition)| Stage::Semi {
            left,
            right,
            anti,
            condition
        }),
        (i(), any::<bool>()).prop_map(|(a, keyed)| Stage::Distinct(a, keyed)),
        (i(), i()).prop_map(|(a, b)| Stage::Union(a, b)),
        i().prop_map(Stage::Negate),
        ([i(), i(), i(), i()], prop::bool::weighted(0.3))
            .prop_map(|(inputs, global)| Stage::Aggregate { inputs, global }),
        i().prop_map(Stage::Differentiated),
        i().prop_map(Stage::Delayed),
    ]
}

/// The operators of a stage.
enum Operators {
    None,
    Two(Index, Index),
    Distinct(Index, Distinct),
    Aggregate(Box<([Index; 4], Aggregate)>),
    Differentiated(Integrate, Differentiate),
    Delayed(Delay),
}

/// The circuit of some stages, whose last stream is view 0; table 1 is view 1 too.
struct Stages {
    stages: Vec<Stage>,
    tables: [Table; 2],
    operators: Vec<Operators>,
    outputs: [Output; 2],
}

const KEY: &str = "u64";

fn copy(_: &Context, rows: Chunk<'_>, out: &mut RowWriter) {
    rows.for_each(|(r, w)| out.push(r, w));
}

/// The row of an aggregation with the key `key`, of COUNT, SUM, MIN, MAX and a fold.
fn combine(key: u64, count: i64, sum: i128, min: Option<u64>, max: Option<u64>, fold: u64) -> (u64, u64) {
    let extremes = min.map_or(7, |m| m + 1) * 5 + max.map_or(3, |m| m * 2);
    (key, (count as u64 % 5 + sum as u64 % 7 + extremes + fold) % 6)
}

fn accumulate(_: &Context, rows: Chunk<'_>, acc: &mut [u64]) {
    for (r, w) in rows {
        acc::count(acc, 0, w);
        acc::sum(acc, 1, i128::from(r[r.len() - 1]), w);
    }
}

fn fold(_: &Context, rows: &Rows, out: &mut RowWriter) {
    let total =
        rows.iter().fold(0u64, |t, (r, w)| t.wrapping_mul(3).wrapping_add(r[r.len() - 1].wrapping_add(w as u64)));
    out.put([total % 4]);
}

impl Stages {
    fn boxed(stages: &[Stage]) -> Box<dyn Circuit> {
        let mut node = 2;
        let mut next = || {
            node += 1;
            node
        };
        let mut index = |key: &str, value: &str| Index::new(next(), key, value).exchange().trace();
        let operators = stages
            .iter()
            .map(|stage| match stage {
                Stage::Filter(..) | Stage::Union(..) | Stage::Negate(_) => Operators::None,
                Stage::Join(..) | Stage::Semi { .. } => Operators::Two(index(KEY, "u64"), index(KEY, "u64")),
                Stage::Distinct(_, true) => Operators::Distinct(index(KEY, "u64"), Distinct::new(1000)),
                Stage::Distinct(_, false) => Operators::Distinct(index("u64 u64", ""), Distinct::new(1001)),
                Stage::Aggregate { global, .. } => {
                    let key = if *global { "" } else { KEY };
                    let indexes = std::array::from_fn(|_| index(key, "u64"));
                    let parts =
                        vec![Part::linear(accumulate), Part::min("u64"), Part::max("u64"), Part::fold("u64", fold)];
                    let aggregate = Aggregate::new(1002, key, 3, parts);
                    Operators::Aggregate(Box::new((indexes, if *global { aggregate.global() } else { aggregate })))
                }
                Stage::Differentiated(_) => {
                    Operators::Differentiated(Integrate::new(1003, 2), Differentiate::new(1004, 2))
                }
                Stage::Delayed(_) => Operators::Delayed(Delay::new(1005, 2)),
            })
            .collect();
        Box::new(Stages {
            stages: stages.to_vec(),
            tables: [Table::new(0, 0, "u64 u64"), Table::new(1, 1, "u64 u64").materialized()],
            operators,
            outputs: [Output::new(2000, 0, "u64 u64").materialized(), Output::new(2001, 1, "u64 u64")],
        })
    }
}

impl Circuit for Stages {
    fn describe(&self) -> &'static str {
        "{}"
    }

    fn operators(&mut self) -> Vec<&mut dyn Operator> {
        let mut all: Vec<&mut dyn Operator> = Vec::new();
        all.extend(self.tables.iter_mut().map(|t| t as &mut dyn Operator));
        for operators in &mut self.operators {
            match operators {
                Operators::None => {}
                Operators::Two(a, b) => all.extend([a as &mut dyn Operator, b]),
                Operators::Distinct(a, b) => all.extend([a as &mut dyn Operator, b]),
                Operators::Aggregate(both) => {
                    let (a, b) = both.as_mut();
                    all.extend(a.iter_mut().map(|i| i as &mut dyn Operator));
                    all.push(b);
                }
                Operators::Differentiated(a, b) => all.extend([a as &mut dyn Operator, b]),
                Operators::Delayed(a) => all.push(a),
            }
        }
        all.extend(self.outputs.iter_mut().map(|t| t as &mut dyn Operator));
        all
    }

    fn step(&mut self, cx: &mut Context) {
        let mut streams: Vec<Rows> = self.tables.iter_mut().map(|t| t.step(cx)).collect();
        for (stage, operators) in self.stages.iter().zip(&mut self.operators) {
            let stream = |i: &usize| &streams[i % streams.len()];
            let out = match (stage, operators) {
                (Stage::Filter(a, c), _) => map(cx, 1, 2, stream(a), &|_, rows, out| {
                    for (r, w) in rows {
                        if (r[0] + r[1]) % 3 != *c {
                            out.put([r[0], (r[1] + 1) % 6]);
                            out.end(w);
                        }
                    }
                }),
                (Stage::Join(a, b), Operators::Two(l, r)) => {
                    l.step(cx, stream(a), &copy);
                    r.step(cx, stream(b), &copy);
                    join(cx, 1, 2, l, r, &|_, pairs, out| {
                        for (l, r, w) in pairs {
                            assert_eq!(l[0], r[0]);
                            out.put([l[1], (l[0] + r[1]) % 6]);
                            out.end(w);
                        }
                    })
                }
                (Stage::Semi { left, right, anti, condition }, Operators::Two(l, r)) => {
                    l.step(cx, stream(left), &copy);
                    r.step(cx, stream(right), &copy);
                    let less: PairFn<'_> = &|_, l, r| l[1] < r[1];
                    let condition = condition.then_some(less);
                    if *anti {
                        antijoin(cx, 1, 2, l, r, condition, &copy)
                    } else {
                        semijoin(cx, 1, 2, l, r, condition, &copy)
                    }
                }
                (Stage::Distinct(a, _), Operators::Distinct(index, distinct)) => {
                    index.step(cx, stream(a), &copy);
                    distinct.step(cx, index);
                    distinct.delta_rows().clone()
                }
                (Stage::Union(a, b), _) => union(cx, 1, &[stream(a), stream(b)]),
                (Stage::Negate(a), _) => negate(cx, 1, stream(a).clone()),
                (Stage::Aggregate { inputs, global }, Operators::Aggregate(both)) => {
                    let (indexes, aggregate) = both.as_mut();
                    let skip = usize::from(*global);
                    for (index, input) in indexes.iter_mut().zip(inputs) {
                        index.step(cx, stream(input), &|_, rows, out| rows.for_each(|(r, w)| out.push(&r[skip..], w)));
                    }
                    let inputs: Vec<&dyn Keyed> = indexes.iter().map(|i| i as &dyn Keyed).collect();
                    aggregate.step(cx, 2, &inputs, &|_, rows, out| {
                        for (r, w) in rows {
                            let key = if skip == 1 { 9 } else { r[0] };
                            let a = &r[1 - skip..];
                            // MIN and MAX of BIGINT UNSIGNED are nullable: one word, or an escape behind a 1.
                            let mut at = 3;
                            let mut nullable = || {
                                at += 1;
                                match a[at - 1] {
                                    0 => None,
                                    1 => {
                                        at += 1;
                                        Some(a[at - 1])
                                    }
                                    v => Some(v),
                                }
                            };
                            let (min, max) = (nullable(), nullable());
                            let (k, v) = combine(key, acc::get_count(a, 0), acc::get_sum(a, 1), min, max, a[at]);
                            out.put([k, v]);
                            out.end(w);
                        }
                    })
                }
                (Stage::Differentiated(a), Operators::Differentiated(integrate, differentiate)) => {
                    let sum = integrate.step(cx, stream(a));
                    differentiate.step(cx, sum).into_rows()
                }
                (Stage::Delayed(a), Operators::Delayed(delay)) => delay.step(cx, stream(a).clone()),
                _ => unreachable!("each stage has its operators"),
            };
            streams.push(out);
        }
        self.outputs[0].step(cx, &streams[streams.len() - 1]);
        self.outputs[1].step(cx, &streams[1]);
    }
}

fn add(to: &mut Zset, row: (u64, u64), weight: i64) {
    let w = to.entry(row).or_insert(0);
    *w += weight;
    if *w == 0 {
        to.remove(&row);
    }
}

fn zset(rows: impl Iterator<Item = ((u64, u64), i64)>) -> Zset {
    let mut z = Zset::new();
    rows.for_each(|(r, w)| add(&mut z, r, w));
    z
}

/// The batch answer of each stream; those of the step before for what is delayed.
fn naive(stages: &[Stage], tables: &[Zset; 2], before: Option<&[Zset]>) -> Vec<Zset> {
    let mut streams = tables.to_vec();
    for (s, stage) in stages.iter().enumerate() {
        let n = streams.len();
        let stream = |i: &usize| &streams[i % n];
        let rows = |i: &usize| stream(i).iter().map(|(r, w)| (*r, *w));
        let out = match stage {
            Stage::Filter(a, c) => {
                zset(rows(a).filter(|((k, v), _)| (k + v) % 3 != *c).map(|((k, v), w)| ((k, (v + 1) % 6), w)))
            }
            Stage::Join(a, b) => zset(rows(a).flat_map(|((k, v), w)| {
                rows(b).filter(move |((k2, _), _)| *k2 == k).map(move |((_, v2), w2)| ((v, (k + v2) % 6), w * w2))
            })),
            Stage::Semi { left, right, anti, condition } => zset(rows(left).filter(|((k, v), _)| {
                let matched = rows(right).any(|((k2, v2), w)| w > 0 && k2 == *k && (!condition || *v < v2));
                matched != *anti
            })),
            Stage::Distinct(a, _) => zset(rows(a).filter(|(_, w)| *w > 0).map(|(r, _)| (r, 1))),
            Stage::Union(a, b) => zset(rows(a).chain(rows(b))),
            Stage::Negate(a) => zset(rows(a).map(|(r, w)| (r, -w))),
            Stage::Aggregate { inputs, global } => {
                let key = |k: u64| if *global { 9 } else { k };
                let mut keys: Vec<u64> = inputs.iter().flat_map(|i| rows(i).map(|((k, _), _)| key(k))).collect();
                keys.extend(global.then_some(9));
                keys.sort_unstable();
                keys.dedup();
                zset(keys.into_iter().filter_map(|k| {
                    let group = |i: usize| {
                        let values = rows(&inputs[i]).filter(|((g, _), _)| key(*g) == k).map(|((_, v), w)| (v, w));
                        let mut sums = BTreeMap::new();
                        values.for_each(|(v, w)| *sums.entry(v).or_insert(0) += w);
                        sums.retain(|_, w| *w != 0);
                        sums
                    };
                    let count: i64 = group(0).values().sum();
                    let sum: i128 = group(0).iter().map(|(v, w)| i128::from(*v) * i128::from(*w)).sum();
                    let min = group(1).iter().filter(|(_, w)| **w > 0).map(|(v, _)| *v).min();
                    let max = group(2).iter().filter(|(_, w)| **w > 0).map(|(v, _)| *v).max();
                    let fold = group(3)
                        .iter()
                        .fold(0u64, |t, (v, w)| t.wrapping_mul(3).wrapping_add(v.wrapping_add(*w as u64)))
                        % 4;
                    (count > 0 || *global).then(|| (combine(k, count, sum, min, max, fold), 1))
                }))
            }
            Stage::Differentiated(a) => stream(a).clone(),
            Stage::Delayed(a) => before.map_or_else(Zset::new, |b| b[a % (s + 2)].clone()),
        };
        streams.push(out);
    }
    streams
}

/// Changes of the tables in a step: table, row, weight.
type Changes = Vec<(usize, (u64, u64), i64)>;

fn changes() -> impl Strategy<Value = Vec<Changes>> {
    let weight = prop_oneof![4 => Just(1), 2 => Just(-1), 1 => -2i64..4];
    vec(vec((0usize..2, (0u64..4, 0u64..5), weight), 0..12), 1..7)
}

/// Each step's delta of both views, and view 0's and table 1's contents at the end, of all workers together. After `stop` steps the
/// workers end and others go on from their checkpoints.
fn run(stages: &[Stage], steps: &[Changes], workers: usize, stop: Option<usize>) -> (Vec<[Zset; 2]>, [Zset; 2]) {
    let hub = Hub::new(workers);
    let part = |from: Option<&[Vec<u8>]>, steps: &[Changes]| {
        hub.run(
            || Stages::boxed(stages),
            from,
            |worker, pipeline| {
                let mut deltas = Vec::new();
                for changes in steps {
                    for (i, (table, row, weight)) in changes.iter().enumerate() {
                        if i % workers == worker {
                            let mut block = Block::new(2);
                            block.push(&[row.0, row.1], *weight);
                            pipeline.ingest(*table as u32, vec![block]);
                        }
                    }
                    pipeline.step(0);
                    deltas.push([0, 1].map(|view| {
                        let page = pipeline.delta(view, 0);
                        assert!(!page.more);
                        pairs_of(&page.blocks)
                    }));
                }
                let contents = [0, 3].map(|relation| {
                    let handle = pipeline.snapshot_open(relation).expect("it is materialized");
                    let page = pipeline.snapshot_next(handle);
                    pipeline.snapshot_close(handle);
                    pairs_of(&page.blocks)
                });
                (deltas, contents, pipeline.checkpoint())
            },
        )
    };
    let mut parts = Vec::new();
    match stop {
        None => parts.push(part(None, steps)),
        Some(stop) => {
            let (first, second) = steps.split_at(stop.min(steps.len()));
            parts.push(part(None, first));
            let checkpoints: Vec<_> = parts[0].iter().map(|w| w.2.clone()).collect();
            parts.push(part(Some(&checkpoints), second));
        }
    }
    let sum = |pages: &[&Vec<((u64, u64), i64)>]| zset(pages.iter().flat_map(|p| p.iter().copied()));
    let mut deltas = Vec::new();
    for part in &parts {
        for step in 0..part[0].0.len() {
            deltas.push([0, 1].map(|view| sum(&part.iter().map(|w| &w.0[step][view]).collect::<Vec<_>>())));
        }
    }
    let last = &parts[parts.len() - 1];
    (deltas, [0, 1].map(|i| sum(&last.iter().map(|w| &w.1[i]).collect::<Vec<_>>())))
}

fn pairs_of(blocks: &[Block]) -> Vec<((u64, u64), i64)> {
    let rows: Vec<_> = blocks.iter().flat_map(|b| b.iter()).map(|(r, w)| ((r[0], r[1]), w)).collect();
    assert!(rows.windows(2).all(|r| r[0].0 < r[1].0), "a page is sorted and consolidated");
    rows
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_sum_of_deltas_is_the_batch_answer(
        stages in vec(stage(), 1..6), steps in changes(), stop in prop::option::of(0usize..7)
    ) {
        for workers in [1, 3] {
            let (deltas, contents) = run(&stages, &steps, workers, stop);
            let mut tables = [Zset::new(), Zset::new()];
            let mut sums = [Zset::new(), Zset::new()];
            let mut before: Option<Vec<Zset>> = None;
            for (changes, delta) in steps.iter().zip(&deltas) {
                changes.iter().for_each(|(t, r, w)| add(&mut tables[*t], *r, *w));
                let answer = naive(&stages, &tables, before.as_deref());
                for (sum, delta) in sums.iter_mut().zip(delta) {
                    delta.iter().for_each(|(r, w)| add(sum, *r, *w));
                }
                prop_assert_eq!(&sums[0], &answer[answer.len() - 1], "{} workers", workers);
                prop_assert_eq!(&sums[1], &tables[1]);
                before = Some(answer);
            }
            prop_assert_eq!(&contents[0], &sums[0]);
            prop_assert_eq!(&contents[1], &tables[1]);
        }
    }
}
