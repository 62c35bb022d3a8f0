//! Intervals and text, and intervals and numbers. What an interval looks like, and what number it is, depends on the units of its type:
//! `+3 04:05` is one of DAY TO MINUTE.

use crate::decimal::{fit, power};
use crate::{Error, Kernel};
use ethnum::I256;
use std::fmt::Write;
use weir_row::IntervalField::{self, Hour, Month, Second};

/// The field of that number.
fn field_of(n: i32) -> IntervalField {
    IntervalField::ALL[n.clamp(0, 5) as usize]
}

/// The next shorter field.
fn next(field: IntervalField) -> IntervalField {
    field_of(field as i32 + 1)
}

/// What stands before a field, unless it is the first.
fn separator(field: IntervalField) -> char {
    match field {
        Month => '-',
        Hour => ' ',
        _ => ':',
    }
}

/// Digits of a second's fraction that a literal keeps.
pub const LITERAL_FRACTION_DIGITS: usize = 6;
/// Digits of a second's fraction that a cast from text keeps.
const CAST_FRACTION_DIGITS: usize = 3;
/// Most digits of a second's fraction that are read.
const FRACTION_DIGITS_MAX: usize = 9;

/// Reads an interval of the fields from `first` to `last`, as months or microseconds. Fields but the first are within their bounds;
/// of a second's fraction so many digits are kept. `None` if the text is none, or too long an interval.
pub fn parse_interval(text: &str, first: IntervalField, last: IntervalField, fraction_digits: usize) -> Option<i64> {
    let text = text.trim();
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut total: i64 = 0;
    let mut field = first;
    loop {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let n: i64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let bound = match field {
            _ if field == first => i64::MAX,
            Month => 11,
            Hour => 23,
            _ => 59,
        };
        if n > bound {
            return None;
        }
        total = total.checked_add(n.checked_mul(field.size())?)?;
        if field >= last {
            break;
        }
        field = next(field);
        rest = rest.strip_prefix(separator(field))?;
    }
    if field == Second
        && let Some(fraction) = rest.strip_prefix('.')
    {
        if fraction.is_empty() || fraction.len() > FRACTION_DIGITS_MAX || !fraction.bytes().all(|b| b.is_ascii_digit())
        {
            return None;
        }
        let kept = &fraction[..fraction.len().min(fraction_digits)];
        let micros: i64 = format!("{kept:0<6}").get(..6)?.parse().ok()?;
        total = total.checked_add(micros)?;
        rest = "";
    }
    let fits = first > Month || i32::try_from(total).is_ok();
    (rest.is_empty() && fits).then_some(if negative { -total } else { total })
}

/// The text of an interval: its sign, its first field, and those after it of two digits. What is below the last field is cut.
fn write(amount: i64, first: IntervalField, last: IntervalField) -> String {
    let mut out = String::from(if amount < 0 { '-' } else { '+' });
    let mut rest = amount.unsigned_abs();
    let mut field = first;
    loop {
        let (n, size) = (rest / field.size() as u64, field.size() as u64);
        rest %= size;
        // Writing to a string does not fail.
        let _ = if field == first { write!(out, "{n}") } else { write!(out, "{n:02}") };
        if field >= last {
            break;
        }
        field = next(field);
        out.push(separator(field));
    }
    if field == Second && rest > 0 {
        let _ = write!(out, ".{rest:06}");
    }
    out
}

#[cold]
fn unreadable(text: &str) -> Error {
    Error::parse(text, "an INTERVAL of these units")
}

#[cold]
fn out_of_range() -> Error {
    Error::new("interval out of range in CAST")
}

fn read(text: &str, first: i32, last: i32) -> Option<i64> {
    parse_interval(text, field_of(first), field_of(last), CAST_FRACTION_DIGITS)
}

