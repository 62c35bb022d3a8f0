//! Going round: what variables are next, what comes of a scope, and when it is done.

use super::NEVER;
use crate::checkpoint::{Loader, Saver};
use crate::{Batch, Context, Operator, Rows};
use weir_row::Block;

/// The end of a scope, which turns back to its beginning until nothing changes any more on any worker.
///
/// ```
/// use weir_sdk::prelude::*;
/// // Doubles a number until it is beyond 100.
/// let mut cx = weir_sdk::local::solo();
/// let mut recursion = Recursion::new(0, 1000, "no end", 1, 1, &[1], &[1]);
/// let start = Rows::from_pairs(1, &[(&[3], 1)]);
/// recursion.begin();
/// loop {
///     let at = recursion.iteration();
///     let input = import(&cx, 1, at, &start);
///     let doubled = map(&mut cx, 2, 1, &recursion.variable(0), &|_, rows, out| {
///         for (r, w) in rows.filter(|(r, _)| r[0] <= 100) {
///             out.put([r[0] * 2]);
///             out.end(w);
///         }
///     });
///     let all = union(&mut cx, 3, &[&input, &doubled]);
///     if !recursion.turn(&mut cx, &[&all], &[&all], least([])) {
///         break;
///     }
/// }
/// let rows = recursion.export(&cx, 4, 0);
/// assert_eq!(rows.iter().map(|(r, _)| r[0]).collect::<Vec<_>>(), [3, 6, 12, 24, 48, 96, 192]);
/// ```
pub struct Recursion {
    node: u32,
    limit: u64,
    name: String,
    line: u32,
    column: u32,
    at: u64,
    variables: Vec<Rows>,
    exports: Vec<Rows>,
}

impl Recursion {
    /// A recursion of so many iterations at most; what is said if there were more, and where that is in the program's text; the words of the rows of
    /// its variables, and of its exports.
    pub fn new(
        node: u32,
        limit: u64,
        failure: &str,
        line: u32,
        column: u32,
        variables: &[u32],
        exports: &[u32],
    ) -> Recursion {
        let empty = |strides: &[u32]| strides.iter().map(|s| Rows::new(*s)).collect();
        let (variables, exports) = (empty(variables), empty(exports));
        Recursion { node, limit, name: failure.to_owned(), line, column, at: 0, variables, exports }
    }

    /// Begins a step.
    pub fn begin(&mut self) {
        self.at = 0;
        for rows in self.variables.iter_mut().chain(&mut self.exports) {
            *rows = Rows::new(rows.stride());
        }
    }

    /// The iteration at hand.
    pub fn iteration(&self) -> u64 {
        self.at
    }

    /// The change of a variable in this iteration.
    pub fn variable(&self, index: usize) -> Rows {
        self.variables[index].clone()
    }

    /// Ends an iteration: with the changes of what the variables are next and of the exports, and the least iteration that a calendar has something
    /// for. Whether there is another one.
    pub fn turn(&mut self, cx: &mut Context, variables: &[&Rows], exports: &[&Rows], next: u64) -> bool {
        let (mut changed, mut put_out) = (0, 0);
        for (variable, rows) in self.variables.iter_mut().zip(variables) {
            changed += rows.len();
            *variable = Rows::clone(rows);
        }
        for (export, rows) in self.exports.iter_mut().zip(exports) {
            put_out += rows.len();
            export.append(rows);
        }
        let next = agreed(cx, self.node, if changed > 0 { self.at + 1 } else { next });
        cx.count(self.node, changed, put_out);
        if next == NEVER {
            return false;
        }
        if next >= self.limit {
            cx.fail(&self.name, self.line, self.column);
        }
        self.at = next;
        true
    }

    /// The change of an export by the whole step.
    pub fn export(&self, cx: &Context, node: u32, index: usize) -> Rows {
        let rows = self.exports[index].clone();
        let len = rows.len();
        // What one iteration put out and a later one took back is nothing.
        let rows = Batch::sort(rows).into_rows();
        cx.count(node, len, rows.len());
        rows
    }
}

/// The least of some iterations.
pub fn least<const N: usize>(all: [u64; N]) -> u64 {
    all.into_iter().min().unwrap_or(NEVER)
}

/// The least of all workers' iterations.
fn agreed(cx: &Context, channel: u32, next: u64) -> u64 {
    if cx.workers() == 1 {
        return next;
    }
    let mut block = Block::new(1);
    block.push(&[next], 1);
    let incoming = cx.host().exchange(channel, vec![block; cx.workers()]);
    incoming.iter().filter_map(|block| block.words.first().copied()).min().unwrap_or(NEVER)
}

impl Operator for Recursion {
    fn node(&self) -> u32 {
        self.node
    }
    fn commit(&mut self) {
        self.begin();
    }
    fn save(&self, _: &mut Saver<'_>) {}
    fn load(&mut self, _: &mut Loader<'_>) -> Result<(), String> {
        Ok(())
    }
    fn size(&self) -> (usize, usize) {
        (0, 0)
    }
}
