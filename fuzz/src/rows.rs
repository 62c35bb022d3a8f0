//! Rows as words and items as bytes, as they come from a component that may lie.

use weir_row::{ColumnType, IntervalFields, Item, Layout, SortLayout, SqlType, View, item};

/// Every kind of type.
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
        SqlType::Varchar(None),
        SqlType::Date,
        SqlType::Time,
        SqlType::Timestamp,
        SqlType::TimestampTz,
        SqlType::Varbinary(None),
        SqlType::Uuid,
        SqlType::Array(Box::new(SqlType::Integer)),
        SqlType::Map(Box::new(SqlType::Varchar(None)), Box::new(SqlType::Double)),
        SqlType::Variant,
        SqlType::IntervalMonths(IntervalFields::YEAR_TO_MONTH),
        SqlType::IntervalMicros(IntervalFields::DAY_TO_SECOND),
    ]
}

/// A number of columns, a byte for the type of each, and words: what a layout says to be a row is decoded, and encodes to the same words.
///
/// # Panics
/// If that is not so.
pub fn rows(data: &[u8]) {
    let Some((count, rest)) = data.split_first() else { return };
    let count = usize::from(*count % 5).min(rest.len());
    let (chosen, rest) = rest.split_at(count);
    let all = types();
    let column = |b: &u8| ColumnType { sql: all[usize::from(*b) % all.len()].clone(), nullable: b & 0x80 != 0 };
    let columns: Vec<ColumnType> = chosen.iter().map(column).collect();
    let words: Vec<u64> = rest.as_chunks::<8>().0.iter().map(|c| u64::from_le_bytes(*c)).collect();
    let layout = Layout::new(&columns);
    if let Ok(values) = layout.decode(&words) {
        let mut again = vec![];
        assert_eq!(layout.encode(&values, &mut again), Ok(()), "{columns:?}: {values:?}");
        assert_eq!(again, words, "{columns:?}: {values:?}");
    }
    let layout = SortLayout::ascending(&columns);
    if let Ok(values) = layout.decode(&words) {
        let mut again = vec![];
        assert_eq!(layout.encode(&values, &mut again), Ok(()), "{columns:?}: {values:?}");
        assert_eq!(again, words, "{columns:?}: {values:?}");
    }
}

/// Everything in an item.
fn walk(of: Item<'_>) -> usize {
    match of.view() {
        View::Array(items) | View::Row(items) | View::Map(items) => items.map(walk).sum::<usize>() + 1,
        _ => 1,
    }
}

/// Bytes: if they are said to be an item, all of it can be looked at.
pub fn items(data: &[u8]) {
    if item::validate(data) {
        walk(Item::new(data));
    }
}
