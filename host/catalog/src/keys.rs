//! API keys: what a program shows instead of a person. Only a key's hash is kept.

use crate::pipelines::count_names;
use crate::schema::{API_KEY_HASHES, API_KEY_NAMES, API_KEYS};
use crate::store::Transaction;
use crate::{Catalog, CatalogError, TenantId, check_name};
use redb::ReadableTable;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use utoipa::ToSchema;
use uuid::Uuid;

/// Keys that a tenant may have.
pub const API_KEYS_PER_TENANT_MAX: usize = 1_000;

/// SHA-256 of a key.
pub type KeyHash = [u8; 32];

/// What a key's bearer may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub enum ApiPermission {
    /// Ask: what changes nothing.
    Read,
    /// Change.
    Write,
}

/// A key as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// Identifier, a UUIDv7.
    pub id: Uuid,
    /// Name, unique within the tenant.
    pub name: String,
    /// What its bearer may do; not empty.
    pub scopes: Vec<ApiPermission>,
    /// What it is known by.
    pub hash: KeyHash,
}

/// A key to be made.
#[derive(Clone, Debug)]
pub struct NewApiKey {
    /// Name.
    pub name: String,
    /// What its bearer may do; in any order.
    pub scopes: Vec<ApiPermission>,
    /// What it is known by.
    pub hash: KeyHash,
}

impl Catalog {
    /// Makes a key.
    ///
    /// # Errors
    /// The name; `DuplicateName`; `LimitReached`; `UnknownTenant`.
    pub fn create_api_key(&self, tenant: TenantId, new: NewApiKey) -> Result<ApiKey, CatalogError> {
        check_name(&new.name)?;
        self.write(|txn| {
            txn.check_tenant(tenant)?;
            insert(txn, tenant, new)
        })
    }

    /// All keys of a tenant, in order of creation.
    ///
    /// # Errors
    /// The database.
    pub fn list_api_keys(&self, tenant: TenantId) -> Result<Vec<ApiKey>, CatalogError> {
        let table = self.read()?.open_table(API_KEYS)?;
        let range = (tenant.as_u128(), 0)..=(tenant.as_u128(), u128::MAX);
        table.range(range)?.map(|entry| Ok(serde_json::from_slice(entry?.1.value())?)).collect()
    }

    /// A key by name.
    ///
    /// # Errors
    /// `UnknownApiKey`, the database.
    pub fn get_api_key(&self, tenant: TenantId, name: &str) -> Result<ApiKey, CatalogError> {
        let unknown = || CatalogError::UnknownApiKey { name: name.into() };
        let txn = self.read()?;
        let id = txn.open_table(API_KEY_NAMES)?.get((tenant.as_u128(), name))?.ok_or_else(unknown)?.value();
        let record = txn.open_table(API_KEYS)?.get((tenant.as_u128(), id))?.ok_or_else(unknown)?;
        Ok(serde_json::from_slice(record.value())?)
    }

    /// Deletes a key.
    ///
    /// # Errors
    /// `UnknownApiKey`, the database.
    pub fn delete_api_key(&self, tenant: TenantId, name: &str) -> Result<(), CatalogError> {
        self.write(|txn| {
            let unknown = || CatalogError::UnknownApiKey { name: name.into() };
            let id = find(txn, tenant, name)?.ok_or_else(unknown)?;
            let key = {
                let table = txn.look().open_table(API_KEYS)?;
                let record = table.get((tenant.as_u128(), id))?.ok_or_else(unknown)?;
                serde_json::from_slice(record.value())?
            };
            remove(txn, tenant, &key)
        })
    }

    /// The key with a hash, and whose it is. The place of a hash is found by its first bytes; the whole is compared in a time that
    /// says nothing of how much of it agrees.
    ///
    /// # Errors
    /// The database.
    pub fn find_api_key(&self, hash: &KeyHash) -> Result<Option<(TenantId, ApiKey)>, CatalogError> {
        let txn = self.read()?;
        let range = hash_place(hash, 0, 0)..=hash_place(hash, u128::MAX, u128::MAX);
        let mut found = None;
        for entry in txn.open_table(API_KEY_HASHES)?.range(range)? {
            let (place, stored) = entry?;
            if bool::from(stored.value().ct_eq(hash)) {
                let (_, tenant, id) = place.value();
                found = Some((tenant, id));
            }
        }
        let Some((tenant, id)) = found else { return Ok(None) };
        let record = txn.open_table(API_KEYS)?.get((tenant, id))?;
        Ok(record.map(|r| serde_json::from_slice(r.value())).transpose()?.map(|key| (Uuid::from_u128(tenant), key)))
    }
}

/// Where a hash is kept.
pub(crate) fn hash_place(hash: &KeyHash, tenant: u128, id: u128) -> (u64, u128, u128) {
    let [a, b, c, d, e, f, g, h, ..] = *hash;
    (u64::from_be_bytes([a, b, c, d, e, f, g, h]), tenant, id)
}

fn find(txn: &Transaction, tenant: TenantId, name: &str) -> Result<Option<u128>, CatalogError> {
    let names = txn.look().open_table(API_KEY_NAMES)?;
    let id = names.get((tenant.as_u128(), name))?.map(|id| id.value());
    Ok(id)
}

/// All keys of a tenant.
pub(crate) fn all(txn: &Transaction, tenant: TenantId) -> Result<Vec<ApiKey>, CatalogError> {
    let table = txn.look().open_table(API_KEYS)?;
    let range = (tenant.as_u128(), 0)..=(tenant.as_u128(), u128::MAX);
    table.range(range)?.map(|entry| Ok(serde_json::from_slice(entry?.1.value())?)).collect()
}

/// Makes a key of a tenant that is there.
pub(crate) fn insert(txn: &mut Transaction, tenant: TenantId, new: NewApiKey) -> Result<ApiKey, CatalogError> {
    check_name(&new.name)?;
    if find(txn, tenant, &new.name)?.is_some() {
        return Err(CatalogError::DuplicateName);
    }
    let NewApiKey { name, mut scopes, hash } = new;
    scopes.sort_unstable();
    scopes.dedup();
    if scopes.is_empty() {
        return Err(CatalogError::NoScopes);
    }
    let owner = tenant.as_u128();
    let tables = txn.change();
    let mut names = tables.open_table(API_KEY_NAMES)?;
    if count_names(&names, owner)? >= API_KEYS_PER_TENANT_MAX {
        return Err(CatalogError::LimitReached { what: "API keys", max: API_KEYS_PER_TENANT_MAX });
    }
    let key = ApiKey { id: Uuid::now_v7(), name, scopes, hash };
    let id = key.id.as_u128();
    names.insert((owner, key.name.as_str()), id)?;
    tables.open_table(API_KEYS)?.insert((owner, id), serde_json::to_vec(&key)?.as_slice())?;
    tables.open_table(API_KEY_HASHES)?.insert(hash_place(&key.hash, owner, id), &key.hash)?;
    Ok(key)
}

/// Deletes a key with what leads to it.
pub(crate) fn remove(txn: &mut Transaction, tenant: TenantId, key: &ApiKey) -> Result<(), CatalogError> {
    let (owner, id) = (tenant.as_u128(), key.id.as_u128());
    let tables = txn.change();
    tables.open_table(API_KEYS)?.remove((owner, id))?;
    tables.open_table(API_KEY_NAMES)?.remove((owner, key.name.as_str()))?;
    tables.open_table(API_KEY_HASHES)?.remove(hash_place(&key.hash, owner, id))?;
    Ok(())
}
