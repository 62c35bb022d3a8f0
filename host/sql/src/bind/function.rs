//! Functions of the program's own: those with a body in SQL are replaced by it where they are called; those with a body in Rust stay calls.

use super::aggregate::{Inputs, Written, filtered};
use super::composite::{row_type, sequence};
use super::expr::Cx;
use super::scope::{Scope, ScopeColumn};
use super::{Argument, Binder, Bound, Reported, common_type, is_number, is_text, position};
use crate::Span;
use crate::diagnostic::LIMIT;
use crate::diagnostic::warning;
use crate::expr::{size, substitute};
use crate::functions;
use crate::parse::{CreateFunction, fold, span};
use crate::plan::AggregateKind;
use sqlparser::ast;
use std::rc::Rc;
use weir_circuit::{Expr, ExprOp, UserFunction};
use weir_row::{ColumnType, SqlType};

/// Most parameters of a function.
const PARAMETERS_MAX: usize = 100;
/// Most operators of an expression that a call of a function with a body in SQL becomes.
const EXPANDED_MAX: usize = 20_000;
/// Most operators that all such calls of a program become, and all forms of queries that say in few words what is computed many times:
/// functions that call one another twice grow with every level.
pub(super) const EXPANDED_TOTAL_MAX: usize = 500_000;
/// Deepest nesting of an expression that a call becomes; expressions are walked recursively.
const EXPANDED_DEPTH_MAX: usize = 1_000;
/// What functions that read JSON text into a user-defined type are called, before the type's name.
const FROM_JSON: &str = "jsonstring_as_";

/// How a function comes to its value.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    /// By an expression over its parameters.
    Sql(Rc<ast::Expr>),
    /// By reading JSON as its result's type.
    FromJson,
    /// By Rust: its number in the circuit.
    Rust(usize),
    /// By Rust, from all rows of a group.
    Aggregate(usize),
}

/// A function that the program declares.
#[derive(Clone, Debug)]
pub(crate) struct Function {
    /// Whether a name keeps its case, and the type, of each parameter by name.
    pub(super) params: Vec<(String, bool, ColumnType)>,
    pub(super) result: ColumnType,
    pub(super) body: Body,
}

/// A type as the body's author sees it: lengths are of the conversion that follows.
fn without_length(sql: &SqlType) -> SqlType {
    match sql {
        SqlType::Char(_) | SqlType::Varchar(_) => SqlType::Varchar(None),
        SqlType::Binary(_) | SqlType::Varbinary(_) => SqlType::Varbinary(None),
        other => other.clone(),
    }
}

/// Whether values of a type can stand where another was declared, without a CAST that is written.
fn fits(from: &SqlType, to: &SqlType) -> bool {
    match (from, to) {
        (SqlType::Null, _) => true,
        (SqlType::Array(a), SqlType::Array(b)) => fits(a, b),
        (SqlType::Map(k, v), SqlType::Map(l, w)) => fits(k, l) && fits(v, w),
        (SqlType::Row(a), SqlType::Row(b)) => {
            let mut fields = a.fields.iter().zip(&b.fields);
            a.fields.len() == b.fields.len() && fields.all(|((_, x), (_, y))| fits(&x.sql, &y.sql))
        }
        (from, to) if without_length(from) == without_length(to) || is_number(from) && is_number(to) => true,
        (from, to) => common_type(from, to).is_some_and(|c| c == *to) && is_text(from) == is_text(to),
    }
}

fn depth(e: &Expr) -> usize {
    1 + e.children().into_iter().map(depth).max().unwrap_or(0)
}

