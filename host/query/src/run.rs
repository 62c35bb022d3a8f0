//! Running a query: a task on threads of its own, that ends when nobody takes its result.

use crate::error::QueryError;
use crate::format::Format;
use crate::memory::QueryMemory;
use crate::session::{self, Planned};
use crate::source::{Relation, Source};
use bytes::Bytes;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool};
use futures_util::{FutureExt, Stream, TryStreamExt};
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, oneshot};

/// Chunks that wait for the client; then the query does.
const CHUNKS_WAITING_MAX: usize = 2;
/// How long a query waits for a client to take a chunk. A snapshot that is held open keeps memory of its pipeline.
const STALL_MAX: Duration = Duration::from_secs(60);
/// How long a query runs, the time included for which an INSERT waits for a paused pipeline.
const QUERY_TIME_MAX: Duration = Duration::from_secs(3_600);
/// Bytes of a thread's stack, of which only what is used is resident: expressions are trees, which passes walk and drop level
/// by level, and some are as deep as a statement may be long.
const STACK_BYTES: usize = 256 << 20;

/// A query.
#[derive(Debug)]
pub struct Query {
    /// The statement.
    pub sql: String,
    /// How the result is written.
    pub format: Format,
    /// Whether it may change something.
    pub may_write: bool,
    /// What it can name.
    pub relations: Vec<Arc<Relation>>,
    /// The pipeline.
    pub source: Arc<dyn Source>,
    /// The account of the pipeline's queries.
    pub memory: Arc<QueryMemory>,
}

/// The result, chunk by chunk. An error is the last item; formats that can say so themselves end without one. Dropping it
/// ends the query.
#[derive(Debug)]
pub struct Chunks {
    receiver: mpsc::Receiver<Result<Bytes, QueryError>>,
}

impl Stream for Chunks {
    type Item = Result<Bytes, QueryError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.receiver.poll_recv(cx)
    }
}

/// The threads of queries. They are not those that serve requests: a plan or a sort takes a while without a pause.
fn threads() -> Result<&'static Runtime, QueryError> {
    static THREADS: OnceLock<Option<Runtime>> = OnceLock::new();
    let start = || {
        let built = tokio::runtime::Builder::new_multi_thread()
            .thread_name("weir-query")
            .thread_stack_size(STACK_BYTES)
            .enable_time()
            .build();
        built.inspect_err(|e| tracing::error!(error = %e, "the threads of queries do not start")).ok()
    };
    THREADS.get_or_init(start).as_ref().ok_or_else(|| QueryError::Planning("there are no threads for queries".into()))
}

/// Plans a query and begins to run it. Dropping the future ends it.
///
/// # Errors
/// The query cannot be run.
pub async fn start(query: Query) -> Result<Chunks, QueryError> {
    let (sender, receiver) = mpsc::channel(CHUNKS_WAITING_MAX);
    let (planned, told) = oneshot::channel();
    threads()?.spawn(async move {
        tokio::select! {
            () = sender.closed() => {}
            () = work(query, planned, &sender) => {}
        }
    });
    // Dropped unsent by a panic only.
    told.await.unwrap_or_else(|_| Err(QueryError::Planning("the query could not be planned: a bug".into())))?;
    Ok(Chunks { receiver })
}

async fn work(
    query: Query,
    planned: oneshot::Sender<Result<(), QueryError>>,
    sender: &mpsc::Sender<Result<Bytes, QueryError>>,
) {
    let Query { sql, format, may_write, relations, source, memory } = query;
    let plan = match session::plan(&sql, &relations, &source, &memory).await {
        Ok(plan) => plan,
        Err(e) => {
            // Nobody may be left to hear it.
            let _ = planned.send(Err(QueryError::planning(&e)));
            return;
        }
    };
    if plan.writes && !may_write {
        let _ = planned.send(Err(QueryError::WriteRefused));
        return;
    }
    let _ = planned.send(Ok(()));
    let run = AssertUnwindSafe(tokio::time::timeout(QUERY_TIME_MAX, run(plan, format, &*source, memory, sender)));
    let error = match run.catch_unwind().await {
        Ok(Ok(Ok(()))) => return,
        Ok(Ok(Err(e))) => e,
        Ok(Err(_elapsed)) => QueryError::Timeout(QUERY_TIME_MAX.as_secs()),
        Err(_panic) => {
            tracing::error!("a query panicked");
            QueryError::Execution("the query failed: a bug".into())
        }
    };
    if matches!(error, QueryError::Stalled(_)) {
        // Who does not take chunks does not take this one: the stream breaks off.
        let _ = sender.try_send(Err(error));
        return;
    }
    let last = format.error(&error.to_string()).map(Bytes::from).ok_or(error);
    let _ = tokio::time::timeout(STALL_MAX, sender.send(last)).await;
}

async fn run(
    plan: Planned,
    format: Format,
    source: &dyn Source,
    memory: Arc<QueryMemory>,
    sender: &mpsc::Sender<Result<Bytes, QueryError>>,
) -> Result<(), QueryError> {
    let failed = |e| QueryError::execution(&e);
    let pool: Arc<dyn MemoryPool> = memory;
    let reservation = MemoryConsumer::new("Result").register(&pool);
    let mut encoder = format.encoder(&plan.schema(), reservation).map_err(failed)?;
    let mut batches = plan.run(source).await.map_err(failed)?;
    while let Some(batch) = batches.try_next().await.map_err(failed)? {
        send(sender, encoder.push(&batch).map_err(failed)?).await?;
    }
    // Lets go of the snapshots while the client may still read.
    drop(batches);
    while let Some(chunk) = encoder.finish().map_err(failed)? {
        send(sender, chunk).await?;
    }
    Ok(())
}

async fn send(sender: &mpsc::Sender<Result<Bytes, QueryError>>, chunk: Vec<u8>) -> Result<(), QueryError> {
    if chunk.is_empty() {
        return Ok(());
    }
    let sent = tokio::time::timeout(STALL_MAX, sender.send(Ok(Bytes::from(chunk)))).await;
    // Whether the client is gone is found out elsewhere.
    sent.map(drop).map_err(|_elapsed| QueryError::Stalled(STALL_MAX.as_secs()))
}
