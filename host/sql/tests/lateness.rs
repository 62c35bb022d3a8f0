//! State that is let go changes nothing: with LATENESS a program puts out what it would without, on the rows that are not late; with 1 and 3
//! workers, straight through and restored half-way. And on an endless stream its state stays as large as it is.
#![allow(clippy::unwrap_used)]

#[rustfmt::skip]
#[allow(clippy::all)]
#[path = "generated/lateness.rs"]
mod generated;
#[path = "support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use support::streams::{Change, Contents, Random, run, run_program, run_sizes};
use weir_circuit::{Circuit, Op};
use weir_row::Value;

/// What is let go of, in all ways that there are; `{c}`, `{v}` and `{k}` are where latenesses stand.
const PROGRAM: &str = "CREATE TABLE clicks (id BIGINT NOT NULL, who INT NOT NULL, ts TIMESTAMP NOT NULL {c}, price INT);
CREATE TABLE visits (who INT NOT NULL, ts TIMESTAMP {v}, page VARCHAR);
CREATE TABLE keyed (at BIGINT NOT NULL {k}, k INT NOT NULL, x INT, PRIMARY KEY (at, k));
CREATE TABLE orders (name VARCHAR NOT NULL PRIMARY KEY, ts TIMESTAMP {o}, x INT);
CREATE VIEW per_window AS SELECT window_start, COUNT(*) AS n, SUM(price) AS s, MAX(price) AS m
FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL 5 MINUTES)) GROUP BY window_start;
CREATE VIEW per_hop AS SELECT window_start, who, COUNT(DISTINCT price) AS n
FROM TABLE(HOP(TABLE clicks, DESCRIPTOR(ts), INTERVAL 5 MINUTES, INTERVAL 10 MINUTES)) GROUP BY window_start, who;
CREATE VIEW per_hour AS SELECT TIMESTAMP_TRUNC(ts, HOUR) AS h, MIN(price) AS m, ARG_MAX(id, price) AS a FROM clicks GROUP BY TIMESTAMP_TRUNC(ts, HOUR);
CREATE VIEW equal AS SELECT c.id, v.page FROM clicks c JOIN visits v ON c.who = v.who AND c.ts = v.ts;
CREATE VIEW close AS SELECT c.id, v.page FROM clicks c JOIN visits v ON c.who = v.who
AND v.ts >= c.ts - INTERVAL 5 MINUTES AND v.ts <= c.ts + INTERVAL 1 MINUTE;
CREATE VIEW padded AS SELECT c.id, v.page FROM clicks c LEFT JOIN visits v ON c.ts = v.ts AND v.who < c.who;
CREATE VIEW alone AS SELECT c.id FROM clicks c WHERE NOT EXISTS (SELECT 1 FROM visits v WHERE v.ts = c.ts);
CREATE VIEW full_join AS SELECT c.id, v.page FROM clicks c FULL JOIN visits v ON c.ts = v.ts;
CREATE VIEW seen AS SELECT DISTINCT who, ts FROM clicks;
CREATE VIEW together AS SELECT ts FROM clicks UNION SELECT ts FROM visits;
CREATE VIEW common AS SELECT ts FROM clicks INTERSECT ALL SELECT ts FROM visits;
CREATE VIEW first_ones AS SELECT ts, id FROM (SELECT ts, id, ROW_NUMBER() OVER (PARTITION BY ts ORDER BY id) AS n FROM clicks) AS t WHERE n <= 2;
CREATE VIEW counted AS SELECT n, COUNT(*) AS c FROM (SELECT ts, COUNT(*) AS n FROM clicks GROUP BY ts) AS t GROUP BY n;
CREATE VIEW of_windows AS SELECT w.window_start, COUNT(*) AS n FROM per_window w JOIN visits v ON v.ts = w.window_start GROUP BY w.window_start;
CREATE VIEW by_key AS SELECT at, SUM(x) AS s FROM keyed GROUP BY at;
CREATE VIEW neighbours AS SELECT ts, id, LAG(id) OVER (PARTITION BY ts ORDER BY id) AS b, SUM(price) OVER (PARTITION BY ts, who) AS s FROM clicks;
CREATE VIEW rolling AS SELECT who, ts, SUM(price) OVER (PARTITION BY who ORDER BY ts RANGE BETWEEN INTERVAL 7 MINUTES PRECEDING AND CURRENT ROW) AS s,
FIRST_VALUE(id) OVER (PARTITION BY who ORDER BY ts RANGE BETWEEN INTERVAL 2 MINUTES PRECEDING AND CURRENT ROW) AS f FROM clicks;
CREATE VIEW around AS SELECT page, ts, MAX(who) OVER (PARTITION BY page ORDER BY ts RANGE BETWEEN INTERVAL 4 MINUTES PRECEDING AND INTERVAL 3 MINUTES FOLLOWING) AS m FROM visits;
CREATE VIEW of_before AS SELECT ts, COUNT(n) AS c, MAX(n) AS m FROM (SELECT ts, COUNT(*) OVER (ORDER BY ts RANGE BETWEEN INTERVAL 1 HOUR PRECEDING AND INTERVAL 5 MINUTES PRECEDING) AS n
FROM clicks) AS t GROUP BY ts;
CREATE VIEW of_ahead AS SELECT at, COUNT(*) AS n, SUM(s) AS s FROM (SELECT at, SUM(x) OVER (PARTITION BY k ORDER BY at RANGE BETWEEN CURRENT ROW AND 6 FOLLOWING) AS s FROM keyed) AS t GROUP BY at;
CREATE VIEW ordered AS SELECT ts, COUNT(*) AS n, MIN(name) AS m FROM orders GROUP BY ts;
CREATE VIEW named AS SELECT o.name, o.x, c.id FROM orders o JOIN clicks c ON c.ts = o.ts;
CREATE VIEW all_orders AS SELECT name, ts, x FROM orders;";

