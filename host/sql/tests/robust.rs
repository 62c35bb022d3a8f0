//! No text makes the front end panic, overflow its stack, or take for ever; every diagnostic has a place in the text.

use proptest::prelude::*;
use std::time::{Duration, Instant};

const SEEDS: [&str; 6] = [
    include_str!("corpus/basics.sql"),
    include_str!("corpus/groups.sql"),
    include_str!("corpus/joins.sql"),
    include_str!("corpus/nested.sql"),
    include_str!("corpus/errors.sql"),
    include_str!("corpus/recursion.sql"),
];

/// Words that a mutation puts in.
const WORDS: [&str; 44] = [
    "SELECT",
    "FROM",
    "WHERE",
    "GROUP BY",
    "(",
    ")",
    ",",
    ";",
    "*",
    "NULL",
    "'x'",
    "1",
    "2.5",
    "1e9",
    "-",
    "+",
    "/",
    "AND",
    "OR",
    "NOT",
    "IN",
    "BETWEEN",
    "CASE WHEN",
    "END",
    "CAST(",
    "AS",
    "INT",
    "VARCHAR(3)",
    "DATE",
    "INTERVAL '1' DAY",
    "COUNT(*)",
    "SUM(",
    "DISTINCT",
    "JOIN",
    "LEFT JOIN",
    "ON",
    "USING (id)",
    "UNION",
    "EXCEPT",
    "id",
    "\"",
    "'",
    "é",
    "EXISTS (",
];

/// A statement of a seed with words replaced, doubled, dropped or put in.
fn mutated() -> impl Strategy<Value = String> {
    let edit = (any::<prop::sample::Index>(), 0u8..4, prop::sample::select(&WORDS[..]));
    (prop::sample::select(&SEEDS[..]), prop::collection::vec(edit, 1..8)).prop_map(|(seed, edits)| {
        let mut words: Vec<&str> = seed.split_inclusive([' ', '\n', '(', ')', ',']).collect();
        for (at, kind, word) in &edits {
            let at = at.index(words.len());
            match kind {
                0 => words[at] = word,
                1 => words.insert(at, word),
                2 => drop(words.remove(at)),
                _ => words.insert(at, words[at]),
            }
        }
        words.concat()
    })
}

