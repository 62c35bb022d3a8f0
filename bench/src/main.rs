//! Figures: `cargo run --release -p weir-bench` prints all of them, or name a part.

mod compile;
mod connectors;
mod dev;
mod ingress;
mod measure;
mod micro;
mod nexmark;
mod profile;
mod server;
mod start;
mod state;

use clap::{Parser, ValueEnum};
use std::process::ExitCode;

/// Parts of the benchmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Sort, merge, trace, join: wasm beside native.
    Micro,
    /// Nexmark queries from SQL.
    Nexmark,
    /// From SQL to native code.
    Compile,
    /// From POST to Running with profile dev.
    Dev,
    /// Rows in over HTTP, latency to the way out, a sink that does not read.
    Ingress,
    /// Many rows by connectors: made up, from files, through Kafka.
    Connectors,
    /// What times of operators cost.
    Profile,
    /// What is kept of an endless stream, by what its tables promise.
    State,
    /// Cold start, idle memory, kill.
    Start,
}

/// Prints Weir's figures. Ratios within one run hold; times depend on the machine.
#[derive(Debug, Parser)]
struct Args {
    /// What to measure [default: everything].
    parts: Vec<Part>,
    /// Events of each Nexmark query.
    #[arg(long, default_value_t = 1_000_000)]
    events: u64,
    /// One Nexmark query only: `q0` to `q22`, or `all`.
    #[arg(long)]
    query: Option<String>,
    /// Rows of each connector.
    #[arg(long, default_value_t = 10_000_000)]
    rows: u64,
    /// Seconds for which a sink does not read.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Micro-benchmarks whose names contain this only.
    #[arg(long, default_value = "")]
    work: String,
    /// Runs of each micro-benchmark.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    runs: u16,
}

fn main() -> anyhow::Result<ExitCode> {
    let args: Vec<std::ffi::OsString> = std::env::args_os().collect();
    if args.get(1).is_some_and(|a| a == weir_compiler::WORKER_SUBCOMMAND) {
        return Ok(weir_compiler::compile_worker_main(args.into_iter().skip(2)));
    }
    let args = Args::parse_from(args);
    let wanted = |part| args.parts.is_empty() || args.parts.contains(&part);
    let setup = measure::Setup::open()?;
    println!("{} cores, {}", std::thread::available_parallelism()?, std::env::consts::ARCH);
    if wanted(Part::Start) {
        start::run(&setup)?;
    }
    if wanted(Part::Micro) {
        micro::run(&setup, &args.work, usize::from(args.runs))?;
    }
    if wanted(Part::Compile) {
        compile::run(&setup)?;
    }
    if wanted(Part::Dev) {
        dev::run(&setup)?;
    }
    if wanted(Part::Ingress) {
        ingress::run(args.events, args.seconds)?;
    }
    if wanted(Part::Connectors) {
        connectors::run(args.rows)?;
    }
    if wanted(Part::Nexmark) {
        nexmark::run(&setup, args.events, args.query.as_deref())?;
    }
    if wanted(Part::State) {
        state::run(&setup, args.events, args.query.as_deref())?;
    }
    if wanted(Part::Profile) {
        profile::run(&setup)?;
    }
    Ok(ExitCode::SUCCESS)
}
