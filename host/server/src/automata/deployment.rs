//! The automaton of a pipeline's deployment: a state and an event give the next state and what to do.
//!
//! ```text
//! Shutdown -> Provisioning -> Initializing -> Paused <-> Running
//!    |             |               |            |  \      /  |
//!    |             |               |            |  Unavailable
//!    +-------------+---------------+--> Failed <+------------+     any but Shutdown -> ShuttingDown -> Shutdown
//! ```
//! A start always passes through Provisioning, Initializing and Paused. What an action brings about is the next event; the
//! state is stored in between, so that a change of the owner's wish is seen at every step.

use super::program::Stage;
use std::time::Duration;
use weir_catalog::{DeploymentDesired as Desired, DeploymentStatus as Status};

/// What is stored of a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// Where it stands.
    pub status: Status,
    /// Where its owner wishes it.
    pub desired: Desired,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Something may have changed; the program stands there, and was compiled by this version of the platform or not.
    Look {
        /// Where the program stands.
        program: Stage,
        /// Whether this platform compiled it.
        current: bool,
    },
    /// The program is loaded.
    Provisioned,
    /// The workers are open, and this is what the pipeline says of itself.
    Initialized(Answer),
    /// The pipeline says of itself.
    Answered(Answer),
    /// The pipeline did not answer.
    Unreachable,
    /// The time of a timed state is over.
    Late,
    /// What was done went wrong, or the pipeline did.
    Failed,
    /// The pipeline has ended, and what it held is given up.
    Stopped,
    /// It could not be ended.
    StopFailed,
}

/// What a pipeline says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It takes in nothing.
    Paused,
    /// It runs.
    Running,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Say that the program did not compile.
    BlameCompilation,
    /// Have the program compiled by this version of the platform.
    Recompile,
    /// Load the program.
    Provision,
    /// Open the workers.
    Initialize,
    /// Let the pipeline take in changes.
    Resume,
    /// Let it take in no more.
    Pause,
    /// Ask it how it is.
    Probe,
    /// End it and give up what it holds.
    Stop,
    /// Try again to end it, a little later.
    StopAgain,
}

/// How long a deployment may stand at a status.
pub fn timeout(status: Status) -> Option<Duration> {
    match status {
        Status::Provisioning => Some(Duration::from_secs(20)),
        Status::Initializing => Some(Duration::from_secs(60)),
        _ => None,
    }
}

/// The next status and what to do there.
pub fn on(state: State, event: Event) -> (Status, Option<Action>) {
    let State { status, desired } = state;
    let stay = (status, None);
    match (status, event) {
        (Status::Shutdown, Event::Look { program, current }) => look(desired, program, current),
        (Status::Shutdown, _) => stay,
        (Status::ShuttingDown, Event::Stopped) => (Status::Shutdown, None),
        (Status::ShuttingDown, Event::StopFailed) => (Status::ShuttingDown, Some(Action::StopAgain)),
        (Status::ShuttingDown, _) => (Status::ShuttingDown, Some(Action::Stop)),
        // Whatever happened: it is no longer wished for.
        _ if desired == Desired::Shutdown => (Status::ShuttingDown, Some(Action::Stop)),
        (Status::Failed, _) => stay,
        (_, Event::Failed) => (Status::Failed, None),

        (Status::Provisioning, Event::Look { .. }) => (status, Some(Action::Provision)),
        (Status::Provisioning, Event::Provisioned) => (Status::Initializing, Some(Action::Initialize)),
        (Status::Provisioning | Status::Initializing, Event::Late) => (Status::Failed, None),
        (Status::Provisioning, _) => stay,

        (Status::Initializing, Event::Look { .. } | Event::Unreachable) => (status, Some(Action::Initialize)),
        (Status::Initializing, Event::Initialized(Answer::Paused)) => {
            (Status::Paused, command(Status::Paused, desired))
        }
        // A pipeline begins paused; one that does not is not ours.
        (Status::Initializing, Event::Initialized(Answer::Running)) => (Status::Failed, None),
        (Status::Initializing, _) => stay,

        (Status::Paused | Status::Running | Status::Unavailable, Event::Answered(answer)) => {
            let status = if answer == Answer::Paused { Status::Paused } else { Status::Running };
            (status, command(status, desired))
        }
        (Status::Paused | Status::Running | Status::Unavailable, Event::Unreachable) => (Status::Unavailable, None),
        (Status::Unavailable, Event::Look { .. }) => (status, Some(Action::Probe)),
        (Status::Paused | Status::Running, Event::Look { .. }) => {
            (status, command(status, desired).or(Some(Action::Probe)))
        }
        (Status::Paused | Status::Running | Status::Unavailable, _) => stay,
    }
}

