//! What SQL can call: one table of functions, each an entry with its names and the forms of arguments it takes. An entry is all
//! that a new function over kernels of `weir-functions` needs.

mod conditional;
mod numeric;
mod table;

use crate::bind::{Binder, Bound, Call};
use std::collections::HashMap;
use std::sync::LazyLock;
use weir_circuit::Expr;
use weir_row::SqlType;

/// No bound on the number of arguments but the program's.
pub(crate) const ANY: usize = usize::MAX;

/// A function of SQL.
pub(crate) struct Function {
    /// Its names, in lower case; the first is the usual one.
    pub(crate) names: &'static [&'static str],
    /// How a call becomes an expression.
    pub(crate) rule: Rule,
}

/// How a call becomes an expression.
pub(crate) enum Rule {
    /// A strict call of a kernel, one of these forms.
    Forms(&'static [Form]),
    /// Something else, with at least and at most so many arguments.
    Special(usize, usize, Special),
}

/// Binds a call whose number of arguments was checked.
pub(crate) type Special = for<'a, 'b> fn(&'a mut Binder<'b>, &Call) -> Bound<Expr>;

/// A form of arguments.
pub(crate) struct Form {
    /// What it takes.
    pub(crate) params: &'static [Param],
    /// What it gives.
    pub(crate) result: Ret,
    /// The kernel's name; `{}` stands for the kind of the first argument.
    pub(crate) kernel: &'static str,
}

/// What an argument must be, or can be converted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Param {
    /// VARCHAR; other scalars are not converted.
    Text,
    /// INTEGER
    Int,
    /// BIGINT
    BigInt,
    /// DOUBLE; any number is converted.
    Double,
    /// REAL or DOUBLE as it is.
    Float,
}

/// What a form gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ret {
    Boolean,
    Int,
    Double,
    Text,
    Date,
    /// The type of the first argument.
    First,
}

impl Param {
    /// How far an argument of that type is from this; `None` if it cannot be converted.
    pub(crate) fn conversion_cost(self, ty: &SqlType) -> Option<usize> {
        use crate::bind::{is_integer, is_number, is_text};
        let cost = match self {
            _ if *ty == SqlType::Null => 1,
            Param::Text if is_text(ty) => 0,
            Param::Int if *ty == SqlType::Integer => 0,
            Param::Int if is_integer(ty) || is_text(ty) => 2,
            Param::BigInt if *ty == SqlType::BigInt => 0,
            Param::BigInt if is_integer(ty) => 1,
            Param::BigInt if is_text(ty) => 2,
            Param::Double if *ty == SqlType::Double => 0,
            Param::Double if is_number(ty) => 1,
            Param::Double if is_text(ty) => 2,
            Param::Float if matches!(ty, SqlType::Real | SqlType::Double) => 0,
            _ => return None,
        };
        Some(cost)
    }

    /// The type that an argument of that type is converted to.
    pub(crate) fn target(self, ty: &SqlType) -> SqlType {
        match self {
            Param::Text => SqlType::Varchar(None),
            Param::Int => SqlType::Integer,
            Param::BigInt => SqlType::BigInt,
            Param::Double => SqlType::Double,
            Param::Float if *ty == SqlType::Null => SqlType::Double,
            Param::Float => ty.clone(),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Param::Text => "VARCHAR",
            Param::Int => "INTEGER",
            Param::BigInt => "BIGINT",
            Param::Double => "DOUBLE",
            Param::Float => "REAL or DOUBLE",
        }
    }
}

impl Form {
    /// The result's type, given the first argument's.
    pub(crate) fn result(&self, first: Option<&SqlType>) -> SqlType {
        match self.result {
            Ret::Boolean => SqlType::Boolean,
            Ret::Int => SqlType::Integer,
            Ret::Double => SqlType::Double,
            Ret::Text => SqlType::Varchar(None),
            Ret::Date => SqlType::Date,
            Ret::First => first.cloned().unwrap_or(SqlType::Null),
        }
    }

    /// The parameters, for messages.
    pub(crate) fn signature(&self) -> String {
        self.params.iter().map(|p| p.name()).collect::<Vec<_>>().join(", ")
    }
}

