//! Making a row column by column, in any order: for readers of formats.

use crate::layout::{DATE_MAX, DATE_MIN, DAY_MICROS, DAY_NANOS};
use crate::{Item, Kind, Layout, Place, RowError, Value, enc, text};

/// A SQL value that borrows its text.
#[derive(Clone, Copy, Debug)]
pub enum ValueRef<'a> {
    /// NULL of any type.
    Null,
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
    /// DECIMAL, in units
    Dec(i128),
    /// REAL
    F32(f32),
    /// DOUBLE
    F64(f64),
    /// CHAR, VARCHAR
    Text(&'a str),
    /// DATE, in days since 1970
    Date(i32),
    /// TIME, in nanoseconds of the day
    Time(i64),
    /// TIMESTAMP, in microseconds since 1970
    Ts(i64),
    /// Year-month interval
    Months(i32),
    /// Day-time interval
    Micros(i64),
    /// TIMESTAMP WITH TIME ZONE, in microseconds since 1970 UTC
    Tz(i64),
    /// UUID
    Uuid(u128),
    /// BINARY, VARBINARY
    Bytes(&'a [u8]),
    /// ARRAY, MAP, ROW, VARIANT
    Item(Item<'a>),
}

impl ValueRef<'_> {
    /// Whether a date, a time or a timestamp is one that SQL has: in the years 1 to 9999, within a day. Any other value is.
    pub fn in_range(self) -> bool {
        match self {
            ValueRef::Date(days) => (DATE_MIN..=DATE_MAX).contains(&days),
            ValueRef::Time(ns) => (0..DAY_NANOS as i64).contains(&ns),
            ValueRef::Ts(us) | ValueRef::Tz(us) => {
                (i64::from(DATE_MIN)..=i64::from(DATE_MAX)).contains(&us.div_euclid(DAY_MICROS))
            }
            _ => true,
        }
    }

    /// The value on its own.
    pub fn to_value(self) -> Value {
        match self {
            ValueRef::Null => Value::Null,
            ValueRef::Bool(v) => Value::Bool(v),
            ValueRef::I8(v) => Value::I8(v),
            ValueRef::I16(v) => Value::I16(v),
            ValueRef::I32(v) => Value::I32(v),
            ValueRef::I64(v) => Value::I64(v),
            ValueRef::U8(v) => Value::U8(v),
            ValueRef::U16(v) => Value::U16(v),
            ValueRef::U32(v) => Value::U32(v),
            ValueRef::U64(v) => Value::U64(v),
            ValueRef::Dec(v) => Value::Dec(v),
            ValueRef::F32(v) => Value::F32(v),
            ValueRef::F64(v) => Value::F64(v),
            ValueRef::Text(v) => Value::text(v),
            ValueRef::Date(v) => Value::Date(v),
            ValueRef::Time(v) => Value::Time(v),
            ValueRef::Ts(v) => Value::Ts(v),
            ValueRef::Months(v) => Value::Months(v),
            ValueRef::Micros(v) => Value::Micros(v),
            ValueRef::Tz(v) => Value::Tz(v),
            ValueRef::Uuid(v) => Value::Uuid(v),
            ValueRef::Bytes(v) => Value::Bytes(v.into()),
            ValueRef::Item(v) => Value::Item(v.bytes().into()),
        }
    }
}

impl<'a> From<&'a Value> for ValueRef<'a> {
    fn from(v: &'a Value) -> ValueRef<'a> {
        match v {
            Value::Null => ValueRef::Null,
            Value::Bool(v) => ValueRef::Bool(*v),
            Value::I8(v) => ValueRef::I8(*v),
            Value::I16(v) => ValueRef::I16(*v),
            Value::I32(v) => ValueRef::I32(*v),
            Value::I64(v) => ValueRef::I64(*v),
            Value::U8(v) => ValueRef::U8(*v),
            Value::U16(v) => ValueRef::U16(*v),
            Value::U32(v) => ValueRef::U32(*v),
            Value::U64(v) => ValueRef::U64(*v),
            Value::Dec(v) => ValueRef::Dec(*v),
            Value::F32(v) => ValueRef::F32(*v),
            Value::F64(v) => ValueRef::F64(*v),
            Value::Text(v) => ValueRef::Text(v),
            Value::Date(v) => ValueRef::Date(*v),
            Value::Time(v) => ValueRef::Time(*v),
            Value::Ts(v) => ValueRef::Ts(*v),
            Value::Months(v) => ValueRef::Months(*v),
            Value::Micros(v) => ValueRef::Micros(*v),
            Value::Tz(v) => ValueRef::Tz(*v),
            Value::Uuid(v) => ValueRef::Uuid(*v),
            Value::Bytes(v) => ValueRef::Bytes(v),
            Value::Item(v) => ValueRef::Item(Item::new(v)),
        }
    }
}

/// The words of one value: at most two in its slot, or, of a wide type, the biased word.
pub(crate) fn words_of(v: ValueRef<'_>, two: bool) -> (Kind, [u64; 2]) {
    match v {
        ValueRef::Null => (Kind::Bool, [0, 0]),
        ValueRef::Bool(v) => (Kind::Bool, [enc::bool(v), 0]),
        ValueRef::I8(v) => (Kind::I8, [enc::i8(v), 0]),
        ValueRef::I16(v) => (Kind::I16, [enc::i16(v), 0]),
        ValueRef::I32(v) => (Kind::I32, [enc::i32(v), 0]),
        ValueRef::I64(v) => (Kind::I64, [enc::i64(v), 0]),
        ValueRef::U8(v) => (Kind::U8, [enc::u8(v), 0]),
        ValueRef::U16(v) => (Kind::U16, [enc::u16(v), 0]),
        ValueRef::U32(v) => (Kind::U32, [enc::u32(v), 0]),
        ValueRef::U64(v) => (Kind::U64, [v, 0]),
        ValueRef::Dec(v) if two => (Kind::Dec, enc::dec2(v)),
        ValueRef::Dec(v) => (Kind::Dec, [enc::dec(v), 0]),
        ValueRef::F32(v) => (Kind::F32, [enc::f32(v), 0]),
        ValueRef::F64(v) => (Kind::F64, [enc::f64(v), 0]),
        ValueRef::Text(_) => (Kind::Text, [0, 0]),
        ValueRef::Uuid(_) => (Kind::Uuid, [0, 0]),
        ValueRef::Bytes(_) => (Kind::Bytes, [0, 0]),
        ValueRef::Item(_) => (Kind::Item, [0, 0]),
        ValueRef::Date(v) => (Kind::Date, [enc::date(v), 0]),
        ValueRef::Time(v) => (Kind::Time, [enc::time(v), 0]),
        ValueRef::Ts(v) => (Kind::Ts, [enc::ts(v), 0]),
        ValueRef::Months(v) => (Kind::Months, [enc::months(v), 0]),
        ValueRef::Micros(v) => (Kind::Micros, [enc::micros(v), 0]),
        ValueRef::Tz(v) => (Kind::Tz, [enc::tz(v), 0]),
    }
}

/// Calls `f` with the bytes of a value that is stored as bytes and of that kind.
pub(crate) fn with_bytes<R>(v: ValueRef<'_>, kind: Kind, f: impl FnOnce(&[u8]) -> R) -> Option<R> {
    Some(match (v, kind) {
        (ValueRef::Text(s), Kind::Text) => f(s.as_bytes()),
        (ValueRef::Uuid(v), Kind::Uuid) => f(&v.to_be_bytes()),
        (ValueRef::Bytes(v), Kind::Bytes) => f(v),
        (ValueRef::Item(v), Kind::Item) => f(v.bytes()),
        _ => return None,
    })
}

/// A row in the making. Columns are set in any order, the last setting counts; a column that was not set is NULL. It keeps its
/// buffers from row to row.
#[derive(Clone, Debug)]
pub struct RowDraft<'a> {
    layout: &'a Layout,
    slots: Vec<u64>,
    /// The biased words of wide columns, by column.
    wide: Vec<u64>,
    set: Vec<bool>,
    bytes: Vec<u8>,
    /// Where each value of variable length is in `bytes`; `None`: NULL.
    texts: Vec<Option<(usize, usize)>>,
}

