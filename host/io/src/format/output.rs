//! Formats that changes of views are written in.

use super::{FormatError, Options};
use crate::avro::AvroEncoder;
use crate::csv::CsvEncoder;
use crate::encode::{Encoder, Inner, View};
use crate::json::JsonEncoder;
use crate::parquet::ParquetEncoder;
use crate::{AvroOutputConfig, CsvOutputConfig, JsonOutputConfig, ParquetOutputConfig, RegistryConfig};
use serde_json::Value;
use std::sync::Arc;
use weir_circuit::Column;
use weir_row::SortLayout;

const NAMES: [&str; 4] = ["avro", "csv", "json", "parquet"];

/// A format that changes of views are written in, with its configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutputFormat {
    /// Objects of JSON.
    Json(JsonOutputConfig),
    /// Lines of fields with a weight.
    Csv(CsvOutputConfig),
    /// Files of columns, with weights.
    Parquet(ParquetOutputConfig),
    /// Messages of Avro's.
    Avro(AvroOutputConfig),
}

impl OutputFormat {
    /// The format of a name and a configuration, `null` or an object.
    ///
    /// # Errors
    /// Which key is wrong, what is allowed, and what may have been meant.
    pub fn parse(name: &str, config: &Value) -> Result<OutputFormat, FormatError> {
        let format = |name| Options::new(name, config);
        Ok(match name {
            "json" => OutputFormat::Json(JsonOutputConfig::parse(format("json")?)?),
            "csv" => OutputFormat::Csv(CsvOutputConfig::parse(format("csv")?)?),
            "parquet" => OutputFormat::Parquet(ParquetOutputConfig::parse(format("parquet")?)?),
            "avro" => OutputFormat::Avro(AvroOutputConfig::parse(format("avro")?)?),
            other => return Err(FormatError::unknown(other, &NAMES, false)),
        })
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        match self {
            OutputFormat::Json(_) => "json",
            OutputFormat::Csv(_) => "csv",
            OutputFormat::Parquet(_) => "parquet",
            OutputFormat::Avro(_) => "avro",
        }
    }

    /// Its configuration with all defaults.
    pub fn shown(&self) -> Value {
        let shown = match self {
            OutputFormat::Json(config) => serde_json::to_value(config),
            OutputFormat::Csv(config) => serde_json::to_value(config),
            OutputFormat::Parquet(config) => serde_json::to_value(config),
            OutputFormat::Avro(config) => serde_json::to_value(config),
        };
        // Configurations are names, flags and numbers.
        shown.unwrap_or_default()
    }

    /// Whether rows of these columns can be written in it. `key`: the columns of the index that the connector names.
    ///
    /// # Errors
    /// Why they cannot.
    pub fn check(&self, columns: &[Column], key: Option<&[usize]>) -> Result<(), FormatError> {
        match self {
            OutputFormat::Json(config) => config.check(columns),
            OutputFormat::Csv(_) => Ok(()),
            OutputFormat::Parquet(config) => config.check(columns),
            OutputFormat::Avro(config) => config.check(columns, key),
        }
    }

    /// The registry of Avro's schemas, if there is one.
    pub fn registry(&self) -> Option<&RegistryConfig> {
        match self {
            OutputFormat::Avro(config) => Some(&config.registry).filter(|r| !r.registry_urls.is_empty()),
            _ => None,
        }
    }

    /// A writer of a view's deltas.
    ///
    /// # Errors
    /// As [`OutputFormat::check`].
    pub fn encoder(
        &self,
        columns: Arc<[Column]>,
        layout: SortLayout,
        key: Option<Vec<usize>>,
    ) -> Result<Encoder, FormatError> {
        self.check(&columns, key.as_deref())?;
        let view = View { columns, layout, key };
        Ok(Encoder(match self {
            OutputFormat::Json(config) => Inner::Json(Box::new(JsonEncoder::new(view, config.clone())?)),
            OutputFormat::Csv(config) => Inner::Csv(CsvEncoder::new(view, *config)),
            OutputFormat::Avro(config) => Inner::Avro(Box::new(AvroEncoder::new(view, config.clone())?)),
            OutputFormat::Parquet(config) => Inner::Parquet(Box::new(ParquetEncoder::new(view, *config))),
        }))
    }
}
