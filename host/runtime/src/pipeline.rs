//! A pipeline: the workers of one program, and what its owner can do with them.
//!
//! A pipeline has one owner; calls take `&mut self` and block until the component is done. They must not be made on a thread of an
//! async runtime that may not block. [`Handle`] is for everybody else: it kills from any thread at any time.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use weir_row::{Block, Merge};

use crate::failure::{Failure, FailureKind};
use crate::limits::{Limits, WORKERS_MAX};
use crate::log::{Log, LogLine, LogSink};
use crate::profile::OperatorStats;
use crate::program::Program;
use crate::shared::Shared;
use crate::state::{BlockStore, Checkpoint, MemoryStore};
use crate::worker::{Worker, WorkerStats};

/// How a pipeline begins.
#[derive(Clone)]
pub struct PipelineOptions {
    /// Number of workers, 1 to [`WORKERS_MAX`].
    pub workers: u32,
    /// What it may use.
    pub limits: Limits,
    /// Gets each log line as it comes; lines are kept in any case.
    pub log: Option<LogSink>,
    /// Where state is kept; `None`: in memory, gone with the pipeline.
    pub store: Option<Arc<dyn BlockStore>>,
    /// Whether to go on from the store's last checkpoint, if it has one. Otherwise the pipeline begins empty.
    pub restore: bool,
    /// Whether to keep operators' times: a look at the clock per operator and step.
    pub times: bool,
}

impl Default for PipelineOptions {
    fn default() -> Self {
        PipelineOptions { workers: 1, limits: Limits::default(), log: None, store: None, restore: false, times: true }
    }
}

impl fmt::Debug for PipelineOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PipelineOptions").field("workers", &self.workers).field("limits", &self.limits).finish()
    }
}

/// What a step did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StepStats {
    /// From the call to its end, waiting for threads included.
    pub elapsed: Duration,
    /// Each worker's part.
    pub workers: Vec<WorkerStats>,
}

/// Bytes of memories and tables of all workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryUse {
    /// Now.
    pub used_bytes: u64,
    /// The most so far.
    pub peak_bytes: u64,
}

/// What to do in one [`Pipeline::cycle`].
#[derive(Clone, Debug, Default)]
pub struct Cycle {
    /// Changes for each worker: table and blocks, in order. As many entries as workers.
    pub ingest: Vec<Vec<(u32, Vec<Block>)>>,
    /// The step's time in microseconds since 1970.
    pub now_us: i64,
    /// Relations whose changes are wanted.
    pub deltas: Vec<u32>,
}

/// What a [`Pipeline::cycle`] yields.
#[derive(Clone, Debug, Default)]
pub struct CycleOutput {
    /// What the step did.
    pub stats: StepStats,
    /// The changes of each relation that was asked for, in that order: sorted, each row once.
    pub deltas: Vec<Vec<Block>>,
}

/// Kills a pipeline, and tells how it is, from any thread.
#[derive(Clone, Debug)]
pub struct Handle(Arc<Shared>);

impl Handle {
    /// End the pipeline. A call that is under way returns within 100 ms, wherever the component is.
    pub fn kill(&self) {
        self.0.fail(Failure::new(FailureKind::Killed, None, "the pipeline was killed"));
    }

    /// The pipeline's end, once it has ended.
    pub fn failure(&self) -> Option<Failure> {
        self.0.failure()
    }

    /// Memory of all workers.
    pub fn memory(&self) -> MemoryUse {
        MemoryUse { used_bytes: self.0.memory.used(), peak_bytes: self.0.memory.peak() }
    }

    /// What each worker's operators did until the end of its last step, by node.
    pub fn operators(&self) -> Vec<Vec<OperatorStats>> {
        self.0.operators.iter().map(|worker| worker.lock().clone()).collect()
    }

    /// The last lines of the log.
    pub fn log(&self) -> Vec<LogLine> {
        self.0.log.lines()
    }
}

/// A running pipeline. Dropping it ends it.
pub struct Pipeline {
    program: Program,
    shared: Arc<Shared>,
    /// Empty when a worker was lost to a bug of the host; then the pipeline has failed.
    workers: Vec<Worker>,
    steps: u64,
    now_us: i64,
}

impl fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipeline").field("workers", &self.shared.workers).field("steps", &self.steps).finish()
    }
}

