//! A running pipeline: its queue of changes, its steps, and those who listen to its views.
//!
//! ```text
//! ingress -> queue (bounded) -> turn: ingest, step, deltas (on a blocking thread) -> listeners
//! ```
//! One turn takes what is queued and makes one step of it. Without anything queued there is no turn and no thread.

mod deltas;
mod program;
mod queue;
mod run;

pub use deltas::{Delta, Listener};
pub use program::RunningProgram;
pub use queue::{ENQUEUE_BYTES_MAX, Input};
pub use run::{Controller, ControllerError, Phase};
