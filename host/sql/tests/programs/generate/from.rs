//! What stands in FROM: relations, subqueries, joins of all kinds, table functions.

use super::{Column, Generator, ROWS_MAX, Relation};
use crate::tree::{Sort, Tree, many, sql};
use crate::types::Ty;

/// What stands in FROM.
pub(super) struct From {
    pub(super) tree: Tree,
    pub(super) columns: Vec<Column>,
    pub(super) rows: f64,
}

fn column(text: String, ty: Ty, exact: bool) -> Column {
    Column { tree: Tree::text(Sort::Value(ty), text), ty, exact, plain: true }
}

/// The columns of a relation with an alias.
pub(super) fn of_alias(alias: &str, columns: &[(String, Ty, bool)]) -> Vec<Column> {
    columns.iter().map(|(name, ty, exact)| column(format!("{alias}.{name}"), *ty, *exact)).collect()
}

/// Columns of two sides of one type.
pub(super) fn pairs(left: &[Column], right: &[Column]) -> Vec<(Column, Column)> {
    let of = |l: &Column| {
        right.iter().filter(|r| r.ty == l.ty && l.ty != Ty::Row).map(|r| (l.clone(), r.clone())).collect::<Vec<_>>()
    };
    left.iter().flat_map(of).collect()
}

