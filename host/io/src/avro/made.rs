//! Schemas made of columns.

use super::schema::is_name;
use serde_json::{Value as Json, json};
use weir_circuit::Column;
use weir_row::{ColumnType, SqlType};

/// The schema of some columns. `Err`: a name that Avro does not have.
pub(crate) fn of_columns<'c>(
    name: &str,
    namespace: Option<&str>,
    columns: impl Iterator<Item = &'c Column>,
) -> Result<Json, String> {
    let mut fields = Vec::new();
    for column in columns {
        if !is_name(&column.name) {
            return Err(format!("column '{}' has a name that Avro does not have", column.name));
        }
        fields.push(field(&column.name, &column.ty, &format!("{name}_{}", column.name))?);
    }
    let mut record = json!({"type": "record", "name": name, "fields": fields});
    if let Some(namespace) = namespace {
        record["namespace"] = namespace.into();
    }
    Ok(record)
}

fn field(name: &str, ty: &ColumnType, path: &str) -> Result<Json, String> {
    let of = of_type(&ty.sql, path)?;
    Ok(match ty.nullable {
        true => json!({"name": name, "type": ["null", of], "default": null}),
        false => json!({"name": name, "type": of}),
    })
}

/// `path`: what a record here is called, since names are unique.
fn of_type(sql: &SqlType, path: &str) -> Result<Json, String> {
    let logical = |of: &str, name: &str| json!({"type": of, "logicalType": name});
    let decimal = |precision: u8, scale: u8| json!({"type": "bytes", "logicalType": "decimal", "precision": precision, "scale": scale});
    let part = |of: &SqlType, name: &str| Ok::<_, String>(json!(["null", of_type(of, &format!("{path}_{name}"))?]));
    Ok(match sql {
        SqlType::Null => json!("null"),
        SqlType::Boolean => json!("boolean"),
        SqlType::TinyInt | SqlType::SmallInt | SqlType::Integer | SqlType::UTinyInt | SqlType::USmallInt => {
            json!("int")
        }
        SqlType::BigInt | SqlType::UInteger => json!("long"),
        // Avro has no numbers of 64 bits without a sign.
        SqlType::UBigInt => decimal(20, 0),
        SqlType::Decimal { precision, scale } => decimal(*precision, *scale),
        SqlType::Real => json!("float"),
        SqlType::Double => json!("double"),
        SqlType::Char(_) | SqlType::Varchar(_) | SqlType::Variant => json!("string"),
        SqlType::Date => logical("int", "date"),
        SqlType::Time => logical("long", "time-micros"),
        SqlType::Timestamp | SqlType::TimestampTz => logical("long", "timestamp-micros"),
        SqlType::Binary(_) | SqlType::Varbinary(_) => json!("bytes"),
        SqlType::Uuid => logical("string", "uuid"),
        SqlType::Array(of) => json!({"type": "array", "items": part(of, "item")?}),
        SqlType::Map(_, of) => json!({"type": "map", "values": part(of, "value")?}),
        SqlType::Row(row) => {
            let mut fields = Vec::new();
            for (name, ty) in &row.fields {
                if !is_name(name) {
                    return Err(format!("the field '{name}' has a name that Avro does not have"));
                }
                fields.push(field(name, ty, &format!("{path}_{name}"))?);
            }
            json!({"type": "record", "name": path, "fields": fields})
        }
        SqlType::IntervalMonths(_) | SqlType::IntervalMicros(_) => return Err("intervals have no form in Avro".into()),
    })
}
