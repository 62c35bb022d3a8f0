//! What a worker asks of its host, as a trait: the sandbox's imports in a component, threads and memory in tests.

use std::fmt;
use weir_row::Block;

/// How much a line of the log matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// For developers of Weir.
    Debug,
    /// What happened.
    Info,
    /// What may be wrong.
    Warn,
    /// What is wrong.
    Error,
}

/// A run-time error of the program, at its place in the SQL text (from 1; 0 when there is none). Natively it is the payload of a panic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// For the pipeline's owner.
    pub message: String,
    /// Line.
    pub line: u32,
    /// Column.
    pub column: u32,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (line {}, column {})", self.message, self.line, self.column)
    }
}

/// The host's side of the world in `wit/pipeline.wit`, whose documentation holds for each function.
pub trait Host {
    /// Sends a block to each worker and returns theirs.
    fn exchange(&self, channel: u32, outgoing: Vec<Block>) -> Vec<Block>;
    /// Stores a block.
    fn state_write(&self, block: &Block) -> u64;
    /// Reads a block back.
    fn state_read(&self, id: u64) -> Block;
    /// Gives a block up.
    fn state_drop(&self, id: u64);
    /// An operator has done its part of the step.
    fn operated(&self, node: u32, rows_in: u64, rows_out: u64);
    /// An operator has taken the step's rows into its state.
    fn committed(&self, node: u32);
    /// Writes a line to the log.
    fn log(&self, level: Level, message: &str);
    /// Ends the pipeline.
    fn fail(&self, failure: Failure) -> !;
    /// Whether this worker should end.
    fn cancelled(&self) -> bool;
}
