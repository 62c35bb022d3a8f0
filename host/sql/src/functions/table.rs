//! The table of functions.

use super::Param::{BigInt, Double, Float, Int, Text};
use super::{ANY, Form, Function, Param, Ret, Rule, conditional, numeric};

const fn form(params: &'static [Param], result: Ret, kernel: &'static str) -> Form {
    Form { params, result, kernel }
}

macro_rules! functions {
    ($($($name:literal)+ => { $($params:expr => $result:ident $kernel:literal),+ $(,)? })*) => {
        &[$(Function { names: &[$($name),+], rule: Rule::Forms(&[$(form(&$params, Ret::$result, $kernel)),+]) }),*]
    };
}

const fn special(names: &'static [&'static str], min: usize, max: usize, f: super::Special) -> Function {
    Function { names, rule: Rule::Special(min, max, f) }
}

/// Functions that are one strict call of a kernel.
const STRICT: &[Function] = functions! {
    "like" => { [Text, Text] => Boolean "like", [Text, Text, Text] => Boolean "like_escape" }
    "ilike" => { [Text, Text] => Boolean "ilike" }
    "ascii" => { [Text] => Int "ascii" }
    "chr" => { [Int] => Text "chr" }
    "char_length" "character_length" "length" "len" => { [Text] => Int "char_length" }
    "initcap" => { [Text] => Text "initcap" }
    "initcap_spaces" => { [Text] => Text "initcap_spaces" }
    "lower" => { [Text] => Text "lower" }
    "upper" => { [Text] => Text "upper" }
    "left" => { [Text, Int] => Text "left" }
    "right" => { [Text, Int] => Text "right" }
    "overlay" => { [Text, Text, Int] => Text "overlay", [Text, Text, Int, Int] => Text "overlay_for" }
    "position" => { [Text, Text] => Int "position" }
    "repeat" => { [Text, Int] => Text "repeat" }
    "replace" => { [Text, Text, Text] => Text "replace" }
    "reverse" => { [Text] => Text "reverse" }
    "split_part" => { [Text, Text, Int] => Text "split_part" }
    "substr" => { [Text, Int] => Text "substr", [Text, Int, Int] => Text "substr_for" }
    "substring" => { [Text, Int] => Text "substring", [Text, Int, Int] => Text "substring_for" }
    "acos" => { [Double] => Double "acos" }
    "acosh" => { [Double] => Double "acosh" }
    "asin" => { [Double] => Double "asin" }
    "asinh" => { [Double] => Double "asinh" }
    "atan" => { [Double] => Double "atan" }
    "atan2" => { [Double, Double] => Double "atan2" }
    "atanh" => { [Double] => Double "atanh" }
    "cbrt" => { [Double] => Double "cbrt" }
    "cos" => { [Double] => Double "cos" }
    "cosh" => { [Double] => Double "cosh" }
    "cot" => { [Double] => Double "cot" }
    "coth" => { [Double] => Double "coth" }
    "csc" => { [Double] => Double "csc" }
    "csch" => { [Double] => Double "csch" }
    "degrees" => { [Double] => Double "degrees" }
    "exp" => { [Double] => Double "exp" }
    "ln" => { [Double] => Double "ln" }
    "log10" => { [Double] => Double "log10" }
    "log" => { [Double] => Double "ln", [Double, Double] => Double "log" }
    "power" => { [Double, Double] => Double "power_f64" }
    "radians" => { [Double] => Double "radians" }
    "sec" => { [Double] => Double "sec" }
    "sech" => { [Double] => Double "sech" }
    "sin" => { [Double] => Double "sin" }
    "sinh" => { [Double] => Double "sinh" }
    "sqrt" => { [Double] => Double "sqrt" }
    "tan" => { [Double] => Double "tan" }
    "tanh" => { [Double] => Double "tanh" }
    "is_nan" => { [Float] => Boolean "is_nan_{}" }
    "is_inf" => { [Float] => Boolean "is_inf_{}" }
    "finite_or_null" => { [Float] => First "finite_or_null_{}" }
    "make_date" => { [BigInt, BigInt, BigInt] => Date "make_date" }
};

/// Functions with rules of their own.
const SPECIAL: &[Function] = &[
    special(&["||"], 2, 2, conditional::concat_operator),
    special(&["concat"], 1, ANY, conditional::concat),
    special(&["concat_ws"], 2, ANY, conditional::concat_ws),
    special(&["trim"], 1, 2, conditional::trim_both),
    special(&["trim_leading"], 1, 2, conditional::trim_leading),
    special(&["trim_trailing"], 1, 2, conditional::trim_trailing),
    special(&["coalesce"], 1, ANY, conditional::coalesce),
    special(&["ifnull"], 2, 2, conditional::coalesce),
    special(&["nullif"], 2, 2, conditional::nullif),
    special(&["if"], 3, 3, conditional::if_then_else),
    special(&["greatest"], 1, ANY, conditional::greatest),
    special(&["least"], 1, ANY, conditional::least),
    special(&["greatest_ignore_nulls"], 1, ANY, conditional::greatest_ignore_nulls),
    special(&["least_ignore_nulls"], 1, ANY, conditional::least_ignore_nulls),
    special(&["abs"], 1, 1, numeric::abs),
    special(&["sign"], 1, 1, numeric::sign),
    special(&["mod"], 2, 2, numeric::modulo),
    special(&["div_null"], 2, 2, numeric::div_null),
    special(&["floor"], 1, 1, numeric::floor),
    special(&["ceil", "ceiling"], 1, 1, numeric::ceil),
    special(&["round"], 1, 2, numeric::round),
    special(&["bround"], 2, 2, numeric::bround),
    special(&["trunc", "truncate"], 1, 2, numeric::trunc),
    special(&["pi"], 0, 0, numeric::pi),
    special(&["year"], 1, 1, numeric::part),
    special(&["quarter"], 1, 1, numeric::part),
    special(&["month"], 1, 1, numeric::part),
    special(&["week"], 1, 1, numeric::part),
    special(&["dayofmonth"], 1, 1, numeric::part),
    special(&["day"], 1, 1, numeric::part),
    special(&["dow", "dayofweek"], 1, 1, numeric::part),
    special(&["doy", "dayofyear"], 1, 1, numeric::part),
    special(&["hour"], 1, 1, numeric::part),
    special(&["minute"], 1, 1, numeric::part),
    special(&["second"], 1, 1, numeric::part),
    special(&["date_add"], 2, 2, numeric::date_add),
    special(&["date_sub"], 2, 2, numeric::date_sub),
];

/// All functions.
pub(super) fn all() -> impl Iterator<Item = &'static Function> {
    STRICT.iter().chain(SPECIAL)
}
