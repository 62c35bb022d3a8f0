//! Properties of encodings, layouts and blocks, for random types and values.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use proptest::collection::vec;
use proptest::prelude::*;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use weir_row::{
    Block, ColumnType, IntervalFields, ItemWriter, Layout, Merge, Order, RowDraft, RowWriter, SortLayout, SqlType,
    ToSort, Value, ValueRef, sort_consolidate, sort_scattered,
};

/// Every scalar type, decimals of one and of two words.
fn sql_type() -> impl Strategy<Value = SqlType> {
    prop_oneof![
        Just(SqlType::Boolean),
        Just(SqlType::TinyInt),
        Just(SqlType::SmallInt),
        Just(SqlType::Integer),
        Just(SqlType::BigInt),
        Just(SqlType::UTinyInt),
        Just(SqlType::USmallInt),
        Just(SqlType::UInteger),
        Just(SqlType::UBigInt),
        (1u8..=38).prop_map(|precision| SqlType::Decimal { precision, scale: 0 }),
        Just(SqlType::Real),
        Just(SqlType::Double),
        Just(SqlType::Varchar(None)),
        Just(SqlType::Date),
        Just(SqlType::Time),
        Just(SqlType::Timestamp),
        Just(SqlType::IntervalMonths(IntervalFields::YEAR_TO_MONTH)),
        Just(SqlType::IntervalMicros(IntervalFields::DAY_TO_SECOND)),
        Just(SqlType::TimestampTz),
        Just(SqlType::Varbinary(None)),
        Just(SqlType::Uuid),
        Just(SqlType::Variant),
    ]
}

fn column() -> impl Strategy<Value = ColumnType> {
    (sql_type(), any::<bool>()).prop_map(|(sql, nullable)| ColumnType { sql, nullable })
}

/// Integers near the ends and near zero more often than others.
fn edgy(min: i128, max: i128) -> BoxedStrategy<i128> {
    prop_oneof![
        Just(min),
        Just(min + 1),
        Just((min + 2).min(max)),
        Just(max),
        (-3i128..=3).prop_map(move |v| v.clamp(min, max)),
        min..=max
    ]
    .boxed()
}

/// Strings that share beginnings, with bytes of all lengths and zero bytes.
fn string() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => vec(prop_oneof![Just("a"), Just("\0"), Just("é"), Just("😀"), Just("ab")], 0..12).prop_map(|v| v.concat()),
        1 => (0usize..40).prop_map(|n| "x".repeat(n)),
        1 => any::<String>(),
    ]
}

