//! The `weir` server: the REST API on hyper, the automata of programs and deployments, running pipelines, and the command
//! line. The binary is [`cli::main`] and nothing else, so that tests can start what users start.

pub mod admin;
pub mod api;
pub mod auth;
pub mod automata;
pub mod cli;
mod connectors;
pub mod controller;
pub mod logs;
pub mod manager;
pub mod metrics;

/// The version of the platform, as the API shows it: the generation of the API, which Weir's own version follows.
pub const PLATFORM_VERSION: &str = env!("CARGO_PKG_VERSION");