/// A pipeline's [`Pipeline::open`] with the handle known before, so that an endless loop in `open` can be killed.
#[derive(Debug)]
pub struct Opening {
    program: Program,
    shared: Arc<Shared>,
    restore: bool,
}

impl Opening {
    /// Prepare to open; no code of the component runs.
    pub fn new(program: &Program, options: PipelineOptions) -> Opening {
        let workers = options.workers.clamp(1, WORKERS_MAX);
        let log = Log::new(options.log, options.limits.log_bytes_max);
        let store = options.store.unwrap_or_else(|| Arc::new(MemoryStore::new()));
        let shared = Arc::new(Shared::new(workers, options.limits, log, store, options.times));
        Opening { program: program.clone(), shared, restore: options.restore }
    }

    /// Kills the pipeline while it opens and later.
    pub fn handle(&self) -> Handle {
        Handle(self.shared.clone())
    }

    /// Instantiate the workers and open them.
    ///
    /// # Errors
    /// The pipeline's failure, which may be a store that cannot be read.
    pub fn open(self) -> Result<Pipeline, Failure> {
        let Opening { program, shared, restore } = self;
        let store_failed = |e: crate::state::StoreError| Failure::new(FailureKind::Store, None, e.to_string());
        let checkpoint = if restore { shared.store.last_checkpoint().map_err(store_failed)? } else { None };
        let mut parts: Vec<Option<Vec<u8>>> = vec![None; shared.workers as usize];
        let (mut steps, mut now_us) = (0, i64::MIN);
        if let Some(Checkpoint { steps: s, now_us: n, workers, owner: _ }) = checkpoint {
            if workers.len() != parts.len() {
                let message =
                    format!("the checkpoint is of {} workers and the pipeline has {}", workers.len(), parts.len());
                return Err(shared.failure_or(|| Failure::new(FailureKind::Store, None, message)));
            }
            shared.store.rollback().map_err(store_failed)?;
            (steps, now_us) = (s, n);
            parts = workers.into_iter().map(Some).collect();
        }
        let mut pipeline = Pipeline { program, shared, workers: Vec::new(), steps, now_us };
        let jobs = parts.into_iter().enumerate().map(|(i, part)| {
            let (program, shared) = (pipeline.program.clone(), pipeline.shared.clone());
            move || {
                let worker = u32::try_from(i).unwrap_or(WORKERS_MAX);
                let mut worker = program.instance(&shared, worker)?;
                worker.open(part)?;
                Ok(worker)
            }
        });
        let jobs: Vec<_> = jobs.map(|job| Box::new(job) as Job<Result<Worker, Failure>>).collect();
        pipeline.workers = pipeline.gang(jobs)?.into_iter().collect::<Result<_, _>>()?;
        Ok(pipeline)
    }
}

type Job<R> = Box<dyn FnOnce() -> R + Send>;

/// Ends the pipeline when a job is dropped unrun or panics: others of its gang may wait for it at an exchange.
struct Guard {
    shared: Arc<Shared>,
    done: bool,
}

impl Drop for Guard {
    fn drop(&mut self) {
        if !self.done {
            self.shared.fail(Failure::new(FailureKind::Protocol, None, "a worker was lost: a bug of the host"));
        }
    }
}

impl Pipeline {
    /// Instantiate a program's workers and open them. See [`Opening`] for a handle before that.
    ///
    /// # Errors
    /// The pipeline's failure.
    pub fn open(program: &Program, options: PipelineOptions) -> Result<Pipeline, Failure> {
        Opening::new(program, options).open()
    }

    /// Kills, and tells how the pipeline is, from any thread.
    pub fn handle(&self) -> Handle {
        Handle(self.shared.clone())
    }

    /// The number of workers.
    pub fn workers(&self) -> u32 {
        self.shared.workers
    }

    /// Steps done, those before the restored checkpoint included.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The circuit as JSON.
    ///
    /// # Errors
    /// The pipeline's failure; so for every method below.
    pub fn describe(&mut self) -> Result<String, Failure> {
        self.on_worker(0, |w| w.describe())
    }

    /// Hand changes of a table to a worker, for the next step.
    ///
    /// # Errors
    /// The pipeline's failure, also for a worker that it does not have.
    pub fn ingest(&mut self, worker: u32, table: u32, blocks: Vec<Block>) -> Result<(), Failure> {
        self.on_worker(worker, move |w| w.ingest(table, blocks))
    }

