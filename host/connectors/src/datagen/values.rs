//! Values that a plan names: of the column's type, as its reader finds.

use super::config::Written;
use crate::ConfigError;
use serde_json::value::RawValue;
use std::sync::Arc;
use weir_circuit::{Column, Table};
use weir_io::{Changes, InputFormat, TableColumns};
use weir_row::ColumnType;

/// The values, in one line each, if the reader takes them all.
pub(super) fn given(values: &[&RawValue], ty: &ColumnType, text: Written<'_>) -> Result<Vec<String>, ConfigError> {
    let column = Column { name: "value".into(), case_sensitive: false, ty: ty.clone(), default: None };
    let columns = Arc::new(TableColumns::new(&Table {
        name: "values".into(),
        case_sensitive: false,
        columns: vec![column],
        primary_key: None,
        materialized: false,
        append_only: false,
    }));
    let format = crate::own_format("datagen").ok_or_else(|| ConfigError::new("datagen has no format"))?;
    let format = InputFormat::parse(&format.name, &format.config).map_err(|e| ConfigError::new(e.to_string()))?;
    let reader = format.reader(Arc::clone(&columns), 0, false);
    let mut reader = reader.map_err(|e| ConfigError::new(e.to_string()))?;
    let (mut changes, mut errors) = (Changes::new(&columns, 1), Vec::new());
    let mut read = |value: &&RawValue| {
        let line = one_line(value.get());
        reader.push(format!("{{\"value\":{line}}}\n").as_bytes(), &mut changes, &mut errors);
        reader.finish(&mut changes, &mut errors);
        let Some(e) = errors.pop() else { return Ok(line) };
        let null = if ty.nullable { "" } else { " NOT NULL" };
        let message = format!("'values': {} is no value of type {}{null}", shown(&line), ty.sql);
        // What the reader says is about records, but for its end.
        let why =
            e.description.rsplit_once("'value'").map_or(&*e.description, |(_, why)| why.trim_start_matches([':', ' ']));
        Err(text.wrong(value, message).with_hint(why))
    };
    values.iter().map(&mut read).collect()
}

/// A value, or its beginning.
fn shown(value: &str) -> String {
    /// Characters shown.
    const CHARACTERS: usize = 60;
    match value.char_indices().nth(CHARACTERS) {
        Some((end, _)) => format!("{}...", &value[..end]),
        None => value.to_owned(),
    }
}

/// JSON without blanks between its parts.
fn one_line(json: &str) -> String {
    let (mut in_text, mut escaped) = (false, false);
    let keep = |c: &char| {
        let keep = in_text || !c.is_ascii_whitespace();
        in_text ^= *c == '"' && !escaped;
        escaped = in_text && *c == '\\' && !escaped;
        keep
    };
    json.chars().filter(keep).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn blanks_within_texts_stay() {
        let json = " {\"a b\\\" \": [1,\n 2, \"\\\\\", \" \"]}\n";
        assert_eq!(super::one_line(json), "{\"a b\\\" \":[1,2,\"\\\\\",\" \"]}");
    }
}