impl Binder<'_> {
    /// Declares a function.
    pub(super) fn create_function(&mut self, created: &CreateFunction) {
        let name = fold(&created.name);
        let at = span(created.name.span);
        if self.functions.contains_key(&name) {
            self.error(at, format!("function '{name}' is declared twice; a function has one signature"));
            return;
        }
        let taken = name.to_lowercase();
        if functions::lookup(&taken).is_some()
            || functions::not_built(&taken).is_some()
            || matches!(taken.as_str(), "row" | "array" | "map")
        {
            self.error(at, format!("there is a function {} already", taken.to_uppercase()));
            self.functions.insert(name, None);
            return;
        }
        if self.types.contains_key(&name) {
            self.error(at, format!("'{name}' is a type, whose name makes values of it"));
            return;
        }
        let function = self.declared_function(&name, created);
        // The body is bound before its function is known: there is no recursion.
        let checked = function.and_then(|f| self.check_body(&f, created).map(|()| Rc::new(f)));
        self.functions.insert(name, checked.ok());
    }

    /// The signature of a function.
    fn declared_function(&mut self, name: &str, created: &CreateFunction) -> Bound<Function> {
        if created.params.len() > PARAMETERS_MAX {
            let message = format!("a function has at most {PARAMETERS_MAX} parameters");
            return Err(self.error(span(created.name.span), message));
        }
        let mut params: Vec<(String, bool, ColumnType)> = vec![];
        let mut failed = false;
        for p in &created.params {
            let parameter = fold(&p.name);
            if params.iter().any(|(n, ..)| *n == parameter) {
                self.error(span(p.name.span), format!("parameter '{parameter}' is declared twice"));
                failed = true;
            }
            match self.sql_type(&p.ty, p.span) {
                Ok(sql) => {
                    params.push((parameter, p.name.quote_style.is_some(), ColumnType { sql, nullable: !p.not_null }))
                }
                Err(Reported) => failed = true,
            }
        }
        let sql = self.sql_type(&created.result, created.result_span)?;
        if failed {
            return Err(Reported);
        }
        let result = ColumnType { sql, nullable: !created.result_not_null };
        let body = match &created.body {
            Some(body) => Body::Sql(Rc::new(body.as_ref().clone())),
            None if !created.aggregate && name.starts_with(FROM_JSON) => {
                self.check_json_reader(name, &params, &result, created)?;
                Body::FromJson
            }
            None => {
                let number = self.rust_function(name, &params, &result, created)?;
                if created.aggregate { Body::Aggregate(number) } else { Body::Rust(number) }
            }
        };
        Ok(Function { params, result, body })
    }

    /// Checks the signature of a function that reads JSON.
    fn check_json_reader(
        &mut self,
        name: &str,
        params: &[(String, bool, ColumnType)],
        result: &ColumnType,
        created: &CreateFunction,
    ) -> Bound<()> {
        let ty = &name[FROM_JSON.len()..];
        let at = span(created.name.span);
        match self.types.get(ty) {
            Some(Some(sql)) if *sql == result.sql => {}
            Some(None) => return Err(Reported),
            _ => {
                let hint = format!(
                    "a function of a name that begins with {FROM_JSON} reads JSON into the type that the rest names"
                );
                return Err(self.error_hint(at, format!("the result must be of the user-defined type '{ty}'"), hint));
            }
        }
        if !matches!(params, [(_, _, one)] if is_text(&one.sql)) {
            return Err(self.error(at, format!("{name} takes one VARCHAR")));
        }
        if !result.nullable {
            return Err(
                self.error(created.result_span, "text that does not fit gives NULL, so the result cannot be NOT NULL")
            );
        }
        Ok(())
    }

    /// Notes a function that is written in Rust; returns its number.
    fn rust_function(
        &mut self,
        name: &str,
        params: &[(String, bool, ColumnType)],
        result: &ColumnType,
        created: &CreateFunction,
    ) -> Bound<usize> {
        if !crate::stubs::is_identifier(name) {
            let message = format!("'{name}' is no name of a function in Rust");
            return Err(self.error_hint(span(created.name.span), message, "take letters, digits and underscores"));
        }
        let places = created.params.iter().map(|p| p.span).chain([created.result_span]);
        let types = params.iter().map(|(_, _, ty)| ty).chain([result]);
        for (at, ty) in places.zip(types) {
            if let Err(why) = crate::stubs::rust_type(ty) {
                return Err(self.error(at, why));
            }
        }
        if created.aggregate && params.is_empty() {
            return Err(self.error(span(created.name.span), "an aggregate has at least one argument"));
        }
        // Arguments of aggregates are never NULL, and lengths are converted to and from outside of the function.
        let bare =
            |ty: &ColumnType| ColumnType { sql: without_length(&ty.sql), nullable: ty.nullable && !created.aggregate };
        self.circuit.functions.push(UserFunction {
            name: name.to_owned(),
            params: params.iter().map(|(name, _, ty)| (name.clone(), bare(ty))).collect(),
            result: ColumnType { sql: without_length(&result.sql), nullable: result.nullable || created.aggregate },
            aggregate: created.aggregate,
        });
        Ok(self.circuit.functions.len() - 1)
    }

    /// Binds the body of a function for its own errors.
    fn check_body(&mut self, function: &Function, created: &CreateFunction) -> Bound<()> {
        let Body::Sql(body) = &function.body else { return Ok(()) };
        let columns: Vec<ColumnType> = function.params.iter().map(|(_, _, ty)| ty.clone()).collect();
        let value = self.function_body(function, body, &columns)?;
        if value.ty.nullable && !function.result.nullable {
            let message = "the body may be NULL, but the function returns NOT NULL";
            return Err(self.error(created.result_span, message));
        }
        Ok(())
    }

    /// The body over its parameters as columns, at the declared type.
    fn function_body(&mut self, function: &Function, body: &ast::Expr, columns: &[ColumnType]) -> Bound<Expr> {
        let columns =
            function.params.iter().zip(columns).enumerate().map(|(i, ((name, case_sensitive, _), ty))| ScopeColumn {
                relation: None,
                name: name.clone(),
                case_sensitive: *case_sensitive,
                expr: Expr::column(i, ty.clone()),
                bare: true,
            });
        let scope = Scope { columns: columns.collect(), poisoned: false };
        // What stands around the call is not seen from within.
        let (outer, ctes) = (std::mem::take(&mut self.outer), std::mem::take(&mut self.ctes));
        let value = self.expr(body, &mut Cx::constant(&scope, "the body of a function"));
        (self.outer, self.ctes) = (outer, ctes);
        let (at, value) = (span(ast::Spanned::span(body)), value?);
        if crate::expr::reads_now(&value) {
            let hint = "give the function the time as a parameter";
            return Err(self.error_hint(at, "a function cannot use NOW", hint));
        }
        self.declared_type(value, &function.result.sql, at, "the function returns")
    }

    /// A value where a type was declared: of that type, or of one whose values it holds.
    fn declared_type(&mut self, e: Expr, to: &SqlType, at: Span, what: &str) -> Bound<Expr> {
        let from = e.ty.sql.clone();
        if !fits(&from, to) {
            let message = format!("{what} {to}, but this is {from}");
            return Err(self.error_hint(at, message, format!("write CAST(.. AS {to})")));
        }
        self.coerce(e, to, at)
    }

    /// The function of that name, if the program declares one: `None` within if it has errors.
    pub(super) fn own_function(&self, name: &str) -> Option<Option<Rc<Function>>> {
        self.functions.get(name).cloned()
    }

    /// Whether a name is that of an aggregate of the program's own.
    pub(super) fn is_own_aggregate(&self, name: &str) -> bool {
        matches!(self.functions.get(name), Some(Some(f)) if matches!(f.body, Body::Aggregate(_)))
    }

    /// As many arguments as there are parameters, each of its type.
    pub(super) fn own_arguments(
        &mut self,
        name: &str,
        function: &Function,
        args: Vec<Argument>,
        at: Span,
    ) -> Bound<Vec<Expr>> {
        let wanted = function.params.len();
        if args.len() != wanted {
            let s = if wanted == 1 { "" } else { "s" };
            return Err(self.error(at, format!("{name} takes {wanted} argument{s}, but here are {}", args.len())));
        }
        let mut out = vec![];
        for ((parameter, _, ty), arg) in function.params.iter().zip(args) {
            let what = format!("parameter '{parameter}' of {name} is");
            let e = self.declared_type(arg.expr, &ty.sql, arg.span, &what)?;
            if e.ty.nullable && !ty.nullable && !matches!(function.body, Body::Aggregate(_)) {
                self.warning(
                    arg.span,
                    warning::NULL_ARGUMENT,
                    format!("parameter '{parameter}' of {name} is NOT NULL, but this may be NULL"),
                );
            }
            out.push(e);
        }
        Ok(out)
    }

    /// A call of a function that the program declares.
    pub(super) fn own_call(&mut self, name: &str, function: &Function, args: Vec<Argument>, at: Span) -> Bound<Expr> {
        let args = self.own_arguments(name, function, args, at)?;
        let place = position(at);
        match &function.body {
            Body::Sql(body) => self.inline(name, function, body, args, at),
            Body::FromJson => {
                let args = args.into_iter().map(|expr| Argument { expr, span: at }).collect();
                let parsed = self.resolve(&super::Call { name: "parse_json".to_owned(), args, span: at })?;
                self.explicit_cast(parsed, &function.result.sql, false, at)
            }
            Body::Rust(number) => {
                let made = self.circuit.functions[*number].result.clone();
                let call = Expr { op: ExprOp::User { function: *number, args }, ty: made, at: place };
                self.explicit_cast(call, &function.result.sql, false, at)
            }
            Body::Aggregate(_) => Err(self.error(at, format!("{name} is an aggregate"))),
        }
    }

    /// A call of an aggregate that the program declares.
    pub(super) fn own_aggregate(
        &mut self,
        written: &Written<'_>,
        function: &Function,
        args: Vec<(Expr, Span)>,
        filter: Option<&Expr>,
        (distinct, within): (bool, Vec<Expr>),
        cx: &mut Cx<'_>,
    ) -> Bound<Expr> {
        let (name, at) = (written.name, written.at);
        let Body::Aggregate(number) = function.body else {
            return Err(self.error(at, format!("{name} is no aggregate")));
        };
        if written.nulls.is_some() || !written.list.clauses.is_empty() {
            return Err(self.error(at, format!("{name} takes no ORDER BY, IGNORE NULLS or the like")));
        }
        let args = args.into_iter().map(|(expr, span)| Argument { expr, span }).collect();
        let args = self.own_arguments(name, function, args, at)?;
        let exprs = args.into_iter().map(|e| filtered(filter, e)).collect();
        let inputs = Inputs { exprs, distinct, within, at: position(at) };
        let columns: Vec<Expr> = (0..inputs.exprs.len()).map(|i| inputs.column(i)).collect();
        let row = row_type(&columns, (0..columns.len()).map(|i| format!("f{i}")));
        let argument = sequence(columns, SqlType::Row(row), inputs.at);
        let made = self.circuit.functions[number].result.clone();
        let call = inputs.call(AggregateKind::User(number), argument, made);
        let aggregates = cx.aggregates.as_deref_mut().ok_or(Reported)?;
        let value = aggregates.add(call);
        self.explicit_cast(value, &function.result.sql, false, at)
    }

    /// The body in the place of a call.
    fn inline(&mut self, name: &str, function: &Function, body: &ast::Expr, args: Vec<Expr>, at: Span) -> Bound<Expr> {
        if self.expanded > EXPANDED_TOTAL_MAX {
            // It was said where that happened.
            return Err(Reported);
        }
        // With the nullability of these arguments: NULL for a parameter that is NOT NULL goes its way as NULL does.
        let columns: Vec<ColumnType> = args.iter().map(|a| a.ty.clone()).collect();
        let body = self.deeper(|| at, |binder| binder.function_body(function, body, &columns))?;
        let mut expanded = size(&body);
        body.visit_columns(&mut |i| expanded = expanded.saturating_add(args.get(i).map_or(0, size)));
        let deep = depth(&body) + args.iter().map(depth).max().unwrap_or(0);
        self.expanded = self.expanded.saturating_add(expanded);
        let exceeded = if expanded > EXPANDED_MAX {
            format!(
                "this call of {name} becomes an expression of {expanded} operators; at most {EXPANDED_MAX} are allowed"
            )
        } else if deep > EXPANDED_DEPTH_MAX {
            format!(
                "this call of {name} becomes an expression of {deep} levels; at most {EXPANDED_DEPTH_MAX} are allowed"
            )
        } else if self.expanded > EXPANDED_TOTAL_MAX {
            format!("calls of functions make this program larger than {EXPANDED_TOTAL_MAX} operators")
        } else {
            return Ok(substitute(&body, &|i| args[i].clone()));
        };
        let d = crate::Diagnostic::error(self.source, at, LIMIT, exceeded);
        Err(self.push(d))
    }
}
