//! Functions of DOUBLEs. Domain problems give NaN unless SQL says that they stop the pipeline. They are `libm`'s, not std's: that asks the
//! system's library, so that constants folded by the host would differ in their last digit from what a component computes.

use crate::{Error, Kernel};

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
    fn acos(x: F64) -> F64 = { libm::acos(x) }
    /// Inverse hyperbolic cosine.
    fn acosh(x: F64) -> F64[!] = { if x < 1.0 { Err(domain("ACOSH", x)) } else { Ok(libm::acosh(x)) } }
    /// Arc sine.
    fn asin(x: F64) -> F64 = { libm::asin(x) }
    /// Inverse hyperbolic sine.
    fn asinh(x: F64) -> F64 = { libm::asinh(x) }
    /// Arc tangent.
    fn atan(x: F64) -> F64 = { libm::atan(x) }
    /// The angle of (x, y): `(y, x)`.
    fn atan2(y: F64, x: F64) -> F64 = { libm::atan2(y, x) }
    /// Inverse hyperbolic tangent.
    fn atanh(x: F64) -> F64[!] = { if x.abs() > 1.0 { Err(domain("ATANH", x)) } else { Ok(libm::atanh(x)) } }
    /// Cube root.
    fn cbrt(x: F64) -> F64 = { libm::cbrt(x) }
    /// Cosine.
    fn cos(x: F64) -> F64 = { libm::cos(x) }
    /// Hyperbolic cosine.
    fn cosh(x: F64) -> F64 = { libm::cosh(x) }
    /// Cotangent.
    fn cot(x: F64) -> F64 = { 1.0 / libm::tan(x) }
    /// Hyperbolic cotangent.
    fn coth(x: F64) -> F64 = { 1.0 / libm::tanh(x) }
    /// Cosecant.
    fn csc(x: F64) -> F64 = { 1.0 / libm::sin(x) }
    /// Hyperbolic cosecant.
    fn csch(x: F64) -> F64 = { 1.0 / libm::sinh(x) }
    /// Radians in degrees.
    fn degrees(x: F64) -> F64 = { x.to_degrees() }
    /// e to the x.
    fn exp(x: F64) -> F64 = { libm::exp(x) }
    /// Natural logarithm.
    fn ln(x: F64) -> F64[!] = { logarithm("LN", x, libm::log) }
    /// Logarithm of base 10.
    fn log10(x: F64) -> F64[!] = { logarithm("LOG10", x, libm::log10) }
    /// Logarithm of `x` to a base: `(x, base)`.
    fn log(x: F64, base: F64) -> F64[!] = {
        if base == 0.0 && !base.is_sign_negative() {
            return logarithm("LOG", x, |_| 0.0);
        }
        Ok(logarithm("LOG", x, libm::log)? / logarithm("LOG", base, libm::log)?)
    }
    /// `b` to the `e`.
    fn power_f64(b: F64, e: F64) -> F64 = {
        if e.is_nan() {
            f64::NAN
        } else if e == e.trunc() && e.abs() <= f64::from(i32::MAX) {
            b.powi(e as i32)
        } else {
            libm::pow(b, e)
        }
    }
    /// Degrees in radians.
    fn radians(x: F64) -> F64 = { x.to_radians() }
    /// Secant.
    fn sec(x: F64) -> F64 = { 1.0 / libm::cos(x) }
    /// Hyperbolic secant.
    fn sech(x: F64) -> F64 = { 1.0 / libm::cosh(x) }
    /// Sine.
    fn sin(x: F64) -> F64 = { libm::sin(x) }
    /// Hyperbolic sine.
    fn sinh(x: F64) -> F64 = { libm::sinh(x) }
    /// Square root; NaN of a negative.
    fn sqrt(x: F64) -> F64 = { x.sqrt() }
    /// Tangent.
    fn tan(x: F64) -> F64 = { libm::tan(x) }
    /// Hyperbolic tangent.
    fn tanh(x: F64) -> F64 = { libm::tanh(x) }
}

pub(crate) const KERNELS: &[Kernel] = MATHS;

