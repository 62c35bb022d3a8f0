//! Rows: a struct of n fields for each n.

use crate::container::{item, wrong};
use crate::{Error, Part, value::Value};
use weir_functions::Arena;
use weir_row::{Item, ItemWriter, item::tag};

macro_rules! tuples {
    ($($name:ident($($t:ident $n:tt),*);)*) => { $(
        #[doc = concat!("ROW of fields of these types.")]
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name<$($t),*>($(#[doc = "A field."] pub $t),*);

        impl<$($t),*> $name<$($t),*> {
            /// The row of these fields.
            #[allow(clippy::too_many_arguments, non_snake_case, reason = "as many as there are fields")]
            pub fn new($($t: $t),*) -> Self {
                $name($($t),*)
            }
        }

        impl<$($t),*> From<($($t,)*)> for $name<$($t),*> {
            fn from(fields: ($($t,)*)) -> Self {
                $name($(fields.$n),*)
            }
        }

        impl<$($t),*> From<$name<$($t),*>> for ($($t,)*) {
            fn from(row: $name<$($t),*>) -> Self {
                ($(row.$n,)*)
            }
        }

        impl<$($t: Part),*> Value for $name<$($t),*> {
            type Words<'a> = Item<'a>;

            fn get(words: Item<'_>) -> Result<Self, Error> {
                if words.tag() != tag::ROW {
                    return Err(wrong());
                }
                let mut items = words.items();
                Ok($name($($t::read_part(items.next().unwrap_or(Item::NULL))?),*))
            }

            fn put(self, arena: &Arena) -> Result<Item<'_>, Error> {
                item(&self, arena)
            }

            fn read(item: Item<'_>) -> Option<Self> {
                Self::get(item).ok()
            }

            fn write(&self, out: &mut ItemWriter) -> Result<(), Error> {
                out.begin_row();
                $(self.$n.write_part(out)?;)*
                out.end();
                Ok(())
            }
        }
    )* };
}

tuples! {
    Tup1(A 0);
    Tup2(A 0, B 1);
    Tup3(A 0, B 1, C 2);
    Tup4(A 0, B 1, C 2, D 3);
    Tup5(A 0, B 1, C 2, D 3, E 4);
    Tup6(A 0, B 1, C 2, D 3, E 4, F 5);
    Tup7(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
    Tup8(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
    Tup9(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8);
    Tup10(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9);
    Tup11(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10);
    Tup12(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11);
    Tup13(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12);
    Tup14(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12, N 13);
    Tup15(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12, N 13, O 14);
    Tup16(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12, N 13, O 14, P 15);
    Tup17(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12, N 13, O 14, P 15, Q 16);
    Tup18(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12, N 13, O 14, P 15, Q 16, R 17);
    Tup19(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12, N 13, O 14, P 15, Q 16, R 17, S 18);
    Tup20(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, M 12, N 13, O 14, P 15, Q 16, R 17, S 18, T 19);
}
