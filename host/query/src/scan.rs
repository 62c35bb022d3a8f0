//! Reading relations within a query: every scan of a query reads the same step.

use crate::source::{Reader, Relation, Source};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use futures_util::{StreamExt, TryStreamExt, stream};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::OnceCell;
use weir_io::arrow::Decoder;

/// Scans of one query, at most: each holds a snapshot open.
pub const SCANS_MAX: usize = 32;

/// The scans of one query. They are noted while it is planned and opened all at once before it runs.
#[derive(Debug, Default)]
pub(crate) struct Scans {
    scans: Mutex<Vec<Arc<Scan>>>,
}

impl Scans {
    /// Notes a scan of a relation, of which some columns are wanted.
    pub(crate) fn add(
        &self,
        number: usize,
        relation: Arc<Relation>,
        projection: Option<&[usize]>,
    ) -> Result<Arc<Scan>> {
        let mut scans = self.scans.lock();
        if scans.len() >= SCANS_MAX {
            return Err(DataFusionError::Plan(format!("a query reads at most {SCANS_MAX} relations")));
        }
        let schema = Arc::clone(Decoder::new(&relation.name, &relation.columns, projection).schema());
        let scan = Arc::new(Scan {
            number,
            relation,
            projection: projection.map(<[usize]>::to_vec),
            schema,
            reader: Mutex::new(None),
            keep: AtomicBool::new(false),
            kept: Arc::default(),
        });
        scans.push(Arc::clone(&scan));
        Ok(scan)
    }

    /// Opens all of them as of one step. With `keep` they can be run again and again, which a recursive query does, and
    /// their rows stay in memory.
    pub(crate) async fn open(&self, source: &dyn Source, keep: bool) -> Result<()> {
        let scans: Vec<Arc<Scan>> = self.scans.lock().iter().filter(|s| s.relation.materialized).cloned().collect();
        if scans.is_empty() {
            return Ok(());
        }
        let numbers: Vec<usize> = scans.iter().map(|s| s.number).collect();
        let readers = source.open(&numbers).await.map_err(DataFusionError::Execution)?;
        for (scan, reader) in scans.iter().zip(readers) {
            scan.keep.store(keep, Ordering::Relaxed);
            *scan.reader.lock() = Some(reader);
        }
        Ok(())
    }
}

/// One scan of a relation.
#[derive(Debug)]
pub(crate) struct Scan {
    number: usize,
    relation: Arc<Relation>,
    projection: Option<Vec<usize>>,
    schema: SchemaRef,
    /// What it reads, from when it was opened until it runs.
    reader: Mutex<Option<Box<dyn Reader>>>,
    keep: AtomicBool,
    kept: Arc<OnceCell<(Vec<RecordBatch>, MemoryReservation)>>,
}

impl Scan {
    fn read(&self) -> Result<impl futures_util::Stream<Item = Result<RecordBatch>> + Send + 'static> {
        let name = &self.relation.name;
        let Some(reader) = self.reader.lock().take() else {
            return Err(DataFusionError::Execution(format!("'{name}' is read a second time within one query")));
        };
        let decoder = Decoder::new(name, &self.relation.columns, self.projection.as_deref());
        Ok(stream::try_unfold((reader, decoder), async |(mut reader, mut decoder)| {
            loop {
                let batch = decoder.next_batch().map_err(|e| DataFusionError::Execution(e.to_string()))?;
                if let Some(batch) = batch {
                    return Ok(Some((batch, (reader, decoder))));
                }
                match reader.next().await.map_err(DataFusionError::Execution)? {
                    Some(page) => decoder.push(page),
                    None => return Ok(None),
                }
            }
        }))
    }

    /// All batches, read once and kept.
    fn read_kept(&self, context: &TaskContext) -> SendableRecordBatchStream {
        let kept = Arc::clone(&self.kept);
        let reservation = MemoryConsumer::new(format!("Scan[{}]", self.relation.name)).register(context.memory_pool());
        let fresh = if kept.initialized() { None } else { self.read().ok() };
        let batches = stream::once(async move {
            let read = async || -> Result<_> {
                let mut batches = Vec::new();
                let Some(fresh) = fresh else {
                    return Err(DataFusionError::Execution("a scan that is being read is read again".into()));
                };
                let mut fresh = std::pin::pin!(fresh);
                while let Some(batch) = fresh.try_next().await? {
                    reservation.try_grow(batch.get_array_memory_size())?;
                    batches.push(batch);
                }
                Ok((batches, reservation))
            };
            let (batches, _) = kept.get_or_try_init(read).await?;
            let batches: Vec<Result<RecordBatch>> = batches.iter().cloned().map(Ok).collect();
            Ok::<_, DataFusionError>(stream::iter(batches))
        });
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), batches.try_flatten()))
    }
}

impl PartitionStream for Scan {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let failed = |e: DataFusionError| -> SendableRecordBatchStream {
            Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), stream::once(std::future::ready(Err(e)))))
        };
        if !self.relation.materialized {
            let kind = if self.relation.table.is_some() {
                "give the table the property 'materialized' = 'true'"
            } else {
                "create it as a MATERIALIZED VIEW"
            };
            return failed(DataFusionError::Execution(format!(
                "Tried to SELECT from a non-materialized source: '{}' keeps no contents; {kind}",
                self.relation.name
            )));
        }
        if self.keep.load(Ordering::Relaxed) {
            return self.read_kept(&context);
        }
        match self.read() {
            Ok(batches) => Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), batches.boxed())),
            Err(e) => failed(e),
        }
    }
}
