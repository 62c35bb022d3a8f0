//! CSV: insertions in, rows with their weight as a last column out.

mod config;
mod encode;
mod read;
mod write;

pub use config::{CsvConfig, CsvTrim};
pub(crate) use encode::CsvEncoder;
pub use encode::CsvOutputConfig;
pub use read::CsvReader;
pub use write::write_csv;
