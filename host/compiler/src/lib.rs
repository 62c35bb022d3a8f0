//! Rust source -> component -> native code.
//!
//! [`Compiler`] finds or installs a Rust toolchain for the sandbox, builds std and the SDK once into a cache folder, and
//! compiles programs by one call of rustc. Components are checked against the world, and become native code in a
//! separate, limited process: the serving process never compiles wasm. Everything is cached by content.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may panic"))]

mod check;
mod compiler;
mod error;
mod hash;
mod native;
mod process;
mod program;
mod provision;
mod sdk;
mod store;
mod toolchain;

pub use check::{COMPONENT_BYTES_MAX, PIPELINE_EXPORT, WorldError, check_world};
pub use compiler::{Artifact, CACHE_BYTES_MAX, CompileRequest, Compiler, Options, Timings, default_cache_dir};
pub use error::CompileError;
pub use native::{WORKER_SUBCOMMAND, Worker, compile_worker_main};
pub use process::CancelToken;
pub use program::{Profile, SOURCE_BYTES_MAX};
pub use provision::Prepared;
pub use toolchain::{Choice, StdLibrary, TARGET, Toolchain};
