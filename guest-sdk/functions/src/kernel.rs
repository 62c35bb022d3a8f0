//! What a kernel is, and the list of all of them.

use crate::{Arena, Error};
use std::collections::HashMap;
use std::sync::LazyLock;
use weir_row::{Kind, Value};

/// A function on values that are not NULL.
#[derive(Clone, Copy, Debug)]
pub struct Kernel {
    /// Name and Rust path: `weir_functions::{name}`.
    pub name: &'static str,
    /// Representations of the arguments (without the arena).
    pub params: &'static [Kind],
    /// Representation of the result.
    pub result: Kind,
    /// Whether the result may be NULL: the Rust function then returns an `Option`.
    pub nullable: bool,
    /// Whether it may fail: the Rust function then returns a `Result`.
    pub fallible: bool,
    /// Whether the Rust function takes the arena as its first argument.
    pub arena: bool,
    /// Calls it with values of just the kinds of `params`. Panics if they are not: callers have type-checked.
    pub call: fn(&Arena, &[Value]) -> Result<Value, Error>,
    /// What it does.
    pub doc: &'static str,
}

/// All kernels.
pub fn registry() -> impl Iterator<Item = &'static Kernel> {
    [
        crate::aggregate::KERNELS,
        crate::arith::KERNELS,
        crate::array::KERNELS,
        crate::array_functions::KERNELS,
        crate::binary::KERNELS,
        crate::cast::KERNELS,
        crate::cast_binary::KERNELS,
        crate::compare::KERNELS,
        crate::datetime::KERNELS,
        crate::datetime_text::KERNELS,
        crate::decimal::KERNELS,
        crate::float::KERNELS,
        crate::format::KERNELS,
        crate::hash::KERNELS,
        crate::interval::KERNELS,
        crate::interval_scale::KERNELS,
        crate::interval_text::KERNELS,
        crate::regex::KERNELS,
        crate::temporal_make::KERNELS,
        crate::item::KERNELS,
        crate::text::KERNELS,
        crate::text_like::KERNELS,
        crate::variant::KERNELS,
        crate::zone::KERNELS,
    ]
    .into_iter()
    .flat_map(|family| family.iter().copied().flatten())
}

/// The kernel of that name.
pub fn find(name: &str) -> Option<&'static Kernel> {
    static BY_NAME: LazyLock<HashMap<&'static str, &'static Kernel>> =
        LazyLock::new(|| registry().map(|k| (k.name, k)).collect());
    BY_NAME.get(name).copied()
}

