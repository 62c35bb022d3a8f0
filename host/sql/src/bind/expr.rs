//! Expressions: which part of the language a syntax tree belongs to.

use super::arithmetic::Arithmetic;
use super::compare::Comparison;
use super::group::Aggregates;
use super::scope::Scope;
use super::subquery::Subqueries;
use super::{Argument, Binder, Bound, Call, position};
use crate::Span;
use crate::expr::{all, any, boolean, case, is_not_null, is_null, not, null};
use crate::parse::span;
use sqlparser::ast::{self, BinaryOperator, CastKind, CeilFloorKind, DateTimeField, Spanned, UnaryOperator};
use weir_circuit::Expr;
use weir_row::SqlType;

/// What an expression's names can mean, and what it may contain.
pub(crate) struct Cx<'c> {
    /// The columns of FROM.
    pub(super) scope: &'c Scope,
    /// Aliases of the SELECT list that may be used here.
    pub(super) aliases: &'c [(String, Expr)],
    /// Where aggregates are collected; `None` where they may not stand.
    pub(super) aggregates: Option<&'c mut Aggregates>,
    /// Where subqueries are collected; `None` where they may not stand.
    pub(super) subqueries: Option<&'c mut Subqueries>,
    /// The clause, for messages.
    pub(crate) clause: &'static str,
}

impl<'c> Cx<'c> {
    /// Nothing but constants.
    pub(super) fn constant(scope: &'c Scope, clause: &'static str) -> Cx<'c> {
        Cx { scope, aliases: &[], aggregates: None, subqueries: None, clause }
    }
}

