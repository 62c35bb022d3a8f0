//! Metrics: histograms, the text format, what the server and its pipelines tell.

pub mod histogram;
mod host;
mod pipeline;
pub mod pprof;
pub mod profile;
pub mod text;

pub use host::{Gauge, HostMetrics, Present};
pub use pipeline::{PipelineLabels, write_pipeline};
