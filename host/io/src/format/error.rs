//! What is wrong with a format that was asked for.

/// A format that does not exist or that cannot be as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FormatError {
    /// What kind of trouble it is.
    pub kind: FormatErrorKind,
    /// The key of the configuration that is wrong.
    pub key: Option<String>,
    /// What is wrong, and what is allowed.
    pub message: String,
    /// What would mend it.
    pub hint: Option<String>,
}

/// Kinds of [`FormatError`], which the API tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormatErrorKind {
    /// There is no format of that name.
    Unknown,
    /// It, or what its configuration asks for, goes the other way only.
    Direction,
    /// Its configuration is wrong.
    Config,
    /// It does not fit the table or the view.
    Columns,
}

impl FormatError {
    pub(crate) fn new(kind: FormatErrorKind, message: impl Into<String>) -> FormatError {
        FormatError { kind, key: None, message: message.into(), hint: None }
    }

    pub(crate) fn config(key: &str, message: impl Into<String>) -> FormatError {
        FormatError { key: Some(key.into()), ..FormatError::new(FormatErrorKind::Config, message) }
    }

    pub(crate) fn columns(key: Option<&str>, message: impl Into<String>) -> FormatError {
        FormatError { key: key.map(Into::into), ..FormatError::new(FormatErrorKind::Columns, message) }
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> FormatError {
        self.hint = Some(hint.into());
        self
    }

    /// A name that nothing has.
    pub(crate) fn unknown(name: &str, known: &[&str], input: bool) -> FormatError {
        let direction = if input { "input" } else { "output" };
        let message = format!("there is no {direction} format '{name}'; there are {}", listed(known));
        let error = FormatError::new(FormatErrorKind::Unknown, message);
        match nearest(name, known) {
            Some(near) => error.with_hint(format!("did you mean '{near}'?")),
            None => error,
        }
    }
}

/// Names with quotation marks and commas.
pub(crate) fn listed(names: &[&str]) -> String {
    names.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ")
}

/// The name that is most like one that is none, if any is.
pub fn nearest<'n>(name: &str, known: &[&'n str]) -> Option<&'n str> {
    /// Changes of letters by which names may differ and still be taken for each other: a third of them.
    const LETTERS_PER_CHANGE: usize = 3;
    let folded = name.to_lowercase().replace('-', "_");
    let far = known.iter().map(|k| (strsim::damerau_levenshtein(&folded, k), *k)).min()?;
    (far.0 <= folded.len().div_ceil(LETTERS_PER_CHANGE)).then_some(far.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_near() {
        let known = ["delimiter", "headers", "quote"];
        assert_eq!(nearest("delimitr", &known), Some("delimiter"));
        assert_eq!(nearest("header", &known), Some("headers"));
        assert_eq!(nearest("Quote", &known), Some("quote"));
        assert_eq!(nearest("schema", &known), None);
        assert_eq!(nearest("", &known), None);
    }
}
