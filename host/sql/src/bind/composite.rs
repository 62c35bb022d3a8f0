//! Values with parts: arrays, maps, rows and VARIANTs made, and their parts read.

use super::expr::Cx;
use super::scope::{Scope, ScopeColumn};
use super::{Binder, Bound, position};
use crate::Span;
use crate::expr::{call, int, null, text};
use crate::parse::{fold, span};
use sqlparser::ast::{self, SelectItem, Spanned};
use weir_circuit::{Expr, ExprOp, Position};
use weir_row::{ColumnType, Kind, RowType, SqlType};

/// Most elements, entries or fields that a constructor takes.
const ELEMENTS_MAX: usize = 10_000;

/// Values one after the other, as an array or a row of that type.
pub(crate) fn sequence(mut values: Vec<Expr>, sql: SqlType, at: Position) -> Expr {
    // A bare NULL has no representation; as an item it has.
    values.iter_mut().filter(|e| e.ty.sql == SqlType::Null).for_each(|e| *e = null(SqlType::Variant));
    Expr { op: ExprOp::Sequence(values), ty: ColumnType::not_null(sql), at }
}

/// A value as an argument of kernels that take a value of any type: a sequence of one, so that NULL can be told from none.
pub(crate) fn boxed(e: Expr) -> Expr {
    let (at, element) = (e.at, Box::new(e.ty.sql.clone()));
    sequence(vec![e], SqlType::Array(element), at)
}

/// A value as an item, NULL as NULL.
pub(crate) fn pack(e: Expr) -> Expr {
    if e.ty.sql.kind() == Some(Kind::Item) {
        return Expr { ty: ColumnType { sql: SqlType::Variant, ..e.ty }, ..e };
    }
    let (at, nullable) = (e.at, e.ty.nullable);
    let packed = call("item_first", vec![boxed(e)], SqlType::Variant, at);
    Expr { ty: ColumnType { sql: SqlType::Variant, nullable }, ..packed }
}

/// The value of a type in an item; NULL if the item is one of another type, or of NULL.
pub(crate) fn unpack(item: Expr, sql: &SqlType, at: Position) -> Expr {
    match (sql, sql.kind()) {
        (SqlType::Decimal { scale, .. }, _) => call("item_dec", vec![item, int((*scale).into())], sql.clone(), at),
        (_, Some(kind)) => call(&format!("item_{}", kind.name()), vec![item], sql.clone(), at),
        (_, None) => null(sql.clone()),
    }
}

/// A lambda's parameter, as an item.
pub(crate) fn parameter(number: usize) -> Expr {
    Expr::column(number, ColumnType::nullable(SqlType::Variant))
}

/// A call of a function that takes a lambda, whose body yields an item.
pub(crate) fn lambda(function: &str, over: Expr, body: Expr, sql: SqlType, at: Position) -> Expr {
    let op = ExprOp::Lambda { function: function.to_owned(), over: Box::new(over), body: Box::new(body) };
    Expr { op, ty: ColumnType::nullable(sql), at }
}

/// The types of a row's fields.
pub(crate) fn row_type(values: &[Expr], names: impl Iterator<Item = String>) -> RowType {
    RowType { name: None, fields: names.zip(values).map(|(n, e)| (n, e.ty.clone())).collect() }
}

/// What the parser was given for `ROW(*, ..)`: a SELECT of stars from nothing.
fn stars(list: &ast::FunctionArgumentList) -> Option<&[SelectItem]> {
    let [ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(ast::Expr::Subquery(query)))] = list.args.as_slice()
    else {
        return None;
    };
    let ast::SetExpr::Select(select) = query.body.as_ref() else { return None };
    let is_star = |item: &SelectItem| matches!(item, SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..));
    let plain = select.from.is_empty() && select.selection.is_none() && select.projection.iter().any(is_star);
    plain.then_some(select.projection.as_slice())
}

