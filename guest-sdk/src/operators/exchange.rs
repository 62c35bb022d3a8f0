//! Exchange: rows go to the worker that owns their key.

use crate::{BlockRef, Context, Rows};
use weir_row::{Block, Layout, RowWriter, shard_of};

/// Words sent to one worker in one call of the host, at most (4 MiB): a longer delta takes several rounds.
const ROUND_WORDS: usize = 512 * 1024;

/// Sends each row to the worker that owns its key, the row's beginning in the layout `key`, and returns those that came here.
///
/// The host's exchange takes one block a worker. Each has one row more than there are rows to send: its weight says how many rounds
/// this worker still needs, so that all workers agree on the last.
pub fn exchange(cx: &mut Context, channel: u32, key: &Layout, rows: Rows) -> Rows {
    let workers = cx.workers();
    if workers == 1 {
        return rows;
    }
    let stride = rows.stride();
    let mut parts: Vec<RowWriter> = (0..workers).map(|_| RowWriter::new(stride)).collect();
    for (row, weight) in rows.iter() {
        parts[shard_of(&row[..key.end(row)], workers)].push(row, weight);
    }
    drop(rows);
    let parts: Vec<Vec<Vec<Block>>> = parts.into_iter().map(|p| rounds(p.finish())).collect();
    let total = parts.iter().map(Vec::len).max().unwrap_or(0).max(1);
    let mut parts: Vec<_> = parts.into_iter().map(Vec::into_iter).collect();
    let mut received = Rows::new(stride);
    let mut round = 0;
    loop {
        round += 1;
        let left = total.saturating_sub(round) as i64;
        let outgoing = parts.iter_mut().map(|p| join_blocks(stride, p.next().unwrap_or_default(), left)).collect();
        let incoming = cx.host().exchange(channel, outgoing);
        if incoming.len() != workers {
            cx.fail(&"the host's exchange did not return a block for each worker", 0, 0);
        }
        let mut more = false;
        for block in incoming {
            more |= receive(cx, block, &mut received);
        }
        if !more {
            return received;
        }
    }
}

/// Blocks in portions of a round.
fn rounds(blocks: Vec<Block>) -> Vec<Vec<Block>> {
    let mut rounds: Vec<Vec<Block>> = Vec::new();
    let mut words = 0;
    for block in blocks {
        // Rows may have no words at all, so the first block opens a round whatever it holds.
        if rounds.is_empty() || words + block.words.len() > ROUND_WORDS {
            rounds.push(Vec::new());
            words = 0;
        }
        words += block.words.len();
        if let Some(round) = rounds.last_mut() {
            round.push(block);
        }
    }
    rounds
}

/// One block of all, and the row that says how many rounds are left.
fn join_blocks(stride: u32, blocks: Vec<Block>, left: i64) -> Block {
    let mut blocks = blocks.into_iter();
    let mut all = blocks.next().unwrap_or_else(|| Block::new(stride));
    for block in blocks {
        let base = all.words.len() as u32;
        all.words.extend_from_slice(&block.words);
        all.ends.extend(block.ends.iter().map(|e| e + base));
        all.weights.extend_from_slice(&block.weights);
    }
    all.words.extend((0..stride).map(|_| 0));
    if stride == 0 {
        all.ends.push(all.words.len() as u32);
    }
    all.weights.push(left);
    all
}

/// Takes the rows of a received block, cut to blocks of bounded size; whether its sender has more.
fn receive(cx: &Context, mut block: Block, to: &mut Rows) -> bool {
    let shape = block.check().map_err(|e| e.to_string()).and_then(|()| {
        if block.stride == to.stride() { Ok(()) } else { Err("a block of another stride was exchanged".to_owned()) }
    });
    cx.ok(shape, 0, 0);
    let left = block.weights.pop().unwrap_or(0);
    block.words.truncate(block.words.len() - block.stride as usize);
    block.ends.pop();
    if block.len() <= weir_row::BLOCK_ROWS {
        to.push_block(BlockRef::new(block));
    } else {
        let mut out = RowWriter::new(block.stride);
        for (row, weight) in &block {
            out.push(row, weight);
        }
        to.append(&Rows::from(out));
    }
    left > 0
}
