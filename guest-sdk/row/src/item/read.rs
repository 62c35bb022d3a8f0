//! Reading items.

use super::decimal::decimal;
use super::tag;
use crate::{ValueRef, dec};
use std::borrow::Cow;

/// Containers in containers at most: readers of formats refuse deeper values, so that nothing that goes through an item exhausts the stack.
pub const DEPTH_MAX: usize = 100;

/// The bytes of one item. Comparing two compares the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Item<'a>(&'a [u8]);

/// An item taken apart. Of bytes that are no item every field is some value, never a panic.
#[derive(Clone, Debug, PartialEq)]
pub enum View<'a> {
    /// SQL NULL
    Null,
    /// Variant null
    VariantNull,
    /// BOOLEAN
    Bool(bool),
    /// TINYINT
    I8(i8),
    /// SMALLINT
    I16(i16),
    /// INTEGER
    I32(i32),
    /// BIGINT
    I64(i64),
    /// TINYINT UNSIGNED
    U8(u8),
    /// SMALLINT UNSIGNED
    U16(u16),
    /// INTEGER UNSIGNED
    U32(u32),
    /// BIGINT UNSIGNED
    U64(u64),
    /// REAL
    F32(f32),
    /// DOUBLE
    F64(f64),
    /// DECIMAL: units and scale, without trailing zeros
    Dec(i128, u8),
    /// CHAR, VARCHAR
    Text(Cow<'a, str>),
    /// DATE, in days since 1970
    Date(i32),
    /// TIME, in nanoseconds of the day
    Time(i64),
    /// TIMESTAMP, in microseconds since 1970
    Ts(i64),
    /// Day-time interval, in microseconds
    Micros(i64),
    /// Year-month interval, in months
    Months(i32),
    /// BINARY, VARBINARY
    Bytes(Cow<'a, [u8]>),
    /// UUID
    Uuid(u128),
    /// ARRAY
    Array(Items<'a>),
    /// MAP: key, value, key, value
    Map(Items<'a>),
    /// TIMESTAMP WITH TIME ZONE, in microseconds since 1970 UTC
    Tz(i64),
    /// ROW
    Row(Items<'a>),
}

impl View<'_> {
    /// A scalar as a value, a decimal in units of 10^-`scale`; NULL of both nulls. `None` of a container, and of a decimal that has more digits.
    pub fn scalar(&self, scale: u8) -> Option<ValueRef<'_>> {
        Some(match self {
            View::Null | View::VariantNull => ValueRef::Null,
            View::Bool(v) => ValueRef::Bool(*v),
            View::I8(v) => ValueRef::I8(*v),
            View::I16(v) => ValueRef::I16(*v),
            View::I32(v) => ValueRef::I32(*v),
            View::I64(v) => ValueRef::I64(*v),
            View::U8(v) => ValueRef::U8(*v),
            View::U16(v) => ValueRef::U16(*v),
            View::U32(v) => ValueRef::U32(*v),
            View::U64(v) => ValueRef::U64(*v),
            View::F32(v) => ValueRef::F32(*v),
            View::F64(v) => ValueRef::F64(*v),
            View::Dec(units, digits) => {
                // An item keeps no zeros at the end.
                let zeros = u32::from(scale.checked_sub(*digits)?);
                ValueRef::Dec(units.checked_mul(10i128.checked_pow(zeros)?)?)
            }
            View::Text(v) => ValueRef::Text(v),
            View::Date(v) => ValueRef::Date(*v),
            View::Time(v) => ValueRef::Time(*v),
            View::Ts(v) => ValueRef::Ts(*v),
            View::Micros(v) => ValueRef::Micros(*v),
            View::Months(v) => ValueRef::Months(*v),
            View::Bytes(v) => ValueRef::Bytes(v),
            View::Uuid(v) => ValueRef::Uuid(*v),
            View::Tz(v) => ValueRef::Tz(*v),
            View::Array(_) | View::Map(_) | View::Row(_) => return None,
        })
    }
}

/// The items inside a container, in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Items<'a>(&'a [u8]);

impl<'a> Iterator for Items<'a> {
    type Item = Item<'a>;

    fn next(&mut self) -> Option<Item<'a>> {
        if matches!(self.0.first(), None | Some(&tag::END)) {
            return None;
        }
        let (item, rest) = self.0.split_at(end(self.0));
        self.0 = rest;
        Some(Item(item))
    }
}

impl<'a> Items<'a> {
    /// No items.
    pub const EMPTY: Items<'static> = Items(&[]);

    /// The bytes of all items that are left, without the end.
    pub fn bytes(&self) -> &'a [u8] {
        let mut rest = self.clone();
        while rest.next().is_some() {}
        &self.0[..self.0.len() - rest.0.len()]
    }
}