fn not_null(sql: &SqlType) -> BoxedStrategy<Value> {
    match sql {
        SqlType::Null => Just(Value::Null).boxed(),
        SqlType::Boolean => any::<bool>().prop_map(Value::Bool).boxed(),
        SqlType::TinyInt => any::<i8>().prop_map(Value::I8).boxed(),
        SqlType::SmallInt => any::<i16>().prop_map(Value::I16).boxed(),
        SqlType::Integer => edgy(i32::MIN.into(), i32::MAX.into()).prop_map(|v| Value::I32(v as i32)).boxed(),
        SqlType::BigInt => edgy(i64::MIN.into(), i64::MAX.into()).prop_map(|v| Value::I64(v as i64)).boxed(),
        SqlType::UTinyInt => any::<u8>().prop_map(Value::U8).boxed(),
        SqlType::USmallInt => any::<u16>().prop_map(Value::U16).boxed(),
        SqlType::UInteger => any::<u32>().prop_map(Value::U32).boxed(),
        SqlType::UBigInt => edgy(0, u64::MAX.into()).prop_map(|v| Value::U64(v as u64)).boxed(),
        SqlType::Decimal { precision, .. } => {
            let max = 10i128.pow((*precision).into()) - 1;
            edgy(-max, max).prop_map(Value::Dec).boxed()
        }
        SqlType::Real => prop_oneof![any::<f32>(), Just(0.0), Just(-0.0), Just(f32::NAN), Just(-f32::NAN)]
            .prop_map(Value::F32)
            .boxed(),
        SqlType::Double => {
            prop_oneof![any::<f64>(), Just(0.0), Just(-0.0), Just(f64::NAN), Just(-f64::NAN), Just(f64::INFINITY)]
                .prop_map(Value::F64)
                .boxed()
        }
        SqlType::Char(_) | SqlType::Varchar(_) => string().prop_map(|s| Value::Text(s.into())).boxed(),
        SqlType::Date => (-719_162..=2_932_896).prop_map(Value::Date).boxed(),
        SqlType::Time => (0..86_400_000_000_000i64).prop_map(Value::Time).boxed(),
        SqlType::Timestamp => (-62_135_596_800_000_000i64..=253_402_300_799_999_999).prop_map(Value::Ts).boxed(),
        SqlType::TimestampTz => (-62_135_596_800_000_000i64..=253_402_300_799_999_999).prop_map(Value::Tz).boxed(),
        SqlType::Binary(_) | SqlType::Varbinary(_) => {
            vec(any::<u8>(), 0..20).prop_map(|b| Value::Bytes(b.into())).boxed()
        }
        SqlType::Uuid => prop_oneof![Just(0), Just(u128::MAX), any::<u128>()].prop_map(Value::Uuid).boxed(),
        SqlType::Array(_) | SqlType::Map(..) | SqlType::Row(_) | SqlType::Variant => (any::<i32>(), string())
            .prop_map(|(n, s)| {
                let mut out = ItemWriter::new();
                out.begin_array();
                out.i32(n);
                out.text(&s);
                out.null();
                out.end();
                Value::Item(out.finish().into())
            })
            .boxed(),
        SqlType::IntervalMonths(_) => any::<i32>().prop_map(Value::Months).boxed(),
        SqlType::IntervalMicros(_) => {
            edgy(i64::MIN.into(), i64::MAX.into()).prop_map(|v| Value::Micros(v as i64)).boxed()
        }
    }
}

fn value(column: &ColumnType) -> BoxedStrategy<Value> {
    let value = not_null(&column.sql);
    if column.nullable { prop_oneof![1 => Just(Value::Null), 4 => value].boxed() } else { value }
}

/// Columns, and some rows of them.
fn table(columns: usize, rows: usize) -> impl Strategy<Value = (Vec<ColumnType>, Vec<Vec<Value>>)> {
    vec(column(), 0..=columns).prop_flat_map(move |columns| {
        let row: Vec<_> = columns.iter().map(value).collect();
        (Just(columns), vec(row, 1..=rows))
    })
}

fn encoded(layout: &Layout, values: &[Value]) -> Vec<u64> {
    let mut row = Vec::new();
    layout.encode(values, &mut row).expect("the values are of the columns' types");
    row
}

fn sort_encoded(layout: &SortLayout, values: &[Value]) -> Vec<u64> {
    let mut row = Vec::new();
    layout.encode(values, &mut row).expect("the values are of the columns' types");
    row
}

