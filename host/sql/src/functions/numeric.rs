//! Functions of numbers whose result depends on the type, and parts of dates.

use crate::bind::{self, Argument, Arithmetic, Binder, Bound, Call, Unit, is_integer, is_number, is_text};
use crate::expr::{call as kernel_call, int, null};
use weir_circuit::Expr;
use weir_row::{ColumnType, Kind, SqlType, Value};

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
pub(super) fn abs(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    let interval = matches!(call.args[0].expr.ty.sql, SqlType::IntervalMonths | SqlType::IntervalMicros);
    let e = if interval { call.args[0].expr.clone() } else { number(b, call, &call.args[0])? };
    let ty = e.ty.sql.clone();
    if is_unsigned(&ty) || ty == SqlType::Null {
        return Ok(e);
    }
    Ok(kernel_call(&format!("abs_{}", kind_name(&ty)), vec![e], ty, bind::position(call.span)))
}

/// SIGN
pub(super) fn sign(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    let e = number(b, call, &call.args[0])?;
    let ty = e.ty.sql.clone();
    let at = bind::position(call.span);
    match &ty {
        SqlType::Null => Ok(e),
        SqlType::Decimal { scale, .. } => Ok(kernel_call("sign_dec", vec![e, int(i32::from(*scale))], ty, at)),
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
pub(super) fn modulo(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    b.arithmetic(Arithmetic::Rem, call.args[0].expr.clone(), call.args[1].expr.clone(), call.span)
}

/// DIV_NULL
pub(super) fn div_null(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    b.arithmetic(Arithmetic::DivNull, call.args[0].expr.clone(), call.args[1].expr.clone(), call.span)
}

/// FLOOR
pub(super) fn floor(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    whole(b, call, "floor")
}

/// CEIL
pub(super) fn ceil(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
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
pub(super) fn round(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    places(b, call, "round")
}

/// TRUNC
pub(super) fn trunc(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    places(b, call, "trunc")
}

/// BROUND: an integer counts as DECIMAL(38, 0).
pub(super) fn bround(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
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
            b.warning(call.span, format!("{} leaves an integer as it is", call.name.to_uppercase()));
            Ok(e)
        }
    }
}

/// PI
pub(super) fn pi(_: &mut Binder<'_>, _: &Call) -> Bound<Expr> {
    Ok(Expr::literal(Value::F64(std::f64::consts::PI), ColumnType::not_null(SqlType::Double)))
}

/// YEAR(x), MONTH(x), ..
pub(super) fn part(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    match Unit::of(&call.name) {
        Some(unit) => b.extract(unit, call.args[0].expr.clone(), call.span),
        None => Ok(null(SqlType::BigInt)),
    }
}

/// DATE_ADD
pub(super) fn date_add(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    date_moved(b, call, "add")
}

/// DATE_SUB
pub(super) fn date_sub(b: &mut Binder<'_>, call: &Call) -> Bound<Expr> {
    date_moved(b, call, "sub")
}

fn date_moved(b: &mut Binder<'_>, call: &Call, name: &str) -> Bound<Expr> {
    let date = b.coerce(call.args[0].expr.clone(), &SqlType::Date, call.args[0].span)?;
    b.add_interval(name, date, call.args[1].expr.clone(), call.span)
}
