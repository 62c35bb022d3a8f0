//! Window functions: what is made of the rows around each row.

use super::aggregate::Written;
use super::expr::Cx;
use super::group::{AGGREGATE_BASE, Aggregates};
use super::items::Item;
use super::scope::Scope;
use super::subquery::Subqueries;
use super::{Binder, Bound, OutputColumn, Reported, position};
use crate::Span;
use crate::expr::null;
use crate::functions;
use crate::parse::{fold, span};
use crate::plan::{AggregateCall, Frame, Rel, RelId, Window as Framed};
use sqlparser::ast::{
    self, FunctionArgumentClause, FunctionArgumentList, FunctionArguments, NullTreatment, Spanned, WindowType,
};
use weir_circuit::{Expr, FrameBound, FrameUnit, Ranking};
use weir_row::{ColumnType, SqlType};

/// Calls that have partition and order in common.
#[derive(Clone, Debug)]
pub(super) struct Window {
    keys: Vec<Expr>,
    order: Vec<Expr>,
    made: Made,
}

/// What is made of the rows of a window.
#[derive(Clone, Debug)]
enum Made {
    /// Each row's number.
    Number(Ranking),
    /// The results of calls over frames.
    Frames(Vec<Frame>),
}

impl Window {
    /// The number of results.
    pub(super) fn width(&self) -> usize {
        match &self.made {
            Made::Number(_) => 1,
            Made::Frames(frames) => frames.iter().map(|f| f.calls.len()).sum(),
        }
    }

    /// All expressions that it reads.
    pub(super) fn exprs(&self) -> impl Iterator<Item = &Expr> {
        let frames: &[Frame] = match &self.made {
            Made::Number(_) => &[],
            Made::Frames(frames) => frames,
        };
        self.keys.iter().chain(&self.order).chain(frames.iter().flat_map(Frame::exprs))
    }

    /// Whether one operator makes the results of both.
    pub(super) fn joins(&self, other: &Window) -> bool {
        let same = |a: &[Expr], b: &[Expr]| a.len() == b.len() && a.iter().zip(b).all(|(x, y)| x.same(y));
        let framed = |w: &Window| matches!(w.made, Made::Frames(_));
        framed(self) && framed(other) && same(&self.keys, &other.keys) && same(&self.order, &other.order)
    }
}

/// A window as it is bound: partition, order, and what its frame may be counted from.
pub(super) struct Spec {
    pub(super) keys: Vec<Expr>,
    pub(super) order: Vec<Expr>,
    /// The only expression that rows are ordered by, with its direction, if there is only one.
    pub(super) by: Option<Sorted>,
    /// The frame, if one is written.
    pub(super) frame: Option<ast::WindowFrame>,
    pub(super) at: Span,
}

/// An expression that rows are ordered by.
pub(super) struct Sorted {
    pub(super) expr: Expr,
    pub(super) descending: bool,
    pub(super) nulls_first: bool,
}

/// The rows of a frame: unit, first, last.
pub(super) type Bounds = (FrameUnit, FrameBound, FrameBound);

/// All rows of the partition.
pub(super) const WHOLE: Bounds = (FrameUnit::Range, FrameBound::Unbounded, FrameBound::Unbounded);

/// What a call is given, by value.
pub(super) struct Arguments {
    pub(super) values: Vec<(Expr, Span)>,
    pub(super) ignore_nulls: bool,
}

