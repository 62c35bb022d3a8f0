//! From the representations of the SDK to these types, and back. Generated programs call this; functions need none of it.

use crate::Error;
use weir_functions::Arena;
use weir_row::{Item, ItemWriter, View};

/// A type whose values are not NULL.
pub trait Value: Sized {
    /// The representation as kernels take it ([`weir_row::Kind`]).
    type Words<'a>;

    /// The value of a representation.
    ///
    /// # Errors
    /// An item that is none of this type.
    fn get(words: Self::Words<'_>) -> Result<Self, Error>;

    /// The representation of a value; what it borrows is in the arena.
    ///
    /// # Errors
    /// A value that its SQL type does not have, such as a date after the year 9999.
    fn put(self, arena: &Arena) -> Result<Self::Words<'_>, Error>;

    /// The value in an item; `None` if that is of another type.
    fn read(item: Item<'_>) -> Option<Self>;

    /// Appends the value as an item.
    ///
    /// # Errors
    /// As [`Value::put`].
    fn write(&self, out: &mut ItemWriter) -> Result<(), Error>;
}

/// What stands in an array, a map or a row: a value, or an `Option` of one where NULL may be.
pub trait Part: Sized {
    /// The part that an item is.
    ///
    /// # Errors
    /// NULL, or a value of another type, where the type has no NULL.
    fn read_part(item: Item<'_>) -> Result<Self, Error>;

    /// Appends it as an item.
    ///
    /// # Errors
    /// As [`Value::put`].
    fn write_part(&self, out: &mut ItemWriter) -> Result<(), Error>;
}

impl<T: Value> Part for T {
    fn read_part(item: Item<'_>) -> Result<T, Error> {
        T::read(item).ok_or_else(|| Error::from("NULL, or a value of another type, within an argument"))
    }

    fn write_part(&self, out: &mut ItemWriter) -> Result<(), Error> {
        self.write(out)
    }
}

impl<T: Value> Part for Option<T> {
    fn read_part(item: Item<'_>) -> Result<Option<T>, Error> {
        Ok(T::read(item))
    }

    fn write_part(&self, out: &mut ItemWriter) -> Result<(), Error> {
        match self {
            Some(value) => value.write(out),
            None => {
                out.null();
                Ok(())
            }
        }
    }
}

/// The type of a bare NULL.
impl Part for () {
    fn read_part(_: Item<'_>) -> Result<(), Error> {
        Ok(())
    }

    fn write_part(&self, out: &mut ItemWriter) -> Result<(), Error> {
        out.null();
        Ok(())
    }
}

/// An argument that is never NULL.
///
/// # Errors
/// As [`Value::get`].
pub fn get<T: Value>(words: T::Words<'_>) -> Result<T, Error> {
    T::get(words)
}

/// An argument that may be NULL.
///
/// # Errors
/// As [`Value::get`].
pub fn get_null<T: Value>(words: Option<T::Words<'_>>) -> Result<Option<T>, Error> {
    words.map(T::get).transpose()
}

/// A result that is never NULL.
///
/// # Errors
/// As [`Value::put`].
pub fn put<T: Value>(value: T, arena: &Arena) -> Result<T::Words<'_>, Error> {
    value.put(arena)
}

/// A result that may be NULL.
///
/// # Errors
/// As [`Value::put`].
pub fn put_null<T: Value>(value: Option<T>, arena: &Arena) -> Result<Option<T::Words<'_>>, Error> {
    value.map(|v| v.put(arena)).transpose()
}

/// Types that are their own representation.
macro_rules! plain {
    ($($t:ty => $writer:ident $view:ident;)*) => { $(
        impl Value for $t {
            type Words<'a> = $t;

            fn get(words: $t) -> Result<$t, Error> {
                Ok(words)
            }

            fn put(self, _: &Arena) -> Result<$t, Error> {
                Ok(self)
            }

            fn read(item: Item<'_>) -> Option<$t> {
                if let View::$view(v) = item.view() { Some(v) } else { None }
            }

            fn write(&self, out: &mut ItemWriter) -> Result<(), Error> {
                out.$writer(*self);
                Ok(())
            }
        }
    )* };
}

plain! {
    bool => bool Bool;
    i8 => i8 I8;
    i16 => i16 I16;
    i32 => i32 I32;
    i64 => i64 I64;
    u8 => u8 U8;
    u16 => u16 U16;
    u32 => u32 U32;
    u64 => u64 U64;
}

/// Types that are one number inside, made by `Self::new` where every number is a value, else by `Self::try_new`.
macro_rules! wrapper {
    ($t:ty, $words:ty, $writer:ident, $view:ident, |$v:ident| $check:expr) => {
        impl $crate::Value for $t {
            type Words<'a> = $words;

            fn get(words: $words) -> Result<$t, $crate::Error> {
                Ok(Self(words))
            }

            fn put(self, _: &weir_functions::Arena) -> Result<$words, $crate::Error> {
                let $v = self.0;
                let good: bool = $check;
                if good { Ok(self.0) } else { Err($crate::Error::new(concat!(stringify!($t), " out of range"))) }
            }

            fn read(item: weir_row::Item<'_>) -> Option<$t> {
                if let weir_row::View::$view(v) = item.view() { Some(Self(v)) } else { None }
            }

            fn write(&self, out: &mut weir_row::ItemWriter) -> Result<(), $crate::Error> {
                let $v = self.0;
                let good: bool = $check;
                if !good {
                    return Err($crate::Error::new(concat!(stringify!($t), " out of range")));
                }
                out.$writer(self.0);
                Ok(())
            }
        }
    };
}
pub(crate) use wrapper;
