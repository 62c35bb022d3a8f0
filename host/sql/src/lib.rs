//! The SQL front end: a program's text in; a circuit, its schema and its Rust source out. Pure: no I/O and no clock.
//!
//! The rooms, in the order in which a program passes through them: `parse` (text to syntax tree, every error
//! found) · `bind` (names, scopes, types) · `plan` (relational algebra) · `optimise` (one pass a file) · `lower` (to the
//! circuit) · `generate` (to Rust). `functions` is the registry of what SQL can call.

mod bind;
mod diagnostic;
mod expr;
mod functions;
mod generate;
mod lower;
mod monotone;
mod optimise;
mod parse;
mod plan;
mod relation;
mod stubs;
mod unused;
mod verify;

pub use diagnostic::{Diagnostic, LineCol, Severity, Span, render};
pub use functions::{Example, Outcome, examples, reference};
pub use optimise::Passes;
pub use relation::{Program, Property, Relation, RelationColumn};

use weir_circuit::Circuit;

/// Compiles the text of a SQL program.
///
/// # Errors
///
/// All errors that were found, in the order of the text (warnings among them). There is at least one error.
pub fn compile(source: &str) -> Result<Program, Vec<Diagnostic>> {
    compile_with(source, Passes::ALL)
}

/// Compiles the text of a SQL program with some of the optimiser's passes.
///
/// # Errors
///
/// As for [`compile`].
pub fn compile_with(source: &str, passes: Passes) -> Result<Program, Vec<Diagnostic>> {
    // Chains of operators nest as deep as they are long, and the parser's trees are walked and dropped recursively: the stack
    // has room for the longest statement that is allowed. (Its pages exist only when they are touched.)
    let compiled = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
        thread.spawn_scoped(scope, || compile_here(source, passes)).map(|handle| match handle.join() {
            Ok(result) => result,
            // A fault of ours is this program's trouble, nobody else's.
            Err(_) => {
                let message = "the SQL front end failed on this program; this is a fault of Weir".to_string();
                Err(vec![Diagnostic::error(source, Span::default(), diagnostic::INTERNAL, message)])
            }
        })
    });
    compiled.unwrap_or_else(|e| {
        let message = format!("no thread to compile on: {e}");
        Err(vec![Diagnostic::error(source, Span::default(), diagnostic::LIMIT, message)])
    })
}

/// The relational plan of a program as text, before and after these passes: for people.
///
/// # Errors
///
/// As for [`compile`].
pub fn explain(source: &str, passes: Passes) -> Result<String, Vec<Diagnostic>> {
    // The program is known to compile, so its trees are not too deep for any stack but the smallest.
    compile_with(source, passes)?;
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
    let source = source.to_string();
    let shown = thread.spawn(move || {
        let Ok(bound) = bind::bind(&source, parse::parse(&source)) else { return String::new() };
        let facts = optimise::facts(&bound.program);
        let plan = bound.plan;
        format!("-- as written\n{plan}\n-- optimised\n{}", optimise::optimise(plan.clone(), &facts, passes))
    });
    Ok(shown.ok().and_then(|t| t.join().ok()).unwrap_or_default())
}

/// Room for the deepest tree.
const STACK_BYTES: usize = 256 << 20;

fn compile_here(source: &str, passes: Passes) -> Result<Program, Vec<Diagnostic>> {
    let parsed = parse::parse(source);
    let bound = bind::bind(source, parsed)?;
    let mut program = bound.program;
    let plan = optimise::optimise(bound.plan, &optimise::facts(&program), passes);
    unused::mark(source, &plan, &mut program)?;
    program.circuit = lower::lower(&plan, program.circuit).map_err(|places| {
        let message = "no row is ever final: the column has no waterline";
        let hint = "a column has one if it comes from a column with a LATENESS, as it is or as a window's bound, also through GROUP BY and joins by it";
        let of = |at| Diagnostic::error(source, at, diagnostic::STATEMENT, message.to_string()).with_hint(hint);
        places.into_iter().map(of).collect::<Vec<_>>()
    })?;
    let unknown = verify::unknown_kernels(source, &program.circuit);
    if unknown.is_empty() { Ok(program) } else { Err(unknown) }
}

/// The declarations of the functions that a program leaves to `udf.rs`, which a program that has some is compiled with, as
/// `stubs.rs`. Empty if it has none.
pub fn stubs(circuit: &Circuit) -> String {
    stubs::stubs(circuit)
}

/// The Rust program that runs a circuit over `weir_sdk::prelude`: the source of a crate's `lib.rs`.
pub fn generate(circuit: &Circuit) -> String {
    generate::generate(circuit)
}