    /// Work on everything taken in since the last step. Time that goes back is held.
    ///
    /// # Errors
    /// The pipeline's failure.
    pub fn step(&mut self, now_us: i64) -> Result<StepStats, Failure> {
        let cycle = Cycle { ingest: Vec::new(), now_us, deltas: Vec::new() };
        Ok(self.cycle(cycle)?.stats)
    }

    /// Ingest, step and read deltas with one passage of threads: the quick way.
    ///
    /// # Errors
    /// The pipeline's failure.
    pub fn cycle(&mut self, cycle: Cycle) -> Result<CycleOutput, Failure> {
        let begun = Instant::now();
        self.now_us = self.now_us.max(cycle.now_us);
        let now_us = self.now_us;
        let mut ingest = cycle.ingest;
        if ingest.len() > self.workers.len() {
            let message = format!("changes for {} workers of {}", ingest.len(), self.workers.len());
            return Err(self.lie(message));
        }
        ingest.resize_with(self.workers.len(), Vec::new);
        self.shared.exchange.begin_step();
        let relations: Arc<[u32]> = cycle.deltas.into();
        let wanted = relations.clone();
        let results = self.on_each(ingest, move |worker, changes| {
            for (table, blocks) in changes {
                worker.ingest(table, blocks)?;
            }
            let stats = worker.step(now_us)?;
            let deltas = wanted.iter().map(|&r| worker.delta(r)).collect::<Result<Vec<_>, _>>()?;
            Ok((stats, deltas))
        })?;
        self.steps += 1;
        let mut runs: Vec<Vec<Vec<Block>>> = relations.iter().map(|_| Vec::new()).collect();
        let mut stats = StepStats::default();
        for (worker, deltas) in results {
            stats.workers.push(worker);
            runs.iter_mut().zip(deltas).for_each(|(runs, delta)| runs.push(delta));
        }
        stats.elapsed = begun.elapsed();
        Ok(CycleOutput { stats, deltas: runs.into_iter().map(merge).collect() })
    }

    /// Whether to keep the changes of a relation for [`Pipeline::delta`], from the next step on.
    ///
    /// # Errors
    /// The pipeline's failure.
    pub fn keep_delta(&mut self, relation: u32, keep: bool) -> Result<(), Failure> {
        self.on_all(move |w| w.keep_delta(relation, keep)).map(|_| ())
    }

    /// A relation's changes in the last step, of all workers: sorted, each row once, no weight 0.
    ///
    /// # Errors
    /// The pipeline's failure.
    pub fn delta(&mut self, relation: u32) -> Result<Vec<Block>, Failure> {
        Ok(merge(self.on_all(move |w| w.delta(relation))?))
    }

    /// Operators' state, a JSON text of each worker; see [`Handle::operators`] for what they did.
    ///
    /// # Errors
    /// The pipeline's failure.
    pub fn profile(&mut self) -> Result<Vec<String>, Failure> {
        self.on_all(Worker::profile)
    }

    /// Store all state and make it durable together with `owner`, which [`BlockStore::last_checkpoint`] gives back.
    ///
    /// # Errors
    /// The pipeline's failure.
    pub fn checkpoint(&mut self, owner: Vec<u8>) -> Result<(), Failure> {
        let workers = self.on_all(Worker::checkpoint)?;
        let checkpoint = Checkpoint { steps: self.steps, now_us: self.now_us, workers, owner };
        self.shared
            .store
            .commit(&checkpoint)
            .map_err(|e| self.shared.failure_or(|| Failure::new(FailureKind::Store, None, e.to_string())))
    }

    /// Bytes that all workers may use together, if that is limited.
    pub fn memory_bytes_max(&self) -> Option<u64> {
        self.shared.limits.memory_bytes_max
    }

    /// Memory of all workers.
    pub fn memory(&self) -> MemoryUse {
        self.handle().memory()
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.shared.limits
    }

    /// End the pipeline for what its component returned.
    pub(crate) fn lie(&self, message: String) -> Failure {
        self.shared.failure_or(|| Failure::new(FailureKind::Protocol, None, message))
    }

