//! A worker: one store with one instance, and the calls into it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use wasmtime::component::{Component, ComponentExportIndex, Instance, Lift, Lower, ResourceTable, TypedFunc};
use wasmtime::component::{ComponentNamedList, InstancePre};
use wasmtime::{Store, StoreContextMut, UpdateDeadline};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use weir_row::Block;

use crate::block::{WireBlock, WireConfig, WirePage};
use crate::engine::Engine;
use crate::exchange::ExchangeError;
use crate::failure::{Failure, FailureKind};
use crate::limits::Limiter;
use crate::profile::Profile;
use crate::shared::{Ended, Shared};
use crate::wasi::{self, Said};

/// The interface that a component exports.
const PIPELINE: &str = "weir:pipeline/pipeline@0.1.0";
/// The interface that a component exports besides if it interprets a circuit.
const ENGINE: &str = "weir:pipeline/engine@0.1.0";
/// Epochs until a running component looks at its flags.
const EPOCHS: u64 = 1;
/// Pages of one delta that are read before a component is held to be lying.
pub(crate) const PAGES_MAX: u32 = 1 << 20;

/// What the host keeps beside an instance.
pub(crate) struct WorkerState {
    pub(crate) shared: Arc<Shared>,
    pub(crate) worker: u32,
    pub(crate) in_step: bool,
    pub(crate) exchanged_bytes: u64,
    pub(crate) exchange_wait: Duration,
    pub(crate) profile: Profile,
    limiter: Limiter,
    deadline: Option<Instant>,
    wasi: WasiCtx,
    resources: ResourceTable,
    said: Said,
}

impl WasiView for WorkerState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.resources }
    }
}

impl WorkerState {
    /// End the pipeline on behalf of this worker.
    pub(crate) fn fail(&self, kind: FailureKind, message: impl Into<String>) -> Ended {
        self.shared.fail(Failure::new(kind, Some(self.worker), message))
    }
}

/// Where the exported functions lie in a component.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exports {
    describe: ComponentExportIndex,
    open: ComponentExportIndex,
    ingest: ComponentExportIndex,
    step: ComponentExportIndex,
    keep_delta: ComponentExportIndex,
    delta: ComponentExportIndex,
    snapshot_open: ComponentExportIndex,
    snapshot_next: ComponentExportIndex,
    snapshot_close: ComponentExportIndex,
    checkpoint: ComponentExportIndex,
    profile: ComponentExportIndex,
    /// Only engines have it.
    pub(crate) load: Option<ComponentExportIndex>,
}

impl Exports {
    /// Look the functions up; `Err` names the one that is missing.
    pub(crate) fn of(component: &Component) -> Result<Exports, String> {
        let interface = component.get_export_index(None, PIPELINE).ok_or_else(|| PIPELINE.to_owned())?;
        let find =
            |name: &str| component.get_export_index(Some(&interface), name).ok_or_else(|| format!("{PIPELINE}#{name}"));
        Ok(Exports {
            describe: find("describe")?,
            open: find("open")?,
            ingest: find("ingest")?,
            step: find("step")?,
            keep_delta: find("keep-delta")?,
            delta: find("delta")?,
            snapshot_open: find("snapshot-open")?,
            snapshot_next: find("snapshot-next")?,
            snapshot_close: find("snapshot-close")?,
            checkpoint: find("checkpoint")?,
            profile: find("profile")?,
            load: component
                .get_export_index(None, ENGINE)
                .and_then(|engine| component.get_export_index(Some(&engine), "load")),
        })
    }
}

/// Takes in a circuit; only the engine offers it.
type Load = TypedFunc<(Vec<u8>,), (Result<(), String>,)>;

struct Functions {
    describe: TypedFunc<(), (String,)>,
    open: TypedFunc<(WireConfig,), (Result<(), String>,)>,
    ingest: TypedFunc<(u32, Vec<WireBlock>), ()>,
    step: TypedFunc<(i64,), ()>,
    keep_delta: TypedFunc<(u32, bool), ()>,
    delta: TypedFunc<(u32, u32), (WirePage,)>,
    snapshot_open: TypedFunc<(u32,), (Result<u32, String>,)>,
    snapshot_next: TypedFunc<(u32,), (WirePage,)>,
    snapshot_close: TypedFunc<(u32,), ()>,
    checkpoint: TypedFunc<(), (Vec<u8>,)>,
    profile: TypedFunc<(), (String,)>,
    load: Option<Load>,
}

