//! Searching a few neighbouring rows without a loop and without a guess.
//!
//! Cost model: a search that looks at one row after the other, or halves, branches on what it finds, and each branch is a wrong guess
//! as often as not: some 15 cycles. In the sandbox every turn of a loop also looks at the epoch. So windows have a constant number of
//! rows: at once every fourth is compared, then, at once, the three before the one found. Counting all rows is no better: compilers
//! make vectors of it, for which x86-64 has no unsigned comparison. A window that would go beyond a block's end begins earlier:
//! rows are sorted, so those before are less and counted, or none is and the search ends where it began.

use weir_row::Block;

/// Rows that are looked at first: groups and gaps are mostly short.
const NEAR: usize = 8;
/// Rows from one sample of a block to the next.
const BETWEEN: usize = crate::rows::SAMPLE;
/// Every so many rows are compared first.
const PART: usize = 4;

/// Looks at a few rows from `from` on for the first whose first word is not less than `k`: that row, if it is among them, or else the
/// first that was not looked at.
#[inline(always)]
pub(crate) fn ahead(block: &Block, from: usize, k: u64) -> Result<usize, usize> {
    least::<NEAR>(block, from, k)
}

/// The first row from `from` on whose first word is not less than `k`, which is less than [`BETWEEN`] rows on.
#[inline(always)]
pub(crate) fn between(block: &Block, from: usize, k: u64) -> usize {
    let (Ok(row) | Err(row)) = least::<BETWEEN>(block, from, k);
    row
}

/// The first row whose first word is not less than `k` of the `N` rows from `from` on, or the first row behind them.
#[inline(always)]
fn least<const N: usize>(block: &Block, from: usize, k: u64) -> Result<usize, usize> {
    match block.stride {
        1 => least_of::<N, 1>(block, from, k),
        2 => least_of::<N, 2>(block, from, k),
        3 => least_of::<N, 3>(block, from, k),
        4 => least_of::<N, 4>(block, from, k),
        _ => one_by_one::<N>(block, from, k),
    }
}

/// The same for rows of `STRIDE` words.
#[inline(always)]
fn least_of<const N: usize, const STRIDE: usize>(block: &Block, from: usize, k: u64) -> Result<usize, usize> {
    let (rows, _) = block.words.as_chunks::<STRIDE>();
    let base = from.min(rows.len().wrapping_sub(N));
    let Some(window) = rows.get(base..).and_then(|rows| rows.first_chunk::<N>()) else {
        return one_by_one::<N>(block, from, k);
    };
    if window[N - 1][0] < k {
        return Err(base + N);
    }
    let less = |row: usize| usize::from(window[row][0] < k);
    let mut row = 0;
    for part in 1..N / PART {
        row += PART * less(part * PART - 1);
    }
    row += less(row) + less(row + 1) + less(row + 2);
    Ok(from.max(base + row))
}

/// The same for rows of other lengths, and blocks of less than `N` rows.
#[inline(never)]
fn one_by_one<const N: usize>(block: &Block, from: usize, k: u64) -> Result<usize, usize> {
    let end = (from + N).min(block.len());
    (from..end).find(|i| block.first_word(*i) >= k).ok_or(end)
}
