//! A program run in all ways over a script: after every step the sum of what comes out is what the naive interpreter makes of the tables.

use super::late::Tables;
use super::script::{Script, changes, clock, settled};
use super::support::changes::{Change, Input, follow, told};
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};
use weir_circuit::Circuit;
use weir_circuit::interpret::{ZSet, evaluate_at};
use weir_sdk::host::Failure;
use weir_sql::{Passes, compile_with};

/// What the optimiser does, and how many workers there are. (All circuits run with one worker; what differs with more is the
/// exchanges, which the other passes do not choose.)
pub const WAYS: [(Passes, &[usize]); 6] = [
    (Passes::NONE, &[1, 3]),
    (Passes::ALL, &[1, 3]),
    (Passes { fold: false, ..Passes::ALL }, &[1]),
    (Passes { push: false, ..Passes::ALL }, &[3]),
    (Passes { order: false, ..Passes::ALL }, &[1]),
    (Passes { prune: false, ..Passes::ALL }, &[3]),
];

/// What takes the oracle longer than this is left at that.
const PATIENCE: Duration = Duration::from_millis(400);

/// What is wrong with a program.
#[derive(Clone, Debug)]
pub struct Fault {
    /// The kind, which stays the same while the program is made smaller.
    pub kind: &'static str,
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.message)
    }
}

/// What came of a program that is not wrong.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// All is as it should be, over so many steps, which had rows to compare or not.
    Good { steps: usize, rows: usize, failed: bool },
    /// The front end refuses it.
    Refused(String),
}

fn fault(kind: &'static str, message: impl fmt::Display) -> Fault {
    Fault { kind, message: message.to_string() }
}

fn compiled(source: &str, passes: Passes) -> Result<Result<Circuit, String>, Fault> {
    let circuit = match compile_with(source, passes) {
        Ok(program) => program.circuit,
        Err(errors) => {
            if let Some(e) = errors.iter().find(|e| e.kind.contains("Internal")) {
                return Err(fault("the front end fails", format!("{passes:?}: {}", e.message)));
            }
            let first = errors.iter().find(|e| e.severity == weir_sql::Severity::Error);
            return Ok(Err(first.map_or("?", |e| e.message.as_str()).to_string()));
        }
    };
    circuit.check().map_err(|e| fault("the circuit is wrong", format!("{passes:?}: {e}")))?;
    Ok(Ok(circuit))
}

/// What may go wrong within the interpreter or the engine.
fn guarded<T>(what: &str, work: impl FnOnce() -> T) -> Result<Result<T, Failure>, Fault> {
    match std::panic::catch_unwind(AssertUnwindSafe(work)) {
        Ok(out) => Ok(Ok(out)),
        Err(payload) => match payload.downcast::<Failure>() {
            Ok(failure) => Ok(Err(*failure)),
            Err(other) => {
                let text = other.downcast_ref::<String>().map(String::as_str);
                let text = text.or(other.downcast_ref::<&str>().copied()).unwrap_or("?");
                Err(fault("a panic", format!("{what}: {text}")))
            }
        },
    }
}

/// What the oracle says of the views, given the contents of tables and the time.
pub type Oracle<'o> = &'o dyn Fn(&Circuit, &[ZSet], i64) -> Result<Vec<ZSet>, String>;

/// The naive interpreter.
pub fn interpreter(circuit: &Circuit, tables: &[ZSet], now: i64) -> Result<Vec<ZSet>, String> {
    evaluate_at(circuit, tables, now).map_err(|e| e.message)
}

/// The rows that differ between two answers.
pub fn difference(got: &ZSet, want: &ZSet) -> String {
    let mut out = String::new();
    for (row, w) in got.iter().filter(|(r, w)| want.get(*r) != Some(w)).take(4) {
        out.push_str(&format!("\n    has {row:?} x {w}, not x {}", want.get(row).unwrap_or(&0)));
    }
    for (row, w) in want.iter().filter(|(r, _)| !got.contains_key(*r)).take(4) {
        out.push_str(&format!("\n    lacks {row:?} x {w}"));
    }
    out
}

/// What a program answers by the oracle.
pub struct Answers {
    /// The circuit that was asked, which is not optimised.
    pub circuit: Circuit,
    /// The changes of each step, those of the step that fails and of all after it left out.
    pub script: Script,
    /// The contents of tables after each step.
    pub tables: Vec<Vec<ZSet>>,
    /// The contents of views after each step.
    pub views: Vec<Vec<ZSet>>,
    /// How many rows came too late, up to each step.
    pub dropped: Vec<Option<i64>>,
    /// The error with which it stops.
    pub error: Option<String>,
}

