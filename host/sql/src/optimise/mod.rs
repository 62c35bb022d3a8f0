//! Rewriting plans and expressions into ones that cost less and mean the same. One pass a file.

mod fold;

pub(crate) use fold::{evaluate, may_fail};