/// The bytes that follow a tag; `None` where the bytes themselves say.
const fn fixed(tag: u8) -> Option<usize> {
    Some(match tag {
        tag::END | tag::NULL | tag::VARIANT_NULL => 0,
        tag::BOOL | tag::I8 | tag::U8 => 1,
        tag::I16 | tag::U16 => 2,
        tag::I32 | tag::U32 | tag::F32 | tag::DATE | tag::MONTHS => 4,
        tag::I64 | tag::U64 | tag::F64 | tag::TIME | tag::TS | tag::MICROS | tag::TZ => 8,
        tag::UUID => 16,
        _ => return None,
    })
}

/// Where the item at the start of `bytes` ends: of malformed bytes somewhere within them, but after the first.
fn end(bytes: &[u8]) -> usize {
    let mut at = 0;
    let mut open = 0usize;
    while at < bytes.len() {
        let head = bytes[at];
        at += 1;
        match head {
            tag::ARRAY | tag::MAP | tag::ROW => open += 1,
            tag::END => open = open.saturating_sub(1),
            tag::TEXT | tag::BYTES => at += escaped_end(&bytes[at..]),
            tag::DEC => {
                let count = bytes.get(at).map_or(0, |h| if *h >= 128 { h - 128 } else { 127 - h });
                at += 1 + usize::from(count);
                at += bytes.get(at..).and_then(|b| b.iter().position(|b| *b == 0)).map_or(0, |zero| zero + 1);
            }
            other => at += fixed(other).unwrap_or(0),
        }
        if open == 0 {
            break;
        }
    }
    at.min(bytes.len())
}

/// The bytes of an escaped string, with its end.
fn escaped_end(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(zero) = bytes[at..].iter().position(|b| *b == 0) {
        at += zero + 2;
        if at > bytes.len() {
            break;
        }
        if bytes[at - 1] == 0 {
            return at;
        }
    }
    bytes.len()
}

/// The bytes of an escaped string without escapes.
fn unescaped(bytes: &[u8]) -> Cow<'_, [u8]> {
    let plain = bytes.len().saturating_sub(2);
    let bytes = &bytes[..plain];
    if !bytes.contains(&0) {
        return Cow::Borrowed(bytes);
    }
    let mut out = Vec::with_capacity(bytes.len());
    let mut after_zero = false;
    for b in bytes {
        if !after_zero {
            out.push(*b);
        }
        after_zero = !after_zero && *b == 0;
    }
    Cow::Owned(out)
}

/// The first `N` bytes, zeros where there are none.
fn first<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.first_chunk().copied().unwrap_or([0; N])
}

fn signed32(bytes: &[u8]) -> i32 {
    (u32::from_be_bytes(first(bytes)) ^ 1 << 31) as i32
}

fn signed64(bytes: &[u8]) -> i64 {
    (u64::from_be_bytes(first(bytes)) ^ 1 << 63) as i64
}

impl<'a> Item<'a> {
    /// SQL NULL.
    pub const NULL: Item<'static> = Item(&[tag::NULL]);
    /// Variant null.
    pub const VARIANT_NULL: Item<'static> = Item(&[tag::VARIANT_NULL]);
    /// FALSE.
    pub const FALSE: Item<'static> = Item(&[tag::BOOL, 0]);
    /// TRUE.
    pub const TRUE: Item<'static> = Item(&[tag::BOOL, 1]);
    /// An array without elements.
    pub const EMPTY_ARRAY: Item<'static> = Item(&[tag::ARRAY, tag::END]);
    /// A map without entries.
    pub const EMPTY_MAP: Item<'static> = Item(&[tag::MAP, tag::END]);

    /// The item whose bytes these are.
    pub const fn new(bytes: &'a [u8]) -> Item<'a> {
        Item(bytes)
    }

    /// Its bytes.
    pub const fn bytes(self) -> &'a [u8] {
        self.0
    }

    /// What its first byte says.
    pub fn tag(self) -> u8 {
        self.0.first().copied().unwrap_or(tag::NULL)
    }

    /// Whether it is SQL NULL.
    pub fn is_null(self) -> bool {
        self.tag() == tag::NULL
    }

