//! The command line, as people use it.
#![allow(clippy::unwrap_used, reason = "a test that unwraps says where it failed")]

mod support;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use support::WEIR;

fn examples(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(path)
}

fn weir(args: &[&str], stdin: &str) -> Output {
    let mut child = Command::new(WEIR)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn check_draws_errors_under_the_source() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("bad.sql");
    std::fs::write(&file, "CREATE TABLE t(x INT);\nCREATE VIEW v AS SELECT z FROM t;\n").unwrap();
    let output = weir(&["check", file.to_str().unwrap()], "");
    assert!(!output.status.success());
    let drawn = text(&output.stderr);
    assert!(drawn.contains("2 | CREATE VIEW v AS SELECT z FROM t;") && drawn.contains('^'), "{drawn}");
    let fine = weir(&["check", examples("flights/program.sql").to_str().unwrap()], "");
    assert!(fine.status.success(), "{}", text(&fine.stderr));
    let missing = weir(&["check", "/nowhere/x.sql"], "");
    assert!(!missing.status.success() && text(&missing.stderr).contains("/nowhere/x.sql"));
}

#[test]
fn build_makes_a_component_that_run_runs() {
    let dir = tempfile::tempdir().unwrap();
    let (sql, wasm) = (dir.path().join("p.sql"), dir.path().join("p.wasm"));
    std::fs::write(&sql, "CREATE TABLE t(k INT, x INT);\nCREATE VIEW v AS SELECT k, SUM(x) AS s FROM t GROUP BY k;\n")
        .unwrap();
    let (sql, wasm) = (sql.to_str().unwrap(), wasm.to_str().unwrap());
    let shown =
        [("plan", "-- optimised"), ("circuit", "-- as written: "), ("dot", "optimised: "), ("rust", "program!")];
    for (emit, expected) in shown {
        let output = weir(&["build", sql, "--emit", emit], "");
        assert!(text(&output.stdout).contains(expected), "{emit}: {}", text(&output.stdout));
    }
    // Without any pass the circuit is the same before and after.
    let plain = weir(&["build", sql, "--emit", "circuit", "--without", "fold,push,order,prune"], "");
    let plain = text(&plain.stdout);
    let (before, after) = plain.split_once("-- optimised").unwrap();
    assert_eq!(before.split_once('\n').unwrap().1.trim(), after.split_once('\n').unwrap().1.trim());
    let built = weir(&["build", sql, "-o", wasm, "--profile", "unoptimized"], "");
    assert!(built.status.success(), "{}", text(&built.stderr));
    let input = "{\"k\":1,\"x\":5}\n{\"k\":1,\"x\":6}\n{\"k\":2,\"x\":null}\n";
    for workers in ["1", "3"] {
        let ran = weir(&["run", wasm, "--input", "t=-", "--workers", workers], input);
        assert!(ran.status.success(), "{}", text(&ran.stderr));
        assert_eq!(
            text(&ran.stdout),
            "{\"view\":\"v\",\"insert\":{\"k\":1,\"s\":11}}\n{\"view\":\"v\",\"insert\":{\"k\":2,\"s\":null}}\n"
        );
    }
    let step_by_step = weir(&["run", wasm, "--input", "t=-", "--step-rows", "1"], input);
    assert!(text(&step_by_step.stdout).contains("\"delete\""), "{}", text(&step_by_step.stdout));
    let bad = weir(&["run", wasm, "--input", "t=-"], "{\"k\":\"one\"}\n{\"k\":3,\"x\":1}\n");
    assert!(!bad.status.success());
    assert!(text(&bad.stderr).contains("record 1") && text(&bad.stdout).contains("\"k\":3"), "{}", text(&bad.stderr));
    let unknown = weir(&["run", wasm, "--input", "u=-"], "");
    assert!(text(&unknown.stderr).contains("no table 'u'; it has: t"), "{}", text(&unknown.stderr));
    std::fs::write(wasm, &std::fs::read(wasm).unwrap()[..1000]).unwrap();
    let truncated = weir(&["run", wasm, "--input", "t=-"], "");
    assert!(
        !truncated.status.success() && !text(&truncated.stderr).contains("panicked"),
        "{}",
        text(&truncated.stderr)
    );
}

#[test]
fn the_examples_run() {
    let flights = weir(
        &[
            "run",
            examples("flights/program.sql").to_str().unwrap(),
            "--input",
            &format!("airports={}", examples("flights/airports.csv").display()),
            "--input",
            &format!("flights={}", examples("flights/flights.ndjson").display()),
            "--profile",
            "unoptimized",
        ],
        "",
    );
    assert!(flights.status.success(), "{}", text(&flights.stderr));
    assert!(text(&flights.stdout).contains("\"view\":\"airport_delays\""));
    let queries = (0..23).map(|q| format!("q{q}"));
    for query in queries.chain(["demo".to_owned()]) {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("q.sql");
        let program = ["tables", query.as_str()]
            .map(|f| std::fs::read_to_string(examples(&format!("nexmark/{f}.sql"))).unwrap())
            .concat();
        std::fs::write(&file, program).unwrap();
        let checked = weir(&["check", file.to_str().unwrap()], "");
        assert!(checked.status.success(), "{query}: {}", text(&checked.stderr));
    }
}

#[test]
fn the_demo_ends_by_itself() {
    let output = Command::new(WEIR).args(["demo", "--seconds", "2", "--rate", "2000"]).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let shown = text(&output.stdout);
    assert!(shown.contains("busiest auctions") && shown.contains("curl"), "{shown}");
}

#[test]
fn help_teaches() {
    let help = text(&weir(&["--help"], "").stdout);
    for word in ["serve", "check", "build", "run", "toolchain", "demo", "Begin with:"] {
        assert!(help.contains(word), "{word}");
    }
    assert!(!help.contains("internal-compile"));
}
