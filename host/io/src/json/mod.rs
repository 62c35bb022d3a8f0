//! JSON: records of several update formats in, `insert`/`delete` events out.

mod config;
mod read;
mod row;
mod split;
mod write;

pub use config::{JsonConfig, JsonFlavor, LineFormat, UpdateFormat};
pub use read::JsonReader;
pub use write::{SnowflakeStream, write_json, write_json_row, write_json_snowflake, write_json_weighted};
