//! Function calls: the written form; which function is meant; its arguments converted.

use super::aggregate::Written;
use super::expr::Cx;
use super::names::closest;
use super::{Binder, Bound, position};
use crate::Span;
use crate::functions::{self, Rule};
use crate::parse::{fold, span};
use sqlparser::ast::{self, FunctionArg, FunctionArgExpr, FunctionArguments, Spanned};
use weir_circuit::Expr;

/// An argument with its place.
#[derive(Clone, Debug)]
pub(crate) struct Argument {
    pub(crate) expr: Expr,
    pub(crate) span: Span,
}

/// A call with its arguments bound.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) name: String,
    pub(crate) args: Vec<Argument>,
    pub(crate) span: Span,
}

/// Functions whose first argument is a unit of time, not an expression.
const UNIT_FIRST: [&str; 4] = ["date_part", "timestampadd", "timestampdiff", "datediff"];
/// Functions whose second argument is one.
const UNIT_SECOND: [&str; 3] = ["date_trunc", "timestamp_trunc", "time_trunc"];
/// Known to the language, not to Weir yet.
const WINDOW: [&str; 11] = [
    "row_number",
    "rank",
    "dense_rank",
    "lag",
    "lead",
    "first_value",
    "last_value",
    "ntile",
    "nth_value",
    "percent_rank",
    "cume_dist",
];

