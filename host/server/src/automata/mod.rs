//! The two automata of a pipeline, as pure functions: what to do in a state, and which state an outcome leads to. The
//! drivers in [`crate::manager`] act.

pub mod deployment;
pub mod program;
