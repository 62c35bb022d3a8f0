//! Queries: set operations, WITH, VALUES and what else is around SELECT; subqueries in expressions.

use super::{Generator, Query, Relation};
use crate::tree::{COLUMNS_MAX, Part, Sort, Tree, columns, many, sql};
use crate::types::Ty;

impl Generator<'_> {
    /// A query with columns of the types that are wanted, or of any.
    pub(super) fn query(&mut self, depth: usize, want: Option<&[Ty]>) -> Query {
        let types = want.map(<[Ty]>::to_vec);
        match self.random.below(20) {
            0..4 if depth > 0 && self.budget > 0 => self.set_operation(depth, types),
            4 if depth > 0 && self.budget > 0 => self.with(depth, types),
            5 if depth > 0 && !self.common => self.with_recursive(depth, types),
            6 if self.random.percent(30) => self.values(types),
            _ => self.select(depth, types),
        }
    }

    /// Types for columns of a query.
    pub(super) fn types(&mut self) -> Vec<Ty> {
        (0..1 + self.random.below(4)).map(|_| self.ty()).collect()
    }

    fn set_operation(&mut self, depth: usize, types: Option<Vec<Ty>>) -> Query {
        self.budget -= 1;
        let types = types.unwrap_or_else(|| {
            let n = 1 + self.random.below(3);
            (0..n).map(|_| self.ty()).collect()
        });
        let (operator, name) = *self.random.pick(&[
            (" UNION ALL ", "UNION ALL"),
            (" UNION ", "UNION"),
            (" INTERSECT ", "INTERSECT"),
            (" INTERSECT ALL ", "INTERSECT ALL"),
            (" EXCEPT ", "EXCEPT"),
            (" EXCEPT ALL ", "EXCEPT ALL"),
        ]);
        self.note(name);
        let left = self.query(depth - 1, Some(&types));
        let right = self.query(depth - 1, Some(&types));
        let names = left.columns.iter().zip(&right.columns);
        let columns = names.map(|(l, r)| (l.0.clone(), l.1, l.2 && r.2)).collect();
        // (Parentheses at the beginning of a subquery in FROM are taken for those of a join, if there are more than one.)
        let nested = left.tree.parts.first().is_some_and(|p| matches!(p, Part::Text(t) if t == "(" || t.is_empty()));
        let (open, close) = if nested { ("", "") } else { ("(", ")") };
        let tree = sql![Sort::Query; open, left.tree, close, operator, "(", right.tree, ")"];
        Query { tree, columns, rows: left.rows + right.rows }
    }

    /// WITH: queries that the query refers to.
    fn with(&mut self, depth: usize, types: Option<Vec<Ty>>) -> Query {
        self.budget -= 1;
        self.note("WITH");
        let before = self.relations.len();
        let scopes = std::mem::take(&mut self.scopes);
        let mut parts = vec![];
        for _ in 0..1 + self.random.below(2) {
            let query = self.query(depth - 1, None);
            let name = self.name("w");
            parts.push(sql![Sort::Other; format!("{name} AS ("), query.tree, ")"]);
            self.relations.push(Relation { name, columns: query.columns, rows: query.rows, table: true });
        }
        self.scopes = scopes;
        let main = self.select(depth - 1, types);
        self.relations.truncate(before);
        let tree = sql![Sort::Query; "WITH ", many(parts, ", ", 1), " ", main.tree];
        Query { tree, ..main }
    }

    fn values(&mut self, types: Option<Vec<Ty>>) -> Query {
        let types = types.unwrap_or_else(|| self.types());
        self.note("VALUES");
        // (Columns of VALUES have no names that others could use.)
        let names: Vec<String> = types.iter().map(|_| self.name("c")).collect();
        let alias = self.name("r");
        let rows: Vec<Tree> = (0..1 + self.random.below(3))
            .map(|_| {
                let row = types.iter().map(|ty| self.leaf_without_columns(*ty)).collect();
                sql![Sort::Other; "(", many(row, ", ", 1), ")"]
            })
            .collect();
        let items = names.iter().map(|n| Tree::text(Sort::Other, n.clone())).collect();
        let list = format!(") AS {alias}({})", names.join(", "));
        let count = rows.len() as f64;
        let tree = sql![Sort::Query; "SELECT ", columns(items), " FROM (VALUES ", many(rows, ", ", 1), list];
        Query { tree, columns: names.into_iter().zip(types).map(|(n, ty)| (n, ty, true)).collect(), rows: count }
    }

    fn leaf_without_columns(&mut self, ty: Ty) -> Tree {
        let scopes = std::mem::take(&mut self.scopes);
        let tree = self.leaf(ty);
        self.scopes = scopes;
        tree
    }

    /// A subquery as a value: its rows are few, since more than one is an error.
    pub(super) fn scalar_subquery(&mut self, ty: Ty) -> Option<Tree> {
        let nested = self.scopes.len() > 3;
        if self.budget == 0 || nested || self.scopes.is_empty() {
            return None;
        }
        self.budget -= 1;
        self.note("scalar subquery");
        let before = std::mem::take(&mut self.inexact);
        let from = self.from(0);
        self.scopes.push(from.columns);
        let hidden = self.hide_outer();
        let value = match self.column(ty, false) {
            Some(column) if self.random.percent(70) => column,
            _ => self.value(ty, 1),
        };
        self.scopes.splice(0..0, hidden);
        let clause = self.random.percent(70).then(|| {
            self.note("condition in a scalar subquery");
            sql![Sort::Other; " WHERE ", self.condition(1)]
        });
        self.scopes.pop();
        self.inexact |= before;
        let aggregate = if ty == Ty::Bool { "BOOL_OR" } else { *self.random.pick(&["MAX", "MIN"]) };
        let sort = Sort::Value(ty);
        Some(if ty.is_plain() && self.random.percent(75) {
            let query = sql![Sort::Query; format!("SELECT {aggregate}("), value, ") FROM ", from.tree, clause];
            sql![sort; "(", query, ")"]
        } else {
            let query = sql![Sort::Query; "SELECT ", value, " FROM ", from.tree, clause, " ORDER BY 1 LIMIT 1"];
            sql![sort; "(", query, ")"]
        })
    }

    /// IN, EXISTS, ANY or ALL.
    pub(super) fn subquery_condition(&mut self, d: usize) -> Option<Tree> {
        if self.budget == 0 || self.scopes.len() > 3 || self.scopes.is_empty() {
            return None;
        }
        self.budget -= 1;
        let sort = Sort::Value(Ty::Bool);
        // DuckDB's arrays and floating-point numbers are compared elsewhere.
        let ty = self.plain_type();
        Some(match self.random.below(5) {
            0 | 1 => {
                let not = *self.random.pick(&["EXISTS", "NOT EXISTS"]);
                self.note(not);
                let query = self.inner(None);
                sql![sort; "(", not, " (", query.tree, "))"]
            }
            2 => {
                self.note("IN");
                let value = self.value(ty, d);
                let query = self.inner(Some(&[ty]));
                sql![sort; "(", value, " IN (", query.tree, "))"]
            }
            3 => {
                self.note("NOT IN");
                let value = self.value(ty, d);
                let query = self.inner(Some(&[ty]));
                sql![sort; "(", value, " NOT IN (", query.tree, "))"]
            }
            _ => {
                self.note("ANY, ALL");
                let value = self.value(ty, d);
                let operator = *self.random.pick(&["=", "<>", "<", "<=", ">", ">="]);
                let quantifier = *self.random.pick(&["ANY", "ALL"]);
                let query = self.inner(Some(&[ty]));
                sql![sort; "(", value, format!(" {operator} {quantifier} ("), query.tree, "))"]
            }
        })
    }

    /// A query of these columns within an expression, if there may be one.
    pub(super) fn subquery(&mut self, types: &[Ty]) -> Option<Tree> {
        if self.budget == 0 || self.scopes.len() > 3 || self.scopes.is_empty() {
            return None;
        }
        self.budget -= 1;
        Some(self.inner(Some(types)).tree)
    }

    /// A small query within an expression.
    fn inner(&mut self, want: Option<&[Ty]>) -> Query {
        let depth = usize::from(self.random.percent(30));
        let before = self.inexact;
        let query = self.query(depth, want);
        self.inexact = before;
        query
    }

    /// The columns of a query by which all its rows can be put into an order in which equal rows only are peers.
    pub(super) fn total(&mut self, trees: &[Tree]) -> Vec<Tree> {
        let mut trees = trees.to_vec();
        // The order of what decides first is any.
        let n = trees.len();
        if n > 1 {
            let (a, b) = (self.random.below(n), self.random.below(n));
            trees.swap(a, b);
        }
        trees
            .into_iter()
            .map(|tree| {
                let direction = if self.common {
                    *self.random.pick(&["", " DESC"])
                } else {
                    *self.random.pick(&["", " DESC", " NULLS LAST", " DESC NULLS FIRST"])
                };
                sql![Sort::Other; tree, direction]
            })
            .collect()
    }
}

/// The least of what is left by a limit.
pub(super) fn limited(rows: f64) -> f64 {
    rows.clamp(1.0, 3.0)
}

/// The rows of a query of which some are left out.
pub(super) fn bounded(rows: f64) -> f64 {
    rows.max(1.0)
}

/// So many columns a query may have.
pub(super) const WIDTH: usize = COLUMNS_MAX;
