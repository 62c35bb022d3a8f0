//! The engine: a circuit given as data, run by the SDK's own operators. What a compiled program has as generated row functions is here a
//! register program over columns of values (`code`), made when the circuit is loaded and evaluated a batch of rows at a time.
//!
//! It works on the same words with the same scalar kernels, and numbers accumulators as generated code does, so that answers and state
//! are those of the compiled program.

mod aggregate;
mod code;
mod compile;
mod direct;
mod fold;
mod frame;
mod input;
mod item;
#[cfg(target_family = "wasm")]
mod load;
mod operators;
mod program;
mod register;
mod row_function;
mod scope;
mod time;
mod window;
mod writer;

pub use program::Program;
