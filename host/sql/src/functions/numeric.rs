//! Functions of numbers whose result depends on the type.

use super::{Entry, call as entry};
use crate::bind::{self, Argument, Arithmetic, Binder, Bound, Call, is_integer, is_number, is_text};
use crate::diagnostic::warning;
use crate::expr::{call as kernel_call, int};
use weir_circuit::Expr;
use weir_functions::catalog::{Family, Function};
use weir_row::{ColumnType, DECIMAL_PRECISION_MAX, Kind, SqlType, Value};

const EXACT_AND_FLOAT: &[Family] = &[Family::Decimal, Family::Float];

pub(super) const ENTRIES: &[Entry] = &[
    entry(
        Function::written(
            &[Family::Integer, Family::Decimal, Family::Float, Family::Datetime],
            &["abs"],
            &["ABS(number) → same type", "ABS(interval) → same type"],
            "The absolute value. That of the least integer of a type stops the pipeline.",
        )
        .gives(&[
            ("ABS(-2.5)", "2.5"),
            ("ABS(CAST(7 AS INT UNSIGNED))", "7"),
            ("ABS(NULL)", "NULL"),
            ("ABS(DOUBLE '-inf')", "inf"),
        ])
        .fails(&[("ABS(CAST(-128 AS TINYINT))", "overflow")])
        .refuses(&[("ABS(TRUE)", "ABS takes a number")]),
        1,
        1,
        abs,
    ),
    entry(
        Function::written(
            &[Family::Decimal],
            &["sign"],
            &["SIGN(number) → same type"],
            "-1, 0 or 1, as the number is negative, 0 or positive; NaN of NaN.",
        )
        .gives(&[
            ("SIGN(-0.3)", "-1"),
            ("SIGN(0)", "0"),
            ("SIGN(DOUBLE 'NaN')", "NaN"),
            ("SIGN(NULL)", "NULL"),
        ]),
        1,
        1,
        sign,
    ),
    entry(
        Function::written(
            &[Family::Integer],
            &["mod"],
            &["MOD(a, b) → type of a % b"],
            "Remainder with the sign of the dividend: `a % b`.",
        )
        .gives(&[("MOD(9, 4)", "1"), ("MOD(-9, 4)", "-1"), ("MOD(9, NULL)", "NULL")])
        .fails(&[("MOD(1, 0)", "")]),
        2,
        2,
        modulo,
    ),
    entry(
        Function::written(
            &[Family::Integer, Family::Decimal, Family::Float],
            &["div_null"],
            &["DIV_NULL(a, b) → type of a / b"],
            "Quotient as of `/`; NULL where that stops the pipeline, and where it is not finite.",
        )
        .gives(&[
            ("DIV_NULL(7, 2)", "3"),
            ("DIV_NULL(1, 0)", "NULL"),
            ("DIV_NULL(1.0, 0)", "NULL"),
            ("DIV_NULL(7e0, 0)", "NULL"),
        ]),
        2,
        2,
        div_null,
    ),
    entry(
        Function::written(
            &[Family::Decimal, Family::Float, Family::Datetime],
            &["floor"],
            &["FLOOR(number) → same type, decimals without a fraction", "FLOOR(x TO unit) → type of x"],
            "The greatest whole number that is not above; of a date or time, the start of the unit that it is in.",
        )
        .gives(&[
            ("FLOOR(-1.2)", "-2"),
            ("FLOOR(3)", "3"),
            ("FLOOR(NULL)", "NULL"),
            ("FLOOR(TIMESTAMP '2026-08-07 13:05:09' TO MINUTE)", "2026-08-07 13:05:00"),
        ]),
        1,
        1,
        floor,
    ),
    entry(
        Function::written(
            &[Family::Decimal, Family::Float, Family::Datetime],
            &["ceil", "ceiling"],
            &["CEIL(number) → same type, decimals without a fraction", "CEIL(x TO unit) → type of x"],
            "The least whole number that is not below; of a date or time, the next start of a unit.",
        )
        .gives(&[
            ("CEIL(-1.2)", "-1"),
            ("CEILING(1.2)", "2"),
            ("CEIL(NULL)", "NULL"),
            ("CEIL(DATE '2026-08-07' TO MONTH)", "2026-09-01"),
        ]),
        1,
        1,
        ceil,
    ),
    entry(
        Function::written(
            EXACT_AND_FLOAT,
            &["round"],
            &["ROUND(number) → same type", "ROUND(number, places) → same type"],
            "Rounded half away from zero to so many places after the point; to the left of it if they are negative.",
        )
        .gives(&[
            ("ROUND(2.5)", "3"),
            ("ROUND(-1.25, 1)", "-1.3"),
            ("ROUND(155.0, -1)", "160"),
            ("ROUND(1.5, NULL)", "NULL"),
        ])
        .fails(&[("ROUND(CAST(9.9 AS DECIMAL(2, 1)))", "")]),
        1,
        2,
        round,
    ),
    entry(
        Function::written(
            &[Family::Decimal],
            &["bround"],
            &["BROUND(decimal, places) → same type"],
            "Rounded half to even.",
        )
        .gives(&[("BROUND(2.5, 0)", "2"), ("BROUND(3.5, 0)", "4"), ("BROUND(NULL, 0)", "NULL")])
        .refuses(&[("BROUND(1e0, 0)", "BROUND takes a DECIMAL")]),
        2,
        2,
        bround,
    ),
    entry(
        Function::written(
            EXACT_AND_FLOAT,
            &["trunc", "truncate"],
            &["TRUNC(number) → same type", "TRUNC(number, places) → same type"],
            "Cut toward zero to so many places after the point.",
        )
        .gives(&[
            ("TRUNC(-1.29, 1)", "-1.2"),
            ("TRUNCATE(1.9)", "1"),
            ("TRUNC(-0.5e0)", "0.0"),
            ("TRUNC(NULL, 1)", "NULL"),
        ]),
        1,
        2,
        trunc,
    ),
    entry(
        Function::written(&[Family::Float], &["pi"], &["PI → DOUBLE"], "The constant; written without parentheses.")
            .gives(&[("PI", "3.141592653589793"), ("SIGN(PI)", "1.0")]),
        0,
        0,
        pi,
    ),
];

