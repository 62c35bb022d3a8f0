//! The compiler as one object: a cache folder, a toolchain found once, programs compiled or found compiled.

use std::ffi::OsString;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use wasmtime::Engine;

use crate::check::check_world;
use crate::error::CompileError;
use crate::hash::{Hasher, sha256_hex};
use crate::native::{self, Worker};
use crate::process::CancelToken;
use crate::program::{self, Profile};
use crate::provision::{self, Prepared, TARGET_FEATURES};
use crate::store::{Scratch, Store};
use crate::toolchain::Choice;

/// Version of the cache's layout and of anything here that changes what is built and has no hash of its own.
const CACHE_VERSION: &str = "weir program 1";
/// Bytes of compiled programs that are kept by default.
pub const CACHE_BYTES_MAX: u64 = 2 << 30;

/// The engine as a program: the crate has all of it.
const ENGINE: &str = "//! The engine.\nuse weir_engine as _;\n";
const WASM: &str = "program.wasm";
const NATIVE: &str = "program.cwasm";
const RECORD: &str = "artifact.json";

/// How a compiler is set up.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which toolchain to use.
    pub toolchain: Choice,
    /// How to start the process that makes native code.
    pub worker: Worker,
    /// Bytes of compiled programs to keep; those used longest ago are thrown out.
    pub cache_bytes_max: u64,
    /// Whether functions in Rust are compiled even where the kernel has no sandbox for compilers. Whoever may write a program can then read
    /// and write what this process's user can.
    pub unconfined: bool,
}

impl Options {
    /// The toolchain of `WEIR_TOOLCHAIN` or the first found, this binary as worker, [`CACHE_BYTES_MAX`].
    ///
    /// # Errors
    /// When the system does not tell the path of the running program.
    pub fn from_env() -> std::io::Result<Options> {
        Ok(Options {
            toolchain: Choice::from_env(),
            worker: Worker::current_binary()?,
            cache_bytes_max: CACHE_BYTES_MAX,
            unconfined: false,
        })
    }
}

/// The default cache folder: `weir` in `$XDG_CACHE_HOME`, or else in `~/.cache`.
pub fn default_cache_dir() -> Option<PathBuf> {
    let absolute = |key: &str| std::env::var_os(key).map(PathBuf::from).filter(|p| p.is_absolute());
    let base = absolute("XDG_CACHE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".cache")))?;
    Some(base.join("weir"))
}

/// A program to compile.
#[derive(Clone, Debug)]
pub struct CompileRequest {
    /// Rust source that names the SDK's crates.
    pub source: String,
    /// How much work goes into its speed.
    pub profile: Profile,
    /// What the program's author wrote in Rust, if it calls functions of theirs.
    pub user: Option<UserCode>,
}

/// Functions that a program's author wrote in Rust.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserCode {
    /// The declarations that stand between the program and the functions (`weir_sql::stubs`): its module `stubs`.
    pub stubs: String,
    /// The functions (`udf.rs`): its module `udf`.
    pub rust: String,
    /// The crates that they need (`udf.toml`): entries of `[dependencies]`, of which version and features are taken.
    pub toml: String,
}

/// How long each part took; zero for what the cache held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timings {
    /// Finding the toolchain, building std and the SDK where needed, waiting for others that do.
    pub provision: Duration,
    /// rustc and the linker.
    pub rustc: Duration,
    /// Native code.
    pub native: Duration,
}

/// A compiled program. The files are in the cache and may be thrown out later; an open or mapped file stays usable.
#[derive(Clone, Debug)]
pub struct Artifact {
    /// Names the content: same source, SDK, toolchain, engine and settings, same key.
    pub key: String,
    /// The component.
    pub component: PathBuf,
    /// Its size in bytes.
    pub component_bytes: u64,
    /// The native code, for `weir_runtime`.
    pub native: PathBuf,
    /// Its size in bytes.
    pub native_bytes: u64,
    /// SHA-256 of the native code in hex, as it was written: a loader compares before it maps.
    pub native_sha256: String,
    /// Whether nothing had to be compiled.
    pub cache_hit: bool,
    /// How long it took.
    pub timings: Timings,
}

