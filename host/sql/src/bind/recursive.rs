//! Recursive views: DECLARE RECURSIVE VIEW, and WITH RECURSIVE.

use super::{Binder, Bound, COLUMNS_MAX, Declared, OutputColumn, Reported, common_type, is_text, position};
use crate::diagnostic::LIMIT;
use crate::diagnostic::warning;
use crate::expr::null;
use crate::parse::{CreateView, DeclareRecursive, fold, span};
use crate::plan::{Definition, Rel, RelId, resolved};
use crate::{Severity, Span};
use sqlparser::ast::{Cte, Query, SetExpr, SetOperator, SetQuantifier, Spanned};
use std::collections::{HashMap, HashSet};
use weir_circuit::Expr;
use weir_row::SqlType;

/// Recursive views of a program at most, those of WITH RECURSIVE included: which of them depend on which is looked at for each.
const RECURSIVE_MAX: usize = 1_000;

/// A recursive view, which everyone reads as a variable of its number.
pub(crate) struct Recursive {
    name: String,
    at: Span,
    columns: Vec<OutputColumn>,
    variable: RelId,
    /// Whether it is declared by a statement of its own.
    declared: bool,
    body: Body,
}

enum Body {
    /// There is none so far.
    Open,
    /// It has errors.
    Wrong,
    /// A relation of distinct rows, with the declared types.
    Known(RelId),
}

