//! How a JSON stream is to be understood.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a record means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UpdateFormat {
    /// `{"insert": row}`, `{"delete": row}`, `{"update": partial row}`.
    #[default]
    InsertDelete,
    /// `{"weight": n, "data": row}`.
    Weighted,
    /// Debezium's `{"payload": {"op": .., "before": row, "after": row}}`.
    Debezium,
    /// Snowflake's; for output only.
    Snowflake,
    /// The row itself: an insertion.
    Raw,
}

/// How values look that JSON has no form for. In all flavors but the default one a VARIANT is a string that holds JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JsonFlavor {
    /// Dates and times as text, decimals as numbers or text.
    #[default]
    Default,
    /// Debezium's of MySQL: TIME in microseconds, DATE in days, TIMESTAMP in RFC 3339.
    DebeziumMysql,
    /// Debezium's of PostgreSQL: TIME in microseconds, DATE in days, TIMESTAMP in milliseconds.
    DebeziumPostgres,
    /// Snowflake's: as text.
    Snowflake,
    /// Kafka Connect's: TIME and TIMESTAMP in milliseconds, DATE in days.
    KafkaConnectJsonConverter,
    /// Pandas': TIMESTAMP in milliseconds.
    Pandas,
    /// The data generator's: TIMESTAMP in RFC 3339.
    Datagen,
    /// As the default one, with BINARY as text in base58.
    Blockchain,
    /// As the default one, with BINARY as text: `0x` and hexadecimal digits.
    CHex,
}

/// Whether a record may go over lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineFormat {
    /// It may.
    #[default]
    Multiple,
    /// A record is a line.
    Single,
}

/// How a JSON stream is to be understood.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct JsonConfig {
    /// What a record means.
    pub update_format: UpdateFormat,
    /// How values look.
    pub json_flavor: JsonFlavor,
    /// Whether a record is an array of events, taken or refused as a whole.
    pub array: bool,
    /// Whether a record may go over lines.
    pub lines: LineFormat,
}