/// A number as it is; a string as a DOUBLE.
fn number(b: &mut Binder<'_>, call: &Call, arg: &Argument) -> Bound<Expr> {
    match &arg.expr.ty.sql {
        ty if is_number(ty) || *ty == SqlType::Null => Ok(arg.expr.clone()),
        ty if is_text(ty) => b.coerce(arg.expr.clone(), &SqlType::Double, arg.span),
        ty => {
            let message = format!("{} takes a number, but this is {ty}", call.name.to_uppercase());
            Err(b.error(arg.span, message))
        }
    }
}

fn kind_name(ty: &SqlType) -> &'static str {
    ty.kind().map_or("i32", Kind::name)
}

fn is_unsigned(ty: &SqlType) -> bool {
    matches!(ty.kind(), Some(Kind::U8 | Kind::U16 | Kind::U32 | Kind::U64))
}

/// ABS, of intervals too
fn abs(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    let interval = matches!(call.args[0].expr.ty.sql, SqlType::IntervalMonths(_) | SqlType::IntervalMicros(_));
    let e = if interval { call.args[0].expr.clone() } else { number(b, call, &call.args[0])? };
    let ty = e.ty.sql.clone();
    if is_unsigned(&ty) || ty == SqlType::Null {
        return Ok(e);
    }
    Ok(kernel_call(&format!("abs_{}", kind_name(&ty)), vec![e], ty, bind::position(call.span)))
}

