//! What a program says of the rows to be made.

use super::text::Text;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// The configuration of a source.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Config {
    /// One after the other.
    #[serde(default)]
    pub(super) plan: Vec<Plan>,
    #[serde(default)]
    pub(super) seed: u64,
    /// Upstream's threads; one is enough here.
    #[serde(default, rename = "workers")]
    _workers: Option<u64>,
}

/// Rows of one kind.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Plan {
    /// How many; without end if it is not said.
    pub(super) limit: Option<u64>,
    /// How many a second, at most.
    pub(super) rate: Option<u64>,
    /// How many at once, at most.
    pub(super) worker_chunk_size: Option<u64>,
    /// Columns; those that are not named are made by `increment`.
    #[serde(default)]
    pub(super) fields: BTreeMap<String, Field>,
}

/// The values of a column, or of a part of one.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Field {
    #[serde(default)]
    pub(super) strategy: Strategy,
    /// From the first on, up to the second, which is none of them. Of texts, binaries, arrays and maps: how long they are.
    pub(super) range: Option<(Value, Value)>,
    /// What lies between two values that follow each other.
    pub(super) scale: Option<f64>,
    /// These values alone.
    pub(super) values: Option<Vec<Value>>,
    /// How many of a hundred are NULL.
    pub(super) null_percentage: Option<u8>,
    /// The exponent of zipf.
    pub(super) e: Option<f64>,
    /// Of rows: their fields.
    pub(super) fields: Option<BTreeMap<String, Field>>,
    /// Of maps: their keys.
    pub(super) key: Option<Box<Field>>,
    /// Of maps and arrays: their values.
    pub(super) value: Option<Box<Field>>,
}

/// How values are chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "a strategy is increment, uniform, zipf, or a kind of texts such as name, email, word")]
pub(super) enum Strategy {
    /// One after the other, or by chance.
    Choice(Choice),
    /// Texts that look like something.
    Text(Text),
    #[default]
    #[serde(skip)]
    Usual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Choice {
    Increment,
    Uniform,
    Zipf,
}
