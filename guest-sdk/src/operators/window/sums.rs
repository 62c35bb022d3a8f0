//! Sums and extremes between two edges, from the summaries of blocks.

use super::Window;
use super::edge::Edge;
use super::evaluate::{Known, Side};
use crate::Rows;
use crate::key_rows::Cut;
use crate::summary::{NONE, Part, Summary};
use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::rc::Rc;
use weir_row::RowWriter;

/// Rows that are looked at one by one rather than through a summary.
const FEW: usize = 32;

/// Value columns, how many, and whether the greatest is wanted.
pub(super) type Kind = (usize, usize, bool);

impl Window {
    /// The words of all accumulators.
    fn words(&self) -> usize {
        self.widths.iter().map(|w| (*w).max(1)).sum()
    }

    /// Adds (takes away) accumulators: numbers of several words, the highest first.
    fn add(&self, to: &mut [u64], from: &[u64], negative: bool) {
        let mut at = 0;
        for width in &self.widths {
            if *width == 0 {
                to[at] ^= from[at];
                at += 1;
                continue;
            }
            let mut carry = negative;
            for i in (at..at + width).rev() {
                let word = if negative { !from[i] } else { from[i] };
                let (sum, a) = to[i].overflowing_add(word);
                let (sum, b) = sum.overflowing_add(u64::from(carry));
                (to[i], carry) = (sum, a || b);
            }
            at += width;
        }
    }
}

/// A row that may have the most extreme value, or the best one of a node.
struct Candidate<'a> {
    value: &'a [u64],
    greatest: bool,
    row: &'a [u64],
    /// Group and block.
    place: (usize, usize),
    /// The node, if it is one: level and number.
    node: Option<(usize, usize)>,
}

impl Ord for Candidate<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.greatest { self.value.cmp(other.value) } else { other.value.cmp(self.value) }
    }
}

impl PartialOrd for Candidate<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Candidate<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Candidate<'_> {}

/// Whether a value is more extreme than another.
fn beats(greatest: bool, value: &[u64], other: &[u64]) -> bool {
    if greatest { value > other } else { value < other }
}

impl<'a> Side<'a> {
    /// The sums between two edges, from those between two others, if these overlap.
    pub(super) fn slide(&self, known: Option<(Edge, Edge, Vec<u64>)>, lo: &Edge, hi: &Edge) -> Vec<u64> {
        if let Some((from, to, mut sums)) = known
            && from <= *lo
            && to <= *hi
            && *lo < to
        {
            if to != *hi {
                self.window.add(&mut sums, &self.total(&to, hi), false);
            }
            if from != *lo {
                self.window.add(&mut sums, &self.total(&from, lo), true);
            }
            return sums;
        }
        self.total(lo, hi)
    }

    /// The sums of the rows between two edges.
    fn total(&self, lo: &Edge, hi: &Edge) -> Vec<u64> {
        let mut sums = self.between(&lo.cut, &hi.cut);
        for (edge, negative) in [(lo, true), (hi, false)] {
            let mut cut = edge.cut.clone();
            if edge.skip > 0
                && let Some((row, _)) = self.rows.peek(&mut cut)
            {
                let mut part = RowWriter::new(self.block_stride());
                part.push(row, edge.skip.cast_signed());
                let mut of_row = vec![0; sums.len()];
                for block in Rows::from(part).blocks() {
                    self.accumulate(block.iter(), &mut of_row);
                }
                self.window.add(&mut sums, &of_row, negative);
            }
        }
        sums
    }

    fn accumulate(&self, rows: crate::Chunk<'_>, sums: &mut [u64]) {
        self.rows.look(rows.len());
        if let Some(f) = &self.window.accumulate {
            f(self.cx, rows, sums);
        }
    }

    /// The sums of the rows between two cuts.
    fn between(&self, from: &Cut, to: &Cut) -> Vec<u64> {
        let mut sums = vec![0; self.window.words()];
        self.rows.stretches(from, to, |group, block, start, end| {
            if end - start <= FEW {
                return self.accumulate(self.rows.chunk(group, block, start, end), &mut sums);
            }
            let summary = self.summary(group, block);
            for part in parts(&summary, start, end) {
                match part {
                    Part::Rows(a, b) => self.accumulate(self.rows.chunk(group, block, a, b), &mut sums),
                    Part::Node(level, node) => {
                        self.make(&summary, group, block, level, node);
                        if let Some((of_node, _)) = summary.borrow().node(level, node) {
                            self.rows.look(1);
                            self.window.add(&mut sums, of_node, false);
                        }
                    }
                }
            }
        });
        sums
    }

    fn summary(&self, group: usize, block: usize) -> Rc<RefCell<Summary>> {
        let block = &self.rows.groups()[group].extent().0[block];
        let (words, kinds) = (self.window.words(), self.window.kinds.len());
        block.summary(self.window.node, || Summary::new(block.len(), words, kinds))
    }

