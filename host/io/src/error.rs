//! What is said about a record that cannot be read.

use serde::{Deserialize, Serialize};
use std::fmt::{self, Write};
use utoipa::ToSchema;

/// Errors that one answer lists; more are only counted.
pub const ERRORS_REPORTED_MAX: usize = 1_000;
/// Characters of a bad record that an error shows.
const TEXT_CHARS_MAX: usize = 1_000;

/// A record that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ParseError {
    /// What is wrong.
    pub description: String,
    /// The record's number in its stream, from 1.
    pub event_number: Option<u64>,
    /// The field concerned.
    pub field: Option<String>,
    /// The record, if it is not text.
    pub invalid_bytes: Option<Vec<u8>>,
    /// The record, if it is text (a long one is cut).
    pub invalid_text: Option<String>,
    /// What would mend it.
    pub suggestion: Option<String>,
}

impl ParseError {
    /// An error about a record.
    pub fn new(description: String, event_number: u64, field: Option<String>, record: &[u8]) -> ParseError {
        let (invalid_text, invalid_bytes) = match std::str::from_utf8(record) {
            Ok(text) => (Some(cut(text)), None),
            Err(_) => (None, Some(record[..record.len().min(TEXT_CHARS_MAX)].to_vec())),
        };
        ParseError {
            description,
            event_number: Some(event_number),
            field,
            invalid_bytes,
            invalid_text,
            suggestion: None,
        }
    }

    /// The same, with advice.
    pub fn with_suggestion(mut self, suggestion: impl Into<String>) -> ParseError {
        self.suggestion = Some(suggestion.into());
        self
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Parse error")?;
        if let Some(number) = self.event_number {
            write!(f, " (event #{number})")?;
        }
        write!(f, ": {}", self.description)?;
        if let Some(text) = &self.invalid_text {
            write!(f, "\nInvalid fragment: '{text}'")?;
        }
        if let Some(bytes) = &self.invalid_bytes {
            write!(f, "\nInvalid bytes: {bytes:?}")?;
        }
        if let Some(suggestion) = &self.suggestion {
            write!(f, "\nSuggestion: {suggestion}")?;
        }
        Ok(())
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(TEXT_CHARS_MAX) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text.to_owned(),
    }
}

/// The message of an answer about parse errors, of which there are `count`.
pub fn parse_errors_message(errors: &[ParseError], count: usize) -> String {
    let mut message = format!("Errors parsing input data ({count} errors):");
    for e in errors {
        let _ = write!(message, "\n    {e}");
    }
    message
}