    /// The item, unless it is SQL NULL.
    pub fn present(self) -> Option<Item<'a>> {
        (!self.is_null()).then_some(self)
    }

    /// The items of a container; none of anything else.
    pub fn items(self) -> Items<'a> {
        match self.tag() {
            tag::ARRAY | tag::MAP | tag::ROW => Items(&self.0[1..]),
            _ => Items::EMPTY,
        }
    }

    /// The value.
    pub fn view(self) -> View<'a> {
        let rest = self.0.get(1..).unwrap_or(&[]);
        match self.tag() {
            tag::VARIANT_NULL => View::VariantNull,
            tag::BOOL => View::Bool(first::<1>(rest)[0] != 0),
            tag::I8 => View::I8((first::<1>(rest)[0] ^ 0x80) as i8),
            tag::I16 => View::I16((u16::from_be_bytes(first(rest)) ^ 1 << 15) as i16),
            tag::I32 => View::I32(signed32(rest)),
            tag::I64 => View::I64(signed64(rest)),
            tag::U8 => View::U8(first::<1>(rest)[0]),
            tag::U16 => View::U16(u16::from_be_bytes(first(rest))),
            tag::U32 => View::U32(u32::from_be_bytes(first(rest))),
            tag::U64 => View::U64(u64::from_be_bytes(first(rest))),
            tag::F32 => View::F32(dec::f32(u64::from(u32::from_be_bytes(first(rest))))),
            tag::F64 => View::F64(dec::f64(u64::from_be_bytes(first(rest)))),
            tag::DEC => decimal(rest).map_or(View::Null, |(units, scale, _)| View::Dec(units, scale)),
            tag::TEXT => View::Text(match unescaped(rest) {
                Cow::Borrowed(b) => String::from_utf8_lossy(b),
                Cow::Owned(b) => Cow::Owned(String::from_utf8_lossy(&b).into_owned()),
            }),
            tag::DATE => View::Date(signed32(rest)),
            tag::TIME => View::Time(signed64(rest)),
            tag::TS => View::Ts(signed64(rest)),
            tag::MICROS => View::Micros(signed64(rest)),
            tag::MONTHS => View::Months(signed32(rest)),
            tag::BYTES => View::Bytes(unescaped(rest)),
            tag::UUID => View::Uuid(u128::from_be_bytes(first(rest))),
            tag::ARRAY => View::Array(Items(rest)),
            tag::MAP => View::Map(Items(rest)),
            tag::TZ => View::Tz(signed64(rest)),
            tag::ROW => View::Row(Items(rest)),
            _ => View::Null,
        }
    }
}

/// Whether `bytes` are just one item, which is not NULL, and nowhere deeper than [`DEPTH_MAX`].
pub fn validate(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|t| *t != tag::NULL) && one(bytes, DEPTH_MAX).is_some_and(<[u8]>::is_empty)
}

/// What follows the item at the start of `bytes`.
fn one(bytes: &[u8], depth: usize) -> Option<&[u8]> {
    let (&head, rest) = bytes.split_first()?;
    match head {
        tag::END => None,
        tag::DEC => decimal(rest).map(|(.., rest)| rest),
        tag::TEXT | tag::BYTES => {
            let (string, after) = rest.split_at(escaped_end(rest));
            let escapes = string.len() >= 2 && string.ends_with(&[0, 0]) && well_escaped(&string[..string.len() - 2]);
            let utf8 = head == tag::BYTES || std::str::from_utf8(&unescaped(string)).is_ok();
            (escapes && utf8).then_some(after)
        }
        tag::ARRAY | tag::MAP | tag::ROW => {
            let mut rest = rest;
            let (mut count, mut key) = (0usize, &[][..]);
            while *rest.first()? != tag::END {
                let after = one(rest, depth.checked_sub(1)?)?;
                let item = &rest[..rest.len() - after.len()];
                if head == tag::MAP && count.is_multiple_of(2) {
                    if count > 0 && item <= key {
                        return None;
                    }
                    key = item;
                }
                count += 1;
                rest = after;
            }
            (head != tag::MAP || count.is_multiple_of(2)).then_some(&rest[1..])
        }
        _ => {
            let (value, after) = rest.split_at_checked(fixed(head)?)?;
            let fits = match head {
                tag::BOOL => value[0] <= 1,
                tag::F32 => {
                    let word = u64::from(u32::from_be_bytes(first(value)));
                    crate::enc::f32(dec::f32(word)) == word
                }
                tag::F64 => {
                    let word = u64::from_be_bytes(first(value));
                    crate::enc::f64(dec::f64(word)) == word
                }
                _ => true,
            };
            fits.then_some(after)
        }
    }
}

/// Whether each zero is followed by its escape.
fn well_escaped(bytes: &[u8]) -> bool {
    let mut bytes = bytes.iter();
    while let Some(b) = bytes.next() {
        if *b == 0 && bytes.next() != Some(&0xff) {
            return false;
        }
    }
    true
}
