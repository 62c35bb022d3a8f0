//! Rows read for a table, laid out and dealt to the workers.

use crate::columns::{Home, TableColumns};
use crate::metadata::{self, Datum, Defaults, Metadata};
use weir_circuit::Column;
use weir_row::{Block, Item, ItemWriter, Kind, RowDraft, RowError, RowWriter, SqlType, ValueRef, shard_of};

/// Rows of a table without a primary key go to one worker in runs of so many, so that blocks stay long.
const RUN_ROWS: usize = 256;

/// Changes of one table for each worker, in the storage layout.
#[derive(Debug)]
pub struct Changes {
    writers: Vec<RowWriter>,
    turn: usize,
    rows: usize,
    scratch: Vec<u64>,
    /// What columns get that are made of metadata, in rows that are inserted and in rows that were deleted.
    defaults: [Defaults; 2],
    soft_delete: bool,
}

impl Changes {
    /// No changes yet, of this table.
    pub fn new(table: &TableColumns, workers: usize) -> Changes {
        // Deletions and updates of a table with a primary key are shorter or longer than its rows.
        let stride = if table.keyed { 0 } else { table.value.stride() };
        Changes {
            writers: (0..workers.max(1)).map(|_| RowWriter::new(stride)).collect(),
            turn: 0,
            rows: 0,
            scratch: Vec::new(),
            defaults: Default::default(),
            soft_delete: false,
        }
    }

    /// From now on what would delete a row inserts it, and metadata tell which it was as `is_delete`. For tables without a primary key.
    pub fn set_soft_delete(&mut self, table: &TableColumns) -> Result<(), String> {
        self.soft_delete = true;
        self.describe(table, Metadata::default())
    }

    /// Says what is told of the records that come next, until it is said again.
    ///
    /// # Errors
    /// The default of a column cannot be made of it: records that lack the column cannot be read.
    pub fn describe(&mut self, table: &TableColumns, mut metadata: Metadata) -> Result<(), String> {
        if !table.has_metadata {
            return Ok(());
        }
        if !self.soft_delete {
            self.defaults[0] = metadata::defaults(table, &metadata)?;
            return Ok(());
        }
        for (i, is_delete) in [false, true].into_iter().enumerate() {
            metadata.set("is_delete", Datum::Bool(is_delete));
            self.defaults[i] = metadata::defaults(table, &metadata)?;
        }
        Ok(())
    }

    /// Rows taken so far.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Takes the changes: a list of blocks per worker.
    pub fn take(&mut self) -> Vec<Vec<Block>> {
        self.rows = 0;
        let fresh = self.writers.iter().map(|w| RowWriter::new(w.stride())).collect();
        std::mem::replace(&mut self.writers, fresh).into_iter().map(RowWriter::finish).collect()
    }

    fn push(&mut self, key_words: Option<usize>, weight: i64) {
        let worker = match key_words {
            Some(words) => shard_of(&self.scratch[..words], self.writers.len()),
            None => {
                self.turn += 1;
                self.turn / RUN_ROWS % self.writers.len()
            }
        };
        self.writers[worker].push(&self.scratch, weight);
        self.rows += 1;
    }
}

/// A row of a table in the making. Columns are set in any order; those not set have their default, or NULL.
pub(crate) struct TableDraft<'a> {
    pub(crate) table: &'a TableColumns,
    key: RowDraft<'a>,
    value: RowDraft<'a>,
    given: Vec<bool>,
    /// Whether a column was set since the draft was empty.
    dirty: bool,
    /// Room for a value with parts, for readers.
    pub(crate) items: ItemWriter,
}

/// A row that does not fit its table.
pub(crate) struct BadRow {
    pub(crate) description: String,
    pub(crate) field: Option<String>,
}