/// What SQL calls them.
#[cfg(not(target_family = "wasm"))]
pub(crate) const FUNCTIONS: &[crate::catalog::Function] = {
    use crate::catalog::{Family, Function, Out, Param, form};
    &[
        Function::new(
            &[Family::Float],
            &["acos"],
            &[form(&[Param::Double], Out::Double, "acos")],
            "Arc cosine in radians; NaN outside [-1, 1].",
        )
        .gives(&[("ACOS(1)", "0.0"), ("ACOS(2)", "NaN"), ("ACOS(NULL)", "NULL")]),
        Function::new(
            &[Family::Float],
            &["acosh"],
            &[form(&[Param::Double], Out::Double, "acosh")],
            "Inverse hyperbolic cosine.",
        )
        .gives(&[("ACOSH(1)", "0.0"), ("ACOSH(NULL)", "NULL")])
        .fails(&[("ACOSH(0.5)", "not defined")]),
        Function::new(
            &[Family::Float],
            &["asin"],
            &[form(&[Param::Double], Out::Double, "asin")],
            "Arc sine in radians; NaN outside [-1, 1].",
        )
        .gives(&[("ASIN(0)", "0.0"), ("ASIN(-1.5)", "NaN"), ("ASIN(NULL)", "NULL")]),
        Function::new(
            &[Family::Float],
            &["asinh"],
            &[form(&[Param::Double], Out::Double, "asinh")],
            "Inverse hyperbolic sine.",
        )
        .gives(&[("ASINH(0)", "0.0"), ("ASINH(DOUBLE '-inf')", "-inf"), ("ASINH(NULL)", "NULL")]),
        Function::new(
            &[Family::Float],
            &["atan"],
            &[form(&[Param::Double], Out::Double, "atan")],
            "Arc tangent in radians.",
        )
        .gives(&[("ATAN(0)", "0.0"), ("ATAN(DOUBLE 'inf')", "1.5707963267948966"), ("ATAN(NULL)", "NULL")]),
        Function::new(
            &[Family::Float],
            &["atan2"],
            &[form(&[Param::Double, Param::Double], Out::Double, "atan2")],
            "The angle of the point (x, y) in radians: `ATAN2(y, x)`.",
        )
        .gives(&[("ATAN2(1, 0)", "1.5707963267948966"), ("ATAN2(0, 1)", "0.0"), ("ATAN2(NULL, 1)", "NULL")]),
        Function::new(
            &[Family::Float],
            &["atanh"],
            &[form(&[Param::Double], Out::Double, "atanh")],
            "Inverse hyperbolic tangent; infinite at -1 and 1.",
        )
        .gives(&[("ATANH(0)", "0.0"), ("ATANH(1)", "inf"), ("ATANH(DOUBLE 'NaN')", "NaN"), ("ATANH(NULL)", "NULL")])
        .fails(&[("ATANH(1.5)", "not defined")]),
        Function::new(&[Family::Float], &["cbrt"], &[form(&[Param::Double], Out::Double, "cbrt")], "Cube root.")
            .gives(&[("CBRT(-27)", "-3.0"), ("CBRT(0)", "0.0"), ("CBRT(NULL)", "NULL")]),
        Function::new(
            &[Family::Float],
            &["cos"],
            &[form(&[Param::Double], Out::Double, "cos")],
            "Cosine of an angle in radians.",
        )
        .gives(&[("COS(0)", "1.0"), ("COS(DOUBLE 'inf')", "NaN"), ("COS(NULL)", "NULL")]),
        Function::new(
            &[Family::Float],
            &["cosh"],
            &[form(&[Param::Double], Out::Double, "cosh")],
            "Hyperbolic cosine.",
        )
        .gives(&[("COSH(0)", "1.0"), ("COSH(DOUBLE '-inf')", "inf"), ("COSH(NULL)", "NULL")]),
        Function::new(
            &[Family::Float],
            &["cot"],
            &[form(&[Param::Double], Out::Double, "cot")],
            "Cotangent: the reciprocal of TAN.",
        )
        .gives(&[("COT(0)", "inf"), ("COT(NULL)", "NULL")]),
        Function::new(
            &[Family::Float],
            &["coth"],
            &[form(&[Param::Double], Out::Double, "coth")],
            "Hyperbolic cotangent: the reciprocal of TANH.",
        )
        .gives(&[("COTH(0)", "inf"), ("COTH(DOUBLE 'inf')", "1.0"), ("COTH(NULL)", "NULL")]),
        Function::new(
            &[Family::Float],
            &["csc"],
            &[form(&[Param::Double], Out::Double, "csc")],
            "Cosecant: the reciprocal of SIN.",
        )
        .gives(&[("CSC(0)", "inf"), ("CSC(NULL)", "NULL")]),
        Function::new(
            &[Family::Float],
            &["csch"],
            &[form(&[Param::Double], Out::Double, "csch")],
            "Hyperbolic cosecant: the reciprocal of SINH.",
        )
        .gives(&[("CSCH(0)", "inf"), ("CSCH(DOUBLE 'inf')", "0.0"), ("CSCH(NULL)", "NULL")]),
        Function::new(
            &[Family::Float],
            &["degrees"],
            &[form(&[Param::Double], Out::Double, "degrees")],
            "An angle in radians as degrees.",
        )
        .gives(&[("DEGREES(PI)", "180.0"), ("DEGREES(0)", "0.0"), ("DEGREES(NULL)", "NULL")]),
        Function::new(
            &[Family::Float],
            &["exp"],
            &[form(&[Param::Double], Out::Double, "exp")],
            "e to the power of x; infinite when it is too large.",
        )
        .gives(&[("EXP(0)", "1.0"), ("EXP(1000)", "inf"), ("EXP(NULL)", "NULL")]),
        Function::new(
            &[Family::Float],
            &["ln"],
            &[form(&[Param::Double], Out::Double, "ln")],
            "Natural logarithm. 0 gives -inf; negative numbers, and the negative zero, stop the pipeline.",
        )
        .gives(&[("LN(1)", "0.0"), ("LN(0)", "-inf"), ("LN(NULL)", "NULL")])
        .fails(&[("LN(-1)", "not defined")]),
        Function::new(
            &[Family::Float],
            &["log10"],
            &[form(&[Param::Double], Out::Double, "log10")],
            "Logarithm of base 10. 0 gives -inf; negative numbers stop the pipeline.",
        )
        .gives(&[("LOG10(1000)", "3.0"), ("LOG10(0)", "-inf"), ("LOG10(NULL)", "NULL")])
        .fails(&[("LOG10(-1)", "not defined")]),
        Function::new(
            &[Family::Float],
            &["log"],
            &[form(&[Param::Double], Out::Double, "ln"), form(&[Param::Double, Param::Double], Out::Double, "log")],
            "Natural logarithm, or the logarithm of the first to the base of the second; base 0 gives 0. \
             Negative numbers stop the pipeline.",
        )
        .gives(&[("LOG(1)", "0.0"), ("LOG(8, 2)", "3.0"), ("LOG(8, 0)", "0.0"), ("LOG(8, NULL)", "NULL")])
        .fails(&[("LOG(8, -2)", "not defined")]),
        Function::new(
            &[Family::Float],
            &["power"],
            &[form(&[Param::Double, Param::Double], Out::Double, "power_f64")],
            "The first to the power of the second. Anything to the power of 0 is 1, NaN too.",
        )
        .gives(&[
            ("POWER(2, -1)", "0.5"),
            ("POWER(DOUBLE 'NaN', 0)", "1.0"),
            ("POWER(2, DOUBLE 'NaN')", "NaN"),
            ("POWER(-8, 0.5)", "NaN"),
            ("POWER(NULL, 0)", "NULL"),
        ]),
        Function::new(
            &[Family::Float],
            &["radians"],
            &[form(&[Param::Double], Out::Double, "radians")],
            "An angle in degrees as radians.",
        )
        .gives(&[("RADIANS(180)", "3.141592653589793"), ("RADIANS(0)", "0.0"), ("RADIANS(NULL)", "NULL")]),
        Function::new(
            &[Family::Float],
            &["sec"],
            &[form(&[Param::Double], Out::Double, "sec")],
            "Secant: the reciprocal of COS.",
        )
        .gives(&[("SEC(0)", "1.0"), ("SEC(NULL)", "NULL")]),
        Function::new(
            &[Family::Float],
            &["sech"],
            &[form(&[Param::Double], Out::Double, "sech")],
            "Hyperbolic secant: the reciprocal of COSH.",
        )
        .gives(&[("SECH(0)", "1.0"), ("SECH(DOUBLE 'inf')", "0.0"), ("SECH(NULL)", "NULL")]),
        Function::new(
            &[Family::Float],
            &["sin"],
            &[form(&[Param::Double], Out::Double, "sin")],
            "Sine of an angle in radians.",
        )
        .gives(&[("SIN(0)", "0.0"), ("SIN(DOUBLE 'inf')", "NaN"), ("SIN(NULL)", "NULL")]),
        Function::new(&[Family::Float], &["sinh"], &[form(&[Param::Double], Out::Double, "sinh")], "Hyperbolic sine.")
            .gives(&[("SINH(0)", "0.0"), ("SINH(DOUBLE '-inf')", "-inf"), ("SINH(NULL)", "NULL")]),
        Function::new(
            &[Family::Float],
            &["sqrt"],
            &[form(&[Param::Double], Out::Double, "sqrt")],
            "Square root; NaN of negative numbers.",
        )
        .gives(&[("SQRT(2.25)", "1.5"), ("SQRT(-1)", "NaN"), ("SQRT(NULL)", "NULL")])
        .refuses(&[("SQRT(TRUE)", "SQRT does not take")]),
        Function::new(
            &[Family::Float],
            &["tan"],
            &[form(&[Param::Double], Out::Double, "tan")],
            "Tangent of an angle in radians.",
        )
        .gives(&[("TAN(0)", "0.0"), ("TAN(DOUBLE 'inf')", "NaN"), ("TAN(NULL)", "NULL")]),
        Function::new(
            &[Family::Float],
            &["tanh"],
            &[form(&[Param::Double], Out::Double, "tanh")],
            "Hyperbolic tangent.",
        )
        .gives(&[("TANH(0)", "0.0"), ("TANH(DOUBLE '-inf')", "-1.0"), ("TANH(NULL)", "NULL")]),
    ]
};
