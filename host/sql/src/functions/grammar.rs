//! Words of queries; the parser, and the binder's `query.rs`, `from.rs`, `select.rs` and `set_operation.rs` know them.

use super::{Entry, Rule, syntax};
use crate::Span;
use crate::bind::{Binder, Bound, Cx, position};
use crate::expr::{METADATA, call};
use sqlparser::ast::Expr as Ast;
use weir_circuit::Expr;
use weir_functions::catalog::{Family, Function};
use weir_row::{ColumnType, SqlType};

const GRAMMAR: &[Family] = &[Family::Grammar];

fn grouping(binder: &mut Binder<'_>, name: &str, args: &[&Ast], at: Span, cx: &mut Cx<'_>) -> Bound<Expr> {
    binder.grouping(name, args, at, cx)
}

fn connector_metadata(binder: &mut Binder<'_>, _: &str, args: &[&Ast], at: Span, cx: &mut Cx<'_>) -> Bound<Expr> {
    if !args.is_empty() {
        return Err(binder.error(at, "CONNECTOR_METADATA takes 0 arguments"));
    }
    if cx.clause != "DEFAULT" {
        let hint = "give a column of the table this DEFAULT, and read the column";
        return Err(binder.error_hint(at, "CONNECTOR_METADATA() stands in the DEFAULT of a table's column only", hint));
    }
    Ok(Expr { ty: ColumnType::nullable(SqlType::Variant), ..call(METADATA, vec![], SqlType::Variant, position(at)) })
}

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        function: Function::written(
            GRAMMAR,
            &["connector_metadata"],
            &["CREATE TABLE t (column type DEFAULT CONNECTOR_METADATA(), …)"],
            "What a connector tells of a record beside it, as a VARIANT that holds a MAP by names such as `kafka_topic`: see the \
             transports in `docs/connectors.md`. NULL for what came by HTTP, from files, or by INSERT. A DEFAULT may compute of it, as in \
             `offset BIGINT DEFAULT CAST(CONNECTOR_METADATA()['kafka_offset'] AS BIGINT)`; what fails is the record's error.",
        )
        .refuses(&[("CONNECTOR_METADATA()", "DEFAULT")]),
        rule: Rule::Written(connector_metadata),
    },
    syntax(
        Function::written(
            GRAMMAR,
            &["as"],
            &["e AS name", "relation AS name(column, …)"],
            "Names a column, or a relation and its columns. A column's name may be used to its right in the SELECT list, in GROUP BY and \
             in HAVING; a column of FROM of the same name goes before it.",
        )
        .gives(&[("(SELECT y FROM (SELECT 1 AS y) AS t)", "1"), ("(SELECT b FROM (VALUES (1, 2)) AS t(a, b))", "2"),
            ("(SELECT c FROM (SELECT a + 1 AS b, b * 2 AS c FROM (VALUES (1)) AS t(a)) AS s)", "4"),
        ]),
    ),
    syntax(
        Function::written(GRAMMAR, &["."], &["relation.column"], "A column of a relation.")
            .gives(&[("(SELECT t.b FROM (VALUES (1, 2)) AS t(a, b))", "2")]),
    ),
    syntax(
        Function::written(
            GRAMMAR,
            &["default"],
            &["CREATE TABLE t (column type DEFAULT e, …)"],
            "What a record has that leaves the column out: a constant, or what is made of CONNECTOR_METADATA(). It is written in the declaration of a table only.",
        )
        .refuses(&[("DEFAULT", "not found")]),
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
        Function::written(
            GRAMMAR,
            &["lateral"],
            &["FROM t, LATERAL (query)", "t [LEFT] JOIN LATERAL (query) ON condition", "t CROSS APPLY (query)", "t OUTER APPLY (query)"],
            "A subquery of FROM that reads columns of what stands to the left of it: its rows for each row there. With LEFT JOIN and \
             OUTER APPLY a row that has none is there once, with NULLs.",
        )
        .gives(&[
            ("(SELECT SUM(y) FROM (VALUES (1), (2)) AS t(x), LATERAL (SELECT x * 10 AS y) AS l)", "30"),
            ("(SELECT COUNT(*) FROM (VALUES (1), (2)) AS t(x) OUTER APPLY (SELECT 1 AS y WHERE x > 1) AS l)", "2"),
        ]),
    ),
    syntax(
        Function::written(
            GRAMMAR,
            &["asof join"],
            &["l [LEFT] ASOF JOIN r MATCH_CONDITION (l.ts >= r.ts) ON l.key = r.key AND …"],
            "Each left row with the closest right row: of those with the same keys the last one that is not later. The condition may be `>=`, `>`, `<=` or `<`; of \
             several right rows at one time it is always the same one. With LEFT a row that has no match is there once, with NULLs. A NULL matches nothing.",
        )
        .gives(&[
            (
                "(SELECT MAX(r.y) FROM (VALUES (5)) AS l(t) LEFT ASOF JOIN (VALUES (1, 'a'), (4, 'b'), (9, 'c')) AS r(t, y) MATCH_CONDITION (l.t >= r.t))",
                "b",
            ),
            (
                "(SELECT COUNT(*) FROM (VALUES (1, 5), (2, 5)) AS l(k, t) ASOF JOIN (VALUES (1, 4)) AS r(k, t) MATCH_CONDITION (l.t > r.t) ON l.k = r.k)",
                "1",
            ),
        ]),
    ),
    syntax(
        Function::written(
            GRAMMAR,
            &["declare recursive view", "with recursive"],
            &[
                "DECLARE RECURSIVE VIEW name (column type [NOT NULL], …); … CREATE [LOCAL | MATERIALIZED] VIEW name AS query;",
                "WITH RECURSIVE name [(column, …)] AS (base UNION step), … query",
            ],
            "A view whose query reads the view itself, or others that read it. DECLARE says its columns, and what follows may use it; the \
             definition, later on, must yield columns of the same names and types. The view is what is left when its query is evaluated again \
             and again, beginning with no rows, until nothing changes; each row is there once. Several views that read each other are \
             evaluated together. The query may join the view with itself, aggregate it, or ask for what is not in it, but not put it in \
             order by a window function. What has not settled after 100,000 rounds is a run-time error. A change of the tables costs what it \
             changes of each round, not the rounds anew. WITH RECURSIVE is a recursive view for one query: the rows of `base`, what `step`, which \
             reads `name`, makes of them, and so on. The types are those of `base`; each row is there once, with UNION ALL too (a \
             warning says so); a step reads no query that comes later in the list.",
        )
        .gives(&[
            ("(WITH RECURSIVE r(n) AS (SELECT 1 UNION SELECT n + 1 FROM r WHERE n < 10) SELECT SUM(n) FROM r)", "55"),
            ("(WITH RECURSIVE e(a, b) AS (VALUES (1, 2), (2, 3), (3, 1)), \
               c AS (SELECT a, b FROM e UNION SELECT c.a, e.b FROM c JOIN e ON c.b = e.a) SELECT COUNT(*) FROM c)", "9"),
        ]),
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
    syntax(
        Function::written(
            GRAMMAR,
            &["grouping sets"],
            &["GROUP BY GROUPING SETS ((k, …), …)"],
            "Groups by each of the sets of keys; a key that a set has not got is NULL. The empty set is one group of all rows. \
             Beside other keys, each set is taken together with them. GROUP BY DISTINCT leaves out sets that are there already.",
        )
        .gives(&[
            ("(SELECT MAX(n) FROM (SELECT a, b, COUNT(*) AS n FROM (VALUES (1, 2), (1, 3)) AS t(a, b) GROUP BY GROUPING SETS ((a), (b), ())) AS g)", "2"),
            ("(SELECT COUNT(*) FROM (SELECT a, b FROM (VALUES (1, 2), (1, 3)) AS t(a, b) GROUP BY GROUPING SETS ((a), (b), ())) AS g)", "4"),
            ("(SELECT COUNT(*) FROM (SELECT a FROM (VALUES (1), (2)) AS t(a) GROUP BY DISTINCT GROUPING SETS ((a), (a), ())) AS g)", "3"),
        ]),
    ),
    syntax(
        Function::written(
            GRAMMAR,
            &["rollup"],
            &["GROUP BY ROLLUP (k, …)"],
            "Grouping sets: all keys, all but the last, and so on to none. Keys in parentheses are one.",
        )
        .gives(&[
            ("(SELECT COUNT(*) FROM (SELECT a, b FROM (VALUES (1, 2), (1, 3)) AS t(a, b) GROUP BY ROLLUP (a, b)) AS g)", "4"),
            ("(SELECT SUM(n) FROM (SELECT COALESCE(a, 'all') AS a, COUNT(*) AS n FROM (VALUES ('x'), ('y')) AS t(a) GROUP BY ROLLUP (a)) AS g WHERE a = 'all')", "2"),
        ]),
    ),
    syntax(
        Function::written(GRAMMAR, &["cube"], &["GROUP BY CUBE (k, …)"], "Grouping sets: all subsets of the keys.")
            .gives(&[("(SELECT COUNT(*) FROM (SELECT a, b FROM (VALUES (1, 2), (1, 3)) AS t(a, b) GROUP BY CUBE (a, b)) AS g)", "6")]),
    ),
    Entry {
        function: Function::written(
            GRAMMAR,
            &["grouping", "grouping_id"],
            &["GROUPING(k, …) → BIGINT", "GROUPING_ID(k, …) → BIGINT"],
            "Which keys a group's grouping set has not got: a bit for each argument, the last one's the lowest, 1 if it is \
             aggregated away.",
        )
        .gives(&[
            ("(SELECT MAX(i) FROM (SELECT GROUPING_ID(a, b) AS i FROM (VALUES (1, 2)) AS t(a, b) GROUP BY ROLLUP (a, b)) AS g)", "3"),
            ("(SELECT n FROM (SELECT a, COUNT(*) AS n FROM (VALUES (1), (NULL)) AS t(a) GROUP BY ROLLUP (a) HAVING GROUPING(a) = 1) AS g)", "2"),
        ])
        .refuses(&[("(SELECT GROUPING(b) FROM (VALUES (1, 2)) AS t(a, b) GROUP BY a)", "an argument of GROUPING must be a key of GROUP BY")]),
        rule: Rule::Written(grouping),
    },
    syntax(
        Function::written(
            &[Family::Grammar, Family::Table],
            &["table"],
            &["TABLE name", "TABLE(function(TABLE name, …))"],
            "All of a table or a view, as a query; and how a function of tables is called in FROM.",
        )
        .gives(&[
            ("(WITH t(a) AS (VALUES (1), (2)) SELECT SUM(a) FROM (TABLE t) AS s)", "3"),
            (
                "(WITH t AS (SELECT DATE '2026-08-07' AS d) SELECT COUNT(*) FROM TABLE(HOP(TABLE t, DESCRIPTOR(d), INTERVAL 1 DAY, INTERVAL 3 DAYS)))",
                "3",
            ),
        ]),
    ),
    syntax(
        Function::written(
            GRAMMAR,
            &["*"],
            &["SELECT *", "SELECT relation.*", "SELECT * EXCLUDE (column, …)", "SELECT * EXCEPT (column, …)", "SELECT * REPLACE (e AS column, …)"],
            "All columns of FROM, or of one of its relations; without some; with others in place of some.",
        )
        .gives(&[
            ("(SELECT * EXCLUDE (a) FROM (VALUES (1, 2)) AS t(a, b))", "2"),
            ("(SELECT * EXCEPT (a) REPLACE (b + 1 AS b) FROM (VALUES (1, 2)) AS t(a, b))", "3"),
        ])
        .refuses(&[("(SELECT * EXCLUDE (c) FROM (VALUES (1)) AS t(a))", "there is no column 'c' to leave out")]),
    ),
    syntax(
        Function::written(
            &[Family::Aggregates, Family::Grammar],
            &["pivot"],
            &["relation PIVOT (aggregate AS name, … FOR e IN (value AS name, …))"],
            "Groups by the columns that are neither in an aggregate nor after FOR; each aggregate becomes a column for each value, of the \
             rows where the expression is that value: NULL if there are none, a count 0. The columns are called *value_aggregate*, or by the value \
             where the aggregate has no name; a value without a name is called as it is written. (a, b) stands for several expressions and \
             their values.",
        )
        .gives(&[
            ("(SELECT CONCAT_WS(' ', x_s, y_s) FROM (VALUES ('x', 1), ('x', 2), ('y', 4)) AS t(k, v) PIVOT (SUM(v) AS s FOR k IN ('x' AS x, 'y' AS y)))", "3 4"),
            ("(SELECT z FROM (VALUES ('x', 1)) AS t(k, v) PIVOT (COUNT(v) FOR k IN ('z' AS z)))", "0"),
            ("(SELECT z FROM (VALUES ('x', 1)) AS t(k, v) PIVOT (MAX(v) FOR k IN ('z' AS z)))", "NULL"),
        ])
        .refuses(&[("(SELECT * FROM (VALUES ('x', 1)) AS t(k, v) PIVOT (MAX(v) FOR k IN (ANY)))", "PIVOT takes a list of constants")]),
    ),
    syntax(
        Function::written(
            GRAMMAR,
            &["unpivot"],
            &["relation UNPIVOT [INCLUDING NULLS | EXCLUDING NULLS] (value FOR name IN (column AS 'text', …))"],
            "For each row a row for each column of the list: its name or text, and its value; beside the columns that are not in the list. \
             Values that are NULL are left out, unless INCLUDING NULLS says otherwise. (v, w) stands for several values, and each of the list for \
             as many columns.",
        )
        .gives(&[
            ("(SELECT SUM(v) FROM (VALUES (1, 2), (3, NULL)) AS t(a, b) UNPIVOT (v FOR k IN (a, b)))", "6"),
            ("(SELECT COUNT(*) FROM (VALUES (1, 2), (3, NULL)) AS t(a, b) UNPIVOT (v FOR k IN (a, b)))", "3"),
            ("(SELECT COUNT(*) FROM (VALUES (1, 2), (3, NULL)) AS t(a, b) UNPIVOT INCLUDING NULLS (v FOR k IN (a, b)))", "4"),
            ("(SELECT k FROM (VALUES (1, 2)) AS t(a, b) UNPIVOT (v FOR k IN (a, b AS 'second')) WHERE v = 2)", "second"),
        ]),
    ),
    syntax(
        Function::written(
            GRAMMAR,
            &["distinct on"],
            &["SELECT DISTINCT ON (k, …) … ORDER BY k, …, e, …"],
            "The first row of each key, in the order of the query, which begins with the key.",
        )
        .gives(&[
            ("(SELECT SUM(b) FROM (SELECT DISTINCT ON (a) a, b FROM (VALUES (1, 2), (1, 3), (2, 5)) AS t(a, b) ORDER BY a, b DESC) AS f)", "8"),
            ("(SELECT SUM(b) FROM (SELECT DISTINCT ON (a) b FROM (VALUES (1, 2), (1, 3), (2, 5)) AS t(a, b) ORDER BY a, b) AS f)", "7"),
        ])
        .refuses(&[("(SELECT DISTINCT ON (a) b FROM (VALUES (1, 2)) AS t(a, b) ORDER BY b)", "ORDER BY must begin with the expressions of DISTINCT ON")]),
    ),
];
