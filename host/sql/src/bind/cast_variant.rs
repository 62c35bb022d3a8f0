//! CAST from VARIANT: never a run-time error, NULL where a value does not convert.

use super::cast::Conversion;
use super::composite::{boxed, lambda, pack, parameter, sequence, unless_null};
use crate::expr::{int, null, text};
use weir_circuit::Expr;
use weir_row::{ColumnType, SqlType};

/// A VARIANT as a value of another type, if there is such a conversion.
pub(super) fn cast(by: Conversion, e: Expr, to: &SqlType) -> Option<Expr> {
    let nullable = |e: Expr| Expr { ty: ColumnType::nullable(to.clone()), ..e };
    let converted = match to {
        SqlType::Decimal { precision, scale } => {
            by.call("variant_to_dec", vec![e, int(i32::from(*precision)), int(i32::from(*scale))], to.clone())
        }
        SqlType::IntervalMonths(fields) | SqlType::IntervalMicros(fields) => {
            let name = format!("variant_to_{}", to.kind()?.name());
            by.call(&name, vec![e, int(fields.first as i32), int(fields.last as i32)], to.clone())
        }
        SqlType::Char(_) | SqlType::Varchar(_) => {
            let shown = by.call("variant_to_text", vec![e], SqlType::Varchar(None));
            by.convert(shown, to)?
        }
        SqlType::Binary(_) | SqlType::Varbinary(_) => {
            let bytes = by.call("variant_to_bytes", vec![e], SqlType::Varbinary(None));
            by.convert(bytes, to)?
        }
        SqlType::Array(element) => elements(by, by.call("variant_array", vec![e], SqlType::Variant), element)?,
        SqlType::Map(key, value) => {
            let map = by.call("variant_map_of", vec![e], SqlType::Variant);
            let part = |name: &str| by.call(name, vec![map.clone()], SqlType::Variant);
            let (keys, values) = (elements(by, part("map_keys"), key)?, elements(by, part("map_values"), value)?);
            by.call("map_zip", vec![keys, values], to.clone())
        }
        SqlType::Row(row) => {
            let map = by.call("variant_map_of", vec![e], SqlType::Variant);
            let mut fields = vec![];
            for (name, ty) in &row.fields {
                let field = by.call("variant_field", vec![map.clone(), boxed(text(name))], SqlType::Variant);
                fields.push(by.convert(field, &ty.sql)?);
            }
            unless_null(map, sequence(fields, to.clone(), by.at))
        }
        SqlType::Null => null(SqlType::Null),
        scalar => by.call(&format!("variant_to_{}", scalar.kind()?.name()), vec![e], to.clone()),
    };
    Some(nullable(converted))
}

/// The elements of an array of VARIANTs converted; NULL if one does not convert.
fn elements(by: Conversion, array: Expr, to: &SqlType) -> Option<Expr> {
    if *to == SqlType::Variant {
        return Some(array);
    }
    let of_pairs = SqlType::Array(Box::new(SqlType::Variant));
    let pair = sequence(vec![parameter(0), by.convert(parameter(0), to)?], of_pairs, by.at);
    let pairs = lambda("transform", array, pack(pair), SqlType::Variant, by.at);
    Some(by.call("all_converted", vec![pairs], SqlType::Array(Box::new(to.clone()))))
}
