//! PIVOT: an aggregation with columns of its own for each value of a list. UNPIVOT: a row for each of a list of columns.

use super::expr::Cx;
use super::from::scope_of;
use super::group::Aggregates;
use super::grouping::Grouping;
use super::scope::{Scope, ScopeColumn};
use super::{Binder, Bound, COLUMNS_MAX, OutputColumn, Reported};
use crate::Span;
use crate::expr::{any, is_not_null, size, text};
use crate::functions;
use crate::parse::{fold, span};
use crate::plan::RelId;
use sqlparser::ast::{
    self, BinaryOperator, ExprWithAlias, Ident, NullInclusion, PivotValueSource, Spanned, TableAlias, TableFactor,
};
use std::collections::BTreeSet;
use weir_circuit::Expr;
use weir_row::ColumnType;

/// The operands of `(a, b)`, or the one expression.
fn parts(e: &ast::Expr) -> Vec<&ast::Expr> {
    match e {
        ast::Expr::Tuple(parts) => parts.iter().collect(),
        ast::Expr::Nested(inner) => vec![inner],
        e => vec![e],
    }
}

/// The columns that an expression reads.
fn reads(e: &Expr, into: &mut BTreeSet<usize>) {
    e.visit_columns(&mut |i| {
        into.insert(i);
    });
}

/// The columns that `*` shows and that read none of those.
fn others<'s>(scope: &'s Scope, used: &BTreeSet<usize>) -> impl Iterator<Item = &'s ScopeColumn> {
    let unused = |c: &&ScopeColumn| {
        let mut of = BTreeSet::new();
        reads(&c.expr, &mut of);
        c.bare && of.is_disjoint(used)
    };
    scope.columns.iter().filter(unused)
}

fn output(c: &ScopeColumn, at: Span) -> OutputColumn {
    OutputColumn { name: c.name.clone(), case_sensitive: c.case_sensitive, ty: c.expr.ty.clone(), span: at }
}

