//! Writing by a format.

use super::items::{Item, Name, Number, Pad, items};
use super::{DAYS, MONTHS, Moment, SHORT, bad_format};
use crate::datetime::iso_week;
use crate::text::TEXT_BYTES_MAX;
use crate::text_forms::{civil, days_from_civil};
use crate::{Arena, Error};
use std::fmt::Write;

/// The text; an error if the format is wrong, asks for what the value has not, or makes too long a text.
pub(super) fn write<'a>(arena: &'a Arena, format: &str, moment: Moment, sql_type: &str) -> Result<&'a str, Error> {
    let mut out = bumpalo::collections::String::with_capacity_in(format.len() * 2, arena);
    for item in items(format) {
        if out.len() > TEXT_BYTES_MAX {
            return Err(Error::new(format!("the text would be longer than {TEXT_BYTES_MAX} bytes")));
        }
        write_item(&mut out, item?, moment)
            .ok_or_else(|| bad_format(format, format_args!("asks for what a {sql_type} has not")))?;
    }
    Ok(out.into_bump_str())
}

/// Writes an item; `None` if the value has no such field.
fn write_item(out: &mut bumpalo::collections::String<'_>, item: Item<'_>, moment: Moment) -> Option<()> {
    match item {
        Item::Literal(c) => out.push(c),
        Item::Space(s) => out.push_str(s),
        Item::Number(number, pad) => {
            let (value, width) = number_of(number, moment)?;
            // Writing to a string does not fail.
            let _ = match pad {
                Pad::Zero => write!(out, "{value:0width$}"),
                Pad::Blank => write!(out, "{value:width$}"),
                Pad::None => write!(out, "{value}"),
            };
        }
        Item::Name(name) => out.push_str(name_of(name, moment)?),
        Item::Digits(n) => fraction(out, moment.time?, n),
        Item::Point(digits) => {
            let nanos = moment.time? % 1_000_000_000;
            let needed = match nanos {
                0 => 0,
                n if n % 1_000_000 == 0 => 3,
                n if n % 1_000 == 0 => 6,
                _ => 9,
            };
            let n = digits.unwrap_or(needed);
            if n > 0 {
                out.push('.');
                fraction(out, nanos, n);
            }
        }
        // No type here has a zone.
        Item::Zone(_) => return None,
    }
    Some(())
}

/// The first `n` digits of the fraction of a second.
fn fraction(out: &mut bumpalo::collections::String<'_>, nanos: i64, n: usize) {
    // There are at most nine.
    let cut = nanos % 1_000_000_000 / 10i64.pow(9 - n.min(9) as u32);
    let _ = write!(out, "{cut:0n$}");
}

/// A number and the usual number of its digits.
pub(super) fn number_of(number: Number, moment: Moment) -> Option<(i64, usize)> {
    if let Number::Hour | Number::Hour12 | Number::Minute | Number::Second | Number::Nanosecond = number {
        let ns = moment.time?;
        let hour = ns / 3_600_000_000_000;
        return Some(match number {
            Number::Hour => (hour, 2),
            Number::Hour12 => ((hour + 11) % 12 + 1, 2),
            Number::Minute => (ns / 60_000_000_000 % 60, 2),
            Number::Second => (ns / 1_000_000_000 % 60, 2),
            _ => (ns % 1_000_000_000, 9),
        });
    }
    let days = moment.date?;
    let (year, month, day) = civil(days);
    let year = i64::from(year);
    // From 0 on.
    let of_year = i64::from(days - days_from_civil(year as i32, 1, 1));
    let weekday = i64::from(weekday(days));
    Some(match number {
        Number::Year => (year, 4),
        Number::Century => (year / 100, 2),
        Number::YearOfCentury => (year % 100, 2),
        Number::IsoYear => (i64::from(iso_week(days).0), 4),
        Number::IsoYearOfCentury => (i64::from(iso_week(days).0).rem_euclid(100), 2),
        Number::Month => (i64::from(month), 2),
        Number::Day => (i64::from(day), 2),
        Number::DayOfYear => (of_year + 1, 3),
        Number::WeekdayFromSunday => (weekday, 1),
        Number::WeekdayFromMonday => ((weekday + 6) % 7 + 1, 1),
        Number::WeekFromSunday => ((of_year + 7 - weekday) / 7, 2),
        Number::WeekFromMonday => ((of_year + 7 - (weekday + 6) % 7) / 7, 2),
        Number::IsoWeek => (iso_week(days).1, 2),
        Number::Epoch => (i64::from(days) * 86_400 + moment.time? / 1_000_000_000, 1),
        // Done above.
        Number::Hour | Number::Hour12 | Number::Minute | Number::Second | Number::Nanosecond => return None,
    })
}

/// Day of the week, Sunday = 0.
pub(super) fn weekday(days: i32) -> i32 {
    (days + 4).rem_euclid(7)
}

fn name_of(name: Name, moment: Moment) -> Option<&'static str> {
    let month = || Some(MONTHS[civil(moment.date?).1 as usize - 1]);
    let day = || Some(DAYS[weekday(moment.date?) as usize]);
    let afternoon = || Some(moment.time? >= 12 * 3_600_000_000_000);
    Some(match name {
        Name::Month => month()?,
        Name::MonthShort => &month()?[..SHORT],
        Name::Day => day()?,
        Name::DayShort => &day()?[..SHORT],
        Name::HalfLower => ["am", "pm"][usize::from(afternoon()?)],
        Name::HalfUpper => ["AM", "PM"][usize::from(afternoon()?)],
    })
}
