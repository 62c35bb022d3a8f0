//! Reading a relation's contents in pages, merged over the workers.

use std::collections::VecDeque;

use weir_row::{Block, Merge};

use crate::failure::Failure;
use crate::pipeline::Pipeline;

/// A consistent reading of a relation: later steps do not change what it yields. Give it to [`Pipeline::snapshot_close`] when
/// done, so that the components let its memory go.
#[derive(Debug)]
pub struct Snapshot {
    parts: Vec<Part>,
}

/// One worker's share.
#[derive(Debug)]
struct Part {
    handle: u32,
    more: bool,
    /// Read from the worker and not yet handed out, sorted.
    blocks: VecDeque<Block>,
}

impl Part {
    /// The greatest row that was read.
    fn last_row(&self) -> Option<&[u64]> {
        self.blocks.back().and_then(Block::last)
    }
}

impl Pipeline {
    /// Begin to read a materialized relation as it is after the last step. The inner error says why there is nothing to read.
    ///
    /// # Errors
    /// The pipeline's failure.
    pub fn snapshot_open(&mut self, relation: u32) -> Result<Result<Snapshot, String>, Failure> {
        let opened = self.on_all(move |w| w.snapshot_open(relation))?;
        let mut parts = Vec::new();
        let mut refused = None;
        for handle in opened {
            match handle {
                Ok(handle) => parts.push(Part { handle, more: true, blocks: VecDeque::new() }),
                Err(why) => refused = Some(why),
            }
        }
        Ok(match refused {
            Some(why) => {
                // Either all workers refuse or none does, unless the component lies; then there is nothing to save.
                Err(why)
            }
            None => Ok(Snapshot { parts }),
        })
    }

    /// The next rows in the relation's order, each row once; empty at the end.
    ///
    /// # Errors
    /// The pipeline's failure.
    pub fn snapshot_next(&mut self, snapshot: &mut Snapshot) -> Result<Vec<Block>, Failure> {
        loop {
            match self.snapshot_page(snapshot)? {
                None => return Ok(Vec::new()),
                Some(rows) if rows.is_empty() => {}
                Some(rows) => return Ok(rows),
            }
        }
    }

    /// As [`Pipeline::snapshot_next`], but asks each worker for one page at most, so that it takes a bounded time. `None` at the
    /// end; a page may be empty, since rows of different workers may have cancelled each other.
    ///
    /// # Errors
    /// The pipeline's failure.
    pub fn snapshot_page(&mut self, snapshot: &mut Snapshot) -> Result<Option<Vec<Block>>, Failure> {
        for (worker, part) in (0..).zip(&mut snapshot.parts) {
            if part.more && part.blocks.is_empty() {
                let handle = part.handle;
                let (blocks, more) = self.on_worker(worker, move |w| w.snapshot_next(handle))?;
                part.blocks.extend(blocks);
                part.more = more;
            }
        }
        if snapshot.parts.iter().any(|p| p.more && p.blocks.is_empty()) {
            // A page without rows: nothing is known of those that follow.
            return Ok(Some(Vec::new()));
        }
        if snapshot.parts.iter().all(|p| p.blocks.is_empty()) {
            return Ok(None);
        }
        Ok(Some(snapshot.take_ready()))
    }

    /// Done with a snapshot.
    ///
    /// # Errors
    /// The pipeline's failure.
    pub fn snapshot_close(&mut self, snapshot: Snapshot) -> Result<(), Failure> {
        for (worker, part) in (0..).zip(snapshot.parts) {
            self.on_worker(worker, move |w| w.snapshot_close(part.handle))?;
        }
        Ok(())
    }