impl Binder<'_> {
    /// A call as it is written.
    pub(super) fn call(&mut self, f: &ast::Function, cx: &mut Cx<'_>) -> Bound<Expr> {
        let at = span(f.span());
        let [ast::ObjectNamePart::Identifier(ident)] = f.name.0.as_slice() else {
            return Err(self.error(at, format!("there is no function {}", f.name)));
        };
        let name = fold(ident).to_lowercase();
        let name_at = span(ident.span);
        if f.over.is_some() || WINDOW.contains(&name.as_str()) {
            return Err(self.unsupported(name_at, format!("the window function {}", name.to_uppercase())));
        }
        let aggregate = functions::is_aggregate(&name);
        let within = !f.within_group.is_empty() && !aggregate;
        if f.parameters != FunctionArguments::None || within || f.null_treatment.is_some() {
            return Err(self.unsupported(at, "this form of call"));
        }
        let no_args = ast::FunctionArgumentList { duplicate_treatment: None, args: vec![], clauses: vec![] };
        let list = match &f.args {
            FunctionArguments::None => &no_args,
            FunctionArguments::List(list) => list,
            FunctionArguments::Subquery(_) => return Err(self.unsupported(at, "a subquery as an argument")),
        };
        if !list.clauses.is_empty() {
            return Err(self.unsupported(at, "this clause within a call"));
        }
        if aggregate {
            let filter = f.filter.as_deref();
            return self.aggregate_call(&Written { name: &name, list, within: &f.within_group, filter, at }, cx);
        }
        if list.duplicate_treatment == Some(ast::DuplicateTreatment::Distinct) || f.filter.is_some() {
            let message = format!("DISTINCT and FILTER are for aggregates; {} is none", name.to_uppercase());
            return Err(self.error(at, message));
        }
        let args = self.plain_arguments(list, at)?;
        if let Some(e) = self.call_with_unit(&name, &args, at, cx) {
            return e;
        }
        if functions::lookup(&name).is_none() {
            if functions::is_unbuilt(&name) {
                return Err(self.unsupported(name_at, format!("the function {}", name.to_uppercase())));
            }
            let candidates = functions::names();
            let hint = closest(&name, candidates).map(|c| format!("did you mean {}?", c.to_uppercase()));
            return Err(self.error_maybe_hint(name_at, format!("there is no function {}", name.to_uppercase()), hint));
        }
        let args = self.many(args, cx)?;
        let args = args.into_iter().map(|(expr, span)| Argument { expr, span }).collect();
        self.resolve(&Call { name, args, span: at })
    }

    /// The arguments, if they are plain expressions.
    pub(super) fn plain_arguments<'l>(
        &mut self,
        list: &'l ast::FunctionArgumentList,
        at: Span,
    ) -> Bound<Vec<&'l ast::Expr>> {
        list.args
            .iter()
            .map(|a| match a {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(e)) => Ok(e),
                FunctionArg::Unnamed(_) => Err(self.error(at, "* is an argument of COUNT only")),
                _ => Err(self.unsupported(at, "a named argument")),
            })
            .collect()
    }

    /// Functions with a unit of time among their arguments.
    fn call_with_unit(&mut self, name: &str, args: &[&ast::Expr], at: Span, cx: &mut Cx<'_>) -> Option<Bound<Expr>> {
        let unit_at = match name {
            _ if UNIT_FIRST.contains(&name) => 0,
            _ if UNIT_SECOND.contains(&name) => 1,
            _ => return None,
        };
        let wanted = if matches!(name, "timestampadd" | "timestampdiff" | "datediff") { 3 } else { 2 };
        if args.len() != wanted {
            let message = format!("{} takes {wanted} arguments, but here are {}", name.to_uppercase(), args.len());
            return Some(Err(self.error(at, message)));
        }
        Some(self.bind_with_unit(name, unit_at, args, at, cx))
    }

    fn bind_with_unit(
        &mut self,
        name: &str,
        unit_at: usize,
        args: &[&ast::Expr],
        at: Span,
        cx: &mut Cx<'_>,
    ) -> Bound<Expr> {
        let written = match args[unit_at] {
            ast::Expr::Identifier(ident) => ident.value.clone(),
            ast::Expr::Value(ast::ValueWithSpan { value: ast::Value::SingleQuotedString(s), .. }) => s.clone(),
            ast::Expr::Function(f) => f.name.to_string(),
            other => other.to_string(),
        };
        let unit = self.unit(&written, span(args[unit_at].span()))?;
        let others: Vec<&ast::Expr> = args.iter().enumerate().filter(|(i, _)| *i != unit_at).map(|(_, e)| *e).collect();
        let mut bound = self.many(others, cx)?.into_iter().map(|(e, _)| e);
        // The number of arguments was checked.
        let mut next = || bound.next().unwrap_or_else(|| crate::expr::null(weir_row::SqlType::Null));
        match name {
            "date_part" => {
                let e = next();
                self.extract(unit, e, at)
            }
            "timestampadd" => {
                let (n, e) = (next(), next());
                self.timestamp_add(unit, n, e, at)
            }
            "timestampdiff" | "datediff" => {
                let (a, b) = (next(), next());
                self.timestamp_diff(unit, a, b, at)
            }
            _ => {
                let e = next();
                let e = if name == "timestamp_trunc" { self.coerce(e, &weir_row::SqlType::Timestamp, at)? } else { e };
                self.truncate_to_unit(e, unit, at)
            }
        }
    }

    /// A call by name, with bound arguments.
    pub(super) fn resolve(&mut self, call: &Call) -> Bound<Expr> {
        let Some(function) = functions::lookup(&call.name) else {
            if functions::is_unbuilt(&call.name) {
                return Err(self.unsupported(call.span, format!("the function {}", call.name.to_uppercase())));
            }
            return Err(self.error(call.span, format!("there is no function {}", call.name.to_uppercase())));
        };
        match function.rule {
            Rule::Special(min, max, f) => {
                let n = call.args.len();
                if n < min || n > max {
                    let takes = match (min, max) {
                        (a, b) if a == b => format!("{a} argument{}", if a == 1 { "" } else { "s" }),
                        (a, functions::ANY) => format!("at least {a} argument{}", if a == 1 { "" } else { "s" }),
                        (a, b) => format!("{a} to {b} arguments"),
                    };
                    let message = format!("{} takes {takes}, but here are {n}", call.name.to_uppercase());
                    return Err(self.error(call.span, message));
                }
                f(self, call)
            }
            Rule::Forms(forms) => self.resolve_form(call, forms),
        }
    }

    /// The form that takes these arguments with the fewest conversions.
    fn resolve_form(&mut self, call: &Call, forms: &'static [functions::Form]) -> Bound<Expr> {
        let n = call.args.len();
        let mut best: Option<(usize, &functions::Form)> = None;
        for form in forms.iter().filter(|f| f.params.len() == n) {
            let cost: Option<usize> =
                form.params.iter().zip(&call.args).map(|(param, arg)| param.conversion_cost(&arg.expr.ty.sql)).sum();
            if let Some(cost) = cost
                && best.is_none_or(|(least, _)| cost < least)
            {
                best = Some((cost, form));
            }
        }
        let name = call.name.to_uppercase();
        let Some((_, form)) = best else {
            let given: Vec<String> = call.args.iter().map(|a| a.expr.ty.sql.to_string()).collect();
            let known: Vec<String> = forms.iter().map(|f| format!("{name}({})", f.signature())).collect();
            let message = format!("{name} does not take ({})", given.join(", "));
            return Err(self.error_hint(call.span, message, format!("known: {}", known.join(", "))));
        };
        let mut args = Vec::with_capacity(n);
        for (param, arg) in form.params.iter().zip(&call.args) {
            let ty = param.target(&arg.expr.ty.sql);
            args.push(self.coerce(arg.expr.clone(), &ty, arg.span)?);
        }
        let first = args.first().map(|a| a.ty.sql.clone());
        let kernel = match first.as_ref().and_then(weir_row::SqlType::kind) {
            Some(kind) => form.kernel.replace("{}", kind.name()),
            None => form.kernel.to_string(),
        };
        let result = form.result(first.as_ref());
        Ok(crate::expr::call(&kernel, args, result, position(call.span)))
    }

    /// DATE_TRUNC and its like: as FLOOR, but centuries and millennia begin in the year ..01.
    fn truncate_to_unit(&mut self, e: Expr, unit: super::temporal::Unit, at: Span) -> Bound<Expr> {
        use super::temporal::Unit;
        if matches!(unit, Unit::Century | Unit::Millennium) {
            // (year - 1) / 100 * 100 + 1: a year back, cut, a year forth.
            let year = |binder: &mut Self, name: &str, e: Expr| {
                let year = Expr::literal(
                    weir_row::Value::Months(12),
                    weir_row::ColumnType::not_null(weir_row::SqlType::IntervalMonths),
                );
                binder.add_interval(name, e, year, at)
            };
            let start = self.round_to_unit(false, e, Unit::Year, at)?;
            let back = year(self, "sub", start)?;
            let cut = self.round_to_unit(false, back, unit, at)?;
            return year(self, "add", cut);
        }
        self.round_to_unit(false, e, unit, at)
    }
}