impl Functions {
    fn of(store: &mut Store<WorkerState>, instance: &Instance, exports: &Exports) -> wasmtime::Result<Functions> {
        fn get<P, R>(
            store: &mut Store<WorkerState>,
            instance: &Instance,
            index: &ComponentExportIndex,
        ) -> wasmtime::Result<TypedFunc<P, R>>
        where
            P: ComponentNamedList + Lower,
            R: ComponentNamedList + Lift,
        {
            instance.get_typed_func(store, index)
        }
        Ok(Functions {
            describe: get(store, instance, &exports.describe)?,
            open: get(store, instance, &exports.open)?,
            ingest: get(store, instance, &exports.ingest)?,
            step: get(store, instance, &exports.step)?,
            keep_delta: get(store, instance, &exports.keep_delta)?,
            delta: get(store, instance, &exports.delta)?,
            snapshot_open: get(store, instance, &exports.snapshot_open)?,
            snapshot_next: get(store, instance, &exports.snapshot_next)?,
            snapshot_close: get(store, instance, &exports.snapshot_close)?,
            checkpoint: get(store, instance, &exports.checkpoint)?,
            profile: get(store, instance, &exports.profile)?,
            load: exports.load.map(|load| get(store, instance, &load)).transpose()?,
        })
    }
}

/// What one worker did in a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WorkerStats {
    /// From the step's begin to its end on this worker.
    pub elapsed: Duration,
    /// CPU time of the worker's thread.
    pub cpu: Duration,
    /// Time spent waiting for other workers at exchanges.
    pub exchange_wait: Duration,
    /// Bytes handed to exchanges, own share included.
    pub exchanged_bytes: u64,
    /// Bytes of the worker's memory and tables after the step.
    pub memory_bytes: u64,
}

pub(crate) struct Worker {
    engine: Engine,
    store: Store<WorkerState>,
    functions: Functions,
}

impl Worker {
    /// A new instance. The limiter is attached before the component gets its first page of memory.
    pub(crate) fn new(
        engine: &Engine,
        pre: &InstancePre<WorkerState>,
        exports: &Exports,
        shared: &Arc<Shared>,
        worker: u32,
    ) -> Result<Worker, Failure> {
        let said = Said::default();
        let (wasi, resources) = wasi::context(shared, worker, &said);
        let state = WorkerState {
            shared: shared.clone(),
            worker,
            in_step: false,
            exchanged_bytes: 0,
            exchange_wait: Duration::ZERO,
            profile: Profile::default(),
            limiter: Limiter::new(shared.clone(), worker),
            deadline: None,
            wasi,
            resources,
            said,
        };
        let mut store = Store::new(engine.wasm(), state);
        store.limiter(|state| &mut state.limiter);
        store.set_hostcall_fuel(shared.limits.transfer_bytes_max);
        store.epoch_deadline_callback(come_up_for_air);
        let functions = guarded(engine, &mut store, "instantiate", |store| {
            let instance = pre.instantiate(&mut *store)?;
            Functions::of(store, &instance, exports)
        })?;
        Ok(Worker { engine: engine.clone(), store, functions })
    }

    fn call<R>(
        &mut self,
        what: &'static str,
        call: impl FnOnce(&Functions, &mut Store<WorkerState>) -> wasmtime::Result<R>,
    ) -> Result<R, Failure> {
        let functions = &self.functions;
        guarded(&self.engine, &mut self.store, what, |store| call(functions, store))
    }

    /// A failure for what a component returned.
    fn lie(&self, message: String) -> Failure {
        let state = self.store.data();
        state.shared.failure_or(|| Failure::new(FailureKind::Protocol, Some(state.worker), message))
    }

    pub(crate) fn describe(&mut self) -> Result<String, Failure> {
        self.call("describe", |f, store| Ok(f.describe.call(store, ())?.0))
    }

    /// Give an engine its circuit.
    pub(crate) fn load(&mut self, circuit: Vec<u8>) -> Result<(), Failure> {
        let loaded = self.call("load", |f, store| match &f.load {
            Some(load) => Ok(load.call(store, (circuit,))?.0),
            None => Ok(Err("it is no engine".to_owned())),
        })?;
        loaded.map_err(|message| self.lie(format!("the engine does not take the circuit: {message}")))
    }

    pub(crate) fn open(&mut self, checkpoint: Option<Vec<u8>>) -> Result<(), Failure> {
        let state = self.store.data();
        let config = WireConfig { worker: state.worker, workers: state.shared.workers, checkpoint };
        match self.call("open", |f, store| Ok(f.open.call(store, (config,))?.0))? {
            Ok(()) => Ok(()),
            Err(message) => Err(self.lie(format!("the component does not open: {message}"))),
        }
    }

    pub(crate) fn ingest(&mut self, table: u32, blocks: Vec<Block>) -> Result<(), Failure> {
        let blocks = blocks.into_iter().map(WireBlock::from).collect();
        self.call("ingest", |f, store| f.ingest.call(store, (table, blocks)))
    }

