//! Comparisons, and what is made of them: BETWEEN, IN lists, IS DISTINCT FROM.

use super::common::{comparison_type, is_number};
use super::{Binder, Bound, position};
use crate::Span;
use crate::expr::{all, any, call, not, not_distinct, null};
use weir_circuit::{Expr, ExprOp};
use weir_row::{Kind, SqlType};

/// A comparison operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

impl Comparison {
    fn kernel(self) -> &'static str {
        match self {
            Comparison::Eq => "eq",
            Comparison::Ne => "ne",
            Comparison::Lt => "lt",
            Comparison::Le => "le",
            Comparison::Gt => "gt",
            Comparison::Ge => "ge",
        }
    }
}

impl Binder<'_> {
    /// Two expressions converted to the type in which they are compared.
    pub(crate) fn comparable(&mut self, a: Expr, b: Expr, at: Span) -> Bound<(Expr, Expr)> {
        let (ta, tb) = (a.ty.sql.clone(), b.ty.sql.clone());
        if ta == SqlType::Boolean && is_number(&tb) {
            let (b, a) = self.boolean_with_number(b, a, at)?;
            return Ok((a, b));
        }
        if tb == SqlType::Boolean && is_number(&ta) {
            return self.boolean_with_number(a, b, at);
        }
        let Some(common) = comparison_type(&ta, &tb) else {
            return Err(self.error(at, format!("{ta} and {tb} cannot be compared")));
        };
        Ok((self.coerce(a, &common, at)?, self.coerce(b, &common, at)?))
    }

    /// A numeric constant becomes BOOLEAN (0 is FALSE); beside a numeric expression the BOOLEAN becomes 1 or 0.
    fn boolean_with_number(&mut self, number: Expr, boolean: Expr, at: Span) -> Bound<(Expr, Expr)> {
        if matches!(number.op, ExprOp::Literal(_)) {
            return Ok((self.coerce(number, &SqlType::Boolean, at)?, boolean));
        }
        let ty = number.ty.sql.clone();
        Ok((number, self.coerce(boolean, &ty, at)?))
    }

    /// `a op b`.
    pub(super) fn compare(&mut self, op: Comparison, a: Expr, b: Expr, at: Span) -> Bound<Expr> {
        let (a, b) = self.comparable(a, b, at)?;
        if matches!(op, Comparison::Eq | Comparison::Ne) && matches!(a.ty.sql, SqlType::Row(_)) {
            let hint = "IS NOT DISTINCT FROM compares rows";
            return Err(self.error_hint(at, "rows cannot be compared by = and <>", hint));
        }
        let Some(kind) = a.ty.sql.kind() else { return Ok(null(SqlType::Boolean)) };
        Ok(call(&format!("{}_{}", op.kernel(), kind.name()), vec![a, b], SqlType::Boolean, position(at)))
    }

    /// `a = b`.
    pub(crate) fn equals(&mut self, a: Expr, b: Expr, at: Span) -> Bound<Expr> {
        self.compare(Comparison::Eq, a, b, at)
    }

    /// `a <=> b`.
    pub(super) fn not_distinct(&mut self, a: Expr, b: Expr, at: Span) -> Bound<Expr> {
        let (a, b) = self.comparable(a, b, at)?;
        if a.ty.sql == SqlType::Null {
            return Ok(crate::expr::boolean(true));
        }
        Ok(not_distinct(a, b, position(at)))
    }

    /// `e BETWEEN low AND high`.
    pub(crate) fn between(&mut self, e: Expr, low: Expr, high: Expr, at: Span) -> Bound<Expr> {
        let from = self.compare(Comparison::Ge, e.clone(), low, at)?;
        let to = self.compare(Comparison::Le, e, high, at)?;
        Ok(all(vec![from, to]))
    }

    /// `e IN (list)`: three-valued.
    pub(super) fn in_list(&mut self, e: Expr, list: Vec<(Expr, Span)>, negated: bool) -> Bound<Expr> {
        let mut alternatives = Vec::with_capacity(list.len());
        for (item, at) in list {
            alternatives.push(self.compare(Comparison::Eq, e.clone(), item, at)?);
        }
        let found = any(alternatives);
        Ok(if negated { not(found) } else { found })
    }

    /// GREATEST and LEAST: `kernel` is `max` or `min`. NULL if an argument is.
    pub(crate) fn extreme(&mut self, kernel: &str, args: Vec<(Expr, Span)>, at: Span) -> Bound<Expr> {
        let args = self.unify(args, "arguments")?;
        let Some(kind) = args[0].ty.sql.kind() else { return Ok(args[0].clone()) };
        Ok(fold_extreme(kernel, kind, args, at))
    }
}

fn fold_extreme(kernel: &str, kind: Kind, args: Vec<Expr>, at: Span) -> Expr {
    let name = format!("{kernel}_{}", kind.name());
    let mut args = args.into_iter();
    // There is at least one argument: the functions' table says so.
    let first = args.next().unwrap_or_else(|| null(SqlType::Null));
    args.fold(first, |a, b| {
        let ty = a.ty.sql.clone();
        call(&name, vec![a, b], ty, position(at))
    })
}
