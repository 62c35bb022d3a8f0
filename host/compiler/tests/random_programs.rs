//! Random programs and changes, those of `weir-sql`'s test `programs`, compiled, many in one component: what comes out of each step is what the naive
//! interpreter makes of the circuits that are not optimised, with one worker and three. Programs that fail are found among the others, and made smaller.
//!
//! `WEIR_SEED` chooses other programs, `WEIR_COMPONENTS` how many components they are; `just fuzz-sql` goes on without end.
#![allow(
    clippy::unwrap_used,
    unreachable_pub,
    dead_code,
    reason = "a test may panic, and uses a part of what it shares"
)]

#[path = "../../sql/tests/programs/check.rs"]
mod check;
mod common;
#[path = "../../sql/tests/programs/generate/mod.rs"]
mod generate;
#[path = "../../sql/tests/programs/late.rs"]
mod late;
#[path = "../../sql/tests/random/generate.rs"]
mod registry;
#[path = "../../sql/tests/programs/script.rs"]
mod script;
#[path = "../../sql/tests/programs/shrink.rs"]
mod shrink;
#[path = "../../sql/tests/support/mod.rs"]
mod support;
#[path = "../../sql/tests/programs/tree.rs"]
mod tree;
#[path = "../../sql/tests/programs/types.rs"]
mod types;

use check::{Answers, ERRORS, Fault, answers, difference, interpreter};
use common::{be_worker, shared};
use generate::{Registry, program};
use script::{changes, clock, settled};
use shrink::{Case, shown, shrink};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use support::changes::{add, block, told};
use weir_circuit::Circuit;
use weir_circuit::interpret::ZSet;
use weir_compiler::{CancelToken, CompileRequest, Compiler, Profile};
use weir_row::SortLayout;
use weir_runtime::{Engine, Pipeline, PipelineOptions, Program};
use weir_sql::Passes;

/// Components, unless the environment says otherwise: one not optimised, one optimised.
const COMPONENTS: u64 = 2;
/// Programs in one component.
const PROGRAMS: usize = 15;
/// A program has fewer names than this.
const NAMES: usize = 10_000;
/// What takes the compiler longer than this is not put into a component: so many characters of Rust.
const RUST_MAX: usize = 100_000;
/// Components compiled to find out which programs fail, and to make one smaller.
const COMPILES_MAX: u32 = 60;
/// Time to make one failing program smaller.
const SHRINKING: Duration = Duration::from_secs(120);

fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(usual)
}

#[test]
fn compile_worker() {
    be_worker();
}

/// A program, its changes, and what the interpreter says.
struct Member {
    seed: u64,
    case: Case,
    /// The contents of views after each step, by their names.
    views: Vec<BTreeMap<String, ZSet>>,
    /// How many rows came too late, up to each step.
    dropped: Vec<Option<i64>>,
}

fn by_name(answers: &Answers) -> Vec<BTreeMap<String, ZSet>> {
    let names = || answers.circuit.views.iter().map(|v| v.name.clone());
    answers.views.iter().map(|views| names().zip(views.iter().cloned()).collect()).collect()
}

impl Member {
    /// A program with what it answers before it fails, if it compiles and takes a step.
    fn new(seed: u64, case: Case) -> Option<Member> {
        let answers = answers(&case.tree.to_string(), &|_| case.script.clone(), &interpreter).ok()?.ok()?;
        let case = Case { script: answers.script.clone(), ..case };
        (!answers.views.is_empty()).then(|| Member { seed, views: by_name(&answers), dropped: answers.dropped, case })
    }
}

/// Where components are made and run.
struct Bench {
    compiler: Compiler,
    engine: Engine,
    compiles: Cell<u32>,
}

fn fault(kind: &'static str, message: impl std::fmt::Display) -> Fault {
    Fault { kind, message: message.to_string() }
}

impl Bench {
    fn new() -> Bench {
        let compiler = shared();
        compiler.provision(&|line| println!("{line}"), &CancelToken::new()).unwrap();
        Bench { compiler, engine: Engine::with_threads(3).unwrap(), compiles: Cell::new(0) }
    }

    fn component(&self, circuit: &Circuit) -> Result<Program, Fault> {
        self.compiles.set(self.compiles.get() + 1);
        let request = CompileRequest { source: weir_sql::generate(circuit), profile: Profile::Dev, user: None };
        let compiled = self.compiler.compile(&request, &CancelToken::new());
        let artifact = compiled.map_err(|e| fault("its Rust does not compile", e))?;
        let file = self.compiler.open_native(&artifact).unwrap();
        Ok(Program::load_file(&self.engine, file, &artifact.native_sha256).unwrap())
    }

