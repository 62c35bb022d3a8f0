//! `weir build`.

use super::CacheArgs;
use super::udf::UdfArgs;
use anyhow::Context;
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use weir_circuit::Circuit;
use weir_compiler::{CancelToken, CompileRequest, Profile};
use weir_sql::Passes;

/// What to show instead of a component.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Emit {
    /// The relations that the program describes, as written and optimised.
    Plan,
    /// The operators that keep the views up to date, before and after optimisation.
    Circuit,
    /// The same, for Graphviz.
    Dot,
    /// The generated Rust program.
    Rust,
    /// The declarations of the functions that it leaves to Rust.
    Stubs,
}

/// A part of the optimiser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Pass {
    /// Constants are computed once, conditions decided.
    Fold,
    /// Filters move to where they cost least.
    Push,
    /// Joins are put in order.
    Order,
    /// Columns that nobody reads are not made.
    Prune,
    /// All of them.
    All,
}

/// How much work goes into the program's speed.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum ProfileArg {
    /// Quick to build.
    Dev,
    /// The quickest to build.
    Unoptimized,
    /// The quickest to run.
    Optimized,
}

impl From<ProfileArg> for Profile {
    fn from(p: ProfileArg) -> Profile {
        match p {
            ProfileArg::Dev => Profile::Dev,
            ProfileArg::Unoptimized => Profile::Unoptimized,
            ProfileArg::Optimized => Profile::Optimized,
        }
    }
}

/// Arguments of `weir build`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  weir build prog.sql -o prog.wasm\n  weir build prog.sql --emit circuit --without order\n  weir build prog.sql --emit dot | dot -Tsvg > plan.svg"
)]
pub(super) struct BuildArgs {
    /// The program.
    file: PathBuf,
    /// Where to put the component [default: the program's name with .wasm].
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Print the plan or the Rust program instead.
    #[arg(long, value_enum)]
    emit: Option<Emit>,
    /// Parts of the optimiser that are switched off, separated by commas.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "PASS")]
    without: Vec<Pass>,
    /// How much work goes into the program's speed.
    #[arg(long, value_enum, default_value = "optimized")]
    profile: ProfileArg,
    #[command(flatten)]
    udf: UdfArgs,
    #[command(flatten)]
    cache: CacheArgs,
}

pub(super) fn main(args: &BuildArgs) -> anyhow::Result<ExitCode> {
    let on = |pass| !args.without.contains(&pass) && !args.without.contains(&Pass::All);
    let passes = Passes { fold: on(Pass::Fold), push: on(Pass::Push), order: on(Pass::Order), prune: on(Pass::Prune) };
    let program = super::compiler::read_sql_with(&args.file, passes)?;
    let title = |what: &str, circuit: &Circuit| format!("{what}: {} operators", circuit.nodes.len());
    let source = || std::fs::read_to_string(&args.file);
    // That the program compiles is known.
    let before = || -> anyhow::Result<Circuit> {
        let compiled = weir_sql::compile_with(&source()?, Passes::NONE);
        compiled.map(|p| p.circuit).map_err(|_| anyhow::anyhow!("{} has changed", args.file.display()))
    };
    match args.emit {
        Some(Emit::Plan) => print!("{}", weir_sql::explain(&source()?, passes).unwrap_or_default()),
        Some(Emit::Circuit) => {
            let (before, after) = (before()?, &program.circuit);
            println!("-- {}\n{before}\n-- {}\n{after}", title("as written", &before), title("optimised", after));
        }
        Some(Emit::Dot) => {
            let (before, after) = (before()?, &program.circuit);
            let titles = (title("as written", &before), title("optimised", after));
            print!("{}", Circuit::dot_beside(&[(&titles.0, &before), (&titles.1, after)]));
        }
        Some(Emit::Rust) => print!("{}", weir_sql::generate(&program.circuit)),
        Some(Emit::Stubs) => print!("{}", weir_sql::stubs(&program.circuit)),
        None => return component(args, &program),
    }
    Ok(ExitCode::SUCCESS)
}

fn component(args: &BuildArgs, program: &weir_sql::Program) -> anyhow::Result<ExitCode> {
    let compiler = super::compiler::open(&args.cache)?;
    super::compiler::provision(&compiler)?;
    let user = args.udf.user_code(program)?;
    let request = CompileRequest { source: weir_sql::generate(&program.circuit), profile: args.profile.into(), user };
    let artifact = compiler.compile(&request, &CancelToken::new())?;
    let default = args.file.with_extension("wasm");
    let output: &Path = args.output.as_deref().unwrap_or(&default);
    std::fs::copy(&artifact.component, output).with_context(|| format!("writing {}", output.display()))?;
    println!(
        "{}: {} KiB (rustc {} ms, native code {} ms{})",
        output.display(),
        artifact.component_bytes >> 10,
        artifact.timings.rustc.as_millis(),
        artifact.timings.native.as_millis(),
        if artifact.cache_hit { ", from the cache" } else { "" }
    );
    Ok(ExitCode::SUCCESS)
}