/// What is remembered beside the files.
#[derive(Serialize, Deserialize)]
struct Record {
    component_bytes: u64,
    native_bytes: u64,
    native_sha256: String,
}

/// Compiles programs. All methods may be called from many threads.
#[derive(Debug)]
pub struct Compiler {
    store: Store,
    options: Options,
    /// Held while preparing, so that threads of this process do it once.
    prepared: Mutex<Option<Arc<Prepared>>>,
    /// Engine settings and version, as wasmtime compares them.
    engine_id: String,
}

impl Compiler {
    /// Open the cache folder, creating it when absent. No toolchain is looked for yet.
    ///
    /// # Errors
    /// [`CompileError::Io`] when the folder cannot be used or belongs to someone else.
    pub fn open(cache_dir: &Path, options: Options) -> Result<Compiler, CompileError> {
        let store = Store::open(cache_dir)?;
        let engine = Engine::new(&weir_runtime::wasm_config())
            .map_err(|e| CompileError::Native { message: format!("{e:#}") })?;
        let mut hasher = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        let engine_id = format!("{:016x}", hasher.finish());
        Ok(Compiler { store, options, prepared: Mutex::new(None), engine_id })
    }

    /// Find the toolchain and build std and the SDK where the cache has none. `progress` gets a line for each step that takes time.
    /// Later calls return at once; calls of other threads wait for the first.
    ///
    /// # Errors
    /// [`CompileError::ToolchainMissing`] with the command that mends it; [`CompileError::Provision`] with a tool's output.
    pub fn provision(&self, progress: &dyn Fn(&str), cancel: &CancelToken) -> Result<Arc<Prepared>, CompileError> {
        // What is guarded is replaced at once, so a panic of another thread spoils nothing.
        let mut prepared = self.prepared.lock().unwrap_or_else(PoisonError::into_inner);
        match &*prepared {
            // Another process may have thrown the build out, or someone emptied the cache.
            Some(ready) if ready.libraries.is_dir() => Ok(ready.clone()),
            _ => {
                let ready = Arc::new(provision::prepare(&self.store, self.options.toolchain, progress, cancel)?);
                *prepared = Some(ready.clone());
                Ok(ready)
            }
        }
    }

    /// Compile a program, or find it compiled. Blocks; `cancel` ends it within some milliseconds.
    ///
    /// # Errors
    /// What [`Compiler::provision`] says; rustc's words; a component that is not of the world; limits; cancellation.
    pub fn compile(&self, request: &CompileRequest, cancel: &CancelToken) -> Result<Artifact, CompileError> {
        self.compile_with(request, true, cancel)
    }

    /// [`Compiler::compile`] without a look into the cache; what is there is replaced.
    ///
    /// # Errors
    /// As there.
    pub fn compile_anew(&self, request: &CompileRequest, cancel: &CancelToken) -> Result<Artifact, CompileError> {
        self.compile_with(request, false, cancel)
    }

    fn compile_with(
        &self,
        request: &CompileRequest,
        use_cache: bool,
        cancel: &CancelToken,
    ) -> Result<Artifact, CompileError> {
        let begun = Instant::now();
        let prepared = self.provision(&|_| {}, cancel)?;
        let mut timings = Timings { provision: begun.elapsed(), ..Timings::default() };
        let key = self.key(&prepared, request);
        if !use_cache {
            self.forget(&key);
        } else if let Some(found) = self.lookup(&key) {
            return Ok(Artifact { timings, ..found });
        }
        self.store.touch(&format!("sdk/{}", prepared.id));
        let scratch = self.store.scratch()?;
        let work = scratch.path();
        let wasm = work.join(WASM);
        let begun = Instant::now();
        program::compile(&self.store, &prepared, request, self.options.unconfined, (&work, &wasm), cancel)?;
        timings.rustc = begun.elapsed();
        self.finish(scratch, key, timings, cancel)
    }

