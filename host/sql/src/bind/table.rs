//! CREATE TABLE.

use super::expr::Cx;
use super::names::closest;
use super::scope::Scope;
use super::{Binder, Bound, COLUMNS_MAX, Declared, OutputColumn};
use crate::expr::{is_of_kernels, metadata_as_column, null};
use crate::parse::{ColumnDef, CreateTable, ForeignKey, fold, span};
use crate::relation::{Property, Relation, RelationColumn};
use crate::{Span, parse};
use sqlparser::ast::Ident;
use std::collections::HashSet;
use weir_circuit::interpret::value;
use weir_circuit::{Column, ColumnDefault, Table};
use weir_functions::Arena;
use weir_row::{ColumnType, SqlType, Value};

/// Properties that a table may have. Other ones are errors, since they are misspelt.
const TABLE_PROPERTIES: [&str; 5] =
    ["materialized", "append_only", "connectors", "skip_unused_columns", "expected_size"];

/// The text of what is said of a column.
fn written(
    columns: &[ColumnDef],
    name: &str,
    what: impl Fn(&ColumnDef) -> &Option<(sqlparser::ast::Expr, Span)>,
) -> Option<String> {
    let def = columns.iter().find(|def| fold(&def.name) == name)?;
    what(def).as_ref().map(|(e, _)| e.to_string())
}

