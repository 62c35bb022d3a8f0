//! Dates, times and timestamps: parts, rounding to units, and arithmetic with intervals. Dates are days, times nanoseconds of
//! the day, timestamps microseconds; all proleptic Gregorian, without a zone.

use crate::text_forms::{civil, days_from_civil};
use crate::{Error, Kernel};

/// Microseconds of a day.
pub const DAY_US: i64 = 86_400_000_000;
/// Nanoseconds of a day.
pub const DAY_NS: i64 = 86_400_000_000_000;
/// 0001-01-01 in days since 1970-01-01.
pub const DATE_MIN: i32 = -719_162;
/// 9999-12-31 in days since 1970-01-01.
pub const DATE_MAX: i32 = 2_932_896;
/// 0001-01-01 00:00:00 in microseconds since 1970.
pub const TIMESTAMP_MIN: i64 = DATE_MIN as i64 * DAY_US;
/// The last microsecond of 9999-12-31.
pub const TIMESTAMP_MAX: i64 = (DATE_MAX as i64 + 1) * DAY_US - 1;

/// A day within 0001-01-01 and 9999-12-31.
pub(crate) fn date_in_range(days: i64) -> Result<i32, Error> {
    if (i64::from(DATE_MIN)..=i64::from(DATE_MAX)).contains(&days) {
        Ok(days as i32)
    } else {
        Err(Error::new("date out of range: it must be within 0001-01-01 and 9999-12-31"))
    }
}

/// An instant within the years 1 to 9999.
pub(crate) fn timestamp_in_range(us: Option<i64>) -> Result<i64, Error> {
    us.filter(|us| (TIMESTAMP_MIN..=TIMESTAMP_MAX).contains(us))
        .ok_or_else(|| Error::new("timestamp out of range: it must be within the years 0001 and 9999"))
}

/// The day of a timestamp.
#[inline]
fn day(us: i64) -> i32 {
    us.div_euclid(DAY_US) as i32
}

/// Length of a month.
pub(crate) fn days_in_month(year: i32, month: u32) -> u32 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// A day moved by months, its day of the month cut to the month's last.
fn plus_months(days: i32, months: i64) -> Result<i32, Error> {
    let (y, m, d) = civil(days);
    let total = i64::from(y) * 12 + i64::from(m) - 1 + months;
    let (year, month) = (total.div_euclid(12), total.rem_euclid(12) as u32 + 1);
    if !(1..=9999).contains(&year) {
        return date_in_range(i64::MAX);
    }
    let year = year as i32;
    Ok(days_from_civil(year, month, d.min(days_in_month(year, month))))
}

/// Whole months from `a` to `b` (microseconds), cut toward zero: a month counts when day and time of day are reached.
fn months_between(a: i64, b: i64) -> i64 {
    let ((ya, ma, da), (yb, mb, db)) = (civil(day(a)), civil(day(b)));
    let months = i64::from(yb - ya) * 12 + i64::from(mb as i32 - ma as i32);
    let (rest_a, rest_b) = ((da, a.rem_euclid(DAY_US)), (db, b.rem_euclid(DAY_US)));
    if months > 0 && rest_b < rest_a {
        months - 1
    } else if months < 0 && rest_b > rest_a {
        months + 1
    } else {
        months
    }
}

/// ISO 8601 week-numbering year and week of a day.
pub(crate) fn iso_week(days: i32) -> (i32, i64) {
    // The week belongs to the year of its Thursday.
    let thursday = days - (days + 3).rem_euclid(7) + 3;
    let (year, _, _) = civil(thursday);
    (year, i64::from(thursday - days_from_civil(year, 1, 1)) / 7 + 1)
}