const MINUTE: i64 = 60_000_000;
/// The latenesses, in minutes, of which `keyed` has as many units.
const LATENESS: [i64; 4] = [10, 20, 15, 12];
/// Where `orders` is among the tables.
const ORDERS: usize = 3;
/// Minutes between steps.
const PACE: i64 = 3;

/// With latenesses, or without; `append_only`: no table without a key loses rows.
fn program(with: bool, append_only: bool) -> Circuit {
    let clause = |minutes: i64| if with { format!("LATENESS INTERVAL {minutes} MINUTES") } else { String::new() };
    let source = PROGRAM.replace("{c}", &clause(LATENESS[0])).replace("{v}", &clause(LATENESS[1]));
    let property = if append_only { " WITH ('append_only' = 'true');" } else { ";" };
    let source = source
        .replace(", price INT);", &format!(", price INT){property}"))
        .replace(", page VARCHAR);", &format!(", page VARCHAR){property}"));
    let source = source.replace("{o}", &clause(LATENESS[ORDERS]));
    let source = source.replace("{k}", &if with { format!("LATENESS {}", LATENESS[2]) } else { String::new() });
    let circuit =
        weir_sql::compile(&source).unwrap_or_else(|e| panic!("{}", weir_sql::render(&source, "", &e))).circuit;
    circuit.check().unwrap();
    circuit
}

/// Steps of a stream, and the same without what is late.
struct Stream {
    steps: Vec<Vec<Change>>,
    in_time: Vec<Vec<Change>>,
    /// What is late, but of `keyed`.
    late: i64,
    /// How many orders there are after each step: a table keeps its rows, if they are not late by their key.
    orders: Vec<u64>,
}

/// Orders by name, with their minutes.
type Orders = BTreeMap<Value, (i64, Vec<Value>)>;

fn stream(seed: u64, steps: i64, rows: i64) -> Stream {
    changes(seed, steps, rows, true)
}

