//! Sorting rows: a prefix word and a place per row, radix passes over the bits that differ, and a look at the rows
//! themselves only where prefixes are equal.

mod scatter;

pub use scatter::sort_scattered;

use crate::{BLOCK_ROWS, Block, RowWriter};
use std::borrow::Borrow;
use std::cmp::Ordering;

/// Bits of an entry's place that say which row of its block it is.
const ROW_BITS: u32 = BLOCK_ROWS.trailing_zeros();
/// Up to how many entries comparing is cheaper than a pass of 256 counters.
const SMALL: usize = 192;
/// Rows of a bucket, on average, that sorting by comparison does best, as a power of two.
const BUCKET_ROWS_LOG2: u32 = 4;
/// Buckets at most, as a power of two: their counters and the ends of what is written stay in the cache.
const BUCKETS_LOG2_MAX: u32 = 11;
/// Bits of a radix digit.
const DIGIT: u32 = 8;
/// How often groups are sorted by radix within groups before comparing takes over: a bound on the stack, whatever the rows.
const LEVELS: u32 = 24;

/// A row to sort.
#[derive(Clone, Copy, Default)]
struct Entry {
    /// The word at the depth at hand.
    prefix: u64,
    /// Block and row.
    place: u32,
    /// Where the row begins in its block, and its words; [`FAR`] words if one of the two does not fit.
    start: u16,
    words: u16,
}

/// What an entry says whose row must be looked up.
const FAR: u16 = u16::MAX;
/// Rows that are looked up together: so many reads from memory are under way at once, where one row after the other would wait for each.
const AHEAD: usize = 16;

impl Entry {
    #[inline(always)]
    fn new(prefix: u64, place: u32, (start, end): (usize, usize)) -> Entry {
        let near = start <= usize::from(u16::MAX) && end - start < usize::from(FAR);
        let (start, words) = if near { (start as u16, (end - start) as u16) } else { (0, FAR) };
        Entry { prefix, place, start, words }
    }

    /// An entry whose place says where its row begins.
    #[inline(always)]
    fn at(prefix: u64, place: usize) -> Entry {
        Entry { prefix, place: place as u32, start: 0, words: 0 }
    }
}

/// Rows that entries refer to.
trait Rows {
    /// The row's words.
    fn row(&self, e: &Entry) -> &[u64];

    /// The order of two entries whose rows agree in the words before `depth`.
    #[inline(always)]
    fn cmp(&self, a: &Entry, b: &Entry, depth: usize) -> Ordering {
        a.prefix.cmp(&b.prefix).then_with(|| {
            let (a, b) = (self.row(a), self.row(b));
            a.get(depth + 1..).cmp(&b.get(depth + 1..))
        })
    }
}

/// The rows of blocks.
struct Blocks<'a, B> {
    blocks: &'a [B],
}

impl<'a, B: Borrow<Block>> Blocks<'a, B> {
    #[inline(always)]
    fn block(&self, e: &Entry) -> &'a Block {
        self.blocks[(e.place >> ROW_BITS) as usize].borrow()
    }

    #[inline(always)]
    fn span(&self, e: &Entry) -> (usize, usize) {
        if e.words == FAR {
            return self.span_far(e);
        }
        (usize::from(e.start), usize::from(e.start) + usize::from(e.words))
    }

    #[cold]
    #[inline(never)]
    fn span_far(&self, e: &Entry) -> (usize, usize) {
        self.block(e).span(e.place as usize % BLOCK_ROWS)
    }

    /// What is needed to write a row.
    #[inline(always)]
    fn found(&self, e: &Entry) -> Found<'a> {
        let (block, (start, end)) = (self.block(e), self.span(e));
        let last = if start < end { block.words[end - 1] } else { 0 };
        Found { words: &block.words, start, end, last, weight: block.weights[e.place as usize % BLOCK_ROWS] }
    }
}

impl<B: Borrow<Block>> Rows for Blocks<'_, B> {
    #[inline(always)]
    fn row(&self, e: &Entry) -> &[u64] {
        let (start, end) = self.span(e);
        &self.block(e).words[start..end]
    }
}

