//! Classes of arguments: what each takes, how far a type is from it, and what is converted to what. A class whose type depends on other
//! arguments (an element of the array before it) would take a table of what is bound so far beside the argument's type, in both functions here.

use crate::bind::{is_binary, is_integer, is_number, is_text};
use weir_functions::catalog::{Form, Out, Param};
use weir_row::SqlType;

/// How far an argument of that type is from the class; `None` if it is not taken.
pub(crate) fn conversion_cost(param: Param, ty: &SqlType) -> Option<usize> {
    if *ty == SqlType::Null {
        return Some(1);
    }
    let cost = match param {
        Param::Text if is_text(ty) => 0,
        Param::Boolean if *ty == SqlType::Boolean => 0,
        Param::Int if *ty == SqlType::Integer => 0,
        Param::Int if is_integer(ty) || is_text(ty) => 2,
        Param::BigInt if *ty == SqlType::BigInt => 0,
        Param::BigInt if is_integer(ty) => 1,
        Param::BigInt if is_text(ty) => 2,
        Param::Double if *ty == SqlType::Double => 0,
        Param::Double if is_number(ty) => 1,
        Param::Double if is_text(ty) => 2,
        Param::Float if matches!(ty, SqlType::Real | SqlType::Double) => 0,
        Param::Binary if is_binary(ty) => 0,
        Param::Date if *ty == SqlType::Date => 0,
        Param::Time if *ty == SqlType::Time => 0,
        Param::Timestamp if *ty == SqlType::Timestamp => 0,
        Param::Timestamp if *ty == SqlType::Date => 1,
        Param::Date | Param::Time | Param::Timestamp if is_text(ty) => 2,
        _ => return None,
    };
    Some(cost)
}

/// The type that an argument of that type is converted to.
pub(crate) fn target(param: Param, ty: &SqlType) -> SqlType {
    match param {
        Param::Text => SqlType::Varchar(None),
        Param::Boolean => SqlType::Boolean,
        Param::Int => SqlType::Integer,
        Param::BigInt => SqlType::BigInt,
        Param::Double => SqlType::Double,
        Param::Float if *ty == SqlType::Null => SqlType::Double,
        Param::Float => ty.clone(),
        Param::Date => SqlType::Date,
        Param::Time => SqlType::Time,
        Param::Timestamp => SqlType::Timestamp,
        Param::Binary => SqlType::Varbinary(None),
    }
}

/// The class, for people.
pub(crate) fn name(param: Param) -> &'static str {
    match param {
        Param::Text => "VARCHAR",
        Param::Boolean => "BOOLEAN",
        Param::Int => "INTEGER",
        Param::BigInt => "BIGINT",
        Param::Double => "DOUBLE",
        Param::Float => "REAL or DOUBLE",
        Param::Date => "DATE",
        Param::Time => "TIME",
        Param::Timestamp => "TIMESTAMP",
        Param::Binary => "VARBINARY",
    }
}

/// A form's parameters, for people.
pub(crate) fn signature(form: &Form) -> String {
    form.params.iter().map(|p| name(*p)).collect::<Vec<_>>().join(", ")
}

/// The type of a form's result, given the first argument's after its conversion.
pub(crate) fn result(form: &Form, first: Option<&SqlType>) -> SqlType {
    match form.out {
        Out::Boolean => SqlType::Boolean,
        Out::Int => SqlType::Integer,
        Out::BigInt => SqlType::BigInt,
        Out::Double => SqlType::Double,
        Out::Text => SqlType::Varchar(None),
        Out::Date => SqlType::Date,
        Out::Time => SqlType::Time,
        Out::Timestamp => SqlType::Timestamp,
        Out::Binary => SqlType::Varbinary(None),
        Out::First => first.cloned().unwrap_or(SqlType::Null),
    }
}

/// The result's type, for people.
pub(crate) fn result_name(form: &Form) -> String {
    match (form.out, form.params.first()) {
        (Out::First, Some(first)) => format!("the same {}", name(*first)),
        _ => result(form, None).to_string(),
    }
}

/// The kernel of a form whose first argument, after its conversion, has that type.
pub(crate) fn kernel(form: &Form, first: Option<&SqlType>) -> String {
    match first.and_then(SqlType::kind) {
        Some(kind) => form.kernel.replace("{}", kind.name()),
        None => form.kernel.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::registry;
    use weir_functions::catalog::Shape;

    /// Types that arguments of a class may have after their conversion.
    fn targets(param: Param) -> Vec<SqlType> {
        match param {
            Param::Float => vec![SqlType::Real, SqlType::Double],
            other => vec![target(other, &SqlType::Null)],
        }
    }

    #[test]
    fn every_form_has_its_kernel() {
        for f in registry() {
            let Shape::Forms(forms) = f.shape else { continue };
            for form in forms {
                let firsts = form.params.first().map_or(vec![SqlType::Null], |p| targets(*p));
                for first in &firsts {
                    let name = kernel(form, Some(first));
                    let kernel =
                        weir_functions::find(&name).unwrap_or_else(|| panic!("{}: no kernel {name}", f.names[0]));
                    assert_eq!(kernel.params.len(), form.params.len(), "{name}");
                    for (i, (param, expected)) in form.params.iter().zip(kernel.params).enumerate() {
                        let given = if i == 0 { first.clone() } else { target(*param, first) };
                        assert_eq!(given.kind(), Some(*expected), "{name}");
                    }
                    assert_eq!(result(form, Some(first)).kind(), Some(kernel.result), "{name}");
                }
            }
        }
    }
}
