//! A running pipeline: its queue of changes, its steps, and those who listen to its views.
//!
//! ```text
//! ingress, sources -> queue (bounded) -> turn: ingest, step, deltas (on a blocking thread) -> listeners: egress, sinks
//! ```
//! One turn takes what is queued and makes one step of it. Without anything queued there is no turn and no thread.

mod access;
mod connectors;
mod deltas;
mod endpoint;
mod error;
mod inputs;
mod operators;
mod program;
mod progress;
mod queue;
mod run;
mod snapshot;
mod visible;

pub use connectors::{Connectors, NotMade};
pub use deltas::{Counting, Delivery, Delta, Listener, Receipt};
pub use endpoint::{EndpointConfig, InputCounters, InputEndpoint, OutputCounters, OutputEndpoint};
pub use error::ControllerError;
pub use inputs::{INPUT_ENDPOINTS_MAX, INPUT_REQUESTS_MAX};
pub use operators::{OperatorProfile, RelationRows, StateSize};
pub use program::{RunningProgram, RunningRelation};
pub use progress::{Progress, QUIET};
pub use queue::{Batching, ENQUEUE_BYTES_MAX, Input};
pub use run::{Controller, Phase, Settings};
pub use snapshot::{QUERIES_MAX, SnapshotReader};