impl<'a> TableDraft<'a> {
    pub(crate) fn new(table: &'a TableColumns) -> TableDraft<'a> {
        TableDraft {
            table,
            key: RowDraft::new(&table.key),
            value: RowDraft::new(&table.value),
            given: vec![false; table.columns.len()],
            dirty: false,
            items: ItemWriter::new(),
        }
    }

    pub(crate) fn set(&mut self, column: usize, value: ValueRef<'_>) -> Result<(), RowError> {
        self.given[column] = true;
        self.dirty = true;
        self.put(column, value)
    }

    fn put(&mut self, column: usize, value: ValueRef<'_>) -> Result<(), RowError> {
        match self.table.homes[column] {
            Home::Key(i) => self.key.set(i, value),
            Home::Value(i) => self.value.set(i, value),
        }
    }

    pub(crate) fn clear(&mut self) {
        if !std::mem::take(&mut self.dirty) {
            return;
        }
        self.key.clear();
        self.value.clear();
        self.given.fill(false);
    }

    /// Ends a whole row: an insertion (or, in a table with a primary key, an upsert) of `weight`.
    pub(crate) fn insert(&mut self, weight: i64, changes: &mut Changes) -> Result<(), BadRow> {
        let is_delete = weight < 0 && changes.soft_delete && !self.table.keyed;
        let weight = if is_delete { -weight } else { weight };
        if weight < 0 && self.table.append_only {
            self.clear();
            return Err(BadRow { description: "rows of an append-only table cannot be deleted".into(), field: None });
        }
        self.dirty = true;
        let key_words =
            match self.fill_defaults(&changes.defaults[usize::from(is_delete)]).and_then(|()| self.lay_out(changes)) {
                Ok(key_words) => key_words,
                Err(e) => {
                    self.clear();
                    return Err(e);
                }
            };
        // Both parts are empty once they are laid out.
        self.given.fill(false);
        self.dirty = false;
        changes.push(key_words, weight);
        Ok(())
    }

    /// Ends a row to be deleted: the whole row, or, in a table with a primary key, the key.
    pub(crate) fn delete(&mut self, changes: &mut Changes) -> Result<(), BadRow> {
        if !self.table.keyed {
            return self.insert(-1, changes);
        }
        let result = self.lay_out_key(changes);
        self.dirty = true;
        self.clear();
        result?;
        changes.push(Some(changes.scratch.len()), -1);
        Ok(())
    }

    /// Ends a partial row of a table with a primary key: the columns that were set replace those of the row with its key.
    pub(crate) fn update(&mut self, changes: &mut Changes) -> Result<(), BadRow> {
        if !self.table.keyed {
            return Err(BadRow { description: "'update' events need a table with a PRIMARY KEY".into(), field: None });
        }
        let result = self.lay_out_update(changes);
        self.dirty = true;
        self.clear();
        let key_words = result?;
        changes.push(Some(key_words), 2);
        Ok(())
    }

    fn fill_defaults(&mut self, of_metadata: &Defaults) -> Result<(), BadRow> {
        let table = self.table;
        for (i, column) in table.columns.iter().enumerate().filter(|(_, c)| c.default.is_some()) {
            if !self.given[i]
                && let Some(default) = &column.default
            {
                let of_metadata = of_metadata.iter().find(|(column, _)| *column == i);
                let value = of_metadata.map_or(default.without_metadata(), |(_, value)| value);
                self.put(i, value.into()).map_err(|e| bad(&e, column))?;
            }
        }
        Ok(())
    }

    fn lay_out_key(&mut self, changes: &mut Changes) -> Result<(), BadRow> {
        changes.scratch.clear();
        let table = self.table;
        self.key.finish(&mut changes.scratch).map_err(|e| self.describe(&e, |h, i| h == Home::Key(i), table))
    }

    fn lay_out(&mut self, changes: &mut Changes) -> Result<Option<usize>, BadRow> {
        self.lay_out_key(changes)?;
        let key_words = changes.scratch.len();
        let table = self.table;
        self.value.finish(&mut changes.scratch).map_err(|e| self.describe(&e, |h, i| h == Home::Value(i), table))?;
        Ok(table.keyed.then_some(key_words))
    }

    /// Key, then a word per 64 other columns that says which are set, then the other columns.
    fn lay_out_update(&mut self, changes: &mut Changes) -> Result<usize, BadRow> {
        let table = self.table;
        let mut mask = vec![0u64; table.value.len().div_ceil(64)];
        for (i, column) in table.columns.iter().enumerate() {
            let Home::Value(at) = table.homes[i] else { continue };
            if self.given[i] {
                mask[at / 64] |= 1 << (at % 64);
            } else if !column.ty.nullable {
                // The layout wants a value where there can be no NULL; the mask says that it does not count.
                self.put(i, filler(&column.ty.sql)).map_err(|e| bad(&e, column))?;
            }
        }
        self.lay_out_key(changes)?;
        let key_words = changes.scratch.len();
        changes.scratch.extend(mask);
        self.value.finish(&mut changes.scratch).map_err(|e| self.describe(&e, |h, i| h == Home::Value(i), table))?;
        Ok(key_words)
    }

    fn describe(&self, e: &RowError, is: impl Fn(Home, usize) -> bool, table: &TableColumns) -> BadRow {
        let RowError::Column { column: index, .. } = e else {
            return BadRow { description: e.to_string(), field: None };
        };
        match table.homes.iter().position(|h| is(*h, *index)) {
            Some(i) => bad(e, &table.columns[i]),
            None => BadRow { description: e.to_string(), field: None },
        }
    }
}

/// Rows that come as values of all columns in order, as SQL's INSERT brings them.
pub struct RowInserter<'a> {
    draft: TableDraft<'a>,
}

