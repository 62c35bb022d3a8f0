//! The automaton of a program's compilation.
//!
//! ```text
//! Pending -> CompilingSql -> SqlCompiled -> CompilingRust -> Success
//!                 |-> SqlError                   |-> RustError
//!                 |-> SystemError                |-> SystemError
//! ```
//! An edit of the program leads back to Pending from everywhere.

use weir_catalog::ProgramStatus;

/// The statuses without what they carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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

/// Whether a compiler may set `to` on a program that stands at `from`, when it worked on `worked_version` and the program is at
/// `version` now. (Edits set Pending by themselves, whatever the stage.)
pub fn allows(from: Stage, to: Stage, worked_version: i64, version: i64) -> bool {
    use Stage::{CompilingRust, CompilingSql, Pending, RustError, SqlCompiled, SqlError, Success, SystemError};
    worked_version == version
        && matches!(
            (from, to),
            (Pending, CompilingSql | SystemError)
                | (CompilingSql, Pending | SqlCompiled | SqlError | SystemError)
                | (SqlCompiled, Pending | CompilingRust)
                | (CompilingRust, Pending | SqlCompiled | Success | RustError | SystemError)
                | (Success | SqlError | RustError | SystemError, Pending)
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Stage; 8] = [
        Stage::Pending,
        Stage::CompilingSql,
        Stage::SqlCompiled,
        Stage::CompilingRust,
        Stage::Success,
        Stage::SqlError,
        Stage::RustError,
        Stage::SystemError,
    ];

    #[test]
    fn every_edge_of_the_specification_and_no_other() {
        let edges: Vec<(Stage, Stage)> = ALL
            .iter()
            .flat_map(|from| ALL.iter().map(move |to| (*from, *to)))
            .filter(|(from, to)| allows(*from, *to, 3, 3))
            .collect();
        assert_eq!(edges.len(), 2 + 4 + 2 + 5 + 4);
        assert!(!allows(Stage::Pending, Stage::Success, 1, 1));
        assert!(edges.iter().all(|(from, to)| !allows(*from, *to, 2, 3)), "an overtaken compiler sets nothing");
    }
}
