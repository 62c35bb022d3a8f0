//! Functions that stand for tables, and the words of order.

use super::{Entry, syntax};
use weir_functions::catalog::{Family, Function};

const TABLE: &[Family] = &[Family::Table];
const GRAMMAR: &[Family] = &[Family::Grammar];

pub(super) const ENTRIES: &[Entry] = &[
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
            &["ARRAY_AGG(e IGNORE NULLS)", "ARRAY_AGG(e RESPECT NULLS)", "f(e) IGNORE NULLS OVER (…)"],
            "Whether NULLs count, to ARRAY_AGG and to LAG, LEAD, FIRST_VALUE, LAST_VALUE and NTH_VALUE; they do unless it is said otherwise.",
        )
        .gives(&[
            ("(SELECT ARRAY_AGG(x IGNORE NULLS) FROM UNNEST(ARRAY[1, NULL]) AS u(x))", "[1]"),
            ("(SELECT ARRAY_AGG(x RESPECT NULLS ORDER BY x) FROM UNNEST(ARRAY[1, NULL]) AS u(x))", "[NULL,1]"),
            ("(SELECT MAX(y) FROM (SELECT LAST_VALUE(x IGNORE NULLS) OVER (ORDER BY k) AS y FROM (VALUES (1, 7), (2, NULL)) AS u(k, x)) AS t)", "7"),
        ]),
    ),
];
