//! The catalog's database: opening it, reading, and changing it in transactions whose changes nobody fails to hear of.

use crate::schema::{NAMES, PIPELINES, TENANTS};
use crate::{CatalogError, Pipeline, schema};
use parking_lot::Mutex;
use redb::{Database, ReadTransaction, ReadableDatabase, ReadableTable, WriteTransaction};
use std::fs::File;
use std::sync::OnceLock;
use uuid::Uuid;

/// A tenant's identifier.
pub type TenantId = Uuid;

/// Bytes of the database that are kept in memory, besides what the system keeps of the file.
const CACHE_BYTES: usize = 64 << 20;

/// What a transaction did to a pipeline.
#[derive(Debug)]
pub enum Change<'a> {
    /// It was made or changed; this is its record now.
    Stored {
        /// Whose it is.
        tenant: TenantId,
        /// The record.
        pipeline: &'a Pipeline,
    },
    /// It is no more.
    Deleted {
        /// Whose it was.
        tenant: TenantId,
        /// Which it was.
        id: Uuid,
    },
}

/// Who hears of changes.
type Listener = Box<dyn Fn(&Change<'_>) + Send + Sync>;

/// The catalog. Calls block on the disk (a commit is a few milliseconds).
pub struct Catalog {
    database: Database,
    pub(crate) platform_version: String,
    listener: OnceLock<Listener>,
    /// Held from before a transaction until its changes have been told: they are told in the order in which they were made.
    turn: Mutex<()>,
}

impl std::fmt::Debug for Catalog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Catalog").field("platform_version", &self.platform_version).finish_non_exhaustive()
    }
}

impl Catalog {
    /// Opens the catalog in a file, which may be new, and brings it to this version's form. The file comes from whoever holds
    /// the data folder: the catalog reaches no other.
    ///
    /// # Errors
    /// [`CatalogError::InUse`]; the file is damaged, or was written by a newer Weir.
    pub fn open(file: File, platform_version: &str) -> Result<Catalog, CatalogError> {
        let backend = redb::backends::FileBackend::new(file)?;
        let database = Database::builder().set_cache_size(CACHE_BYTES).create_with_backend(backend)?;
        schema::migrate(&database)?;
        Ok(Catalog {
            database,
            platform_version: platform_version.into(),
            listener: OnceLock::new(),
            turn: Mutex::new(()),
        })
    }

    /// The version of Weir that records are stamped with.
    pub fn platform_version(&self) -> &str {
        &self.platform_version
    }

    /// Names who hears of every change of a pipeline, once and before the first of them. It is called by the thread that
    /// committed, before the call that made the change returns, and in the order of the transactions: a change and its
    /// notification are one, whatever becomes of who asked for it. Nothing is kept, so nothing grows.
    ///
    /// It must be quick, must not panic and must not change the catalog, whose next transaction waits for it.
    pub fn listen(&self, listener: impl Fn(&Change<'_>) + Send + Sync + 'static) {
        assert!(self.listener.set(Box::new(listener)).is_ok(), "the catalog has one listener");
    }

    #[cfg(test)]
    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    pub(crate) fn read(&self) -> Result<ReadTransaction, CatalogError> {
        Ok(self.database.begin_read()?)
    }

    /// Runs a transaction: if `body` succeeds and changed something it is committed, then told; else nothing happened.
    pub(crate) fn write<T>(
        &self,
        body: impl FnOnce(&mut Transaction) -> Result<T, CatalogError>,
    ) -> Result<T, CatalogError> {
        let _turn = self.turn.lock();
        let mut txn = Transaction { txn: self.database.begin_write()?, changed: false, changes: Vec::new() };
        let value = body(&mut txn)?;
        if !txn.changed {
            txn.txn.abort()?;
            return Ok(value);
        }
        txn.txn.commit()?;
        if let Some(listener) = self.listener.get() {
            for change in &txn.changes {
                listener(&match change {
                    Told::Stored(tenant, pipeline) => Change::Stored { tenant: *tenant, pipeline },
                    Told::Deleted(tenant, id) => Change::Deleted { tenant: *tenant, id: *id },
                });
            }
        }
        Ok(value)
    }
}

/// What is to be told after the commit.
enum Told {
    Stored(TenantId, Box<Pipeline>),
    Deleted(TenantId, Uuid),
}

/// A transaction in hand. Pipelines are changed through its methods only, which remember what to tell.
pub(crate) struct Transaction {
    txn: WriteTransaction,
    changed: bool,
    changes: Vec<Told>,
}

impl Transaction {
    /// The tables of a transaction that changes something else than pipelines.
    pub(crate) fn change(&mut self) -> &WriteTransaction {
        self.changed = true;
        &self.txn
    }