impl Binder<'_> {
    /// Declares a table. If it has errors its name is known, and no more.
    pub(super) fn create_table(&mut self, table: &CreateTable) {
        let name = fold(&table.name);
        let declared = self.table(table).unwrap_or(Declared::Poisoned);
        self.declare(&table.name, name, declared);
    }

    /// Makes a name known, unless it is already.
    pub(super) fn declare(&mut self, ident: &Ident, name: String, declared: Declared) {
        let at = span(ident.span);
        if name == "error_view" || name.starts_with("feldera") {
            self.error(at, format!("the name '{name}' is reserved"));
        }
        if let Some(Declared::Relation { .. }) = self.declared.get(&name) {
            self.error(at, format!("'{name}' is declared twice"));
            return;
        }
        self.declared.insert(name, declared);
    }

    fn table(&mut self, table: &CreateTable) -> Bound<Declared> {
        let mut failed = false;
        let at = span(table.name.span);
        if table.columns.is_empty() {
            return Err(self.error(at, "a table needs a column"));
        }
        if table.columns.len() > COLUMNS_MAX {
            return Err(self.error(at, format!("a table has at most {COLUMNS_MAX} columns")));
        }
        let mut seen = HashSet::new();
        let mut columns = vec![];
        for def in &table.columns {
            if !seen.insert(fold(&def.name)) {
                self.error(span(def.name.span), format!("column '{}' is declared twice", fold(&def.name)));
                failed = true;
            }
            match self.column(def) {
                Ok(column) => columns.push(column),
                Err(_) => failed = true,
            }
        }
        failed |= self.properties(&table.properties, &TABLE_PROPERTIES, "table").is_err();
        if failed {
            return Err(super::Reported);
        }
        let primary_key = self.primary_key(table, &columns)?;
        let lateness = self.latenesses(table, &columns)?;
        // The contents would have to be kept for ever.
        let by_key = primary_key.as_ref().is_some_and(|key| !lateness.iter().any(|(c, _)| key.contains(c)));
        let materialized = by_key || truth(&table.properties, "materialized");
        let name = fold(&table.name);
        let case_sensitive = table.name.quote_style.is_some();
        let outputs: Vec<OutputColumn> = table
            .columns
            .iter()
            .zip(&columns)
            .map(|(def, (c, _))| OutputColumn {
                name: c.name.clone(),
                case_sensitive: c.case_sensitive,
                ty: c.ty.clone(),
                span: span(def.name.span),
            })
            .collect();
        let index = self.circuit.tables.len();
        let rel = self.plan.table(index, columns.iter().map(|(c, _)| c.ty.clone()).collect());
        self.tables.push(Relation {
            name: name.clone(),
            case_sensitive,
            columns: columns
                .iter()
                .map(|(c, text)| RelationColumn {
                    name: c.name.clone(),
                    case_sensitive: c.case_sensitive,
                    ty: c.ty.clone(),
                    default: text.clone(),
                    unused: false,
                    lateness: written(&table.columns, &c.name, |def| &def.lateness),
                    watermark: written(&table.columns, &c.name, |def| &def.watermark),
                })
                .collect(),
            materialized,
            properties: table.properties.clone(),
            primary_key: primary_key.clone(),
            indexes: vec![],
        });
        let columns = columns.into_iter().map(|(c, _)| c).collect();
        let rel = self.late(rel, &name, &outputs, lateness, primary_key.is_some(), at)?;
        let append_only = truth(&table.properties, "append_only");
        if append_only && primary_key.is_some() {
            let at = table.properties.iter().find(|p| p.key == "append_only").map_or(at, |p| p.key_position);
            let hint = "leave out one of the two";
            return Err(self.error_hint(
                at,
                "an append-only table has no primary key: an insertion may replace a row",
                hint,
            ));
        }
        self.circuit.tables.push(Table { name, case_sensitive, columns, primary_key, materialized, append_only });
        Ok(Declared::Relation { rel, columns: outputs, table: Some(index) })
    }

    /// A column, and the text of its default.
    fn column(&mut self, def: &ColumnDef) -> Bound<(Column, Option<String>)> {
        let sql = self.sql_type(&def.ty, def.ty_span);
        let sql = sql?;
        if matches!(sql, SqlType::IntervalMonths(_) | SqlType::IntervalMicros(_)) {
            return Err(self.error(def.ty_span, "a table's column cannot be an interval"));
        }
        let ty = ColumnType { sql, nullable: def.not_null != Some(true) };
        let default = match &def.default {
            None => None,
            Some((e, _, at)) => Some(self.default_value(e, &ty, *at)?),
        };
        let text = def.default.as_ref().map(|(_, text, _)| text.clone());
        let case_sensitive = def.name.quote_style.is_some();
        let default = default.filter(|d| *d != ColumnDefault::Constant(Value::Null));
        Ok((Column { name: fold(&def.name), case_sensitive, ty, default }, text))
    }

    fn default_value(&mut self, e: &sqlparser::ast::Expr, ty: &ColumnType, at: Span) -> Bound<ColumnDefault> {
        let scope = Scope::default();
        let bound = self.expr(e, &mut Cx::constant(&scope, "DEFAULT"))?;
        let bound = if bound.ty.sql == SqlType::Null { null(ty.sql.clone()) } else { bound };
        let mut bound = self.coerce(bound, &ty.sql, at)?;
        if metadata_as_column(&mut bound) {
            if !is_of_kernels(&bound) {
                let message =
                    "a default is made of constants and CONNECTOR_METADATA(), by built-in functions without lambdas";
                return Err(self.error(at, message));
            }
            // What cannot be computed of nothing is NULL: input without metadata has its own fields.
            let without = value(&bound, &[Value::Null], &Arena::new()).unwrap_or(Value::Null);
            return Ok(ColumnDefault::OfMetadata { expr: bound, without });
        }
        match crate::optimise::evaluate(&bound) {
            Some(Ok(Value::Null)) if !ty.nullable => {
                Err(self.error(at, "the default is NULL, but the column is NOT NULL"))
            }
            Some(Ok(value)) => Ok(ColumnDefault::Constant(value)),
            Some(Err(message)) => Err(self.error(at, format!("the default cannot be computed: {message}"))),
            None => Err(self.error(at, "a default must be a constant")),
        }
    }

    fn primary_key(&mut self, table: &CreateTable, columns: &[(Column, Option<String>)]) -> Bound<Option<Vec<usize>>> {
        let key = match table.primary_keys.as_slice() {
            [] => return Ok(None),
            [key] => key,
            [_, second, ..] => {
                let hint = "a key of several columns is written PRIMARY KEY (a, b) after the columns";
                return Err(self.error_hint(second.span, "the table has two primary keys", hint));
            }
        };
        let mut indexes = vec![];
        for ident in &key.columns {
            let index = self.key_column(ident, columns.iter().map(|(c, _)| c))?;
            let column = &columns[index].0;
            if column.ty.nullable {
                let message =
                    format!("PRIMARY KEY column '{}' has type {}, which is nullable", column.name, column.ty.sql);
                let def = table.columns.iter().find(|d| fold(&d.name) == column.name);
                let at = def.map_or(key.span, |d| span(d.name.span).to(d.ty_span));
                return Err(self.error_hint(at, message, "add NOT NULL to the column"));
            }
            if indexes.contains(&index) {
                return Err(self.error(span(ident.span), format!("column '{}' is in the key twice", column.name)));
            }
            indexes.push(index);
        }
        Ok(Some(indexes))
    }

    /// The index of a column by name.
    fn key_column<'c>(&mut self, ident: &Ident, columns: impl Iterator<Item = &'c Column>) -> Bound<usize> {
        let name = fold(ident);
        let names: Vec<&str> = columns.map(|c| c.name.as_str()).collect();
        match names.iter().position(|n| *n == name) {
            Some(index) => Ok(index),
            None => {
                let hint = closest(&name, names.iter().copied()).map(|c| format!("did you mean '{c}'?"));
                let message = format!("the table has no column '{name}'");
                Err(self.error_maybe_hint(span(ident.span), message, hint))
            }
        }
    }

    /// Keys and values of a WITH clause.
    pub(super) fn properties(&mut self, properties: &[Property], known: &[&str], what: &str) -> Bound<()> {
        let mut result = Ok(());
        let mut seen = HashSet::new();
        for p in properties {
            if !seen.insert(p.key.as_str()) {
                result = Err(self.error(p.key_position, format!("property '{}' is given twice", p.key)));
            } else if !known.contains(&p.key.as_str()) {
                let hint = closest(&p.key, known.iter().copied())
                    .map_or_else(|| format!("known are: {}", known.join(", ")), |c| format!("did you mean '{c}'?"));
                result = Err(self.error_hint(p.key_position, format!("a {what} has no property '{}'", p.key), hint));
            } else if matches!(p.key.as_str(), "materialized" | "append_only" | "skip_unused_columns")
                && !matches!(p.value.to_lowercase().as_str(), "true" | "false")
            {
                let message = format!("property '{}' is 'true' or 'false', not '{}'", p.key, p.value);
                result = Err(self.error(p.value_position, message));
            } else if p.key == "expected_size" && p.value.parse::<u64>().is_err() {
                result = Err(self.error(p.value_position, format!("'{}' is not a number of rows", p.value)));
            }
        }
        result
    }

    /// Foreign keys name the primary key of another table, with the same types. They are not enforced.
    pub(super) fn check_foreign_keys(&mut self, table: &CreateTable) {
        for key in &table.foreign_keys {
            // What is wrong has been reported.
            let _ = self.foreign_key(table, key);
        }
    }

    fn foreign_key(&mut self, table: &CreateTable, key: &ForeignKey) -> Bound<()> {
        let index_of = |binder: &Self, ident: &Ident| match binder.declared.get(&fold(ident)) {
            Some(Declared::Relation { table: Some(index), .. }) => Some(Some(*index)),
            Some(Declared::Poisoned) => Some(None),
            _ => None,
        };
        let (Some(Some(own)), referred) = (index_of(self, &table.name), index_of(self, &key.table)) else {
            return Ok(());
        };
        let at = span(key.table.span);
        let referred = match referred {
            None => return Err(self.error(at, format!("there is no table '{}'", fold(&key.table)))),
            Some(None) => return Ok(()),
            Some(Some(index)) => index,
        };
        if key.columns.len() != key.referred.len() {
            return Err(self.error(key.span, "both sides of a foreign key must have as many columns"));
        }
        let own_columns = self.circuit.tables[own].columns.clone();
        let other = self.circuit.tables[referred].clone();
        let mut indexes = vec![];
        for (mine, theirs) in key.columns.iter().zip(&key.referred) {
            let i = self.key_column(mine, own_columns.iter())?;
            let j = self.key_column(theirs, other.columns.iter())?;
            let (a, b) = (&own_columns[i].ty.sql, &other.columns[j].ty.sql);
            if a != b {
                let message =
                    format!("column '{}' is {a}, but '{}' is {b}", own_columns[i].name, other.columns[j].name);
                return Err(self.error(parse::span(mine.span), message));
            }
            indexes.push(j);
        }
        let mut wanted = other.primary_key.clone().unwrap_or_default();
        wanted.sort_unstable();
        indexes.sort_unstable();
        if wanted != indexes {
            let message = format!("a foreign key must refer to the primary key of '{}'", other.name);
            return Err(self.error(key.span, message));
        }
        Ok(())
    }
}

/// Whether a property is 'true'.
fn truth(properties: &[Property], key: &str) -> bool {
    properties.iter().any(|p| p.key == key && p.value.eq_ignore_ascii_case("true"))
}
