//! Why a query has no result, or no whole one.

use datafusion::common::DataFusionError;

/// Why a query has no result, or no whole one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// The statement cannot be run at all. Told before anything of the result.
    #[error("{0}")]
    Planning(String),
    /// It would change something and may not. Told before anything of the result.
    #[error("INSERT INTO is not allowed with this key")]
    WriteRefused,
    /// It failed as it ran.
    #[error("{0}")]
    Execution(String),
    /// The client did not take the result.
    #[error("the client took nothing for {0} s")]
    Stalled(u64),
    /// It ran for too long.
    #[error("the query took longer than {0} s")]
    Timeout(u64),
}

impl QueryError {
    pub(crate) fn planning(e: &DataFusionError) -> QueryError {
        QueryError::Planning(e.strip_backtrace())
    }

    pub(crate) fn execution(e: &DataFusionError) -> QueryError {
        QueryError::Execution(e.strip_backtrace())
    }
}