/// The same; rows of tables without a key are taken away only if `deletions` says so.
fn changes(seed: u64, steps: i64, rows: i64, deletions: bool) -> Stream {
    let mut random = Random(seed);
    let mut out = Stream { steps: vec![], in_time: vec![], late: 0, orders: vec![] };
    let mut waterlines = [i64::MIN; 4];
    let mut orders: Orders = BTreeMap::new();
    let mut here: [Vec<(i64, Vec<Value>)>; 2] = [vec![], vec![]];
    for step in 0..steps {
        let (mut all, mut kept) = (vec![], vec![]);
        // The changes of orders, by their key.
        let mut changed: BTreeMap<Value, Vec<(i64, Change)>> = BTreeMap::new();
        let mut next = waterlines;
        for _ in 0..rows {
            let table = random.below(4) as usize;
            // Some are older than a lateness.
            let minute = 1_000 + step * PACE - random.below(LATENESS[table] + 4);
            let small = Value::I32(random.below(4) as i32);
            let nullable = |random: &mut Random, v: Value| if random.below(6) == 0 { Value::Null } else { v };
            let (time, row, weight) = match table {
                0 | 1 if deletions && random.below(4) == 0 && !here[table].is_empty() => {
                    // One that is there is taken away, late or not.
                    let at = random.below(here[table].len() as i64) as usize;
                    let (time, row) = here[table].swap_remove(at);
                    (time, row, -1)
                }
                0 => {
                    let price = Value::I32(random.below(100) as i32);
                    let price = nullable(&mut random, price);
                    let id = Value::I64(random.below(20));
                    (minute, vec![id, small, Value::Ts(minute * MINUTE), price], 1)
                }
                1 => match random.below(8) {
                    // What has no time is never late.
                    0 => (i64::MAX, vec![small, Value::Null, Value::text("timeless")], 1),
                    _ => (
                        minute,
                        vec![
                            small,
                            Value::Ts(minute * MINUTE),
                            Value::text(if random.below(2) == 0 { "a" } else { "b" }),
                        ],
                        1,
                    ),
                },
                2 => {
                    let x = Value::I32(random.below(100) as i32);
                    let x = nullable(&mut random, x);
                    (minute, vec![Value::I64(minute), small, x], 1)
                }
                _ => {
                    let (name, x) =
                        (format!("order {}", step / 3 * 4 + random.below(10)), Value::I32(random.below(3) as i32));
                    let (time, ts) = match random.below(10) {
                        0 => (i64::MAX, Value::Null),
                        _ => (minute, Value::Ts(minute * MINUTE)),
                    };
                    (time, vec![Value::text(&name), ts, x], if random.below(6) == 0 { -1 } else { 1 })
                }
            };
            let change = (table, row.clone(), weight);
            all.push(change.clone());
            if table == ORDERS {
                // The last one of a step counts.
                changed.entry(row[0].clone()).or_default().push((time, change));
                continue;
            }
            if time < waterlines[table] {
                out.late += i64::from(table < 2);
                continue;
            }
            if table < 2 && weight > 0 {
                here[table].push((time, row));
            }
            if time < i64::MAX {
                next[table] = next[table].max(time - LATENESS[table]);
            }
            kept.push(change);
        }
        for (name, changes) in changed {
            let Some((time, (_, row, weight))) = changes.last() else { continue };
            let (old, new) = (orders.get(&name).cloned(), (*weight > 0).then(|| (*time, row.clone())));
            let times: Vec<i64> = [&old, &new].into_iter().flatten().map(|(time, _)| *time).collect();
            if old != new && times.iter().any(|t| *t < waterlines[ORDERS]) {
                out.late += 1;
                continue;
            }
            if old != new {
                let known = times.into_iter().filter(|t| *t < i64::MAX);
                known.for_each(|t| next[ORDERS] = next[ORDERS].max(t - LATENESS[ORDERS]));
            }
            match new {
                Some(new) => _ = orders.insert(name, new),
                None => _ = orders.remove(&name),
            }
            kept.extend(changes.into_iter().map(|(_, change)| change));
        }
        waterlines = next;
        out.steps.push(all);
        out.in_time.push(kept);
        out.orders.push(orders.len() as u64);
    }
    out
}

#[test]
fn what_is_let_go_changes_nothing() {
    changes_nothing(program(true, false), true);
}

/// Of tables that only ever gain rows even less is kept.
#[test]
fn what_is_let_go_of_append_only_tables_changes_nothing() {
    let circuit = program(true, true);
    // A first row of each time, which keeps no trace, is let go of with its time.
    let firsts = |n: &weir_circuit::Node| matches!(n.op, Op::Retain { state, .. } if matches!(circuit.nodes[state].op, Op::Rank { .. }));
    assert!(circuit.nodes.iter().any(firsts));
    changes_nothing(circuit, false);
}

