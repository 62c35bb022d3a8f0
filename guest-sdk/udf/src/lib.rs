//! SQL's types for functions that a program's author writes in Rust (`udf.rs`). Each has value semantics, SQL's order and SQL's text.
//!
//! | SQL | Rust | | SQL | Rust |
//! |---|---|---|---|---|
//! | BOOLEAN | `bool` | | DATE, TIME | [`Date`], [`Time`] |
//! | TINYINT to BIGINT | `i8` to `i64` | | TIMESTAMP, WITH TIME ZONE | [`Timestamp`], [`TimestampTz`] |
//! | the same UNSIGNED | `u8` to `u64` | | day-time and year-month intervals | [`ShortInterval`], [`LongInterval`] |
//! | DECIMAL(p, s) | [`SqlDecimal<P, S>`] | | T ARRAY | [`Array<Option<T>>`](Array) |
//! | REAL, DOUBLE | [`F32`], [`F64`] | | MAP<K, V> | [`Map<K, Option<V>>`](Map) |
//! | CHAR, VARCHAR | [`SqlString`] | | UUID, VARIANT | [`Uuid`], [`Variant`] |
//! | BINARY, VARBINARY | [`ByteArray`] | | ROW of n fields | [`Tup1`] to [`Tup20`] |
//!
//! Whatever may be NULL is an `Option`.
//!
//! ```
//! use weir_udf::*;
//!
//! /// CREATE FUNCTION initials(name VARCHAR, separator VARCHAR NOT NULL) RETURNS VARCHAR
//! pub fn initials(name: Option<SqlString>, separator: SqlString) -> Result<Option<SqlString>, Box<dyn std::error::Error>> {
//!     let Some(name) = name else { return Ok(None) };
//!     let first: Vec<String> = name.split_whitespace().filter_map(|w| w.chars().next()).map(String::from).collect();
//!     Ok(Some(first.join(&separator).into()))
//! }
//! assert_eq!(initials(Some("Ada Lovelace".into()), ".".into()).unwrap(), Some("A.L".into()));
//! ```

mod aggregate;
mod container;
mod decimal;
mod error;
mod float;
mod temporal;
mod text;
mod tuple;
mod uuid;
mod value;
mod variant;

pub use aggregate::{Finished, add};
pub use container::{Array, Map};
pub use decimal::SqlDecimal;
pub use error::Error;
pub use float::{F32, F64};
pub use temporal::{Date, LongInterval, ShortInterval, Time, Timestamp, TimestampTz};
pub use text::{ByteArray, SqlString};
pub use tuple::*;
pub use uuid::Uuid;
pub use value::{Part, Value, get, get_null, put, put_null};
pub use variant::Variant;
