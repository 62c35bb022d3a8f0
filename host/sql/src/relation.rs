//! What a compiled program offers to the world around it: its circuit, and the schema that the API shows.

use crate::{Diagnostic, Span};
use weir_circuit::Circuit;
use weir_row::ColumnType;

/// A compiled program.
#[derive(Clone, Debug)]
pub struct Program {
    /// The plan.
    pub circuit: Circuit,
    /// What may not be as its author thinks.
    pub warnings: Vec<Diagnostic>,
    /// The tables, in order of declaration: those of [`Circuit::tables`].
    pub tables: Vec<Relation>,
    /// The views: the built-in `error_view`, then those of [`Circuit::views`] in order. LOCAL views are absent. In the circuit `error_view` is the last
    /// one, or, if nothing writes to it, absent.
    pub views: Vec<Relation>,
}

/// A table or a view as the API's `program_info.schema` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relation {
    /// The name, folded as SQL folds it.
    pub name: String,
    /// Whether the name was quoted.
    pub case_sensitive: bool,
    /// The columns in order.
    pub columns: Vec<RelationColumn>,
    /// Whether the contents are kept: declared so, or a table with a primary key.
    pub materialized: bool,
    /// What the `WITH` clause says, in order.
    pub properties: Vec<Property>,
    /// Indexes of the primary key's columns, in the key's order.
    pub primary_key: Option<Vec<usize>>,
    /// Other keys, for those whom the changes are sent to. Not enforced.
    pub indexes: Vec<Index>,
}

/// What CREATE INDEX declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// The name, folded as SQL folds it.
    pub name: String,
    /// Indexes of the columns, in the key's order.
    pub columns: Vec<usize>,
}

/// A column of a [`Relation`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelationColumn {
    /// The name, folded as SQL folds it.
    pub name: String,
    /// Whether the name was quoted.
    pub case_sensitive: bool,
    /// The type.
    pub ty: ColumnType,
    /// The text of the DEFAULT expression.
    pub default: Option<String>,
    /// Whether no view needs it, and nobody keeps it.
    pub unused: bool,
    /// The text of the LATENESS expression.
    pub lateness: Option<String>,
    /// The text of the WATERMARK expression.
    pub watermark: Option<String>,
}

/// An entry of a `WITH` clause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Property {
    /// The key, without its quotes.
    pub key: String,
    /// The value, without its quotes.
    pub value: String,
    /// Where the key stands.
    pub key_position: Span,
    /// Where the value stands.
    pub value_position: Span,
}
