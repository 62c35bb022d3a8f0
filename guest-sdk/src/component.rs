//! A component of the world in `wit/pipeline.wit`: the host's calls go to the worker, the worker's to the host.

use crate::host::{Failure, Host, Level};
use crate::{Circuit, Pipeline};
use bindings::exports::weir::pipeline::pipeline::{Config, Guest, Page};
use bindings::weir::pipeline::{host, types};
use std::cell::RefCell;
use weir_row::Block;

#[allow(missing_docs, clippy::undocumented_unsafe_blocks, reason = "generated from the world, which is documented")]
mod bindings {
    wit_bindgen::generate!({
        path: "../wit",
        world: "program",
        with: { "weir:pipeline/types@0.1.0/block": weir_row::Block },
    });
}

unsafe extern "Rust" {
    // SAFETY: the program crate defines it by `program!`, with this very signature.
    safe fn weir_program_new() -> Box<dyn Circuit>;
}

thread_local! {
    /// The worker, from `open` on. (A component has one thread.)
    static PIPELINE: RefCell<Option<Pipeline>> = const { RefCell::new(None) };
}

/// Calls `f` with the worker.
fn with<T>(f: impl FnOnce(&mut Pipeline) -> T) -> T {
    PIPELINE.with_borrow_mut(|pipeline| match pipeline {
        Some(pipeline) => f(pipeline),
        None => Sandbox.fail(Failure { message: "the pipeline is not open".to_owned(), line: 0, column: 0 }),
    })
}

/// The host of a component.
struct Sandbox;

impl Host for Sandbox {
    fn exchange(&self, channel: u32, outgoing: Vec<Block>) -> Vec<Block> {
        host::exchange(channel, &outgoing)
    }
    fn state_write(&self, block: &Block) -> u64 {
        host::state_write(block)
    }
    fn state_read(&self, id: u64) -> Block {
        host::state_read(id)
    }
    fn state_drop(&self, id: u64) {
        host::state_drop(id);
    }
    fn operated(&self, node: u32, rows_in: u64, rows_out: u64) {
        host::operated(node, rows_in, rows_out);
    }
    fn committed(&self, node: u32) {
        host::committed(node);
    }
    fn log(&self, level: Level, message: &str) {
        let level = match level {
            Level::Debug => types::Level::Debug,
            Level::Info => types::Level::Info,
            Level::Warn => types::Level::Warn,
            Level::Error => types::Level::Error,
        };
        host::log(level, message);
    }
    fn fail(&self, failure: Failure) -> ! {
        host::fail(&failure.message, types::Position { line: failure.line, column: failure.column });
        // A host that keeps to the contract does not return.
        std::process::abort()
    }
    fn cancelled(&self) -> bool {
        host::cancelled()
    }
}

/// The component's exports.
struct Component;

impl Guest for Component {
    fn describe() -> String {
        PIPELINE
            .with_borrow(|p| p.as_ref().map(|p| p.describe().to_owned()))
            .unwrap_or_else(|| weir_program_new().describe().to_owned())
    }
    fn open(config: Config) -> Result<(), String> {
        std::panic::set_hook(Box::new(|info| {
            // A fault of the SDK or of a row: the pipeline ends with what it says rather than with a bare trap.
            Sandbox.fail(Failure { message: info.to_string(), line: 0, column: 0 })
        }));
        let (worker, workers) = (config.worker as usize, config.workers as usize);
        let from = config.checkpoint.as_deref();
        let pipeline = Pipeline::open(weir_program_new(), Box::new(Sandbox), worker, workers, from)?;
        PIPELINE.with_borrow_mut(|p| *p = Some(pipeline));
        Ok(())
    }
    fn ingest(table: u32, blocks: Vec<Block>) {
        with(|p| p.ingest(table, blocks));
    }
    fn step(now: i64) {
        with(|p| p.step(now));
    }
    fn keep_delta(relation: u32, keep: bool) {
        with(|p| p.keep_delta(relation, keep));
    }
    fn delta(relation: u32, page: u32) -> Page {
        page_of(with(|p| p.delta(relation, page)))
    }
    fn snapshot_open(relation: u32) -> Result<u32, String> {
        with(|p| p.snapshot_open(relation))
    }
    fn snapshot_next(handle: u32) -> Page {
        page_of(with(|p| p.snapshot_next(handle)))
    }
    fn snapshot_close(handle: u32) {
        with(|p| p.snapshot_close(handle));
    }
    fn checkpoint() -> Vec<u8> {
        with(Pipeline::checkpoint)
    }
    fn profile() -> String {
        with(Pipeline::profile)
    }
}

/// A page as the world has it.
fn page_of(page: crate::Page) -> Page {
    Page { blocks: page.blocks, more: page.more }
}

bindings::export!(Component with_types_in bindings);
