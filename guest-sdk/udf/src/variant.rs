//! Values that carry their type.

use crate::container::item;
use crate::value::Value;
use crate::{
    Array, ByteArray, Date, Error, F32, F64, LongInterval, Map, ShortInterval, SqlString, Time, Timestamp, TimestampTz,
    Uuid,
};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use weir_functions::{Arena, forms};
use weir_row::{Item, ItemWriter, View, item::DEPTH_MAX};

/// VARIANT. Its order is by type, in the order of the variants' declaration, then by value.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Variant {
    /// SQL NULL, as an element, a value or a field.
    #[default]
    SqlNull,
    /// JSON's null, which is a value.
    VariantNull,
    /// BOOLEAN
    Boolean(bool),
    /// TINYINT
    TinyInt(i8),
    /// SMALLINT
    SmallInt(i16),
    /// INTEGER
    Int(i32),
    /// BIGINT
    BigInt(i64),
    /// TINYINT UNSIGNED
    UTinyInt(u8),
    /// SMALLINT UNSIGNED
    USmallInt(u16),
    /// INTEGER UNSIGNED
    UInt(u32),
    /// BIGINT UNSIGNED
    UBigInt(u64),
    /// REAL
    Real(F32),
    /// DOUBLE
    Double(F64),
    /// DECIMAL: units of 10^-scale, and the scale. (Equal numbers of different scales are equal in SQL, not here.)
    SqlDecimal((i128, u8)),
    /// CHAR, VARCHAR
    String(SqlString),
    /// DATE
    Date(Date),
    /// TIME
    Time(Time),
    /// TIMESTAMP
    Timestamp(Timestamp),
    /// A day-time interval
    ShortInterval(ShortInterval),
    /// A year-month interval
    LongInterval(LongInterval),
    /// BINARY, VARBINARY
    Binary(ByteArray),
    /// UUID
    Uuid(Uuid),
    /// ARRAY
    Array(Array<Variant>),
    /// MAP; JSON's objects have keys that are strings
    Map(Map<Variant, Variant>),
    /// TIMESTAMP WITH TIME ZONE
    TimestampTz(TimestampTz),
}

impl Variant {
    /// Reads JSON.
    ///
    /// # Errors
    /// Text that is none.
    pub fn from_json(text: &str) -> Result<Variant, Error> {
        let mut out = ItemWriter::new();
        forms::read_json(text, DEPTH_MAX, &mut out).map_err(|e| Error::new(e.to_string()))?;
        Ok(variant(Item::new(out.bytes()), DEPTH_MAX))
    }

    /// The value as JSON.
    ///
    /// # Errors
    /// A value inside that SQL does not have.
    pub fn to_json(&self) -> Result<String, Error> {
        let mut out = ItemWriter::new();
        self.write(&mut out)?;
        Ok(forms::json(Item::new(out.bytes())))
    }

    /// The value of a key of a map, or, as a string, of an object; `None` if there is none.
    pub fn get(&self, key: &str) -> Option<&Variant> {
        if let Variant::Map(map) = self { map.get(&Variant::String(key.into())) } else { None }
    }
}

/// The variant of an item; NULL in place of containers deeper than SQL has them.
fn variant(item: Item<'_>, depth: usize) -> Variant {
    let Some(depth) = depth.checked_sub(1) else { return Variant::SqlNull };
    let part = |item| variant(item, depth);
    match item.view() {
        View::Null => Variant::SqlNull,
        View::VariantNull => Variant::VariantNull,
        View::Bool(v) => Variant::Boolean(v),
        View::I8(v) => Variant::TinyInt(v),
        View::I16(v) => Variant::SmallInt(v),
        View::I32(v) => Variant::Int(v),
        View::I64(v) => Variant::BigInt(v),
        View::U8(v) => Variant::UTinyInt(v),
        View::U16(v) => Variant::USmallInt(v),
        View::U32(v) => Variant::UInt(v),
        View::U64(v) => Variant::UBigInt(v),
        View::F32(v) => Variant::Real(v.into()),
        View::F64(v) => Variant::Double(v.into()),
        View::Dec(units, scale) => Variant::SqlDecimal((units, scale)),
        View::Text(s) => Variant::String(s.as_ref().into()),
        View::Date(v) => Variant::Date(Date::from_days(v)),
        View::Time(v) => Variant::Time(Time::from_nanoseconds(v as u64)),
        View::Ts(v) => Variant::Timestamp(Timestamp::from_microseconds(v)),
        View::Tz(v) => Variant::TimestampTz(TimestampTz::from_microseconds(v)),
        View::Micros(v) => Variant::ShortInterval(ShortInterval::from_microseconds(v)),
        View::Months(v) => Variant::LongInterval(LongInterval::from_months(v)),
        View::Bytes(b) => Variant::Binary(b.as_ref().into()),
        View::Uuid(v) => Variant::Uuid(Uuid::from_u128(v)),
        View::Array(items) | View::Row(items) => Variant::Array(Arc::new(items.map(part).collect())),
        View::Map(mut items) => {
            let mut map = BTreeMap::new();
            while let (Some(key), Some(value)) = (items.next(), items.next()) {
                map.insert(part(key), part(value));
            }
            Variant::Map(Arc::new(map))
        }
    }
}

