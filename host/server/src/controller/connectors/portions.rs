//! Bytes of a stream in portions: each as many as a step may take rows from.

use weir_io::{Changes, Reader};

/// Bytes read at once if a connector limits how many records a step takes in.
const SLICE_BYTES: usize = 4 << 10;

/// What is left of some bytes.
pub(super) struct Portions<'b> {
    rest: &'b [u8],
    /// Bytes read at once.
    slice: usize,
    /// Rows that make a portion.
    limit: Option<u64>,
}

impl Portions<'_> {
    /// With a limit of a connector's own, portions have that many rows, and those of some kilobytes more.
    pub(super) fn new(bytes: &[u8], limit: Option<u64>) -> Portions<'_> {
        let slice = if limit.is_none() { bytes.len().max(1) } else { SLICE_BYTES };
        Portions { rest: bytes, slice, limit }
    }

    /// Has the next portion read, and says how many bytes at the end of all of them are not: those that did not come to the end of a record, and those that
    /// the reader has not seen. `None`: there is none left.
    pub(super) fn next(
        &mut self,
        reader: &mut Reader,
        changes: &mut Changes,
        mut read: impl FnMut(&[u8], &mut Reader, &mut Changes),
    ) -> Option<usize> {
        if self.rest.is_empty() {
            return None;
        }
        loop {
            let (slice, rest) = self.rest.split_at(self.slice.min(self.rest.len()));
            self.rest = rest;
            read(slice, reader, changes);
            if rest.is_empty() || self.limit.is_some_and(|limit| changes.rows() as u64 >= limit) {
                return Some(reader.pending_bytes() + rest.len());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;
    use std::sync::Arc;
    use weir_circuit::{Column, Table};
    use weir_io::{InputFormat, TableColumns};
    use weir_row::{Block, ColumnType, SqlType};

    fn table() -> Arc<TableColumns> {
        let column = |name: &str, sql| Column {
            name: name.into(),
            case_sensitive: false,
            ty: ColumnType::nullable(sql),
            default: None,
        };
        Arc::new(TableColumns::new(&Table {
            name: "t".into(),
            case_sensitive: false,
            columns: vec![column("a", SqlType::BigInt), column("b", SqlType::Varchar(None))],
            primary_key: None,
            materialized: false,
            append_only: false,
        }))
    }

    fn taken(changes: &mut Changes) -> Vec<(Vec<u64>, i64)> {
        let blocks: Vec<Block> = changes.take().concat();
        blocks.iter().flat_map(Block::iter).map(|(row, weight)| (row.to_vec(), weight)).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        /// A source that breaks after any portion and is opened where that says goes on with exactly the rows that are missing.
        #[test]
        fn what_is_unread_comes_again(
            lengths in prop::collection::vec(0_usize..60, 1..600),
            chunk in 1_usize..30_000,
            limit in prop_oneof![Just(None), (1_u64..50).prop_map(Some)],
            of in 0_usize..3,
        ) {
            let row = |(i, n): (usize, &usize)| match of {
                0 => format!("{{\"insert\": {{\"a\": {i}, \"b\": \"{}\"}}}}\n", "é".repeat(*n)),
                1 => format!("{i},\"{}\"\r\n", "é\n".repeat(*n)),
                _ => format!("[{{\"a\": {i}, \"b\": \"{}\"}}]", "x".repeat(*n)),
            };
            let mut text: String = lengths.iter().enumerate().map(row).collect();
            let format = match of {
                0 => InputFormat::parse("json", &json!({})),
                1 => {
                    text.insert_str(0, "a,b\n");
                    InputFormat::parse("csv", &json!({ "headers": true }))
                }
                _ => InputFormat::parse("json", &json!({ "array": true, "update_format": "raw" })),
            };
            let format = format.unwrap();
            let read = |slice: &[u8], reader: &mut Reader, changes: &mut Changes| {
                let mut problems = Vec::new();
                reader.push(slice, changes, &mut problems);
                assert!(problems.is_empty(), "{problems:?}");
            };
            let whole = |bytes: &[u8], header: Option<&[String]>, resumed| {
                let mut reader = format.reader(table(), 0, resumed).unwrap();
                header.into_iter().for_each(|header| reader.resume(header));
                let mut changes = Changes::new(&table(), 1);
                read(bytes, &mut reader, &mut changes);
                reader.finish(&mut changes, &mut Vec::new());
                taken(&mut changes)
            };
            let all = whole(text.as_bytes(), None, false);
            prop_assert_eq!(all.len(), lengths.len());
            let mut reader = format.reader(table(), 0, false).unwrap();
            let (mut changes, mut rows, mut given) = (Changes::new(&table(), 1), Vec::new(), 0);
            for chunk in text.as_bytes().chunks(chunk) {
                given += chunk.len();
                let mut portions = Portions::new(chunk, limit);
                while let Some(unread) = portions.next(&mut reader, &mut changes, read) {
                    rows.extend(taken(&mut changes));
                    let at = given - unread;
                    let again = whole(&text.as_bytes()[at..], reader.header().filter(|_| at > 0), at > 0);
                    prop_assert_eq!([&rows[..], &again].concat(), &all[..], "at {} of {}", at, text.len());
                }
            }
        }
    }
}
