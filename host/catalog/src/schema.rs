//! The tables, and how those of an older Weir become those of this one.
//!
//! | table | key | value |
//! |---|---|---|
//! | `meta` | `"schema"` | the version of the tables |
//! | `tenants` | tenant | record as JSON |
//! | `tenant_names` | name | tenant |
//! | `pipelines` | tenant, pipeline | record as JSON |
//! | `names` | tenant, name | pipeline |
//! | `api_keys` | tenant, key | record as JSON |
//! | `api_key_names` | tenant, name | key |
//! | `api_key_hashes` | first eight bytes of the hash, tenant, key | the hash |
//!
//! A record and what leads to it change in one transaction.

use crate::{CatalogError, DEFAULT_TENANT, DEFAULT_TENANT_NAME, PartialProgramInfo, ProgramStatus, Tenant};
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition, TableError, WriteTransaction};
use serde_json::Value;
use std::collections::BTreeSet;
use uuid::Uuid;

const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
pub(crate) const TENANTS: TableDefinition<'_, u128, &[u8]> = TableDefinition::new("tenants");
pub(crate) const TENANT_NAMES: TableDefinition<'_, &str, u128> = TableDefinition::new("tenant_names");
pub(crate) const PIPELINES: TableDefinition<'_, (u128, u128), &[u8]> = TableDefinition::new("pipelines");
pub(crate) const NAMES: TableDefinition<'_, (u128, &str), u128> = TableDefinition::new("names");
pub(crate) const API_KEYS: TableDefinition<'_, (u128, u128), &[u8]> = TableDefinition::new("api_keys");
pub(crate) const API_KEY_NAMES: TableDefinition<'_, (u128, &str), u128> = TableDefinition::new("api_key_names");
pub(crate) const API_KEY_HASHES: TableDefinition<'_, (u64, u128, u128), &[u8; 32]> =
    TableDefinition::new("api_key_hashes");

/// Brings the tables from one version to the next.
type Migration = fn(&WriteTransaction) -> Result<(), CatalogError>;

/// The migration at place `n` leads from version `n` to `n + 1`; a new file is of version 0. Once released, one never changes.
const MIGRATIONS: [Migration; 2] = [pipelines, tenants_and_keys];

/// The version of the tables above.
const SCHEMA_VERSION: u64 = MIGRATIONS.len() as u64;

/// Brings a database to this Weir's version. Each migration is one transaction with the version it leads to, so one that is cut
/// off is done again from its beginning.
///
/// # Errors
/// `NewerSchema`, of which nothing was changed; the database.
pub(crate) fn migrate(database: &Database) -> Result<(), CatalogError> {
    let found = version(database)?;
    if found > SCHEMA_VERSION {
        return Err(CatalogError::NewerSchema { found, known: SCHEMA_VERSION });
    }
    for (from, migration) in (0..).zip(MIGRATIONS).skip(found as usize) {
        let txn = database.begin_write()?;
        migration(&txn)?;
        txn.open_table(META)?.insert("schema", from + 1)?;
        txn.commit()?;
    }
    Ok(())
}

fn version(database: &Database) -> Result<u64, CatalogError> {
    match database.begin_read()?.open_table(META) {
        Ok(meta) => Ok(meta.get("schema")?.map_or(0, |v| v.value())),
        Err(TableError::TableDoesNotExist(_)) => Ok(0),
        Err(e) => Err(e.into()),
    }
}

/// Version 1: pipelines, of whatever tenant.
fn pipelines(txn: &WriteTransaction) -> Result<(), CatalogError> {
    txn.open_table(PIPELINES)?;
    txn.open_table(NAMES)?;
    Ok(())
}