fn write(v: &Variant, out: &mut ItemWriter, depth: usize) -> Result<(), Error> {
    let Some(depth) = depth.checked_sub(1) else {
        return Err(Error::new(format!("a VARIANT of more than {DEPTH_MAX} levels")));
    };
    match v {
        Variant::SqlNull => out.null(),
        Variant::VariantNull => out.variant_null(),
        Variant::Boolean(v) => out.bool(*v),
        Variant::TinyInt(v) => out.i8(*v),
        Variant::SmallInt(v) => out.i16(*v),
        Variant::Int(v) => out.i32(*v),
        Variant::BigInt(v) => out.i64(*v),
        Variant::UTinyInt(v) => out.u8(*v),
        Variant::USmallInt(v) => out.u16(*v),
        Variant::UInt(v) => out.u32(*v),
        Variant::UBigInt(v) => out.u64(*v),
        Variant::Real(v) => v.write(out)?,
        Variant::Double(v) => v.write(out)?,
        Variant::SqlDecimal((units, scale)) => {
            if *scale > 38 || units.unsigned_abs() >= 10u128.pow(38) {
                return Err(Error::from("a DECIMAL of more than 38 digits"));
            }
            out.dec(*units, *scale);
        }
        Variant::String(v) => out.text(v),
        Variant::Date(v) => v.write(out)?,
        Variant::Time(v) => v.write(out)?,
        Variant::Timestamp(v) => v.write(out)?,
        Variant::TimestampTz(v) => v.write(out)?,
        Variant::ShortInterval(v) => v.write(out)?,
        Variant::LongInterval(v) => v.write(out)?,
        Variant::Binary(v) => out.binary(v),
        Variant::Uuid(v) => v.write(out)?,
        Variant::Array(parts) => {
            out.begin_array();
            parts.iter().try_for_each(|part| write(part, out, depth))?;
            out.end();
        }
        Variant::Map(map) => {
            let mut draft = weir_row::MapDraft::begin(out);
            for (key, value) in map.iter() {
                if *key == Variant::SqlNull {
                    return Err(Error::from("NULL as the key of a map"));
                }
                draft.key(out);
                write(key, out, depth)?;
                draft.value(out);
                write(value, out, depth)?;
            }
            draft.end(out);
        }
    }
    Ok(())
}

impl FromStr for Variant {
    type Err = Error;

    fn from_str(text: &str) -> Result<Variant, Error> {
        Variant::from_json(text)
    }
}

/// As JSON.
impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.to_json().map_err(|_| fmt::Error)?)
    }
}

macro_rules! from {
    ($($t:ty => $variant:ident;)*) => { $(
        impl From<$t> for Variant {
            fn from(v: $t) -> Variant {
                Variant::$variant(v.into())
            }
        }
    )* };
}

from! {
    bool => Boolean;
    i8 => TinyInt;
    i16 => SmallInt;
    i32 => Int;
    i64 => BigInt;
    u8 => UTinyInt;
    u16 => USmallInt;
    u32 => UInt;
    u64 => UBigInt;
    f64 => Double;
    F32 => Real;
    F64 => Double;
    SqlString => String;
    &str => String;
    String => String;
    Date => Date;
    Time => Time;
    Timestamp => Timestamp;
    TimestampTz => TimestampTz;
    ByteArray => Binary;
    Uuid => Uuid;
    Vec<Variant> => Array;
}

impl<T: Into<Variant>> From<Option<T>> for Variant {
    fn from(v: Option<T>) -> Variant {
        v.map_or(Variant::SqlNull, Into::into)
    }
}

impl Value for Variant {
    type Words<'a> = Item<'a>;

    fn get(words: Item<'_>) -> Result<Variant, Error> {
        Ok(variant(words, DEPTH_MAX + 1))
    }

    fn put(self, arena: &Arena) -> Result<Item<'_>, Error> {
        // SQL NULL outside of a container is no item; as a VARIANT it is the null that is a value.
        if self == Variant::SqlNull { Ok(Item::VARIANT_NULL) } else { item(&self, arena) }
    }

    fn read(item: Item<'_>) -> Option<Variant> {
        item.present().map(|item| variant(item, DEPTH_MAX + 1))
    }

    fn write(&self, out: &mut ItemWriter) -> Result<(), Error> {
        write(self, out, DEPTH_MAX + 1)
    }
}
