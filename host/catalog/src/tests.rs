//! The catalog as a whole: versions, names, tenants, keys, notifications.

use crate::*;
use parking_lot::Mutex;
use std::fs::File;
use std::sync::Arc;
use uuid::Uuid;

fn catalog() -> (tempfile::TempDir, Catalog) {
    let dir = tempfile::tempdir().unwrap();
    let catalog = open(&dir);
    (dir, catalog)
}

fn file(dir: &tempfile::TempDir) -> File {
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false).open(dir.path().join("catalog.redb")).unwrap()
}

fn open(dir: &tempfile::TempDir) -> Catalog {
    Catalog::open(file(dir), "1").unwrap()
}

fn new(name: &str, code: &str) -> NewPipeline {
    NewPipeline { name: name.into(), program_code: code.into(), ..NewPipeline::default() }
}

fn key(name: &str, byte: u8) -> NewApiKey {
    NewApiKey { name: name.into(), scopes: vec![ApiPermission::Write, ApiPermission::Read], hash: [byte; 32] }
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
    let (other, _) = catalog.create_tenant("other", key("k", 1)).unwrap();
    let other = other.id;
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

#[test]
fn a_recovery_is_one_transaction_and_keeps_places_in_the_queue() {
    let (dir, catalog) = catalog();
    let made: Vec<Pipeline> =
        (0..200).map(|i| catalog.create(DEFAULT_TENANT, new(&format!("p{i}"), "x")).unwrap()).collect();
    let since: Vec<_> = made
        .iter()
        .map(|p| {
            let compiling = |p: &mut Pipeline| {
                p.set_program_status(ProgramStatus::SqlCompiled);
                true
            };
            catalog.update(DEFAULT_TENANT, p.id, compiling).unwrap().unwrap().program_status_since
        })
        .collect();
    drop(catalog);
    let catalog = open(&dir);
    let told = Arc::new(Mutex::new(0));
    let counter = Arc::clone(&told);
    catalog.listen(move |_| *counter.lock() += 1);
    let begin = std::time::Instant::now();
    assert_eq!(catalog.recover(|_| unreachable!("none ran")).unwrap(), 0);
    println!("recovered 200 pipelines in {:?}", begin.elapsed());
    assert_eq!(*told.lock(), 200);
    let after = catalog.list(DEFAULT_TENANT).unwrap();
    assert!(after.iter().all(|p| p.program_status == ProgramStatus::Pending));
    assert_eq!(after.iter().map(|p| p.program_status_since).collect::<Vec<_>>(), since);
    assert_eq!(catalog.check().unwrap(), Vec::<String>::new());
}

#[test]
fn every_change_is_told_once_and_in_order() {
    let (_dir, catalog) = catalog();
    let told = Arc::new(Mutex::new(Vec::new()));
    let listener = Arc::clone(&told);
    catalog.listen(move |change| {
        listener.lock().push(match change {
            Change::Stored { pipeline, .. } => {
                (pipeline.id, Some((pipeline.version, pipeline.deployment_desired_status)))
            }
            Change::Deleted { id, .. } => (*id, None),
        });
    });
    let a = catalog.create(DEFAULT_TENANT, new("a", "x")).unwrap().id;
    let take = || std::mem::take(&mut *told.lock());
    assert_eq!(take(), [(a, Some((1, DeploymentDesired::Shutdown)))]);
    catalog.create(DEFAULT_TENANT, new("a", "x")).unwrap_err();
    catalog.patch(DEFAULT_TENANT, "a", Patch::default()).unwrap();
    catalog.update(DEFAULT_TENANT, a, |_| false).unwrap();
    assert_eq!(take(), [], "nothing changed");
    catalog.put(DEFAULT_TENANT, "a", new("a", "y")).unwrap();
    catalog.set_desired(DEFAULT_TENANT, "a", DeploymentDesired::Running).unwrap();
    catalog.set_desired(DEFAULT_TENANT, "a", DeploymentDesired::Running).unwrap();
    catalog.set_desired(DEFAULT_TENANT, "a", DeploymentDesired::Shutdown).unwrap();
    catalog.delete(DEFAULT_TENANT, "a").unwrap();
    let versions = |desired| (a, Some((2, desired)));
    assert_eq!(
        take(),
        [
            versions(DeploymentDesired::Shutdown),
            versions(DeploymentDesired::Running),
            versions(DeploymentDesired::Shutdown),
            (a, None)
        ]
    );
    // Many at once: a deletion is the last that is heard of a pipeline.
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for i in 0..20 {
                    let name = format!("n{}", i % 3);
                    let _ = catalog.put(DEFAULT_TENANT, &name, new(&name, &i.to_string()));
                    if i % 2 == 0 {
                        let _ = catalog.delete(DEFAULT_TENANT, &name);
                    }
                }
            });
        }
    });
    let (mut gone, mut versions) = (Vec::new(), std::collections::BTreeMap::new());
    for (id, stored) in take() {
        assert!(!gone.contains(&id), "nothing is heard of a pipeline after its deletion");
        match stored {
            None => gone.push(id),
            Some((version, _)) => assert_eq!(version, versions.insert(id, version).map_or(1, |v: i64| v + 1)),
        }
    }
    assert!(!gone.is_empty());
}

