//! ORDER BY with LIMIT: the first rows of a query. And what windows order by.

use super::expr::Cx;
use super::scope::Scope;
use super::{Binder, Bound, OutputColumn, from::scope_of};
use crate::Span;
use crate::expr::{is_not_null, is_null};
use crate::parse::{fold, span};
use crate::plan::{Rel, RelId};
use sqlparser::ast::{
    self, Expr as Ast, GroupByExpr, Ident, LimitClause, OrderByExpr, OrderByKind, OrderByOptions, OrderBySort, Query,
    Select, SelectItem, SetExpr, Spanned,
};
use weir_circuit::{Expr, ExprOp, Ranking};
use weir_row::{ColumnType, SqlType, Value};

/// How a query is cut off: rows left out, rows kept, whether peers of the last one are kept too.
struct Cut {
    skip: u64,
    take: Option<u64>,
    ties: bool,
}

/// A query's body with expressions beside it, as further columns or among those that it has.
struct Beside {
    rel: RelId,
    /// The columns of the result, which come first.
    columns: Vec<OutputColumn>,
    /// The expressions over all columns.
    values: Vec<Expr>,
}

/// What is to be ordered by: ascending as it is, with FALSE and NULL first.
pub(super) fn ascending(e: Expr, descending: bool, nulls_first: bool, out: &mut Vec<Expr>) {
    // NULL is smallest, so it comes first ascending and last descending by itself.
    if e.ty.nullable && nulls_first == descending {
        out.push(if nulls_first { is_not_null(e.clone()) } else { is_null(e.clone()) });
    }
    out.push(if descending { opposite(e) } else { e });
}

/// A value whose order is the opposite of an expression's.
fn opposite(e: Expr) -> Expr {
    let at = e.at;
    let ty = ColumnType::not_null(SqlType::Array(Box::new(e.ty.sql.clone())));
    let item = Expr { op: ExprOp::Sequence(vec![e]), ty, at };
    crate::expr::call("opposite_item", vec![item], SqlType::Varbinary(None), at)
}

