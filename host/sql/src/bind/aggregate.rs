//! Calls of aggregate functions. Some are what the plan knows; the others become expressions over several of those.

use super::common::{integer, is_number};
use super::expr::Cx;
use super::group::{Aggregates, reads_columns_only};
use super::{Binder, Bound, Reported, position};
use crate::Span;
use crate::expr::{all, bigint, boolean, call, case, is_not_null, is_true_literal, not, null};
use crate::parse::span;
use crate::plan::{AggregateCall, AggregateKind};
use sqlparser::ast::{
    self, DuplicateTreatment, FunctionArg, FunctionArgExpr, FunctionArgumentList, NullTreatment, Spanned,
};
use weir_circuit::{Expr, Position};
use weir_row::{ColumnType, SqlType};

/// What an aggregate reads of each row, and which rows.
pub(super) struct Inputs {
    /// Expressions over the columns of FROM; where FILTER is not TRUE, they are NULL.
    pub(super) exprs: Vec<Expr>,
    pub(super) distinct: bool,
    /// The keys of WITHIN DISTINCT.
    pub(super) within: Vec<Expr>,
    pub(super) at: Position,
}

impl Inputs {
    /// An input, as an argument reads it.
    pub(super) fn column(&self, i: usize) -> Expr {
        Expr { at: self.exprs[i].at, ..Expr::column(i, self.exprs[i].ty.clone()) }
    }

    /// A call of an argument over the inputs.
    pub(super) fn call(&self, kind: AggregateKind, argument: Expr, ty: ColumnType) -> AggregateCall {
        AggregateCall {
            kind,
            inputs: self.exprs.clone(),
            argument: Some(argument),
            distinct: self.distinct,
            within: self.within.clone(),
            ty,
            at: self.at,
        }
    }

    /// The number of rows that have no NULL among the inputs.
    pub(super) fn count(&self) -> AggregateCall {
        let argument = match self.exprs.len() {
            1 => self.column(0),
            n => truth_or_null(all((0..n).map(|i| is_not_null(self.column(i))).collect())),
        };
        self.call(AggregateKind::Count, argument, ColumnType::not_null(SqlType::BigInt))
    }
}

/// An aggregate's call as it is written.
pub(super) struct Written<'a> {
    pub(super) name: &'a str,
    pub(super) list: &'a FunctionArgumentList,
    pub(super) within: &'a [ast::OrderByExpr],
    /// IGNORE NULLS or RESPECT NULLS behind the arguments' parenthesis.
    pub(super) nulls: Option<NullTreatment>,
    pub(super) filter: Option<&'a ast::Expr>,
    pub(super) at: Span,
}

/// What an aggregate's call reads, bound.
pub(super) struct Operands {
    /// Whether it is written as `f(*)`.
    star: bool,
    args: Vec<(Expr, Span)>,
    filter: Option<Expr>,
    within: Vec<Expr>,
}