fn check(source: &str) -> Result<(), TestCaseError> {
    let lines = source.lines().count().max(1) as u32 + 1;
    match weir_sql::compile(source) {
        Ok(program) => {
            program.circuit.check().map_err(|e| TestCaseError::fail(format!("{e}\n{source}")))?;
            weir_sql::generate(&program.circuit);
        }
        Err(diagnostics) => {
            prop_assert!(!diagnostics.is_empty());
            for d in &diagnostics {
                prop_assert!(d.kind != "Internal error", "a panic on\n{source}");
                prop_assert!(d.start.line >= 1 && d.start.line <= lines && d.start.column >= 1, "{d:?}");
                prop_assert!(d.end >= d.start && d.offset + d.length <= source.len(), "{d:?}");
            }
            weir_sql::render(source, "x.sql", &diagnostics);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_programs(source in mutated()) {
        check(&source)?;
    }

    #[test]
    fn any_text(source in "\\PC{0,80}") {
        check(&source)?;
    }
}

/// The text so many times, with numbers in the place of `#`.
fn numbered(text: &str, n: usize) -> String {
    (1..=n).map(|i| text.replace('#', &i.to_string())).collect()
}

#[test]
fn hostile_shapes() {
    let table = "CREATE TABLE t (a INT, b BOOLEAN, s VARCHAR);\n";
    let n = 5_000;
    let shapes = [
        format!("CREATE VIEW v AS SELECT {}a{} FROM t;", "(".repeat(n), ")".repeat(n)),
        format!("CREATE VIEW v AS SELECT {}a FROM t;", "-".repeat(n * 2 + 1).replace("--", "- -")),
        format!("CREATE VIEW v AS SELECT a{} FROM t;", " + a".repeat(n)),
        format!("CREATE VIEW v AS SELECT a FROM t WHERE b{};", " OR b".repeat(n)),
        format!("CREATE VIEW v AS SELECT a FROM t WHERE {}b;", "NOT ".repeat(n)),
        format!("CREATE VIEW v AS SELECT s{} AS x FROM t;", " || s".repeat(n)),
        format!("CREATE VIEW v AS SELECT {}a{} FROM t;", "CASE WHEN b THEN ".repeat(n), " END".repeat(n)),
        format!("CREATE VIEW v AS SELECT {}a{} FROM t;", "ABS(".repeat(n), ")".repeat(n)),
        format!("CREATE VIEW v AS {}SELECT a FROM t{};", "SELECT * FROM (".repeat(n), ") x".repeat(n)),
        format!("CREATE VIEW v AS SELECT a FROM t{};", " UNION ALL SELECT a FROM t".repeat(n)),
        format!("CREATE VIEW v AS SELECT a FROM t WHERE a IN (1{});", ", 1".repeat(n)),
        format!("CREATE VIEW v AS SELECT a{} FROM t;", ", a".repeat(n)),
        format!("CREATE VIEW v AS SELECT 1 AS a FROM t{};", ", t".repeat(300)),
        "CREATE VIEW v AS SELECT a FROM t; ".repeat(n),
        "(".repeat(n),
        "'".repeat(n + 1),
        "/*".repeat(n),
        format!("CREATE VIEW v AS SELECT {}1;", "a.".repeat(n)),
        format!("CREATE VIEW v AS SELECT {} AS x;", "9".repeat(n)),
        format!("CREATE TABLE {} (a INT);", "x".repeat(100_000)),
        format!("CREATE VIEW v AS SELECT COUNT(*) FROM t GROUP BY a{};", numbered(", a + #", n)),
        format!("CREATE VIEW v AS SELECT COUNT(*) FROM t GROUP BY a, ROLLUP ((a + 0{}));", numbered(", a + #", 1_900)),
        format!("CREATE VIEW v AS SELECT a FROM t GROUP BY {}a;", "CUBE (a, b), ".repeat(n)),
        numbered(
            "CREATE VIEW v# AS SELECT # AS x, COUNT(*) AS n FROM t GROUP BY CUBE (a, b, s, a + 1, a + 2, a + 3, a + 4, a + #);\n",
            n / 10,
        ),
        format!(
            "CREATE VIEW v AS SELECT 1 AS x FROM t PIVOT (MAX(a) AS m{} FOR s IN ('' AS z{}));",
            numbered(", MAX(a + #) AS m#", 25),
            numbered(", '#' AS z#", 25)
        ),
        format!(
            "CREATE VIEW v AS SELECT 1 AS x FROM (SELECT a{} FROM t) UNPIVOT (v FOR k IN (a{}));",
            numbered(", a AS a#", 3_000),
            numbered(", a#", 1_000)
        ),
        format!(
            "CREATE VIEW v AS SELECT a FROM t WHERE a > ALL {}SELECT 1{};",
            "(SELECT a FROM t WHERE a > ALL ".repeat(100),
            ")".repeat(100)
        ),
        format!("CREATE VIEW v AS SELECT a FROM t{};", " EXCEPT ALL SELECT a FROM t".repeat(n / 10)),
    ];
    for shape in shapes {
        let begun = Instant::now();
        let source = format!("{table}{shape}");
        check(&source).unwrap_or_else(|e| panic!("{}...: {e}", &shape[..shape.len().min(60)]));
        let took = begun.elapsed();
        // Far above what it takes, far below what an exponential would.
        assert!(took < Duration::from_secs(30), "{}... took {took:?}", &shape[..shape.len().min(60)]);
        eprintln!("{took:?} {}", &shape[..shape.len().min(60)]);
    }
}
