//! Components as running workers: one wasmtime instance per worker, steps as gangs, exchange, limits, state.
//!
//! This crate knows nothing of SQL: rows are blocks of words, relations are numbers.

mod config;

pub use config::{MEMORY_RESERVATION_BYTES, WASM_STACK_BYTES_MAX, wasm_config};
