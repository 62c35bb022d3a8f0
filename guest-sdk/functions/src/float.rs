//! Floats: arithmetic never fails; domain problems give NaN unless SQL says that they stop the pipeline.

use crate::Kernel;

macro_rules! floats {
    ($($kind:ident)*) => { pastey::paste! {
        $( kernels! { [<$kind:upper _KERNELS>]:
            /// Sum.
            fn [<add_ $kind:lower>](a: $kind, b: $kind) -> $kind = { a + b }
            /// Difference.
            fn [<sub_ $kind:lower>](a: $kind, b: $kind) -> $kind = { a - b }
            /// Product.
            fn [<mul_ $kind:lower>](a: $kind, b: $kind) -> $kind = { a * b }
            /// Quotient; by zero an infinity or NaN.
            fn [<div_ $kind:lower>](a: $kind, b: $kind) -> $kind = { a / b }
            /// Quotient; NULL unless it is finite.
            fn [<div_null_ $kind:lower>](a: $kind, b: $kind) -> $kind[?] = { Some(a / b).filter(|q| q.is_finite()) }
            /// Remainder with the dividend's sign; NaN by zero.
            fn [<rem_ $kind:lower>](a: $kind, b: $kind) -> $kind = { a % b }
            /// Negation.
            fn [<neg_ $kind:lower>](a: $kind) -> $kind = { -a }
            /// Absolute value.
            fn [<abs_ $kind:lower>](a: $kind) -> $kind = { a.abs() }
            /// -1, 0 or 1; NaN of NaN.
            fn [<sign_ $kind:lower>](a: $kind) -> $kind = { if a == 0.0 || a.is_nan() { a + 0.0 } else { a.signum() } }
            /// The greatest whole number not above.
            fn [<floor_ $kind:lower>](a: $kind) -> $kind = { a.floor() }
            /// The least whole number not below.
            fn [<ceil_ $kind:lower>](a: $kind) -> $kind = { a.ceil() }
            /// Rounded half away from zero to `n` places.
            fn [<round_ $kind:lower>](a: $kind, n: I32) -> $kind = { places(f64::from(a), n, f64::round) as rust!($kind) }
            /// Cut toward zero to `n` places.
            fn [<trunc_ $kind:lower>](a: $kind, n: I32) -> $kind = { places(f64::from(a), n, f64::trunc) as rust!($kind) }
            /// Whether it is NaN.
            fn [<is_nan_ $kind:lower>](a: $kind) -> Bool = { a.is_nan() }
            /// Whether it is an infinity.
            fn [<is_inf_ $kind:lower>](a: $kind) -> Bool = { a.is_infinite() }
            /// NULL for NaN and the infinities.
            fn [<finite_or_null_ $kind:lower>](a: $kind) -> $kind[?] = { Some(a).filter(|x| x.is_finite()) }
        } )*
    } };
}

floats! { F32 F64 }

/// Applies `f` at `n` decimal places; a value with no digits there is left alone.
fn places(x: f64, n: i32, f: fn(f64) -> f64) -> f64 {
    if n == 0 {
        return f(x);
    }
    let unit = 10f64.powi(n.clamp(-308, 308));
    let scaled = x * unit;
    if scaled.is_finite() { f(scaled) / unit } else { x }
}

pub(crate) const KERNELS: &[&[Kernel]] = &[F32_KERNELS, F64_KERNELS, crate::maths::KERNELS];

/// What SQL calls them.
#[cfg(not(target_family = "wasm"))]
pub(crate) const FUNCTIONS: &[crate::catalog::Function] = {
    use crate::catalog::{Family, Function, Out, Param, form};
    &[
        Function::new(
            &[Family::Float],
            &["is_nan"],
            &[form(&[Param::Float], Out::Boolean, "is_nan_{}")],
            "Whether a REAL or DOUBLE is NaN.",
        )
        .gives(&[("IS_NAN(DOUBLE 'NaN')", "TRUE"), ("IS_NAN(1e0)", "FALSE"), ("IS_NAN(CAST(NULL AS DOUBLE))", "NULL")])
        .refuses(&[("IS_NAN('x')", "IS_NAN does not take")]),
        Function::new(
            &[Family::Float],
            &["is_inf"],
            &[form(&[Param::Float], Out::Boolean, "is_inf_{}")],
            "Whether a REAL or DOUBLE is an infinity, of either sign.",
        )
        .gives(&[
            ("IS_INF(DOUBLE '-inf')", "TRUE"),
            ("IS_INF(REAL 'NaN')", "FALSE"),
            ("IS_INF(CAST(NULL AS REAL))", "NULL"),
        ]),
        Function::new(
            &[Family::Float],
            &["finite_or_null"],
            &[form(&[Param::Float], Out::First, "finite_or_null_{}")],
            "The number itself; NULL for NaN and the infinities.",
        )
        .gives(&[
            ("FINITE_OR_NULL(1e0 / 0)", "NULL"),
            ("FINITE_OR_NULL(REAL '1.5')", "1.5"),
            ("FINITE_OR_NULL(DOUBLE 'NaN')", "NULL"),
        ]),
    ]
};
