//! Making items.

use super::{put_decimal, tag};
use crate::{Item, ValueRef, enc};

/// Writes items one after the other; a container is begun, its items are written, and it is ended.
///
/// ```
/// use weir_row::{Item, ItemWriter, View};
/// let mut out = ItemWriter::new();
/// out.begin_array();
/// out.i32(7);
/// out.null();
/// out.end();
/// let bytes = out.finish();
/// let View::Array(items) = Item::new(&bytes).view() else { panic!() };
/// assert_eq!(items.count(), 2);
/// ```
#[derive(Debug, Default)]
pub struct ItemWriter {
    bytes: Vec<u8>,
}

/// Defines the writers of types of a fixed number of bytes, and those that take NULL as `None`.
macro_rules! fixed {
    ($($(#[$doc:meta])* $name:ident $null:ident $tag:ident ($v:ident: $t:ty) => $bytes:expr;)*) => { $(
        $(#[$doc])*
        pub fn $name(&mut self, $v: $t) {
            self.bytes.push(tag::$tag);
            self.bytes.extend_from_slice(&$bytes);
        }

        #[doc = concat!("[`", stringify!($name), "()`](ItemWriter::", stringify!($name), ") or NULL.")]
        pub fn $null(&mut self, v: Option<$t>) {
            match v {
                Some(v) => self.$name(v),
                None => self.null(),
            }
        }
    )* };
}

impl ItemWriter {
    /// A writer without items.
    pub fn new() -> ItemWriter {
        ItemWriter::default()
    }

    /// All bytes.
    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }

    /// The bytes so far.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Takes back all but the first `length` bytes.
    pub fn truncate(&mut self, length: usize) {
        self.bytes.truncate(length);
    }

    fixed! {
        /** BOOLEAN */ bool bool_null BOOL (v: bool) => [u8::from(v)];
        /** TINYINT */ i8 i8_null I8 (v: i8) => [v as u8 ^ 0x80];
        /** SMALLINT */ i16 i16_null I16 (v: i16) => (v as u16 ^ 1 << 15).to_be_bytes();
        /** INTEGER */ i32 i32_null I32 (v: i32) => (v as u32 ^ 1 << 31).to_be_bytes();
        /** BIGINT */ i64 i64_null I64 (v: i64) => (v as u64 ^ 1 << 63).to_be_bytes();
        /** TINYINT UNSIGNED */ u8 u8_null U8 (v: u8) => [v];
        /** SMALLINT UNSIGNED */ u16 u16_null U16 (v: u16) => v.to_be_bytes();
        /** INTEGER UNSIGNED */ u32 u32_null U32 (v: u32) => v.to_be_bytes();
        /** BIGINT UNSIGNED */ u64 u64_null U64 (v: u64) => v.to_be_bytes();
        /** REAL */ f32 f32_null F32 (v: f32) => (enc::f32(v) as u32).to_be_bytes();
        /** DOUBLE */ f64 f64_null F64 (v: f64) => enc::f64(v).to_be_bytes();
        /** DATE, in days since 1970 */ date date_null DATE (v: i32) => (v as u32 ^ 1 << 31).to_be_bytes();
        /** TIME, in nanoseconds of the day */ time time_null TIME (v: i64) => (v as u64 ^ 1 << 63).to_be_bytes();
        /** TIMESTAMP, in microseconds since 1970 */ ts ts_null TS (v: i64) => (v as u64 ^ 1 << 63).to_be_bytes();
        /** TIMESTAMP WITH TIME ZONE, in microseconds since 1970 UTC */ tz tz_null TZ (v: i64) => (v as u64 ^ 1 << 63).to_be_bytes();
        /** Day-time interval, in microseconds */ micros micros_null MICROS (v: i64) => (v as u64 ^ 1 << 63).to_be_bytes();
        /** Year-month interval, in months */ months months_null MONTHS (v: i32) => (v as u32 ^ 1 << 31).to_be_bytes();
        /** UUID */ uuid uuid_null UUID (v: u128) => v.to_be_bytes();
    }

    /// SQL NULL, inside a container.
    pub fn null(&mut self) {
        self.bytes.push(tag::NULL);
    }

    /// Variant null.
    pub fn variant_null(&mut self) {
        self.bytes.push(tag::VARIANT_NULL);
    }

    /// [`dec()`](ItemWriter::dec) or NULL.
    pub fn dec_null(&mut self, units: Option<i128>, scale: u8) {
        match units {
            Some(units) => self.dec(units, scale),
            None => self.null(),
        }
    }

    /// [`text()`](ItemWriter::text) or NULL.
    pub fn text_null(&mut self, s: Option<&str>) {
        match s {
            Some(s) => self.text(s),
            None => self.null(),
        }
    }

    /// [`binary()`](ItemWriter::binary) or NULL.
    pub fn binary_null(&mut self, bytes: Option<&[u8]>) {
        match bytes {
            Some(bytes) => self.binary(bytes),
            None => self.null(),
        }
    }

    /// A value; of a decimal the scale is needed.
    pub fn value(&mut self, value: ValueRef<'_>, scale: u8) {
        match value {
            ValueRef::Null => self.null(),
            ValueRef::Bool(v) => self.bool(v),
            ValueRef::I8(v) => self.i8(v),
            ValueRef::I16(v) => self.i16(v),
            ValueRef::I32(v) => self.i32(v),
            ValueRef::I64(v) => self.i64(v),
            ValueRef::U8(v) => self.u8(v),
            ValueRef::U16(v) => self.u16(v),
            ValueRef::U32(v) => self.u32(v),
            ValueRef::U64(v) => self.u64(v),
            ValueRef::Dec(v) => self.dec(v, scale),
            ValueRef::F32(v) => self.f32(v),
            ValueRef::F64(v) => self.f64(v),
            ValueRef::Text(v) => self.text(v),
            ValueRef::Date(v) => self.date(v),
            ValueRef::Time(v) => self.time(v),
            ValueRef::Ts(v) => self.ts(v),
            ValueRef::Months(v) => self.months(v),
            ValueRef::Micros(v) => self.micros(v),
            ValueRef::Tz(v) => self.tz(v),
            ValueRef::Uuid(v) => self.uuid(v),
            ValueRef::Bytes(v) => self.binary(v),
            ValueRef::Item(v) => self.item(v),
        }
    }

    /// DECIMAL: `units` x 10^-`scale`.
    pub fn dec(&mut self, units: i128, scale: u8) {
        self.bytes.push(tag::DEC);
        put_decimal(units, scale, &mut self.bytes);
    }

    /// CHAR, VARCHAR
    pub fn text(&mut self, s: &str) {
        self.escaped(tag::TEXT, s.as_bytes());
    }

    /// BINARY, VARBINARY
    pub fn binary(&mut self, bytes: &[u8]) {
        self.escaped(tag::BYTES, bytes);
    }

    fn escaped(&mut self, tag: u8, bytes: &[u8]) {
        self.bytes.push(tag);
        let mut rest = bytes;
        while let Some(zero) = rest.iter().position(|b| *b == 0) {
            self.bytes.extend_from_slice(&rest[..=zero]);
            self.bytes.push(0xff);
            rest = &rest[zero + 1..];
        }
        self.bytes.extend_from_slice(rest);
        self.bytes.extend_from_slice(&[0, 0]);
    }

    /// An item as it is.
    pub fn item(&mut self, item: Item<'_>) {
        self.bytes.extend_from_slice(item.bytes());
    }

    /// An item, or SQL NULL.
    pub fn item_null(&mut self, item: Option<Item<'_>>) {
        match item {
            Some(item) => self.item(item),
            None => self.null(),
        }
    }

    /// Begins an array.
    pub fn begin_array(&mut self) {
        self.bytes.push(tag::ARRAY);
    }

    /// Begins a map, whose keys must come ascending, without repetitions.
    pub fn begin_map(&mut self) {
        self.bytes.push(tag::MAP);
    }

    /// Begins a row.
    pub fn begin_row(&mut self) {
        self.bytes.push(tag::ROW);
    }

    /// Ends the container that was begun last.
    pub fn end(&mut self) {
        self.bytes.push(tag::END);
    }
}
