//! A delta as changes: row by row, or, of a view with an index, key by key.

use super::View;
use crate::{DeltaCursor, Event, WriteError, check_weights};
use std::ops::Range;
use weir_row::{Block, ColumnType, SortLayout, Value};

/// What became of a row, or of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change<'d> {
    Insert(&'d [u64]),
    Delete(&'d [u64]),
    /// Of a key only: another row has it now.
    Update {
        before: &'d [u64],
        after: &'d [u64],
    },
}

/// Where the reader of a delta's changes stands. It is given the same delta every time.
#[derive(Clone, Debug)]
pub(crate) enum Changed {
    /// Each copy of a row is a change: those taken away first.
    Rows(DeltaCursor),
    /// Each key that changed is one, in the order of keys.
    Keys { entries: Vec<Entry>, keys: Vec<u64>, at: usize },
}

/// A row of a delta, by its key.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    key: Range<usize>,
    block: usize,
    row: usize,
}

impl Default for Changed {
    fn default() -> Changed {
        Changed::Rows(DeltaCursor::default())
    }
}

impl Changed {
    /// At the beginning of a delta.
    pub(crate) fn new(view: &View, delta: &[Block]) -> Result<Changed, WriteError> {
        let Some(columns) = &view.key else {
            check_weights(delta)?;
            return Ok(Changed::default());
        };
        let types: Vec<ColumnType> = columns.iter().map(|i| view.columns[*i].ty.clone()).collect();
        let layout = SortLayout::ascending(&types);
        let (mut entries, mut keys) = (Vec::new(), Vec::new());
        for (block_number, block) in delta.iter().enumerate() {
            for (row_number, (row, _)) in block.iter().enumerate() {
                let from = keys.len();
                let values = view.layout.decode(row).map_err(|e| WriteError::Row(e.to_string()))?;
                let key: Vec<Value> = columns.iter().map(|i| values[*i].clone()).collect();
                layout.encode(&key, &mut keys).map_err(|e| WriteError::Row(e.to_string()))?;
                entries.push(Entry { key: from..keys.len(), block: block_number, row: row_number });
            }
        }
        entries.sort_by(|a, b| keys[a.key.clone()].cmp(&keys[b.key.clone()]));
        Ok(Changed::Keys { entries, keys, at: 0 })
    }

    /// The next change. After an error the one behind the key that it is about.
    pub(crate) fn next<'d>(&mut self, view: &View, delta: &'d [Block]) -> Result<Option<Change<'d>>, WriteError> {
        match self {
            Changed::Rows(cursor) => Ok(cursor.next_event(delta).map(|Event { row, insert }| match insert {
                true => Change::Insert(row),
                false => Change::Delete(row),
            })),
            Changed::Keys { entries, keys, at } => {
                let Some(first) = entries.get(*at) else { return Ok(None) };
                let same = |e: &&Entry| keys[e.key.clone()] == keys[first.key.clone()];
                let group = &entries[*at..*at + entries[*at..].iter().take_while(same).count()];
                *at += group.len();
                let side = |inserted: bool| {
                    let rows = group.iter().map(|e| (delta[e.block].row(e.row), delta[e.block].weights[e.row]));
                    let mut rows = rows.filter(|(_, w)| *w != 0 && (*w > 0) == inserted);
                    let Some((row, weight)) = rows.next() else { return Ok(None) };
                    let copies = rows.fold(weight.unsigned_abs(), |n, (_, w)| n.saturating_add(w.unsigned_abs()));
                    match (copies, &view.key) {
                        (1, _) | (_, None) => Ok(Some(row)),
                        (_, Some(key)) => Err(WriteError::NotUnique { key: view.key_text(key, row), copies, inserted }),
                    }
                };
                match (side(false)?, side(true)?) {
                    (Some(before), Some(after)) => Ok(Some(Change::Update { before, after })),
                    (Some(row), None) => Ok(Some(Change::Delete(row))),
                    (None, Some(row)) => Ok(Some(Change::Insert(row))),
                    (None, None) => self.next(view, delta),
                }
            }
        }
    }

    /// Whether there is no change any more.
    pub(crate) fn is_at_end(&self, delta: &[Block]) -> bool {
        match self {
            Changed::Rows(cursor) => cursor.clone().next_event(delta).is_none(),
            Changed::Keys { entries, at, .. } => *at == entries.len(),
        }
    }

    /// A mark to go back to.
    pub(crate) fn mark(&self) -> Mark {
        match self {
            Changed::Rows(cursor) => Mark::Row(*cursor),
            Changed::Keys { at, .. } => Mark::Key(*at),
        }
    }

    /// Goes back to a mark.
    pub(crate) fn back(&mut self, mark: Mark) {
        match (self, mark) {
            (Changed::Rows(cursor), Mark::Row(to)) => *cursor = to,
            (Changed::Keys { at, .. }, Mark::Key(to)) => *at = to,
            // Marks are of the reader that made them.
            _ => {}
        }
    }
}

/// A place in a delta.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mark {
    Row(DeltaCursor),
    Key(usize),
}
