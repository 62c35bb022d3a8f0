//! SQL as a tree that can be made smaller: what may be left out, what may stand in for what. Nothing here knows SQL's rules: what a
//! smaller tree means nothing by, the front end refuses.

use crate::types::Ty;
use std::fmt;

/// What a tree is, so that one of its sort can stand in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// A query.
    Query,
    /// What stands in FROM.
    Relation,
    /// An expression.
    Value(Ty),
    /// Anything else.
    Other,
}

/// A piece of SQL.
#[derive(Clone, Debug)]
pub struct Tree {
    pub sort: Sort,
    pub parts: Vec<Part>,
}

/// A part of a piece of SQL.
#[derive(Clone, Debug)]
pub enum Part {
    Text(String),
    /// What must be there.
    One(Tree),
    /// What may be left out.
    Maybe(Tree),
    /// Some of the same, of which a few may be left out.
    Many {
        items: Vec<Tree>,
        separator: &'static str,
        least: usize,
        columns: bool,
    },
}

impl From<&str> for Part {
    fn from(text: &str) -> Part {
        Part::Text(text.to_string())
    }
}

impl From<String> for Part {
    fn from(text: String) -> Part {
        Part::Text(text)
    }
}

impl From<Tree> for Part {
    fn from(tree: Tree) -> Part {
        Part::One(tree)
    }
}

/// A clause that may be left out; nothing if it is not there.
impl From<Option<Tree>> for Part {
    fn from(tree: Option<Tree>) -> Part {
        tree.map_or(Part::Text(String::new()), Part::Maybe)
    }
}

/// Some of the same, at least this many.
pub fn many(items: Vec<Tree>, separator: &'static str, least: usize) -> Part {
    Part::Many { items, separator, least, columns: false }
}

/// The columns of a query: one is left out in all arms of a set operation at once.
pub fn columns(items: Vec<Tree>) -> Part {
    Part::Many { items, separator: ", ", least: 1, columns: true }
}

/// A tree of texts and trees.
macro_rules! sql {
    ($sort:expr; $($part:expr),* $(,)?) => {
        $crate::tree::Tree { sort: $sort, parts: vec![$($crate::tree::Part::from($part)),*] }
    };
}
pub(crate) use sql;

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.parts {
            match part {
                Part::Text(text) => f.write_str(text)?,
                Part::One(tree) | Part::Maybe(tree) => write!(f, "{tree}")?,
                Part::Many { items, separator, .. } => {
                    for (i, item) in items.iter().enumerate() {
                        write!(f, "{}{item}", if i > 0 { separator } else { "" })?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// The way to a subtree: part by part, and the place among items.
type Path = Vec<(usize, usize)>;

/// What makes a tree smaller.
#[derive(Clone, Debug)]
pub enum Edit {
    /// Leaves out a part, or an item of it.
    Drop(Path, usize, Option<usize>),
    /// Leaves out a column of a query.
    Column(Path, usize),
    /// Has a subtree in place of the one it is in.
    Hoist(Path, Path),
    /// Has a literal in place of an expression.
    Literal(Path, Ty),
}

impl Tree {
    /// Text that cannot be made smaller.
    pub fn text(sort: Sort, text: impl Into<String>) -> Tree {
        Tree { sort, parts: vec![Part::Text(text.into())] }
    }

    /// All subtrees, outer ones first, with the way to each.
    fn walk<'t>(&'t self, path: &mut Path, visit: &mut impl FnMut(&Path, &'t Tree)) {
        visit(path, self);
        for (p, part) in self.parts.iter().enumerate() {
            let children = match part {
                Part::Text(_) => &[][..],
                Part::One(tree) | Part::Maybe(tree) => std::slice::from_ref(tree),
                Part::Many { items, .. } => items,
            };
            for (i, child) in children.iter().enumerate() {
                path.push((p, i));
                child.walk(path, visit);
                path.pop();
            }
        }
    }

    fn at(&mut self, path: &[(usize, usize)]) -> &mut Tree {
        let Some(((part, item), rest)) = path.split_first() else { return self };
        match &mut self.parts[*part] {
            Part::Text(_) => unreachable!("no way leads to a text"),
            Part::One(tree) | Part::Maybe(tree) => tree.at(rest),
            Part::Many { items, .. } => items[*item].at(rest),
        }
    }

    /// Everything that may make it smaller, what takes most away first.
    pub fn edits(&self) -> Vec<Edit> {
        let mut out = vec![];
        self.walk(&mut vec![], &mut |path, tree| {
            tree.walk(&mut vec![], &mut |below, sub| {
                if !below.is_empty() && sub.sort == tree.sort && tree.sort != Sort::Other {
                    out.push(Edit::Hoist(path.clone(), below.clone()));
                }
            });
            if let Sort::Value(ty) = tree.sort {
                out.push(Edit::Literal(path.clone(), ty));
            }
            for (p, part) in tree.parts.iter().enumerate() {
                match part {
                    Part::Text(_) | Part::One(_) => {}
                    Part::Maybe(_) => out.push(Edit::Drop(path.clone(), p, None)),
                    // Later ones first: others may stand on the earlier ones.
                    Part::Many { items, least, columns, .. } if items.len() > *least => {
                        out.extend((0..items.len()).rev().map(|i| {
                            if *columns { Edit::Column(path.clone(), i) } else { Edit::Drop(path.clone(), p, Some(i)) }
                        }));
                    }
                    Part::Many { .. } => {}
                }
            }
            if tree.sort == Sort::Query && tree.parts.iter().any(|p| matches!(p, Part::One(t) if t.sort == Sort::Query))
            {
                out.extend((0..COLUMNS_MAX).map(|i| Edit::Column(path.clone(), i)));
            }
        });
        out
    }

    /// The tree with one of its `edits` made.
    pub fn edited(&self, edit: &Edit) -> Tree {
        let mut out = self.clone();
        match edit {
            Edit::Drop(path, part, item) => match (&mut out.at(path).parts[*part], item) {
                (Part::Many { items, .. }, Some(i)) => drop(items.remove(*i)),
                (other, _) => *other = Part::Text(String::new()),
            },
            Edit::Column(path, column) => out.at(path).drop_column(*column),
            Edit::Hoist(path, below) => {
                let tree = out.at(path);
                *tree = tree.at(below).clone();
            }
            Edit::Literal(path, ty) => *out.at(path) = Tree::text(Sort::Value(*ty), ty.simplest()),
        }
        out
    }

    /// Leaves out a column in all arms.
    fn drop_column(&mut self, column: usize) {
        for part in &mut self.parts {
            match part {
                Part::Many { items, columns: true, .. } if items.len() > 1 && column < items.len() => {
                    items.remove(column);
                }
                Part::One(tree) if tree.sort == Sort::Query => tree.drop_column(column),
                _ => {}
            }
        }
    }
}

/// Queries have at most as many columns.
pub const COLUMNS_MAX: usize = 6;
