//! Why a running pipeline refuses.

use super::inputs::{INPUT_ENDPOINTS_MAX, INPUT_REQUESTS_MAX};
use super::run::LISTENERS_MAX;
use super::snapshot::QUERIES_MAX;

/// Why the pipeline did not take something.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ControllerError {
    /// It has ended, or failed.
    #[error("the pipeline is terminating")]
    Ended,
    /// It is paused, and stayed so for longer than the caller waits.
    #[error("the pipeline is paused")]
    Paused,
    /// Too many listen already.
    #[error("too many connections: at most {LISTENERS_MAX} may listen to a pipeline at once")]
    TooManyListeners,
    /// Too many query it already.
    #[error("too many connections: at most {QUERIES_MAX} queries of a pipeline may run at once")]
    TooManyQueries,
    /// Too many feed it already.
    #[error("too many connections: at most {INPUT_REQUESTS_MAX} may feed a pipeline at once")]
    TooManyRequests,
    /// Too many spellings and formats were used.
    #[error("too many endpoints: requests may make at most {INPUT_ENDPOINTS_MAX}")]
    TooManyEndpoints,
    /// Nothing of its state is kept on disk.
    #[error("checkpoints need a pipeline whose state is kept on disk: set 'storage' in its runtime configuration")]
    NotDurable,
    /// It works on a step that takes longer than the caller waits.
    #[error("the pipeline works on a step that takes long")]
    Busy,
}
