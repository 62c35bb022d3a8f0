//! The types for functions in Rust: there and back, text, order, arithmetic.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::sync::Arc;
use weir_functions::Arena;
use weir_row::{Item, ItemWriter};
use weir_udf::*;

/// As an item, and back.
fn again<T: Part>(part: &T) -> T {
    let mut out = ItemWriter::new();
    part.write_part(&mut out).unwrap();
    T::read_part(Item::new(out.bytes())).unwrap()
}

#[test]
fn parts_go_into_items_and_come_back() {
    let array: Array<Option<SqlDecimal<10, 2>>> = Arc::new(vec!["1.50".parse().ok(), None, "-2".parse().ok()]);
    assert_eq!(again(&array), array);
    let map: Map<SqlString, Option<Array<Option<F64>>>> =
        Arc::new(BTreeMap::from([("b".into(), None), ("a".into(), Some(vec![Some(F64::new(f64::NAN)), None].into()))]));
    assert_eq!(again(&map), map);
    let row = Tup3::new(Some(1i8), SqlString::from("x"), None::<Date>);
    assert_eq!(again(&row), row);
    let variant = Variant::from_json("{\"a\": [1, 2.50, null, \"x\"], \"b\": {\"c\": true}}").unwrap();
    assert_eq!(again(&variant), variant);
    assert_eq!(variant.to_json().unwrap(), "{\"a\":[1,2.5,null,\"x\"],\"b\":{\"c\":true}}");
    assert_eq!(variant.get("b").and_then(|b| b.get("c")), Some(&Variant::Boolean(true)));
    let bytes: (ByteArray, Uuid) = (vec![0, 255].into(), "00112233-4455-6677-8899-aabbccddeeff".parse().unwrap());
    assert_eq!((again(&bytes.0), again(&bytes.1)), bytes);
}

#[test]
fn what_is_of_another_type_is_refused_or_null() {
    let mut out = ItemWriter::new();
    out.text("x");
    let item = Item::new(out.bytes());
    assert!(i32::read_part(item).is_err());
    assert_eq!(Option::<i32>::read_part(item), Ok(None));
    assert!(get::<Array<Option<i32>>>(item).is_err());
}

#[test]
fn values_that_sql_has_not_are_not_returned() {
    let arena = Arena::new();
    assert!(put(Date::from_days(i32::MAX), &arena).is_err());
    assert!(put(Time::from_nanoseconds(86_400_000_000_000), &arena).is_err());
    assert!(put(Timestamp::from_microseconds(i64::MIN), &arena).is_err());
    assert!(put(Array::from(vec![Some(Date::from_days(i32::MAX))]), &arena).is_err());
    assert!(put(Variant::SqlDecimal((i128::MAX, 0)), &arena).is_err());
    let deep = (0..200).fold(Variant::VariantNull, |v, _| Variant::Array(Arc::new(vec![v])));
    assert!(put(deep, &arena).is_err());
    assert_eq!(put(Date::from_days(0), &arena), Ok(0));
}

#[test]
fn decimals() {
    type D = SqlDecimal<5, 2>;
    let d = |text: &str| text.parse::<D>().unwrap();
    assert_eq!((d("1.5") + d("2.25")).to_string(), "3.75");
    assert_eq!((d("2") / d("3")).to_string(), "0.66");
    assert_eq!((d("-1.25") * d("1.5")).to_string(), "-1.87");
    assert!(d("999.99").checked_add(d("0.01")).is_err() && d("1").checked_div(D::ZERO).is_err());
    assert_eq!(D::new(12_345, 3), Some(d("12.34")));
    assert_eq!((D::new(i128::MAX, 0), D::new(1, i32::MIN), D::from_units(100_000)), (None, None, None));
    assert_eq!((D::try_from(1.005).unwrap().to_f64(), D::try_from(7).unwrap()), (1.0, d("7")));
    assert!(D::try_from(f64::NAN).is_err() && D::try_from(1_000).is_err());
}

#[test]
fn floats_and_times_are_in_order() {
    let (nan, zero, minus) = (F64::new(f64::NAN), F64::new(0.0), F64::new(-0.0));
    assert!(nan == nan && nan > F64::new(f64::INFINITY) && zero == minus);
    assert_eq!((F64::new(1.5) * 2.0 + F64::new(1.0)).to_string(), "4.0");
    let at: Timestamp = "2026-11-22 12:00:00".parse().unwrap();
    assert_eq!((at + ShortInterval::from_milliseconds(1_500)).to_string(), "2026-11-22 12:00:01.500000");
    assert_eq!((at.date().to_string(), at.time().to_string()), ("2026-11-22".to_owned(), "12:00:00".to_owned()));
    assert_eq!(Date::from_civil(2024, 2, 29).map(|d| d.civil()), Some((2024, 2, 29)));
    assert_eq!(Date::from_civil(2023, 2, 29), None);
}

#[test]
fn weights_are_multiplications() {
    for weight in [-1_000_003, -2, -1, 0, 1, 2, 3, 1_000_003] {
        let mut sum = Some(5i128);
        add(&mut sum, 7, weight);
        assert_eq!(sum, Some(5 + 7 * i128::from(weight)));
    }
}
