//! Words of queries; the parser, and the binder's `query.rs`, `from.rs`, `select.rs` and `set_operation.rs` know them.

use super::{Entry, syntax};
use weir_functions::catalog::{Family, Function};

const GRAMMAR: &[Family] = &[Family::Grammar];

pub(super) const ENTRIES: &[Entry] = &[
    syntax(
        Function::written(
            GRAMMAR,
            &["as"],
            &["e AS name", "relation AS name(column, …)"],
            "Names a column, or a relation and its columns.",
        )
        .gives(&[("(SELECT y FROM (SELECT 1 AS y) AS t)", "1"), ("(SELECT b FROM (VALUES (1, 2)) AS t(a, b))", "2")]),
    ),
    syntax(
        Function::written(GRAMMAR, &["."], &["relation.column"], "A column of a relation.")
            .gives(&[("(SELECT t.b FROM (VALUES (1, 2)) AS t(a, b))", "2")]),
    ),
    syntax(
        Function::written(
            GRAMMAR,
            &["values"],
            &["VALUES (e, …), …"],
            "Rows, written out; each column has a common type.",
        )
        .gives(&[("(SELECT SUM(x) FROM (VALUES (1), (2.5)) AS t(x))", "3.5")]),
    ),
    syntax(
        Function::written(GRAMMAR, &["union"], &["query UNION query"], "The rows of both, each once.")
            .gives(&[("(SELECT COUNT(*) FROM (SELECT 1 UNION SELECT 1 UNION SELECT NULL) AS t(x))", "2")]),
    ),
    syntax(
        Function::written(
            GRAMMAR,
            &["union all"],
            &["query UNION ALL query"],
            "The rows of both, as often as they are there.",
        )
        .gives(&[("(SELECT COUNT(*) FROM (SELECT 1 UNION ALL SELECT 1) AS t(x))", "2")]),
    ),
    syntax(
        Function::written(GRAMMAR, &["intersect"], &["query INTERSECT query"], "The rows that are in both, each once.")
            .gives(&[("(SELECT COUNT(*) FROM (VALUES (1), (2), (2) INTERSECT VALUES (2), (3)) AS t(x))", "1")]),
    ),
    syntax(
        Function::written(
            GRAMMAR,
            &["except", "minus"],
            &["query EXCEPT query", "query MINUS query"],
            "The rows of the first that are not in the second, each once.",
        )
        .gives(&[("(SELECT COUNT(*) FROM (VALUES (1), (1), (2) EXCEPT VALUES (2)) AS t(x))", "1")]),
    ),
    syntax(
        Function::written(
            GRAMMAR,
            &["except all", "minus all"],
            &["query EXCEPT ALL query"],
            "The rows of the first, as often as they are there more often than in the second. NULLs are equal.",
        )
        .gives(&[
            ("(SELECT COUNT(*) FROM (VALUES (1), (1), (2) EXCEPT ALL VALUES (1), (3)) AS t(x))", "2"),
            ("(SELECT COUNT(*) FROM (VALUES (1), (NULL) MINUS ALL VALUES (NULL)) AS t(x))", "1"),
        ]),
    ),
    syntax(
        Function::written(
            GRAMMAR,
            &["intersect all"],
            &["query INTERSECT ALL query"],
            "The rows that are in both, as often as they are in either at least.",
        )
        .gives(&[(
            "(SELECT COUNT(*) FROM (VALUES (1), (2), (2), (2) INTERSECT ALL VALUES (2), (2), (3)) AS t(x))",
            "2",
        )]),
    ),
];
