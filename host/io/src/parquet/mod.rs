//! Apache Parquet: a whole file in, insertions; files of rows with their weight out.

mod encode;
mod read;

pub(crate) use encode::ParquetEncoder;
pub use encode::ParquetOutputConfig;
pub(crate) use read::check;
pub use read::{PARQUET_BYTES_MAX, ParquetReader};