#[test]
fn keys_are_found_by_hash_and_belong_to_one_tenant() {
    let (dir, catalog) = catalog();
    let (a, first) = catalog.create_tenant("a", key("first", 1)).unwrap();
    let (b, _) = catalog.create_tenant("b", key("first", 2)).unwrap();
    assert_eq!(first.scopes, [ApiPermission::Read, ApiPermission::Write]);
    assert_eq!(catalog.create_tenant("a", key("k", 9)).unwrap_err().error_code(), "DuplicateName");
    assert_eq!(catalog.find_api_key(&[9; 32]).unwrap(), None, "a refused change leaves nothing");
    let read = NewApiKey { scopes: vec![ApiPermission::Read; 3], ..key("read", 3) };
    let read = catalog.create_api_key(a.id, read).unwrap();
    assert_eq!(read.scopes, [ApiPermission::Read]);
    // Two hashes that begin alike.
    let mut near = [3; 32];
    near[31] = 4;
    catalog.create_api_key(b.id, NewApiKey { hash: near, ..key("near", 0) }).unwrap();
    drop(catalog);
    let catalog = open(&dir);
    assert_eq!(catalog.find_api_key(&[1; 32]).unwrap(), Some((a.id, first)));
    assert_eq!(catalog.find_api_key(&[3; 32]).unwrap(), Some((a.id, read)));
    assert_eq!(catalog.find_api_key(&near).unwrap().unwrap().0, b.id);
    near[31] = 5;
    assert_eq!(catalog.find_api_key(&near).unwrap(), None);
    for (made, code) in [
        (key("first", 7), "DuplicateName"),
        (key("", 7), "EmptyName"),
        (key("a b", 7), "NameDoesNotMatchPattern"),
        (NewApiKey { scopes: Vec::new(), ..key("k", 7) }, "NoScopes"),
    ] {
        assert_eq!(catalog.create_api_key(a.id, made).unwrap_err().error_code(), code);
    }
    assert_eq!(catalog.create_api_key(Uuid::from_u128(7), key("k", 7)).unwrap_err().error_code(), "UnknownTenant");
    let names = |tenant| catalog.list_api_keys(tenant).unwrap().into_iter().map(|k| k.name).collect::<Vec<_>>();
    assert_eq!((names(a.id), names(b.id)), (vec!["first".into(), "read".into()], vec!["first".into(), "near".into()]));
    assert_eq!(catalog.delete_api_key(a.id, "near").unwrap_err().error_code(), "UnknownApiKey");
    assert_eq!(catalog.get_api_key(a.id, "near").unwrap_err().error_code(), "UnknownApiKey");
    catalog.delete_api_key(a.id, "first").unwrap();
    assert_eq!(catalog.find_api_key(&[1; 32]).unwrap(), None);
    assert!(catalog.find_api_key(&[2; 32]).unwrap().is_some());
    assert_eq!(catalog.check().unwrap(), Vec::<String>::new());
}

