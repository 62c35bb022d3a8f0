//! `weir toolchain`.

use super::CacheArgs;
use clap::Args;
use std::process::ExitCode;
use weir_compiler::CancelToken;

/// Arguments of `weir toolchain`.
#[derive(Debug, Args)]
pub(super) struct ToolchainArgs {
    #[command(flatten)]
    cache: CacheArgs,
}

pub(super) fn main(args: &ToolchainArgs) -> anyhow::Result<ExitCode> {
    let compiler = super::compiler::open(&args.cache)?;
    let prepared = compiler.provision(&|step| eprintln!("{step}"), &CancelToken::new())?;
    println!("compiler   {}", prepared.toolchain.rustc.display());
    println!("version    {}", prepared.toolchain.name());
    match &prepared.sysroot {
        Some(sysroot) => println!("std        {} (built from the sources of the distribution)", sysroot.display()),
        None => println!("std        installed with the compiler"),
    }
    println!("SDK        {}", prepared.libraries.display());
    println!("identity   {}", prepared.id);
    match weir_compiler::sandbox_available() {
        Ok(()) => println!("sandbox    Landlock and seccomp confine compilers"),
        Err(why) => println!("sandbox    none ({why}): functions in Rust need --unconfined-udf"),
    }
    Ok(ExitCode::SUCCESS)
}
