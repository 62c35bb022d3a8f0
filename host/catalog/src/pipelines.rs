//! Making, reading, changing and deleting pipelines.

use crate::schema::{NAMES, PIPELINES};
use crate::store::Transaction;
use crate::{
    Catalog, CatalogError, DeploymentDesired, DeploymentError, DeploymentStatus, NewPipeline, Patch, Pipeline,
    ProgramStatus, TenantId, check_desired_transition, pipeline::CheckedPatch,
};
use redb::ReadableTable;
use uuid::Uuid;

/// Pipelines that a tenant may have: a list of them is made in memory, and each may hold a megabyte of program.
pub const PIPELINES_PER_TENANT_MAX: usize = 10_000;

impl Catalog {
    /// All pipelines of a tenant, in order of creation.
    ///
    /// # Errors
    /// The database.
    pub fn list(&self, tenant: TenantId) -> Result<Vec<Pipeline>, CatalogError> {
        let table = self.read()?.open_table(PIPELINES)?;
        let range = (tenant.as_u128(), 0)..=(tenant.as_u128(), u128::MAX);
        table.range(range)?.map(|entry| Ok(serde_json::from_slice(entry?.1.value())?)).collect()
    }

    /// Every tenant's pipelines, for the server's own work.
    ///
    /// # Errors
    /// The database.
    pub fn list_all(&self) -> Result<Vec<(TenantId, Pipeline)>, CatalogError> {
        all(&self.read()?.open_table(PIPELINES)?)
    }

    /// A pipeline by name.
    ///
    /// # Errors
    /// `UnknownPipelineName`, the database.
    pub fn get(&self, tenant: TenantId, name: &str) -> Result<Pipeline, CatalogError> {
        let unknown = || CatalogError::UnknownPipelineName { pipeline_name: name.into() };
        let txn = self.read()?;
        let id = txn.open_table(NAMES)?.get((tenant.as_u128(), name))?.ok_or_else(unknown)?.value();
        let record = txn.open_table(PIPELINES)?.get((tenant.as_u128(), id))?.ok_or_else(unknown)?;
        Ok(serde_json::from_slice(record.value())?)
    }

    /// A pipeline by identifier.
    ///
    /// # Errors
    /// `UnknownPipeline`, the database.
    pub fn get_by_id(&self, tenant: TenantId, id: Uuid) -> Result<Pipeline, CatalogError> {
        let table = self.read()?.open_table(PIPELINES)?;
        let record =
            table.get((tenant.as_u128(), id.as_u128()))?.ok_or(CatalogError::UnknownPipeline { pipeline_id: id })?;
        Ok(serde_json::from_slice(record.value())?)
    }

    /// Makes a pipeline.
    ///
    /// # Errors
    /// The name or a configuration is invalid; `DuplicateName`; `LimitReached`; `UnknownTenant`.
    pub fn create(&self, tenant: TenantId, new: NewPipeline) -> Result<Pipeline, CatalogError> {
        let pipeline = Pipeline::create(new, &self.platform_version)?;
        self.write(|txn| {
            insert(txn, tenant, &pipeline)?;
            Ok(pipeline)
        })
    }

    /// Makes a pipeline, or changes all of the one that has the name. Returns whether it was made.
    ///
    /// # Errors
    /// As [`Catalog::create`] and [`Catalog::patch`]; `CannotRenameNonExistingPipeline`.
    pub fn put(&self, tenant: TenantId, name: &str, new: NewPipeline) -> Result<(Pipeline, bool), CatalogError> {
        self.write(|txn| {
            if txn.find(tenant, name)?.is_some() {
                return Ok((edit(txn, tenant, name, Patch::from(new).check()?, &self.platform_version)?, false));
            }
            let pipeline = Pipeline::create(new, &self.platform_version)?;
            if pipeline.name != name {
                return Err(CatalogError::CannotRenameNonExistingPipeline);
            }
            insert(txn, tenant, &pipeline)?;
            Ok((pipeline, true))
        })
    }

    /// Changes a pipeline that is shut down.
    ///
    /// # Errors
    /// Name, configurations, `UnknownPipelineName`, `CannotUpdateNonShutdownPipeline`, `DuplicateName`, in this order.
    pub fn patch(&self, tenant: TenantId, name: &str, patch: Patch) -> Result<Pipeline, CatalogError> {
        let patch = patch.check()?;
        self.write(|txn| edit(txn, tenant, name, patch, &self.platform_version))
    }

    /// Deletes a pipeline that is shut down; returns what it was.
    ///
    /// # Errors
    /// `UnknownPipelineName`, `CannotDeleteNonShutdownPipeline`.
    pub fn delete(&self, tenant: TenantId, name: &str) -> Result<Pipeline, CatalogError> {
        self.write(|txn| {
            let pipeline = txn.existing(tenant, name)?;
            if !pipeline.is_shut_down() {
                return Err(CatalogError::CannotDeleteNonShutdownPipeline);
            }
            txn.remove(tenant, &pipeline)?;
            Ok(pipeline)
        })
    }

