//! Table functions over time: TUMBLE and HOP give each row the windows that it lies in, as two more columns.

use super::scope::Scope;
use super::temporal::Unit;
use super::{Binder, Bound, OutputColumn, position};
use crate::expr::{bigint, call, is_not_null};
use crate::parse::{fold, span};
use crate::plan::RelId;
use sqlparser::ast::{self, FunctionArguments, Spanned, TableAlias};
use weir_circuit::Expr;
use weir_row::{ColumnType, SqlType, Value};

/// Most windows that a row of HOP may lie in.
const WINDOWS_MAX: i64 = 1_000;

impl Binder<'_> {
    /// `TABLE(f(..))` in a FROM clause.
    pub(super) fn table_function(&mut self, e: &ast::Expr, alias: Option<&TableAlias>) -> Bound<(RelId, Scope)> {
        let at = span(e.span());
        let ast::Expr::Function(f) = e else {
            return Err(self.error(at, "expected TUMBLE or HOP after TABLE("));
        };
        let name = f.name.to_string().to_uppercase();
        let FunctionArguments::List(list) = &f.args else {
            return Err(self.error(at, format!("{name} takes arguments")));
        };
        let args = self.plain_arguments(list, at)?;
        let (rel, columns) = match (name.as_str(), args.as_slice()) {
            ("TUMBLE", [table, time, size]) => self.windows(table, time, size, size, None)?,
            ("TUMBLE", [table, time, size, offset]) => self.windows(table, time, size, size, Some(offset))?,
            ("HOP", [table, time, slide, size]) => self.windows(table, time, slide, size, None)?,
            ("HOP", [table, time, slide, size, offset]) => self.windows(table, time, slide, size, Some(offset))?,
            ("TUMBLE", _) => return Err(self.error(at, "TUMBLE takes TABLE t, DESCRIPTOR(column), size [, offset]")),
            ("HOP", _) => return Err(self.error(at, "HOP takes TABLE t, DESCRIPTOR(column), slide, size [, offset]")),
            ("SESSION", _) => return Err(self.unsupported(at, "SESSION")),
            _ => return Err(self.error(at, format!("there is no table function {name}"))),
        };
        let columns = match alias {
            Some(alias) => self.renamed(columns, alias)?,
            None => columns,
        };
        let name = alias.map(|a| fold(&a.name));
        Ok((rel, super::from::scope_of(&columns, name)))
    }

    fn windows(
        &mut self,
        table: &ast::Expr,
        time: &ast::Expr,
        slide: &ast::Expr,
        size: &ast::Expr,
        offset: Option<&ast::Expr>,
    ) -> Bound<(RelId, Vec<OutputColumn>)> {
        let table_at = span(table.span());
        let ast::Expr::Identifier(table) = table else {
            return Err(self.error(table_at, "expected TABLE and the name of a table or view"));
        };
        let (rel, mut columns) = self.relation(table)?;
        let time_at = span(time.span());
        let column = self.descriptor(time, &columns)?;
        let ty = columns[column].ty.sql.clone();
        if ty != SqlType::Timestamp {
            return Err(self.unsupported(time_at, format!("a window over {ty}")));
        }
        let slide = self.constant_interval(slide, true)?;
        let size_at = span(size.span());
        let size = self.constant_interval(size, true)?;
        let offset = offset.map_or(Ok(0), |o| self.constant_interval(o, false))?;
        let count = size / slide + i64::from(size % slide != 0);
        if count > WINDOWS_MAX {
            return Err(
                self.error(size_at, format!("a row would lie in {count} windows; at most {WINDOWS_MAX} are allowed"))
            );
        }
        let at = position(time_at);
        // Rows without a time lie in no window.
        let types = self.plan.columns(rel).to_vec();
        let present = self.plan.filter(rel, is_not_null(Expr::column(column, types[column].clone())));
        let ts = Expr::column(column, ColumnType::not_null(SqlType::Timestamp));
        let micros = |x: i64| {
            Expr::literal(
                Value::Micros(x),
                ColumnType::not_null(SqlType::IntervalMicros(weir_row::IntervalFields::DAY_TO_SECOND)),
            )
        };
        let moved = |name: &str, e: Expr, by: i64| match by {
            0 => e,
            _ => call(&format!("{name}_ts_micros"), vec![e, micros(by)], SqlType::Timestamp, at),
        };
        let aligned = moved("sub", ts.clone(), offset);
        let floor = call("floor_ts_micros", vec![aligned, bigint(slide)], SqlType::Timestamp, at);
        let last = moved("add", floor, offset);
        let mut inputs = vec![];
        for i in (0..count).rev() {
            let start = moved("sub", last.clone(), i * slide);
            let end = moved("add", start.clone(), size);
            let mut exprs: Vec<Expr> = types.iter().enumerate().map(|(i, ty)| Expr::column(i, ty.clone())).collect();
            // The oldest window need not reach as far as the row, if the size is not a multiple of the slide.
            let reaches = if size % slide != 0 && i == count - 1 {
                let inside = call("lt_ts", vec![ts.clone(), end.clone()], SqlType::Boolean, at);
                self.plan.filter(present, inside)
            } else {
                present
            };
            exprs.extend([start, end]);
            inputs.push(self.plan.project(reaches, exprs));
        }
        for name in ["window_start", "window_end"] {
            columns.push(OutputColumn {
                name: name.to_string(),
                case_sensitive: false,
                ty: ColumnType::not_null(SqlType::Timestamp),
                span: time_at,
            });
        }
        Ok((self.plan.union(inputs), columns))
    }

    /// DESCRIPTOR(column)
    fn descriptor(&mut self, e: &ast::Expr, columns: &[OutputColumn]) -> Bound<usize> {
        let at = span(e.span());
        let name = match e {
            ast::Expr::Function(f) if f.name.to_string().eq_ignore_ascii_case("descriptor") => match &f.args {
                FunctionArguments::List(list) => match self.plain_arguments(list, at)?.as_slice() {
                    [ast::Expr::Identifier(ident)] => Some(ident.clone()),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        };
        let Some(ident) = name else {
            return Err(self.error(at, "expected DESCRIPTOR(column)"));
        };
        let wanted = fold(&ident);
        match columns.iter().position(|c| c.name == wanted) {
            Some(index) => Ok(index),
            None => {
                let names = columns.iter().map(|c| c.name.as_str());
                let hint = super::names::closest(&wanted, names).map(|c| format!("did you mean '{c}'?"));
                Err(self.error_maybe_hint(span(ident.span), format!("column '{wanted}' not found"), hint))
            }
        }
    }

    /// A constant day-time interval in microseconds.
    fn constant_interval(&mut self, e: &ast::Expr, positive: bool) -> Bound<i64> {
        let at = span(e.span());
        let scope = Scope::default();
        let bound = self.expr(e, &mut super::expr::Cx::constant(&scope, "a window"))?;
        let limit = Unit::Day.micros() * 366 * 10_000;
        match crate::optimise::evaluate(&bound) {
            Some(Ok(Value::Micros(x))) if (x > 0 || !positive) && x.abs() < limit => Ok(x),
            Some(Ok(Value::Micros(_))) => Err(self.error(at, "the interval must be positive, and not absurdly long")),
            _ => Err(self.error_hint(
                at,
                "expected a constant interval of days or less",
                "for example INTERVAL '10' SECOND",
            )),
        }
    }
}
