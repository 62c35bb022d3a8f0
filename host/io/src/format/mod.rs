//! Formats by name and configuration, as connectors and requests name them: `{"name": "json", "config": {..}}`.

mod error;
mod input;
mod options;
mod output;

pub(crate) use error::listed;
pub use error::{FormatError, FormatErrorKind, nearest};
pub use input::InputFormat;
pub(crate) use options::Options;
pub use output::OutputFormat;