    /// What names a program's artifact.
    fn key(&self, prepared: &Prepared, request: &CompileRequest) -> String {
        let mut hasher = Hasher::new(CACHE_VERSION);
        hasher.part(b"source").part(prepared.id.as_bytes()).part(self.engine_id.as_bytes());
        hasher.part(request.profile.flags().join(" ").as_bytes()).part(TARGET_FEATURES.as_bytes());
        hasher.part(request.source.as_bytes());
        if let Some(UserCode { stubs, rust, toml }) = &request.user {
            hasher.part(stubs.as_bytes()).part(rust.as_bytes()).part(toml.as_bytes());
        }
        hasher.name()
    }

    /// The engine: a component that runs any circuit it is given. It is made once for each toolchain and SDK, in a few seconds, and found in
    /// the cache from then on, so that programs of [`Profile::Dev`] need no compiler. `progress` as in [`Compiler::provision`].
    ///
    /// # Errors
    /// As [`Compiler::compile`].
    pub fn engine(&self, progress: &dyn Fn(&str), cancel: &CancelToken) -> Result<Artifact, CompileError> {
        let prepared = self.provision(progress, cancel)?;
        let request = CompileRequest { source: ENGINE.to_owned(), profile: Profile::Optimized, user: None };
        if self.lookup(&self.key(&prepared, &request)).is_none() {
            progress("building the engine that runs programs of profile dev (once)");
        }
        self.compile(&request, cancel)
    }

    /// Compile a component from a file to native code, or find it compiled.
    ///
    /// # Errors
    /// A file that cannot be read, is no component, is not of the world, or that the native compiler refuses.
    pub fn compile_wasm(&self, path: &Path, cancel: &CancelToken) -> Result<Artifact, CompileError> {
        let wasm = fs::read(path).map_err(CompileError::io(format!("reading {}", path.display())))?;
        self.compile_wasm_bytes(&wasm, cancel)
    }

    /// [`Compiler::compile_wasm`] for a component in memory.
    ///
    /// # Errors
    /// As there.
    pub fn compile_wasm_bytes(&self, wasm: &[u8], cancel: &CancelToken) -> Result<Artifact, CompileError> {
        check_world(wasm)?;
        let mut hasher = Hasher::new(CACHE_VERSION);
        hasher.part(b"component").part(self.engine_id.as_bytes()).part(wasm);
        let key = hasher.name();
        if let Some(found) = self.lookup(&key) {
            return Ok(found);
        }
        let scratch = self.store.scratch()?;
        let file = scratch.path().join(WASM);
        fs::write(&file, wasm).map_err(CompileError::io(format!("writing {}", file.display())))?;
        self.finish(scratch, key, Timings::default(), cancel)
    }

    /// Check the component in `scratch`, make native code of it, and put both into place.
    fn finish(
        &self,
        scratch: Scratch<'_>,
        key: String,
        mut timings: Timings,
        cancel: &CancelToken,
    ) -> Result<Artifact, CompileError> {
        let work = scratch.path();
        let (wasm, native) = (work.join(WASM), work.join(NATIVE));
        let read = |path: &Path| fs::read(path).map_err(CompileError::io(format!("reading {}", path.display())));
        let component = read(&wasm)?;
        check_world(&component)?;
        let begun = Instant::now();
        native::compile(&self.options.worker, &wasm, &native, cancel)?;
        let code = read(&native)?;
        timings.native = begun.elapsed();
        let record = Record {
            component_bytes: component.len() as u64,
            native_bytes: code.len() as u64,
            native_sha256: sha256_hex(&code),
        };
        let json = serde_json::to_vec(&record).map_err(|e| CompileError::io("writing the record")(e.into()))?;
        fs::write(work.join(RECORD), json).map_err(CompileError::io("writing the record"))?;
        // Only whole artifacts are put into place; the program's source stays beside it, for whoever looks for a bug.
        let ours = scratch.put("", &programs(&key))?;
        if !ours {
            // Theirs is in place, and need not be equal byte for byte.
            if let Some(found) = self.lookup(&key) {
                return Ok(Artifact { timings, ..found });
            }
        }
        self.evict(&key);
        Ok(self.artifact(key, record, timings, false))
    }

