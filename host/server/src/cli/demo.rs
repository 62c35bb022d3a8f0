//! `weir demo`.

use super::CacheArgs;
use clap::Args;
use std::process::ExitCode;

/// Arguments of `weir demo`.
#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    #[command(flatten)]
    cache: CacheArgs,
}

pub(super) fn main(_: DemoArgs) -> anyhow::Result<ExitCode> {
    Ok(ExitCode::SUCCESS)
}