    /// Makes a node of a block's summary, and those below it, if it has not been made.
    fn make(&self, summary: &Rc<RefCell<Summary>>, group: usize, block: usize, level: usize, node: usize) {
        if summary.borrow().node(level, node).is_some() {
            return;
        }
        let blocks = self.rows.groups()[group].extent().0;
        let children = summary.borrow().children(level, node);
        let mut sums = vec![0; self.window.words()];
        let mut best = vec![NONE; self.window.kinds.len()];
        let better = |best: &mut u32, kind: Kind, row: u32| {
            let value = |row: u32| self.value(blocks[block].row(row as usize), kind.0, kind.1);
            if value(row)[0] != 0 && (*best == NONE || beats(kind.2, value(row), value(*best))) {
                *best = row;
            }
        };
        for part in children {
            match part {
                Part::Rows(a, b) => {
                    self.accumulate(self.rows.chunk(group, block, a, b), &mut sums);
                    for row in (a..b).filter(|row| blocks[block].weights[*row] > 0) {
                        for (best, kind) in best.iter_mut().zip(&self.window.kinds) {
                            better(best, *kind, row as u32);
                        }
                    }
                }
                Part::Node(level, node) => {
                    self.make(summary, group, block, level, node);
                    let summary = summary.borrow();
                    let Some((of_node, best_of_node)) = summary.node(level, node) else { continue };
                    self.window.add(&mut sums, of_node, false);
                    for ((best, kind), row) in best.iter_mut().zip(&self.window.kinds).zip(best_of_node) {
                        if *row != NONE {
                            better(best, *kind, *row);
                        }
                    }
                }
            }
        }
        summary.borrow_mut().set(level, node, &sums, &best);
    }

    /// The most extreme value between two edges, from that between two others, if these begin at the same row.
    pub(super) fn extreme(&self, known: Option<Known<'a>>, lo: &Edge, hi: &Edge, kind: Kind) -> Option<&'a [u64]> {
        // A row counts if it is there once.
        let past = |edge: &Edge| {
            let mut cut = edge.cut.clone();
            if edge.skip > 0
                && let Some((row, _)) = self.rows.peek(&mut cut)
            {
                self.rows.pass(&mut cut, row);
            }
            cut
        };
        if lo >= hi {
            return None;
        }
        match known {
            Some((from, to, value)) if from.cut == lo.cut && to <= *hi && from < to => {
                let more = self.most_extreme(&to.cut, &past(hi), kind);
                match (value, more) {
                    (Some(a), Some(b)) => Some(if beats(kind.2, b, a) { b } else { a }),
                    (a, b) => a.or(b),
                }
            }
            _ => self.most_extreme(&lo.cut, &past(hi), kind),
        }
    }

    /// The most extreme value between two cuts.
    fn most_extreme(&self, from: &Cut, to: &Cut, (column, count, greatest): Kind) -> Option<&'a [u64]> {
        if self.rows.few(from, to, FEW) {
            let mut best: Option<&'a [u64]> = None;
            let mut cut = from.clone();
            while cut < *to
                && let Some((row, _)) = self.rows.peek(&mut cut)
            {
                if cut >= *to {
                    break;
                }
                let value = self.value(row, column, count);
                if value[0] != 0 && best.is_none_or(|b| beats(greatest, value, b)) {
                    best = Some(value);
                }
                self.rows.pass(&mut cut, row);
            }
            return best;
        }
        let kind = self.window.kinds.iter().position(|k| *k == (column, count, greatest))?;
        let mut heap = BinaryHeap::new();
        self.rows.stretches(from, to, |group, block, start, end| {
            for part in parts(&self.summary(group, block), start, end) {
                self.candidates(part, (group, block), kind, &mut heap);
            }
        });
        while let Some(best) = heap.pop() {
            if self.rows.weight(best.row) > 0 {
                return Some(best.value);
            }
            // A later batch took it away. Are there other rows of the node?
            let Some((level, node)) = best.node else { continue };
            let summary = self.summary(best.place.0, best.place.1);
            let (a, b) = summary.borrow().rows(level, node);
            let block = &self.rows.groups()[best.place.0].extent().0[best.place.1];
            if self.window.accumulate.is_some() {
                let (from, to) = (self.rows.seek(block.row(a)), self.rows.seek_past(block.row(b - 1)));
                if self.between(&from, &to)[0] == 0 {
                    continue;
                }
            }
            let children = summary.borrow().children(level, node);
            for part in children {
                self.candidates(part, best.place, kind, &mut heap);
            }
        }
        None
    }

    /// Adds the rows, or the best row, of a part of a block.
    fn candidates(&self, part: Part, place: (usize, usize), kind: usize, to: &mut BinaryHeap<Candidate<'a>>) {
        let (column, count, greatest) = self.window.kinds[kind];
        let block = &self.rows.groups()[place.0].extent().0[place.1];
        let mut push = |row: usize, node: Option<(usize, usize)>| {
            self.rows.look(1);
            let row = block.row(row);
            let value = self.value(row, column, count);
            if value[0] != 0 {
                to.push(Candidate { value, greatest, row, place, node });
            }
        };
        match part {
            Part::Rows(a, b) => (a..b).filter(|row| block.weights[*row] > 0).for_each(|row| push(row, None)),
            Part::Node(level, node) => {
                let summary = self.summary(place.0, place.1);
                self.make(&summary, place.0, place.1, level, node);
                let best = summary.borrow().node(level, node).map_or(NONE, |(_, best)| best[kind]);
                if best != NONE {
                    push(best as usize, Some((level, node)));
                }
            }
        }
    }
}

/// The parts of a stretch of a block.
fn parts(summary: &RefCell<Summary>, from: usize, to: usize) -> Vec<Part> {
    let mut parts = vec![];
    summary.borrow().cover(from, to, |part| parts.push(part));
    parts
}
