//! Decimals of a type's precision and scale.

use crate::{Error, value::Value};
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Rem, Sub, SubAssign};
use std::str::FromStr;
use weir_functions::{Arena, add_dec, cast_text_to_dec, div_dec, mul_dec, rem_dec, sub_dec};
use weir_row::{Item, ItemWriter, View};

/// DECIMAL(P, S): a whole number of units of 10^-S with at most P digits, P at most 38.
///
/// `+ - * / %` are exact or cut toward zero to the scale; like overflow of Rust's own numbers in a debug build, a result of more than P
/// digits ends the pipeline. The `checked` methods say so instead.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SqlDecimal<const P: usize, const S: usize>(i128);

impl<const P: usize, const S: usize> SqlDecimal<P, S> {
    const PRECISION: i32 = P as i32;
    const SCALE: i32 = S as i32;
    const BOUND: u128 = 10u128.pow(P as u32);
    const ONE_UNITS: i128 = 10i128.pow(S as u32);

    /// Zero.
    pub const ZERO: Self = SqlDecimal(0);

    /// The number of that many units of 10^-S; `None` if it has more than P digits.
    pub const fn from_units(units: i128) -> Option<Self> {
        if units.unsigned_abs() < Self::BOUND { Some(SqlDecimal(units)) } else { None }
    }

    /// The units of 10^-S.
    pub const fn units(self) -> i128 {
        self.0
    }

    /// `significand` x 10^-`scale`, surplus digits cut; `None` if it has more than P digits.
    pub fn new(significand: i128, scale: i32) -> Option<Self> {
        let digits = Self::SCALE.saturating_sub(scale).unsigned_abs();
        let units = if scale <= Self::SCALE {
            significand.checked_mul(10i128.checked_pow(digits)?)?
        } else {
            10i128.checked_pow(digits).map_or(0, |power| significand / power)
        };
        Self::from_units(units)
    }

    /// The nearest float.
    pub fn to_f64(self) -> f64 {
        // Its text is read to the nearest.
        self.to_string().parse().unwrap_or(f64::NAN)
    }

    fn binary(self, other: Self, kernel: Kernel) -> Result<Self, Error> {
        Ok(SqlDecimal(kernel(self.0, other.0, Self::SCALE, Self::SCALE, Self::PRECISION, Self::SCALE)?))
    }

    /// The sum.
    ///
    /// # Errors
    /// More than P digits.
    pub fn checked_add(self, other: Self) -> Result<Self, Error> {
        self.binary(other, add_dec)
    }

    /// The difference.
    ///
    /// # Errors
    /// More than P digits.
    pub fn checked_sub(self, other: Self) -> Result<Self, Error> {
        self.binary(other, sub_dec)
    }

    /// The product, cut to the scale.
    ///
    /// # Errors
    /// More than P digits.
    pub fn checked_mul(self, other: Self) -> Result<Self, Error> {
        self.binary(other, mul_dec)
    }

    /// The quotient, cut to the scale.
    ///
    /// # Errors
    /// More than P digits, or a division by zero.
    pub fn checked_div(self, other: Self) -> Result<Self, Error> {
        self.binary(other, div_dec)
    }

    /// The remainder, of the dividend's sign.
    ///
    /// # Errors
    /// A division by zero.
    pub fn checked_rem(self, other: Self) -> Result<Self, Error> {
        self.binary(other, rem_dec)
    }
}

type Kernel = fn(i128, i128, i32, i32, i32, i32) -> Result<i128, weir_functions::Error>;

macro_rules! operators {
    ($($trait:ident $method:ident $checked:ident;)*) => { $(
        impl<const P: usize, const S: usize> $trait for SqlDecimal<P, S> {
            type Output = Self;

            fn $method(self, other: Self) -> Self {
                match self.$checked(other) {
                    Ok(value) => value,
                    Err(e) => panic!("{e}"),
                }
            }
        }
    )* };
}

operators! {
    Add add checked_add;
    Sub sub checked_sub;
    Mul mul checked_mul;
    Div div checked_div;
    Rem rem checked_rem;
}

impl<const P: usize, const S: usize> AddAssign for SqlDecimal<P, S> {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl<const P: usize, const S: usize> SubAssign for SqlDecimal<P, S> {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl<const P: usize, const S: usize> Neg for SqlDecimal<P, S> {
    type Output = Self;

    fn neg(self) -> Self {
        SqlDecimal(-self.0)
    }
}

impl<const P: usize, const S: usize> Sum for SqlDecimal<P, S> {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::ZERO, Add::add)
    }
}

impl<const P: usize, const S: usize> TryFrom<i64> for SqlDecimal<P, S> {
    type Error = Error;

    fn try_from(whole: i64) -> Result<Self, Error> {
        let units = i128::from(whole).checked_mul(Self::ONE_UNITS).and_then(Self::from_units);
        units.ok_or_else(|| Error::new(format!("cannot represent {whole} as DECIMAL({P}, {S})")))
    }
}

/// The nearest decimal.
impl<const P: usize, const S: usize> TryFrom<f64> for SqlDecimal<P, S> {
    type Error = Error;

    fn try_from(x: f64) -> Result<Self, Error> {
        if !x.is_finite() {
            return Err(Error::new(format!("cannot represent {x} as DECIMAL({P}, {S})")));
        }
        format!("{x:.S$}").parse()
    }
}

impl<const P: usize, const S: usize> FromStr for SqlDecimal<P, S> {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Ok(SqlDecimal(cast_text_to_dec(text, Self::PRECISION, Self::SCALE)?))
    }
}

/// With all S digits after the point.
impl<const P: usize, const S: usize> fmt::Display for SqlDecimal<P, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&weir_functions::forms::decimal_all(self.0, Self::SCALE))
    }
}

impl<const P: usize, const S: usize> fmt::Debug for SqlDecimal<P, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<const P: usize, const S: usize> Value for SqlDecimal<P, S> {
    type Words<'a> = i128;

    fn get(words: i128) -> Result<Self, Error> {
        Ok(SqlDecimal(words))
    }

    fn put(self, _: &Arena) -> Result<i128, Error> {
        Ok(self.0)
    }

    fn read(item: Item<'_>) -> Option<Self> {
        if let View::Dec(units, scale) = item.view() { Self::new(units, i32::from(scale)) } else { None }
    }

    fn write(&self, out: &mut ItemWriter) -> Result<(), Error> {
        out.dec(self.0, S as u8);
        Ok(())
    }
}