impl Binder<'_> {
    /// Appends what ORDER BY's item orders by, if that matters.
    pub(super) fn order_key(
        &mut self,
        key: Expr,
        options: &OrderByOptions,
        at: Span,
        out: &mut Vec<Expr>,
    ) -> Bound<()> {
        let descending = match &options.sort {
            None | Some(OrderBySort::Asc) => false,
            Some(OrderBySort::Desc) => true,
            Some(_) => return Err(self.unsupported(at, "this form of ORDER BY")),
        };
        if key.ty.sql != SqlType::Null {
            ascending(key, descending, options.nulls_first.unwrap_or(!descending), out);
        }
        Ok(())
    }

    /// The body of a query with ORDER BY and LIMIT: its first rows, as a set.
    pub(super) fn first_rows(&mut self, query: &Query) -> Bound<(RelId, Vec<OutputColumn>)> {
        let cut = self.cut(query);
        let items: &[OrderByExpr] = match query.order_by.as_ref().map(|o| &o.kind) {
            Some(OrderByKind::Expressions(items)) => items,
            _ => &[],
        };
        let exprs: Vec<&Ast> = items.iter().map(|i| &i.expr).collect();
        let Beside { rel, columns, values } = self.beside(&query.body, &exprs)?;
        let cut = cut?;
        let shown = scope_of(&columns, None);
        let mut order = vec![];
        for (item, key) in items.iter().zip(values) {
            self.order_key(key, &item.options, span(item.span()), &mut order)?;
        }
        if let Some(OrderByKind::All(options)) = query.order_by.as_ref().map(|o| &o.kind) {
            for c in &shown.columns {
                self.order_key(c.expr.clone(), options, span(query.span()), &mut order)?;
            }
        }
        let rel = self.cut_off(rel, order, &cut);
        let types = self.plan.columns(rel)[..columns.len()].to_vec();
        Ok((self.plan.retyped(rel, &types), columns))
    }

    /// The rows that are left of an ordered relation.
    fn cut_off(&mut self, rel: RelId, order: Vec<Expr>, cut: &Cut) -> RelId {
        let ranking = if cut.ties { Ranking::Rank } else { Ranking::Row };
        let upto = cut.take.map(|take| cut.skip.saturating_add(take));
        let keys = vec![];
        let first = Rel::Rank { input: rel, keys, order, ranking, numbered: false, above: cut.skip, upto };
        self.plan.rank(first)
    }

    /// A query's body with the values of expressions. Those that are no columns of the result are computed beside it.
    fn beside(&mut self, body: &SetExpr, exprs: &[&Ast]) -> Bound<Beside> {
        let (hidden, widened) = match body {
            SetExpr::Select(select) if may_hide(select) => hide(select, exprs),
            _ => (vec![None; exprs.len()], None),
        };
        let (rel, mut columns) = match &widened {
            Some(select) => self.select(select)?,
            None => self.body(body)?,
        };
        let width = columns.len() - hidden.iter().flatten().count();
        columns.truncate(width);
        let shown = scope_of(&columns, None);
        let mut values = vec![];
        for (e, hidden) in exprs.iter().zip(&hidden) {
            values.push(match hidden {
                Some(i) => Expr::column(width + i, self.plan.columns(rel)[width + i].clone()),
                None => self.result_column(e, &shown)?,
            });
        }
        Ok(Beside { rel, columns, values })
    }

    /// `SELECT DISTINCT ON (k, ..)`: the first row of each key in the order of the query, and of those the first that LIMIT leaves.
    pub(super) fn distinct_on(&mut self, query: Option<&Query>, select: &Select) -> Bound<(RelId, Vec<OutputColumn>)> {
        let Some(ast::Distinct::On(keys)) = &select.distinct else { return self.select(select) };
        let items: &[OrderByExpr] = match query.and_then(|q| q.order_by.as_ref()).map(|o| &o.kind) {
            Some(OrderByKind::Expressions(items)) => items,
            Some(OrderByKind::All(_)) => {
                return Err(self.unsupported(span(select.span()), "ORDER BY ALL with DISTINCT ON"));
            }
            None => &[],
        };
        if let Some(item) =
            items.iter().take(keys.len()).find(|i| !keys.iter().any(|k| meant(select, k) == meant(select, &i.expr)))
        {
            let hint = "what orders the rows of a key comes after the keys";
            let message = "ORDER BY must begin with the expressions of DISTINCT ON";
            return Err(self.error_hint(span(item.span()), message, hint));
        }
        let limited = query.filter(|q| q.limit_clause.is_some() || q.fetch.is_some());
        let cut = limited.map(|q| self.cut(q)).transpose();
        let body = SetExpr::Select(Box::new(Select { distinct: None, ..select.clone() }));
        let exprs: Vec<&Ast> = keys.iter().chain(items.iter().map(|i| &i.expr)).collect();
        let Beside { rel, columns, mut values } = self.beside(&body, &exprs)?;
        let cut = cut?;
        let mut order = vec![];
        for (item, key) in items.iter().zip(values.split_off(keys.len())) {
            self.order_key(key, &item.options, span(item.span()), &mut order)?;
        }
        let keys = values.into_iter().filter(|k| k.ty.sql != SqlType::Null).collect();
        let ranking = Ranking::Row;
        let first =
            Rel::Rank { input: rel, keys, order: order.clone(), ranking, numbered: false, above: 0, upto: Some(1) };
        let mut rel = self.plan.rank(first);
        if let Some(cut) = cut {
            rel = self.cut_off(rel, order, &cut);
        }
        let types = self.plan.columns(rel)[..columns.len()].to_vec();
        Ok((self.plan.retyped(rel, &types), columns))
    }

    /// A column of the result, by its number or name, or an expression over them.
    fn result_column(&mut self, e: &Ast, shown: &Scope) -> Bound<Expr> {
        if let Some(number) = ordinal(e) {
            return match shown.columns.get(number.wrapping_sub(1)) {
                Some(c) => Ok(c.expr.clone()),
                None => Err(self.error(span(e.span()), format!("the result has no column {number}"))),
            };
        }
        self.expr(e, &mut Cx::constant(shown, "ORDER BY"))
    }

    /// LIMIT, OFFSET and FETCH.
    fn cut(&mut self, query: &Query) -> Bound<Cut> {
        let (limit, offset) = match &query.limit_clause {
            None => (None, None),
            Some(LimitClause::LimitOffset { limit, offset, limit_by }) => {
                if !limit_by.is_empty() {
                    return Err(self.error(span(query.span()), "LIMIT BY is not part of the language"));
                }
                (limit.as_ref(), offset.as_ref().map(|o| &o.value))
            }
            Some(LimitClause::OffsetCommaLimit { offset, limit }) => (Some(limit), Some(offset)),
        };
        let mut take = limit.map(|e| self.count(e)).transpose()?.flatten();
        let skip = offset.map(|e| self.count(e)).transpose()?.flatten().unwrap_or(0);
        let mut ties = false;
        if let Some(fetch) = &query.fetch {
            if fetch.percent {
                return Err(self.unsupported(span(query.span()), "FETCH .. PERCENT"));
            }
            take = match &fetch.quantity {
                Some(e) => self.count(e)?,
                None => Some(1),
            };
            ties = fetch.with_ties;
        }
        Ok(Cut { skip, take, ties })
    }

    /// A constant number of rows; `None` is all.
    fn count(&mut self, e: &Ast) -> Bound<Option<u64>> {
        let at = span(e.span());
        let scope = Scope::default();
        let bound = self.expr(e, &mut Cx::constant(&scope, "LIMIT"))?;
        if bound.ty.sql == SqlType::Null {
            return Ok(None);
        }
        let bound = self.coerce(bound, &SqlType::BigInt, at)?;
        match crate::optimise::evaluate(&bound) {
            Some(Ok(Value::I64(n))) if n >= 0 => Ok(Some(n.unsigned_abs())),
            _ => Err(self.error(at, "expected a constant number of rows, not negative")),
        }
    }
}