impl Generator<'_> {
    /// A relation, tables and what was made last more often.
    pub(super) fn relation(&mut self) -> Relation {
        let n = self.relations.len();
        let at = if self.random.percent(30) { n - 1 } else { self.random.below(n) };
        let found = self.relations[at].clone();
        if !found.table {
            self.note("view of a view");
        }
        found
    }

    /// A relation or a subquery.
    pub(super) fn item(&mut self, depth: usize) -> From {
        let alias = self.name("r");
        if depth == 0 || self.budget == 0 || self.random.percent(65) {
            let found = self.relation();
            let columns = of_alias(&alias, &found.columns);
            return From {
                tree: sql![Sort::Relation; format!("{} AS {alias}", found.name)],
                columns,
                rows: found.rows,
            };
        }
        self.budget -= 1;
        if self.random.percent(10) {
            return self.values_item(&alias);
        }
        if !self.common && self.random.percent(22) {
            return self.shaped(&alias, depth);
        }
        self.note("subquery in FROM");
        // (Only LATERAL sees what is around it.)
        let scopes = std::mem::take(&mut self.scopes);
        let query = self.query(depth - 1, None);
        self.scopes = scopes;
        let columns = of_alias(&alias, &query.columns);
        From { tree: sql![Sort::Relation; "(", query.tree, format!(") AS {alias}")], columns, rows: query.rows }
    }

    fn values_item(&mut self, alias: &str) -> From {
        self.note("VALUES in FROM");
        let scopes = std::mem::take(&mut self.scopes);
        let types: Vec<Ty> = (0..1 + self.random.below(2)).map(|_| *self.random.pick(&[Ty::Int, Ty::Text])).collect();
        let row = |g: &mut Self| {
            let cells = types.iter().map(|ty| g.leaf(*ty)).collect();
            sql![Sort::Other; "(", many(cells, ", ", 1), ")"]
        };
        let rows = (0..1 + self.random.below(3)).map(|_| row(self)).collect();
        let names: Vec<(String, Ty, bool)> = types.iter().map(|ty| (self.name("c"), *ty, true)).collect();
        let list: Vec<&str> = names.iter().map(|n| n.0.as_str()).collect();
        self.scopes = scopes;
        let tree = sql![Sort::Relation; "(VALUES ", many(rows, ", ", 1), format!(") AS {alias}({})", list.join(", "))];
        From { tree, columns: of_alias(alias, &names), rows: 3.0 }
    }

    /// PIVOT, UNPIVOT or a window of time.
    fn shaped(&mut self, alias: &str, depth: usize) -> From {
        let kind = *self.random.pick(&[0, 1, 2, 2, 2, 2]);
        let scopes = std::mem::take(&mut self.scopes);
        let from = match kind {
            0 => {
                self.note("PIVOT");
                let inner = self.query(depth - 1, Some(&[Ty::Int, Ty::Int, Ty::Text]));
                let [key, value, of] = [0, 1, 2].map(|i| inner.columns[i].0.clone());
                let name = *self.random.pick(&["SUM", "MAX", "COUNT"]);
                let tree = sql![Sort::Relation; "(", inner.tree, format!(
                    ") PIVOT ({name}({value}) FOR {of} IN ('x' AS p1, 'xyz' AS p2)) AS {alias}"
                )];
                let value = if name == "COUNT" { Ty::Big } else { Ty::Int };
                let columns = [(key, Ty::Int, true), ("p1".into(), value, true), ("p2".into(), value, true)];
                From { tree, columns: of_alias(alias, &columns), rows: inner.rows }
            }
            1 => {
                self.note("UNPIVOT");
                let inner = self.query(depth - 1, Some(&[Ty::Text, Ty::Int, Ty::Int]));
                let [key, a, b] = [0, 1, 2].map(|i| inner.columns[i].0.clone());
                let nulls = *self.random.pick(&["", "INCLUDING NULLS ", "EXCLUDING NULLS "]);
                let tree = sql![Sort::Relation; "(", inner.tree, format!(
                    ") UNPIVOT {nulls}(value FOR axis IN ({a}, {b} AS 'other')) AS {alias}"
                )];
                let columns = [(key, Ty::Text, true), ("axis".into(), Ty::Text, true), ("value".into(), Ty::Int, true)];
                From { tree, columns: of_alias(alias, &columns), rows: inner.rows * 2.0 }
            }
            _ => match self.window(alias) {
                Some(from) => from,
                None => {
                    self.scopes = scopes;
                    return self.item(0);
                }
            },
        };
        self.scopes = scopes;
        from
    }

    /// Joins of up to three items.
    pub(super) fn from(&mut self, depth: usize) -> From {
        let mut from = if self.random.percent(8) { self.using(depth) } else { self.item(depth) };
        let more = *self.random.pick(&[0, 0, 0, 1, 1, 1, 2]);
        for i in 0..more {
            // (What stands before a comma is not seen by the joins behind it.)
            from = self.join(from, depth, i + 1 == more);
        }
        from
    }

    /// A condition on the columns of both sides: an equation, any other, or both.
    fn on(&mut self, left: &[Column], right: &[Column], equation: bool) -> (Tree, bool) {
        let found = pairs(left, right);
        let equal = (!found.is_empty() && (equation || self.random.percent(80))).then(|| {
            let (l, r) = self.random.pick(&found).clone();
            sql![Sort::Value(Ty::Bool); "(", l.tree, " = ", r.tree, ")"]
        });
        let equated = equal.is_some();
        self.scopes.push(left.iter().chain(right).cloned().collect());
        let on = match equal {
            Some(equal) if self.random.percent(60) => equal,
            Some(equal) => sql![Sort::Value(Ty::Bool); "(", equal, " AND ", self.condition(1), ")"],
            None => self.condition(2),
        };
        self.scopes.pop();
        (on, equated)
    }

    fn join(&mut self, left: From, depth: usize, last: bool) -> From {
        let kind = self.random.below(if self.common { 11 } else { 15 });
        match kind {
            8..11 => return self.lateral(left, depth, last),
            11 | 12 => return self.unnest(left, last),
            13 => return self.asof(left, depth),
            _ => {}
        }
        let right = self.item(depth.saturating_sub(1));
        let product = left.rows * right.rows;
        let columns: Vec<Column> = left.columns.iter().chain(&right.columns).cloned().collect();
        if kind == 7 && product <= ROWS_MAX {
            let comma = last && self.random.percent(50);
            self.note(if comma { "comma join" } else { "CROSS JOIN" });
            let with = if comma { ", " } else { " CROSS JOIN " };
            return From { tree: sql![Sort::Relation; left.tree, with, right.tree], columns, rows: product };
        }
        let (join, name) = *self.random.pick(&[
            (" JOIN ", "INNER JOIN"),
            (" JOIN ", "INNER JOIN"),
            (" LEFT JOIN ", "LEFT JOIN"),
            (" RIGHT JOIN ", "RIGHT JOIN"),
            (" FULL JOIN ", "FULL JOIN"),
        ]);
        let large = product > ROWS_MAX;
        if product > 3.0 * ROWS_MAX || large && pairs(&left.columns, &right.columns).is_empty() {
            return left;
        }
        self.note(name);
        // A subquery in the condition of a FULL JOIN is refused.
        let budget = self.budget;
        if name == "FULL JOIN" {
            self.budget = 0;
        }
        let (on, equated) = self.on(&left.columns, &right.columns, large);
        if name == "FULL JOIN" {
            self.budget = budget;
        }
        let rows = if equated { product / 2.0 } else { product };
        let tree = sql![Sort::Relation; left.tree, join, right.tree, " ON ", on];
        From { tree, columns, rows: rows.max(left.rows) }
    }

    /// Two subqueries with columns of one name.
    fn using(&mut self, depth: usize) -> From {
        let shared = [*self.random.pick(&[Ty::Int, Ty::Text]), self.plain_type()];
        let n = 1 + self.random.below(2);
        let natural = self.random.percent(50);
        self.note(if natural { "NATURAL JOIN" } else { "USING" });
        let kind = *self.random.pick(&["", "LEFT ", "RIGHT ", "FULL "]);
        let mut sides = vec![];
        let mut columns = vec![];
        for (side, own) in [("j", Ty::Int), ("k", Ty::Text)] {
            let mut types = shared[..n].to_vec();
            types.push(own);
            let scopes = std::mem::take(&mut self.scopes);
            let query = self.query(depth.saturating_sub(1).min(1), Some(&types));
            self.scopes = scopes;
            let names: Vec<String> = (0..n).map(|i| format!("u{i}")).chain([format!("own_{side}")]).collect();
            let alias = self.name("r");
            columns.push(column(format!("{alias}.own_{side}"), own, query.columns[n].2));
            sides.push((
                sql![Sort::Relation; "(", query.tree, format!(") AS {alias}({})", names.join(", "))],
                query.rows,
            ));
        }
        columns.extend((0..n).map(|i| column(format!("u{i}"), shared[i], true)));
        let (right, right_rows) = sides.remove(1);
        let (left, left_rows) = sides.remove(0);
        let tree = if natural {
            sql![Sort::Relation; left, format!(" NATURAL {kind}JOIN "), right]
        } else {
            let names: Vec<String> = (0..n).map(|i| format!("u{i}")).collect();
            sql![Sort::Relation; left, format!(" {kind}JOIN "), right, format!(" USING ({})", names.join(", "))]
        };
        // Names of both joins would be the same: as a subquery they are not seen.
        let alias = self.name("r");
        let inner: Vec<(Column, String)> = columns.into_iter().map(|c| (c, self.name("c"))).collect();
        let items: Vec<Tree> =
            inner.iter().map(|(c, name)| sql![Sort::Other; c.tree.clone(), format!(" AS {name}")]).collect();
        let tree = sql![Sort::Relation; sql![Sort::Other; "(SELECT ", many(items, ", ", 1), " FROM ", tree, format!(") AS {alias}")]];
        let columns = inner.into_iter().map(|(c, name)| column(format!("{alias}.{name}"), c.ty, c.exact)).collect();
        From { tree, columns, rows: (left_rows * right_rows / 3.0).max(left_rows) }
    }

    /// A subquery that sees the columns to its left.
    fn lateral(&mut self, left: From, depth: usize, last: bool) -> From {
        if self.budget == 0 || left.rows > ROWS_MAX / 4.0 || depth == 0 {
            return left;
        }
        self.budget -= 1;
        self.scopes.push(left.columns.clone());
        let query = self.query(depth - 1, None);
        self.scopes.pop();
        let alias = self.name("r");
        self.note("LATERAL");
        let forms: &[(&str, &str)] = if self.common {
            &[(", LATERAL (", ""), (" CROSS JOIN LATERAL (", ""), (" LEFT JOIN LATERAL (", " ON TRUE")]
        } else {
            &[
                (", LATERAL (", ""),
                (" CROSS JOIN LATERAL (", ""),
                (" LEFT JOIN LATERAL (", " ON TRUE"),
                (" CROSS APPLY (", ""),
                (" OUTER APPLY (", ""),
            ]
        };
        let (open, close) = *self.random.pick(&forms[usize::from(!last)..]);
        let columns = left.columns.into_iter().chain(of_alias(&alias, &query.columns)).collect();
        let rows = (left.rows * query.rows).min(ROWS_MAX);
        let tree = sql![Sort::Relation; left.tree, open, query.tree, format!(") AS {alias}{close}")];
        From { tree, columns, rows }
    }

    /// The elements of an array to the left, the entries of a map, or the fields of rows.
    fn unnest(&mut self, left: From, last: bool) -> From {
        let alias = self.name("r");
        let (ty, of): (Ty, &[Ty]) = match self.random.below(8) {
            0 => (Ty::Map, &[Ty::Text, Ty::Int]),
            1 => (Ty::Texts, &[Ty::Text]),
            2 => (Ty::Row, &[Ty::Int, Ty::Text]),
            _ => (Ty::Ints, &[Ty::Int]),
        };
        self.scopes.push(left.columns.clone());
        let collection = match ty {
            Ty::Row => {
                self.note("UNNEST of rows");
                sql![Sort::Other; "ARRAY[", self.leaf(ty), ", ", self.leaf(ty), "]"]
            }
            ty => self.value(ty, 1),
        };
        self.scopes.pop();
        if ty == Ty::Map {
            self.note("UNNEST of a map");
        }
        let forms = [(", ", ""), (" CROSS JOIN ", ""), (" LEFT JOIN ", " ON TRUE")];
        let (join, on) = *self.random.pick(&forms[usize::from(!last)..]);
        if !on.is_empty() {
            self.note("LEFT JOIN UNNEST");
        }
        let ordinality = self.random.percent(40);
        self.note(if ordinality { "UNNEST WITH ORDINALITY" } else { "UNNEST" });
        let mut names: Vec<(String, Ty, bool)> = of.iter().map(|ty| (self.name("c"), *ty, true)).collect();
        if ordinality {
            names.push(("place".to_string(), Ty::Int, true));
        }
        let list: Vec<&str> = names.iter().map(|n| n.0.as_str()).collect();
        let with = if ordinality { " WITH ORDINALITY" } else { "" };
        let close = format!("){with} AS {alias}({}){on}", list.join(", "));
        let columns = left.columns.into_iter().chain(of_alias(&alias, &names)).collect();
        let tree = sql![Sort::Relation; left.tree, join, "UNNEST(", collection, close];
        From { tree, columns, rows: left.rows * 1.5 }
    }

    /// The row that is closest in time; there is one of each time only, since any of several could be it.
    fn asof(&mut self, left: From, depth: usize) -> From {
        let time = *self.random.pick(&[Ty::Ts, Ty::Date, Ty::Int]);
        let Some(ours) = left.columns.iter().find(|c| c.ty == time).map(|c| c.tree.clone()) else { return left };
        let Some(key) = left.columns.iter().find(|c| matches!(c.ty, Ty::Int | Ty::Text | Ty::Big)).cloned() else {
            return left;
        };
        let scopes = std::mem::take(&mut self.scopes);
        let query = self.query(depth.saturating_sub(1), Some(&[key.ty, time, Ty::Int]));
        self.scopes = scopes;
        let [k, t, x] = [0, 1, 2].map(|i| query.columns[i].0.clone());
        let alias = self.name("r");
        let join = *self.random.pick(&["LEFT ASOF JOIN", "ASOF JOIN"]);
        self.note("ASOF JOIN");
        let operator = *self.random.pick(&[">=", ">", "<=", "<"]);
        let tree = sql![Sort::Relation;
            left.tree,
            format!(" {join} (SELECT {k} AS k, {t} AS t, MAX({x}) AS x FROM ("),
            query.tree,
            format!(") AS q GROUP BY {k}, {t}) AS {alias} MATCH_CONDITION ("),
            ours,
            format!(" {operator} {alias}.t) ON "),
            key.tree,
            format!(" = {alias}.k"),
        ];
        let more = [("k".to_string(), key.ty, true), ("t".to_string(), time, true), ("x".to_string(), Ty::Int, true)];
        let columns = left.columns.into_iter().chain(of_alias(&alias, &more)).collect();
        From { tree, columns, rows: left.rows }
    }
}
