//! Functions that call a lambda on the parts of an array or a VARIANT.

use crate::Arena;
use weir_row::{Item, ItemWriter, View};

/// The body of a lambda: takes its parameters, of which the second is NULL if it has only one, and gives its value.
pub type Body<'f, 'a, E> = &'f mut dyn FnMut(Option<Item<'a>>, Option<Item<'a>>) -> Result<Option<Item<'a>>, E>;

/// A function that takes a lambda.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lambda {
    /// TRANSFORM: the array of the body's values for each element.
    Transform,
    /// ARRAY_EXISTS: whether the body is TRUE of some element; else NULL if it is NULL of some.
    Exists,
    /// The map of the entries that the body yields for each entry, as rows of key and value.
    Entries,
}

impl Lambda {
    /// Every function that takes a lambda.
    pub const ALL: [Lambda; 3] = [Lambda::Transform, Lambda::Exists, Lambda::Entries];

    /// Its name in circuits and generated code.
    pub const fn name(self) -> &'static str {
        match self {
            Lambda::Transform => "transform",
            Lambda::Exists => "array_exists",
            Lambda::Entries => "transform_entries",
        }
    }

    /// The name of its variant.
    pub const fn variant(self) -> &'static str {
        match self {
            Lambda::Transform => "Transform",
            Lambda::Exists => "Exists",
            Lambda::Entries => "Entries",
        }
    }

    /// The function of that name.
    pub fn find(name: &str) -> Option<Lambda> {
        Lambda::ALL.into_iter().find(|l| l.name() == name)
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
        }
    }
}

fn transform<'a, E>(arena: &'a Arena, over: Item<'a>, body: Body<'_, 'a, E>) -> Result<Item<'a>, E> {
    let mut out = ItemWriter::new();
    out.begin_array();
    for element in over.items() {
        out.item_null(body(element.present(), None)?);
    }
    out.end();
    Ok(crate::item_in(arena, out))
}

/// A key that is NULL after the conversion, or an entry that is no pair, makes the whole NULL.
fn entries<'a, E>(arena: &'a Arena, over: Item<'a>, body: Body<'_, 'a, E>) -> Result<Option<Item<'a>>, E> {
    let mut made = Vec::new();
    for (key, value) in crate::array::pairs(over) {
        match body(key.present(), value.present())?.map(|entry| crate::array::pairs(entry).next()) {
            Some(Some(entry)) => made.push(entry),
            _ => return Ok(None),
        }
    }
    Ok(crate::array::map(arena, made.into_iter()).ok())
}

fn exists<'a, E>(over: Item<'a>, body: Body<'_, 'a, E>) -> Result<Option<Item<'a>>, E> {
    let mut found = Some(Item::FALSE);
    for element in over.items() {
        match body(element.present(), None)?.map(Item::view) {
            Some(View::Bool(true)) => return Ok(Some(Item::TRUE)),
            None => found = None,
            _ => {}
        }
    }
    Ok(found)
}
