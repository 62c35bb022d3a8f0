//! Lists, maps, structs and JSON texts of Arrow to items.

use super::rows::value;
use arrow::array::{Array, AsArray};
use weir_functions::forms;
use weir_row::{Item, ItemWriter, MapDraft, SqlType, ValueRef, item};

/// A column's values as items, one behind the other.
pub(crate) struct ItemColumn {
    items: ItemWriter,
    /// Where each row's begins and ends.
    spans: Vec<(usize, usize)>,
}

impl ItemColumn {
    /// The values of an array of the Arrow type of a SQL type.
    ///
    /// # Errors
    /// A value that the type does not have, in words.
    pub(crate) fn new(array: &dyn Array, sql: &SqlType) -> Result<ItemColumn, String> {
        let (mut items, mut spans) = (ItemWriter::new(), Vec::with_capacity(array.len()));
        for row in 0..array.len() {
            let from = items.bytes().len();
            append(array, sql, row, item::DEPTH_MAX, &mut items)?;
            spans.push((from, items.bytes().len()));
        }
        Ok(ItemColumn { items, spans })
    }

    /// A row's value.
    pub(crate) fn value(&self, row: usize) -> ValueRef<'_> {
        let (from, to) = self.spans[row];
        Item::new(&self.items.bytes()[from..to]).present().map_or(ValueRef::Null, ValueRef::Item)
    }
}

/// Appends a row's value, with at most `depth` containers in each other.
fn append(array: &dyn Array, sql: &SqlType, row: usize, depth: usize, out: &mut ItemWriter) -> Result<(), String> {
    if array.is_null(row) {
        out.null();
        return Ok(());
    }
    let deeper =
        || depth.checked_sub(1).ok_or_else(|| format!("values in each other, deeper than {}", item::DEPTH_MAX));
    match sql {
        SqlType::Variant => forms::read_json(array.as_string::<i32>().value(row), depth, out)
            .map_err(|e| format!("a VARIANT is inserted as the text of its JSON: {e}"))?,
        SqlType::Array(of) => {
            let elements = array.as_list::<i32>().value(row);
            let depth = deeper()?;
            out.begin_array();
            for i in 0..elements.len() {
                append(&*elements, of, i, depth, out)?;
            }
            out.end();
        }
        SqlType::Map(key, of) => {
            let entries = array.as_map().value(row);
            let depth = deeper()?;
            let mut map = MapDraft::begin(out);
            for i in 0..entries.len() {
                map.key(out);
                append(&**entries.column(0), key, i, depth, out)?;
                map.value(out);
                append(&**entries.column(1), of, i, depth, out)?;
            }
            map.end(out);
        }
        SqlType::Row(fields) => {
            let depth = deeper()?;
            out.begin_row();
            for ((name, ty), column) in fields.fields.iter().zip(array.as_struct().columns()) {
                if column.is_null(row) && !ty.nullable {
                    return Err(format!("NULL in the field '{name}', which is NOT NULL"));
                }
                append(&**column, &ty.sql, row, depth, out)?;
            }
            out.end();
        }
        sql => {
            let value = value(array, sql, row)?;
            if !value.in_range() {
                return Err("a date or time that the type does not have".into());
            }
            out.value(value, sql.scale());
        }
    }
    Ok(())
}
