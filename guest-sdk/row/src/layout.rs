//! The storage layout: where the columns of a row are.

use crate::{Block, ColumnType, Item, Kind, RowDraft, SqlType, Value, ValueRef, dec, item, text};
use std::fmt::Write;
use thiserror::Error;

/// Days from 1970-01-01 to 0001-01-01.
pub(crate) const DATE_MIN: i32 = -719_162;
/// Days from 1970-01-01 to 9999-12-31.
pub(crate) const DATE_MAX: i32 = 2_932_896;
/// Nanoseconds of a day.
pub(crate) const DAY_NANOS: u64 = 86_400_000_000_000;
/// Microseconds of a day.
pub(crate) const DAY_MICROS: i64 = 86_400_000_000;

/// Where a column is in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// One word at this offset (or two, see [`Field::words`]).
    Slot(usize),
    /// A nullable wide column, whose slot is at this offset; if that is 1 an escape follows the slots.
    Wide(usize),
    /// The text, or other bytes, of this number, from 0, behind the slots and escapes.
    Text(usize),
}

/// How a column is represented and where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// The representation of its values.
    pub kind: Kind,
    /// Digits of a decimal at most; 0 for other kinds.
    pub precision: u8,
    /// Whether it may be NULL.
    pub nullable: bool,
    /// Words of its slot: 1, or 2 for a decimal of more than 18 digits; 0 for what is stored as bytes.
    pub words: usize,
    /// Its place in the storage layout.
    pub place: Place,
}

impl Field {
    /// Whether it is a nullable column of a wide type, which may have an escape.
    pub fn escapes(&self) -> bool {
        self.nullable && matches!(self.kind, Kind::I64 | Kind::U64 | Kind::Micros)
    }

    /// Why the words of a slot are not a value of the column. Those of wide columns always are.
    pub(crate) fn check(&self, words: &[u64]) -> Result<(), &'static str> {
        let w = words[0];
        if words.iter().all(|w| *w == 0) && !matches!(self.kind, Kind::I64 | Kind::U64 | Kind::Micros) {
            return if self.nullable { Ok(()) } else { Err("NULL in a column that is NOT NULL") };
        }
        let fits = match self.kind {
            Kind::Bool => w <= 2,
            Kind::I8 | Kind::U8 => w <= 1 << 8,
            Kind::I16 | Kind::U16 => w <= 1 << 16,
            Kind::I32 | Kind::U32 | Kind::Months => w <= 1 << 32,
            Kind::Date => w <= 1 << 32 && (DATE_MIN..=DATE_MAX).contains(&dec::date(w)),
            Kind::Time => w <= DAY_NANOS,
            Kind::Ts | Kind::Tz => {
                let micros = dec::ts(w);
                micros >= DATE_MIN as i64 * DAY_MICROS && micros < (DATE_MAX as i64 + 1) * DAY_MICROS
            }
            Kind::F32 => w >> 32 == 0 && crate::enc::f32(dec::f32(w)) == w,
            Kind::F64 => crate::enc::f64(dec::f64(w)) == w,
            Kind::Dec => {
                let v = if self.words == 2 { dec::dec2(w, words[1]) } else { dec::dec(w) };
                v.unsigned_abs() < 10u128.pow(u32::from(self.precision))
            }
            Kind::I64 | Kind::U64 | Kind::Micros | Kind::Text | Kind::Uuid | Kind::Bytes | Kind::Item => true,
        };
        if fits { Ok(()) } else { Err("a word that no value of the column's type has") }
    }

    /// The value of the slot's words, which are not NULL and, of a wide column, the biased word.
    pub(crate) fn value(&self, words: &[u64]) -> ValueRef<'static> {
        let w = words[0];
        match self.kind {
            Kind::Bool => ValueRef::Bool(dec::bool(w)),
            Kind::I8 => ValueRef::I8(dec::i8(w)),
            Kind::I16 => ValueRef::I16(dec::i16(w)),
            Kind::I32 => ValueRef::I32(dec::i32(w)),
            Kind::I64 => ValueRef::I64(dec::i64(w)),
            Kind::U8 => ValueRef::U8(dec::u8(w)),
            Kind::U16 => ValueRef::U16(dec::u16(w)),
            Kind::U32 => ValueRef::U32(dec::u32(w)),
            Kind::U64 => ValueRef::U64(w),
            Kind::Dec => ValueRef::Dec(if self.words == 2 { dec::dec2(w, words[1]) } else { dec::dec(w) }),
            Kind::F32 => ValueRef::F32(dec::f32(w)),
            Kind::F64 => ValueRef::F64(dec::f64(w)),
            Kind::Text => ValueRef::Text(""),
            Kind::Uuid => ValueRef::Uuid(0),
            Kind::Bytes => ValueRef::Bytes(&[]),
            Kind::Item => ValueRef::Item(Item::VARIANT_NULL),
            Kind::Date => ValueRef::Date(dec::date(w)),
            Kind::Time => ValueRef::Time(dec::time(w)),
            Kind::Ts => ValueRef::Ts(dec::ts(w)),
            Kind::Months => ValueRef::Months(dec::months(w)),
            Kind::Micros => ValueRef::Micros(dec::micros(w)),
            Kind::Tz => ValueRef::Tz(dec::tz(w)),
        }
    }
}

