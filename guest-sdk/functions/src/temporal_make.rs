//! Times and timestamps from their parts, and cutting to centuries that begin in the year ..01.

use crate::datetime::{DAY_NS, DAY_US, make_date};
use crate::decimal::power;
use crate::text_forms::{civil, days_from_civil};
use crate::{Error, Kernel};

/// A time of day in nanoseconds. Seconds are whole ones and nanoseconds; `None` if a part is out of range.
fn time_of_day(h: i64, m: i64, (seconds, nanos): (i64, i64)) -> Option<i64> {
    let valid = (0..24).contains(&h) && (0..60).contains(&m) && (0..60).contains(&seconds) && nanos >= 0;
    valid.then(|| (h * 3_600 + m * 60 + seconds) * 1_000_000_000 + nanos)
}

/// Seconds as whole ones and nanoseconds; digits below are cut. Far out of range stays out of range.
fn decimal_seconds(units: i128, scale: i32) -> (i64, i64) {
    let (whole, fraction) = (units / power(scale), units % power(scale));
    let nanos = if scale > 9 { fraction / power(scale - 9) } else { fraction * power(9 - scale) };
    // Less than nothing is out of range, even where its digits are cut.
    let nanos = if fraction < 0 { -1 } else { nanos };
    (i64::try_from(whole).unwrap_or(i64::MIN), nanos as i64)
}

fn float_seconds(s: f64) -> (i64, i64) {
    if !(0.0..60.0).contains(&s) {
        return (i64::MIN, 0);
    }
    // Through the shortest text, so that 1.1 is 1.1 and not a nanosecond less.
    let units = crate::parse_decimal(&s.to_string(), 11, 9).unwrap_or(-1);
    decimal_seconds(units, 9)
}

fn timestamp(y: i64, mo: i64, d: i64, time: Option<i64>) -> Option<i64> {
    Some(i64::from(make_date(y, mo, d)?) * DAY_US + time?.min(DAY_NS - 1) / 1_000)
}

/// The first day of the period of so many years, counted from the year 1.
fn first_of_years(days: i32, years: i32) -> i32 {
    days_from_civil((civil(days).0 - 1).div_euclid(years) * years + 1, 1, 1)
}

kernels! { MAKE:
    /// A time from hour, minute and seconds; NULL if there is none such: `(hour, minute, seconds, scale of the seconds)`.
    fn make_time_dec(h: I64, m: I64, s: Dec, scale: I32) -> Time[?] = { time_of_day(h, m, decimal_seconds(s, scale)) }
    /// A time from hour, minute and seconds; NULL if there is none such.
    fn make_time_f64(h: I64, m: I64, s: F64) -> Time[?] = { time_of_day(h, m, float_seconds(s)) }
    /// A timestamp from its parts; NULL if there is none such: `(year, month, day, hour, minute, seconds, scale of the seconds)`.
    fn make_timestamp_dec(y: I64, mo: I64, d: I64, h: I64, mi: I64, s: Dec, scale: I32) -> Ts[?] = {
        timestamp(y, mo, d, time_of_day(h, mi, decimal_seconds(s, scale)))
    }
    /// A timestamp from its parts; NULL if there is none such.
    fn make_timestamp_f64(y: I64, mo: I64, d: I64, h: I64, mi: I64, s: F64) -> Ts[?] = {
        timestamp(y, mo, d, time_of_day(h, mi, float_seconds(s)))
    }
    /// The first day of the century, which begins in the year ..01.
    fn trunc_century_date(d: Date) -> Date = { first_of_years(d, 100) }
    /// The first day of the millennium, which begins in the year .001.
    fn trunc_millennium_date(d: Date) -> Date = { first_of_years(d, 1_000) }
    /// The beginning of the century, which begins in the year ..01.
    fn trunc_century_ts(t: Ts) -> Ts = { i64::from(first_of_years(t.div_euclid(DAY_US) as i32, 100)) * DAY_US }
    /// The beginning of the millennium, which begins in the year .001.
    fn trunc_millennium_ts(t: Ts) -> Ts = { i64::from(first_of_years(t.div_euclid(DAY_US) as i32, 1_000)) * DAY_US }
    /// Whole nanoseconds of the seconds between two instants: `a - b`.
    fn diff_ts_nanos(a: Ts, b: Ts) -> I64[!] = {
        let seconds = (i128::from(a) - i128::from(b)) / 1_000_000;
        i64::try_from(seconds * 1_000_000_000).map_err(|_| Error::overflow("subtract", format_args!("TIMESTAMPDIFF(NANOSECOND)"), "BIGINT"))
    }
}

pub(crate) const KERNELS: &[&[Kernel]] = &[MAKE];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forms;

    #[test]
    fn from_parts() {
        for (h, m, units, scale, expected) in [
            (7, 5, 15, 1, Some("07:05:01.500000000")),
            (0, 0, 0, 0, Some("00:00:00")),
            (23, 59, 599_999_999_999, 10, Some("23:59:59.999999999")),
            (24, 0, 0, 0, None),
            (0, 60, 0, 0, None),
            (0, 0, 60, 0, None),
            (0, -1, 0, 0, None),
            (0, 0, -5, 1, None),
            (0, 0, -1, 12, None),
            (0, 0, i128::MAX, 0, None),
        ] {
            assert_eq!(make_time_dec(h, m, units, scale).map(forms::time).as_deref(), expected, "{h} {m} {units}");
        }
        assert_eq!(make_time_f64(1, 2, 1.1).map(forms::time).as_deref(), Some("01:02:01.100000000"));
        assert_eq!(make_time_f64(1, 2, f64::NAN), None);
        assert_eq!(make_timestamp_dec(2026, 8, 7, 25, 0, 0, 0), None);
        assert_eq!(make_timestamp_dec(2026, 2, 29, 5, 0, 0, 0), None);
        let last = make_timestamp_f64(9999, 12, 31, 23, 59, 59.999_999_9).map(forms::timestamp);
        assert_eq!(last.as_deref(), Some("9999-12-31 23:59:59.999999"));
    }

    #[test]
    fn centuries() {
        let first = |y: i32| forms::date(trunc_century_date(days_from_civil(y, 5, 5)));
        assert_eq!(
            (first(2000), first(2001), first(1)),
            ("1901-01-01".into(), "2001-01-01".into(), "0001-01-01".into())
        );
        assert_eq!(forms::date(trunc_millennium_date(days_from_civil(2000, 5, 5))), "1001-01-01");
        let t = i64::from(days_from_civil(2026, 8, 7)) * DAY_US + 5;
        assert_eq!(forms::timestamp(trunc_century_ts(t)), "2001-01-01 00:00:00");
    }

    #[test]
    fn nanoseconds_come_from_whole_seconds() {
        assert_eq!(diff_ts_nanos(1_999_999, 0), Ok(1_000_000_000));
        assert_eq!(diff_ts_nanos(0, 1_999_999), Ok(-1_000_000_000));
        assert!(diff_ts_nanos(crate::TIMESTAMP_MAX, crate::TIMESTAMP_MIN).is_err());
    }
}
