//! Expressions of a type over the columns in scope.

use super::registry::hole_type;
use super::{Column, Generator};
use crate::registry::Piece;
use crate::tree::{Sort, Tree, many, sql};
use crate::types::Ty;

impl Generator<'_> {
    /// A column of the type, of this query or (seldom) of one around it.
    pub(super) fn column(&mut self, ty: Ty, exact: bool) -> Option<Tree> {
        let last = self.scopes.len().checked_sub(1)?;
        let outer = last > 0 && self.random.percent(if self.budget > 0 { 35 } else { 20 });
        let level = if outer { self.random.below(last) } else { last };
        let fits = |c: &&Column| c.ty == ty && (c.exact || !exact) && (level == last || c.plain);
        let found: Vec<Column> = self.scopes[level].iter().filter(fits).cloned().collect();
        if found.is_empty() {
            return None;
        }
        let column = self.random.pick(&found).clone();
        if level < last {
            self.note("correlated column");
        }
        self.inexact |= !column.exact;
        Some(column.tree)
    }

    /// An expression without parts.
    pub(super) fn leaf(&mut self, ty: Ty) -> Tree {
        if self.random.percent(75)
            && let Some(tree) = self.column(ty, false)
        {
            return tree;
        }
        if self.random.percent(10) && !self.common {
            return Tree::text(Sort::Value(ty), format!("CAST(NULL AS {})", ty.name()));
        }
        let literals = ty.literals();
        let text = if literals.is_empty() { ty.simplest() } else { self.random.pick(literals) };
        Tree::text(Sort::Value(ty), text)
    }

    /// An expression of the type.
    pub(super) fn value(&mut self, ty: Ty, depth: usize) -> Tree {
        if depth == 0 || self.random.percent(45) {
            return self.leaf(ty);
        }
        let sort = Sort::Value(ty);
        let d = depth - 1;
        match self.random.below(if self.common { 17 } else { 20 }) {
            0 => {
                self.note("CASE");
                sql![sort; "CASE WHEN ", self.condition(d), " THEN ", self.value(ty, d), " ELSE ", self.value(ty, d), " END"]
            }
            1 => {
                self.note("COALESCE");
                sql![sort; "COALESCE(", self.value(ty, d), ", ", self.leaf(ty), ")"]
            }
            2 if ty.is_plain() => {
                self.note("NULLIF");
                sql![sort; "NULLIF(", self.value(ty, d), ", ", self.leaf(ty), ")"]
            }
            // DuckDB's GREATEST leaves NULLs out.
            3 if ty.is_plain() && !self.common => {
                let name = *self.random.pick(&["GREATEST", "LEAST"]);
                self.note("GREATEST, LEAST");
                sql![sort; name, "(", self.value(ty, d), ", ", self.leaf(ty), ")"]
            }
            4 | 5 => self.scalar_subquery(ty).unwrap_or_else(|| self.own(ty, d)),
            6 | 9 => self.part(ty, d).unwrap_or_else(|| self.own(ty, d)),
            7 | 10 => self.own_function(ty, d).unwrap_or_else(|| self.own(ty, d)),
            8 if self.random.percent(40) => self.now(ty).unwrap_or_else(|| self.own(ty, d)),
            17.. => self.template(ty, d).unwrap_or_else(|| self.own(ty, d)),
            _ => self.own(ty, d),
        }
    }

    /// A column of FROM, or a literal: no aggregate.
    fn of_from(&mut self, ty: Ty) -> Tree {
        let own = self.scopes.last().into_iter().flatten().filter(|c| c.ty == ty && c.plain);
        let found: Vec<Tree> = own.map(|c| c.tree.clone()).collect();
        if found.is_empty() { Tree::text(Sort::Value(ty), ty.simplest()) } else { self.random.pick(&found).clone() }
    }

    /// A part of a value with parts.
    fn part(&mut self, ty: Ty, d: usize) -> Option<Tree> {
        if self.common {
            return None;
        }
        let sort = Sort::Value(ty);
        Some(match (ty, self.random.below(3)) {
            (Ty::Int | Ty::Text, 0) => {
                self.note("field of a row");
                let field = if ty == Ty::Int { ").f" } else { ").g" };
                sql![sort; "(", self.value(Ty::Row, d), field]
            }
            (Ty::Int, 1) => {
                self.note("entry of a map");
                let key = *self.random.pick(&["'f'", "'g'", "'x'"]);
                sql![sort; self.value(Ty::Map, d), "[", key, "]"]
            }
            (Ty::Int | Ty::Text, _) => {
                self.note("element of an array");
                let of = if ty == Ty::Int { Ty::Ints } else { Ty::Texts };
                let at = *self.random.pick(&["1", "2", "SAFE_OFFSET(0)", "0"]);
                sql![sort; self.value(of, d), "[", at, "]"]
            }
            (Ty::Variant, _) => {
                self.note("part of a VARIANT");
                let at = *self.random.pick(&["'f'", "1"]);
                sql![sort; self.value(ty, d), "[", at, "]"]
            }
            (Ty::Ints, 0) => {
                self.note("lambda");
                let body = *self.random.pick(&["x -> x + 1", "x -> CASE WHEN x > 1 THEN x END", "x -> 3"]);
                sql![sort; "TRANSFORM(", self.value(ty, d), ", ", body, ")"]
            }
            (Ty::Bool, 0) => {
                self.note("lambda");
                let body = *self.random.pick(&["x -> x > 1", "x -> x IS NULL", "x -> x = 1 OR x < 0"]);
                sql![sort; "ARRAY_EXISTS(", self.value(Ty::Ints, d), ", ", body, ")"]
            }
            (Ty::Bool, _) => {
                self.note("part of a VARIANT");
                let at = *self.random.pick(&["['f'] IS NULL)", "['f'] = CAST(1 AS VARIANT))", "[1] IS NOT NULL)"]);
                sql![sort; "(", self.value(Ty::Variant, d), at]
            }
            (Ty::Ints | Ty::Texts, _) => {
                let of = if ty == Ty::Ints { Ty::Int } else { Ty::Text };
                let query = self.subquery(&[of])?;
                self.note("ARRAY of a subquery");
                sql![sort; "ARRAY(", query, ")"]
            }
            _ => return None,
        })
    }

    /// An expression of the type by an operator or function of its own.
    fn own(&mut self, ty: Ty, d: usize) -> Tree {
        let sort = Sort::Value(ty);
        let choice = self.random.below(8);
        match ty {
            Ty::Bool => self.condition(d),
            Ty::Int | Ty::Big | Ty::Dec | Ty::Double => match choice {
                0 | 1 => sql![sort; "(", self.value(ty, d), " + ", self.leaf(ty), ")"],
                2 => sql![sort; "(", self.leaf(ty), " - ", self.value(ty, d), ")"],
                3 => {
                    let literal = *self.random.pick(&["2", "3", "-1"]);
                    sql![sort; "(", self.leaf(ty), " * ", literal, ")"]
                }
                4 => sql![sort; "ABS(", self.value(ty, d), ")"],
                5 if ty == Ty::Big && !self.common => {
                    sql![sort; "EXTRACT(DAY FROM ", self.value(Ty::Date, d), ")"]
                }
                5 if ty == Ty::Int => sql![sort; "CHAR_LENGTH(", self.value(Ty::Text, d), ")"],
                6 if matches!(ty, Ty::Int | Ty::Big) => {
                    let divisor = *self.random.pick(&["2", "3"]);
                    let operator = if self.common { "%" } else { *self.random.pick(&["%", "/"]) };
                    sql![sort; "(", self.value(ty, d), format!(" {operator} {divisor})")]
                }
                _ if ty == Ty::Int => {
                    if self.common {
                        sql![sort; "POSITION('x' IN ", self.leaf(Ty::Text), ")"]
                    } else {
                        let from = *self.random.pick(&[Ty::Tiny, Ty::Small, Ty::Ints]);
                        match from {
                            Ty::Ints => sql![sort; "CARDINALITY(", self.value(Ty::Ints, d), ")"],
                            _ => sql![sort; "CAST(", self.leaf(from), " AS INT)"],
                        }
                    }
                }
                _ => sql![sort; "CAST(", self.value(Ty::Int, d), format!(" AS {})", ty.name())],
            },
            Ty::Tiny | Ty::Small | Ty::Unsigned | Ty::Real => self.leaf(ty),
            Ty::Text => match choice {
                // DuckDB's case of letters is that of all Unicode, too.
                0 => sql![sort; "UPPER(", self.value(ty, d), ")"],
                1 => sql![sort; "LOWER(", self.value(ty, d), ")"],
                2 => sql![sort; "(", self.leaf(ty), " || ", self.value(ty, d), ")"],
                3 => sql![sort; "SUBSTRING(", self.value(ty, d), " FROM 1 FOR 2)"],
                4 => sql![sort; "REPLACE(", self.value(ty, d), ", 'x', ", self.leaf(ty), ")"],
                5 if !self.common => sql![sort; "CAST(", self.value(Ty::Date, d), " AS VARCHAR)"],
                6 if !self.common => sql![sort; "TRIM(", self.leaf(Ty::Char), ")"],
                _ => sql![sort; "CAST(", self.value(Ty::Int, d), " AS VARCHAR)"],
            },
            Ty::Char => sql![sort; "CAST(", self.leaf(Ty::Text), " AS CHAR(3))"],
            Ty::Date => match choice {
                // DuckDB's sum of a date and an interval is a timestamp.
                0..3 if !self.common => sql![sort; "(", self.value(ty, d), " + INTERVAL '1' DAY)"],
                3 if !self.common => sql![sort; "(", self.value(ty, d), " - INTERVAL '1' MONTH)"],
                _ => sql![sort; "CAST(", self.value(Ty::Ts, d), " AS DATE)"],
            },
            Ty::Ts => match choice {
                0..3 => sql![sort; "(", self.value(ty, d), " + INTERVAL '1' HOUR)"],
                3 => sql![sort; "(", self.value(ty, d), " - INTERVAL '1' DAY)"],
                _ => sql![sort; "CAST(", self.value(Ty::Date, d), " AS TIMESTAMP)"],
            },
            Ty::Time => sql![sort; "CAST(", self.leaf(Ty::Ts), " AS TIME)"],
            Ty::Ints => match choice {
                0 | 1 => sql![sort; "ARRAY[", self.value(Ty::Int, d), ", ", self.leaf(Ty::Int), "]"],
                2 => sql![sort; "ARRAY_APPEND(", self.value(ty, d), ", ", self.leaf(Ty::Int), ")"],
                3 => sql![sort; "ARRAY_DISTINCT(", self.value(ty, d), ")"],
                _ => self.leaf(ty),
            },
            Ty::Texts => match choice {
                0 | 1 => sql![sort; "ARRAY[", self.value(Ty::Text, d), ", ", self.leaf(Ty::Text), "]"],
                _ => self.leaf(ty),
            },
            Ty::Map => match choice {
                0 | 1 => sql![sort; "MAP[", "'f', ", self.value(Ty::Int, d), "]"],
                _ => self.leaf(ty),
            },
            Ty::Variant => match choice {
                0 | 1 => sql![sort; "CAST(", self.value(Ty::Int, d), " AS VARIANT)"],
                2 => sql![sort; "CAST(", self.value(Ty::Text, d), " AS VARIANT)"],
                _ => self.leaf(ty),
            },
            Ty::Row => match choice {
                0..4 => {
                    let name = Ty::Row.name();
                    sql![sort; "CAST(ROW(", self.value(Ty::Int, d), ", ", self.leaf(Ty::Text), format!(") AS {name})")]
                }
                _ => self.leaf(ty),
            },
            Ty::Bytes | Ty::Uuid | Ty::Tz => self.leaf(ty),
        }
    }

    /// An example of the registry.
    fn template(&mut self, ty: Ty, d: usize) -> Option<Tree> {
        let registry = self.registry;
        let of_type: Vec<_> = registry.templates.iter().filter(|t| t.ty == ty).collect();
        if of_type.is_empty() {
            return None;
        }
        let template = *self.random.pick(&of_type);
        self.note("example of the registry");
        self.inexact |= ty == Ty::Double;
        let mut tree = sql![Sort::Value(ty); "("];
        for piece in &template.pieces {
            tree.parts.push(match piece {
                Piece::Text(text) => text.as_str().into(),
                Piece::Hole(hole, literal) => match hole_type(hole) {
                    // Some functions take nothing but a literal, and some fail on others.
                    Some(ty) if self.random.percent(60) => {
                        self.value_of_column(ty, d).map_or(literal.as_str().into(), Into::into)
                    }
                    _ => literal.as_str().into(),
                },
            });
        }
        tree.parts.push(")".into());
        Some(tree)
    }

    fn value_of_column(&mut self, ty: Ty, depth: usize) -> Option<Tree> {
        let column = self.column(ty, false)?;
        Some(if depth > 0 && self.random.percent(20) { self.value(ty, depth - 1) } else { column })
    }

    /// A type of which there are columns.
    pub(super) fn some_type(&mut self) -> Ty {
        let scope = self.scopes.last().map_or(&[][..], Vec::as_slice);
        let types: Vec<Ty> = scope.iter().map(|c| c.ty).collect();
        if types.is_empty() || self.random.percent(10) { self.ty() } else { *self.random.pick(&types) }
    }

    /// A type of which there are columns, of those that can be ordered.
    pub(super) fn plain_type(&mut self) -> Ty {
        (0..20).map(|_| self.some_type()).find(|t| t.is_plain()).unwrap_or(Ty::Int)
    }

    /// A condition.
    pub(super) fn condition(&mut self, depth: usize) -> Tree {
        let sort = Sort::Value(Ty::Bool);
        let d = depth.saturating_sub(1);
        if depth == 0 && self.random.percent(30) {
            return self.leaf(Ty::Bool);
        }
        if !self.common && self.random.percent(6) {
            return self.row_in(d);
        }
        if self.random.percent(4)
            && let Some(tree) = self.part(Ty::Bool, d)
        {
            return tree;
        }
        if self.random.percent(6)
            && let Some(tree) = self.temporal()
        {
            return tree;
        }
        match self.random.below(if depth == 0 { 8 } else { 18 }) {
            0..6 => self.comparison(d),
            6 => {
                let ty = self.some_type();
                let is = *self.random.pick(&[" IS NULL", " IS NOT NULL"]);
                sql![sort; "(", self.value(ty, d), is, ")"]
            }
            7 => {
                let ty = if self.random.percent(50) { Ty::Int } else { Ty::Text };
                let not = *self.random.pick(&[" IN (", " NOT IN ("]);
                let literals = (0..1 + self.random.below(3)).map(|_| self.leaf(ty)).collect();
                sql![sort; "(", self.value(ty, d), not, many(literals, ", ", 1), "))"]
            }
            8 | 9 => {
                let operator = *self.random.pick(&[" AND ", " OR "]);
                sql![sort; "(", self.condition(d), operator, self.condition(d), ")"]
            }
            10 => sql![sort; "(NOT ", self.condition(d), ")"],
            11 => {
                let is = *self.random.pick(&[" IS TRUE", " IS FALSE", " IS NOT TRUE", " IS NOT FALSE"]);
                sql![sort; "(", self.condition(d), is, ")"]
            }
            12 => {
                let pattern = *self.random.pick(&["'x%'", "'%y%'", "'_'", "''"]);
                let like = *self.random.pick(&[" LIKE ", " NOT LIKE "]);
                sql![sort; "(", self.value(Ty::Text, d), like, pattern, ")"]
            }
            13 => {
                let ty = self.plain_type();
                let between = *self.random.pick(&[" BETWEEN ", " NOT BETWEEN "]);
                sql![sort; "(", self.value(ty, d), between, self.leaf(ty), " AND ", self.leaf(ty), ")"]
            }
            _ => self.subquery_condition(d).unwrap_or_else(|| self.comparison(d)),
        }
    }

    /// `(a, b) IN (..)`: rows, or a subquery.
    fn row_in(&mut self, d: usize) -> Tree {
        let types = [self.plain_type(), self.plain_type()];
        let not = *self.random.pick(&[" IN (", " NOT IN ("]);
        let row =
            |g: &mut Self, d: usize| sql![Sort::Other; "(", g.value(types[0], d), ", ", g.value(types[1], d), ")"];
        let sort = Sort::Value(Ty::Bool);
        if self.random.percent(50)
            && let Some(query) = self.subquery(&types)
        {
            self.note("row IN a subquery");
            // (It reads columns of FROM only.)
            let of = types.map(|ty| self.of_from(ty));
            let [a, b] = of;
            let of = sql![Sort::Other; "(", a, ", ", b, ")"];
            return sql![sort; "(", of, not, query, "))"];
        }
        self.note("row IN a list");
        let of = row(self, d);
        let rows = (0..1 + self.random.below(3)).map(|_| row(self, 0)).collect();
        sql![sort; "(", of, not, many(rows, ", ", 1), "))"]
    }

    fn comparison(&mut self, d: usize) -> Tree {
        let ty = if self.common { self.plain_type() } else { self.some_type() };
        let operators: &[&str] = match (ty.is_plain(), self.common) {
            (true, true) => &[" = ", " <> ", " < ", " <= ", " > ", " IS DISTINCT FROM ", " IS NOT DISTINCT FROM "],
            (true, false) => &[
                " = ",
                " = ",
                " <> ",
                " < ",
                " <= ",
                " > ",
                " >= ",
                " IS DISTINCT FROM ",
                " IS NOT DISTINCT FROM ",
                " <=> ",
            ],
            // Rows are not compared by =.
            _ if ty == Ty::Row => &[" IS DISTINCT FROM ", " IS NOT DISTINCT FROM "],
            _ => &[" = ", " <> ", " IS DISTINCT FROM "],
        };
        let operator = *self.random.pick(operators);
        sql![Sort::Value(Ty::Bool); "(", self.value(ty, d), operator, self.leaf(ty), ")"]
    }
}
