//! Tenants: who owns pipelines and keys. None sees anything of another.

use crate::pipelines::count_names;
use crate::schema::{API_KEY_HASHES, API_KEY_NAMES, API_KEYS, NAMES, TENANT_NAMES, TENANTS};
use crate::store::Transaction;
use crate::{ApiKey, Catalog, CatalogError, NewApiKey, Pipeline, TenantId, check_name};
use chrono::{DateTime, Utc};
use redb::{ReadableTable, ReadableTableMetadata};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The tenant of a server without authentication.
pub const DEFAULT_TENANT: TenantId = Uuid::nil();

/// Its name.
pub const DEFAULT_TENANT_NAME: &str = "default";

/// Tenants that a server may have: tokens of a provider make them.
pub const TENANTS_MAX: usize = 100_000;

/// Bytes of a name that a provider's token gives.
pub const CLAIMED_NAME_BYTES_MAX: usize = 256;

/// A tenant as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tenant {
    /// Identifier, a UUIDv7; nil for the default tenant.
    pub id: TenantId,
    /// Name, unique.
    pub name: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// A tenant and how much it has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantSummary {
    /// The tenant.
    #[serde(flatten)]
    pub tenant: Tenant,
    /// How many pipelines it has.
    pub pipelines: usize,
    /// How many keys it has.
    pub api_keys: usize,
}

impl Catalog {
    /// Makes a tenant and its first key.
    ///
    /// # Errors
    /// The names; `DuplicateName`; `LimitReached`.
    pub fn create_tenant(&self, name: &str, key: NewApiKey) -> Result<(Tenant, ApiKey), CatalogError> {
        check_name(name)?;
        self.write(|txn| {
            if find(txn, name)?.is_some() {
                return Err(CatalogError::DuplicateName);
            }
            let tenant = insert(txn, name)?;
            let key = crate::keys::insert(txn, tenant.id, key)?;
            Ok((tenant, key))
        })
    }

    /// The tenant of a name that an identity provider gave, made if it is not there. Unlike the names that operators give, such
    /// a name may have any characters.
    ///
    /// # Errors
    /// `EmptyName`, `TooLongName`; `LimitReached`.
    pub fn claimed_tenant(&self, name: &str) -> Result<Tenant, CatalogError> {
        if name.is_empty() {
            return Err(CatalogError::EmptyName);
        }
        if name.len() > CLAIMED_NAME_BYTES_MAX {
            return Err(CatalogError::TooLongName {
                name: name.into(),
                length: name.len(),
                max_length: CLAIMED_NAME_BYTES_MAX,
            });
        }
        if let Some(tenant) = self.find_tenant(name)? {
            return Ok(tenant);
        }
        self.write(|txn| match find(txn, name)? {
            Some(id) => tenant(txn, id),
            None => insert(txn, name),
        })
    }

    /// The tenant that has a name.
    ///
    /// # Errors
    /// The database.
    pub fn find_tenant(&self, name: &str) -> Result<Option<Tenant>, CatalogError> {
        let txn = self.read()?;
        let Some(id) = txn.open_table(TENANT_NAMES)?.get(name)? else { return Ok(None) };
        let record = txn.open_table(TENANTS)?.get(id.value())?;
        Ok(record.map(|r| serde_json::from_slice(r.value())).transpose()?)
    }

    /// All tenants, in order of creation.
    ///
    /// # Errors
    /// The database.
    pub fn list_tenants(&self) -> Result<Vec<TenantSummary>, CatalogError> {
        let txn = self.read()?;
        let (names, keys) = (txn.open_table(NAMES)?, txn.open_table(API_KEY_NAMES)?);
        txn.open_table(TENANTS)?
            .iter()?
            .map(|entry| {
                let (id, record) = entry?;
                Ok(TenantSummary {
                    tenant: serde_json::from_slice(record.value())?,
                    pipelines: count_names(&names, id.value())?,
                    api_keys: count_names(&keys, id.value())?,
                })
            })
            .collect()
    }

    /// Deletes a tenant with its keys, and with its pipelines if `with_pipelines`; returns what it was.
    ///
    /// # Errors
    /// `UnknownTenant`; `CannotDeleteDefaultTenant`; `TenantHasPipelines` (there are some, and they are not to be deleted);
    /// `CannotDeleteNonShutdownPipeline` (one runs).
    pub fn delete_tenant(&self, name: &str, with_pipelines: bool) -> Result<Tenant, CatalogError> {
        self.write(|txn| {
            let id = find(txn, name)?.ok_or_else(|| CatalogError::UnknownTenant { tenant: name.into() })?;
            let tenant = tenant(txn, id)?;
            if id == DEFAULT_TENANT {
                return Err(CatalogError::CannotDeleteDefaultTenant);
            }
            let pipelines = pipelines(txn, id)?;
            if !pipelines.is_empty() && !with_pipelines {
                return Err(CatalogError::TenantHasPipelines { pipelines: pipelines.len() });
            }
            if !pipelines.iter().all(Pipeline::is_shut_down) {
                return Err(CatalogError::CannotDeleteNonShutdownPipeline);
            }
            for pipeline in &pipelines {
                txn.remove(id, pipeline)?;
            }
            for key in crate::keys::all(txn, id)? {
                crate::keys::remove(txn, id, &key)?;
            }
            let tables = txn.change();
            tables.open_table(TENANT_NAMES)?.remove(name)?;
            tables.open_table(TENANTS)?.remove(id.as_u128())?;
            Ok(tenant)
        })
    }