    /// Runs programs as one: those with an answer that is not the interpreter's, by their places, and what is wrong.
    fn run(&self, members: &[&Member], passes: Passes) -> Result<Vec<(usize, Fault)>, Fault> {
        let source: String = members.iter().map(|m| m.case.tree.to_string()).collect();
        let compiled = weir_sql::compile_with(&source, passes);
        let circuit = compiled.map_err(|e| fault("refused", weir_sql::render(&source, "random", &e)))?.circuit;
        let program = self.component(&circuit)?;
        let mut wrong: BTreeMap<usize, Fault> = BTreeMap::new();
        for workers in [1, 3] {
            // What comes and goes within a step may fail, and is left out then.
            let found = drive(&program, &circuit, members, workers, false)
                .or_else(|_| drive(&program, &circuit, members, workers, true))?;
            for (at, fault) in found {
                wrong.entry(at).or_insert(fault);
            }
        }
        Ok(wrong.into_iter().collect())
    }
}

/// Runs a component of programs.
fn drive(
    program: &Program,
    circuit: &Circuit,
    members: &[&Member],
    workers: usize,
    quiet: bool,
) -> Result<Vec<(usize, Fault)>, Fault> {
    let trap = |step: usize| move |e| fault("a trap", format!("{workers} workers, step {step}: {e}"));
    let options = PipelineOptions { workers: workers as u32, ..PipelineOptions::default() };
    let mut pipeline = Pipeline::open(program, options).map_err(trap(0))?;
    let scripts: Vec<_> = members.iter().map(|m| changes(&m.case.script, circuit)).collect();
    let owner = |view: &str| members.iter().position(|m| m.views[0].contains_key(view));
    let owners: Vec<Option<usize>> = circuit.views.iter().map(|v| owner(&v.name)).collect();
    let mut tables = vec![ZSet::new(); circuit.tables.len()];
    let mut views = vec![ZSet::new(); circuit.views.len()];
    let mut wrong: BTreeMap<usize, Fault> = BTreeMap::new();
    for step in 0..scripts.iter().map(Vec::len).max().unwrap_or(0) {
        for changes in scripts.iter().filter_map(|s| s.get(step)) {
            let changes = if quiet { settled(changes, circuit) } else { changes.clone() };
            for (worker, table, words, weight) in told(circuit, &mut tables, &changes, workers) {
                let block = block(circuit, table, &words, weight);
                pipeline.ingest(worker as u32, table as u32, vec![block]).map_err(trap(step))?;
            }
        }
        pipeline.step(clock(step)).map_err(trap(step))?;
        for (v, view) in circuit.views.iter().enumerate() {
            let layout = SortLayout::ascending(&view.columns.iter().map(|c| c.ty.clone()).collect::<Vec<_>>());
            let blocks = pipeline.delta(v as u32).map_err(trap(step))?;
            for (words, weight) in blocks.iter().flat_map(|b| b.iter()) {
                add(&mut views[v], layout.decode(words).unwrap(), weight);
            }
            if view.name == ERRORS {
                let told: i64 = views[v].values().sum();
                let dropped: Option<i64> = members.iter().map(|m| m.dropped[step.min(m.dropped.len() - 1)]).sum();
                if dropped.is_some_and(|n| n != told && !quiet) {
                    let message = format!("{workers} workers, after step {step}: {told}, not {dropped:?}");
                    return Err(fault("latenesses are not what they should be", message));
                }
                continue;
            }
            // A program that has ended is not followed further: the clock goes on.
            let Some((at, want)) = owners[v].and_then(|at| Some((at, members[at].views.get(step)?))) else { continue };
            if views[v] != want[&view.name] {
                let message = format!(
                    "{workers} workers, view {} after step {step}:{}",
                    view.name,
                    difference(&views[v], &want[&view.name])
                );
                wrong.entry(at).or_insert(fault("compiled is not from scratch", message));
            }
        }
    }
    Ok(wrong.into_iter().collect())
}

