//! Functions of the program's own: how large calls may grow, where errors are, and the declarations of those in Rust.
#![allow(clippy::unwrap_used)]

use std::fmt::Write;
use std::time::{Duration, Instant};

fn refused(sql: &str) -> Vec<weir_sql::Diagnostic> {
    weir_sql::compile(sql).expect_err("it compiles")
}

#[test]
fn calls_that_double_are_bounded() {
    let begun = Instant::now();
    let mut sql = "CREATE TABLE t(x BIGINT); CREATE FUNCTION f0(x BIGINT) RETURNS BIGINT AS x + x;\n".to_owned();
    for i in 1..60 {
        let _ = writeln!(sql, "CREATE FUNCTION f{i}(x BIGINT) RETURNS BIGINT AS f{0}(x) + f{0}(x);", i - 1);
    }
    sql += "CREATE VIEW v AS SELECT f59(x) AS y FROM t;";
    let errors = refused(&sql);
    assert!(errors[0].message.contains("operators"), "{}", errors[0].message);
    assert!(errors.len() == 1, "what follows from an error is silent: {errors:?}");
    // Many calls, each within its bound.
    let mut sql = "CREATE TABLE t(x BIGINT); CREATE FUNCTION f0(x BIGINT) RETURNS BIGINT AS x + x;\n".to_owned();
    for i in 1..12 {
        let _ = writeln!(sql, "CREATE FUNCTION f{i}(x BIGINT) RETURNS BIGINT AS f{0}(x) + f{0}(x);", i - 1);
    }
    let calls: Vec<String> = (0..500).map(|i| format!("f11(x + {i}) AS y{i}")).collect();
    let errors = refused(&format!("{sql} CREATE VIEW v AS SELECT {} FROM t;", calls.join(", ")));
    assert!(errors.iter().any(|e| e.message.contains("larger than 500000 operators")), "{}", errors[0].message);
    // Arguments that are calls.
    let nested = format!("{}x{}", "f0(".repeat(40), ")".repeat(40));
    let errors = refused(&format!("{sql} CREATE VIEW v AS SELECT {nested} AS y FROM t;"));
    assert!(errors[0].message.contains("operators"), "{}", errors[0].message);
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
}

#[test]
fn errors_of_a_body_are_in_the_body_and_said_once() {
    let sql = "CREATE TABLE t(x INT);\nCREATE FUNCTION f(x INT) RETURNS INT AS\n  x + nothing;\n\
        CREATE VIEW v AS SELECT f(x) AS a, f(x + 1) AS b FROM t;";
    let errors = refused(sql);
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!((errors[0].start.line, errors[0].start.column), (3, 7));
}

#[test]
fn null_for_a_parameter_that_has_none_is_a_warning() {
    let sql = "CREATE TABLE t(x INT); CREATE FUNCTION f(x INT NOT NULL) RETURNS INT NOT NULL AS x + 1;\
        CREATE FUNCTION g(x INT NOT NULL) RETURNS INT NOT NULL; CREATE VIEW v AS SELECT f(x) AS a, f(1) AS b, g(x) AS c FROM t;";
    let program = weir_sql::compile(sql).unwrap();
    let warnings: Vec<&str> = program.warnings.iter().map(|w| w.message.as_str()).collect();
    assert_eq!(
        warnings,
        [
            "parameter 'x' of f is NOT NULL, but this may be NULL",
            "parameter 'x' of g is NOT NULL, but this may be NULL"
        ]
    );
    let nullable: Vec<bool> = program.views[1].columns.iter().map(|c| c.ty.nullable).collect();
    assert_eq!(nullable, [true, false, false]);
}

#[test]
fn declarations_in_rust() {
    let sql = "CREATE TYPE pair AS (a INT NULL, b VARCHAR);
        CREATE FUNCTION plain(a BOOLEAN NOT NULL, \"type\" TINYINT, \"odd name\" BIGINT UNSIGNED) RETURNS DOUBLE NOT NULL;
        CREATE FUNCTION texts(a CHAR(3), b VARCHAR(7) NOT NULL, c VARBINARY, d UUID) RETURNS VARCHAR;
        CREATE FUNCTION times(a DATE, b TIME, c TIMESTAMP, d TIMESTAMP WITH TIME ZONE, e INTERVAL DAY TO SECOND, f INTERVAL MONTH) RETURNS DATE;
        CREATE FUNCTION parts(a INT ARRAY NOT NULL, b MAP<VARCHAR, DECIMAL(10, 2) ARRAY>, c VARIANT, d pair NOT NULL, e REAL) RETURNS pair;
        CREATE LINEAR AGGREGATE total(a DECIMAL(10, 2), b INT NOT NULL) RETURNS DECIMAL(38, 2);";
    let circuit = weir_sql::compile(sql).unwrap().circuit;
    insta::with_settings!({ snapshot_path => "corpus", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("stubs", weir_sql::stubs(&circuit));
    });
    // Whatever its name, no function's declaration is anything but a declaration.
    for name in ["fn", "self", "a-b", "f(){} fn g", "é", ""] {
        let sql = format!("CREATE FUNCTION \"{name}\"(x INT) RETURNS INT;");
        assert!(weir_sql::compile(&sql).is_err(), "{name}");
    }
    assert_eq!(weir_sql::stubs(&weir_sql::compile("CREATE TABLE t(x INT);").unwrap().circuit), "");
}