    /// The tables, to look something up.
    pub(crate) fn look(&self) -> &WriteTransaction {
        &self.txn
    }

    /// Refuses what would be made for a tenant that is no more.
    pub(crate) fn check_tenant(&self, tenant: TenantId) -> Result<(), CatalogError> {
        match self.txn.open_table(TENANTS)?.get(tenant.as_u128())? {
            Some(_) => Ok(()),
            None => Err(CatalogError::UnknownTenant { tenant: tenant.to_string() }),
        }
    }

    /// The pipeline that has a name.
    pub(crate) fn find(&self, tenant: TenantId, name: &str) -> Result<Option<Uuid>, CatalogError> {
        let names = self.txn.open_table(NAMES)?;
        let id = names.get((tenant.as_u128(), name))?.map(|id| Uuid::from_u128(id.value()));
        Ok(id)
    }

    /// The record of a pipeline.
    pub(crate) fn pipeline(&self, tenant: TenantId, id: Uuid) -> Result<Pipeline, CatalogError> {
        let table = self.txn.open_table(PIPELINES)?;
        let unknown = CatalogError::UnknownPipeline { pipeline_id: id };
        let record = table.get((tenant.as_u128(), id.as_u128()))?.ok_or(unknown)?;
        Ok(serde_json::from_slice(record.value())?)
    }

    /// The record of the pipeline that has a name.
    pub(crate) fn existing(&self, tenant: TenantId, name: &str) -> Result<Pipeline, CatalogError> {
        let unknown = || CatalogError::UnknownPipelineName { pipeline_name: name.into() };
        self.pipeline(tenant, self.find(tenant, name)?.ok_or_else(unknown)?)
    }

    /// Stores a record; `name_before` is the name that it had, if it was there.
    pub(crate) fn store(
        &mut self,
        tenant: TenantId,
        pipeline: &Pipeline,
        name_before: Option<&str>,
    ) -> Result<(), CatalogError> {
        let owner = tenant.as_u128();
        if name_before != Some(pipeline.name.as_str()) {
            if self.find(tenant, &pipeline.name)?.is_some() {
                return Err(CatalogError::DuplicateName);
            }
            let mut names = self.txn.open_table(NAMES)?;
            if let Some(before) = name_before {
                names.remove((owner, before))?;
            }
            names.insert((owner, pipeline.name.as_str()), pipeline.id.as_u128())?;
        }
        let record = serde_json::to_vec(pipeline)?;
        self.txn.open_table(PIPELINES)?.insert((owner, pipeline.id.as_u128()), record.as_slice())?;
        self.changed = true;
        self.changes.push(Told::Stored(tenant, Box::new(pipeline.clone())));
        Ok(())
    }

    /// Deletes a record and its name.
    pub(crate) fn remove(&mut self, tenant: TenantId, pipeline: &Pipeline) -> Result<(), CatalogError> {
        let owner = tenant.as_u128();
        self.txn.open_table(NAMES)?.remove((owner, pipeline.name.as_str()))?;
        self.txn.open_table(PIPELINES)?.remove((owner, pipeline.id.as_u128()))?;
        self.changed = true;
        self.changes.push(Told::Deleted(tenant, pipeline.id));
        Ok(())
    }
}
