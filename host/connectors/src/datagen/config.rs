//! What a program says of the rows to be made. What is said of a column stays text until its type is known, so that whatever is wrong has a place.

use super::text::Text;
use crate::ConfigError;
use crate::config::Object;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

/// The configuration of a source.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Config<'a> {
    /// One after the other.
    #[serde(default, borrow)]
    pub(super) plan: Vec<Plan<'a>>,
    #[serde(default)]
    pub(super) seed: u64,
    /// Upstream's threads; one is enough here.
    #[serde(default, rename = "workers")]
    _workers: Option<u64>,
    /// Upstream's rows of one transaction; here a step takes in what there is.
    #[serde(default, rename = "transaction_size")]
    _transaction_size: Option<u64>,
}

/// Rows of one kind.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Plan<'a> {
    /// How many; without end if it is not said.
    pub(super) limit: Option<u64>,
    /// How many a second, at most.
    pub(super) rate: Option<u64>,
    /// How many at once, at most.
    pub(super) worker_chunk_size: Option<u64>,
    /// Columns; those that are not named are made by `increment`.
    #[serde(default, borrow)]
    pub(super) fields: Option<&'a RawValue>,
}

/// The values of a column, or of a part of one.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Field<'a> {
    #[serde(borrow)]
    pub(super) strategy: Option<&'a RawValue>,
    /// From the first on, up to the second, which is none of them. Of texts, binaries, arrays and maps: how long they are.
    #[serde(borrow)]
    pub(super) range: Option<&'a RawValue>,
    /// What lies between two values that follow each other.
    #[serde(borrow)]
    pub(super) scale: Option<&'a RawValue>,
    /// These values alone.
    #[serde(borrow)]
    pub(super) values: Option<&'a RawValue>,
    /// How many of a hundred are NULL.
    #[serde(borrow)]
    pub(super) null_percentage: Option<&'a RawValue>,
    /// The exponent of zipf.
    #[serde(borrow)]
    pub(super) e: Option<&'a RawValue>,
    /// Of rows: their fields.
    #[serde(borrow)]
    pub(super) fields: Option<&'a RawValue>,
    /// Of maps: their keys.
    #[serde(borrow)]
    pub(super) key: Option<&'a RawValue>,
    /// Of maps and arrays: their values.
    #[serde(borrow)]
    pub(super) value: Option<&'a RawValue>,
}

impl<'a> Field<'a> {
    /// What was said, by name.
    fn options(&self) -> [(&'static str, Option<&'a RawValue>); 8] {
        [
            ("strategy", self.strategy),
            ("range", self.range),
            ("scale", self.scale),
            ("values", self.values),
            ("e", self.e),
            ("fields", self.fields),
            ("key", self.key),
            ("value", self.value),
        ]
    }

    /// Refuses what says nothing of values of that kind.
    pub(super) fn only(&self, taken: &[&str], kind: &str, text: Written<'a>) -> Result<(), ConfigError> {
        let other =
            self.options().into_iter().find_map(|(name, raw)| Some((name, raw?)).filter(|_| !taken.contains(&name)));
        let Some((name, raw)) = other else { return Ok(()) };
        let there = [taken, &["null_percentage"]].concat().join(", ");
        Err(text
            .wrong(raw, format!("'{name}' says nothing of {kind}"))
            .with_hint(format!("leave it out; what does: {there}")))
    }
}

/// How values are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "a strategy is increment, uniform, zipf, or a kind of texts such as name, email, word")]
pub(super) enum Strategy {
    /// One after the other, or by chance.
    Choice(Choice),
    /// Texts that look like something.
    Text(Text),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Choice {
    Increment,
    Uniform,
    Zipf,
}

/// The text of the configuration, in which its parts have places.
#[derive(Clone, Copy)]
pub(super) struct Written<'a>(pub(super) &'a str);

impl<'a> Written<'a> {
    fn place(self, part: &RawValue) -> usize {
        // Parts are read without a copy.
        (part.get().as_ptr() as usize).saturating_sub(self.0.as_ptr() as usize).min(self.0.len())
    }

    /// What is wrong with a part.
    pub(super) fn wrong(self, part: &RawValue, message: impl Into<String>) -> ConfigError {
        ConfigError { offset: Some(self.place(part)), ..ConfigError::new(message) }
    }

    /// An error of a part's text, at its place in the whole.
    fn within(self, part: &RawValue, name: &str, e: &serde_json::Error) -> ConfigError {
        let e = ConfigError::json(part.get(), e);
        let message = format!("'{name}': {}", e.message);
        ConfigError { offset: Some(self.place(part) + e.offset.unwrap_or(0)), message, ..e }
    }

    /// A part as what it must be.
    pub(super) fn read<T: DeserializeOwned>(self, part: &RawValue, name: &str) -> Result<T, ConfigError> {
        serde_json::from_str(part.get()).map_err(|e| self.within(part, name, &e))
    }

    /// A list, its elements still text.
    pub(super) fn list(self, part: &'a RawValue, name: &str) -> Result<Vec<&'a RawValue>, ConfigError> {
        serde_json::from_str(part.get()).map_err(|e| self.within(part, name, &e))
    }

    /// What is said of a column or of a part of one.
    pub(super) fn field(self, part: Option<&'a RawValue>, name: &str) -> Result<Field<'a>, ConfigError> {
        let Some(part) = part else { return Ok(Field::default()) };
        serde_json::from_str(part.get()).map_err(|e| self.within(part, name, &e))
    }

    /// Columns or fields by name, in the order of the text.
    pub(super) fn fields(self, part: Option<&'a RawValue>) -> Result<Object<'a>, ConfigError> {
        let Some(part) = part else { return Ok(Object(Vec::new())) };
        serde_json::from_str(part.get()).map_err(|e| self.within(part, "fields", &e))
    }
}
