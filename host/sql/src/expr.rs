//! Making and taking apart expressions: what binder, optimiser and lowering all need.

use weir_circuit::{Expr, ExprOp, Position};
use weir_functions::find;
use weir_row::{ColumnType, SqlType, Value};

/// What the time of the step is called until it is a relation's column: no kernel.
pub(crate) const NOW: &str = "now";

/// Whether it is a call of NOW.
pub(crate) fn is_now(e: &Expr) -> bool {
    matches!(&e.op, ExprOp::Call { kernel, .. } if kernel == NOW)
}

/// Whether an expression reads the time.
pub(crate) fn reads_now(e: &Expr) -> bool {
    is_now(e)
        || e.children().into_iter().any(reads_now)
        || matches!(&e.op, ExprOp::Lambda { body, .. } if reads_now(body))
}

/// What the metadata of a record are called until they are the column of a default: no kernel.
pub(crate) const METADATA: &str = "connector_metadata";

/// An expression with the metadata as its only column; whether it had them.
pub(crate) fn metadata_as_column(e: &mut Expr) -> bool {
    if matches!(&e.op, ExprOp::Call { kernel, .. } if kernel == METADATA) {
        e.op = ExprOp::Column(0);
        return true;
    }
    e.children_mut().into_iter().fold(false, |any, child| metadata_as_column(child) | any)
}

/// Whether an expression can be evaluated where there is no component: it calls nothing but kernels.
pub(crate) fn is_of_kernels(e: &Expr) -> bool {
    let here = match &e.op {
        ExprOp::User { .. } => false,
        ExprOp::Call { kernel, .. } => find(kernel).is_some(),
        ExprOp::Lambda { body, .. } => is_of_kernels(body),
        _ => true,
    };
    here && e.children().into_iter().all(is_of_kernels)
}

/// BOOLEAN NOT NULL
pub(crate) const BOOLEAN: ColumnType = ColumnType::not_null(SqlType::Boolean);

/// A strict call of a kernel: nullable if an argument is, or if the kernel says so. The kernel must exist: the functions'
/// table is tested against the registry.
pub(crate) fn call(kernel: &str, args: Vec<Expr>, sql: SqlType, at: Position) -> Expr {
    let nullable = args.iter().any(|a| a.ty.nullable) || find(kernel).is_some_and(|k| k.nullable);
    Expr { op: ExprOp::Call { kernel: kernel.to_string(), args }, ty: ColumnType { sql, nullable }, at }
}

/// An INTEGER constant, as kernels take scales, precisions and units.
pub(crate) fn int(x: i32) -> Expr {
    Expr::literal(Value::I32(x), ColumnType::not_null(SqlType::Integer))
}

/// A BIGINT constant.
pub(crate) fn bigint(x: i64) -> Expr {
    Expr::literal(Value::I64(x), ColumnType::not_null(SqlType::BigInt))
}

/// A VARCHAR constant.
pub(crate) fn text(s: &str) -> Expr {
    Expr::literal(Value::text(s), ColumnType::not_null(SqlType::Varchar(None)))
}

/// A BOOLEAN constant.
pub(crate) fn boolean(b: bool) -> Expr {
    Expr::literal(Value::Bool(b), BOOLEAN)
}

/// NULL of a type.
pub(crate) fn null(sql: SqlType) -> Expr {
    Expr::literal(Value::Null, ColumnType::nullable(sql))
}

/// Three-valued AND; operands that are ANDs themselves are spread out, and TRUE is left out.
pub(crate) fn all(exprs: Vec<Expr>) -> Expr {
    let mut operands: Vec<Expr> = exprs.into_iter().flat_map(conjuncts).filter(|e| !is_true_literal(e)).collect();
    match operands.len() {
        0 => boolean(true),
        1 => operands.remove(0),
        _ => {
            let nullable = operands.iter().any(|e| e.ty.nullable);
            let at = operands[0].at;
            Expr { op: ExprOp::And(operands), ty: ColumnType { sql: SqlType::Boolean, nullable }, at }
        }
    }
}

/// Three-valued OR.
pub(crate) fn any(exprs: Vec<Expr>) -> Expr {
    let mut operands = Vec::with_capacity(exprs.len());
    for e in exprs {
        match e.op {
            ExprOp::Or(inner) => operands.extend(inner),
            _ => operands.push(e),
        }
    }
    match operands.len() {
        0 => boolean(false),
        1 => operands.remove(0),
        _ => {
            let nullable = operands.iter().any(|e| e.ty.nullable);
            let at = operands[0].at;
            Expr { op: ExprOp::Or(operands), ty: ColumnType { sql: SqlType::Boolean, nullable }, at }
        }
    }
}

