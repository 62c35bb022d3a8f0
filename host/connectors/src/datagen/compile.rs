//! From what a plan says of a column, and the column's type, to what makes its values.

use super::config::{Choice, Field, Strategy, Written};
use super::make::{KeyLook, Maker, Pick, What};
use super::range::{self, LENGTH_MAX};
use super::text::Text;
use super::values;
use crate::{ConfigError, Table};
use serde_json::Value;
use serde_json::value::RawValue;
use weir_row::{ColumnType, SqlType};

/// Values, characters and bytes that a row may have in all, however its parts nest.
const ROW_MAX: u128 = 1_000_000;

/// The makers of all columns of a table, with their names as JSON.
pub(super) fn columns(
    fields: Option<&RawValue>,
    table: &Table,
    text: Written<'_>,
) -> Result<Vec<(String, Maker)>, ConfigError> {
    let columns = table.columns.columns();
    let named: Vec<(&str, bool, &ColumnType)> =
        columns.iter().map(|c| (c.name.as_str(), c.case_sensitive, &c.ty)).collect();
    let columns = parts(fields, &named, &format!("table '{}'", table.name), text)?;
    let most = columns.iter().fold(0_u128, |sum, (_, maker)| sum.saturating_add(maker.most()));
    if most > ROW_MAX {
        let error =
            ConfigError::new(format!("a row might have {most} values, characters and bytes; {ROW_MAX} are allowed"));
        return Err(error.with_hint("narrow the 'range' of what has a length"));
    }
    Ok(columns)
}

/// Makers of columns or fields: each that is named is there, each that is there is made.
fn parts(
    fields: Option<&RawValue>,
    there: &[(&str, bool, &ColumnType)],
    whose: &str,
    text: Written<'_>,
) -> Result<Vec<(String, Maker)>, ConfigError> {
    let fields = text.fields(fields)?.0;
    let mut said: Vec<Option<&RawValue>> = vec![None; there.len()];
    for (name, raw) in fields {
        let is =
            |(known, exact, _): &(&str, bool, &ColumnType)| name == *known || (!exact && name.to_lowercase() == *known);
        let Some(i) = there.iter().position(is) else {
            let names: Vec<&str> = there.iter().map(|(name, ..)| *name).collect();
            let hint = match weir_io::nearest(&name, &names) {
                Some(near) => format!("did you mean '{near}'?"),
                None => format!("it has {}", names.join(", ")),
            };
            return Err(text.wrong(raw, format!("{whose} has no '{name}'")).with_hint(hint));
        };
        if said[i].replace(raw).is_some() {
            return Err(text.wrong(raw, format!("'{}' is said twice", there[i].0)));
        }
    }
    let make = |((name, _, ty), raw): (&(&str, bool, &ColumnType), &Option<&RawValue>)| {
        let maker = text.field(*raw, name).and_then(|field| maker(&field, ty, text));
        // What is not at the fault's own place is at the column's.
        let at = |e: ConfigError| ConfigError {
            offset: e.offset.or(raw.map(|raw| text.wrong(raw, "").offset).flatten()),
            ..e
        };
        let maker = maker.map_err(|e| at(ConfigError { message: format!("'{name}': {}", e.message), ..e }))?;
        Ok((Value::from(*name).to_string(), maker))
    };
    there.iter().zip(&said).map(make).collect()
}

fn maker(field: &Field<'_>, ty: &ColumnType, text: Written<'_>) -> Result<Maker, ConfigError> {
    let mut nulls = 0;
    if let Some(raw) = field.null_percentage {
        nulls = text.read::<u64>(raw, "null_percentage")?;
        if nulls > 100 {
            return Err(text.wrong(raw, format!("'null_percentage' is from 0 to 100, not {nulls}")));
        }
        if nulls > 0 && !ty.nullable {
            return Err(text.wrong(raw, "it is NOT NULL, and 'null_percentage' is more than 0"));
        }
    }
    Ok(Maker { nulls, what: what(field, ty, text)? })
}

