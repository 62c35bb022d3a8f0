//! How numbers look as values of their types.

use chrono::{Days, NaiveDate};
use std::io::Write;

/// Milliseconds of a day.
pub(super) const DAY_MS: i128 = 86_400_000;

/// How a number looks.
#[derive(Clone, Copy)]
pub(super) enum Show {
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

impl Show {
    /// Appends a number of units.
    pub(super) fn write(self, n: i128, out: &mut Vec<u8>) {
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
