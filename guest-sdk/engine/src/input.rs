//! Where the columns of a row function's input are: stretches of words, each with a layout.

use crate::frame::Areas;
use weir_circuit::{Circuit, NodeId, Op};
use weir_row::{Field, Layout, text};

/// Where a column comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source {
    /// A field of a stretch of words.
    Field {
        /// The stretch.
        area: usize,
        /// The field in it.
        field: Field,
    },
    /// The finished value of an accumulator, by its number.
    Final(usize),
}

/// The input of a row function: one row, or a left and a right row, each made of stretches one after the other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Input {
    left: Vec<Layout>,
    right: Vec<Layout>,
    pub(crate) columns: Vec<Source>,
}

/// A stretch of words that are no columns.
pub(crate) fn plain_words(words: usize) -> Layout {
    Layout { fields: Vec::new(), fixed_words: words, wide_slots: Vec::new(), texts: 0 }
}

/// The layouts of a node's rows: key and value.
pub(crate) fn layouts(circuit: &Circuit, node: NodeId) -> (Layout, Layout) {
    let node = &circuit.nodes[node];
    (Layout::new(&node.key), Layout::new(&node.value))
}

impl Input {
    /// The columns of a node's rows.
    pub(crate) fn rows(circuit: &Circuit, node: NodeId) -> Input {
        let (key, value) = layouts(circuit, node);
        let mut input = Input::default();
        if !key.is_empty() {
            input.push(key);
        }
        match circuit.nodes[node].op {
            // In order each column is a layout of its own.
            Op::Index { ordered: true, .. } => {
                let columns = &circuit.nodes[node].value;
                columns.iter().for_each(|c| input.push(Layout::new(std::slice::from_ref(c))));
            }
            _ => input.push(value),
        }
        input
    }

    /// The columns of a join's pairs: key, left value, right value.
    pub(crate) fn pairs(circuit: &Circuit, left: NodeId, right: NodeId) -> Input {
        let mut input = Input::rows(circuit, left);
        let right = Input::rows(circuit, right);
        let areas = input.left.len();
        input.columns.extend(right.columns.into_iter().skip(circuit.nodes[left].key.len()).map(|c| match c {
            Source::Field { area, field } => Source::Field { area: area + areas, field },
            other => other,
        }));
        input.right = right.left;
        input
    }

    /// Appends a stretch to the (left) row, with its fields as columns.
    pub(crate) fn push(&mut self, layout: Layout) {
        let area = self.left.len();
        self.columns.extend(layout.fields.iter().map(|field| Source::Field { area, field: *field }));
        self.left.push(layout);
    }

    /// Appends a stretch that nothing reads.
    pub(crate) fn push_unread(&mut self, layout: Layout) {
        self.left.push(layout);
    }

    /// Appends a column that is the finished value of an accumulator.
    pub(crate) fn push_final(&mut self, number: usize) {
        self.columns.push(Source::Final(number));
    }

    /// The number of stretches.
    pub(crate) fn areas(&self) -> usize {
        self.left.len() + self.right.len()
    }

    /// Whether it is one row, not a pair.
    pub(crate) fn is_one_row(&self) -> bool {
        self.right.is_empty()
    }

    /// The layout of a stretch.
    pub(crate) fn layout(&self, area: usize) -> &Layout {
        self.left.get(area).unwrap_or_else(|| &self.right[area - self.left.len()])
    }

    /// Adds a row (a pair of rows) to a batch.
    #[inline]
    pub(crate) fn add<'r>(&self, to: &mut Areas<'r>, left: &'r [u64], right: &'r [u64], weight: i64) {
        for (layouts, row, base) in [(&self.left, left, 0), (&self.right, right, self.left.len())] {
            let mut rest = row;
            for (i, layout) in layouts.iter().enumerate() {
                to.words[base + i].push(rest);
                if i + 1 < layouts.len() {
                    rest = &rest[layout.end(rest)..];
                }
            }
        }
        to.weights.push(weight);
    }
}

/// The index of text `t` of a well-formed row.
#[inline]
pub(crate) fn text_start(layout: &Layout, row: &[u64], t: usize) -> usize {
    let mut at = layout.first_text(row);
    for _ in 0..t {
        at = text::skip(row, at);
    }
    at
}

/// The biased word of the nullable wide column at `slot`; `None`: NULL.
#[inline]
pub(crate) fn wide(layout: &Layout, row: &[u64], slot: usize) -> Option<u64> {
    match row[slot] {
        0 => None,
        1 => {
            let before = layout.wide_slots.iter().take_while(|s| **s < slot).filter(|s| row[**s] == 1).count();
            Some(row[layout.fixed_words + before])
        }
        b => Some(b),
    }
}
