//! From which number to which: what a type holds, and what a plan leaves of it. All bounds are read exactly.

use super::config::{Choice, Field, Written};
use super::make::{Length, Pick, What};
use super::show::{DAY_MS, Show};
use crate::ConfigError;
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Timelike};
use serde_json::value::RawValue;
use weir_row::SqlType;

/// Characters, bytes, elements and entries that a value may have.
pub(super) const LENGTH_MAX: i128 = 10_000;
/// The length of what has one, if nothing is said.
const LENGTHS: (i128, i128) = (0, 10);

/// Whole numbers of a type: the least, the one after the greatest, how they look.
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

/// Digits behind the point.
fn digits(sql: &SqlType) -> u8 {
    if let SqlType::Decimal { scale, .. } = sql { *scale } else { 0 }
}

/// Values that are whole numbers of some unit.
pub(super) fn numbers(field: &Field<'_>, sql: &SqlType, pick: Pick, text: Written<'_>) -> Result<What, ConfigError> {
    let Some((least, end, show)) = bounds(sql) else {
        return Err(ConfigError::new(format!("there are no made-up values of type {sql}")));
    };
    let usual = if pick.choice == Choice::Uniform { (least, end) } else { (least.max(0), end) };
    let (low, high) =
        range(field, (least, end), usual, |v| number(v, sql), show, &format!("a value of type {sql}"), text)?;
    let one = 10_i128.pow(u32::from(digits(sql)));
    let step = match (field.scale, pick.choice) {
        (Some(scale), _) => match units(unquoted(scale), digits(sql)) {
            Some(step) if step > 0 => step,
            _ => {
                let message = format!("'scale' is above 0 and a multiple of the type's unit, not {scale}");
                return Err(text.wrong(scale, message));
            }
        },
        // One after the other they are one apart, if the type has a 1; by chance every value of the type may come.
        (None, Choice::Increment) if one < end => one,
        (None, _) => 1,
    };
    // The distance of two numbers may be no number of the same type.
    let count = (high as u128).wrapping_sub(low as u128).div_ceil(step.unsigned_abs());
    Ok(What::Numbers { pick, low, step, count, show })
}

/// How long values are, up to `most`.
pub(super) fn length(field: &Field<'_>, most: i128, pick: Pick, text: Written<'_>) -> Result<Length, ConfigError> {
    let end = most.min(LENGTH_MAX) + 1;
    let usual = (LENGTHS.0, LENGTHS.1.min(end));
    let read = |v: &RawValue| v.get().parse().ok();
    let what = format!("a length, {} at most", end - 1);
    let (low, high) = range(field, (0, end), usual, read, Show::Whole, &what, text)?;
    // Both are lengths.
    Ok(Length { pick, low: low as u64, count: (high - low) as u64 })
}

/// Numbers with a fraction.
pub(super) fn real(field: &Field<'_>, choice: Choice, text: Written<'_>) -> Result<What, ConfigError> {
    let usual = if choice == Choice::Increment { 1e15 } else { 1.0 };
    let (low, high) = match field.range {
        None => (0.0, usual),
        Some(raw) => match text.read::<(f64, f64)>(raw, "range")? {
            (low, high) if low < high && (high - low).is_finite() => (low, high),
            _ => return Err(text.wrong(raw, "'range' is two numbers, the first of them less")),
        },
    };
    let step = match field.scale {
        None => 1.0,
        Some(raw) => match text.read::<f64>(raw, "scale")? {
            step if step > 0.0 => step,
            _ => return Err(text.wrong(raw, format!("'scale' is above 0, not {raw}"))),
        },
    };
    Ok(What::Real { choice, low, high, step })
}

/// The range of a field within what is possible.
fn range(
    field: &Field<'_>,
    possible: (i128, i128),
    usual: (i128, i128),
    read: impl Fn(&RawValue) -> Option<i128>,
    show: Show,
    what: &str,
    text: Written<'_>,
) -> Result<(i128, i128), ConfigError> {
    let Some(raw) = field.range else { return Ok(usual) };
    let bounds = text.list(raw, "range")?;
    let [first, second] = bounds[..] else {
        return Err(text.wrong(raw, "'range' is a list of two: the first value, and the one behind the last"));
    };
    let value = |v| read(v).ok_or_else(|| text.wrong(v, format!("'range': {v} is not {what}")));
    let (low, high) = (value(first)?, value(second)?);
    if low >= high {
        let message = "'range': the first value is less than the second, which is none of the values";
        return Err(text.wrong(raw, message));
    }
    for (bound, is_possible) in [(first, low >= possible.0), (second, high <= possible.1)] {
        if !is_possible {
            let error = text.wrong(bound, format!("'range' leaves what is possible: each bound is {what}"));
            let shown = |n| {
                let mut out = Vec::new();
                show.write(n, &mut out);
                String::from_utf8(out).unwrap_or_default()
            };
            return Err(error.with_hint(format!("the widest one is [{}, {}]", shown(possible.0), shown(possible.1))));
        }
    }
    Ok((low, high))
}

/// A value without the quotation marks of a text.
fn unquoted(v: &RawValue) -> &str {
    let text = v.get();
    text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).unwrap_or(text)
}

/// A bound as a number of units: days, milliseconds, digits behind the point.
fn number(v: &RawValue, sql: &SqlType) -> Option<i128> {
    let text = v.get().starts_with('"').then(|| unquoted(v));
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
        (SqlType::Decimal { scale, .. }, _) => units(unquoted(v), *scale),
        (_, None) => v.get().parse().ok(),
        (_, Some(_)) => None,
    }
}

/// A decimal number as a number of units, of which 10^`scale` are 1. `None`: it is no number, or none that can be told so.
fn units(text: &str, scale: u8) -> Option<i128> {
    /// Zeros behind which no number of the types' remains one.
    const EXPONENT_MAX: i32 = 1_000;
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent: i32 = exponent.parse().ok().filter(|e: &i32| e.abs() <= EXPONENT_MAX)?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
        return None;
    }
    let digits = format!("{whole}{fraction}");
    let kept = digits.trim_end_matches('0');
    if kept.is_empty() {
        return Some(0);
    }
    let zeros = i32::try_from(digits.len() - kept.len()).ok()? - i32::try_from(fraction.len()).ok()?;
    let power = exponent + zeros + i32::from(scale);
    let n = kept.parse::<i128>().ok()?.checked_mul(10_i128.checked_pow(u32::try_from(power).ok()?)?)?;
    Some(if negative { -n } else { n })
}

#[cfg(test)]
mod tests {
    use super::units;

    #[test]
    fn decimals_are_exact() {
        for (text, scale, n) in [
            ("0.1", 1, Some(1)),
            ("-1.50", 1, Some(-15)),
            ("1e3", 2, Some(100_000)),
            ("1500e-2", 0, Some(15)),
            ("0", 38, Some(0)),
            ("-0.00", 0, Some(0)),
            ("0.01", 1, None),
            ("99999999999999999999999999999999999999", 0, Some(99_999_999_999_999_999_999_999_999_999_999_999_999)),
            ("0.12345678901234567890123456789012345678", 38, Some(12_345_678_901_234_567_890_123_456_789_012_345_678)),
            ("1e39", 0, None),
            ("1e999999999999", 0, None),
            ("", 0, None),
            (".", 0, None),
            ("--1", 0, None),
            ("+1", 0, None),
            ("1x", 0, None),
            ("é", 0, None),
        ] {
            assert_eq!(units(text, scale), n, "{text}");
        }
    }
}
