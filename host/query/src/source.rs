//! What a query needs of the pipeline that it asks.

use async_trait::async_trait;
use std::fmt::Debug;
use std::sync::Arc;
use weir_circuit::Column;
use weir_io::TableColumns;
use weir_row::Block;

/// A relation that queries can name.
#[derive(Clone, Debug)]
pub struct Relation {
    /// The name, folded as SQL folds it.
    pub name: String,
    /// The columns in order.
    pub columns: Vec<Column>,
    /// Whether its contents are kept, so that they can be read.
    pub materialized: bool,
    /// Its number among the tables and what readers know of it, if it is one; else it is a view.
    pub table: Option<(usize, Arc<TableColumns>)>,
}

/// A running pipeline. Errors are texts for people.
#[async_trait]
pub trait Source: Debug + Send + Sync {
    /// Begins to read relations (numbers in the list of relations; one may occur several times), all of them as they are after
    /// the same step, which has taken in everything that was acknowledged before the query began.
    async fn open(&self, relations: &[usize]) -> Result<Vec<Box<dyn Reader>>, String>;

    /// The number of workers to which changes are dealt.
    fn workers(&self) -> usize;

    /// Has the pipeline take in changes of a table: a list of blocks for each worker. Returns when a step has.
    async fn insert(&self, table: usize, changes: Vec<Vec<Block>>) -> Result<(), String>;
}

/// One relation, being read. Dropping it lets go of what it holds.
#[async_trait]
pub trait Reader: Debug + Send {
    /// The next rows in the relation's sort layout; `None` at the end. A page may be empty.
    async fn next(&mut self) -> Result<Option<Vec<Block>>, String>;
}
