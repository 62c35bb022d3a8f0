//! The files of `tests/slt`, and the registry's examples, as components: the cases with values in as few programs as can be. What must fail needs a program of
//! its own each, and is left to the engine's run.
#![allow(clippy::unwrap_used, unreachable_pub, reason = "a test may panic")]

mod common;
#[path = "../../sql/tests/support/encode.rs"]
mod encode;
#[path = "../../sql/tests/slt/program.rs"]
mod program;
#[path = "../../sql/tests/slt/read.rs"]
mod read;

use common::{be_worker, shared};
use program::Batch;
use read::{Check, Expected, Segment, read};
use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::time::Instant;
use weir_compiler::{CancelToken, CompileRequest, Compiler, Profile};
use weir_row::{SortLayout, Value};
use weir_runtime::{Engine, Pipeline, PipelineOptions, Program};
use weir_sql::{Outcome, Passes};

#[test]
fn compile_worker() {
    be_worker();
}

/// Names that a segment declares.
fn names(segment: &Segment) -> HashSet<String> {
    let kinds = ["table", "view", "type", "function", "aggregate", "index"];
    let name = |d: &String| {
        let mut words = d.split(|c: char| c.is_whitespace() || c == '(').map(str::to_lowercase);
        words.find(|w| kinds.contains(&w.as_str()))?;
        words.find(|w| !w.is_empty())
    };
    segment.declarations.iter().filter_map(name).collect()
}

/// The registry's examples that give values.
fn examples() -> Segment {
    let check = |e: weir_sql::Example| {
        let Outcome::Gives(text) = e.outcome else { return None };
        let text = if text.is_empty() { "(empty)" } else { text.trim_end() };
        let expected = Expected::Rows(vec![text.to_string()]);
        Some(Check { line: 0, sql: e.sql.to_string(), is_expression: true, expected })
    };
    Segment { checks: weir_sql::examples().filter_map(check).collect(), ..Segment::default() }
}

/// Segments of a file of which none only adds to the one before: what is asked of that can be asked of its successor.
fn grown(segments: Vec<Segment>) -> Vec<Segment> {
    let mut out: Vec<Segment> = vec![];
    for mut segment in segments {
        if let Some(before) = out.pop_if(|before| only_adds(&segment, before)) {
            segment.checks.splice(..0, before.checks);
        }
        out.push(segment);
    }
    out
}

/// Whether a segment has what another has, and more declarations, and rows of those only.
fn only_adds(segment: &Segment, to: &Segment) -> bool {
    let new = |(_, insert): &(usize, String)| {
        let table = insert.split_whitespace().nth(2).unwrap_or_default().to_lowercase();
        !names(to).contains(&table)
    };
    segment.steps == to.steps
        && segment.declarations.starts_with(&to.declarations)
        && segment.inserts.starts_with(&to.inserts)
        && segment.inserts[to.inserts.len()..].iter().all(new)
}

/// Segments of all files and of the examples, merged where their names allow it.
fn merged() -> Vec<Segment> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/slt");
    let mut files: Vec<_> = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).collect();
    files.retain(|p| p.extension().is_some_and(|e| e == "slt"));
    files.sort();
    let mut out = vec![examples()];
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for mut segment in grown(read(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()))) {
            segment.checks.retain(|c| matches!(c.expected, Expected::Rows(_)));
            let own = names(&segment);
            let own_steps = segment.steps.clone();
            match out.iter_mut().find(|s| s.steps == own_steps && names(s).is_disjoint(&own)) {
                Some(into) => {
                    into.declarations.extend(segment.declarations);
                    into.inserts.extend(segment.inserts);
                    into.checks.extend(segment.checks);
                }
                None => out.push(segment),
            }
        }
    }
    out
}

/// The contents of a program's views after its steps.
fn run(compiler: &Compiler, engine: &Engine, batch: &Batch) -> Vec<Vec<(Vec<Value>, i64)>> {
    let circuit = &batch.program.circuit;
    let request = CompileRequest { source: weir_sql::generate(circuit), profile: Profile::Dev, user: None };
    let artifact = compiler.compile(&request, &CancelToken::new()).unwrap();
    let file = compiler.open_native(&artifact).unwrap();
    let program = Program::load_file(engine, file, &artifact.native_sha256).unwrap();
    let mut pipeline = Pipeline::open(&program, PipelineOptions { workers: 1, ..PipelineOptions::default() }).unwrap();
    let mut views: Vec<BTreeMap<Vec<Value>, i64>> = vec![BTreeMap::new(); circuit.views.len()];
    for step in &batch.steps {
        for (t, rows) in step.tables.iter().enumerate() {
            pipeline.ingest(0, t as u32, vec![encode::block(circuit, t, rows)]).unwrap();
        }
        pipeline.step(step.now).unwrap();
        for (v, view) in circuit.views.iter().enumerate() {
            let layout = SortLayout::ascending(&view.columns.iter().map(|c| c.ty.clone()).collect::<Vec<_>>());
            let blocks = pipeline.delta(v as u32).unwrap();
            for (row, weight) in blocks.iter().flat_map(|b| b.iter()) {
                *views[v].entry(layout.decode(row).unwrap()).or_default() += weight;
            }
        }
    }
    views.into_iter().map(|rows| rows.into_iter().filter(|(_, weight)| *weight != 0).collect()).collect()
}

#[test]
fn files_hold() {
    let compiler = shared();
    compiler.provision(&|line| println!("{line}"), &CancelToken::new()).unwrap();
    let engine = Engine::with_threads(2).unwrap();
    let (mut wrong, mut count) = (vec![], 0);
    let begun = Instant::now();
    for segment in merged() {
        let checks: Vec<&Check> = segment.checks.iter().collect();
        if checks.is_empty() {
            continue;
        }
        // Without the optimiser: it would leave constants only.
        let batch = Batch::new(&segment, &checks, Passes::NONE).unwrap_or_else(|e| panic!("{e}"));
        let started = Instant::now();
        let views = run(&compiler, &engine, &batch);
        println!("{} cases, {} views: {:?}", checks.len(), views.len(), started.elapsed());
        for (check, rows) in checks.iter().zip(batch.answers(&views)) {
            let got = Expected::Rows(rows);
            if got != check.expected {
                wrong.push(format!("{}\n  {got:?}\n  not {:?}", check.sql, check.expected));
            }
        }
        count += checks.len();
    }
    println!("{count} cases compiled and run in {:?}", begun.elapsed());
    assert!(count > 0 && wrong.is_empty(), "{}", wrong.join("\n"));
}