impl Binder<'_> {
    /// A call of an aggregate function, in SELECT or HAVING.
    pub(super) fn aggregate_call(&mut self, written: &Written<'_>, cx: &mut Cx<'_>) -> Bound<Expr> {
        let Written { name, at, .. } = *written;
        let shown = name.to_uppercase();
        if cx.aggregates.is_none() {
            let message = match cx.clause {
                "aggregate" => format!("{shown} cannot stand within another aggregate"),
                clause => format!("the aggregate {shown} cannot stand in {clause}"),
            };
            return Err(if cx.clause == "WHERE" {
                self.error_hint(at, message, "conditions on groups are written after HAVING")
            } else {
                self.error(at, message)
            });
        }
        // Names given to the left are known here, too, if they are not aggregates themselves.
        let aliases: Vec<(String, Expr)> = cx.aliases.iter().filter(|(_, e)| reads_columns_only(e)).cloned().collect();
        let subqueries = cx.aggregates.as_deref_mut().map(|a| &mut a.below);
        let mut inner = Cx { scope: cx.scope, aliases: &aliases, aggregates: None, subqueries, clause: "aggregate" };
        let operands = self.aggregate_operands(written, &mut inner)?;
        self.aggregate_of(written, operands, cx)
    }

    /// What an aggregate's call reads.
    pub(super) fn aggregate_operands(&mut self, written: &Written<'_>, cx: &mut Cx<'_>) -> Bound<Operands> {
        let Written { list, at, .. } = *written;
        let star = matches!(list.args.as_slice(), [FunctionArg::Unnamed(FunctionArgExpr::Wildcard)]);
        let args = if star { vec![] } else { self.plain_arguments(list, at)? };
        let filter = written.filter.map(|f| self.condition(f, cx)).transpose();
        let args = self.many(args, cx)?;
        let within = self.within(written.within, cx)?;
        Ok(Operands { star, args, filter: filter?, within })
    }

    /// The value of an aggregate's call, which is added to those of `cx`.
    pub(super) fn aggregate_of(&mut self, written: &Written<'_>, operands: Operands, cx: &mut Cx<'_>) -> Bound<Expr> {
        let Written { name, list, at, .. } = *written;
        let shown = name.to_uppercase();
        let Operands { star, args, filter, within } = operands;
        let distinct = list.duplicate_treatment == Some(DuplicateTreatment::Distinct);
        if let Some(Some(function)) = self.own_function(name) {
            return self.own_aggregate(written, &function, args, filter.as_ref(), (distinct, within), cx);
        }
        if name == "array_agg" && !star {
            return self.array_agg(written, args, filter, (distinct, within), cx);
        }
        if written.nulls.is_some() || !list.clauses.is_empty() {
            return Err(self.error(at, format!("{shown} takes no ORDER BY, IGNORE NULLS or the like")));
        }
        // Checked above.
        let aggregates = cx.aggregates.as_deref_mut().ok_or(Reported)?;
        if star {
            if name != "count" || distinct {
                return Err(self.error(at, format!("{shown}(*) is not part of the language")));
            }
            return Ok(aggregates.add(count_rows(filter, within, position(at))));
        }
        let args = self.aggregate_arguments(name, args, at)?;
        let exprs = args.into_iter().map(|e| filtered(filter.as_ref(), e)).collect();
        let inputs = Inputs { exprs, distinct, within, at: position(at) };
        self.aggregate(name, inputs, at, aggregates)
    }

    /// The keys of WITHIN DISTINCT, which the parser takes for an ORDER BY.
    fn within(&mut self, keys: &[ast::OrderByExpr], cx: &mut Cx<'_>) -> Bound<Vec<Expr>> {
        let mut out = vec![];
        for key in keys {
            if key.options.sort.is_some() || key.options.nulls_first.is_some() || key.with_fill.is_some() {
                return Err(self.error(span(key.span()), "the keys of WITHIN DISTINCT have no order"));
            }
            out.push(self.expr(&key.expr, cx)?);
        }
        Ok(out)
    }

    /// As many arguments as the aggregate takes, of types that it takes.
    fn aggregate_arguments(&mut self, name: &str, args: Vec<(Expr, Span)>, at: Span) -> Bound<Vec<Expr>> {
        let shown = name.to_uppercase();
        let wanted = match name {
            "covar_pop" | "covar_samp" | "regr_count" | "regr_sxx" | "regr_syy" | "arg_max" | "arg_min" => 2,
            "count" => args.len().max(1),
            _ => 1,
        };
        if args.len() != wanted {
            let s = if wanted == 1 { "" } else { "s" };
            let message = format!("{shown} takes {wanted} argument{s}, but here are {}", args.len());
            return Err(self.error(at, message));
        }
        args.into_iter().map(|(e, at)| self.aggregate_argument(name, e, at)).collect()
    }

    fn aggregate_argument(&mut self, name: &str, e: Expr, at: Span) -> Bound<Expr> {
        let ty = e.ty.sql.clone();
        let (fits, wanted, default) = match name {
            "count" | "min" | "max" | "mode" | "arg_max" | "arg_min" | "regr_count" => {
                (ty != SqlType::Null, "a value", SqlType::Boolean)
            }
            "countif" | "bool_and" | "every" | "logical_and" | "bool_or" | "some" | "logical_or" => {
                (ty == SqlType::Boolean, "a BOOLEAN", SqlType::Boolean)
            }
            "bit_and" | "bit_or" | "bit_xor" => {
                let kernel = ty.kind().map(|kind| format!("bit_and_{}", kind.name()));
                let fits = kernel.is_some_and(|k| weir_functions::find(&k).is_some());
                (fits, "a whole number or a binary string", SqlType::Integer)
            }
            _ => (is_number(&ty), "a number", SqlType::Integer),
        };
        match ty {
            _ if fits => Ok(e),
            SqlType::Null => Ok(null(default)),
            ty => Err(self.error(at, format!("{} takes {wanted}, but this is {ty}", name.to_uppercase()))),
        }
    }

    fn aggregate(&mut self, name: &str, inputs: Inputs, at: Span, aggregates: &mut Aggregates) -> Bound<Expr> {
        use AggregateKind::{ArgMax, ArgMin, Avg, BitAnd, BitOr, BitXor, Max, Min, Mode, Sum};
        let mut inputs = inputs;
        let first = inputs.exprs[0].ty.sql.clone();
        // What is there once makes the same as what is there twice.
        let idempotent = matches!(name, "min" | "max" | "arg_min" | "arg_max" | "bit_and" | "bit_or");
        let boolean_result = matches!(name, "bool_and" | "every" | "logical_and" | "bool_or" | "some" | "logical_or");
        inputs.distinct &= !idempotent && !boolean_result;
        if matches!(name, "arg_max" | "arg_min") {
            // The key decides, so it comes first.
            inputs.exprs.reverse();
        }
        let mut one =
            |kind, ty: SqlType| Ok(aggregates.add(inputs.call(kind, inputs.column(0), ColumnType::nullable(ty))));
        match name {
            "sum" => one(Sum, first),
            "avg" => one(Avg, first),
            "min" => one(Min, first),
            "max" => one(Max, first),
            "bit_and" => one(BitAnd, first),
            "bit_or" => one(BitOr, first),
            "bit_xor" => one(BitXor, first),
            "mode" if inputs.distinct => Err(self.error(at, "MODE takes no DISTINCT: every value would be there once")),
            "mode" => one(Mode, first),
            "arg_max" => one(ArgMax, first),
            "arg_min" => one(ArgMin, first),
            "count" | "regr_count" => Ok(aggregates.add(inputs.count())),
            "countif" => {
                let argument = truth_or_null(inputs.column(0));
                let ty = ColumnType::not_null(SqlType::BigInt);
                Ok(aggregates.add(inputs.call(AggregateKind::Count, argument, ty)))
            }
            _ if boolean_result => {
                Ok(every_or_some(matches!(name, "bool_or" | "some" | "logical_or"), &inputs, aggregates))
            }
            "stddev" | "stddev_samp" | "stddev_pop" | "variance" | "var_samp" | "var_pop" | "covar_pop"
            | "covar_samp" | "regr_sxx" | "regr_syy" => self.spread(name, &inputs, at, aggregates),
            _ => Err(self.unsupported(at, format!("the aggregate {}", name.to_uppercase()))),
        }
    }
}

