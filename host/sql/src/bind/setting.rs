//! SET and CREATE INDEX.

use super::names::closest;
use super::{Binder, Bound, Declared, Reported};
use crate::diagnostic::warning;
use crate::parse::{CreateIndex, SetSetting, fold, span};
use crate::relation::Index;
use crate::{Diagnostic, Severity};
use std::collections::HashSet;
use weir_row::SqlType;

/// All warnings are errors.
const WARNINGS_ARE_ERRORS: &str = "feldera_warnings_are_errors";
/// Warnings whose kind follows, in lower case and with `_` for spaces, are not told.
const IGNORE_WARNING: &str = "feldera_ignore_warning_";
/// What these choose among is not chosen by programs here: accepted, so that programs need not be changed.
const WITHOUT_EFFECT: [&str; 4] =
    ["enforce_positive_inputs", "feldera_avoid_star_joins", "feldera_flat_variant", "feldera_use_multi_joins"];

/// What SET has set. It holds for the whole program, wherever it stands.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    warnings_are_errors: bool,
    ignored: HashSet<String>,
}

impl Settings {
    /// Tells a program's warnings as it wants to hear them.
    pub(super) fn apply(&self, diagnostics: &mut Vec<Diagnostic>) {
        let name = |kind: &str| kind.to_lowercase().replace(' ', "_");
        diagnostics.retain(|d| d.severity != Severity::Warning || !self.ignored.contains(&name(d.kind)));
        if self.warnings_are_errors {
            diagnostics.iter_mut().for_each(|d| d.severity = Severity::Error);
        }
    }
}

impl Binder<'_> {
    /// SET
    pub(super) fn set(&mut self, setting: &SetSetting) {
        let name = fold(&setting.name);
        let on = match setting.value.to_lowercase().as_str() {
            "on" | "true" | "1" => Some(true),
            "off" | "false" | "0" => Some(false),
            _ => None,
        };
        if WITHOUT_EFFECT.contains(&name.as_str()) {
            return;
        }
        let ignored = name.strip_prefix(IGNORE_WARNING);
        if ignored.is_none() && name != WARNINGS_ARE_ERRORS {
            let known = WITHOUT_EFFECT.into_iter().chain([WARNINGS_ARE_ERRORS]);
            let hint = closest(&name, known).map_or_else(
                || format!("known are {WARNINGS_ARE_ERRORS}, {IGNORE_WARNING}<kind>, {}", WITHOUT_EFFECT.join(", ")),
                |c| format!("did you mean '{c}'?"),
            );
            self.error_hint(span(setting.name.span), format!("there is no setting '{name}'"), hint);
            return;
        }
        let Some(on) = on else {
            self.error(setting.value_span, format!("'{name}' is ON or OFF, not '{}'", setting.value));
            return;
        };
        match ignored {
            Some(kind) if on => {
                self.settings.ignored.insert(kind.to_string());
            }
            Some(kind) => {
                self.settings.ignored.remove(kind);
            }
            None => self.settings.warnings_are_errors = on,
        }
    }

    /// CREATE INDEX: a key of a table or a view for those whom its changes are sent to. It is not enforced.
    pub(super) fn create_index(&mut self, index: &CreateIndex) {
        let name = fold(&index.name);
        let at = span(index.name.span);
        if !self.indexes.insert(name.clone()) || self.declared.contains_key(&name) {
            self.error(at, format!("'{name}' is declared twice"));
            return;
        }
        // What is wrong has been reported.
        if let Ok(columns) = self.index_columns(index) {
            let relation = fold(&index.relation);
            let relations = self.tables.iter_mut().chain(&mut self.views);
            if let Some(relation) = relations.into_iter().find(|r| r.name == relation) {
                relation.indexes.push(Index { name, columns });
            } else {
                let message = format!("'{relation}' is LOCAL, so no connector can use an index on it");
                self.warning(at, warning::WITHOUT_EFFECT, message);
            }
        }
    }

    fn index_columns(&mut self, index: &CreateIndex) -> Bound<Vec<usize>> {
        let relation = fold(&index.relation);
        let columns = match self.declared.get(&relation) {
            Some(Declared::Relation { columns, .. }) => columns.clone(),
            Some(Declared::Poisoned) => return Err(Reported),
            None => {
                let hint = closest(&relation, self.declared.keys().map(String::as_str))
                    .map(|c| format!("did you mean '{c}'?"));
                let message = format!("there is no table or view '{relation}'");
                return Err(self.error_maybe_hint(span(index.relation.span), message, hint));
            }
        };
        let mut indexes = vec![];
        for ident in &index.columns {
            let (name, at) = (fold(ident), span(ident.span));
            let Some(column) = columns.iter().position(|c| c.name == name) else {
                let hint = closest(&name, columns.iter().map(|c| c.name.as_str()));
                let hint = hint.map(|c| format!("did you mean '{c}'?"));
                return Err(self.error_maybe_hint(at, format!("'{relation}' has no column '{name}'"), hint));
            };
            if indexes.contains(&column) {
                return Err(self.error(at, format!("column '{name}' is in the index twice")));
            }
            let ty = &columns[column].ty.sql;
            let plain = !matches!(ty, SqlType::Array(_) | SqlType::Map(..) | SqlType::Row(_) | SqlType::Variant);
            if !plain {
                return Err(self.error(at, format!("column '{name}' is a {ty}, which cannot be a key")));
            }
            indexes.push(column);
        }
        Ok(indexes)
    }
}
