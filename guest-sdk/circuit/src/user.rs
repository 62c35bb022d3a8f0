//! Functions that the program's author wrote in Rust: what a circuit knows of them is how they are called.

use serde::{Deserialize, Serialize};
use weir_row::ColumnType;

/// A function with a body in Rust. Its name and those of its parameters are identifiers of Rust.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserFunction {
    /// The name.
    pub name: String,
    /// Names and types of the parameters, in order. NULL is passed on where the type has it.
    pub params: Vec<(String, ColumnType)>,
    /// The type of what the body returns.
    pub result: ColumnType,
    /// Whether it is a linear aggregate: of values that are not NULL, NULL if there are none.
    pub aggregate: bool,
}
