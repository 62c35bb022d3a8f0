//! Function calls: the written form; which function is meant; its arguments converted.

use super::aggregate::Written;
use super::expr::Cx;
use super::names::closest;
use super::{Binder, Bound, position};
use crate::Span;
use crate::functions::{self, Callable, Rule, param};
use crate::parse::{fold, span};
use sqlparser::ast::{self, FunctionArg, FunctionArgExpr, FunctionArguments, Spanned};
use weir_circuit::Expr;
use weir_functions::catalog::Form;

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

impl Binder<'_> {
    /// A call as it is written.
    pub(super) fn call(&mut self, f: &ast::Function, cx: &mut Cx<'_>) -> Bound<Expr> {
        let at = span(f.span());
        let [ast::ObjectNamePart::Identifier(ident)] = f.name.0.as_slice() else {
            return Err(self.error(at, format!("there is no function {}", f.name)));
        };
        let name = fold(ident).to_lowercase();
        let name_at = span(ident.span);
        if let Some(over) = &f.over {
            return self.window_function(&name, f, over, cx);
        }
        let own_name = fold(ident);
        let own = self.own_function(&own_name);
        if own.as_ref().is_some_and(Option::is_none)
            || own.is_none() && matches!(self.declared.get(&own_name), Some(super::Declared::Poisoned))
        {
            return Err(super::Reported);
        }
        let aggregate = functions::is_aggregate(&name) || self.is_own_aggregate(&own_name);
        let within = !f.within_group.is_empty() && !aggregate;
        if f.parameters != FunctionArguments::None || within || f.null_treatment.is_some() && !aggregate {
            return Err(self.unsupported(at, "this form of call"));
        }
        let no_args = ast::FunctionArgumentList { duplicate_treatment: None, args: vec![], clauses: vec![] };
        let list = match &f.args {
            FunctionArguments::None => &no_args,
            FunctionArguments::List(list) => list,
            FunctionArguments::Subquery(query) if matches!(name.as_str(), "array" | "map") && f.filter.is_none() => {
                return self.collected(&name, query, at, cx);
            }
            FunctionArguments::Subquery(_) => return Err(self.unsupported(at, "a subquery as an argument")),
        };
        if aggregate {
            let filter = f.filter.as_deref();
            let nulls = f.null_treatment;
            let name = if own.is_some() { &own_name } else { &name };
            return self.aggregate_call(&Written { name, list, within: &f.within_group, nulls, filter, at }, cx);
        }
        if !list.clauses.is_empty() {
            return Err(self.unsupported(at, "this clause within a call"));
        }
        if let Some(made) = self.constructor(ident, list, at, cx) {
            return made;
        }
        if let Some(function) = own.flatten() {
            if list.duplicate_treatment.is_some() || f.filter.is_some() {
                let message = format!("DISTINCT and FILTER are for aggregates; {own_name} is none");
                return Err(self.error(at, message));
            }
            let args = self.plain_arguments(list, at)?;
            let args = self.many(args, cx)?;
            let args = args.into_iter().map(|(expr, span)| Argument { expr, span }).collect();
            return self.own_call(&own_name, &function, args, at);
        }
        let Some(callable) = functions::lookup(&name) else {
            if self.later.contains(&own_name) && !self.declared.contains_key(&own_name) {
                let message =
                    format!("function {own_name} is not declared yet: none calls itself or one that comes later");
                return Err(self.error(name_at, message));
            }
            return Err(self.no_function(&name, name_at));
        };
        if list.duplicate_treatment == Some(ast::DuplicateTreatment::Distinct) || f.filter.is_some() {
            let message = format!("DISTINCT and FILTER are for aggregates; {} is none", name.to_uppercase());
            return Err(self.error(at, message));
        }
        if let Callable::Rule(Rule::Window(..)) = callable {
            let message = format!("{} needs a window", name.to_uppercase());
            return Err(self.error_hint(at, message, "for example OVER (PARTITION BY a ORDER BY b)"));
        }
        let args = self.plain_arguments(list, at)?;
        if let Callable::Rule(Rule::Unit(unit_at, wanted, rule)) = callable {
            if args.len() != *wanted {
                let message = format!("{} takes {wanted} arguments, but here are {}", name.to_uppercase(), args.len());
                return Err(self.error(at, message));
            }
            let unit = self.unit_argument(args[*unit_at])?;
            let others = args.iter().enumerate().filter(|(i, _)| *i != *unit_at).map(|(_, e)| *e);
            let others: Vec<Expr> = self.many(others, cx)?.into_iter().map(|(e, _)| e).collect();
            return rule(self, unit, &others, at);
        }
        if let Callable::Rule(Rule::Written(rule)) = callable {
            return rule(self, &name, &args, at, cx);
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

    /// A unit of time that stands for an argument.
    fn unit_argument(&mut self, e: &ast::Expr) -> Bound<super::temporal::Unit> {
        let written = match e {
            ast::Expr::Identifier(ident) => ident.value.clone(),
            ast::Expr::Value(ast::ValueWithSpan { value: ast::Value::SingleQuotedString(s), .. }) => s.clone(),
            ast::Expr::Function(f) => f.name.to_string(),
            other => other.to_string(),
        };
        self.unit(&written, span(e.span()))
    }

    /// Reports a call of something that is none: not built yet, misspelt, or neither.
    fn no_function(&mut self, name: &str, at: Span) -> super::Reported {
        let shown = name.to_uppercase();
        match functions::not_built(name) {
            Some(sort) => self.unsupported(at, format!("the {sort} {shown}")),
            None => {
                let hint = closest(name, functions::names()).map(|c| format!("did you mean {}?", c.to_uppercase()));
                self.error_maybe_hint(at, format!("there is no function {shown}"), hint)
            }
        }
    }

    /// A call by name, with bound arguments.
    pub(super) fn resolve(&mut self, call: &Call) -> Bound<Expr> {
        match functions::lookup(&call.name) {
            Some(Callable::Rule(Rule::Call(min, max, rule))) => {
                let (min, max, n) = (*min, *max, call.args.len());
                if n < min || n > max {
                    let takes = match (min, max) {
                        (a, b) if a == b => format!("{a} argument{}", if a == 1 { "" } else { "s" }),
                        (a, functions::ANY) => format!("at least {a} argument{}", if a == 1 { "" } else { "s" }),
                        (a, b) => format!("{a} to {b} arguments"),
                    };
                    let message = format!("{} takes {takes}, but here are {n}", call.name.to_uppercase());
                    return Err(self.error(call.span, message));
                }
                rule(self, call)
            }
            Some(Callable::Forms(forms)) => self.resolve_form(call, forms),
            // Other rules are not for calls with bound arguments.
            Some(Callable::Rule(_)) | None => Err(self.no_function(&call.name, call.span)),
        }
    }

    /// The form that takes these arguments with the fewest conversions.
    fn resolve_form(&mut self, call: &Call, forms: &[&'static Form]) -> Bound<Expr> {
        let n = call.args.len();
        let mut best: Option<(usize, &Form)> = None;
        for form in forms.iter().filter(|f| f.params.len() == n) {
            let args = form.params.iter().zip(&call.args);
            let cost: Option<usize> = args.map(|(p, arg)| param::conversion_cost(*p, &arg.expr.ty.sql)).sum();
            if let Some(cost) = cost
                && best.is_none_or(|(least, _)| cost < least)
            {
                best = Some((cost, form));
            }
        }
        let name = call.name.to_uppercase();
        let Some((_, form)) = best else {
            let given: Vec<String> = call.args.iter().map(|a| a.expr.ty.sql.to_string()).collect();
            let known: Vec<String> = forms.iter().map(|f| format!("{name}({})", param::signature(f))).collect();
            let message = format!("{name} does not take ({})", given.join(", "));
            return Err(self.error_hint(call.span, message, format!("known: {}", known.join(", "))));
        };
        let mut args = Vec::with_capacity(n);
        for (class, arg) in form.params.iter().zip(&call.args) {
            let ty = param::target(*class, &arg.expr.ty.sql);
            args.push(self.coerce(arg.expr.clone(), &ty, arg.span)?);
        }
        let first = args.first().map(|a| a.ty.sql.clone());
        let kernel = param::kernel(form, first.as_ref());
        let result = param::result(form, first.as_ref());
        Ok(crate::expr::call(&kernel, args, result, position(call.span)))
    }
}
