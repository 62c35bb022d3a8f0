//! Reading dates, times and timestamps from text, and a few parts of them as text.

use crate::datetime::{DAY_NS, DAY_US, date_in_range, days_in_month, timestamp_in_range};
use crate::decimal::rescale;
use crate::text_forms::{self, days_from_civil};
use crate::{Error, Kernel};

/// Digits at the start of `s`, at most `max`, as a number, and what follows.
fn number(s: &str, max: usize) -> Option<(u32, &str)> {
    let digits = s.bytes().take(max).take_while(u8::is_ascii_digit).count();
    (digits > 0).then(|| (s[..digits].parse().unwrap_or(0), &s[digits..]))
}

/// A date at the start of `s` (`Y-M-D`, month and day of one or two digits) and what follows.
fn date_prefix(s: &str) -> Option<(i32, &str)> {
    let (y, s) = number(s, 4)?;
    let (m, s) = number(s.strip_prefix('-')?, 2)?;
    let (d, s) = number(s.strip_prefix('-')?, 2)?;
    let y = y as i32;
    (y >= 1 && (1..=12).contains(&m) && d >= 1 && d <= days_in_month(y, m)).then(|| (days_from_civil(y, m, d), s))
}

/// A time at the start of `s` (`H:M:S[.f]`): nanoseconds of the day with all digits of the fraction up to the ninth, whether
/// more digits followed that would round a microsecond up, and what follows.
fn time_prefix(s: &str) -> Option<(i64, &str)> {
    let (h, s) = number(s, 2)?;
    let (m, s) = number(s.strip_prefix(':')?, 2)?;
    let (sec, s) = number(s.strip_prefix(':')?, 2)?;
    if h > 23 || m > 59 || sec > 59 {
        return None;
    }
    let mut ns = i64::from(h * 3600 + m * 60 + sec) * 1_000_000_000;
    let Some(fraction) = s.strip_prefix('.') else { return Some((ns, s)) };
    let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 {
        return None;
    }
    let mut unit = 100_000_000;
    for digit in fraction.bytes().take(digits.min(9)) {
        ns += i64::from(digit - b'0') * unit;
        unit /= 10;
    }
    Some((ns, &fraction[digits..]))
}

/// A date `Y-M-D` and nothing else: days since 1970-01-01.
pub fn parse_date(s: &str) -> Option<i32> {
    date_prefix(s).and_then(|(d, rest)| rest.is_empty().then_some(d))
}

/// A time `H:M:S[.f]` and nothing else: nanoseconds of the day.
pub fn parse_time(s: &str) -> Option<i64> {
    time_prefix(s).and_then(|(t, rest)| rest.is_empty().then_some(t))
}

/// A timestamp `Y-M-D H:M:S[.f]`, or a date alone, and nothing else: microseconds since 1970; beyond that rounded half up.
/// `separators` are what may stand between date and time.
pub fn parse_timestamp(s: &str, separators: &[char]) -> Option<i64> {
    let (days, rest) = date_prefix(s)?;
    let midnight = i64::from(days) * DAY_US;
    if rest.is_empty() {
        return Some(midnight);
    }
    let ns = parse_time(rest.strip_prefix(separators)?)?;
    // The last microsecond may be rounded out of SQL's years.
    timestamp_in_range(Some(midnight + (ns + 500) / 1_000)).ok()
}

kernels! { CASTS:
    /// A date from text.
    fn cast_text_to_date(s: Text) -> Date[!] = { parse_date(s.trim()).ok_or_else(|| Error::parse(s, "DATE")) }
    /// A time from text.
    fn cast_text_to_time(s: Text) -> Time[!] = { parse_time(s.trim()).ok_or_else(|| Error::parse(s, "TIME")) }
    /// A timestamp from text.
    fn cast_text_to_ts(s: Text) -> Ts[!] = {
        parse_timestamp(s.trim(), &[' ']).ok_or_else(|| Error::parse(s, "TIMESTAMP"))
    }
    /// A date from text; NULL if it is none.
    fn safe_cast_text_to_date(s: Text) -> Date[?] = { parse_date(s.trim()) }
    /// A time from text; NULL if it is none.
    fn safe_cast_text_to_time(s: Text) -> Time[?] = { parse_time(s.trim()) }
    /// A timestamp from text; NULL if it is none.
    fn safe_cast_text_to_ts(s: Text) -> Ts[?] = { parse_timestamp(s.trim(), &[' ']) }
    /// Milliseconds since 1970 as a timestamp; NULL beyond SQL's years.
    fn safe_cast_i64_to_ts(ms: I64) -> Ts[?] = { timestamp_in_range(ms.checked_mul(1_000)).ok() }
    /// A date as text.
    fn cast_date_to_text[arena](d: Date) -> Text = { arena.alloc_str(&text_forms::date(d)) }
    /// A time as text.
    fn cast_time_to_text[arena](t: Time) -> Text = { arena.alloc_str(&text_forms::time(t)) }
    /// A timestamp as text.
    fn cast_ts_to_text[arena](t: Ts) -> Text = { arena.alloc_str(&text_forms::timestamp(t)) }
    /// A date's midnight.
    fn cast_date_to_ts(d: Date) -> Ts = { i64::from(d) * DAY_US }
    /// A timestamp's day.
    fn cast_ts_to_date(t: Ts) -> Date = { t.div_euclid(DAY_US) as i32 }
    /// A timestamp's time of day.
    fn cast_ts_to_time(t: Ts) -> Time = { t.rem_euclid(DAY_US) * 1_000 }
    /// A time on 1970-01-01, cut to microseconds.
    fn cast_time_to_ts(t: Time) -> Ts = { t.rem_euclid(DAY_NS) / 1_000 }
    /// A timestamp as milliseconds since 1970, cut toward zero.
    fn cast_ts_to_i64(t: Ts) -> I64 = { t / 1_000 }
    /// A timestamp as milliseconds since 1970 with their fraction, cut: `(timestamp, precision, scale)`.
    fn cast_ts_to_dec(t: Ts, p: I32, s: I32) -> Dec[!] = { rescale(i128::from(t), 3, s, p) }
    /// As the cast, but NULL if it does not fit: `(timestamp, precision, scale)`.
    fn safe_cast_ts_to_dec(t: Ts, p: I32, s: I32) -> Dec[?] = { rescale(i128::from(t), 3, s, p).ok() }
    /// Milliseconds since 1970 as a timestamp.
    fn cast_i64_to_ts(ms: I64) -> Ts[!] = { timestamp_in_range(ms.checked_mul(1_000)) }
    /// A day checked to lie within SQL's years.
    fn check_date(d: Date) -> Date[!] = { date_in_range(i64::from(d)) }
}

pub(crate) const KERNELS: &[&[Kernel]] = &[CASTS];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_refuses() {
        assert_eq!(parse_date("2026-8-7").map(text_forms::date).as_deref(), Some("2026-08-07"));
        for bad in ["2026-02-29", "26-13-01", "2026-08-07x", "0000-01-01", "2026-08", ""] {
            assert_eq!(parse_date(bad), None, "{bad}");
        }
        assert_eq!(parse_time("7:5:0.25").map(text_forms::time).as_deref(), Some("07:05:00.250000000"));
        assert_eq!(parse_time("24:00:00"), None);
        assert_eq!(
            parse_timestamp("2026-08-07 07:05:00.1234567", &[' ']),
            parse_timestamp("2026-08-07 07:05:00.123457", &[' '])
        );
        assert_eq!(parse_timestamp("2026-08-07T07:05:00", &[' ']), None);
        assert!(parse_timestamp("2026-08-07", &[' ']).is_some());
    }
}
