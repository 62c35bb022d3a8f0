//! Constant folding and the laws of three-valued logic. What fails at run time is left to fail there.

use super::fold::evaluate;
use crate::expr::{BOOLEAN, all, boolean, conjuncts, is_null, is_true_literal, null};
use crate::plan::{AggregateCall, Plan, Rel, RelId};
use weir_circuit::{Expr, ExprOp};
use weir_row::{ColumnType, SqlType, Value};

/// The plan with all expressions simplified.
pub(super) fn simplified(plan: &Plan) -> Plan {
    let mut out = Plan::default();
    let mut new: Vec<RelId> = vec![];
    for (id, uses) in plan.uses().into_iter().enumerate() {
        if uses == 0 {
            // What was bound and then rewritten may make no sense by itself.
            new.push(RelId::MAX);
            continue;
        }
        let at_type = |e: &Expr| Expr { ty: e.ty.clone(), ..simplify(e) };
        let rel = match plan.rel(id) {
            Rel::Table { table } => out.table(*table, plan.columns(id).to_vec()),
            Rel::Values { rows } => out.values(rows.clone(), plan.columns(id).to_vec()),
            Rel::Filter { input, predicate } => {
                let predicate = simplify(predicate);
                if is_never_true(&predicate) {
                    out.values(vec![], plan.columns(id).to_vec())
                } else {
                    out.filter(new[*input], predicate)
                }
            }
            Rel::Project { input, exprs } => {
                let exprs: Vec<Expr> = exprs.iter().map(at_type).collect();
                match constant_rows(&out, new[*input], &exprs) {
                    Some(rows) => out.values(rows, exprs.into_iter().map(|e| e.ty).collect()),
                    None => out.project(new[*input], exprs),
                }
            }
            Rel::Join { left, right, kind, on } => {
                let on = on.iter().map(simplify).collect();
                out.join(new[*left], new[*right], *kind, on)
            }
            Rel::Aggregate { input, keys, calls, global } => {
                let keys = keys.iter().map(at_type).collect();
                let calls = calls.iter().map(|c| {
                    let argument = c.argument.as_ref().map(at_type);
                    AggregateCall { argument, ..c.clone().map_reads(&mut |e| at_type(e)) }
                });
                out.aggregate(new[*input], keys, calls.collect(), *global)
            }
            _ => out.rebuilt(plan, id, &|input| new[input], &at_type),
        };
        new.push(out.retyped(rel, plan.columns(id)));
    }
    out.roots = plan.moved_roots(&mut |rel| new[rel]);
    out
}

/// The rows of constants that a projection of constant rows yields.
fn constant_rows(plan: &Plan, input: RelId, exprs: &[Expr]) -> Option<Vec<Vec<Value>>> {
    let Rel::Values { rows } = plan.rel(input) else { return None };
    let of_row = |row: &Vec<Value>| {
        let value = |e: &Expr| {
            let columns = |i: usize| Expr::literal(row[i].clone(), plan.columns(input)[i].clone());
            evaluate(&crate::expr::substitute(e, &columns)).and_then(Result::ok)
        };
        exprs.iter().map(value).collect::<Option<Vec<Value>>>()
    };
    rows.iter().map(of_row).collect()
}

fn is_never_true(e: &Expr) -> bool {
    matches!(e.op, ExprOp::Literal(Value::Bool(false) | Value::Null))
}

fn is_null_literal(e: &Expr) -> bool {
    matches!(e.op, ExprOp::Literal(Value::Null))
}

/// The comparison that is TRUE where another is FALSE.
fn opposite(kernel: &str) -> Option<String> {
    let (operation, kind) = kernel.split_once('_')?;
    let other = match operation {
        "eq" => "ne",
        "ne" => "eq",
        "lt" => "ge",
        "le" => "gt",
        "gt" => "le",
        "ge" => "lt",
        _ => return None,
    };
    let opposite = format!("{other}_{kind}");
    weir_functions::find(&opposite).is_some().then_some(opposite)
}

