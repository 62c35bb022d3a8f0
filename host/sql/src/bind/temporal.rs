//! Units of time, and what is done with them: EXTRACT, FLOOR and CEIL to a unit, TIMESTAMPADD and TIMESTAMPDIFF.

use super::{Binder, Bound, position};
use crate::Span;
use crate::expr::{bigint, call, int};
use weir_circuit::{Expr, Position};
use weir_row::{IntervalField, IntervalFields, SqlType};

/// A unit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Millennium,
    Century,
    Decade,
    Year,
    IsoYear,
    Quarter,
    Month,
    Week,
    Doy,
    Dow,
    IsoDow,
    Day,
    Hour,
    Minute,
    Second,
    Millisecond,
    Microsecond,
    Nanosecond,
    Epoch,
}

impl Unit {
    /// The unit of that name, singular, plural or `SQL_TSI_`.
    pub(crate) fn of(name: &str) -> Option<Unit> {
        let upper = name.to_uppercase();
        let bare = upper.strip_prefix("SQL_TSI_").unwrap_or(&upper);
        Some(match bare {
            "MILLENNIUM" | "MILLENIUM" | "MILLENNIUMS" => Unit::Millennium,
            "CENTURY" | "CENTURIES" => Unit::Century,
            "DECADE" | "DECADES" => Unit::Decade,
            "YEAR" | "YEARS" => Unit::Year,
            "ISOYEAR" => Unit::IsoYear,
            "QUARTER" | "QUARTERS" => Unit::Quarter,
            "MONTH" | "MONTHS" => Unit::Month,
            "WEEK" | "WEEKS" => Unit::Week,
            "DOY" | "DAYOFYEAR" => Unit::Doy,
            "DOW" | "DAYOFWEEK" => Unit::Dow,
            "ISODOW" => Unit::IsoDow,
            "DAY" | "DAYS" | "DAYOFMONTH" => Unit::Day,
            "HOUR" | "HOURS" => Unit::Hour,
            "MINUTE" | "MINUTES" => Unit::Minute,
            "SECOND" | "SECONDS" => Unit::Second,
            "MILLISECOND" | "MILLISECONDS" => Unit::Millisecond,
            "MICROSECOND" | "MICROSECONDS" => Unit::Microsecond,
            "NANOSECOND" | "NANOSECONDS" => Unit::Nanosecond,
            "EPOCH" => Unit::Epoch,
            _ => return None,
        })
    }

    /// The field that intervals of this unit have.
    pub(super) fn field(self) -> Option<IntervalField> {
        Some(match self {
            Unit::Millennium | Unit::Century | Unit::Decade | Unit::Year => IntervalField::Year,
            Unit::Quarter | Unit::Month => IntervalField::Month,
            Unit::Week | Unit::Day => IntervalField::Day,
            Unit::Hour => IntervalField::Hour,
            Unit::Minute => IntervalField::Minute,
            Unit::Second | Unit::Millisecond | Unit::Microsecond => IntervalField::Second,
            _ => return None,
        })
    }

    /// The name in kernels' names.
    pub(super) fn name(self) -> &'static str {
        match self {
            Unit::Millennium => "millennium",
            Unit::Century => "century",
            Unit::Decade => "decade",
            Unit::Year => "year",
            Unit::IsoYear => "isoyear",
            Unit::Quarter => "quarter",
            Unit::Month => "month",
            Unit::Week => "week",
            Unit::Doy => "doy",
            Unit::Dow => "dow",
            Unit::IsoDow => "isodow",
            Unit::Day => "day",
            Unit::Hour => "hour",
            Unit::Minute => "minute",
            Unit::Second => "second",
            Unit::Millisecond => "millisecond",
            Unit::Microsecond => "microsecond",
            Unit::Nanosecond => "nanosecond",
            Unit::Epoch => "epoch",
        }
    }

    /// Months in the unit, if it is a number of months.
    pub(crate) fn months(self) -> Option<i32> {
        Some(match self {
            Unit::Millennium => 12_000,
            Unit::Century => 1_200,
            Unit::Decade => 120,
            Unit::Year => 12,
            Unit::Quarter => 3,
            Unit::Month => 1,
            _ => return None,
        })
    }

    /// Microseconds in the unit; 0 if it is no stretch of time of at least one.
    pub(crate) fn micros(self) -> i64 {
        match self {
            Unit::Week => 7 * 86_400_000_000,
            Unit::Day => 86_400_000_000,
            Unit::Hour => 3_600_000_000,
            Unit::Minute => 60_000_000,
            Unit::Second => 1_000_000,
            Unit::Millisecond => 1_000,
            Unit::Microsecond => 1,
            _ => 0,
        }
    }

    /// Whether it is a part of a day.
    pub(crate) fn is_clock(self) -> bool {
        matches!(
            self,
            Unit::Hour | Unit::Minute | Unit::Second | Unit::Millisecond | Unit::Microsecond | Unit::Nanosecond
        )
    }
}

