//! Within: rows between two bounds that move forward. Rows are kept in order of what is bounded, so that a step touches only those that a bound
//! passes over.

use super::now::scalar_of;
use crate::checkpoint::{Loader, Saver};
use crate::cursor::cmp_key;
use crate::{Batch, Context, Floor, Keyed, Operator, Rows, Spine};
use std::cmp::Ordering;
use weir_row::RowWriter;

/// A place between rows in order of their first word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Cut {
    /// Before all rows.
    Start,
    /// Before the rows with this word, or, if TRUE, after them.
    At(u64, bool),
    /// After all rows.
    End,
}

impl Cut {
    /// Whether a row comes after it.
    fn is_before(self, row: &[u64]) -> bool {
        match self {
            Cut::Start => true,
            Cut::End => false,
            Cut::At(word, after) => match cmp_key(row, &[word]) {
                Ordering::Less => false,
                Ordering::Equal => !after,
                Ordering::Greater => true,
            },
        }
    }

    /// The first word of rows behind it, at least; `None`: there are none.
    fn word(self) -> Option<u64> {
        match self {
            Cut::Start => Some(0),
            Cut::At(word, after) => word.checked_add(u64::from(after)),
            Cut::End => None,
        }
    }
}

/// The rows of an index by one column that lie within two scalars. Each row is the value's words.
///
/// ```
/// use weir_sdk::prelude::*;
/// let mut cx = weir_sdk::local::solo();
/// let mut index = Index::new(0, "ts", "i32");
/// let copy: &dyn Fn(&Context, Chunk<'_>, &mut RowWriter) = &|_, rows, out| rows.for_each(|(r, w)| out.push(r, w));
/// // Rows from 10 on pass, those at 10 among them.
/// let mut within = Within::new(1, 2).lower(true);
/// let mut step = |rows: &[(&[u64], i64)], bound: u64| {
///     index.step(&mut cx, &Rows::from_pairs(2, rows), copy);
///     let out = within.step(&mut cx, 1, &index, &[&Rows::from_pairs(1, &[(&[bound], 1)])]);
///     Operator::commit(&mut within);
///     out.iter().map(|(r, w)| (r[0], w)).collect::<Vec<_>>()
/// };
/// assert_eq!(step(&[(&[9, 1], 1), (&[10, 2], 1), (&[12, 3], 1)], 10), [(2, 1), (3, 1)]);
/// assert_eq!(step(&[], 11), [(2, -1)]);
/// assert_eq!(step(&[(&[12, 3], -1)], 13), [(3, -1)]);
/// ```
pub struct Within {
    node: u32,
    lower: Bound,
    upper: Bound,
    once: bool,
    trace: Spine,
    delta: Batch,
}

/// A bound, and the word that it is at.
#[derive(Clone, Copy, Debug, Default)]
struct Bound {
    given: bool,
    inclusive: bool,
    word: Option<u64>,
}

impl Bound {
    fn new(inclusive: bool) -> Bound {
        Bound { given: true, inclusive, word: None }
    }

    /// Where rows begin that are not below it.
    fn below(self) -> Cut {
        self.word.map_or(Cut::Start, |word| Cut::At(word, !self.inclusive))
    }

    /// Where rows end that are not above it.
    fn above(self) -> Cut {
        match (self.given, self.word) {
            (false, _) => Cut::End,
            (true, None) => Cut::Start,
            (true, Some(word)) => Cut::At(word, self.inclusive),
        }
    }

    /// Takes its scalar's delta, if it is there.
    fn advance<'a>(&mut self, scalars: &mut impl Iterator<Item = &'a Rows>) {
        if self.given
            && let Some(word) = scalars.next().and_then(scalar_of)
        {
            // A bound does not go back.
            self.word = Some(self.word.map_or(word, |w| w.max(word)));
        }
    }
}

impl Within {
    /// All rows of an index with rows of `stride` words (0 if they differ).
    pub fn new(node: u32, stride: u32) -> Within {
        let (lower, upper) = (Bound::default(), Bound::default());
        Within { node, lower, upper, once: false, trace: Spine::new(stride), delta: Batch::new(stride) }
    }

    /// Only rows from a scalar on.
    pub fn lower(self, inclusive: bool) -> Within {
        Within { lower: Bound::new(inclusive), ..self }
    }

    /// Only rows up to a scalar.
    pub fn upper(self, inclusive: bool) -> Within {
        Within { upper: Bound::new(inclusive), ..self }
    }

    /// What the upper bound has passed is put out for good.
    pub fn once(self) -> Within {
        Within { once: true, ..self }
    }

    /// Works on this step's delta of the input, and those of the scalars: the lower bound's, then the upper's, those that there are.
    pub fn step(&mut self, cx: &mut Context, stride: u32, input: &dyn Keyed, scalars: &[&Rows]) -> Rows {
        let before = (self.lower.below(), self.upper.above());
        let mut scalars = scalars.iter().copied();
        self.lower.advance(&mut scalars);
        self.upper.advance(&mut scalars);
        let (mut from, to) = (self.lower.below(), self.upper.above());
        if self.once {
            // What is final does not change.
            from = before.1;
        }
        let key = input.key().fixed_words;
        let mut out = RowWriter::new(stride);
        let (mut kept, mut is_kept_whole) = (RowWriter::new(self.trace.stride()), true);
        let forgotten = if self.once { to } else { from };
        for (row, weight) in input.delta().iter() {
            if from.is_before(row) && !to.is_before(row) {
                out.push(&row[key..], weight);
            }
            if forgotten.is_before(row) {
                kept.push(row, weight);
            } else {
                is_kept_whole = false;
            }
        }
        self.delta = if is_kept_whole { input.delta().clone() } else { Batch::from_sorted(Rows::from(kept)) };
        let mut scan = |from: Cut, to: Cut, sign: i64| {
            let Some(word) = from.word().filter(|_| from < to) else { return };
            for batch in self.trace.batches() {
                let mut cursor = batch.cursor();
                cursor.seek_word(word);
                while let Some(row) = cursor.get().filter(|row| !to.is_before(row)) {
                    out.push(&row[key..], cursor.weight() * sign);
                    cursor.step();
                }
            }
        };
        if self.once {
            scan(from, to, 1);
        } else {
            scan(from, to.min(before.0), 1);
            scan(from.max(before.1), to, 1);
            scan(before.0, before.1.min(from), -1);
            scan(before.0.max(to), before.1, -1);
        }
        if let Some(word) = forgotten.word().filter(|word| *word > 0) {
            self.trace.forget_below(Floor::first(word));
        }
        let rows = Rows::from(out);
        cx.count(self.node, input.delta().len(), rows.len());
        rows
    }
}

impl Operator for Within {
    fn node(&self) -> u32 {
        self.node
    }
    fn commit(&mut self) {
        let empty = Batch::new(self.trace.stride());
        self.trace.insert(std::mem::replace(&mut self.delta, empty));
    }
    fn save(&self, to: &mut Saver<'_>) {
        for bound in [self.lower, self.upper] {
            to.number(u64::from(bound.word.is_some()));
            to.number(bound.word.unwrap_or(0));
        }
        to.spine(&self.trace);
    }
    fn load(&mut self, from: &mut Loader<'_>) -> Result<(), String> {
        for bound in [&mut self.lower, &mut self.upper] {
            let (there, word) = (from.number()? != 0, from.number()?);
            bound.word = there.then_some(word);
        }
        self.trace = from.spine(self.trace.stride())?;
        Ok(())
    }
    fn size(&self) -> (usize, usize) {
        (self.trace.len(), self.trace.memory_bytes())
    }
}
