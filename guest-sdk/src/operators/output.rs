//! Output: what the host sees of a relation.

use super::layout;
use crate::checkpoint::{Loader, Saver};
use crate::circuit::Relation;
use crate::{Batch, Context, Operator, Rows, Spine};
use weir_row::{Layout, RowWriter, ToSort};

/// The sight of a relation from outside: its delta in the last step and, if it is materialized, its contents, both in its sort layout.
pub struct Sink {
    to_sort: ToSort,
    keep: bool,
    delta: Batch,
    contents: Option<Spine>,
}

impl Sink {
    /// A sink of rows of the layout `key`, then `value`; `order` says which of those columns the relation's are.
    pub(crate) fn new(key: Layout, value: Layout, order: &[usize], keep: bool) -> Sink {
        let to_sort = ToSort::new(key, value, order);
        let delta = Batch::new(to_sort.stride());
        Sink { to_sort, keep, delta, contents: None }
    }

    /// The contents are kept.
    pub(crate) fn materialize(&mut self) {
        self.contents = Some(Spine::new(self.to_sort.stride()));
    }

    /// Whether deltas are kept for [`delta`](Sink::delta), from the next step on.
    pub fn keep(&mut self, keep: bool) {
        self.keep = keep;
    }

    /// Takes in this step's rows.
    pub(crate) fn step(&mut self, rows: &Rows) {
        if !self.keep && self.contents.is_none() {
            self.delta = Batch::new(self.to_sort.stride());
            return;
        }
        let rows = if self.to_sort.is_same() {
            rows.clone()
        } else {
            let mut out = RowWriter::new(self.to_sort.stride());
            for (row, weight) in rows.iter() {
                self.to_sort.append(row, &mut out);
                out.end(weight);
            }
            Rows::from(out)
        };
        self.delta = Batch::sort(rows);
        if let Some(contents) = &mut self.contents {
            contents.insert(self.delta.clone());
        }
    }

    /// The changes of the last step.
    pub fn delta(&self) -> &Batch {
        &self.delta
    }

    /// The contents after the last step, if they are kept.
    pub fn contents(&self) -> Option<&Spine> {
        self.contents.as_ref()
    }

    pub(crate) fn save(&self, to: &mut Saver<'_>) {
        if let Some(contents) = &self.contents {
            to.spine(contents);
        }
    }

    pub(crate) fn load(&mut self, from: &mut Loader<'_>) -> Result<(), String> {
        if self.contents.is_some() {
            self.contents = Some(from.spine(self.to_sort.stride())?);
        }
        Ok(())
    }

    pub(crate) fn size(&self) -> (usize, usize) {
        let contents = self.contents.as_ref().map_or((0, 0), |t| (t.len(), t.memory_bytes()));
        (contents.0, contents.1 + self.delta.memory_bytes())
    }
}

/// A view that is put out.
///
/// ```
/// use weir_sdk::prelude::*;
/// let mut cx = weir_sdk::local::solo();
/// let mut output = Output::new(0, 0, "i32").materialized();
/// output.step(&mut cx, &Rows::from_pairs(1, &[(&[2], 1), (&[1], 1)]));
/// let (_, sink) = Operator::relation(&mut output).unwrap();
/// assert_eq!(sink.delta().iter().collect::<Vec<_>>(), [(&[1][..], 1), (&[2][..], 1)]);
/// ```
pub struct Output {
    node: u32,
    view: usize,
    sink: Sink,
}

impl Output {
    /// The output of view `view`, whose columns have the layout `columns`.
    pub fn new(node: u32, view: usize, columns: &str) -> Output {
        let columns = layout(columns);
        let order: Vec<_> = (0..columns.len()).collect();
        Output { node, view, sink: Sink::new(columns, layout(""), &order, true) }
    }

    /// The contents are kept, to be read as a snapshot.
    pub fn materialized(mut self) -> Output {
        self.sink.materialize();
        self
    }

    /// Takes in this step's rows.
    pub fn step(&mut self, cx: &mut Context, input: &Rows) {
        self.sink.step(input);
        cx.count(self.node, input.len(), self.sink.delta.len());
    }
}

impl Operator for Output {
    fn node(&self) -> u32 {
        self.node
    }
    fn save(&self, to: &mut Saver<'_>) {
        self.sink.save(to);
    }
    fn load(&mut self, from: &mut Loader<'_>) -> Result<(), String> {
        self.sink.load(from)
    }
    fn size(&self) -> (usize, usize) {
        self.sink.size()
    }
    fn relation(&mut self) -> Option<(Relation, &mut Sink)> {
        Some((Relation::View(self.view), &mut self.sink))
    }
}