impl Binder<'_> {
    /// The unit of that name.
    pub(super) fn unit(&mut self, name: &str, at: Span) -> Bound<Unit> {
        match Unit::of(name) {
            Some(unit) => Ok(unit),
            None => {
                Err(self.error_hint(at, format!("{name} is no unit of time"), "for example YEAR, MONTH, DAY, HOUR"))
            }
        }
    }

    /// EXTRACT(unit FROM e): BIGINT.
    pub(crate) fn extract(&mut self, unit: Unit, e: Expr, at: Span) -> Bound<Expr> {
        let e = in_utc(self.text_as_timestamp(e, at)?, position(at));
        let place = position(at);
        let of = |kind: &str, e: Expr| call(&format!("{}_{kind}", unit.name()), vec![e], SqlType::BigInt, place);
        Ok(match &e.ty.sql {
            SqlType::Null => crate::expr::null(SqlType::BigInt),
            // A date has no time of day; strict in NULL.
            SqlType::Date if unit.is_clock() => {
                let t = call("cast_date_to_ts", vec![e], SqlType::Timestamp, place);
                of("ts", t)
            }
            SqlType::Date => of("date", e),
            SqlType::Timestamp => of("ts", e),
            SqlType::Time if unit.is_clock() => of("time", e),
            SqlType::Time => return Err(self.error(at, format!("a TIME has no {}", unit.name().to_uppercase()))),
            SqlType::IntervalMicros(_) => match (unit, unit.micros()) {
                (Unit::Epoch, _) => interval_part(e, Unit::Second.micros(), None, place),
                (Unit::Day, day) => interval_part(e, day, None, place),
                (Unit::Hour, hour) => interval_part(e, hour, Some(24), place),
                (Unit::Minute, minute) => interval_part(e, minute, Some(60), place),
                (Unit::Second, second) => interval_part(e, second, Some(60), place),
                (Unit::Millisecond, ms) => interval_part(e, ms, Some(60_000), place),
                (Unit::Microsecond, us) => interval_part(e, us, Some(60_000_000), place),
                _ => return Err(self.error(at, format!("a day-time interval has no {}", unit.name().to_uppercase()))),
            },
            SqlType::IntervalMonths(_) => match unit {
                Unit::Month => month_part(e, 1, Some(12), place),
                Unit::Quarter => {
                    let quarter = month_part(e, 3, Some(4), place);
                    call("add_i64", vec![quarter, bigint(1)], SqlType::BigInt, place)
                }
                _ => match unit.months() {
                    Some(months) => month_part(e, months, None, place),
                    // A year counts 365.25 days here, a month 30.
                    None if unit == Unit::Epoch => {
                        let scaled = |e: Expr, s: i64| call("mul_i64", vec![e, bigint(s)], SqlType::BigInt, place);
                        let years = scaled(month_part(e.clone(), 12, None, place), 31_557_600);
                        let months = scaled(month_part(e, 1, Some(12), place), 2_592_000);
                        call("add_i64", vec![years, months], SqlType::BigInt, place)
                    }
                    None if unit.is_clock() || matches!(unit, Unit::Week | Unit::Day) => {
                        call("mul_i64", vec![month_part(e, 1, None, place), bigint(0)], SqlType::BigInt, place)
                    }
                    None => {
                        return Err(
                            self.error(at, format!("a year-month interval has no {}", unit.name().to_uppercase()))
                        );
                    }
                },
            },
            other => return Err(self.error(at, format!("{} cannot be taken from {other}", unit.name().to_uppercase()))),
        })
    }

    /// FLOOR(e TO unit) or CEIL(e TO unit).
    pub(crate) fn round_to_unit(&mut self, ceil: bool, e: Expr, unit: Unit, at: Span) -> Bound<Expr> {
        let place = position(at);
        let name = if ceil { "ceil" } else { "floor" };
        let ty = e.ty.sql.clone();
        if ty == SqlType::TimestampTz {
            let rounded = self.round_to_unit(ceil, in_utc(e, place), unit, at)?;
            return Ok(call("cast_ts_to_tz", vec![rounded], ty, place));
        }
        if matches!(unit, Unit::Doy | Unit::Dow | Unit::IsoDow | Unit::Epoch | Unit::IsoYear) {
            return Err(self.error(at, format!("{} cannot be rounded to", unit.name().to_uppercase())));
        }
        let calendar = unit.months().is_some() || unit == Unit::Week;
        Ok(match &ty {
            SqlType::Date if calendar => call(&format!("{name}_{}_date", unit.name()), vec![e], ty, place),
            SqlType::Timestamp if calendar => call(&format!("{name}_{}_ts", unit.name()), vec![e], ty, place),
            SqlType::Timestamp if unit.micros() > 1 => {
                call(&format!("{name}_ts_micros"), vec![e, bigint(unit.micros())], ty, place)
            }
            SqlType::Time if unit.is_clock() && unit != Unit::Nanosecond => {
                call(&format!("{name}_time_nanos"), vec![e, bigint(unit.micros() * 1_000)], ty, place)
            }
            SqlType::Date | SqlType::Timestamp | SqlType::Time => e,
            other => return Err(self.error(at, format!("{other} cannot be rounded to a unit of time"))),
        })
    }

    /// TIMESTAMPADD(unit, n, e).
    pub(crate) fn timestamp_add(&mut self, unit: Unit, n: Expr, e: Expr, at: Span) -> Bound<Expr> {
        let n = self.coerce(n, &SqlType::BigInt, at)?;
        let Some(field) = unit.field() else {
            return Err(self.error(at, format!("{} cannot be added", unit.name().to_uppercase())));
        };
        if e.ty.sql == SqlType::Time && !unit.is_clock() {
            return Err(self.error(at, format!("a TIME is not moved by {}", unit.name().to_uppercase())));
        }
        let amount = super::interval::units(n, unit, field, at);
        let e = if e.ty.sql == SqlType::Date && unit.is_clock() { self.coerce(e, &SqlType::Timestamp, at)? } else { e };
        self.add_interval("add", e, amount, at)
    }

    /// TIMESTAMPDIFF(unit, a, b): b - a in whole units.
    pub(crate) fn timestamp_diff(&mut self, unit: Unit, a: Expr, b: Expr, at: Span) -> Bound<Expr> {
        let place = position(at);
        let (a, b) = match (&a.ty.sql, &b.ty.sql) {
            (SqlType::Time, SqlType::Time) => (a, b),
            _ => (self.coerce(a, &SqlType::Timestamp, at)?, self.coerce(b, &SqlType::Timestamp, at)?),
        };
        let time = a.ty.sql == SqlType::Time;
        let (months, micros) = (
            SqlType::IntervalMonths(IntervalFields::YEAR_TO_MONTH),
            SqlType::IntervalMicros(IntervalFields::DAY_TO_SECOND),
        );
        let wide = match unit.months() {
            Some(_) if time => return Err(self.error(at, format!("times of day differ by no {}", unit.name()))),
            Some(size) => {
                let between = call("diff_ts_months", vec![b, a], months, place);
                call("months_in_unit", vec![between, int(size)], SqlType::BigInt, place)
            }
            None if unit == Unit::Nanosecond && !time => {
                return Ok(call("diff_ts_nanos", vec![b, a], SqlType::BigInt, place));
            }
            None if unit.micros() > 0 || unit == Unit::Nanosecond => {
                let kernel = if time { "diff_time_micros" } else { "diff_ts_micros" };
                let between = call(kernel, vec![b, a], micros, place);
                // Parts of a second come from whole seconds.
                let whole = unit.micros().max(Unit::Second.micros());
                let units = call("micros_in_unit", vec![between, bigint(whole)], SqlType::BigInt, place);
                let per_second = if unit == Unit::Nanosecond { 1_000_000_000 } else { whole / unit.micros() };
                let units = match per_second {
                    1 => units,
                    n => call("mul_i64", vec![units, bigint(n)], SqlType::BigInt, place),
                };
                if unit == Unit::Nanosecond {
                    return Ok(units);
                }
                units
            }
            None => return Err(self.error(at, format!("there is no difference in {}", unit.name().to_uppercase()))),
        };
        self.coerce(wide, &SqlType::Integer, at)
    }

    /// Text where a date or a time is wanted is a timestamp.
    fn text_as_timestamp(&mut self, e: Expr, at: Span) -> Bound<Expr> {
        if super::common::is_text(&e.ty.sql) { self.coerce(e, &SqlType::Timestamp, at) } else { Ok(e) }
    }
}

/// An instant as the timestamp that it is in UTC; anything else as it is.
fn in_utc(e: Expr, at: Position) -> Expr {
    if e.ty.sql == SqlType::TimestampTz { call("cast_tz_to_ts", vec![e], SqlType::Timestamp, at) } else { e }
}

/// `e` in units of so many microseconds, modulo the units of the next greater one.
fn interval_part(e: Expr, micros: i64, modulo: Option<i64>, at: Position) -> Expr {
    let units = call("micros_in_unit", vec![e, bigint(micros)], SqlType::BigInt, at);
    match modulo {
        Some(n) => call("rem_i64", vec![units, bigint(n)], SqlType::BigInt, at),
        None => units,
    }
}

fn month_part(e: Expr, months: i32, modulo: Option<i64>, at: Position) -> Expr {
    let units = call("months_in_unit", vec![e, int(months)], SqlType::BigInt, at);
    match modulo {
        Some(n) => call("rem_i64", vec![units, bigint(n)], SqlType::BigInt, at),
        None => units,
    }
}
