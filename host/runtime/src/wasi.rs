//! WASI with nothing behind it. Rust's std links some interfaces by itself; they get no arguments, no environment, no
//! folders, no sockets, a clock that stands still and randomness from a fixed seed, so that a step is a pure function of its inputs.
//! What is printed goes to the pipeline's log.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use wasmtime::component::{HasData, Linker, Resource, ResourceTable};
use wasmtime_wasi::cli::{IsTerminal, StdoutStream, WasiCli, WasiCliView as _};
use wasmtime_wasi::clocks::{HostMonotonicClock, HostWallClock, WasiClocks, WasiClocksView as _};
use wasmtime_wasi::filesystem::{WasiFilesystem, WasiFilesystemView as _};
use wasmtime_wasi::p2::bindings;
use wasmtime_wasi::p2::{DynPollable, OutputStream, Pollable, StreamResult};
use wasmtime_wasi::random::{Deterministic, WasiRandom};
use wasmtime_wasi::{WasiCtx, WasiView};

use crate::log::{LINE_BYTES_MAX, Level};
use crate::shared::Shared;

/// Streams and the like that a component may hold at once: std holds three.
const RESOURCES_MAX: usize = 1024;
/// Random bytes in one call.
const RANDOM_BYTES_MAX: u64 = 1 << 20;
/// Bytes of standard error that are kept of one call, for the failure's message.
const SAID_BYTES_MAX: usize = 4 << 10;
/// Bytes of output taken at once.
const WRITE_BYTES_MAX: usize = 16 << 10;
/// All randomness there is, over and over; any bytes will do.
const SEED: [u8; 16] = *b"weir-fixed-seed!";

/// What a component said on standard error during a call.
pub(crate) type Said = Arc<Mutex<Vec<u8>>>;

/// A context with nothing in it.
pub(crate) fn context(shared: &Arc<Shared>, worker: u32, said: &Said) -> (WasiCtx, ResourceTable) {
    let output = |level, said| Output { shared: shared.clone(), worker, level, said, partial: Said::default() };
    let mut builder = WasiCtx::builder();
    builder
        .stdout(output(Level::Info, None))
        .stderr(output(Level::Error, Some(said.clone())))
        .secure_random(Deterministic::new(SEED.to_vec()))
        .insecure_random(Deterministic::new(SEED.to_vec()))
        .insecure_random_seed(u128::from_le_bytes(SEED))
        .max_random_size(RANDOM_BYTES_MAX)
        .wall_clock(StoppedClock)
        .monotonic_clock(StoppedClock)
        .allow_tcp(false)
        .allow_udp(false)
        .allow_ip_name_lookup(false);
    let mut table = ResourceTable::new();
    table.set_max_capacity(RESOURCES_MAX);
    (builder.build(), table)
}

struct Io;

impl HasData for Io {
    type Data<'a> = &'a mut ResourceTable;
}

/// Link the interfaces that `weir_compiler` lets a component import.
pub(crate) fn link<T: WasiView + 'static>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    let l = linker;
    bindings::clocks::wall_clock::add_to_linker::<T, WasiClocks>(l, T::clocks)?;
    bindings::clocks::monotonic_clock::add_to_linker::<T, WasiClocks>(l, T::clocks)?;
    bindings::filesystem::preopens::add_to_linker::<T, WasiFilesystem>(l, T::filesystem)?;
    bindings::sync::filesystem::types::add_to_linker::<T, WasiFilesystem>(l, T::filesystem)?;
    bindings::random::random::add_to_linker::<T, WasiRandom>(l, |t| t.ctx().ctx.random())?;
    bindings::random::insecure::add_to_linker::<T, WasiRandom>(l, |t| t.ctx().ctx.random())?;
    bindings::random::insecure_seed::add_to_linker::<T, WasiRandom>(l, |t| t.ctx().ctx.random())?;
    bindings::cli::exit::add_to_linker::<T, WasiCli>(l, T::cli)?;
    bindings::cli::environment::add_to_linker::<T, WasiCli>(l, T::cli)?;
    bindings::cli::stdin::add_to_linker::<T, WasiCli>(l, T::cli)?;
    bindings::cli::stdout::add_to_linker::<T, WasiCli>(l, T::cli)?;
    bindings::cli::stderr::add_to_linker::<T, WasiCli>(l, T::cli)?;
    bindings::cli::terminal_input::add_to_linker::<T, WasiCli>(l, T::cli)?;
    bindings::cli::terminal_output::add_to_linker::<T, WasiCli>(l, T::cli)?;
    bindings::cli::terminal_stdin::add_to_linker::<T, WasiCli>(l, T::cli)?;
    bindings::cli::terminal_stdout::add_to_linker::<T, WasiCli>(l, T::cli)?;
    bindings::cli::terminal_stderr::add_to_linker::<T, WasiCli>(l, T::cli)?;
    bindings::sync::io::error::add_to_linker::<T, Io>(l, |t| t.ctx().table)?;
    bindings::sync::io::streams::add_to_linker::<T, Io>(l, |t| t.ctx().table)?;
    bindings::sync::io::poll::add_to_linker::<T, Io>(l, |t| t.ctx().table)?;
    // Waiting would hold a thread that nothing could interrupt; there is nothing to wait for.
    l.allow_shadowing(true);
    let mut poll = l.instance(POLL)?;
    poll.func_wrap("poll", |_, (_,): (Vec<Resource<DynPollable>>,)| Err::<(Vec<u32>,), _>(NoWaiting.into()))?;
    poll.func_wrap("[method]pollable.block", |_, (_,): (Resource<DynPollable>,)| Err::<(), _>(NoWaiting.into()))?;
    l.allow_shadowing(false);
    Ok(())
}

/// The interface as wasmtime-wasi names it.
const POLL: &str = "wasi:io/poll@0.2.12";

#[derive(Debug, thiserror::Error)]
#[error("it waits for a clock or a stream, which the sandbox does not offer")]
struct NoWaiting;

struct StoppedClock;

impl HostWallClock for StoppedClock {
    fn resolution(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn now(&self) -> Duration {
        Duration::ZERO
    }
}

impl HostMonotonicClock for StoppedClock {
    fn resolution(&self) -> u64 {
        1
    }

    fn now(&self) -> u64 {
        0
    }
}

/// Standard output or error: lines go to the log.
#[derive(Clone)]
struct Output {
    shared: Arc<Shared>,
    worker: u32,
    level: Level,
    said: Option<Said>,
    /// A line that has no end yet: std writes messages in pieces.
    partial: Said,
}

impl Output {
    fn take(&self, bytes: &[u8]) {
        if let Some(said) = &self.said {
            let mut said = said.lock();
            let room = SAID_BYTES_MAX.saturating_sub(said.len());
            said.extend_from_slice(&bytes[..bytes.len().min(room)]);
        }
        let mut partial = self.partial.lock();
        for piece in bytes.split_inclusive(|&b| b == b'\n') {
            partial.extend_from_slice(piece);
            if piece.ends_with(b"\n") || partial.len() >= LINE_BYTES_MAX {
                let line = String::from_utf8_lossy(&partial);
                if !line.trim().is_empty() {
                    self.shared.log.line(self.level, self.worker, &line);
                }
                partial.clear();
            }
        }
    }
}

impl IsTerminal for Output {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Output {
    fn async_stream(&self) -> Box<dyn tokio::io::AsyncWrite + Send + Sync> {
        // Only asked for by interfaces that are not linked.
        Box::new(tokio::io::sink())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

impl OutputStream for Output {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.take(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(WRITE_BYTES_MAX)
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Output {
    async fn ready(&mut self) {}
}
