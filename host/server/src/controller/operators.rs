//! What a pipeline's operators did and hold: rows and times as the host counted them, state as the component tells.

use super::run::Controller;
use parking_lot::Mutex;
use serde::Deserialize;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use weir_circuit::Op;
use weir_runtime::{Failure, OPERATORS_MAX, OperatorStats};

/// State of an operator on one worker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct StateSize {
    /// The operator.
    pub node: u32,
    /// Rows kept.
    pub state_rows: u64,
    /// Bytes that they take.
    pub state_bytes: u64,
}

/// State of all operators, by worker.
type StateSizes = Arc<Vec<Vec<StateSize>>>;

/// Sizes that were asked for last, and after how many steps.
#[derive(Debug, Default)]
pub(super) struct KnownSizes(Mutex<Option<(u64, StateSizes)>>);

/// An operator on one worker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OperatorProfile {
    /// What it did.
    pub stats: OperatorStats,
    /// Rows of its state.
    pub state_rows: u64,
    /// Bytes of its state.
    pub state_bytes: u64,
}

/// Rows that went through a table or view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelationRows {
    /// Its name.
    pub relation: String,
    /// Whether it is a table: then the rows went in, else out.
    pub is_table: bool,
    /// The rows.
    pub rows: u64,
}

impl Controller {
    /// The operators by node, for each worker; state is that of the last step, or of an earlier one while a step takes longer than
    /// `patience`.
    ///
    /// # Errors
    /// The failure with which the pipeline ended.
    pub async fn profile(self: &Arc<Self>, patience: Duration) -> Result<Vec<Vec<OperatorProfile>>, Failure> {
        let sizes = self.state_sizes(patience).await?;
        let nodes = self.program().circuit.nodes.len();
        let mut workers = Vec::new();
        for (stats, sizes) in self.handle.operators().into_iter().zip(sizes.iter()) {
            let mut operators: Vec<OperatorProfile> =
                stats.into_iter().map(|stats| OperatorProfile { stats, ..OperatorProfile::default() }).collect();
            operators.resize(nodes, OperatorProfile::default());
            for size in sizes {
                // Of the circuit's operators only: a component may tell of any.
                if let Some(operator) = operators.get_mut(size.node as usize) {
                    operator.state_rows = size.state_rows;
                    operator.state_bytes = size.state_bytes;
                }
            }
            workers.push(operators);
        }
        Ok(workers)
    }

    /// Rows that went into each table and out of each view, by relation: as many as there are changes, before those that
    /// cancel each other are taken out.
    pub fn relation_rows(&self) -> Vec<RelationRows> {
        let circuit = &self.program().circuit;
        let workers = self.handle.operators();
        let rows = |node: usize| workers.iter().filter_map(|w| w.get(node)).map(|o| o.rows_in).sum();
        let of = |(node, op): (usize, &Op)| {
            let (relation, is_table) = match op {
                Op::Table { table } => (circuit.tables.get(*table)?.name.clone(), true),
                Op::Output { view, .. } => (circuit.views.get(*view)?.name.clone(), false),
                _ => return None,
            };
            Some(RelationRows { relation, is_table, rows: rows(node) })
        };
        circuit.nodes.iter().map(|n| &n.op).enumerate().filter_map(of).collect()
    }

    /// Bytes of all operators' state. As [`Controller::profile`] otherwise.
    ///
    /// # Errors
    /// The failure with which the pipeline ended.
    pub async fn state_bytes(self: &Arc<Self>, patience: Duration) -> Result<u64, Failure> {
        let sizes = self.state_sizes(patience).await?;
        Ok(sizes.iter().flatten().map(|s| s.state_bytes).fold(0, u64::saturating_add))
    }

    /// The state of each worker's operators.
    async fn state_sizes(self: &Arc<Self>, patience: Duration) -> Result<StateSizes, Failure> {
        let steps = self.progress.steps.load(Relaxed);
        let known = self.sizes.0.lock().clone();
        if let Some((_, sizes)) = known.as_ref().filter(|(at, _)| *at == steps) {
            return Ok(Arc::clone(sizes));
        }
        let workers = self.workers();
        match self.with_pipeline(patience, weir_runtime::Pipeline::profile).await? {
            Some(texts) => {
                let sizes: Vec<Vec<StateSize>> = texts.iter().map(|text| read(text)).collect();
                let sizes = Arc::new(sizes);
                *self.sizes.0.lock() = Some((steps, Arc::clone(&sizes)));
                Ok(sizes)
            }
            None => Ok(known.map_or_else(|| Arc::new(vec![Vec::new(); workers]), |(_, sizes)| sizes)),
        }
    }
}

/// What a component told of its operators. What it may not tell is left out: it harms nobody but its owner.
fn read(text: &str) -> Vec<StateSize> {
    match serde_json::from_str::<Vec<StateSize>>(text) {
        Ok(mut sizes) => {
            sizes.truncate(OPERATORS_MAX as usize);
            sizes
        }
        Err(e) => {
            tracing::warn!(error = %e, "a component's profile cannot be read");
            Vec::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_may_say_anything() {
        assert_eq!(read("{"), []);
        assert_eq!(read(r#"[{"node":-1}]"#), []);
        let size = StateSize { node: 3, state_rows: 1, state_bytes: u64::MAX };
        assert_eq!(read(r#"[{"node":3,"state_rows":1,"state_bytes":18446744073709551615}]"#), [size]);
    }
}
