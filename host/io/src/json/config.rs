//! How a JSON stream is to be understood.

use crate::format::{FormatError, FormatErrorKind, Options};
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

pub(super) const FLAVORS: [&str; 9] = [
    "default",
    "debezium_mysql",
    "debezium_postgres",
    "snowflake",
    "kafka_connect_json_converter",
    "pandas",
    "datagen",
    "blockchain",
    "c_hex",
];
const UPDATE_FORMATS: [&str; 5] = ["insert_delete", "raw", "debezium", "weighted", "snowflake"];

impl JsonConfig {
    pub(crate) fn parse(mut options: Options<'_>) -> Result<JsonConfig, FormatError> {
        let update_format = update_format(&mut options, &[UpdateFormat::Snowflake], "input")?;
        let config = JsonConfig {
            update_format,
            json_flavor: options.choice("json_flavor", &FLAVORS)?.unwrap_or_default(),
            array: options.flag("array", false)?,
            lines: options.choice("lines", &["multiple", "single"])?.unwrap_or_default(),
        };
        options.end()?;
        Ok(config)
    }
}

/// The update format, which is none of those that go the other way only.
pub(super) fn update_format(
    options: &mut Options<'_>,
    others: &[UpdateFormat],
    direction: &str,
) -> Result<UpdateFormat, FormatError> {
    let found: UpdateFormat = options.choice("update_format", &UPDATE_FORMATS)?.unwrap_or_default();
    if !others.contains(&found) {
        return Ok(found);
    }
    let name = |f: &UpdateFormat| serde_json::to_value(f).unwrap_or_default().as_str().unwrap_or("").to_owned();
    let others: Vec<String> = others.iter().map(name).collect();
    let allowed: Vec<&str> = UPDATE_FORMATS.into_iter().filter(|f| !others.iter().any(|o| o == f)).collect();
    let allowed = crate::format::listed(&allowed);
    let message = format!("format 'json': '{}' is no update format for {direction}; there are {allowed}", name(&found));
    Err(FormatError { kind: FormatErrorKind::Direction, ..FormatError::config("update_format", message) })
}
