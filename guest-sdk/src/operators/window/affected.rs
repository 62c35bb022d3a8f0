//! Which rows a change matters to: those in whose frames it lies.

use super::evaluate::Side;
use super::{Bound, Unit};
use crate::key_rows::Cut;

/// The words of the first row that a change of `row` matters to, among the rows before the step and after it.
pub(super) fn begin(old: &Side<'_>, new: &Side<'_>, row: &[u64]) -> Vec<u64> {
    let begin = [old.first_affected(row), new.first_affected(row)].into_iter().flatten().min();
    begin.unwrap_or(row).min(row).to_vec()
}

/// Where the rows end that a change of `row`, or of one before it, matters to, among the rows before the step and after it; but for rows whose
/// frames begin with the key's first row.
pub(super) fn ends(old: &Side<'_>, new: &Side<'_>, row: &[u64]) -> (Cut, Cut) {
    (old.end_of_affected(row), new.end_of_affected(row))
}

impl<'a> Side<'a> {
    /// The first row whose frame a change of `row` may lie in.
    fn first_affected(&self, row: &[u64]) -> Option<&'a [u64]> {
        let frames = self.window.frames.iter().map(|frame| {
            let mut cut = match (&frame.end, frame.unit) {
                (Bound::Unbounded, _) => self.rows.start(),
                (Bound::Value { back, .. }, _) => self.rows.seek(&self.moved(back, row)),
                (Bound::Offset(n), Unit::Rows) => self.rows_from(&self.rows.seek(row), 0, -(*n).max(0)).cut,
                (Bound::Offset(n), _) => self.groups_from(&self.rows.seek(self.peers(row)), -(*n).max(0)).cut,
            };
            self.rows.peek(&mut cut).map(|(row, _)| row)
        });
        frames.flatten().min()
    }

    /// The end of the rows whose frames a change of `row` may lie in, but for frames that begin with the first row.
    fn end_of_affected(&self, row: &[u64]) -> Cut {
        let mut end = self.rows.seek_past(row);
        for frame in &self.window.frames {
            let cut = match (&frame.start, frame.unit) {
                // Where such a frame does not lie behind the change, it does not hold it either.
                (Bound::Unbounded, _) => match (&frame.end, frame.unit) {
                    (Bound::Unbounded, _) => self.rows.end(),
                    (Bound::Value { .. }, _) | (Bound::Offset(_), Unit::Range | Unit::Groups) => {
                        self.rows.seek_past(self.peers(row))
                    }
                    (Bound::Offset(_), Unit::Rows) => continue,
                },
                (Bound::Value { back, .. }, _) => self.rows.seek_past(&self.moved(back, row)),
                (Bound::Offset(n), Unit::Rows) => {
                    let behind = self.rows_from(&self.rows.seek_past(row), 0, n.saturating_neg().max(0));
                    let mut cut = behind.cut;
                    // The row that it lies within is one of them.
                    if behind.skip > 0
                        && let Some((row, _)) = self.rows.peek(&mut cut)
                    {
                        self.rows.pass(&mut cut, row);
                    }
                    cut
                }
                (Bound::Offset(n), _) => {
                    let own = self.rows.seek_past(self.peers(row));
                    self.groups_from(&own, n.saturating_neg().max(0)).cut
                }
            };
            end = end.max(cut);
        }
        end
    }
}