/// What the oracle answers; or why the front end refuses the program.
pub fn answers(
    source: &str,
    script: &dyn Fn(&Circuit) -> Script,
    oracle: Oracle<'_>,
) -> Result<Result<Answers, String>, Fault> {
    let circuit = match compiled(source, Passes::NONE)? {
        Ok(circuit) => circuit,
        Err(message) => return Ok(Err(message)),
    };
    let mut script = script(&circuit);
    let mut contents = Tables::new(source, &circuit);
    let (mut views, mut tables, mut dropped, mut error) = (vec![], vec![], vec![], None);
    let begun = Instant::now();
    for (at, step) in changes(&script, &circuit).iter().enumerate() {
        contents.step(step);
        if begun.elapsed() > PATIENCE {
            break;
        }
        match guarded("interpreter", || oracle(&circuit, &contents.kept, clock(at)))? {
            Ok(Ok(of_step)) => views.push(of_step),
            Ok(Err(message)) => {
                error = Some(message);
                break;
            }
            Err(failure) => return Err(fault("a panic", format!("interpreter: {}", failure.message))),
        }
        tables.push(contents.kept.clone());
        dropped.push(contents.dropped);
    }
    script.truncate(views.len());
    if let Some(view) = views.iter().flatten().find(|v| v.values().any(|w| *w < 0)) {
        return Err(fault("negative", format!("the interpreter has rows less than never: {view:?}")));
    }
    Ok(Ok(Answers { circuit, script, tables, views, dropped, error }))
}

/// Runs a program in all ways.
pub fn check(source: &str, script: &dyn Fn(&Circuit) -> Script, oracle: Oracle<'_>) -> Result<Outcome, Fault> {
    let answers = match answers(source, script, oracle)? {
        Ok(answers) => answers,
        Err(message) => return Ok(Outcome::Refused(message)),
    };
    let expected = &answers.views;
    let steps = changes(&answers.script, &answers.circuit);
    let quiet: Vec<Vec<Change>> = steps.iter().map(|s| settled(s, &answers.circuit)).collect();
    for (passes, workers) in WAYS {
        let circuit = compiled(source, passes)?.map_err(|e| fault("refused", format!("{passes:?}: {e}")))?;
        if passes == Passes::ALL {
            // The optimiser adds no errors, on the whole of a table either.
            for (step, (tables, expected)) in answers.tables.iter().zip(expected).enumerate() {
                let got = guarded("interpreter", || oracle(&circuit, tables, clock(step)))?
                    .map_err(|f| fault("a panic", f.message))?;
                let got = got.map_err(|e| fault("an error by the optimiser", format!("step {step}: {e}")))?;
                for (v, (got, want)) in got.iter().zip(expected).enumerate() {
                    if got != want {
                        let name = &circuit.views[v].name;
                        let message = format!("view {name} after step {step}:{}", difference(got, want));
                        return Err(fault("the optimiser changes the meaning", message));
                    }
                }
            }
        }
        let json = serde_json::to_string(&circuit).map_err(|e| fault("no JSON", e))?;
        if let Err(e) = weir_engine::Program::new(&json) {
            return Err(fault("the engine refuses it", format!("{passes:?}: {e}")));
        }
        let program = || -> Box<dyn weir_sdk::Circuit> { Box::new(weir_engine::Program::new(&json).unwrap()) };
        for workers in workers {
            let how = format!("{passes:?}, {workers} workers");
            let run = |steps: &[Vec<Change>]| {
                let mut contents = vec![ZSet::new(); circuit.tables.len()];
                let inputs: Vec<Vec<Input>> =
                    steps.iter().map(|s| told(&circuit, &mut contents, s, *workers)).collect();
                guarded(&how, || follow(&circuit, program, &inputs, clock, *workers))
            };
            let got = match run(&steps)? {
                Ok(got) => got,
                Err(_) => {
                    run(&quiet)?.map_err(|f| fault("an error of the engine alone", format!("{how}: {}", f.message)))?
                }
            };
            compare(&circuit, &got, &answers, &how)?;
        }
    }
    let rows = expected.iter().flatten().map(|v| v.len()).sum();
    Ok(Outcome::Good { steps: expected.len(), rows, failed: answers.error.is_some() })
}

/// The view of what was dropped, of which the interpreter knows nothing: its rows are counted.
pub const ERRORS: &str = "error_view";

/// Whether the views are what they should be after each step.
fn compare(circuit: &Circuit, got: &[Vec<ZSet>], answers: &Answers, how: &str) -> Result<(), Fault> {
    for (step, (got, expected)) in got.iter().zip(&answers.views).enumerate() {
        for (v, (got, want)) in got.iter().zip(expected).enumerate() {
            let name = &circuit.views[v].name;
            let (told, dropped) = (got.values().sum::<i64>(), answers.dropped[step]);
            if name == ERRORS && dropped.is_some_and(|n| n != told) {
                let message = format!("{how}, after step {step} {told} rows were dropped, not {dropped:?}");
                return Err(fault("latenesses are not what they should be", message));
            }
            if name != ERRORS && got != want {
                let message = format!("{how}, view {name} after step {step}:{}", difference(got, want));
                return Err(fault("incremental is not from scratch", message));
            }
        }
    }
    Ok(())
}