impl Binder<'_> {
    /// `f(..) OVER (PARTITION BY .. ORDER BY .. frame)`
    pub(super) fn window_function(
        &mut self,
        name: &str,
        f: &ast::Function,
        over: &WindowType,
        cx: &mut Cx<'_>,
    ) -> Bound<Expr> {
        let at = span(f.span());
        let shown = name.to_uppercase();
        if !matches!(cx.clause, "SELECT" | "QUALIFY") || cx.aggregates.is_none() || cx.subqueries.is_none() {
            let message = format!("a window function cannot stand in {}", cx.clause);
            let hint = match cx.clause {
                "WHERE" | "HAVING" => "conditions on window functions are written after QUALIFY",
                _ => "make its result a column of a subquery first",
            };
            return Err(self.error_hint(at, message, hint));
        }
        let mut inner = Cx {
            scope: cx.scope,
            aliases: cx.aliases,
            aggregates: cx.aggregates.as_deref_mut(),
            subqueries: cx.subqueries.as_deref_mut(),
            clause: "another window function",
        };
        let spec = self.window_spec(over, at, &mut inner);
        if f.parameters != FunctionArguments::None {
            return Err(self.unsupported(at, "this form of call"));
        }
        let nothing = FunctionArgumentList { duplicate_treatment: None, args: vec![], clauses: vec![] };
        let list = match &f.args {
            FunctionArguments::None => &nothing,
            FunctionArguments::List(list) => list,
            FunctionArguments::Subquery(_) => return Err(self.unsupported(at, "a subquery as an argument")),
        };
        let own_name = match f.name.0.as_slice() {
            [ast::ObjectNamePart::Identifier(ident)] => fold(ident),
            _ => name.to_owned(),
        };
        let own = self.is_own_aggregate(&own_name);
        if own || functions::is_aggregate(name) {
            let name = if own { &own_name } else { name };
            let nulls = f.null_treatment;
            let written = Written { name, list, within: &f.within_group, nulls, filter: f.filter.as_deref(), at };
            let operands = self.aggregate_operands(&written, &mut inner);
            return self.aggregate_over(&written, operands?, spec?, cx);
        }
        if functions::window(name).is_none() {
            let message = format!("{shown} is neither an aggregate nor a window function");
            return Err(self.error(at, message));
        }
        if f.filter.is_some() || list.duplicate_treatment.is_some() || !f.within_group.is_empty() {
            let message = format!("DISTINCT and FILTER are for aggregates; {shown} is none");
            return Err(self.error(at, message));
        }
        let arguments = self.window_arguments(name, f, list, at, &mut inner);
        let (spec, arguments) = (spec?, arguments?);
        // A frame that a window has by its name is for others of its functions.
        let framed = matches!(over, WindowType::WindowSpec(written) if written.window_frame.is_some());
        if framed && !matches!(name, "first_value" | "last_value" | "nth_value") {
            let message = format!("{shown} takes no frame: what it gives does not depend on one");
            return Err(self.error(spec.at, message));
        }
        match name {
            "row_number" => self.numbered(Ranking::Row, spec, at, cx),
            "rank" => self.numbered(Ranking::Rank, spec, at, cx),
            "dense_rank" => self.numbered(Ranking::Dense, spec, at, cx),
            "lag" | "lead" => self.neighbour(name == "lag", arguments, spec, at, cx),
            "ntile" => self.ntile(arguments, spec, at, cx),
            "percent_rank" | "cume_dist" => self.share(name == "cume_dist", spec, at, cx),
            _ => self.value_of_frame(name, arguments, spec, at, cx),
        }
    }

    /// The window that is written, or named.
    fn window_spec(&mut self, over: &WindowType, at: Span, cx: &mut Cx<'_>) -> Bound<Spec> {
        let written = match over {
            WindowType::WindowSpec(spec) => self.whole_spec(spec, 0)?,
            WindowType::NamedWindow(name) => self.named_window(name, 0)?,
        };
        let mut keys = vec![];
        for (e, _) in self.many(&written.partition_by, cx)? {
            if e.ty.sql != SqlType::Null {
                keys.push(e);
            }
        }
        let (mut order, mut by) = (vec![], None);
        for item in &written.order_by {
            let key = self.expr(&item.expr, cx)?;
            let descending = item.options.sort == Some(ast::OrderBySort::Desc);
            let nulls_first = item.options.nulls_first.unwrap_or(!descending);
            by = (written.order_by.len() == 1).then(|| Sorted { expr: key.clone(), descending, nulls_first });
            self.order_key(key, &item.options, span(item.span()), &mut order)?;
        }
        Ok(Spec { keys, order, by, frame: written.window_frame, at })
    }

    /// A specification with what the window that it is made from has.
    fn whole_spec(&mut self, spec: &ast::WindowSpec, depth: usize) -> Bound<ast::WindowSpec> {
        let Some(name) = &spec.window_name else { return Ok(spec.clone()) };
        let base = self.named_window(name, depth)?;
        let at = span(name.span);
        let message = if !spec.partition_by.is_empty() {
            "a window that is made from another has its PARTITION BY"
        } else if !spec.order_by.is_empty() && !base.order_by.is_empty() {
            "the window that this one is made from has an ORDER BY already"
        } else if base.window_frame.is_some() {
            "the window that this one is made from has a frame already: write OVER and its name without parentheses"
        } else {
            let order_by = if base.order_by.is_empty() { spec.order_by.clone() } else { base.order_by };
            return Ok(ast::WindowSpec {
                window_name: None,
                order_by,
                window_frame: spec.window_frame.clone(),
                ..base
            });
        };
        Err(self.error(at, message))
    }

    /// The window of that name.
    fn named_window(&mut self, name: &ast::Ident, depth: usize) -> Bound<ast::WindowSpec> {
        let at = span(name.span);
        let wanted = fold(name);
        // Each is made from one before it, so that none is made from itself.
        let known = self.windows.iter().rev().skip(depth).position(|w| fold(&w.0) == wanted);
        let Some(found) = known else {
            let names: Vec<String> = self.windows.iter().map(|w| fold(&w.0)).collect();
            let close = super::names::closest(&wanted, names.iter().map(String::as_str));
            let hint = close.map(|c| format!("did you mean '{c}'?"));
            return Err(self.error_maybe_hint(at, format!("there is no window '{wanted}' here"), hint));
        };
        let place = self.windows.len() - 1 - depth - found;
        let below = self.windows.len() - place;
        match self.windows[place].1.clone() {
            ast::NamedWindowExpr::NamedWindow(other) => self.named_window(&other, below),
            ast::NamedWindowExpr::WindowSpec(spec) => self.whole_spec(&spec, below),
        }
    }

    /// As many arguments as a window function takes.
    fn window_arguments(
        &mut self,
        name: &str,
        f: &ast::Function,
        list: &FunctionArgumentList,
        at: Span,
        cx: &mut Cx<'_>,
    ) -> Bound<Arguments> {
        let shown = name.to_uppercase();
        let mut nulls = f.null_treatment;
        for clause in &list.clauses {
            match clause {
                FunctionArgumentClause::IgnoreOrRespectNulls(treatment) => nulls = Some(*treatment),
                _ => return Err(self.unsupported(at, "this clause within a call")),
            }
        }
        let values = self.plain_arguments(list, at)?;
        let values = self.many(values, cx)?;
        let (min, max) = functions::window(name).unwrap_or_default();
        if values.len() < min || values.len() > max {
            let takes = match (min, max) {
                (_, 0) => "no arguments".to_owned(),
                (1, 1) => "1 argument".to_owned(),
                (a, b) if a == b => format!("{a} arguments"),
                (a, b) => format!("{a} to {b} arguments"),
            };
            return Err(self.error(at, format!("{shown} takes {takes}, but here are {}", values.len())));
        }
        if nulls.is_some() && !matches!(name, "lag" | "lead" | "first_value" | "last_value" | "nth_value") {
            return Err(self.error(at, format!("{shown} takes no IGNORE NULLS or RESPECT NULLS")));
        }
        Ok(Arguments { values, ignore_nulls: nulls == Some(NullTreatment::IgnoreNulls) })
    }

    /// ROW_NUMBER, RANK, DENSE_RANK.
    fn numbered(&mut self, ranking: Ranking, spec: Spec, at: Span, cx: &mut Cx<'_>) -> Bound<Expr> {
        let window = Window { keys: spec.keys, order: spec.order, made: Made::Number(ranking) };
        let first = self.allowed(cx, at)?.add_window(window);
        Ok(Expr { at: position(at), ..Expr::column(first, ColumnType::not_null(SqlType::BigInt)) })
    }

    /// The results of calls, each over its rows.
    pub(super) fn over(
        &mut self,
        spec: Spec,
        calls: Vec<(Bounds, AggregateCall)>,
        at: Span,
        cx: &mut Cx<'_>,
    ) -> Bound<Vec<Expr>> {
        let types: Vec<ColumnType> = calls.iter().map(|(_, c)| c.ty.clone()).collect();
        let frame = |((unit, start, end), call)| Frame { unit, start, end, calls: vec![call] };
        let made = Made::Frames(calls.into_iter().map(frame).collect());
        let first = self.allowed(cx, at)?.add_window(Window { keys: spec.keys, order: spec.order, made });
        let result = |(i, ty)| Expr { at: position(at), ..Expr::column(first + i, ty) };
        Ok(types.into_iter().enumerate().map(result).collect())
    }

    /// An aggregate over the rows of a frame.
    fn aggregate_over(
        &mut self,
        written: &Written<'_>,
        operands: super::aggregate::Operands,
        mut spec: Spec,
        cx: &mut Cx<'_>,
    ) -> Bound<Expr> {
        let at = written.at;
        let ordered = |c: &FunctionArgumentClause| matches!(c, FunctionArgumentClause::OrderBy(_));
        if written.list.clauses.iter().any(ordered) {
            let hint = "write it after OVER, within the parentheses";
            return Err(self.error_hint(
                at,
                "an aggregate over a window goes through its rows in the window's order",
                hint,
            ));
        }
        let bounds = self.frame(&mut spec)?;
        let mut aggregates = Aggregates::default();
        let mut alone = Cx {
            scope: cx.scope,
            aliases: &[],
            aggregates: Some(&mut aggregates),
            subqueries: None,
            clause: "a window function",
        };
        let mut e = self.aggregate_of(written, operands, &mut alone)?;
        if aggregates.calls.iter().any(|c| c.distinct || !c.within.is_empty()) {
            let what = if aggregates.calls.iter().any(|c| c.distinct) { "DISTINCT" } else { "WITHIN DISTINCT" };
            return Err(self.unsupported(at, format!("{what} over a window")));
        }
        let calls = aggregates.calls.into_iter().map(|c| (bounds.clone(), c)).collect();
        let results = self.over(spec, calls, at, cx)?;
        let place = |e: &Expr| match e.op {
            weir_circuit::ExprOp::Column(c) => c,
            _ => 0,
        };
        e.map_columns(&mut |c| c.checked_sub(AGGREGATE_BASE).and_then(|i| results.get(i)).map_or(c, place));
        Ok(e)
    }

    /// QUALIFY: a condition on the results of window functions, as a column more.
    pub(super) fn qualify(
        &mut self,
        e: &ast::Expr,
        scope: &Scope,
        items: &[Item],
        aggregates: &mut Aggregates,
        subqueries: &mut Subqueries,
    ) -> Bound<Item> {
        let aliases: Vec<(String, Expr)> = items.iter().map(|i| (i.column.name.clone(), i.expr.clone())).collect();
        let (aggregates, subqueries) = (Some(aggregates), Some(subqueries));
        let mut cx = Cx { scope, aliases: &aliases, aggregates, subqueries, clause: "QUALIFY" };
        let expr = self.condition(e, &mut cx)?;
        let (name, ty) = ("qualify".to_owned(), expr.ty.clone());
        let column = OutputColumn { name, case_sensitive: true, ty, span: span(e.span()) };
        Ok(Item { column, expr })
    }

    /// The relation with the results of windows behind its columns, and where those of each window are.
    pub(super) fn windowed(
        &mut self,
        rel: RelId,
        windows: &[&Window],
        mapped: &mut dyn FnMut(&mut Self, &Expr) -> Bound<Expr>,
    ) -> Bound<(RelId, Vec<Vec<usize>>)> {
        let Some(window) = windows.first() else { return Ok((rel, vec![])) };
        let width = self.plan.columns(rel).len();
        let mut all = |binder: &mut Self, exprs: &[Expr]| -> Bound<Vec<Expr>> {
            exprs.iter().map(|e| mapped(binder, e)).collect()
        };
        let (keys, order) = (all(self, &window.keys)?, all(self, &window.order)?);
        if let Made::Number(ranking) = window.made {
            let numbered = Rel::Rank { input: rel, keys, order, ranking, numbered: true, above: 0, upto: None };
            return Ok((self.plan.rank(numbered), vec![vec![width]]));
        }
        // Calls of the same rows are of one frame, and equal ones are one.
        let mut frames: Vec<Frame> = vec![];
        let mut places = vec![];
        for window in windows {
            let Made::Frames(written) = &window.made else { continue };
            let mut places_here = vec![];
            for frame in written {
                let mut failed = false;
                let frame = frame.clone().map(&mut |e| {
                    mapped(self, e).unwrap_or_else(|Reported| {
                        failed = true;
                        null(e.ty.sql.clone())
                    })
                });
                if failed {
                    return Err(Reported);
                }
                let f = frames.iter().position(|known| known.same_rows(&frame)).unwrap_or_else(|| {
                    frames.push(Frame { calls: vec![], ..frame.clone() });
                    frames.len() - 1
                });
                for call in frame.calls {
                    let calls = &mut frames[f].calls;
                    let c = calls.iter().position(|known| known.same(&call)).unwrap_or_else(|| {
                        calls.push(call);
                        calls.len() - 1
                    });
                    places_here.push((f, c));
                }
            }
            places.push(places_here);
        }
        let before = |f: usize| frames[..f].iter().map(|frame| frame.calls.len()).sum::<usize>();
        let places =
            places.into_iter().map(|of| of.into_iter().map(|(f, c)| width + before(f) + c).collect()).collect();
        Ok((self.plan.window(rel, Framed { keys, order, frames }), places))
    }
}
