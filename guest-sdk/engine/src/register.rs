//! Registers: the values of one column or expression for the rows of a batch.

use weir_functions::Arena;
use weir_row::{Kind, Value};

/// Values of one kind. A register uses `decs` for decimals, `texts` for texts, and `words` for everything else: integers, dates and times
/// sign-extended, BOOLEAN 0 or 1, floats as their bits. What stands at a row that was not selected has no meaning.
#[derive(Debug, Default)]
pub(crate) struct Register<'a> {
    /// Whether a value is NULL; used by registers that may hold NULL.
    pub(crate) null: Vec<bool>,
    pub(crate) words: Vec<u64>,
    pub(crate) decs: Vec<i128>,
    pub(crate) texts: Vec<&'a str>,
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
            Kind::Dec => grow(&mut self.decs, n, 0),
            Kind::Text => grow(&mut self.texts, n, ""),
            _ => grow(&mut self.words, n, 0),
        }
    }

    /// The value at a row, as kernels' adapters take it; not NULL.
    pub(crate) fn value(&self, kind: Kind, i: usize) -> Value {
        let word = || self.words[i];
        match kind {
            Kind::Bool => Value::Bool(word() != 0),
            Kind::I8 => Value::I8(word() as i8),
            Kind::I16 => Value::I16(word() as i16),
            Kind::I32 => Value::I32(word() as i32),
            Kind::I64 => Value::I64(word() as i64),
            Kind::U8 => Value::U8(word() as u8),
            Kind::U16 => Value::U16(word() as u16),
            Kind::U32 => Value::U32(word() as u32),
            Kind::U64 => Value::U64(word()),
            Kind::Dec => Value::Dec(self.decs[i]),
            Kind::F32 => Value::F32(f32::from_bits(word() as u32)),
            Kind::F64 => Value::F64(f64::from_bits(word())),
            Kind::Text => Value::text(self.texts[i]),
            Kind::Date => Value::Date(word() as i32),
            Kind::Time => Value::Time(word() as i64),
            Kind::Ts => Value::Ts(word() as i64),
            Kind::Months => Value::Months(word() as i32),
            Kind::Micros => Value::Micros(word() as i64),
        }
    }

    /// Sets the value at a row, which is not NULL and of the register's kind; texts go to the arena.
    pub(crate) fn set(&mut self, i: usize, value: &Value, arena: &'a Arena) {
        let word = match value {
            Value::Null => return,
            Value::Bool(x) => u64::from(*x),
            Value::I8(x) => *x as i64 as u64,
            Value::I16(x) => *x as i64 as u64,
            Value::I32(x) | Value::Date(x) | Value::Months(x) => *x as i64 as u64,
            Value::I64(x) | Value::Time(x) | Value::Ts(x) | Value::Micros(x) => *x as u64,
            Value::U8(x) => u64::from(*x),
            Value::U16(x) => u64::from(*x),
            Value::U32(x) => u64::from(*x),
            Value::U64(x) => *x,
            Value::F32(x) => u64::from(x.to_bits()),
            Value::F64(x) => x.to_bits(),
            Value::Dec(x) => return self.decs[i] = *x,
            Value::Text(s) => return self.texts[i] = arena.alloc_str(s),
        };
        self.words[i] = word;
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
        Register { null: self.null, words: self.words, decs: self.decs, texts: Vec::new() }
    }
}
