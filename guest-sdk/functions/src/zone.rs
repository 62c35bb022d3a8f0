//! Time zones: those of IANA by name, from data inside the program (no files, no clock), and offsets from UTC.

use crate::Kernel;
use crate::datetime::{DAY_US, TIMESTAMP_MAX, TIMESTAMP_MIN};
use crate::text_forms::civil;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone, TimeZoneDatabase};
use std::cell::RefCell;

/// Longest name looked up; IANA's are shorter than 40 bytes.
const NAME_BYTES_MAX: usize = 64;
/// Zones by name that a thread keeps at hand.
const CACHE_MAX: usize = 16;
/// Offsets from UTC are less than a day.
const HOURS_MAX: i32 = 23;

/// Zones by name.
struct Zones {
    /// All; it is opened when a zone is asked for by name.
    all: Option<TimeZoneDatabase>,
    /// The last that were asked for, the latest first.
    recent: Vec<(Box<str>, TimeZone)>,
}

thread_local! {
    static ZONES: RefCell<Zones> = const { RefCell::new(Zones { all: None, recent: Vec::new() }) };
}

/// The zone of that name, or with that offset `±HH[:MM[:SS]]`.
pub fn zone(text: &str) -> Option<TimeZone> {
    if text.starts_with(['+', '-']) {
        return Offset::from_seconds(offset(text)?).ok().map(Offset::to_time_zone);
    }
    if text.len() > NAME_BYTES_MAX {
        return None;
    }
    ZONES.with_borrow_mut(|Zones { all, recent }| {
        if let Some(at) = recent.iter().position(|(name, _)| **name == *text) {
            recent[..=at].rotate_right(1);
        } else {
            let found = all.get_or_insert_with(TimeZoneDatabase::bundled).get(text).ok()?;
            recent.truncate(CACHE_MAX - 1);
            recent.insert(0, (Box::from(text), found));
        }
        Some(recent[0].1.clone())
    })
}

/// Seconds of an offset `±HH[:MM[:SS]]`.
fn offset(text: &str) -> Option<i32> {
    let mut parts = text.get(1..)?.split(':');
    let mut field = |max: i32| -> Option<Option<i32>> {
        let Some(digits) = parts.next() else { return Some(None) };
        let whole = digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit());
        whole.then(|| digits.parse().ok()).flatten().filter(|n| *n <= max).map(Some)
    };
    let (hours, minutes, seconds) = (field(HOURS_MAX)??, field(59)?.unwrap_or(0), field(59)?.unwrap_or(0));
    if parts.next().is_some() {
        return None;
    }
    let total = hours * 3_600 + minutes * 60 + seconds;
    Some(if text.starts_with('-') { -total } else { total })
}

/// The instant, in microseconds since 1970 UTC, at which clocks in the zone show the given local time (in microseconds as if it were
/// UTC). `None` if they skip it or show it twice, or beyond SQL's years.
pub fn local_to_utc(zone: &TimeZone, local: i64) -> Option<i64> {
    let asked = asked(local);
    let (y, mo, d) = civil(asked.div_euclid(DAY_US) as i32);
    let s = (asked.rem_euclid(DAY_US) / 1_000_000) as i32;
    let shown =
        DateTime::new(y as i16, mo as i8, d as i8, (s / 3_600) as i8, (s / 60 % 60) as i8, (s % 60) as i8, 0).ok()?;
    match zone.to_ambiguous_timestamp(shown).offset() {
        AmbiguousOffset::Unambiguous { offset } => in_range(local - i64::from(offset.seconds()) * 1_000_000),
        AmbiguousOffset::Gap { .. } | AmbiguousOffset::Fold { .. } => None,
    }
}

/// What clocks in the zone show at an instant; both in microseconds. `None` beyond SQL's years.
pub fn utc_to_local(zone: &TimeZone, utc: i64) -> Option<i64> {
    let asked = Timestamp::from_microsecond(asked(utc)).ok()?;
    in_range(utc.checked_add(i64::from(zone.to_offset(asked).seconds()) * 1_000_000)?)
}

/// What the library is asked instead of a given time: its times end a day before SQL's, so of the last days of 9999 it is asked what
/// was a week before. No zone's rules have a change there.
fn asked(us: i64) -> i64 {
    const WEEK: i64 = 7 * DAY_US;
    if us > TIMESTAMP_MAX - WEEK { us - WEEK } else { us }
}

fn in_range(us: i64) -> Option<i64> {
    (TIMESTAMP_MIN..=TIMESTAMP_MAX).contains(&us).then_some(us)
}

kernels! { ZONES_OF_TIME:
    /// What clocks in one zone show when those in another show something: `(from, to, shown)`. NULL for an unknown zone, and for a
    /// local time that is skipped or ambiguous.
    fn convert_timezone(from: Text, to: Text, t: Ts) -> Ts[?] = {
        let (from, to) = (zone(from)?, zone(to)?);
        utc_to_local(&to, local_to_utc(&from, t)?)
    }
}

