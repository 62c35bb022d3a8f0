//! Recursion that settles: what is added is made of values that are there, or is counted up to a bound.

use super::{Generator, Query, Relation};
use crate::tree::{Sort, Tree, sql};
use crate::types::Ty;

impl Generator<'_> {
    /// Two columns of one type of a relation: edges.
    fn edges(&mut self, ty: Ty) -> Query {
        let depth = usize::from(self.budget > 0 && self.random.percent(30));
        let scopes = std::mem::take(&mut self.scopes);
        let query = self.select(depth, Some(vec![ty, ty]));
        self.scopes = scopes;
        query
    }

    /// The step of a recursion over `name (x, y)`: pairs of values that are there.
    fn step(&mut self, name: &str, ty: Ty, edges: &Query) -> Tree {
        let sort = Sort::Query;
        let cast = |column: &str| format!("CAST({column} AS {})", ty.name());
        let (a, b) = (edges.columns[0].0.clone(), edges.columns[1].0.clone());
        let edge = sql![Sort::Relation; "(", edges.tree.clone(), ") AS e"];
        let mut scope = vec![];
        for column in ["p.x", "p.y"] {
            scope.push(super::Column { tree: Tree::text(Sort::Value(ty), column), ty, exact: true, plain: true });
        }
        self.scopes.push(scope);
        let clause = self.random.percent(30).then(|| {
            // (A subquery here could read the view itself, against its order.)
            let budget = std::mem::take(&mut self.budget);
            let tree = sql![Sort::Other; " AND ", self.condition(1)];
            self.budget = budget;
            tree
        });
        self.scopes.pop();
        match self.random.below(5) {
            0 => sql![sort;
                format!("SELECT {} AS x, {} AS y FROM {name} AS p JOIN ", cast("p.x"), cast(&format!("e.{b}"))),
                edge, format!(" ON p.y = e.{a}"), clause],
            1 => sql![sort;
                format!("SELECT {} AS x, {} AS y FROM ", cast(&format!("e.{a}")), cast("p.y")),
                edge, format!(", {name} AS p WHERE p.x = e.{b}"), clause],
            2 => {
                sql![sort; format!("SELECT p.x AS x, q.y AS y FROM {name} AS p JOIN {name} AS q ON p.y = q.x"), clause]
            }
            3 => sql![sort;
                format!("SELECT {} AS x, {} AS y FROM {name} AS p LEFT JOIN ", cast("p.y"), cast(&format!("e.{b}"))),
                edge, format!(" ON p.x = e.{a}"), clause],
            _ => sql![sort;
                format!("SELECT DISTINCT p.y AS x, p.x AS y FROM {name} AS p WHERE p.y IN (SELECT e.{b} FROM "),
                edge, ")", clause],
        }
    }

    fn base(&mut self, ty: Ty, edges: &Query) -> Tree {
        let (a, b) = (&edges.columns[0].0, &edges.columns[1].0);
        let cast = |column: &str| format!("CAST({column} AS {})", ty.name());
        sql![Sort::Query; format!("SELECT {} AS x, {} AS y FROM (", cast(a), cast(b)), edges.tree.clone(), ") AS b"]
    }

    /// DECLARE RECURSIVE VIEW, and the view; or two that read each other.
    pub(super) fn recursive_view(&mut self) -> Vec<Tree> {
        self.budget = 4;
        let ty = *self.random.pick(&[Ty::Int, Ty::Text, Ty::Big]);
        let edges = self.edges(ty);
        let declare =
            |name: &str| Tree::text(Sort::Other, format!("DECLARE RECURSIVE VIEW {name} (x {0}, y {0})", ty.name()));
        let name = self.name("v");
        let union = *self.random.pick(&[" UNION ", " UNION ALL "]);
        let base = self.base(ty, &edges);
        let mut out = vec![declare(&name)];
        let create = |name: &str| format!("CREATE VIEW {name} AS ");
        match self.random.below(4) {
            0 => {
                self.note("mutual recursion");
                let other = self.name("v");
                out.push(declare(&other));
                let step = self.step(&other, ty, &edges);
                out.push(sql![Sort::Other; create(&name), sql![Sort::Query; base, union, step]]);
                let second = self.edges(ty);
                let back = self.step(&name, ty, &second);
                out.push(sql![Sort::Other; create(&other), back]);
                let columns = vec![("x".to_string(), ty, true), ("y".to_string(), ty, true)];
                self.relations.push(Relation { name: other, columns, rows: 20.0, table: false });
            }
            1 => {
                self.note("aggregate in a recursion");
                // The least of what comes along edges only ever gets less.
                let (a, b) = (edges.columns[0].0.clone(), edges.columns[1].0.clone());
                let step = sql![Sort::Query;
                    format!("SELECT CAST(e.{a} AS {}) AS x, p.y AS y FROM (", ty.name()),
                    edges.tree.clone(),
                    format!(") AS e JOIN {name} AS p ON p.x = e.{b}"),
                ];
                let of = sql![Sort::Query; base, " UNION ALL ", step];
                out.push(sql![Sort::Other; create(&name), sql![Sort::Query; "SELECT x, MIN(y) AS y FROM (", of, ") AS s GROUP BY x"]]);
            }
            _ => {
                self.note("DECLARE RECURSIVE VIEW");
                let step = self.step(&name, ty, &edges);
                out.push(sql![Sort::Other; create(&name), sql![Sort::Query; base, union, step]]);
            }
        }
        let columns = vec![("x".to_string(), ty, true), ("y".to_string(), ty, true)];
        self.relations.push(Relation { name, columns, rows: 20.0, table: false });
        out
    }

    /// WITH RECURSIVE: pairs, or numbers up to a bound.
    pub(super) fn with_recursive(&mut self, depth: usize, types: Option<Vec<Ty>>) -> Query {
        self.note("WITH RECURSIVE");
        let name = self.name("w");
        let scopes = std::mem::take(&mut self.scopes);
        let (parts, columns) = if self.random.percent(50) {
            let edges = self.edges(Ty::Int);
            let (a, b) = (edges.columns[0].0.clone(), edges.columns[1].0.clone());
            let base = sql![Sort::Query; format!("SELECT {a}, {b} FROM ("), edges.tree.clone(), ") AS b"];
            let step = self.step(&name, Ty::Int, &edges);
            (sql![Sort::Other; format!("{name}(x, y) AS ("), base, " UNION ", step, ")"], ["x", "y"])
        } else {
            let base = self.edges(Ty::Int);
            let (a, b) = (base.columns[0].0.clone(), base.columns[1].0.clone());
            let base = sql![Sort::Query; format!("SELECT {a}, {b} FROM ("), base.tree, ") AS b"];
            let step = format!("SELECT x, n + 1 FROM {name} WHERE n < 4");
            (sql![Sort::Other; format!("{name}(x, n) AS ("), base, format!(" UNION ALL {step})")], ["x", "n"])
        };
        self.scopes = scopes;
        let columns = columns.iter().map(|c| (c.to_string(), Ty::Int, true)).collect();
        self.relations.push(Relation { name, columns, rows: 20.0, table: true });
        let main = self.select(depth - 1, types);
        self.relations.pop();
        let tree = sql![Sort::Query; "WITH RECURSIVE ", parts, " ", main.tree];
        Query { tree, ..main }
    }
}
