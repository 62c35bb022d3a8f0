//! Functions that stand for tables, and the words of order.

use super::{Entry, call, syntax};
use weir_functions::catalog::{Family, Function};

const TABLE: &[Family] = &[Family::Table];
const GRAMMAR: &[Family] = &[Family::Grammar];

pub(super) const ENTRIES: &[Entry] = &[
    call(
        Function::written(
            TABLE,
            &["tumble"],
            &[
                "TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), size [, offset]))",
                "TABLE(TUMBLE(DATA => TABLE t, TIMECOL => DESCRIPTOR(ts), SIZE => size [, OFFSET => offset]))",
                "GROUP BY TUMBLE(ts, size)",
            ],
            "The rows of a table with the window that each lies in: `window_start` and `window_end`, of the time's type, every so long. The time is a TIMESTAMP, a \
             TIMESTAMP WITH TIME ZONE or a DATE. Rows without a time are dropped. In GROUP BY it is the beginning of the window that a TIMESTAMP lies in.",
        )
        .gives(&[
            (
                "(WITH t AS (SELECT DATE '2026-08-07' AS d) SELECT MAX(window_end) FROM TABLE(TUMBLE(DATA => TABLE t, TIMECOL => DESCRIPTOR(d), SIZE => INTERVAL 10 DAYS)))",
                "2026-08-15",
            ),
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
        ])
        .refuses(&[
            (
                "(WITH t AS (SELECT 1 AS n) SELECT COUNT(*) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(n), INTERVAL 5 MINUTES)))",
                "a window over INTEGER",
            ),
        ]),
        2,
        2,
        |binder, call| binder.tumbled(call),
    ),
    call(
        Function::written(
            TABLE,
            &["tumble_start", "tumble_end"],
            &["TUMBLE_START(ts, size) → TIMESTAMP", "TUMBLE_END(ts, size) → TIMESTAMP"],
            "The beginning and the end of the window that a time lies in, beside GROUP BY TUMBLE(ts, size).",
        )
        .gives(&[
            (
                "(SELECT MAX(s) FROM (SELECT TUMBLE_START(ts, INTERVAL 5 MINUTES) AS s FROM (VALUES (TIMESTAMP '2026-08-07 12:07:00')) AS t(ts) GROUP BY TUMBLE(ts, INTERVAL 5 MINUTES)) AS g)",
                "2026-08-07 12:05:00",
            ),
            (
                "(SELECT MAX(s) FROM (SELECT TUMBLE_END(ts, INTERVAL 5 MINUTES) AS s FROM (VALUES (TIMESTAMP '2026-08-07 12:07:00')) AS t(ts) GROUP BY TUMBLE(ts, INTERVAL 5 MINUTES)) AS g)",
                "2026-08-07 12:10:00",
            ),
            ("TUMBLE_END(CAST(NULL AS TIMESTAMP), INTERVAL 1 DAY)", "NULL"),
        ])
        .refuses(&[("TUMBLE_START(TIMESTAMP '2026-08-07 12:07:00', INTERVAL 1 MONTH)", "expected a constant, positive interval")]),
        2,
        2,
        |binder, call| binder.tumbled(call),
    ),
    syntax(
        Function::written(
            TABLE,
            &["session"],
            &[
                "TABLE(SESSION(TABLE t, DESCRIPTOR(ts) [, DESCRIPTOR(key, …)], gap))",
                "TABLE(SESSION(DATA => TABLE t, TIMECOL => DESCRIPTOR(ts), [KEY => DESCRIPTOR(key, …),] SIZE => gap))",
            ],
            "The rows of a table with the session that each lies in: `window_start`, the time of its first row, and `window_end`, which comes `gap` after its last \
             one. Rows of a key are of one session if less than `gap` lies between each and the next. Times are as for TUMBLE, or signed integers. \
             Rows without a time are dropped. A change touches the sessions around it.",
        )
        .gives(&[
            (
                "(WITH t AS (SELECT ts FROM UNNEST(ARRAY[10, 14, 25]) AS u(ts)) SELECT ARRAY_AGG(window_end ORDER BY window_end) FROM TABLE(SESSION(TABLE t, DESCRIPTOR(ts), 5)))",
                "[19,19,30]",
            ),
            (
                "(WITH t AS (SELECT TIMESTAMP '2026-08-07 12:07:00' AS ts) SELECT MAX(window_end) FROM TABLE(SESSION(DATA => TABLE t, TIMECOL => DESCRIPTOR(ts), SIZE => INTERVAL 5 MINUTES)))",
                "2026-08-07 12:12:00",
            ),
        ])
        .refuses(&[
            ("(WITH t AS (SELECT 1 AS n) SELECT COUNT(*) FROM TABLE(SESSION(TABLE t, DESCRIPTOR(n), 0)))", "expected a positive whole number"),
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
