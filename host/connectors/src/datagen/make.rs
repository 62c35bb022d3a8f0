//! From what a plan says of a column, and the column's type, to its values.

use super::config::{Choice, Field, Strategy};
use super::random::Random;
use super::text::Text;
use crate::{ConfigError, Table};
use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, Timelike};
use fake::rand::RngCore;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Write;
use weir_row::{ColumnType, SqlType};

/// Characters, bytes, elements and entries that a value may have.
const LENGTH_MAX: i128 = 10_000;
/// Values, characters and bytes that a row may have in all, however its parts nest.
const ROW_MAX: u128 = 1_000_000;
/// Milliseconds of a day.
const DAY_MS: i128 = 86_400_000;
/// The length of what has one, if nothing is said.
const LENGTHS: (i128, i128) = (0, 10);

/// Makes the values of a column, or of a part of one.
pub(super) struct Maker {
    /// How many of a hundred are NULL.
    nulls: u64,
    what: What,
}

enum What {
    /// Given values, as JSON.
    Given(Pick, Vec<String>),
    /// Whole numbers of some unit: `low + i * step`.
    Numbers {
        pick: Pick,
        low: i128,
        step: i128,
        count: u128,
        show: Show,
    },
    Real {
        choice: Choice,
        low: f64,
        high: f64,
        step: f64,
    },
    Text {
        text: Text,
        characters: Option<u32>,
    },
    /// Letters, of a length.
    Letters(i128, i128),
    Uuid(Choice),
    Bytes(i128, i128),
    Array(i128, i128, Box<Maker>),
    Map(i128, i128, Box<Maker>, Box<Maker>),
    Row(Vec<(String, Maker)>),
}

/// Which of several.
#[derive(Clone, Copy)]
struct Pick {
    choice: Choice,
    e: f64,
}

impl Pick {
    fn index(self, row: u64, random: &mut Random, count: u128) -> u128 {
        match self.choice {
            Choice::Increment => u128::from(row) % count,
            Choice::Uniform => random.below(count),
            Choice::Zipf => random.zipf(count, self.e),
        }
    }
}

/// How a number looks.
#[derive(Clone, Copy)]
enum Show {
    Whole,
    Bool,
    Decimal(u8),
    Text,
    Date,
    /// Milliseconds, so the next ones.
    Time,
    Timestamp,
    Instant,
}

/// The makers of all columns of a table, with their names as JSON.
pub(super) fn columns(fields: &BTreeMap<String, Field>, table: &Table) -> Result<Vec<(String, Maker)>, ConfigError> {
    let columns = table.columns.columns();
    let named: Vec<(&str, bool, &ColumnType)> =
        columns.iter().map(|c| (c.name.as_str(), c.case_sensitive, &c.ty)).collect();
    let columns = parts(fields, &named, &format!("table '{}'", table.name))?;
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
    fields: &BTreeMap<String, Field>,
    there: &[(&str, bool, &ColumnType)],
    whose: &str,
) -> Result<Vec<(String, Maker)>, ConfigError> {
    let is = |name: &str, exact: bool, field: &str| field == name || (!exact && field.to_lowercase() == name);
    if let Some(unknown) = fields.keys().find(|f| !there.iter().any(|(name, exact, _)| is(name, *exact, f))) {
        let names: Vec<&str> = there.iter().map(|(name, ..)| *name).collect();
        let error = ConfigError::new(format!("{whose} has no '{unknown}'"));
        return Err(error.with_hint(format!("it has {}", names.join(", "))));
    }
    let usual = Field::default();
    let make = |(name, exact, ty): &(&str, bool, &ColumnType)| {
        let field = fields.iter().find(|(f, _)| is(name, *exact, f)).map_or(&usual, |(_, field)| field);
        let maker =
            Maker::new(field, ty).map_err(|e| ConfigError { message: format!("'{name}': {}", e.message), ..e })?;
        Ok((Value::from(*name).to_string(), maker))
    };
    there.iter().map(make).collect()
}

fn wrong<T>(message: impl Into<String>) -> Result<T, ConfigError> {
    Err(ConfigError::new(message))
}

