//! Random programs by a grammar with types. Every choice that is made is noted, so that the test can say what the programs were made of.

mod aggregate;
mod expression;
mod from;
mod query;
mod recursive;
mod registry;
mod select;
mod time;
mod window;

use crate::late::LATENESSES;
use crate::tree::{COLUMNS_MAX, Sort, Tree, many, sql};
use crate::types::{COMMON, TYPES, Ty};
pub use registry::Registry;
use std::collections::BTreeMap;

/// Numbers without end, the same for the same seed.
pub struct Random(weir_sdk::bench_support::Random);

impl Random {
    pub fn new(seed: u64) -> Random {
        let mut random = weir_sdk::bench_support::Random::new(seed);
        // Neighbours begin alike.
        for _ in 0..8 {
            random.next_u64();
        }
        Random(random)
    }

    /// A number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        ((self.0.next_u64() >> 11) % n as u64) as usize
    }

    /// Whether something comes to pass that does so this often in a hundred times.
    pub fn percent(&mut self, n: usize) -> bool {
        self.below(100) < n
    }

    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

/// A column that expressions can refer to.
#[derive(Clone, Debug)]
pub struct Column {
    /// The expression that refers to it.
    tree: Tree,
    ty: Ty,
    /// Whether it is no floating-point number, or one whose sums are exact in any order.
    exact: bool,
    /// Whether subqueries may refer to it.
    plain: bool,
}

/// A table, a view or a query of WITH.
#[derive(Clone, Debug)]
struct Relation {
    name: String,
    columns: Vec<(String, Ty, bool)>,
    /// About how many rows it has.
    rows: f64,
    /// Whether it is a table.
    table: bool,
}

/// A query, with what it gives.
struct Query {
    tree: Tree,
    columns: Vec<(String, Ty, bool)>,
    rows: f64,
}

/// A program, as a tree whose only part is its statements.
#[derive(Clone)]
pub struct Program {
    pub tree: Tree,
    /// What it is made of.
    pub notes: BTreeMap<&'static str, usize>,
}

/// What makes programs.
pub struct Generator<'r> {
    random: Random,
    registry: &'r Registry,
    /// Only what DuckDB understands likewise.
    common: bool,
    relations: Vec<Relation>,
    /// Functions of the program: names, types of arguments and of results.
    functions: Vec<(String, Vec<Ty>, Ty)>,
    /// Columns that can be referred to, those of the innermost query last.
    scopes: Vec<Vec<Column>>,
    notes: BTreeMap<&'static str, usize>,
    names: usize,
    /// How many subqueries there may be yet.
    budget: usize,
    /// Whether (and how often) what is made may not read the time.
    timeless: usize,
    /// Whether what was made since this was cleared has inexact floating-point numbers in it.
    inexact: bool,
}

/// More rows than this are too many for a naive interpreter.
const ROWS_MAX: f64 = 300.0;

/// A program made from a seed; names are numbered from here on.
pub fn program(seed: u64, registry: &Registry, common: bool, names: usize) -> Program {
    let mut generator = Generator {
        random: Random::new(seed),
        registry,
        common,
        relations: vec![],
        functions: vec![],
        scopes: vec![],
        timeless: 0,
        notes: BTreeMap::new(),
        names,
        budget: 0,
        inexact: false,
    };
    let mut statements: Vec<Tree> = (0..1 + generator.random.below(4)).map(|_| generator.table()).collect();
    if !common && generator.random.percent(40) {
        statements.push(generator.function());
    }
    for _ in 0..1 + generator.random.below(5) {
        if !common && generator.random.percent(12) {
            statements.extend(generator.recursive_view());
        } else {
            statements.push(generator.view());
        }
    }
    Program { tree: sql![Sort::Other; many(statements, ";\n", 1), ";\n"], notes: generator.notes }
}

