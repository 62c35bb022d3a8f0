//! Columns that no view needs: a table may ask connectors to leave them out.

use crate::diagnostic::STATEMENT;
use crate::plan::Plan;
use crate::{Diagnostic, Program, optimise};

/// Marks columns that no view needs. Where they are to be left out they must have a value all the same.
pub(crate) fn mark(source: &str, plan: &Plan, program: &mut Program) -> Result<(), Vec<Diagnostic>> {
    let mut errors = vec![];
    let read = optimise::read_columns(plan, program.tables.len());
    for (table, read) in program.tables.iter_mut().zip(read) {
        if table.materialized {
            // All of it can be read.
            continue;
        }
        for (i, column) in table.columns.iter_mut().enumerate() {
            column.unused = !read.contains(&i);
        }
        let skips = |p: &&crate::Property| p.key == "skip_unused_columns" && p.value.eq_ignore_ascii_case("true");
        let Some(property) = table.properties.iter().find(skips) else { continue };
        for c in table.columns.iter().filter(|c| c.unused && !c.ty.nullable && c.default.is_none()) {
            let message = format!("no view needs column '{}', but it cannot be left out: it is NOT NULL", c.name);
            let hint = "give it a DEFAULT, or leave NOT NULL out";
            errors.push(Diagnostic::error(source, property.key_position, STATEMENT, message).with_hint(hint));
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}