impl Maker {
    fn new(field: &Field, ty: &ColumnType) -> Result<Maker, ConfigError> {
        let nulls = u64::from(field.null_percentage.unwrap_or(0));
        if nulls > 100 {
            return wrong(format!("'null_percentage' is from 0 to 100, not {nulls}"));
        }
        if nulls > 0 && !ty.nullable {
            return wrong("it is NOT NULL, and 'null_percentage' is more than 0");
        }
        Ok(Maker { nulls, what: what(field, &ty.sql)? })
    }

    /// The values, characters and bytes that it makes of a row, at most.
    fn most(&self) -> u128 {
        let times = |high: i128, n: u128| high.unsigned_abs().saturating_mul(n).saturating_add(1);
        match &self.what {
            What::Given(..) | What::Numbers { .. } | What::Real { .. } | What::Text { .. } | What::Uuid(_) => 1,
            What::Letters(_, high) | What::Bytes(_, high) => times(*high, 1),
            What::Array(_, high, element) => times(*high, element.most()),
            What::Map(_, high, key, value) => times(*high, key.most().saturating_add(value.most())),
            What::Row(fields) => fields.iter().fold(1, |sum, (_, maker)| sum.saturating_add(maker.most())),
        }
    }

    /// Appends the value of a row, as JSON.
    pub(super) fn make(&self, row: u64, random: &mut Random, out: &mut Vec<u8>) {
        if self.nulls > 0 && random.next_u64() % 100 < self.nulls {
            return out.extend_from_slice(b"null");
        }
        match &self.what {
            What::Given(pick, values) => {
                let i = pick.index(row, random, values.len() as u128);
                out.extend_from_slice(values[i as usize].as_bytes());
            }
            What::Numbers { pick, low, step, count, show } => {
                let n = low.wrapping_add((pick.index(row, random, *count) as i128).wrapping_mul(*step));
                show.write(n, out);
            }
            What::Real { choice, low, high, step } => {
                let x = match choice {
                    Choice::Increment => low + (row as f64 * step) % (high - low),
                    _ => low + random.unit() * (high - low),
                };
                // JSON has no infinities, and none comes of finite bounds.
                let _ = write!(out, "{x:?}");
            }
            What::Text { text, characters } => {
                let mut s = text.make(random);
                if let Some((at, _)) = characters.and_then(|n| s.char_indices().nth(n as usize)) {
                    s.truncate(at);
                }
                out.extend_from_slice(Value::from(s).to_string().as_bytes());
            }
            What::Letters(low, high) => {
                out.push(b'"');
                out.extend((0..length(*low, *high, random)).map(|_| b'a' + (random.next_u32() % 26) as u8));
                out.push(b'"');
            }
            What::Uuid(choice) => {
                let n = match choice {
                    Choice::Increment => u128::from(row),
                    _ => random.below(u128::MAX),
                };
                let hex = format!("{n:032x}");
                let _ =
                    write!(out, "\"{}-{}-{}-{}-{}\"", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]);
            }
            What::Bytes(low, high) => {
                let n = length(*low, *high, random);
                list(out, n, |out, _| drop(write!(out, "{}", random.next_u32() as u8)));
            }
            What::Array(low, high, element) => {
                let n = length(*low, *high, random);
                list(out, n, |out, i| element.make(row.wrapping_add(i), random, out));
            }
            What::Map(low, high, key, value) => {
                out.push(b'{');
                for i in 0..length(*low, *high, random) {
                    out.extend_from_slice(if i == 0 { b"" } else { b"," });
                    let mut text = Vec::new();
                    key.make(row.wrapping_add(i), random, &mut text);
                    let is_text = text.first() == Some(&b'"');
                    out.extend_from_slice(if is_text { b"" } else { b"\"" });
                    out.extend_from_slice(&text);
                    out.extend_from_slice(if is_text { b":" } else { b"\":" });
                    value.make(row.wrapping_add(i), random, out);
                }
                out.push(b'}');
            }
            What::Row(fields) => {
                out.push(b'{');
                for (i, (name, maker)) in fields.iter().enumerate() {
                    out.extend_from_slice(if i == 0 { b"" } else { b"," });
                    out.extend_from_slice(name.as_bytes());
                    out.push(b':');
                    maker.make(row, random, out);
                }
                out.push(b'}');
            }
        }
    }
}