/// NOT.
pub(crate) fn not(e: Expr) -> Expr {
    let at = e.at;
    call("not_bool", vec![e], SqlType::Boolean, at)
}

/// Whether an expression is NULL; constantly so if it has no other values, or none of its values can be.
pub(crate) fn is_null(e: Expr) -> Expr {
    if e.ty.sql == SqlType::Null {
        return boolean(true);
    }
    if !e.ty.nullable {
        return boolean(false);
    }
    let at = e.at;
    Expr { op: ExprOp::IsNull(Box::new(e)), ty: BOOLEAN, at }
}

/// Whether an expression is not NULL.
pub(crate) fn is_not_null(e: Expr) -> Expr {
    if !e.ty.nullable {
        return boolean(true);
    }
    not(is_null(e))
}

/// The first that is not NULL.
pub(crate) fn coalesce(mut exprs: Vec<Expr>, at: Position) -> Expr {
    // What comes after one that cannot be NULL is never looked at.
    if let Some(last) = exprs.iter().position(|e| !e.ty.nullable) {
        exprs.truncate(last + 1);
    }
    if exprs.len() == 1 {
        return exprs.remove(0);
    }
    let nullable = exprs.iter().all(|e| e.ty.nullable);
    let ty = ColumnType { sql: exprs[0].ty.sql.clone(), nullable };
    Expr { op: ExprOp::Coalesce(exprs), ty, at }
}

/// The first branch whose condition is TRUE. Branches are of one type, bar nullability.
pub(crate) fn case(branches: Vec<(Expr, Expr)>, otherwise: Expr, at: Position) -> Expr {
    let nullable = otherwise.ty.nullable || branches.iter().any(|(_, v)| v.ty.nullable);
    let ty = ColumnType { sql: otherwise.ty.sql.clone(), nullable };
    Expr { op: ExprOp::Case { branches, otherwise: Box::new(otherwise) }, ty, at }
}

/// NULL-safe equality of two expressions of one type.
pub(crate) fn not_distinct(a: Expr, b: Expr, at: Position) -> Expr {
    Expr { op: ExprOp::NotDistinct(Box::new(a), Box::new(b)), ty: BOOLEAN, at }
}

/// The operands of an AND, or the expression itself.
pub(crate) fn conjuncts(e: Expr) -> Vec<Expr> {
    match e.op {
        ExprOp::And(operands) => operands.into_iter().flat_map(conjuncts).collect(),
        _ => vec![e],
    }
}

/// Whether it is the constant TRUE.
pub(crate) fn is_true_literal(e: &Expr) -> bool {
    matches!(e.op, ExprOp::Literal(Value::Bool(true)))
}

/// The greatest column that is read, plus one; 0 if none is.
pub(crate) fn columns_end(e: &Expr) -> usize {
    let mut end = 0;
    e.visit_columns(&mut |i| end = end.max(i + 1));
    end
}

/// Number of nodes, as a measure of cost.
pub(crate) fn size(e: &Expr) -> usize {
    1 + e.children().into_iter().map(size).sum::<usize>()
}

/// Replaces every column by an expression, which may be narrower in nullability than the column was.
pub(crate) fn substitute(e: &Expr, column: &impl Fn(usize) -> Expr) -> Expr {
    if let ExprOp::Column(i) = e.op {
        let mut replaced = column(i);
        // A column may be read at a wider type than it has.
        if replaced.ty.sql != e.ty.sql || e.ty.nullable {
            replaced.ty = ColumnType { sql: e.ty.sql.clone(), nullable: replaced.ty.nullable || e.ty.nullable };
        }
        return replaced;
    }
    let mut out = e.clone();
    for child in out.children_mut() {
        *child = substitute(child, column);
    }
    out
}

/// Replaces columns by expressions, which may be wider in nullability than the columns were; `None`: the column stays.
pub(crate) fn replaced(e: &Expr, column: &dyn Fn(usize) -> Option<Expr>) -> Expr {
    if let ExprOp::Column(i) = e.op {
        return column(i).map_or_else(
            || e.clone(),
            |new| {
                let nullable = new.ty.nullable || e.ty.nullable;
                Expr { ty: ColumnType { sql: e.ty.sql.clone(), nullable }, ..new }
            },
        );
    }
    let mut out = e.clone();
    let mut widened = false;
    for child in out.children_mut() {
        let new = replaced(child, column);
        widened |= new.ty.nullable && !child.ty.nullable;
        *child = new;
    }
    if widened && !matches!(out.op, ExprOp::IsNull(_) | ExprOp::NotDistinct(..)) {
        out.ty.nullable = true;
    }
    out
}

/// Moves every column by an offset.
pub(crate) fn shifted(e: &Expr, offset: usize) -> Expr {
    let mut e = e.clone();
    e.map_columns(&mut |i| i + offset);
    e
}
