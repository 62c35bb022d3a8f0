//! Functions of groups of rows; the binder's `aggregate.rs` makes them.

use super::{Entry, Rule};
use weir_functions::catalog::{Family, Function};

const fn aggregate(function: Function) -> Entry {
    Entry { function, rule: Rule::Aggregate }
}

const AGGREGATES: &[Family] = &[Family::Aggregates];

pub(super) const ENTRIES: &[Entry] = &[
    aggregate(
        Function::written(
            AGGREGATES,
            &["count"],
            &["COUNT(*) → BIGINT", "COUNT([DISTINCT] e) → BIGINT", "COUNT(a, b, …) → BIGINT"],
            "The number of rows; with arguments, of those in which all are not NULL.",
        )
        .gives(&[
            ("(SELECT COUNT(*) FROM (VALUES (1), (NULL)) AS t(x))", "2"),
            ("(SELECT COUNT(x) FROM (VALUES (1), (NULL)) AS t(x))", "1"),
            ("(SELECT COUNT(DISTINCT x) FROM (VALUES (1), (2), (1)) AS t(x))", "2"),
            ("(SELECT COUNT(*) FROM (VALUES (1)) AS t(x) WHERE x > 1)", "0"),
        ]),
    ),
    aggregate(
        Function::written(
            AGGREGATES,
            &["countif"],
            &["COUNTIF(condition) → BIGINT"],
            "The number of rows for which it is TRUE.",
        )
        .gives(&[("(SELECT COUNTIF(x > 1) FROM (VALUES (1), (2), (NULL)) AS t(x))", "1")]),
    ),
    aggregate(
        Function::written(
            AGGREGATES,
            &["sum"],
            &["SUM([DISTINCT] number) → same type"],
            "The sum of those that are not NULL; NULL if there are none. A sum that does not fit the type \
             stops the pipeline.",
        )
        .gives(&[
            ("(SELECT SUM(x) FROM (VALUES (1), (2), (NULL)) AS t(x))", "3"),
            ("(SELECT SUM(x) FROM (VALUES (CAST(NULL AS INT))) AS t(x))", "NULL"),
            ("(SELECT SUM(DISTINCT x) FROM (VALUES (1), (1)) AS t(x))", "1"),
        ])
        .fails(&[("(SELECT SUM(x) FROM (VALUES (2147483647), (1)) AS t(x))", "")]),
    ),
    aggregate(
        Function::written(
            AGGREGATES,
            &["avg"],
            &["AVG([DISTINCT] number) → same type"],
            "The mean of those that are not NULL; of integers and decimals cut toward zero.",
        )
        .gives(&[
            ("(SELECT AVG(x) FROM (VALUES (1), (2)) AS t(x))", "1"),
            ("(SELECT AVG(x) FROM (VALUES (1e0), (2e0), (NULL)) AS t(x))", "1.5"),
            ("(SELECT AVG(x) FROM (VALUES (1)) AS t(x) WHERE x > 1)", "NULL"),
        ]),
    ),
    aggregate(Function::written(AGGREGATES, &["min"], &["MIN(e) → same type"], "The least that is not NULL.").gives(
        &[
            ("(SELECT MIN(x) FROM (VALUES (2), (NULL), (1)) AS t(x))", "1"),
            ("(SELECT MIN(x) FROM (VALUES (CAST(NULL AS INT))) AS t(x))", "NULL"),
        ],
    )),
    aggregate(
        Function::written(
            AGGREGATES,
            &["max"],
            &["MAX(e) → same type"],
            "The greatest that is not NULL; NaN is the greatest number.",
        )
        .gives(&[
            ("(SELECT MAX(x) FROM (VALUES ('a'), (NULL), ('B')) AS t(x))", "a"),
            ("(SELECT MAX(x) FROM (VALUES (1e0), (DOUBLE 'NaN')) AS t(x))", "NaN"),
        ]),
    ),
    aggregate(
        Function::written(
            AGGREGATES,
            &["bool_and", "every", "logical_and"],
            &["BOOL_AND(condition) → BOOLEAN"],
            "Whether all that are not NULL are TRUE; NULL if there are none.",
        )
        .gives(&[
            ("(SELECT BOOL_AND(x > 0) FROM (VALUES (1), (NULL)) AS t(x))", "TRUE"),
            ("(SELECT EVERY(x > 1) FROM (VALUES (1), (2)) AS t(x))", "FALSE"),
            ("(SELECT LOGICAL_AND(x > 1) FROM (VALUES (1)) AS t(x) WHERE FALSE)", "NULL"),
        ]),
    ),
    aggregate(
        Function::written(
            AGGREGATES,
            &["bool_or", "some", "logical_or"],
            &["BOOL_OR(condition) → BOOLEAN"],
            "Whether one is TRUE; NULL if all are NULL, or there are none.",
        )
        .gives(&[
            ("(SELECT BOOL_OR(x > 1) FROM (VALUES (1), (2), (NULL)) AS t(x))", "TRUE"),
            ("(SELECT LOGICAL_OR(x > 1) FROM (VALUES (1)) AS t(x))", "FALSE"),
        ]),
    ),
    aggregate(
        Function::written(
            AGGREGATES,
            &["arg_max"],
            &["ARG_MAX(value, key) → type of value"],
            "The value at the greatest key; rows whose key is NULL are left out.",
        )
        .gives(&[("(SELECT ARG_MAX(v, k) FROM (VALUES ('a', 1), ('b', 2), ('c', NULL)) AS t(v, k))", "b")]),
    ),
    aggregate(
        Function::written(
            AGGREGATES,
            &["arg_min"],
            &["ARG_MIN(value, key) → type of value"],
            "The value at the least key; rows whose key is NULL are left out.",
        )
        .gives(&[("(SELECT ARG_MIN(v, k) FROM (VALUES ('a', 1), ('b', 2), ('c', NULL)) AS t(v, k))", "a")]),
    ),
    aggregate(
        Function::written(AGGREGATES, &["bit_and"], &["BIT_AND(integer) → same type", "BIT_AND(binary) → same type"], "The bits that all have.")
            .gives(&[("(SELECT BIT_AND(x) FROM (VALUES (6), (3), (NULL)) AS t(x))", "2")]),
    ),
    aggregate(
        Function::written(AGGREGATES, &["bit_or"], &["BIT_OR(integer) → same type", "BIT_OR(binary) → same type"], "The bits that one has.")
            .gives(&[("(SELECT BIT_OR(x) FROM (VALUES (6), (3), (NULL)) AS t(x))", "7")]),
    ),
    aggregate(
        Function::written(
            AGGREGATES,
            &["bit_xor"],
            &["BIT_XOR([DISTINCT] integer) → same type", "BIT_XOR([DISTINCT] binary) → same type"],
            "The bits that an odd number of them have.",
        )
        .gives(&[("(SELECT BIT_XOR(x) FROM (VALUES (6), (3), (NULL)) AS t(x))", "5")]),
    ),
    aggregate(
        Function::written(
            AGGREGATES,
            &["covar_pop"],
            &["COVAR_POP(y, x) → same type"],
            "Covariance of a population; pairs with a NULL are left out.",
        )
        .gives(&[("(SELECT COVAR_POP(y, x) FROM (VALUES (1e0, 1), (3e0, 3e0), (5, NULL)) AS t(y, x))", "1.0")]),
    ),
    aggregate(
        Function::written(
            AGGREGATES,
            &["covar_samp"],
            &["COVAR_SAMP(y, x) → same type"],
            "Covariance of a sample; NULL of fewer than two pairs.",
        )
        .gives(&[
            ("(SELECT COVAR_SAMP(y, x) FROM (VALUES (1e0, 1), (3e0, 3e0), (5, NULL)) AS t(y, x))", "2.0"),
            ("(SELECT COVAR_SAMP(y, x) FROM (VALUES (1e0, 1e0)) AS t(y, x))", "NULL"),
        ]),
    ),
    aggregate(
        Function::written(AGGREGATES, &["mode"], &["MODE(e) → same type"], "The most frequent value.")
            .gives(&[("(SELECT MODE(x) FROM (VALUES (1), (2), (1)) AS t(x))", "1")]),
    ),
    aggregate(
        Function::written(
            AGGREGATES,
            &["regr_count"],
            &["REGR_COUNT(y, x) → BIGINT"],
            "The number of pairs without NULL.",
        )
        .gives(&[("(SELECT REGR_COUNT(y, x) FROM (VALUES (1e0, 1), (3e0, 3e0), (5, NULL)) AS t(y, x))", "2")]),
    ),
    aggregate(
        Function::written(
            AGGREGATES,
            &["regr_sxx"],
            &["REGR_SXX(y, x) → same type"],
            "The sum of squares of the distances of x from its mean, over pairs without NULL.",
        )
        .gives(&[("(SELECT REGR_SXX(y, x) FROM (VALUES (1e0, 1), (3e0, 3e0), (5, NULL)) AS t(y, x))", "2.0")]),
    ),
    aggregate(
        Function::written(
            AGGREGATES,
            &["regr_syy"],
            &["REGR_SYY(y, x) → same type"],
            "The sum of squares of the distances of y from its mean, over pairs without NULL.",
        )
        .gives(&[("(SELECT REGR_SYY(y, x) FROM (VALUES (1e0, 1), (3e0, 3e0), (5, NULL)) AS t(y, x))", "2.0")]),
    ),
    aggregate(
        Function::written(
            AGGREGATES,
            &["stddev", "stddev_samp"],
            &["STDDEV([DISTINCT] number) → same type"],
            "Standard deviation of a sample; NULL of one row.",
        )
        .gives(&[
            ("(SELECT STDDEV(x) FROM (VALUES (1e0), (3e0), (NULL)) AS t(x))", "1.4142135623730951"),
            ("(SELECT STDDEV_SAMP(x) FROM (VALUES (1e0)) AS t(x))", "NULL"),
        ]),
    ),
    aggregate(
        Function::written(
            AGGREGATES,
            &["stddev_pop"],
            &["STDDEV_POP([DISTINCT] number) → same type"],
            "Standard deviation of a population.",
        )
        .gives(&[("(SELECT STDDEV_POP(x) FROM (VALUES (1e0), (3e0), (NULL)) AS t(x))", "1.0")]),
    ),
    aggregate(
        Function::written(
            AGGREGATES,
            &["variance", "var_samp"],
            &["VARIANCE([DISTINCT] number) → same type"],
            "Variance of a sample; NULL of one row.",
        )
        .gives(&[
            ("(SELECT VARIANCE(x) FROM (VALUES (1e0), (3e0), (NULL)) AS t(x))", "2.0"),
            ("(SELECT VAR_SAMP(x) FROM (VALUES (1)) AS t(x))", "NULL"),
        ]),
    ),
    aggregate(
        Function::written(AGGREGATES, &["var_pop"], &["VAR_POP([DISTINCT] number) → same type"], "Variance of a population.")
            .gives(&[
                ("(SELECT VAR_POP(x) FROM (VALUES (1e0), (3e0), (NULL)) AS t(x))", "1.0"),
                ("(SELECT VAR_POP(x) FROM (VALUES (1), (4)) AS t(x))", "2"),
            ]),
    ),
    aggregate(
        Function::written(
            AGGREGATES,
            &["array_agg"],
            &["ARRAY_AGG([DISTINCT] e [RESPECT | IGNORE NULLS] [ORDER BY key [ASC | DESC] [NULLS FIRST | LAST], …]) → ARRAY"],
            "The values as an array, NULLs too unless they are ignored; without ORDER BY ascending, NULLs last. No values make an \
             empty array.",
        )
        .gives(&[
            ("(SELECT ARRAY_AGG(x) FROM (VALUES (NULL), (2)) AS t(x))", "[2,NULL]"),
            (
                "(SELECT ARRAY_AGG(x IGNORE NULLS ORDER BY x DESC) FROM (VALUES (2), (3), (NULL), (2)) AS t(x))",
                "[3,2,2]",
            ),
            ("(SELECT ARRAY_AGG(DISTINCT x) FROM (VALUES ('b'), ('a'), ('b')) AS t(x))", "[a,b]"),
            ("(SELECT ARRAY_AGG(x) FROM (VALUES (1)) AS t(x) WHERE x > 1)", "[]"),
        ]),
    ),
    super::syntax(
        Function::written(
            AGGREGATES,
            &["array"],
            &["ARRAY(SELECT e …) → ARRAY", "ARRAY(SELECT a, b, … …) → ROW ARRAY"],
            "The rows of a query as an array, ascending, NULLs last; of several columns each row is a ROW.",
        )
        .gives(&[
            ("ARRAY(SELECT x FROM (VALUES (3), (1), (NULL)) AS t(x))", "[1,3,NULL]"),
            ("ARRAY(SELECT x, y FROM (VALUES (1, 'a'), (0, 'b')) AS t(x, y))", "[(0,b),(1,a)]"),
            ("ARRAY(SELECT x FROM (VALUES (3)) AS t(x) WHERE x > 3)", "[]"),
        ]),
    ),
    super::syntax(
        Function::written(
            AGGREGATES,
            &["map"],
            &["MAP(SELECT key, value …) → MAP"],
            "The rows of a query as a map. Of equal keys the largest value stays; a key that is NULL stops the pipeline.",
        )
        .gives(&[
            ("MAP(SELECT k, v FROM (VALUES ('a', 1), ('b', 2), ('a', 7)) AS t(k, v))", "{a:7,b:2}"),
            ("MAP(SELECT k, k FROM (VALUES (1)) AS t(k) WHERE k > 1)", "{}"),
        ])
        .fails(&[("MAP(SELECT k, 1 FROM (VALUES (1), (NULL)) AS t(k))", "NULL")])
        .refuses(&[("MAP(SELECT k FROM (VALUES (1)) AS t(k))", "2 columns")]),
    ),
    super::syntax(
        Function::written(
            AGGREGATES,
            &["within distinct"],
            &["aggregate(…) WITHIN DISTINCT (key, …) [FILTER (WHERE condition)]"],
            "Rows of a group that have equal keys are one row to the aggregate. They must have the same arguments, else the pipeline \
             stops.",
        )
        .gives(&[
            ("(SELECT SUM(x) WITHIN DISTINCT (k) FROM (VALUES (1, 5), (1, 5), (2, 5)) AS t(k, x))", "10"),
            ("(SELECT COUNT(*) WITHIN DISTINCT (k) FROM (VALUES (1), (1), (NULL)) AS t(k))", "2"),
        ])
        .fails(&[("(SELECT SUM(x) WITHIN DISTINCT (k) FROM (VALUES (1, 5), (1, 6)) AS t(k, x))", "more than one value")]),
    ),
    super::syntax(
        Function::written(
            AGGREGATES,
            &["filter"],
            &["aggregate(…) FILTER (WHERE condition)"],
            "The aggregate sees only the rows for which the condition is TRUE.",
        )
        .gives(&[("(SELECT SUM(x) FILTER (WHERE x > 1) FROM (VALUES (1), (2), (4)) AS t(x))", "6")]),
    ),
];