    /// All of a materialized relation. The inner error says why there is nothing to read.
    ///
    /// # Errors
    /// The pipeline's failure.
    pub fn snapshot(&mut self, relation: u32) -> Result<Result<Vec<Block>, String>, Failure> {
        let mut snapshot = match self.snapshot_open(relation)? {
            Ok(snapshot) => snapshot,
            Err(why) => return Ok(Err(why)),
        };
        let bytes_max = self.limits().delta_bytes_max.saturating_mul(u64::from(self.workers()));
        let (mut all, mut bytes) = (Vec::new(), 0);
        loop {
            let page = self.snapshot_next(&mut snapshot)?;
            if page.is_empty() {
                break;
            }
            bytes += page.iter().map(|b| b.memory_bytes() as u64).sum::<u64>();
            if bytes > bytes_max {
                return Err(self.lie(format!("a snapshot of more than {} MiB", bytes_max >> 20)));
            }
            all.extend(page);
        }
        self.snapshot_close(snapshot)?;
        Ok(Ok(all))
    }
}

impl Snapshot {
    /// Take out and merge the rows that no later page can precede: those up to the least of the last rows read of the parts that have more.
    fn take_ready(&mut self) -> Vec<Block> {
        let bound = self.parts.iter().filter(|p| p.more).filter_map(Part::last_row).min().map(<[u64]>::to_vec);
        let Some(stride) = self.parts.iter().find_map(|p| p.blocks.front()).map(|b| b.stride) else {
            return Vec::new();
        };
        let runs = self.parts.iter_mut().map(|part| match &bound {
            None => part.blocks.drain(..).collect::<Vec<_>>(),
            Some(bound) => split_off_up_to(&mut part.blocks, bound),
        });
        let runs: Vec<_> = runs.filter(|run| !run.is_empty()).collect();
        Merge::new(runs).collect(stride)
    }
}

/// Remove the rows up to and including `bound` from sorted blocks.
fn split_off_up_to(blocks: &mut VecDeque<Block>, bound: &[u64]) -> Vec<Block> {
    let mut taken = Vec::new();
    while let Some(block) = blocks.pop_front() {
        let count = partition(&block, bound);
        if count == block.len() {
            taken.push(block);
            continue;
        }
        let (head, tail) = split(&block, count);
        if count > 0 {
            taken.push(head);
        }
        blocks.push_front(tail);
        break;
    }
    taken
}

/// How many rows of a sorted block are not greater than `bound`.
fn partition(block: &Block, bound: &[u64]) -> usize {
    let (mut low, mut high) = (0, block.len());
    while low < high {
        let middle = low + (high - low) / 2;
        if block.row(middle) <= bound {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

fn split(block: &Block, count: usize) -> (Block, Block) {
    let (mut head, mut tail) = (Block::new(block.stride), Block::new(block.stride));
    for (i, (row, weight)) in block.iter().enumerate() {
        if i < count { head.push(row, weight) } else { tail.push(row, weight) }
    }
    (head, tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(rows: &[(u64, i64)]) -> VecDeque<Block> {
        rows.chunks(2)
            .map(|chunk| {
                let mut block = Block::new(1);
                chunk.iter().for_each(|(row, weight)| block.push(&[*row], *weight));
                block
            })
            .collect()
    }

    fn rows(blocks: &[Block]) -> Vec<(u64, i64)> {
        blocks.iter().flat_map(|b| b.iter().map(|(r, w)| (r[0], w))).collect()
    }

    #[test]
    fn only_rows_that_nothing_can_precede_are_ready() {
        let mut snapshot = Snapshot {
            parts: vec![
                Part { handle: 0, more: true, blocks: blocks(&[(1, 1), (3, 1), (5, 1)]) },
                Part { handle: 0, more: false, blocks: blocks(&[(2, 1), (3, -1), (5, 2), (9, 1)]) },
                Part { handle: 0, more: true, blocks: blocks(&[(4, 1), (6, 1), (7, 1)]) },
            ],
        };
        assert_eq!(rows(&snapshot.take_ready()), [(1, 1), (2, 1), (4, 1), (5, 3)]);
        assert!(snapshot.parts[0].blocks.is_empty());
        // The first part has nothing more.
        snapshot.parts[0].more = false;
        assert_eq!(rows(&snapshot.take_ready()), [(6, 1), (7, 1)]);
        snapshot.parts[2].more = false;
        assert_eq!(rows(&snapshot.take_ready()), [(9, 1)]);
        assert!(snapshot.take_ready().is_empty());
    }
}
