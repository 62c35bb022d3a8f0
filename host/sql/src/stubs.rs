//! What the author of functions in Rust is given: their declarations, in the types of `weir-udf`.

use std::fmt::Write;
use weir_circuit::{Circuit, UserFunction};
use weir_row::{ColumnType, SqlType};

/// Most fields of a row that a function in Rust may take or return: as many as `weir-udf` has tuples for.
const FIELDS_MAX: usize = 20;

/// Words of Rust that cannot name a function or a parameter as they are.
const KEYWORDS: &[&str] = &[
    "as", "async", "await", "break", "const", "continue", "dyn", "else", "enum", "extern", "false", "fn", "for", "if",
    "impl", "in", "let", "loop", "match", "mod", "move", "mut", "pub", "ref", "return", "static", "struct", "trait",
    "true", "type", "unsafe", "use", "where", "while", "abstract", "become", "box", "do", "final", "gen", "macro",
    "override", "priv", "try", "typeof", "unsized", "virtual", "yield",
];

/// Whether a name can be that of a function in Rust.
pub(crate) fn is_identifier(name: &str) -> bool {
    let letters = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let first = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    letters && first && name != "_" && !["self", "super", "crate", "Self"].contains(&name) && !KEYWORDS.contains(&name)
}

/// The Rust type of a SQL type; or why there is none.
pub(crate) fn rust_type(ty: &ColumnType) -> Result<String, String> {
    let plain = match &ty.sql {
        SqlType::Null => return Ok("()".to_owned()),
        SqlType::Boolean => "bool".to_owned(),
        SqlType::TinyInt => "i8".to_owned(),
        SqlType::SmallInt => "i16".to_owned(),
        SqlType::Integer => "i32".to_owned(),
        SqlType::BigInt => "i64".to_owned(),
        SqlType::UTinyInt => "u8".to_owned(),
        SqlType::USmallInt => "u16".to_owned(),
        SqlType::UInteger => "u32".to_owned(),
        SqlType::UBigInt => "u64".to_owned(),
        SqlType::Decimal { precision, scale } => format!("SqlDecimal<{precision}, {scale}>"),
        SqlType::Real => "F32".to_owned(),
        SqlType::Double => "F64".to_owned(),
        SqlType::Char(_) | SqlType::Varchar(_) => "SqlString".to_owned(),
        SqlType::Binary(_) | SqlType::Varbinary(_) => "ByteArray".to_owned(),
        SqlType::Date => "Date".to_owned(),
        SqlType::Time => "Time".to_owned(),
        SqlType::Timestamp => "Timestamp".to_owned(),
        SqlType::TimestampTz => "TimestampTz".to_owned(),
        SqlType::IntervalMicros(_) => "ShortInterval".to_owned(),
        SqlType::IntervalMonths(_) => "LongInterval".to_owned(),
        SqlType::Uuid => "Uuid".to_owned(),
        SqlType::Variant => "Variant".to_owned(),
        SqlType::Array(element) => format!("Array<{}>", part(element, true)?),
        SqlType::Map(key, value) => format!("Map<{}, {}>", part(key, false)?, part(value, true)?),
        SqlType::Row(row) if row.fields.len() > FIELDS_MAX => {
            return Err(format!(
                "functions in Rust take rows of at most {FIELDS_MAX} fields, but this has {}",
                row.fields.len()
            ));
        }
        SqlType::Row(row) => {
            let fields = row.fields.iter().map(|(_, ty)| rust_type(ty)).collect::<Result<Vec<_>, _>>()?;
            format!("Tup{}<{}>", fields.len(), fields.join(", "))
        }
    };
    Ok(if ty.nullable { format!("Option<{plain}>") } else { plain })
}

fn part(sql: &SqlType, nullable: bool) -> Result<String, String> {
    rust_type(&ColumnType { sql: sql.clone(), nullable })
}

/// A type that was checked when the function was declared.
fn checked(ty: &ColumnType) -> String {
    rust_type(ty).unwrap_or_else(|_| "()".to_owned())
}

/// The names of a function's parameters in Rust.
fn parameters(function: &UserFunction) -> Vec<String> {
    let name = |(i, (name, _)): (usize, &(String, ColumnType))| match name.as_str() {
        n if is_identifier(n) => n.to_owned(),
        n if KEYWORDS.contains(&n) => format!("r#{n}"),
        _ => format!("p{i}"),
    };
    function.params.iter().enumerate().map(name).collect()
}

/// The module that stands between the program and `udf.rs`: a declaration of each function, which the author copies to begin with. It is
/// compiled with the program, so that a body of another signature is an error that names both. Empty if no function is in Rust.
pub(crate) fn stubs(circuit: &Circuit) -> String {
    if circuit.functions.is_empty() {
        return String::new();
    }
    let mut out = String::from(
        "// Written by Weir: the functions that the SQL program leaves to udf.rs. Copy the declarations there, and give them bodies.\n\
         #![allow(non_snake_case, non_camel_case_types, unused_imports)]\n\
         use crate::udf;\nuse weir_udf::*;\n",
    );
    for function in &circuit.functions {
        let UserFunction { name, result, .. } = function;
        let names = parameters(function);
        let typed: Vec<String> =
            names.iter().zip(&function.params).map(|(n, (_, ty))| format!("{n}: {}", checked(ty))).collect();
        let (typed, names, result) = (typed.join(", "), names.join(", "), checked(result));
        if function.aggregate {
            // The group is of any type that can be added; the result may be an Option, a Result, or neither.
            let plain = checked(&ColumnType::not_null(function.result.sql.clone()));
            let _ = write!(
                out,
                "\npub type {name}_accumulator_type = udf::{name}_accumulator_type;\n\
                 pub fn {name}_map({typed}) -> {name}_accumulator_type {{\n    udf::{name}_map({names})\n}}\n\
                 pub fn {name}_post(accumulator: {name}_accumulator_type) -> Result<{result}, Box<dyn std::error::Error>> {{\n    \
                 Finished::<{plain}>::finished(udf::{name}_post(accumulator))\n}}\n",
            );
        } else {
            let _ = write!(
                out,
                "\npub fn {name}({typed}) -> Result<{result}, Box<dyn std::error::Error>> {{\n    Ok(udf::{name}({names})?)\n}}\n",
            );
        }
    }
    out
}
