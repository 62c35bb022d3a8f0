//! Types and values at random, of every type.
#![allow(unreachable_pub, missing_docs, reason = "a part of the tests")]

use proptest::collection::vec;
use proptest::prelude::*;
use weir_row::{ColumnType, Item, ItemWriter, MapDraft, RowType, SqlType, Value, ValueRef};

pub fn row_type(fields: &[(&str, SqlType, bool)]) -> SqlType {
    let field = |(name, sql, nullable): &(&str, SqlType, bool)| {
        ((*name).to_owned(), ColumnType { sql: sql.clone(), nullable: *nullable })
    };
    SqlType::Row(RowType { name: None, fields: fields.iter().map(field).collect() })
}

pub fn array(of: SqlType) -> SqlType {
    SqlType::Array(Box::new(of))
}

pub fn map(key: SqlType, value: SqlType) -> SqlType {
    SqlType::Map(Box::new(key), Box::new(value))
}

fn scalar_type() -> impl Strategy<Value = SqlType> {
    prop::sample::select(vec![
        SqlType::Boolean,
        SqlType::TinyInt,
        SqlType::SmallInt,
        SqlType::Integer,
        SqlType::BigInt,
        SqlType::UTinyInt,
        SqlType::USmallInt,
        SqlType::UInteger,
        SqlType::UBigInt,
        SqlType::Decimal { precision: 9, scale: 2 },
        SqlType::Decimal { precision: 38, scale: 0 },
        SqlType::Decimal { precision: 38, scale: 38 },
        SqlType::Real,
        SqlType::Double,
        SqlType::Char(3),
        SqlType::Varchar(None),
        SqlType::Date,
        SqlType::Time,
        SqlType::Timestamp,
        SqlType::TimestampTz,
        SqlType::Binary(4),
        SqlType::Varbinary(None),
        SqlType::Uuid,
    ])
}

fn key_type() -> impl Strategy<Value = SqlType> {
    prop_oneof![6 => scalar_type(), 1 => scalar_type().prop_map(array)]
}

/// Any type of a column.
pub fn any_type() -> impl Strategy<Value = SqlType> {
    prop_oneof![4 => scalar_type(), 1 => Just(SqlType::Variant)].prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(array),
            (key_type(), inner.clone()).prop_map(|(k, v)| map(k, v)),
            vec((inner, any::<bool>()), 1..4).prop_map(|fields| {
                let names = ["a", "B b", "c\"é"];
                row_type(
                    &fields.into_iter().zip(names).map(|((sql, null), name)| (name, sql, null)).collect::<Vec<_>>(),
                )
            }),
        ]
    })
}