/// Sorts the rows of all blocks and writes each once, with the sum of its weights, unless that is 0.
///
/// ```
/// use weir_row::{Block, RowWriter, sort_consolidate};
/// let mut block = Block::new(1);
/// for (row, weight) in [(3, 1), (1, 1), (3, 1), (2, 1), (2, -1)] {
///     block.push(&[row], weight);
/// }
/// let mut out = RowWriter::new(1);
/// sort_consolidate(&[block], &mut out);
/// assert_eq!(out.finish()[0].iter().collect::<Vec<_>>(), [(&[1][..], 1), (&[3][..], 2)]);
/// ```
///
/// # Panics
/// If a block has more than [`BLOCK_ROWS`] rows, there are more than 2^17 blocks, or `out` has another stride.
pub fn sort_consolidate<B: Borrow<Block>>(blocks: &[B], out: &mut RowWriter) {
    match out.stride() {
        1 => return sort_inline::<1, B>(blocks, out),
        2 => return sort_inline::<2, B>(blocks, out),
        3 => return sort_inline::<3, B>(blocks, out),
        4 => return sort_inline::<4, B>(blocks, out),
        _ => {}
    }
    assert!(blocks.len() < 1 << (32 - ROW_BITS), "too many blocks to sort at once");
    let mut entries = Vec::with_capacity(blocks.iter().map(|b| b.borrow().len()).sum());
    for (i, block) in blocks.iter().enumerate() {
        let block = block.borrow();
        assert!(block.len() <= BLOCK_ROWS, "a block of too many rows");
        let place = (i as u32) << ROW_BITS;
        entries.extend((0..block.len()).zip(place..).map(|(i, place)| {
            let span = block.span(i);
            Entry::new(word(&block.words[span.0..span.1], 0), place, span)
        }));
    }
    let rows = Blocks { blocks };
    let mut scratch = Vec::new();
    sort(&mut entries, &mut scratch, &rows, 0, LEVELS);
    consolidate(&entries, &rows, out);
}

/// The same for short rows of `N` words: moving them with their weights costs less than looking them up.
#[inline(never)]
fn sort_inline<const N: usize, B: Borrow<Block>>(blocks: &[B], out: &mut RowWriter) {
    let n: usize = blocks.iter().map(|b| b.borrow().len()).sum();
    let mut rows: Vec<([u64; N], i64)>;
    match Buckets::new::<N, B>(blocks, n) {
        None => {
            rows = Vec::with_capacity(n);
            blocks.iter().for_each(|b| rows.extend(rows_of::<N>(b.borrow())));
            rows.sort_unstable_by(|(a, _), (b, _)| cmp_inline(a, b));
        }
        Some(mut buckets) => {
            rows = vec![([0; N], 0); n];
            for block in blocks {
                for row in rows_of::<N>(block.borrow()) {
                    rows[buckets.place(row.0[0])] = row;
                }
            }
            // Each counter is now where its bucket ends.
            let mut start = 0;
            for end in &buckets.at {
                let end = *end as usize;
                if end - start > 1 {
                    rows[start..end].sort_unstable_by(|(a, _), (b, _)| cmp_inline(a, b));
                }
                start = end;
            }
        }
    }
    let mut rest = rows.as_slice();
    while !rest.is_empty() {
        out.fill::<N>(rest.len(), |to, weights| {
            let weights = &mut weights[..to.len()];
            let mut written = 0;
            while let Some(((row, weight), mut tail)) = rest.split_first()
                && written < to.len()
            {
                let mut sum = *weight;
                while let Some(((next, w), others)) = tail.split_first()
                    && next == row
                {
                    sum = sum.wrapping_add(*w);
                    tail = others;
                }
                // Written in any case, and counted only if it is there: consolidation cannot be foretold.
                (to[written], weights[written]) = (*row, sum);
                written += usize::from(sum != 0);
                rest = tail;
            }
            written
        });
    }
}

