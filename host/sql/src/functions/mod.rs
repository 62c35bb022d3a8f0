//! What SQL can call, and the words it is made of: one registry. A function that is a strict call of a kernel has its entry below the
//! kernel, in `weir-functions`; all others have theirs beside their rules, here. The binder, its messages, the reference
//! (`docs/sql-reference.md`) and the tests of all examples read the same entries.

mod aggregates;
mod array;
mod conditional;
mod forms;
mod grammar;
mod index;
mod lambda;
mod numeric;
mod operators;
pub(crate) mod param;
mod period;
mod predicates;
mod reference;
mod tables;
mod temporal;
mod text;
mod variant;
mod windows;

pub use reference::{Example, Outcome, examples, reference};

use crate::Span;
use crate::bind::{Binder, Bound, Call, Cx, Unit};
use sqlparser::ast;
use std::collections::HashMap;
use std::sync::LazyLock;
use weir_circuit::Expr;
use weir_functions::catalog::{Form, Function, Shape};

/// No bound on the number of arguments but the program's.
pub(crate) const ANY: usize = usize::MAX;

/// Something with a rule of its own.
pub(crate) struct Entry {
    /// What it is.
    pub(crate) function: Function,
    /// Who makes an expression of it.
    pub(crate) rule: Rule,
}

/// Who makes an expression of something.
#[derive(Clone, Copy)]
pub(crate) enum Rule {
    /// A call with at least and at most so many arguments.
    Call(usize, usize, Special),
    /// A call with so many arguments, where the one at that place is a unit of time.
    Unit(usize, usize, WithUnit),
    /// A call whose operands are not bound, since some are no expressions by themselves.
    Written(WrittenOut),
    /// A call that stands for a group of rows; the binder's `aggregate.rs`.
    Aggregate,
    /// A call with OVER, with at least and at most so many arguments; the binder's `window.rs`.
    Window(usize, usize),
    /// No call: the parser and the binder know it.
    Syntax,
}

/// Binds a call whose number of arguments was checked.
pub(crate) type Special = for<'a, 'b> fn(&'a mut Binder<'b>, &Call) -> Bound<Expr>;

/// Binds a call with a unit of time and its other arguments, whose number was checked.
pub(crate) type WithUnit = for<'a, 'b> fn(&'a mut Binder<'b>, Unit, &[Expr], Span) -> Bound<Expr>;

/// Binds a call by its name and its operands as they are written.
pub(crate) type WrittenOut =
    for<'a, 'b, 'c> fn(&'a mut Binder<'b>, &str, &[&ast::Expr], Span, &'a mut Cx<'c>) -> Bound<Expr>;

const fn call(function: Function, min: usize, max: usize, rule: Special) -> Entry {
    Entry { function, rule: Rule::Call(min, max, rule) }
}

const fn with_unit(function: Function, unit_at: usize, arguments: usize, rule: WithUnit) -> Entry {
    Entry { function, rule: Rule::Unit(unit_at, arguments, rule) }
}

const fn window_function(function: Function, min: usize, max: usize) -> Entry {
    Entry { function, rule: Rule::Window(min, max) }
}

const fn syntax(function: Function) -> Entry {
    Entry { function, rule: Rule::Syntax }
}

/// All entries with rules of their own.
fn entries() -> impl Iterator<Item = &'static Entry> {
    [
        operators::ENTRIES,
        array::ENTRIES,
        lambda::ENTRIES,
        variant::ENTRIES,
        predicates::ENTRIES,
        conditional::ENTRIES,
        numeric::ENTRIES,
        text::ENTRIES,
        temporal::ENTRIES,
        period::ENTRIES,
        aggregates::ENTRIES,
        grammar::ENTRIES,
        tables::ENTRIES,
        windows::ENTRIES,
    ]
    .into_iter()
    .flatten()
}

/// Everything that the language has and Weir too.
pub(crate) fn registry() -> impl Iterator<Item = &'static Function> {
    entries().map(|e| &e.function).chain(weir_functions::catalog::functions())
}

/// What a name that is called stands for.
pub(crate) enum Callable {
    /// One of these forms, of all entries of that name.
    Forms(Vec<&'static Form>),
    /// A rule.
    Rule(Rule),
}

/// What a call of that name (in lower case) stands for.
pub(crate) fn lookup(name: &str) -> Option<&'static Callable> {
    static BY_NAME: LazyLock<HashMap<&'static str, Callable>> = LazyLock::new(|| {
        let mut callables: HashMap<&'static str, Callable> = HashMap::new();
        for f in weir_functions::catalog::functions() {
            let Shape::Forms(forms) = f.shape else { continue };
            for name in f.names {
                let callable = callables.entry(name).or_insert_with(|| Callable::Forms(vec![]));
                if let Callable::Forms(known) = callable {
                    known.extend(forms);
                }
            }
        }
        for e in entries().filter(|e| !matches!(e.rule, Rule::Syntax)) {
            callables.extend(e.function.names.iter().map(|n| (*n, Callable::Rule(e.rule))));
        }
        callables
    });
    BY_NAME.get(name)
}

/// Whether calls of that name (in lower case) stand for groups of rows, built or not.
pub(crate) fn is_aggregate(name: &str) -> bool {
    match lookup(name) {
        Some(callable) => matches!(callable, Callable::Rule(Rule::Aggregate)),
        None => index::missing(name) == Some(index::AGGREGATE),
    }
}

/// How many arguments at least and at most a window function takes, if one has that name (in lower case).
pub(crate) fn window(name: &str) -> Option<(usize, usize)> {
    match lookup(name) {
        Some(Callable::Rule(Rule::Window(min, max))) => Some((*min, *max)),
        _ => None,
    }
}

/// What that name (in lower case) is in the language, if Weir has not got it yet.
pub(crate) fn not_built(name: &str) -> Option<&'static str> {
    index::missing(name)
}

/// Names that can be called, in lower case.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    let callable = entries().filter(|e| !matches!(e.rule, Rule::Syntax)).map(|e| &e.function);
    callable.chain(weir_functions::catalog::functions()).flat_map(|f| f.names.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn a_name_has_one_rule() {
        let forms: HashSet<_> = weir_functions::catalog::functions().flat_map(|f| f.names.iter().copied()).collect();
        let mut seen = HashSet::new();
        for e in entries() {
            for name in e.function.names {
                // Words may mean different things: ARRAY of values, and of a query.
                let page = matches!(e.rule, Rule::Syntax).then_some(e.function.families[0]);
                assert!(seen.insert((*name, page)), "{name} has two rules");
                assert!(!forms.contains(name), "{name} has a rule and forms");
            }
        }
    }

    #[test]
    fn every_entry_says_what_it_is() {
        for f in registry() {
            let name = f.names[0];
            assert!(!f.families.is_empty() && !f.doc.is_empty(), "{name}");
            assert!(f.names.iter().all(|n| *n == n.to_lowercase()), "{name}: names are in lower case");
            assert!(!f.gives.is_empty() || !f.refuses.is_empty(), "{name} has no example");
            match f.shape {
                Shape::Forms(forms) => assert!(!forms.is_empty(), "{name}"),
                Shape::Written(forms) => assert!(!forms.is_empty(), "{name}"),
            }
        }
    }
}
