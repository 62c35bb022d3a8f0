//! Functions that call a lambda on the parts of an array, a map or a VARIANT.

use crate::array::{map, pairs};
use crate::{Arena, item_in};
use std::fmt::Write;
use weir_row::{Item, ItemWriter, View, item, item::tag};

/// The body of a lambda: takes its parameters, of which the second is NULL if it has only one, and gives its value.
pub type Body<'f, 'a, E> = &'f mut dyn FnMut(Option<Item<'a>>, Option<Item<'a>>) -> Result<Option<Item<'a>>, E>;

macro_rules! lambdas {
    ($( $(#[$doc:meta])* $variant:ident $name:literal; )*) => {
        /// A function that takes a lambda.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Lambda {
            $( $(#[$doc])* $variant, )*
        }

        impl Lambda {
            /// Every function that takes a lambda.
            pub const ALL: &[Lambda] = &[$(Lambda::$variant),*];

            /// Its name in circuits.
            pub const fn name(self) -> &'static str {
                match self { $(Lambda::$variant => $name,)* }
            }

            /// The name of its variant, for generated code.
            pub const fn variant(self) -> &'static str {
                match self { $(Lambda::$variant => stringify!($variant),)* }
            }
        }
    };
}

lambdas! {
    /// TRANSFORM: the array of the body's values for each element.
    Transform "transform";
    /// ARRAY_EXISTS: whether the body is TRUE of some element; else NULL if it is NULL of some.
    Exists "array_exists";
    /// The map of the entries that the body yields for each entry, as rows of key and value.
    Entries "transform_entries";
    /// VARIANT_FILTER: the fields of an object of which the body is TRUE; anything else if it is TRUE of that.
    Filter "variant_filter";
    /// VARIANT_DEEP_FILTER: what is inside a VARIANT, at any depth, and the body TRUE of it.
    DeepFilter "variant_deep_filter";
    /// VARIANT_MAP: the body's values for the fields of an object, or for anything else as a whole.
    Map "variant_map";
    /// VARIANT_DEEP_MAP: the body's values for what is inside a VARIANT and has no parts itself.
    DeepMap "variant_deep_map";
}

impl Lambda {
    /// The function of that name.
    pub fn find(name: &str) -> Option<Lambda> {
        Lambda::ALL.iter().copied().find(|l| l.name() == name)
    }

    /// Calls it with a body that does not fail, or ends the pipeline when it does.
    pub fn run<'a>(
        self,
        arena: &'a Arena,
        over: Item<'a>,
        mut body: impl FnMut(Option<Item<'a>>, Option<Item<'a>>) -> Option<Item<'a>>,
    ) -> Option<Item<'a>> {
        let mut body = |a: Option<Item<'a>>, b: Option<Item<'a>>| Ok::<_, std::convert::Infallible>(body(a, b));
        self.call(arena, over, &mut body).unwrap_or_else(|never| match never {})
    }

    /// Calls it.
    ///
    /// # Errors
    /// Those of the body.
    pub fn call<'a, E>(self, arena: &'a Arena, over: Item<'a>, body: Body<'_, 'a, E>) -> Result<Option<Item<'a>>, E> {
        match self {
            Lambda::Transform => transform(arena, over, body).map(Some),
            Lambda::Exists => exists(over, body),
            Lambda::Entries => entries(arena, over, body),
            Lambda::Filter => filter(arena, over, body),
            Lambda::Map => variant_map(arena, over, body),
            Lambda::DeepFilter => {
                let mut out = ItemWriter::new();
                if !has_parts(over) {
                    return Ok(is_true(body(None, Some(over))?).then_some(over));
                }
                Walk { arena, body, path: String::new() }.filter(over, &mut out, item::DEPTH_MAX)?;
                Ok(Some(item_in(arena, out)))
            }
            Lambda::DeepMap => {
                let mut out = ItemWriter::new();
                if !has_parts(over) {
                    return Ok(Some(body(None, Some(over))?.unwrap_or(Item::VARIANT_NULL)));
                }
                Walk { arena, body, path: String::new() }.map(over, &mut out, item::DEPTH_MAX)?;
                Ok(Some(item_in(arena, out)))
            }
        }
    }
}

fn is_true(value: Option<Item<'_>>) -> bool {
    value == Some(Item::TRUE)
}

fn has_parts(of: Item<'_>) -> bool {
    matches!(of.tag(), tag::ARRAY | tag::MAP)
}

fn transform<'a, E>(arena: &'a Arena, over: Item<'a>, body: Body<'_, 'a, E>) -> Result<Item<'a>, E> {
    let mut out = ItemWriter::new();
    out.begin_array();
    for element in over.items() {
        out.item_null(body(element.present(), None)?);
    }
    out.end();
    Ok(item_in(arena, out))
}

fn exists<'a, E>(over: Item<'a>, body: Body<'_, 'a, E>) -> Result<Option<Item<'a>>, E> {
    let mut found = Some(Item::FALSE);
    for element in over.items() {
        match body(element.present(), None)? {
            Some(value) if value == Item::TRUE => return Ok(Some(Item::TRUE)),
            None => found = None,
            _ => {}
        }
    }
    Ok(found)
}