/// What follows from a look at a pipeline that is shut down.
fn look(desired: Desired, program: Stage, current: bool) -> (Status, Option<Action>) {
    match (desired, program) {
        (Desired::Shutdown, _) => (Status::Shutdown, None),
        (_, Stage::Success) if !current => (Status::Shutdown, Some(Action::Recompile)),
        (_, Stage::Success) => (Status::Provisioning, Some(Action::Provision)),
        (_, Stage::SqlError | Stage::RustError | Stage::SystemError) => {
            (Status::Failed, Some(Action::BlameCompilation))
        }
        // Started before it is compiled: the start waits.
        (_, Stage::Pending | Stage::CompilingSql | Stage::SqlCompiled | Stage::CompilingRust) => {
            (Status::Shutdown, None)
        }
    }
}

/// What brings a pipeline that answers to where it is wished.
fn command(status: Status, desired: Desired) -> Option<Action> {
    match (status, desired) {
        (Status::Paused, Desired::Running) => Some(Action::Resume),
        (Status::Running, Desired::Paused) => Some(Action::Pause),
        _ => None,
    }
}

/// Whether a deployment may go from one status to another. [`on`] takes no other way; the drivers ask once more before
/// they store.
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
    use std::collections::BTreeSet;

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

    fn events() -> Vec<Event> {
        let looks =
            STAGES.iter().flat_map(|program| [true, false].map(|current| Event::Look { program: *program, current }));
        let others = [
            Event::Provisioned,
            Event::Initialized(Answer::Paused),
            Event::Initialized(Answer::Running),
            Event::Answered(Answer::Paused),
            Event::Answered(Answer::Running),
            Event::Unreachable,
            Event::Late,
            Event::Failed,
            Event::Stopped,
            Event::StopFailed,
        ];
        looks.chain(others).collect()
    }

    fn all() -> impl Iterator<Item = (State, Event)> {
        STATUSES.into_iter().flat_map(|status| {
            WISHES
                .into_iter()
                .flat_map(move |desired| events().into_iter().map(move |e| (State { status, desired }, e)))
        })
    }

    #[test]
    fn every_legal_edge_is_taken_and_no_other() {
        let mut taken = BTreeSet::new();
        for (state, event) in all() {
            let (to, _) = on(state, event);
            if to != state.status {
                assert!(allows(state.status, to), "{state:?} {event:?} -> {to}");
                taken.insert((state.status.to_string(), to.to_string()));
            }
        }
        let legal: BTreeSet<_> = STATUSES
            .iter()
            .flat_map(|from| STATUSES.iter().map(move |to| (*from, *to)))
            .filter(|(from, to)| allows(*from, *to))
            .map(|(from, to)| (from.to_string(), to.to_string()))
            .collect();
        assert_eq!(taken, legal);
        assert_eq!(legal.len(), 2 + 3 + 3 + 4 + 4 + 4 + 1 + 1);
    }

    #[test]
    fn what_is_done_fits_the_status_it_is_done_in() {
        for (state, event) in all() {
            let (to, action) = on(state, event);
            let fits = match action {
                None => true,
                Some(Action::BlameCompilation) => to == Status::Failed && state.status == Status::Shutdown,
                Some(Action::Recompile) => to == Status::Shutdown && state.desired != Desired::Shutdown,
                Some(Action::Provision) => to == Status::Provisioning,
                Some(Action::Initialize) => to == Status::Initializing,
                Some(Action::Resume) => to == Status::Paused && state.desired == Desired::Running,
                Some(Action::Pause) => to == Status::Running && state.desired == Desired::Paused,
                Some(Action::Probe) => matches!(to, Status::Paused | Status::Running | Status::Unavailable),
                Some(Action::Stop | Action::StopAgain) => to == Status::ShuttingDown,
            };
            assert!(fits, "{state:?} {event:?} -> {to} {action:?}");
        }
    }

    /// The event of an action that succeeds.
    fn success(action: Action) -> Option<Event> {
        match action {
            Action::BlameCompilation | Action::Recompile | Action::Probe => None,
            Action::Provision => Some(Event::Provisioned),
            Action::Initialize => Some(Event::Initialized(Answer::Paused)),
            Action::Resume => Some(Event::Answered(Answer::Running)),
            Action::Pause => Some(Event::Answered(Answer::Paused)),
            Action::Stop | Action::StopAgain => Some(Event::Stopped),
        }
    }

    /// The statuses that a deployment goes through from a look on, until there is nothing to do.
    fn path(mut status: Status, desired: Desired, program: Stage) -> Vec<Status> {
        let mut path = vec![status];
        let mut event = Some(Event::Look { program, current: true });
        while let Some(happened) = event.take() {
            let (to, action) = on(State { status, desired }, happened);
            if to != status {
                path.push(to);
            }
            status = to;
            event = action.and_then(success);
            assert!(path.len() < 9, "{path:?} does not end");
        }
        path
    }

    #[test]
    fn every_wish_comes_true() {
        use Status::{Failed, Initializing, Paused, Provisioning, Running, Shutdown, ShuttingDown, Unavailable};
        assert_eq!(
            path(Shutdown, Desired::Running, Stage::Success),
            [Shutdown, Provisioning, Initializing, Paused, Running]
        );
        assert_eq!(path(Shutdown, Desired::Paused, Stage::Success), [Shutdown, Provisioning, Initializing, Paused]);
        assert_eq!(path(Paused, Desired::Running, Stage::Success), [Paused, Running]);
        assert_eq!(path(Running, Desired::Paused, Stage::Success), [Running, Paused]);
        for from in [Provisioning, Initializing, Paused, Running, Unavailable, Failed] {
            assert_eq!(path(from, Desired::Shutdown, Stage::Success), [from, ShuttingDown, Shutdown]);
        }
        for program in [Stage::SqlError, Stage::RustError, Stage::SystemError] {
            assert_eq!(path(Shutdown, Desired::Running, program), [Shutdown, Failed]);
        }
        for program in [Stage::Pending, Stage::CompilingSql, Stage::SqlCompiled, Stage::CompilingRust] {
            assert_eq!(path(Shutdown, Desired::Running, program), [Shutdown]);
        }
        assert_eq!(path(Failed, Desired::Running, Stage::Success), [Failed]);
    }

    #[test]
    fn what_may_go_wrong() {
        let state = |status| State { status, desired: Desired::Running };
        for status in [Status::Provisioning, Status::Initializing] {
            assert!(timeout(status).is_some());
            assert_eq!(on(state(status), Event::Late).0, Status::Failed);
        }
        for status in STATUSES {
            let to = on(state(status), Event::Failed).0;
            let ends = matches!(status, Status::Shutdown | Status::ShuttingDown);
            assert_eq!(to, if ends { status } else { Status::Failed });
        }
        assert_eq!(on(state(Status::Initializing), Event::Initialized(Answer::Running)).0, Status::Failed);
        assert_eq!(on(state(Status::Running), Event::Unreachable), (Status::Unavailable, None));
        assert_eq!(
            on(state(Status::Unavailable), Event::Answered(Answer::Paused)),
            (Status::Paused, Some(Action::Resume))
        );
        let old = Event::Look { program: Stage::Success, current: false };
        assert_eq!(on(state(Status::Shutdown), old), (Status::Shutdown, Some(Action::Recompile)));
        assert_eq!(on(state(Status::ShuttingDown), Event::StopFailed).1, Some(Action::StopAgain));
    }
}
