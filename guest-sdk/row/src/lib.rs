//! Rows as words: the SQL types, their encodings, and blocks of rows. Everything here builds for the sandbox and for
//! the host, because what lies in memory is what crosses between them and what is stored.

mod types;
mod value;

pub use types::{ColumnType, DECIMAL_PRECISION_MAX, DECIMAL_PRECISION_ONE_WORD, Kind, SqlType};
pub use value::{Value, cmp_f64};
