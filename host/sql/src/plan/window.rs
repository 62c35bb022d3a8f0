//! Windows: what is made of the rows around each row.

use super::{AggregateCall, Plan, Rel, RelId};
use weir_circuit::{Expr, FrameBound, FrameUnit};
use weir_row::ColumnType;

/// Some rows around each row, and what is made of them.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) unit: FrameUnit,
    /// Bounds at values are over the relation's columns.
    pub(crate) start: FrameBound,
    pub(crate) end: FrameBound,
    pub(crate) calls: Vec<AggregateCall>,
}

/// The frames of rows that have partition and order in common.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    pub(crate) keys: Vec<Expr>,
    pub(crate) order: Vec<Expr>,
    pub(crate) frames: Vec<Frame>,
}

impl Frame {
    /// Whether both have the same rows.
    pub(crate) fn same_rows(&self, other: &Frame) -> bool {
        let rows = |f: &Frame| (f.unit, f.start.to_string(), f.end.to_string());
        rows(self) == rows(other)
    }

    /// All expressions over the relation's columns.
    pub(crate) fn exprs(&self) -> impl Iterator<Item = &Expr> {
        self.bounds().chain(self.calls.iter().flat_map(AggregateCall::reads))
    }

    /// The frame with other expressions over the relation's columns.
    pub(crate) fn map(mut self, f: &mut impl FnMut(&Expr) -> Expr) -> Frame {
        for bound in [&mut self.start, &mut self.end] {
            if let FrameBound::Value { of_row, back } = bound {
                of_row.iter_mut().chain(back).for_each(|e| *e = f(e));
            }
        }
        self.calls = self.calls.into_iter().map(|c| c.map_reads(f)).collect();
        self
    }

    fn bounds(&self) -> impl Iterator<Item = &Expr> {
        [&self.start, &self.end].into_iter().flat_map(|bound| match bound {
            FrameBound::Value { of_row, back } => of_row.iter().chain(back).collect(),
            _ => vec![],
        })
    }
}

impl Window {
    /// All expressions over the relation's columns.
    pub(crate) fn exprs(&self) -> impl Iterator<Item = &Expr> {
        self.keys.iter().chain(&self.order).chain(self.frames.iter().flat_map(Frame::exprs))
    }

    /// The calls of all frames, in the order of their results.
    pub(crate) fn calls(&self) -> impl Iterator<Item = &AggregateCall> {
        self.frames.iter().flat_map(|f| &f.calls)
    }

    /// The window with other expressions over the relation's columns.
    pub(crate) fn map(mut self, f: &mut impl FnMut(&Expr) -> Expr) -> Window {
        self.keys.iter_mut().chain(&mut self.order).for_each(|e| *e = f(e));
        self.frames = self.frames.into_iter().map(|frame| frame.map(f)).collect();
        self
    }
}

impl Plan {
    /// Each row with the results of a window's calls behind.
    pub(crate) fn window(&mut self, input: RelId, mut window: Window) -> RelId {
        window.frames.retain(|f| !f.calls.is_empty());
        if window.frames.is_empty() {
            return input;
        }
        let types = window.calls().map(|c| c.ty.clone());
        let columns: Vec<ColumnType> = self.columns[input].iter().cloned().chain(types).collect();
        self.add(Rel::Window { input, window }, columns)
    }
}
