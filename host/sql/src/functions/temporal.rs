//! Parts of points in time, and how they are moved and cut.

use super::{Entry, call, syntax, with_unit};
use crate::Span;
use crate::bind::{Binder, Bound, Call, Unit};
use crate::expr::null;
use weir_circuit::Expr;
use weir_functions::catalog::{Family, Function};
use weir_row::{ColumnType, SqlType, Value};

const DATETIME: &[Family] = &[Family::Datetime];

pub(super) const ENTRIES: &[Entry] = &[
    syntax(
        Function::written(
            DATETIME,
            &["extract"],
            &["EXTRACT(unit FROM x) → BIGINT"],
            "A part of a date, a time, a timestamp or an interval. MILLISECOND and below are counted within the minute, EPOCH in seconds \
             since 1970.",
        )
        .gives(&[
            ("EXTRACT(DOW FROM DATE '2026-08-07')", "6"),
            ("EXTRACT(MILLISECOND FROM TIME '00:00:07.25')", "7250"),
            ("EXTRACT(HOUR FROM INTERVAL '3 4:05' DAY TO MINUTE)", "4"),
            ("EXTRACT(YEAR FROM CAST(NULL AS DATE))", "NULL"),
        ])
        .refuses(&[("EXTRACT(YEAR FROM TIME '00:00:07')", "a TIME has no YEAR")]),
    ),
    call(
        Function::written(DATETIME, &["year"], &["YEAR(x) → BIGINT"], "The year: EXTRACT(YEAR FROM x).")
            .gives(&[("YEAR(DATE '2026-08-07')", "2026"), ("YEAR(CAST(NULL AS TIMESTAMP))", "NULL")]),
        1,
        1,
        part,
    ),
    call(
        Function::written(DATETIME, &["quarter"], &["QUARTER(x) → BIGINT"], "The quarter, 1 to 4: EXTRACT(QUARTER FROM x).")
            .gives(&[("QUARTER(DATE '2026-08-07')", "3"), ("QUARTER(CAST(NULL AS TIMESTAMP))", "NULL")]),
        1,
        1,
        part,
    ),
    call(
        Function::written(DATETIME, &["month"], &["MONTH(x) → BIGINT"], "The month, 1 to 12: EXTRACT(MONTH FROM x).")
            .gives(&[("MONTH(DATE '2026-08-07')", "8"), ("MONTH(CAST(NULL AS TIMESTAMP))", "NULL")]),
        1,
        1,
        part,
    ),
    call(
        Function::written(DATETIME, &["week"], &["WEEK(x) → BIGINT"], "The ISO week, 1 to 53: EXTRACT(WEEK FROM x).")
            .gives(&[("WEEK(DATE '2026-08-07')", "32"), ("WEEK(CAST(NULL AS TIMESTAMP))", "NULL")]),
        1,
        1,
        part,
    ),
    call(
        Function::written(DATETIME, &["dayofmonth", "day"], &["DAYOFMONTH(x) → BIGINT"], "The day of the month: EXTRACT(DAY FROM x).")
            .gives(&[("DAYOFMONTH(DATE '2026-08-07')", "7"), ("DAYOFMONTH(CAST(NULL AS TIMESTAMP))", "NULL")]),
        1,
        1,
        part,
    ),
    call(
        Function::written(DATETIME, &["dow", "dayofweek"], &["DOW(x) → BIGINT"], "The day of the week, from Sunday = 1 to 7: EXTRACT(DOW FROM x).")
            .gives(&[("DOW(DATE '2026-08-07')", "6"), ("DOW(CAST(NULL AS TIMESTAMP))", "NULL")]),
        1,
        1,
        part,
    ),
    call(
        Function::written(DATETIME, &["doy", "dayofyear"], &["DOY(x) → BIGINT"], "The day of the year: EXTRACT(DOY FROM x).")
            .gives(&[("DOY(DATE '2026-02-01')", "32"), ("DOY(CAST(NULL AS TIMESTAMP))", "NULL")]),
        1,
        1,
        part,
    ),
    call(
        Function::written(DATETIME, &["hour"], &["HOUR(x) → BIGINT"], "The hour; 0 of a date: EXTRACT(HOUR FROM x).")
            .gives(&[("HOUR(TIMESTAMP '2026-08-07 13:05:09')", "13"), ("HOUR(CAST(NULL AS TIMESTAMP))", "NULL")]),
        1,
        1,
        part,
    ),
    call(
        Function::written(DATETIME, &["minute"], &["MINUTE(x) → BIGINT"], "The minute; 0 of a date: EXTRACT(MINUTE FROM x).")
            .gives(&[("MINUTE(TIME '13:05:09')", "5"), ("MINUTE(CAST(NULL AS TIMESTAMP))", "NULL")]),
        1,
        1,
        part,
    ),
    call(
        Function::written(DATETIME, &["second"], &["SECOND(x) → BIGINT"], "The second; 0 of a date: EXTRACT(SECOND FROM x).")
            .gives(&[("SECOND(TIME '13:05:09.5')", "9"), ("SECOND(CAST(NULL AS TIMESTAMP))", "NULL")]),
        1,
        1,
        part,
    ),
    with_unit(
        Function::written(DATETIME, &["date_part"], &["DATE_PART(unit, x) → BIGINT"], "EXTRACT(unit FROM x).").gives(&[("DATE_PART('month', DATE '2026-08-07')", "8"), ("DATE_PART(DOY, DATE '2026-02-01')", "32"), ("DATE_PART(YEAR, CAST(NULL AS DATE))", "NULL")]).refuses(&[("DATE_PART(LIGHTYEAR, DATE '2026-08-07')", "no unit of time")]),
        0,
        2,
        date_part,
    ),
    with_unit(
        Function::written(DATETIME, &["timestampadd"], &["TIMESTAMPADD(unit, n, x) → type of x; TIMESTAMP of a date and a unit below DAY"], "x moved by n units.").gives(&[("TIMESTAMPADD(DAY, 1, DATE '2026-08-07')", "2026-08-08"), ("TIMESTAMPADD(HOUR, 1, DATE '2026-08-07')", "2026-08-07 01:00:00"), ("TIMESTAMPADD(MONTH, NULL, DATE '2026-08-07')", "NULL")]).fails(&[("TIMESTAMPADD(YEAR, 9000, DATE '2026-08-07')", "")]),
        0,
        3,
        timestamp_add,
    ),
    with_unit(
        Function::written(DATETIME, &["timestampdiff"], &["TIMESTAMPDIFF(unit, a, b) → INTEGER"], "b - a in whole units, cut toward zero; a month counts when its day and time of day are reached.").gives(&[("TIMESTAMPDIFF(MONTH, DATE '2026-01-31', DATE '2026-02-28')", "0"), ("TIMESTAMPDIFF(MICROSECOND, TIMESTAMP '2026-08-07 00:00:00', TIMESTAMP '2026-08-07 00:00:01.5')", "1000000"), ("TIMESTAMPDIFF(DAY, NULL, DATE '2026-08-07')", "NULL")]),
        0,
        3,
        timestamp_diff,
    ),
    with_unit(
        Function::written(DATETIME, &["datediff"], &["DATEDIFF(unit, a, b) → INTEGER"], "TIMESTAMPDIFF of dates.").gives(&[("DATEDIFF(DAY, DATE '2026-08-01', DATE '2026-08-07')", "6"), ("DATEDIFF(WEEK, DATE '2026-08-07', DATE '2026-08-01')", "0"), ("DATEDIFF(DAY, DATE '2026-08-01', NULL)", "NULL")]),
        0,
        3,
        timestamp_diff,
    ),
    with_unit(
        Function::written(DATETIME, &["date_trunc"], &["DATE_TRUNC(x, unit) → type of x"], "The start of the unit that x is in: as FLOOR, but centuries and millennia begin in the year ..01.").gives(&[("DATE_TRUNC(DATE '2000-05-05', CENTURY)", "1901-01-01"), ("DATE_TRUNC(DATE '2026-08-07', MONTH)", "2026-08-01"), ("DATE_TRUNC(CAST(NULL AS DATE), MONTH)", "NULL")]),
        1,
        2,
        truncate,
    ),
    with_unit(
        Function::written(DATETIME, &["timestamp_trunc"], &["TIMESTAMP_TRUNC(x, unit) → TIMESTAMP"], "DATE_TRUNC of a timestamp; a date becomes one.").gives(&[("TIMESTAMP_TRUNC(DATE '2026-08-07', YEAR)", "2026-01-01 00:00:00"), ("TIMESTAMP_TRUNC(TIMESTAMP '2026-08-07 13:05:09', HOUR)", "2026-08-07 13:00:00"), ("TIMESTAMP_TRUNC(NULL, YEAR)", "NULL")]),
        1,
        2,
        truncate_timestamp,
    ),
    with_unit(
        Function::written(DATETIME, &["time_trunc"], &["TIME_TRUNC(x, unit) → TIME"], "The start of the hour, minute or second that a time of day is in.").gives(&[("TIME_TRUNC(TIME '07:08:09', HOUR)", "07:00:00"), ("TIME_TRUNC(TIME '07:08:09.25', SECOND)", "07:08:09"), ("TIME_TRUNC(CAST(NULL AS TIME), HOUR)", "NULL")]),
        1,
        2,
        truncate,
    ),
    call(
        Function::written(DATETIME, &["date_add"], &["DATE_ADD(date, interval) → DATE"], "date + interval.").gives(&[
            ("DATE_ADD(DATE '2026-02-28', INTERVAL 1 DAY)", "2026-03-01"),
            ("DATE_ADD(DATE '2024-01-31', INTERVAL 1 MONTH)", "2024-02-29"),
            ("DATE_ADD(NULL, INTERVAL 1 DAY)", "NULL"),
        ]),
        2,
        2,
        date_add,
    ),
    call(
        Function::written(DATETIME, &["date_sub"], &["DATE_SUB(date, interval) → DATE"], "date - interval.").gives(&[
            ("DATE_SUB(DATE '2026-03-01', INTERVAL 1 DAY)", "2026-02-28"),
            ("DATE_SUB(DATE '2026-03-31', INTERVAL 1 MONTH)", "2026-02-28"),
            ("DATE_SUB(NULL, INTERVAL 1 DAY)", "NULL"),
        ]),
        2,
        2,
        date_sub,
    ),
    syntax(
        Function::written(DATETIME, &["date"], &["DATE 'YYYY-MM-DD'"], "A date, written out.")
            .gives(&[("DATE '2026-08-07'", "2026-08-07")])
            .refuses(&[("DATE '2026-8-7'", ""), ("DATE '2026-02-30'", "")]),
    ),
    syntax(
        Function::written(DATETIME, &["time"], &["TIME 'HH:MM:SS[.f]'"], "A time of day, written out.")
            .gives(&[("TIME '07:05:00.25'", "07:05:00.250000000"), ("TIME '07:05:00'", "07:05:00")])
            .refuses(&[("TIME '25:00:00'", "")]),
    ),
    syntax(
        Function::written(
            DATETIME,
            &["timestamp"],
            &["TIMESTAMP 'YYYY-MM-DD HH:MM:SS[.f]'"],
            "A date with a time of day, to the microsecond, written out.",
        )
        .gives(&[
            ("TIMESTAMP '2026-08-07 07:05:00.5'", "2026-08-07 07:05:00.500000"),
            ("TIMESTAMP '2026-08-07 07:05:00'", "2026-08-07 07:05:00"),
        ])
        .refuses(&[("TIMESTAMP 'today'", "")]),
    ),
    syntax(
        Function::written(
            DATETIME,
            &["interval"],
            &["INTERVAL 'text' unit [TO unit]", "INTERVAL n unit", "INTERVAL (expression) unit"],
            "A stretch of time: either months (YEAR, QUARTER, MONTH) or time (WEEK and below). The two do not mix.",
        )
        .gives(&[
            ("INTERVAL '1' DAY > INTERVAL '23' HOUR", "TRUE"),
            ("EXTRACT(MONTH FROM INTERVAL '7-05' YEAR TO MONTH)", "5"),
            ("INTERVAL '-1 02' DAY TO HOUR = -INTERVAL 26 HOURS", "TRUE"),
        ])
        .refuses(&[("INTERVAL '1' DAY > INTERVAL '1' MONTH", "cannot be compared")]),
    ),
];

