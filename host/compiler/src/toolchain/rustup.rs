//! Installing the target with rustup.

use std::process::Command;
use std::time::Duration;

use super::{TARGET, on_path};
use crate::error::CompileError;
use crate::process::{self, CancelToken, Limits, ProcessError};

/// A download of 20 MB; rustup itself retries for longer than anyone waits.
const ADD: Limits = Limits {
    memory_bytes_max: None,
    cpu_seconds_max: 120,
    wall_max: Duration::from_secs(90),
    file_bytes_max: 1 << 30,
    output_bytes_max: 64 << 10,
};

/// `rustup target add`; whether it worked. Why not goes to `tried`.
pub(super) fn add_target(
    progress: &dyn Fn(&str),
    tried: &mut Vec<String>,
    cancel: &CancelToken,
) -> Result<bool, CompileError> {
    let Some(rustup) = on_path("rustup") else {
        tried.push("rustup is not on PATH".to_owned());
        return Ok(false);
    };
    progress(&format!("rustup target add {TARGET}"));
    let mut command = Command::new(rustup);
    command.args(["target", "add", TARGET]).current_dir("/");
    let why = match process::run(command, &ADD, cancel) {
        Ok(out) if out.status.success() => return Ok(true),
        Ok(out) => last_line(&out.stderr).to_owned(),
        Err(ProcessError::Cancelled) => return Err(CompileError::Cancelled),
        Err(ProcessError::WallTime) => format!("no answer within {} s", ADD.wall_max.as_secs()),
        Err(ProcessError::Spawn(e)) => e.to_string(),
    };
    tried.push(format!("rustup target add {TARGET}: {why}"));
    Ok(false)
}

pub(super) fn last_line(text: &str) -> &str {
    text.lines().rev().find(|l| !l.trim().is_empty()).unwrap_or("it failed without a word")
}
