//! The sort layout: columns one after the other, so that the order of rows' words is the SQL order of rows.

use crate::draft::{with_bytes, words_of};
use crate::layout::bytes_value;
use crate::{ColumnType, Field, Layout, Place, RowError, RowWriter, Value, ValueRef, enc, text};

/// The order of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Order {
    /// NULL first, then ascending.
    Ascending,
    /// Descending, then NULL.
    Descending,
}

impl Order {
    /// What the words of a column are XORed with.
    fn mask(self) -> u64 {
        match self {
            Order::Ascending => 0,
            Order::Descending => u64::MAX,
        }
    }
}

/// The sort layout of a list of columns with their orders; see the [crate's documentation](crate).
///
/// ```
/// use weir_row::{ColumnType, SortLayout, SqlType, Value};
/// let layout = SortLayout::ascending(&[ColumnType::nullable(SqlType::BigInt), ColumnType::not_null(SqlType::Varchar(None))]);
/// let encode = |i, s| {
///     let mut row = Vec::new();
///     layout.encode(&[i, Value::text(s)], &mut row).unwrap();
///     row
/// };
/// assert!(encode(Value::Null, "z") < encode(Value::I64(i64::MIN), "a"));
/// assert!(encode(Value::I64(3), "abcdefg") < encode(Value::I64(3), "abcdefgh"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SortLayout {
    /// The columns with their orders. Places are those of the storage layout and of no use here.
    columns: Vec<(Field, Order)>,
}

impl SortLayout {
    /// The sort layout of columns of these types and orders.
    pub fn new(columns: &[(ColumnType, Order)]) -> SortLayout {
        let types: Vec<_> = columns.iter().map(|c| c.0.clone()).collect();
        let fields = Layout::new(&types).fields;
        SortLayout { columns: fields.into_iter().zip(columns.iter().map(|c| c.1)).collect() }
    }

    /// The sort layout of columns of these types, all ascending: that of views.
    pub fn ascending(columns: &[ColumnType]) -> SortLayout {
        SortLayout { columns: Layout::new(columns).fields.into_iter().map(|f| (f, Order::Ascending)).collect() }
    }

    /// The number of columns.
    pub fn len(&self) -> usize {
        self.columns.len()
    }

    /// Whether there is no column.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// The stride of blocks of such rows: 0 when their lengths differ.
    pub fn stride(&self) -> u32 {
        let fixed = self.columns.iter().all(|(f, _)| matches!(f.place, Place::Slot(_)));
        if fixed { self.columns.iter().map(|(f, _)| f.words as u32).sum() } else { 0 }
    }

    /// Appends the row of `values`. On an error nothing is appended.
    pub fn encode(&self, values: &[Value], out: &mut Vec<u64>) -> Result<(), RowError> {
        let start = out.len();
        let result = self.try_encode(values, out);
        if result.is_err() {
            out.truncate(start);
        }
        result
    }

    fn try_encode(&self, values: &[Value], out: &mut Vec<u64>) -> Result<(), RowError> {
        if values.len() != self.columns.len() {
            return Err(RowError::Length(values.len()));
        }
        for (column, ((field, order), value)) in self.columns.iter().zip(values).enumerate() {
            let problem = |problem| RowError::Column { column, problem };
            let start = out.len();
            let value = ValueRef::from(value);
            let (kind, words) = words_of(value, field.words == 2);
            match value {
                ValueRef::Null if !field.nullable => return Err(problem("NULL in a column that is NOT NULL")),
                ValueRef::Null => out.extend_from_slice(&[0, 0][..field.words.max(1)]),
                _ if kind != field.kind => return Err(problem("a value of another kind than the column's")),
                _ if field.kind.is_variable() => {
                    with_bytes(value, kind, |b| text::write_bytes(b, out));
                    field.check_bytes(&out[start..]).map_err(problem)?;
                }
                _ if field.escapes() => {
                    out.push(enc::slot(words[0]));
                    out.extend(enc::escape(words[0]));
                }
                _ => {
                    field.check(&words[..field.words]).map_err(problem)?;
                    out.extend_from_slice(&words[..field.words]);
                }
            }
            out[start..].iter_mut().for_each(|w| *w ^= order.mask());
        }
        Ok(())
    }

    /// The values of a row, each checked to be of its column's type.
    pub fn decode(&self, row: &[u64]) -> Result<Vec<Value>, RowError> {
        let mut values = Vec::with_capacity(self.columns.len());
        let end = self.visit(row, |field, words| values.push(value_of(field, words)))?;
        if end == row.len() { Ok(values) } else { Err(RowError::Length(row.len())) }
    }

    /// Whether `row` is just one row of the layout, each column a value of its type.
    pub fn validate(&self, row: &[u64]) -> Result<(), RowError> {
        let end = self.visit(row, |_, _| {})?;
        if end == row.len() { Ok(()) } else { Err(RowError::Length(row.len())) }
    }

