//! The catalog's database. Three tables: `pipelines` (tenant, identifier) -> record as JSON; `names` (tenant, name) ->
//! identifier; `meta` for the schema's version. Record and name change in one transaction.

use crate::{
    CatalogError, DeploymentDesired, DeploymentStatus, NewPipeline, Patch, Pipeline, check_desired_transition,
    pipeline::CheckedPatch,
};
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition, WriteTransaction};
use std::fs::File;
use uuid::Uuid;

/// A tenant's identifier.
pub type TenantId = Uuid;

/// The tenant of a server without authentication.
pub const DEFAULT_TENANT: TenantId = Uuid::nil();

/// The version of the tables below; raised with a migration whenever they change.
const SCHEMA_VERSION: u64 = 1;

const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
const PIPELINES: TableDefinition<'_, (u128, u128), &[u8]> = TableDefinition::new("pipelines");
const NAMES: TableDefinition<'_, (u128, &str), u128> = TableDefinition::new("names");

/// The catalog. Calls block on the disk (a commit is a few milliseconds).
pub struct Catalog {
    database: Database,
    platform_version: String,
}

impl Catalog {
    /// Opens the catalog in a file, which may be new. The file comes from whoever holds the data folder: the catalog reaches no
    /// other.
    ///
    /// # Errors
    /// The file is in use or damaged, or was written by a newer Weir.
    pub fn open(file: File, platform_version: &str) -> Result<Catalog, CatalogError> {
        let database = Database::builder().create_with_backend(redb::backends::FileBackend::new(file)?)?;
        let txn = database.begin_write()?;
        {
            let mut meta = txn.open_table(META)?;
            let found = meta.get("schema")?.map(|v| v.value());
            match found {
                Some(found) if found > SCHEMA_VERSION => {
                    return Err(CatalogError::NewerSchema { found, known: SCHEMA_VERSION });
                }
                _ => meta.insert("schema", SCHEMA_VERSION)?,
            };
            txn.open_table(PIPELINES)?;
            txn.open_table(NAMES)?;
        }
        txn.commit()?;
        Ok(Catalog { database, platform_version: platform_version.into() })
    }

    /// The version of Weir that records are stamped with.
    pub fn platform_version(&self) -> &str {
        &self.platform_version
    }

    /// All pipelines of a tenant, in order of creation.
    ///
    /// # Errors
    /// The database.
    pub fn list(&self, tenant: TenantId) -> Result<Vec<Pipeline>, CatalogError> {
        let txn = self.database.begin_read()?;
        let table = txn.open_table(PIPELINES)?;
        let range = (tenant.as_u128(), 0)..=(tenant.as_u128(), u128::MAX);
        table.range(range)?.map(|entry| Ok(serde_json::from_slice(entry?.1.value())?)).collect()
    }

    /// Every tenant's pipelines, for the server's own work.
    ///
    /// # Errors
    /// The database.
    pub fn list_all(&self) -> Result<Vec<(TenantId, Pipeline)>, CatalogError> {
        let txn = self.database.begin_read()?;
        let table = txn.open_table(PIPELINES)?;
        table
            .iter()?
            .map(|entry| {
                let (key, value) = entry?;
                Ok((Uuid::from_u128(key.value().0), serde_json::from_slice(value.value())?))
            })
            .collect()
    }

    /// A pipeline by name.
    ///
    /// # Errors
    /// `UnknownPipelineName`, the database.
    pub fn get(&self, tenant: TenantId, name: &str) -> Result<Pipeline, CatalogError> {
        let unknown = || CatalogError::UnknownPipelineName { pipeline_name: name.into() };
        let txn = self.database.begin_read()?;
        let id = txn.open_table(NAMES)?.get((tenant.as_u128(), name))?.ok_or_else(unknown)?.value();
        let record = txn.open_table(PIPELINES)?.get((tenant.as_u128(), id))?.ok_or_else(unknown)?;
        Ok(serde_json::from_slice(record.value())?)
    }

    /// A pipeline by identifier.
    ///
    /// # Errors
    /// `UnknownPipeline`, the database.
    pub fn get_by_id(&self, tenant: TenantId, id: Uuid) -> Result<Pipeline, CatalogError> {
        let txn = self.database.begin_read()?;
        let table = txn.open_table(PIPELINES)?;
        let record =
            table.get((tenant.as_u128(), id.as_u128()))?.ok_or(CatalogError::UnknownPipeline { pipeline_id: id })?;
        Ok(serde_json::from_slice(record.value())?)
    }

