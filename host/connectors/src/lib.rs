//! Connectors: where the rows of tables come from, and where the changes of views go.
//!
//! A transport is a file of this crate. One that brings rows is a [`Source`], one that takes them away a [`Sink`]; [`TRANSPORTS`] lists them all.
//! Both are passive: the pipeline's controller asks a source for the next chunk when there is room for it, and hands a sink what it wrote when a step
//! is done. So pausing, back-pressure, retries and counting are the same for all, and are the controller's. What bytes mean is the business of
//! formats (`weir-io`), and any transport goes with any format.
//!
//! ```text
//! Source -> chunk -> Reader (format) -> changes -> queue -> step -> delta -> Encoder (format) -> piece -> Sink
//! ```

mod clock;
mod config;
mod datagen;
mod empty;
mod error;
mod file;
mod grants;
mod kafka;
mod nexmark;
mod null;
mod pace;
mod registry;
mod s3;
mod secrets;
mod sink;
mod source;
mod stream;
mod transports;
mod url;

pub use config::{
    BATCH_RECORDS, ConnectorConfig, Declared, FormatSpec, Problem, TransportSpec, UNNAMED_DIGITS, declared_input,
    declared_output,
};
pub use error::{ConfigError, TransportError};
pub use grants::{Grants, GrantsError};
pub use registry::{Answer, RegisteredSchema, Registry};
pub use secrets::{Hidden, Resolved, SecretError};
pub use sink::{Sink, View};
pub use source::{Chunk, Message, Position, Source, Table, Taken};
pub use transports::{FormatUse, TRANSPORTS, Transport, own_format, sink, source};