/// Version 2: tenants have records, and keys. What the SQL compiler said of a program has a fixed form; programs of which
/// something else is stored are compiled again.
fn tenants_and_keys(txn: &WriteTransaction) -> Result<(), CatalogError> {
    txn.open_table(API_KEYS)?;
    txn.open_table(API_KEY_NAMES)?;
    txn.open_table(API_KEY_HASHES)?;
    let mut owners = BTreeSet::from([DEFAULT_TENANT.as_u128()]);
    let mut outdated = Vec::new();
    {
        let pipelines = txn.open_table(PIPELINES)?;
        for entry in pipelines.iter()? {
            let (key, record) = entry?;
            owners.insert(key.value().0);
            let mut record: Value = serde_json::from_slice(record.value())?;
            let info = record.get("program_info").cloned().unwrap_or(Value::Null);
            if serde_json::from_value::<Option<PartialProgramInfo>>(info).is_err() {
                record["program_info"] = Value::Null;
                record["program_status"] = serde_json::to_value(ProgramStatus::Pending)?;
                outdated.push((key.value(), serde_json::to_vec(&record)?));
            }
        }
    }
    let mut pipelines = txn.open_table(PIPELINES)?;
    for (key, record) in outdated {
        pipelines.insert(key, record.as_slice())?;
    }
    let mut tenants = txn.open_table(TENANTS)?;
    let mut names = txn.open_table(TENANT_NAMES)?;
    for id in owners.into_iter().map(Uuid::from_u128) {
        let name = if id == DEFAULT_TENANT { DEFAULT_TENANT_NAME.to_owned() } else { format!("tenant-{id}") };
        let tenant = Tenant { id, name, created_at: crate::pipeline::now() };
        tenants.insert(id.as_u128(), serde_json::to_vec(&tenant)?.as_slice())?;
        names.insert(tenant.name.as_str(), id.as_u128())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Catalog, NewPipeline};
    use std::fs::File;
    use std::path::Path;

    fn file(path: &Path) -> File {
        File::options().read(true).write(true).create(true).truncate(false).open(path).unwrap()
    }

    /// What the Weir of version 1 wrote: two tables, and records whose form is spelled out here.
    fn version_1(path: &Path) {
        let database = Database::create(path).unwrap();
        let txn = database.begin_write().unwrap();
        txn.open_table(META).unwrap().insert("schema", 1).unwrap();
        for (tenant, id, name, info) in
            [(0, 1, "a", r#"{"schema":"of no form"}"#), (0, 2, "b", "null"), (7, 3, "a", "null")]
        {
            let record = format!(
                r#"{{"id":"{}","name":"{name}","description":"d","created_at":"2025-01-28T21:33:01.123456Z","version":3,
                "platform_version":"0.36.0","runtime_config":{{}},"program_code":"CREATE TABLE t(x INT);","udf_rust":"",
                "udf_toml":"","program_config":{{}},"program_version":2,"program_status":"Success",
                "program_status_since":"2025-01-28T21:33:01.123456Z","program_info":{info},"deployment_status":"Shutdown",
                "deployment_status_since":"2025-01-28T21:33:01.123456Z","deployment_desired_status":"Shutdown",
                "deployment_error":null}}"#,
                Uuid::from_u128(id)
            );
            txn.open_table(PIPELINES).unwrap().insert((tenant, id), record.as_bytes()).unwrap();
            txn.open_table(NAMES).unwrap().insert((tenant, name), id).unwrap();
        }
        txn.commit().unwrap();
    }

    #[test]
    fn a_file_of_version_1_is_brought_to_now() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("catalog.redb");
        version_1(&path);
        for _ in 0..2 {
            let catalog = Catalog::open(file(&path), "0.36.0").unwrap();
            assert_eq!(version(catalog.database()).unwrap(), SCHEMA_VERSION);
            let a = catalog.get(DEFAULT_TENANT, "a").unwrap();
            assert_eq!((a.version, a.program_version, a.program_info), (3, 2, None));
            assert_eq!(a.program_status, ProgramStatus::Pending, "what cannot be read is made again");
            let b = catalog.get(DEFAULT_TENANT, "b").unwrap();
            assert_eq!((b.description.as_str(), b.program_status), ("d", ProgramStatus::Success));
            let tenants: Vec<(Uuid, String, usize)> = catalog
                .list_tenants()
                .unwrap()
                .into_iter()
                .map(|t| (t.tenant.id, t.tenant.name, t.pipelines))
                .collect();
            let other = Uuid::from_u128(7);
            assert_eq!(tenants, [(DEFAULT_TENANT, "default".into(), 2), (other, format!("tenant-{other}"), 1)]);
            assert_eq!(catalog.list(other).unwrap().len(), 1);
        }
        let catalog = Catalog::open(file(&path), "0.36.0").unwrap();
        let new = NewPipeline { name: "c".into(), ..NewPipeline::default() };
        catalog.create(Uuid::from_u128(7), new).unwrap();
    }

    #[test]
    fn a_file_of_a_newer_weir_is_refused_and_left_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("catalog.redb");
        version_1(&path);
        {
            let database = Database::create(&path).unwrap();
            let txn = database.begin_write().unwrap();
            txn.open_table(META).unwrap().insert("schema", SCHEMA_VERSION + 1).unwrap();
            txn.commit().unwrap();
        }
        let Err(error) = Catalog::open(file(&path), "0.36.0") else { panic!("it was opened") };
        assert!(error.to_string().contains("newer version of Weir"), "{error}");
        let database = Database::create(&path).unwrap();
        assert_eq!(version(&database).unwrap(), SCHEMA_VERSION + 1);
        assert!(database.begin_read().unwrap().open_table(TENANTS).is_err());
    }
}
