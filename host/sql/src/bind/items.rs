//! The SELECT list: stars are spread out, columns named.

use super::expr::Cx;
use super::group::Aggregates;
use super::scope::{Scope, ScopeColumn};
use super::subquery::Subqueries;
use super::{Binder, Bound, COLUMNS_MAX, OutputColumn, Reported};
use crate::Span;
use crate::parse::{fold, span};
use sqlparser::ast::{
    self, ExcludeSelectItem, Ident, ObjectName, SelectItem, SelectItemQualifiedWildcardKind, Spanned,
    WildcardAdditionalOptions,
};
use weir_circuit::Expr;

/// An item with its name.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) column: OutputColumn,
    pub(super) expr: Expr,
}

/// A column of a star that is something else.
struct Replacement {
    name: String,
    at: Span,
    expr: Expr,
}

impl Binder<'_> {
    /// Binds the SELECT list over the columns of FROM. Aggregates and subqueries in it are collected.
    pub(super) fn items(
        &mut self,
        projection: &[SelectItem],
        scope: &Scope,
        aggregates: &mut Aggregates,
        subqueries: &mut Subqueries,
    ) -> Bound<Vec<Item>> {
        let mut items: Vec<Item> = vec![];
        let mut aliases: Vec<(String, Expr)> = vec![];
        let mut failed = false;
        for item in projection {
            if items.len() > COLUMNS_MAX {
                return Err(self.error(span(item.span()), format!("a query has at most {COLUMNS_MAX} columns")));
            }
            let (e, alias) = match item {
                SelectItem::UnnamedExpr(e) => (e, None),
                SelectItem::ExprWithAlias { expr, alias } => (expr, Some(alias)),
                SelectItem::ExprWithAliases { expr, .. } => {
                    self.error(span(expr.span()), "an expression has one alias");
                    failed = true;
                    continue;
                }
                SelectItem::Wildcard(options) => {
                    let replaced = self.replacements(options, scope, &aliases, aggregates, subqueries);
                    failed |= replaced.and_then(|r| self.star(None, options, r, scope, &mut items)).is_err();
                    continue;
                }
                SelectItem::QualifiedWildcard(kind, options) => {
                    let replaced = self.replacements(options, scope, &aliases, aggregates, subqueries);
                    failed |= replaced.and_then(|r| self.qualified_star(kind, options, r, scope, &mut items)).is_err();
                    continue;
                }
            };
            let mut cx = Cx {
                scope,
                aliases: &aliases,
                aggregates: Some(&mut *aggregates),
                subqueries: Some(&mut *subqueries),
                clause: "SELECT",
            };
            match self.expr(e, &mut cx) {
                Ok(expr) => {
                    let column = self.output_column(e, alias, &expr, items.len());
                    if alias.is_some() {
                        aliases.push((column.name.clone(), expr.clone()));
                    }
                    items.push(Item { column, expr });
                }
                Err(_) => failed = true,
            }
        }
        if failed { Err(Reported) } else { Ok(items) }
    }

    fn output_column(&self, mut e: &ast::Expr, alias: Option<&Ident>, bound: &Expr, index: usize) -> OutputColumn {
        while let ast::Expr::Nested(inner) = e {
            e = inner;
        }
        let ident = alias.or(match e {
            ast::Expr::Identifier(ident) => Some(ident),
            ast::Expr::CompoundIdentifier(parts) => parts.last(),
            _ => None,
        });
        OutputColumn {
            name: ident.map_or_else(|| format!("expr${index}"), fold),
            case_sensitive: ident.is_some_and(|i| i.quote_style.is_some()),
            ty: bound.ty.clone(),
            span: ident.map_or_else(|| span(e.span()), |i| span(i.span)),
        }
    }

    fn qualified_star(
        &mut self,
        kind: &SelectItemQualifiedWildcardKind,
        options: &WildcardAdditionalOptions,
        replaced: Vec<Replacement>,
        scope: &Scope,
        items: &mut Vec<Item>,
    ) -> Bound<()> {
        let SelectItemQualifiedWildcardKind::ObjectName(ObjectName(parts)) = kind else {
            return Err(self.unsupported(span(kind.span()), "a star over a value"));
        };
        match parts.as_slice() {
            [ast::ObjectNamePart::Identifier(ident)] => self.star(Some(ident), options, replaced, scope, items),
            _ => Err(self.error(span(kind.span()), "expected the name of a table before the star")),
        }
    }

    fn star(
        &mut self,
        relation: Option<&Ident>,
        options: &WildcardAdditionalOptions,
        replaced: Vec<Replacement>,
        scope: &Scope,
        items: &mut Vec<Item>,
    ) -> Bound<()> {
        let at = span(options.wildcard_token.0.span);
        let of = relation.map(fold);
        if let Some(ident) = relation {
            let name = fold(ident);
            if !scope.has_relation(&name) && !scope.poisoned {
                return Err(self.error(span(ident.span), format!("there is no table '{name}' in this FROM clause")));
            }
        }
        if options.opt_rename.is_some() || options.opt_ilike.is_some() {
            return Err(self.unsupported(at, "this modifier of *"));
        }
        let excluded = self.excluded(options)?;
        if scope.poisoned {
            return Err(Reported);
        }
        let shown = |c: &&ScopeColumn| match &of {
            Some(r) => c.relation.as_ref() == Some(r),
            None => c.bare,
        };
        let columns: Vec<&ScopeColumn> = scope.columns.iter().filter(shown).collect();
        for (name, at) in &excluded {
            if !columns.iter().any(|c| c.name == *name) {
                self.error(*at, format!("there is no column '{name}' to leave out"));
                return Err(Reported);
            }
        }
        for r in &replaced {
            let shown = columns.iter().filter(|c| c.name == r.name).count();
            if excluded.iter().any(|(name, _)| *name == r.name) {
                return Err(self.error(r.at, format!("column '{}' cannot be both left out and replaced", r.name)));
            }
            if shown != 1 {
                let message = match shown {
                    0 => format!("there is no column '{}' to replace", r.name),
                    _ => format!("column '{}' is ambiguous", r.name),
                };
                return Err(self.error(r.at, message));
            }
        }
        if columns.is_empty() {
            return Err(self.error(at, "* needs a FROM clause"));
        }
        for c in columns.into_iter().filter(|c| !excluded.iter().any(|(name, _)| *name == c.name)) {
            let expr = match replaced.iter().find(|r| r.name == c.name) {
                Some(r) => r.expr.clone(),
                None => Expr { at: super::position(at), ..c.expr.clone() },
            };
            let column =
                OutputColumn { name: c.name.clone(), case_sensitive: c.case_sensitive, ty: expr.ty.clone(), span: at };
            items.push(Item { column, expr });
        }
        Ok(())
    }

    /// What REPLACE says of a star.
    /// The columns that a star stands for.
    pub(super) fn star_columns(&mut self, item: &SelectItem, cx: &mut Cx<'_>) -> Bound<Vec<Expr>> {
        let options = match item {
            SelectItem::Wildcard(options) | SelectItem::QualifiedWildcard(_, options) => options,
            other => return Err(self.error(span(other.span()), "a field of a row has no alias")),
        };
        let (mut aggregates, mut subqueries) = (Aggregates::default(), Subqueries::default());
        let replaced = self.replacements(options, cx.scope, cx.aliases, &mut aggregates, &mut subqueries)?;
        if !aggregates.is_empty() || !subqueries.is_empty() {
            let at = span(options.wildcard_token.0.span);
            return Err(self.unsupported(at, "a replacement with an aggregate or a subquery within ROW"));
        }
        let mut items = vec![];
        match item {
            SelectItem::QualifiedWildcard(kind, _) => {
                self.qualified_star(kind, options, replaced, cx.scope, &mut items)?;
            }
            _ => self.star(None, options, replaced, cx.scope, &mut items)?,
        }
        Ok(items.into_iter().map(|i| i.expr).collect())
    }

    fn replacements(
        &mut self,
        options: &WildcardAdditionalOptions,
        scope: &Scope,
        aliases: &[(String, Expr)],
        aggregates: &mut Aggregates,
        subqueries: &mut Subqueries,
    ) -> Bound<Vec<Replacement>> {
        let mut out: Vec<Replacement> = vec![];
        for element in options.opt_replace.iter().flat_map(|r| &r.items) {
            let (name, at) = (fold(&element.column_name), span(element.column_name.span));
            let mut cx = Cx {
                scope,
                aliases,
                aggregates: Some(&mut *aggregates),
                subqueries: Some(&mut *subqueries),
                clause: "SELECT",
            };
            let expr = self.expr(&element.expr, &mut cx)?;
            if out.iter().any(|r| r.name == name) {
                return Err(self.error(at, format!("column '{name}' is replaced twice")));
            }
            out.push(Replacement { name, at, expr });
        }
        Ok(out)
    }

    /// The names after EXCLUDE or EXCEPT.
    fn excluded(&mut self, options: &WildcardAdditionalOptions) -> Bound<Vec<(String, Span)>> {
        let mut names: Vec<ObjectName> = match &options.opt_exclude {
            None => vec![],
            Some(ExcludeSelectItem::Single(name)) => vec![name.clone()],
            Some(ExcludeSelectItem::Multiple(names)) => names.clone(),
        };
        if let Some(except) = &options.opt_except {
            names.push(ObjectName::from(vec![except.first_element.clone()]));
            names.extend(except.additional_elements.iter().map(|i| ObjectName::from(vec![i.clone()])));
        }
        names
            .iter()
            .map(|name| match name.0.as_slice() {
                [ast::ObjectNamePart::Identifier(ident)] => Ok((fold(ident), span(ident.span))),
                _ => Err(self.error(span(name.span()), "expected the name of a column")),
            })
            .collect()
    }
}
