//! Calls of aggregates.

use super::{Column, Generator};
use crate::tree::{Sort, Tree, sql};
use crate::types::Ty;

impl Generator<'_> {
    /// An argument of a type, whose sums are exact in any order.
    fn addend(&mut self, ty: Ty, depth: usize) -> Tree {
        let before = std::mem::take(&mut self.inexact);
        let tree = self.value(ty, depth);
        let inexact = std::mem::replace(&mut self.inexact, before);
        if !inexact {
            return tree;
        }
        self.column(ty, true).unwrap_or_else(|| Tree::text(Sort::Value(ty), ty.simplest()))
    }

    /// A call of an aggregate: what it is, its type, whether it is exact.
    pub(super) fn aggregate(&mut self, depth: usize) -> Column {
        let hidden = self.hide_outer();
        let column = self.any_aggregate(depth);
        self.scopes.splice(0..0, hidden);
        column
    }

    /// Takes away what is around the query: by the standard, and in DuckDB, an aggregate of columns of an outer query alone is
    /// computed there. Weir's is of the query that it stands in.
    pub(super) fn hide_outer(&mut self) -> Vec<Vec<Column>> {
        let last = self.scopes.len().saturating_sub(1);
        if self.common { self.scopes.drain(..last).collect() } else { vec![] }
    }

    fn any_aggregate(&mut self, depth: usize) -> Column {
        let mut exact = true;
        let number = *self.random.pick(&[Ty::Int, Ty::Int, Ty::Big, Ty::Dec, Ty::Double]);
        let distinct = if self.random.percent(15) {
            self.note("DISTINCT in an aggregate");
            "DISTINCT "
        } else {
            ""
        };
        let choice = self.random.below(if self.common { 10 } else { 26 });
        let (call, ty) = match choice {
            0 | 1 => {
                self.note("COUNT(*)");
                (sql![Sort::Value(Ty::Big); "COUNT(*)"], Ty::Big)
            }
            2 => {
                self.note("COUNT");
                let ty = if self.common { self.plain_type() } else { self.some_type() };
                (sql![Sort::Value(Ty::Big); "COUNT(", distinct, self.value(ty, depth), ")"], Ty::Big)
            }
            3..6 => {
                self.note("SUM");
                (sql![Sort::Value(number); "SUM(", distinct, self.addend(number, depth), ")"], number)
            }
            6..8 => {
                let name = *self.random.pick(&["MIN", "MAX"]);
                self.note("MIN, MAX");
                let ty = self.plain_type();
                let before = std::mem::take(&mut self.inexact);
                let call = sql![Sort::Value(ty); name, "(", distinct, self.value(ty, depth), ")"];
                exact = !self.inexact;
                self.inexact = before;
                (call, ty)
            }
            8 | 9 => {
                self.note("BOOL_AND and the like");
                let names: &[&str] = if self.common {
                    &["BOOL_AND", "BOOL_OR"]
                } else {
                    // (SOME after a comparison is that of a subquery.)
                    &["BOOL_AND", "BOOL_OR", "EVERY", "LOGICAL_AND", "LOGICAL_OR"]
                };
                let name = *self.random.pick(names);
                (sql![Sort::Value(Ty::Bool); name, "(", self.condition(depth), ")"], Ty::Bool)
            }
            10 | 11 => {
                self.note("AVG");
                exact = number != Ty::Double;
                (sql![Sort::Value(number); "AVG(", distinct, self.addend(number, depth), ")"], number)
            }
            12 | 13 => {
                self.note("BIT_AND and the like");
                let name = *self.random.pick(&["BIT_AND", "BIT_OR", "BIT_XOR"]);
                let ty = *self.random.pick(&[Ty::Int, Ty::Big]);
                (sql![Sort::Value(ty); name, "(", self.value(ty, depth), ")"], ty)
            }
            14 | 15 => {
                self.note("STDDEV, VARIANCE");
                let names = ["STDDEV", "STDDEV_POP", "STDDEV_SAMP", "VAR_POP", "VAR_SAMP", "VARIANCE"];
                let name = *self.random.pick(&names);
                exact = number != Ty::Double;
                (sql![Sort::Value(number); name, "(", distinct, self.addend(number, depth), ")"], number)
            }
            16 => {
                self.note("COVAR, REGR");
                let name = *self.random.pick(&["COVAR_POP", "COVAR_SAMP", "REGR_COUNT", "REGR_SXX", "REGR_SYY"]);
                exact = false;
                let (y, x) = (self.addend(Ty::Double, depth), self.addend(Ty::Double, depth));
                let ty = if name == "REGR_COUNT" { Ty::Big } else { Ty::Double };
                (sql![Sort::Value(ty); name, "(", y, ", ", x, ")"], ty)
            }
            17 => {
                self.note("COUNTIF");
                (sql![Sort::Value(Ty::Big); "COUNTIF(", self.condition(depth), ")"], Ty::Big)
            }
            18 | 19 => {
                self.note("ARG_MIN, ARG_MAX");
                let name = *self.random.pick(&["ARG_MIN", "ARG_MAX"]);
                let key = self.plain_type();
                let value = self.plain_type();
                exact = value != Ty::Double;
                (
                    sql![Sort::Value(value); name, "(", self.value(value, depth), ", ", self.value(key, depth), ")"],
                    value,
                )
            }
            20..23 => {
                self.note("ARRAY_AGG");
                let ty = *self.random.pick(&[Ty::Int, Ty::Text]);
                let array = if ty == Ty::Int { Ty::Ints } else { Ty::Texts };
                let (value, order) = match self.random.below(4) {
                    0 => (self.value(ty, depth), ""),
                    1 => (self.leaf(ty), " IGNORE NULLS"),
                    // What is equal in the order comes in the order of values.
                    2 => {
                        let value = self.leaf(ty);
                        let order = format!(" ORDER BY {value} DESC");
                        let call = sql![Sort::Value(array); "ARRAY_AGG(", distinct, value, order, ")"];
                        return self.filtered(call, array, true, depth);
                    }
                    _ => (self.leaf(ty), " RESPECT NULLS"),
                };
                (sql![Sort::Value(array); "ARRAY_AGG(", distinct, value, order, ")"], array)
            }
            23 => {
                self.note("COUNT of several");
                (
                    sql![Sort::Value(Ty::Big); "COUNT(", distinct, self.leaf(Ty::Int), ", ", self.leaf(Ty::Text), ")"],
                    Ty::Big,
                )
            }
            _ => {
                self.note("MODE");
                let ty = self.plain_type();
                exact = ty != Ty::Double;
                (sql![Sort::Value(ty); "MODE(", self.value(ty, depth), ")"], ty)
            }
        };
        self.filtered(call, ty, exact, depth)
    }

    /// The call, perhaps of some of the rows.
    fn filtered(&mut self, call: Tree, ty: Ty, exact: bool, depth: usize) -> Column {
        let filter = self.random.percent(20).then(|| {
            self.note("FILTER");
            sql![Sort::Other; " FILTER (WHERE ", self.condition(depth), ")"]
        });
        let tree = sql![Sort::Value(ty); call, filter];
        Column { tree, ty, exact, plain: false }
    }
}
