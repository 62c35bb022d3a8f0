//! UNNEST: rows of the elements of arrays and maps, beside the rows that they are of.

use super::composite::{sequence, unpack};
use super::expr::Cx;
use super::from::scope_of;
use super::scope::{Scope, ScopeColumn};
use super::subquery::Subqueries;
use super::{Binder, Bound, OutputColumn, position};
use crate::Span;
use crate::expr::{any, call, case, int, is_null, null};
use crate::parse::{fold, span};
use crate::plan::RelId;
use sqlparser::ast::{self, FunctionArg, FunctionArgExpr, Spanned, TableAlias, TableFactor};
use weir_circuit::Expr;
use weir_row::{ColumnType, SqlType};

/// UNNEST as it is written.
pub(super) struct Unnest<'f> {
    array: &'f ast::Expr,
    alias: Option<&'f TableAlias>,
    ordinality: bool,
    at: Span,
}

/// The factor as UNNEST, if it is one. `Err`: the number of its arguments is wrong.
pub(super) fn unnest_of(factor: &TableFactor) -> Option<Result<Unnest<'_>, Span>> {
    let TableFactor::Table { name, alias, args: Some(args), with_ordinality, .. } = factor else { return None };
    if !name.to_string().eq_ignore_ascii_case("unnest") {
        return None;
    }
    let at = span(factor.span());
    Some(match args.args.as_slice() {
        [FunctionArg::Unnamed(FunctionArgExpr::Expr(array))] => {
            Ok(Unnest { array, alias: alias.as_ref(), ordinality: *with_ordinality, at })
        }
        _ => Err(at),
    })
}

impl Binder<'_> {
    /// The rows of `left` with the elements of an array each. `outer`: a row without elements is there once, with NULLs.
    pub(super) fn unnest(
        &mut self,
        (left, mut scope): (RelId, Scope),
        unnest: &Result<Unnest<'_>, Span>,
        outer: bool,
    ) -> Bound<(RelId, Scope)> {
        let unnest = match unnest {
            Ok(unnest) => unnest,
            Err(at) => return Err(self.error(*at, "UNNEST takes one array or map")),
        };
        let array_at = span(unnest.array.span());
        let mut subqueries = Subqueries::default();
        let within = Some(&mut subqueries);
        let mut cx = Cx { scope: &scope, aliases: &[], aggregates: None, subqueries: within, clause: "UNNEST" };
        let mut array = self.expr(unnest.array, &mut cx)?;
        let at = position(array_at);
        let mut columns = self.plan.columns(left).to_vec();
        let left = self.attach(left, subqueries, &mut [&mut array], &mut |_, e| Ok(e.clone()))?;
        let element = match &array.ty.sql {
            SqlType::Array(element) => (**element).clone(),
            SqlType::Map(key, value) => {
                let field = |name: &str, sql: &SqlType| (name.to_owned(), ColumnType::nullable(sql.clone()));
                let fields = vec![field("key", key), field("value", value)];
                SqlType::Row(weir_row::RowType { name: None, fields })
            }
            other => {
                let message = format!("UNNEST takes an array or a map, but this is {other}");
                return Err(self.error(array_at, message));
            }
        };
        let of_map = matches!(array.ty.sql, SqlType::Map(..));
        let array = if of_map { call("unnested", vec![array], SqlType::Variant, at) } else { array };
        let width = columns.len();
        let mut exprs: Vec<Expr> = columns.iter().enumerate().map(|(i, ty)| Expr::column(i, ty.clone())).collect();
        // A row without elements gets one that is NULL, and remembers that it had none.
        let flags = usize::from(outer);
        let array = if outer {
            let length = call("array_length", vec![array.clone()], SqlType::Integer, at);
            let none = call("eq_i32", vec![length, int(0)], SqlType::Boolean, at);
            let empty = any(vec![is_null(array.clone()), none]);
            let alone = sequence(vec![null(SqlType::Variant)], array.ty.sql.clone(), at);
            let padded = case(vec![(empty.clone(), alone)], array, at);
            let empty = case(vec![(empty, crate::expr::boolean(true))], crate::expr::boolean(false), at);
            exprs.push(empty);
            padded
        } else {
            array
        };
        exprs.push(array);
        let with_array = self.plan.project(left, exprs);
        let rel = self.plan.unnest(with_array);
        // The columns that the elements spread into, and their numbers.
        let item = Expr::column(width + flags, ColumnType::nullable(SqlType::Variant));
        let number = Expr::column(width + flags + 1, ColumnType::not_null(SqlType::Integer));
        let mut made: Vec<(String, Expr)> = match &element {
            SqlType::Row(row) => row
                .fields
                .iter()
                .enumerate()
                .map(|(i, (name, ty))| {
                    let field = call("item_field", vec![item.clone(), int(i as i32)], SqlType::Variant, at);
                    (name.clone(), unpack(field, &ty.sql, at))
                })
                .collect(),
            other => {
                let name = unnest.alias.map_or_else(|| "element".to_owned(), |a| fold(&a.name));
                vec![(name, unpack(item, other, at))]
            }
        };
        if unnest.ordinality {
            let number = if outer {
                let had_none = Expr::column(width, crate::expr::BOOLEAN);
                case(vec![(had_none, null(SqlType::Integer))], number, at)
            } else {
                number
            };
            made.push(("ordinality".to_owned(), number));
        }
        let mut exprs: Vec<Expr> = columns.drain(..).enumerate().map(|(i, ty)| Expr::column(i, ty)).collect();
        exprs.extend(made.iter().map(|(_, e)| e.clone()));
        let rel = self.plan.project(rel, exprs);
        let outputs: Vec<OutputColumn> = made
            .into_iter()
            .map(|(name, e)| OutputColumn { name, case_sensitive: false, ty: e.ty, span: unnest.at })
            .collect();
        let outputs = match unnest.alias {
            Some(alias) => self.renamed(outputs, alias)?,
            None => outputs,
        };
        let right = scope_of(&outputs, unnest.alias.map(|a| fold(&a.name)));
        scope
            .columns
            .extend(right.columns.into_iter().map(|c| ScopeColumn { expr: crate::expr::shifted(&c.expr, width), ..c }));
        Ok((rel, scope))
    }
}
