//! The life of a running pipeline.

use super::deltas::{Delta, Listener, Speaker, listen};
use super::program::RunningProgram;
use super::queue::{ENQUEUE_BYTES_MAX, Input};
use parking_lot::Mutex;
use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::{Notify, Semaphore, watch};
use weir_row::Block;
use weir_runtime::{Cycle, Failure, FailureKind, Handle, Pipeline};

/// Bytes of changes that one step takes in at most: large enough that a step's own cost does not count, small enough that steps
/// follow each other quickly.
const STEP_BYTES_MAX: usize = 16 << 20;
/// Bytes that one permit of the queue stands for (a semaphore counts in 32 bits).
const PERMIT_BYTES: usize = 1 << 10;
/// Those who may listen to one pipeline at once.
const LISTENERS_MAX: usize = 100;

/// Where a running pipeline stands.
#[derive(Clone, Debug)]
pub enum Phase {
    /// Takes in only what is forced upon it.
    Paused,
    /// Takes in changes.
    Running,
    /// Ended by an error.
    Failed(Arc<Failure>),
    /// Ended.
    Ended,
}

/// Why the pipeline did not take something.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ControllerError {
    /// It has ended, or failed.
    #[error("the pipeline is terminating")]
    Ended,
    /// It is paused, and stayed so for longer than the caller waits.
    #[error("the pipeline is paused")]
    Paused,
    /// Too many listen already.
    #[error("too many connections: at most {LISTENERS_MAX} may listen to a pipeline at once")]
    TooManyListeners,
}

/// Figures of a running pipeline.
#[derive(Debug, Default)]
pub struct Counters {
    /// Rows taken in.
    pub rows_in: AtomicU64,
    /// Steps made.
    pub steps: AtomicU64,
    /// Microseconds of all steps.
    pub step_us: AtomicU64,
}

/// A running pipeline.
pub struct Controller {
    program: RunningProgram,
    workers: usize,
    /// Locked by one turn at a time; nobody else touches the instances.
    pipeline: Arc<Mutex<Option<Pipeline>>>,
    /// Ends a turn from outside.
    handle: Handle,
    queue: Mutex<VecDeque<Input>>,
    room: Semaphore,
    /// Tells the loop that queue or phase changed.
    wake: Notify,
    phase: watch::Sender<Phase>,
    speakers: Mutex<Vec<(usize, Speaker)>>,
    /// What the pipeline has done.
    pub counters: Counters,
}

impl std::fmt::Debug for Controller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Controller").field("phase", &*self.phase.borrow()).finish_non_exhaustive()
    }
}

impl Controller {
    /// A pipeline that is open, paused. Spawns its loop on the current runtime.
    pub fn start(program: RunningProgram, pipeline: Pipeline) -> Arc<Controller> {
        let controller = Arc::new(Controller {
            program,
            workers: pipeline.workers() as usize,
            handle: pipeline.handle(),
            pipeline: Arc::new(Mutex::new(Some(pipeline))),
            queue: Mutex::default(),
            room: Semaphore::new(ENQUEUE_BYTES_MAX / PERMIT_BYTES),
            wake: Notify::new(),
            phase: watch::channel(Phase::Paused).0,
            speakers: Mutex::default(),
            counters: Counters::default(),
        });
        tokio::spawn(Arc::clone(&controller).run());
        controller
    }

    /// Relations, columns, layouts.
    pub fn program(&self) -> &RunningProgram {
        &self.program
    }

    /// Workers of the pipeline.
    pub fn workers(&self) -> usize {
        self.workers
    }

    /// Where it stands, and where it will.
    pub fn phase(&self) -> watch::Receiver<Phase> {
        self.phase.subscribe()
    }

    /// Lets the pipeline take in changes.
    pub fn resume(&self) {
        self.go(Phase::Running);
    }

    /// Lets it take in no more; what is queued waits.
    pub fn pause(&self) {
        self.go(Phase::Paused);
    }

    fn go(&self, to: Phase) {
        self.phase.send_if_modified(|phase| match phase {
            Phase::Failed(_) | Phase::Ended => false,
            _ => {
                *phase = to;
                true
            }
        });
        self.wake.notify_one();
    }

