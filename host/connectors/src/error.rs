//! What can go wrong with a connector: before it runs, and while it does.

/// A transport's configuration that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ConfigError {
    /// Where in the configuration's text, in bytes, if it is about one place.
    pub offset: Option<usize>,
    /// What is wrong.
    pub message: String,
    /// What would mend it.
    pub hint: Option<String>,
}

impl ConfigError {
    /// An error of the configuration as a whole.
    pub fn new(message: impl Into<String>) -> ConfigError {
        ConfigError { offset: None, message: message.into(), hint: None }
    }

    /// The same, with advice.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> ConfigError {
        self.hint = Some(hint.into());
        self
    }

    /// The error of a JSON text that serde refuses.
    pub(crate) fn json(text: &str, e: &serde_json::Error) -> ConfigError {
        let offset = (e.line() > 0).then(|| offset_of(text, e.line(), e.column()));
        // The place is told apart, and would be one within the configuration only.
        let message = e.to_string();
        let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(what, _)| what).to_owned();
        ConfigError { offset, message, hint: None }
    }
}

/// The byte offset of a line and a column, both from 1, of which serde counts the latter in bytes.
fn offset_of(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let mut offset = (before + column.saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

/// Why a transport could not do what it was asked to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// It may work if it is tried again: the peer is away, or busy.
    #[error("{0}")]
    Transient(String),
    /// It will not, however often it is tried.
    #[error("{0}")]
    Fatal(String),
}

impl TransportError {
    /// An error of the operating system: what is not there or not allowed will not be by itself.
    pub fn io(what: &str, e: &std::io::Error) -> TransportError {
        use std::io::ErrorKind::{InvalidInput, IsADirectory, NotADirectory, NotFound, PermissionDenied, Unsupported};
        let message = format!("{what}: {e}");
        match e.kind() {
            NotFound | PermissionDenied | IsADirectory | NotADirectory | InvalidInput | Unsupported => {
                TransportError::Fatal(message)
            }
            _ => TransportError::Transient(message),
        }
    }
}
