//! Run-time errors of scalar functions: what stops a pipeline.

use std::fmt;

/// Why a kernel has no value. The texts are what a pipeline's owner reads, with the place of the expression beside them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(Box<str>);

impl Error {
    /// An error with a message of its own.
    #[cold]
    pub fn new(message: impl Into<String>) -> Error {
        Error(message.into().into_boxed_str())
    }

    /// An arithmetic result that its type cannot hold. `verb` as in "attempt to `add` with overflow".
    #[cold]
    pub fn overflow(verb: &str, expression: fmt::Arguments<'_>, sql_type: &str) -> Error {
        Error::new(format!("attempt to {verb} with overflow: '{expression}' causes overflow for type {sql_type}"))
    }

    /// A value that the target type of a cast cannot hold.
    #[cold]
    pub fn range(value: impl fmt::Display, sql_type: impl fmt::Display) -> Error {
        Error::new(format!("cannot represent {value} as {sql_type}: out of range"))
    }

    /// A text that is not a value of the target type of a cast.
    #[cold]
    pub fn parse(text: &str, sql_type: impl fmt::Display) -> Error {
        /// Longer texts are cut in messages.
        const TEXT_CHARS_MAX: usize = 100;
        let shown: String = text.chars().take(TEXT_CHARS_MAX).collect();
        let dots = if shown.len() < text.len() { "..." } else { "" };
        Error::new(format!("cannot read '{shown}{dots}' as {sql_type}"))
    }

    /// The message.
    pub fn message(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}
