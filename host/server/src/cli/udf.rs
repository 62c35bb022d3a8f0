//! Functions in Rust, for commands that compile a program from a file.

use anyhow::{Context, bail};
use clap::Args;
use std::path::{Path, PathBuf};
use weir_compiler::UserCode;

/// Where a program's functions in Rust are.
#[derive(Debug, Args)]
pub(super) struct UdfArgs {
    /// File with the Rust functions of the program.
    #[arg(long, value_name = "FILE")]
    udf_rust: Option<PathBuf>,
    /// File with the crates that they depend on.
    #[arg(long, value_name = "FILE")]
    udf_toml: Option<PathBuf>,
}

impl UdfArgs {
    /// The functions that a program needs; `None` if it needs none.
    pub(super) fn user_code(&self, program: &weir_sql::Program) -> anyhow::Result<Option<UserCode>> {
        let Some(first) = program.circuit.functions.first() else { return Ok(None) };
        let Some(rust) = &self.udf_rust else {
            bail!(
                "function {} is written in Rust: name its file with --udf-rust (`weir build --emit stubs` begins one)",
                first.name
            );
        };
        let read = |path: &Path| std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()));
        let toml = self.udf_toml.as_deref().map(read).transpose()?.unwrap_or_default();
        Ok(Some(UserCode { stubs: weir_sql::stubs(&program.circuit), rust: read(rust)?, toml }))
    }
}
