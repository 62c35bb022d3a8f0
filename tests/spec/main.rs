//! The rules of the REST API's specification (`rest-api.md`), each with a test that names it. A module is a section of that page;
//! its head lists the rules that other test targets show already, and what Weir does otherwise, with the reason.
//!
//! All tests share one server, and each makes pipelines of its own names.
#![allow(clippy::unwrap_used, reason = "a test that unwraps says where it failed")]

mod crosscutting;
mod dozen_facts;
mod errors;
mod interaction;
mod lifecycle;
mod management;
mod pipeline_object;
mod shared;
#[path = "../support/mod.rs"]
mod support;
