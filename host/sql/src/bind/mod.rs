//! From syntax to meaning: names are resolved, every expression gets a type, conversions become visible, and queries become
//! relations of the plan. Every error found is kept; a part that has one stands for nothing, and what depends on it is silent.

mod aggregate;
mod arithmetic;
mod asof;
mod call;
mod cast;
mod cast_binary;
mod cast_variant;
mod collect;
mod common;
mod compare;
pub(crate) mod composite;
mod dependent;
mod expr;
mod frame;
mod from;
mod function;
mod group;
mod grouping;
mod interval;
mod items;
mod lateness;
mod literal;
mod names;
mod order;
mod pivot;
mod quantified;
mod query;
mod recursive;
mod row_in;
mod scope;
mod select;
mod set_operation;
mod setting;
mod spread;
mod subquery;
mod table;
mod temporal;
mod tumble;
mod types;
mod unnest;
mod view;
mod window;
mod window_call;

pub(crate) use arithmetic::Arithmetic;
pub(crate) use call::{Argument, Call};
pub(crate) use common::{as_decimal, common_type, integer, is_binary, is_integer, is_interval, is_number, is_text};
pub(crate) use expr::Cx;
pub(crate) use temporal::Unit;

use crate::diagnostic::{LIMIT, STATEMENT, UNSUPPORTED};
use crate::parse::{Parsed, Statement};
use crate::plan::{Plan, RelId};
use crate::{Diagnostic, Program, Relation, Severity, Span};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use weir_circuit::{Circuit, Position};
use weir_row::{ColumnType, SqlType};

/// Deepest nesting of expressions and queries.
const DEPTH_MAX: usize = 1_000;
/// Most errors that are reported.
const ERRORS_MAX: usize = 1_000;
/// Most columns of a table or of a SELECT list.
pub(crate) const COLUMNS_MAX: usize = 4_000;

/// An error that has been reported already.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reported;

/// The outcome of binding something.
pub(crate) type Bound<T> = Result<T, Reported>;

/// A column of a query's result.
#[derive(Clone, Debug)]
pub(crate) struct OutputColumn {
    pub(crate) name: String,
    pub(crate) case_sensitive: bool,
    pub(crate) ty: ColumnType,
    pub(crate) span: Span,
}

/// What a name of the program stands for.
#[derive(Clone, Debug)]
pub(crate) enum Declared {
    /// A table or a view.
    Relation { rel: RelId, columns: Vec<OutputColumn>, table: Option<usize> },
    /// Something whose declaration has errors.
    Poisoned,
}

/// The state of binding a program.
pub(crate) struct Binder<'a> {
    pub(super) source: &'a str,
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) declared: HashMap<String, Declared>,
    /// Common table expressions in force, innermost last.
    pub(super) ctes: Vec<HashMap<String, Declared>>,
    pub(super) plan: Plan,
    /// Recursive views, by the numbers of their variables.
    pub(super) recursive: Vec<recursive::Recursive>,
    pub(super) circuit: Circuit,
    pub(super) tables: Vec<Relation>,
    pub(super) views: Vec<Relation>,
    /// User-defined types; `None`: one with errors.
    pub(super) types: HashMap<String, Option<SqlType>>,
    /// Functions of the program's own; `None`: one with errors.
    pub(super) functions: HashMap<String, Option<Rc<function::Function>>>,
    /// Operators that calls of functions with a body in SQL have become, and forms of queries that repeat what is written.
    pub(super) expanded: usize,
    /// Every name that the program declares somewhere.
    pub(super) later: HashSet<String>,
    /// Expressions of the SELECT being bound that are NULL where a grouping set has not got them.
    pub(super) optional: Vec<sqlparser::ast::Expr>,
    /// The windows that the SELECT being bound names.
    pub(super) windows: Vec<sqlparser::ast::NamedWindowDefinition>,
    /// The FROM clauses of the queries around the one being bound.
    pub(super) outer: Vec<scope::Outer>,
    /// What relations read of the queries around them.
    pub(super) free: HashMap<RelId, dependent::Free>,
    /// Names of indexes.
    pub(super) indexes: HashSet<String>,
    pub(super) settings: setting::Settings,
    /// What statements say of views' columns.
    latenesses: Vec<lateness::OfView>,
    /// What is dropped by latenesses so far, as rows of `error_view`.
    dropped: Vec<RelId>,
    /// Where `error_view` is read first.
    reads_errors: Option<Span>,
    depth: usize,
}

/// What binding a program yields.
pub(crate) struct BoundProgram {
    pub(crate) plan: Plan,
    /// The program with its tables and views; its circuit has no operators yet.
    pub(crate) program: Program,
}