impl Binder<'_> {
    /// Declares a recursive view, whose query is to follow.
    pub(super) fn declare_recursive(&mut self, declared: &DeclareRecursive) {
        let name = fold(&declared.name);
        let at = span(declared.name.span);
        if let Some(Declared::Relation { .. }) = self.declared.get(&name) {
            let hint = "DECLARE RECURSIVE VIEW stands before CREATE VIEW, once";
            self.error_hint(at, format!("'{name}' is declared already"), hint);
            return;
        }
        if declared.columns.len() > COLUMNS_MAX {
            self.error(at, format!("a view has at most {COLUMNS_MAX} columns"));
            return;
        }
        let mut columns: Vec<OutputColumn> = vec![];
        let mut failed = self.declared.contains_key(&name);
        for c in &declared.columns {
            let column = fold(&c.name);
            if columns.iter().any(|other| other.name == column) {
                self.error(span(c.name.span), format!("column '{column}' is declared twice"));
                failed = true;
            }
            match self.sql_type(&c.ty, c.span) {
                Ok(sql) => columns.push(OutputColumn {
                    name: column,
                    case_sensitive: c.name.quote_style.is_some(),
                    ty: weir_row::ColumnType { sql, nullable: !c.not_null },
                    span: span(c.name.span),
                }),
                Err(Reported) => failed = true,
            }
        }
        let variable = if failed { Err(Reported) } else { self.variable(&name, at, &columns, true) };
        let declaration = match variable {
            Ok(number) => Declared::Relation { rel: self.recursive[number].variable, columns, table: None },
            Err(Reported) => Declared::Poisoned,
        };
        self.declare(&declared.name, name, declaration);
    }

    /// A variable that stands for a view from now on; its number.
    fn variable(&mut self, name: &str, at: Span, columns: &[OutputColumn], declared: bool) -> Bound<usize> {
        let number = self.recursive.len();
        if number >= RECURSIVE_MAX {
            let message = format!("a program has at most {RECURSIVE_MAX} recursive views");
            return Err(self.report(at, LIMIT, message, None));
        }
        let variable = self.plan.variable(number, columns.iter().map(|c| c.ty.clone()).collect());
        let (name, columns) = (name.to_owned(), columns.to_vec());
        self.recursive.push(Recursive { name, at, columns, variable, declared, body: Body::Open });
        Ok(number)
    }

    /// The number of a recursive view that is declared and not defined yet.
    pub(super) fn undefined(&self, name: &str) -> Option<usize> {
        self.recursive.iter().position(|r| r.declared && r.name == name && matches!(r.body, Body::Open))
    }

    /// Notes that a recursive view's definition has errors.
    pub(super) fn wrong_definition(&mut self, number: usize) {
        self.recursive[number].body = Body::Wrong;
    }

    /// Defines a recursive view by what its query yields, which must be what was declared; what the view is from then on.
    pub(super) fn define(
        &mut self,
        number: usize,
        view: &CreateView,
        rel: RelId,
        columns: &[OutputColumn],
    ) -> Bound<(RelId, Vec<OutputColumn>)> {
        let (name, declared) = (self.recursive[number].name.clone(), self.recursive[number].columns.clone());
        let place = |at: Span| format!("line {}, column {}", at.start.line, at.start.column);
        if columns.len() != declared.len() {
            let message = format!(
                "view '{name}' has {} columns, but was declared with {} ({})",
                columns.len(),
                declared.len(),
                place(self.recursive[number].at)
            );
            return Err(self.error(span(view.name.span), message));
        }
        let mut exprs = vec![];
        let mut failed = false;
        for (i, (c, d)) in columns.iter().zip(&declared).enumerate() {
            let at = place(d.span);
            if c.name != d.name {
                let message = format!(
                    "column {} of view '{name}' is '{}' here, but declared as '{}' ({at})",
                    i + 1,
                    c.name,
                    d.name
                );
                self.error_hint(c.span, message, format!("name it by AS {}, or list names after the view's", d.name));
                failed = true;
            } else if !fits(&c.ty.sql, &d.ty.sql) {
                let message = format!(
                    "column '{}' of view '{name}' is {} here, but declared as {} ({at})",
                    c.name, c.ty.sql, d.ty.sql
                );
                self.error_hint(
                    c.span,
                    message,
                    format!("declare it as {}, or write CAST(.. AS {})", c.ty.sql, d.ty.sql),
                );
                failed = true;
            } else if c.ty.nullable && !d.ty.nullable {
                let message =
                    format!("column '{}' of view '{name}' may be NULL here, but is declared NOT NULL ({at})", c.name);
                self.error_hint(c.span, message, "leave NOT NULL out of the declaration");
                failed = true;
            }
            exprs.push(match c.ty.sql {
                SqlType::Null => Expr { ty: d.ty.clone(), ..null(d.ty.sql.clone()) },
                _ => Expr::column(i, d.ty.clone()),
            });
        }
        if failed {
            return Err(Reported);
        }
        // (Rows that are distinct already stay so under the declared types.)
        let rel = match *self.plan.rel(rel) {
            Rel::Distinct { input, all: false } => input,
            _ => rel,
        };
        let body = self.plan.project(rel, exprs);
        let body = self.plan.distinct(body);
        self.recursive[number].body = Body::Known(body);
        let columns = declared.iter().zip(columns).map(|(d, c)| OutputColumn { span: c.span, ..d.clone() });
        Ok((self.recursive[number].variable, columns.collect()))
    }

    /// One of the queries of WITH RECURSIVE.
    pub(super) fn recursive_cte(&mut self, cte: &Cte) {
        let name = fold(&cte.alias.name);
        let level = self.ctes.len();
        let bound = self.recursive_query(cte, &name);
        self.ctes.truncate(level);
        self.ctes.push(HashMap::from([(name, bound.unwrap_or(Declared::Poisoned))]));
    }

    fn recursive_query(&mut self, cte: &Cte, name: &str) -> Bound<Declared> {
        // Its own name stands for nothing at first: what reads it fails without a word.
        let level = self.ctes.len();
        self.ctes.push(HashMap::from([(name.to_owned(), Declared::Poisoned)]));
        let errors = self.errors();
        let Some((base, quantifier, step)) = parts(&cte.query) else {
            let Ok((rel, columns)) = self.query(&cte.query) else {
                let at = span(cte.alias.name.span);
                return Err(self.unless_said(
                    errors,
                    at,
                    format!("'{name}' refers to itself, but is no UNION of a base and a step"),
                ));
            };
            return Ok(Declared::Relation { rel, columns: self.renamed(columns, &cte.alias)?, table: None });
        };
        let Ok((base, columns)) = self.body(base) else {
            let message = format!("the first query of '{name}' refers to '{name}', which has no rows to begin with");
            return Err(self.unless_said(errors, span(cte.alias.name.span), message));
        };
        let mut columns = self.renamed(columns, &cte.alias)?;
        if let Some(c) = columns.iter().find(|c| c.ty.sql == SqlType::Null) {
            let message =
                format!("column '{}' of '{name}' is NULL in its first query, which says nothing of its type", c.name);
            return Err(self.error_hint(c.span, message, "write CAST(NULL AS ..) there"));
        }
        // A step may yield NULLs where the base has none: then the column is nullable, and the step is bound anew.
        loop {
            let number = self.variable(name, span(cte.alias.name.span), &columns, false)?;
            let variable = self.recursive[number].variable;
            // (Until it is known what it is, if it ever will be.)
            self.recursive[number].body = Body::Wrong;
            self.ctes.truncate(level);
            let declared = Declared::Relation { rel: variable, columns: columns.clone(), table: None };
            self.ctes.push(HashMap::from([(name.to_owned(), declared.clone())]));
            let at = span(step.span());
            let (rel, step_columns) = self.body(step)?;
            if !self.free(base).is_empty() || !self.free(rel).is_empty() {
                let message = format!("the recursive query '{name}' reads columns of a query around it");
                return Err(self.error_hint(
                    at,
                    message,
                    "select them in the recursive query, and join by them outside of it",
                ));
            }
            self.step_fits(name, &columns, &step_columns, at)?;
            let widened = columns.iter().zip(&step_columns).any(|(c, s)| s.ty.nullable && !c.ty.nullable);
            if widened {
                columns.iter_mut().zip(&step_columns).for_each(|(c, s)| c.ty.nullable |= s.ty.nullable);
                continue;
            }
            let both = [self.converted(base, &columns, at)?, self.converted(rel, &columns, at)?];
            let union = self.plan.union(both.to_vec());
            if !self.plan.reads(rel, variable) {
                let all = quantifier == SetQuantifier::All;
                let rel = if all { union } else { self.plan.distinct(union) };
                return Ok(Declared::Relation { rel, columns, table: None });
            }
            if quantifier == SetQuantifier::All {
                let message =
                    format!("UNION ALL in the recursive query '{name}' is UNION: each of its rows is there once");
                self.warning(at, warning::DISTINCT, message);
            }
            self.recursive[number].body = Body::Known(self.plan.distinct(union));
            return Ok(declared);
        }
    }

    /// Whether a step's columns are those of the base.
    fn step_fits(&mut self, name: &str, base: &[OutputColumn], step: &[OutputColumn], at: Span) -> Bound<()> {
        if base.len() != step.len() {
            let message = format!("the queries of '{name}' have {} and {} columns", base.len(), step.len());
            return Err(self.error(at, message));
        }
        for (b, s) in base.iter().zip(step) {
            if common_type(&b.ty.sql, &s.ty.sql).as_ref() != Some(&b.ty.sql) && !fits(&s.ty.sql, &b.ty.sql) {
                let message = format!(
                    "column '{}' of '{name}' is {} in its first query, but {} in its step",
                    b.name, b.ty.sql, s.ty.sql
                );
                let hint =
                    format!("CAST one of them: the first query says what type it is, as in CAST(.. AS {})", s.ty.sql);
                return Err(self.error_hint(s.span, message, hint));
            }
        }
        Ok(())
    }

    /// The number of errors.
    fn errors(&self) -> usize {
        self.diagnostics.iter().filter(|d| d.severity == Severity::Error).count()
    }

    /// Reports an error of a recursive query, unless something else was reported since there were so many errors.
    fn unless_said(&mut self, errors: usize, at: Span, message: String) -> Reported {
        if self.errors() > errors {
            return Reported;
        }
        let hint = "write base UNION step, of which only the step refers to the query, and to none that comes later; for all else there is DECLARE RECURSIVE VIEW";
        self.error_hint(at, message, hint)
    }

    /// At the end of the program: what is still a variable outside of its cycle becomes what it stands for.
    pub(super) fn resolve_recursion(&mut self) {
        let mut definitions = vec![];
        for i in 0..self.recursive.len() {
            let r = &self.recursive[i];
            let body = match r.body {
                Body::Known(body) => body,
                // Nobody reads it, or there are errors.
                Body::Wrong => r.variable,
                Body::Open => {
                    let (at, message) = (r.at, format!("recursive view '{}' is declared, but never defined", r.name));
                    let hint = format!("add CREATE VIEW {} AS ..", r.name);
                    self.error_hint(at, message, hint);
                    continue;
                }
            };
            definitions.push(Definition { body, name: r.name.clone(), at: position(r.at) });
        }
        if definitions.is_empty() || self.errors() > 0 {
            return;
        }
        let resolved = resolved(&self.plan, &definitions);
        let named: HashSet<usize> = (0..definitions.len()).filter(|v| self.recursive[*v].declared).collect();
        for v in resolved.straight.into_iter().filter(|v| named.contains(v)) {
            let (at, name) = (self.recursive[v].at, &self.recursive[v].name);
            let message = format!(
                "view '{name}' is declared recursive, but does not depend on itself; its rows are distinct all the same"
            );
            self.warning(at, warning::WITHOUT_EFFECT, message);
        }
        for v in resolved.windows {
            let (at, name) = (self.recursive[v].at, &self.recursive[v].name);
            let message = format!("recursive view '{name}' depends on itself through a window function");
            self.error_hint(at, message, "compute the window function in a view of its own, over the recursive one");
        }
        for v in resolved.times {
            let (at, name) = (self.recursive[v].at, &self.recursive[v].name);
            let message = format!("recursive view '{name}' depends on itself through NOW, SESSION or a LATENESS");
            self.error_hint(at, message, "put that into a view of its own, over the recursive one or below it");
        }
        self.plan = resolved.plan;
    }
}

