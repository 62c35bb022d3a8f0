//! Components as running workers: one wasmtime instance per worker, steps as gangs, exchange, limits, state.
//!
//! This crate knows nothing of SQL: rows are blocks of words, relations are numbers.
//!
//! [`Engine`] (one per process) -> [`Program`] (mapped native code) -> [`Pipeline`] (instances at work) -> [`Handle`] (kills
//! and tells, from any thread). A component runs on threads of the engine only, never on its caller's: a pipeline that nobody
//! calls holds none. Whatever goes wrong in a component ends its pipeline with a [`Failure`], and nothing else.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may panic"))]

mod block;
mod config;
mod engine;
mod exchange;
mod failure;
mod gang;
mod host;
mod limits;
mod log;
mod pipeline;
mod profile;
mod program;
mod shared;
mod snapshot;
mod state;
mod ticker;
mod wasi;
mod worker;

pub use config::{MEMORY_RESERVATION_BYTES, WASM_STACK_BYTES_MAX, wasm_config};
pub use engine::{Engine, EngineError};
pub use failure::{Failure, FailureKind};
pub use limits::{Limits, WORKERS_MAX};
pub use log::{LINE_BYTES_MAX, LINES_MAX, Level, LogLine, LogSink};
pub use pipeline::{Cycle, CycleOutput, Handle, MemoryUse, Opening, Pipeline, PipelineOptions, StepStats};
pub use profile::{OPERATORS_MAX, OperatorStats};
pub use program::{LoadError, Program};
pub use snapshot::Snapshot;
pub use state::{BlockStore, Checkpoint, FileStore, MemoryStore, StoreError};
pub use worker::WorkerStats;
