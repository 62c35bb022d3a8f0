//! Statements as they are written. Queries, expressions and types are `sqlparser`'s trees; what surrounds them is ours, because
//! our DDL is not any other dialect's and each of its parts needs its place.

use crate::Span;
use crate::relation::Property;
use sqlparser::ast::{DataType, Expr, Ident, Query};

/// A statement that was understood.
#[derive(Debug)]
pub(crate) enum Statement {
    /// `CREATE TABLE`
    Table(CreateTable),
    /// `CREATE [LOCAL | MATERIALIZED] VIEW`
    View(CreateView),
    /// `CREATE TYPE`
    Type(CreateType),
    /// `DECLARE RECURSIVE VIEW`
    Recursive(DeclareRecursive),
    /// `CREATE FUNCTION`, `CREATE LINEAR AGGREGATE`
    Function(CreateFunction),
    /// `CREATE INDEX`
    Index(CreateIndex),
    /// `SET`
    Set(SetSetting),
    /// LATENESS.
    Lateness(Lateness),
}

/// `LATENESS view.column expr`
#[derive(Debug)]
pub(crate) struct Lateness {
    pub(crate) view: Ident,
    pub(crate) column: Ident,
    pub(crate) expr: Box<Expr>,
    pub(crate) span: Span,
}

/// `CREATE TABLE name ( .. ) [WITH ( .. )]`
#[derive(Debug)]
pub(crate) struct CreateTable {
    pub(crate) name: Ident,
    pub(crate) columns: Vec<ColumnDef>,
    pub(crate) primary_keys: Vec<KeyList>,
    pub(crate) foreign_keys: Vec<ForeignKey>,
    pub(crate) properties: Vec<Property>,
}

/// A column of a table with its constraints.
#[derive(Debug)]
pub(crate) struct ColumnDef {
    pub(crate) name: Ident,
    pub(crate) ty: DataType,
    pub(crate) ty_span: Span,
    /// Whether NOT NULL (or the opposite, NULL) was written.
    pub(crate) not_null: Option<bool>,
    /// DEFAULT: the expression and its text.
    pub(crate) default: Option<(Expr, String, Span)>,
    /// LATENESS.
    pub(crate) lateness: Option<(Expr, Span)>,
    /// WATERMARK.
    pub(crate) watermark: Option<(Expr, Span)>,
}

/// `PRIMARY KEY ( .. )`
#[derive(Debug)]
pub(crate) struct KeyList {
    pub(crate) columns: Vec<Ident>,
    pub(crate) span: Span,
}

/// `FOREIGN KEY ( .. ) REFERENCES table ( .. )`
#[derive(Debug)]
pub(crate) struct ForeignKey {
    pub(crate) columns: Vec<Ident>,
    pub(crate) table: Ident,
    pub(crate) referred: Vec<Ident>,
    pub(crate) span: Span,
}

/// What becomes of a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ViewKind {
    /// Its changes are put out.
    Plain,
    /// It is used by other views only.
    Local,
    /// Its changes are put out and its contents kept.
    Materialized,
}

/// `CREATE [LOCAL | MATERIALIZED] VIEW name [( .. )] [WITH ( .. )] AS query`
#[derive(Debug)]
pub(crate) struct CreateView {
    pub(crate) name: Ident,
    pub(crate) kind: ViewKind,
    pub(crate) columns: Vec<Ident>,
    pub(crate) properties: Vec<Property>,
    pub(crate) query: Box<Query>,
}

/// `DECLARE RECURSIVE VIEW name (column type [NOT NULL], ..)`
#[derive(Debug)]
pub(crate) struct DeclareRecursive {
    pub(crate) name: Ident,
    pub(crate) columns: Vec<Parameter>,
}

/// `CREATE TYPE name AS type`, or `AS ( field type, .. )`
#[derive(Debug)]
pub(crate) struct CreateType {
    pub(crate) name: Ident,
    pub(crate) ty: DataType,
    pub(crate) span: Span,
    /// Where `ROW` stands if the type was written `AS ROW(..)`, which is refused.
    pub(crate) row: Option<Span>,
}

/// `CREATE FUNCTION name(..) RETURNS type [AS expr]`, `CREATE LINEAR AGGREGATE name(..) RETURNS type`
#[derive(Debug)]
pub(crate) struct CreateFunction {
    pub(crate) name: Ident,
    pub(crate) params: Vec<Parameter>,
    pub(crate) result: DataType,
    pub(crate) result_span: Span,
    pub(crate) result_not_null: bool,
    /// None: it is written in Rust.
    pub(crate) body: Option<Box<Expr>>,
    pub(crate) aggregate: bool,
}

/// `CREATE INDEX name ON relation ( column, .. )`
#[derive(Debug)]
pub(crate) struct CreateIndex {
    pub(crate) name: Ident,
    pub(crate) relation: Ident,
    pub(crate) columns: Vec<Ident>,
}

/// `SET name = ON | OFF | literal`
#[derive(Debug)]
pub(crate) struct SetSetting {
    pub(crate) name: Ident,
    pub(crate) value: String,
    pub(crate) value_span: Span,
}

/// `name type [NOT NULL]`
#[derive(Debug)]
pub(crate) struct Parameter {
    pub(crate) name: Ident,
    pub(crate) ty: DataType,
    pub(crate) span: Span,
    pub(crate) not_null: bool,
}

impl Statement {
    /// The name that the statement declares, if it is one of a relation, a type or a function.
    pub(crate) fn name(&self) -> Option<&Ident> {
        Some(match self {
            Statement::Table(t) => &t.name,
            Statement::View(v) => &v.name,
            Statement::Type(t) => &t.name,
            Statement::Recursive(v) => &v.name,
            Statement::Function(f) => &f.name,
            Statement::Index(_) | Statement::Set(_) | Statement::Lateness(_) => return None,
        })
    }
}
