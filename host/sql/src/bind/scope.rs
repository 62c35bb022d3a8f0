//! What the names in a clause can mean.

use super::names::closest;
use super::{Binder, Bound, Reported};
use crate::Span;
use crate::parse::{fold, span};
use sqlparser::ast::Ident;
use std::rc::Rc;
use weir_circuit::Expr;

/// A column that can be named.
#[derive(Clone, Debug)]
pub(crate) struct ScopeColumn {
    /// The table's name or alias; none for a column merged by USING.
    pub(crate) relation: Option<String>,
    pub(crate) name: String,
    pub(crate) case_sensitive: bool,
    /// What it is over the relation's columns: a column, or what USING makes of two.
    pub(crate) expr: Expr,
    /// Whether `*` shows it, and its bare name means it: not the parts of a column merged by USING.
    pub(crate) bare: bool,
}

/// The columns of a FROM clause, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    pub(crate) columns: Vec<ScopeColumn>,
    /// Whether a relation in it has errors: unknown names are then no news.
    pub(crate) poisoned: bool,
}

impl Scope {
    /// The columns that a name can mean.
    fn matches(&self, relation: Option<&str>, name: &str) -> Vec<&ScopeColumn> {
        let named = |c: &&ScopeColumn| match relation {
            Some(r) => c.relation.as_deref() == Some(r) && c.name == name,
            None => c.bare && c.name == name,
        };
        self.columns.iter().filter(named).collect()
    }

    /// Whether a relation of that name or alias is here.
    pub(crate) fn has_relation(&self, relation: &str) -> bool {
        self.columns.iter().any(|c| c.relation.as_deref() == Some(relation))
    }
}

/// The columns of a query around the one that is being bound.
#[derive(Clone, Debug)]
pub(crate) struct Outer {
    pub(crate) scope: Rc<Scope>,
    /// Whether names within mean them: a subquery of FROM sees what stands beside it only if it is LATERAL.
    pub(crate) visible: bool,
    /// Whether they are what stands to the left in the same FROM clause.
    pub(crate) beside: bool,
}

impl Binder<'_> {
    /// The column of `relation` (or of any relation) of that name; `None` if there is none.
    pub(super) fn find_column(&mut self, scope: &Scope, relation: Option<&Ident>, name: &Ident) -> Bound<Option<Expr>> {
        let (relation_name, column_name) = (relation.map(fold), fold(name));
        let at = relation.map_or(span(name.span), |r| span(r.span).to(span(name.span)));
        let found = scope.matches(relation_name.as_deref(), &column_name);
        match found.as_slice() {
            [] => Ok(None),
            [one] => {
                let mut expr = one.expr.clone();
                expr.at = super::position(at);
                Ok(Some(expr))
            }
            many => {
                let of: Vec<String> =
                    many.iter().filter_map(|c| c.relation.as_ref()).map(|r| format!("{r}.{column_name}")).collect();
                let message = format!("column '{column_name}' is ambiguous");
                Err(if of.is_empty() {
                    self.error(at, message)
                } else {
                    self.error_hint(at, message, format!("say which one: {}", of.join(" or ")))
                })
            }
        }
    }

    /// As [`Binder::find_column`], in the queries around this one, from the inside to the outside.
    pub(super) fn find_outer_column(&mut self, relation: Option<&Ident>, name: &Ident) -> Bound<Option<Expr>> {
        for level in (0..self.outer.len()).rev() {
            if !self.outer[level].visible {
                continue;
            }
            let scope = self.outer[level].scope.clone();
            if let Some(column) = self.find_column(&scope, relation, name)? {
                let at = relation.map_or(span(name.span), |r| span(r.span).to(span(name.span)));
                return self.outer_column(level, &column, at).map(Some);
            }
            // A name of a relation means the innermost one.
            if scope.poisoned || relation.is_some_and(|r| scope.has_relation(&fold(r))) {
                break;
            }
        }
        Ok(None)
    }

    /// Reports a column that nobody knows.
    pub(super) fn unknown_column(&mut self, scope: &Scope, relation: Option<&Ident>, name: &Ident) -> Reported {
        if scope.poisoned || self.outer.iter().any(|o| o.scope.poisoned) {
            return Reported;
        }
        let at = relation.map_or(span(name.span), |r| span(r.span).to(span(name.span)));
        let wanted = fold(name);
        if let Some(r) = relation {
            let relation_name = fold(r);
            let around = self.outer.iter().any(|o| o.visible && o.scope.has_relation(&relation_name));
            if !scope.has_relation(&relation_name) && !around {
                let known = scope.columns.iter().filter_map(|c| c.relation.as_deref());
                let hint = closest(&relation_name, known).map(|c| format!("did you mean '{c}'?"));
                return self.error_maybe_hint(
                    span(r.span),
                    format!("there is no table '{relation_name}' in this FROM clause"),
                    hint,
                );
            }
        }
        let relation_name = relation.map(fold);
        let here = |c: &&crate::bind::scope::ScopeColumn| relation_name.is_none() || c.relation == relation_name;
        let candidates: Vec<&str> = scope.columns.iter().filter(here).map(|c| c.name.as_str()).collect();
        let hint = match closest(&wanted, candidates.iter().copied()) {
            Some(c) if c.to_lowercase() == wanted.to_lowercase() => {
                Some(format!("names in quotes keep their case: \"{c}\""))
            }
            Some(c) => Some(format!("did you mean '{c}'?")),
            None => None,
        };
        let message = match &relation_name {
            Some(r) => format!("table '{r}' has no column '{wanted}'"),
            None => format!("column '{wanted}' not found"),
        };
        self.error_maybe_hint(at, message, hint)
    }

    /// Reports an error, with advice if there is some.
    pub(super) fn error_maybe_hint(&mut self, at: Span, message: String, hint: Option<String>) -> Reported {
        match hint {
            Some(hint) => self.error_hint(at, message, hint),
            None => self.error(at, message),
        }
    }
}
