//! What a running pipeline's owner asks of it beside its steps: endpoints, completion, memory, checkpoints.

use super::endpoint::{InputEndpoint, OutputEndpoint};
use super::error::ControllerError;
use super::run::{Controller, Phase, host_failure};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use weir_connectors::FormatSpec;
use weir_runtime::{Failure, Pipeline};

impl Controller {
    /// Lets in a request that feeds the pipeline; it is in until the permit is dropped.
    ///
    /// # Errors
    /// Too many are.
    pub fn admit_input(&self) -> Result<OwnedSemaphorePermit, ControllerError> {
        self.inputs.admit().ok_or(ControllerError::TooManyRequests)
    }

    /// The endpoint of requests that spell a table so and have that format: made at the first of them, there as long as the
    /// pipeline runs.
    ///
    /// # Errors
    /// There are too many.
    pub fn request_endpoint(
        &self,
        spelled: &str,
        table: usize,
        format: FormatSpec,
    ) -> Result<Arc<InputEndpoint>, ControllerError> {
        let name = &self.program().relations[self.program().views + table].name;
        self.inputs.of_requests(spelled, table, name, format).ok_or(ControllerError::TooManyEndpoints)
    }

    /// The input endpoint of that name.
    pub fn find_input(&self, name: &str) -> Option<Arc<InputEndpoint>> {
        self.inputs.find(name)
    }

    /// The input endpoints, by name.
    pub fn inputs(&self) -> Vec<Arc<InputEndpoint>> {
        self.inputs.list()
    }

    /// The endpoints of connectors that take changes away.
    pub fn sinks(&self) -> impl Iterator<Item = &Arc<OutputEndpoint>> {
        self.sinks.iter()
    }

    /// The output endpoints, by name: connectors, and those who listen now.
    pub fn outputs(&self) -> Vec<Arc<OutputEndpoint>> {
        let speakers = self.speakers.lock();
        let here = speakers.iter().filter(|(_, s)| !s.is_gone() && !s.is_connector());
        let here = here.map(|(_, s)| Arc::clone(&s.endpoint));
        let mut outputs: Vec<_> = self.sinks.iter().cloned().chain(here).collect();
        outputs.sort_by(|a, b| a.name.cmp(&b.name));
        outputs
    }

    /// Whether all input has come, all of it was worked on, all who listen have got its changes, and nothing moved since for a
    /// tick of the clock. Requests may bring more at any time, so they do not count.
    pub fn is_complete(&self) -> bool {
        let ended = |input: &Arc<InputEndpoint>| input.by_requests || input.counters.end_of_input.load(Relaxed);
        let first_step_is_due =
            matches!(*self.phase.borrow(), Phase::Running) && self.progress.steps.load(Relaxed) == 0;
        // Changes that a sink gave up on have arrived nowhere.
        let none_failed = self.sinks.iter().all(|s| s.fatal_error.lock().is_none());
        !first_step_is_due
            && none_failed
            && self.inputs.list().iter().all(ended)
            && self.progress.has_caught_up()
            && self.speakers.lock().iter().all(|(_, s)| s.is_gone() || s.has_caught_up())
            && self.progress.is_quiet()
    }

    /// Memory of all workers and queries, in bytes: now, and the most so far (of workers).
    pub fn memory_bytes(&self) -> (u64, u64) {
        let memory = self.handle.memory();
        let used = memory.used_bytes + self.query_memory().used_bytes() as u64;
        (used, memory.peak_bytes.max(used))
    }

    /// Makes the state durable, together with `owner`, which says of what it is: all that was acknowledged is in it, but for what
    /// waits in a paused pipeline. Later steps wait.
    ///
    /// # Errors
    /// Nothing of the pipeline is kept on disk; it has ended, or failed by this; or a step takes longer than `patience`.
    pub async fn checkpoint(self: &Arc<Self>, owner: Vec<u8>, patience: Duration) -> Result<(), ControllerError> {
        if !self.durable {
            return Err(ControllerError::NotDurable);
        }
        let taken_in = tokio::time::timeout(patience, self.taken_in(self.acknowledged(), false));
        taken_in.await.unwrap_or(Err(ControllerError::Busy))?;
        match self.with_pipeline(patience, |pipeline| pipeline.checkpoint(owner)).await {
            Ok(Some(())) => Ok(()),
            Ok(None) if matches!(*self.phase.borrow(), Phase::Failed(_) | Phase::Ended) => Err(ControllerError::Ended),
            Ok(None) => Err(ControllerError::Busy),
            Err(_) => Err(ControllerError::Ended),
        }
    }

    /// Calls the component between two steps; `None`: a step took longer than `patience`, or the pipeline has ended.
    ///
    /// # Errors
    /// The failure, with which the pipeline has ended then.
    pub(super) async fn with_pipeline<T: Send + 'static>(
        self: &Arc<Self>,
        patience: Duration,
        call: impl FnOnce(&mut Pipeline) -> Result<T, Failure> + Send + 'static,
    ) -> Result<Option<T>, Failure> {
        // One caller at a time holds a thread while it waits for a step.
        let turn = tokio::time::timeout(patience, Arc::clone(&self.callers).lock_owned()).await;
        let Ok(turn) = turn else { return Ok(None) };
        let pipeline = Arc::clone(&self.pipeline);
        let called = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let mut pipeline = pipeline.try_lock_for(patience)?;
            pipeline.as_mut().map(call)
        });
        let result = match called.await {
            Ok(result) => result.transpose(),
            Err(panic) => Err(host_failure(&panic)),
        };
        if let Err(failure) = &result {
            self.fail(failure.clone());
        }
        result
    }
}
