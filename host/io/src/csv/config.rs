//! How a CSV stream is to be understood.

use crate::format::{FormatError, Options};
use serde::{Deserialize, Serialize, Serializer};

/// What blanks around names and fields count for nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CsvTrim {
    /// They are part of texts. (Around numbers, dates and the like they never count.)
    #[default]
    None,
    /// Those around names in the header.
    Headers,
    /// Those around fields.
    Fields,
    /// All.
    All,
}

/// How a CSV stream is to be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct CsvConfig {
    /// What stands between fields.
    #[serde(serialize_with = "character")]
    pub delimiter: u8,
    /// Whether the first record of each stream is names of columns.
    pub headers: bool,
    /// What stands around fields that have delimiters or ends of lines within.
    #[serde(serialize_with = "character")]
    pub quote: u8,
    /// What stands before a quotation mark within such a field, if not another one.
    #[serde(serialize_with = "perhaps")]
    pub escape: Option<u8>,
    /// Whether two quotation marks within such a field are one.
    pub double_quote: bool,
    /// Whether quotation marks mean anything.
    pub quoting: bool,
    /// What begins a line that counts for nothing.
    #[serde(serialize_with = "perhaps")]
    pub comment: Option<u8>,
    /// Whether a record may have fewer or more fields than there are columns: those missing have their default or are NULL, those too many
    /// count for nothing.
    pub flexible: bool,
    /// What blanks count for nothing.
    pub trim: CsvTrim,
}

impl Default for CsvConfig {
    fn default() -> CsvConfig {
        CsvConfig {
            delimiter: b',',
            headers: false,
            quote: b'"',
            escape: None,
            double_quote: true,
            quoting: true,
            comment: None,
            flexible: true,
            trim: CsvTrim::None,
        }
    }
}

pub(super) fn character<S: Serializer>(byte: &u8, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_char(char::from(*byte))
}

fn perhaps<S: Serializer>(byte: &Option<u8>, s: S) -> Result<S::Ok, S::Error> {
    byte.map(char::from).serialize(s)
}

impl CsvConfig {
    pub(crate) fn parse(mut options: Options<'_>) -> Result<CsvConfig, FormatError> {
        let default = CsvConfig::default();
        let config = CsvConfig {
            delimiter: options.character("delimiter")?.unwrap_or(default.delimiter),
            headers: options.flag("headers", default.headers)?,
            quote: options.character("quote")?.unwrap_or(default.quote),
            escape: options.character("escape")?,
            double_quote: options.flag("double_quote", default.double_quote)?,
            quoting: options.flag("quoting", default.quoting)?,
            comment: options.character("comment")?,
            flexible: options.flag("flexible", default.flexible)?,
            trim: options.choice("trim", &["none", "headers", "fields", "all"])?.unwrap_or_default(),
        };
        options.end()?;
        let marks = [
            ("delimiter", Some(config.delimiter)),
            ("quote", config.quoting.then_some(config.quote)),
            ("escape", config.escape.filter(|_| config.quoting)),
            ("comment", config.comment),
        ];
        for (i, (key, mark)) in marks.iter().enumerate() {
            let Some(mark) = *mark else { continue };
            if matches!(mark, b'\n' | b'\r') {
                return Err(FormatError::config(key, format!("format 'csv': '{key}' is what ends a record")));
            }
            if let Some((other, _)) = marks[..i].iter().find(|(_, m)| *m == Some(mark)) {
                let shown = char::from(mark);
                let message = format!("format 'csv': '{other}' and '{key}' are both {shown:?}");
                return Err(FormatError::config(key, message));
            }
        }
        Ok(config)
    }

    pub(crate) fn core(&self) -> csv_core::Reader {
        csv_core::ReaderBuilder::new()
            .delimiter(self.delimiter)
            .quote(self.quote)
            .escape(self.escape)
            .double_quote(self.double_quote)
            .quoting(self.quoting)
            .comment(self.comment)
            .build()
    }
}
