//! JSON: records of several update formats in, `insert`/`delete` events out.

mod config;
mod debezium;
mod encode;
mod flavor;
mod nested;
pub(crate) mod print;
mod read;
mod row;
mod split;
mod value;
mod write;

pub use config::{JsonConfig, JsonFlavor, LineFormat, UpdateFormat};
pub(crate) use encode::JsonEncoder;
pub use encode::JsonOutputConfig;
pub(crate) use nested::{Step, key_item, path, read_item};
pub use read::JsonReader;
pub(crate) use row::read_row;
pub use write::{SnowflakeStream, write_json, write_json_row, write_json_snowflake, write_json_weighted};
