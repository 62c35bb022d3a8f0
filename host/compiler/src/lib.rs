//! weir-compiler