fn changes_nothing(with: Circuit, deletions: bool) {
    let without = program(false, false);
    let mut late = 0;
    for seed in 0..12 {
        let stream = changes(seed, 40, 12, deletions);
        late += stream.late;
        let expected = run(&without, &stream.in_time, 1, None);
        for (workers, restored_at) in [(1, None), (3, None), (1, Some(17)), (3, Some(20))] {
            let got = run(&with, &stream.steps, workers, restored_at);
            for (step, ((got, _), (expected, _))) in got.iter().zip(&expected).enumerate() {
                for (view, rows) in expected {
                    assert_eq!(
                        &got[view], rows,
                        "{view} after step {step}, seed {seed}, {workers} workers, {restored_at:?}"
                    );
                }
            }
            let errors = &got.last().unwrap().0["error_view"];
            let told = errors.iter().filter(|(row, _)| row[0] != Value::text("keyed")).map(|(_, w)| w).sum::<i64>();
            assert_eq!(told, stream.late, "seed {seed}, {workers} workers");
        }
    }
    // (Most of what is late is to be taken away.)
    assert!(late > if deletions { 500 } else { 100 }, "{late} rows were late");
}

#[test]
fn state_stays_flat_on_an_endless_stream() {
    const STEPS: usize = 1_000;
    let stream = changes(1, STEPS as i64, 30, false);
    let sizes = |circuit: &Circuit| {
        let all = run_sizes(circuit, &stream.in_time);
        // They are there by their key, and, to be queried, in order.
        assert!(circuit.tables[ORDERS].materialized);
        (1..=10).map(|i| i * STEPS / 10 - 1).map(|i| all[i] - 2 * stream.orders[i]).collect::<Vec<u64>>()
    };
    let [with, without, least] = [(true, false), (false, false), (true, true)].map(|(l, a)| sizes(&program(l, a)));
    println!(
        "rows of state at ten points, but for the orders that there are: with lateness {with:?}, append-only {least:?}, without {without:?}"
    );
    assert!(with.iter().zip(&least).all(|(with, least)| least < with), "append-only does not help");
    assert!(with[1..].iter().all(|n| *n < 2 * with[0]), "it grows: {with:?}");
    assert!(without[9] > 5 * without[0], "without lateness it does not grow: {without:?}");
}

/// What the program of the corpus becomes in Rust does what the engine does, with as much state.
#[test]
fn generated_is_engine() {
    let compiled = || -> Box<dyn weir_sdk::Circuit> { Box::new(generated::Program::new()) };
    let circuit: Circuit = serde_json::from_str(compiled().describe()).unwrap();
    circuit.check().unwrap();
    for seed in 0..6 {
        let stream = stream(seed, 40, 12);
        let expected = run(&circuit, &stream.steps, 1, None);
        for (workers, restored_at) in [(1, None), (3, Some(20))] {
            let got = run_program(&circuit, &compiled, &stream.steps, workers, restored_at);
            for (step, (got, expected)) in got.iter().zip(&expected).enumerate() {
                assert_eq!(got.0, expected.0, "after step {step}, seed {seed}, {workers} workers");
                assert!(workers > 1 || got.1 == expected.1, "{} rows of state, not {}", got.1, expected.1);
            }
        }
        assert!(!expected.last().unwrap().0["final"].is_empty());
    }
}