    /// Run on one worker.
    pub(crate) fn on_worker<R: Send + 'static>(
        &mut self,
        worker: u32,
        call: impl FnOnce(&mut Worker) -> Result<R, Failure> + Send + 'static,
    ) -> Result<R, Failure> {
        if let Some(failure) = self.shared.failure() {
            return Err(failure);
        }
        let index = worker as usize;
        if index >= self.workers.len() {
            let message = format!("there is no worker {worker}");
            return Err(self.lie(message));
        }
        let mut taken = self.workers.swap_remove(index);
        let job: Job<_> = Box::new(move || {
            let result = call(&mut taken);
            (taken, result)
        });
        let (taken, result) = self.gang(vec![job])?.swap_remove(0);
        // Back to its place: `swap_remove` put the last one there.
        self.workers.push(taken);
        let last = self.workers.len() - 1;
        self.workers.swap(index, last);
        result
    }

    /// Run on all workers at once.
    pub(crate) fn on_all<R: Send + 'static>(
        &mut self,
        call: impl Fn(&mut Worker) -> Result<R, Failure> + Send + Sync + 'static,
    ) -> Result<Vec<R>, Failure> {
        let nothing = vec![(); self.workers.len()];
        self.on_each(nothing, move |w, ()| call(w))
    }

    /// Run on all workers at once, each with an argument of its own.
    fn on_each<A: Send + 'static, R: Send + 'static>(
        &mut self,
        arguments: Vec<A>,
        call: impl Fn(&mut Worker, A) -> Result<R, Failure> + Send + Sync + 'static,
    ) -> Result<Vec<R>, Failure> {
        if let Some(failure) = self.shared.failure() {
            return Err(failure);
        }
        let call = Arc::new(call);
        let workers = std::mem::take(&mut self.workers);
        let jobs = workers.into_iter().zip(arguments).map(|(mut worker, argument)| -> Job<_> {
            let call = call.clone();
            Box::new(move || {
                let result = call(&mut worker, argument);
                (worker, result)
            })
        });
        let done = self.gang(jobs.collect())?;
        let (workers, results): (Vec<_>, Vec<_>) = done.into_iter().unzip();
        self.workers = workers;
        let results: Result<Vec<R>, Failure> = results.into_iter().collect();
        // The first failure is the cause; what a worker says may be its consequence.
        results.map_err(|failure| self.shared.failure().unwrap_or(failure))
    }

    /// Run jobs as a gang. An error when the pipeline ended before its turn, or a job was lost.
    fn gang<R: Send + 'static>(&self, jobs: Vec<Job<R>>) -> Result<Vec<R>, Failure> {
        self.shared.log.refill();
        let jobs = jobs.into_iter().map(|job| -> Job<R> {
            let guard = Guard { shared: self.shared.clone(), done: false };
            Box::new(move || {
                // The whole guard moves here: a closure would capture only the field that it names.
                let mut guard = guard;
                let result = job();
                guard.done = true;
                result
            })
        });
        let jobs: Vec<_> = jobs.collect();
        let ended = || self.shared.failure_or(|| Failure::new(FailureKind::Killed, None, "the pipeline has ended"));
        let shared = self.shared.clone();
        let results = self.program.engine().gangs().run(jobs, &move || shared.has_ended()).ok_or_else(ended)?;
        let lost = |crate::gang::JobLost(why): crate::gang::JobLost| {
            tracing::error!(why, "a worker was lost");
            ended()
        };
        results.into_iter().map(|r| r.map_err(lost)).collect()
    }
}

/// Merge the workers' parts, each sorted.
fn merge(mut runs: Vec<Vec<Block>>) -> Vec<Block> {
    runs.retain(|run| !run.is_empty());
    match runs.len() {
        0 => Vec::new(),
        1 => runs.swap_remove(0),
        _ => {
            let stride = runs[0][0].stride;
            Merge::new(runs).collect(stride)
        }
    }
}

impl Program {
    /// The circuit as JSON, from a short-lived instance.
    ///
    /// # Errors
    /// The instance's failure.
    pub fn describe(&self, limits: Limits) -> Result<String, Failure> {
        let opening = Opening::new(self, PipelineOptions { limits, ..PipelineOptions::default() });
        let shared = opening.shared;
        let pipeline = Pipeline { program: self.clone(), shared, workers: Vec::new(), steps: 0, now_us: 0 };
        let (program, shared) = (self.clone(), pipeline.shared.clone());
        let job: Job<_> = Box::new(move || program.instance(&shared, 0)?.describe());
        pipeline.gang(vec![job])?.swap_remove(0)
    }
}
