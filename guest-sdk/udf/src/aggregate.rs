//! Linear aggregates: sums in a group (in the sense of algebra) that the author chooses.

use crate::Value;
use std::error::Error;
use std::ops::{Add, Neg};

/// Adds `value`, `weight` times, to a sum that begins with nothing. By doubling: a weight of a million takes twenty additions.
pub fn add<A: Clone + Add<Output = A> + Neg<Output = A>>(sum: &mut Option<A>, value: A, weight: i64) {
    let mut power = if weight < 0 { -value } else { value };
    let mut rest = weight.unsigned_abs();
    while rest > 0 {
        if rest & 1 == 1 {
            *sum = Some(match sum.take() {
                Some(sum) => sum + power.clone(),
                None => power.clone(),
            });
        }
        rest >>= 1;
        if rest > 0 {
            power = power.clone() + power;
        }
    }
}

/// What the function that ends an aggregate may return: the result, an `Option` or a `Result` of it, or both.
pub trait Finished<T> {
    /// The result; `None` is NULL.
    ///
    /// # Errors
    /// What the function says.
    fn finished(self) -> Result<Option<T>, Box<dyn Error>>;
}

impl<T: Value> Finished<T> for T {
    fn finished(self) -> Result<Option<T>, Box<dyn Error>> {
        Ok(Some(self))
    }
}

impl<T: Value> Finished<T> for Option<T> {
    fn finished(self) -> Result<Option<T>, Box<dyn Error>> {
        Ok(self)
    }
}

impl<T: Value, E: Into<Box<dyn Error>>> Finished<T> for Result<T, E> {
    fn finished(self) -> Result<Option<T>, Box<dyn Error>> {
        self.map(Some).map_err(Into::into)
    }
}

impl<T: Value, E: Into<Box<dyn Error>>> Finished<T> for Result<Option<T>, E> {
    fn finished(self) -> Result<Option<T>, Box<dyn Error>> {
        self.map_err(Into::into)
    }
}
