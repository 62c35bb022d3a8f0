//! Random programs over the whole language and random changes: the sum of what comes out is what the naive interpreter makes of the tables'
//! contents, after every step, for one worker and three, with the optimiser's passes on and off. Programs that fail are made smaller.
//!
//! `WEIR_SEED` chooses other programs, `WEIR_PROGRAMS` how many; `just fuzz-sql` goes on without end.
#![allow(clippy::unwrap_used, unreachable_pub, reason = "a test may panic")]

mod check;
mod found;
mod generate;
mod late;
#[allow(dead_code)]
#[path = "../random/generate.rs"]
mod registry;
mod script;
mod shrink;
#[path = "../support/mod.rs"]
mod support;
mod tree;
mod types;

use check::{Outcome, check, interpreter};
use generate::{Program, Registry, program};
use shrink::{Case, shown, shrink};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use weir_circuit::Circuit;
use weir_circuit::interpret::ZSet;

fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(usual)
}

/// Programs, unless the environment says otherwise.
const PROGRAMS: u64 = 160;
/// So many of a hundred must compile.
const COMPILE_PERCENT: u64 = 90;

/// What must occur.
const CONSTRUCTS: [&str; 107] = [
    "ANY, ALL",
    "ARG_MIN, ARG_MAX",
    "ARRAY of a subquery",
    "ARRAY_AGG",
    "ASOF JOIN",
    "AVG",
    "BIT_AND and the like",
    "BOOL_AND and the like",
    "CASE",
    "COALESCE",
    "COUNT",
    "COUNT of several",
    "COUNT(*)",
    "COUNTIF",
    "COVAR, REGR",
    "CREATE FUNCTION",
    "CROSS JOIN",
    "CUBE",
    "DECLARE RECURSIVE VIEW",
    "DISTINCT ON",
    "DISTINCT in an aggregate",
    "EXCEPT",
    "EXCEPT ALL",
    "EXISTS",
    "FETCH .. WITH TIES",
    "FILTER",
    "FIRST_VALUE, LAST_VALUE",
    "FULL JOIN",
    "GREATEST, LEAST",
    "GROUP BY",
    "GROUP BY TUMBLE",
    "GROUP BY an expression",
    "GROUPING",
    "GROUPING SETS",
    "HAVING",
    "HOP",
    "IN",
    "INNER JOIN",
    "INTERSECT",
    "INTERSECT ALL",
    "LAG, LEAD",
    "LATENESS",
    "LATENESS beside a key",
    "LATERAL",
    "LEFT JOIN",
    "LEFT JOIN UNNEST",
    "LOCAL VIEW",
    "MIN, MAX",
    "MODE",
    "NATURAL JOIN",
    "NOT EXISTS",
    "NOT IN",
    "NOW",
    "NTH_VALUE",
    "NTILE",
    "NULLIF",
    "OFFSET",
    "ORDER BY .. LIMIT",
    "PERCENT_RANK, CUME_DIST",
    "PIVOT",
    "QUALIFY",
    "RANK, DENSE_RANK",
    "RIGHT JOIN",
    "ROLLUP",
    "ROW_NUMBER",
    "SELECT DISTINCT",
    "SESSION",
    "STDDEV, VARIANCE",
    "SUM",
    "TUMBLE",
    "UNION",
    "UNION ALL",
    "UNNEST",
    "UNNEST WITH ORDINALITY",
    "UNNEST of a map",
    "UNNEST of rows",
    "UNPIVOT",
    "USING",
    "VALUES",
    "VALUES in FROM",
    "WHERE",
    "WITH",
    "WITH RECURSIVE",
    "aggregate OVER",
    "aggregate in a recursion",
    "aggregates of all rows",
    "append-only table",
    "call of a function of the program's own",
    "comma join",
    "condition in a scalar subquery",
    "correlated column",
    "element of an array",
    "entry of a map",
    "example of the registry",
    "field of a row",
    "frame of GROUPS",
    "frame of RANGE",
    "frame of ROWS",
    "key of two columns",
    "lambda",
    "mutual recursion",
    "part of a VARIANT",
    "row IN a list",
    "row IN a subquery",
    "scalar subquery",
    "table with a key",
    "temporal filter",
];

/// Seconds to make one failing program smaller, unless the environment says otherwise.
const SHRINKING: u64 = 60;

/// A failing program, as small as it gets.
fn smallest(program: &Program, seed: u64, kind: &'static str, oracle: check::Oracle<'_>) -> (Case, String) {
    let script = weir_sql::compile_with(&program.tree.to_string(), weir_sql::Passes::NONE)
        .map_or_else(|_| vec![], |p| script::script(seed, &program.tree.to_string(), &p.circuit));
    let case = Case { tree: program.tree.clone(), script };
    let run = |case: &Case| check(&case.tree.to_string(), &|_| case.script.clone(), oracle);
    let case = shrink(case, Duration::from_secs(setting("WEIR_SHRINKING", SHRINKING)), |case| {
        run(case).is_err_and(|f| f.kind == kind)
    });
    let fault = run(&case).err().map_or_else(String::new, |f| f.to_string());
    (case, fault)
}

