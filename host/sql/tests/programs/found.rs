//! What random programs found, as small as it got: each with the changes that it took.

use super::check::{Outcome, check, interpreter};
use super::script::{Edit, Script};
use weir_row::Value;

/// A change of a table whose columns are of type INT: `+` or `-`, the table, the values.
fn edit(text: &str) -> Edit {
    let (sign, rest) = text.split_at(1);
    let (table, values) = rest.split_once(' ').unwrap_or((rest, ""));
    let value = |text: &str| text.parse().map_or(Value::Null, Value::I32);
    let row = values.split_whitespace().enumerate().map(|(i, v)| (["a", "b", "c"][i].to_string(), value(v)));
    Edit { table: table.to_string(), row: row.collect(), deleted: sign == "-" }
}

fn holds(source: &str, steps: &[&[&str]]) {
    let script: Script = steps.iter().map(|s| s.iter().map(|e| edit(e)).collect()).collect();
    match check(source, &|_| script.clone(), &interpreter) {
        Ok(Outcome::Good { steps: n, failed: false, .. }) => assert_eq!(n, steps.len()),
        Ok(other) => panic!("{other:?}"),
        Err(fault) => panic!("{fault}"),
    }
}

/// Of a row that is there twice, one is wanted; then none is there.
#[test]
fn limit_cuts_a_row() {
    holds(
        "CREATE TABLE t (a INT); CREATE VIEW v AS SELECT a FROM t ORDER BY a LIMIT 1;
         CREATE VIEW w AS SELECT a, ROW_NUMBER() OVER (ORDER BY a) AS n FROM t QUALIFY n <= 3;",
        &[&["+t 1", "+t 1"], &["-t 1", "-t 1"], &["+t 1", "+t 1", "+t 1", "+t 1", "+t 2"], &["-t 1", "-t 1", "-t 1"]],
    );
}

/// The constant NULL is not of a type that is NOT NULL, though its rows are left out.
#[test]
fn constant_null_as_key() {
    holds(
        "CREATE TABLE t (a INT);
         CREATE VIEW v AS SELECT k FROM (SELECT CAST(NULL AS INT) AS k, a FROM t) AS x FULL JOIN (SELECT a + 0 AS k FROM t) AS y USING (k);
         CREATE VIEW w AS SELECT (SELECT MAX(a) FROM t WHERE CAST(NULL AS INT) = x.b) AS m FROM (SELECT a, 1 AS b FROM t) AS x;
         CREATE VIEW u AS SELECT a FROM t WHERE a IN (SELECT CAST(NULL AS INT) FROM t);",
        &[&["+t 1", "+t 2"], &["-t 1", "+t ."]],
    );
}

/// Estimates of what has no rows are numbers still.
#[test]
fn order_of_joins_without_rows() {
    holds(
        "CREATE TABLE t (a INT);
         CREATE VIEW x AS SELECT '' AS c FROM (VALUES ('', '')) AS r(p, q);
         CREATE VIEW d AS SELECT DISTINCT 1 AS c FROM x;
         CREATE VIEW v AS SELECT (SELECT MAX(1) FROM d) AS c FROM (SELECT '' AS k FROM t HAVING '2024' LIKE '') AS l
             LEFT JOIN (SELECT '' AS k FROM d WHERE 0e0 IS NULL) AS m ON l.k = m.k, x;",
        &[&["+t 1"]],
    );
}

/// The time is with every worker: a join with it that nobody reads the time of counted its rows once for each.
#[test]
fn time_that_nobody_reads() {
    holds(
        "CREATE TABLE t (a INT); CREATE VIEW v AS SELECT COUNT(*) AS n FROM (SELECT CAST(NOW() AS DATE) AS d FROM t) AS x;
         CREATE VIEW w AS SELECT a FROM (SELECT a, NOW() AS b FROM t) AS x; CREATE VIEW u AS SELECT a, b > NOW() AS c, b FROM (SELECT a, NOW() AS b FROM t) AS x;",
        &[&["+t 1", "+t 2"], &["-t 1", "+t ."], &[]],
    );
}

/// Columns of the left side are nullable within an ASOF JOIN, and are not behind it.
#[test]
fn unnest_behind_asof() {
    holds(
        "CREATE TABLE t (a INT NOT NULL);
         CREATE VIEW v AS SELECT x.b, e FROM (SELECT a, CAST(a AS BIGINT) AS b FROM t) AS x LEFT ASOF JOIN t AS y MATCH_CONDITION (x.a >= y.a), UNNEST(ARRAY[1, 2]) AS u(e);",
        &[&["+t 1", "+t 2"], &["-t 1"]],
    );
}

/// An extreme of what only gains rows keeps no trace for a fold beside it.
#[test]
fn fold_beside_an_extreme_of_what_only_gains_rows() {
    holds(
        "CREATE TABLE t (a INT) WITH ('append_only' = 'true'); CREATE VIEW v AS SELECT MODE(a) AS m, MAX(a) AS n FROM t;",
        &[&["+t 1", "+t 1", "+t 2"], &["+t 2", "+t 2"]],
    );
}