    /// Makes a pipeline.
    ///
    /// # Errors
    /// The name or a configuration is invalid; `DuplicateName`.
    pub fn create(&self, tenant: TenantId, new: NewPipeline) -> Result<Pipeline, CatalogError> {
        let pipeline = Pipeline::create(new, &self.platform_version)?;
        let txn = self.database.begin_write()?;
        insert(&txn, tenant, &pipeline)?;
        txn.commit()?;
        Ok(pipeline)
    }

    /// Makes a pipeline, or changes all of the one that has the name. Returns whether it was made.
    ///
    /// # Errors
    /// As [`Catalog::create`] and [`Catalog::patch`]; `CannotRenameNonExistingPipeline`.
    pub fn put(&self, tenant: TenantId, name: &str, new: NewPipeline) -> Result<(Pipeline, bool), CatalogError> {
        let txn = self.database.begin_write()?;
        let result = if find(&txn, tenant, name)?.is_some() {
            (edit(&txn, tenant, name, Patch::from(new).check()?, &self.platform_version)?, false)
        } else {
            let pipeline = Pipeline::create(new, &self.platform_version)?;
            if pipeline.name != name {
                return Err(CatalogError::CannotRenameNonExistingPipeline);
            }
            insert(&txn, tenant, &pipeline)?;
            (pipeline, true)
        };
        txn.commit()?;
        Ok(result)
    }

    /// Changes a pipeline that is shut down.
    ///
    /// # Errors
    /// Name, configurations, `UnknownPipelineName`, `CannotUpdateNonShutdownPipeline`, `DuplicateName`, in this order.
    pub fn patch(&self, tenant: TenantId, name: &str, patch: Patch) -> Result<Pipeline, CatalogError> {
        let patch = patch.check()?;
        let txn = self.database.begin_write()?;
        let pipeline = edit(&txn, tenant, name, patch, &self.platform_version)?;
        txn.commit()?;
        Ok(pipeline)
    }

    /// Deletes a pipeline that is shut down; returns what it was.
    ///
    /// # Errors
    /// `UnknownPipelineName`, `CannotDeleteNonShutdownPipeline`.
    pub fn delete(&self, tenant: TenantId, name: &str) -> Result<Pipeline, CatalogError> {
        let txn = self.database.begin_write()?;
        let pipeline = existing(&txn, tenant, name)?;
        if !pipeline.is_shut_down() {
            return Err(CatalogError::CannotDeleteNonShutdownPipeline);
        }
        txn.open_table(NAMES)?.remove((tenant.as_u128(), name))?;
        txn.open_table(PIPELINES)?.remove((tenant.as_u128(), pipeline.id.as_u128()))?;
        txn.commit()?;
        Ok(pipeline)
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
        let txn = self.database.begin_write()?;
        let mut pipeline = existing(&txn, tenant, name)?;
        check_desired_transition(pipeline.deployment_status, pipeline.deployment_desired_status, desired)?;
        if pipeline.deployment_desired_status != desired {
            pipeline.deployment_desired_status = desired;
            write(&txn, tenant, &pipeline)?;
        }
        txn.commit()?;
        Ok(pipeline)
    }

    /// Changes a pipeline's statuses, for the compiler and the runner: `change` sees the record as it is and says whether to
    /// store it. Returns the record, or `None` if `change` declined.
    ///
    /// # Errors
    /// `UnknownPipeline` (it was deleted meanwhile), the database.
    pub fn update(
        &self,
        tenant: TenantId,
        id: Uuid,
        change: impl FnOnce(&mut Pipeline) -> bool,
    ) -> Result<Option<Pipeline>, CatalogError> {
        let txn = self.database.begin_write()?;
        let mut pipeline: Pipeline = {
            let table = txn.open_table(PIPELINES)?;
            let record = table
                .get((tenant.as_u128(), id.as_u128()))?
                .ok_or(CatalogError::UnknownPipeline { pipeline_id: id })?;
            serde_json::from_slice(record.value())?
        };
        if !change(&mut pipeline) {
            return Ok(None);
        }
        write(&txn, tenant, &pipeline)?;
        txn.commit()?;
        Ok(Some(pipeline))
    }

