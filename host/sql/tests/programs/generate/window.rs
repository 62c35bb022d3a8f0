//! Window functions: partitions, orders and frames, over few columns, so that all of them can be the order's end.

use super::query::bounded;
use super::{Generator, Query};
use crate::tree::{Sort, Tree, columns, many, sql};
use crate::types::Ty;

impl Generator<'_> {
    /// A SELECT with calls of window functions.
    pub(super) fn windowed(&mut self, depth: usize, types: Option<Vec<Ty>>) -> Query {
        let scopes = std::mem::take(&mut self.scopes);
        // A number, something to order a range by, and more.
        let ranged = *self.random.pick(&[Ty::Int, Ty::Date, Ty::Ts, Ty::Big]);
        let mut of = vec![Ty::Int, ranged];
        of.extend((0..self.random.below(2)).map(|_| *self.random.pick(&[Ty::Text, Ty::Dec, Ty::Bool])));
        let inner = self.query(depth - 1, Some(&of));
        self.scopes = scopes;
        let alias = self.name("r");
        let names: Vec<(String, Ty)> = inner.columns.iter().map(|c| (format!("{alias}.{}", c.0), c.1)).collect();
        let mut trees = vec![];
        let mut known = vec![];
        for (name, ty) in &names {
            let to = self.name("c");
            trees.push(sql![Sort::Other; Tree::text(Sort::Value(*ty), name.clone()), format!(" AS {to}")]);
            known.push((to, *ty, true));
        }
        let mut calls = vec![];
        for _ in 0..1 + self.random.below(2) {
            let (call, ty) = self.call(&names);
            let to = self.name("c");
            trees.push(sql![Sort::Other; call.clone(), format!(" AS {to}")]);
            known.push((to, ty, true));
            calls.push((call, ty));
        }
        let qualify = (types.is_none() && self.random.percent(20)).then(|| {
            self.note("QUALIFY");
            let (call, ty) = self.random.pick(&calls).clone();
            let bound = self.leaf_of(ty);
            let operator = *self.random.pick(&[" <= ", " = ", " > "]);
            sql![Sort::Other; " QUALIFY ", call, operator, bound]
        });
        let from = sql![Sort::Relation; "(", inner.tree, format!(") AS {alias}")];
        let rows = bounded(inner.rows);
        let Some(types) = types else {
            let tree = sql![Sort::Query; "SELECT ", columns(trees), " FROM ", from, qualify];
            return Query { tree, columns: known, rows };
        };
        // What is wanted is made of the results, around it.
        let tree = sql![Sort::Query; "SELECT ", columns(trees), " FROM ", from];
        let outer = self.name("r");
        let scope = known.iter().map(|(name, ty, exact)| super::Column {
            tree: Tree::text(Sort::Value(*ty), format!("{outer}.{name}")),
            ty: *ty,
            exact: *exact,
            plain: true,
        });
        let scope = scope.collect();
        self.scopes.push(scope);
        let mut items = vec![];
        let mut wanted = vec![];
        for ty in types {
            let before = std::mem::take(&mut self.inexact);
            let value = self.value(ty, 1);
            let exact = !std::mem::replace(&mut self.inexact, before);
            let to = self.name("c");
            items.push(sql![Sort::Other; value, format!(" AS {to}")]);
            wanted.push((to, ty, exact));
        }
        let clause = self.random.percent(40).then(|| sql![Sort::Other; " WHERE ", self.condition(1)]);
        self.scopes.pop();
        let tree = sql![Sort::Query; "SELECT ", columns(items), " FROM (", tree, format!(") AS {outer}"), clause];
        Query { tree, columns: wanted, rows }
    }

    fn leaf_of(&mut self, ty: Ty) -> Tree {
        let scopes = std::mem::take(&mut self.scopes);
        let tree = self.leaf(ty);
        self.scopes = scopes;
        tree
    }

    /// A bound of a frame, and its place among bounds.
    fn bound(&mut self, distances: &[&str], first: bool) -> (String, usize) {
        let distance = *self.random.pick(distances);
        match self.random.below(4) {
            0 if first => ("UNBOUNDED PRECEDING".into(), 0),
            0 => ("UNBOUNDED FOLLOWING".into(), 4),
            1 => (format!("{distance} PRECEDING"), 1),
            2 => ("CURRENT ROW".into(), 2),
            _ => (format!("{distance} FOLLOWING"), 3),
        }
    }

    /// A frame in these units, by these distances.
    fn frame(&mut self, unit: &str, distances: &[&str]) -> String {
        loop {
            let (from, a) = self.bound(distances, true);
            let (to, b) = self.bound(distances, false);
            if a <= b {
                return format!(" {unit} BETWEEN {from} AND {to}");
            }
        }
    }

    /// A call of a window function over columns of these names.
    fn call(&mut self, names: &[(String, Ty)]) -> (Tree, Ty) {
        let (argument, ty) = self.random.pick(names).clone();
        let argument = Tree::text(Sort::Value(ty), argument);
        let number = Tree::text(Sort::Value(Ty::Int), names[0].0.clone());
        let some = self.random.pick(names).0.clone();
        let partition = match self.random.below(3) {
            0 => None,
            1 => Some(sql![Sort::Other; format!("PARTITION BY {some} ")]),
            _ => Some(sql![Sort::Other; format!("PARTITION BY {} % 2 ", names[0].0)]),
        };
        let all: Vec<Tree> = names.iter().map(|(n, ty)| Tree::text(Sort::Value(*ty), n.clone())).collect();
        let order = self.total(&all);
        let least = order.len();
        let total = sql![Sort::Other; "ORDER BY ", many(order, ", ", least)];
        let by = names[1].0.clone();
        let direction = *self.random.pick(&["", " DESC"]);
        let loose = sql![Sort::Other; format!("ORDER BY {by}{direction}")];
        let nulls = if self.random.percent(25) { " IGNORE NULLS" } else { "" };
        let (call, result, order, frame) = match self.random.below(13) {
            0 => {
                self.note("ROW_NUMBER");
                (sql![Sort::Other; "ROW_NUMBER()"], Ty::Big, Some(total), String::new())
            }
            1 => {
                let name = *self.random.pick(&["RANK()", "DENSE_RANK()"]);
                self.note("RANK, DENSE_RANK");
                (sql![Sort::Other; name], Ty::Big, Some(loose), String::new())
            }
            2 if !self.common => {
                self.note("NTILE");
                (sql![Sort::Other; "NTILE(3)"], Ty::Big, Some(total), String::new())
            }
            3 => {
                self.note("PERCENT_RANK, CUME_DIST");
                let name = *self.random.pick(&["PERCENT_RANK()", "CUME_DIST()"]);
                // Text, so that nothing depends on sums of it.
                let call = sql![Sort::Other; name];
                (call, Ty::Double, Some(loose), String::new())
            }
            4 | 5 => {
                self.note("LAG, LEAD");
                let name = *self.random.pick(&["LAG", "LEAD"]);
                let rest = *self.random.pick(&["", ", 2", ", 1"]);
                (sql![Sort::Other; name, "(", argument, rest, nulls, ")"], ty, Some(total), String::new())
            }
            6 | 7 => {
                self.note("FIRST_VALUE, LAST_VALUE");
                let name = *self.random.pick(&["FIRST_VALUE", "LAST_VALUE"]);
                let frame = self.random.percent(70).then(|| {
                    let unit = *self.random.pick(&["ROWS", "GROUPS"]);
                    self.frame(unit, &["0", "1", "2"])
                });
                (sql![Sort::Other; name, "(", argument, nulls, ")"], ty, Some(total), frame.unwrap_or_default())
            }
            8 => {
                self.note("NTH_VALUE");
                let frame = self.frame("ROWS", &["1", "3"]);
                (sql![Sort::Other; "NTH_VALUE(", argument, ", 2", nulls, ")"], ty, Some(total), frame)
            }
            _ => {
                let (name, arg, result) = match self.random.below(6) {
                    0 => ("COUNT", argument, Ty::Big),
                    1 => ("MIN", argument, ty),
                    2 => ("MAX", argument, ty),
                    3 if !self.common => ("AVG", number, Ty::Int),
                    _ => ("SUM", number, Ty::Int),
                };
                self.note("aggregate OVER");
                let filter =
                    self.random.percent(15).then(|| sql![Sort::Other; format!(" FILTER (WHERE {} > 0)", names[0].0)]);
                let call = sql![Sort::Other; name, "(", arg, ")", filter];
                let distances: &[&str] = match names[1].1 {
                    Ty::Date => &["INTERVAL '1' DAY", "INTERVAL '2' DAY"],
                    Ty::Ts => &["INTERVAL '1' HOUR", "INTERVAL '90' MINUTE"],
                    _ => &["0", "1", "2"],
                };
                match self.random.below(4) {
                    0 => {
                        self.note("frame of ROWS");
                        (call, result, Some(total), self.frame("ROWS", &["0", "1", "2"]))
                    }
                    1 => {
                        self.note("frame of GROUPS");
                        (call, result, Some(loose), self.frame("GROUPS", &["0", "1", "2"]))
                    }
                    2 => {
                        self.note("frame of RANGE");
                        (call, result, Some(loose), self.frame("RANGE", distances))
                    }
                    _ => {
                        let order = self.random.percent(60).then_some(loose);
                        (call, result, order, String::new())
                    }
                }
            }
        };
        let frame = (!frame.is_empty()).then(|| Tree::text(Sort::Other, frame));
        (sql![Sort::Value(result); call, " OVER (", partition, order, frame, ")"], result)
    }
}
