//! Dates, times, instants and intervals. Values outside of SQL's ranges can be computed with, but not returned.

use crate::Error;
use crate::value::wrapper;
use std::fmt;
use std::ops::{Add, Neg, Sub};
use std::str::FromStr;
use weir_functions::{DATE_MAX, DATE_MIN, TIMESTAMP_MAX, TIMESTAMP_MIN, forms};

const DAY_NS: i64 = 86_400_000_000_000;
const DAY_US: i64 = 86_400_000_000;

/// DATE, from 0001-01-01 to 9999-12-31.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(i32);

impl Date {
    /// The date so many days after 1970-01-01.
    pub const fn from_days(days: i32) -> Date {
        Date(days)
    }

    /// Days since 1970-01-01.
    pub const fn days(self) -> i32 {
        self.0
    }

    /// The date of a year, month and day, if there is one.
    pub fn from_civil(year: i32, month: u32, day: u32) -> Option<Date> {
        format!("{year:04}-{month:02}-{day:02}").parse().ok()
    }

    /// Year, month and day.
    pub fn civil(self) -> (i32, u32, u32) {
        forms::civil(self.0)
    }

    /// Midnight of the date.
    pub fn to_timestamp(self) -> Timestamp {
        Timestamp(i64::from(self.0) * DAY_US)
    }
}

/// TIME: nanoseconds since midnight.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(i64);

impl Time {
    /// The time so many nanoseconds after midnight.
    pub const fn from_nanoseconds(nanoseconds: u64) -> Time {
        Time(if nanoseconds > i64::MAX as u64 { i64::MAX } else { nanoseconds as i64 })
    }

    /// Nanoseconds since midnight.
    pub const fn nanoseconds(self) -> u64 {
        self.0 as u64
    }
}

macro_rules! instant {
    ($(#[$doc:meta])* $t:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $t(i64);

        impl $t {
            /// So many microseconds after 1970-01-01 00:00:00.
            pub const fn from_microseconds(microseconds: i64) -> $t {
                $t(microseconds)
            }

            /// So many milliseconds after 1970-01-01 00:00:00.
            pub const fn from_milliseconds(milliseconds: i64) -> $t {
                $t(milliseconds.saturating_mul(1000))
            }

            /// Microseconds since 1970-01-01 00:00:00.
            pub const fn microseconds(self) -> i64 {
                self.0
            }

            /// Whole milliseconds since 1970-01-01 00:00:00, before which they are rounded down.
            pub const fn milliseconds(self) -> i64 {
                self.0.div_euclid(1000)
            }

            /// The day.
            pub const fn date(self) -> Date {
                Date(self.0.div_euclid(DAY_US) as i32)
            }

            /// The time of the day.
            pub const fn time(self) -> Time {
                Time(self.0.rem_euclid(DAY_US) * 1000)
            }
        }

        impl Add<ShortInterval> for $t {
            type Output = $t;

            fn add(self, by: ShortInterval) -> $t {
                $t(self.0.saturating_add(by.0))
            }
        }

        impl Sub<ShortInterval> for $t {
            type Output = $t;

            fn sub(self, by: ShortInterval) -> $t {
                $t(self.0.saturating_sub(by.0))
            }
        }

        impl Sub for $t {
            type Output = ShortInterval;

            fn sub(self, other: $t) -> ShortInterval {
                ShortInterval(self.0.saturating_sub(other.0))
            }
        }
    };
}

instant! {
    /// TIMESTAMP: without a zone, from year 1 to 9999.
    Timestamp
}
instant! {
    /// TIMESTAMP WITH TIME ZONE: an instant, in UTC.
    TimestampTz
}

/// A day-time interval: microseconds.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShortInterval(i64);

impl ShortInterval {
    /// So many microseconds.
    pub const fn from_microseconds(microseconds: i64) -> ShortInterval {
        ShortInterval(microseconds)
    }

    /// So many milliseconds.
    pub const fn from_milliseconds(milliseconds: i64) -> ShortInterval {
        ShortInterval(milliseconds.saturating_mul(1000))
    }

    /// The microseconds.
    pub const fn microseconds(self) -> i64 {
        self.0
    }

    /// The whole milliseconds.
    pub const fn milliseconds(self) -> i64 {
        self.0 / 1000
    }
}

/// A year-month interval: months.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LongInterval(i32);

impl LongInterval {
    /// So many months.
    pub const fn from_months(months: i32) -> LongInterval {
        LongInterval(months)
    }

    /// The months.
    pub const fn months(self) -> i32 {
        self.0
    }
}

macro_rules! interval {
    ($t:ident $unit:literal) => {
        impl Add for $t {
            type Output = $t;

            fn add(self, other: $t) -> $t {
                $t(self.0.saturating_add(other.0))
            }
        }

        impl Sub for $t {
            type Output = $t;

            fn sub(self, other: $t) -> $t {
                $t(self.0.saturating_sub(other.0))
            }
        }

        impl Neg for $t {
            type Output = $t;

            fn neg(self) -> $t {
                $t(self.0.saturating_neg())
            }
        }

        impl fmt::Display for $t {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!("{} ", $unit), self.0)
            }
        }
    };
}

interval!(ShortInterval "us");
interval!(LongInterval "months");

macro_rules! text {
    ($($t:ident $write:path, |$s:ident| $read:expr;)*) => { $(
        impl fmt::Display for $t {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&$write(self.0))
            }
        }

        impl FromStr for $t {
            type Err = Error;

            fn from_str($s: &str) -> Result<$t, Error> {
                let read: Option<_> = $read;
                read.map($t).ok_or_else(|| Error::new(format!(concat!("cannot read '{}' as ", stringify!($t)), $s)))
            }
        }
    )* };
}

text! {
    Date forms::date, |s| forms::parse_date(s);
    Time forms::time, |s| forms::parse_time(s);
    Timestamp forms::timestamp, |s| forms::parse_timestamp(s, &[' ', 'T']);
    TimestampTz forms::instant, |s| weir_functions::cast_text_to_tz(s).ok();
}

macro_rules! debug {
    ($($t:ident)*) => { $(
        impl fmt::Debug for $t {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    )* };
}

debug!(Date Time Timestamp TimestampTz ShortInterval LongInterval);

wrapper!(Date, i32, date, Date, |v| (DATE_MIN..=DATE_MAX).contains(&v));
wrapper!(Time, i64, time, Time, |v| (0..DAY_NS).contains(&v));
wrapper!(Timestamp, i64, ts, Ts, |v| (TIMESTAMP_MIN..=TIMESTAMP_MAX).contains(&v));
wrapper!(TimestampTz, i64, tz, Tz, |v| (TIMESTAMP_MIN..=TIMESTAMP_MAX).contains(&v));
wrapper!(ShortInterval, i64, micros, Micros, |_v| true);
wrapper!(LongInterval, i32, months, Months, |_v| true);
