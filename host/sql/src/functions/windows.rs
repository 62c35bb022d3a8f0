//! Functions of the rows around each row; the binder's `window.rs` makes them.

use super::{Entry, syntax, window_function};
use weir_functions::catalog::{Family, Function};

const AGGREGATES: &[Family] = &[Family::Aggregates];
const GRAMMAR: &[Family] = &[Family::Grammar];

pub(super) const ENTRIES: &[Entry] = &[
    window_function(
        Function::written(
            AGGREGATES,
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
        0,
        0,
    ),
    window_function(
        Function::written(
            AGGREGATES,
            &["lag", "lead"],
            &["LAG(e [, offset [, default]]) [IGNORE NULLS] OVER (PARTITION BY e, … ORDER BY e, …) → same type"],
            "The value that the row before (LEAD: after) has, or the one `offset` rows before; the default where there is no such row, \
             else NULL. With IGNORE NULLS rows where the value is NULL are not counted.",
        )
        .gives(&[
            ("(SELECT ARRAY_AGG(y ORDER BY x) FROM (SELECT x, LAG(x) OVER (ORDER BY x) AS y FROM UNNEST(ARRAY[1, 3, 6]) AS u(x)) AS t)", "[NULL,1,3]"),
            ("(SELECT ARRAY_AGG(y ORDER BY x) FROM (SELECT x, LEAD(x, 2, 0) OVER (ORDER BY x) AS y FROM UNNEST(ARRAY[1, 3, 6]) AS u(x)) AS t)", "[6,0,0]"),
            ("(SELECT ARRAY_AGG(y ORDER BY k) FROM (SELECT k, LAG(x) IGNORE NULLS OVER (ORDER BY k) AS y FROM (VALUES (1, 5), (2, NULL), (3, 7)) AS u(k, x)) AS t)", "[NULL,5,5]"),
        ])
        .refuses(&[("LAG(1)", "needs a window")]),
        1,
        3,
    ),
    window_function(
        Function::written(
            AGGREGATES,
            &["first_value", "last_value"],
            &["FIRST_VALUE(e) [IGNORE NULLS] OVER (PARTITION BY e, … ORDER BY e, … [frame]) → same type"],
            "The value of the frame's first (last) row; with IGNORE NULLS of the first (last) one where it is not NULL. NULL if there is none. \
             Mind that a frame ends with the current row and its peers unless one is written.",
        )
        .gives(&[
            ("(SELECT ARRAY_AGG(y ORDER BY x) FROM (SELECT x, FIRST_VALUE(x) OVER (ORDER BY x DESC) AS y FROM UNNEST(ARRAY[1, 3, 6]) AS u(x)) AS t)", "[6,6,6]"),
            ("(SELECT ARRAY_AGG(y ORDER BY x) FROM (SELECT x, LAST_VALUE(x) OVER (ORDER BY x) AS y FROM UNNEST(ARRAY[1, 3, 6]) AS u(x)) AS t)", "[1,3,6]"),
            (
                "(SELECT ARRAY_AGG(y ORDER BY x) FROM (SELECT x, LAST_VALUE(x) OVER (ORDER BY x ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING) AS y \
                 FROM UNNEST(ARRAY[1, 3, 6]) AS u(x)) AS t)",
                "[3,6,6]",
            ),
        ]),
        1,
        1,
    ),
    window_function(
        Function::written(
            AGGREGATES,
            &["nth_value"],
            &["NTH_VALUE(e, n) [IGNORE NULLS] OVER (PARTITION BY e, … ORDER BY e, … [frame]) → same type"],
            "The value of the frame's row of that number, from 1; NULL if there is none.",
        )
        .gives(&[("(SELECT ARRAY_AGG(y ORDER BY x) FROM (SELECT x, NTH_VALUE(x, 2) OVER (ORDER BY x) AS y FROM UNNEST(ARRAY[1, 3, 6]) AS u(x)) AS t)", "[NULL,3,3]")])
        .refuses(&[("NTH_VALUE(1, 0) OVER (ORDER BY 1)", "at least 1")]),
        2,
        2,
    ),
    window_function(
        Function::written(
            AGGREGATES,
            &["ntile"],
            &["NTILE(n) OVER (PARTITION BY e, … ORDER BY e, …) → INTEGER"],
            "The rows of a partition in `n` tiles one after the other, of which each has as many rows as the others, or the first ones a row more: the number of \
             the row's tile, from 1.",
        )
        .gives(&[("(SELECT ARRAY_AGG(y ORDER BY x) FROM (SELECT x, NTILE(2) OVER (ORDER BY x) AS y FROM UNNEST(ARRAY[1, 3, 6]) AS u(x)) AS t)", "[1,1,2]")]),
        1,
        1,
    ),
    window_function(
        Function::written(
            AGGREGATES,
            &["percent_rank", "cume_dist"],
            &["PERCENT_RANK() OVER (PARTITION BY e, … ORDER BY e, …) → DOUBLE", "CUME_DIST() OVER (PARTITION BY e, … ORDER BY e, …) → DOUBLE"],
            "PERCENT_RANK is the share of a partition's other rows that come before, peers not counted; 0 of one row alone. CUME_DIST is the share of its rows that come \
             before, or are the row or its peers.",
        )
        .gives(&[
            ("(SELECT ARRAY_AGG(y ORDER BY y) FROM (SELECT PERCENT_RANK() OVER (ORDER BY x) AS y FROM UNNEST(ARRAY[1, 3, 3]) AS u(x)) AS t)", "[0.0,0.5,0.5]"),
            ("(SELECT ARRAY_AGG(y ORDER BY y) FROM (SELECT CUME_DIST() OVER (ORDER BY x) AS y FROM UNNEST(ARRAY[1, 3, 3, 6]) AS u(x)) AS t)", "[0.25,0.75,0.75,1.0]"),
        ]),
        0,
        0,
    ),
    syntax(
        Function::written(
            &[Family::Aggregates, Family::Grammar],
            &["over"],
            &[
                "aggregate(…) [FILTER (WHERE condition)] OVER (PARTITION BY e, … ORDER BY e, … [frame])",
                "f(…) OVER w … WINDOW w AS (PARTITION BY e, … ORDER BY e, … [frame])",
                "frame: ROWS | GROUPS | RANGE BETWEEN bound AND bound; bound: UNBOUNDED PRECEDING | n PRECEDING | CURRENT ROW | n FOLLOWING | UNBOUNDED FOLLOWING",
            ],
            "An aggregate of the rows around each row: those of its frame. ROWS counts rows, GROUPS groups of rows that ORDER BY makes equal (peers), and the \
             bounds of RANGE are distances of the one expression in ORDER BY: numbers, or intervals where it is a date, a time or a timestamp. A frame that \
             is not written is all rows up to the current one and its peers; without ORDER BY the whole partition. Rows that are equal in the order come in the \
             order of their other columns.",
        )
        .gives(&[
            ("(SELECT ARRAY_AGG(y ORDER BY x) FROM (SELECT x, SUM(x) OVER (ORDER BY x) AS y FROM UNNEST(ARRAY[1, 3, 6]) AS u(x)) AS t)", "[1,4,10]"),
            ("(SELECT ARRAY_AGG(y ORDER BY x) FROM (SELECT x, COUNT(*) OVER () AS y FROM UNNEST(ARRAY[1, 3, 6]) AS u(x)) AS t)", "[3,3,3]"),
            (
                "(SELECT ARRAY_AGG(y ORDER BY x) FROM (SELECT x, SUM(x) OVER (ORDER BY x RANGE BETWEEN 3 PRECEDING AND CURRENT ROW) AS y FROM UNNEST(ARRAY[1, 3, 6]) AS u(x)) AS t)",
                "[1,4,9]",
            ),
            (
                "(SELECT ARRAY_AGG(y ORDER BY x) FROM (SELECT x, MAX(x) OVER w AS y FROM UNNEST(ARRAY[1, 3, 6]) AS u(x) WINDOW w AS (ORDER BY x ROWS BETWEEN 1 FOLLOWING AND 2 FOLLOWING)) AS t)",
                "[6,6,NULL]",
            ),
        ])
        .refuses(&[("SUM(DISTINCT 1) OVER ()", "DISTINCT over a window")]),
    ),
    syntax(
        Function::written(
            GRAMMAR,
            &["qualify"],
            &["SELECT … FROM … [WHERE …] [GROUP BY …] [HAVING …] [WINDOW …] QUALIFY condition"],
            "The rows for which a condition on the results of window functions is TRUE. It may name columns of the SELECT list.",
        )
        .gives(&[(
            "(SELECT ARRAY_AGG(x ORDER BY x) FROM (SELECT x FROM UNNEST(ARRAY[1, 3, 6]) AS u(x) QUALIFY ROW_NUMBER() OVER (ORDER BY x DESC) <= 2) AS t)",
            "[3,6]",
        )]),
    ),
];
