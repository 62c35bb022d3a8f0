//! CREATE VIEW.

use super::names::closest;
use super::{Binder, Bound, Declared, OutputColumn};
use crate::Span;
use crate::parse::{CreateView, ViewKind, fold, span};
use crate::plan::Root;
use crate::relation::{Relation, RelationColumn};
use std::collections::{HashMap, HashSet};
use weir_circuit::{Column, View};
use weir_row::{ColumnType, SqlType};

/// Properties that a view may have.
const VIEW_PROPERTIES: [&str; 2] = ["connectors", "emit_final"];

/// The built-in view of rows that could not be taken in.
pub(super) fn error_view() -> Relation {
    let column = |name: &str| RelationColumn {
        name: name.to_string(),
        case_sensitive: false,
        ty: ColumnType::not_null(SqlType::Varchar(None)),
        default: None,
        unused: false,
        lateness: None,
        watermark: None,
    };
    Relation {
        name: "error_view".to_string(),
        case_sensitive: false,
        columns: ["table_or_view_name", "message", "metadata"].map(column).to_vec(),
        materialized: false,
        properties: vec![],
        primary_key: None,
        indexes: vec![],
    }
}

impl Binder<'_> {
    /// Declares a view. If it has errors its name is known, and no more.
    pub(super) fn create_view(&mut self, view: &CreateView) {
        let name = fold(&view.name);
        let recursive = self.undefined(&name);
        let declared = self.view(view, recursive).unwrap_or(Declared::Poisoned);
        if let Some(number) = recursive {
            // Its name is known already.
            if matches!(declared, Declared::Poisoned) {
                self.wrong_definition(number);
            }
            return;
        }
        self.declare(&view.name, name, declared);
    }

    fn view(&mut self, view: &CreateView, recursive: Option<usize>) -> Bound<Declared> {
        let properties = self.properties(&view.properties, &VIEW_PROPERTIES, "view");
        if view.kind == ViewKind::Local && !view.properties.is_empty() {
            self.error(view.properties[0].key_position, "a LOCAL view has no properties: it is not put out");
        }
        self.ctes.clear();
        self.ctes.push(HashMap::new());
        let (rel, mut columns) = self.query(&view.query)?;
        properties?;
        if !view.columns.is_empty() {
            if view.columns.len() != columns.len() {
                let message =
                    format!("the view names {} columns, but its query has {}", view.columns.len(), columns.len());
                return Err(self.error(span(view.name.span), message));
            }
            for (column, ident) in columns.iter_mut().zip(&view.columns) {
                column.name = fold(ident);
                column.case_sensitive = ident.quote_style.is_some();
                column.span = span(ident.span);
            }
        }
        let mut seen = HashSet::new();
        for c in &columns {
            if !seen.insert(c.name.as_str()) {
                let message = format!("the view has two columns named '{}'", c.name);
                return Err(self.error_hint(c.span, message, "name one of them by AS, or list names after the view's"));
            }
        }
        let name = fold(&view.name);
        let (rel, columns) = match recursive {
            Some(number) => self.define(number, view, rel, &columns)?,
            None => (rel, columns),
        };
        let rel = self.late_view(&name, rel, &columns, span(view.name.span))?;
        let last = self.last(view, &columns)?;
        if view.kind != ViewKind::Local {
            for c in &columns {
                let what = match c.ty.sql {
                    SqlType::Null => "has no type but NULL",
                    SqlType::IntervalMonths(_) | SqlType::IntervalMicros(_) => "is an interval",
                    _ => continue,
                };
                let message = format!("column '{}' {what}, which only a LOCAL view may have", c.name);
                return Err(self.error_hint(c.span, message, "CAST it to a type that can be put out"));
            }
            self.put_out(view, &name, rel, &columns, last);
        }
        Ok(Declared::Relation { rel, columns, table: None })
    }

    /// The column by which rows of a view are put out once they are final.
    fn last(&mut self, view: &CreateView, columns: &[OutputColumn]) -> Bound<Option<(usize, Span)>> {
        let Some(p) = view.properties.iter().find(|p| p.key == "emit_final") else { return Ok(None) };
        let by_number = || p.value.parse().ok().filter(|i| *i < columns.len());
        match columns.iter().position(|c| c.name == p.value).or_else(by_number) {
            Some(column) => Ok(Some((column, p.value_position))),
            None => {
                let hint = closest(&p.value, columns.iter().map(|c| c.name.as_str()));
                let hint = hint.map(|c| format!("did you mean '{c}'?"));
                Err(self.error_maybe_hint(p.value_position, format!("the view has no column '{}'", p.value), hint))
            }
        }
    }

    fn put_out(
        &mut self,
        view: &CreateView,
        name: &str,
        rel: crate::plan::RelId,
        columns: &[OutputColumn],
        last: Option<(usize, Span)>,
    ) {
        let case_sensitive = view.name.quote_style.is_some();
        let materialized = view.kind == ViewKind::Materialized;
        let index = self.circuit.views.len();
        self.plan.roots.push(Root { rel, view: index, last });
        self.circuit.views.push(View {
            name: name.to_string(),
            case_sensitive,
            columns: columns
                .iter()
                .map(|c| Column {
                    name: c.name.clone(),
                    case_sensitive: c.case_sensitive,
                    ty: c.ty.clone(),
                    default: None,
                })
                .collect(),
            materialized,
        });
        self.views.push(Relation {
            name: name.to_string(),
            case_sensitive,
            columns: columns
                .iter()
                .map(|c| RelationColumn {
                    name: c.name.clone(),
                    case_sensitive: c.case_sensitive,
                    ty: c.ty.clone(),
                    default: None,
                    unused: false,
                    lateness: self.lateness_text(name, &c.name),
                    watermark: None,
                })
                .collect(),
            materialized,
            properties: view.properties.clone(),
            primary_key: None,
            indexes: vec![],
        });
    }
}
