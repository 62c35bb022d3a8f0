//! What the benchmarks share: programs compiled as users' are, clocks, tables.

use anyhow::bail;
use std::time::Duration;
use weir_compiler::{Artifact, CancelToken, CompileRequest, Compiler, Options, Profile};
use weir_runtime::{Engine, Program};

/// Compiler and engine.
pub(crate) struct Setup {
    pub(crate) compiler: Compiler,
    pub(crate) engine: Engine,
}

impl Setup {
    /// The user's cache, so that the SDK is built once.
    pub(crate) fn open() -> anyhow::Result<Setup> {
        let Some(dir) = weir_compiler::default_cache_dir() else { bail!("there is no home folder for the cache") };
        let compiler = Compiler::open(&dir, Options::from_env()?)?;
        compiler.provision(&|step| eprintln!("{step}"), &CancelToken::new())?;
        Ok(Setup { compiler, engine: Engine::new()? })
    }

    /// A SQL program, compiled to run fast.
    pub(crate) fn program_of_sql(&self, sql: &str) -> anyhow::Result<(weir_sql::Program, Program, Artifact)> {
        let compiled = match weir_sql::compile(sql) {
            Ok(compiled) => compiled,
            Err(errors) => bail!("{}", weir_sql::render(sql, "bench.sql", &errors)),
        };
        let artifact = self.artifact(weir_sql::generate(&compiled.circuit), Profile::Optimized)?;
        let program = Program::load(&self.engine, &artifact.native, &artifact.native_sha256)?;
        Ok((compiled, program, artifact))
    }

    /// A SQL program on the engine.
    pub(crate) fn interpreted(&self, sql: &str) -> anyhow::Result<(weir_sql::Program, Program)> {
        let compiled = match weir_sql::compile(sql) {
            Ok(compiled) => compiled,
            Err(errors) => bail!("{}", weir_sql::render(sql, "bench.sql", &errors)),
        };
        let artifact = self.compiler.engine(&|step| eprintln!("{step}"), &CancelToken::new())?;
        let program = Program::load(&self.engine, &artifact.native, &artifact.native_sha256)?;
        let program = program.with_circuit(&serde_json::to_vec(&compiled.circuit)?)?;
        Ok((compiled, program))
    }

    /// A Rust program in the form of generated ones.
    pub(crate) fn program_of_source(&self, source: &str) -> anyhow::Result<Program> {
        let artifact = self.artifact(source.to_owned(), Profile::Optimized)?;
        Ok(Program::load(&self.engine, &artifact.native, &artifact.native_sha256)?)
    }

    pub(crate) fn artifact(&self, source: String, profile: Profile) -> anyhow::Result<Artifact> {
        Ok(self.compiler.compile(&CompileRequest { source, profile, user: None }, &CancelToken::new())?)
    }
}

/// CPU time of this process so far, user and system.
pub(crate) fn cpu() -> Duration {
    let t = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(t.tv_sec as u64, t.tv_nsec as u32)
}

/// Resident memory of this process, in bytes; 0 where the system does not tell.
pub(crate) fn resident_bytes() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = statm.split(' ').nth(1).and_then(|p| p.parse().ok()).unwrap_or(0);
    pages * rustix::param::page_size() as u64
}

/// The shortest.
pub(crate) fn best(times: &[Duration]) -> Duration {
    times.iter().min().copied().unwrap_or_default()
}

/// The one in the middle.
pub(crate) fn median(times: &[Duration]) -> Duration {
    let mut times = times.to_vec();
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// Milliseconds with a digit that matters.
pub(crate) fn ms(d: Duration) -> String {
    let ms = d.as_secs_f64() * 1e3;
    if ms >= 100.0 { format!("{ms:.0}") } else { format!("{ms:.2}") }
}

/// Prints a table in Markdown.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) {
    println!("| {} |", head.join(" | "));
    println!("|{}", "---|".repeat(head.len()));
    for row in rows {
        println!("| {} |", row.join(" | "));
    }
}
