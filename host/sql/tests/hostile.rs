//! Circuits that nobody should have made: every number and every text of a good one replaced by others. The engine takes or refuses each, and
//! does not panic.
#![allow(clippy::unwrap_used)]

use serde_json::{Value, json};
use std::panic::{AssertUnwindSafe, catch_unwind};

const PROGRAM: &str = "CREATE TABLE t (id BIGINT NOT NULL PRIMARY KEY, a VARCHAR, b DECIMAL(10, 2), c INT);
CREATE TABLE u (id BIGINT, d DOUBLE NOT NULL);
CREATE VIEW v AS SELECT a, COUNT(*) AS n, SUM(b) AS s, MAX(c) AS m, AVG(d) AS e FROM t JOIN u ON t.id = u.id
WHERE c > 3 AND (a = 'x' OR a LIKE 'y%') GROUP BY a HAVING COUNT(*) > 1;
CREATE VIEW w AS SELECT DISTINCT CASE WHEN c / 2 > 1 THEN UPPER(a) ELSE COALESCE(a, 'none') END AS x FROM t
WHERE id NOT IN (SELECT id FROM u WHERE id IS NOT NULL) UNION ALL SELECT 'one' AS x;
CREATE VIEW x AS SELECT ARG_MAX(a, c) AS p, BIT_XOR(c) AS q, BIT_AND(c) AS r, MODE(b) AS s, VAR_POP(d) AS y FROM t, u;
DECLARE RECURSIVE VIEW y (id BIGINT, n BIGINT);
CREATE VIEW y AS SELECT id, 0 AS n FROM u UNION SELECT u.id, COUNT(*) FROM y JOIN u ON y.n = u.id WHERE y.id NOT IN (SELECT id FROM t) GROUP BY u.id;
CREATE VIEW z AS SELECT n FROM y WHERE id > 3;";

const WINDOWS: &str = "CREATE TABLE t (a VARCHAR, b DECIMAL(10, 2), c INT);
CREATE VIEW v AS SELECT a, SUM(c) OVER (PARTITION BY a ORDER BY b RANGE BETWEEN 1 PRECEDING AND 2 FOLLOWING) AS s, MAX(b) OVER (ORDER BY c ROWS 1 PRECEDING) AS m,
LAG(a, 2, 'x') OVER (ORDER BY c) AS l, ARRAY_AGG(c) FILTER (WHERE c > 1) OVER (ORDER BY c GROUPS 1 PRECEDING) AS g, ARG_MIN(a, c) OVER (ORDER BY b) AS i, MODE(c) OVER (ORDER BY b) AS o FROM t;";

const TIME: &str = "CREATE TABLE t (id BIGINT NOT NULL, ts TIMESTAMP LATENESS INTERVAL 1 HOUR, n INT LATENESS 5);
CREATE TABLE k (id INT NOT NULL PRIMARY KEY LATENESS 3, d DATE NOT NULL);
CREATE VIEW v AS SELECT id, NOW() AS now FROM t WHERE ts BETWEEN NOW() - INTERVAL 1 DAY AND NOW();
CREATE VIEW w AS SELECT window_start, COUNT(*) AS c FROM TABLE(SESSION(TABLE t, DESCRIPTOR(ts), DESCRIPTOR(n), INTERVAL 1 MINUTE)) GROUP BY window_start;
CREATE VIEW x WITH ('emit_final' = 's') AS SELECT TUMBLE_START(ts, INTERVAL 1 HOUR) AS s, MAX(id) AS m FROM t GROUP BY TUMBLE(ts, INTERVAL 1 HOUR);
CREATE VIEW y AS SELECT t.id FROM t JOIN k ON t.n = k.id UNION SELECT id FROM k;
CREATE VIEW z AS SELECT COUNT(*) OVER (ORDER BY n RANGE BETWEEN 2 PRECEDING AND CURRENT ROW) AS c FROM t;";

const APPEND_ONLY: &str = "CREATE TABLE t (id BIGINT NOT NULL, g INT, s VARCHAR) WITH ('append_only' = 'true');
CREATE TABLE u (id BIGINT NOT NULL, ts TIMESTAMP NOT NULL LATENESS INTERVAL 1 HOUR) WITH ('append_only' = 'true');
CREATE VIEW v AS SELECT g, MIN(s) AS lo, MAX(id) AS hi, ARG_MAX(s, id) AS a FROM t GROUP BY g;
CREATE VIEW w AS SELECT g, id, RANK() OVER (PARTITION BY g ORDER BY s) AS r FROM t QUALIFY r <= 3;
CREATE VIEW x AS SELECT ts, id FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY ts ORDER BY id) AS n FROM u) AS r WHERE n = 1;
CREATE VIEW y AS SELECT id FROM t WHERE id IN (SELECT id FROM u) ORDER BY id LIMIT 5 OFFSET 2;";

/// Paths to all leaves of a kind.
fn leaves(value: &Value, at: &str, out: &mut Vec<String>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(k, v)| leaves(v, &format!("{at}/{k}"), out)),
        Value::Array(list) => list.iter().enumerate().for_each(|(i, v)| leaves(v, &format!("{at}/{i}"), out)),
        _ => out.push(at.to_owned()),
    }
}

#[test]
fn every_leaf_changed_is_taken_or_refused() {
    change_each_leaf(PROGRAM);
}

#[test]
fn every_leaf_of_windows_changed_is_taken_or_refused() {
    change_each_leaf(WINDOWS);
}

#[test]
fn every_leaf_of_time_changed_is_taken_or_refused() {
    change_each_leaf(TIME);
}

#[test]
fn every_leaf_of_what_is_append_only_changed_is_taken_or_refused() {
    change_each_leaf(APPEND_ONLY);
}

fn change_each_leaf(program: &str) {
    let circuit = serde_json::to_value(&weir_sql::compile(program).unwrap().circuit).unwrap();
    weir_engine::Program::new(&circuit.to_string()).unwrap();
    let mut paths = vec![];
    leaves(&circuit, "", &mut paths);
    // Places and names are what they are.
    paths.retain(|p| !["/at/", "/name", "/note"].iter().any(|part| p.contains(part)));
    assert!(paths.len() > 200, "{}", paths.len());
    let others = [json!(0), json!(1), json!(7), json!(200), json!(u64::MAX), json!(-1), json!(true), json!(null)];
    let words = [
        "eq_text",
        "add_i64",
        "upper",
        "integer",
        "double",
        "boolean",
        "varchar",
        "big_int",
        "null",
        "extreme",
        "fold",
        "linear",
        "min",
        "arg_min",
        "mode",
        "bit_and_i64",
    ];
    let (mut taken, mut refused) = (0, 0);
    for path in &paths {
        for other in others.iter().cloned().chain(words.iter().map(|w| json!(w))) {
            let mut changed = circuit.clone();
            *changed.pointer_mut(path).unwrap() = other.clone();
            let text = changed.to_string();
            match catch_unwind(AssertUnwindSafe(|| weir_engine::Program::new(&text).is_ok())) {
                Ok(true) => taken += 1,
                Ok(false) => refused += 1,
                Err(_) => panic!("{path} = {other}: the engine panicked"),
            }
        }
    }
    assert!(taken > 100 && refused > 1000, "{taken} taken, {refused} refused");
}

#[test]
fn texts_that_are_no_circuits_are_refused() {
    for text in ["", "{", "[]", "null", "{\"tables\":[],\"views\":[],\"nodes\":[{}]}"] {
        assert!(weir_engine::Program::new(text).is_err(), "{text}");
    }
}