/// COUNT(*).
fn count_rows(filter: Option<Expr>, within: Vec<Expr>, at: Position) -> AggregateCall {
    let ty = ColumnType::not_null(SqlType::BigInt);
    let rows = AggregateCall::new(AggregateKind::CountRows, vec![], ty, at);
    if filter.is_none() && within.is_empty() {
        return rows;
    }
    let counted = filter.map_or(boolean(true), truth_or_null);
    let argument = Some(Expr::column(0, counted.ty.clone()));
    AggregateCall { kind: AggregateKind::Count, inputs: vec![counted], argument, within, ..rows }
}

/// EVERY (SOME): by the number of values that decide it.
fn every_or_some(some: bool, inputs: &Inputs, aggregates: &mut Aggregates) -> Expr {
    let count = ColumnType::not_null(SqlType::BigInt);
    let deciding = if some { inputs.column(0) } else { not(inputs.column(0)) };
    let deciding = aggregates.add(inputs.call(AggregateKind::Count, truth_or_null(deciding), count));
    let present = aggregates.add(inputs.count());
    let any_of = |n: Expr| call("gt_i64", vec![n, bigint(0)], SqlType::Boolean, inputs.at);
    let branches = vec![(any_of(deciding), boolean(some)), (any_of(present), boolean(!some))];
    case(branches, null(SqlType::Boolean), inputs.at)
}

/// TRUE where a condition is, else NULL: what COUNT counts.
fn truth_or_null(condition: Expr) -> Expr {
    if is_true_literal(&condition) {
        return condition;
    }
    let at = condition.at;
    case(vec![(condition, boolean(true))], null(SqlType::Boolean), at)
}

/// FILTER as a CASE in what is read.
pub(super) fn filtered(filter: Option<&Expr>, e: Expr) -> Expr {
    let Some(filter) = filter else { return e };
    let (nothing, at) = (null(e.ty.sql.clone()), e.at);
    case(vec![(filter.clone(), e)], nothing, at)
}

/// Whether a type's values fit BIGINT, and products of two do.
pub(super) fn is_small_integer(ty: &SqlType) -> bool {
    integer(ty).is_some_and(|(bits, signed)| bits < 32 || bits == 32 && signed)
}

/// An input, NULL where another is.
pub(super) fn paired(e: Expr, other: &Expr) -> Expr {
    let (nothing, at) = (null(e.ty.sql.clone()), e.at);
    match other.ty.nullable {
        true => case(vec![(is_not_null(other.clone()), e)], nothing, at),
        false => e,
    }
}