macro_rules! date_parts {
    ($($(#[doc = $doc:literal])+ $name:ident = |$days:ident| $body:expr;)*) => { pastey::paste! {
        kernels! { DATE_PARTS: $(
            $(#[doc = $doc])+
            fn [<$name _date>]($days: Date) -> I64 = { $body }
        )* $(
            $(#[doc = $doc])+
            fn [<$name _ts>](us: Ts) -> I64 = { let $days = day(us); $body }
        )* }
    } };
}

date_parts! {
    /// Millennium of the year, from 1.
    millennium = |d| (i64::from(civil(d).0) + 999) / 1000;
    /// Century of the year, from 1.
    century = |d| (i64::from(civil(d).0) + 99) / 100;
    /// Year divided by ten.
    decade = |d| i64::from(civil(d).0) / 10;
    /// Year.
    year = |d| i64::from(civil(d).0);
    /// ISO week-numbering year.
    isoyear = |d| i64::from(iso_week(d).0);
    /// Quarter, 1 to 4.
    quarter = |d| i64::from(civil(d).1 - 1) / 3 + 1;
    /// Month, 1 to 12.
    month = |d| i64::from(civil(d).1);
    /// ISO week, 1 to 53.
    week = |d| iso_week(d).1;
    /// Day of the month.
    day = |d| i64::from(civil(d).2);
    /// Day of the year, from 1.
    doy = |d| i64::from(d - days_from_civil(civil(d).0, 1, 1)) + 1;
    /// Day of the week, Sunday = 1.
    dow = |d| i64::from((d + 4).rem_euclid(7)) + 1;
    /// Day of the week, Monday = 1.
    isodow = |d| i64::from((d + 3).rem_euclid(7)) + 1;
}

kernels! { CLOCK_PARTS:
    /// Whole seconds since 1970.
    fn epoch_date(d: Date) -> I64 = { i64::from(d) * 86_400 }
    /// Whole seconds since 1970, cut toward zero.
    fn epoch_ts(us: Ts) -> I64 = { us / 1_000_000 }
    /// Hour.
    fn hour_ts(us: Ts) -> I64 = { us.rem_euclid(DAY_US) / 3_600_000_000 }
    /// Minute of the hour.
    fn minute_ts(us: Ts) -> I64 = { us.rem_euclid(3_600_000_000) / 60_000_000 }
    /// Second of the minute.
    fn second_ts(us: Ts) -> I64 = { us.rem_euclid(60_000_000) / 1_000_000 }
    /// Millisecond of the minute, seconds included.
    fn millisecond_ts(us: Ts) -> I64 = { us.rem_euclid(60_000_000) / 1_000 }
    /// Microsecond of the minute, seconds included.
    fn microsecond_ts(us: Ts) -> I64 = { us.rem_euclid(60_000_000) }
    /// Nanosecond of the minute, seconds included.
    fn nanosecond_ts(us: Ts) -> I64 = { us.rem_euclid(60_000_000) * 1_000 }
    /// Whole seconds of the day.
    fn epoch_time(ns: Time) -> I64 = { ns / 1_000_000_000 }
    /// Hour.
    fn hour_time(ns: Time) -> I64 = { ns / 3_600_000_000_000 }
    /// Minute of the hour.
    fn minute_time(ns: Time) -> I64 = { ns / 60_000_000_000 % 60 }
    /// Second of the minute.
    fn second_time(ns: Time) -> I64 = { ns / 1_000_000_000 % 60 }
    /// Millisecond of the minute, seconds included.
    fn millisecond_time(ns: Time) -> I64 = { ns % 60_000_000_000 / 1_000_000 }
    /// Microsecond of the minute, seconds included.
    fn microsecond_time(ns: Time) -> I64 = { ns % 60_000_000_000 / 1_000 }
    /// Nanosecond of the minute, seconds included.
    fn nanosecond_time(ns: Time) -> I64 = { ns % 60_000_000_000 }
}

kernels! { ARITHMETIC:
    /// Day moved by an interval that is cut toward zero to whole days.
    fn add_date_micros(d: Date, i: Micros) -> Date[!] = { date_in_range(i64::from(d) + i / DAY_US) }
    /// Day moved back by an interval that is cut toward zero to whole days.
    fn sub_date_micros(d: Date, i: Micros) -> Date[!] = { date_in_range(i64::from(d) - i / DAY_US) }
    /// Day moved by months, cut to the month's last day.
    fn add_date_months(d: Date, i: Months) -> Date[!] = { plus_months(d, i64::from(i)) }
    /// Day moved back by months, cut to the month's last day.
    fn sub_date_months(d: Date, i: Months) -> Date[!] = { plus_months(d, -i64::from(i)) }
    /// Instant moved by an interval.
    fn add_ts_micros(t: Ts, i: Micros) -> Ts[!] = { timestamp_in_range(t.checked_add(i)) }
    /// Instant moved back by an interval.
    fn sub_ts_micros(t: Ts, i: Micros) -> Ts[!] = { timestamp_in_range(t.checked_sub(i)) }
    /// Instant moved by months, cut to the month's last day.
    fn add_ts_months(t: Ts, i: Months) -> Ts[!] = {
        Ok(i64::from(plus_months(day(t), i64::from(i))?) * DAY_US + t.rem_euclid(DAY_US))
    }
    /// Instant moved back by months, cut to the month's last day.
    fn sub_ts_months(t: Ts, i: Months) -> Ts[!] = {
        Ok(i64::from(plus_months(day(t), -i64::from(i))?) * DAY_US + t.rem_euclid(DAY_US))
    }
    /// Time moved by an interval, modulo a day.
    fn add_time_micros(t: Time, i: Micros) -> Time = { (t + i % DAY_US * 1_000).rem_euclid(DAY_NS) }
    /// Time moved back by an interval, modulo a day.
    fn sub_time_micros(t: Time, i: Micros) -> Time = { (t - i % DAY_US * 1_000).rem_euclid(DAY_NS) }
    /// Days between, as a day-time interval: a - b.
    fn diff_date_micros(a: Date, b: Date) -> Micros = { (i64::from(a) - i64::from(b)) * DAY_US }
    /// Time between: a - b.
    fn diff_ts_micros(a: Ts, b: Ts) -> Micros = { a.wrapping_sub(b) }
    /// Time between, cut to microseconds: a - b.
    fn diff_time_micros(a: Time, b: Time) -> Micros = { (a - b) / 1_000 }
    /// Whole months elapsed, cut toward zero: a - b.
    fn diff_date_months(a: Date, b: Date) -> Months = { months_between(i64::from(b) * DAY_US, i64::from(a) * DAY_US) as i32 }
    /// Whole months elapsed with day and time, cut toward zero: a - b.
    fn diff_ts_months(a: Ts, b: Ts) -> Months = { months_between(b, a) as i32 }
    /// A date from year, month and day; NULL if there is none such.
    fn make_date(y: I64, m: I64, d: I64) -> Date[?] = {
        if !(1..=9999).contains(&y) || !(1..=12).contains(&m) || d < 1 || d > i64::from(days_in_month(y as i32, m as u32)) {
            return None;
        }
        Some(days_from_civil(y as i32, m as u32, d as u32))
    }
}

/// The first day of the period of `unit` that holds a day: what FLOOR gives.
fn floor_day(days: i32, unit: Unit) -> Result<i32, Error> {
    let (y, m, _) = civil(days);
    let first = |year: i32, month: u32| {
        if year < 1 { date_in_range(i64::MIN) } else { Ok(days_from_civil(year, month, 1)) }
    };
    match unit {
        Unit::Years(n) => first(y / n * n, 1),
        Unit::Quarter => first(y, (m - 1) / 3 * 3 + 1),
        Unit::Month => first(y, m),
        Unit::Week => date_in_range(i64::from(days - (days + 4).rem_euclid(7))),
    }
}

/// The first day of the period after the one that holds a day.
fn next_day(days: i32, unit: Unit) -> Result<i32, Error> {
    let start = floor_day(days, unit)?;
    match unit {
        Unit::Years(n) => plus_months(start, i64::from(n) * 12),
        Unit::Quarter => plus_months(start, 3),
        Unit::Month => plus_months(start, 1),
        Unit::Week => date_in_range(i64::from(start) + 7),
    }
}

/// Units longer than a day.
#[derive(Clone, Copy)]
enum Unit {
    Years(i32),
    Quarter,
    Month,
    Week,
}

macro_rules! calendar_rounding {
    ($($name:ident $unit:expr;)*) => { pastey::paste! {
        kernels! { CALENDAR: $(
            /// Back to the start of the unit (FLOOR .. TO).
            fn [<floor_ $name _date>](d: Date) -> Date[!] = { floor_day(d, $unit) }
            /// Forward to the next start of the unit, unless at one (CEIL .. TO).
            fn [<ceil_ $name _date>](d: Date) -> Date[!] = {
                let start = floor_day(d, $unit)?;
                if start == d { Ok(d) } else { next_day(d, $unit) }
            }
            /// Back to the start of the unit (FLOOR .. TO).
            fn [<floor_ $name _ts>](t: Ts) -> Ts[!] = { Ok(i64::from(floor_day(day(t), $unit)?) * DAY_US) }
            /// Forward to the next start of the unit, unless at one (CEIL .. TO).
            fn [<ceil_ $name _ts>](t: Ts) -> Ts[!] = {
                let start = i64::from(floor_day(day(t), $unit)?) * DAY_US;
                if start == t { Ok(t) } else { Ok(i64::from(next_day(day(t), $unit)?) * DAY_US) }
            }
        )* }
    } };
}

calendar_rounding! {
    millennium Unit::Years(1000); century Unit::Years(100); decade Unit::Years(10); year Unit::Years(1);
    quarter Unit::Quarter; month Unit::Month; week Unit::Week;
}

kernels! { CLOCK_ROUNDING:
    /// Back to a multiple of so many microseconds since midnight of 1970: days and shorter units.
    fn floor_ts_micros(t: Ts, unit: I64) -> Ts = { t - t.rem_euclid(unit.max(1)) }
    /// Forward to a multiple of so many microseconds.
    fn ceil_ts_micros(t: Ts, unit: I64) -> Ts[!] = {
        let unit = unit.max(1);
        timestamp_in_range((t - t.rem_euclid(unit)).checked_add(if t.rem_euclid(unit) == 0 { 0 } else { unit }))
    }
    /// Back to a multiple of so many nanoseconds.
    fn floor_time_nanos(t: Time, unit: I64) -> Time = { t - t % unit.max(1) }
    /// Forward to a multiple of so many nanoseconds; past midnight it is 00:00:00.
    fn ceil_time_nanos(t: Time, unit: I64) -> Time = {
        let unit = unit.max(1);
        let up = if t % unit == 0 { t } else { t - t % unit + unit };
        up % DAY_NS
    }
}

pub(crate) const KERNELS: &[&[Kernel]] = &[DATE_PARTS, CLOCK_PARTS, ARITHMETIC, CALENDAR, CLOCK_ROUNDING];

/// What SQL calls them.
#[cfg(not(target_family = "wasm"))]
pub(crate) const FUNCTIONS: &[crate::catalog::Function] = {
    use crate::catalog::{Family, Function, Out, Param, form};
    &[Function::new(
        &[Family::Datetime],
        &["make_date"],
        &[form(&[Param::BigInt, Param::BigInt, Param::BigInt], Out::Date, "make_date")],
        "The date of a year, a month and a day; NULL if there is none in the years 1 to 9999.",
    )
    .gives(&[
        ("MAKE_DATE(2026, 2, 28)", "2026-02-28"),
        ("MAKE_DATE(2026, 2, 29)", "NULL"),
        ("MAKE_DATE(10000, 1, 1)", "NULL"),
        ("MAKE_DATE(NULL, 1, 1)", "NULL"),
    ])]
};

#[cfg(test)]
mod tests {
    use super::*;

    fn date(y: i32, m: u32, d: u32) -> i32 {
        days_from_civil(y, m, d)
    }

    #[test]
    fn parts() {
        let d = date(2026, 8, 7);
        assert_eq!((dow_date(d), isodow_date(d), week_date(d), doy_date(d), quarter_date(d)), (6, 5, 32, 219, 3));
        assert_eq!((millennium_date(d), century_date(d), decade_date(d)), (3, 21, 202));
        assert_eq!(isoyear_date(date(2027, 1, 1)), 2026);
        assert_eq!(millisecond_ts(7_250_000), 7250);
        assert_eq!(epoch_ts(-1_500_000), -1);
    }

    #[test]
    fn arithmetic() {
        assert_eq!(add_date_months(date(2024, 1, 31), 1), Ok(date(2024, 2, 29)));
        assert_eq!(add_time_micros(84_600_000_000_000, 3_600_000_000), 1_800_000_000_000);
        assert_eq!(sub_date_micros(date(2026, 3, 1), DAY_US), Ok(date(2026, 2, 28)));
        assert!(add_date_micros(DATE_MAX, DAY_US).is_err());
        assert_eq!(diff_date_months(date(2026, 2, 28), date(2026, 1, 31)), 0);
        assert_eq!(diff_date_months(date(2026, 1, 31), date(2026, 2, 28)), 0);
        assert_eq!(diff_date_micros(date(2026, 3, 1), date(2026, 2, 1)), 28 * DAY_US);
        assert_eq!(make_date(2026, 2, 29), None);
    }

    #[test]
    fn rounding() {
        assert_eq!(floor_week_date(date(2026, 8, 7)), Ok(date(2026, 8, 2)));
        assert_eq!(floor_century_date(date(2026, 8, 7)), Ok(date(2000, 1, 1)));
        assert_eq!(ceil_month_date(date(2026, 8, 1)), Ok(date(2026, 8, 1)));
        assert_eq!(ceil_month_date(date(2026, 8, 2)), Ok(date(2026, 9, 1)));
        assert_eq!(ceil_time_nanos(DAY_NS - 1, 3_600_000_000_000), 0);
    }
}