    pub(crate) fn step(&mut self, now_us: i64) -> Result<WorkerStats, Failure> {
        let begun = Instant::now();
        let cpu = thread_cpu();
        let state = self.store.data_mut();
        state.exchanged_bytes = 0;
        state.exchange_wait = Duration::ZERO;
        state.profile.begin(state.shared.times);
        state.in_step = true;
        let done = self.call("step", |f, store| f.step.call(store, (now_us,)));
        let state = self.store.data_mut();
        state.in_step = false;
        done?;
        state.shared.operators[state.worker as usize].lock().clone_from(&state.profile.operators);
        if let Err(ExchangeError::Protocol(message)) = state.shared.exchange.finish_step(state.worker) {
            return Err(self.lie(message));
        }
        Ok(WorkerStats {
            elapsed: begun.elapsed(),
            cpu: thread_cpu().saturating_sub(cpu),
            exchange_wait: state.exchange_wait,
            exchanged_bytes: state.exchanged_bytes,
            memory_bytes: state.limiter.bytes(),
        })
    }

    pub(crate) fn keep_delta(&mut self, relation: u32, keep: bool) -> Result<(), Failure> {
        self.call("keep-delta", |f, store| f.keep_delta.call(store, (relation, keep)))
    }

    /// All pages of the last step's changes of a relation.
    pub(crate) fn delta(&mut self, relation: u32) -> Result<Vec<Block>, Failure> {
        let bytes_max = self.store.data().shared.limits.delta_bytes_max;
        let mut bytes = 0;
        let mut blocks = Vec::new();
        for page in 0..PAGES_MAX {
            let part = self.call("delta", |f, store| Ok(f.delta.call(store, (relation, page))?.0))?;
            let more = part.more;
            bytes += part.blocks.iter().map(WireBlock::bytes).sum::<u64>();
            if bytes > bytes_max {
                return Err(self.lie(format!("a delta of more than {} MiB", bytes_max >> 20)));
            }
            self.take_page(part, &mut blocks)?;
            if !more {
                return Ok(blocks);
            }
        }
        Err(self.lie(format!("a delta of more than {PAGES_MAX} pages")))
    }

    pub(crate) fn snapshot_open(&mut self, relation: u32) -> Result<Result<u32, String>, Failure> {
        self.call("snapshot-open", |f, store| Ok(f.snapshot_open.call(store, (relation,))?.0))
    }

    /// The blocks of the next page, and whether there are more pages.
    pub(crate) fn snapshot_next(&mut self, handle: u32) -> Result<(Vec<Block>, bool), Failure> {
        let page = self.call("snapshot-next", |f, store| Ok(f.snapshot_next.call(store, (handle,))?.0))?;
        let more = page.more;
        let mut blocks = Vec::new();
        self.take_page(page, &mut blocks)?;
        Ok((blocks, more))
    }

    pub(crate) fn snapshot_close(&mut self, handle: u32) -> Result<(), Failure> {
        self.call("snapshot-close", |f, store| f.snapshot_close.call(store, (handle,)))
    }

    pub(crate) fn checkpoint(&mut self) -> Result<Vec<u8>, Failure> {
        self.call("checkpoint", |f, store| Ok(f.checkpoint.call(store, ())?.0))
    }

    pub(crate) fn profile(&mut self) -> Result<String, Failure> {
        self.call("profile", |f, store| Ok(f.profile.call(store, ())?.0))
    }

    /// Check the blocks of a page and add those that have rows.
    fn take_page(&self, page: WirePage, blocks: &mut Vec<Block>) -> Result<(), Failure> {
        for block in page.blocks {
            let block = block.checked().map_err(|e| self.lie(e))?;
            if !block.is_empty() {
                blocks.push(block);
            }
        }
        Ok(())
    }
}

/// Run something of the component under the pipeline's limits; any error ends the pipeline.
fn guarded<R>(
    engine: &Engine,
    store: &mut Store<WorkerState>,
    what: &'static str,
    call: impl FnOnce(&mut Store<WorkerState>) -> wasmtime::Result<R>,
) -> Result<R, Failure> {
    let state = store.data_mut();
    if let Some(failure) = state.shared.failure() {
        return Err(failure);
    }
    state.deadline = state.shared.limits.call_time_max.map(|max| Instant::now() + max);
    state.said.lock().clear();
    store.set_epoch_deadline(EPOCHS);
    let running = engine.running();
    let result = call(store);
    drop(running);
    result.map_err(|error| {
        let state = store.data();
        let said = String::from_utf8_lossy(&state.said.lock()).into_owned();
        state.shared.failure_or(|| Failure::of_error(state.worker, what, &error, &said))
    })
}

/// Called at each epoch while the component runs.
fn come_up_for_air(cx: StoreContextMut<'_, WorkerState>) -> wasmtime::Result<UpdateDeadline> {
    let state = cx.data();
    if state.shared.has_ended() {
        return Err(Ended.into());
    }
    if state.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
        let max = state.shared.limits.call_time_max.unwrap_or_default();
        return Err(state.fail(FailureKind::Timeout, format!("a call took longer than its limit of {max:?}")).into());
    }
    Ok(UpdateDeadline::Continue(EPOCHS))
}

fn thread_cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}
