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

/// What SQL calls them.
#[cfg(not(target_family = "wasm"))]
pub(crate) const FUNCTIONS: &[crate::catalog::Function] = {
    use crate::catalog::{Family, Function, Out, Param, form};
    const DATETIME: &[Family] = &[Family::Datetime];
    const TEXT: Param = Param::Text;
    &[
        Function::new(
            DATETIME,
            &["format_date"],
            &[form(&[TEXT, Param::Date], Out::Text, "format_date")],
            "A date as text by a format, in which `%` and a letter stand for a part.",
        )
        .gives(&[
            ("FORMAT_DATE('%d.%m.%y', DATE '2026-08-07')", "07.08.26"),
            ("FORMAT_DATE('%A, %-d %B %Y (week %V, day %j)', DATE '2026-08-07')", "Friday, 7 August 2026 (week 32, day 219)"),
            ("FORMAT_DATE('100%%', DATE '2026-08-07')", "100%"),
            ("FORMAT_DATE(NULL, DATE '2026-08-07')", "NULL"),
        ])
        .fails(&[
            ("FORMAT_DATE('%H', DATE '2026-08-07')", "asks for what a DATE has not"),
            ("FORMAT_DATE('%Q', DATE '2026-08-07')", "has a specifier that is none: %Q"),
        ]),
        Function::new(
            DATETIME,
            &["format_time"],
            &[form(&[TEXT, Param::Time], Out::Text, "format_time")],
            "A time of day as text by a format.",
        )
        .gives(&[
            ("FORMAT_TIME('%H:%M', TIME '07:05:00')", "07:05"),
            ("FORMAT_TIME('%l:%M %P', TIME '19:05:00')", " 7:05 pm"),
            ("FORMAT_TIME('%T%.f', TIME '07:05:00.25')", "07:05:00.250"),
            ("FORMAT_TIME('%T', CAST(NULL AS TIME))", "NULL"),
        ])
        .fails(&[("FORMAT_TIME('%Y', TIME '07:05:00')", "asks for what a TIME has not")]),
        Function::new(
            DATETIME,
            &["format_timestamp"],
            &[form(&[TEXT, Param::Timestamp], Out::Text, "format_ts")],
            "A timestamp as text by a format.",
        )
        .gives(&[
            ("FORMAT_TIMESTAMP('%D %R', TIMESTAMP '2026-08-07 07:05:00')", "08/07/26 07:05"),
            ("FORMAT_TIMESTAMP('%s %6f', TIMESTAMP '1969-12-31 23:59:59.5')", "-1 500000"),
            ("FORMAT_TIMESTAMP('%F', DATE '2026-08-07')", "2026-08-07"),
            ("FORMAT_TIMESTAMP('%F', CAST(NULL AS TIMESTAMP))", "NULL"),
        ])
        .fails(&[("FORMAT_TIMESTAMP('%z', TIMESTAMP '2026-08-07 07:05:00')", "asks for what a TIMESTAMP has not")]),
        Function::new(
            DATETIME,
            &["parse_date"],
            &[form(&[TEXT, TEXT], Out::Date, "parse_date_format")],
            "The date that a text is by a format. NULL if the text does not match, or is no date that there is.",
        )
        .gives(&[
            ("PARSE_DATE('%d/%m/%Y', '7/8/2026')", "2026-08-07"),
            ("PARSE_DATE('%G-W%V-%u', '2026-W32-5')", "2026-08-07"),
            ("PARSE_DATE('%Y', 'x')", "NULL"),
            ("PARSE_DATE('%F', '2026-02-29')", "NULL"),
            ("PARSE_DATE('%F', NULL)", "NULL"),
        ])
        .fails(&[
            ("PARSE_DATE('%Y', '2026')", "has too few fields for a DATE"),
            ("PARSE_DATE('%A %F', 'Monday 2026-08-07')", "contradict each other"),
            ("PARSE_DATE('%Q', 'x')", "has a specifier that is none"),
        ]),
        Function::new(
            DATETIME,
            &["parse_time"],
            &[form(&[TEXT, TEXT], Out::Time, "parse_time_format")],
            "The time of day that a text is by a format. NULL if the text does not match, or is no time that there is.",
        )
        .gives(&[
            ("PARSE_TIME('%H:%M', '7:05')", "07:05:00"),
            ("PARSE_TIME('%I:%M %p', '12:30 am')", "00:30:00"),
            ("PARSE_TIME('%T%.f', '07:05:00.25')", "07:05:00.250000000"),
            ("PARSE_TIME('%H:%M', '25:00')", "NULL"),
            ("PARSE_TIME('%H:%M', NULL)", "NULL"),
        ])
        .fails(&[("PARSE_TIME('%H', '7')", "has too few fields for a TIME")]),
        Function::new(
            DATETIME,
            &["parse_timestamp"],
            &[form(&[TEXT, TEXT], Out::Timestamp, "parse_ts_format")],
            "The timestamp that a text is by a format. NULL if the text does not match, or is no timestamp that there is.",
        )
        .gives(&[
            ("PARSE_TIMESTAMP('%F %T', '2026-08-07 07:05:00')", "2026-08-07 07:05:00"),
            ("PARSE_TIMESTAMP('%s', '0')", "1970-01-01 00:00:00"),
            ("PARSE_TIMESTAMP('%F %T', '2026-08-07')", "NULL"),
            ("PARSE_TIMESTAMP(NULL, '2026-08-07')", "NULL"),
        ])
        .fails(&[("PARSE_TIMESTAMP('%F', '2026-08-07')", "has too few fields for a TIMESTAMP")]),
    ]
};

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