    fn artifact(&self, key: String, record: Record, timings: Timings, cache_hit: bool) -> Artifact {
        let folder = self.store.path_of(&programs(&key));
        Artifact {
            component: folder.join(WASM),
            component_bytes: record.component_bytes,
            native: folder.join(NATIVE),
            native_bytes: record.native_bytes,
            native_sha256: record.native_sha256,
            key,
            cache_hit,
            timings,
        }
    }

    fn lookup(&self, key: &str) -> Option<Artifact> {
        let folder = programs(key);
        let record = self.store.dir.read(format!("{folder}/{RECORD}")).ok()?;
        let record: Record = serde_json::from_slice(&record).ok()?;
        // A file cut short by a full disk is compiled again.
        let whole = |name: &str, bytes: u64| {
            self.store.dir.metadata(format!("{folder}/{name}")).is_ok_and(|m| m.len() == bytes)
        };
        if !whole(WASM, record.component_bytes) || !whole(NATIVE, record.native_bytes) {
            let _ = self.store.dir.remove_dir_all(&folder);
            return None;
        }
        self.store.touch(&folder);
        Some(self.artifact(key.to_owned(), record, Timings::default(), true))
    }

    /// Open an artifact's native code, through the cache folder's handle, for `weir_runtime::Program::load_file`.
    ///
    /// # Errors
    /// [`CompileError::Io`], when it was thrown out meanwhile: compile again.
    pub fn open_native(&self, artifact: &Artifact) -> Result<fs::File, CompileError> {
        let name = format!("{}/{NATIVE}", programs(&artifact.key));
        let file = self.store.dir.open(&name).map_err(CompileError::io(format!("opening {name}")))?;
        Ok(file.into_std())
    }

    /// Forget a compiled program, when its files turned out damaged: the next compilation makes them anew.
    pub fn forget(&self, key: &str) {
        let is_key = key.len() == 40 && key.bytes().all(|b| b.is_ascii_hexdigit());
        if is_key {
            // What cannot be removed now is found damaged again.
            let _ = self.store.dir.remove_dir_all(programs(key));
        }
    }

    /// Throw out the programs used longest ago until the rest fits. Failing to is no error: the next one tries again.
    fn evict(&self, keep: &str) {
        let Ok(entries) = self.store.dir.read_dir("programs") else { return };
        let mut found: Vec<(SystemTime, OsString, u64)> = Vec::new();
        for entry in entries.flatten() {
            let name = entry.file_name();
            let bytes = entry
                .open_dir()
                .and_then(|d| d.entries())
                .map_or(0, |files| files.flatten().filter_map(|f| f.metadata().ok()).map(|m| m.len()).sum());
            let used = entry.metadata().and_then(|m| m.modified()).map_or(SystemTime::UNIX_EPOCH, |t| t.into_std());
            found.push((used, name, bytes));
        }
        found.sort();
        let mut total: u64 = found.iter().map(|(_, _, bytes)| bytes).sum();
        for (_, name, bytes) in found {
            if total <= self.options.cache_bytes_max {
                break;
            }
            if name != keep && self.store.dir.remove_dir_all(Path::new("programs").join(&name)).is_ok() {
                total -= bytes;
            }
        }
    }
}

fn programs(key: &str) -> String {
    format!("programs/{key}")
}