/// The rows of a block of stride `N` with their weights.
fn rows_of<const N: usize>(block: &Block) -> impl Iterator<Item = ([u64; N], i64)> {
    assert_eq!(block.stride as usize, N, "a block of another stride");
    block.words.as_chunks::<N>().0.iter().copied().zip(block.weights.iter().copied())
}

/// A first pass over rows by the highest bits in which their first words differ.
struct Buckets {
    shift: u32,
    mask: u64,
    /// Where the next row of each bucket goes.
    at: Vec<u32>,
}

impl Buckets {
    /// Buckets of a few rows each, if words are spread; none for few rows or when all first words are equal.
    fn new<const N: usize, B: Borrow<Block>>(blocks: &[B], n: usize) -> Option<Buckets> {
        let bits = n.checked_ilog2()?.saturating_sub(BUCKET_ROWS_LOG2).min(BUCKETS_LOG2_MAX);
        if bits < 4 {
            return None;
        }
        let words = || blocks.iter().flat_map(|b| b.borrow().words.iter().step_by(N));
        let first = *words().next()?;
        let mut differ = 0;
        for block in blocks {
            differ |= block.borrow().words.iter().step_by(N).fold(0, |d, w| d | (w ^ first));
        }
        if differ == 0 {
            return None;
        }
        let shift = (u64::BITS - differ.leading_zeros()).saturating_sub(bits);
        let mut buckets = Buckets { shift, mask: (1 << bits) - 1, at: vec![0; 1 << bits] };
        for block in blocks {
            for w in block.borrow().words.iter().step_by(N) {
                buckets.at[(w >> shift & buckets.mask) as usize] += 1;
            }
        }
        let mut sum = 0;
        for n in &mut buckets.at {
            sum += std::mem::replace(n, sum);
        }
        Some(buckets)
    }

    /// Where a row with this first word goes.
    #[inline(always)]
    fn place(&mut self, word: u64) -> usize {
        let to = &mut self.at[(word >> self.shift & self.mask) as usize];
        *to += 1;
        *to as usize - 1
    }
}

/// The order of two rows, two words at once: as one number, so that the sort need not branch on it.
#[inline(always)]
fn cmp_inline<const N: usize>(a: &[u64; N], b: &[u64; N]) -> Ordering {
    if N == 1 {
        return a[0].cmp(&b[0]);
    }
    let pair = |r: &[u64; N]| u128::from(r[0]) << 64 | u128::from(r[1]);
    let order = pair(a).cmp(&pair(b));
    if N > 2 { order.then_with(|| a[2..].cmp(&b[2..])) } else { order }
}

/// A row's word; those of shorter rows count as 0. (Rows of one layout that agree so far are all as long.)
#[inline(always)]
fn word(row: &[u64], depth: usize) -> u64 {
    row.get(depth).copied().unwrap_or(0)
}

/// A row that was looked up.
#[derive(Clone, Copy, Default)]
struct Found<'a> {
    /// Its block's words, and where it lies in them.
    words: &'a [u64],
    start: usize,
    end: usize,
    /// Its last word: rows that agree in it are compared.
    last: u64,
    weight: i64,
}

impl Found<'_> {
    #[inline(always)]
    fn is_row_of(&self, other: &Found<'_>) -> bool {
        self.last == other.last && same(&self.words[self.start..self.end], &other.words[other.start..other.end])
    }
}

/// Writes the sorted rows, equal ones together. Its loops are functions of their own: the less there is around them, the more of
/// them stays in registers.
fn consolidate<B: Borrow<Block>>(entries: &[Entry], rows: &Blocks<'_, B>, out: &mut RowWriter) {
    let Some(first) = entries.first() else { return };
    let mut found = [Found::default(); AHEAD];
    let mut row = Found { weight: 0, ..rows.found(first) };
    for portion in entries.chunks(AHEAD) {
        look_up(portion, rows, &mut found);
        row = write_distinct(row, &found[..portion.len()], out);
    }
    if row.weight != 0 {
        out.push_from(row.words, row.start, row.end, row.weight);
    }
}

