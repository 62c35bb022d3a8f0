//! What must never panic, whatever bytes it is given: each target is a function of bytes. `tests/short.rs` drives all of them for a few seconds in
//! CI, with mutations of what is in the tree; `libfuzzer` for as long as one likes (see its README).

mod calls;
mod circuit;
mod connectors;
mod mutate;
mod records;
mod rows;
mod sql;

pub use calls::calls;
pub use circuit::circuit;
pub use connectors::{connectors, defaults};
pub use mutate::{Mutator, Unit};
pub use records::{avro, csv, json, parquet, raw, written};
pub use rows::{items, rows};
pub use sql::sql;

/// A target and its name.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: [Target; 12] = [
    ("sql", sql),
    ("circuit", circuit),
    ("calls", calls),
    ("rows", rows),
    ("items", items),
    ("json", json),
    ("csv", csv),
    ("raw", raw),
    ("parquet", parquet),
    ("avro", avro),
    ("connectors", connectors),
    ("defaults", defaults),
];