fn date_part(b: &mut Binder<'_>, unit: Unit, args: &[Expr], at: Span) -> Bound<Expr> {
    b.extract(unit, args[0].clone(), at)
}

fn timestamp_add(b: &mut Binder<'_>, unit: Unit, args: &[Expr], at: Span) -> Bound<Expr> {
    b.timestamp_add(unit, args[0].clone(), args[1].clone(), at)
}

fn timestamp_diff(b: &mut Binder<'_>, unit: Unit, args: &[Expr], at: Span) -> Bound<Expr> {
    b.timestamp_diff(unit, args[0].clone(), args[1].clone(), at)
}

/// TIMESTAMP_TRUNC
fn truncate_timestamp(b: &mut Binder<'_>, unit: Unit, args: &[Expr], at: Span) -> Bound<Expr> {
    let e = b.coerce(args[0].clone(), &SqlType::Timestamp, at)?;
    truncate(b, unit, &[e], at)
}

/// DATE_TRUNC and its like: as FLOOR, but centuries and millennia begin in the year ..01.
fn truncate(b: &mut Binder<'_>, unit: Unit, args: &[Expr], at: Span) -> Bound<Expr> {
    let e = args[0].clone();
    if !matches!(unit, Unit::Century | Unit::Millennium) {
        return b.round_to_unit(false, e, unit, at);
    }
    // (year - 1) / 100 * 100 + 1: a year back, cut, a year forth.
    let year = || Expr::literal(Value::Months(12), ColumnType::not_null(SqlType::IntervalMonths));
    let start = b.round_to_unit(false, e, Unit::Year, at)?;
    let back = b.add_interval("sub", start, year(), at)?;
    let cut = b.round_to_unit(false, back, unit, at)?;
    b.add_interval("add", cut, year(), at)
}

/// YEAR(x), MONTH(x), ..
fn part(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    match Unit::of(&call.name) {
        Some(unit) => b.extract(unit, call.args[0].expr.clone(), call.span),
        None => Ok(null(SqlType::BigInt)),
    }
}

/// DATE_ADD
fn date_add(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    date_moved(b, call, "add")
}

/// DATE_SUB
fn date_sub(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    date_moved(b, call, "sub")
}

fn date_moved(b: &mut Binder<'_>, call: &Call, name: &str) -> Bound<Expr> {
    let date = b.coerce(call.args[0].expr.clone(), &SqlType::Date, call.args[0].span)?;
    b.add_interval(name, date, call.args[1].expr.clone(), call.span)
}