/// The number of a column that is written as one.
fn ordinal(e: &Ast) -> Option<usize> {
    match e {
        Ast::Value(ast::ValueWithSpan { value: ast::Value::Number(digits, _), .. }) => digits.parse().ok(),
        _ => None,
    }
}

/// The expression of the SELECT list that a number or a name stands for; else what is written.
fn meant<'e>(select: &'e Select, e: &'e Ast) -> &'e Ast {
    let by_number = ordinal(e).and_then(|n| select.projection.get(n.wrapping_sub(1)));
    let named = |item: &&SelectItem| match (item, e) {
        (SelectItem::ExprWithAlias { alias, .. }, Ast::Identifier(ident)) => fold(alias) == fold(ident),
        _ => false,
    };
    match by_number.or_else(|| select.projection.iter().find(named)) {
        Some(SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }) => expr,
        _ => e,
    }
}

/// Whether columns beside the SELECT list leave its rows as they are.
fn may_hide(select: &Select) -> bool {
    select.distinct.is_none() && !matches!(select.group_by, GroupByExpr::All(_))
}

/// The SELECT with a column more for each expression that is no column of its result; for each expression which of them it is.
fn hide(select: &Select, exprs: &[&Ast]) -> (Vec<Option<usize>>, Option<Select>) {
    let named = |ident: &Ident| {
        select.projection.iter().any(|item| match item {
            SelectItem::ExprWithAlias { alias, .. } => fold(alias) == fold(ident),
            SelectItem::UnnamedExpr(Ast::Identifier(name)) => fold(name) == fold(ident),
            SelectItem::UnnamedExpr(Ast::CompoundIdentifier(parts)) => parts.last().map(fold) == Some(fold(ident)),
            _ => false,
        })
    };
    let mut widened = select.clone();
    let mut count = 0;
    let hidden = exprs.iter().map(|e| {
        let is_result = ordinal(e).is_some() || matches!(e, Ast::Identifier(name) if named(name));
        (!is_result).then(|| {
            let alias = Ident::with_quote('"', format!("order key {count}"));
            widened.projection.push(SelectItem::ExprWithAlias { expr: (*e).clone(), alias });
            count += 1;
            count - 1
        })
    });
    let hidden: Vec<Option<usize>> = hidden.collect();
    (hidden, (count > 0).then_some(widened))
}
