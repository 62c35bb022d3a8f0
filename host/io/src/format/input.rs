//! Formats that rows are read from.

use super::{FormatError, Options};
use crate::parquet::{self, ParquetReader};
use crate::{
    AvroConfig, AvroReader, CsvConfig, CsvReader, JsonConfig, JsonReader, RawConfig, RawReader, Reader, RegistryConfig,
    TableColumns,
};
use serde_json::{Value, json};
use std::sync::Arc;

const NAMES: [&str; 5] = ["avro", "csv", "json", "parquet", "raw"];

/// A format that rows are read from, with its configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InputFormat {
    /// Objects or arrays of JSON.
    Json(JsonConfig),
    /// Lines of fields.
    Csv(CsvConfig),
    /// Files of columns.
    Parquet,
    /// Messages of Avro's.
    Avro(AvroConfig),
    /// Whole messages or lines, each one value.
    Raw(RawConfig),
}

impl InputFormat {
    /// The format of a name and a configuration, `null` or an object.
    ///
    /// # Errors
    /// Which key is wrong, what is allowed, and what may have been meant.
    pub fn parse(name: &str, config: &Value) -> Result<InputFormat, FormatError> {
        InputFormat::read(name, config, false)
    }

    /// The format of a name and a request's parameters, of which those that are none of the format count for nothing.
    ///
    /// # Errors
    /// As [`InputFormat::parse`].
    pub fn of_request<'p>(
        name: &str,
        parameters: impl IntoIterator<Item = (&'p String, &'p String)>,
    ) -> Result<InputFormat, FormatError> {
        let config = parameters.into_iter().map(|(key, value)| (key.clone(), Value::from(value.as_str())));
        InputFormat::read(name, &Value::Object(config.collect()), true)
    }

    fn read(name: &str, config: &Value, lenient: bool) -> Result<InputFormat, FormatError> {
        let format = |name| Ok::<_, FormatError>(Options::new(name, config)?.lenient(lenient));
        Ok(match name {
            "json" => InputFormat::Json(JsonConfig::parse(format("json")?)?),
            "csv" => InputFormat::Csv(CsvConfig::parse(format("csv")?)?),
            "parquet" => {
                let mut options = format("parquet")?;
                // It is of output, and does no harm.
                options.read("buffer_size_records", "a whole number", serde_json::Value::as_u64)?;
                options.end()?;
                InputFormat::Parquet
            }
            "avro" => InputFormat::Avro(AvroConfig::parse(format("avro")?)?),
            "raw" => InputFormat::Raw(RawConfig::parse(format("raw")?)?),
            other => return Err(FormatError::unknown(other, &NAMES, true)),
        })
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        match self {
            InputFormat::Json(_) => "json",
            InputFormat::Csv(_) => "csv",
            InputFormat::Parquet => "parquet",
            InputFormat::Avro(_) => "avro",
            InputFormat::Raw(_) => "raw",
        }
    }

    /// Its configuration with all defaults.
    pub fn shown(&self) -> Value {
        let shown = match self {
            InputFormat::Json(config) => serde_json::to_value(config),
            InputFormat::Csv(config) => serde_json::to_value(config),
            InputFormat::Parquet => return json!({}),
            InputFormat::Avro(config) => serde_json::to_value(config),
            InputFormat::Raw(config) => serde_json::to_value(config),
        };
        // Configurations are names, flags and numbers.
        shown.unwrap_or_default()
    }

    /// Whether a table's rows can be read from it.
    ///
    /// # Errors
    /// Why they cannot.
    pub fn check(&self, columns: &TableColumns) -> Result<(), FormatError> {
        match self {
            InputFormat::Parquet => parquet::check(columns),
            InputFormat::Avro(config) => config.check(columns),
            InputFormat::Raw(config) => config.column(columns).map(|_| ()),
            InputFormat::Json(_) | InputFormat::Csv(_) => Ok(()),
        }
    }

    /// The registry of Avro's schemas, if there is one.
    pub fn registry(&self) -> Option<&RegistryConfig> {
        match self {
            InputFormat::Avro(config) => Some(&config.registry).filter(|r| !r.registry_urls.is_empty()),
            _ => None,
        }
    }

    /// A reader of a stream; the next record has the number after `event_number`. `resumed`: the stream goes on behind its beginning, at the
    /// end of a record (CSV with headers has none there: [`Reader::resume`] tells it what the beginning said).
    ///
    /// # Errors
    /// As [`InputFormat::check`].
    pub fn reader(&self, columns: Arc<TableColumns>, event_number: u64, resumed: bool) -> Result<Reader, FormatError> {
        self.check(&columns)?;
        Ok(match self {
            InputFormat::Json(config) => Reader::Json(JsonReader::new(columns, *config, event_number)),
            InputFormat::Csv(config) => {
                Reader::Csv(Box::new(CsvReader::configured(columns, config, event_number, resumed)))
            }
            InputFormat::Parquet => Reader::Parquet(ParquetReader::new(columns, event_number)),
            InputFormat::Avro(config) => Reader::Avro(Box::new(AvroReader::new(columns, config, event_number)?)),
            InputFormat::Raw(config) => Reader::Raw(RawReader::new(columns, config, event_number)?),
        })
    }
}
