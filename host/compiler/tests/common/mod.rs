//! What the tests share: a compiler whose worker is the test binary itself.

use std::ffi::OsString;
use std::path::Path;

use weir_compiler::{Compiler, Options, Worker, default_cache_dir};

/// The name of the test in each binary that is the compile worker.
const WORKER_TEST: &str = "compile_worker";

/// The worker: this binary, told to run one test only.
pub(crate) fn worker() -> Worker {
    let args = ["--exact", WORKER_TEST, "--nocapture", "--test-threads=1"].map(OsString::from).to_vec();
    Worker { program: std::env::current_exe().expect("the system tells the path of a test"), args }
}

/// To be called by the test of that name: becomes the worker if it was started as one.
pub(crate) fn be_worker() {
    let args: Vec<OsString> = std::env::args_os().collect();
    if args.last().is_some_and(|a| a.to_string_lossy().ends_with(".cwasm")) {
        let code = weir_compiler::compile_worker_main(args);
        std::process::exit(i32::from(code != std::process::ExitCode::SUCCESS));
    }
}

/// A compiler on a cache of its own: nothing is there.
#[allow(dead_code, reason = "not every test binary uses all of this")]
pub(crate) fn fresh(cache: &Path) -> Compiler {
    Compiler::open(cache, options()).expect("a temporary folder is usable")
}

/// A compiler on the user's cache: std and the SDK are built once for all tests, runs and programs.
#[allow(dead_code, reason = "not every test binary uses all of this")]
pub(crate) fn shared() -> Compiler {
    Compiler::open(&default_cache_dir().expect("HOME is set"), options()).expect("the cache is usable")
}

/// The usual options with the test's worker.
pub(crate) fn options() -> Options {
    Options { worker: worker(), ..Options::from_env().expect("the system tells the path of a test") }
}
