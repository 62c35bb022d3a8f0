//! Ad-hoc queries over one consistent snapshot of a running pipeline, run by DataFusion.
//!
//! ```text
//! SQL -> plan -> scans noted -> all opened as of one step -> pages -> batches -> operators -> text, JSON, Parquet, Arrow
//! ```
//! A query sees all relations as of the same step and reads them page by page, so that steps go on meanwhile. It reaches
//! nothing but its pipeline's relations. Its memory is the pipeline's, within a bound, and it ends when nobody takes its result.

mod error;
mod format;
mod insert;
mod map_keys;
mod memory;
mod provider;
mod run;
mod scan;
mod session;
mod source;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_nested;
#[cfg(test)]
mod tests_values;

pub use error::QueryError;
pub use format::Format;
pub use insert::INSERT_BYTES_MAX;
pub use memory::{QUERY_MEMORY_BYTES_MAX, QueryMemory};
pub use run::{Chunks, Query, start};
pub use scan::SCANS_MAX;
pub use source::{Reader, Relation, Source};
