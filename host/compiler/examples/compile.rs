//! Compiles a Rust program against the SDK and prints what each part took, twice: the second time from the cache.
//!
//! `cargo run --release -p weir-compiler --example compile -- PROGRAM.rs [dev|unoptimized|optimized]`

use std::process::ExitCode;
use std::time::Instant;

use weir_compiler::{
    CancelToken, CompileRequest, Compiler, Options, Profile, WORKER_SUBCOMMAND, compile_worker_main, default_cache_dir,
};

fn main() -> ExitCode {
    let args: Vec<_> = std::env::args_os().collect();
    if args.get(1).is_some_and(|a| a == WORKER_SUBCOMMAND) {
        return compile_worker_main(args);
    }
    match run(&std::env::args().collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("error: {e}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[String]) -> Result<(), Box<dyn std::error::Error>> {
    let begun = Instant::now();
    let cache = default_cache_dir().ok_or("neither XDG_CACHE_HOME nor HOME is set")?;
    let compiler = Compiler::open(&cache, Options::from_env()?)?;
    println!("opened {} in {:?}", cache.display(), begun.elapsed());
    let begun = Instant::now();
    let prepared = compiler.provision(&|line| println!("  {line}"), &CancelToken::new())?;
    println!("{} with std {:?} in {:?}", prepared.toolchain.name(), prepared.toolchain.std, begun.elapsed());
    let Some(file) = args.get(1) else { return Ok(()) };
    let profiles = match args.get(2).map(String::as_str) {
        Some("dev") => vec![Profile::Dev],
        Some("unoptimized") => vec![Profile::Unoptimized],
        Some("optimized") => vec![Profile::Optimized],
        _ => vec![Profile::Dev, Profile::Unoptimized, Profile::Optimized],
    };
    for profile in profiles {
        // A new comment each time: nothing comes from the cache.
        let source = format!("{}\n// {:?}", std::fs::read_to_string(file)?, std::time::SystemTime::now());
        let request = CompileRequest { source, profile, user: None };
        for _ in 0..2 {
            let begun = Instant::now();
            let a = compiler.compile(&request, &CancelToken::new())?;
            println!(
                "{profile:?}: {:?} (rustc {:?}, native {:?}), {} KB of wasm, {} KB of native code{}",
                begun.elapsed(),
                a.timings.rustc,
                a.timings.native,
                a.component_bytes / 1000,
                a.native_bytes / 1000,
                if a.cache_hit { ", cached" } else { "" }
            );
        }
    }
    Ok(())
}