#[inline(never)]
fn look_up<'a, B: Borrow<Block>>(entries: &[Entry], rows: &Blocks<'a, B>, found: &mut [Found<'a>; AHEAD]) {
    for (to, e) in found.iter_mut().zip(entries) {
        *to = rows.found(e);
    }
}

/// Writes all rows, `row` before them, but the last, which may not be complete.
#[inline(never)]
fn write_distinct<'a>(mut row: Found<'a>, found: &[Found<'a>], out: &mut RowWriter) -> Found<'a> {
    for next in found {
        if next.is_row_of(&row) {
            row.weight = row.weight.wrapping_add(next.weight);
            continue;
        }
        if row.weight != 0 {
            out.push_from(row.words, row.start, row.end, row.weight);
        }
        row = *next;
    }
    row
}

/// Whether two rows are equal, by a loop: rows are short, and mostly differ soon.
#[inline(always)]
fn same(a: &[u64], b: &[u64]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a == b)
}

/// Sorts entries whose rows agree in the words before `depth` and whose prefix is the word there.
fn sort<R: Rows>(entries: &mut [Entry], scratch: &mut Vec<Entry>, rows: &R, mut depth: usize, levels: u32) {
    let mut differ = differing(entries);
    while differ == 0 {
        if !advance(entries, rows, depth) {
            return;
        }
        depth += 1;
        differ = differing(entries);
    }
    if entries.len() <= SMALL || levels == 0 {
        entries.sort_unstable_by(|a, b| rows.cmp(a, b, depth));
        return;
    }
    // As many of the highest differing bits as it takes to tell that many rows apart, in whole digits; what they leave equal is
    // sorted afterwards, in small groups if the data is at all spread.
    let high = 64 - differ.leading_zeros();
    let low = differ.trailing_zeros();
    let telling = usize::BITS - entries.len().leading_zeros() + 2;
    let digits = (high - low).min(telling).div_ceil(DIGIT);
    let shift = high.saturating_sub(digits * DIGIT);
    if scratch.len() < entries.len() {
        scratch.resize(entries.len(), Entry::default());
    }
    for digit in 0..digits {
        pass(entries, &mut scratch[..entries.len()], shift + digit * DIGIT);
    }
    let mut start = 0;
    while start < entries.len() {
        let key = entries[start].prefix >> shift;
        let mut end = start + 1;
        while end < entries.len() && entries[end].prefix >> shift == key {
            end += 1;
        }
        if end - start > 1 {
            sort(&mut entries[start..end], scratch, rows, depth, levels - 1);
        }
        start = end;
    }
}

/// The bits in which prefixes differ.
fn differing(entries: &[Entry]) -> u64 {
    let first = entries.first().map_or(0, |e| e.prefix);
    entries.iter().fold(0, |d, e| d | (e.prefix ^ first))
}

/// Makes the words after `depth` the prefixes; whether there are any.
fn advance<R: Rows>(entries: &mut [Entry], rows: &R, depth: usize) -> bool {
    let mut more = false;
    for e in entries.iter_mut() {
        let row = rows.row(e);
        more |= row.len() > depth + 1;
        e.prefix = word(row, depth + 1);
    }
    more
}

/// A stable pass by the digit at `shift`; the result is in `entries`.
#[inline(never)]
fn pass(entries: &mut [Entry], scratch: &mut [Entry], shift: u32) {
    let mut at = [0u32; 1 << DIGIT];
    for e in entries.iter() {
        at[(e.prefix >> shift) as usize % (1 << DIGIT)] += 1;
    }
    let mut sum = 0;
    for n in &mut at {
        sum += std::mem::replace(n, sum);
    }
    for e in entries.iter() {
        let to = &mut at[(e.prefix >> shift) as usize % (1 << DIGIT)];
        scratch[*to as usize] = *e;
        *to += 1;
    }
    entries.copy_from_slice(scratch);
}
