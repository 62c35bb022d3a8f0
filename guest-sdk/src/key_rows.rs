//! The rows of one key in several batches at once, with places among them that move forward and back.

use crate::cursor::{Cursor, Group, cmp_key};
use crate::{Batch, Chunk};
use std::cell::Cell;
use std::cmp::Ordering;

/// A row's place in a run of blocks: block and row.
pub(crate) type Place = (usize, usize);

/// A place between two rows of a key: where it is in each batch. Places of one [`KeyRows`] are in order, and two that nothing lies between are
/// equal once they are settled (see [`KeyRows::peek`]).
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cut(Vec<Place>);

/// The rows of a key: what the batches hold of it, added up as it is read. Rows whose weights add up to nothing (or less) are not there.
#[derive(Debug, Default)]
pub(crate) struct KeyRows<'a> {
    groups: Vec<Group<'a>>,
    /// Rows, and sums of rows, that were looked at: for tests of what a change costs.
    pub(crate) looked: Cell<u64>,
}

impl<'a> KeyRows<'a> {
    /// The rows of a key in these batches.
    pub(crate) fn new(batches: impl Iterator<Item = &'a Batch>, key: &[u64]) -> KeyRows<'a> {
        let group = |batch: &'a Batch| {
            let mut cursor: Cursor<'a> = batch.cursor();
            cursor.seek(key);
            cursor.group(key)
        };
        KeyRows { groups: batches.map(group).filter(|g| !g.is_empty()).collect(), looked: Cell::new(0) }
    }

    /// The groups, batch by batch.
    pub(crate) fn groups(&self) -> &[Group<'a>] {
        &self.groups
    }

    /// Takes note of rows that are looked at.
    pub(crate) fn look(&self, rows: usize) {
        self.looked.set(self.looked.get() + rows as u64);
    }

    /// Before all rows.
    pub(crate) fn start(&self) -> Cut {
        Cut(self.groups.iter().map(|g| g.extent().1).collect())
    }

    /// Behind all rows.
    pub(crate) fn end(&self) -> Cut {
        Cut(self.groups.iter().map(|g| g.extent().2).collect())
    }

    /// Before the first row that is not less than `words`, or begins with them.
    pub(crate) fn seek(&self, words: &[u64]) -> Cut {
        self.cut(|row| cmp_key(row, words) == Ordering::Less)
    }

    /// Behind the last row that is less than `words`, or begins with them.
    pub(crate) fn seek_past(&self, words: &[u64]) -> Cut {
        self.cut(|row| cmp_key(row, words) != Ordering::Greater)
    }

    /// Behind the rows for which `before` holds, which come first.
    fn cut(&self, before: impl Fn(&[u64]) -> bool) -> Cut {
        Cut(self.groups.iter().map(|g| search(g, &before)).collect())
    }