/// A key that is NULL after the conversion, or an entry that is no pair, makes the whole NULL.
fn entries<'a, E>(arena: &'a Arena, over: Item<'a>, body: Body<'_, 'a, E>) -> Result<Option<Item<'a>>, E> {
    let mut made = Vec::new();
    for (key, value) in pairs(over) {
        match body(key.present(), value.present())?.map(|entry| pairs(entry).next()) {
            Some(Some(entry)) => made.push(entry),
            _ => return Ok(None),
        }
    }
    Ok(map(arena, made.into_iter()).ok())
}

fn filter<'a, E>(arena: &'a Arena, over: Item<'a>, body: Body<'_, 'a, E>) -> Result<Option<Item<'a>>, E> {
    if over.tag() != tag::MAP {
        return Ok(is_true(body(None, Some(over))?).then_some(over));
    }
    let mut out = ItemWriter::new();
    out.begin_map();
    for (key, value) in pairs(over) {
        if is_true(body(Some(key), value.present())?) {
            out.item(key);
            out.item(value);
        }
    }
    out.end();
    Ok(Some(item_in(arena, out)))
}

fn variant_map<'a, E>(arena: &'a Arena, over: Item<'a>, body: Body<'_, 'a, E>) -> Result<Option<Item<'a>>, E> {
    if over.tag() != tag::MAP {
        return body(None, Some(over));
    }
    let mut out = ItemWriter::new();
    out.begin_map();
    for (key, value) in pairs(over) {
        out.item(key);
        out.item(body(Some(key), value.present())?.unwrap_or(Item::VARIANT_NULL));
    }
    out.end();
    Ok(Some(item_in(arena, out)))
}

/// A way through a VARIANT, with the path to where it is: `a.b[1].c`, array elements from 1.
struct Walk<'f, 'a, E> {
    arena: &'a Arena,
    body: Body<'f, 'a, E>,
    path: String,
}

impl<'a, E> Walk<'_, 'a, E> {
    fn call(&mut self, value: Item<'a>) -> Result<Option<Item<'a>>, E> {
        let mut path = ItemWriter::new();
        path.text(&self.path);
        (self.body)(Some(item_in(self.arena, path)), value.present())
    }

    /// Lengthens the path by a field's name, and returns what it was before. `None`: the key is no text.
    fn enter_field(&mut self, key: Item<'_>) -> Option<usize> {
        let View::Text(name) = key.view() else { return None };
        let before = self.path.len();
        if before > 0 {
            self.path.push('.');
        }
        self.path.push_str(&name);
        Some(before)
    }

    fn enter_element(&mut self, index: usize) -> usize {
        let before = self.path.len();
        let _ = write!(self.path, "[{}]", index + 1);
        before
    }

    /// Writes a container without what the body is not TRUE of; what is deeper than `depth` stays as it is.
    fn filter(&mut self, of: Item<'a>, out: &mut ItemWriter, depth: usize) -> Result<(), E> {
        let Some(depth) = depth.checked_sub(1) else {
            out.item(of);
            return Ok(());
        };
        if of.tag() == tag::MAP {
            out.begin_map();
            for (key, value) in pairs(of) {
                let Some(before) = self.enter_field(key) else {
                    out.item(key);
                    out.item(value);
                    continue;
                };
                if is_true(self.call(value)?) {
                    out.item(key);
                    self.kept(value, out, depth)?;
                }
                self.path.truncate(before);
            }
        } else {
            out.begin_array();
            for (i, value) in of.items().enumerate() {
                let before = self.enter_element(i);
                if is_true(self.call(value)?) {
                    self.kept(value, out, depth)?;
                }
                self.path.truncate(before);
            }
        }
        out.end();
        Ok(())
    }

    fn kept(&mut self, value: Item<'a>, out: &mut ItemWriter, depth: usize) -> Result<(), E> {
        if has_parts(value) {
            return self.filter(value, out, depth);
        }
        out.item(value);
        Ok(())
    }

    /// Writes a container with the body's values for its leaves; what is deeper than `depth` stays as it is.
    fn map(&mut self, of: Item<'a>, out: &mut ItemWriter, depth: usize) -> Result<(), E> {
        let Some(depth) = depth.checked_sub(1) else {
            out.item(of);
            return Ok(());
        };
        if of.tag() == tag::MAP {
            out.begin_map();
            for (key, value) in pairs(of) {
                out.item(key);
                let Some(before) = self.enter_field(key) else {
                    out.item(value);
                    continue;
                };
                self.mapped(value, out, depth)?;
                self.path.truncate(before);
            }
        } else {
            out.begin_array();
            for (i, value) in of.items().enumerate() {
                let before = self.enter_element(i);
                self.mapped(value, out, depth)?;
                self.path.truncate(before);
            }
        }
        out.end();
        Ok(())
    }

    fn mapped(&mut self, value: Item<'a>, out: &mut ItemWriter, depth: usize) -> Result<(), E> {
        if has_parts(value) {
            return self.map(value, out, depth);
        }
        let made = self.call(value)?.unwrap_or(Item::VARIANT_NULL);
        out.item(made);
        Ok(())
    }
}
