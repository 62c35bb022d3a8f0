//! A pipeline's folder in the data folder: `pipelines/<id>/state.redb` holds its checkpoints while it is deployed.

use cap_std::fs::{Dir, OpenOptions};
use std::io::ErrorKind;
use std::path::PathBuf;
use uuid::Uuid;
use weir_runtime::{FileStore, StoreError};

/// The file within a pipeline's folder.
const FILE: &str = "state.redb";

fn folder(id: Uuid) -> PathBuf {
    ["pipelines", &id.to_string()].iter().collect()
}

/// An empty store. What an earlier deployment left there is gone.
///
/// # Errors
/// When the folder or the file cannot be made.
pub(super) fn create(data: &Dir, id: Uuid) -> Result<FileStore, StoreError> {
    let open = || {
        data.create_dir_all(folder(id))?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(true);
        data.open_with(folder(id).join(FILE), &options)
    };
    let file = open().map_err(|e| StoreError::Database(e.to_string()))?;
    FileStore::open_file(file.into_std())
}

/// Removes a pipeline's folder, if there is one.
///
/// # Errors
/// When it cannot be removed.
pub(super) fn remove(data: &Dir, id: Uuid) -> std::io::Result<()> {
    match data.remove_dir_all(folder(id)) {
        Err(e) if e.kind() != ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_runtime::{BlockStore, Checkpoint};

    #[test]
    fn a_store_begins_empty_and_is_removed() {
        let temporary = tempfile::tempdir().unwrap();
        let data = Dir::open_ambient_dir(temporary.path(), cap_std::ambient_authority()).unwrap();
        let id = Uuid::now_v7();
        let store = create(&data, id).unwrap();
        store.commit(&Checkpoint { steps: 3, ..Checkpoint::default() }).unwrap();
        drop(store);
        let store = create(&data, id).unwrap();
        assert_eq!(store.last_checkpoint().unwrap(), None);
        drop(store);
        assert!(data.exists(folder(id).join(FILE)));
        remove(&data, id).unwrap();
        remove(&data, id).unwrap();
        assert!(!data.exists(folder(id)));
    }
}
