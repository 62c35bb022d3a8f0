//! Floats in SQL's order: one zero, one NaN, which is equal to itself and greatest.

use crate::Error;
use crate::value::wrapper;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::iter::Sum;
use std::ops::{Add, AddAssign, Deref, Div, DivAssign, Mul, MulAssign, Neg, Rem, RemAssign, Sub, SubAssign};
use std::str::FromStr;

macro_rules! operators {
    ($t:ident, $f:ty, $($trait:ident $method:ident $assign:ident $assign_method:ident;)*) => { $(
        impl $trait for $t {
            type Output = $t;

            fn $method(self, other: $t) -> $t {
                $t(self.0.$method(other.0))
            }
        }

        impl $trait<$f> for $t {
            type Output = $t;

            fn $method(self, other: $f) -> $t {
                $t(self.0.$method(other))
            }
        }

        impl $assign for $t {
            fn $assign_method(&mut self, other: $t) {
                *self = $trait::$method(*self, other);
            }
        }
    )* };
}

macro_rules! float {
    ($(#[$doc:meta])* $t:ident, $f:ty, $writer:ident, $view:ident, $parse:ident, $text:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Default)]
        pub struct $t($f);

        impl $t {
            /// The float as SQL sees it.
            pub const fn new(x: $f) -> $t {
                $t(x)
            }

            /// The float as Rust sees it.
            pub const fn into_inner(self) -> $f {
                self.0
            }
        }

        impl Deref for $t {
            type Target = $f;

            fn deref(&self) -> &$f {
                &self.0
            }
        }

        impl From<$f> for $t {
            fn from(x: $f) -> $t {
                $t(x)
            }
        }

        impl From<$t> for $f {
            fn from(x: $t) -> $f {
                x.0
            }
        }

        impl Ord for $t {
            fn cmp(&self, other: &$t) -> Ordering {
                weir_row::cmp_f64(f64::from(self.0), f64::from(other.0))
            }
        }

        impl PartialOrd for $t {
            fn partial_cmp(&self, other: &$t) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }

        impl PartialEq for $t {
            fn eq(&self, other: &$t) -> bool {
                self.cmp(other) == Ordering::Equal
            }
        }

        impl Eq for $t {}

        impl PartialEq<$f> for $t {
            fn eq(&self, other: &$f) -> bool {
                *self == $t(*other)
            }
        }

        impl Hash for $t {
            fn hash<H: Hasher>(&self, state: &mut H) {
                // The canonical bits: equal floats have equal ones.
                weir_row::enc::$writer(self.0).hash(state);
            }
        }

        impl Neg for $t {
            type Output = $t;

            fn neg(self) -> $t {
                $t(-self.0)
            }
        }

        impl Sum for $t {
            fn sum<I: Iterator<Item = $t>>(all: I) -> $t {
                $t(all.map(|x| x.0).sum())
            }
        }

        impl FromStr for $t {
            type Err = Error;

            fn from_str(text: &str) -> Result<$t, Error> {
                Ok($t(weir_functions::$parse(text)?))
            }
        }

        impl fmt::Display for $t {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&weir_functions::forms::$text(self.0))
            }
        }

        impl fmt::Debug for $t {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        operators! { $t, $f,
            Add add AddAssign add_assign;
            Sub sub SubAssign sub_assign;
            Mul mul MulAssign mul_assign;
            Div div DivAssign div_assign;
            Rem rem RemAssign rem_assign;
        }

        wrapper!($t, $f, $writer, $view, |_v| true);
    };
}

float! {
    /// REAL: it derefs to `f32`.
    F32, f32, f32, F32, cast_text_to_f32, real
}
float! {
    /// DOUBLE: it derefs to `f64`.
    F64, f64, f64, F64, cast_text_to_f64, double
}

impl From<F32> for F64 {
    fn from(x: F32) -> F64 {
        F64(f64::from(x.0))
    }
}
