//! Components from elsewhere: refused, compiled, cached, thrown out; and a native compiler that crashes, hangs or hogs.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::fs;
use std::time::{Duration, Instant};

use common::{be_worker, fresh, options, worker};
use weir_compiler::{CancelToken, CompileError, Compiler, Options, Worker, WorldError};

#[test]
fn compile_worker() {
    be_worker();
}

/// The smallest component that passes the check of imports and exports; `n` makes it different from others.
fn component(n: u32) -> Vec<u8> {
    let text = format!(
        r#"(component
             (core module $m (func (export "f") (result i32) (i32.const {n})))
             (core instance $i (instantiate $m))
             (func $f (result u32) (canon lift (core func $i "f")))
             (instance $p (export "describe" (func $f)))
             (export "weir:pipeline/pipeline@0.1.0" (instance $p)))"#
    );
    wat::parse_str(text).unwrap()
}

fn compile(compiler: &Compiler, wasm: &[u8]) -> Result<weir_compiler::Artifact, CompileError> {
    compiler.compile_wasm_bytes(wasm, &CancelToken::new())
}

#[test]
fn what_is_not_of_the_world_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let compiler = fresh(folder.path());
    for (text, message) in [
        ("(component)", "it does not export `weir:pipeline/pipeline@0.1.0` (it exports nothing)"),
        ("(module)", "it is a core module, not a component"),
        (
            r#"(component (import "wasi:sockets/tcp@0.2.6" (instance)))"#,
            "it imports `wasi:sockets/tcp@0.2.6`, which the world weir:pipeline/program does not offer",
        ),
        (
            r#"(component (import "exec" (func)))"#,
            "it imports `exec`, which the world weir:pipeline/program does not offer",
        ),
    ] {
        let error = compile(&compiler, &wat::parse_str(text).unwrap()).unwrap_err();
        assert_eq!(error.error_code(), "BadComponent");
        assert!(error.to_string().contains(message), "{error}");
    }
}

#[test]
fn a_file_cut_short_anywhere_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let compiler = fresh(folder.path());
    let whole = component(0);
    for cut in (0..whole.len()).step_by(7) {
        let error = compile(&compiler, &whole[..cut]).unwrap_err();
        assert!(matches!(error, CompileError::World(_) | CompileError::Native { .. }), "cut at {cut}: {error}");
    }
}

#[test]
fn any_damaged_byte_is_refused_or_harmless() {
    let folder = tempfile::tempdir().unwrap();
    let compiler = fresh(folder.path());
    let whole = component(0);
    for at in (8..whole.len()).step_by(17) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x55;
        match compile(&compiler, &damaged) {
            Ok(_) | Err(CompileError::World(_)) => {}
            // The validator's words, not a crash.
            Err(CompileError::Native { message }) => assert!(!message.contains("signal"), "{message}"),
            Err(other) => panic!("damaged at {at}: {other}"),
        }
    }
}

#[test]
fn invalid_code_is_the_validators_error() {
    let folder = tempfile::tempdir().unwrap();
    let compiler = fresh(folder.path());
    // `i64.const` in place of `i32.const`: well-formed, but of the wrong type.
    let mut wasm = component(77);
    let at = wasm.windows(3).position(|w| w == [0x41, 0xcd, 0x00]).unwrap();
    wasm[at] = 0x42;
    let error = compile(&compiler, &wasm).unwrap_err().to_string();
    assert!(error.contains("type mismatch"), "{error}");
}

