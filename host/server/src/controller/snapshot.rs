//! Reading the contents of a running pipeline, between its steps.
//!
//! A query's relations are opened at once, as of one step; the components keep what they held then. Pages are read one at a
//! time, whoever reads: so a step that wants to begin waits for one page, never for a query.

use super::error::ControllerError;
use super::run::{Controller, Phase};
use parking_lot::{Mutex, MutexGuard};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::sync::{OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};
use weir_query::{QueryMemory, SCANS_MAX};
use weir_row::Block;
use weir_runtime::{Failure, Pipeline, Snapshot};

/// Queries that one pipeline has open at once.
pub const QUERIES_MAX: usize = 100;
/// Snapshots that are open at once. A component has 64 at most; the rest is left to others. Queries that need more wait.
const SNAPSHOTS_OPEN_MAX: usize = 56;
/// How long a query waits for a step that takes in what was acknowledged before it began. Longer than that, a listener who
/// is waited for holds the pipeline up.
const CATCH_UP_MAX: Duration = Duration::from_secs(60);

const _: () = assert!(SCANS_MAX <= SNAPSHOTS_OPEN_MAX, "a query alone must get all its snapshots");

/// What the queries of a pipeline share.
#[derive(Debug)]
pub(super) struct Queries {
    /// Who reads a page.
    page: Arc<tokio::sync::Mutex<()>>,
    snapshots: Arc<Semaphore>,
    connections: Arc<Semaphore>,
    memory: Arc<QueryMemory>,
    /// The longest time that a step waited for a page, in microseconds.
    step_wait_us_max: AtomicU64,
}

impl Queries {
    /// Of a pipeline that is not to use more memory than its limit, if it has one.
    pub(super) fn new(pipeline: &Pipeline) -> Queries {
        let handle = pipeline.handle();
        let max = pipeline.memory_bytes_max().unwrap_or(u64::MAX);
        // Half of what is left: the other half is for the pipeline's own growth, since it would end at its limit.
        let room = move || max.saturating_sub(handle.memory().used_bytes) / 2;
        Queries {
            page: Arc::default(),
            snapshots: Arc::new(Semaphore::new(SNAPSHOTS_OPEN_MAX)),
            connections: Arc::new(Semaphore::new(QUERIES_MAX)),
            memory: Arc::new(QueryMemory::new(room)),
            step_wait_us_max: AtomicU64::new(0),
        }
    }

    /// Locks the pipeline for a step; counts how long it was waited for.
    pub(super) fn lock_for_step<'p>(&self, pipeline: &'p Mutex<Option<Pipeline>>) -> MutexGuard<'p, Option<Pipeline>> {
        let begin = Instant::now();
        let guard = pipeline.lock();
        let waited = u64::try_from(begin.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.step_wait_us_max.fetch_max(waited, Relaxed);
        guard
    }
}

impl Controller {
    /// Lets in a query; it is in until the permit is dropped.
    ///
    /// # Errors
    /// Too many are.
    pub fn admit_query(&self) -> Result<OwnedSemaphorePermit, ControllerError> {
        Arc::clone(&self.queries.connections).try_acquire_owned().map_err(|_| ControllerError::TooManyQueries)
    }

    /// The account of the pipeline's queries.
    pub fn query_memory(&self) -> &Arc<QueryMemory> {
        &self.queries.memory
    }

    /// The longest time that a step waited for a page of a query, in microseconds.
    pub fn step_wait_us_max(&self) -> u64 {
        self.queries.step_wait_us_max.load(Relaxed)
    }

    /// What has been acknowledged so far, for [`Controller::open_snapshots`].
    pub fn acknowledged(&self) -> u64 {
        self.visible.last()
    }

    /// Begins to read relations, all as they are after the same step, in which everything is that was acknowledged up to
    /// `acknowledged`. What waits in a paused pipeline is not waited for.
    ///
    /// # Errors
    /// The pipeline has ended, or does not come to take in what was acknowledged; or a relation cannot be read.
    pub async fn open_snapshots(
        self: &Arc<Self>,
        relations: Vec<usize>,
        acknowledged: u64,
    ) -> Result<Vec<SnapshotReader>, String> {
        let count = u32::try_from(relations.len()).unwrap_or(u32::MAX);
        let permits = Arc::clone(&self.queries.snapshots).acquire_many_owned(count).await;
        let mut permits = permits.map_err(|_| ControllerError::Ended.to_string())?;
        match tokio::time::timeout(CATCH_UP_MAX, self.taken_in(acknowledged, false)).await {
            Ok(result) => result.map_err(|e| e.to_string())?,
            Err(_elapsed) => {
                let seconds = CATCH_UP_MAX.as_secs();
                return Err(format!("the pipeline did not take in what was sent to it within {seconds} s"));
            }
        }
        let handle = Handle::current();
        let controller = Arc::clone(self);
        self.between_steps(move |pipeline| {
            let mut readers = Vec::new();
            for relation in relations {
                let number = u32::try_from(relation).unwrap_or(u32::MAX);
                match pipeline.snapshot_open(number)? {
                    Err(why) => return Ok(Err(why)),
                    Ok(snapshot) => readers.push(SnapshotReader {
                        held: Some(Held {
                            controller: Arc::clone(&controller),
                            handle: handle.clone(),
                            snapshot: Some(snapshot),
                            permit: permits.split(1),
                        }),
                    }),
                }
            }
            Ok(Ok(readers))
        })
        .await
        .map_err(|e| e.to_string())?
    }