    /// Compares all tables with each other: every name leads to a record that bears it, every record has its name, every key
    /// its hash, and all belong to tenants that are there. Returns what does not fit.
    ///
    /// # Errors
    /// The database.
    pub fn check(&self) -> Result<Vec<String>, CatalogError> {
        let txn = self.read()?;
        let mut wrong = Vec::new();
        let tenants = txn.open_table(TENANTS)?;
        let tenant_names = txn.open_table(TENANT_NAMES)?;
        for entry in tenants.iter()? {
            let (id, record) = entry?;
            let tenant: Tenant = serde_json::from_slice(record.value())?;
            if tenant.id.as_u128() != id.value()
                || tenant_names.get(tenant.name.as_str())?.map(|v| v.value()) != Some(id.value())
            {
                wrong.push(format!("tenant {} and its name", tenant.name));
            }
        }
        let (mut pipelines, mut keys) = (0, 0);
        let names = txn.open_table(NAMES)?;
        for (tenant, pipeline) in crate::pipelines::all(&txn.open_table(crate::schema::PIPELINES)?)? {
            pipelines += 1;
            let owner = tenant.as_u128();
            if names.get((owner, pipeline.name.as_str()))?.map(|v| v.value()) != Some(pipeline.id.as_u128())
                || tenants.get(owner)?.is_none()
            {
                wrong.push(format!("pipeline {} and its name", pipeline.name));
            }
        }
        let (key_names, hashes) = (txn.open_table(API_KEY_NAMES)?, txn.open_table(API_KEY_HASHES)?);
        for entry in txn.open_table(API_KEYS)?.iter()? {
            keys += 1;
            let (at, record) = entry?;
            let (owner, id) = at.value();
            let key: ApiKey = serde_json::from_slice(record.value())?;
            let hash = hashes.get(crate::keys::hash_place(&key.hash, owner, id))?.map(|v| *v.value());
            if key_names.get((owner, key.name.as_str()))?.map(|v| v.value()) != Some(id)
                || hash != Some(key.hash)
                || tenants.get(owner)?.is_none()
            {
                wrong.push(format!("key {}, its name and its hash", key.name));
            }
        }
        for (what, entries, records) in [
            ("names of tenants", tenant_names.len()?, tenants.len()?),
            ("names of pipelines", names.len()?, pipelines),
            ("names of keys", key_names.len()?, keys),
            ("hashes of keys", hashes.len()?, keys),
        ] {
            if entries != records {
                wrong.push(format!("{entries} {what} for {records} records"));
            }
        }
        Ok(wrong)
    }
}

fn find(txn: &Transaction, name: &str) -> Result<Option<TenantId>, CatalogError> {
    let names = txn.look().open_table(TENANT_NAMES)?;
    let id = names.get(name)?.map(|id| Uuid::from_u128(id.value()));
    Ok(id)
}

fn tenant(txn: &Transaction, id: TenantId) -> Result<Tenant, CatalogError> {
    let table = txn.look().open_table(TENANTS)?;
    let unknown = CatalogError::UnknownTenant { tenant: id.to_string() };
    let record = table.get(id.as_u128())?.ok_or(unknown)?;
    Ok(serde_json::from_slice(record.value())?)
}

fn insert(txn: &mut Transaction, name: &str) -> Result<Tenant, CatalogError> {
    let tables = txn.change();
    let mut tenants = tables.open_table(TENANTS)?;
    if tenants.len()? >= TENANTS_MAX as u64 {
        return Err(CatalogError::LimitReached { what: "tenants", max: TENANTS_MAX });
    }
    let tenant = Tenant { id: Uuid::now_v7(), name: name.into(), created_at: crate::pipeline::now() };
    tenants.insert(tenant.id.as_u128(), serde_json::to_vec(&tenant)?.as_slice())?;
    tables.open_table(TENANT_NAMES)?.insert(name, tenant.id.as_u128())?;
    Ok(tenant)
}

fn pipelines(txn: &Transaction, tenant: TenantId) -> Result<Vec<Pipeline>, CatalogError> {
    let table = txn.look().open_table(crate::schema::PIPELINES)?;
    let range = (tenant.as_u128(), 0)..=(tenant.as_u128(), u128::MAX);
    table.range(range)?.map(|entry| Ok(serde_json::from_slice(entry?.1.value())?)).collect()
}