/// A text that names no layout.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` is no column representation")]
pub struct LayoutError(pub String);

/// Why words are not a row of a layout, or values not a row's.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RowError {
    /// The row ends within a column, or goes on after the last.
    #[error("a row of {0} words, which its columns do not fill")]
    Length(usize),
    /// A column's words are no value of its type.
    #[error("column {column}: {problem}")]
    Column {
        /// The column's index in the layout.
        column: usize,
        /// What is wrong with it.
        problem: &'static str,
    },
}

/// The storage layout of a list of columns; see the [crate's documentation](crate).
///
/// ```
/// use weir_row::{ColumnType, Layout, SqlType, Value};
/// let layout = Layout::new(&[ColumnType::nullable(SqlType::Varchar(None)), ColumnType::not_null(SqlType::Integer)]);
/// assert_eq!(layout.text(), "text? i32");
/// let mut row = Vec::new();
/// layout.encode(&[Value::text("seven"), Value::I32(7)], &mut row).unwrap();
/// assert_eq!(row.len(), 2);
/// assert_eq!(layout.decode(&row).unwrap(), [Value::text("seven"), Value::I32(7)]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The columns in order.
    pub fields: Vec<Field>,
    /// Words of all slots: where the variable part begins.
    pub fixed_words: usize,
    /// The slots of nullable wide columns, ascending.
    pub wide_slots: Vec<usize>,
    /// The number of texts and other columns that are stored as bytes.
    pub texts: usize,
}

impl Layout {
    /// The layout of columns of these types. (A column of the type of a bare NULL is laid out as a nullable BOOLEAN.)
    pub fn new(columns: &[ColumnType]) -> Layout {
        Layout::of(columns.iter().map(|c| {
            let kind = c.sql.kind().unwrap_or(Kind::Bool);
            let precision = if let SqlType::Decimal { precision, .. } = c.sql { precision } else { 0 };
            (kind, precision, c.nullable || c.sql == SqlType::Null)
        }))
    }

    /// The layout that a text names: kinds, `?` after those that may be NULL, between blanks; `dec12` is a decimal of 12 digits.
    pub fn parse(text: &str) -> Result<Layout, LayoutError> {
        let columns: Result<Vec<_>, _> = text.split_ascii_whitespace().map(parse_field).collect();
        Ok(Layout::of(columns?.into_iter()))
    }

