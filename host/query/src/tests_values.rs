//! Columns and rows of every type at random.
#![allow(clippy::unwrap_used, reason = "a test that unwraps says where it failed")]

use proptest::prelude::*;
use weir_circuit::Column;
use weir_row::{ColumnType, Item, ItemWriter, RowType, SqlType, Value};

/// Every type that a table can have.
fn types() -> Vec<SqlType> {
    vec![
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
        SqlType::Decimal { precision: 38, scale: 10 },
        SqlType::Real,
        SqlType::Double,
        SqlType::Char(3),
        SqlType::Varchar(None),
        SqlType::Date,
        SqlType::Time,
        SqlType::Timestamp,
        SqlType::TimestampTz,
        SqlType::Varbinary(None),
        SqlType::Uuid,
        SqlType::Variant,
        SqlType::Array(Box::new(SqlType::Double)),
        SqlType::Map(Box::new(SqlType::Varchar(None)), Box::new(SqlType::Array(Box::new(SqlType::Uuid)))),
        SqlType::Map(Box::new(SqlType::Integer), Box::new(SqlType::Date)),
        SqlType::Row(RowType {
            name: None,
            fields: vec![
                ("x".into(), ColumnType::not_null(SqlType::Decimal { precision: 9, scale: 2 })),
                ("Y".into(), ColumnType::nullable(SqlType::Array(Box::new(SqlType::Boolean)))),
            ],
        }),
    ]
}

/// All types, each once as it is and once nullable.
pub(crate) fn columns() -> Vec<Column> {
    let column = |i: usize, sql: SqlType, nullable| Column {
        name: format!("c{i}{}", if nullable { "n" } else { "" }),
        case_sensitive: false,
        ty: ColumnType { sql, nullable },
        default: None,
    };
    let each = |(i, sql): (usize, SqlType)| [column(i, sql.clone(), false), column(i, sql, true)];
    types().into_iter().enumerate().flat_map(each).collect()
}

fn value(column: &Column) -> BoxedStrategy<Value> {
    let some = match column.ty.sql.clone() {
        SqlType::Boolean => any::<bool>().prop_map(Value::Bool).boxed(),
        SqlType::TinyInt => any::<i8>().prop_map(Value::I8).boxed(),
        SqlType::SmallInt => any::<i16>().prop_map(Value::I16).boxed(),
        SqlType::Integer => any::<i32>().prop_map(Value::I32).boxed(),
        SqlType::BigInt => {
            prop_oneof![any::<i64>(), Just(i64::MIN), Just(i64::MIN + 1), Just(i64::MAX)].prop_map(Value::I64).boxed()
        }
        SqlType::UTinyInt => any::<u8>().prop_map(Value::U8).boxed(),
        SqlType::USmallInt => any::<u16>().prop_map(Value::U16).boxed(),
        SqlType::UInteger => any::<u32>().prop_map(Value::U32).boxed(),
        SqlType::UBigInt => prop_oneof![any::<u64>(), 0..3u64].prop_map(Value::U64).boxed(),
        SqlType::Decimal { precision, .. } => {
            let max = 10i128.pow(u32::from(precision)) - 1;
            prop_oneof![-max..=max, -100..100i128].prop_map(Value::Dec).boxed()
        }
        SqlType::Real => any::<f32>().prop_map(Value::F32).boxed(),
        SqlType::Double => any::<f64>().prop_map(Value::F64).boxed(),
        SqlType::Char(_) => "[a-z]{3}".prop_map(|s| Value::text(&s)).boxed(),
        SqlType::Date => (-719_162..=2_932_896).prop_map(Value::Date).boxed(),
        SqlType::Time => (0..86_400_000_000_000i64).prop_map(Value::Time).boxed(),
        SqlType::Timestamp => (-62_135_596_800_000_000..253_402_300_800_000_000i64).prop_map(Value::Ts).boxed(),
        SqlType::TimestampTz => (-62_135_596_800_000_000..253_402_300_800_000_000i64).prop_map(Value::Tz).boxed(),
        SqlType::Varbinary(_) => prop::collection::vec(any::<u8>(), 0..9).prop_map(|b| Value::Bytes(b.into())).boxed(),
        SqlType::Uuid => any::<u128>().prop_map(Value::Uuid).boxed(),
        sql @ (SqlType::Variant | SqlType::Array(_) | SqlType::Map(..) | SqlType::Row(_)) => {
            item(&sql).prop_map(|b| Value::Item(b.into())).boxed()
        }
        _ => any::<String>().prop_map(|s| Value::text(&s)).boxed(),
    };
    if column.ty.nullable { prop_oneof![4 => some, 1 => Just(Value::Null)].boxed() } else { some }
}

/// A value of a type as an item, its parts NULL where they may be.
fn item(sql: &SqlType) -> BoxedStrategy<Vec<u8>> {
    let part = |sql: &SqlType, nullable: bool| {
        let some = item(sql);
        if nullable { prop_oneof![4 => some, 1 => Just(Item::NULL.bytes().to_vec())].boxed() } else { some }
    };
    let list = |begin: fn(&mut ItemWriter), items: &[Vec<u8>]| {
        let mut out = ItemWriter::new();
        begin(&mut out);
        items.iter().for_each(|i| out.item(Item::new(i)));
        out.end();
        out.finish()
    };
    match sql {
        SqlType::Variant => "(\\[1,\"[a-z]?\"\\]|\\{\"a\":[1-9]\\.5\\}|true|\"x\"|7)"
            .prop_map(|text| {
                let mut out = ItemWriter::new();
                weir_functions::forms::read_json(&text, 5, &mut out).unwrap();
                out.finish()
            })
            .boxed(),
        SqlType::Array(of) => {
            prop::collection::vec(part(of, true), 0..4).prop_map(move |v| list(ItemWriter::begin_array, &v)).boxed()
        }
        SqlType::Map(key, of) => prop::collection::btree_map(item(key), part(of, true), 0..4)
            .prop_map(move |m| {
                list(ItemWriter::begin_map, &m.into_iter().flat_map(|(k, v)| [k, v]).collect::<Vec<_>>())
            })
            .boxed(),
        SqlType::Row(row) => row
            .fields
            .iter()
            .map(|(_, ty)| part(&ty.sql, ty.nullable))
            .collect::<Vec<_>>()
            .prop_map(move |v| list(ItemWriter::begin_row, &v))
            .boxed(),
        sql => {
            let scale = sql.scale();
            let column = Column {
                name: String::new(),
                case_sensitive: false,
                ty: ColumnType::not_null(sql.clone()),
                default: None,
            };
            value(&column)
                .prop_map(move |v| {
                    let mut out = ItemWriter::new();
                    out.value((&v).into(), scale);
                    out.finish()
                })
                .boxed()
        }
    }
}

pub(crate) fn rows() -> impl Strategy<Value = Vec<(Vec<Value>, i64)>> {
    let row: Vec<_> = columns().iter().map(value).collect();
    prop::collection::vec((row, 1..4i64), 0..12)
}
