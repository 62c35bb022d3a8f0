//! CSV: insertions in, rows with their weight as a last column out.

mod read;
mod write;

pub use read::CsvReader;
pub use write::write_csv;