    /// Ends the pipeline, in the middle of a step if need be; returns when it has given up what it holds.
    pub async fn end(&self) {
        self.phase.send_modify(|phase| {
            if !matches!(phase, Phase::Failed(_)) {
                *phase = Phase::Ended;
            }
        });
        self.wake.notify_one();
        self.room.close();
        self.handle.kill();
        self.speakers.lock().clear();
        self.queue.lock().clear();
        let pipeline = Arc::clone(&self.pipeline);
        // The turn in hand ends within the time that a kill takes; dropping instances unmaps memory, which may block.
        let closed = tokio::task::spawn_blocking(move || drop(pipeline.lock().take())).await;
        if let Err(e) = closed {
            tracing::error!(error = %e, "closing a pipeline failed");
        }
    }

    /// Queues changes for the next step. Waits while the queue is full, and, unless `forced`, while the pipeline is paused, for
    /// at most `patience`.
    ///
    /// # Errors
    /// The pipeline has ended, or stayed paused.
    pub async fn enqueue(
        &self,
        table: usize,
        workers: Vec<Vec<Block>>,
        forced: bool,
        patience: Duration,
    ) -> Result<(), ControllerError> {
        self.await_intake(forced, patience).await?;
        let input = Input::new(table, workers, forced);
        if input.rows == 0 {
            return Ok(());
        }
        let permits = permits(input.bytes);
        let room = self.room.acquire_many(permits).await.map_err(|_| ControllerError::Ended)?;
        room.forget();
        self.queue.lock().push_back(input);
        self.wake.notify_one();
        Ok(())
    }

    /// Waits until the pipeline takes in changes.
    ///
    /// # Errors
    /// The pipeline has ended, or stays paused for longer than `patience`.
    pub async fn await_intake(&self, forced: bool, patience: Duration) -> Result<(), ControllerError> {
        let mut phase = self.phase.subscribe();
        let waited = tokio::time::timeout(patience, async {
            loop {
                match &*phase.borrow_and_update() {
                    Phase::Running => return Ok(()),
                    Phase::Paused if forced => return Ok(()),
                    Phase::Paused => {}
                    Phase::Failed(_) | Phase::Ended => return Err(ControllerError::Ended),
                }
                if phase.changed().await.is_err() {
                    return Err(ControllerError::Ended);
                }
            }
        });
        waited.await.unwrap_or(Err(ControllerError::Paused))
    }

    /// Listens to a relation's changes from the next step on.
    ///
    /// # Errors
    /// The pipeline has ended; too many listen.
    pub fn listen(
        &self,
        relation: usize,
        backpressure: bool,
        chunks: Arc<AtomicU64>,
    ) -> Result<Listener, ControllerError> {
        if matches!(*self.phase.borrow(), Phase::Failed(_) | Phase::Ended) {
            return Err(ControllerError::Ended);
        }
        let mut speakers = self.speakers.lock();
        speakers.retain(|(_, s)| !s.is_gone());
        if speakers.len() >= LISTENERS_MAX {
            return Err(ControllerError::TooManyListeners);
        }
        let (speaker, listener) = listen(backpressure, chunks);
        speakers.push((relation, speaker));
        Ok(listener)
    }

    /// What the next step takes in; `None` while there is nothing to do.
    fn next_inputs(&self, first: bool) -> Option<Vec<Input>> {
        let running = matches!(*self.phase.borrow(), Phase::Running);
        let mut queue = self.queue.lock();
        let (mut inputs, mut bytes, mut kept) = (Vec::new(), 0, VecDeque::new());
        while let Some(input) = queue.pop_front() {
            if bytes >= STEP_BYTES_MAX {
                queue.push_front(input);
                break;
            }
            if running || input.forced {
                bytes += input.bytes;
                inputs.push(input);
            } else {
                kept.push_back(input);
            }
        }
        kept.append(&mut queue);
        *queue = kept;
        // The first step puts out what is there without any input: constants, and aggregates over nothing.
        (!inputs.is_empty() || first && running).then_some(inputs)
    }