    /// Has the pipeline take in changes and returns when a step has. Waits while the pipeline is paused.
    ///
    /// # Errors
    /// The pipeline has ended.
    pub async fn insert(&self, table: usize, workers: Vec<Vec<Block>>) -> Result<(), ControllerError> {
        self.await_intake(false, Duration::MAX).await?;
        let number = self.push(super::queue::Input::new(table, workers, false)).await?;
        self.taken_in(number, true).await
    }

    /// Waits until steps have taken in all inputs up to a number; unless `also_paused`, without those that wait for a paused
    /// pipeline to go on.
    pub(super) async fn taken_in(&self, up_to: u64, also_paused: bool) -> Result<(), ControllerError> {
        let (mut turns, mut phase) = (self.visible.turns(), self.phase());
        loop {
            let turns_ended = *turns.borrow_and_update();
            let running = match &*phase.borrow_and_update() {
                Phase::Running => true,
                Phase::Paused => false,
                Phase::Failed(_) | Phase::Ended => return Err(ControllerError::Ended),
            };
            let counts = |input: &super::queue::Input| also_paused || running || input.forced;
            // The first step puts out what is there without any input.
            let first_is_due = running && turns_ended == 0;
            if !first_is_due && !self.visible.is_pending(self.queue.lock().iter(), up_to, counts) {
                return Ok(());
            }
            let changed = tokio::select! {
                changed = turns.changed() => changed,
                changed = phase.changed() => changed,
            };
            changed.map_err(|_| ControllerError::Ended)?;
        }
    }

    /// Calls the component between two steps. A step that waits comes next.
    async fn between_steps<T: Send + 'static>(
        self: &Arc<Self>,
        call: impl FnOnce(&mut Pipeline) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, ControllerError> {
        // One page at a time: else a step would wait for those of all queries.
        let turn = Arc::clone(&self.queries.page).lock_owned().await;
        let controller = Arc::clone(self);
        let called = tokio::task::spawn_blocking(move || controller.call(turn, call)).await;
        // The call does not panic; the runtime ends.
        called.unwrap_or(Err(ControllerError::Ended))
    }

    fn call<T>(
        &self,
        _turn: OwnedMutexGuard<()>,
        call: impl FnOnce(&mut Pipeline) -> Result<T, Failure>,
    ) -> Result<T, ControllerError> {
        let mut pipeline = self.pipeline.lock();
        let result = pipeline.as_mut().map(call);
        MutexGuard::unlock_fair(pipeline);
        match result {
            Some(Ok(value)) => Ok(value),
            Some(Err(failure)) => {
                self.fail(failure);
                Err(ControllerError::Ended)
            }
            None => Err(ControllerError::Ended),
        }
    }
}

/// A snapshot that is open. Dropping it closes it in the component, whenever that is free.
#[derive(Debug)]
struct Held {
    controller: Arc<Controller>,
    /// The threads on which it was opened: it may be dropped on others.
    handle: Handle,
    snapshot: Option<Snapshot>,
    permit: Option<OwnedSemaphorePermit>,
}

impl Drop for Held {
    fn drop(&mut self) {
        let (controller, snapshot, permit) = (Arc::clone(&self.controller), self.snapshot.take(), self.permit.take());
        let Some(snapshot) = snapshot else { return };
        self.handle.spawn(async move {
            // Who has ended has closed it.
            let _ = controller.between_steps(move |pipeline| pipeline.snapshot_close(snapshot)).await;
            drop(permit);
        });
    }
}

/// Reads one relation page by page.
#[derive(Debug)]
pub struct SnapshotReader {
    /// Lent to the call in hand, which gives it back or, if it is no longer waited for, drops it.
    held: Option<Held>,
}

impl SnapshotReader {
    /// The next rows in the relation's order, each once; `None` at the end.
    ///
    /// # Errors
    /// The pipeline has ended.
    pub async fn next(&mut self) -> Result<Option<Vec<Block>>, ControllerError> {
        let Some(mut held) = self.held.take() else { return Ok(None) };
        let controller = Arc::clone(&held.controller);
        let read = controller.between_steps(move |pipeline| {
            let page = match &mut held.snapshot {
                Some(snapshot) => pipeline.snapshot_page(snapshot)?,
                None => None,
            };
            Ok((page, held))
        });
        let (page, held) = read.await?;
        // At the end it is closed at once.
        self.held = page.is_some().then_some(held);
        Ok(page)
    }
}
