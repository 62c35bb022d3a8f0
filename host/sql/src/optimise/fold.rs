//! Constant folding: kernels are called natively, through the registry.

use crate::bind::{as_decimal, integer};
use weir_circuit::{Expr, ExprOp};
use weir_functions::{Arena, find};
use weir_row::{SqlType, Value};

/// The value of an expression without columns: `None` if it has columns, an error's message if it fails at run time.
pub(crate) fn evaluate(e: &Expr) -> Option<Result<Value, String>> {
    let arena = Arena::new();
    let mut has_columns = false;
    e.visit_columns(&mut |_| has_columns = true);
    (!has_columns).then(|| value(e, &arena))
}

fn value(e: &Expr, arena: &Arena) -> Result<Value, String> {
    Ok(match &e.op {
        ExprOp::Column(_) => Value::Null,
        ExprOp::Literal(v) => v.clone(),
        ExprOp::Call { kernel, args } => {
            let args = args.iter().map(|a| value(a, arena)).collect::<Result<Vec<_>, _>>()?;
            if args.iter().any(Value::is_null) {
                return Ok(Value::Null);
            }
            let kernel = find(kernel).ok_or_else(|| format!("there is no kernel {kernel}"))?;
            (kernel.call)(arena, &args).map_err(|e| e.to_string())?
        }
        ExprOp::And(es) => connective(es, arena, false)?,
        ExprOp::Or(es) => connective(es, arena, true)?,
        ExprOp::IsNull(e) => Value::Bool(value(e, arena)?.is_null()),
        ExprOp::NotDistinct(a, b) => Value::Bool(value(a, arena)? == value(b, arena)?),
        ExprOp::Case { branches, otherwise } => {
            for (condition, v) in branches {
                if value(condition, arena)? == Value::Bool(true) {
                    return value(v, arena);
                }
            }
            value(otherwise, arena)?
        }
        ExprOp::Coalesce(es) => {
            for e in es {
                let v = value(e, arena)?;
                if !v.is_null() {
                    return Ok(v);
                }
            }
            Value::Null
        }
    })
}

/// AND (`decisive` FALSE) or OR (`decisive` TRUE).
fn connective(es: &[Expr], arena: &Arena, decisive: bool) -> Result<Value, String> {
    let mut unknown = false;
    for e in es {
        match value(e, arena)? {
            Value::Bool(b) if b == decisive => return Ok(Value::Bool(decisive)),
            Value::Null => unknown = true,
            _ => {}
        }
    }
    Ok(if unknown { Value::Null } else { Value::Bool(!decisive) })
}

/// Whether an expression can be a run-time error.
pub(crate) fn may_fail(e: &Expr) -> bool {
    let here = match &e.op {
        ExprOp::Call { kernel, args } => {
            find(kernel).is_none_or(|k| k.fallible) && !always_fits(kernel, args, &e.ty.sql)
        }
        _ => false,
    };
    here || e.children().into_iter().any(may_fail)
}

/// Whether a conversion, which fails in general, goes to a type that holds all values of the argument's.
fn always_fits(kernel: &str, args: &[Expr], to: &SqlType) -> bool {
    if !kernel.starts_with("cast_") && kernel != "dec_rescale" {
        return false;
    }
    let Some(from) = args.first().map(|a| &a.ty.sql) else { return false };
    if let (Some((bits, signed)), Some((to_bits, to_signed))) = (integer(from), integer(to)) {
        return to_bits > bits && (to_signed || !signed) || to_bits == bits && to_signed == signed;
    }
    match (as_decimal(from), to) {
        (Some((p, s)), SqlType::Decimal { precision, scale }) => *scale >= s && precision - scale >= p - s,
        _ => false,
    }
}