    /// Puts the records in order after the host ended without warning: compilations begin anew, and pipelines that ran, whose
    /// state was in memory, are Failed. Returns how many those are.
    ///
    /// # Errors
    /// The database.
    pub fn recover(&self, error: impl Fn(&Pipeline) -> crate::DeploymentError) -> Result<usize, CatalogError> {
        use crate::ProgramStatus::{CompilingRust, CompilingSql, Pending, SqlCompiled};
        let mut failed = 0;
        for (tenant, pipeline) in self.list_all()? {
            self.update(tenant, pipeline.id, |p| {
                let mut changed = false;
                if matches!(p.program_status, CompilingSql | SqlCompiled | CompilingRust) {
                    p.set_program_status(Pending);
                    changed = true;
                }
                match p.deployment_status {
                    DeploymentStatus::Shutdown | DeploymentStatus::Failed => {}
                    DeploymentStatus::ShuttingDown => {
                        p.set_deployment_status(DeploymentStatus::Shutdown);
                        changed = true;
                    }
                    _ => {
                        p.deployment_error = Some(error(p));
                        p.set_deployment_status(DeploymentStatus::Failed);
                        failed += 1;
                        changed = true;
                    }
                }
                changed
            })?;
        }
        Ok(failed)
    }
}

fn find(txn: &WriteTransaction, tenant: TenantId, name: &str) -> Result<Option<u128>, CatalogError> {
    let names = txn.open_table(NAMES)?;
    let id = names.get((tenant.as_u128(), name))?.map(|id| id.value());
    Ok(id)
}

fn existing(txn: &WriteTransaction, tenant: TenantId, name: &str) -> Result<Pipeline, CatalogError> {
    let unknown = || CatalogError::UnknownPipelineName { pipeline_name: name.into() };
    let id = find(txn, tenant, name)?.ok_or_else(unknown)?;
    let table = txn.open_table(PIPELINES)?;
    let record = table.get((tenant.as_u128(), id))?.ok_or_else(unknown)?;
    Ok(serde_json::from_slice(record.value())?)
}

fn write(txn: &WriteTransaction, tenant: TenantId, pipeline: &Pipeline) -> Result<(), CatalogError> {
    let record = serde_json::to_vec(pipeline)?;
    txn.open_table(PIPELINES)?.insert((tenant.as_u128(), pipeline.id.as_u128()), record.as_slice())?;
    Ok(())
}

fn insert(txn: &WriteTransaction, tenant: TenantId, pipeline: &Pipeline) -> Result<(), CatalogError> {
    if find(txn, tenant, &pipeline.name)?.is_some() {
        return Err(CatalogError::DuplicateName);
    }
    txn.open_table(NAMES)?.insert((tenant.as_u128(), pipeline.name.as_str()), pipeline.id.as_u128())?;
    write(txn, tenant, pipeline)
}

fn edit(
    txn: &WriteTransaction,
    tenant: TenantId,
    name: &str,
    patch: CheckedPatch,
    platform_version: &str,
) -> Result<Pipeline, CatalogError> {
    let mut pipeline = existing(txn, tenant, name)?;
    if !pipeline.is_shut_down() {
        return Err(CatalogError::CannotUpdateNonShutdownPipeline);
    }
    let version = pipeline.version;
    pipeline.edit(patch, platform_version);
    if pipeline.name != name {
        if find(txn, tenant, &pipeline.name)?.is_some() {
            return Err(CatalogError::DuplicateName);
        }
        let mut names = txn.open_table(NAMES)?;
        names.remove((tenant.as_u128(), name))?;
        names.insert((tenant.as_u128(), pipeline.name.as_str()), pipeline.id.as_u128())?;
    }
    if pipeline.version != version {
        write(txn, tenant, &pipeline)?;
    }
    Ok(pipeline)
}