impl Binder<'_> {
    /// `ARRAY[..]`, `ARRAY(..)`.
    pub(crate) fn array(&mut self, elements: Vec<(Expr, Span)>, at: Span) -> Bound<Expr> {
        self.bounded(elements.len(), at)?;
        let elements = self.unify(elements, "the elements of an array")?;
        let element = elements.first().map_or(SqlType::Null, |e| e.ty.sql.clone());
        Ok(sequence(elements, SqlType::Array(Box::new(element)), position(at)))
    }

    /// `MAP[k, v, ..]`.
    pub(super) fn map(&mut self, map: &ast::Map, at: Span, cx: &mut Cx<'_>) -> Bound<Expr> {
        self.bounded(map.entries.len(), at)?;
        let keys = self.many(map.entries.iter().map(|e| e.key.as_ref()), cx);
        let values = self.many(map.entries.iter().map(|e| e.value.as_ref()), cx)?;
        let keys = self.unify(keys?, "the keys of a map")?;
        let values = self.unify(values, "the values of a map")?;
        let of = |list: &[Expr]| list.first().map_or(SqlType::Null, |e| e.ty.sql.clone());
        let (key, value) = (of(&keys), of(&values));
        self.key_type(&key, at)?;
        let pairs = keys.into_iter().zip(values).flat_map(|(k, v)| [k, v]).collect();
        let place = position(at);
        let pairs = sequence(pairs, SqlType::Array(Box::new(SqlType::Variant)), place);
        Ok(call("map_of_pairs", vec![pairs], SqlType::Map(Box::new(key), Box::new(value)), place))
    }

    /// Refuses a map's key that cannot be one.
    pub(super) fn key_type(&mut self, key: &SqlType, at: Span) -> Bound<()> {
        match key {
            SqlType::Map(..) => Err(self.error(at, "a map cannot be the key of a map")),
            _ => Ok(()),
        }
    }

    /// `ROW(..)`, `(..)`.
    pub(crate) fn row(&mut self, values: Vec<(Expr, Span)>, at: Span) -> Bound<Expr> {
        self.bounded(values.len(), at)?;
        let values: Vec<Expr> = values.into_iter().map(|(e, _)| e).collect();
        let names = (0..values.len()).map(|i| format!("f{i}"));
        let ty = row_type(&values, names);
        Ok(sequence(values, SqlType::Row(ty), position(at)))
    }

    /// `name(..)` of a user-defined type: its fields in order, converted.
    pub(super) fn construct(&mut self, ty: &SqlType, values: Vec<(Expr, Span)>, at: Span) -> Bound<Expr> {
        let SqlType::Row(row) = ty else {
            let [(e, place)] = values.as_slice() else {
                return Err(self.error(at, format!("type {ty} is made of one value")));
            };
            return self.explicit_cast(e.clone(), ty, false, *place);
        };
        if row.fields.len() != values.len() {
            let message = format!("type {ty} has {} fields, but here are {} values", row.fields.len(), values.len());
            return Err(self.error(at, message));
        }
        let mut fields = vec![];
        for ((e, place), (_, field)) in values.into_iter().zip(&row.fields) {
            fields.push(self.explicit_cast(e, &field.sql, false, place)?);
        }
        Ok(sequence(fields, ty.clone(), position(at)))
    }

    /// `ROW(..)`, `ARRAY(..)` and `name(..)` of a user-defined type; `None` if the name is none of them.
    pub(super) fn constructor(
        &mut self,
        name: &ast::Ident,
        list: &ast::FunctionArgumentList,
        at: Span,
        cx: &mut Cx<'_>,
    ) -> Option<Bound<Expr>> {
        let folded = fold(name);
        let ty = self.types.get(&folded).cloned();
        if ty.is_none() && folded != "row" && folded != "array" {
            return None;
        }
        if let Some(projection) = stars(list).filter(|_| ty.is_none() && folded == "row") {
            return Some(self.spread_stars(projection, at, cx).and_then(|values| self.row(values, at)));
        }
        let bound = self.plain_arguments(list, at).and_then(|args| self.many(args, cx));
        Some(bound.and_then(|values| match ty {
            Some(Some(ty)) => self.construct(&ty, values, at),
            Some(None) => Err(super::Reported),
            None if folded == "row" => self.row(values, at),
            None => self.array(values, at),
        }))
    }

    /// The values of `ROW(*, ..)`.
    fn spread_stars(&mut self, projection: &[SelectItem], at: Span, cx: &mut Cx<'_>) -> Bound<Vec<(Expr, Span)>> {
        let mut values = vec![];
        for item in projection {
            let SelectItem::UnnamedExpr(e) = item else {
                let columns = self.star_columns(item, cx)?;
                values.extend(columns.into_iter().map(|e| (e, at)));
                continue;
            };
            values.push((self.expr(e, cx)?, at));
        }
        Ok(values)
    }

    /// The body of a lambda, which sees its parameters and nothing else: name, whether it keeps its case, and value of each.
    pub(crate) fn lambda_body(&mut self, parameters: Vec<(String, bool, Expr)>, body: &ast::Expr) -> Bound<Expr> {
        let columns = parameters.into_iter().map(|(name, case_sensitive, expr)| ScopeColumn {
            relation: None,
            name,
            case_sensitive,
            expr,
            bare: true,
        });
        let scope = Scope { columns: columns.collect(), poisoned: false };
        let outer = std::mem::take(&mut self.outer);
        let value = self.expr(body, &mut Cx::constant(&scope, "a lambda"));
        self.outer = outer;
        value
    }

    fn bounded(&mut self, n: usize, at: Span) -> Bound<()> {
        if n > ELEMENTS_MAX {
            return Err(self.error(at, format!("{n} values in one constructor; at most {ELEMENTS_MAX} are allowed")));
        }
        Ok(())
    }

    /// `root[..]`, `root.field`, and chains of them.
    pub(super) fn access(&mut self, root: &ast::Expr, chain: &[ast::AccessExpr], cx: &mut Cx<'_>) -> Bound<Expr> {
        // `t.c[1]` and `c.f[1]` begin with a name of several parts.
        let mut names = vec![];
        if let ast::Expr::Identifier(first) = root {
            names.push(first.clone());
            names.extend(chain.iter().map_while(|a| match a {
                ast::AccessExpr::Dot(ast::Expr::Identifier(name)) => Some(name.clone()),
                _ => None,
            }));
        }
        let (mut e, used) = match names.len() {
            0 | 1 => (self.expr(root, cx)?, 0),
            n => (self.compound_name(&names, cx)?, n - 1),
        };
        let mut at = span(root.span());
        for access in &chain[used..] {
            e = match access {
                ast::AccessExpr::Dot(ast::Expr::Identifier(name)) => {
                    at = at.to(span(name.span));
                    self.field(e, name)?
                }
                ast::AccessExpr::Subscript(ast::Subscript::Index { index }) => {
                    at = at.to(span(index.span()));
                    self.subscript(e, index, at, cx)?
                }
                other => return Err(self.error(at, format!("'{other}' cannot be read of a value"))),
            };
        }
        Ok(e)
    }

    /// `e.name`.
    pub(super) fn field(&mut self, e: Expr, name: &ast::Ident) -> Bound<Expr> {
        let (wanted, at) = (fold(name), span(name.span));
        match &e.ty.sql {
            SqlType::Row(row) => {
                let Some(number) = row.fields.iter().position(|(n, _)| *n == wanted) else {
                    let known = row.fields.iter().map(|(n, _)| n.as_str());
                    let hint = super::names::closest(&wanted, known).map(|c| format!("did you mean '{c}'?"));
                    let message = format!("type {} has no field '{wanted}'", e.ty.sql);
                    return Err(self.error_maybe_hint(at, message, hint));
                };
                let sql = row.fields[number].1.sql.clone();
                let item = call("item_field", vec![e, int(number as i32)], SqlType::Variant, position(at));
                Ok(unpack(item, &sql, position(at)))
            }
            SqlType::Variant => {
                let key = boxed(text(&wanted));
                Ok(call("variant_at", vec![e, key], SqlType::Variant, position(at)))
            }
            other => {
                let message = format!("a {other} has no field '{wanted}'");
                Err(self.error(at, message))
            }
        }
    }

    /// `e[index]`.
    fn subscript(&mut self, e: Expr, index: &ast::Expr, at: Span, cx: &mut Cx<'_>) -> Bound<Expr> {
        let place = position(at);
        // SAFE_OFFSET(i) counts from 0.
        if let ast::Expr::Function(f) = index
            && f.name.to_string().eq_ignore_ascii_case("safe_offset")
            && let ast::FunctionArguments::List(list) = &f.args
            && let [ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(index))] = list.args.as_slice()
            && let SqlType::Array(element) = e.ty.sql.clone()
        {
            let index = self.expr(index, cx)?;
            let index = self.coerce(index, &SqlType::BigInt, at)?;
            let item = call("array_offset", vec![e, index], SqlType::Variant, place);
            return Ok(unpack(item, &element, place));
        }
        let index_at = span(index.span());
        let index = self.expr(index, cx)?;
        match e.ty.sql.clone() {
            SqlType::Array(element) => {
                let index = self.coerce(index, &SqlType::BigInt, index_at)?;
                let item = call("array_at", vec![e, index], SqlType::Variant, place);
                Ok(unpack(item, &element, place))
            }
            SqlType::Map(key, value) => {
                let index = self.coerce(index, &key, index_at)?;
                let item = call("map_get", vec![e, boxed(index)], SqlType::Variant, place);
                Ok(unpack(item, &value, place))
            }
            SqlType::Variant => Ok(call("variant_at", vec![e, boxed(index)], SqlType::Variant, place)),
            other => Err(self.error_hint(at, format!("a {other} has no elements"), "arrays, maps and VARIANTs have")),
        }
    }
}