    /// Calls `f` with each column's words, as they are ascending.
    fn visit(&self, row: &[u64], mut f: impl FnMut(&Field, &[u64])) -> Result<usize, RowError> {
        let mut at = 0;
        let mut flipped = Vec::new();
        for (column, (field, order)) in self.columns.iter().enumerate() {
            let problem = |problem| RowError::Column { column, problem };
            let rest = row.get(at..).unwrap_or(&[]);
            let rest = if *order == Order::Descending {
                flipped.clear();
                flipped.extend(rest.iter().map(|w| !w));
                &flipped
            } else {
                rest
            };
            let words = match field.place {
                Place::Text(_) => field.check_bytes(rest).map_err(problem)?,
                Place::Wide(_) if rest.first() == Some(&1) => {
                    if rest.get(1).is_none_or(|b| *b > 1) {
                        return Err(problem("an escape of a value that needs none"));
                    }
                    2
                }
                _ => {
                    let words = rest.get(..field.words).ok_or(RowError::Length(row.len()))?;
                    field.check(words).map_err(problem)?;
                    field.words
                }
            };
            f(field, &rest[..words]);
            at += words;
        }
        Ok(at)
    }
}

/// The value of a column's words, which are well-formed.
fn value_of(field: &Field, words: &[u64]) -> Value {
    match field.place {
        Place::Text(_) => bytes_value(field.kind, words),
        Place::Wide(_) if words.len() == 2 => field.value(&words[1..]).to_value(),
        _ => field.decode(words),
    }
}

/// Turns stored rows into rows of a sort layout, all ascending.
///
/// The stored rows are keyed (two parts) or flat (the first part alone); the columns come out in any order.
#[derive(Clone, Debug)]
pub struct ToSort {
    key: Layout,
    value: Layout,
    /// For each column of the output, whether it is in the value part, and its field there.
    columns: Vec<(bool, Field)>,
    /// Whether rows stay as they are.
    same: bool,
    /// Where the texts of the row at hand are: the key's, then the value's.
    texts: Vec<usize>,
}

impl ToSort {
    /// Turns rows of `key` followed by `value` into rows of the columns `order`, which are indexes into the key's columns
    /// followed by the value's.
    ///
    /// # Panics
    /// If `order` has an index of no column.
    pub fn new(key: Layout, value: Layout, order: &[usize]) -> ToSort {
        let columns: Vec<_> = order
            .iter()
            .map(|&c| if c < key.len() { (false, key.fields[c]) } else { (true, value.fields[c - key.len()]) })
            .collect();
        let straight = order.iter().copied().eq(0..key.len() + value.len());
        let texts_last = |l: &Layout| l.fields.iter().skip_while(|f| f.words > 0).all(|f| f.words == 0);
        let same = straight
            && key.wide_slots.is_empty()
            && value.wide_slots.is_empty()
            && texts_last(&key)
            && texts_last(&value);
        ToSort { key, value, columns, same, texts: Vec::new() }
    }

    /// Turns flat rows of `layout` into rows of the same columns in the same order.
    pub fn flat(layout: Layout) -> ToSort {
        let order: Vec<_> = (0..layout.len()).collect();
        let empty = Layout { fields: Vec::new(), fixed_words: 0, wide_slots: Vec::new(), texts: 0 };
        ToSort::new(layout, empty, &order)
    }

    /// Whether rows stay as they are, because both layouts agree.
    pub fn is_same(&self) -> bool {
        self.same
    }

    /// The stride of the rows put out.
    pub fn stride(&self) -> u32 {
        self.key.stride_with(&self.value)
    }

    /// Appends the words of `row`, which is well-formed, in the sort layout.
    pub fn append(&mut self, row: &[u64], out: &mut RowWriter) {
        if self.same {
            return out.copy(row);
        }
        let split = self.key.end(row);
        let value = &row[split..];
        self.texts.clear();
        for (layout, part) in [(&self.key, row), (&self.value, value)] {
            if layout.texts > 0 {
                let mut at = layout.first_text(part);
                for _ in 0..layout.texts {
                    self.texts.push(at);
                    at = text::skip(part, at);
                }
            }
        }
        for (in_value, field) in &self.columns {
            let (layout, part, texts) =
                if *in_value { (&self.value, value, self.key.texts) } else { (&self.key, row, 0) };
            match field.place {
                Place::Slot(at) if field.words == 1 => out.put([part[at]]),
                Place::Slot(at) => out.put([part[at], part[at + 1]]),
                Place::Wide(at) => {
                    out.put([part[at]]);
                    if part[at] == 1 {
                        let before = layout.wide_slots.iter().take_while(|s| **s < at).filter(|s| part[**s] == 1);
                        out.put([part[layout.fixed_words + before.count()]]);
                    }
                }
                Place::Text(i) => out.copy_text(part, self.texts[texts + i]),
            }
        }
    }
}
