//! The aggregation of a scope.

use super::group::Calendar;
use super::{Contents, ScopeIndex, Side, difference, spine_of};
use crate::checkpoint::{Loader, Saver};
use crate::operators::{Aggregate, MapFn};
use crate::{Batch, Context, Keyed, Operator, Rows};

/// One row per group, as [`Aggregate`] makes it, made anew for the groups that must be looked at in an iteration.
pub struct ScopeAggregate {
    /// Never commits, so that it has no state.
    aggregate: Aggregate,
    calendar: Calendar,
    /// Whether there was a step before: an aggregation over everything has a row from the first on.
    begun: bool,
}

impl ScopeAggregate {
    /// An aggregation within a scope.
    pub fn new(aggregate: Aggregate) -> ScopeAggregate {
        ScopeAggregate { aggregate, calendar: Calendar::default(), begun: false }
    }

    /// The least iteration for which there are groups to look at already.
    pub fn next(&self) -> u64 {
        self.calendar.next()
    }

    /// The changes of an iteration, of deltas of the parts' inputs; `emit` makes rows of `stride` words of rows of state.
    pub fn step(&mut self, cx: &mut Context, at: u64, stride: u32, inputs: &[&ScopeIndex], emit: MapFn<'_>) -> Rows {
        let sides: Vec<Side<'_>> = inputs.iter().map(|i| Side::Inside(i)).collect();
        let first = !self.begun && at == 0 && self.aggregate.is_global();
        let Some(groups) = self.calendar.groups(at, &sides) else {
            if !first {
                return Rows::new(stride);
            }
            let none: Vec<Contents> = inputs.iter().map(|i| whole(i, Batch::new(i.delta().stride()))).collect();
            return self.evaluate(cx, stride, &none, emit);
        };
        let now = self.change(cx, stride, inputs, &groups.now, emit);
        match &groups.before {
            Some(before) => {
                let before = self.change(cx, stride, inputs, before, emit);
                difference(stride, &now, &before)
            }
            None => now,
        }
    }

    /// What this step changes of the groups.
    fn change(
        &mut self,
        cx: &mut Context,
        stride: u32,
        inputs: &[&ScopeIndex],
        contents: &[Contents],
        emit: MapFn<'_>,
    ) -> Rows {
        let after: Vec<Contents> = inputs
            .iter()
            .zip(contents)
            .map(|(input, c)| {
                let parts = c.trace.batches().cloned().chain([c.delta.clone()]).collect();
                whole(input, Batch::merge_all(c.delta.stride(), parts))
            })
            .collect();
        let after = self.evaluate(cx, stride, &after, emit);
        if !self.begun && self.aggregate.is_global() {
            return after;
        }
        let before: Vec<Contents> = inputs
            .iter()
            .zip(contents)
            .map(|(input, c)| whole(input, Batch::merge_all(c.delta.stride(), c.trace.batches().cloned().collect())))
            .collect();
        let before = self.evaluate(cx, stride, &before, emit);
        difference(stride, &after, &before)
    }

    /// The rows of groups that are all there is.
    fn evaluate(&mut self, cx: &mut Context, stride: u32, contents: &[Contents], emit: MapFn<'_>) -> Rows {
        let inputs: Vec<&dyn Keyed> = contents.iter().map(|c| c as &dyn Keyed).collect();
        self.aggregate.step(cx, stride, &inputs, emit)
    }
}

/// Rows of an index as if all of them were new.
fn whole(index: &ScopeIndex, rows: Batch) -> Contents {
    let trace = spine_of(Batch::new(rows.stride()));
    Contents { key: index.key().clone(), value: index.value().clone(), delta: rows, trace }
}

impl Operator for ScopeAggregate {
    fn node(&self) -> u32 {
        self.aggregate.node()
    }
    fn commit(&mut self) {
        self.begun = true;
    }
    fn save(&self, to: &mut Saver<'_>) {
        to.number(u64::from(self.begun));
    }
    fn load(&mut self, from: &mut Loader<'_>) -> Result<(), String> {
        self.begun = from.number()? != 0;
        Ok(())
    }
    fn size(&self) -> (usize, usize) {
        (0, 0)
    }
}
