//! What drives the automata: the compilation of programs and the deployment of pipelines.

mod compile;
mod deploy;
mod info;
mod queue;
mod slot;
mod storage;

pub use slot::Slot;

use crate::PLATFORM_VERSION;
use crate::metrics::HostMetrics;
use cap_std::fs::{Dir, OpenOptions};
use parking_lot::Mutex;
use queue::Compilers;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::runtime::Handle;
use uuid::Uuid;
use weir_catalog::{
    Catalog, CatalogError, Change, DeploymentDesired, DeploymentError, NewPipeline, Patch, Pipeline, TenantId,
};
use weir_compiler::Compiler;
use weir_connectors::Grants;
use weir_runtime::Engine;

/// Everything the server works with.
pub struct Manager {
    catalog: Catalog,
    compiler: Arc<Compiler>,
    engine: Engine,
    /// The data folder, where pipelines keep state.
    data: Arc<Dir>,
    /// What connectors may reach.
    grants: Arc<Grants>,
    metrics: HostMetrics,
    /// The slots of all pipelines; none once the server ends.
    slots: Mutex<Option<HashMap<Uuid, Arc<Slot>>>>,
    /// The SQL front ends that may run at once, apart from the Rust compilers: errors of SQL wait for no rustc.
    sql_compilers: Compilers,
    /// The Rust compilers that may run at once.
    rust_compilers: Compilers,
    /// Where drivers run, whatever thread starts them.
    runtime: Handle,
}

impl std::fmt::Debug for Manager {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Manager").field("catalog", &self.catalog).finish_non_exhaustive()
    }
}