    /// Sets what the owner wishes.
    ///
    /// # Errors
    /// `UnknownPipelineName`, `IllegalPipelineStateTransition`.
    pub fn set_desired(
        &self,
        tenant: TenantId,
        name: &str,
        desired: DeploymentDesired,
    ) -> Result<Pipeline, CatalogError> {
        self.write(|txn| {
            let mut pipeline = txn.existing(tenant, name)?;
            check_desired_transition(pipeline.deployment_status, pipeline.deployment_desired_status, desired)?;
            if pipeline.deployment_desired_status != desired {
                pipeline.deployment_desired_status = desired;
                txn.store(tenant, &pipeline, Some(name))?;
            }
            Ok(pipeline)
        })
    }

    /// Changes a pipeline's statuses, for the compiler and the runner: `change` sees the record as it is and says whether to
    /// store it. Identifier and name stay. Returns the record, or `None` if `change` declined.
    ///
    /// # Errors
    /// `UnknownPipeline` (it was deleted meanwhile), the database.
    pub fn update(
        &self,
        tenant: TenantId,
        id: Uuid,
        change: impl FnOnce(&mut Pipeline) -> bool,
    ) -> Result<Option<Pipeline>, CatalogError> {
        self.write(|txn| {
            let mut pipeline = txn.pipeline(tenant, id)?;
            let name = pipeline.name.clone();
            if !change(&mut pipeline) {
                return Ok(None);
            }
            assert!(pipeline.id == id && pipeline.name == name, "an update leaves identifier and name");
            txn.store(tenant, &pipeline, Some(&name))?;
            Ok(Some(pipeline))
        })
    }

    /// Puts the records in order after the host ended without warning, all in one transaction: compilations begin anew, and
    /// pipelines that ran, whose state was in memory, are Failed. Returns how many those are.
    ///
    /// # Errors
    /// The database.
    pub fn recover(&self, error: impl Fn(&Pipeline) -> DeploymentError) -> Result<usize, CatalogError> {
        self.write(|txn| {
            let pipelines = all(&txn.look().open_table(PIPELINES)?)?;
            let mut failed = 0;
            for (tenant, mut pipeline) in pipelines {
                let Some(ran) = set_right(&mut pipeline, &error) else { continue };
                failed += usize::from(ran);
                let name = pipeline.name.clone();
                txn.store(tenant, &pipeline, Some(&name))?;
            }
            Ok(failed)
        })
    }
}

/// Puts a record in order; returns whether its state is lost, or `None` if there was nothing to do.
fn set_right(pipeline: &mut Pipeline, error: impl Fn(&Pipeline) -> DeploymentError) -> Option<bool> {
    let compiling = matches!(
        pipeline.program_status,
        ProgramStatus::CompilingSql | ProgramStatus::SqlCompiled | ProgramStatus::CompilingRust
    );
    if compiling {
        // It keeps its place in the queue: since when stays.
        pipeline.program_status = ProgramStatus::Pending;
        pipeline.program_info = None;
    }
    match pipeline.deployment_status {
        DeploymentStatus::Shutdown | DeploymentStatus::Failed => compiling.then_some(false),
        DeploymentStatus::ShuttingDown => {
            pipeline.set_deployment_status(DeploymentStatus::Shutdown);
            Some(false)
        }
        _ => {
            pipeline.deployment_error = Some(error(pipeline));
            pipeline.set_deployment_status(DeploymentStatus::Failed);
            Some(true)
        }
    }
}

pub(crate) fn all(
    table: &impl ReadableTable<(u128, u128), &'static [u8]>,
) -> Result<Vec<(TenantId, Pipeline)>, CatalogError> {
    table
        .iter()?
        .map(|entry| {
            let (key, value) = entry?;
            Ok((Uuid::from_u128(key.value().0), serde_json::from_slice(value.value())?))
        })
        .collect()
}

fn insert(txn: &mut Transaction, tenant: TenantId, pipeline: &Pipeline) -> Result<(), CatalogError> {
    txn.check_tenant(tenant)?;
    if txn.find(tenant, &pipeline.name)?.is_some() {
        return Err(CatalogError::DuplicateName);
    }
    if count_names(&txn.look().open_table(NAMES)?, tenant.as_u128())? >= PIPELINES_PER_TENANT_MAX {
        return Err(CatalogError::LimitReached { what: "pipelines", max: PIPELINES_PER_TENANT_MAX });
    }
    txn.store(tenant, pipeline, None)
}

/// How many names of a table are the owner's.
pub(crate) fn count_names(
    names: &impl ReadableTable<(u128, &'static str), u128>,
    owner: u128,
) -> Result<usize, CatalogError> {
    let mut count = 0;
    for entry in names.range((owner, "")..)? {
        if entry?.0.value().0 != owner {
            break;
        }
        count += 1;
    }
    Ok(count)
}

fn edit(
    txn: &mut Transaction,
    tenant: TenantId,
    name: &str,
    patch: CheckedPatch,
    platform_version: &str,
) -> Result<Pipeline, CatalogError> {
    let mut pipeline = txn.existing(tenant, name)?;
    if !pipeline.is_shut_down() {
        return Err(CatalogError::CannotUpdateNonShutdownPipeline);
    }
    let version = pipeline.version;
    pipeline.edit(patch, platform_version);
    if pipeline.version != version {
        txn.store(tenant, &pipeline, Some(name))?;
    }
    Ok(pipeline)
}
