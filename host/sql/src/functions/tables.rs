//! Functions that stand for tables, and the words of order.

use super::{Entry, syntax};
use weir_functions::catalog::{Family, Function};

const TABLE: &[Family] = &[Family::Table];
const GRAMMAR: &[Family] = &[Family::Grammar];

pub(super) const ENTRIES: &[Entry] = &[
    syntax(
        Function::written(
            &[Family::Aggregates],
            &["row_number", "rank", "dense_rank"],
            &["ROW_NUMBER() OVER (PARTITION BY e, … ORDER BY e, …) → BIGINT"],
            "The number of each row among those of its partition, from 1. RANK gives rows that are equal in the order one number, and leaves gaps behind them; \
             DENSE_RANK leaves none. A bound on the number in the query around it (`WHERE n <= 3`) is a bound on what is kept up to date.",
        )
        .gives(&[
            ("(SELECT ARRAY_AGG(n ORDER BY n) FROM (SELECT ROW_NUMBER() OVER (ORDER BY x) AS n FROM UNNEST(ARRAY[7, 7, 5]) AS u(x)) AS t)", "[1,2,3]"),
            ("(SELECT ARRAY_AGG(n ORDER BY n) FROM (SELECT RANK() OVER (ORDER BY x DESC) AS n FROM UNNEST(ARRAY[7, 7, 5]) AS u(x)) AS t)", "[1,1,3]"),
            ("(SELECT ARRAY_AGG(n ORDER BY n) FROM (SELECT DENSE_RANK() OVER (ORDER BY x DESC) AS n FROM UNNEST(ARRAY[7, 7, NULL]) AS u(x)) AS t)", "[1,1,2]"),
        ]),
    ),
    syntax(
        Function::written(
            TABLE,
            &["tumble"],
            &["TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), size [, offset]))"],
            "The rows of a table with the window that each lies in: `window_start` and `window_end`, every so long. Rows without a time are dropped.",
        )
        .gives(&[
            (
                "(WITH t AS (SELECT TIMESTAMP '2026-08-07 12:07:00' AS ts) SELECT MAX(window_start) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL 5 MINUTES)))",
                "2026-08-07 12:05:00",
            ),
            (
                "(WITH t AS (SELECT CAST(NULL AS TIMESTAMP) AS ts) SELECT COUNT(*) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL 5 MINUTES)))",
                "0",
            ),
            (
                "(WITH t AS (SELECT TIMESTAMP '1969-12-31 23:59:00' AS ts) SELECT MAX(window_end) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL 5 MINUTES)))",
                "1970-01-01 00:00:00",
            ),
        ]),
    ),
    syntax(
        Function::written(
            TABLE,
            &["hop"],
            &["TABLE(HOP(TABLE t, DESCRIPTOR(ts), slide, size [, offset]))"],
            "The rows of a table, each once for every window that it lies in; windows begin every `slide` and are `size` long.",
        )
        .gives(&[
            (
                "(WITH t AS (SELECT TIMESTAMP '2026-08-07 12:07:00' AS ts) SELECT ARRAY_AGG(window_start) FROM TABLE(HOP(TABLE t, DESCRIPTOR(ts), INTERVAL 5 MINUTES, INTERVAL 10 MINUTES)))",
                "[2026-08-07 12:00:00,2026-08-07 12:05:00]",
            ),
            (
                "(WITH t AS (SELECT CAST(NULL AS TIMESTAMP) AS ts) SELECT COUNT(*) FROM TABLE(HOP(TABLE t, DESCRIPTOR(ts), INTERVAL 5 MINUTES, INTERVAL 10 MINUTES)))",
                "0",
            ),
        ]),
    ),
    syntax(
        Function::written(
            GRAMMAR,
            &["desc", "nulls first", "nulls last"],
            &["ORDER BY e [ASC | DESC] [NULLS FIRST | NULLS LAST]"],
            "How an order goes. NULL is the smallest value: first when ascending, last when descending, unless it is said otherwise.",
        )
        .gives(&[
            ("(SELECT ARRAY_AGG(x ORDER BY x DESC) FROM UNNEST(ARRAY[1, NULL, 2]) AS u(x))", "[2,1,NULL]"),
            ("(SELECT ARRAY_AGG(x ORDER BY x DESC NULLS FIRST) FROM UNNEST(ARRAY[1, NULL, 2]) AS u(x))", "[NULL,2,1]"),
            ("(SELECT ARRAY_AGG(x ORDER BY x NULLS LAST) FROM UNNEST(ARRAY[1, NULL, 2]) AS u(x))", "[1,2,NULL]"),
        ]),
    ),
    syntax(
        Function::written(
            GRAMMAR,
            &["ignore nulls", "respect nulls"],
            &["ARRAY_AGG(e IGNORE NULLS)", "ARRAY_AGG(e RESPECT NULLS)"],
            "Whether ARRAY_AGG takes NULLs; it does unless it is said otherwise.",
        )
        .gives(&[
            ("(SELECT ARRAY_AGG(x IGNORE NULLS) FROM UNNEST(ARRAY[1, NULL]) AS u(x))", "[1]"),
            ("(SELECT ARRAY_AGG(x RESPECT NULLS ORDER BY x) FROM UNNEST(ARRAY[1, NULL]) AS u(x))", "[NULL,1]"),
        ]),
    ),
];
