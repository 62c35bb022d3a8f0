//! Whole-number arithmetic and BOOLEAN: no growth, overflow is an error.

use crate::{Error, Kernel};

kernels! { BOOLEAN:
    /// Logical negation.
    fn not_bool(a: Bool) -> Bool = { !a }
    /// TRUE for at most one row; a scalar subquery of more has no value.
    fn single_row(n: I64) -> Bool[!] = {
        if n <= 1 { Ok(true) } else { Err(Error::new("More than one value in subquery")) }
    }
}

macro_rules! integers {
    ($($kind:ident $sql:literal;)*) => { pastey::paste! {
        $( kernels! { [<$kind:upper _KERNELS>]:
            /// Sum.
            fn [<add_ $kind:lower>](a: $kind, b: $kind) -> $kind[!] = {
                a.checked_add(b).ok_or_else(|| Error::overflow("add", format_args!("{a} + {b}"), $sql))
            }
            /// Difference.
            fn [<sub_ $kind:lower>](a: $kind, b: $kind) -> $kind[!] = {
                a.checked_sub(b).ok_or_else(|| Error::overflow("subtract", format_args!("{a} - {b}"), $sql))
            }
            /// Product.
            fn [<mul_ $kind:lower>](a: $kind, b: $kind) -> $kind[!] = {
                a.checked_mul(b).ok_or_else(|| Error::overflow("multiply", format_args!("{a} * {b}"), $sql))
            }
            /// Quotient, cut toward zero.
            fn [<div_ $kind:lower>](a: $kind, b: $kind) -> $kind[!] = {
                a.checked_div(b).ok_or_else(|| {
                    if b == 0 {
                        Error::new(format!("attempt to divide by zero: '{a} / 0' causes overflow for type {}", $sql))
                    } else {
                        Error::overflow("divide", format_args!("{a} / {b}"), $sql)
                    }
                })
            }
            /// Quotient, cut toward zero; NULL when there is none.
            fn [<div_null_ $kind:lower>](a: $kind, b: $kind) -> $kind[?] = { a.checked_div(b) }
            /// Remainder with the dividend's sign.
            fn [<rem_ $kind:lower>](a: $kind, b: $kind) -> $kind[!] = {
                if b == 0 {
                    return Err(Error::new("attempt to calculate the remainder with a divisor of zero"));
                }
                Ok(a.wrapping_rem(b))
            }
        } )*
    } };
}

integers! {
    I8 "TINYINT"; I16 "SMALLINT"; I32 "INTEGER"; I64 "BIGINT";
    U8 "TINYINT UNSIGNED"; U16 "SMALLINT UNSIGNED"; U32 "INTEGER UNSIGNED"; U64 "BIGINT UNSIGNED";
}

macro_rules! signed {
    ($($kind:ident $sql:literal;)*) => { pastey::paste! {
        $( kernels! { [<$kind:upper _SIGNED>]:
            /// Negation.
            fn [<neg_ $kind:lower>](a: $kind) -> $kind[!] = {
                a.checked_neg().ok_or_else(|| Error::overflow("negate", format_args!("- {a}"), $sql))
            }
            /// Absolute value.
            fn [<abs_ $kind:lower>](a: $kind) -> $kind[!] = {
                a.checked_abs().ok_or_else(|| Error::overflow("negate", format_args!("ABS({a})"), $sql))
            }
            /// -1, 0 or 1.
            fn [<sign_ $kind:lower>](a: $kind) -> $kind = { a.signum() }
        } )*
    } };
}

signed! { I8 "TINYINT"; I16 "SMALLINT"; I32 "INTEGER"; I64 "BIGINT"; }

pub(crate) const KERNELS: &[&[Kernel]] = &[
    BOOLEAN,
    I8_KERNELS,
    I16_KERNELS,
    I32_KERNELS,
    I64_KERNELS,
    U8_KERNELS,
    U16_KERNELS,
    U32_KERNELS,
    U64_KERNELS,
    I8_SIGNED,
    I16_SIGNED,
    I32_SIGNED,
    I64_SIGNED,
];
