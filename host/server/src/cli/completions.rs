//! `weir completions`.

use clap::{Args, CommandFactory};
use clap_complete::Shell;
use std::process::ExitCode;

/// Arguments of `weir completions`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  source <(weir completions bash)")]
pub(super) struct CompletionsArgs {
    /// The shell.
    shell: Shell,
}

pub(super) fn main(args: &CompletionsArgs) -> anyhow::Result<ExitCode> {
    clap_complete::generate(args.shell, &mut super::Cli::command(), "weir", &mut std::io::stdout());
    Ok(ExitCode::SUCCESS)
}
