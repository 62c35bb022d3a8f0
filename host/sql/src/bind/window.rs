//! Window functions: numbers of rows within a partition, in an order.

use super::expr::Cx;
use super::subquery::Window;
use super::{Binder, Bound, position};
use crate::parse::span;
use sqlparser::ast::{self, FunctionArguments, Spanned, WindowType};
use weir_circuit::{Expr, Ranking};
use weir_row::{ColumnType, SqlType};

impl Binder<'_> {
    /// `f(..) OVER (PARTITION BY .. ORDER BY ..)`
    pub(super) fn window_function(
        &mut self,
        name: &str,
        f: &ast::Function,
        over: &WindowType,
        cx: &mut Cx<'_>,
    ) -> Bound<Expr> {
        let at = span(f.span());
        let shown = name.to_uppercase();
        let ranking = match name {
            "row_number" => Ranking::Row,
            "rank" => Ranking::Rank,
            "dense_rank" => Ranking::Dense,
            _ => return Err(self.unsupported(at, format!("the window function {shown}"))),
        };
        let spec = match over {
            WindowType::WindowSpec(spec) if spec.window_name.is_none() => spec,
            _ => return Err(self.unsupported(at, "a named window")),
        };
        let plain = matches!(&f.args, FunctionArguments::List(l) if l.args.is_empty() && l.clauses.is_empty())
            || f.args == FunctionArguments::None;
        if !plain || f.filter.is_some() || f.null_treatment.is_some() {
            return Err(self.error(at, format!("{shown} takes no arguments")));
        }
        if spec.window_frame.is_some() {
            return Err(self.error(at, format!("{shown} takes no frame: it numbers the rows of the whole partition")));
        }
        if cx.aggregates.is_none() || cx.clause != "SELECT" {
            let hint = "number the rows in a subquery, and filter its result";
            return Err(self.error_hint(at, format!("a window function cannot stand in {}", cx.clause), hint));
        }
        let mut keys = vec![];
        for (e, _) in self.many(&spec.partition_by, cx)? {
            if e.ty.sql != SqlType::Null {
                keys.push(e);
            }
        }
        let mut order = vec![];
        for by in &spec.order_by {
            let key = self.expr(&by.expr, cx)?;
            self.order_key(key, &by.options, span(by.span()), &mut order)?;
        }
        let first = self.allowed(cx, at)?.add_window(Window { keys, order, ranking });
        let number = Expr::column(first, ColumnType::not_null(SqlType::BigInt));
        Ok(Expr { at: position(at), ..number })
    }
}
