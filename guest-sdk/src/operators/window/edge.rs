//! Where frames begin and end.

use super::evaluate::Side;
use super::{Bound, Unit};
use crate::key_rows::Cut;

/// A place between two of the rows of a key, each as often as its weight says.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Edge {
    /// Before a row, or behind all of them; settled.
    pub(super) cut: Cut,
    /// How many times that row lies before the edge; less than its weight.
    pub(super) skip: u64,
    /// The rows (groups) that are lacking: the edge would be so far before the first one.
    lacking: u64,
}

impl Side<'_> {
    /// The place before a row, or behind all.
    pub(super) fn edge(&self, mut cut: Cut) -> Edge {
        self.rows.peek(&mut cut);
        Edge { cut, skip: 0, lacking: 0 }
    }

    /// The place `offset` rows behind the row at `cut`, of which `copy` times lie before the current one.
    pub(super) fn rows_from(&self, cut: &Cut, copy: u64, offset: i64) -> Edge {
        let mut cut = cut.clone();
        let mut left = copy.saturating_add_signed(offset);
        if offset.is_negative() && offset.unsigned_abs() > copy {
            let mut back = offset.unsigned_abs() - copy;
            while let Some((_, weight)) = self.rows.prev(&mut cut) {
                if back <= weight.unsigned_abs() {
                    return Edge { cut, skip: weight.unsigned_abs() - back, lacking: 0 };
                }
                back -= weight.unsigned_abs();
            }
            return Edge { lacking: back, ..self.edge(cut) };
        }
        while let Some((row, weight)) = self.rows.peek(&mut cut) {
            if left < weight.unsigned_abs() {
                return Edge { cut, skip: left, lacking: 0 };
            }
            left -= weight.unsigned_abs();
            self.rows.pass(&mut cut, row);
        }
        self.edge(cut)
    }

    /// The place before the group that lies `offset` groups behind the one that begins at `cut`.
    pub(super) fn groups_from(&self, cut: &Cut, offset: i64) -> Edge {
        let mut edge = self.edge(cut.clone());
        if offset >= 0 {
            (0..offset).take_while(|_| self.next_group(&mut edge)).for_each(drop);
            return edge;
        }
        for n in 0..offset.unsigned_abs() {
            let mut cut = edge.cut.clone();
            let Some((row, _)) = self.rows.prev(&mut cut) else {
                edge.lacking = offset.unsigned_abs() - n;
                break;
            };
            edge = self.edge(self.rows.seek(self.peers(row)));
        }
        edge
    }

    /// Moves on by a row.
    fn next_row(&self, edge: &mut Edge) {
        if edge.lacking > 0 {
            edge.lacking -= 1;
            return;
        }
        let Some((row, weight)) = self.rows.peek(&mut edge.cut) else { return };
        edge.skip += 1;
        if edge.skip >= weight.unsigned_abs() {
            self.rows.pass(&mut edge.cut, row);
            *edge = self.edge(std::mem::take(&mut edge.cut));
        }
    }

    /// Moves on by a group; whether there was one.
    fn next_group(&self, edge: &mut Edge) -> bool {
        if edge.lacking > 0 {
            edge.lacking -= 1;
            return true;
        }
        let Some((row, _)) = self.rows.peek(&mut edge.cut) else { return false };
        *edge = self.edge(self.rows.seek_past(self.peers(row)));
        true
    }

    /// Where the frame of the current row begins (ends, if `end`); `before` is where the frame of the row (group) just before does.
    pub(super) fn bound(
        &self,
        unit: Unit,
        bound: &Bound,
        end: bool,
        copy: u64,
        row: &[u64],
        before: Option<Edge>,
    ) -> Edge {
        let offset = match bound {
            Bound::Unbounded if end => return self.edge(self.rows.end()),
            Bound::Unbounded => return self.edge(self.rows.start()),
            Bound::Value { of_row, .. } => {
                let words = self.moved(of_row, row);
                return self.edge(if end { self.rows.seek_past(&words) } else { self.rows.seek(&words) });
            }
            Bound::Offset(offset) => *offset + i64::from(end),
        };
        match (unit, before) {
            (Unit::Rows, None) => self.rows_from(&self.at, copy, offset),
            (Unit::Rows, Some(mut edge)) => {
                self.next_row(&mut edge);
                edge
            }
            (Unit::Groups, None) => self.groups_from(&self.rows.seek(self.peers(row)), offset),
            (Unit::Groups, Some(mut edge)) => {
                self.next_group(&mut edge);
                edge
            }
            (Unit::Range, _) if end => self.edge(self.rows.seek_past(self.peers(row))),
            (Unit::Range, _) => self.edge(self.rows.seek(self.peers(row))),
        }
    }
}
