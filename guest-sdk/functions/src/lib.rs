//! SQL's scalar functions, each written once: the binder and the optimiser find it in [`registry`], generated programs call
//! it by path, and constant folding (and later the engine) calls it through the registry's adapter.
//!
//! A *kernel* is a function on values that are not NULL, of fixed representations; NULLs are dealt with by the caller (a
//! strict call is NULL if an argument is). Its name is `{operation}_{kind}`. Kernels that may fail return
//! `Result<_, Error>`; kernels that make a string take the [`Arena`] first.

#[macro_use]
mod kernel;

mod aggregate;
mod arith;
mod array;
mod array_functions;
mod binary;
mod cast;
mod cast_binary;
#[cfg(not(target_family = "wasm"))]
pub mod catalog;
mod collect;
mod compare;
mod datetime;
mod datetime_text;
mod decimal;
mod error;
mod float;
mod format;
mod hash;
mod interval;
mod interval_scale;
mod interval_text;
mod item;
mod item_json;
mod json_number;
mod json_read;
mod lambda;
mod maths;
mod regex;
mod temporal_make;
mod text;
mod text_forms;
mod text_like;
mod text_slice;
mod variant;
mod zone;

pub use aggregate::*;
pub use arith::*;
pub use array::*;
pub use array_functions::*;
pub use binary::*;
pub use bumpalo::Bump as Arena;
pub use cast::*;
pub use cast_binary::*;
pub use collect::*;
pub use compare::*;
pub use datetime::*;
pub use datetime_text::*;
pub use decimal::*;
pub use error::Error;
pub use float::*;
pub use format::*;
pub use hash::*;
pub use interval::*;
pub use interval_scale::*;
pub use interval_text::*;
pub use item::*;
pub use kernel::{Kernel, find, registry};
pub use lambda::{Body, Lambda};
pub use maths::*;
pub use regex::*;
pub use temporal_make::*;
pub use text::*;
pub use text_like::*;
pub use text_slice::*;
pub use variant::*;
pub use zone::*;

/// How values look as text; shared by casts and by the formats.
pub mod forms {
    pub use crate::datetime_text::{parse_date, parse_time, parse_timestamp};
    pub use crate::item_json::{json, text as item_text};
    pub use crate::json_read::{JsonError, read_json};
    pub use crate::text_forms::*;
}