    /// The text that [`parse`](Layout::parse) makes this layout of.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for f in &self.fields {
            let blank = if text.is_empty() { "" } else { " " };
            let digits = if f.kind == Kind::Dec { f.precision.to_string() } else { String::new() };
            let null = if f.nullable { "?" } else { "" };
            let _ = write!(text, "{blank}{}{digits}{null}", f.kind.name());
        }
        text
    }

    fn of(columns: impl Iterator<Item = (Kind, u8, bool)>) -> Layout {
        let mut layout = Layout { fields: Vec::new(), fixed_words: 0, wide_slots: Vec::new(), texts: 0 };
        for (kind, precision, nullable) in columns {
            let words = match kind {
                _ if kind.is_variable() => 0,
                Kind::Dec if precision > crate::DECIMAL_PRECISION_ONE_WORD => 2,
                _ => 1,
            };
            let mut field = Field { kind, precision, nullable, words, place: Place::Text(layout.texts) };
            if kind.is_variable() {
                layout.texts += 1;
            } else if field.escapes() {
                field.place = Place::Wide(layout.fixed_words);
                layout.wide_slots.push(layout.fixed_words);
            } else {
                field.place = Place::Slot(layout.fixed_words);
            }
            layout.fixed_words += words;
            layout.fields.push(field);
        }
        layout
    }

    /// The number of columns.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether there is no column.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Whether all rows have the same number of words, namely `fixed_words`.
    pub fn is_fixed(&self) -> bool {
        self.texts == 0 && self.wide_slots.is_empty()
    }

    /// The stride of blocks of such rows: 0 when their lengths differ.
    pub fn stride(&self) -> u32 {
        if self.is_fixed() { self.fixed_words as u32 } else { 0 }
    }

    /// The stride of blocks of rows of this layout followed by those of `value`.
    pub fn stride_with(&self, value: &Layout) -> u32 {
        if self.is_fixed() && value.is_fixed() { (self.fixed_words + value.fixed_words) as u32 } else { 0 }
    }

    /// The number of words of the row at the start of `row`, which is well-formed.
    #[inline]
    pub fn end(&self, row: &[u64]) -> usize {
        if self.is_fixed() {
            return self.fixed_words;
        }
        let mut at = self.first_text(row);
        for _ in 0..self.texts {
            at = text::skip(row, at);
        }
        at
    }

    /// The index of the first text of the row at the start of `row`, which is well-formed.
    #[inline]
    pub fn first_text(&self, row: &[u64]) -> usize {
        self.fixed_words + self.wide_slots.iter().filter(|s| row[**s] == 1).count()
    }

    /// The number of words of the row at the start of `row`; `None` if it does not end there.
    pub fn walk(&self, row: &[u64]) -> Option<usize> {
        if row.len() < self.fixed_words {
            return None;
        }
        let mut at = self.first_text(row);
        for _ in 0..self.texts {
            at += text::measure(row.get(at..)?)?.0;
        }
        (at <= row.len()).then_some(at)
    }

    /// Appends the row of `values`. On an error nothing is appended.
    pub fn encode(&self, values: &[Value], out: &mut Vec<u64>) -> Result<(), RowError> {
        if values.len() != self.len() {
            return Err(RowError::Length(values.len()));
        }
        let mut draft = RowDraft::new(self);
        for (i, v) in values.iter().enumerate() {
            draft.set(i, ValueRef::from(v))?;
        }
        draft.finish(out)
    }

    /// Whether `row` is just one row of the layout, each column a value of its type.
    pub fn validate(&self, row: &[u64]) -> Result<(), RowError> {
        let end = self.validate_prefix(row)?;
        if end == row.len() { Ok(()) } else { Err(RowError::Length(row.len())) }
    }

    /// Whether all rows of a well-formed block are rows of the layout; column by column where rows have one length.
    pub fn validate_block(&self, block: &Block) -> Result<(), RowError> {
        if !self.is_fixed() || self.fixed_words == 0 {
            return block.iter().try_for_each(|(row, _)| self.validate(row));
        }
        if block.stride as usize != self.fixed_words {
            return Err(RowError::Length(block.stride as usize));
        }
        for (column, field) in self.fields.iter().enumerate() {
            let Place::Slot(at) = field.place else { continue };
            if matches!(field.kind, Kind::I64 | Kind::U64 | Kind::Micros) {
                // Every word is a value.
                continue;
            }
            for row in block.words.chunks_exact(self.fixed_words) {
                field.check(&row[at..at + field.words]).map_err(|problem| RowError::Column { column, problem })?;
            }
        }
        Ok(())
    }

    /// Whether `row` begins with a row of the layout, each column a value of its type; the number of its words.
    pub fn validate_prefix(&self, row: &[u64]) -> Result<usize, RowError> {
        if row.len() < self.fixed_words {
            return Err(RowError::Length(row.len()));
        }
        let mut at = self.first_text(row);
        let mut escape = self.fixed_words;
        if at > row.len() {
            return Err(RowError::Length(row.len()));
        }
        for (column, field) in self.fields.iter().enumerate() {
            let problem = |problem| RowError::Column { column, problem };
            match field.place {
                Place::Slot(slot) => field.check(&row[slot..slot + field.words]).map_err(problem)?,
                Place::Wide(slot) => {
                    if row[slot] == 1 {
                        if row[escape] > 1 {
                            return Err(problem("an escape of a value that needs none"));
                        }
                        escape += 1;
                    }
                }
                Place::Text(_) => {
                    at += field.check_bytes(row.get(at..).unwrap_or(&[])).map_err(problem)?;
                }
            }
        }
        Ok(at)
    }

    /// The values of a row.
    pub fn decode(&self, row: &[u64]) -> Result<Vec<Value>, RowError> {
        self.validate(row)?;
        let mut escape = self.fixed_words;
        let mut at = self.first_text(row);
        let mut values = Vec::with_capacity(self.len());
        for field in &self.fields {
            values.push(match field.place {
                Place::Slot(slot) => field.decode(&row[slot..slot + field.words]),
                Place::Wide(slot) if row[slot] == 1 => {
                    escape += 1;
                    field.value(&[row[escape - 1]]).to_value()
                }
                Place::Wide(slot) => field.decode(&row[slot..=slot]),
                Place::Text(_) => {
                    let value = bytes_value(field.kind, &row[at..]);
                    at = text::skip(row, at);
                    value
                }
            });
        }
        Ok(values)
    }
}

