//! LATENESS: how old rows of a column may come. Rows that are older are dropped, and told by `error_view`.

use super::cast::cast;
use super::composite::{row_type, sequence};
use super::scope::Scope;
use super::{Argument, Binder, Bound, Call, OutputColumn, position};
use crate::Span;
use crate::expr::{call, case, null, text};
use crate::parse::{CreateTable, Lateness, fold};
use crate::plan::{RelId, Root};
use sqlparser::ast;
use std::collections::BTreeMap;
use weir_circuit::{Column, Expr, LateColumn, View};
use weir_row::{ColumnType, SqlType, Value};

/// What `error_view` says of rows that came too late.
const MESSAGE: &str = "Late value";

/// The first day of year 1, since 1970.
const FIRST_DAY: i32 = -719_162;

/// What a statement says of a view's column.
pub(crate) struct OfView {
    view: String,
    column: String,
    expr: ast::Expr,
    span: Span,
    used: bool,
}

impl Binder<'_> {
    /// What a LATENESS statement says, for when its view is declared.
    pub(super) fn note_lateness(&mut self, lateness: &Lateness) {
        let (view, column) = (fold(&lateness.view), fold(&lateness.column));
        if self.latenesses.iter().any(|l| l.view == view && l.column == column) {
            self.error(lateness.span, format!("the lateness of {view}.{column} is given twice"));
            return;
        }
        self.latenesses.push(OfView { view, column, expr: (*lateness.expr).clone(), span: lateness.span, used: false });
    }

    /// The text of what a statement says of a view's column.
    pub(super) fn lateness_text(&self, view: &str, column: &str) -> Option<String> {
        self.latenesses.iter().find(|l| l.view == view && l.column == column).map(|l| l.expr.to_string())
    }

    /// The latenesses of a table's columns.
    pub(super) fn latenesses(
        &mut self,
        table: &CreateTable,
        columns: &[(Column, Option<String>)],
    ) -> Bound<Vec<(usize, Expr)>> {
        let mut found = Ok(vec![]);
        for (i, (def, (column, _))) in table.columns.iter().zip(columns).enumerate() {
            if let Some((e, at)) = &def.watermark {
                // It must be what it says, all the same.
                let bound = self.waterline(&column.ty, e, *at, "WATERMARK");
                self.warning(
                    *at,
                    crate::diagnostic::warning::WITHOUT_EFFECT,
                    "WATERMARK is an experiment and has no effect",
                );
                found = bound.and(found);
            }
            let Some((e, at)) = &def.lateness else { continue };
            match (self.waterline(&column.ty, e, *at, "LATENESS"), &mut found) {
                (Ok(waterline), Ok(found)) => found.push((i, waterline)),
                (Err(reported), _) => found = Err(reported),
                _ => {}
            }
        }
        found
    }

    /// The waterline that a value of a column stands for, over that value as column 0.
    fn waterline(&mut self, ty: &ColumnType, e: &ast::Expr, at: Span, what: &'static str) -> Bound<Expr> {
        let least = match ty.sql {
            SqlType::TinyInt => Value::I8(i8::MIN),
            SqlType::SmallInt => Value::I16(i16::MIN),
            SqlType::Integer => Value::I32(i32::MIN),
            SqlType::BigInt => Value::I64(i64::MIN),
            SqlType::UTinyInt => Value::U8(0),
            SqlType::USmallInt => Value::U16(0),
            SqlType::UInteger => Value::U32(0),
            SqlType::UBigInt => Value::U64(0),
            SqlType::Date => Value::Date(FIRST_DAY),
            SqlType::Timestamp => Value::Ts(i64::from(FIRST_DAY) * 86_400_000_000),
            SqlType::TimestampTz => Value::Tz(i64::from(FIRST_DAY) * 86_400_000_000),
            _ => {
                let hint = "it is of an integer, a DATE, a TIMESTAMP or a TIMESTAMP WITH TIME ZONE";
                return Err(self.error_hint(at, format!("{what} of a column of type {}", ty.sql), hint));
            }
        };
        let scope = Scope::default();
        let bound = self.expr(e, &mut super::expr::Cx::constant(&scope, what))?;
        let is_number = super::integer(&ty.sql).is_some();
        let bound = if is_number { self.coerce(bound, &ty.sql, at)? } else { bound };
        let value = match crate::optimise::evaluate(&bound) {
            Some(Ok(value)) => value,
            Some(Err(message)) => return Err(self.error(at, format!("{what} cannot be computed: {message}"))),
            None => return Err(self.error(at, format!("{what} must be a constant"))),
        };
        let fits = match value {
            Value::Micros(x) => !is_number && x >= 0,
            Value::Months(x) => !is_number && x >= 0,
            Value::Null => false,
            ref x => is_number && *x >= zero(&ty.sql),
        };
        if !fits {
            let hint = if is_number { "for example LATENESS 5" } else { "for example LATENESS INTERVAL 1 HOUR" };
            let kind = if is_number { "number" } else { "interval" };
            return Err(self.error_hint(at, format!("expected a constant {kind} that is not negative"), hint));
        }
        let own = ColumnType::not_null(ty.sql.clone());
        let by = Expr::literal(value, ColumnType::not_null(bound.ty.sql.clone()));
        let moved = |binder: &mut Self, name: &str, e: Expr| -> Bound<Expr> {
            match is_number {
                true => {
                    let kind = ty.sql.kind().map_or("", |k| k.name());
                    Ok(call(&format!("{name}_{kind}"), vec![e, by.clone()], ty.sql.clone(), position(at)))
                }
                false => binder.add_interval(name, e, by.clone(), at),
            }
        };
        // Of the very first values nothing can be taken: they stand for no waterline.
        let first = moved(self, "add", Expr::literal(least, own.clone()))?;
        let lowered = moved(self, "sub", Expr::column(0, ty.clone()))?;
        let Some(Ok(first)) = crate::optimise::evaluate(&first) else {
            return Err(self.error(at, format!("{what} is longer than there are values")));
        };
        if lowered.ty.sql != ty.sql {
            let message = format!("a {} minus this is a {}", ty.sql, lowered.ty.sql);
            return Err(self.error_hint(at, message, "write an interval of whole days"));
        }
        let kind = ty.sql.kind().map_or("", |k| k.name());
        let args = vec![Expr::column(0, ty.clone()), Expr::literal(first, own)];
        let there = call(&format!("ge_{kind}"), args, SqlType::Boolean, position(at));
        Ok(case(vec![(there, lowered)], null(ty.sql.clone()), position(at)))
    }

    /// A relation without the rows that come too late, which become rows of `error_view`. `of_table`: it is a table with a primary key.
    pub(super) fn late(
        &mut self,
        rel: RelId,
        name: &str,
        columns: &[OutputColumn],
        lateness: Vec<(usize, Expr)>,
        of_table: bool,
        at: Span,
    ) -> Bound<RelId> {
        if lateness.is_empty() {
            return Ok(rel);
        }
        if let Some(read) = self.reads_errors {
            let hint = format!("move the view that reads error_view (line {}) behind it", read.start.line);
            return Err(self.error_hint(at, "rows of this are dropped after error_view was read", hint));
        }
        let of_column = |(column, mut waterline): (usize, Expr)| {
            waterline.map_columns(&mut |_| column);
            LateColumn { column, waterline }
        };
        let late = self.plan.late(rel, lateness.into_iter().map(of_column).collect(), of_table);
        let dropped = self.plan.dropped(late);
        let values: Vec<Expr> = columns.iter().enumerate().map(|(i, c)| Expr::column(i, c.ty.clone())).collect();
        let ty = SqlType::Row(row_type(&values, columns.iter().map(|c| c.name.clone())));
        let row = sequence(values, ty, position(at));
        let Some(variant) = cast(row, &SqlType::Variant, position(at)) else {
            return Err(self.unsupported(at, "a lateness of a table with such columns"));
        };
        let args = vec![Argument { expr: variant, span: at }];
        let json = self.resolve(&Call { name: "to_json".to_string(), args, span: at })?;
        let json = crate::expr::coalesce(vec![json, text("")], position(at));
        let dropped = self.plan.project(dropped, vec![text(name), text(MESSAGE), json]);
        let dropped = self.plan.retyped(dropped, &error_types());
        self.dropped.push(dropped);
        Ok(late)
    }

    /// A view without the rows that come too late, if a statement says when that is.
    pub(super) fn late_view(&mut self, name: &str, rel: RelId, columns: &[OutputColumn], at: Span) -> Bound<RelId> {
        let mut found = BTreeMap::new();
        for i in 0..self.latenesses.len() {
            if self.latenesses[i].view != name {
                continue;
            }
            self.latenesses[i].used = true;
            let of = &self.latenesses[i];
            let (column, e, span) = (of.column.clone(), of.expr.clone(), of.span);
            let Some(index) = columns.iter().position(|c| c.name == column) else {
                let hint = super::names::closest(&column, columns.iter().map(|c| c.name.as_str()));
                let hint = hint.map(|c| format!("did you mean '{c}'?"));
                return Err(self.error_maybe_hint(span, format!("view '{name}' has no column '{column}'"), hint));
            };
            found.insert(index, self.waterline(&columns[index].ty, &e, span, "LATENESS")?);
        }
        self.late(rel, name, columns, found.into_iter().collect(), false, at)
    }

    /// `error_view` as a query reads it.
    pub(super) fn errors_so_far(&mut self, at: Span) -> (RelId, Vec<OutputColumn>) {
        self.reads_errors.get_or_insert(at);
        let rel = match self.dropped.is_empty() {
            true => self.plan.values(vec![], error_types()),
            false => self.plan.union(self.dropped.clone()),
        };
        let columns = super::view::error_view().columns.into_iter().map(|c| OutputColumn {
            name: c.name,
            case_sensitive: false,
            ty: c.ty,
            span: at,
        });
        (rel, columns.collect())
    }

    /// At the end of the program: what is dropped is put out.
    pub(super) fn put_out_errors(&mut self) {
        for i in 0..self.latenesses.len() {
            let of = &self.latenesses[i];
            let (view, at) = (of.view.clone(), of.span);
            let broken = matches!(self.declared.get(&view), Some(super::Declared::Poisoned));
            if !of.used && !broken {
                let hint = "of a table's column, the lateness is written behind the column's type";
                self.error_hint(at, format!("there is no view '{view}'"), hint);
            }
        }
        if self.dropped.is_empty() {
            return;
        }
        let rel = self.plan.union(self.dropped.clone());
        let built_in = super::view::error_view();
        let columns = built_in.columns.into_iter().map(|c| Column {
            name: c.name,
            case_sensitive: false,
            ty: c.ty,
            default: None,
        });
        self.plan.roots.push(Root { rel, view: self.circuit.views.len(), last: None });
        self.circuit.views.push(View {
            name: built_in.name,
            case_sensitive: false,
            columns: columns.collect(),
            materialized: false,
        });
    }
}

/// The types of `error_view`.
fn error_types() -> Vec<ColumnType> {
    super::view::error_view().columns.into_iter().map(|c| c.ty).collect()
}

/// Zero of a type of whole numbers.
fn zero(ty: &SqlType) -> Value {
    match ty {
        SqlType::TinyInt => Value::I8(0),
        SqlType::SmallInt => Value::I16(0),
        SqlType::Integer => Value::I32(0),
        SqlType::UTinyInt => Value::U8(0),
        SqlType::USmallInt => Value::U16(0),
        SqlType::UInteger => Value::U32(0),
        SqlType::UBigInt => Value::U64(0),
        _ => Value::I64(0),
    }
}
