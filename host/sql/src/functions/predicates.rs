//! Three-valued logic and what is asked of values: AND, IS NULL, BETWEEN, IN and their like, which the binder knows (`bind/expr.rs`,
//! `bind/compare.rs`, `bind/subquery.rs`).

use super::{Entry, syntax};
use weir_functions::catalog::{Family, Function};

const BOTH: &[Family] = &[Family::Operators, Family::Comparisons];

pub(super) const ENTRIES: &[Entry] =
    &[
        syntax(
            Function::written(
                &[Family::Boolean],
                &["and"],
                &["a AND b → BOOLEAN"],
                "FALSE if an operand is FALSE, else NULL if one is NULL. What comes after a FALSE is not evaluated.",
            )
            .gives(&[("FALSE AND NULL", "FALSE"), ("TRUE AND NULL", "NULL"), ("TRUE AND TRUE", "TRUE")])
            .refuses(&[("1 AND TRUE", "needs a BOOLEAN")]),
        ),
        syntax(
            Function::written(
                &[Family::Boolean],
                &["or"],
                &["a OR b → BOOLEAN"],
                "TRUE if an operand is TRUE, else NULL if one is NULL. What comes after a TRUE is not evaluated.",
            )
            .gives(&[("TRUE OR NULL", "TRUE"), ("FALSE OR NULL", "NULL"), ("FALSE OR FALSE", "FALSE")]),
        ),
        syntax(
            Function::written(&[Family::Boolean], &["not"], &["NOT a → BOOLEAN"], "The opposite; NULL of NULL.")
                .gives(&[("NOT TRUE", "FALSE"), ("NOT NULL", "NULL"), ("NOT 1 = 2", "TRUE")]),
        ),
        syntax(
            Function::written(BOTH, &["is null"], &["e IS NULL → BOOLEAN NOT NULL"], "Whether a value is NULL.")
                .gives(&[("NULL IS NULL", "TRUE"), ("'' IS NULL", "FALSE")]),
        ),
        syntax(
            Function::written(
                BOTH,
                &["is not null"],
                &["e IS NOT NULL → BOOLEAN NOT NULL"],
                "Whether a value is not NULL.",
            )
            .gives(&[("NULL IS NOT NULL", "FALSE"), ("0 IS NOT NULL", "TRUE")]),
        ),
        syntax(
            Function::written(
                &[Family::Operators],
                &["is true"],
                &["e IS TRUE → BOOLEAN NOT NULL"],
                "Whether a BOOLEAN is TRUE; NULL is not.",
            )
            .gives(&[("NULL IS TRUE", "FALSE"), ("1 = 1 IS TRUE", "TRUE")]),
        ),
        syntax(
            Function::written(
                &[Family::Operators],
                &["is not true"],
                &["e IS NOT TRUE → BOOLEAN NOT NULL"],
                "Whether a BOOLEAN is FALSE or NULL.",
            )
            .gives(&[("NULL IS NOT TRUE", "TRUE"), ("TRUE IS NOT TRUE", "FALSE")]),
        ),
        syntax(
            Function::written(
                &[Family::Operators],
                &["is false"],
                &["e IS FALSE → BOOLEAN NOT NULL"],
                "Whether a BOOLEAN is FALSE; NULL is not.",
            )
            .gives(&[("NULL IS FALSE", "FALSE"), ("(1 = 2) IS FALSE", "TRUE")]),
        ),
        syntax(
            Function::written(
                &[Family::Operators],
                &["is not false"],
                &["e IS NOT FALSE → BOOLEAN NOT NULL"],
                "Whether a BOOLEAN is TRUE or NULL.",
            )
            .gives(&[("NULL IS NOT FALSE", "TRUE"), ("FALSE IS NOT FALSE", "FALSE")]),
        ),
        syntax(
            Function::written(
                &[Family::Operators],
                &["is unknown"],
                &["e IS UNKNOWN → BOOLEAN NOT NULL"],
                "Whether a BOOLEAN is NULL.",
            )
            .gives(&[("NULL IS UNKNOWN", "TRUE"), ("FALSE IS UNKNOWN", "FALSE")])
            .refuses(&[("1 IS UNKNOWN", "needs a BOOLEAN")]),
        ),
        syntax(
            Function::written(
                &[Family::Operators],
                &["is not unknown"],
                &["e IS NOT UNKNOWN → BOOLEAN NOT NULL"],
                "Whether a BOOLEAN is not NULL.",
            )
            .gives(&[("NULL IS NOT UNKNOWN", "FALSE"), ("FALSE IS NOT UNKNOWN", "TRUE")]),
        ),
        syntax(
            Function::written(
                BOTH,
                &["between"],
                &["e BETWEEN low AND high → BOOLEAN"],
                "`low <= e AND e <= high`, three-valued.",
            )
            .gives(&[
                ("5 BETWEEN 1 AND 9", "TRUE"),
                ("5 BETWEEN 9 AND 1", "FALSE"),
                ("0 BETWEEN 1 AND NULL", "FALSE"),
            ]),
        ),
        syntax(
            Function::written(
                &[Family::Comparisons],
                &["not between"],
                &["e NOT BETWEEN low AND high → BOOLEAN"],
                "The opposite of BETWEEN.",
            )
            .gives(&[("5 NOT BETWEEN 1 AND 9", "FALSE"), ("5 NOT BETWEEN 1 AND NULL", "NULL")]),
        ),
        syntax(
            Function::written(
                &[Family::Comparisons],
                &["not between symmetric"],
                &["e NOT BETWEEN SYMMETRIC a AND b → BOOLEAN"],
                "The opposite of BETWEEN SYMMETRIC.",
            )
            .gives(&[
                ("5 NOT BETWEEN SYMMETRIC 9 AND 1", "FALSE"),
                ("0 NOT BETWEEN SYMMETRIC 9 AND 1", "TRUE"),
                ("NULL NOT BETWEEN SYMMETRIC 9 AND 1", "NULL"),
            ]),
        ),
        syntax(
            Function::written(
                &[Family::Comparisons],
                &["in"],
                &["e IN (a, …) → BOOLEAN", "e IN (query) → BOOLEAN"],
                "Whether the value is among others. If not, but a NULL is, the answer is NULL; among none it is FALSE.",
            )
            .gives(&[
                ("1 IN (1, NULL)", "TRUE"),
                ("1 IN (2, NULL)", "NULL"),
                ("'2' IN (1, 2)", "TRUE"),
                ("3 IN (SELECT 1 UNION ALL SELECT 3)", "TRUE"),
            ]),
        ),
        syntax(
            Function::written(
                &[Family::Comparisons],
                &["not in"],
                &["e NOT IN (a, …) → BOOLEAN", "e NOT IN (query) → BOOLEAN"],
                "The opposite of IN.",
            )
            .gives(&[
                ("1 NOT IN (2, 3)", "TRUE"),
                ("1 NOT IN (2, NULL)", "NULL"),
                ("1 NOT IN (SELECT 1)", "FALSE"),
            ]),
        ),
        syntax(
            Function::written(
                &[Family::Comparisons],
                &["exists"],
                &["EXISTS (query) → BOOLEAN NOT NULL"],
                "Whether a query has a row.",
            )
            .gives(&[("EXISTS (SELECT NULL)", "TRUE"), ("EXISTS (SELECT 1 WHERE FALSE)", "FALSE")]),
        ),
        syntax(
            Function::written(
                &[Family::Comparisons],
                &["any"],
                &["e op ANY (query) → BOOLEAN", "e op SOME (query) → BOOLEAN"],
                "Whether a comparison holds for a row of a query with one column: FALSE if there is no row; NULL if it holds for none, and is NULL \
                 for one. = ANY is IN.",
            )
            .gives(&[
                ("2 > ANY (SELECT x FROM (VALUES (1), (3)) AS t(x))", "TRUE"),
                ("1 > ANY (SELECT x FROM (VALUES (1), (NULL)) AS t(x))", "NULL"),
                ("1 <> SOME (SELECT x FROM (VALUES (1)) AS t(x))", "FALSE"),
                ("NULL > ANY (SELECT x FROM (VALUES (1)) AS t(x) WHERE x > 1)", "FALSE"),
            ])
            .refuses(&[("1 = ANY (2)", "ANY takes a subquery")]),
        ),
        syntax(
            Function::written(
                &[Family::Comparisons],
                &["all"],
                &["e op ALL (query) → BOOLEAN"],
                "Whether a comparison holds for all rows of a query with one column: TRUE if there is no row; NULL if it fails for none, and is \
                 NULL for one. <> ALL is NOT IN.",
            )
            .gives(&[
                ("3 >= ALL (SELECT x FROM (VALUES (1), (3)) AS t(x))", "TRUE"),
                ("3 > ALL (SELECT x FROM (VALUES (1), (3), (NULL)) AS t(x))", "FALSE"),
                ("4 > ALL (SELECT x FROM (VALUES (1), (3), (NULL)) AS t(x))", "NULL"),
                ("1 = ALL (SELECT x FROM (VALUES (1), (1)) AS t(x))", "TRUE"),
            ]),
        ),
    ];
