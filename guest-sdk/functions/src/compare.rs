//! Comparisons of values of one kind, and the greater or lesser of two.

use crate::Kernel;
use std::cmp::Ordering;

/// Floats compare with one zero and one NaN, the greatest; everything else as Rust has it.
macro_rules! order {
    (F32, $a:ident, $b:ident) => {
        weir_row::cmp_f64(f64::from($a), f64::from($b))
    };
    (F64, $a:ident, $b:ident) => {
        weir_row::cmp_f64($a, $b)
    };
    ($kind:ident, $a:ident, $b:ident) => {
        $a.cmp(&$b)
    };
}

macro_rules! comparisons {
    ($($kind:ident)*) => { pastey::paste! {
        $( kernels! { [<$kind:upper _KERNELS>]:
            /// Equal.
            fn [<eq_ $kind:lower>](a: $kind, b: $kind) -> Bool = { order!($kind, a, b) == Ordering::Equal }
            /// Not equal.
            fn [<ne_ $kind:lower>](a: $kind, b: $kind) -> Bool = { order!($kind, a, b) != Ordering::Equal }
            /// Less.
            fn [<lt_ $kind:lower>](a: $kind, b: $kind) -> Bool = { order!($kind, a, b) == Ordering::Less }
            /// Less or equal.
            fn [<le_ $kind:lower>](a: $kind, b: $kind) -> Bool = { order!($kind, a, b) != Ordering::Greater }
            /// Greater.
            fn [<gt_ $kind:lower>](a: $kind, b: $kind) -> Bool = { order!($kind, a, b) == Ordering::Greater }
            /// Greater or equal.
            fn [<ge_ $kind:lower>](a: $kind, b: $kind) -> Bool = { order!($kind, a, b) != Ordering::Less }
            /// The greater of two.
            fn [<max_ $kind:lower>](a: $kind, b: $kind) -> $kind = { if order!($kind, a, b) == Ordering::Less { b } else { a } }
            /// The lesser of two.
            fn [<min_ $kind:lower>](a: $kind, b: $kind) -> $kind = { if order!($kind, a, b) == Ordering::Greater { b } else { a } }
            /// NULL if the two are equal, else the first.
            fn [<nullif_ $kind:lower>](a: $kind, b: $kind) -> $kind[?] = { (order!($kind, a, b) != Ordering::Equal).then_some(a) }
        } )*
        pub(crate) const KERNELS: &[&[Kernel]] = &[$([<$kind:upper _KERNELS>]),*];
    } };
}

comparisons! { Bool I8 I16 I32 I64 U8 U16 U32 U64 Dec F32 F64 Text Date Time Ts Months Micros Tz Uuid Bytes Item }
