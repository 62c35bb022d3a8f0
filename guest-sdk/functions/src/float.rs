//! Floats: arithmetic never fails; domain problems give NaN unless SQL says that they stop the pipeline.

use crate::{Error, Kernel};

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

#[cold]
fn domain(function: &str, x: f64) -> Error {
    Error::new(format!("{function}({}) is not defined", crate::text_forms::double(x)))
}

/// The logarithm's domain: the sign bit must not be set, not even on zero.
fn logarithm(name: &str, x: f64, f: fn(f64) -> f64) -> Result<f64, Error> {
    if x.is_sign_negative() && !x.is_nan() { Err(domain(name, x)) } else { Ok(f(x)) }
}

kernels! { MATHS:
    /// Arc cosine.
    fn acos(x: F64) -> F64 = { x.acos() }
    /// Inverse hyperbolic cosine.
    fn acosh(x: F64) -> F64[!] = { if x < 1.0 { Err(domain("ACOSH", x)) } else { Ok(x.acosh()) } }
    /// Arc sine.
    fn asin(x: F64) -> F64 = { x.asin() }
    /// Inverse hyperbolic sine.
    fn asinh(x: F64) -> F64 = { x.asinh() }
    /// Arc tangent.
    fn atan(x: F64) -> F64 = { x.atan() }
    /// The angle of (x, y): `(y, x)`.
    fn atan2(y: F64, x: F64) -> F64 = { y.atan2(x) }
    /// Inverse hyperbolic tangent.
    fn atanh(x: F64) -> F64[!] = { if x.abs() > 1.0 { Err(domain("ATANH", x)) } else { Ok(x.atanh()) } }
    /// Cube root.
    fn cbrt(x: F64) -> F64 = { x.cbrt() }
    /// Cosine.
    fn cos(x: F64) -> F64 = { x.cos() }
    /// Hyperbolic cosine.
    fn cosh(x: F64) -> F64 = { x.cosh() }
    /// Cotangent.
    fn cot(x: F64) -> F64 = { 1.0 / x.tan() }
    /// Hyperbolic cotangent.
    fn coth(x: F64) -> F64 = { 1.0 / x.tanh() }
    /// Cosecant.
    fn csc(x: F64) -> F64 = { 1.0 / x.sin() }
    /// Hyperbolic cosecant.
    fn csch(x: F64) -> F64 = { 1.0 / x.sinh() }
    /// Radians in degrees.
    fn degrees(x: F64) -> F64 = { x.to_degrees() }
    /// e to the x.
    fn exp(x: F64) -> F64 = { x.exp() }
    /// Natural logarithm.
    fn ln(x: F64) -> F64[!] = { logarithm("LN", x, f64::ln) }
    /// Logarithm of base 10.
    fn log10(x: F64) -> F64[!] = { logarithm("LOG10", x, f64::log10) }
    /// Logarithm of `x` to a base: `(x, base)`.
    fn log(x: F64, base: F64) -> F64[!] = {
        if base == 0.0 && !base.is_sign_negative() {
            return logarithm("LOG", x, |_| 0.0);
        }
        Ok(logarithm("LOG", x, f64::ln)? / logarithm("LOG", base, f64::ln)?)
    }
    /// `b` to the `e`.
    fn power_f64(b: F64, e: F64) -> F64 = {
        if e.is_nan() {
            f64::NAN
        } else if e == e.trunc() && e.abs() <= f64::from(i32::MAX) {
            b.powi(e as i32)
        } else {
            b.powf(e)
        }
    }
    /// Degrees in radians.
    fn radians(x: F64) -> F64 = { x.to_radians() }
    /// Secant.
    fn sec(x: F64) -> F64 = { 1.0 / x.cos() }
    /// Hyperbolic secant.
    fn sech(x: F64) -> F64 = { 1.0 / x.cosh() }
    /// Sine.
    fn sin(x: F64) -> F64 = { x.sin() }
    /// Hyperbolic sine.
    fn sinh(x: F64) -> F64 = { x.sinh() }
    /// Square root; NaN of a negative.
    fn sqrt(x: F64) -> F64 = { x.sqrt() }
    /// Tangent.
    fn tan(x: F64) -> F64 = { x.tan() }
    /// Hyperbolic tangent.
    fn tanh(x: F64) -> F64 = { x.tanh() }
}

pub(crate) const KERNELS: &[&[Kernel]] = &[F32_KERNELS, F64_KERNELS, MATHS];
