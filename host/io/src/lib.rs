//! Formats: bytes to rows of a table, rows of a view to bytes; without any I/O. Readers never fail as a whole: a bad record
//! becomes a [`ParseError`] with its number and text, and the good ones go on.

pub mod arrow;
mod avro;
mod bytes;
mod changes;
mod columns;
mod csv;
mod cursor;
mod digits;
mod encode;
mod error;
mod field;
mod format;
mod json;
mod metadata;
mod nexmark;
mod parquet;
mod raw;
mod reader;
mod writer;

pub use avro::{
    AvroConfig, AvroKeyMode, AvroOutputConfig, AvroReader, AvroSchema, AvroUpdateFormat, RegistryConfig,
    SubjectNameStrategy,
};
pub use changes::{Changes, RowInserter};
pub use columns::{TableColumns, find_relation};
pub use csv::{CsvConfig, CsvOutputConfig, CsvReader, CsvTrim, write_csv};
pub use cursor::{DeltaCursor, check_weights};
pub use encode::{Encoder, Piece};
pub use error::{ERRORS_REPORTED_MAX, ParseError, parse_errors_message};
pub use format::{FormatError, FormatErrorKind, InputFormat, OutputFormat, nearest};
pub use json::{
    JsonConfig, JsonFlavor, JsonOutputConfig, JsonReader, LineFormat, SnowflakeStream, UpdateFormat, write_json,
    write_json_row, write_json_snowflake, write_json_weighted,
};
pub use metadata::{Datum, Metadata};
pub use nexmark::{Auction, Bid, Nexmark, NexmarkEvent, NexmarkRows, Person};
pub use parquet::{PARQUET_BYTES_MAX, ParquetOutputConfig, ParquetReader};
pub use raw::{RawConfig, RawMode, RawReader};
pub use reader::{RECORD_BYTES_MAX, Reader};
pub use writer::{Event, RECORDS_PER_CHUNK, WEIGHT_MAX, WriteError, events};