fn list(out: &mut Vec<u8>, n: u64, mut each: impl FnMut(&mut Vec<u8>, u64)) {
    out.push(b'[');
    for i in 0..n {
        out.extend_from_slice(if i == 0 { b"" } else { b"," });
        each(out, i);
    }
    out.push(b']');
}

fn length(low: i128, high: i128, random: &mut Random) -> u64 {
    low as u64 + random.below((high - low) as u128) as u64
}

impl Show {
    fn write(self, n: i128, out: &mut Vec<u8>) {
        // Writing to a vector does not fail.
        let _ = match self {
            Show::Whole => write!(out, "{n}"),
            Show::Bool => write!(out, "{}", n != 0),
            Show::Text => write!(out, "\"{n}\""),
            Show::Decimal(0) => write!(out, "{n}"),
            Show::Decimal(scale) => {
                let unit = 10_u128.pow(u32::from(scale));
                let (whole, rest) = (n.unsigned_abs() / unit, n.unsigned_abs() % unit);
                let sign = if n < 0 { "-" } else { "" };
                write!(out, "{sign}{whole}.{rest:0width$}", width = usize::from(scale))
            }
            Show::Date => write!(out, "\"{}\"", date(n)),
            Show::Time => {
                let (s, ms) = (n.rem_euclid(DAY_MS) / 1_000, n.rem_euclid(1_000));
                write!(out, "\"{:02}:{:02}:{:02}.{ms:03}\"", s / 3_600, s / 60 % 60, s % 60)
            }
            Show::Timestamp | Show::Instant => {
                let (s, ms) = (n.rem_euclid(DAY_MS) / 1_000, n.rem_euclid(1_000));
                let date = date(n.div_euclid(DAY_MS));
                let zone = if matches!(self, Show::Instant) { "+00:00" } else { "" };
                write!(out, "\"{date} {:02}:{:02}:{:02}.{ms:03}{zone}\"", s / 3_600, s / 60 % 60, s % 60)
            }
        };
    }
}

/// The date so many days after 1970-01-01; the bounds of ranges see to it that there is one.
fn date(days: i128) -> NaiveDate {
    let epoch = NaiveDate::default();
    let days = i64::try_from(days).unwrap_or(0);
    let moved = if days >= 0 {
        epoch.checked_add_days(Days::new(days as u64))
    } else {
        epoch.checked_sub_days(Days::new(days.unsigned_abs()))
    };
    moved.unwrap_or(epoch)
}

/// Whole numbers of a type: the least, the one after the greatest, where incrementing begins.
fn bounds(sql: &SqlType) -> Option<(i128, i128, Show)> {
    let signed = |bits: u32| (-(1_i128 << (bits - 1)), 1_i128 << (bits - 1), Show::Whole);
    let unsigned = |bits: u32| (0, 1_i128 << bits, Show::Whole);
    let days = |y: i32, m: u32, d: u32| {
        NaiveDate::from_ymd_opt(y, m, d).map_or(0, |date| i128::from((date - NaiveDate::default()).num_days()))
    };
    let (first, last) = (days(1, 1, 1), days(9999, 12, 31) + 1);
    Some(match sql {
        SqlType::Boolean => (0, 2, Show::Bool),
        SqlType::TinyInt => signed(8),
        SqlType::SmallInt => signed(16),
        SqlType::Integer => signed(32),
        SqlType::BigInt => signed(64),
        SqlType::UTinyInt => unsigned(8),
        SqlType::USmallInt => unsigned(16),
        SqlType::UInteger => unsigned(32),
        SqlType::UBigInt => unsigned(64),
        SqlType::Decimal { precision, scale } => {
            let end = 10_i128.pow(u32::from(*precision).min(38));
            (1 - end, end, Show::Decimal(*scale))
        }
        SqlType::Date => (first, last, Show::Date),
        SqlType::Time => (0, DAY_MS, Show::Time),
        SqlType::Timestamp => (first * DAY_MS, last * DAY_MS, Show::Timestamp),
        SqlType::TimestampTz => (first * DAY_MS, last * DAY_MS, Show::Instant),
        // Numbers, in other clothes.
        SqlType::Char(n) => (0, 10_i128.pow((*n).min(18)), Show::Text),
        SqlType::Varchar(n) => (0, 10_i128.pow(n.unwrap_or(18).min(18)), Show::Text),
        SqlType::Variant => signed(64),
        _ => return None,
    })
}

