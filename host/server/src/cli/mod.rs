//! The command line.

mod auth;
mod build;
mod check;
mod client;
mod compiler;
mod completions;
mod demo;
mod pipelines;
mod run;
mod serve;
mod tenant;
mod toolchain;
mod udf;

use clap::{Args, Parser, Subcommand};
use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

/// SQL over changing data, in a sandbox.
#[derive(Debug, Parser)]
#[command(
    name = "weir",
    version,
    about = "SQL over changing data: every view is kept up to date as its tables change.",
    long_about = "Weir keeps the views of SQL programs up to date as their tables change, and hands out the changes. \
Each program runs as a WebAssembly component in a sandbox of its own.",
    after_help = "Begin with:\n  weir demo                       see it work, on real data\n  weir check prog.sql             find the errors of a program\n  weir run prog.sql --input t=rows.csv\n                                  run a program over files, without a server\n  weir serve                      serve the REST API on 127.0.0.1:8080\n  weir pipelines create p prog.sql --start\n                                  have a server run a program"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the REST API.
    Serve(serve::ServeArgs),
    /// Make, list and delete tenants, and make keys for them.
    Tenant(tenant::TenantArgs),
    /// Work with the pipelines of a server: list, create, start, feed, query, watch.
    Pipelines(pipelines::PipelinesArgs),
    /// Find the errors of a SQL program, drawn under its lines.
    Check(check::CheckArgs),
    /// Compile a SQL program to a WebAssembly component, or show what becomes of it.
    Build(build::BuildArgs),
    /// Run a SQL program or a component over files, and print each view's changes.
    Run(run::RunArgs),
    /// Show the Rust toolchain that programs are compiled with; install what is missing.
    Toolchain(toolchain::ToolchainArgs),
    /// Show Weir at work on real flights and on a live auction; ends by itself.
    Demo(demo::DemoArgs),
    /// Print a completion script for a shell.
    Completions(completions::CompletionsArgs),
}

/// Where compiled programs are kept.
#[derive(Debug, Clone, Args)]
struct CacheArgs {
    /// Folder for the toolchain's standard library and for compiled programs [default: ~/.cache/weir].
    #[arg(long, env = "WEIR_CACHE_DIR", value_name = "DIR")]
    cache_dir: Option<PathBuf>,
    /// Compile users' functions in Rust even where the kernel has no sandbox for compilers (Landlock, seccomp). Whoever may write a program can
    /// then read and write what this process can.
    #[arg(long, env = "WEIR_UNCONFINED_UDF")]
    unconfined_udf: bool,
}

/// The binary.
pub fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().collect();
    // The process that turns components into native code is this binary, called by itself.
    if args.get(1).is_some_and(|a| a == weir_compiler::WORKER_SUBCOMMAND) {
        return weir_compiler::compile_worker_main(args.into_iter().skip(2));
    }
    let cli = Cli::parse_from(args);
    let serving = matches!(cli.command, Command::Serve(_));
    init_tracing(if serving { "info" } else { "warn" });
    let result = match cli.command {
        Command::Serve(args) => serve::main(args),
        Command::Tenant(args) => tenant::main(args),
        Command::Pipelines(args) => pipelines::main(args),
        Command::Check(args) => check::main(&args),
        Command::Build(args) => build::main(&args),
        Command::Run(args) => run::main(&args),
        Command::Toolchain(args) => toolchain::main(&args),
        Command::Demo(args) => demo::main(args),
        Command::Completions(args) => completions::main(&args),
    };
    match result {
        Ok(code) => code,
        Err(e) => {
            eprintln!("weir: {e:#}");
            ExitCode::FAILURE
        }
    }
}

/// Logs go to stderr: as text for people, as JSON for machines. `WEIR_LOG` filters them.
fn init_tracing(default: &str) {
    let filter = tracing_subscriber::EnvFilter::try_from_env("WEIR_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(default));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second initialisation, as tests make it, is no error.
    let _ = if std::io::stderr().is_terminal() { builder.try_init() } else { builder.json().try_init() };
}