    /// The next row and its weight. The cut moves up to it, past rows that are not there: it is then settled.
    pub(crate) fn peek(&self, cut: &mut Cut) -> Option<(&'a [u64], i64)> {
        loop {
            let mut least: Option<(&'a [u64], i64)> = None;
            for (group, at) in self.groups.iter().zip(&cut.0) {
                let (blocks, _, end) = group.extent();
                if *at >= end {
                    continue;
                }
                let (row, weight) = (blocks[at.0].row(at.1), blocks[at.0].weights[at.1]);
                least = match least {
                    Some((l, w)) => match row.cmp(l) {
                        Ordering::Less => Some((row, weight)),
                        Ordering::Equal => Some((l, w.wrapping_add(weight))),
                        Ordering::Greater => Some((l, w)),
                    },
                    None => Some((row, weight)),
                };
            }
            let (row, weight) = least?;
            self.look(1);
            if weight > 0 {
                return Some((row, weight));
            }
            self.pass(cut, row);
        }
    }

    /// Moves a cut that is before `row` (and before no lesser one) past it.
    pub(crate) fn pass(&self, cut: &mut Cut, row: &[u64]) {
        for (group, at) in self.groups.iter().zip(&mut cut.0) {
            let (blocks, _, end) = group.extent();
            if *at < end && blocks[at.0].row(at.1) == row {
                *at = if at.1 + 1 < blocks[at.0].len() { (at.0, at.1 + 1) } else { (at.0 + 1, 0) };
            }
        }
    }

    /// The row before a cut and its weight. The cut moves before it.
    pub(crate) fn prev(&self, cut: &mut Cut) -> Option<(&'a [u64], i64)> {
        loop {
            let mut greatest: Option<(&'a [u64], i64)> = None;
            for (group, at) in self.groups.iter().zip(&cut.0) {
                let (blocks, start, _) = group.extent();
                if *at <= start {
                    continue;
                }
                let (b, r) = before(group, *at);
                let (row, weight) = (blocks[b].row(r), blocks[b].weights[r]);
                greatest = match greatest {
                    Some((g, w)) => match row.cmp(g) {
                        Ordering::Greater => Some((row, weight)),
                        Ordering::Equal => Some((g, w.wrapping_add(weight))),
                        Ordering::Less => Some((g, w)),
                    },
                    None => Some((row, weight)),
                };
            }
            let (row, weight) = greatest?;
            self.look(1);
            for (group, at) in self.groups.iter().zip(&mut cut.0) {
                let (blocks, start, _) = group.extent();
                if *at > start {
                    let (b, r) = before(group, *at);
                    if blocks[b].row(r) == row {
                        *at = (b, r);
                    }
                }
            }
            if weight > 0 {
                return Some((row, weight));
            }
        }
    }

    /// The sum of a row's weights.
    pub(crate) fn weight(&self, row: &[u64]) -> i64 {
        let mut weight = 0i64;
        for group in &self.groups {
            let (blocks, _, end) = group.extent();
            let at = search(group, &|r: &[u64]| r < row);
            if at < end && blocks[at.0].row(at.1) == row {
                weight = weight.wrapping_add(blocks[at.0].weights[at.1]);
            }
        }
        self.look(1);
        weight
    }

    /// The stretches of blocks between two cuts: the group's number, the block's number in it, the rows. Weights are of each batch by itself.
    pub(crate) fn stretches(&self, from: &Cut, to: &Cut, mut f: impl FnMut(usize, usize, usize, usize)) {
        for (g, (a, b)) in from.0.iter().zip(&to.0).enumerate() {
            let (blocks, ..) = self.groups[g].extent();
            let mut block = a.0;
            while (block, 0) < *b || block == a.0 && a < b {
                let start = if block == a.0 { a.1 } else { 0 };
                let end = if block == b.0 { b.1 } else { blocks[block].len() };
                if start < end {
                    f(g, block, start, end);
                }
                block += 1;
            }
        }
    }

    /// Whether there are at most `n` rows between two cuts, counting each batch's.
    pub(crate) fn few(&self, from: &Cut, to: &Cut, n: usize) -> bool {
        let mut rows = 0;
        self.stretches(from, to, |_, _, start, end| rows += end - start);
        rows <= n
    }

    /// Rows of a block of a group.
    pub(crate) fn chunk(&self, group: usize, block: usize, from: usize, to: usize) -> Chunk<'a> {
        self.groups[group].extent().0[block].range(from, to)
    }
}

/// The place of the row before one that is not the group's first.
fn before(group: &Group<'_>, at: Place) -> Place {
    match at {
        (b, 0) => (b - 1, group.extent().0[b - 1].len() - 1),
        (b, r) => (b, r - 1),
    }
}

/// The first row of a group for which `before` does not hold: first the block is found, then the row.
fn search(group: &Group<'_>, before: &impl Fn(&[u64]) -> bool) -> Place {
    let (blocks, start, end) = group.extent();
    let last = if end.1 == 0 { end.0 } else { end.0 + 1 };
    let rows = |b: usize| {
        let from = if b == start.0 { start.1 } else { 0 };
        let to = if b == end.0 { end.1 } else { blocks[b].len() };
        (from, to)
    };
    let (mut low, mut high) = (start.0, last);
    while low < high {
        let middle = low + (high - low) / 2;
        if before(blocks[middle].row(rows(middle).1 - 1)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if low == last {
        return end;
    }
    let block = &blocks[low];
    let (mut from, mut to) = rows(low);
    while from < to {
        let middle = from + (to - from) / 2;
        if before(block.row(middle)) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    (low, from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rows;
    use crate::bench_support::Random;
    use std::collections::BTreeMap;
    use weir_row::RowWriter;

    /// Batches of random rows, small blocks, and what their sum is.
    fn random(seed: u64) -> (Vec<Batch>, BTreeMap<Vec<u64>, i64>) {
        let mut random = Random::new(seed);
        let mut sum = BTreeMap::new();
        let mut batches = vec![];
        for _ in 0..1 + random.next_u64() % 5 {
            let mut out = RowWriter::new(2);
            for _ in 0..random.next_u64() % 60 {
                let row = [random.next_u64() % 3, random.next_u64() % 40];
                let there: i64 = sum.get(row.as_slice()).copied().unwrap_or(0);
                let weight = if there > 0 && random.next_u64().is_multiple_of(2) { -there } else { 1 };
                *sum.entry(row.to_vec()).or_insert(0) += weight;
                out.push(&row, weight);
            }
            let sorted = Batch::sort(Rows::from(out));
            // In blocks of a few rows.
            let mut cut = RowWriter::new(2);
            for (i, (row, weight)) in sorted.iter().enumerate() {
                if i % 7 == 6 {
                    cut.cut();
                }
                cut.push(row, weight);
            }
            batches.push(Batch::from_sorted(Rows::from(cut)));
        }
        sum.retain(|_, w| *w > 0);
        (batches, sum)
    }

    #[test]
    fn forward_and_back_are_the_sum_in_order() {
        for seed in 0..200 {
            let (batches, sum) = random(seed);
            for key in 0..3 {
                let rows = KeyRows::new(batches.iter(), &[key]);
                let wanted: Vec<(&[u64], i64)> =
                    sum.iter().filter(|(r, _)| r[0] == key).map(|(r, w)| (r.as_slice(), *w)).collect();
                let (mut cut, mut found) = (rows.start(), vec![]);
                while let Some((row, weight)) = rows.peek(&mut cut) {
                    found.push((row, weight));
                    rows.pass(&mut cut, row);
                }
                assert_eq!(found, wanted);
                assert_eq!(cut, rows.end());
                let mut back = vec![];
                while let Some(found) = rows.prev(&mut cut) {
                    let mut again = cut.clone();
                    assert_eq!(rows.peek(&mut again), Some(found));
                    assert_eq!(again, cut, "a cut that moved back is settled");
                    back.push(found);
                }
                back.reverse();
                assert_eq!(back, wanted);
                for v in 0..41 {
                    let words = [key, v];
                    let next = |mut cut: Cut| rows.peek(&mut cut).map(|(r, _)| r[1]);
                    assert_eq!(next(rows.seek(&words)), wanted.iter().map(|(r, _)| r[1]).find(|x| *x >= v));
                    assert_eq!(next(rows.seek_past(&words)), wanted.iter().map(|(r, _)| r[1]).find(|x| *x > v));
                    assert_eq!(
                        rows.weight(&words).max(0),
                        wanted.iter().find(|(r, _)| **r == words).map_or(0, |(_, w)| *w)
                    );
                    let mut weights = 0;
                    rows.stretches(&rows.seek(&words), &rows.end(), |g, b, from, to| {
                        weights += rows.chunk(g, b, from, to).map(|(_, w)| w).sum::<i64>();
                    });
                    assert_eq!(weights, wanted.iter().filter(|(r, _)| r[1] >= v).map(|(_, w)| w).sum::<i64>());
                }
            }
        }
    }
}