impl Generator<'_> {
    fn note(&mut self, what: &'static str) {
        *self.notes.entry(what).or_default() += 1;
    }

    /// A name that nothing else has.
    fn name(&mut self, prefix: &str) -> String {
        self.names += 1;
        format!("{prefix}{}", self.names)
    }

    /// A type for a column.
    fn ty(&mut self) -> Ty {
        if self.common { *self.random.pick(&COMMON) } else { *self.random.pick(&TYPES) }
    }

    fn table(&mut self) -> Tree {
        let name = self.name("t");
        let keys = if !self.common && self.random.percent(35) { 1 + usize::from(self.random.percent(35)) } else { 0 };
        self.note(["table", "table with a key", "key of two columns"][keys]);
        let mut late = !self.common && self.random.percent(25);
        let mut columns = vec![];
        let mut items = vec![];
        for i in 0..2 + self.random.below(COLUMNS_MAX - 2) {
            let ty = match i {
                // What rows are joined by.
                0 => *self.random.pick(&[Ty::Int, Ty::Int, Ty::Text, Ty::Big]),
                1 if late || keys == 2 => *self.random.pick(&[Ty::Ts, Ty::Ts, Ty::Date, Ty::Int]),
                _ => self.ty(),
            };
            let column = self.name("c");
            let mut with = match i {
                0 if keys == 1 => " NOT NULL PRIMARY KEY",
                _ if i < keys || self.random.percent(25) => " NOT NULL",
                _ => "",
            }
            .to_string();
            let lateness = match ty {
                Ty::Ts => Some(0),
                Ty::Date => Some(1),
                Ty::Int | Ty::Big => Some(2),
                _ => None,
            };
            if let Some(lateness) =
                lateness.filter(|_| late && (i >= keys.max(1) || i < keys && self.random.percent(40)))
            {
                self.note(if keys > 0 && i >= keys { "LATENESS beside a key" } else { "LATENESS" });
                with.push_str(&format!(" LATENESS {}", LATENESSES[lateness].0));
                late = self.random.percent(20);
            }
            let with = (!with.is_empty()).then(|| Tree::text(Sort::Other, with));
            items.push(sql![Sort::Other; format!("{column} {}", ty.name()), with]);
            columns.push((column, ty, true));
        }
        let key = (keys == 2).then(|| {
            let names: Vec<&str> = columns[..2].iter().map(|c| c.0.as_str()).collect();
            Tree::text(Sort::Other, format!(", PRIMARY KEY ({})", names.join(", ")))
        });
        let append_only = !self.common && keys == 0 && self.random.percent(25);
        let with = if append_only { ") WITH ('append_only' = 'true')" } else { ")" };
        if append_only {
            self.note("append-only table");
        }
        let tree = sql![Sort::Other; format!("CREATE TABLE {name} ("), many(items, ", ", 1), key, with];
        self.relations.push(Relation { name, columns, rows: 8.0, table: true });
        tree
    }

    /// A function of the program's own.
    fn function(&mut self) -> Tree {
        self.note("CREATE FUNCTION");
        let name = self.name("f");
        let types: Vec<Ty> = (0..1 + self.random.below(2)).map(|_| self.ty()).collect();
        let result =
            if self.random.percent(60) { *self.random.pick(&[Ty::Int, Ty::Text, Ty::Bool]) } else { self.ty() };
        let (mut scope, mut list) = (vec![], vec![]);
        for ty in &types {
            let argument = self.name("a");
            list.push(format!("{argument} {}", ty.name()));
            scope.push(Column { tree: Tree::text(Sort::Value(*ty), argument), ty: *ty, exact: true, plain: true });
        }
        let (budget, before) = (std::mem::take(&mut self.budget), std::mem::take(&mut self.inexact));
        self.timeless += 1;
        self.scopes.push(scope);
        let body = self.value(result, 2);
        self.scopes.pop();
        self.timeless -= 1;
        (self.budget, self.inexact) = (budget, before);
        // (What is wider than the result's type says so is cast.)
        let head = format!("CREATE FUNCTION {name}({}) RETURNS {1} AS CAST(", list.join(", "), result.name());
        let tree = sql![Sort::Other; head, body, format!(" AS {})", result.name())];
        self.functions.push((name, types, result));
        tree
    }

    /// A call of a function of the program's own.
    fn own_function(&mut self, ty: Ty, d: usize) -> Option<Tree> {
        let fits: Vec<_> = self.functions.iter().filter(|f| f.2 == ty).cloned().collect();
        if fits.is_empty() {
            return None;
        }
        self.note("call of a function of the program's own");
        let (name, types, _) = self.random.pick(&fits).clone();
        let arguments: Vec<Tree> = types.into_iter().map(|ty| self.value(ty, d)).collect();
        let least = arguments.len();
        self.inexact |= matches!(ty, Ty::Double | Ty::Real);
        Some(sql![Sort::Value(ty); name, "(", many(arguments, ", ", least), ")"])
    }

    fn view(&mut self) -> Tree {
        let kind = if self.common { "" } else { *self.random.pick(&["", "", "LOCAL ", "MATERIALIZED "]) };
        if kind == "LOCAL " {
            self.note("LOCAL VIEW");
        }
        let name = self.name("v");
        self.budget = 6;
        let query = self.query(3, None);
        let (mut columns, mut list) = (query.columns, None);
        if self.random.percent(15) {
            self.note("view with names of columns");
            columns.iter_mut().for_each(|c| c.0 = self.name("c"));
            let names: Vec<&str> = columns.iter().map(|c| c.0.as_str()).collect();
            list = Some(Tree::text(Sort::Other, format!(" ({})", names.join(", "))));
        }
        let tree = sql![Sort::Other; format!("CREATE {kind}VIEW {name}"), list, " AS ", query.tree];
        self.relations.push(Relation { name, columns, rows: query.rows, table: false });
        tree
    }
}
