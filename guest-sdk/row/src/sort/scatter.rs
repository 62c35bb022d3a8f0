//! Sorting many rows that are too long to be moved about: they are dealt once, by the highest bits in which their first words differ,
//! to groups that fit the cache, and each group is sorted there. All rows are read and written in turn but for the dealing, so
//! nothing waits for one row at a time to come from memory.

use super::{Entry, LEVELS, Rows, same, sort};
use crate::writer::WIDE;
use crate::{Block, RowWriter};
use std::borrow::Borrow;

/// Fewer rows than that are near enough where they lie.
const ROWS_MIN: usize = 16 * 1024;
/// Rows of a group, on average, as a power of two: some tens of kilobytes.
const GROUP_ROWS_LOG2: u32 = 9;
/// Groups at most, as a power of two: as many ends of them are written to in turn.
const GROUPS_LOG2_MAX: u32 = 11;
/// A group of more than one part in so many shows that the bits do not tell rows apart: dealing would be a copy for nothing.
const SPREAD: usize = 16;
/// Words before a row: its weight and its length.
const HEAD: usize = 2;

/// Sorts and writes many rows as [`sort_consolidate`](super::sort_consolidate) does, by a copy of all of them. `false`: nothing was written, since there are
/// few rows, or few first words, which do not tell them apart.
pub fn sort_scattered<B: Borrow<Block>>(blocks: &[B], out: &mut RowWriter) -> bool {
    let n: usize = blocks.iter().map(|b| b.borrow().len()).sum();
    if n < ROWS_MIN {
        return false;
    }
    let Some((groups, ends)) = Groups::new(blocks, n) else { return false };
    let words = deal(blocks, &groups, ends.at.clone(), ends.words);
    let (mut entries, mut scratch) = (Vec::new(), Vec::new());
    for (start, rows) in ends.at.iter().zip(&ends.rows) {
        entries.clear();
        let mut at = *start as usize;
        for _ in 0..*rows {
            let len = words[at + 1] as usize;
            let row = at + HEAD;
            entries.push(Entry::at(if len == 0 { 0 } else { words[row] }, row));
            at = row + len;
        }
        let dealt = Dealt { words: &words };
        sort(&mut entries, &mut scratch, &dealt, 0, LEVELS);
        consolidate(&entries, &dealt, out);
    }
    true
}

/// Which group a row belongs to.
struct Groups {
    /// The first word of each row.
    firsts: Vec<u64>,
    shift: u32,
    mask: u64,
}

/// Where groups lie, and their rows.
struct Ends {
    at: Vec<u32>,
    rows: Vec<u32>,
    words: usize,
}

impl Groups {
    fn new<B: Borrow<Block>>(blocks: &[B], n: usize) -> Option<(Groups, Ends)> {
        let mut firsts = Vec::with_capacity(n);
        for block in blocks {
            let block = block.borrow();
            firsts.extend((0..block.len()).map(|i| {
                let (start, end) = block.span(i);
                if start < end { block.words[start] } else { 0 }
            }));
        }
        let first = *firsts.first()?;
        let differ = firsts.iter().fold(0, |d, w| d | (w ^ first));
        let bits = n.ilog2().saturating_sub(GROUP_ROWS_LOG2).min(GROUPS_LOG2_MAX);
        let high = u64::BITS - differ.leading_zeros();
        let groups = Groups { firsts, shift: high.saturating_sub(bits), mask: (1 << bits) - 1 };
        let mut rows = vec![0u32; 1 << bits];
        let mut words = vec![0usize; 1 << bits];
        let mut place = groups.firsts.iter();
        for block in blocks {
            let block = block.borrow();
            let mut begin = 0;
            for (i, first) in (0..block.len()).zip(&mut place) {
                let end = block.span(i).1;
                let group = groups.of(*first);
                rows[group] += 1;
                words[group] += end - begin;
                begin = end;
            }
        }
        if rows.iter().any(|r| *r as usize > n / SPREAD) {
            return None;
        }
        let mut at = Vec::with_capacity(rows.len());
        let mut sum = 0;
        for (rows, words) in rows.iter().zip(&words) {
            at.push(u32::try_from(sum).ok()?);
            // A short row is written with more words than it has, which must not be those of the next group.
            sum += *rows as usize * HEAD + words + WIDE;
        }
        Some((groups, Ends { at, rows, words: sum }))
    }

    #[inline(always)]
    fn of(&self, first: u64) -> usize {
        (first >> self.shift & self.mask) as usize
    }
}

/// Copies each row, its weight and length before it, to where its group has come to.
#[inline(never)]
fn deal<B: Borrow<Block>>(blocks: &[B], groups: &Groups, mut at: Vec<u32>, len: usize) -> Vec<u64> {
    let mut to = vec![0u64; len];
    let mut firsts = groups.firsts.iter();
    for block in blocks {
        let block = block.borrow();
        let words = block.words.as_slice();
        let mut start = 0;
        for ((i, weight), first) in block.weights.iter().enumerate().zip(&mut firsts) {
            let end = block.span(i).1;
            let n = end - start;
            let place = &mut at[groups.of(*first)];
            let to = &mut to[*place as usize..];
            *place += (HEAD + n) as u32;
            match (to.first_chunk_mut::<{ HEAD + WIDE }>(), words.get(start..).and_then(|w| w.first_chunk::<WIDE>())) {
                (Some(to), Some(row)) if n <= WIDE => {
                    (to[0], to[1]) = (*weight as u64, n as u64);
                    to[HEAD..].copy_from_slice(row);
                }
                _ => {
                    (to[0], to[1]) = (*weight as u64, n as u64);
                    to[HEAD..HEAD + n].copy_from_slice(&words[start..end]);
                }
            }
            start = end;
        }
    }
    to
}

/// Rows that were dealt.
struct Dealt<'a> {
    words: &'a [u64],
}

impl Rows for Dealt<'_> {
    #[inline(always)]
    fn row(&self, e: &Entry) -> &[u64] {
        let at = e.place as usize;
        let len = self.words[at - 1] as usize;
        &self.words[at..at + len]
    }
}

/// Writes the sorted rows, equal ones together.
#[inline(never)]
fn consolidate(entries: &[Entry], dealt: &Dealt<'_>, out: &mut RowWriter) {
    let mut rest = entries.iter();
    let Some(first) = rest.next() else { return };
    let words = dealt.words;
    let found = |e: &Entry| {
        let at = e.place as usize;
        (at, at + words[at - 1] as usize, words[at - HEAD] as i64)
    };
    let (mut start, mut end, mut weight) = found(first);
    for e in rest {
        let (next, next_end, w) = found(e);
        if words[next] == words[start] && same(&words[next..next_end], &words[start..end]) {
            weight = weight.wrapping_add(w);
            continue;
        }
        if weight != 0 {
            out.push_from(words, start, end, weight);
        }
        (start, end, weight) = (next, next_end, w);
    }
    if weight != 0 {
        out.push_from(words, start, end, weight);
    }
}
