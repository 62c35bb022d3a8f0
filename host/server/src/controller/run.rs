//! The life of a running pipeline.

use super::connectors::{self, Connectors};
use super::deltas::{Counting, Delta, Listener, Speaker, listen};
use super::endpoint::{EndpointConfig, InputEndpoint, OutputEndpoint};
use super::error::ControllerError;
use super::inputs::Inputs;
use super::operators::KnownSizes;
use super::program::RunningProgram;
use super::progress::Progress;
use super::queue::{Batching, ENQUEUE_BYTES_MAX, Input, Next, Queue};
use super::snapshot::Queries;
use super::visible::Visible;
use parking_lot::{Mutex, MutexGuard};
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::{Notify, Semaphore, watch};
use tokio::time::Instant;
use uuid::Uuid;
use weir_connectors::{FormatSpec, Position};
use weir_row::Block;
use weir_runtime::{Cycle, Failure, FailureKind, Handle, Pipeline};

/// Bytes that one permit of the queue stands for (a semaphore counts in 32 bits).
const PERMIT_BYTES: usize = 1 << 10;
/// The shortest time between steps that nothing but the time asks for: more of them would leave no time for anything else.
const TICK_MIN: Duration = Duration::from_millis(1);
/// Those who may listen to one pipeline at once.
pub(super) const LISTENERS_MAX: usize = 100;

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

/// A running pipeline.
pub struct Controller {
    program: RunningProgram,
    workers: usize,
    /// How often the pipeline takes a step for the sake of the time alone; never, if its program does not ask for that.
    tick: Option<Duration>,
    /// Locked by one turn at a time, and between turns by who reads a page of a snapshot; nobody else touches the instances.
    pub(super) pipeline: Arc<Mutex<Option<Pipeline>>>,
    /// Ends a turn from outside.
    pub(super) handle: Handle,
    /// Whether its state can outlive it.
    pub(super) durable: bool,
    batching: Batching,
    pub(super) queue: Mutex<Queue>,
    /// What of the queue has been taken in.
    pub(super) visible: Visible,
    pub(super) queries: Queries,
    room: Semaphore,
    /// Tells the loop that queue or phase changed.
    wake: Notify,
    pub(super) phase: watch::Sender<Phase>,
    pub(super) speakers: Mutex<Vec<(usize, Speaker)>>,
    pub(super) inputs: Inputs,
    /// The endpoints of connectors that take changes away.
    pub(super) sinks: Vec<Arc<OutputEndpoint>>,
    /// How far it has come.
    pub progress: Arc<Progress>,
    pub(super) sizes: KnownSizes,
    /// Held by who calls the component between steps, or waits to.
    pub(super) callers: Arc<tokio::sync::Mutex<()>>,
}

impl std::fmt::Debug for Controller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Controller").field("phase", &*self.phase.borrow()).finish_non_exhaustive()
    }
}

/// How a pipeline is to be run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Settings {
    /// Whether it has a store on disk.
    pub durable: bool,
    /// How exact the time is, if its program reads that.
    pub tick: Option<Duration>,
    /// How long changes wait for others.
    pub batching: Batching,
}

impl Controller {
    /// A pipeline that is open, paused, with its connectors. Spawns its loop and theirs on the current runtime.
    pub fn start(
        program: RunningProgram,
        pipeline: Pipeline,
        settings: Settings,
        mut connectors: Connectors,
    ) -> Arc<Controller> {
        let Settings { durable, tick, batching } = settings;
        let tick = tick.filter(|tick| !tick.is_zero() && program.reads_now()).map(|tick| tick.max(TICK_MIN));
        let progress = Arc::default();
        let (sinks, speakers) = connectors.speakers();
        let controller = Arc::new(Controller {
            program,
            workers: pipeline.workers() as usize,
            tick,
            handle: pipeline.handle(),
            durable,
            queue: Mutex::default(),
            visible: Visible::default(),
            queries: Queries::new(&pipeline),
            room: Semaphore::new(ENQUEUE_BYTES_MAX / PERMIT_BYTES),
            wake: Notify::new(),
            phase: watch::channel(Phase::Paused).0,
            batching,
            speakers: Mutex::new(speakers),
            inputs: Inputs::default(),
            sinks,
            progress,
            sizes: KnownSizes::default(),
            callers: Arc::default(),
            pipeline: Arc::new(Mutex::new(Some(pipeline))),
        });
        connectors::spawn(&controller, connectors);
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
        self.push(Input::new(table, workers, forced)).await.map(drop)
    }

    /// As [`Controller::enqueue`], through an endpoint.
    ///
    /// # Errors
    /// As [`Controller::enqueue`].
    pub async fn enqueue_from(
        &self,
        endpoint: &Arc<InputEndpoint>,
        workers: Vec<Vec<Block>>,
        forced: bool,
        patience: Duration,
    ) -> Result<(), ControllerError> {
        self.await_intake(forced, patience).await?;
        self.enqueue_up_to(endpoint, workers, forced, None).await
    }