/// The Rust type of a kind, with the arena's lifetime.
macro_rules! rust {
    (Bool) => { bool };
    (I8) => { i8 };
    (I16) => { i16 };
    (I32) => { i32 };
    (I64) => { i64 };
    (U8) => { u8 };
    (U16) => { u16 };
    (U32) => { u32 };
    (U64) => { u64 };
    (Dec) => { i128 };
    (F32) => { f32 };
    (F64) => { f64 };
    (Text) => { &'a str };
    (Date) => { i32 };
    (Time) => { i64 };
    (Ts) => { i64 };
    (Months) => { i32 };
    (Micros) => { i64 };
    (Tz) => { i64 };
    (Uuid) => { u128 };
    (Bytes) => { &'a [u8] };
    (Item) => { weir_row::Item<'a> };
}

/// Takes a value of a kind apart.
macro_rules! unwrap_value {
    (Text, $v:expr) => {
        match $v {
            weir_row::Value::Text(s) => &**s,
            other => panic!("kernel called with {other:?} for text"),
        }
    };
    (Bytes, $v:expr) => {
        match $v {
            weir_row::Value::Bytes(b) => &**b,
            other => panic!("kernel called with {other:?} for bytes"),
        }
    };
    (Item, $v:expr) => {
        match $v {
            weir_row::Value::Item(b) => weir_row::Item::new(b),
            other => panic!("kernel called with {other:?} for an item"),
        }
    };
    ($kind:ident, $v:expr) => {
        match $v {
            weir_row::Value::$kind(x) => *x,
            other => panic!("kernel called with {other:?} for {}", stringify!($kind)),
        }
    };
}

/// Makes a value of a kind.
macro_rules! wrap_value {
    (Text, $x:expr) => {
        weir_row::Value::Text(Box::from($x))
    };
    (Bytes, $x:expr) => {
        weir_row::Value::Bytes(Box::from($x))
    };
    (Item, $x:expr) => {
        weir_row::Value::Item(Box::from($x.bytes()))
    };
    ($kind:ident, $x:expr) => {
        weir_row::Value::$kind($x)
    };
}

/// Declares kernels: a Rust function and its registration each.
///
/// `fn name(a: Kind, ..) -> Kind = body` never fails; `-> Kind[!] = body` has a body of type `Result<_, Error>`;
/// `-> Kind[?] = body` has a body of type `Option<_>`, `-> Kind[!?]` of type `Result<Option<_>, Error>`. `fn name[arena](..)` takes the
/// arena.
macro_rules! kernels {
    ($list:ident: $(
        $(#[doc = $doc:literal])+
        fn $name:ident $([$arena:ident])? ($($arg:ident : $kind:ident),* $(,)?) -> $ret:ident $([$($mark:tt)+])? = $body:block
    )*) => {
        $( kernels!(@function [$(#[doc = $doc])+] $name [$($arena)?] ($($arg: $kind),*) $ret [$($($mark)+)?] $body); )*
        const $list: &[crate::Kernel] = &[ $( crate::Kernel {
            name: stringify!($name),
            params: &[$(weir_row::Kind::$kind),*],
            result: weir_row::Kind::$ret,
            nullable: kernels!(@nullable $($($mark)+)?),
            fallible: kernels!(@fallible $($($mark)+)?),
            arena: kernels!(@arena $($arena)?),
            call: {
                fn call(arena: &crate::Arena, args: &[weir_row::Value]) -> Result<weir_row::Value, crate::Error> {
                    let _ = arena;
                    #[allow(unused_mut, unused_variables, reason = "a kernel may take nothing")]
                    let mut args = args.iter();
                    $( let $arg = unwrap_value!($kind, args.next().unwrap_or(&weir_row::Value::Null)); )*
                    let result = kernels!(@invoke $name arena [$($arena)?] ($($arg),*));
                    kernels!(@result $ret result $($($mark)+)?)
                }
                call
            },
            doc: concat!($($doc, "\n"),+),
        } ),* ];
    };
    (@function [$($meta:tt)+] $name:ident [$arena:ident] ($($arg:ident: $kind:ident),*) $ret:ident $mark:tt $body:block) => {
        $($meta)+
        #[inline]
        #[allow(clippy::needless_lifetimes, clippy::extra_unused_lifetimes, clippy::too_many_arguments)]
        pub fn $name<'a>($arena: &'a crate::Arena, $($arg: rust!($kind)),*) -> kernels!(@type $ret $mark) $body
    };
    (@function [$($meta:tt)+] $name:ident [] ($($arg:ident: $kind:ident),*) $ret:ident $mark:tt $body:block) => {
        $($meta)+
        #[inline]
        #[allow(clippy::needless_lifetimes, clippy::extra_unused_lifetimes, clippy::too_many_arguments)]
        pub fn $name<'a>($($arg: rust!($kind)),*) -> kernels!(@type $ret $mark) $body
    };
    (@type $ret:ident [!]) => { Result<rust!($ret), crate::Error> };
    (@type $ret:ident [?]) => { Option<rust!($ret)> };
    (@type $ret:ident [! ?]) => { Result<Option<rust!($ret)>, crate::Error> };
    (@type $ret:ident []) => { rust!($ret) };
    (@invoke $name:ident $value:ident [$arena:ident] ($($arg:ident),*)) => { $name($value, $($arg),*) };
    (@invoke $name:ident $value:ident [] ($($arg:ident),*)) => { $name($($arg),*) };
    (@result $ret:ident $r:ident !) => { $r.map(|x| wrap_value!($ret, x)) };
    (@result $ret:ident $r:ident ?) => { Ok($r.map_or(weir_row::Value::Null, |x| wrap_value!($ret, x))) };
    (@result $ret:ident $r:ident ! ?) => { $r.map(|x| x.map_or(weir_row::Value::Null, |x| wrap_value!($ret, x))) };
    (@result $ret:ident $r:ident) => { Ok(wrap_value!($ret, $r)) };
    (@nullable $(!)? ?) => { true };
    (@nullable $($other:tt)?) => { false };
    (@fallible ! $(?)?) => { true };
    (@fallible $($other:tt)?) => { false };
    (@arena $arena:ident) => { true };
    (@arena) => { false };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_documented() {
        let mut names: Vec<_> = registry().map(|k| k.name).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
        assert!(registry().all(|k| !k.doc.trim().is_empty()));
    }

    #[test]
    fn adapters_call_the_kernel() {
        let arena = Arena::new();
        let call = |name: &str, args: &[Value]| (find(name).unwrap().call)(&arena, args);
        assert_eq!(call("add_i32", &[Value::I32(2), Value::I32(3)]), Ok(Value::I32(5)));
        assert!(
            call("add_i8", &[Value::I8(100), Value::I8(100)])
                .unwrap_err()
                .message()
                .contains("attempt to add with overflow")
        );
        assert_eq!(call("upper", &[Value::text("ab")]), Ok(Value::text("AB")));
        assert_eq!(call("div_null_i64", &[Value::I64(1), Value::I64(0)]), Ok(Value::Null));
        assert_eq!(call("max_f64", &[Value::F64(f64::NAN), Value::F64(1.0)]), Ok(Value::F64(f64::NAN)));
    }
}