/// Wishes that lead somewhere: used by tests and the runner to see whether work is to be done.
impl Pipeline {
    /// Whether status and wish agree, so that the runner has nothing to do.
    pub fn is_settled(&self) -> bool {
        matches!(
            (self.deployment_status, self.deployment_desired_status),
            (DeploymentStatus::Shutdown, DeploymentDesired::Shutdown)
                | (DeploymentStatus::Paused, DeploymentDesired::Paused)
                | (DeploymentStatus::Running, DeploymentDesired::Running)
                | (DeploymentStatus::Failed, DeploymentDesired::Paused | DeploymentDesired::Running)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ProgramStatus;

    fn catalog() -> (tempfile::TempDir, Catalog) {
        let dir = tempfile::tempdir().unwrap();
        let catalog = open(&dir);
        (dir, catalog)
    }

    fn open(dir: &tempfile::TempDir) -> Catalog {
        let mut options = File::options();
        let file = options.read(true).write(true).create(true).truncate(false).open(dir.path().join("catalog.redb"));
        Catalog::open(file.unwrap(), "1").unwrap()
    }

    fn new(name: &str, code: &str) -> NewPipeline {
        NewPipeline { name: name.into(), program_code: code.into(), ..NewPipeline::default() }
    }

    #[test]
    fn versions_follow_edits() {
        let (_dir, catalog) = catalog();
        let made = catalog.create(DEFAULT_TENANT, new("a", "x")).unwrap();
        assert_eq!((made.version, made.program_version), (1, 1));
        let same = catalog.patch(DEFAULT_TENANT, "a", Patch::default()).unwrap();
        assert_eq!(same, made);
        let described =
            catalog.patch(DEFAULT_TENANT, "a", Patch { description: Some("d".into()), ..Patch::default() }).unwrap();
        assert_eq!((described.version, described.program_version), (2, 1));
        catalog
            .update(DEFAULT_TENANT, made.id, |p| {
                p.set_program_status(ProgramStatus::Success);
                true
            })
            .unwrap();
        let (recoded, created) = catalog.put(DEFAULT_TENANT, "a", new("b", "y")).unwrap();
        assert!(!created);
        assert_eq!((recoded.version, recoded.program_version, recoded.description.as_str()), (3, 2, ""));
        assert_eq!(recoded.program_status, ProgramStatus::Pending);
        assert!(catalog.get(DEFAULT_TENANT, "a").is_err());
        assert_eq!(catalog.get(DEFAULT_TENANT, "b").unwrap(), recoded);
    }

    #[test]
    fn names_are_unique_within_a_tenant_only() {
        let (_dir, catalog) = catalog();
        let other = Uuid::from_u128(7);
        catalog.create(DEFAULT_TENANT, new("a", "x")).unwrap();
        assert_eq!(catalog.create(DEFAULT_TENANT, new("a", "x")).unwrap_err().error_code(), "DuplicateName");
        catalog.create(other, new("a", "x")).unwrap();
        assert_eq!(catalog.list(other).unwrap().len(), 1);
        catalog.create(DEFAULT_TENANT, new("b", "x")).unwrap();
        let taken = Patch { name: Some("a".into()), ..Patch::default() };
        assert_eq!(catalog.patch(DEFAULT_TENANT, "b", taken).unwrap_err().error_code(), "DuplicateName");
        let names: Vec<_> = catalog.list(DEFAULT_TENANT).unwrap().into_iter().map(|p| p.name).collect();
        assert_eq!(names, ["a", "b"]);
    }

    #[test]
    fn a_running_pipeline_is_not_edited() {
        let (_dir, catalog) = catalog();
        catalog.create(DEFAULT_TENANT, new("a", "x")).unwrap();
        catalog.set_desired(DEFAULT_TENANT, "a", DeploymentDesired::Running).unwrap();
        let refused = catalog.patch(DEFAULT_TENANT, "a", Patch::default()).unwrap_err();
        assert_eq!(refused.error_code(), "CannotUpdateNonShutdownPipeline");
        let refused = catalog.delete(DEFAULT_TENANT, "a").unwrap_err();
        assert_eq!(refused.error_code(), "CannotDeleteNonShutdownPipeline");
        catalog.set_desired(DEFAULT_TENANT, "a", DeploymentDesired::Shutdown).unwrap();
        catalog.delete(DEFAULT_TENANT, "a").unwrap();
        assert_eq!(catalog.delete(DEFAULT_TENANT, "a").unwrap_err().error_code(), "UnknownPipelineName");
    }

    #[test]
    fn recovery_fails_what_ran_in_memory() {
        let (dir, catalog) = catalog();
        let made = catalog.create(DEFAULT_TENANT, new("a", "x")).unwrap();
        catalog
            .update(DEFAULT_TENANT, made.id, |p| {
                p.set_deployment_status(DeploymentStatus::Running);
                p.set_program_status(ProgramStatus::CompilingRust);
                true
            })
            .unwrap();
        drop(catalog);
        let catalog = open(&dir);
        let error = crate::DeploymentError {
            message: "m".into(),
            error_code: "PipelineDeploymentError".into(),
            details: serde_json::Value::Null,
        };
        assert_eq!(catalog.recover(|_| error.clone()).unwrap(), 1);
        let after = catalog.get(DEFAULT_TENANT, "a").unwrap();
        assert_eq!(after.deployment_status, DeploymentStatus::Failed);
        assert_eq!(after.deployment_error, Some(error));
        assert_eq!(after.program_status, ProgramStatus::Pending);
    }
}