/// What is put out once it is final is never taken back, is what it would be without, and comes as soon as the waterline has passed it.
#[test]
fn final_rows_are_put_out_once() {
    const SOURCE: &str = "CREATE TABLE clicks (id BIGINT NOT NULL, who INT NOT NULL, ts TIMESTAMP NOT NULL LATENESS INTERVAL 10 MINUTES, price INT);
CREATE TABLE visits (who INT NOT NULL, ts TIMESTAMP LATENESS INTERVAL 20 MINUTES, page VARCHAR);
CREATE TABLE keyed (at BIGINT NOT NULL LATENESS 15, k INT NOT NULL, x INT, PRIMARY KEY (at, k));
CREATE TABLE orders (name VARCHAR NOT NULL PRIMARY KEY, ts TIMESTAMP LATENESS INTERVAL 12 MINUTES, x INT);
CREATE VIEW counts AS SELECT ts, COUNT(*) AS n FROM clicks GROUP BY ts;
CREATE VIEW final WITH ('emit_final' = 'ts') AS SELECT ts, COUNT(*) AS n FROM clicks GROUP BY ts;
CREATE VIEW final_of_both WITH ('emit_final' = '0') AS SELECT v.ts, COUNT(*) AS n FROM clicks c JOIN visits v ON c.ts = v.ts GROUP BY v.ts;
CREATE VIEW of_both AS SELECT v.ts, COUNT(*) AS n FROM clicks c JOIN visits v ON c.ts = v.ts GROUP BY v.ts;
CREATE VIEW final_keys WITH ('emit_final' = 'at') AS SELECT at, SUM(x) AS s FROM keyed GROUP BY at;
CREATE VIEW all_keys AS SELECT at, SUM(x) AS s FROM keyed GROUP BY at;
CREATE VIEW all_orders AS SELECT ts, name, x FROM orders;
CREATE VIEW final_orders WITH ('emit_final' = 'ts') AS SELECT ts, name, x FROM orders;
CREATE VIEW running AS SELECT ts, id, SUM(price) OVER (PARTITION BY who ORDER BY ts) AS s, LAG(id) OVER (ORDER BY ts) AS b FROM clicks;
CREATE VIEW final_running WITH ('emit_final' = 'ts') AS SELECT ts, id, SUM(price) OVER (PARTITION BY who ORDER BY ts) AS s, LAG(id) OVER (ORDER BY ts) AS b FROM clicks;
CREATE VIEW around AS SELECT ts, MAX(who) OVER (PARTITION BY page ORDER BY ts RANGE BETWEEN INTERVAL 4 MINUTES PRECEDING AND INTERVAL 3 MINUTES FOLLOWING) AS m FROM visits;
CREATE VIEW final_around WITH ('emit_final' = 'ts') AS SELECT ts, MAX(who) OVER (PARTITION BY page ORDER BY ts RANGE BETWEEN INTERVAL 4 MINUTES PRECEDING AND INTERVAL 3 MINUTES FOLLOWING) AS m FROM visits;";
    let circuit = weir_sql::compile(SOURCE).unwrap_or_else(|e| panic!("{}", weir_sql::render(SOURCE, "", &e))).circuit;
    let pairs = [
        ("final", "counts"),
        ("final_of_both", "of_both"),
        ("final_keys", "all_keys"),
        ("final_orders", "all_orders"),
        ("final_running", "running"),
        ("final_around", "around"),
    ];
    for (seed, workers) in [(1, 1), (2, 1), (3, 3), (4, 3)] {
        let stream = stream(seed, 60, 12);
        let got = run(&circuit, &stream.steps, workers, Some(30));
        let last = &got.last().unwrap().0;
        let mut before = Contents::new();
        for (step, (now, _)) in got.iter().enumerate() {
            for (last_view, of) in pairs {
                let rows = &now[last_view];
                let kept = before.get(last_view).into_iter().flatten().all(|(row, w)| rows.get(row) == Some(w));
                assert!(kept, "{last_view} takes something back in step {step}");
                // All that there is below the greatest that is final, and nothing of it ever changes.
                let Some((greatest, _)) = rows.keys().map(|row| (row[0].clone(), ())).max() else { continue };
                let mut expected = last[of].clone();
                expected.retain(|row, _| row[0] <= greatest && row[0] != Value::Null);
                assert_eq!(rows, &expected, "{last_view} after step {step}, seed {seed}, {workers} workers");
            }
            before = now.clone();
        }
        let few = |view: &str| (last[view].len(), last[pairs.iter().find(|(f, _)| *f == view).unwrap().1].len());
        for (view, _) in pairs {
            let (held, all) = few(view);
            assert!(held * 2 > all && held < all, "{view}: {held} of {all} rows are final");
        }
    }
}
