//! Rank: the rows of each key with their numbers in order, or those of some numbers only.

use super::{MapFn, map};
use crate::circuit::trace;
use crate::spine::Reader;
use crate::{Context, Keyed, Rows};
use std::cmp::Ordering;
use weir_row::{Layout, RowWriter, enc};

/// How the rows of a key are numbered, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ranking {
    /// Each row its own number, a row of weight 2 two.
    Row,
    /// Rows that are equal in what they are ordered by share a number, and the next number counts all rows before.
    Rank,
    /// Rows that are equal in what they are ordered by share a number, and numbers have no gaps.
    Dense,
}

/// Which rows of each key are wanted, and how they are numbered.
#[derive(Clone, Debug)]
pub struct Ranked<'a> {
    /// The layouts of the columns that rows are ordered by, which come first in the value, each by itself.
    pub order: &'a [&'a str],
    /// How rows are numbered.
    pub ranking: Ranking,
    /// Whether the numbers matter, or just which rows there are.
    pub numbered: bool,
    /// Rows up to this number are left out.
    pub above: u64,
    /// Rows beyond this number are left out, and not looked at.
    pub upto: u64,
}

/// A wanted row, its number (0 if it does not matter), its weight.
pub(super) type Wanted<'a> = (&'a [u64], u64, i64);

/// The rows that are wanted of an index whose value columns are in order: row, then number (one word, BIGINT NOT NULL). `emit` makes
/// output rows of `stride` words of them. A change of a key costs what is wanted of it, before and after; changes behind the last wanted row cost
/// nothing more.
pub fn rank(cx: &mut Context, node: u32, stride: u32, input: &dyn Keyed, wanted: &Ranked<'_>, emit: MapFn<'_>) -> Rows {
    let order: Vec<Layout> = wanted.order.iter().map(|text| super::layout(text)).collect();
    let delta = input.delta();
    let mut before = Reader::new(trace(input).batches());
    let mut after = Reader::new(trace(input).batches().chain([delta]));
    let mut cursor = delta.cursor();
    let numbered_stride = if delta.stride() == 0 { 0 } else { delta.stride() + 1 };
    let mut changes = RowWriter::new(numbered_stride);
    let (mut old, mut new) = (Vec::new(), Vec::new());
    while let Some(row) = cursor.get() {
        let key = &row[..input.key().end(row)];
        let first = row;
        cursor.group(key);
        before.seek(key);
        let seen = collect(std::iter::from_fn(|| before.next_row()), key.len(), &order, wanted, &mut old);
        // What changed lies behind all that is wanted.
        if seen.beyond.is_some_and(|beyond| first >= beyond) {
            continue;
        }
        after.seek(key);
        collect(std::iter::from_fn(|| after.next_row()), key.len(), &order, wanted, &mut new);
        difference(&old, &new, |row| write_numbered(row, &mut changes));
    }
    let mut out = RowWriter::new(stride);
    map::run(cx, &Rows::from(changes), emit, &mut out);
    let rows = Rows::from(out);
    cx.count(node, delta.len(), rows.len());
    rows
}

/// The words of the columns that a row is ordered by.
pub(super) fn ordered_by<'a>(row: &'a [u64], key: usize, order: &[Layout]) -> &'a [u64] {
    let mut end = key;
    for layout in order {
        end += layout.end(&row[end..]);
    }
    &row[key..end]
}

/// What was gone through to find the rows that are wanted of a key.
pub(super) struct Seen<'a> {
    /// The first row beyond them.
    pub(super) beyond: Option<&'a [u64]>,
    /// The rows before it.
    pub(super) rows: u64,
    /// The number of the last of them, but for `ROW_NUMBER`.
    pub(super) number: u64,
}

/// Collects the wanted rows of a key, whose rows are given in order.
pub(super) fn collect<'a>(
    all: impl Iterator<Item = (&'a [u64], i64)>,
    key: usize,
    order: &[Layout],
    wanted: &Ranked<'_>,
    to: &mut Vec<Wanted<'a>>,
) -> Seen<'a> {
    to.clear();
    // Rows so far, the number of the last one, and what that is ordered by.
    let (mut rows, mut number) = (0u64, 0u64);
    let mut last: Option<&[u64]> = None;
    for (row, weight) in all {
        let Ok(weight @ 1..) = u64::try_from(weight) else { continue };
        if wanted.ranking == Ranking::Row {
            if rows >= wanted.upto {
                return Seen { beyond: Some(row), rows, number };
            }
            let (from, end) = (rows.max(wanted.above), (rows + weight).min(wanted.upto));
            if wanted.numbered {
                (from..end).for_each(|n| to.push((row, n + 1, 1)));
            } else if from < end {
                to.push((row, 0, (end - from).cast_signed()));
            }
            // (Of a row that is there more often than is wanted, what is wanted depends on how often.)
            rows += weight;
            continue;
        }
        let by = ordered_by(row, key, order);
        if last != Some(by) {
            number = if wanted.ranking == Ranking::Rank { rows + 1 } else { number + 1 };
            last = Some(by);
        }
        if number > wanted.upto {
            return Seen { beyond: Some(row), rows, number };
        }
        if number > wanted.above {
            to.push((row, if wanted.numbered { number } else { 0 }, weight.cast_signed()));
        }
        rows += weight;
    }
    Seen { beyond: None, rows, number }
}

/// Writes a row, then its number.
pub(super) fn write_numbered((row, number, weight): Wanted<'_>, out: &mut RowWriter) {
    out.copy(row);
    out.put([enc::i64(number.cast_signed())]);
    out.end(weight);
}

/// Calls `write` with what makes `new` of `old`; all ascend.
pub(super) fn difference<'a>(old: &[Wanted<'a>], new: &[Wanted<'a>], mut write: impl FnMut(Wanted<'a>)) {
    let mut write = |change: Wanted<'a>| {
        if change.2 != 0 {
            write(change);
        }
    };
    let (mut i, mut j) = (0, 0);
    while i < old.len() || j < new.len() {
        let side = match (old.get(i), new.get(j)) {
            (Some(a), Some(b)) => (a.0, a.1).cmp(&(b.0, b.1)),
            (Some(_), None) => Ordering::Less,
            _ => Ordering::Greater,
        };
        match side {
            Ordering::Less => {
                write((old[i].0, old[i].1, -old[i].2));
                i += 1;
            }
            Ordering::Greater => {
                write(new[j]);
                j += 1;
            }
            Ordering::Equal => {
                write((new[j].0, new[j].1, new[j].2 - old[i].2));
                (i, j) = (i + 1, j + 1);
            }
        }
    }
}
