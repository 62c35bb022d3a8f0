//! The API's models, as clients see them: what they send, what they get, and the schemas of both.

mod pipeline;

pub(crate) use pipeline::SelectorQuery;
pub use pipeline::{PatchPipeline, PipelineInfo, PipelineSelectedInfo, PostPutPipeline};
