//! Reading a format's configuration key by key. A flag may be text, since parameters of requests are.

use super::error::{FormatError, FormatErrorKind, listed, nearest};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// The configuration of a format, of which keys are read.
pub(crate) struct Options<'c> {
    format: &'static str,
    values: Option<&'c Map<String, Value>>,
    known: Vec<&'static str>,
    /// Whether keys that are not known count for nothing.
    lenient: bool,
}

impl<'c> Options<'c> {
    /// Nothing is read yet.
    pub(crate) fn new(format: &'static str, config: &'c Value) -> Result<Options<'c>, FormatError> {
        let values = match config {
            Value::Null => None,
            Value::Object(values) => Some(values),
            other => {
                let message = format!("the configuration of format '{format}' is an object, not {}", shown(other));
                return Err(FormatError::new(FormatErrorKind::Config, message));
            }
        };
        Ok(Options { format, values, known: Vec::new(), lenient: false })
    }

    /// Lets other keys be: a request's parameters are not all of its format.
    pub(crate) fn lenient(self, lenient: bool) -> Options<'c> {
        Options { lenient, ..self }
    }

    /// A key's value; `read` gives `None` for what is not `allowed`.
    pub(crate) fn read<T>(
        &mut self,
        key: &'static str,
        allowed: &str,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Result<Option<T>, FormatError> {
        self.known.push(key);
        match self.values.and_then(|v| v.get(key)) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => match read(value) {
                Some(read) => Ok(Some(read)),
                None => {
                    let message = format!("format '{}': '{key}' must be {allowed}, not {}", self.format, shown(value));
                    Err(FormatError::config(key, message))
                }
            },
        }
    }

    pub(crate) fn flag(&mut self, key: &'static str, default: bool) -> Result<bool, FormatError> {
        let read = self.read(key, "true or false", |v| match v {
            Value::Bool(b) => Some(*b),
            Value::String(s) => s.parse().ok(),
            _ => None,
        });
        Ok(read?.unwrap_or(default))
    }

    /// One of some names, which serde makes a value of.
    pub(crate) fn choice<T: DeserializeOwned>(
        &mut self,
        key: &'static str,
        names: &[&str],
    ) -> Result<Option<T>, FormatError> {
        let allowed = format!("one of {}", listed(names));
        let read = self.read(key, &allowed, |v| {
            names.contains(&v.as_str()?).then(|| serde_json::from_value(v.clone()).ok()).flatten()
        });
        let near = || nearest(self.values?.get(key)?.as_str()?, names);
        read.map_err(|e| match near() {
            Some(near) => e.with_hint(format!("did you mean '{near}'?")),
            None => e,
        })
    }

    pub(crate) fn number(&mut self, key: &'static str, least: u64, most: u64) -> Result<Option<usize>, FormatError> {
        let allowed = format!("a whole number from {least} to {most}");
        let read = self.read(key, &allowed, |v| {
            let n = match v {
                Value::String(s) => s.parse().ok(),
                v => v.as_u64(),
            };
            n.filter(|n| (least..=most).contains(n))
        });
        Ok(read?.and_then(|n| usize::try_from(n).ok()))
    }

    /// One ASCII character.
    pub(crate) fn character(&mut self, key: &'static str) -> Result<Option<u8>, FormatError> {
        self.read(key, "one ASCII character", |v| match v.as_str()?.as_bytes() {
            [byte] if byte.is_ascii() => Some(*byte),
            _ => None,
        })
    }

    pub(crate) fn text(&mut self, key: &'static str) -> Result<Option<String>, FormatError> {
        self.read(key, "a text", |v| v.as_str().map(Into::into))
    }

    /// A list of texts; of requests, texts with commas in between.
    pub(crate) fn texts(&mut self, key: &'static str) -> Result<Option<Vec<String>>, FormatError> {
        self.read(key, "a list of texts", |v| match v {
            Value::String(s) => Some(s.split(',').map(|s| s.trim().to_owned()).collect()),
            Value::Array(of) => of.iter().map(|v| v.as_str().map(Into::into)).collect(),
            _ => None,
        })
    }

    /// Refuses keys that were not read.
    pub(crate) fn end(self) -> Result<(), FormatError> {
        let unknown = |v: &'c Map<String, Value>| v.keys().find(|k| !self.known.contains(&k.as_str()));
        let Some(key) = self.values.filter(|_| !self.lenient).and_then(unknown) else {
            return Ok(());
        };
        let (format, known) = (self.format, listed(&self.known));
        let error = FormatError::config(key, format!("format '{format}' has no '{key}'; it has {known}"));
        Err(match nearest(key, &self.known) {
            Some(near) => error.with_hint(format!("did you mean '{near}'?")),
            None => error,
        })
    }
}

/// A value as errors show it.
fn shown(value: &Value) -> String {
    /// Characters of it.
    const CHARS_MAX: usize = 80;
    let text = value.to_string();
    match text.char_indices().nth(CHARS_MAX) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text,
    }
}
