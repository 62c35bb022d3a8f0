//! Registers: the values of one column or expression for the rows of a batch.

use weir_functions::Arena;
use weir_row::{Item, Kind, Value, ValueRef};

/// Values of one kind. A register uses `decs` for decimals and UUIDs, `texts` for texts, `bytes` for binaries and items, and `words` for everything else: integers, dates and times
/// sign-extended, BOOLEAN 0 or 1, floats as their bits. What stands at a row that was not selected has no meaning.
#[derive(Debug, Default)]
pub(crate) struct Register<'a> {
    /// Whether a value is NULL; used by registers that may hold NULL.
    pub(crate) null: Vec<bool>,
    pub(crate) words: Vec<u64>,
    pub(crate) decs: Vec<i128>,
    pub(crate) texts: Vec<&'a str>,
    pub(crate) bytes: Vec<&'a [u8]>,
}

/// Makes room for `n` values; what is there stays.
fn grow<T: Clone>(list: &mut Vec<T>, n: usize, fill: T) {
    if list.len() < n {
        list.resize(n, fill);
    }
}

impl<'a> Register<'a> {
    /// Makes room for `n` values of a kind.
    pub(crate) fn reserve(&mut self, kind: Kind, nullable: bool, n: usize) {
        if nullable {
            grow(&mut self.null, n, false);
        }
        match kind {
            Kind::Dec | Kind::Uuid => grow(&mut self.decs, n, 0),
            Kind::Bytes | Kind::Item => grow(&mut self.bytes, n, &[]),
            Kind::Text => grow(&mut self.texts, n, ""),
            _ => grow(&mut self.words, n, 0),
        }
    }

    /// The value at a row, as kernels' adapters take it; not NULL.
    pub(crate) fn value(&self, kind: Kind, i: usize) -> Value {
        self.view(kind, i).to_value()
    }

    /// Sets the value at a row, which is not NULL and of the register's kind; texts go to the arena.
    pub(crate) fn set(&mut self, i: usize, value: &Value, arena: &'a Arena) {
        let word = match value {
            Value::Null => return,
            Value::Bool(x) => u64::from(*x),
            Value::I8(x) => *x as i64 as u64,
            Value::I16(x) => *x as i64 as u64,
            Value::I32(x) | Value::Date(x) | Value::Months(x) => *x as i64 as u64,
            Value::I64(x) | Value::Time(x) | Value::Ts(x) | Value::Micros(x) | Value::Tz(x) => *x as u64,
            Value::U8(x) => u64::from(*x),
            Value::U16(x) => u64::from(*x),
            Value::U32(x) => u64::from(*x),
            Value::U64(x) => *x,
            Value::F32(x) => u64::from(x.to_bits()),
            Value::F64(x) => x.to_bits(),
            Value::Dec(x) => return self.decs[i] = *x,
            Value::Text(s) => return self.texts[i] = arena.alloc_str(s),
            Value::Uuid(x) => return self.decs[i] = *x as i128,
            Value::Bytes(b) | Value::Item(b) => return self.bytes[i] = arena.alloc_slice_copy(b),
        };
        self.words[i] = word;
    }

    /// The value at a row, borrowed; not NULL.
    pub(crate) fn view(&self, kind: Kind, i: usize) -> ValueRef<'a> {
        match kind {
            Kind::Text => ValueRef::Text(self.texts[i]),
            Kind::Bytes => ValueRef::Bytes(self.bytes[i]),
            Kind::Item => ValueRef::Item(Item::new(self.bytes[i])),
            Kind::Bool => ValueRef::Bool(self.words[i] != 0),
            Kind::I8 => ValueRef::I8(self.words[i] as i8),
            Kind::I16 => ValueRef::I16(self.words[i] as i16),
            Kind::I32 => ValueRef::I32(self.words[i] as i32),
            Kind::I64 => ValueRef::I64(self.words[i] as i64),
            Kind::U8 => ValueRef::U8(self.words[i] as u8),
            Kind::U16 => ValueRef::U16(self.words[i] as u16),
            Kind::U32 => ValueRef::U32(self.words[i] as u32),
            Kind::U64 => ValueRef::U64(self.words[i]),
            Kind::Dec => ValueRef::Dec(self.decs[i]),
            Kind::F32 => ValueRef::F32(f32::from_bits(self.words[i] as u32)),
            Kind::F64 => ValueRef::F64(f64::from_bits(self.words[i])),
            Kind::Date => ValueRef::Date(self.words[i] as i32),
            Kind::Time => ValueRef::Time(self.words[i] as i64),
            Kind::Ts => ValueRef::Ts(self.words[i] as i64),
            Kind::Months => ValueRef::Months(self.words[i] as i32),
            Kind::Micros => ValueRef::Micros(self.words[i] as i64),
            Kind::Tz => ValueRef::Tz(self.words[i] as i64),
            Kind::Uuid => ValueRef::Uuid(self.decs[i] as u128),
        }
    }

    /// A whole number of any kind, as 128 bits.
    pub(crate) fn whole(&self, kind: Kind, i: usize) -> i128 {
        match kind {
            Kind::Dec => self.decs[i],
            Kind::U64 => i128::from(self.words[i]),
            _ => i128::from(self.words[i] as i64),
        }
    }

    /// A float of either kind.
    pub(crate) fn float(&self, kind: Kind, i: usize) -> f64 {
        match kind {
            Kind::F32 => f64::from(f32::from_bits(self.words[i] as u32)),
            _ => f64::from_bits(self.words[i]),
        }
    }

    /// The register without its texts, for the next batch.
    pub(crate) fn empty(self) -> Register<'static> {
        Register { null: self.null, words: self.words, decs: self.decs, texts: Vec::new(), bytes: Vec::new() }
    }
}