impl Binder<'_> {
    /// A PIVOT or an UNPIVOT.
    pub(super) fn turned(&mut self, factor: &TableFactor) -> Bound<(RelId, Scope)> {
        let at = span(factor.span());
        let (rel, columns, alias) = match factor {
            TableFactor::Pivot { table, aggregate_functions, value_column, value_source, default_on_null, alias } => {
                if default_on_null.is_some() {
                    return Err(self.error(at, "DEFAULT ON NULL is not part of the language"));
                }
                let PivotValueSource::List(values) = value_source else {
                    let hint = "for example FOR kind IN ('a' AS a, 'b' AS b)";
                    return Err(self.error_hint(at, "PIVOT takes a list of constants", hint));
                };
                let (rel, columns) = self.pivot(table, aggregate_functions, value_column, values, at)?;
                (rel, columns, alias)
            }
            TableFactor::Unpivot { table, value, name, columns, null_inclusion, alias } => {
                let keep_nulls = matches!(null_inclusion, Some(NullInclusion::IncludeNulls));
                let (rel, columns) = self.unpivot(table, value, name, columns, keep_nulls, at)?;
                (rel, columns, alias)
            }
            _ => return Err(self.error(at, "this kind of table is not part of the language")),
        };
        let alias: Option<&TableAlias> = alias.as_ref();
        let columns = match alias {
            Some(alias) => self.renamed(columns, alias)?,
            None => columns,
        };
        Ok((rel, scope_of(&columns, alias.map(|a| fold(&a.name)))))
    }

    /// Groups by the columns that neither the list nor an aggregate reads; each aggregate once for each value, of the rows that have it.
    fn pivot(
        &mut self,
        table: &TableFactor,
        calls: &[ExprWithAlias],
        axes: &[ast::Expr],
        values: &[ExprWithAlias],
        at: Span,
    ) -> Bound<(RelId, Vec<OutputColumn>)> {
        let (rel, scope) = self.factor(table)?;
        if values.len().saturating_mul(calls.len()) > COLUMNS_MAX {
            return Err(self.error(at, format!("PIVOT makes more than {COLUMNS_MAX} columns")));
        }
        let mut aggregates = Aggregates::default();
        let mut used = BTreeSet::new();
        let mut failed = false;
        for axis in axes {
            match self.expr(axis, &mut Cx::constant(&scope, "PIVOT")) {
                Ok(e) => reads(&e, &mut used),
                Err(_) => failed = true,
            }
        }
        let mut turned: Vec<(OutputColumn, Expr)> = vec![];
        for value in values {
            let before = aggregates.calls.len();
            match self.pivoted(value, axes, calls, &scope, &mut aggregates) {
                Ok(columns) => turned.extend(columns),
                Err(_) => failed = true,
            }
            let made = aggregates.calls[before..].iter().flat_map(|c| c.reads()).map(size).sum();
            self.repeated(made, at, "PIVOT")?;
        }
        if failed {
            return Err(Reported);
        }
        for (i, (column, _)) in turned.iter().enumerate() {
            if turned[..i].iter().any(|(other, _)| other.name == column.name) {
                let hint = "name the aggregates and the values: SUM(x) AS s FOR kind IN ('a' AS a)";
                let message = format!("PIVOT makes two columns '{}'", column.name);
                return Err(self.error_hint(column.span, message, hint));
            }
        }
        aggregates.calls.iter().flat_map(|c| c.reads()).for_each(|e| reads(e, &mut used));
        let rest: Vec<&ScopeColumn> = others(&scope, &used).collect();
        let keys: Vec<Expr> = rest.iter().map(|c| c.expr.clone()).collect();
        let mut columns: Vec<OutputColumn> = rest.iter().map(|c| output(c, at)).collect();
        let mut exprs: Vec<Expr> = keys.clone();
        for (column, e) in turned {
            columns.push(column);
            exprs.push(e);
        }
        let (rel, groups) = self.aggregation(rel, Grouping::plain(keys), aggregates, &scope, at)?;
        let exprs = exprs.iter().map(|e| self.over_groups(e, &groups)).collect::<Bound<Vec<_>>>()?;
        Ok((self.plan.project(rel, exprs), columns))
    }

    /// The columns of a value.
    fn pivoted(
        &mut self,
        value: &ExprWithAlias,
        axes: &[ast::Expr],
        calls: &[ExprWithAlias],
        scope: &Scope,
        aggregates: &mut Aggregates,
    ) -> Bound<Vec<(OutputColumn, Expr)>> {
        let at = span(value.expr.span());
        let constants = parts(&value.expr);
        if constants.len() != axes.len() {
            let message = format!("here are {} values, but FOR names {}", constants.len(), axes.len());
            return Err(self.error(at, message));
        }
        let nothing = Scope::default();
        for constant in &constants {
            self.expr(constant, &mut Cx::constant(&nothing, "the list of PIVOT"))?;
        }
        let equal = |(axis, constant): (&ast::Expr, &&ast::Expr)| {
            ast::Expr::IsNotDistinctFrom(Box::new(axis.clone()), Box::new((*constant).clone()))
        };
        let and = |a: ast::Expr, b: ast::Expr| ast::Expr::BinaryOp {
            left: Box::new(a),
            op: BinaryOperator::And,
            right: Box::new(b),
        };
        // FOR names at least one.
        let chosen = axes.iter().zip(&constants).map(equal).reduce(and).ok_or(Reported)?;
        let (of, mut quoted) = match &value.alias {
            Some(alias) => (fold(alias), alias.quote_style.is_some()),
            None => {
                let shown: Vec<String> = constants.iter().map(ToString::to_string).collect();
                (shown.join("_"), true)
            }
        };
        let mut columns = vec![];
        for call in calls {
            let call_at = span(call.expr.span());
            let ast::Expr::Function(f) = &call.expr else {
                return Err(self.error(call_at, "PIVOT takes calls of aggregates"));
            };
            let name = f.name.to_string();
            if !functions::is_aggregate(&name.to_lowercase()) && !self.is_own_aggregate(&name.to_lowercase()) {
                return Err(self.error(call_at, format!("PIVOT takes calls of aggregates; {name} is none")));
            }
            let filter = f.filter.as_deref().cloned().into_iter().fold(chosen.clone(), and);
            let f = ast::Function { filter: Some(Box::new(filter)), ..f.clone() };
            let mut cx =
                Cx { scope, aliases: &[], aggregates: Some(&mut *aggregates), subqueries: None, clause: "PIVOT" };
            let expr = self.expr(&ast::Expr::Function(f), &mut cx)?;
            let name = match &call.alias {
                Some(alias) => {
                    quoted |= alias.quote_style.is_some();
                    format!("{of}_{}", fold(alias))
                }
                None => of.clone(),
            };
            columns.push((OutputColumn { name, case_sensitive: quoted, ty: expr.ty.clone(), span: at }, expr));
        }
        Ok(columns)
    }

    /// For each row a row for each member of the list: the columns that are in none, the member's name, its values.
    fn unpivot(
        &mut self,
        table: &TableFactor,
        measures: &ast::Expr,
        axis: &Ident,
        members: &[ExprWithAlias],
        keep_nulls: bool,
        at: Span,
    ) -> Bound<(RelId, Vec<OutputColumn>)> {
        let (rel, scope) = self.factor(table)?;
        let measures = parts(measures);
        let mut names: Vec<&Ident> = vec![];
        for m in &measures {
            match m {
                ast::Expr::Identifier(name) => names.push(name),
                e => return Err(self.error(span(e.span()), "expected the name of a new column")),
            }
        }
        let mut used = BTreeSet::new();
        // A column of the result: the values of each member.
        let mut values: Vec<Vec<(Expr, Span)>> = vec![vec![]; names.len()];
        let mut labels = vec![];
        let mut failed = false;
        for member in members {
            let place = span(member.expr.span());
            let columns = parts(&member.expr);
            if columns.len() != names.len() {
                let message = format!("here are {} columns, but UNPIVOT makes {}", columns.len(), names.len());
                self.error(place, message);
                failed = true;
                continue;
            }
            let mut own_names = vec![];
            for (column, values) in columns.iter().zip(&mut values) {
                let name = match column {
                    ast::Expr::Identifier(name) => name,
                    ast::Expr::CompoundIdentifier(path) if !path.is_empty() => &path[path.len() - 1],
                    e => return Err(self.error(span(e.span()), "expected the name of a column")),
                };
                own_names.push(fold(name));
                match self.expr(column, &mut Cx::constant(&scope, "UNPIVOT")) {
                    Ok(e) => {
                        reads(&e, &mut used);
                        values.push((e, span(column.span())));
                    }
                    Err(_) => failed = true,
                }
            }
            labels.push(match &member.alias {
                Some(alias) if alias.quote_style == Some('\'') => alias.value.clone(),
                Some(alias) => fold(alias),
                None => own_names.join("_"),
            });
        }
        if failed {
            return Err(Reported);
        }
        let mut unified = vec![];
        for column in values {
            unified.push(self.unify(column, "the columns of UNPIVOT")?);
        }
        let rest: Vec<&ScopeColumn> = others(&scope, &used).collect();
        let mut columns: Vec<OutputColumn> = rest.iter().map(|c| output(c, at)).collect();
        let named = |name: &Ident, ty: ColumnType| OutputColumn {
            name: fold(name),
            case_sensitive: name.quote_style.is_some(),
            ty,
            span: span(name.span),
        };
        columns.push(named(axis, text("").ty));
        for (name, values) in names.iter().zip(&unified) {
            let nullable = values.iter().any(|e| e.ty.nullable);
            // The list has a member at least.
            let sql = values.first().ok_or(Reported)?.ty.sql.clone();
            columns.push(named(name, ColumnType { sql, nullable }));
        }
        self.repeated(labels.len() * columns.len(), at, "UNPIVOT")?;
        let mut inputs = vec![];
        for (i, label) in labels.iter().enumerate() {
            let of: Vec<&Expr> = unified.iter().map(|values| &values[i]).collect();
            let present = any(of.iter().map(|e| is_not_null((*e).clone())).collect());
            let rows = if keep_nulls { rel } else { self.plan.filter(rel, present) };
            let mut exprs: Vec<Expr> = rest.iter().map(|c| c.expr.clone()).collect();
            exprs.push(text(label));
            exprs.extend(of.into_iter().cloned());
            inputs.push(self.plan.project(rows, exprs));
        }
        Ok((self.plan.union(inputs), columns))
    }
}
