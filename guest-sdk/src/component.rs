//! A component of the world in `wit/pipeline.wit`: the host's calls go to the worker, the worker's to the host.
#![allow(unsafe_code, missing_docs, clippy::all, unreachable_pub, reason = "generated from the world")]