/// `amount / unit` in units of 10^-s, cut, if it has at most `p` digits.
fn in_units(amount: i64, unit: i64, p: i32, s: i32) -> Result<i128, Error> {
    let units = I256::new(i128::from(amount)) * I256::new(power(s)) / I256::new(i128::from(unit.max(1)));
    i128::try_from(units).map_err(|_| out_of_range()).and_then(|u| fit(u, p, s))
}

/// `a * b / 10^scale` cut toward zero.
fn scaled(a: i128, b: i64, scale: i32) -> Result<i64, Error> {
    i64::try_from(I256::new(a) * I256::new(i128::from(b)) / I256::new(power(scale))).map_err(|_| out_of_range())
}

fn months(amount: i64) -> Result<i32, Error> {
    i32::try_from(amount).map_err(|_| out_of_range())
}

kernels! { TEXTS:
    /// Months as text: `(interval, first field, last field)`.
    fn cast_months_to_text[arena](i: Months, first: I32, last: I32) -> Text = {
        arena.alloc_str(&write(i64::from(i), field_of(first), field_of(last)))
    }
    /// Microseconds as text: `(interval, first field, last field)`.
    fn cast_micros_to_text[arena](i: Micros, first: I32, last: I32) -> Text = {
        arena.alloc_str(&write(i, field_of(first), field_of(last)))
    }
    /// Months from text: `(text, first field, last field)`.
    fn cast_text_to_months(s: Text, first: I32, last: I32) -> Months[!] = {
        read(s, first, last).and_then(|n| i32::try_from(n).ok()).ok_or_else(|| unreadable(s))
    }
    /// Microseconds from text, with milliseconds of a fraction: `(text, first field, last field)`.
    fn cast_text_to_micros(s: Text, first: I32, last: I32) -> Micros[!] = { read(s, first, last).ok_or_else(|| unreadable(s)) }
    /// Months from text; NULL if it is none: `(text, first field, last field)`.
    fn safe_cast_text_to_months(s: Text, first: I32, last: I32) -> Months[?] = { cast_text_to_months(s, first, last).ok() }
    /// Microseconds from text; NULL if it is none: `(text, first field, last field)`.
    fn safe_cast_text_to_micros(s: Text, first: I32, last: I32) -> Micros[?] = { cast_text_to_micros(s, first, last).ok() }
}

kernels! { NUMBERS:
    /// A number of units of so many months as a decimal, cut: `(interval, months per unit, precision, scale)`.
    fn cast_months_to_dec(i: Months, unit: I32, p: I32, s: I32) -> Dec[!] = { in_units(i64::from(i), i64::from(unit), p, s) }
    /// A number of units of so many microseconds as a decimal, cut: `(interval, microseconds per unit, precision, scale)`.
    fn cast_micros_to_dec(i: Micros, unit: I64, p: I32, s: I32) -> Dec[!] = { in_units(i, unit, p, s) }
    /// So many units of so many months, cut to months: `(number, scale, months per unit)`.
    fn cast_dec_to_months(a: Dec, scale: I32, unit: I32) -> Months[!] = { months(scaled(a, i64::from(unit), scale)?) }
    /// So many units of so many microseconds, cut to microseconds: `(number, scale, microseconds per unit)`.
    fn cast_dec_to_micros(a: Dec, scale: I32, unit: I64) -> Micros[!] = { scaled(a, unit, scale) }
    /// As the cast, but NULL if it does not fit: `(interval, months per unit, precision, scale)`.
    fn safe_cast_months_to_dec(i: Months, unit: I32, p: I32, s: I32) -> Dec[?] = { cast_months_to_dec(i, unit, p, s).ok() }
    /// As the cast, but NULL if it does not fit: `(interval, microseconds per unit, precision, scale)`.
    fn safe_cast_micros_to_dec(i: Micros, unit: I64, p: I32, s: I32) -> Dec[?] = { cast_micros_to_dec(i, unit, p, s).ok() }
    /// As the cast, but NULL if it does not fit: `(number, scale, months per unit)`.
    fn safe_cast_dec_to_months(a: Dec, scale: I32, unit: I32) -> Months[?] = { cast_dec_to_months(a, scale, unit).ok() }
    /// As the cast, but NULL if it does not fit: `(number, scale, microseconds per unit)`.
    fn safe_cast_dec_to_micros(a: Dec, scale: I32, unit: I64) -> Micros[?] = { cast_dec_to_micros(a, scale, unit).ok() }
    /// So many units of so many months; NULL if they are too many: `(n, months per unit)`.
    fn safe_months_from_unit(n: I64, unit: I32) -> Months[?] = { crate::months_from_unit(n, unit).ok() }
    /// So many units of so many microseconds; NULL if they are too many: `(n, microseconds per unit)`.
    fn safe_micros_from_unit(n: I64, unit: I64) -> Micros[?] = { crate::micros_from_unit(n, unit).ok() }
}