/// Of programs that fail together, as few as still do.
fn fewest<'m>(bench: &Bench, mut members: Vec<&'m Member>, passes: Passes) -> Vec<&'m Member> {
    while members.len() > 1 && bench.compiles.get() < COMPILES_MAX {
        let (first, second) = members.split_at(members.len() / 2);
        let fails = |part: &[&Member]| !bench.run(part, passes).is_ok_and(|wrong| wrong.is_empty());
        members = match (fails(first), fails(second)) {
            (true, _) => first.to_vec(),
            (_, true) => second.to_vec(),
            // It takes some of both.
            _ => return members,
        };
    }
    members
}

/// A failing program, as small as it gets: on the engine, if it fails there, since that is quick.
fn smallest(bench: &Bench, member: &Member, passes: Passes) -> String {
    let run = |case: &Case| check::check(&case.tree.to_string(), &|_| case.script.clone(), &interpreter);
    if let Err(fault) = run(&member.case) {
        let case = shrink(member.case.clone(), SHRINKING, |case| run(case).is_err_and(|f| f.kind == fault.kind));
        return format!("{}{}the engine, too: {fault}", case.tree, shown(&case.script));
    }
    let alone = |case: &Case| -> Result<(), Fault> {
        let Some(member) = Member::new(0, case.clone()) else { return Ok(()) };
        bench.run(&[&member], passes)?.into_iter().next().map_or(Ok(()), |(_, fault)| Err(fault))
    };
    let Err(fault) = alone(&member.case) else {
        return format!("{}{}not if it is alone", member.case.tree, shown(&member.case.script));
    };
    let limit = bench.compiles.get() + COMPILES_MAX;
    let fails = |case: &Case| bench.compiles.get() < limit && alone(case).is_err_and(|f| f.kind == fault.kind);
    let case = shrink(member.case.clone(), SHRINKING, fails);
    let fault = alone(&case).err().map_or(fault.to_string(), |f| f.to_string());
    format!("{}{}{fault}", case.tree, shown(&case.script))
}

/// What is wrong with a component of programs.
fn faults(bench: &Bench, members: &[Member], passes: Passes) -> Vec<String> {
    let all: Vec<&Member> = members.iter().collect();
    bench.compiles.set(0);
    let told =
        |m: &Member, what: &str| format!("-- seed {}, {passes:?}: {what}\n{}", m.seed, smallest(bench, m, passes));
    match bench.run(&all, passes) {
        Ok(wrong) => wrong.iter().take(3).map(|(at, fault)| told(all[*at], &fault.to_string())).collect(),
        Err(fault) => {
            println!("{fault}");
            let left = fewest(bench, all, passes);
            let together = if left.len() > 1 { format!(" ({} programs together)", left.len()) } else { String::new() };
            left.iter().take(2).map(|m| told(m, &format!("{fault}{together}"))).collect()
        }
    }
}

#[test]
fn compiled_is_from_scratch() {
    support::quiet();
    let bench = Bench::new();
    let registry = Registry::new(1);
    let (begun, first) = (Instant::now(), setting("WEIR_SEED", 1));
    let mut seeds = (0..).map(|n| first.wrapping_mul(1_000_003).wrapping_add(n));
    let (mut wrong, mut programs, mut rows) = (vec![], 0, 0);
    for component in 0..setting("WEIR_COMPONENTS", COMPONENTS) {
        let passes = if component % 2 == 0 { Passes::ALL } else { Passes::NONE };
        let mut members: Vec<Member> = vec![];
        while members.len() < PROGRAMS {
            let seed = seeds.next().unwrap();
            let tree = program(seed, &registry, false, members.len() * NAMES).tree;
            let Ok(compiled) = weir_sql::compile_with(&tree.to_string(), Passes::NONE) else { continue };
            if weir_sql::generate(&compiled.circuit).len() > RUST_MAX {
                continue;
            }
            let script = script::script(seed, &tree.to_string(), &compiled.circuit);
            members.extend(Member::new(seed, Case { tree, script }));
        }
        let started = Instant::now();
        let found = faults(&bench, &members, passes);
        println!("{} programs as one, with {passes:?}: {:?}", members.len(), started.elapsed());
        found.iter().for_each(|text| println!("{text}\n"));
        wrong.extend(found);
        programs += members.len();
        rows +=
            members.iter().flat_map(|m| m.views.iter().flat_map(BTreeMap::values)).map(BTreeMap::len).sum::<usize>();
    }
    println!("{programs} programs, {rows} rows, in {:?}", begun.elapsed());
    assert!(wrong.is_empty(), "seed {first}: {} programs fail", wrong.len());
    assert!(rows > programs * 5, "too few rows");
}
