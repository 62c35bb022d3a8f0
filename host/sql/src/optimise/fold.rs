//! Constant folding: kernels are called natively, through the registry.

use crate::bind::{as_decimal, integer};
use crate::expr::{is_now, reads_now};
use weir_circuit::interpret::value;
use weir_circuit::{Expr, ExprOp};
use weir_functions::{Arena, find};
use weir_row::{SqlType, Value};

/// The value of an expression without columns: `None` if it has columns or reads the time, an error's message if it fails at run time.
pub(crate) fn evaluate(e: &Expr) -> Option<Result<Value, String>> {
    let arena = Arena::new();
    let mut has_columns = false;
    e.visit_columns(&mut |_| has_columns = true);
    (!has_columns && !reads_now(e)).then(|| value(e, &[], &arena).map_err(|e| e.message))
}

/// Whether an expression can be a run-time error.
pub(crate) fn may_fail(e: &Expr) -> bool {
    fails_here(e) || e.children().into_iter().any(may_fail)
}

/// Whether an expression can be a run-time error, all of whose operands have values.
pub(crate) fn fails_here(e: &Expr) -> bool {
    match &e.op {
        ExprOp::Call { kernel, args } => {
            !is_now(e) && find(kernel).is_none_or(|k| k.fallible) && !always_fits(kernel, args, &e.ty.sql)
        }
        ExprOp::Lambda { body, .. } => may_fail(body),
        ExprOp::User { .. } => true,
        _ => false,
    }
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