impl<'a> RowInserter<'a> {
    /// An inserter of rows of a table.
    pub fn new(table: &'a TableColumns) -> RowInserter<'a> {
        RowInserter { draft: TableDraft::new(table) }
    }

    /// Adds a row: an insertion, or, in a table with a primary key, an upsert. Columns without a value have their default.
    ///
    /// # Errors
    /// A value that is none, or that its column cannot hold, in words.
    pub fn insert<'v>(
        &mut self,
        values: impl Iterator<Item = Result<ValueRef<'v>, String>>,
        changes: &mut Changes,
    ) -> Result<(), String> {
        for (i, value) in values.enumerate().take(self.draft.table.columns.len()) {
            let column = &self.draft.table.columns[i];
            let set = match value {
                Ok(value) => self.draft.set(i, value).map_err(|e| bad(&e, column).description),
                Err(why) => Err(format!("column '{}' of type {}: {why}", column.name, column.ty)),
            };
            if set.is_err() {
                self.draft.clear();
                return set;
            }
        }
        self.draft.insert(1, changes).map_err(|e| e.description)
    }
}

/// What is wrong with a value, without its column.
pub(crate) fn problem(e: &RowError) -> String {
    match e {
        RowError::Column { problem, .. } => (*problem).to_string(),
        other => other.to_string(),
    }
}

/// What is said about a column's value that its type cannot hold, or that is missing.
fn bad(e: &RowError, column: &Column) -> BadRow {
    BadRow {
        description: format!("column '{}' of type {}: {}", column.name, column.ty, problem(e)),
        field: Some(column.name.clone()),
    }
}

/// Some value of a type.
fn filler(sql: &SqlType) -> ValueRef<'static> {
    match sql.kind() {
        None => ValueRef::Null,
        Some(Kind::Bool) => ValueRef::Bool(false),
        Some(Kind::I8) => ValueRef::I8(0),
        Some(Kind::I16) => ValueRef::I16(0),
        Some(Kind::I32) => ValueRef::I32(0),
        Some(Kind::I64) => ValueRef::I64(0),
        Some(Kind::U8) => ValueRef::U8(0),
        Some(Kind::U16) => ValueRef::U16(0),
        Some(Kind::U32) => ValueRef::U32(0),
        Some(Kind::U64) => ValueRef::U64(0),
        Some(Kind::Dec) => ValueRef::Dec(0),
        Some(Kind::F32) => ValueRef::F32(0.0),
        Some(Kind::F64) => ValueRef::F64(0.0),
        Some(Kind::Text) => ValueRef::Text(""),
        Some(Kind::Date) => ValueRef::Date(0),
        Some(Kind::Time) => ValueRef::Time(0),
        Some(Kind::Ts) => ValueRef::Ts(0),
        Some(Kind::Months) => ValueRef::Months(0),
        Some(Kind::Micros) => ValueRef::Micros(0),
        Some(Kind::Tz) => ValueRef::Tz(0),
        Some(Kind::Uuid) => ValueRef::Uuid(0),
        Some(Kind::Bytes) => ValueRef::Bytes(&[]),
        Some(Kind::Item) => ValueRef::Item(Item::VARIANT_NULL),
    }
}
