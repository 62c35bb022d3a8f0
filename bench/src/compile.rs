//! From SQL to native code, for programs of 1 to 160 stages (each a join and an aggregate).
//!
//! Cost model: the SQL front end is linear in the program; rustc = a constant (linking the SDK) + the row functions, for operators are
//! compiled once in the SDK; Cranelift is linear in the code that is linked.

use crate::measure::{Setup, ms, table};
use std::fmt::Write;
use std::time::Instant;
use weir_compiler::Profile;

const STAGES: [usize; 4] = [1, 10, 40, 160];

pub(crate) fn run(setup: &Setup) -> anyhow::Result<()> {
    println!("\n# Compilation, warm SDK, nothing of the program cached\n");
    let mut rows = Vec::new();
    for stages in STAGES {
        let sql = program(stages);
        let begin = Instant::now();
        let compiled = weir_sql::compile(&sql).map_err(|e| anyhow::anyhow!(weir_sql::render(&sql, "bench.sql", &e)))?;
        let source = weir_sql::generate(&compiled.circuit);
        let front = begin.elapsed();
        for (name, profile) in [("unoptimized", Profile::Unoptimized), ("optimized", Profile::Optimized)] {
            // A comment of its own keeps the program out of the cache.
            let stamp = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_nanos();
            let begin = Instant::now();
            let artifact = setup.artifact(format!("{source}\n// {stamp}\n"), profile)?;
            let all = begin.elapsed() + front;
            rows.push(vec![
                stages.to_string(),
                name.to_owned(),
                ms(front),
                ms(artifact.timings.rustc),
                ms(artifact.timings.native),
                ms(all),
                format!("{}", artifact.component_bytes >> 10),
                format!("{}", source.lines().count()),
            ]);
        }
    }
    table(
        &["stages", "profile", "SQL, ms", "rustc, ms", "native code, ms", "all, ms", "component, KiB", "lines of Rust"],
        &rows,
    );
    Ok(())
}

/// A program of so many stages.
fn program(stages: usize) -> String {
    let mut sql = "CREATE TABLE facts(k BIGINT NOT NULL, x BIGINT, note VARCHAR);\nCREATE TABLE names(k BIGINT NOT NULL, name VARCHAR);\n".to_owned();
    for i in 0..stages {
        // Writing to a string does not fail.
        let _ = writeln!(
            sql,
            "CREATE VIEW v{i} AS SELECT n.name, COUNT(*) AS n, SUM(f.x + {i}) AS s, MAX(f.x) AS m FROM facts f JOIN names n ON f.k = n.k WHERE f.x % {} <> 0 GROUP BY n.name;",
            i + 2
        );
    }
    sql
}
