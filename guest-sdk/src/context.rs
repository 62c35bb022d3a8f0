//! What row functions and operators have at hand besides their rows.

use crate::host::{Failure, Host};
use bumpalo::Bump;
use std::fmt::Display;
use weir_row::{Item, text};

/// A worker's surroundings.
pub struct Context {
    arena: Bump,
    host: Box<dyn Host>,
    worker: usize,
    workers: usize,
    now: i64,
}

impl Context {
    /// The surroundings of worker `worker` of `workers`.
    pub fn new(host: Box<dyn Host>, worker: usize, workers: usize) -> Context {
        assert!(worker < workers, "a worker's number is below the number of workers");
        Context { arena: Bump::new(), host, worker, workers, now: 0 }
    }

    /// Where texts and other values of a row live; emptied between calls of row functions.
    #[inline(always)]
    pub fn arena(&self) -> &Bump {
        &self.arena
    }

    /// The host.
    pub fn host(&self) -> &dyn Host {
        &*self.host
    }

    /// This worker's number, from 0.
    pub fn worker(&self) -> usize {
        self.worker
    }

    /// The number of workers.
    pub fn workers(&self) -> usize {
        self.workers
    }

    /// The time of the step, in microseconds since 1970.
    pub fn now(&self) -> i64 {
        self.now
    }

    /// Sets the time of the step: for whoever drives a circuit without a component's host.
    pub fn set_now(&mut self, now: i64) {
        self.now = now;
    }

    /// The text at `row[at]`, which is not NULL.
    #[inline]
    pub fn text<'a>(&'a self, row: &[u64], at: usize) -> &'a str {
        let (bytes, end) = text::extent(row, at);
        let to = self.arena.alloc_slice_fill_copy(text::room(end - at), 0);
        text::read(&row[at..end], to);
        match std::str::from_utf8(&to[..bytes]) {
            Ok(s) => s,
            Err(e) => self.fail(&e, 0, 0),
        }
    }

    /// The text or NULL at `row[at]`.
    #[inline]
    pub fn text_null<'a>(&'a self, row: &[u64], at: usize) -> Option<&'a str> {
        if row[at] == 0 { None } else { Some(self.text(row, at)) }
    }

    /// The bytes at `row[at]`, which are not NULL.
    #[inline]
    pub fn bytes<'a>(&'a self, row: &[u64], at: usize) -> &'a [u8] {
        let (bytes, end) = text::extent(row, at);
        let to = self.arena.alloc_slice_fill_copy(text::room(end - at), 0);
        text::read(&row[at..end], to);
        &to[..bytes]
    }

    /// The bytes or NULL at `row[at]`.
    #[inline]
    pub fn bytes_null<'a>(&'a self, row: &[u64], at: usize) -> Option<&'a [u8]> {
        if row[at] == 0 { None } else { Some(self.bytes(row, at)) }
    }

    /// The item at `row[at]`, which is not NULL.
    #[inline]
    pub fn item<'a>(&'a self, row: &[u64], at: usize) -> Item<'a> {
        Item::new(self.bytes(row, at))
    }

    /// The item or NULL at `row[at]`.
    #[inline]
    pub fn item_null<'a>(&'a self, row: &[u64], at: usize) -> Option<Item<'a>> {
        self.bytes_null(row, at).map(Item::new)
    }

    /// The UUID at `row[at]`, which is not NULL.
    #[inline]
    pub fn uuid(&self, row: &[u64], at: usize) -> u128 {
        self.bytes(row, at).try_into().map_or(0, u128::from_be_bytes)
    }

    /// The UUID or NULL at `row[at]`.
    #[inline]
    pub fn uuid_null(&self, row: &[u64], at: usize) -> Option<u128> {
        if row[at] == 0 { None } else { Some(self.uuid(row, at)) }
    }

    /// The value, or the end of the pipeline with the error, at its place in the SQL text.
    #[inline(always)]
    pub fn ok<T, E: Display>(&self, result: Result<T, E>, line: u32, column: u32) -> T {
        match result {
            Ok(value) => value,
            Err(error) => self.fail(&error, line, column),
        }
    }

    /// The value of an expression that is NOT NULL by its type.
    #[inline(always)]
    pub fn not_null<T>(&self, value: Option<T>, line: u32, column: u32) -> T {
        match value {
            Some(value) => value,
            None => self.fail(&"NULL where the type of the expression has none", line, column),
        }
    }

    /// Ends the pipeline with an error.
    #[cold]
    #[inline(never)]
    pub fn fail(&self, error: &dyn Display, line: u32, column: u32) -> ! {
        self.host.fail(Failure { message: error.to_string(), line, column })
    }

    /// Empties the arena.
    #[inline]
    pub(crate) fn recycle(&mut self) {
        self.arena.reset();
    }

    /// Tells the host that an operator has done its part of the step. Each operator calls it once a step, as the last thing: time
    /// since the call before is its time.
    #[inline]
    pub fn count(&self, node: u32, rows_in: usize, rows_out: usize) {
        self.host.operated(node, rows_in as u64, rows_out as u64);
    }
}
