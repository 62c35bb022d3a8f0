//! Values out of items: elements of arrays, fields of rows, values of maps. An item of another type than the one asked for gives NULL, so that
//! nothing that a format or another program left in an item stops a pipeline.

use crate::Kernel;
use std::borrow::Cow;
use weir_row::{Item, View};

/// The text of an item as long as the arena lives.
pub(crate) fn text_in<'a>(arena: &'a crate::Arena, text: Cow<'a, str>) -> &'a str {
    match text {
        Cow::Borrowed(s) => s,
        Cow::Owned(s) => arena.alloc_str(&s),
    }
}

/// The bytes of an item as long as the arena lives.
pub(crate) fn bytes_in<'a>(arena: &'a crate::Arena, bytes: Cow<'a, [u8]>) -> &'a [u8] {
    match bytes {
        Cow::Borrowed(b) => b,
        Cow::Owned(b) => arena.alloc_slice_copy(&b),
    }
}

/// Bytes that a writer made as an item that lives as long as the arena.
pub fn item_in(arena: &crate::Arena, writer: weir_row::ItemWriter) -> Item<'_> {
    Item::new(arena.alloc_slice_copy(writer.bytes()))
}

/// A decimal without trailing zeros at another scale, surplus digits cut; `None` if it has more than 38 digits then.
pub(crate) fn rescale(units: i128, from: u8, to: i32) -> Option<i128> {
    let digits = to - i32::from(from);
    if digits >= 0 {
        10i128.checked_pow(digits as u32).and_then(|p| units.checked_mul(p))
    } else {
        Some(units / 10i128.checked_pow(digits.unsigned_abs())?)
    }
}

kernels! { ITEM:
    /// BOOLEAN in an item.
    fn item_bool(x: Item) -> Bool[?] = { if let View::Bool(v) = x.view() { Some(v) } else { None } }
    /// TINYINT in an item.
    fn item_i8(x: Item) -> I8[?] = { if let View::I8(v) = x.view() { Some(v) } else { None } }
    /// SMALLINT in an item.
    fn item_i16(x: Item) -> I16[?] = { if let View::I16(v) = x.view() { Some(v) } else { None } }
    /// INTEGER in an item.
    fn item_i32(x: Item) -> I32[?] = { if let View::I32(v) = x.view() { Some(v) } else { None } }
    /// BIGINT in an item.
    fn item_i64(x: Item) -> I64[?] = { if let View::I64(v) = x.view() { Some(v) } else { None } }
    /// TINYINT UNSIGNED in an item.
    fn item_u8(x: Item) -> U8[?] = { if let View::U8(v) = x.view() { Some(v) } else { None } }
    /// SMALLINT UNSIGNED in an item.
    fn item_u16(x: Item) -> U16[?] = { if let View::U16(v) = x.view() { Some(v) } else { None } }
    /// INTEGER UNSIGNED in an item.
    fn item_u32(x: Item) -> U32[?] = { if let View::U32(v) = x.view() { Some(v) } else { None } }
    /// BIGINT UNSIGNED in an item.
    fn item_u64(x: Item) -> U64[?] = { if let View::U64(v) = x.view() { Some(v) } else { None } }
    /// REAL in an item.
    fn item_f32(x: Item) -> F32[?] = { if let View::F32(v) = x.view() { Some(v) } else { None } }
    /// DOUBLE in an item.
    fn item_f64(x: Item) -> F64[?] = { if let View::F64(v) = x.view() { Some(v) } else { None } }
    /// DECIMAL in an item, at a scale.
    fn item_dec(x: Item, scale: I32) -> Dec[?] = {
        if let View::Dec(units, from) = x.view() { rescale(units, from, scale) } else { None }
    }
    /// VARCHAR in an item.
    fn item_text[arena](x: Item) -> Text[?] = { if let View::Text(v) = x.view() { Some(text_in(arena, v)) } else { None } }
    /// DATE in an item.
    fn item_date(x: Item) -> Date[?] = { if let View::Date(v) = x.view() { Some(v) } else { None } }
    /// TIME in an item.
    fn item_time(x: Item) -> Time[?] = { if let View::Time(v) = x.view() { Some(v) } else { None } }
    /// TIMESTAMP in an item.
    fn item_ts(x: Item) -> Ts[?] = { if let View::Ts(v) = x.view() { Some(v) } else { None } }
    /// TIMESTAMP WITH TIME ZONE in an item.
    fn item_tz(x: Item) -> Tz[?] = { if let View::Tz(v) = x.view() { Some(v) } else { None } }
    /// Year-month interval in an item.
    fn item_months(x: Item) -> Months[?] = { if let View::Months(v) = x.view() { Some(v) } else { None } }
    /// Day-time interval in an item.
    fn item_micros(x: Item) -> Micros[?] = { if let View::Micros(v) = x.view() { Some(v) } else { None } }
    /// UUID in an item.
    fn item_uuid(x: Item) -> Uuid[?] = { if let View::Uuid(v) = x.view() { Some(v) } else { None } }
    /// VARBINARY in an item.
    fn item_bytes[arena](x: Item) -> Bytes[?] = { if let View::Bytes(v) = x.view() { Some(bytes_in(arena, v)) } else { None } }
    /// The item itself, NULL if it is that of SQL NULL.
    fn item_item(x: Item) -> Item[?] = { x.present() }
    /// The first item of a container; NULL if it is NULL or there is none.
    fn item_first(x: Item) -> Item[?] = { x.items().next().and_then(Item::present) }
    /// The item of that number, from 0, of a row.
    fn item_field(x: Item, number: I32) -> Item[?] = {
        usize::try_from(number).ok().and_then(|n| x.items().nth(n)).and_then(Item::present)
    }
}

pub(crate) const KERNELS: &[&[Kernel]] = &[ITEM];