    /// Queues what an endpoint brought, and says where its source stands behind that. Waits while the queue is full.
    ///
    /// # Errors
    /// The pipeline has ended.
    pub(super) async fn enqueue_up_to(
        &self,
        endpoint: &Arc<InputEndpoint>,
        workers: Vec<Vec<Block>>,
        forced: bool,
        position: Option<Position>,
    ) -> Result<(), ControllerError> {
        let mut input = Input::new(endpoint.table, workers, forced);
        (input.endpoint, input.position) = (Some(Arc::clone(endpoint)), position);
        self.push(input).await.map(drop)
    }

    /// Queues an input; returns its number.
    pub(super) async fn push(&self, mut input: Input) -> Result<u64, ControllerError> {
        if input.rows == 0 {
            return Ok(self.visible.last());
        }
        let permits = permits(input.bytes);
        let room = self.room.acquire_many(permits).await.map_err(|_| ControllerError::Ended)?;
        room.forget();
        let rows = input.rows as u64;
        self.progress.input_records.fetch_add(rows, Relaxed);
        self.progress.buffered_records.fetch_add(rows, Relaxed);
        self.progress.buffered_bytes.fetch_add(input.bytes as u64, Relaxed);
        if let Some(endpoint) = &input.endpoint {
            endpoint.counters.total_records.fetch_add(rows, Relaxed);
            endpoint.counters.buffered_records.fetch_add(rows, Relaxed);
            endpoint.counters.buffered_bytes.fetch_add(input.bytes as u64, Relaxed);
        }
        let number = {
            let mut queue = self.queue.lock();
            input.number = self.visible.number();
            let number = input.number;
            queue.push(input);
            number
        };
        self.wake.notify_one();
        Ok(number)
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
        format: FormatSpec,
        counting: Counting,
    ) -> Result<Listener, ControllerError> {
        if matches!(*self.phase.borrow(), Phase::Failed(_) | Phase::Ended) {
            return Err(ControllerError::Ended);
        }
        let mut speakers = self.speakers.lock();
        speakers.retain(|(_, s)| !s.is_gone());
        if speakers.iter().filter(|(_, s)| !s.is_connector()).count() >= LISTENERS_MAX {
            return Err(ControllerError::TooManyListeners);
        }
        let stream = self.program.relation_name(relation);
        let name = format!("api-egress-{stream}-{}", Uuid::new_v4());
        let endpoint = Arc::new(OutputEndpoint::new(name, EndpointConfig::http_output(stream, format)));
        // What happened before is nothing that it waits for.
        endpoint.counters.total_processed_input_records.store(self.progress.processed_records.load(Relaxed), Relaxed);
        let (speaker, listener) = listen(backpressure, counting, endpoint, false);
        speakers.push((relation, speaker));
        Ok(listener)
    }

    /// What the next step takes in, if it is due or has something; else until when nothing is to be done, if nothing happens.
    fn next_inputs(&self, due: Option<Instant>) -> Result<Vec<Input>, Option<Instant>> {
        let running = matches!(*self.phase.borrow(), Phase::Running);
        let is_due = running && due.is_some_and(|due| due <= Instant::now());
        let mut queue = self.queue.lock();
        let batching = if is_due { Batching::default() } else { self.batching };
        match queue.next(running, batching) {
            Next::Later(at) => Err(Some(due.map_or(at, |due| due.min(at)))),
            Next::Inputs(inputs) if inputs.is_empty() && !is_due => Err(due.filter(|_| running)),
            Next::Inputs(inputs) => {
                self.visible.turn_begins(&inputs);
                Ok(inputs)
            }
        }
    }