fn what(field: &Field<'_>, ty: &ColumnType, text: Written<'_>) -> Result<What, ConfigError> {
    let sql = &ty.sql;
    let strategy = field.strategy.map(|raw| text.read::<Strategy>(raw, "strategy")).transpose()?;
    let choice = match strategy {
        None => None,
        Some(Strategy::Choice(choice)) => Some(choice),
        Some(Strategy::Text(kind)) => return texts(field, sql, kind, text),
    };
    // What may be said, `e` with zipf only.
    let only = |taken: &[&str], kind: &str| match choice {
        Some(Choice::Zipf) => field.only(&[taken, &["e"]].concat(), kind, text),
        _ if field.e.is_some() => field.only(taken, &format!("{kind} that are not chosen by zipf"), text),
        _ => field.only(taken, kind, text),
    };
    let refused = |choices: &[Choice], kind: &str, hint: &str| match (field.strategy, choice) {
        (Some(raw), Some(choice)) if choices.contains(&choice) => {
            Err(text.wrong(raw, format!("{raw} does not choose among {kind}")).with_hint(hint))
        }
        _ => Ok(()),
    };
    let e = field.e.map(|raw| text.read::<f64>(raw, "e")).transpose()?.unwrap_or(1.0);
    if let Some(raw) = field.e.filter(|_| !(e.is_finite() && e > 0.0)) {
        return Err(text.wrong(raw, format!("'e' is a number above 0, not {e}")));
    }
    let pick = Pick { choice: choice.unwrap_or(Choice::Increment), e };
    // Lengths are chosen by chance unless something else is said.
    let by_chance = Pick { choice: choice.unwrap_or(Choice::Uniform), e };
    if let Some(raw) = field.values {
        only(&["strategy", "values"], "given values")?;
        let values = text.list(raw, "values")?;
        if values.is_empty() {
            return Err(text.wrong(raw, "'values' names one value at least"));
        }
        return Ok(What::Given(pick, values::given(&values, ty, text)?));
    }
    match sql {
        SqlType::Boolean => {
            only(&["strategy", "values"], "booleans")?;
            range::numbers(field, sql, pick, text)
        }
        SqlType::Real | SqlType::Double => {
            refused(&[Choice::Zipf], "numbers with a fraction", "zipf chooses among whole numbers, or among 'values'")?;
            let step = if pick.choice == Choice::Increment {
                &["strategy", "values", "range", "scale"][..]
            } else {
                &["strategy", "values", "range"]
            };
            only(step, "numbers with a fraction that are chosen so")?;
            range::real(field, pick.choice, text)
        }
        SqlType::Char(n) | SqlType::Varchar(Some(n)) if field.range.is_some() && pick.choice != Choice::Increment => {
            only(&["strategy", "values", "range"], "texts of a length")?;
            Ok(What::Letters(range::length(field, (*n).into(), pick, text)?))
        }
        SqlType::Varchar(None) if field.range.is_some() && pick.choice != Choice::Increment => {
            only(&["strategy", "values", "range"], "texts of a length")?;
            Ok(What::Letters(range::length(field, LENGTH_MAX, pick, text)?))
        }
        SqlType::Uuid => {
            refused(&[Choice::Zipf], "UUIDs", "there are uniform and increment, and zipf among 'values'")?;
            only(&["strategy", "values"], "UUIDs")?;
            Ok(What::Uuid(pick.choice))
        }
        SqlType::Binary(n) => {
            refused(
                &[Choice::Zipf, Choice::Increment],
                "binaries of one length",
                "there is uniform, and all among 'values'",
            )?;
            only(&["strategy", "values"], "binaries of one length")?;
            let low = u64::from(*n).min(LENGTH_MAX as u64);
            Ok(What::Bytes(super::make::Length { pick: by_chance, low, count: 1 }))
        }
        SqlType::Varbinary(n) => {
            only(&["strategy", "values", "range"], "binaries")?;
            Ok(What::Bytes(range::length(field, n.map_or(LENGTH_MAX, i128::from), by_chance, text)?))
        }
        SqlType::Array(element) => {
            only(&["strategy", "values", "range", "value"], "arrays")?;
            let length = range::length(field, LENGTH_MAX, by_chance, text)?;
            Ok(What::Array(length, part(field.value, "value", element, true, text)?))
        }
        SqlType::Map(key, value) => {
            only(&["strategy", "values", "range", "key", "value"], "maps")?;
            let length = range::length(field, LENGTH_MAX, by_chance, text)?;
            let look =
                if matches!(**key, SqlType::Binary(_) | SqlType::Varbinary(_)) { KeyLook::Hex } else { KeyLook::Text };
            let key = part(field.key, "key", key, false, text)?;
            Ok(What::Map { length, key, look, value: part(field.value, "value", value, true, text)? })
        }
        SqlType::Row(row) => {
            only(&["values", "fields"], "rows")?;
            let there: Vec<_> = row.fields.iter().map(|(name, ty)| (name.as_str(), false, ty)).collect();
            Ok(What::Row(parts(field.fields, &there, "the row", text)?))
        }
        _ => {
            only(&["strategy", "values", "range", "scale"], &format!("values of type {sql}"))?;
            range::numbers(field, sql, pick, text)
        }
    }
}

/// The maker of elements, keys or values.
fn part(
    raw: Option<&RawValue>,
    name: &str,
    sql: &SqlType,
    nullable: bool,
    text: Written<'_>,
) -> Result<Box<Maker>, ConfigError> {
    let field = text.field(raw, name)?;
    Ok(Box::new(maker(&field, &ColumnType { sql: sql.clone(), nullable }, text)?))
}

/// Texts of a kind.
fn texts(field: &Field<'_>, sql: &SqlType, kind: Text, text: Written<'_>) -> Result<What, ConfigError> {
    let characters = match sql {
        SqlType::Char(n) | SqlType::Varchar(Some(n)) => Some(*n),
        SqlType::Varchar(None) | SqlType::Variant => None,
        _ => {
            let error = ConfigError::new(format!("its strategy makes texts, and its type is {sql}"));
            return Err(ConfigError { offset: field.strategy.and_then(|raw| text.wrong(raw, "").offset), ..error });
        }
    };
    field.only(&["strategy"], "texts of a kind", text)?;
    Ok(What::Text { text: kind, characters })
}
