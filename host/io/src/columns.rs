//! The columns of a table as readers see them, and how SQL names are matched.

use std::collections::HashMap;
use weir_circuit::{Column, ColumnDefault, Table};
use weir_row::{ColumnType, Layout};

/// Where a column's value goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Home {
    /// To the key's layout, at this index.
    Key(usize),
    /// To the layout of the other columns, at this index.
    Value(usize),
}

/// What a reader knows of a table: names, types, defaults, and the layouts of its rows.
#[derive(Clone, Debug)]
pub struct TableColumns {
    pub(crate) columns: Vec<Column>,
    pub(crate) homes: Vec<Home>,
    /// The layout of the key; of no columns if there is no primary key.
    pub(crate) key: Layout,
    /// The layout of the other columns.
    pub(crate) value: Layout,
    pub(crate) keyed: bool,
    pub(crate) append_only: bool,
    /// Whether a column is made of metadata.
    pub(crate) has_metadata: bool,
    by_name: HashMap<String, usize>,
}

impl TableColumns {
    /// The columns of a table.
    pub fn new(table: &Table) -> TableColumns {
        let key_columns = table.primary_key.clone().unwrap_or_default();
        let value_columns = table.value_columns();
        let homes = (0..table.columns.len())
            .map(|i| match key_columns.iter().position(|k| *k == i) {
                Some(at) => Home::Key(at),
                // Every column is in one of the two lists.
                None => Home::Value(value_columns.iter().position(|v| *v == i).unwrap_or(0)),
            })
            .collect();
        let types =
            |indexes: &[usize]| indexes.iter().map(|i| table.columns[*i].ty.clone()).collect::<Vec<ColumnType>>();
        TableColumns {
            homes,
            key: Layout::new(&types(&key_columns)),
            value: Layout::new(&types(&value_columns)),
            keyed: table.primary_key.is_some(),
            append_only: table.append_only,
            has_metadata: table.columns.iter().any(|c| matches!(c.default, Some(ColumnDefault::OfMetadata { .. }))),
            by_name: table.columns.iter().enumerate().map(|(i, c)| (c.name.clone(), i)).collect(),
            columns: table.columns.clone(),
        }
    }

    /// Whether rows of a key replace each other.
    pub fn is_keyed(&self) -> bool {
        self.keyed
    }

    /// Whether a column is made of what connectors tell of records.
    pub fn has_metadata(&self) -> bool {
        self.has_metadata
    }

    /// The columns in order.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The column that a field of the input names: exactly, or, if the column's name was not quoted, whatever the case. `guess` is
    /// tried first, since records mostly have their fields in one order.
    pub(crate) fn find(&self, name: &str, guess: usize) -> Option<usize> {
        if self.columns.get(guess).is_some_and(|c| c.name == name) {
            return Some(guess);
        }
        if let Some(i) = self.by_name.get(name) {
            return Some(*i);
        }
        let folded = name.to_lowercase();
        self.by_name.get(&folded).copied().filter(|i| !self.columns[*i].case_sensitive)
    }
}

/// The relation that an identifier in a URL names: `name` folds to lower case, `"Name"` is exact.
pub fn find_relation<'a>(identifier: &str, mut names: impl Iterator<Item = &'a str>) -> Option<usize> {
    match identifier.strip_prefix('"').and_then(|s| s.strip_suffix('"')) {
        Some(exact) => {
            let exact = exact.replace("\"\"", "\"");
            names.position(|name| name == exact)
        }
        None => {
            let folded = identifier.to_lowercase();
            names.position(|name| name == folded)
        }
    }
}
