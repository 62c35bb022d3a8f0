//! The hot kernels as loops over registers: integer and double arithmetic, comparisons, widening casts. A loop that meets a value for
//! which the kernel fails says at which row, and the kernel itself is asked what is wrong. All others are called through the
//! registry's adapters.

use crate::frame::{Selection, each};
use std::cmp::Ordering;
use weir_row::{Kind, cmp_f64};

/// One argument; the row that fails, if one does.
pub(crate) type One = fn(&[u64], &mut [u64], Selection<'_>) -> Option<usize>;
/// Two arguments.
pub(crate) type Two = fn(&[u64], &[u64], &mut [u64], Selection<'_>) -> Option<usize>;
/// A comparison of decimals.
pub(crate) type Decs = fn(&[i128], &[i128], &mut [u64], Selection<'_>);
/// A comparison of texts.
pub(crate) type Texts = fn(&[&str], &[&str], &mut [u64], Selection<'_>);

/// A kernel as a loop.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Direct {
    One(One),
    Two(Two),
    Decs(Decs),
    Texts(Texts),
}

/// A value in a register's word.
trait Word: Copy {
    fn of(word: u64) -> Self;
    fn word(self) -> u64;
}

macro_rules! words {
    ($($t:ty)*) => { $(
        impl Word for $t {
            #[inline(always)]
            fn of(word: u64) -> Self { word as $t }
            #[inline(always)]
            fn word(self) -> u64 { self as i64 as u64 }
        }
    )* };
}
words! { i8 i16 i32 i64 u8 u16 u32 u64 }

impl Word for f64 {
    #[inline(always)]
    fn of(word: u64) -> f64 {
        f64::from_bits(word)
    }
    #[inline(always)]
    fn word(self) -> u64 {
        self.to_bits()
    }
}

impl Word for f32 {
    #[inline(always)]
    fn of(word: u64) -> f32 {
        f32::from_bits(word as u32)
    }
    #[inline(always)]
    fn word(self) -> u64 {
        u64::from(self.to_bits())
    }
}

#[inline(always)]
fn two<T: Word, R: Word>(
    a: &[u64],
    b: &[u64],
    to: &mut [u64],
    rows: Selection<'_>,
    f: impl Fn(T, T) -> Option<R>,
) -> Option<usize> {
    each!(rows, i, {
        match f(T::of(a[i]), T::of(b[i])) {
            Some(x) => to[i] = x.word(),
            None => return Some(i),
        }
    });
    None
}

#[inline(always)]
fn one<T: Word, R: Word>(a: &[u64], to: &mut [u64], rows: Selection<'_>, f: impl Fn(T) -> Option<R>) -> Option<usize> {
    each!(rows, i, {
        match f(T::of(a[i])) {
            Some(x) => to[i] = x.word(),
            None => return Some(i),
        }
    });
    None
}

macro_rules! integer {
    ($t:ty, $operation:expr) => {
        match $operation {
            "add" => Direct::Two(|a, b, to, rows| two(a, b, to, rows, <$t>::checked_add)),
            "sub" => Direct::Two(|a, b, to, rows| two(a, b, to, rows, <$t>::checked_sub)),
            "mul" => Direct::Two(|a, b, to, rows| two(a, b, to, rows, <$t>::checked_mul)),
            "div" => Direct::Two(|a, b, to, rows| two(a, b, to, rows, <$t>::checked_div)),
            "rem" => {
                Direct::Two(|a, b, to, rows| two(a, b, to, rows, |x: $t, y: $t| (y != 0).then(|| x.wrapping_rem(y))))
            }
            _ => return None,
        }
    };
}

macro_rules! float {
    ($t:ty, $operation:expr) => {
        match $operation {
            "add" => Direct::Two(|a, b, to, rows| two(a, b, to, rows, |x: $t, y: $t| Some(x + y))),
            "sub" => Direct::Two(|a, b, to, rows| two(a, b, to, rows, |x: $t, y: $t| Some(x - y))),
            "mul" => Direct::Two(|a, b, to, rows| two(a, b, to, rows, |x: $t, y: $t| Some(x * y))),
            "div" => Direct::Two(|a, b, to, rows| two(a, b, to, rows, |x: $t, y: $t| Some(x / y))),
            _ => return None,
        }
    };
}

/// A comparison by what it says of an order; `$loop` makes a direct kernel of a function of the order.
macro_rules! comparison {
    ($operation:expr, $make:ident) => {
        match $operation {
            "eq" => $make!(|o: Ordering| o == Ordering::Equal),
            "ne" => $make!(|o: Ordering| o != Ordering::Equal),
            "lt" => $make!(|o: Ordering| o == Ordering::Less),
            "le" => $make!(|o: Ordering| o != Ordering::Greater),
            "gt" => $make!(|o: Ordering| o == Ordering::Greater),
            "ge" => $make!(|o: Ordering| o != Ordering::Less),
            _ => return None,
        }
    };
}

macro_rules! compare_signed {
    ($holds:expr) => {
        Direct::Two(|a, b, to, rows| two(a, b, to, rows, |x: i64, y: i64| Some(u8::from($holds(x.cmp(&y))))))
    };
}
macro_rules! compare_unsigned {
    ($holds:expr) => {
        Direct::Two(|a, b, to, rows| two(a, b, to, rows, |x: u64, y: u64| Some(u8::from($holds(x.cmp(&y))))))
    };
}
macro_rules! compare_f64 {
    ($holds:expr) => {
        Direct::Two(|a, b, to, rows| two(a, b, to, rows, |x: f64, y: f64| Some(u8::from($holds(cmp_f64(x, y))))))
    };
}
macro_rules! compare_f32 {
    ($holds:expr) => {
        Direct::Two(|a, b, to, rows| {
            two(a, b, to, rows, |x: f32, y: f32| Some(u8::from($holds(cmp_f64(f64::from(x), f64::from(y))))))
        })
    };
}
macro_rules! compare_decs {
    ($holds:expr) => {
        Direct::Decs(|a, b, to, rows| each!(rows, i, { to[i] = u64::from($holds(a[i].cmp(&b[i]))) }))
    };
}
macro_rules! compare_texts {
    ($holds:expr) => {
        Direct::Texts(|a, b, to, rows| each!(rows, i, { to[i] = u64::from($holds(a[i].cmp(b[i]))) }))
    };
}

fn kind(name: &str) -> Option<Kind> {
    Kind::ALL.into_iter().find(|k| k.name() == name)
}

fn arithmetic(operation: &str, of: Kind) -> Option<Direct> {
    Some(match of {
        Kind::I8 => integer!(i8, operation),
        Kind::I16 => integer!(i16, operation),
        Kind::I32 => integer!(i32, operation),
        Kind::I64 => integer!(i64, operation),
        Kind::U8 => integer!(u8, operation),
        Kind::U16 => integer!(u16, operation),
        Kind::U32 => integer!(u32, operation),
        Kind::U64 => integer!(u64, operation),
        Kind::F32 => float!(f32, operation),
        Kind::F64 => float!(f64, operation),
        _ => return None,
    })
}

fn comparison(operation: &str, of: Kind) -> Option<Direct> {
    Some(match of {
        Kind::Dec => comparison!(operation, compare_decs),
        Kind::Text => comparison!(operation, compare_texts),
        Kind::F32 => comparison!(operation, compare_f32),
        Kind::F64 => comparison!(operation, compare_f64),
        Kind::U64 => comparison!(operation, compare_unsigned),
        Kind::Uuid | Kind::Bytes | Kind::Item => return None,
        _ => comparison!(operation, compare_signed),
    })
}

/// Casts of integers: words are sign-extended, so that widening changes nothing.
fn cast(from: Kind, to: Kind) -> Option<Direct> {
    Some(match (from, to) {
        (Kind::I8, Kind::I16 | Kind::I32 | Kind::I64)
        | (Kind::I16, Kind::I32 | Kind::I64)
        | (Kind::I32, Kind::I64)
        | (Kind::U8, Kind::U16 | Kind::U32 | Kind::U64 | Kind::I16 | Kind::I32 | Kind::I64)
        | (Kind::U16, Kind::U32 | Kind::U64 | Kind::I32 | Kind::I64)
        | (Kind::U32, Kind::U64 | Kind::I64) => Direct::One(|a, to, rows| one(a, to, rows, |x: u64| Some(x))),
        (Kind::I64, Kind::I32) => Direct::One(|a, to, rows| one(a, to, rows, |x: i64| i32::try_from(x).ok())),
        (Kind::I32, Kind::F64) => Direct::One(|a, to, rows| one(a, to, rows, |x: i32| Some(f64::from(x)))),
        (Kind::I64, Kind::F64) => Direct::One(|a, to, rows| one(a, to, rows, |x: i64| Some(x as f64))),
        (Kind::F32, Kind::F64) => Direct::One(|a, to, rows| one(a, to, rows, |x: f32| Some(f64::from(x)))),
        _ => return None,
    })
}

/// The loop for a kernel, if it has one.
pub(crate) fn direct(kernel: &str) -> Option<Direct> {
    if kernel == "not_bool" {
        return Some(Direct::One(|a, to, rows| one(a, to, rows, |x: u64| Some(1 - (x & 1)))));
    }
    let (operation, of) = kernel.split_once('_')?;
    if operation == "cast" {
        let (from, to) = of.split_once("_to_")?;
        return cast(kind(from)?, kind(to)?);
    }
    let of = kind(of)?;
    comparison(operation, of).or_else(|| arithmetic(operation, of))
}
