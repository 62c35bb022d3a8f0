//! The SQL front end: a program's text in; a circuit, its schema and its Rust source out. Pure: no I/O and no clock.
//!
//! The rooms, in the order in which a program passes through them: `parse` (text to syntax tree, every error
//! found) · `bind` (names, scopes, types) · `plan` (relational algebra) · `optimise` (one pass a file) · `lower` (to the
//! circuit) · `generate` (to Rust). `functions` is the table of what SQL can call.

mod diagnostic;
mod relation;

pub use diagnostic::{Diagnostic, LineCol, Severity, Span, render};
pub use relation::{Program, Property, Relation, RelationColumn};

use weir_circuit::Circuit;

/// Compiles the text of a SQL program.
///
/// # Errors
///
/// All errors that were found, in the order of the text (warnings among them). There is at least one error.
pub fn compile(source: &str) -> Result<Program, Vec<Diagnostic>> {
    Err(vec![Diagnostic::error(source, Span::default(), diagnostic::UNSUPPORTED, "not supported yet".to_string())])
}

/// The Rust program that runs a circuit over `weir_sdk::prelude`.
pub fn generate(circuit: &Circuit) -> String {
    format!("//! {} operators\n", circuit.nodes.len())
}