/// A conversion between types with parts, made of the conversions of the parts.
pub(super) fn cast_parts(by: super::cast::Conversion, e: Expr, to: &SqlType) -> Option<Expr> {
    let at = by.at;
    let from = e.ty.sql.clone();
    let nullable = e.ty.nullable;
    let kept = |e: Expr| Expr { ty: ColumnType { sql: to.clone(), nullable }, ..e };
    // The item of a part, converted.
    let part =
        |from: &SqlType, to: &SqlType, number: usize| by.convert(unpack(parameter(number), from, at), to).map(pack);
    let same_words = |a: &SqlType, b: &SqlType| a == b || *a == SqlType::Null;
    Some(match (&from, to) {
        (SqlType::Array(a), SqlType::Array(b)) if same_words(a, b) => kept(e),
        (SqlType::Array(a), SqlType::Array(b)) => kept(lambda("transform", e, part(a, b, 0)?, to.clone(), at)),
        (SqlType::Map(k, v), SqlType::Map(l, w)) if same_words(k, l) && same_words(v, w) => kept(e),
        (SqlType::Map(k, v), SqlType::Map(l, w)) => {
            let entry = sequence(vec![part(k, l, 0)?, part(v, w, 1)?], to.clone(), at);
            kept(lambda("transform_entries", e, pack(entry), to.clone(), at))
        }
        (SqlType::Row(a), SqlType::Row(b)) if a.fields.len() == b.fields.len() => {
            let alike = a.fields.iter().zip(&b.fields).all(|((_, x), (_, y))| x.sql == y.sql);
            if alike {
                return Some(kept(e));
            }
            let mut fields = vec![];
            for (i, ((_, x), (_, y))) in a.fields.iter().zip(&b.fields).enumerate() {
                let item = call("item_field", vec![e.clone(), int(i as i32)], SqlType::Variant, at);
                fields.push(by.convert(unpack(item, &x.sql, at), &y.sql)?);
            }
            unless_null(e, sequence(fields, to.clone(), at))
        }
        (SqlType::Row(row), SqlType::Variant) => {
            let mut pairs = vec![];
            for (i, (name, field)) in row.fields.iter().enumerate() {
                let item = call("item_field", vec![e.clone(), int(i as i32)], SqlType::Variant, at);
                pairs.push(text(name));
                pairs.push(by.convert(unpack(item, &field.sql, at), &SqlType::Variant)?);
            }
            let pairs = sequence(pairs, SqlType::Array(Box::new(SqlType::Variant)), at);
            unless_null(e, call("map_of_pairs", vec![pairs], SqlType::Variant, at))
        }
        (SqlType::Array(a), SqlType::Variant) if has_row(a) => {
            kept(lambda("transform", e, part(a, to, 0)?, to.clone(), at))
        }
        (SqlType::Map(k, v), SqlType::Variant) if has_row(k) || has_row(v) => {
            let entry = sequence(vec![part(k, to, 0)?, part(v, to, 1)?], to.clone(), at);
            kept(lambda("transform_entries", e, pack(entry), to.clone(), at))
        }
        (SqlType::Variant, to) => return super::cast_variant::cast(by, e, to),
        (_, SqlType::Variant) => pack(e),
        _ => return None,
    })
}

/// Whether rows are somewhere inside, which VARIANTs do not hold.
fn has_row(sql: &SqlType) -> bool {
    match sql {
        SqlType::Row(_) => true,
        SqlType::Array(element) => has_row(element),
        SqlType::Map(key, value) => has_row(key) || has_row(value),
        _ => false,
    }
}

/// The value, or NULL where `e` is NULL.
pub(super) fn unless_null(e: Expr, value: Expr) -> Expr {
    if !e.ty.nullable {
        return value;
    }
    let (at, sql) = (value.at, value.ty.sql.clone());
    crate::expr::case(vec![(crate::expr::is_null(e), null(sql))], value, at)
}
