//! Session: rows that follow each other closely have a window together.

use super::{MapFn, map};
use crate::circuit::trace;
use crate::spine::Reader;
use crate::{Context, Keyed, Rows};
use std::cmp::Ordering;
use weir_row::{Kind, RowWriter, enc};

/// The last day and microsecond of year 9999, since 1970.
const DATE_MAX: i32 = 2_932_896;
const TS_MAX: i64 = (DATE_MAX as i64 + 1) * 86_400_000_000 - 1;

/// A row, the words of its session's beginning and end, its weight.
type Placed<'a> = (&'a [u64], u64, u64, i64);

/// The rows of an index in order, whose first value column is a time of one word, NOT NULL, each with the beginning and the end of its session (two
/// such words). Rows of a key are of one session if less than `gap` lies between each and the next; it ends `gap` after its last row. `emit`
/// makes output rows of `stride` words of them. A change costs what the sessions have that it touches.
///
/// ```
/// use weir_sdk::prelude::*;
/// let mut cx = weir_sdk::local::solo();
/// let mut index = Index::new(0, "", "i64").trace();
/// let copy: &dyn Fn(&Context, Chunk<'_>, &mut RowWriter) = &|_, rows, out| rows.for_each(|(r, w)| out.push(r, w));
/// let mut step = |times: &[(&[u64], i64)]| {
///     index.step(&mut cx, &Rows::from_pairs(1, times), copy);
///     let out = session(&mut cx, 1, 3, &index, 5, copy);
///     Operator::commit(&mut index);
///     out.iter().map(|(r, w)| (r.to_vec(), w)).collect::<Vec<_>>()
/// };
/// assert_eq!(step(&[(&[10], 1), (&[18], 1)]), [(vec![10, 10, 15], 1), (vec![18, 18, 23], 1)]);
/// // One row between the two joins them.
/// assert_eq!(step(&[(&[14], 1)]).len(), 5);
/// ```
pub fn session(cx: &mut Context, node: u32, stride: u32, input: &dyn Keyed, gap: i64, emit: MapFn<'_>) -> Rows {
    let delta = input.delta();
    let gap = gap.cast_unsigned();
    let greatest = input.value().fields.first().map_or(u64::MAX, |f| greatest(f.kind));
    let mut before = Reader::new(trace(input).batches());
    let mut after = Reader::new(trace(input).batches().chain([delta]));
    let mut cursor = delta.cursor();
    let mut out = RowWriter::new(if delta.stride() == 0 { 0 } else { delta.stride() + 2 });
    let (mut old, mut new, mut changed) = (Vec::new(), Vec::new(), Vec::new());
    while let Some(row) = cursor.get() {
        let key = &row[..input.key().end(row)];
        changed.clear();
        for rows in cursor.group(key).chunks() {
            changed.extend(rows.map(|(row, _)| row[key.len()]));
        }
        changed.dedup();
        let mut i = 0;
        while i < changed.len() {
            let from = first_near(&mut after, key, changed[i], gap);
            let mut to = changed[i];
            after.seek_from(key, to);
            let mut next = next_there(&mut after, key.len());
            loop {
                let rows = [changed.get(i + 1).copied(), next];
                let Some(time) = rows.into_iter().flatten().min().filter(|t| t.saturating_sub(to) < gap) else { break };
                to = to.max(time);
                i += usize::from(rows[0] == Some(time));
                if next == Some(time) {
                    next = next_there(&mut after, key.len());
                }
            }
            i += 1;
            place(cx, &mut before, key, (from, to), (gap, greatest), &mut old);
            place(cx, &mut after, key, (from, to), (gap, greatest), &mut new);
            difference(&old, &new, &mut out);
        }
    }
    let mut projected = RowWriter::new(stride);
    map::run(cx, &Rows::from(out), emit, &mut projected);
    let rows = Rows::from(projected);
    cx.count(node, delta.len(), rows.len());
    rows
}

/// The word of the greatest value.
fn greatest(kind: Kind) -> u64 {
    match kind {
        Kind::I8 => enc::i8(i8::MAX),
        Kind::I16 => enc::i16(i16::MAX),
        Kind::I32 => enc::i32(i32::MAX),
        Kind::Date => enc::date(DATE_MAX),
        Kind::Ts | Kind::Tz => enc::ts(TS_MAX),
        _ => u64::MAX,
    }
}

/// The next row's time.
fn next_there(reader: &mut Reader<'_>, key: usize) -> Option<u64> {
    loop {
        let (row, weight) = reader.next_row()?;
        if weight > 0 {
            return Some(row[key]);
        }
    }
}

/// The first time from which rows follow each other closely up to this one.
fn first_near(reader: &mut Reader<'_>, key: &[u64], time: u64, gap: u64) -> u64 {
    let mut first = time;
    reader.seek_below(key, time);
    while let Some((row, weight)) = reader.next_row_back() {
        let time = row[key.len()];
        if first - time >= gap {
            break;
        }
        if weight > 0 {
            first = time;
        }
    }
    first
}

/// The rows between two times with their sessions.
fn place<'a>(
    cx: &Context,
    reader: &mut Reader<'a>,
    key: &[u64],
    (from, to): (u64, u64),
    (gap, greatest): (u64, u64),
    rows: &mut Vec<Placed<'a>>,
) {
    rows.clear();
    reader.seek_from(key, from);
    let (mut first, mut last) = (0, 0);
    let close = |rows: &mut Vec<Placed<'a>>, first: usize, last: u64| {
        let Some(end) = last.checked_add(gap).filter(|end| *end <= greatest) else {
            cx.fail(&"the end of a session is out of range", 0, 0)
        };
        rows[first..].iter_mut().for_each(|row| row.2 = end);
    };
    while let Some((row, weight)) = reader.next_row() {
        let time = row[key.len()];
        if time > to {
            break;
        }
        if weight <= 0 {
            continue;
        }
        if !rows.is_empty() && time - last >= gap {
            close(rows, first, last);
            first = rows.len();
        }
        let start = rows.get(first).map_or(time, |row| row.1);
        rows.push((row, start, 0, weight));
        last = time;
    }
    if !rows.is_empty() {
        close(rows, first, last);
    }
}

/// Writes what makes `new` of `old`; both ascend.
fn difference(old: &[Placed<'_>], new: &[Placed<'_>], out: &mut RowWriter) {
    let mut write = |(row, start, end, weight): Placed<'_>| {
        if weight != 0 {
            out.copy(row);
            out.put([start, end]);
            out.end(weight);
        }
    };
    let (mut i, mut j) = (0, 0);
    while i < old.len() || j < new.len() {
        let side = match (old.get(i), new.get(j)) {
            (Some(a), Some(b)) => (a.0, a.1, a.2).cmp(&(b.0, b.1, b.2)),
            (Some(_), None) => Ordering::Less,
            _ => Ordering::Greater,
        };
        match side {
            Ordering::Less => {
                let (row, start, end, weight) = old[i];
                write((row, start, end, -weight));
                i += 1;
            }
            Ordering::Greater => {
                write(new[j]);
                j += 1;
            }
            Ordering::Equal => {
                let (row, start, end, weight) = new[j];
                write((row, start, end, weight - old[i].3));
                (i, j) = (i + 1, j + 1);
            }
        }
    }
}
