//! Items: single values that carry their type, as bytes whose order is SQL's. An array, a map, a row and a VARIANT are one item each; the
//! elements, keys, values and fields inside are items again. As a column an item is stored like a text.
//!
//! | tag | value | bytes that follow the tag |
//! |---|---|---|
//! | 0 | end of a container | none |
//! | 1 | SQL NULL (inside a container only) | none |
//! | 2 | variant null | none |
//! | 3 | BOOLEAN | 1: 0 or 1 |
//! | 4 to 7 | TINYINT, SMALLINT, INTEGER, BIGINT | 1, 2, 4, 8: big-endian, sign bit flipped |
//! | 8 to 11 | the same, unsigned | 1, 2, 4, 8: big-endian |
//! | 12, 13 | REAL, DOUBLE | 4, 8: as in words, see [`enc::f64`](crate::enc::f64) |
//! | 14 | DECIMAL | see [`put_decimal`]: the order is that of numbers, whatever their scales |
//! | 15 | CHAR, VARCHAR | the UTF-8 bytes, 0 as `00 ff`; then `00 00` |
//! | 16 to 18 | DATE, TIME, TIMESTAMP | 4, 8, 8: like INTEGER, BIGINT |
//! | 19, 20 | day-time and year-month interval | 8, 4 |
//! | 21 | BINARY, VARBINARY | like text |
//! | 23 | UUID | 16 |
//! | 24 | ARRAY | its elements, then 0 |
//! | 25 | MAP | key, value, key, value ..., keys ascending and different, then 0 |
//! | 26 | TIMESTAMP WITH TIME ZONE | 8 |
//! | 27 | ROW | its fields, then 0 |
//!
//! Items of one type compare as SQL compares values of that type, and items of different types as VARIANTs do: by type in the order
//! above. No item's bytes are a prefix of another's. Since the end of a container is smaller than any item, containers compare lexicographically, the
//! shorter first, NULL smallest inside.

mod decimal;
mod map;
mod read;
mod write;

pub use decimal::put_decimal;
pub use map::MapDraft;
pub use read::{DEPTH_MAX, Item, Items, View, validate};
pub use write::ItemWriter;

/// What an item's first byte says.
pub mod tag {
    #![allow(missing_docs)]
    pub const END: u8 = 0;
    pub const NULL: u8 = 1;
    pub const VARIANT_NULL: u8 = 2;
    pub const BOOL: u8 = 3;
    pub const I8: u8 = 4;
    pub const I16: u8 = 5;
    pub const I32: u8 = 6;
    pub const I64: u8 = 7;
    pub const U8: u8 = 8;
    pub const U16: u8 = 9;
    pub const U32: u8 = 10;
    pub const U64: u8 = 11;
    pub const F32: u8 = 12;
    pub const F64: u8 = 13;
    pub const DEC: u8 = 14;
    pub const TEXT: u8 = 15;
    pub const DATE: u8 = 16;
    pub const TIME: u8 = 17;
    pub const TS: u8 = 18;
    pub const MICROS: u8 = 19;
    pub const MONTHS: u8 = 20;
    pub const BYTES: u8 = 21;
    pub const UUID: u8 = 23;
    pub const ARRAY: u8 = 24;
    pub const MAP: u8 = 25;
    pub const TZ: u8 = 26;
    pub const ROW: u8 = 27;
}