/// A value of a type that is not NULL, as an item. Its parts are NULL where they may be. Milliseconds are whole: some flavors have no more.
fn item(sql: &SqlType) -> BoxedStrategy<Vec<u8>> {
    let scale = sql.scale();
    let one = move |value: Value| {
        let mut out = ItemWriter::new();
        out.value(ValueRef::from(&value), scale);
        out.finish()
    };
    let or_null = |sql: &SqlType| prop_oneof![1 => Just(Item::NULL.bytes().to_vec()), 5 => item(sql)].boxed();
    let put = |out: &mut ItemWriter, bytes: &[u8]| out.item(Item::new(bytes));
    match sql {
        SqlType::Array(of) => vec(or_null(of), 0..4)
            .prop_map(move |items| {
                let mut out = ItemWriter::new();
                out.begin_array();
                items.iter().for_each(|i| put(&mut out, i));
                out.end();
                out.finish()
            })
            .boxed(),
        SqlType::Map(key, of) => vec((item(key), or_null(of)), 0..4)
            .prop_map(move |entries| {
                let mut out = ItemWriter::new();
                let mut map = MapDraft::begin(&mut out);
                for (key, value) in &entries {
                    map.key(&out);
                    put(&mut out, key);
                    map.value(&out);
                    put(&mut out, value);
                }
                map.end(&mut out);
                out.finish()
            })
            .boxed(),
        SqlType::Row(row) => row
            .fields
            .iter()
            .map(|(_, ty)| if ty.nullable { or_null(&ty.sql) } else { item(&ty.sql) })
            .collect::<Vec<_>>()
            .prop_map(move |fields| {
                let mut out = ItemWriter::new();
                out.begin_row();
                fields.iter().for_each(|i| put(&mut out, i));
                out.end();
                out.finish()
            })
            .boxed(),
        // What JSON makes of JSON.
        SqlType::Variant => {
            "(\\{\"b\":[0-9]{1,30},\"a\":\\[-1.25,\"x\",\\{\\}\\]\\}|\"[a-z\\\\]?n?\"|[1-9][0-9]{0,3}|-[1-9]\\.5|true)"
                .prop_filter_map("JSON", |text| {
                    let mut out = ItemWriter::new();
                    weir_functions::forms::read_json(&text, 5, &mut out).ok().map(|()| out.finish())
                })
                .boxed()
        }
        SqlType::Boolean => any::<bool>().prop_map(move |v| one(Value::Bool(v))).boxed(),
        SqlType::TinyInt => any::<i8>().prop_map(move |v| one(Value::I8(v))).boxed(),
        SqlType::SmallInt => any::<i16>().prop_map(move |v| one(Value::I16(v))).boxed(),
        SqlType::Integer => any::<i32>().prop_map(move |v| one(Value::I32(v))).boxed(),
        SqlType::BigInt => any::<i64>().prop_map(move |v| one(Value::I64(v))).boxed(),
        SqlType::UTinyInt => any::<u8>().prop_map(move |v| one(Value::U8(v))).boxed(),
        SqlType::USmallInt => any::<u16>().prop_map(move |v| one(Value::U16(v))).boxed(),
        SqlType::UInteger => any::<u32>().prop_map(move |v| one(Value::U32(v))).boxed(),
        SqlType::UBigInt => any::<u64>().prop_map(move |v| one(Value::U64(v))).boxed(),
        SqlType::Decimal { precision, .. } => {
            let max = 10i128.pow((*precision).into()) - 1;
            prop_oneof![Just(max), Just(-max), Just(0), -9_999i128..9_999, -max..max]
                .prop_map(move |v| one(Value::Dec(v)))
                .boxed()
        }
        SqlType::Real => any::<f32>().prop_map(move |v| one(Value::F32(v))).boxed(),
        SqlType::Double => any::<f64>().prop_map(move |v| one(Value::F64(v))).boxed(),
        SqlType::Date => (-719_162..=2_932_896).prop_map(move |v| one(Value::Date(v))).boxed(),
        SqlType::Time => (0..86_400_000i64).prop_map(move |v| one(Value::Time(v * 1_000_000))).boxed(),
        SqlType::Timestamp => {
            (-62_135_596_800_000i64..=253_402_300_799_999).prop_map(move |v| one(Value::Ts(v * 1_000))).boxed()
        }
        SqlType::TimestampTz => {
            (-62_135_596_800_000i64..=253_402_300_799_999).prop_map(move |v| one(Value::Tz(v * 1_000))).boxed()
        }
        SqlType::Uuid => any::<u128>().prop_map(move |v| one(Value::Uuid(v))).boxed(),
        SqlType::Binary(_) | SqlType::Varbinary(_) => {
            vec(any::<u8>(), 0..9).prop_map(move |v| one(Value::Bytes(v.into()))).boxed()
        }
        _ => {
            prop_oneof!["[a-c\",\n \\\\0]{0,4}", any::<String>()].prop_map(move |v| one(Value::Text(v.into()))).boxed()
        }
    }
}

/// A column's value of an item.
fn column_value(sql: &SqlType, bytes: &[u8]) -> Value {
    let item = Item::new(bytes);
    if matches!(sql, SqlType::Array(_) | SqlType::Map(..) | SqlType::Row(_) | SqlType::Variant) {
        return Value::Item(bytes.into());
    }
    item.view().scalar(sql.scale()).unwrap().to_value()
}

/// A column of any type with a value of it.
pub fn typed_value() -> impl Strategy<Value = (ColumnType, Value)> {
    (any_type(), any::<bool>()).prop_flat_map(|(sql, nullable)| {
        let ty = ColumnType { sql, nullable };
        value_of(&ty).prop_map(move |value| (ty.clone(), value))
    })
}

/// A value of a type.
pub fn value_of(ty: &ColumnType) -> impl Strategy<Value = Value> + use<> {
    let of = ty.sql.clone();
    let some = item(&ty.sql).prop_map(move |bytes| column_value(&of, &bytes));
    if ty.nullable { prop_oneof![1 => Just(Value::Null), 6 => some].boxed() } else { some.boxed() }
}
