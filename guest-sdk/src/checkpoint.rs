//! Writing state to the host's store of blocks, and finding it again.
//!
//! # The manifest
//!
//! What `checkpoint` returns is numbers of 8 bytes, little-endian: [`MAGIC`], [`VERSION`], the number of operators, then for each its
//! node, the number of numbers that follow for it, and these. Operators write counts, flags and rows; rows are their stride, the number of
//! blocks, and the blocks' identifiers. A block is written once and named by later manifests while it is in use.

use crate::host::Host;
use crate::{Batch, BlockRef, Operator, Rows, Spine};
use std::collections::BTreeSet;

/// The first number of a manifest: "WEIRSTAT".
pub(crate) const MAGIC: u64 = u64::from_le_bytes(*b"WEIRSTAT");
/// The form of the manifest.
pub(crate) const VERSION: u64 = 1;
/// Batches of a trace at most; beyond it a manifest is refused. (A spine has less than a hundred.)
const BATCHES_MAX: u64 = 4096;

/// Takes the state of an operator.
pub struct Saver<'a> {
    host: &'a dyn Host,
    numbers: Vec<u64>,
    /// The blocks that the manifest names.
    named: &'a mut BTreeSet<u64>,
}

impl Saver<'_> {
    /// Writes a number.
    pub fn number(&mut self, n: u64) {
        self.numbers.push(n);
    }

    /// Writes rows; blocks that are not stored yet are stored.
    pub fn rows(&mut self, rows: &Rows) {
        self.number(u64::from(rows.stride()));
        self.number(rows.blocks().len() as u64);
        for block in rows.blocks() {
            let id = block.stored().unwrap_or_else(|| {
                let id = self.host.state_write(block);
                block.set_stored(id);
                id
            });
            self.named.insert(id);
            self.number(id);
        }
    }

    /// Writes a trace.
    pub fn spine(&mut self, spine: &Spine) {
        self.number(spine.batches().count() as u64);
        for batch in spine.batches() {
            self.rows(batch);
        }
    }
}

/// Gives back the state of an operator.
pub struct Loader<'a> {
    host: &'a dyn Host,
    numbers: std::slice::Iter<'a, u64>,
    named: &'a mut BTreeSet<u64>,
}

impl Loader<'_> {
    /// Reads a number.
    ///
    /// # Errors
    /// The manifest ends.
    pub fn number(&mut self) -> Result<u64, String> {
        self.numbers.next().copied().ok_or_else(|| "the checkpoint ends within an operator".to_owned())
    }

    /// Reads rows of this stride.
    ///
    /// # Errors
    /// The manifest is not one of such rows, or a block is not well-formed.
    pub fn rows(&mut self, stride: u32) -> Result<Rows, String> {
        if self.number()? != u64::from(stride) {
            return Err("the checkpoint has rows of another length than the program".to_owned());
        }
        let mut rows = Rows::new(stride);
        for _ in 0..self.number()? {
            let id = self.number()?;
            let block = self.host.state_read(id);
            block.check().map_err(|e| format!("block {id} of the checkpoint: {e}"))?;
            if block.stride != stride {
                return Err(format!("block {id} of the checkpoint has rows of another length"));
            }
            let block = BlockRef::new(block);
            block.set_stored(id);
            self.named.insert(id);
            rows.push_block(block);
        }
        Ok(rows)
    }

    /// Reads a trace of rows of this stride.
    ///
    /// # Errors
    /// As of [`rows`](Loader::rows).
    pub fn spine(&mut self, stride: u32) -> Result<Spine, String> {
        let count = self.number()?;
        if count > BATCHES_MAX {
            return Err("the checkpoint has a trace of too many batches".to_owned());
        }
        let mut spine = Spine::new(stride);
        for _ in 0..count {
            spine.restore(Batch::from_sorted(self.rows(stride)?));
        }
        Ok(spine)
    }
}

/// Stores the state of all operators. Returns the manifest; `named` becomes the blocks that it names, and those that the manifest
/// before named alone are given up.
pub(crate) fn save(operators: &[&mut dyn Operator], host: &dyn Host, named: &mut BTreeSet<u64>) -> Vec<u8> {
    let mut now = BTreeSet::new();
    let mut numbers = vec![MAGIC, VERSION, operators.len() as u64];
    for operator in operators {
        let mut saver = Saver { host, numbers: Vec::new(), named: &mut now };
        operator.save(&mut saver);
        let state = saver.numbers;
        numbers.extend([u64::from(operator.node()), state.len() as u64]);
        numbers.extend(state);
    }
    for id in named.difference(&now) {
        host.state_drop(*id);
    }
    *named = now;
    numbers.iter().flat_map(|n| n.to_le_bytes()).collect()
}

/// Restores the state of all operators from a manifest; returns the blocks that it names.
pub(crate) fn load(
    operators: Vec<&mut dyn Operator>,
    host: &dyn Host,
    manifest: &[u8],
) -> Result<BTreeSet<u64>, String> {
    let (numbers, rest) = manifest.as_chunks::<8>();
    let numbers: Vec<u64> = numbers.iter().map(|n| u64::from_le_bytes(*n)).collect();
    let mut named = BTreeSet::new();
    let [MAGIC, VERSION, count, ref states @ ..] = numbers[..] else {
        return Err("not a checkpoint of this version".to_owned());
    };
    if count != operators.len() as u64 || !rest.is_empty() {
        return Err("the checkpoint is of another program".to_owned());
    }
    let mut states = states;
    for operator in operators {
        let [node, len, ref more @ ..] = *states else {
            return Err("the checkpoint ends too early".to_owned());
        };
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        if node != u64::from(operator.node()) || len > more.len() {
            return Err("the checkpoint is of another program".to_owned());
        }
        let (state, more) = more.split_at(len);
        let mut loader = Loader { host, numbers: state.iter(), named: &mut named };
        operator.load(&mut loader)?;
        if loader.numbers.next().is_some() {
            return Err("the checkpoint holds more than the operator's state".to_owned());
        }
        states = more;
    }
    if !states.is_empty() {
        return Err("the checkpoint holds more than the program's state".to_owned());
    }
    Ok(named)
}