/// SQL's order of rows.
fn sql_order(a: &[Value], b: &[Value], orders: &[Order]) -> Ordering {
    for ((a, b), order) in a.iter().zip(b).zip(orders) {
        let o = if *order == Order::Ascending { a.cmp(b) } else { b.cmp(a) };
        if o != Ordering::Equal {
            return o;
        }
    }
    Ordering::Equal
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn the_sort_layout_orders_words_as_sql_orders_rows(
        ((columns, rows), descending) in (table(4, 8), any::<u8>())
    ) {
        let orders: Vec<_> = (0..columns.len())
            .map(|i| if descending >> i & 1 == 1 { Order::Descending } else { Order::Ascending })
            .collect();
        let typed: Vec<_> = columns.iter().cloned().zip(orders.iter().copied()).collect();
        let layout = SortLayout::new(&typed);
        let words: Vec<_> = rows.iter().map(|r| sort_encoded(&layout, r)).collect();
        for (i, a) in rows.iter().enumerate() {
            prop_assert_eq!(&layout.decode(&words[i]).unwrap(), a);
            if layout.stride() != 0 {
                prop_assert_eq!(layout.stride() as usize, words[i].len());
            }
            for (j, b) in rows.iter().enumerate() {
                prop_assert_eq!(words[i].cmp(&words[j]), sql_order(a, b, &orders));
                // Self-delimiting: no row's words begin another's.
                prop_assert!(words[i] == words[j] || !words[j].starts_with(&words[i]));
            }
        }
    }

    #[test]
    fn a_storage_row_comes_back_and_ends_where_it_says((columns, rows) in table(6, 6), tail in vec(any::<u64>(), 0..4)) {
        let layout = Layout::new(&columns);
        prop_assert_eq!(&Layout::parse(&layout.text()).unwrap(), &layout);
        for a in &rows {
            let words = encoded(&layout, a);
            prop_assert_eq!(layout.walk(&words), Some(words.len()));
            prop_assert_eq!(&layout.decode(&words).unwrap(), a);
            if layout.stride() != 0 {
                prop_assert_eq!(layout.stride() as usize, words.len());
            }
            let longer: Vec<_> = words.iter().chain(&tail).copied().collect();
            prop_assert_eq!(layout.end(&longer), words.len());
            prop_assert_eq!(layout.validate_prefix(&longer), Ok(words.len()));
            prop_assert_eq!(layout.validate(&longer).is_ok(), tail.is_empty());
            for b in &rows {
                prop_assert_eq!(a == b, words == encoded(&layout, b));
            }
        }
    }

    #[test]
    fn a_single_column_is_in_sql_order_in_storage_too((columns, rows) in table(1, 12)) {
        let layout = Layout::new(&columns);
        let words: Vec<_> = rows.iter().map(|r| encoded(&layout, r)).collect();
        for (i, a) in rows.iter().enumerate() {
            for (j, b) in rows.iter().enumerate() {
                prop_assert_eq!(words[i].cmp(&words[j]), a.cmp(b));
            }
        }
    }

    #[test]
    fn stored_rows_turn_into_sort_rows(
        (columns, rows) in table(6, 4), split in any::<prop::sample::Index>(), seed in any::<u64>()
    ) {
        // Some columns, in any order, are the key.
        let mut order: Vec<usize> = (0..columns.len()).collect();
        order.sort_by_key(|i| (seed ^ *i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let keys = split.index(columns.len() + 1);
        let pick = |which: &[usize]| Layout::new(&which.iter().map(|i| columns[*i].clone()).collect::<Vec<_>>());
        let (key, value) = (pick(&order[..keys]), pick(&order[keys..]));
        let places: Vec<_> = (0..columns.len()).map(|c| order.iter().position(|o| *o == c).unwrap()).collect();
        let mut to_sort = ToSort::new(key.clone(), value.clone(), &places);
        let sort = SortLayout::ascending(&columns);
        for row in &rows {
            let values = |which: &[usize]| which.iter().map(|i| row[*i].clone()).collect::<Vec<_>>();
            let mut stored = encoded(&key, &values(&order[..keys]));
            stored.extend(encoded(&value, &values(&order[keys..])));
            let mut out = RowWriter::new(0);
            to_sort.append(&stored, &mut out);
            out.end(1);
            let expected = sort_encoded(&sort, row);
            let blocks = out.finish();
            prop_assert_eq!(blocks[0].row(0), expected.as_slice());
        }
    }

    #[test]
    fn hostile_words_are_refused_or_read_but_never_panic(
        columns in vec(column(), 0..6),
        words in vec(prop_oneof![any::<u64>(), 0u64..12, Just(u64::MAX)], 0..12),
    ) {
        let layout = Layout::new(&columns);
        let _ = layout.walk(&words);
        if layout.validate(&words).is_ok() {
            let values = layout.decode(&words).unwrap();
            prop_assert_eq!(encoded(&layout, &values), words.clone());
        }
        let sort = SortLayout::ascending(&columns);
        if sort.validate(&words).is_ok() {
            let values = sort.decode(&words).unwrap();
            prop_assert_eq!(sort_encoded(&sort, &values), words);
        }
    }

    #[test]
    fn damaged_rows_are_refused_or_are_other_rows(
        (columns, rows) in table(5, 1), at in any::<prop::sample::Index>(), word in prop_oneof![0u64..12, any::<u64>()]
    ) {
        let layout = Layout::new(&columns);
        let mut words = encoded(&layout, &rows[0]);
        if !words.is_empty() {
            let at = at.index(words.len());
            words[at] = word;
            if let Ok(values) = layout.decode(&words) {
                prop_assert_eq!(encoded(&layout, &values), words);
            }
        }
    }

    #[test]
    fn a_draft_takes_columns_in_any_order((columns, rows) in table(5, 3)) {
        let layout = Layout::new(&columns);
        let mut draft = RowDraft::new(&layout);
        for row in &rows {
            let mut words = Vec::new();
            for (i, v) in row.iter().enumerate().rev() {
                if !v.is_null() {
                    draft.set(i, ValueRef::from(v)).unwrap();
                }
            }
            draft.finish(&mut words).unwrap();
            prop_assert_eq!(words, encoded(&layout, row));
        }
    }

    #[test]
    fn sorting_and_merging_add_up(
        rows in vec((vec(prop_oneof![0u64..3, any::<u64>()], 3), -2i64..3), 0..3000),
        spread in 0u32..64, parts in 1usize..5, fixed in any::<bool>(),
    ) {
        // Few distinct words, or many; three words, or as many as the first says.
        let rows: Vec<(Vec<u64>, i64)> = rows
            .into_iter()
            .map(|(r, w)| {
                let r: Vec<_> = r.iter().map(|w| w >> spread).collect();
                if fixed { (r, w) } else { (r[..1 + r[0] as usize % 3].to_vec(), w) }
            })
            .collect();
        let stride = if fixed { 3 } else { 0 };
        let mut expected = BTreeMap::new();
        for (r, w) in &rows {
            *expected.entry(r.clone()).or_insert(0) += w;
        }
        expected.retain(|_, w| *w != 0);
        let runs: Vec<Vec<Block>> = rows
            .chunks(rows.len().div_ceil(parts).max(1))
            .map(|part| {
                let blocks: Vec<Block> = part.chunks(700).map(|rows| {
                    let mut block = Block::new(stride);
                    rows.iter().for_each(|(r, w)| block.push(r, *w));
                    block
                }).collect();
                let mut out = RowWriter::new(stride);
                sort_consolidate(&blocks, &mut out);
                out.finish()
            })
            .collect();
        let merged = Merge::new(runs).collect(stride);
        merged.iter().for_each(|b| assert_eq!(b.check(), Ok(())));
        let merged: Vec<_> = merged.iter().flat_map(|b| b.iter()).map(|(r, w)| (r.to_vec(), w)).collect();
        prop_assert_eq!(merged, expected.into_iter().collect::<Vec<_>>());
    }
}

#[test]
fn long_rows_get_blocks_of_their_own_and_short_ones_share() {
    let mut out = RowWriter::new(0);
    for words in [10, weir_row::BLOCK_WORDS + 5, 10, 20, weir_row::BLOCK_WORDS - 10] {
        out.push(&vec![7; words], 1);
    }
    let blocks = out.finish();
    assert_eq!(blocks.iter().map(Block::len).collect::<Vec<_>>(), [1, 1, 2, 1]);
    assert!(blocks.iter().all(|b| b.check().is_ok()));
}

/// Rows that are dealt to groups before they are sorted: many, of different lengths, some of them long.
#[test]
fn many_rows_of_different_lengths_are_sorted() {
    // How far the bits of first words are spread, and how many of them there are: from all different to few.
    for (shift, keys, longest) in [(0, u64::MAX, 6), (0, 5_000, 12), (40, 1 << 20, 40), (11, 900, 3), (0, 10, 4)] {
        let mut state = shift as u64 + keys % 97 + 1;
        let mut random = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        let mut expected = BTreeMap::new();
        let mut blocks = vec![Block::new(0)];
        for _ in 0..60_000 {
            let first = (random() % keys) << shift;
            // No row is the beginning of another one: the first word says how long it is.
            let row: Vec<u64> = std::iter::once(first).chain((0..first % longest).map(|_| random() % 3)).collect();
            let weight = random() as i64 % 3;
            *expected.entry(row.clone()).or_insert(0) += weight;
            if blocks.last().is_none_or(|b| b.len() == 7_000) {
                blocks.push(Block::new(0));
            }
            blocks.last_mut().expect("there is one").push(&row, weight);
        }
        expected.retain(|_, w| *w != 0);
        let mut out = RowWriter::new(0);
        let was_dealt = sort_scattered(&blocks, &mut out);
        assert_eq!(was_dealt, keys > 100, "{keys} keys at bit {shift}");
        if !was_dealt {
            assert_eq!(out.len(), 0);
            sort_consolidate(&blocks, &mut out);
        }
        let sorted = out.finish();
        sorted.iter().for_each(|b| assert_eq!(b.check(), Ok(())));
        let sorted: Vec<_> = sorted.iter().flat_map(Block::iter).map(|(r, w)| (r.to_vec(), w)).collect();
        assert_eq!(sorted, expected.into_iter().collect::<Vec<_>>(), "{keys} keys at bit {shift}");
    }
}

#[test]
fn many_equal_long_rows_are_sorted_without_deep_recursion() {
    let mut block = Block::new(0);
    let mut row = vec![9u64; 50_000];
    for i in 0..300 {
        row[49_999] = i % 7;
        block.push(&row, 1);
    }
    let mut out = RowWriter::new(0);
    sort_consolidate(&[block], &mut out);
    assert_eq!(out.len(), 7);
}

#[test]
fn a_block_that_lies_is_refused() {
    let mut block = Block::new(2);
    block.push(&[1, 2], 1);
    assert_eq!(block.check(), Ok(()));
    let lies: [fn(&mut Block); 6] = [
        |b| b.ends.push(2),
        |b| b.words.push(1),
        |b| b.weights.push(1),
        |b| b.stride = 0,
        |b| b.stride = u32::MAX,
        |b| (b.stride, b.ends) = (0, vec![3]),
    ];
    for lie in lies {
        let mut b = block.clone();
        lie(&mut b);
        assert!(b.check().is_err(), "{b:?}");
    }
}

/// An array, a row, or a map of numbered keys, of values of one type.
fn container(sql: &SqlType, values: &[Value], shape: u8, scale: u8) -> Vec<u8> {
    let mut out = ItemWriter::new();
    match shape {
        0 => out.begin_array(),
        1 => out.begin_row(),
        _ => out.begin_map(),
    }
    for (key, value) in (0i32..).zip(values) {
        if shape > 1 {
            out.i32(key);
        }
        // Only decimals have a scale.
        let scale = if matches!(sql, SqlType::Decimal { .. }) { scale } else { 0 };
        out.value(ValueRef::from(value), scale);
    }
    out.end();
    out.finish()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Arrays, rows and maps of every type: bytes are ordered as SQL orders what is in them, NULL first.
    #[test]
    fn containers_of_every_type_are_in_order(
        (sql, rows) in sql_type().prop_flat_map(|sql| {
            let element = value(&ColumnType::nullable(sql.clone()));
            (Just(sql), vec(vec(element, 0..4), 2..6))
        }),
        shape in 0u8..3,
        scale in 0u8..11,
    ) {
        let bytes: Vec<_> = rows.iter().map(|r| container(&sql, r, shape, scale)).collect();
        for (i, a) in rows.iter().enumerate() {
            prop_assert!(weir_row::item::validate(&bytes[i]), "{sql} {a:?}");
            for (j, b) in rows.iter().enumerate() {
                prop_assert_eq!(bytes[i].cmp(&bytes[j]), a.cmp(b), "{} {:?} {:?}", sql, a, b);
            }
        }
    }
}
