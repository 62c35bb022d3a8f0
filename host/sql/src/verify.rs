//! The last look at a circuit: every call is of a kernel that exists, with arguments of its kinds. A call of one that does not exist is a
//! function that is not built for these types yet; one of other kinds would be a fault of the binder.

use crate::diagnostic::UNSUPPORTED;
use crate::{Diagnostic, LineCol, Span};
use weir_circuit::{Aggregate, Circuit, Expr, ExprOp, FrameFunction, Op};

/// Calls that cannot be made.
pub(crate) fn unknown_kernels(source: &str, circuit: &Circuit) -> Vec<Diagnostic> {
    let mut found = vec![];
    for node in &circuit.nodes {
        expressions(&node.op, &mut |e| {
            expression(source, e, &mut found);
            user_calls(circuit, e);
        });
    }
    found.sort_by_key(|d: &Diagnostic| d.offset);
    found.dedup();
    found
}

fn expression(source: &str, e: &Expr, found: &mut Vec<Diagnostic>) {
    if let ExprOp::Call { kernel, args } = &e.op {
        match weir_functions::find(kernel) {
            None => {
                let at = LineCol { line: e.at.line.max(1), column: e.at.column.max(1) };
                let types: Vec<String> = args.iter().map(|a| a.ty.sql.to_string()).collect();
                let message = format!("{} of ({}) is not supported yet", kernel.replace('_', " "), types.join(", "));
                found.push(Diagnostic::error(source, Span { start: at, end: at }, UNSUPPORTED, message));
            }
            Some(k) => {
                let kinds = args.iter().map(|a| a.ty.sql.kind());
                assert!(
                    kinds.eq(k.params.iter().map(|p| Some(*p))) && e.ty.sql.kind() == Some(k.result),
                    "the front end calls {kernel} with other types: {e} :: {}",
                    e.ty
                );
            }
        }
    }
    if let ExprOp::Lambda { body, .. } = &e.op {
        expression(source, body, found);
    }
    for child in e.children() {
        expression(source, child, found);
    }
}

/// Asserts that calls of functions in Rust have arguments of their parameters' kinds.
fn user_calls(circuit: &Circuit, e: &Expr) {
    if let ExprOp::User { function, args } = &e.op {
        let function = &circuit.functions[*function];
        let kinds = args.iter().map(|a| a.ty.sql.kind());
        let wanted = function.params.iter().map(|(_, ty)| ty.sql.kind());
        assert!(
            kinds.eq(wanted) && e.ty.sql.kind() == function.result.sql.kind() && !function.aggregate,
            "the front end calls {} with other types: {e} :: {}",
            function.name,
            e.ty
        );
    }
    if let ExprOp::Lambda { body, .. } = &e.op {
        user_calls(circuit, body);
    }
    e.children().into_iter().for_each(|child| user_calls(circuit, child));
}

/// Calls `f` with every expression of an operator.
fn expressions(op: &Op, f: &mut dyn FnMut(&Expr)) {
    match op {
        Op::Rank { project, .. } | Op::Session { project, .. } => project.iter().for_each(f),
        Op::Late { columns, .. } => columns.iter().map(|c| &c.waterline).for_each(f),
        Op::Map { filter, project, .. } | Op::Join { filter, project, .. } => {
            filter.iter().chain(project).for_each(f);
        }
        Op::Index { filter, key, value, .. } => filter.iter().chain(key).chain(value).for_each(f),
        Op::SemiJoin { condition, project, .. } => condition.iter().chain(project).for_each(f),
        Op::Aggregate { parts, filter, project, .. } => {
            for a in parts.iter().flat_map(|p| &p.aggregates) {
                a.reads().for_each(&mut *f);
            }
            filter.iter().chain(project).for_each(f);
        }
        Op::Window { sums, frames, project, .. } => {
            for frame in frames {
                frame.values().flat_map(|(of_row, back)| of_row.iter().chain(back)).for_each(&mut *f);
                for function in &frame.functions {
                    if let FrameFunction::Fold { aggregate, .. } = function {
                        aggregate.reads().for_each(&mut *f);
                    }
                }
            }
            sums.iter().flat_map(Aggregate::reads).chain(project).for_each(f);
        }
        Op::Table { .. }
        | Op::Constant { .. }
        | Op::Distinct { .. }
        | Op::Union { .. }
        | Op::Negate { .. }
        | Op::Unnest { .. }
        | Op::Import { .. }
        | Op::Variable { .. }
        | Op::Recursion { .. }
        | Op::Export { .. }
        | Op::Now
        | Op::Within { .. }
        | Op::Dropped { .. }
        | Op::Waterline { .. }
        | Op::Least { .. }
        | Op::Retain { .. }
        | Op::Output { .. } => {}
    }
}