impl Manager {
    /// Opens the catalog in `data_dir`, sets right what an earlier run left, and takes up its work; connectors may reach what `grants` says. Call it on a runtime.
    ///
    /// # Errors
    /// The catalog or the engine.
    pub fn open(data_dir: &Dir, compiler: Compiler, engine: Engine, grants: Grants) -> anyhow::Result<Arc<Manager>> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true);
        let file = data_dir.open_with("catalog.redb", &options)?.into_std();
        let catalog = Catalog::open(file, PLATFORM_VERSION)?;
        let failed = catalog.recover(|_| DeploymentError {
            message: "The server ended while the pipeline was running, and its state, which was in memory, is lost. Shut the pipeline down and start it anew.".into(),
            error_code: "PipelineDeploymentError".into(),
            details: serde_json::json!({ "error": "the server was restarted" }),
        })?;
        if failed > 0 {
            tracing::warn!(failed, "pipelines whose state was in memory are Failed after the restart");
        }
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let manager = Arc::new(Manager {
            catalog,
            compiler: Arc::new(compiler),
            engine,
            data: Arc::new(data_dir.try_clone()?),
            grants: Arc::new(grants),
            metrics: HostMetrics::default(),
            slots: Mutex::new(Some(HashMap::new())),
            sql_compilers: Compilers::new(cores),
            rust_compilers: Compilers::new(cores),
            runtime: Handle::current(),
        });
        let hears = Arc::downgrade(&manager);
        manager.catalog.listen(move |change| {
            if let Some(manager) = hears.upgrade() {
                manager.changed(change);
            }
        });
        let mut pipelines = manager.catalog.list_all()?;
        pipelines.sort_by_key(|(_, p)| (p.program_status_since, p.id));
        for (tenant, pipeline) in pipelines {
            manager.changed(&Change::Stored { tenant, pipeline: &pipeline });
        }
        Ok(manager)
    }

    /// The catalog; its calls block on the disk, so use [`Manager::with_catalog`] where that matters.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// What the server counts for itself.
    pub fn metrics(&self) -> &HostMetrics {
        &self.metrics
    }

    /// Runs a catalog call on a blocking thread.
    ///
    /// # Errors
    /// The call's.
    pub async fn with_catalog<T: Send + 'static>(
        self: &Arc<Self>,
        call: impl FnOnce(&Catalog) -> Result<T, CatalogError> + Send + 'static,
    ) -> Result<T, CatalogError> {
        let manager = Arc::clone(self);
        match tokio::task::spawn_blocking(move || call(&manager.catalog)).await {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic.into_panic()),
        }
    }

    /// Makes a pipeline and begins to compile its program.
    ///
    /// # Errors
    /// The catalog's.
    pub async fn create(self: &Arc<Self>, tenant: TenantId, new: NewPipeline) -> Result<Pipeline, CatalogError> {
        self.with_catalog(move |c| c.create(tenant, new)).await
    }

    /// Makes or replaces a pipeline; returns whether it was made.
    ///
    /// # Errors
    /// The catalog's.
    pub async fn put(
        self: &Arc<Self>,
        tenant: TenantId,
        name: String,
        new: NewPipeline,
    ) -> Result<(Pipeline, bool), CatalogError> {
        self.with_catalog(move |c| c.put(tenant, &name, new)).await
    }

    /// Changes a pipeline.
    ///
    /// # Errors
    /// The catalog's.
    pub async fn patch(
        self: &Arc<Self>,
        tenant: TenantId,
        name: String,
        patch: Patch,
    ) -> Result<Pipeline, CatalogError> {
        self.with_catalog(move |c| c.patch(tenant, &name, patch)).await
    }

    /// Deletes a pipeline, and cancels the compilation of its program.
    ///
    /// # Errors
    /// The catalog's.
    pub async fn delete(self: &Arc<Self>, tenant: TenantId, name: String) -> Result<(), CatalogError> {
        self.with_catalog(move |c| c.delete(tenant, &name)).await.map(drop)
    }

    /// Sets what a pipeline's owner wishes.
    ///
    /// # Errors
    /// The catalog's.
    pub async fn set_desired(
        self: &Arc<Self>,
        tenant: TenantId,
        name: String,
        desired: DeploymentDesired,
    ) -> Result<(), CatalogError> {
        self.with_catalog(move |c| c.set_desired(tenant, &name, desired)).await.map(drop)
    }

    /// The slot of a pipeline; if it has been deleted meanwhile, one that nothing is done with.
    pub fn slot(&self, tenant: TenantId, id: Uuid) -> Arc<Slot> {
        let slot = self.slots.lock().as_ref().and_then(|slots| slots.get(&id).cloned());
        slot.unwrap_or_else(|| Arc::new(Slot::new(tenant, id)))
    }

    /// Programs that wait for a compiler.
    pub fn compilations_waiting(&self) -> usize {
        self.sql_compilers.waiting() + self.rust_compilers.waiting()
    }

    /// Has the drivers look at a pipeline. The catalog calls it for every change, within the call that made it, so that no caller
    /// can forget it and none that is cancelled prevents it.
    fn changed(self: &Arc<Self>, change: &Change<'_>) {
        match change {
            Change::Stored { tenant, pipeline } => {
                let Some(slot) = self.driven_slot(*tenant, pipeline.id) else { return };
                slot.program_is(pipeline.program_version);
                if pipeline.deployment_desired_status == DeploymentDesired::Shutdown {
                    slot.stop_opening();
                }
                slot.wake();
            }
            Change::Deleted { id, .. } => {
                let slot = self.slots.lock().as_mut().and_then(|slots| slots.remove(id));
                if let Some(slot) = slot {
                    slot.close();
                }
            }
        }
    }

    /// The slot of a pipeline that is there, made with its drivers if it is new; none if the server ends.
    fn driven_slot(self: &Arc<Self>, tenant: TenantId, id: Uuid) -> Option<Arc<Slot>> {
        let mut slots = self.slots.lock();
        let slot = slots.as_mut()?.entry(id).or_insert_with(|| {
            let slot = Arc::new(Slot::new(tenant, id));
            self.runtime.spawn(deploy::drive(Arc::clone(self), Arc::clone(&slot)));
            self.runtime.spawn(compile::drive(Arc::clone(self), Arc::clone(&slot)));
            slot
        });
        Some(Arc::clone(slot))
    }

    /// Ends every running pipeline; their records are left to say that they ran.
    pub async fn shut_down(&self) {
        let slots: Vec<Arc<Slot>> = self.slots.lock().take().into_iter().flatten().map(|(_, slot)| slot).collect();
        for slot in &slots {
            slot.close();
        }
        for slot in slots {
            if let Some(controller) = slot.take_controller() {
                controller.end().await;
            }
            slot.logs.close();
        }
    }
}