impl<'a> RowDraft<'a> {
    /// A draft without any column set.
    pub fn new(layout: &'a Layout) -> RowDraft<'a> {
        RowDraft {
            layout,
            slots: vec![0; layout.fixed_words],
            wide: vec![0; layout.len()],
            set: vec![false; layout.len()],
            bytes: Vec::new(),
            texts: vec![None; layout.texts],
        }
    }

    /// Sets a column.
    ///
    /// # Errors
    /// A value of another kind than the column's, or out of its type's range.
    #[inline]
    pub fn set(&mut self, column: usize, value: ValueRef<'_>) -> Result<(), RowError> {
        let error = |problem| RowError::Column { column, problem };
        let field = &self.layout.fields[column];
        self.set[column] = !matches!(value, ValueRef::Null);
        if let Place::Text(i) = field.place {
            let from = self.bytes.len();
            let bytes = &mut self.bytes;
            self.texts[i] = match with_bytes(value, field.kind, |b| bytes.extend_from_slice(b)) {
                Some(()) => Some((from, self.bytes.len())),
                None if !self.set[column] => None,
                None => return Err(error("a value of another kind than the column's")),
            };
            return Ok(());
        }
        let (kind, words) = words_of(value, field.words == 2);
        if self.set[column] && kind != field.kind {
            return Err(error("a value of another kind than the column's"));
        }
        if let (ValueRef::Dec(v), 1) = (value, field.words)
            && i64::try_from(v).is_err()
        {
            return Err(error("a decimal of more digits than the column's"));
        }
        let (Place::Slot(at) | Place::Wide(at)) = field.place else { return Ok(()) };
        if let Place::Wide(_) = field.place {
            self.wide[column] = words[0];
            self.slots[at] = if self.set[column] { enc::slot(words[0]) } else { 0 };
            return Ok(());
        }
        let words = &words[..field.words];
        if self.set[column] {
            field.check(words).map_err(error)?;
        }
        self.slots[at..at + words.len()].copy_from_slice(words);
        Ok(())
    }

    /// Appends the row to `out` and begins another, without any column set. On an error nothing is appended.
    ///
    /// # Errors
    /// A column that is NOT NULL was not set.
    pub fn finish(&mut self, out: &mut Vec<u64>) -> Result<(), RowError> {
        let missing = self.layout.fields.iter().zip(&self.set).position(|(f, set)| !set && !f.nullable);
        if missing.is_none() {
            out.extend_from_slice(&self.slots);
            for (i, f) in self.layout.fields.iter().enumerate() {
                if let Place::Wide(at) = f.place
                    && self.slots[at] == 1
                {
                    out.push(self.wide[i]);
                }
            }
            for t in &self.texts {
                match t {
                    Some((from, to)) => text::write_bytes(&self.bytes[*from..*to], out),
                    None => out.push(0),
                }
            }
        }
        self.clear();
        missing.map_or(Ok(()), |column| Err(RowError::Column { column, problem: "NULL in a column that is NOT NULL" }))
    }

    /// Unsets every column.
    pub fn clear(&mut self) {
        self.slots.fill(0);
        self.set.fill(false);
        self.texts.fill(None);
        self.bytes.clear();
    }
}
