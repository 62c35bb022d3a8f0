//! The automaton of a program's compilation: a stage and an event give the next stage, and a stage says what is to be done.
//!
//! ```text
//! Pending -> CompilingSql -> SqlCompiled -> CompilingRust -> Success
//!    |           |-> SqlError                   |-> RustError
//!    +---------> +----------> SystemError <-----+
//! ```
//! A change of the program, or of the platform, leads back to Pending from everywhere.

use weir_catalog::ProgramStatus;

/// The statuses without what they carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// Waiting for the SQL compiler.
    Pending,
    /// In the SQL compiler.
    CompilingSql,
    /// Waiting for the Rust compiler.
    SqlCompiled,
    /// In the Rust compiler.
    CompilingRust,
    /// Ready.
    Success,
    /// The SQL is wrong.
    SqlError,
    /// The Rust is wrong.
    RustError,
    /// The compiler failed.
    SystemError,
}

/// What happened to a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The compiler that it waited for took it up.
    Taken,
    /// The compiler is done with it.
    Compiled,
    /// The compiler found it wrong.
    Refused,
    /// The compiler failed.
    Broken,
    /// The server ended while a compiler had it.
    Interrupted,
    /// It was changed, or the platform was.
    Changed,
}

/// What is to be done with a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// It goes to the SQL compiler.
    CompileSql,
    /// It goes to the Rust compiler.
    CompileRust,
}

/// The stage of a status.
pub fn stage(status: &ProgramStatus) -> Stage {
    match status {
        ProgramStatus::Pending => Stage::Pending,
        ProgramStatus::CompilingSql => Stage::CompilingSql,
        ProgramStatus::SqlCompiled => Stage::SqlCompiled,
        ProgramStatus::CompilingRust => Stage::CompilingRust,
        ProgramStatus::Success => Stage::Success,
        ProgramStatus::SqlError(_) => Stage::SqlError,
        ProgramStatus::RustError(_) => Stage::RustError,
        ProgramStatus::SystemError(_) => Stage::SystemError,
    }
}

/// What a program waits for.
pub fn work(stage: Stage) -> Option<Work> {
    match stage {
        Stage::Pending => Some(Work::CompileSql),
        Stage::SqlCompiled => Some(Work::CompileRust),
        _ => None,
    }
}

/// The next stage; `None`: the event has no place here, since something overtook the compiler.
pub fn on(stage: Stage, event: Event) -> Option<Stage> {
    match (stage, event) {
        (_, Event::Changed) | (Stage::CompilingSql, Event::Interrupted) => Some(Stage::Pending),
        (Stage::CompilingRust, Event::Interrupted) => Some(Stage::SqlCompiled),
        (Stage::Pending, Event::Taken) => Some(Stage::CompilingSql),
        (Stage::CompilingSql, Event::Compiled) => Some(Stage::SqlCompiled),
        (Stage::CompilingSql, Event::Refused) => Some(Stage::SqlError),
        (Stage::SqlCompiled, Event::Taken) => Some(Stage::CompilingRust),
        (Stage::CompilingRust, Event::Compiled) => Some(Stage::Success),
        (Stage::CompilingRust, Event::Refused) => Some(Stage::RustError),
        (Stage::Pending | Stage::CompilingSql | Stage::CompilingRust, Event::Broken) => Some(Stage::SystemError),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Stage::{CompilingRust, CompilingSql, Pending, RustError, SqlCompiled, SqlError, Success, SystemError};
    use std::collections::BTreeSet;

    const STAGES: [Stage; 8] =
        [Pending, CompilingSql, SqlCompiled, CompilingRust, Success, SqlError, RustError, SystemError];
    const EVENTS: [Event; 6] =
        [Event::Taken, Event::Compiled, Event::Refused, Event::Broken, Event::Interrupted, Event::Changed];

    #[test]
    fn every_edge_of_the_specification_and_no_other() {
        let edges: BTreeSet<(Stage, Stage)> = STAGES
            .iter()
            .flat_map(|from| EVENTS.iter().filter_map(move |event| on(*from, *event).map(|to| (*from, to))))
            .filter(|(from, to)| from != to)
            .collect();
        let allowed = [
            (Pending, vec![CompilingSql, SystemError]),
            (CompilingSql, vec![Pending, SqlCompiled, SqlError, SystemError]),
            (SqlCompiled, vec![Pending, CompilingRust]),
            (CompilingRust, vec![Pending, SqlCompiled, Success, RustError, SystemError]),
            (Success, vec![Pending]),
            (SqlError, vec![Pending]),
            (RustError, vec![Pending]),
            (SystemError, vec![Pending]),
        ];
        let allowed: BTreeSet<_> =
            allowed.into_iter().flat_map(|(from, to)| to.into_iter().map(move |to| (from, to))).collect();
        assert_eq!(edges, allowed);
    }

    #[test]
    fn work_is_done_until_a_program_is_right_or_wrong() {
        for outcome in [Event::Compiled, Event::Refused, Event::Broken] {
            for last in [Work::CompileSql, Work::CompileRust] {
                let mut stage = Pending;
                while let Some(work) = work(stage) {
                    stage = on(stage, Event::Taken).expect("a compiler takes what waits for it");
                    let event = if work == last { outcome } else { Event::Compiled };
                    stage = on(stage, event).expect("a compiler's outcome has a place");
                    if event != Event::Compiled {
                        break;
                    }
                }
                assert!(matches!(stage, Success | SqlError | RustError | SystemError), "{stage:?}");
                assert_eq!(work(stage), None);
            }
        }
    }
}
