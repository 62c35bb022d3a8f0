//! What an operator has added up of the rows of a block: sums, and where the most extreme values are, for every 16 rows, for every 16 times
//! 16, and so on. Made where it is asked for, and kept with the block, which does not change. So what lies between two rows of a batch is added up
//! from a few rows at either end and a few dozen sums; since a batch's sums hold rows that a later batch takes away with negative
//! weights, sums of all batches together are right without any merging.

/// Children of a node: rows, or nodes of the level below.
pub(crate) const CHILDREN: usize = 16;

/// No row.
pub(crate) const NONE: u32 = u32::MAX;

/// Nodes of so many rows each.
#[derive(Debug)]
struct Level {
    /// Whether a node has been made.
    made: Vec<bool>,
    /// The sums of each node, one after the other.
    sums: Vec<u64>,
    /// The row with the most extreme value of each kind, of those with a positive weight.
    best: Vec<u32>,
}

/// A tree over the rows of a block.
#[derive(Debug)]
pub(crate) struct Summary {
    rows: usize,
    words: usize,
    kinds: usize,
    levels: Vec<Level>,
}

/// A part of a range of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// These rows.
    Rows(usize, usize),
    /// A node: level, number.
    Node(usize, usize),
}

impl Summary {
    /// Of a block of so many rows, nothing made yet: sums of `words` words, extremes of so many kinds.
    pub(crate) fn new(rows: usize, words: usize, kinds: usize) -> Summary {
        let mut levels = vec![];
        let mut nodes = rows.div_ceil(CHILDREN);
        while nodes > 1 || levels.is_empty() {
            levels.push(Level {
                made: vec![false; nodes],
                sums: vec![0; nodes * words],
                best: vec![NONE; nodes * kinds],
            });
            nodes = nodes.div_ceil(CHILDREN);
        }
        Summary { rows, words, kinds, levels }
    }

    /// The parts whose sum the rows from `from` up to `to` are.
    pub(crate) fn cover(&self, from: usize, to: usize, mut f: impl FnMut(Part)) {
        let (mut low, mut high) = (from, to);
        let mut units = |level: usize, from: usize, to: usize| match level {
            0 if from < to => f(Part::Rows(from, to)),
            0 => {}
            _ => (from..to).for_each(|i| f(Part::Node(level - 1, i))),
        };
        for level in 0..=self.levels.len() {
            let (up, down) = (low.div_ceil(CHILDREN), high / CHILDREN);
            if level == self.levels.len() || up >= down {
                return units(level, low, high);
            }
            units(level, low, up * CHILDREN);
            units(level, down * CHILDREN, high);
            (low, high) = (up, down);
        }
    }

    /// The children of a node.
    pub(crate) fn children(&self, level: usize, node: usize) -> Vec<Part> {
        let (from, to) = (node * CHILDREN, (node + 1) * CHILDREN);
        match level {
            0 => vec![Part::Rows(from, to.min(self.rows))],
            _ => (from..to.min(self.levels[level - 1].made.len())).map(|i| Part::Node(level - 1, i)).collect(),
        }
    }

    /// The rows of a node.
    pub(crate) fn rows(&self, level: usize, node: usize) -> (usize, usize) {
        let size = CHILDREN.pow(level as u32 + 1);
        (node * size, ((node + 1) * size).min(self.rows))
    }

    /// Sums and best rows of a node, if it has been made.
    pub(crate) fn node(&self, level: usize, node: usize) -> Option<(&[u64], &[u32])> {
        let l = &self.levels[level];
        let sums = &l.sums[node * self.words..(node + 1) * self.words];
        let best = &l.best[node * self.kinds..(node + 1) * self.kinds];
        l.made[node].then_some((sums, best))
    }

    /// Puts a node in its place.
    pub(crate) fn set(&mut self, level: usize, node: usize, sums: &[u64], best: &[u32]) {
        let l = &mut self.levels[level];
        l.sums[node * self.words..(node + 1) * self.words].copy_from_slice(sums);
        l.best[node * self.kinds..(node + 1) * self.kinds].copy_from_slice(best);
        l.made[node] = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_the_range() {
        for rows in [1, 15, 16, 17, 255, 256, 257, 4095, 4096, 5000, 32 * 1024] {
            let summary = Summary::new(rows, 1, 0);
            for (from, to) in
                [(0, rows), (rows / 3, rows), (0, rows / 2), (rows / 3, rows / 2), (1.min(rows), rows - 1), (5, 5)]
            {
                if from > to || to > rows {
                    continue;
                }
                let mut seen = vec![0; rows];
                let mut parts = 0;
                summary.cover(from, to, |part| {
                    parts += 1;
                    let (a, b) = match part {
                        Part::Rows(a, b) => (a, b),
                        Part::Node(level, node) => summary.rows(level, node),
                    };
                    (a..b).for_each(|i| seen[i] += 1);
                });
                assert!((0..rows).all(|i| seen[i] == i32::from((from..to).contains(&i))), "{from}..{to} of {rows}");
                assert!(parts <= 2 * CHILDREN * 4, "{parts} parts");
            }
        }
    }
}
