//! What drives the automata: the compilation of programs and the deployment of pipelines.

mod compile;
mod deploy;
mod info;
mod slot;

pub use slot::Slot;

use crate::PLATFORM_VERSION;
use cap_std::fs::{Dir, OpenOptions};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::Semaphore;
use uuid::Uuid;
use weir_catalog::{Catalog, CatalogError, DeploymentDesired, DeploymentError, NewPipeline, Patch, Pipeline, TenantId};
use weir_compiler::Compiler;
use weir_runtime::Engine;

/// Everything the server works with.
pub struct Manager {
    catalog: Catalog,
    compiler: Arc<Compiler>,
    engine: Engine,
    slots: Mutex<HashMap<Uuid, Arc<Slot>>>,
    /// One permit per compilation that may run at once.
    compilations: Semaphore,
}

impl std::fmt::Debug for Manager {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Manager").field("slots", &self.slots.lock().len()).finish_non_exhaustive()
    }
}

impl Manager {
    /// Opens the catalog in `data_dir`, sets right what an earlier run left, and takes up its work. Call it on a runtime.
    ///
    /// # Errors
    /// The catalog or the engine.
    pub fn open(data_dir: &Dir, compiler: Compiler, engine: Engine) -> anyhow::Result<Arc<Manager>> {
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
            slots: Mutex::default(),
            compilations: Semaphore::new(cores),
        });
        let mut pipelines = manager.catalog.list_all()?;
        pipelines.sort_by_key(|(_, p)| (p.program_status_since, p.id));
        for (tenant, pipeline) in pipelines {
            manager.wake(tenant, pipeline.id);
        }
        Ok(manager)
    }

    /// The catalog; its calls block on the disk, so use [`Manager::with_catalog`] where that matters.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
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
        let pipeline = self.with_catalog(move |c| c.create(tenant, new)).await?;
        self.wake(tenant, pipeline.id);
        Ok(pipeline)
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
        let (pipeline, made) = self.with_catalog(move |c| c.put(tenant, &name, new)).await?;
        self.wake(tenant, pipeline.id);
        Ok((pipeline, made))
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
        let pipeline = self.with_catalog(move |c| c.patch(tenant, &name, patch)).await?;
        self.wake(tenant, pipeline.id);
        Ok(pipeline)
    }

    /// Deletes a pipeline, and cancels the compilation of its program.
    ///
    /// # Errors
    /// The catalog's.
    pub async fn delete(self: &Arc<Self>, tenant: TenantId, name: String) -> Result<(), CatalogError> {
        let pipeline = self.with_catalog(move |c| c.delete(tenant, &name)).await?;
        if let Some(slot) = self.slots.lock().remove(&pipeline.id) {
            slot.close();
        }
        Ok(())
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
        let pipeline = self.with_catalog(move |c| c.set_desired(tenant, &name, desired)).await?;
        if desired == DeploymentDesired::Shutdown {
            self.slot(tenant, pipeline.id).stop_opening();
        }
        self.wake(tenant, pipeline.id);
        Ok(())
    }

    /// The slot of a pipeline, made if it is not there.
    pub fn slot(self: &Arc<Self>, tenant: TenantId, id: Uuid) -> Arc<Slot> {
        let mut slots = self.slots.lock();
        Arc::clone(slots.entry(id).or_insert_with(|| {
            let slot = Arc::new(Slot::new(tenant, id));
            tokio::spawn(deploy::drive(Arc::clone(self), Arc::clone(&slot)));
            tokio::spawn(compile::drive(Arc::clone(self), Arc::clone(&slot)));
            slot
        }))
    }

    /// Has the drivers look at a pipeline.
    fn wake(self: &Arc<Self>, tenant: TenantId, id: Uuid) {
        self.slot(tenant, id).wake();
    }

    /// Ends every running pipeline; their records are left to say that they ran.
    pub async fn shut_down(&self) {
        let slots: Vec<Arc<Slot>> = self.slots.lock().drain().map(|(_, slot)| slot).collect();
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
