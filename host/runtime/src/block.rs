//! Blocks and the other records of the world as wasmtime reads them from a component's memory and writes them there.
//! Lists of integers cross as one `memcpy`; into and out of [`weir_row::Block`] they move.

use wasmtime::component::{ComponentType, Lift, Lower};
use weir_row::Block;

/// `types.block`.
#[derive(Clone, Debug, Default, PartialEq, Eq, ComponentType, Lift, Lower)]
#[component(record)]
pub(crate) struct WireBlock {
    pub(crate) stride: u32,
    pub(crate) words: Vec<u64>,
    pub(crate) ends: Vec<u32>,
    pub(crate) weights: Vec<i64>,
}

/// `types.position`.
#[derive(Clone, Copy, Debug, ComponentType, Lift, Lower)]
#[component(record)]
pub(crate) struct WirePosition {
    pub(crate) line: u32,
    pub(crate) column: u32,
}

/// `types.level`.
#[derive(Clone, Copy, Debug, ComponentType, Lift, Lower)]
#[component(enum)]
#[repr(u8)]
#[expect(dead_code, reason = "`Lift` makes the variants from their number")]
pub(crate) enum WireLevel {
    #[component(name = "debug")]
    Debug,
    #[component(name = "info")]
    Info,
    #[component(name = "warn")]
    Warn,
    #[component(name = "error")]
    Error,
}

/// `types.config`.
#[derive(Clone, Debug, ComponentType, Lift, Lower)]
#[component(record)]
pub(crate) struct WireConfig {
    pub(crate) worker: u32,
    pub(crate) workers: u32,
    pub(crate) checkpoint: Option<Vec<u8>>,
}

/// `types.page`.
#[derive(Clone, Debug, ComponentType, Lift, Lower)]
#[component(record)]
pub(crate) struct WirePage {
    pub(crate) blocks: Vec<WireBlock>,
    pub(crate) more: bool,
}

impl From<Block> for WireBlock {
    fn from(block: Block) -> WireBlock {
        let Block { stride, words, ends, weights } = block;
        WireBlock { stride, words, ends, weights }
    }
}

impl WireBlock {
    /// The block, if its parts fit each other. `Err` says in words what does not.
    pub(crate) fn checked(self) -> Result<Block, String> {
        let WireBlock { stride, words, ends, weights } = self;
        let block = Block { stride, words, ends, weights };
        block.check().map_err(|e| e.to_string())?;
        Ok(block)
    }

    /// Bytes of its parts.
    pub(crate) fn bytes(&self) -> u64 {
        (8 * self.words.len() + 4 * self.ends.len() + 8 * self.weights.len()) as u64
    }
}
