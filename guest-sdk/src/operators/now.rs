//! Scalars: relations of at most one row of one column, which every worker has. The time of the step, and the least of some.

use crate::checkpoint::{Loader, Saver};
use crate::{Context, Operator, Rows};
use weir_row::{RowWriter, enc};

/// The word of a scalar, if it has a row, as it was put out last.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Scalar {
    word: Option<u64>,
}

impl Scalar {
    /// What makes the scalar this word.
    pub(super) fn become_word(&mut self, word: Option<u64>) -> Rows {
        let mut out = RowWriter::new(1);
        if self.word != word {
            if let Some(old) = self.word {
                out.push(&[old], -1);
            }
            if let Some(new) = word {
                out.push(&[new], 1);
            }
            self.word = word;
        }
        Rows::from(out)
    }

    pub(super) fn save(self, to: &mut Saver<'_>) {
        to.number(u64::from(self.word.is_some()));
        to.number(self.word.unwrap_or(0));
    }

    pub(super) fn load(from: &mut Loader<'_>) -> Result<Scalar, String> {
        let (there, word) = (from.number()? != 0, from.number()?);
        Ok(Scalar { word: there.then_some(word) })
    }
}

/// What a scalar's delta says that it is now, if it changed.
pub(super) fn scalar_of(delta: &Rows) -> Option<u64> {
    // Projected scalars are not consolidated: the row that came is the one of positive weight.
    delta.iter().filter(|(_, weight)| *weight > 0).last().and_then(|(row, _)| row.first().copied())
}

/// The time of the step.
///
/// ```
/// use weir_sdk::prelude::*;
/// let mut cx = weir_sdk::local::solo();
/// let mut now = Now::new(0);
/// cx.set_now(7);
/// assert_eq!(now.step(&mut cx).iter().collect::<Vec<_>>(), [(&[enc::ts(7)][..], 1)]);
/// // It does not go back.
/// cx.set_now(5);
/// assert!(now.step(&mut cx).is_empty());
/// cx.set_now(8);
/// assert_eq!(now.step(&mut cx).iter().collect::<Vec<_>>(), [(&[enc::ts(7)][..], -1), (&[enc::ts(8)][..], 1)]);
/// ```
pub struct Now {
    node: u32,
    scalar: Scalar,
}

impl Now {
    /// The time, before the first step.
    pub fn new(node: u32) -> Now {
        Now { node, scalar: Scalar::default() }
    }

    /// The change of the time.
    pub fn step(&mut self, cx: &mut Context) -> Rows {
        let word = enc::ts(cx.now());
        let rows = self.scalar.become_word(Some(self.scalar.word.map_or(word, |w| w.max(word))));
        cx.count(self.node, 0, rows.len());
        rows
    }
}

impl Operator for Now {
    fn node(&self) -> u32 {
        self.node
    }
    fn save(&self, to: &mut Saver<'_>) {
        self.scalar.save(to);
    }
    fn load(&mut self, from: &mut Loader<'_>) -> Result<(), String> {
        self.scalar = Scalar::load(from)?;
        Ok(())
    }
    fn size(&self) -> (usize, usize) {
        (0, 0)
    }
}

/// The least of scalars, once all have a row.
///
/// ```
/// use weir_sdk::prelude::*;
/// let mut cx = weir_sdk::local::solo();
/// let mut least = Least::new(0, 2);
/// let row = |word: u64| Rows::from_pairs(1, &[(&[word], 1)]);
/// assert!(least.step(&mut cx, &[&row(7), &Rows::new(1)]).is_empty());
/// assert_eq!(least.step(&mut cx, &[&Rows::new(1), &row(5)]).iter().collect::<Vec<_>>(), [(&[5][..], 1)]);
/// ```
pub struct Least {
    node: u32,
    words: Vec<Option<u64>>,
    scalar: Scalar,
}

impl Least {
    /// The least of so many scalars.
    pub fn new(node: u32, inputs: usize) -> Least {
        Least { node, words: vec![None; inputs], scalar: Scalar::default() }
    }

    /// The change of the least, given those of all.
    pub fn step(&mut self, cx: &mut Context, inputs: &[&Rows]) -> Rows {
        for (word, input) in self.words.iter_mut().zip(inputs) {
            *word = scalar_of(input).or(*word);
        }
        let least = self.words.iter().copied().min().flatten();
        let rows = self.scalar.become_word(least);
        cx.count(self.node, inputs.iter().map(|i| i.len()).sum(), rows.len());
        rows
    }
}

impl Operator for Least {
    fn node(&self) -> u32 {
        self.node
    }
    fn save(&self, to: &mut Saver<'_>) {
        self.scalar.save(to);
        self.words.iter().for_each(|w| Scalar { word: *w }.save(to));
    }
    fn load(&mut self, from: &mut Loader<'_>) -> Result<(), String> {
        self.scalar = Scalar::load(from)?;
        self.words.iter_mut().try_for_each(|w| Scalar::load(from).map(|s| *w = s.word))
    }
    fn size(&self) -> (usize, usize) {
        (0, 0)
    }
}
