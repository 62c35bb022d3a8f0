//! What the host knows of a program while it runs: relations, columns, layouts.

use std::sync::Arc;
use weir_circuit::{Circuit, Column, Op};
use weir_io::{TableColumns, find_relation};
use weir_row::{ColumnType, SortLayout};

/// The built-in view. No operator writes to it, so the circuit does not have it: it can be listened to, and is silent.
const ERROR_VIEW: &str = "error_view";

/// A relation that can be listened to.
#[derive(Debug)]
pub struct RunningRelation {
    /// The name.
    pub name: String,
    /// The columns in order.
    pub columns: Vec<Column>,
    /// How its deltas and snapshots are laid out.
    pub layout: SortLayout,
    /// Whether its contents are kept.
    pub materialized: bool,
    /// The columns of its indexes, by their names.
    pub indexes: Vec<(String, Vec<usize>)>,
}

/// The schema of a running program. Relations are numbered as in the component's contract: views first, then tables.
#[derive(Debug)]
pub struct RunningProgram {
    /// The plan.
    pub circuit: Arc<Circuit>,
    /// Views, then tables.
    pub relations: Vec<RunningRelation>,
    /// Number of views.
    pub views: usize,
    /// What readers know of each table.
    pub tables: Vec<Arc<TableColumns>>,
}

impl RunningProgram {
    /// The schema of a circuit.
    pub fn new(circuit: &Circuit) -> RunningProgram {
        let relation = |name: &str, columns: &[Column], materialized| {
            let types: Vec<ColumnType> = columns.iter().map(|c| c.ty.clone()).collect();
            RunningRelation {
                name: name.to_owned(),
                columns: columns.to_vec(),
                layout: SortLayout::ascending(&types),
                materialized,
                indexes: Vec::new(),
            }
        };
        let views = circuit.views.iter().map(|v| relation(&v.name, &v.columns, v.materialized));
        let tables = circuit.tables.iter().map(|t| relation(&t.name, &t.columns, t.materialized));
        RunningProgram {
            circuit: Arc::new(circuit.clone()),
            relations: views.chain(tables).collect(),
            views: circuit.views.len(),
            tables: circuit.tables.iter().map(|t| Arc::new(TableColumns::new(t))).collect(),
        }
    }

    /// Tells of a view's index.
    pub fn add_index(&mut self, view: &str, name: &str, columns: &[usize]) {
        if let Some(relation) = self.relations[..self.views].iter_mut().find(|r| r.name == view) {
            relation.indexes.push((name.to_owned(), columns.to_vec()));
        }
    }

    /// The columns of a relation's index.
    pub fn index(&self, relation: usize, name: &str) -> Option<Vec<usize>> {
        let indexes = &self.relations.get(relation)?.indexes;
        indexes.iter().find(|(n, _)| n == name).map(|(_, columns)| columns.clone())
    }

    /// Whether its results depend on the time.
    pub fn reads_now(&self) -> bool {
        self.circuit.nodes.iter().any(|node| matches!(node.op, Op::Now))
    }

    /// The table that an identifier names: unquoted it folds to lower case, in quotation marks it is exact.
    pub fn find_table(&self, identifier: &str) -> Option<usize> {
        find_relation(identifier, self.relations[self.views..].iter().map(|r| r.name.as_str()))
    }

    /// The relation that an identifier names; a number beyond all relations is the built-in view.
    pub fn find_relation(&self, identifier: &str) -> Option<usize> {
        find_relation(identifier, self.relations.iter().map(|r| r.name.as_str()).chain([ERROR_VIEW]))
    }

    /// The name of what [`RunningProgram::find_relation`] found.
    pub fn relation_name(&self, relation: usize) -> &str {
        self.relations.get(relation).map_or(ERROR_VIEW, |r| r.name.as_str())
    }
}
