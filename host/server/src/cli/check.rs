//! `weir check`.

use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `weir check`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  weir check prog.sql && echo fine")]
pub(super) struct CheckArgs {
    /// The program.
    file: PathBuf,
}

pub(super) fn main(args: &CheckArgs) -> anyhow::Result<ExitCode> {
    let begin = std::time::Instant::now();
    let program = super::compiler::read_sql(&args.file)?;
    println!(
        "{}: {} tables, {} views, {} operators; no errors ({:.1} ms)",
        args.file.display(),
        program.circuit.tables.len(),
        program.circuit.views.len(),
        program.circuit.nodes.len(),
        begin.elapsed().as_secs_f64() * 1e3
    );
    Ok(ExitCode::SUCCESS)
}