    async fn run(self: Arc<Self>) {
        let mut first = true;
        let mut kept: HashSet<usize> = (0..self.program.views).collect();
        loop {
            let inputs = loop {
                if matches!(*self.phase.borrow(), Phase::Failed(_) | Phase::Ended) {
                    return;
                }
                match self.next_inputs(first) {
                    Some(inputs) => break inputs,
                    None => self.wake.notified().await,
                }
            };
            first = false;
            let wanted: HashSet<usize> = self.speakers.lock().iter().map(|(relation, _)| *relation).collect();
            let freed: u32 = inputs.iter().map(|i| permits(i.bytes)).sum();
            let rows: usize = inputs.iter().map(|i| i.rows).sum();
            let pipeline = Arc::clone(&self.pipeline);
            let (asked, had) = (wanted.clone(), kept.clone());
            let turn = tokio::task::spawn_blocking(move || match pipeline.lock().as_mut() {
                Some(pipeline) => turn(pipeline, inputs, &asked, &had).map(Some),
                // Ended meanwhile.
                None => Ok(None),
            });
            let result = match turn.await {
                Ok(result) => result,
                Err(panic) => Err(Failure {
                    kind: FailureKind::Trap,
                    message: format!("the host failed in a step: {panic}"),
                    position: None,
                    worker: None,
                }),
            };
            self.room.add_permits(freed as usize);
            kept = wanted;
            match result {
                Ok(None) => return,
                Ok(Some(done)) => {
                    self.counters.steps.fetch_add(1, Ordering::Relaxed);
                    self.counters.rows_in.fetch_add(rows as u64, Ordering::Relaxed);
                    self.counters.step_us.fetch_add(done.took.as_micros() as u64, Ordering::Relaxed);
                    self.tell(done.deltas).await;
                }
                Err(failure) => return self.fail(failure),
            }
        }
    }

    async fn tell(&self, deltas: Vec<(usize, Delta)>) {
        let speakers = self.speakers.lock().clone();
        for (relation, delta) in deltas {
            for (_, speaker) in speakers.iter().filter(|(r, _)| *r == relation) {
                let mut phase = self.phase.subscribe();
                // A listener that is waited for must not outlast the pipeline.
                tokio::select! {
                    _ = speaker.tell(&delta) => {}
                    _ = phase.wait_for(|p| matches!(p, Phase::Ended)) => return,
                }
            }
        }
        self.speakers.lock().retain(|(_, s)| !s.is_gone());
    }

    fn fail(&self, failure: Failure) {
        self.phase.send_if_modified(|phase| {
            if matches!(phase, Phase::Ended) {
                return false;
            }
            *phase = Phase::Failed(Arc::new(failure));
            true
        });
        self.room.close();
        self.speakers.lock().clear();
        self.queue.lock().clear();
    }
}

/// Permits that so many bytes take; never more than there are, so that one large request passes alone.
fn permits(bytes: usize) -> u32 {
    (bytes.div_ceil(PERMIT_BYTES)).clamp(1, ENQUEUE_BYTES_MAX / PERMIT_BYTES) as u32
}

struct Turn {
    deltas: Vec<(usize, Delta)>,
    took: Duration,
}

/// One step of the pipeline.
fn turn(
    pipeline: &mut Pipeline,
    inputs: Vec<Input>,
    wanted: &HashSet<usize>,
    kept: &HashSet<usize>,
) -> Result<Turn, Failure> {
    let begin = Instant::now();
    for relation in wanted.symmetric_difference(kept) {
        pipeline.keep_delta(*relation as u32, wanted.contains(relation))?;
    }
    let mut ingest: Vec<Vec<(u32, Vec<Block>)>> = vec![Vec::new(); pipeline.workers() as usize];
    for input in inputs {
        for (to, blocks) in ingest.iter_mut().zip(input.workers).filter(|(_, blocks)| !blocks.is_empty()) {
            to.push((input.table as u32, blocks));
        }
    }
    let relations: Vec<usize> = wanted.iter().copied().collect();
    let output =
        pipeline.cycle(Cycle { ingest, now_us: now_us(), deltas: relations.iter().map(|r| *r as u32).collect() })?;
    let deltas = relations
        .into_iter()
        .zip(output.deltas)
        .filter(|(_, blocks)| !blocks.is_empty())
        .map(|(relation, blocks)| (relation, Arc::new(blocks)))
        .collect();
    Ok(Turn { deltas, took: begin.elapsed() })
}

/// Microseconds since 1970.
fn now_us() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_micros() as i64)
}