/// Aggregate functions known to the language, in lower case.
const AGGREGATES: [&str; 33] = [
    "count",
    "countif",
    "sum",
    "avg",
    "min",
    "max",
    "bool_and",
    "bool_or",
    "every",
    "some",
    "logical_and",
    "logical_or",
    "stddev",
    "stddev_samp",
    "stddev_pop",
    "variance",
    "var_samp",
    "var_pop",
    "covar_pop",
    "covar_samp",
    "regr_count",
    "regr_sxx",
    "regr_syy",
    "arg_max",
    "arg_min",
    "bit_and",
    "bit_or",
    "bit_xor",
    "mode",
    "array_agg",
    "grouping",
    "grouping_id",
    "any_value",
];

/// Functions of the language that are not built yet, in lower case.
const UNBUILT: [&str; 82] = [
    "array",
    "array_append",
    "array_compact",
    "array_concat",
    "array_contains",
    "array_distinct",
    "array_except",
    "array_exists",
    "array_insert",
    "array_intersect",
    "array_join",
    "array_length",
    "array_max",
    "array_min",
    "array_position",
    "array_prepend",
    "array_remove",
    "array_repeat",
    "array_reverse",
    "array_size",
    "array_to_string",
    "array_union",
    "arrays_overlap",
    "bin2utf8",
    "cardinality",
    "connector_metadata",
    "convert_timezone",
    "element",
    "format_date",
    "format_time",
    "format_timestamp",
    "gunzip",
    "json_each_bigint",
    "json_each_boolean",
    "json_each_date",
    "json_each_string",
    "json_each_time",
    "json_each_timestamp",
    "json_keys",
    "json_object_keys",
    "make_time",
    "make_timestamp",
    "map",
    "map_concat",
    "map_contains_key",
    "map_keys",
    "map_values",
    "md5",
    "now",
    "octet_length",
    "parse_date",
    "parse_json",
    "parse_time",
    "parse_timestamp",
    "regexp_replace",
    "rlike",
    "row",
    "safe_offset",
    "sequence",
    "sort_array",
    "split",
    "to_hex",
    "to_int",
    "to_json",
    "transform",
    "typeof",
    "unnest",
    "variant_deep_filter",
    "variant_deep_map",
    "variant_filter",
    "variant_map",
    "variant_merge",
    "variantnull",
    "xxhash",
    "contains",
    "equals",
    "overlaps",
    "precedes",
    "succeeds",
    "tumble",
    "hop",
    "session",
];

/// Whether a function is part of the language, but not built yet.
pub(crate) fn is_unbuilt(name: &str) -> bool {
    UNBUILT.contains(&name)
}

/// Whether a function is an aggregate.
pub(crate) fn is_aggregate(name: &str) -> bool {
    AGGREGATES.contains(&name)
}

/// The function of that name (in lower case).
pub(crate) fn lookup(name: &str) -> Option<&'static Function> {
    static BY_NAME: LazyLock<HashMap<&'static str, &'static Function>> =
        LazyLock::new(|| table::all().flat_map(|f| f.names.iter().map(move |n| (*n, f))).collect());
    BY_NAME.get(name).copied()
}

/// All names, aggregates included.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    table::all().flat_map(|f| f.names.iter().copied()).chain(AGGREGATES)
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_row::Kind;

    #[test]
    fn every_form_has_its_kernel() {
        for f in table::all() {
            let Rule::Forms(forms) = f.rule else { continue };
            for form in forms {
                let kinds: &[Kind] =
                    if form.params.first() == Some(&Param::Float) { &[Kind::F32, Kind::F64] } else { &[Kind::Text] };
                for kind in kinds {
                    let name = form.kernel.replace("{}", kind.name());
                    let kernel =
                        weir_functions::find(&name).unwrap_or_else(|| panic!("{}: no kernel {name}", f.names[0]));
                    assert_eq!(kernel.params.len(), form.params.len(), "{name}");
                    for (param, expected) in form.params.iter().zip(kernel.params) {
                        assert_eq!(
                            param.target(&if *kind == Kind::F32 { SqlType::Real } else { SqlType::Double }).kind(),
                            Some(*expected),
                            "{name}"
                        );
                    }
                    let first = form
                        .params
                        .first()
                        .map(|p| p.target(&if *kind == Kind::F32 { SqlType::Real } else { SqlType::Double }));
                    assert_eq!(form.result(first.as_ref()).kind(), Some(kernel.result), "{name}");
                }
            }
        }
    }
}
