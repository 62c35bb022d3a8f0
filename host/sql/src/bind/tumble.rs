//! Table functions over time: TUMBLE, HOP and SESSION give each row the windows that it lies in, as two more columns.

use super::scope::Scope;
use super::temporal::Unit;
use super::{Binder, Bound, Call, OutputColumn, position};
use crate::Span;
use crate::expr::{bigint, call as kernel_call, is_not_null};
use crate::parse::{fold, span};
use crate::plan::RelId;
use sqlparser::ast::{self, FunctionArg, FunctionArgExpr, FunctionArguments, Spanned, TableAlias};
use weir_circuit::{Expr, Position};
use weir_row::{ColumnType, IntervalFields, SqlType, Value};

/// Most windows that a row of HOP may lie in.
const WINDOWS_MAX: i64 = 1_000;

/// No interval of a window is as long, in microseconds: all times that there are lie within it.
const INTERVAL_MAX: i64 = 10_000 * 366 * 86_400_000_000;

/// The columns of windows over a type.
fn bounds(ty: &SqlType, at: Span) -> [OutputColumn; 2] {
    ["window_start", "window_end"].map(|name| OutputColumn {
        name: name.to_string(),
        case_sensitive: false,
        ty: ColumnType::not_null(ty.clone()),
        span: at,
    })
}

/// A time moved by microseconds.
fn moved(by: &str, e: Expr, micros: i64, at: Position) -> Expr {
    let ty = ColumnType::not_null(SqlType::IntervalMicros(IntervalFields::DAY_TO_SECOND));
    match micros {
        0 => e,
        _ => {
            let micros = Expr::literal(Value::Micros(micros), ty);
            kernel_call(&format!("{by}_ts_micros"), vec![e, micros], SqlType::Timestamp, at)
        }
    }
}