    async fn run(self: Arc<Self>) {
        // The first step puts out what is there without any input: constants, and aggregates over nothing.
        let mut due = Some(Instant::now());
        let mut kept: HashSet<usize> = (0..self.program.views).collect();
        loop {
            let inputs = loop {
                if matches!(*self.phase.borrow(), Phase::Failed(_) | Phase::Ended) {
                    return;
                }
                match self.next_inputs(due) {
                    Ok(inputs) => break inputs,
                    Err(until) => self.next_event(until).await,
                }
            };
            due = self.tick.map(|tick| Instant::now() + tick);
            // The built-in view, which lies beyond the relations, has no changes.
            let has_changes = |relation: &usize| *relation < self.program.relations.len();
            let wanted: HashSet<usize> =
                self.speakers.lock().iter().map(|(relation, _)| *relation).filter(has_changes).collect();
            let freed: u32 = inputs.iter().map(|i| permits(i.bytes)).sum();
            let rows: u64 = inputs.iter().map(|i| i.rows as u64).sum();
            self.note_taken(&inputs);
            let controller = Arc::clone(&self);
            let (asked, had) = (wanted.clone(), kept.clone());
            let turn = tokio::task::spawn_blocking(move || {
                let mut pipeline = controller.queries.lock_for_step(&controller.pipeline);
                // `None`: ended meanwhile.
                let done = pipeline.as_mut().map(|pipeline| turn(pipeline, inputs, &asked, &had)).transpose();
                // Who waits to read a page comes before the next step.
                MutexGuard::unlock_fair(pipeline);
                done
            });
            let result = match turn.await {
                Ok(result) => result,
                Err(panic) => Err(host_failure(&panic)),
            };
            self.room.add_permits(freed as usize);
            self.visible.turn_ended();
            kept = wanted;
            match result {
                Ok(None) => return,
                Ok(Some(done)) => {
                    let progress = &self.progress;
                    progress.step_seconds.observe(done.took);
                    progress.cpu_ns.fetch_add(u64::try_from(done.cpu.as_nanos()).unwrap_or(u64::MAX), Relaxed);
                    let processed = progress.processed_records.load(Relaxed) + rows;
                    let has_moved = rows > 0 || !done.deltas.is_empty();
                    self.tell(done.deltas, processed).await;
                    if has_moved {
                        progress.moved();
                    }
                    progress.steps.fetch_add(1, Relaxed);
                    progress.processed_records.store(processed, Relaxed);
                }
                Err(failure) => return self.fail(failure),
            }
        }
    }

    /// Waits until queue or phase change, or until some time.
    async fn next_event(&self, until: Option<Instant>) {
        match until {
            Some(until) => tokio::select! {
                () = self.wake.notified() => {}
                () = tokio::time::sleep_until(until) => {}
            },
            None => self.wake.notified().await,
        }
    }

    /// Counts inputs that wait no longer.
    fn note_taken(&self, inputs: &[Input]) {
        for input in inputs {
            self.progress.buffered_records.fetch_sub(input.rows as u64, Relaxed);
            self.progress.buffered_bytes.fetch_sub(input.bytes as u64, Relaxed);
            if let Some(endpoint) = &input.endpoint {
                endpoint.counters.buffered_records.fetch_sub(input.rows as u64, Relaxed);
                endpoint.counters.buffered_bytes.fetch_sub(input.bytes as u64, Relaxed);
                endpoint.room.notify_one();
            }
        }
    }

    async fn tell(&self, deltas: Vec<(usize, Delta)>, processed: u64) {
        let speakers = self.speakers.lock().clone();
        for (relation, delta) in deltas {
            for (_, speaker) in speakers.iter().filter(|(r, _)| *r == relation) {
                let mut phase = self.phase.subscribe();
                // A listener that is waited for must not outlast the pipeline.
                tokio::select! {
                    _ = speaker.tell(&delta, processed, &self.progress) => {}
                    _ = phase.wait_for(|p| matches!(p, Phase::Failed(_) | Phase::Ended)) => return,
                }
            }
        }
        self.speakers.lock().retain(|(_, s)| !s.is_gone());
    }

    /// Ends the pipeline by an error.
    pub(super) fn fail(&self, failure: Failure) {
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

/// A bug of the host's.
pub(super) fn host_failure(panic: &tokio::task::JoinError) -> Failure {
    Failure {
        kind: FailureKind::Trap,
        message: format!("the host failed in a step: {panic}"),
        position: None,
        worker: None,
    }
}

struct Turn {
    deltas: Vec<(usize, Delta)>,
    took: Duration,
    /// CPU time of the workers' threads.
    cpu: Duration,
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
    let mut positions = Vec::new();
    for input in inputs {
        if let (Some(endpoint), Some(position)) = (input.endpoint, input.position) {
            positions.push((endpoint, position));
        }
        for (to, blocks) in ingest.iter_mut().zip(input.workers).filter(|(_, blocks)| !blocks.is_empty()) {
            to.push((input.table as u32, blocks));
        }
    }
    let relations: Vec<usize> = wanted.iter().copied().collect();
    let output =
        pipeline.cycle(Cycle { ingest, now_us: now_us(), deltas: relations.iter().map(|r| *r as u32).collect() })?;
    // Under the lock of the pipeline: whoever looks between two steps sees positions and state of the same one.
    positions.into_iter().for_each(|(endpoint, position)| endpoint.worked_on(position));
    let deltas = relations
        .into_iter()
        .zip(output.deltas)
        .filter(|(_, blocks)| !blocks.is_empty())
        .map(|(relation, blocks)| (relation, Arc::new(blocks)))
        .collect();
    let cpu = output.stats.workers.iter().map(|w| w.cpu).sum();
    Ok(Turn { deltas, took: begin.elapsed(), cpu })
}

/// Microseconds since 1970.
fn now_us() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_micros() as i64)
}