pub(crate) const KERNELS: &[&[Kernel]] = &[TEXTS, NUMBERS];

#[cfg(test)]
mod tests {
    use super::*;
    use weir_row::IntervalField::{Day, Minute, Year};

    const HOURS: i64 = 3_600_000_000;

    #[test]
    fn there_and_back() {
        for (text, first, last, amount) in [
            ("+7", Year, Year, 84),
            ("+7-05", Year, Month, 89),
            ("+89", Month, Month, 89),
            ("-0-01", Year, Month, -1),
            ("+3", Day, Day, 72 * HOURS),
            ("+3 04", Day, Hour, 76 * HOURS),
            ("+3 04:05", Day, Minute, 76 * HOURS + 5 * 60_000_000),
            ("+3 04:05:06.500000", Day, Second, 76 * HOURS + 306_500_000),
            ("-3 04:05:06", Day, Second, -76 * HOURS - 306_000_000),
            ("+76", Hour, Hour, 76 * HOURS),
            ("+76:05:06.500000", Hour, Second, 76 * HOURS + 306_500_000),
            ("+65:01.500000", Minute, Second, 3_901_500_000),
            ("+6.500000", Second, Second, 6_500_000),
            ("+0", Second, Second, 0),
        ] {
            assert_eq!(write(amount, first, last), text);
            assert_eq!(parse_interval(text, first, last, 6), Some(amount), "{text}");
        }
        // What is below the last field is cut.
        assert_eq!(write(76 * HOURS, Day, Day), "+3");
        assert_eq!(write(i64::MIN, Day, Second), "-106751991 04:00:54.775808");
    }

    #[test]
    fn reads_and_refuses() {
        assert_eq!(parse_interval(" 6.123456789 ", Second, Second, 6), Some(6_123_456));
        assert_eq!(cast_text_to_micros("6.123456789", 5, 5), Ok(6_123_000));
        for (text, first, last) in [
            ("", Day, Day),
            ("x", Day, Day),
            ("3 ", Day, Hour),
            ("3 24", Day, Hour),
            ("3", Day, Hour),
            ("3 4", Day, Day),
            ("7-12", Year, Month),
            ("1:60", Minute, Second),
            ("--1", Day, Day),
            ("1.", Second, Second),
            ("1.1234567890", Second, Second),
            ("1.5", Minute, Minute),
            ("99999999999999999999", Day, Day),
            ("999999999", Year, Year),
        ] {
            assert_eq!(parse_interval(text, first, last, 6), None, "{text}");
        }
    }

    #[test]
    fn numbers() {
        assert_eq!(cast_micros_to_dec(5_400_000_000, 3_600_000_000, 5, 2), Ok(150));
        assert_eq!(cast_months_to_dec(-5, 12, 5, 3), Ok(-416));
        assert!(cast_micros_to_dec(i64::MAX, 1, 5, 2).is_err());
        assert_eq!(cast_dec_to_micros(15, 1, 86_400_000_000), Ok(129_600_000_000));
        assert_eq!(cast_dec_to_months(25, 1, 1), Ok(2));
        assert!(cast_dec_to_months(i128::MAX, 0, 12).is_err());
    }
}