/// SIGN
fn sign(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    let e = number(b, call, &call.args[0])?;
    let ty = e.ty.sql.clone();
    let at = bind::position(call.span);
    match &ty {
        SqlType::Null => Ok(e),
        SqlType::Decimal { precision, scale } => {
            // 0.3 is a DECIMAL(1, 1), which 1 is none of: there has to be a digit before the point.
            let scale = (*scale).min(DECIMAL_PRECISION_MAX - 1);
            let ty = SqlType::Decimal { precision: (*precision).max(scale + 1), scale };
            Ok(kernel_call("sign_dec", vec![e, int(i32::from(scale))], ty, at))
        }
        ty if is_unsigned(ty) => {
            let zero = b.coerce(int(0), ty, call.span)?;
            let one = b.coerce(int(1), ty, call.span)?;
            let is_zero = b.equals(e.clone(), zero.clone(), call.span)?;
            // NULL is neither: MIN(e, 1) keeps it.
            let capped = kernel_call(&format!("min_{}", kind_name(ty)), vec![e, one], ty.clone(), at);
            Ok(crate::expr::case(vec![(is_zero, zero)], capped, at))
        }
        _ => Ok(kernel_call(&format!("sign_{}", kind_name(&ty)), vec![e], ty.clone(), at)),
    }
}

/// MOD
fn modulo(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    b.arithmetic(Arithmetic::Rem, call.args[0].expr.clone(), call.args[1].expr.clone(), call.span)
}

/// DIV_NULL
fn div_null(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    b.arithmetic(Arithmetic::DivNull, call.args[0].expr.clone(), call.args[1].expr.clone(), call.span)
}

/// FLOOR
fn floor(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    whole(b, call, "floor")
}

/// CEIL
fn ceil(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    whole(b, call, "ceil")
}

fn whole(b: &mut Binder<'_>, call: &Call, name: &str) -> Bound<Expr> {
    let e = number(b, call, &call.args[0])?;
    let ty = e.ty.sql.clone();
    let at = bind::position(call.span);
    match &ty {
        SqlType::Decimal { precision, scale } => {
            let result = SqlType::Decimal { precision: *precision, scale: 0 };
            let args = vec![e, int(i32::from(*scale)), int(i32::from(*precision))];
            Ok(kernel_call(&format!("{name}_dec"), args, result, at))
        }
        SqlType::Real | SqlType::Double => {
            Ok(kernel_call(&format!("{name}_{}", kind_name(&ty)), vec![e], ty.clone(), at))
        }
        _ => Ok(e),
    }
}

/// ROUND
fn round(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    places(b, call, "round")
}

/// TRUNC
fn trunc(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    places(b, call, "trunc")
}

/// BROUND: an integer counts as DECIMAL(38, 0).
fn bround(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    let mut call = call.clone();
    if is_integer(&call.args[0].expr.ty.sql) {
        let wide = SqlType::Decimal { precision: 38, scale: 0 };
        call.args[0].expr = b.coerce(call.args[0].expr.clone(), &wide, call.span)?;
    }
    if !matches!(call.args[0].expr.ty.sql, SqlType::Decimal { .. } | SqlType::Null) {
        let message = format!("BROUND takes a DECIMAL, but this is {}", call.args[0].expr.ty.sql);
        return Err(b.error(call.args[0].span, message));
    }
    places(b, &call, "bround")
}

fn places(b: &mut Binder<'_>, call: &Call, name: &str) -> Bound<Expr> {
    let e = number(b, call, &call.args[0])?;
    let n = match call.args.get(1) {
        Some(n) => b.coerce(n.expr.clone(), &SqlType::Integer, n.span)?,
        None => int(0),
    };
    let ty = e.ty.sql.clone();
    let at = bind::position(call.span);
    match &ty {
        SqlType::Null => Ok(e),
        SqlType::Decimal { precision, scale } => {
            let mut args = vec![e, n, int(i32::from(*precision)), int(i32::from(*scale))];
            if name == "trunc" {
                // Cutting cannot make a number longer.
                args.remove(2);
            }
            Ok(kernel_call(&format!("{name}_dec"), args, ty.clone(), at))
        }
        SqlType::Real | SqlType::Double => {
            Ok(kernel_call(&format!("{name}_{}", kind_name(&ty)), vec![e, n], ty.clone(), at))
        }
        _ => {
            b.warning(
                call.span,
                warning::WITHOUT_EFFECT,
                format!("{} leaves an integer as it is", call.name.to_uppercase()),
            );
            Ok(e)
        }
    }
}

/// PI
fn pi(_: &mut Binder<'_>, _: &Call) -> Bound<Expr> {
    Ok(Expr::literal(Value::F64(std::f64::consts::PI), ColumnType::not_null(SqlType::Double)))
}