/// Binds a program.
///
/// # Errors
///
/// All errors and warnings, in the order of the text.
pub(crate) fn bind(source: &str, parsed: Parsed) -> Result<BoundProgram, Vec<Diagnostic>> {
    let mut binder = Binder {
        source,
        diagnostics: parsed.errors,
        declared: parsed.poisoned.into_iter().map(|name| (name, Declared::Poisoned)).collect(),
        ctes: vec![],
        plan: Plan::default(),
        recursive: vec![],
        circuit: Circuit::default(),
        tables: vec![],
        views: vec![view::error_view()],
        types: HashMap::new(),
        functions: HashMap::new(),
        expanded: 0,
        later: parsed.statements.iter().filter_map(|s| s.name()).map(crate::parse::fold).collect(),
        optional: vec![],
        windows: vec![],
        outer: vec![],
        free: HashMap::new(),
        indexes: HashSet::new(),
        settings: setting::Settings::default(),
        latenesses: vec![],
        dropped: vec![],
        reads_errors: None,
        depth: 0,
    };
    for statement in &parsed.statements {
        if let Statement::Lateness(lateness) = statement {
            binder.note_lateness(lateness);
        }
    }
    for statement in &parsed.statements {
        match statement {
            Statement::Table(table) => binder.create_table(table),
            Statement::View(view) => binder.create_view(view),
            Statement::Type(ty) => binder.create_type(ty),
            Statement::Recursive(declared) => binder.declare_recursive(declared),
            Statement::Function(function) => binder.create_function(function),
            Statement::Set(setting) => binder.set(setting),
            // When all relations are known.
            Statement::Index(_) => {}
            // (Noted above: it may stand before its view.)
            Statement::Lateness(_) => {}
        }
    }
    for statement in &parsed.statements {
        match statement {
            Statement::Table(table) => binder.check_foreign_keys(table),
            Statement::Index(index) => binder.create_index(index),
            _ => {}
        }
    }
    binder.put_out_errors();
    binder.resolve_recursion();
    binder.finish()
}

impl Binder<'_> {
    fn finish(mut self) -> Result<BoundProgram, Vec<Diagnostic>> {
        self.diagnostics.sort_by_key(|d| d.offset);
        self.diagnostics.dedup();
        self.settings.apply(&mut self.diagnostics);
        if self.diagnostics.iter().any(|d| d.severity == Severity::Error) {
            return Err(self.diagnostics);
        }
        let program =
            Program { circuit: self.circuit, warnings: self.diagnostics, tables: self.tables, views: self.views };
        Ok(BoundProgram { plan: self.plan, program })
    }

    fn push(&mut self, d: Diagnostic) -> Reported {
        if self.has_room(d.severity) {
            self.diagnostics.push(d);
        }
        Reported
    }

    /// Whether there may be more of them. Many warnings leave no error unsaid.
    fn has_room(&self, severity: Severity) -> bool {
        let of_kind = || self.diagnostics.iter().filter(|d| d.severity == severity).count();
        self.diagnostics.len() < ERRORS_MAX || of_kind() < ERRORS_MAX
    }

    /// Reports an error, whose place is looked up only if it is told.
    fn report(&mut self, span: Span, kind: &'static str, message: String, hint: Option<String>) -> Reported {
        if self.has_room(Severity::Error) {
            let d = Diagnostic::error(self.source, span, kind, message);
            self.diagnostics.push(hint.into_iter().fold(d, Diagnostic::with_hint));
        }
        Reported
    }

    /// Reports an error.
    pub(crate) fn error(&mut self, span: Span, message: impl Into<String>) -> Reported {
        self.report(span, STATEMENT, message.into(), None)
    }

    /// Reports an error, with advice.
    pub(crate) fn error_hint(&mut self, span: Span, message: impl Into<String>, hint: impl Into<String>) -> Reported {
        self.report(span, STATEMENT, message.into(), Some(hint.into()))
    }

    /// Reports something that Weir cannot do yet.
    pub(super) fn unsupported(&mut self, span: Span, what: impl Into<String>) -> Reported {
        let message = format!("{} is not supported yet", what.into());
        self.report(span, UNSUPPORTED, message, None)
    }

    /// Reports a warning.
    pub(crate) fn warning(&mut self, span: Span, kind: &'static str, message: impl Into<String>) {
        if self.has_room(Severity::Warning) {
            let d = Diagnostic::warning(self.source, span, kind, message.into());
            self.push(d);
        }
    }

    /// Takes note of operators that repeat what is written once, unless the program makes too many of them.
    pub(super) fn repeated(&mut self, operators: usize, at: Span, form: &str) -> Bound<()> {
        let limit = function::EXPANDED_TOTAL_MAX;
        self.expanded = self.expanded.saturating_add(operators);
        if self.expanded <= limit {
            return Ok(());
        }
        let message = format!("{form} makes this program larger than {limit} operators");
        Err(self.report(at, LIMIT, message, None))
    }

    /// Runs `f` one level deeper, unless that is too deep.
    pub(super) fn deeper<T>(&mut self, span: impl FnOnce() -> Span, f: impl FnOnce(&mut Self) -> Bound<T>) -> Bound<T> {
        if self.depth >= DEPTH_MAX {
            let message = format!("nested too deeply (more than {DEPTH_MAX} levels)");
            return Err(self.report(span(), LIMIT, message, None));
        }
        self.depth += 1;
        let result = f(self);
        self.depth -= 1;
        result
    }
}

/// The place of a run-time error.
pub(crate) fn position(span: Span) -> Position {
    Position { line: span.start.line, column: span.start.column }
}
