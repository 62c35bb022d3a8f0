//! SELECT with its clauses.

use super::query::{WIDTH, bounded, limited};
use super::{Column, Generator, Query};
use crate::tree::{Part, Sort, Tree, columns, many, sql};
use crate::types::Ty;

/// Columns of a SELECT: trees with names, and what is known of them.
struct Items {
    trees: Vec<Tree>,
    known: Vec<(String, Ty, bool)>,
}

impl Generator<'_> {
    /// A SELECT.
    pub(super) fn select(&mut self, depth: usize, types: Option<Vec<Ty>>) -> Query {
        let kind = self.random.below(20);
        match kind {
            0..5 => self.grouped(depth, types),
            5..8 if depth > 0 => self.windowed(depth, types),
            _ => self.plain(depth, types),
        }
    }

    /// Expressions of the types, or some of the columns in scope and some expressions.
    fn items(&mut self, types: Option<Vec<Ty>>, depth: usize) -> Items {
        let n = 1 + self.random.below(4);
        let types = types.unwrap_or_else(|| (0..n).map(|_| self.some_type()).collect());
        let mut items = Items { trees: vec![], known: vec![] };
        for ty in types.into_iter().take(WIDTH) {
            let before = std::mem::take(&mut self.inexact);
            let whole = if self.random.percent(50) { self.column(ty, false) } else { None };
            let tree = whole.unwrap_or_else(|| self.value(ty, depth));
            let exact = !std::mem::replace(&mut self.inexact, before) || ty != Ty::Double;
            let name = self.name("c");
            items.trees.push(sql![Sort::Other; tree, format!(" AS {name}")]);
            items.known.push((name, ty, exact));
        }
        items
    }

    fn condition_clause(&mut self, keyword: &'static str, percent: usize, depth: usize) -> Option<Tree> {
        self.random.percent(percent).then(|| {
            self.note(keyword);
            sql![Sort::Other; format!(" {keyword} "), self.condition(depth)]
        })
    }

    /// LIMIT and OFFSET, and an order by all columns, so that there is one answer.
    fn limit(&mut self, items: &Items) -> Tree {
        let names: Vec<Tree> =
            items.known.iter().map(|(name, ty, _)| Tree::text(Sort::Value(*ty), name.clone())).collect();
        let mut order = self.total(&names);
        if !self.common && self.random.percent(25) {
            // What is equal to the last row in a part of the order is there, too.
            self.note("FETCH .. WITH TIES");
            order.truncate(1 + self.random.below(2));
            let fetch = format!(" FETCH FIRST {} ROWS WITH TIES", 1 + self.random.below(3));
            return sql![Sort::Other; " ORDER BY ", many(order, ", ", 1), fetch];
        }
        let limit = format!(" LIMIT {}", 1 + self.random.below(3));
        self.note("ORDER BY .. LIMIT");
        let offset = self.random.percent(30).then(|| {
            self.note("OFFSET");
            Tree::text(Sort::Other, format!(" OFFSET {}", 1 + self.random.below(2)))
        });
        let least = order.len();
        sql![Sort::Other; " ORDER BY ", many(order, ", ", least), limit, offset]
    }

    /// A SELECT without groups.
    fn plain(&mut self, depth: usize, types: Option<Vec<Ty>>) -> Query {
        let from = self.from(depth);
        let rows = from.rows;
        self.scopes.push(from.columns);
        let items = self.items(types, depth.min(2) + 1);
        let filter = self.condition_clause("WHERE", 35, 3);
        let sortable = items.known.iter().all(|k| k.1.is_plain() && k.2);
        let kind = self.random.below(20);
        let query = match kind {
            0 | 1 => {
                self.note("SELECT DISTINCT");
                sql![Sort::Query; "SELECT DISTINCT ", columns(items.trees.clone()), " FROM ", from.tree, filter]
            }
            2..5 if sortable => {
                let limit = self.limit(&items);
                self.scopes.pop();
                let tree = sql![Sort::Query; "SELECT ", columns(items.trees), " FROM ", from.tree, filter, Some(limit)];
                return Query { tree, columns: items.known, rows: limited(rows) };
            }
            5 if sortable && items.known.len() > 1 => {
                self.note("DISTINCT ON");
                let inner = sql![Sort::Query; "SELECT ", columns(items.trees), " FROM ", from.tree, filter];
                self.scopes.pop();
                return self.distinct_on(Query { tree: inner, columns: items.known, rows });
            }
            _ => sql![Sort::Query; "SELECT ", columns(items.trees.clone()), " FROM ", from.tree, filter],
        };
        self.scopes.pop();
        Query { tree: query, columns: items.known, rows: bounded(rows * 0.8) }
    }

    /// The first row for each value of a column, in an order by all columns.
    fn distinct_on(&mut self, of: Query) -> Query {
        let names: Vec<String> = of.columns.iter().map(|c| c.0.clone()).collect();
        let alias = self.name("r");
        let order: Vec<Tree> = names[1..].iter().map(|n| Tree::text(Sort::Other, n.clone())).collect();
        let order = self.total(&order);
        let items = names.iter().map(|n| Tree::text(Sort::Other, n.clone())).collect();
        let least = order.len();
        let tree = sql![Sort::Query;
            format!("SELECT DISTINCT ON ({}) ", names[0]),
            columns(items),
            " FROM (",
            of.tree,
            format!(") AS {alias} ORDER BY {}, ", names[0]),
            many(order, ", ", least),
        ];
        Query { tree, columns: of.columns, rows: of.rows / 2.0 }
    }

    /// A SELECT with GROUP BY, or with aggregates of all rows.
    fn grouped(&mut self, depth: usize, types: Option<Vec<Ty>>) -> Query {
        let from = self.from(depth);
        let rows = from.rows;
        self.scopes.push(from.columns.clone());
        let filter = self.condition_clause("WHERE", 25, 2);
        let mut after: Vec<Column> = vec![];
        // Keys are columns, so that they can be told again by what comes after; or values with a name.
        let mut keys = vec![];
        let mut items = Items { trees: vec![], known: vec![] };
        for _ in 0..self.random.below(4) {
            let plain: Vec<Column> = from.columns.iter().filter(|c| c.ty.is_plain()).cloned().collect();
            if !plain.is_empty() && self.random.percent(75) {
                let key = self.random.pick(&plain).clone();
                if !keys.iter().any(|k: &Tree| k.to_string() == key.tree.to_string()) {
                    keys.push(key.tree.clone());
                    after.push(key);
                }
            } else if types.is_none() {
                self.note("GROUP BY an expression");
                let ty = self.plain_type();
                let before = std::mem::take(&mut self.inexact);
                let value = self.value(ty, 2);
                let exact = !std::mem::replace(&mut self.inexact, before);
                // In DuckDB a key and another name of it are two: sets with one of them have NULL as the other.
                if self.common && matches!(value.parts.as_slice(), [Part::Text(_)]) {
                    continue;
                }
                let name = self.name("c");
                items.trees.push(sql![Sort::Other; value, format!(" AS {name}")]);
                items.known.push((name.clone(), ty, exact));
                keys.push(Tree::text(Sort::Other, name));
            }
        }
        for _ in 0..1 + self.random.below(3) {
            let call = self.aggregate(1);
            after.push(call);
        }
        // (Another name of a key is none here.)
        let first = keys.iter().find(|k| k.to_string().contains('.')).cloned();
        let (group, sets) = self.group_by(keys);
        if let Some(key) = first.filter(|_| sets && !self.common && self.random.percent(40)) {
            self.note("GROUPING");
            let tree = sql![Sort::Value(Ty::Big); "GROUPING(", key, ")"];
            after.push(Column { tree, ty: Ty::Big, exact: true, plain: false });
        }
        // What comes after is made of keys and aggregates.
        self.scopes.pop();
        self.scopes.push(after.clone());
        let all = after.len();
        if types.is_none() {
            for column in after.iter().take(WIDTH - items.known.len().min(WIDTH - 1)) {
                let name = self.name("c");
                items.trees.push(sql![Sort::Other; column.tree.clone(), format!(" AS {name}")]);
                items.known.push((name, column.ty, column.exact));
            }
        }
        let having = if all > 0 { self.condition_clause("HAVING", 25, 2) } else { None };
        let more = if types.is_some() || self.random.percent(30) {
            let types = types.or_else(|| Some(vec![self.plain_type()]));
            self.items(types, 2)
        } else {
            Items { trees: vec![], known: vec![] }
        };
        items.trees.extend(more.trees);
        items.known.extend(more.known);
        self.scopes.pop();
        let sortable = items.known.iter().all(|k| k.1.is_plain() && k.2);
        let limit = (sortable && self.random.percent(8)).then(|| self.limit(&items));
        let tree =
            sql![Sort::Query; "SELECT ", columns(items.trees), " FROM ", from.tree, filter, group, having, limit];
        Query { tree, columns: items.known, rows: bounded(rows / 2.0) }
    }

    /// GROUP BY, and whether it is by several sets.
    fn group_by(&mut self, keys: Vec<Tree>) -> (Option<Tree>, bool) {
        if keys.is_empty() {
            self.note("aggregates of all rows");
            return (None, false);
        }
        let kind = self.random.below(12);
        let tree = match kind {
            0 => {
                self.note("ROLLUP");
                sql![Sort::Other; " GROUP BY ROLLUP (", many(keys, ", ", 1), ")"]
            }
            1 => {
                self.note("CUBE");
                sql![Sort::Other; " GROUP BY CUBE (", many(keys, ", ", 1), ")"]
            }
            2 => {
                self.note("GROUPING SETS");
                let mut sets: Vec<Tree> = keys.iter().map(|k| sql![Sort::Other; "(", k.clone(), ")"]).collect();
                sets.push(sql![Sort::Other; "(", many(keys, ", ", 1), ")"]);
                sets.push(Tree::text(Sort::Other, "()"));
                sql![Sort::Other; " GROUP BY GROUPING SETS (", many(sets, ", ", 1), ")"]
            }
            _ => {
                self.note("GROUP BY");
                sql![Sort::Other; " GROUP BY ", many(keys, ", ", 1)]
            }
        };
        (Some(tree), kind < 3)
    }
}
