//! Rust source -> component -> native code.
//!
//! [`Compiler`] finds or installs a Rust toolchain for the sandbox, builds std and the SDK once into a cache folder, and
//! compiles programs by one call of rustc. Components are checked against the world, and become native code in a
//! separate, limited process: the serving process never compiles wasm. Everything is cached by content.
//!
//! The cache folder (mode 0700):
//!
//! | path | what |
//! |---|---|
//! | `std/HASH/lib/rustlib/..` | a sysroot with std built from source, when the toolchain has no built one |
//! | `sdk/HASH/{target,host}` | the SDK's libraries, and the macros that they name |
//! | `crates/HASH/{target,host}` | the crates that a user's functions need, and their macros |
//! | `programs/HASH/` | `program.rs`, `program.wasm`, `program.cwasm`, `artifact.json` (sizes and the hash of the native code) |
//! | `tmp/` | what is being made; renamed into place when whole |
//! | `std.lock`, `sdk.lock` | held by the process that builds |
//!
//! ```no_run
//! use weir_compiler::{CancelToken, CompileRequest, Compiler, Options, Profile, default_cache_dir};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let compiler = Compiler::open(&default_cache_dir().ok_or("no home")?, Options::from_env()?)?;
//! let never = CancelToken::new();
//! compiler.provision(&|line| eprintln!("{line}"), &never)?;
//! let request = CompileRequest { source: "/* generated */".to_owned(), profile: Profile::Optimized, user: None };
//! let artifact = compiler.compile(&request, &never)?;
//! let program = weir_runtime::Program::load_file(
//!     &weir_runtime::Engine::new()?,
//!     compiler.open_native(&artifact)?,
//!     &artifact.native_sha256,
//! )?;
//! # Ok(())
//! # }
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may panic"))]

mod check;
mod compiler;
mod crates;
mod error;
mod hash;
mod manifest;
mod native;
mod process;
mod program;
mod provision;
mod sandbox;
mod sdk;
mod store;
mod toolchain;

pub use check::{COMPONENT_BYTES_MAX, PIPELINE_EXPORT, WorldError, check_world};
pub use compiler::{
    Artifact, CACHE_BYTES_MAX, CompileRequest, Compiler, Options, Timings, UserCode, default_cache_dir,
};
pub use error::CompileError;
pub use native::{WORKER_SUBCOMMAND, Worker, compile_worker_main};
pub use process::CancelToken;
pub use program::{Profile, SOURCE_BYTES_MAX};
pub use provision::Prepared;
pub use sandbox::sandbox_available;
pub use toolchain::{Choice, StdLibrary, TARGET, Toolchain};
