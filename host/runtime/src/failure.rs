//! How a pipeline ends before its time.

use std::fmt;

use wasmtime::Trap;

/// Bytes kept of a failure's message.
pub(crate) const MESSAGE_BYTES_MAX: usize = 16 << 10;

/// What kind of end it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// A run-time error of the SQL program: overflow, a cast that failed, a bad row.
    SqlError,
    /// The component trapped: a bug in it, or a panic.
    Trap,
    /// The pipeline wanted more memory than its limit.
    MemoryLimit,
    /// Somebody killed it.
    Killed,
    /// A call took longer than its limit.
    Timeout,
    /// The component broke the contract of the world: a block of a bad shape, a wrong exchange, an unknown state block.
    Protocol,
    /// The store of state blocks failed: disk full, or damaged.
    Store,
}

/// The end of a pipeline: every later call returns it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, serde::Serialize, serde::Deserialize)]
pub struct Failure {
    /// What kind of end.
    pub kind: FailureKind,
    /// What happened, for the program's owner.
    pub message: String,
    /// Line and column in the SQL program, both from 1, where there is such a place.
    pub position: Option<(u32, u32)>,
    /// The worker that failed; `None` when it was none in particular.
    pub worker: Option<u32>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Some((line, column)) = self.position {
            write!(f, " (line {line}, column {column})")?;
        }
        Ok(())
    }
}

impl Failure {
    pub(crate) fn new(kind: FailureKind, worker: Option<u32>, message: impl Into<String>) -> Failure {
        let mut message: String = message.into();
        message.truncate(message.floor_char_boundary(MESSAGE_BYTES_MAX));
        Failure { kind, message, position: None, worker }
    }

    /// What an error out of wasmtime means, when no host function recorded a failure of its own. `said` is what the
    /// component wrote to standard error during the call: std's panic message, as a rule.
    pub(crate) fn of_error(worker: u32, call: &str, error: &wasmtime::Error, said: &str) -> Failure {
        let said = panic_text(said);
        let cause = error.root_cause().to_string();
        let trap = error.downcast_ref::<Trap>();
        let kind = match trap {
            Some(Trap::CannotLeaveComponent | Trap::CannotEnterComponent) => FailureKind::Protocol,
            Some(_) => FailureKind::Trap,
            None if error.downcast_ref::<wasmtime_wasi::I32Exit>().is_some() => FailureKind::Trap,
            // Refused by the canonical ABI: pointers, lengths, or lists beyond the limit.
            None => FailureKind::Protocol,
        };
        let cause = match trap {
            Some(Trap::StackOverflow) => "the stack overflowed".to_owned(),
            _ => cause,
        };
        let message = if said.is_empty() {
            format!("the component failed in `{call}`: {cause}")
        } else {
            format!("the component failed in `{call}`: {said}")
        };
        Failure::new(kind, Some(worker), message)
    }
}

/// The panic message without std's advice on backtraces.
fn panic_text(stderr: &str) -> String {
    let lines = stderr.lines().filter(|l| !l.starts_with("note: run with `RUST_BACKTRACE") && !l.trim().is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panics_are_quoted_without_advice() {
        let said = "\nthread 'main' (1) panicked at program.rs:3:5:\nindex out of bounds\nnote: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\n";
        let error = wasmtime::Error::from(Trap::UnreachableCodeReached);
        let failure = Failure::of_error(2, "step", &error, said);
        assert_eq!(failure.kind, FailureKind::Trap);
        assert_eq!(failure.worker, Some(2));
        assert_eq!(
            failure.message,
            "the component failed in `step`: thread 'main' (1) panicked at program.rs:3:5:\nindex out of bounds"
        );
    }

    #[test]
    fn messages_are_cut_between_characters() {
        let failure = Failure::new(FailureKind::Trap, None, format!("x{}", "ä".repeat(MESSAGE_BYTES_MAX)));
        assert_eq!(failure.message.len(), MESSAGE_BYTES_MAX - 1);
    }
}