fn what(field: &Field, sql: &SqlType) -> Result<What, ConfigError> {
    let is_text = matches!(sql, SqlType::Char(_) | SqlType::Varchar(_));
    let e = field.e.unwrap_or(1.0);
    if !(e.is_finite() && e > 0.0) {
        return wrong(format!("'e' is a number above 0, not {e}"));
    }
    let choice = match field.strategy {
        Strategy::Usual => Choice::Increment,
        Strategy::Choice(choice) => choice,
        Strategy::Text(text) if is_text || *sql == SqlType::Variant => {
            let characters = match sql {
                SqlType::Char(n) | SqlType::Varchar(Some(n)) => Some(*n),
                _ => None,
            };
            return match (&field.range, &field.values) {
                (None, None) => Ok(What::Text { text, characters }),
                _ => wrong("texts of a kind have neither 'range' nor 'values'"),
            };
        }
        Strategy::Text(_) => return wrong(format!("its strategy makes texts, and its type is {sql}")),
    };
    let pick = Pick { choice, e };
    if let Some(values) = &field.values {
        if values.is_empty() || field.range.is_some() {
            return wrong("'values' names one value at least, and there is no 'range' beside it");
        }
        return Ok(What::Given(pick, values.iter().map(Value::to_string).collect()));
    }
    let lengths = || range(field, (0, LENGTH_MAX), LENGTHS, |v| v.as_i64().map(i128::from), "a length");
    match sql {
        SqlType::Real | SqlType::Double => real(field, choice),
        SqlType::Char(_) | SqlType::Varchar(_) if field.range.is_some() && choice != Choice::Increment => {
            let (low, high) = lengths()?;
            Ok(What::Letters(low, high))
        }
        SqlType::Uuid => Ok(What::Uuid(choice)),
        SqlType::Binary(n) => Ok(What::Bytes(i128::from(*n).min(LENGTH_MAX), i128::from(*n).min(LENGTH_MAX) + 1)),
        SqlType::Varbinary(n) => {
            let (low, high) = lengths()?;
            let most = n.map_or(LENGTH_MAX, i128::from) + 1;
            Ok(What::Bytes(low.min(most - 1), high.min(most)))
        }
        SqlType::Array(element) => {
            let (low, high) = lengths()?;
            let usual = Field::default();
            let of = field.value.as_deref().unwrap_or(&usual);
            let element = Maker::new(of, &ColumnType { sql: (**element).clone(), nullable: true })?;
            Ok(What::Array(low, high, Box::new(element)))
        }
        SqlType::Map(key, value) => {
            let (low, high) = lengths()?;
            let usual = Field::default();
            let part = |field: &Option<Box<Field>>, sql: &SqlType, nullable| {
                Maker::new(field.as_deref().unwrap_or(&usual), &ColumnType { sql: sql.clone(), nullable })
            };
            let (key, value) = (part(&field.key, key, false)?, part(&field.value, value, true)?);
            Ok(What::Map(low, high, Box::new(key), Box::new(value)))
        }
        SqlType::Row(row) => {
            let there: Vec<_> = row.fields.iter().map(|(name, ty)| (name.as_str(), false, ty)).collect();
            Ok(What::Row(parts(field.fields.as_ref().unwrap_or(&BTreeMap::new()), &there, "the row")?))
        }
        _ => numbers(field, sql, pick),
    }
}

