//! A plan as text: for hash-consing, snapshots and people.

use super::{AggregateCall, JoinKind, Plan, Rel};
use std::fmt::{self, Display, Write};
use weir_circuit::Expr;
use weir_row::ColumnType;

/// One relation with everything that tells it from others.
pub(super) fn describe(rel: &Rel) -> String {
    match rel {
        Rel::Table { table } => format!("table {table}"),
        Rel::Values { rows } => format!("values {rows:?}"),
        Rel::Filter { input, predicate } => format!("filter {input} where {predicate}"),
        Rel::Project { input, exprs } => format!("project {input} [{}]", exprs_text(exprs)),
        Rel::Join { left, right, kind, on } => {
            let kind = match kind {
                JoinKind::Inner => "join",
                JoinKind::Left => "left join",
                JoinKind::Full => "full join",
                JoinKind::Semi => "semi join",
                JoinKind::Anti => "anti join",
            };
            format!("{kind} {left} {right} on [{}]", exprs_text(on))
        }
        Rel::Aggregate { input, keys, calls, global } => {
            let calls: Vec<String> = calls.iter().map(call).collect();
            let global = if *global { " global" } else { "" };
            format!("aggregate {input} by [{}] [{}]{global}", exprs_text(keys), calls.join(", "))
        }
        Rel::Distinct { input, all: false } => format!("distinct {input}"),
        Rel::Distinct { input, all: true } => format!("positive {input}"),
        Rel::Negate { input } => format!("negate {input}"),
        Rel::Union { inputs } => format!("union {inputs:?}"),
        Rel::Rank { input, keys, order, ranking, numbered, above, upto } => format!(
            "rank {input} by [{}] order [{}] {ranking:?} {above} {upto:?} {numbered}",
            exprs_text(keys),
            exprs_text(order)
        ),
        Rel::Window { input, window } => {
            let frame = |f: &super::Frame| {
                let calls: Vec<String> = f.calls.iter().map(call).collect();
                format!("({:?} {} to {}: {})", f.unit, f.start, f.end, calls.join(", "))
            };
            let frames: Vec<String> = window.frames.iter().map(frame).collect();
            let (keys, order) = (exprs_text(&window.keys), exprs_text(&window.order));
            format!("window {input} by [{keys}] order [{order}] {}", frames.join(" "))
        }
        Rel::Unnest { input } => format!("unnest {input}"),
        Rel::Variable { variable } => format!("variable {variable}"),
        Rel::Recursion { variables, bodies, index, name, at: _ } => {
            format!("recursion {name} of {variables:?} {bodies:?} {index}")
        }
        Rel::Now => "now".to_string(),
        Rel::Within { input, time, bounds } => {
            let bound = |bound: &Option<(Expr, bool)>, signs: [&str; 2]| {
                bound
                    .as_ref()
                    .map_or_else(String::new, |(e, inclusive)| format!(" {} {e}", signs[usize::from(*inclusive)]))
            };
            format!("within {input} {time}{}{}", bound(&bounds.lower, [">", ">="]), bound(&bounds.upper, ["<", "<="]))
        }
        Rel::Session { input, keys, time, gap } => {
            format!("session {input} by [{}] {time} gap {gap}", exprs_text(keys))
        }
        Rel::Late { input, columns, .. } => {
            let columns: Vec<String> = columns.iter().map(|c| format!("#{} from {}", c.column, c.waterline)).collect();
            format!("late {input} [{}]", columns.join(", "))
        }
        Rel::Dropped { late } => format!("dropped {late}"),
    }
}

fn call(call: &AggregateCall) -> String {
    let name = format!("{:?}", call.kind).to_lowercase();
    let distinct = if call.distinct { "distinct " } else { "" };
    let argument = call.argument.as_ref().map_or_else(|| "*".to_string(), typed);
    let within = if call.within.is_empty() { String::new() } else { format!(" within {}", exprs_text(&call.within)) };
    format!("{name}({distinct}{argument} of {}{within} :: {})", exprs_text(&call.inputs), call.ty)
}

/// The text of an expression alone does not tell the type of a cast that only changes a type's name.
fn typed(e: &Expr) -> String {
    e.to_string()
}

fn exprs_text(exprs: &[Expr]) -> String {
    exprs.iter().map(typed).collect::<Vec<_>>().join(", ")
}

/// Column types, as a list.
pub(super) fn types(columns: &[ColumnType]) -> String {
    columns.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

impl Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let uses = self.uses();
        let mut out = String::new();
        for (id, used) in uses.iter().enumerate() {
            if *used > 0 {
                let _ = writeln!(out, "{id}: {} :: ({})", describe(&self.rels[id]), types(&self.columns[id]));
            }
        }
        for root in &self.roots {
            let _ = writeln!(out, "view {} = {}", root.view, root.rel);
        }
        f.write_str(&out)
    }
}