impl Binder<'_> {
    /// `TABLE(f(..))` in a FROM clause.
    pub(super) fn table_function(&mut self, e: &ast::Expr, alias: Option<&TableAlias>) -> Bound<(RelId, Scope)> {
        let at = span(e.span());
        let ast::Expr::Function(f) = e else {
            return Err(self.error(at, "expected TUMBLE, HOP or SESSION after TABLE("));
        };
        let name = f.name.to_string().to_uppercase();
        let FunctionArguments::List(list) = &f.args else {
            return Err(self.error(at, format!("{name} takes arguments")));
        };
        let (rel, columns) = match name.as_str() {
            "TUMBLE" => {
                let usage = "TABLE t, DESCRIPTOR(column), size [, offset]";
                let given = self.given(list, &["data", "timecol", "size", "offset"], &name, usage, at)?;
                let [Some(table), Some(time), Some(size), offset] = given[..] else {
                    return Err(self.error(at, format!("{name} takes {usage}")));
                };
                self.windows(table, time, size, size, offset)?
            }
            "HOP" => {
                let usage = "TABLE t, DESCRIPTOR(column), slide, size [, offset]";
                let given = self.given(list, &["data", "timecol", "slide", "size", "offset"], &name, usage, at)?;
                let [Some(table), Some(time), Some(slide), Some(size), offset] = given[..] else {
                    return Err(self.error(at, format!("{name} takes {usage}")));
                };
                self.windows(table, time, slide, size, offset)?
            }
            "SESSION" => {
                let usage = "TABLE t, DESCRIPTOR(column) [, DESCRIPTOR(key, ..)], gap";
                let named: &[&str] = match list.args.len() {
                    ..=3 => &["data", "timecol", "size", "key"],
                    _ => &["data", "timecol", "key", "size"],
                };
                let given = self.given(list, named, &name, usage, at)?;
                let of = |name| named.iter().position(|n| *n == name).and_then(|i| given[i]);
                let (Some(table), Some(time), Some(gap)) = (of("data"), of("timecol"), of("size")) else {
                    return Err(self.error(at, format!("{name} takes {usage}")));
                };
                self.sessions(table, time, of("key"), gap)?
            }
            _ => return Err(self.error(at, format!("there is no table function {name}"))),
        };
        let columns = match alias {
            Some(alias) => self.renamed(columns, alias)?,
            None => columns,
        };
        let name = alias.map(|a| fold(&a.name));
        Ok((rel, super::from::scope_of(&columns, name)))
    }

    /// The arguments of a table function by place or by name, in the order of their names.
    fn given<'e>(
        &mut self,
        list: &'e ast::FunctionArgumentList,
        names: &[&str],
        function: &str,
        usage: &str,
        at: Span,
    ) -> Bound<Vec<Option<&'e ast::Expr>>> {
        let mut given = vec![None; names.len()];
        let mut is_named = false;
        for (i, argument) in list.args.iter().enumerate() {
            let (place, value) = match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(e)) if !is_named => (i, e),
                FunctionArg::Named { name, arg: FunctionArgExpr::Expr(e), .. } => {
                    is_named = true;
                    let wanted = name.value.to_lowercase();
                    match names.iter().position(|n| *n == wanted) {
                        Some(place) => (place, e),
                        None => {
                            let hint = format!("its arguments are {}", names.join(", ").to_uppercase());
                            let message = format!("{function} has no argument {}", name.value);
                            return Err(self.error_hint(span(name.span), message, hint));
                        }
                    }
                }
                _ => return Err(self.error(at, format!("{function} takes {usage}"))),
            };
            if place >= names.len() || given[place].is_some() {
                return Err(self.error(at, format!("{function} takes {usage}")));
            }
            given[place] = Some(value);
        }
        Ok(given)
    }

    /// `TABLE t` of a table function, and the column that it is about.
    fn table_and_time(&mut self, table: &ast::Expr, time: &ast::Expr) -> Bound<(RelId, Vec<OutputColumn>, usize)> {
        let table_at = span(table.span());
        let ast::Expr::Identifier(table) = table else {
            return Err(self.error(table_at, "expected TABLE and the name of a table or view"));
        };
        let (rel, columns) = self.relation(table)?;
        match self.descriptor(time, &columns)?.as_slice() {
            [column] => Ok((rel, columns, *column)),
            _ => Err(self.error(span(time.span()), "a row has one time: expected DESCRIPTOR(column)")),
        }
    }

    fn windows(
        &mut self,
        table: &ast::Expr,
        time: &ast::Expr,
        slide: &ast::Expr,
        size: &ast::Expr,
        offset: Option<&ast::Expr>,
    ) -> Bound<(RelId, Vec<OutputColumn>)> {
        let (rel, mut columns, column) = self.table_and_time(table, time)?;
        let time_at = span(time.span());
        let ty = columns[column].ty.sql.clone();
        if !matches!(ty, SqlType::Timestamp | SqlType::TimestampTz | SqlType::Date) {
            let hint = "windows are over a TIMESTAMP, a TIMESTAMP WITH TIME ZONE or a DATE";
            return Err(self.error_hint(time_at, format!("a window over {ty}"), hint));
        }
        let at = position(time_at);
        let (slide_at, size_at) = (span(slide.span()), span(size.span()));
        let slide = self.constant_interval(slide, true)?;
        let size = self.constant_interval(size, true)?;
        let offset_at = offset.map_or(size_at, |o| span(o.span()));
        let offset = offset.map_or(Ok(0), |o| self.constant_interval(o, false))?;
        for (micros, at) in [(slide, slide_at), (size, size_at), (offset, offset_at)] {
            if ty == SqlType::Date && micros % Unit::Day.micros() != 0 {
                return Err(self.error(at, "a window of dates is made of whole days"));
            }
        }
        let count = size / slide + i64::from(size % slide != 0);
        if count > WINDOWS_MAX {
            return Err(
                self.error(size_at, format!("a row would lie in {count} windows; at most {WINDOWS_MAX} are allowed"))
            );
        }
        // Rows without a time lie in no window.
        let types = self.plan.columns(rel).to_vec();
        let present = self.plan.filter(rel, is_not_null(Expr::column(column, types[column].clone())));
        let own = Expr::column(column, ColumnType::not_null(ty.clone()));
        let (ts, back) = match ty {
            SqlType::Date => {
                (kernel_call("cast_date_to_ts", vec![own], SqlType::Timestamp, at), Some("cast_ts_to_date"))
            }
            SqlType::TimestampTz => {
                (kernel_call("cast_tz_to_ts", vec![own], SqlType::Timestamp, at), Some("cast_ts_to_tz"))
            }
            _ => (own, None),
        };
        let as_own = |e: Expr| match back {
            Some(kernel) => kernel_call(kernel, vec![e], ty.clone(), at),
            None => e,
        };
        let aligned = moved("sub", ts.clone(), offset, at);
        let floor = kernel_call("floor_ts_micros", vec![aligned, bigint(slide)], SqlType::Timestamp, at);
        let last = moved("add", floor, offset, at);
        let mut inputs = vec![];
        for i in (0..count).rev() {
            let start = moved("sub", last.clone(), i * slide, at);
            let end = moved("add", start.clone(), size, at);
            let mut exprs: Vec<Expr> = types.iter().enumerate().map(|(i, ty)| Expr::column(i, ty.clone())).collect();
            // The oldest window need not reach as far as the row, if the size is not a multiple of the slide.
            let reaches = if size % slide != 0 && i == count - 1 {
                let inside = kernel_call("lt_ts", vec![ts.clone(), end.clone()], SqlType::Boolean, at);
                self.plan.filter(present, inside)
            } else {
                present
            };
            exprs.extend([as_own(start), as_own(end)]);
            inputs.push(self.plan.project(reaches, exprs));
        }
        columns.extend(bounds(&ty, time_at));
        Ok((self.plan.union(inputs), columns))
    }

    /// SESSION: rows of a key that follow each other closely.
    fn sessions(
        &mut self,
        table: &ast::Expr,
        time: &ast::Expr,
        key: Option<&ast::Expr>,
        gap: &ast::Expr,
    ) -> Bound<(RelId, Vec<OutputColumn>)> {
        let (rel, mut columns, column) = self.table_and_time(table, time)?;
        let time_at = span(time.span());
        let ty = columns[column].ty.sql.clone();
        let keys = key.map_or(Ok(vec![]), |key| self.descriptor(key, &columns))?;
        let gap_at = span(gap.span());
        let gap = match ty {
            SqlType::Timestamp | SqlType::TimestampTz => self.constant_interval(gap, true)?,
            SqlType::Date => {
                let micros = self.constant_interval(gap, true)?;
                if micros % Unit::Day.micros() != 0 {
                    return Err(self.error(gap_at, "a window of dates is made of whole days"));
                }
                micros / Unit::Day.micros()
            }
            SqlType::TinyInt | SqlType::SmallInt | SqlType::Integer | SqlType::BigInt => self.constant_gap(gap)?,
            _ => {
                let hint = "sessions are of a TIMESTAMP, a TIMESTAMP WITH TIME ZONE, a DATE or a signed integer";
                return Err(self.error_hint(time_at, format!("a session of {ty}"), hint));
            }
        };
        let types = self.plan.columns(rel).to_vec();
        let of = |i: usize| Expr::column(i, types[i].clone());
        let rel = self.plan.session(rel, keys.into_iter().map(of).collect(), of(column), gap);
        columns.extend(bounds(&ty, time_at));
        Ok((rel, columns))
    }

    /// `DESCRIPTOR(column, ..)`
    fn descriptor(&mut self, e: &ast::Expr, columns: &[OutputColumn]) -> Bound<Vec<usize>> {
        let at = span(e.span());
        let named = match e {
            ast::Expr::Function(f) if f.name.to_string().eq_ignore_ascii_case("descriptor") => match &f.args {
                FunctionArguments::List(list) => self.plain_arguments(list, at)?,
                _ => vec![],
            },
            _ => vec![],
        };
        let mut found = vec![];
        for e in &named {
            let ast::Expr::Identifier(ident) = e else { return Err(self.error(at, "expected DESCRIPTOR(column)")) };
            let wanted = fold(ident);
            match columns.iter().position(|c| c.name == wanted) {
                Some(index) => found.push(index),
                None => {
                    let names = columns.iter().map(|c| c.name.as_str());
                    let hint = super::names::closest(&wanted, names).map(|c| format!("did you mean '{c}'?"));
                    return Err(self.error_maybe_hint(span(ident.span), format!("column '{wanted}' not found"), hint));
                }
            }
        }
        match found.is_empty() {
            true => Err(self.error(at, "expected DESCRIPTOR(column)")),
            false => Ok(found),
        }
    }

    /// A constant distance of whole numbers.
    fn constant_gap(&mut self, e: &ast::Expr) -> Bound<i64> {
        let at = span(e.span());
        let scope = Scope::default();
        let bound = self.expr(e, &mut super::expr::Cx::constant(&scope, "a window"))?;
        let bound = self.coerce(bound, &SqlType::BigInt, at)?;
        match crate::optimise::evaluate(&bound) {
            Some(Ok(Value::I64(x))) if x > 0 => Ok(x),
            _ => Err(self.error(at, "expected a positive whole number")),
        }
    }

    /// TUMBLE_START(ts, size) and TUMBLE_END(ts, size): the bounds of the window that a time lies in.
    pub(crate) fn tumbled(&mut self, call: &Call) -> Bound<Expr> {
        let at = position(call.span);
        let [time, size] = call.args.as_slice() else {
            return Err(self.error(call.span, "expected a time and a size"));
        };
        let is_end = call.name == "tumble_end";
        let size_at = size.span;
        let size = match crate::optimise::evaluate(&size.expr) {
            Some(Ok(Value::Micros(x))) if (1..INTERVAL_MAX).contains(&x) => x,
            _ => return Err(self.no_interval(size_at)),
        };
        if time.expr.ty.sql != SqlType::Timestamp {
            let hint = "write CAST(.. AS TIMESTAMP), or use the table function";
            let message = format!("{} is of a TIMESTAMP, not {}", call.name.to_uppercase(), time.expr.ty.sql);
            return Err(self.error_hint(time.span, message, hint));
        }
        let args = vec![time.expr.clone(), bigint(size)];
        let start = kernel_call("floor_ts_micros", args, SqlType::Timestamp, at);
        Ok(if is_end { moved("add", start, size, at) } else { start })
    }

    fn no_interval(&mut self, at: Span) -> super::Reported {
        let hint = "for example INTERVAL '10' SECOND";
        self.error_hint(at, "expected a constant, positive interval of days or less", hint)
    }

    /// A constant day-time interval in microseconds.
    fn constant_interval(&mut self, e: &ast::Expr, positive: bool) -> Bound<i64> {
        let at = span(e.span());
        let scope = Scope::default();
        let bound = self.expr(e, &mut super::expr::Cx::constant(&scope, "a window"))?;
        match crate::optimise::evaluate(&bound) {
            Some(Ok(Value::Micros(x))) if (x > 0 || !positive) && x.abs() < INTERVAL_MAX => Ok(x),
            Some(Ok(Value::Micros(_))) => Err(self.error(at, "the interval must be positive, and not absurdly long")),
            _ => Err(self.no_interval(at)),
        }
    }
}
