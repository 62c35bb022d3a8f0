//! Work for micro-benchmarks, callable natively and in a component alike: no host, no clock, deterministic data.
//!
//! Cost models: sorting `n` rows is `passes x n` moves of 16 bytes and `n` random reads of rows; merging is one comparison and one
//! copy a row; a join is one gallop a key and one call of the row function a group.

use crate::merge::Merger;
use crate::operators::{Index, join};
use crate::{Batch, Context, Operator, Rows, Spine};
use weir_row::{RowWriter, enc};

/// A deterministic generator (xorshift64*).
pub struct Random(u64);

impl Random {
    /// A generator of the sequence that `seed` names.
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// The next number.
    #[inline]
    pub fn next_u64(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
}

/// `n` pairs of BIGINTs, the first below `keys`, the second any.
pub fn pairs(n: usize, keys: u64, seed: u64) -> Rows {
    let mut random = Random::new(seed);
    let mut out = RowWriter::new(2);
    for _ in 0..n {
        let (a, b) = (random.next_u64() % keys, random.next_u64());
        out.put([enc::i64(a as i64), enc::i64(b as i64)]);
        out.end(1);
    }
    Rows::from(out)
}

/// `n` rows of a BIGINT below `keys` and a text of 0 to 20 bytes.
pub fn texts(n: usize, keys: u64, seed: u64) -> Rows {
    let mut random = Random::new(seed);
    let mut out = RowWriter::new(0);
    for _ in 0..n {
        let (a, b) = (random.next_u64() % keys, random.next_u64());
        out.put([enc::i64(a as i64)]);
        out.put_text(&"abcdefghijklmnopqrstuvwxyz"[(b % 4) as usize..][..(b >> 8) as usize % 21]);
        out.end(1);
    }
    Rows::from(out)
}

/// Sorts and consolidates rows; the number of rows left.
pub fn sort(rows: Rows) -> usize {
    Batch::sort(rows).len()
}

/// Merges two batches at once; the number of rows left.
pub fn merge(a: Batch, b: Batch) -> usize {
    Merger::new(a, b).finish().len()
}

/// Inserts rows in batches of `portion` into a trace, with its bounded merging; the number of batches at the end.
pub fn build_trace(batches: Vec<Batch>) -> usize {
    let Some(first) = batches.first() else { return 0 };
    let mut spine = Spine::new(first.stride());
    for batch in batches {
        spine.insert(batch);
    }
    spine.batches().count()
}

/// Joins `steps` deltas of pairs on either side, with traces that grow; the number of rows put out.
pub fn join_pairs(cx: &mut Context, steps: usize, rows: usize, keys: u64) -> usize {
    let mut left = Index::new(0, "i64", "i64").trace();
    let mut right = Index::new(1, "i64", "i64").trace();
    let mut total = 0;
    for step in 0..steps as u64 {
        let (l, r) = (pairs(rows, keys, 2 * step + 1), pairs(rows, keys, 2 * step + 2));
        left.step(cx, &l, &|_, rows, out| rows.for_each(|(r, w)| out.push(r, w)));
        right.step(cx, &r, &|_, rows, out| rows.for_each(|(r, w)| out.push(r, w)));
        let out = join(cx, 2, 3, &left, &right, &|_, pairs, out| {
            for (l, r, w) in pairs {
                out.put([l[0], l[1], r[1]]);
                out.end(w);
            }
        });
        total += out.len();
        left.commit();
        right.commit();
    }
    total
}