impl Field {
    /// The value of the slot's words, without an escape.
    pub(crate) fn decode(&self, words: &[u64]) -> Value {
        if self.nullable && words.iter().all(|w| *w == 0) { Value::Null } else { self.value(words).to_value() }
    }
}

impl Field {
    /// Why the bytes at the start of `words` are not a value of the column, else the number of their words.
    pub(crate) fn check_bytes(&self, words: &[u64]) -> Result<usize, &'static str> {
        let (count, bytes) = text::measure(words).ok_or("malformed text")?;
        if words[0] == 0 {
            return if self.nullable { Ok(count) } else { Err("NULL in a column that is NOT NULL") };
        }
        match self.kind {
            Kind::Text if !is_utf8(&words[..count], bytes) => Err("text that is not UTF-8"),
            Kind::Uuid if bytes != size_of::<u128>() => Err("a UUID that has not 16 bytes"),
            Kind::Item if !text::to_bytes(&words[..count]).is_some_and(|b| item::validate(&b)) => {
                Err("a malformed composite value")
            }
            _ => Ok(count),
        }
    }
}

/// The value of a kind that is stored as bytes, from its words; NULL if they are malformed.
pub(crate) fn bytes_value(kind: Kind, words: &[u64]) -> Value {
    let Some(bytes) = text::to_bytes(words) else { return Value::Null };
    match kind {
        Kind::Uuid => bytes.try_into().map_or(Value::Null, |b| Value::Uuid(u128::from_be_bytes(b))),
        Kind::Bytes => Value::Bytes(bytes.into()),
        Kind::Item => Value::Item(bytes.into()),
        _ => String::from_utf8(bytes).map_or(Value::Null, |s| Value::Text(s.into())),
    }
}

/// Whether the text of `bytes` bytes in `words` is UTF-8, without an allocation for short or plain texts.
pub(crate) fn is_utf8(words: &[u64], bytes: usize) -> bool {
    // All bytes below 128: nothing more to see. The low byte of each word is a count, below 128 as well.
    if words.iter().fold(0, |a, w| a | w) & 0x8080_8080_8080_8080 == 0 {
        return true;
    }
    let mut buffer = vec![0; text::room(words.len())];
    text::read(words, &mut buffer);
    std::str::from_utf8(&buffer[..bytes]).is_ok()
}

/// A column's representation from its text.
fn parse_field(text: &str) -> Result<(Kind, u8, bool), LayoutError> {
    let error = || LayoutError(text.to_owned());
    let (name, nullable) = text.strip_suffix('?').map_or((text, false), |name| (name, true));
    if let Some(digits) = name.strip_prefix("dec") {
        let precision = digits.parse().map_err(|_| error())?;
        if !(1..=crate::DECIMAL_PRECISION_MAX).contains(&precision) {
            return Err(error());
        }
        return Ok((Kind::Dec, precision, nullable));
    }
    let kind = Kind::ALL.into_iter().find(|k| k.name() == name).ok_or_else(error)?;
    Ok((kind, 0, nullable))
}