impl Binder<'_> {
    /// Binds an expression.
    pub(crate) fn expr(&mut self, e: &ast::Expr, cx: &mut Cx<'_>) -> Bound<Expr> {
        let mut bound = self.deeper(|| span(e.span()), |binder| binder.expr_here(e, cx))?;
        bound.ty.nullable |= self.optional.contains(e);
        Ok(bound)
    }

    /// Binds an expression that must be BOOLEAN.
    pub(super) fn condition(&mut self, e: &ast::Expr, cx: &mut Cx<'_>) -> Bound<Expr> {
        let at = span(e.span());
        let bound = self.expr(e, cx)?;
        self.as_condition(bound, at, cx.clause)
    }

    fn as_condition(&mut self, e: Expr, at: Span, what: &str) -> Bound<Expr> {
        match e.ty.sql {
            SqlType::Boolean => Ok(e),
            SqlType::Null => Ok(null(SqlType::Boolean)),
            ref other => {
                let message = format!("{what} needs a BOOLEAN, but this is {other}");
                Err(self.error(at, message))
            }
        }
    }

    fn expr_here(&mut self, e: &ast::Expr, cx: &mut Cx<'_>) -> Bound<Expr> {
        let at = || span(e.span());
        match e {
            ast::Expr::Identifier(name) => self.name(name, cx),
            ast::Expr::CompoundIdentifier(parts) => self.compound_name(parts, cx),
            ast::Expr::Value(v) => self.literal(&v.value, span(v.span)),
            ast::Expr::TypedString(s) => self.typed_literal(&s.data_type, &s.value),
            ast::Expr::Interval(i) => self.interval(i, cx),
            ast::Expr::Nested(inner) => self.expr(inner, cx),
            ast::Expr::BinaryOp { left, op, right } => self.binary(e, left, op, right, cx),
            ast::Expr::UnaryOp { op, expr } => self.unary(*op, expr, cx),
            ast::Expr::IsNull(x) => Ok(is_null(self.expr(x, cx)?)),
            ast::Expr::IsNotNull(x) => Ok(is_not_null(self.expr(x, cx)?)),
            ast::Expr::IsUnknown(x) => Ok(is_null(self.boolean_operand(x, cx)?)),
            ast::Expr::IsNotUnknown(x) => Ok(is_not_null(self.boolean_operand(x, cx)?)),
            ast::Expr::IsTrue(x) => self.is_truth(x, true, false, cx),
            ast::Expr::IsNotTrue(x) => self.is_truth(x, true, true, cx),
            ast::Expr::IsFalse(x) => self.is_truth(x, false, false, cx),
            ast::Expr::IsNotFalse(x) => self.is_truth(x, false, true, cx),
            ast::Expr::IsDistinctFrom(a, b) => {
                let (a, b) = self.two(a, b, cx)?;
                Ok(not(self.not_distinct(a, b, at())?))
            }
            ast::Expr::IsNotDistinctFrom(a, b) => {
                let (a, b) = self.two(a, b, cx)?;
                self.not_distinct(a, b, at())
            }
            ast::Expr::Between { expr, negated, low, high } => {
                let e = self.expr(expr, cx);
                let (low, high) = self.two(low, high, cx)?;
                let between = self.between(e?, low, high, at())?;
                Ok(if *negated { not(between) } else { between })
            }
            ast::Expr::InList { expr, list, negated } => {
                if let Some(values) = super::row_in::as_row(expr) {
                    return self.row_in_list(values, list, *negated, at(), cx);
                }
                let e = self.expr(expr, cx);
                let list = self.many(list.iter(), cx)?;
                self.in_list(e?, list, *negated)
            }
            ast::Expr::InSubquery { expr, subquery, negated } => {
                if let Some(values) = super::row_in::as_row(expr) {
                    return self.row_in(values, subquery, *negated, at(), cx);
                }
                let e = self.expr(expr, cx);
                self.in_subquery(e?, subquery, *negated, at(), cx)
            }
            ast::Expr::Exists { subquery, negated } => self.exists(subquery, *negated, at(), cx),
            ast::Expr::Subquery(query) => self.scalar_subquery(query, at(), cx),
            ast::Expr::Case { operand, conditions, else_result, .. } => {
                self.case(operand.as_deref(), conditions, else_result.as_deref(), at(), cx)
            }
            ast::Expr::Cast { kind, expr, data_type, format } => {
                let place = at();
                let e = self.expr(expr, cx);
                let to = self.sql_type(data_type, place)?;
                if format.is_some() {
                    return Err(self.unsupported(place, "CAST with a format"));
                }
                match kind {
                    CastKind::Cast | CastKind::DoubleColon => self.explicit_cast(e?, &to, false, place),
                    CastKind::SafeCast => self.explicit_cast(e?, &to, true, place),
                    CastKind::TryCast => Err(self.error_hint(place, "there is no TRY_CAST", "it is called SAFE_CAST")),
                }
            }
            ast::Expr::Extract { field, expr, .. } => {
                let place = at();
                let e = self.expr(expr, cx)?;
                let unit = self.unit(&field.to_string(), place)?;
                self.extract(unit, e, place)
            }
            ast::Expr::Floor { expr, field } => self.rounding(false, expr, field, cx),
            ast::Expr::Ceil { expr, field } => self.rounding(true, expr, field, cx),
            ast::Expr::Like { negated, any: false, expr, pattern, escape_char } => {
                let mut args = vec![expr.as_ref(), pattern.as_ref()];
                args.extend(escape_char.as_deref());
                self.matching("like", &args, *negated, at(), cx)
            }
            ast::Expr::ILike { negated, any: false, expr, pattern, escape_char: None } => {
                self.matching("ilike", &[expr, pattern], *negated, at(), cx)
            }
            ast::Expr::RLike { negated, expr, pattern, .. } => {
                self.matching("rlike", &[expr, pattern], *negated, span(expr.span()), cx)
            }
            ast::Expr::Position { expr, r#in } => self.function("position", [expr.as_ref(), r#in], at(), cx),
            ast::Expr::Substring { expr, substring_from, substring_for, shorthand, .. } => {
                let name = if *shorthand { "substr" } else { "substring" };
                let args = [Some(expr), substring_from.as_ref(), substring_for.as_ref()];
                self.function(name, args.into_iter().flatten().map(AsRef::as_ref), at(), cx)
            }
            ast::Expr::Trim { expr, trim_where, trim_what, trim_characters: None } => {
                let name = match trim_where {
                    Some(ast::TrimWhereField::Leading) => "trim leading",
                    Some(ast::TrimWhereField::Trailing) => "trim trailing",
                    _ => "trim",
                };
                let args = [Some(expr), trim_what.as_ref()];
                self.function(name, args.into_iter().flatten().map(AsRef::as_ref), at(), cx)
            }
            ast::Expr::Overlay { expr, overlay_what, overlay_from, overlay_for } => {
                let args = [Some(expr), Some(overlay_what), Some(overlay_from), overlay_for.as_ref()];
                self.function("overlay", args.into_iter().flatten().map(AsRef::as_ref), at(), cx)
            }
            ast::Expr::Function(f) => self.call(f, cx),
            ast::Expr::CompoundFieldAccess { root, access_chain } => self.access(root, access_chain, cx),
            ast::Expr::Array(array) => {
                let elements = self.many(&array.elem, cx)?;
                self.array(elements, at())
            }
            ast::Expr::Map(map) => self.map(map, at(), cx),
            ast::Expr::Tuple(values) => {
                let values = self.many(values, cx)?;
                self.row(values, at())
            }
            ast::Expr::Lambda(_) => Err(self.unsupported(at(), "a lambda")),
            ast::Expr::AnyOp { left, compare_op, right, .. } => {
                self.quantified(left, compare_op, right, false, at(), cx)
            }
            ast::Expr::AllOp { left, compare_op, right } => self.quantified(left, compare_op, right, true, at(), cx),
            ast::Expr::Collate { .. } => Err(self.error(at(), "there is no COLLATE: strings compare by code points")),
            ast::Expr::GroupingSets(_) | ast::Expr::Cube(_) | ast::Expr::Rollup(_) => {
                Err(self.error(at(), "GROUPING SETS, CUBE and ROLLUP stand in GROUP BY"))
            }
            ast::Expr::SimilarTo { .. } => {
                Err(self.error_hint(at(), "there is no SIMILAR TO", "RLIKE takes regular expressions"))
            }
            other => {
                let shown = other.to_string();
                Err(self.error(at(), format!("this expression is not part of the language: {shown}")))
            }
        }
    }

    /// A column, or an alias of the SELECT list.
    fn name(&mut self, name: &ast::Ident, cx: &mut Cx<'_>) -> Bound<Expr> {
        if let Some(column) = self.find_column(cx.scope, None, name)? {
            return Ok(column);
        }
        let folded = crate::parse::fold(name);
        if let Some((_, e)) = cx.aliases.iter().rev().find(|(alias, _)| *alias == folded) {
            return Ok(e.clone());
        }
        // PI is written without parentheses.
        if name.quote_style.is_none() && folded == "pi" {
            return self.resolve(&Call { name: folded, args: vec![], span: span(name.span) });
        }
        if let Some(column) = self.find_outer_column(None, name)? {
            return Ok(column);
        }
        Err(self.unknown_column(cx.scope, None, name))
    }

    pub(super) fn compound_name(&mut self, parts: &[ast::Ident], cx: &mut Cx<'_>) -> Bound<Expr> {
        match parts {
            [first, second, rest @ ..] => {
                if let Some(column) = self.find_column(cx.scope, Some(first), second)? {
                    return rest.iter().try_fold(column, |e, name| self.field(e, name));
                }
                // It is a field of a column, unless the name before the period is a table's.
                if !cx.scope.has_relation(&crate::parse::fold(first))
                    && let Some(column) = self.find_column(cx.scope, None, first)?
                {
                    return parts[1..].iter().try_fold(column, |e, name| self.field(e, name));
                }
                if !cx.scope.has_relation(&crate::parse::fold(first)) {
                    if let Some(column) = self.find_outer_column(Some(first), second)? {
                        return rest.iter().try_fold(column, |e, name| self.field(e, name));
                    }
                    let relation = crate::parse::fold(first);
                    let around = self.outer.iter().any(|o| o.visible && o.scope.has_relation(&relation));
                    if !around && let Some(column) = self.find_outer_column(None, first)? {
                        return parts[1..].iter().try_fold(column, |e, name| self.field(e, name));
                    }
                }
                Err(self.unknown_column(cx.scope, Some(first), second))
            }
            [name] => self.name(name, cx),
            [] => Err(super::Reported),
        }
    }

    /// Binds both, so that errors of both are reported.
    fn two(&mut self, a: &ast::Expr, b: &ast::Expr, cx: &mut Cx<'_>) -> Bound<(Expr, Expr)> {
        let (a, b) = (self.expr(a, cx), self.expr(b, cx));
        Ok((a?, b?))
    }

    /// Binds all, so that errors of all are reported.
    pub(crate) fn many<'e>(
        &mut self,
        exprs: impl IntoIterator<Item = &'e ast::Expr>,
        cx: &mut Cx<'_>,
    ) -> Bound<Vec<(Expr, Span)>> {
        let all: Vec<_> = exprs.into_iter().map(|e| self.expr(e, cx).map(|b| (b, span(e.span())))).collect();
        all.into_iter().collect()
    }

    fn function<'e>(
        &mut self,
        name: &str,
        args: impl IntoIterator<Item = &'e ast::Expr>,
        at: Span,
        cx: &mut Cx<'_>,
    ) -> Bound<Expr> {
        let args = self.many(args, cx)?;
        let args = args.into_iter().map(|(expr, span)| Argument { expr, span }).collect();
        self.resolve(&Call { name: name.to_string(), args, span: at })
    }

    fn matching(&mut self, name: &str, args: &[&ast::Expr], negated: bool, at: Span, cx: &mut Cx<'_>) -> Bound<Expr> {
        let found = self.function(name, args.iter().copied(), at, cx)?;
        Ok(if negated { not(found) } else { found })
    }

    fn boolean_operand(&mut self, e: &ast::Expr, cx: &mut Cx<'_>) -> Bound<Expr> {
        let at = span(e.span());
        let bound = self.expr(e, cx)?;
        self.as_condition(bound, at, "a logical operator")
    }

    /// `e IS [NOT] TRUE`, `e IS [NOT] FALSE`.
    fn is_truth(&mut self, e: &ast::Expr, truth: bool, negated: bool, cx: &mut Cx<'_>) -> Bound<Expr> {
        let e = self.boolean_operand(e, cx)?;
        let at = e.at;
        let is = crate::expr::not_distinct(e, boolean(truth), at);
        Ok(if negated { not(is) } else { is })
    }

    fn unary(&mut self, op: UnaryOperator, operand: &ast::Expr, cx: &mut Cx<'_>) -> Bound<Expr> {
        let at = span(operand.span());
        match op {
            UnaryOperator::Not => Ok(not(self.boolean_operand(operand, cx)?)),
            UnaryOperator::Minus => {
                // The least BIGINT has no positive counterpart, so the sign belongs to the digits.
                if let ast::Expr::Value(ast::ValueWithSpan { value: ast::Value::Number(digits, long), span: s }) =
                    operand
                {
                    let negative = ast::Value::Number(format!("-{digits}"), *long);
                    if !digits.contains('.') && !digits.contains(['e', 'E']) && digits.parse::<i64>().is_err() {
                        return self.literal(&negative, span(*s));
                    }
                }
                let e = self.expr(operand, cx)?;
                self.negate(e, at)
            }
            UnaryOperator::Plus => self.expr(operand, cx),
            other => Err(self.error(at, format!("operator {other} is not part of the language"))),
        }
    }

    fn binary(
        &mut self,
        whole: &ast::Expr,
        left: &ast::Expr,
        op: &BinaryOperator,
        right: &ast::Expr,
        cx: &mut Cx<'_>,
    ) -> Bound<Expr> {
        if matches!(op, BinaryOperator::And | BinaryOperator::Or) {
            // Long chains lean to the left; they are walked, not descended into.
            let mut operands = vec![right];
            let mut rest = left;
            while let ast::Expr::BinaryOp { left, op: inner, right } = rest {
                if inner != op {
                    break;
                }
                operands.push(right);
                rest = left;
            }
            operands.push(rest);
            let bound: Vec<_> = operands.into_iter().rev().map(|e| self.boolean_operand(e, cx)).collect();
            let bound = bound.into_iter().collect::<Bound<Vec<_>>>()?;
            return Ok(if *op == BinaryOperator::And { all(bound) } else { any(bound) });
        }
        let operands = self.two(left, right, cx);
        let at = span(whole.span());
        let (a, b) = operands?;
        let arithmetic = match op {
            BinaryOperator::Plus => Some(Arithmetic::Add),
            BinaryOperator::Minus => Some(Arithmetic::Sub),
            BinaryOperator::Multiply => Some(Arithmetic::Mul),
            BinaryOperator::Divide => Some(Arithmetic::Div),
            BinaryOperator::Modulo => Some(Arithmetic::Rem),
            _ => None,
        };
        if let Some(op) = arithmetic {
            return self.arithmetic(op, a, b, at);
        }
        let comparison = match op {
            BinaryOperator::Eq => Comparison::Eq,
            BinaryOperator::NotEq => Comparison::Ne,
            BinaryOperator::Lt => Comparison::Lt,
            BinaryOperator::LtEq => Comparison::Le,
            BinaryOperator::Gt => Comparison::Gt,
            BinaryOperator::GtEq => Comparison::Ge,
            BinaryOperator::Spaceship => return self.not_distinct(a, b, at),
            BinaryOperator::StringConcat => {
                let args =
                    vec![Argument { expr: a, span: span(left.span()) }, Argument { expr: b, span: span(right.span()) }];
                return self.resolve(&Call { name: "||".to_string(), args, span: at });
            }
            other => return Err(self.error(at, format!("operator {other} is not part of the language"))),
        };
        self.compare(comparison, a, b, at)
    }

    fn case(
        &mut self,
        operand: Option<&ast::Expr>,
        conditions: &[ast::CaseWhen],
        otherwise: Option<&ast::Expr>,
        at: Span,
        cx: &mut Cx<'_>,
    ) -> Bound<Expr> {
        let operand = operand.map(|o| self.expr(o, cx)).transpose();
        let mut tests = vec![];
        let mut values = vec![];
        let mut failed = operand.is_err();
        for when in conditions {
            let place = span(when.condition.span());
            let test = match &operand {
                Ok(Some(operand)) => {
                    self.expr(&when.condition, cx).and_then(|c| self.compare(Comparison::Eq, operand.clone(), c, place))
                }
                Ok(None) => self.boolean_operand(&when.condition, cx),
                Err(_) => self.expr(&when.condition, cx),
            };
            match (test, self.expr(&when.result, cx)) {
                (Ok(test), Ok(value)) => {
                    tests.push(test);
                    values.push((value, span(when.result.span())));
                }
                _ => failed = true,
            }
        }
        match otherwise {
            Some(e) => match self.expr(e, cx) {
                Ok(value) => values.push((value, span(e.span()))),
                Err(_) => failed = true,
            },
            None => values.push((null(SqlType::Null), at)),
        }
        if failed {
            return Err(super::Reported);
        }
        let mut values = self.unify(values, "the branches of CASE")?;
        // There is a value for ELSE, whether it was written or not.
        let otherwise = values.pop().unwrap_or_else(|| null(SqlType::Null));
        Ok(case(tests.into_iter().zip(values).collect(), otherwise, position(at)))
    }

    fn rounding(&mut self, ceil: bool, e: &ast::Expr, field: &CeilFloorKind, cx: &mut Cx<'_>) -> Bound<Expr> {
        let at = span(e.span());
        // `(a - b) DAY` is not this; FLOOR(x) and FLOOR(x TO unit) are.
        match field {
            CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) => {
                self.function(if ceil { "ceil" } else { "floor" }, [e], at, cx)
            }
            CeilFloorKind::DateTimeField(unit) => {
                let bound = self.expr(e, cx)?;
                let unit = self.unit(&unit.to_string(), at)?;
                self.round_to_unit(ceil, bound, unit, at)
            }
            CeilFloorKind::Scale(_) => {
                Err(self.error(at, "FLOOR and CEIL take one argument, or a unit of time after TO"))
            }
        }
    }
}