#[test]
fn tenants_are_made_found_and_deleted() {
    let (_dir, catalog) = catalog();
    assert_eq!(catalog.create_tenant("a b", key("k", 1)).unwrap_err().error_code(), "NameDoesNotMatchPattern");
    let (a, _) = catalog.create_tenant("a", key("k", 1)).unwrap();
    let claimed = catalog.claimed_tenant("sub:a|b c").unwrap();
    assert_eq!(catalog.claimed_tenant("sub:a|b c").unwrap(), claimed);
    assert_eq!(catalog.claimed_tenant("a").unwrap(), a);
    assert_eq!(catalog.claimed_tenant(&"x".repeat(257)).unwrap_err().error_code(), "TooLongName");
    catalog.create(a.id, new("p", "x")).unwrap();
    let listed: Vec<_> =
        catalog.list_tenants().unwrap().into_iter().map(|t| (t.tenant.name, t.pipelines, t.api_keys)).collect();
    assert_eq!(listed, [("default".into(), 0, 0), ("a".into(), 1, 1), ("sub:a|b c".into(), 0, 0)]);
    let refused = |name: &str, with| catalog.delete_tenant(name, with).unwrap_err().error_code();
    assert_eq!(refused("nobody", true), "UnknownTenant");
    assert_eq!(refused("default", true), "CannotDeleteDefaultTenant");
    assert_eq!(refused("a", false), "TenantHasPipelines");
    catalog.set_desired(a.id, "p", DeploymentDesired::Running).unwrap();
    assert_eq!(refused("a", true), "CannotDeleteNonShutdownPipeline");
    catalog.set_desired(a.id, "p", DeploymentDesired::Shutdown).unwrap();
    catalog.delete_tenant("a", true).unwrap();
    assert_eq!(catalog.find_api_key(&[1; 32]).unwrap(), None);
    assert_eq!(catalog.list_all().unwrap(), []);
    // A request that was let in before.
    assert_eq!(catalog.create(a.id, new("p", "x")).unwrap_err().error_code(), "UnknownTenant");
    assert_eq!(catalog.put(a.id, "p", new("p", "x")).unwrap_err().error_code(), "UnknownTenant");
    assert_ne!(catalog.create_tenant("a", key("k", 1)).unwrap().0.id, a.id);
    assert_eq!(catalog.check().unwrap(), Vec::<String>::new());
}

#[test]
fn a_tenant_has_so_many_keys_and_no_more() {
    let (_dir, catalog) = catalog();
    let (a, _) = catalog.create_tenant("a", key("k", 1)).unwrap();
    let hash = |i: usize| {
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&i.to_be_bytes());
        hash
    };
    for i in 1..API_KEYS_PER_TENANT_MAX {
        catalog.create_api_key(a.id, NewApiKey { hash: hash(i), ..key(&format!("k{i}"), 0) }).unwrap();
    }
    let refused = catalog.create_api_key(a.id, key("more", 2)).unwrap_err();
    assert_eq!((refused.error_code(), refused.http_status()), ("LimitReached", 400));
    catalog.create_api_key(DEFAULT_TENANT, key("more", 2)).unwrap();
    catalog.delete_api_key(a.id, "k7").unwrap();
    catalog.create_api_key(a.id, key("more", 3)).unwrap();
}

#[test]
fn one_process_at_a_time() {
    let (dir, _catalog) = catalog();
    let Err(error) = Catalog::open(file(&dir), "1") else { panic!("opened twice") };
    assert_eq!(error.error_code(), "CatalogInUse");
}
