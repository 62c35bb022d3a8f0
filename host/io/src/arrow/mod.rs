//! Rows as Arrow has them, and back: for Parquet and for queries.

mod align;
mod builder;
mod decode;
mod item;
mod rows;
mod schema;

pub(crate) use align::{align, fits};
pub use builder::array_of_item;
pub(crate) use decode::BatchBuilder;
pub use decode::{BATCH_ROWS, DecodeError, Decoder};
pub(crate) use rows::Values;
pub use rows::append_batch;
pub use schema::{arrow_schema, arrow_type};

/// How values of arrays are shown in errors.
pub(crate) const SHOWN: arrow::util::display::FormatOptions<'static> = arrow::util::display::FormatOptions::new();