pub(crate) const KERNELS: &[&[Kernel]] = &[ZONES_OF_TIME];

/// What SQL calls them.
#[cfg(not(target_family = "wasm"))]
pub(crate) const FUNCTIONS: &[crate::catalog::Function] = {
    use crate::catalog::{Family, Function, Out, Param, form};
    &[Function::new(
        &[Family::Datetime],
        &["convert_timezone"],
        &[form(&[Param::Text, Param::Text, Param::Timestamp], Out::Timestamp, "convert_timezone")],
        "What clocks in the second zone show when those in the first show a timestamp. Zones are names of the IANA database or offsets \
         `±HH:MM`. NULL for an unknown zone, and for a time that clocks skip or show twice.",
    )
    .gives(&[
        ("CONVERT_TIMEZONE('UTC', '+02:00', TIMESTAMP '2026-08-07 23:00:00')", "2026-08-08 01:00:00"),
        ("CONVERT_TIMEZONE('America/New_York', 'Europe/Oslo', TIMESTAMP '2026-08-07 12:00:00')", "2026-08-07 18:00:00"),
        ("CONVERT_TIMEZONE('Europe/Oslo', 'UTC', TIMESTAMP '2026-03-29 02:30:00')", "NULL"),
        ("CONVERT_TIMEZONE('Europe/Oslo', 'UTC', TIMESTAMP '2026-10-25 02:30:00')", "NULL"),
        ("CONVERT_TIMEZONE('UTC', 'Mars', TIMESTAMP '2026-08-07 12:00:00')", "NULL"),
        ("CONVERT_TIMEZONE('UTC', NULL, TIMESTAMP '2026-08-07 12:00:00')", "NULL"),
    ])]
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forms::{parse_timestamp, timestamp};

    fn convert(from: &str, to: &str, t: &str) -> Option<String> {
        convert_timezone(from, to, parse_timestamp(t, &[' ']).unwrap()).map(timestamp)
    }

    #[test]
    fn offsets() {
        assert_eq!(offset("+02:00"), Some(7_200));
        assert_eq!(offset("-09:30:15"), Some(-34_215));
        assert_eq!(offset("+05"), Some(18_000));
        for bad in ["+24:00", "+2:00", "+02:60", "+", "+02:00:00:00", "+0a", "+02:0", "+\u{e4}"] {
            assert_eq!(offset(bad), None, "{bad}");
        }
    }

    #[test]
    fn zones() {
        let cases = [
            ("UTC", "+02:00", "2026-08-07 23:00:00", Some("2026-08-08 01:00:00")),
            ("America/New_York", "Europe/Oslo", "2026-08-07 12:00:00", Some("2026-08-07 18:00:00")),
            // Winter and summer time, and the rules far in the future.
            ("UTC", "Europe/Oslo", "2026-01-01 00:00:00.25", Some("2026-01-01 01:00:00.250000")),
            ("UTC", "Europe/Oslo", "9000-07-01 00:00:00", Some("9000-07-01 02:00:00")),
            // Skipped and ambiguous local times.
            ("Europe/Oslo", "UTC", "2026-03-29 02:30:00", None),
            ("Europe/Oslo", "UTC", "2026-10-25 02:30:00", None),
            ("Europe/Oslo", "UTC", "2026-10-25 03:00:00", Some("2026-10-25 02:00:00")),
            ("UTC", "Mars/Olympus", "2026-01-01 00:00:00", None),
            ("", "UTC", "2026-01-01 00:00:00", None),
            ("UTC", "+01:00", "9999-12-31 23:30:00", None),
            ("Europe/Oslo", "UTC", "9999-12-31 23:30:00", Some("9999-12-31 22:30:00")),
            ("UTC", "Europe/Oslo", "9999-12-31 22:30:00", Some("9999-12-31 23:30:00")),
            ("+01:00", "UTC", "0001-01-01 00:30:00", None),
            // An alias, and local mean time.
            ("UTC", "US/Pacific", "2026-08-07 07:00:00", Some("2026-08-07 00:00:00")),
            ("UTC", "Europe/Amsterdam", "1800-01-01 00:00:00", Some("1800-01-01 00:17:30")),
        ];
        for (from, to, t, expected) in cases {
            assert_eq!(convert(from, to, t).as_deref(), expected, "{from} {to} {t}");
        }
    }

    #[test]
    fn the_cache_is_bounded() {
        for hour in 1..=12 {
            assert!(zone(&format!("Etc/GMT+{hour}")).is_some() && zone(&format!("Etc/GMT-{hour}")).is_some());
        }
        ZONES.with_borrow(|zones| assert_eq!(zones.recent.len(), CACHE_MAX));
        assert!(zone(&"x".repeat(1000)).is_none());
    }
}