/// An expression that means the same and costs no more. Its type may be narrower in nullability.
pub(super) fn simplify(e: &Expr) -> Expr {
    let mut e = e.clone();
    for child in e.children_mut() {
        let ty = child.ty.clone();
        *child = simplify(child);
        // Kinds of literals and columns are what they were; only nullability may be narrower now.
        child.ty.sql = ty.sql;
    }
    let at = e.at;
    let ty = e.ty.clone();
    match e.op {
        ExprOp::Column(_) | ExprOp::Literal(_) => e,
        ExprOp::Call { ref kernel, ref args } => {
            if args.iter().any(is_null_literal) {
                return Expr { at, ..null(ty.sql) };
            }
            if args.iter().all(|a| matches!(a.op, ExprOp::Literal(_)))
                && let Some(Ok(value)) = evaluate(&e)
            {
                let nullable = value.is_null();
                return Expr { at, ..Expr::literal(value, ColumnType { sql: ty.sql, nullable }) };
            }
            if kernel == "not_bool"
                && let ExprOp::Call { kernel: inner, args: operands } = &args[0].op
            {
                if inner == "not_bool" {
                    return operands[0].clone();
                }
                if let Some(opposite) = opposite(inner) {
                    let op = ExprOp::Call { kernel: opposite, args: operands.clone() };
                    return Expr { op, ty: args[0].ty.clone(), at: args[0].at };
                }
            }
            let own = weir_functions::find(kernel).is_none_or(|k| k.nullable);
            let nullable = own || args.iter().any(|a| a.ty.nullable);
            Expr { ty: ColumnType { sql: ty.sql, nullable: nullable && ty.nullable }, ..e }
        }
        ExprOp::And(operands) => connective(operands, false, at),
        ExprOp::Or(operands) => connective(operands, true, at),
        ExprOp::IsNull(operand) => match &operand.op {
            ExprOp::Literal(v) => boolean(v.is_null()),
            _ if !operand.ty.nullable => boolean(false),
            _ => Expr { op: ExprOp::IsNull(operand), ty, at },
        },
        ExprOp::NotDistinct(a, b) => match (is_null_literal(&a), is_null_literal(&b)) {
            (true, _) => is_null(*b),
            (_, true) => is_null(*a),
            _ => match a.ty.sql.kind() {
                Some(kind) if !a.ty.nullable && !b.ty.nullable => {
                    simplify_call(crate::expr::call(&format!("eq_{}", kind.name()), vec![*a, *b], SqlType::Boolean, at))
                }
                _ => Expr { op: ExprOp::NotDistinct(a, b), ty, at },
            },
        },
        ExprOp::Case { branches, otherwise } => {
            let mut otherwise = *otherwise;
            let mut kept = vec![];
            for (condition, value) in branches {
                if is_true_literal(&condition) {
                    otherwise = value;
                    break;
                }
                if !is_never_true(&condition) {
                    kept.push((condition, value));
                }
            }
            if kept.is_empty() {
                return otherwise;
            }
            crate::expr::case(kept, otherwise, at)
        }
        ExprOp::Coalesce(operands) => {
            let operands: Vec<Expr> = operands.into_iter().filter(|o| !is_null_literal(o)).collect();
            if operands.is_empty() { null(ty.sql) } else { crate::expr::coalesce(operands, at) }
        }
        ExprOp::Sequence(ref operands) if operands.iter().all(|o| matches!(o.op, ExprOp::Literal(_))) => {
            simplify_call(e)
        }
        ExprOp::Lambda { ref over, .. } if matches!(over.op, ExprOp::Literal(_)) => simplify_call(e),
        ExprOp::Sequence(_) | ExprOp::Lambda { .. } | ExprOp::User { .. } => e,
    }
}

/// A call whose arguments are simple already.
fn simplify_call(e: Expr) -> Expr {
    match evaluate(&e) {
        Some(Ok(value)) => {
            let nullable = value.is_null();
            Expr { at: e.at, ..Expr::literal(value, ColumnType { sql: e.ty.sql, nullable }) }
        }
        _ => e,
    }
}

/// What all operands of a disjunction have in common, and what is left of each: it may be the key of a join.
fn common(operands: &[Expr]) -> Option<(Vec<Expr>, Vec<Expr>)> {
    let parts: Vec<Vec<Expr>> = operands.iter().map(|o| conjuncts(o.clone())).collect();
    let (first, others) = parts.split_first().filter(|(_, others)| !others.is_empty())?;
    let everywhere = |e: &&Expr| others.iter().all(|o| o.iter().any(|x| x.same(e)));
    let common: Vec<Expr> = first.iter().filter(everywhere).cloned().collect();
    let left = |part: &Vec<Expr>| all(part.iter().filter(|e| !common.iter().any(|c| c.same(e))).cloned().collect());
    let rest = parts.iter().map(left).collect();
    (!common.is_empty()).then_some((common, rest))
}

/// AND (`decisive` is FALSE) or OR (`decisive` is TRUE) of simple operands.
fn connective(operands: Vec<Expr>, decisive: bool, at: weir_circuit::Position) -> Expr {
    let mut kept: Vec<Expr> = vec![];
    for operand in operands {
        let inner = match operand.op {
            ExprOp::And(inner) if !decisive => inner,
            ExprOp::Or(inner) if decisive => inner,
            _ => vec![operand],
        };
        for e in inner {
            match e.op {
                ExprOp::Literal(Value::Bool(b)) if b == decisive => return boolean(decisive),
                ExprOp::Literal(Value::Bool(_)) => {}
                _ if kept.iter().any(|k| k.same(&e)) => {}
                _ => kept.push(e),
            }
        }
    }
    if decisive && let Some((common, rest)) = common(&kept) {
        let mut factors = common;
        factors.push(connective(rest, true, at));
        return connective(factors, false, at);
    }
    match kept.len() {
        0 => boolean(!decisive),
        1 => kept.remove(0),
        _ => {
            let nullable = kept.iter().any(|e| e.ty.nullable);
            let op = if decisive { ExprOp::Or(kept) } else { ExprOp::And(kept) };
            Expr { op, ty: ColumnType { nullable, ..BOOLEAN }, at }
        }
    }
}
