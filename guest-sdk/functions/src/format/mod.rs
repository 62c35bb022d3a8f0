//! Dates and times by format strings (`FORMAT_DATE`, `PARSE_DATE` and their like): `%` and a letter stand for a field, everything else
//! for itself.
//!
//! `items` takes a format apart, `write` and `read` go through its items. Nothing is allocated but the text that is written.

mod items;
mod read;
mod write;

use crate::datetime::DAY_US;
use crate::{Error, Kernel};

pub(crate) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// From Sunday.
pub(crate) const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// Letters of an abbreviated name.
pub(crate) const SHORT: usize = 3;

/// What a value can be asked: a date (days since 1970), a time (nanoseconds of the day), or both.
#[derive(Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) date: Option<i32>,
    pub(crate) time: Option<i64>,
}

impl Moment {
    fn of_timestamp(us: i64) -> Moment {
        Moment { date: Some(us.div_euclid(DAY_US) as i32), time: Some(us.rem_euclid(DAY_US) * 1_000) }
    }
}

kernels! { FORMATS:
    /// A date by a format: `(format, date)`.
    fn format_date[arena](format: Text, d: Date) -> Text[!] = {
        write::write(arena, format, Moment { date: Some(d), time: None }, "DATE")
    }
    /// A time by a format: `(format, time)`.
    fn format_time[arena](format: Text, t: Time) -> Text[!] = {
        write::write(arena, format, Moment { date: None, time: Some(t) }, "TIME")
    }
    /// A timestamp by a format: `(format, timestamp)`.
    fn format_ts[arena](format: Text, t: Ts) -> Text[!] = { write::write(arena, format, Moment::of_timestamp(t), "TIMESTAMP") }
    /// A date from text by a format; NULL if the text does not match: `(format, text)`.
    fn parse_date_format(format: Text, s: Text) -> Date[!?] = { read::date(format, s) }
    /// A time from text by a format; NULL if the text does not match: `(format, text)`.
    fn parse_time_format(format: Text, s: Text) -> Time[!?] = { read::time(format, s) }
    /// A timestamp from text by a format; NULL if the text does not match: `(format, text)`.
    fn parse_ts_format(format: Text, s: Text) -> Ts[!?] = { read::timestamp(format, s) }
}

pub(crate) const KERNELS: &[&[Kernel]] = &[FORMATS];

/// A format that is none, or that lacks something.
#[cold]
fn bad_format(format: &str, what: impl std::fmt::Display) -> Error {
    /// Longer formats are cut in messages.
    const FORMAT_CHARS_MAX: usize = 100;
    let shown: String = format.chars().take(FORMAT_CHARS_MAX).collect();
    let dots = if shown.len() < format.len() { "..." } else { "" };
    Error::new(format!("the format '{shown}{dots}' {what}"))
}

#[cfg(test)]
mod tests;