/// A message without what differs from program to program.
fn reason(message: &str) -> String {
    let mut out = String::new();
    let mut quoted = false;
    for c in message.chars() {
        if c == '\'' {
            quoted = !quoted;
        } else if !quoted && !c.is_ascii_digit() {
            out.push(c);
        }
    }
    out
}

#[test]
fn incremental_is_from_scratch() {
    support::quiet();
    let (begun, first) = (Instant::now(), setting("WEIR_SEED", 1));
    let registry = Registry::new(1);
    println!("{} examples of the registry, in {:?}", registry.templates.len(), begun.elapsed());
    let count = setting("WEIR_PROGRAMS", PROGRAMS);
    let show = setting("WEIR_SHOW", 0) > 0;
    let (mut good, mut failed, mut rows, mut steps) = (0u64, 0, 0, 0);
    let mut refused: BTreeMap<String, (usize, String)> = BTreeMap::new();
    let mut notes: BTreeMap<&str, usize> = BTreeMap::new();
    let mut wrong = vec![];
    for n in 0..count {
        let seed = first.wrapping_mul(1_000_003).wrapping_add(n);
        let program = program(seed, &registry, false, 0);
        let source = program.tree.to_string();
        if show {
            println!("-- {seed}\n{source}");
        }
        let begun = Instant::now();
        match check(&source, &|circuit| script::script(seed, &source, circuit), &interpreter) {
            Ok(Outcome::Good { steps: s, rows: r, failed: f }) => {
                good += 1;
                failed += usize::from(f);
                rows += r;
                steps += s;
                program.notes.iter().for_each(|(what, n)| *notes.entry(what).or_default() += n);
            }
            Ok(Outcome::Refused(message)) => {
                let entry =
                    refused.entry(reason(&message)).or_insert_with(|| (0, format!("{seed}: {message}\n{source}")));
                entry.0 += 1;
            }
            Err(fault) => {
                let (case, message) = smallest(&program, seed, fault.kind, &interpreter);
                let text = format!("-- seed {seed}\n{}{}\n{message}", case.tree, shown(&case.script));
                println!("{text}\n");
                wrong.push(text);
            }
        }
        if n % 200 == 199 {
            println!("-- {} programs, {good} compile, {} fail", n + 1, wrong.len());
        }
        if begun.elapsed() > Duration::from_secs(5) {
            println!("-- slow: {seed}, {:?}\n{source}", begun.elapsed());
        }
    }
    let mut reasons: Vec<_> = refused.into_values().collect();
    reasons.sort_by_key(|r| std::cmp::Reverse(r.0));
    for (n, example) in reasons.iter().take(setting("WEIR_REASONS", 12) as usize) {
        println!("refused {n} times, as seed {example}");
    }
    println!("{notes:?}");
    println!(
        "{good} of {count} programs compile, {failed} stop with an error; {steps} steps, {rows} rows, in {:?}",
        begun.elapsed()
    );
    assert!(wrong.is_empty(), "seed {first}: {} programs fail", wrong.len());
    assert!(good * 100 >= count * COMPILE_PERCENT, "too many programs are refused");
    if count >= PROGRAMS {
        let rare: Vec<_> = CONSTRUCTS.iter().filter(|c| notes.get(*c).is_none_or(|n| *n < 3)).collect();
        assert!(rare.is_empty(), "too seldom: {rare:?}");
        assert!(rows as u64 > count * 5, "too few rows");
    }
}

/// An oracle that is wrong: the rows of views of one column are less by one. What is left of a program is small.
#[test]
fn faults_are_made_small() {
    support::quiet();
    let wrong = |circuit: &Circuit, tables: &[ZSet], now: i64| {
        let mut views = interpreter(circuit, tables, now)?;
        for (view, declared) in views.iter_mut().zip(&circuit.views) {
            if declared.columns.len() > 1 && view.len() > 1 {
                view.pop_last();
            }
        }
        Ok(views)
    };
    let registry = Registry { templates: vec![] };
    let mut lengths = vec![];
    for seed in 0..40 {
        let program = program(seed, &registry, false, 0);
        let source = program.tree.to_string();
        let Err(fault) = check(&source, &|circuit| script::script(seed, &source, circuit), &wrong) else { continue };
        let (case, message) = smallest(&program, seed, fault.kind, &wrong);
        println!("{} characters become\n{}{}{message}", source.len(), case.tree, shown(&case.script));
        let (length, changes) = (case.tree.to_string().len(), case.script.iter().map(Vec::len).sum::<usize>());
        assert!(!message.is_empty(), "what is left does not fail");
        assert!(changes <= 3, "{changes} changes are left");
        lengths.push(length);
        if lengths.len() == 3 {
            // A table, a view of two columns. (Of what reads itself or passes through others, more is left.)
            lengths.sort();
            assert!(lengths[1] < 300 && lengths[2] < 700, "{lengths:?} characters are left");
            return;
        }
    }
    panic!("{} programs fail, though the oracle is wrong", lengths.len());
}