/// Base, quantifier and step of a query that is a union and nothing else.
fn parts(query: &Query) -> Option<(&SetExpr, SetQuantifier, &SetExpr)> {
    let plain =
        query.with.is_none() && query.order_by.is_none() && query.limit_clause.is_none() && query.fetch.is_none();
    let clauses = query.locks.is_empty() && query.for_clause.is_none() && query.pipe_operators.is_empty();
    match query.body.as_ref() {
        SetExpr::SetOperation { left, op: SetOperator::Union, set_quantifier, right }
            if plain
                && clauses
                && matches!(set_quantifier, SetQuantifier::All | SetQuantifier::Distinct | SetQuantifier::None) =>
        {
            Some((left, *set_quantifier, right))
        }
        _ => None,
    }
}

/// Whether values of a type are, as they are, values of a declared one.
fn fits(from: &SqlType, to: &SqlType) -> bool {
    let length = |ty: &SqlType| match ty {
        SqlType::Char(n) => Some(*n),
        SqlType::Varchar(n) => *n,
        _ => None,
    };
    match (from, to) {
        (SqlType::Null, _) => true,
        (from, SqlType::Varchar(None)) if is_text(from) => true,
        (from, SqlType::Varchar(Some(n))) if is_text(from) => length(from).is_some_and(|m| m <= *n),
        (from, to) => from == to,
    }
}
