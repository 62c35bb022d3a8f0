//! What runs inside the sandbox: Z-sets of rows, traces, and the operators of incremental SQL.
//!
//! A program is a struct with one field per operator with state, a straight-line `step`, and row functions; see
//! `tests/sample/src/lib.rs` for a whole one. Everything else is here and compiled once: rows are words (crate `weir-row`), so no operator is
//! generic over a program's types. It also builds natively, for tests and benchmarks.
//!
//! The theory is DBSP (Budiu et al., VLDB 2023); sharing traces between operators is from "Shared arrangements" (McSherry
//! et al., VLDB 2020).

mod batch;
pub mod bench_support;
mod checkpoint;
mod circuit;
#[cfg(target_family = "wasm")]
mod component;
mod context;
mod cursor;
mod floor;
pub mod host;
mod key_rows;
pub mod local;
mod merge;
pub mod operators;
mod pairs;
mod pipeline;
pub mod prelude;
mod rows;
mod spine;
mod summary;
mod window;

pub use batch::Batch;
pub use checkpoint::{Loader, Saver};
pub use circuit::{Circuit, Ingest, Keyed, Operator, Relation};
pub use context::Context;
pub use cursor::Cursor;
pub use floor::Floor;
pub use merge::Merger;
pub use operators::Sink;
pub use pairs::Pairs;
pub use pipeline::{Page, Pipeline};
pub use rows::{BlockRef, Chunk, Rows};
pub use spine::Spine;
pub use weir_functions as functions;
pub use weir_row as row;
