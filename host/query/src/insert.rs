//! `INSERT INTO`: Arrow batches to changes of a table. All rows of a statement go to the pipeline at once, or none does.

use crate::source::Source;
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::common::{DataFusionError, Result};
use datafusion::datasource::sink::DataSink;
use datafusion::execution::memory_pool::MemoryConsumer;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::{DisplayAs, DisplayFormatType};
use futures_util::TryStreamExt;
use std::fmt;
use std::sync::Arc;
use weir_io::arrow::append_batch;
use weir_io::{Changes, TableColumns};

/// Bytes of the rows of one statement, at most: what the queue of a pipeline holds.
pub const INSERT_BYTES_MAX: usize = 64 << 20;

/// The end of an INSERT's plan.
#[derive(Debug)]
pub(crate) struct Insert {
    name: String,
    table: usize,
    columns: Arc<TableColumns>,
    schema: SchemaRef,
    source: Arc<dyn Source>,
}

impl Insert {
    pub(crate) fn new(
        name: &str,
        table: usize,
        columns: Arc<TableColumns>,
        schema: &SchemaRef,
        source: Arc<dyn Source>,
    ) -> Insert {
        Insert { name: name.to_owned(), table, columns, schema: Arc::clone(schema), source }
    }
}

impl DisplayAs for Insert {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Insert(table={})", self.name)
    }
}

#[async_trait]
impl DataSink for Insert {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    async fn write_all(&self, mut data: SendableRecordBatchStream, context: &Arc<TaskContext>) -> Result<u64> {
        let reservation = MemoryConsumer::new(format!("Insert[{}]", self.name)).register(context.memory_pool());
        let mut changes = Changes::new(&self.columns, self.source.workers());
        let mut bytes = 0;
        while let Some(batch) = data.try_next().await? {
            // Rows as words take about what they take as arrays.
            let size = batch.get_array_memory_size();
            bytes += size;
            if bytes > INSERT_BYTES_MAX {
                let max = INSERT_BYTES_MAX >> 20;
                return Err(DataFusionError::Execution(format!("one INSERT brings at most {max} MiB of rows")));
            }
            reservation.try_grow(size)?;
            append_batch(&batch, &self.columns, &mut changes).map_err(DataFusionError::Execution)?;
        }
        let rows = changes.rows() as u64;
        if rows > 0 {
            self.source.insert(self.table, changes.take()).await.map_err(DataFusionError::Execution)?;
        }
        Ok(rows)
    }
}
