//! The automaton of a pipeline's deployment.
//!
//! ```text
//! Shutdown -> Provisioning -> Initializing -> Paused <-> Running
//!    |             |               |            |          |
//!    +-------------+---------------+--> Failed <+----------+     Failed -> ShuttingDown -> Shutdown
//! ```
//! A start always passes through Provisioning, Initializing and Paused.

use super::program::Stage;
use weir_catalog::{DeploymentDesired as Desired, DeploymentStatus as Status};

/// What a driver does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Nothing, until something changes.
    Wait,
    /// Store another status.
    Become(Status),
    /// Fail, because the program did not compile.
    FailCompilation,
    /// Load the program; then Initializing.
    Provision,
    /// Open its workers; then Paused.
    Initialize,
    /// Let the pipeline take in changes; then Running.
    Start,
    /// Let it take in no more; then Paused.
    Pause,
    /// End it and give up what it holds; then Shutdown.
    Stop,
}

/// What to do with a pipeline.
pub fn next(status: Status, desired: Desired, program: Stage) -> Action {
    match (status, desired) {
        (Status::Shutdown, Desired::Shutdown) => Action::Wait,
        (Status::Shutdown, _) => match program {
            Stage::Success => Action::Become(Status::Provisioning),
            Stage::SqlError | Stage::RustError | Stage::SystemError => Action::FailCompilation,
            // Started before it is compiled: the start waits.
            Stage::Pending | Stage::CompilingSql | Stage::SqlCompiled | Stage::CompilingRust => Action::Wait,
        },
        (Status::ShuttingDown, _) => Action::Stop,
        (_, Desired::Shutdown) => Action::Become(Status::ShuttingDown),
        (Status::Provisioning, _) => Action::Provision,
        (Status::Initializing, _) => Action::Initialize,
        (Status::Paused, Desired::Running) => Action::Start,
        (Status::Running, Desired::Paused) => Action::Pause,
        (Status::Paused | Status::Running | Status::Unavailable | Status::Failed, _) => Action::Wait,
    }
}

/// The status that an action leads to when it succeeds.
pub fn done(action: Action) -> Option<Status> {
    match action {
        Action::Wait | Action::FailCompilation => None,
        Action::Become(status) => Some(status),
        Action::Provision => Some(Status::Initializing),
        Action::Initialize | Action::Pause => Some(Status::Paused),
        Action::Start => Some(Status::Running),
        Action::Stop => Some(Status::Shutdown),
    }
}

/// Whether a deployment may go from one status to another.
pub fn allows(from: Status, to: Status) -> bool {
    use Status::{Failed, Initializing, Paused, Provisioning, Running, Shutdown, ShuttingDown, Unavailable};
    matches!(
        (from, to),
        (Shutdown, Provisioning | Failed)
            | (Provisioning, Initializing | ShuttingDown | Failed)
            | (Initializing, Paused | ShuttingDown | Failed)
            | (Paused, Running | Unavailable | ShuttingDown | Failed)
            | (Running, Paused | Unavailable | ShuttingDown | Failed)
            | (Unavailable, Running | Paused | ShuttingDown | Failed)
            | (Failed, ShuttingDown)
            | (ShuttingDown, Shutdown)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATUSES: [Status; 8] = [
        Status::Shutdown,
        Status::Provisioning,
        Status::Initializing,
        Status::Paused,
        Status::Running,
        Status::Unavailable,
        Status::Failed,
        Status::ShuttingDown,
    ];
    const WISHES: [Desired; 3] = [Desired::Shutdown, Desired::Paused, Desired::Running];
    const STAGES: [Stage; 8] = [
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
    fn every_action_takes_a_legal_edge() {
        for status in STATUSES {
            for desired in WISHES {
                for program in STAGES {
                    let action = next(status, desired, program);
                    if action == Action::FailCompilation {
                        assert!(allows(status, Status::Failed));
                    }
                    if let Some(to) = done(action) {
                        assert!(allows(status, to), "{status} -> {to}");
                    }
                }
            }
        }
    }

    #[test]
    fn every_wish_is_reached_and_then_nothing_is_done() {
        for start in STATUSES {
            for desired in WISHES {
                let mut status = start;
                for _ in 0..8 {
                    match next(status, desired, Stage::Success) {
                        Action::Wait => break,
                        action => status = done(action).expect("an action that leads somewhere"),
                    }
                }
                let reached = match desired {
                    _ if matches!(start, Status::Failed | Status::Unavailable) && desired != Desired::Shutdown => start,
                    Desired::Shutdown => Status::Shutdown,
                    Desired::Paused => Status::Paused,
                    Desired::Running => Status::Running,
                };
                assert_eq!(status, reached, "{start} wishing {desired}");
            }
        }
    }

    #[test]
    fn a_start_passes_through_paused() {
        assert!(!allows(Status::Initializing, Status::Running));
        assert!(!allows(Status::ShuttingDown, Status::Failed));
        assert_eq!(next(Status::Shutdown, Desired::Running, Stage::CompilingRust), Action::Wait);
        assert_eq!(next(Status::Shutdown, Desired::Running, Stage::RustError), Action::FailCompilation);
    }
}
