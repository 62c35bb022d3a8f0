//! Windows over large partitions, against what is defined; and what a change costs.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use weir_sdk::bench_support::Random;
use weir_sdk::prelude::*;

/// A row: key, order, value; words that are no NULLs.
type Row = [u64; 3];

/// A row with a result.
type Row4 = [u64; 4];

/// Order distance of the frame of a range.
const NEAR: u64 = 40;
/// Rows to either side of a large frame of rows.
const WIDE: i64 = 300;

fn copy(_: &Context, rows: Chunk<'_>, out: &mut RowWriter) {
    rows.for_each(|(r, w)| out.push(r, w));
}

fn added(_: &Context, rows: Chunk<'_>, acc: &mut [u64]) {
    for (r, w) in rows {
        acc::count(acc, 0, w);
        acc::sum(acc, 1, i128::from(r[2]), w);
    }
}

fn extreme(greatest: bool) -> Function {
    Function::Extreme { column: 1, count: 1, greatest }
}

fn at_value(by: i64) -> Box<weir_sdk::operators::BoundFn> {
    Box::new(move |_, rows, out| rows.for_each(|(r, w)| out.push(&[r[1].saturating_add_signed(by).max(1)], w)))
}

fn near() -> Bound {
    Bound::Value { of_row: at_value(-(NEAR as i64)), back: at_value(NEAR as i64) }
}

fn lag() -> Frame {
    let before = Function::Nth { column: 1, nth: 1, last: false, ignore_nulls: false };
    Frame::new(Unit::Rows, Bound::Offset(-1), Bound::Offset(-1), false, vec![before])
}

fn rows_frame(from: i64, to: i64) -> Frame {
    Frame::new(Unit::Rows, Bound::Offset(from), Bound::Offset(to), true, vec![extreme(true)])
}

fn range() -> Frame {
    Frame::new(Unit::Range, near(), Bound::Offset(0), true, vec![extreme(false)])
}

fn running() -> Frame {
    Frame::new(Unit::Range, Bound::Unbounded, Bound::Offset(0), true, vec![extreme(true)])
}

fn greatest_of_all() -> Frame {
    Frame::new(Unit::Range, Bound::Unbounded, Bound::Unbounded, false, vec![extreme(true)])
}

fn most_extreme() -> Frame {
    Frame::new(Unit::Range, Bound::Unbounded, Bound::Offset(0), false, vec![extreme(true)])
}

#[test]
fn what_a_partition_has_in_common() {
    let mut random = Random::new(7);
    let mut program = Program::new(vec![greatest_of_all()], 4);
    let (mut rows, mut results) = (BTreeMap::<Row, i64>::new(), BTreeMap::<Row4, i64>::new());
    for _ in 0..400 {
        let mut changes = vec![];
        for _ in 0..1 + random.next_u64() % 4 {
            let row = [random.next_u64() % 2, 1 + random.next_u64() % 5, 1 + random.next_u64() % 8];
            let times = rows.entry(row).or_insert(0);
            let weight = if *times > 0 && random.next_u64().is_multiple_of(2) { -1 } else { 1 };
            *times += weight;
            changes.push((row, weight));
        }
        rows.retain(|_, times| *times > 0);
        for (row, weight) in program.step(&changes).iter() {
            *results.entry(<[u64; 4]>::try_from(row).unwrap()).or_insert(0) += weight;
        }
        results.retain(|_, times| *times != 0);
        let greatest = |key| rows.keys().filter(|r| r[0] == key).map(|r| r[2]).max().unwrap_or(0);
        let defined = rows.iter().map(|(r, times)| ([r[0], r[1], r[2], greatest(r[0])], *times)).collect();
        assert_eq!(results, defined);
    }
}

/// An index in order and a window over it.
struct Program {
    cx: Context,
    index: Index,
    window: Window,
    /// The words of a result.
    stride: u32,
}

impl Program {
    fn new(frames: Vec<Frame>, stride: u32) -> Program {
        let window = Window::new(1, &["i32?"], &["i32?", "i32?"]).sums(&[1, 2], added);
        let window = frames.into_iter().fold(window, Window::frame);
        Program { cx: weir_sdk::local::solo(), index: Index::new(0, "i32", "i32? i32?").trace(), window, stride }
    }

    /// The changes of results that come of changes of rows.
    fn step(&mut self, changes: &[(Row, i64)]) -> Rows {
        let mut rows = RowWriter::new(3);
        changes.iter().for_each(|(row, weight)| rows.push(row, *weight));
        self.index.step(&mut self.cx, &Rows::from(rows), &copy);
        let out = self.window.step(&mut self.cx, self.stride, &self.index, &copy);
        Operator::commit(&mut self.index);
        out
    }
}

/// Count, sum, least and greatest value of some rows, in the words of results.
fn of_frame(rows: &[Row]) -> (Vec<u64>, u64, u64) {
    let sum: u64 = rows.iter().map(|r| r[2]).sum();
    let (least, greatest) = (rows.iter().map(|r| r[2]).min(), rows.iter().map(|r| r[2]).max());
    (vec![rows.len() as u64, 0, sum], least.unwrap_or(0), greatest.unwrap_or(0))
}

