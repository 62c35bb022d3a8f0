//! What the compiler found out about a program: its relations and connectors.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What the compiler found out about a program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PartialProgramInfo {
    /// Tables and views.
    pub schema: ProgramSchema,
    /// Rust declarations of the functions that the program leaves to `udf_rust`.
    pub udf_stubs: String,
    /// Connectors that feed tables, by `table.connector`.
    #[schema(value_type = BTreeMap<String, Object>)]
    pub input_connectors: BTreeMap<String, Value>,
    /// Connectors that views are sent to, by `view.connector`.
    #[schema(value_type = BTreeMap<String, Object>)]
    pub output_connectors: BTreeMap<String, Value>,
}

/// The relations of a program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProgramSchema {
    /// Tables.
    pub inputs: Vec<Relation>,
    /// Views, the built-in one for errors first.
    pub outputs: Vec<Relation>,
}

/// A table or view.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Relation {
    /// Its name; unquoted names are in lower case.
    pub name: String,
    /// Whether the name was quoted.
    pub case_sensitive: bool,
    /// Columns, in order.
    pub fields: Vec<Field>,
    /// Whether its contents are kept, so that queries can read them.
    #[serde(default)]
    pub materialized: bool,
    /// What `WITH` says of it.
    #[serde(default)]
    pub properties: BTreeMap<String, PropertyValue>,
}

/// A value of `WITH`, and where it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PropertyValue {
    /// The value.
    pub value: String,
    /// Where its key stands.
    pub key_position: SourcePosition,
    /// Where it stands.
    pub value_position: SourcePosition,
}

/// A place in the program; lines and columns from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SourcePosition {
    /// First line.
    pub start_line_number: usize,
    /// First column.
    pub start_column: usize,
    /// Last line.
    pub end_line_number: usize,
    /// Last column.
    pub end_column: usize,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Field {
    /// Its name; unquoted names are in lower case.
    pub name: String,
    /// Whether the name was quoted.
    pub case_sensitive: bool,
    /// Its type.
    pub columntype: ColumnType,
    /// How late its values may come.
    pub lateness: Option<String>,
    /// The value of rows that name none.
    pub default: Option<String>,
    /// What rows wait for.
    pub watermark: Option<String>,
}

/// The type of a column, or of a part of one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ColumnType {
    /// Its name in SQL, in capital letters: `BIGINT`, `VARCHAR`, `INTERVAL_DAY`, `STRUCT`.
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    pub sql_type: String,
    /// Whether it takes NULL.
    pub nullable: bool,
    /// Digits or characters; -1 for a text without bound.
    pub precision: Option<i64>,
    /// Digits after the point.
    pub scale: Option<i64>,
    /// Element type of an array.
    #[schema(no_recursion)]
    pub component: Option<Box<ColumnType>>,
    /// Fields of a row type.
    #[schema(no_recursion)]
    pub fields: Option<Vec<Field>>,
    /// Key type of a map.
    #[schema(no_recursion)]
    pub key: Option<Box<ColumnType>>,
    /// Value type of a map.
    #[schema(no_recursion)]
    pub value: Option<Box<ColumnType>>,
}