#[test]
fn a_component_is_compiled_once() {
    let folder = tempfile::tempdir().unwrap();
    let compiler = fresh(folder.path());
    let first = compile(&compiler, &component(1)).unwrap();
    assert!(!first.cache_hit && first.native_bytes > 0);
    assert_eq!(fs::read(&first.native).unwrap().len() as u64, first.native_bytes);
    let again = compile(&fresh(folder.path()), &component(1)).unwrap();
    assert!(again.cache_hit);
    assert_eq!((again.key, again.native_sha256), (first.key.clone(), first.native_sha256));
    assert_ne!(compile(&compiler, &component(2)).unwrap().key, first.key);
    // Cut short, as by a full disk: made anew.
    fs::write(&first.native, b"").unwrap();
    assert!(!compile(&compiler, &component(1)).unwrap().cache_hit);
    let left: Vec<_> = fs::read_dir(folder.path().join("tmp")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn the_cache_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    fresh(folder.path());
    assert_eq!(fs::metadata(folder.path()).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn programs_used_longest_ago_are_thrown_out() {
    let folder = tempfile::tempdir().unwrap();
    let one = compile(&fresh(folder.path()), &component(0)).unwrap();
    let bytes = one.native_bytes + one.component_bytes;
    // Room for three.
    let options = Options { cache_bytes_max: 3 * bytes + bytes / 2, ..options() };
    let compiler = Compiler::open(folder.path(), options).unwrap();
    for n in 1..4 {
        std::thread::sleep(Duration::from_millis(20));
        compile(&compiler, &component(n)).unwrap();
        // Used again and again.
        assert!(compile(&compiler, &component(0)).unwrap().cache_hit, "thrown out although just used");
    }
    assert!(!compile(&compiler, &component(1)).unwrap().cache_hit);
    assert!(fs::read_dir(folder.path().join("programs")).unwrap().count() <= 3);
}

#[test]
fn many_may_compile_the_same_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let threads: Vec<_> = (0..6)
        .map(|_| {
            let compiler = fresh(folder.path());
            std::thread::spawn(move || compile(&compiler, &component(9)).unwrap().native_sha256)
        })
        .collect();
    let hashes: Vec<_> = threads.into_iter().map(|t| t.join().unwrap()).collect();
    assert!(hashes.iter().all(|h| *h == hashes[0]));
}

fn with_worker(script: &str) -> (tempfile::TempDir, Compiler) {
    let folder = tempfile::tempdir().unwrap();
    let worker = Worker { program: "/bin/sh".into(), args: ["-c", script].map(Into::into).to_vec() };
    let compiler = Compiler::open(folder.path(), Options { worker, ..options() }).unwrap();
    (folder, compiler)
}

#[test]
fn a_compiler_that_crashes_is_an_error_message() {
    for (script, message) in [
        ("kill -SEGV $$", "signal 11 (segmentation fault)"),
        ("exit 3", "exit code 3"),
        ("echo out of luck >&2; exit 1", "out of luck"),
        // It says that all is well and wrote nothing.
        ("exit 0", "exit code 0"),
    ] {
        let (_folder, compiler) = with_worker(script);
        let error = compile(&compiler, &component(0)).unwrap_err();
        assert!(matches!(error, CompileError::Native { .. }));
        assert!(error.to_string().contains(message), "{error}");
    }
}

#[test]
fn a_compiler_that_hangs_can_be_cancelled() {
    let (_folder, compiler) = with_worker("sleep 60 & sleep 60");
    let cancel = CancelToken::new();
    let canceller = cancel.clone();
    let thread = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(100));
        let begun = Instant::now();
        canceller.cancel();
        begun
    });
    let error = compiler.compile_wasm_bytes(&component(0), &cancel).unwrap_err();
    assert!(matches!(error, CompileError::Cancelled));
    let time = thread.join().unwrap().elapsed();
    println!("cancelled within {time:?}");
    assert!(time < Duration::from_secs(5));
}

#[test]
fn the_compiler_runs_under_limits() {
    // KiB of address space, seconds of CPU time, blocks of a core file; that limits bite is tested in `process`.
    let (_folder, compiler) = with_worker("ulimit -v >&2; ulimit -t >&2; ulimit -c >&2; exit 9");
    let error = compile(&compiler, &component(0)).unwrap_err().to_string();
    assert!(error.contains("4194304\n300\n0"), "{error}");
}

#[test]
fn a_component_too_large_is_not_looked_at() {
    let wasm = vec![0; weir_compiler::COMPONENT_BYTES_MAX + 1];
    assert_eq!(weir_compiler::check_world(&wasm), Err(WorldError::TooLarge(wasm.len())));
    let _ = worker();
}