/// The results of all rows: LAG, the rows around, the range, the rows up to the current one.
fn defined(rows: &BTreeMap<Row, i64>) -> BTreeMap<Vec<u64>, i64> {
    let mut out = BTreeMap::new();
    for key in 0..3 {
        let all: Vec<Row> = rows.iter().filter(|(r, _)| r[0] == key).flat_map(|(r, w)| (0..*w).map(|_| *r)).collect();
        for (i, row) in all.iter().enumerate() {
            let mut words = row.to_vec();
            words.push(i.checked_sub(1).map_or(0, |i| all[i][2]));
            let around = &all[i.saturating_sub(WIDE as usize)..(i + WIDE as usize + 1).min(all.len())];
            let (sums, _, greatest) = of_frame(around);
            words.extend(sums.into_iter().chain([greatest]));
            let peers = all.partition_point(|r| r[1] <= row[1]);
            let from = all.partition_point(|r| r[1] < row[1].saturating_sub(NEAR).max(1));
            let (sums, least, _) = of_frame(&all[from..peers]);
            words.extend(sums.into_iter().chain([least]));
            let (sums, _, greatest) = of_frame(&all[..peers]);
            words.extend(sums.into_iter().chain([greatest]));
            *out.entry(words).or_insert(0) += 1;
        }
    }
    out
}

#[test]
fn results_are_as_defined_after_each_step() {
    for seed in 0..4 {
        let mut random = Random::new(seed);
        let frames = vec![lag(), rows_frame(-WIDE, WIDE), range(), running()];
        let mut program = Program::new(frames, 16);
        let (mut rows, mut results) = (BTreeMap::<Row, i64>::new(), BTreeMap::<Vec<u64>, i64>::new());
        for step in 0..12 {
            let mut changes: Vec<(Row, i64)> = vec![];
            for _ in 0..if step < 3 { 900 } else { random.next_u64() % 30 } {
                let there = rows.len() as u64;
                if there > 0 && random.next_u64().is_multiple_of(3) {
                    let row = *rows.keys().nth((random.next_u64() % there) as usize).unwrap();
                    let times = rows.remove(&row).unwrap();
                    if times > 1 {
                        rows.insert(row, times - 1);
                    }
                    changes.push((row, -1));
                    continue;
                }
                let order = 1 + random.next_u64() % if seed % 2 == 0 { 5_000 } else { 200 };
                let row = [random.next_u64() % 3, order, 1 + random.next_u64() % 1_000];
                *rows.entry(row).or_insert(0) += 1;
                changes.push((row, 1));
            }
            for (row, weight) in program.step(&changes).iter() {
                let times = results.entry(row.to_vec()).or_insert(0);
                *times += weight;
                if *times == 0 {
                    results.remove(row);
                }
            }
            assert!(results == defined(&rows), "seed {seed}, step {step}");
        }
    }
}

/// Model: rows looked at = rows whose results the change matters to × (searches + a few dozen sums); nothing times the partition. Sums over
/// a block's rows are made when they are first asked for, so the first round is not counted.
#[test]
fn a_change_costs_what_it_matters_to() {
    const ROWS: u64 = 100_000;
    let rest = |frame: Frame, stride: u32| {
        let mut program = Program::new(vec![frame], stride);
        // In steps, so that the trace has several batches.
        for part in 0..20 {
            let rows: Vec<(Row, i64)> = (0..ROWS / 20)
                .map(|i| i * 20 + part)
                .map(|i| ([0, 2 + 2 * i, 1 + i.wrapping_mul(0x9E37_79B9_7F4A_7C15) % 1_000], 1))
                .collect();
            program.step(&rows);
        }
        let mut round = |by: u64| {
            let changes = [(ROWS + 1 + by, 500), (ROWS / 2 + 1 + by, 1), (2 * ROWS - 1 - by, 3)];
            changes.map(|(order, value)| {
                let before = program.window.looked();
                let out = program.step(&[([0, order, value], 1)]);
                (program.window.looked() - before, out.len())
            })
        };
        round(0);
        round(2)
    };
    let cases = [
        ("LAG", lag(), 4, 40),
        ("MAX, SUM OVER (ROWS 10 PRECEDING)", rows_frame(-10, 0), 7, 1_500),
        ("MIN, SUM OVER (RANGE 40 PRECEDING)", range(), 7, 6_000),
        ("MAX OVER (ORDER BY o)", most_extreme(), 4, 3_000),
        ("MAX OVER ()", greatest_of_all(), 4, 3_000),
    ];
    for (name, frame, stride, bound) in cases {
        let costs = rest(frame, stride);
        println!("{name}: rows and sums looked at, and rows put out, for a row more among {ROWS}: {costs:?}");
        assert!(costs.iter().all(|(looked, _)| *looked <= bound), "{name}: {costs:?}");
    }
    // Rows that come all at once are gone through once, however long frames are.
    let mut program = Program::new(vec![rows_frame(-1_000, 1_000), lag()], 8);
    for half in 0..2 {
        let rows: Vec<(Row, i64)> = (0..ROWS / 20).map(|i| ([0, 2 + 2 * i + half, 1 + i % 1_000], 1)).collect();
        let before = program.window.looked();
        let out = program.step(&rows).len() as u64;
        let each = (program.window.looked() - before) / out;
        println!(
            "MAX, SUM OVER (ROWS 1000 PRECEDING .. 1000 FOLLOWING): {each} rows looked at for each of {out} put out"
        );
        assert!(each < 150, "{each}");
    }
    // Every row behind changes: the cost is their number, not its square.
    let costs = rest(running(), 7);
    println!(
        "SUM, MAX OVER (ORDER BY o): rows and sums looked at, and rows put out, for a row more among {ROWS}: {costs:?}"
    );
    assert!(costs.iter().all(|(looked, out)| *looked <= 20 * (*out as u64) + 3_000), "{costs:?}");
}
