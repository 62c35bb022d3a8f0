//! Constant folding: kernels are called natively, through the registry.

use weir_circuit::{Expr, ExprOp};
use weir_functions::{Arena, find};
use weir_row::Value;

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
        ExprOp::Call { kernel, .. } => find(kernel).is_none_or(|k| k.fallible),
        _ => false,
    };
    here || e.children().into_iter().any(may_fail)
}