fn real(field: &Field, choice: Choice) -> Result<What, ConfigError> {
    if choice == Choice::Zipf {
        return wrong("zipf chooses among whole numbers, and its type is none of those");
    }
    let usual = if choice == Choice::Increment { 1e15 } else { 1.0 };
    let (low, high) = match &field.range {
        None => (0.0, usual),
        Some((low, high)) => match (low.as_f64(), high.as_f64()) {
            (Some(low), Some(high)) if low < high && (high - low).is_finite() => (low, high),
            _ => return wrong(format!("'range' is two numbers, the first of them less, not [{low}, {high}]")),
        },
    };
    Ok(What::Real { choice, low, high, step: field.scale.unwrap_or(1.0) })
}

fn numbers(field: &Field, sql: &SqlType, pick: Pick) -> Result<What, ConfigError> {
    let Some((least, end, show)) = bounds(sql) else {
        return wrong(format!("there are no made-up values of type {sql}"));
    };
    let unit = if let Show::Decimal(scale) = show { 10_i128.pow(u32::from(scale)) } else { 1 };
    let usual = if pick.choice == Choice::Uniform { (least, end) } else { (least.max(0), end) };
    let (low, high) = range(field, (least, end), usual, |v| number(v, sql, unit), &format!("a value of type {sql}"))?;
    // One after the other they are one apart; by chance every value of the type may come.
    let step = match (field.scale, pick.choice) {
        (Some(scale), _) => scale * unit as f64,
        (None, Choice::Increment) => unit as f64,
        (None, _) => 1.0,
    };
    if !(1.0..1e30).contains(&step) {
        return wrong(format!(
            "'scale' is above 0, and no less than the type's unit, not {}",
            field.scale.unwrap_or(1.0)
        ));
    }
    let step = step as i128;
    // The distance of two numbers may be no number of the same type.
    let count = (high as u128).wrapping_sub(low as u128).div_ceil(step.unsigned_abs());
    Ok(What::Numbers { pick, low, step, count, show })
}

/// The range of a field within what is possible.
fn range(
    field: &Field,
    possible: (i128, i128),
    usual: (i128, i128),
    read: impl Fn(&Value) -> Option<i128>,
    what: &str,
) -> Result<(i128, i128), ConfigError> {
    let Some((low, high)) = &field.range else { return Ok(usual) };
    let value = |v: &Value| read(v).ok_or_else(|| ConfigError::new(format!("'range': {v} is not {what}")));
    let (low, high) = (value(low)?, value(high)?);
    if low >= high {
        return wrong("'range': the first value is less than the second, which is none of the values");
    }
    if low < possible.0 || high > possible.1 {
        return wrong(format!("'range' leaves what is possible: each bound is {what}"));
    }
    Ok((low, high))
}

/// A bound as a number of units: days, milliseconds, digits behind the point.
fn number(v: &Value, sql: &SqlType, unit: i128) -> Option<i128> {
    let text = v.as_str();
    let ms = |t: NaiveDateTime| i128::from(t.and_utc().timestamp_millis());
    match (sql, text) {
        (SqlType::Date, Some(s)) => {
            let date: NaiveDate = s.parse().ok()?;
            Some(i128::from((date - NaiveDate::default()).num_days()))
        }
        (SqlType::Time, Some(s)) => {
            let time: NaiveTime = s.parse().ok()?;
            Some(i128::from(time.num_seconds_from_midnight()) * 1_000 + i128::from(time.nanosecond() / 1_000_000))
        }
        (SqlType::Timestamp | SqlType::TimestampTz, Some(s)) => match DateTime::parse_from_rfc3339(s) {
            Ok(at) => Some(i128::from(at.timestamp_millis())),
            Err(_) => s.replace(' ', "T").parse().ok().map(ms),
        },
        (SqlType::Decimal { .. }, _) => {
            let n = text.and_then(|s| s.parse().ok()).or_else(|| v.as_f64())?;
            let n = n * unit as f64;
            (n.abs() < 1e38).then_some(n.round() as i128)
        }
        _ => v.as_i64().map(i128::from).or_else(|| v.as_u64().map(i128::from)),
    }
}
