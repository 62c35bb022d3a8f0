//! Values as JSON, for the tools that other databases are compared with.

use serde_json::{Value as Json, json};
use weir_functions::forms;
use weir_row::{Item, ItemWriter, SqlType, Value, View};

/// A value of a request: whole numbers of a type's units (decimals: text), floats and texts as they are, arrays as lists.
pub fn read(from: &Json, sql: &SqlType) -> Value {
    let whole = || from.as_i64().unwrap();
    match sql {
        _ if from.is_null() => Value::Null,
        SqlType::Boolean => Value::Bool(from.as_bool().unwrap()),
        SqlType::TinyInt => Value::I8(whole().try_into().unwrap()),
        SqlType::SmallInt => Value::I16(whole().try_into().unwrap()),
        SqlType::Integer => Value::I32(whole().try_into().unwrap()),
        SqlType::BigInt => Value::I64(whole()),
        SqlType::Decimal { .. } => Value::Dec(from.as_str().unwrap().parse().unwrap()),
        SqlType::Real => Value::F32(from.as_str().unwrap().parse().unwrap()),
        SqlType::Double => Value::F64(from.as_str().unwrap().parse().unwrap()),
        SqlType::Date => Value::Date(whole().try_into().unwrap()),
        SqlType::Time => Value::Time(whole()),
        SqlType::Timestamp => Value::Ts(whole()),
        SqlType::Char(_) | SqlType::Varchar(_) => Value::text(from.as_str().unwrap()),
        SqlType::Binary(_) | SqlType::Varbinary(_) => {
            let hex = from.as_str().unwrap();
            let byte = |i: usize| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap();
            Value::Bytes((0..hex.len() / 2).map(byte).collect::<Vec<u8>>().into())
        }
        SqlType::Array(element) => {
            let mut out = ItemWriter::new();
            out.begin_array();
            for x in from.as_array().unwrap() {
                out.value((&read(x, element)).into(), element.scale());
            }
            out.end();
            Value::Item(out.finish().into())
        }
        other => panic!("no values of {other} in requests"),
    }
}

/// A value of an answer: booleans and whole numbers as they are, what has a fraction or a calendar as text.
pub fn show(value: &Value, sql: &SqlType) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(b) => json!(b),
        Value::I8(x) => json!(x),
        Value::I16(x) => json!(x),
        Value::I32(x) => json!(x),
        Value::I64(x) => json!(x),
        Value::U8(x) => json!(x),
        Value::U16(x) => json!(x),
        Value::U32(x) => json!(x),
        Value::U64(x) => json!(x),
        Value::Dec(units) => json!(forms::decimal(*units, i32::from(sql.scale()))),
        Value::F32(x) => json!(forms::double(f64::from(*x))),
        Value::F64(x) => json!(forms::double(*x)),
        Value::Text(s) => json!(&**s),
        Value::Date(x) => json!(forms::date(*x)),
        Value::Time(x) => json!(forms::time(*x)),
        Value::Ts(x) | Value::Tz(x) => json!(forms::timestamp(*x)),
        Value::Uuid(x) => json!(forms::uuid(*x)),
        Value::Bytes(bytes) => json!(forms::hex(bytes)),
        Value::Item(bytes) => item(Item::new(bytes)),
        Value::Months(_) | Value::Micros(_) => json!(format!("{value:?}")),
    }
}

fn item(of: Item<'_>) -> Json {
    match of.view() {
        View::Null | View::VariantNull => Json::Null,
        View::Array(items) | View::Row(items) | View::Map(items) => items.map(item).collect(),
        View::Bool(b) => json!(b),
        _ => json!(forms::item_text(of).unwrap_or_default()),
    }
}
