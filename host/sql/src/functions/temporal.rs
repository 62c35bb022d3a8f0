//! Parts of points in time, and how they are moved and cut.

use super::{Entry, call, syntax, with_unit};
use crate::Span;
use crate::bind::{self, Binder, Bound, Call, Unit, is_integer};
use crate::expr::{NOW, call as kernel_call, int, null};
use weir_circuit::Expr;
use weir_functions::catalog::{Family, Function};
use weir_row::SqlType;

const DATETIME: &[Family] = &[Family::Datetime];

fn now(_: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    Ok(kernel_call(NOW, vec![], SqlType::Timestamp, bind::position(call.span)))
}

pub(super) const ENTRIES: &[Entry] = &[
    call(
        Function::written(
            DATETIME,
            &["now"],
            &["NOW() → TIMESTAMP"],
            "The time of the step, in UTC: the same for all of a step, and it never goes back. A pipeline that reads it takes a step every \
             `clock_resolution_usecs`. A condition of WHERE that compares something of a row with NOW() or something that grows with it (`ts >= NOW() - INTERVAL 1 DAY`) \
             costs only what the time passes over, and rows that it drops for good are forgotten; any other use is computed anew for every row, each step. Not \
             for DEFAULT, constants and functions of the program's own.",
        )
        .gives(&[("NOW() = NOW()", "TRUE"), ("NOW() >= TIMESTAMP '1970-01-01 00:00:00'", "TRUE"),
            ("(SELECT COUNT(*) FROM (VALUES (TIMESTAMP '1969-12-31 12:00:00'), (TIMESTAMP '9999-01-01 00:00:00')) AS t(ts) WHERE ts < NOW())", "1")])
        .refuses(&[("NOW(1)", "NOW takes 0 arguments")]),
        0,
        0,
        now,
    ),
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
        date_diff,
    ),
    with_unit(
        Function::written(DATETIME, &["date_trunc"], &["DATE_TRUNC(x, unit) → type of x"], "The start of the unit that x is in: as FLOOR, but centuries and millennia begin in the year ..01.").gives(&[("DATE_TRUNC(DATE '2000-05-05', CENTURY)", "1901-01-01"), ("DATE_TRUNC(DATE '2026-08-07', MONTH)", "2026-08-01"), ("DATE_TRUNC(CAST(NULL AS DATE), MONTH)", "NULL")]),
        1,
        2,
        truncate_date,
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
        truncate_time,
    ),
    call(
        Function::written(
            DATETIME,
            &["make_time"],
            &["MAKE_TIME(hour, minute, seconds) → TIME"],
            "The time of day of an hour, a minute and seconds, which may have a fraction; NULL if there is none.",
        )
        .gives(&[
            ("MAKE_TIME(7, 5, 1.5)", "07:05:01.500000000"),
            ("MAKE_TIME(7, 5, 1e0)", "07:05:01"),
            ("MAKE_TIME(24, 0, 0)", "NULL"),
            ("MAKE_TIME(7, 5, 60)", "NULL"),
            ("MAKE_TIME(7, NULL, 1)", "NULL"),
        ]),
        3,
        3,
        make,
    ),
    call(
        Function::written(
            DATETIME,
            &["make_timestamp"],
            &["MAKE_TIMESTAMP(year, month, day, hour, minute, seconds) → TIMESTAMP"],
            "The timestamp of its parts; the seconds may have a fraction. NULL if there is none.",
        )
        .gives(&[
            ("MAKE_TIMESTAMP(2026, 8, 7, 7, 5, 1.25)", "2026-08-07 07:05:01.250000"),
            ("MAKE_TIMESTAMP(2026, 8, 7, 25, 0, 0)", "NULL"),
            ("MAKE_TIMESTAMP(2026, 2, 29, 0, 0, 0)", "NULL"),
            ("MAKE_TIMESTAMP(2026, 8, 7, 7, 5, NULL)", "NULL"),
        ]),
        6,
        6,
        make,
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

/// DATEDIFF: no units below an hour.
fn date_diff(b: &mut Binder<'_>, unit: Unit, args: &[Expr], at: Span) -> Bound<Expr> {
    if unit.is_clock() && unit != Unit::Hour {
        return Err(b.error_hint(at, "DATEDIFF has no unit below HOUR", "TIMESTAMPDIFF has"));
    }
    b.timestamp_diff(unit, args[0].clone(), args[1].clone(), at)
}

/// DATE_TRUNC
fn truncate_date(b: &mut Binder<'_>, unit: Unit, args: &[Expr], at: Span) -> Bound<Expr> {
    match args[0].ty.sql {
        SqlType::Date | SqlType::Timestamp if !unit.is_clock() => truncate(b, unit, args[0].clone(), at),
        SqlType::Null => Ok(null(SqlType::Date)),
        ref ty => {
            let message = format!("DATE_TRUNC does not cut {ty} to a {unit:?}");
            Err(b.error_hint(at, message, "it cuts dates and timestamps to days and longer units"))
        }
    }
}

/// TIMESTAMP_TRUNC
fn truncate_timestamp(b: &mut Binder<'_>, unit: Unit, args: &[Expr], at: Span) -> Bound<Expr> {
    if matches!(unit, Unit::Millisecond | Unit::Microsecond | Unit::Nanosecond) {
        return Err(b.error(at, "TIMESTAMP_TRUNC cuts to seconds and longer units"));
    }
    let e = b.coerce(args[0].clone(), &SqlType::Timestamp, at)?;
    truncate(b, unit, e, at)
}

/// TIME_TRUNC
fn truncate_time(b: &mut Binder<'_>, unit: Unit, args: &[Expr], at: Span) -> Bound<Expr> {
    if !matches!(args[0].ty.sql, SqlType::Time | SqlType::Null) {
        return Err(b.error(at, format!("TIME_TRUNC takes a TIME, but this is {}", args[0].ty.sql)));
    }
    if !unit.is_clock() {
        return Err(b.error(at, "TIME_TRUNC cuts to hours and shorter units"));
    }
    let e = b.coerce(args[0].clone(), &SqlType::Time, at)?;
    b.round_to_unit(false, e, unit, at)
}

/// As FLOOR, but centuries and millennia begin in the year ..01.
fn truncate(b: &mut Binder<'_>, unit: Unit, e: Expr, at: Span) -> Bound<Expr> {
    let name = match unit {
        Unit::Century => "century",
        Unit::Millennium => "millennium",
        _ => return b.round_to_unit(false, e, unit, at),
    };
    let ty = e.ty.sql.clone();
    let kind = if ty == SqlType::Date { "date" } else { "ts" };
    Ok(kernel_call(&format!("trunc_{name}_{kind}"), vec![e], ty, bind::position(at)))
}

/// MAKE_TIME, MAKE_TIMESTAMP: whole numbers, and seconds that may have a fraction.
fn make(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    let (name, ty) = match call.name.as_str() {
        "make_time" => ("make_time", SqlType::Time),
        _ => ("make_timestamp", SqlType::Timestamp),
    };
    let mut args = Vec::with_capacity(call.args.len() + 1);
    // Whoever called this has counted.
    let (seconds, whole) = match call.args.split_last() {
        Some(split) => split,
        None => return Ok(null(ty)),
    };
    for a in whole {
        args.push(b.coerce(a.expr.clone(), &SqlType::BigInt, a.span)?);
    }
    let number = match &seconds.expr.ty.sql {
        ty @ SqlType::Decimal { .. } => ty.clone(),
        // Every integer fits.
        ty if is_integer(ty) => SqlType::Decimal { precision: 20, scale: 0 },
        _ => SqlType::Double,
    };
    args.push(b.coerce(seconds.expr.clone(), &number, seconds.span)?);
    let kernel = match number {
        SqlType::Decimal { scale, .. } => {
            args.push(int(i32::from(scale)));
            format!("{name}_dec")
        }
        _ => format!("{name}_f64"),
    };
    Ok(kernel_call(&kernel, args, ty, bind::position(call.span)))
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
