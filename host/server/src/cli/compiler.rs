//! What commands that compile have in common: the cache, the toolchain, progress on stderr.

use super::CacheArgs;
use anyhow::{Context, bail};
use std::path::Path;
use weir_compiler::{CancelToken, Compiler, Options, default_cache_dir};

/// The compiler in its cache folder.
pub(super) fn open(args: &CacheArgs) -> anyhow::Result<Compiler> {
    let dir = args
        .cache_dir
        .clone()
        .or_else(default_cache_dir)
        .context("there is no home folder to keep compiled programs in; name one with --cache-dir")?;
    Ok(Compiler::open(&dir, Options { unconfined: args.unconfined_udf, ..Options::from_env()? })?)
}

/// Finds or makes the toolchain, each step on a line of stderr.
pub(super) fn provision(compiler: &Compiler) -> anyhow::Result<()> {
    compiler.provision(&|step| eprintln!("{step}"), &CancelToken::new())?;
    Ok(())
}

/// Compiles the SQL of a file; errors and warnings are drawn on stderr.
pub(super) fn read_sql(file: &Path) -> anyhow::Result<weir_sql::Program> {
    read_sql_with(file, weir_sql::Passes::ALL)
}

/// The same, with some of the optimiser's passes.
pub(super) fn read_sql_with(file: &Path, passes: weir_sql::Passes) -> anyhow::Result<weir_sql::Program> {
    let source = std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    let name = file.display().to_string();
    let compiled = weir_sql::compile_with(&source, passes);
    match compiled.and_then(|program| crate::connectors::declared(&program, &source).map(|_| program)) {
        Ok(program) => {
            eprint!("{}", weir_sql::render(&source, &name, &program.warnings));
            Ok(program)
        }
        Err(errors) => {
            eprint!("{}", weir_sql::render(&source, &name, &errors));
            let number = errors.iter().filter(|e| e.severity == weir_sql::Severity::Error).count();
            bail!("{name} has {number} error{}", if number == 1 { "" } else { "s" })
        }
    }
}
