//! Where an aggregation keeps its sums and counts. Compiled programs and the engine number them by this, so that the state of one is the
//! state of the other.

use crate::{Aggregate, AggregateFunction, AggregateMethod, AggregatePart, Expr};
use weir_row::{DECIMAL_PRECISION_ONE_WORD, SqlType};

/// Where the accumulators of a linear aggregate are, among the words of a group's accumulators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accumulators {
    /// The number of arguments that are not NULL.
    pub count: usize,
    /// Their sum; one word if it is an exclusive or.
    pub sum: usize,
    /// Whether the sum has three words, not two.
    pub wide: bool,
}

impl Aggregate {
    /// The expression over rows of its input that it counts, adds or puts together, if it has one.
    pub fn argument(&self) -> Option<&Expr> {
        match &self.function {
            AggregateFunction::Count(e)
            | AggregateFunction::Sum(e)
            | AggregateFunction::Avg(e)
            | AggregateFunction::BitXor(e)
            | AggregateFunction::User { argument: e, .. }
            | AggregateFunction::Reduce { argument: e, .. } => Some(e),
            AggregateFunction::CountRows
            | AggregateFunction::Min
            | AggregateFunction::Max
            | AggregateFunction::ArgMin
            | AggregateFunction::ArgMax
            | AggregateFunction::Mode
            | AggregateFunction::Collect { .. } => None,
        }
    }

    /// Whether it is the value of a row of its part's input: MIN, MAX, ARG_MIN, ARG_MAX, MODE.
    pub fn is_chosen(&self) -> bool {
        use AggregateFunction::{ArgMax, ArgMin, Max, Min, Mode};
        matches!(self.function, Min | Max | ArgMin | ArgMax | Mode)
    }

    /// Whether it takes the exclusive or of its arguments.
    pub fn is_xor(&self) -> bool {
        matches!(self.function, AggregateFunction::BitXor(_))
    }

    /// All expressions over rows of its input.
    pub fn reads(&self) -> impl Iterator<Item = &Expr> {
        let values =
            if let AggregateFunction::Collect { values, .. } = &self.function { values.as_slice() } else { &[] };
        self.argument().into_iter().chain(values)
    }

    /// Whether it adds its argument up.
    pub fn is_sum(&self) -> bool {
        matches!(self.function, AggregateFunction::Sum(_) | AggregateFunction::Avg(_))
    }
}

/// The accumulators of each aggregate of each part, none for parts that are not linear, and the words of all of them. Word 0 counts
/// the rows of the first part; aggregates that count all rows of their part share one count.
pub fn accumulators(parts: &[AggregatePart]) -> (Vec<Vec<Accumulators>>, usize) {
    let mut next = 1;
    let numbered = parts.iter().enumerate().map(|(p, part)| match part.method {
        AggregateMethod::Linear => number(part, p == 0, &mut next),
        AggregateMethod::Extreme | AggregateMethod::Fold => vec![],
    });
    (numbered.collect(), next)
}

/// The words of each accumulator of a part that is numbered alone, in order; 0 is one word, of which the exclusive or is taken.
pub fn accumulator_widths(part: &AggregatePart) -> Vec<usize> {
    let (numbered, words) = accumulators(std::slice::from_ref(part));
    let mut widths = vec![1; words];
    for (a, words) in part.aggregates.iter().zip(numbered.iter().flatten()) {
        let width = match (a.is_sum(), words.wide) {
            (true, wide) => 2 + usize::from(wide),
            (false, _) => 0,
        };
        if a.is_sum() || a.is_xor() {
            widths[words.sum] = width;
            widths[words.sum + 1..words.sum + width.max(1)].fill(usize::MAX);
        }
    }
    widths.retain(|w| *w != usize::MAX);
    widths
}

fn number(part: &AggregatePart, first: bool, next: &mut usize) -> Vec<Accumulators> {
    let mut rows = first.then_some(0);
    let mut numbered = Vec::new();
    for a in &part.aggregates {
        let always = a.argument().is_none_or(|e| !e.ty.nullable);
        let count = match (always, rows) {
            (true, Some(count)) => count,
            _ => {
                *next += 1;
                if always {
                    rows = Some(*next - 1);
                }
                *next - 1
            }
        };
        let wide = a.argument().is_some_and(|e| is_wide(&e.ty.sql));
        numbered.push(Accumulators { count, sum: *next, wide });
        if a.is_sum() {
            *next += if wide { 3 } else { 2 };
        } else if a.is_xor() {
            *next += 1;
        }
    }
    numbered
}

/// Whether sums of a type need three words.
fn is_wide(ty: &SqlType) -> bool {
    matches!(ty, SqlType::Decimal { precision, .. } if *precision > DECIMAL_PRECISION_ONE_WORD)
}
