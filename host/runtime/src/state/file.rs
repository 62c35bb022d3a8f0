//! A store in one redb file, `state.redb`.
//!
//! Everything since the last checkpoint happens in one write transaction, which the next checkpoint commits: so a crash leaves
//! exactly the last checkpoint, and no block needs a flush of its own. redb writes pages of a large transaction to the file as its cache
//! fills, so spilled state does not pile up in memory. Blocks of the last checkpoint are read beside the transaction.

use std::path::Path;

use parking_lot::Mutex;
use redb::backends::FileBackend;
use redb::{Builder, Database, ReadableDatabase, TableDefinition, WriteTransaction};
use weir_row::Block;

use super::encoding::{decode, encode, encoded_len};
use super::{BlockStore, Checkpoint, StoreError};

/// Identifier -> encoded block.
const BLOCKS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("blocks");
/// What there is one of: the checkpoint as JSON, the next identifier.
const SINGLE: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("single");
const CHECKPOINT: &str = "checkpoint";
const NEXT_ID: &str = "next_id";

/// Bytes that redb may hold in memory for one pipeline.
const CACHE_BYTES: usize = 16 << 20;

/// Blocks and the last checkpoint in a file.
#[derive(Debug)]
pub struct FileStore {
    database: Database,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// What happened since the last checkpoint.
    transaction: Option<Transaction>,
    next_id: u64,
    /// Blocks from here on were written since the last checkpoint.
    first_new_id: u64,
}

struct Transaction(WriteTransaction);

impl std::fmt::Debug for Transaction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Transaction")
    }
}

fn database(error: impl std::fmt::Display) -> StoreError {
    StoreError::Database(error.to_string())
}

impl FileStore {
    /// Open or create the file at a path. The caller made sure that the path is of its own choosing; see
    /// [`FileStore::open_file`] for a handle.
    ///
    /// # Errors
    /// When the file cannot be opened, is in use, or is no database of this version.
    pub fn open(path: &Path) -> Result<FileStore, StoreError> {
        let mut builder = Builder::new();
        Self::with(builder.set_cache_size(CACHE_BYTES).create(path).map_err(database)?)
    }

    /// Open or create the database in a file that was opened for reading and writing through a capability.
    ///
    /// # Errors
    /// As [`FileStore::open`].
    pub fn open_file(file: std::fs::File) -> Result<FileStore, StoreError> {
        let backend = FileBackend::new(file).map_err(database)?;
        let mut builder = Builder::new();
        Self::with(builder.set_cache_size(CACHE_BYTES).create_with_backend(backend).map_err(database)?)
    }

    fn with(db: Database) -> Result<FileStore, StoreError> {
        let transaction = db.begin_write().map_err(database)?;
        transaction.open_table(BLOCKS).map_err(database)?;
        transaction.open_table(SINGLE).map_err(database)?;
        transaction.commit().map_err(database)?;
        let next_id = read_next_id(&db)?;
        Ok(FileStore { database: db, state: Mutex::new(State { transaction: None, next_id, first_new_id: next_id }) })
    }

    fn read_committed(&self, id: u64) -> Result<Block, StoreError> {
        let transaction = self.database.begin_read().map_err(database)?;
        let table = transaction.open_table(BLOCKS).map_err(database)?;
        let bytes = table.get(id).map_err(database)?.ok_or(StoreError::NoBlock(id))?;
        decode(bytes.value())
    }
}

fn read_next_id(db: &Database) -> Result<u64, StoreError> {
    let transaction = db.begin_read().map_err(database)?;
    let table = transaction.open_table(SINGLE).map_err(database)?;
    let Some(bytes) = table.get(NEXT_ID).map_err(database)? else { return Ok(0) };
    let bytes = bytes.value().try_into().map_err(|_| StoreError::Damaged("the next identifier".to_owned()))?;
    Ok(u64::from_le_bytes(bytes))
}

impl State {
    fn transaction(&mut self, db: &Database) -> Result<&WriteTransaction, StoreError> {
        if self.transaction.is_none() {
            self.transaction = Some(Transaction(db.begin_write().map_err(database)?));
        }
        match &self.transaction {
            Some(Transaction(t)) => Ok(t),
            None => Err(StoreError::Database("no transaction".to_owned())),
        }
    }
}

impl BlockStore for FileStore {
    fn write(&self, block: Block) -> Result<u64, StoreError> {
        let mut state = self.state.lock();
        let id = state.next_id;
        let transaction = state.transaction(&self.database)?;
        let mut table = transaction.open_table(BLOCKS).map_err(database)?;
        let mut slot = table.insert_reserve(id, encoded_len(&block)).map_err(database)?;
        encode(&block, slot.as_mut())?;
        drop(slot);
        drop(table);
        state.next_id += 1;
        Ok(id)
    }

    fn read(&self, id: u64) -> Result<Block, StoreError> {
        let mut state = self.state.lock();
        if state.transaction.is_none() {
            drop(state);
            return self.read_committed(id);
        }
        // A block of the last checkpoint may have been dropped since.
        let transaction = state.transaction(&self.database)?;
        let table = transaction.open_table(BLOCKS).map_err(database)?;
        let bytes = redb::ReadableTable::get(&table, id).map_err(database)?.ok_or(StoreError::NoBlock(id))?;
        decode(bytes.value())
    }

    fn drop_block(&self, id: u64) -> Result<(), StoreError> {
        let mut state = self.state.lock();
        let transaction = state.transaction(&self.database)?;
        let mut table = transaction.open_table(BLOCKS).map_err(database)?;
        let found = table.remove(id).map_err(database)?.is_some();
        if found { Ok(()) } else { Err(StoreError::NoBlock(id)) }
    }

    fn commit(&self, checkpoint: &Checkpoint) -> Result<(), StoreError> {
        let mut state = self.state.lock();
        let json = serde_json::to_vec(checkpoint).map_err(database)?;
        let next_id = state.next_id;
        {
            let transaction = state.transaction(&self.database)?;
            let mut table = transaction.open_table(SINGLE).map_err(database)?;
            table.insert(CHECKPOINT, json.as_slice()).map_err(database)?;
            table.insert(NEXT_ID, next_id.to_le_bytes().as_slice()).map_err(database)?;
        }
        if let Some(Transaction(transaction)) = state.transaction.take() {
            transaction.commit().map_err(database)?;
        }
        state.first_new_id = next_id;
        Ok(())
    }

    fn last_checkpoint(&self) -> Result<Option<Checkpoint>, StoreError> {
        let transaction = self.database.begin_read().map_err(database)?;
        let table = transaction.open_table(SINGLE).map_err(database)?;
        let Some(bytes) = table.get(CHECKPOINT).map_err(database)? else { return Ok(None) };
        let checkpoint = serde_json::from_slice(bytes.value()).map_err(|e| StoreError::Damaged(e.to_string()))?;
        Ok(Some(checkpoint))
    }

    fn rollback(&self) -> Result<(), StoreError> {
        let mut state = self.state.lock();
        if let Some(Transaction(transaction)) = state.transaction.take() {
            transaction.abort().map_err(database)?;
        }
        state.next_id = state.first_new_id;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::MemoryStore;

    fn block(n: u64) -> Block {
        Block { stride: 1, words: (0..n).collect(), ends: vec![], weights: vec![1; n as usize] }
    }

    fn is_missing(store: &dyn BlockStore, id: u64) -> bool {
        matches!(store.read(id), Err(StoreError::NoBlock(i)) if i == id)
    }

    fn check(store: &dyn BlockStore) {
        assert_eq!(store.last_checkpoint().unwrap(), None);
        let a = store.write(block(3)).unwrap();
        let b = store.write(block(40_000)).unwrap();
        assert_eq!(store.read(a).unwrap(), block(3));
        assert_eq!(store.read(b).unwrap(), block(40_000));
        assert!(is_missing(store, 99));
        let first = Checkpoint { steps: 7, now_us: -1, workers: vec![vec![1], vec![]], owner: b"x".to_vec() };
        store.commit(&first).unwrap();
        assert_eq!(store.last_checkpoint().unwrap(), Some(first.clone()));
        // After the checkpoint: one dropped, one written, and both taken back.
        store.drop_block(a).unwrap();
        assert!(is_missing(store, a));
        assert!(store.drop_block(a).is_err());
        let c = store.write(block(5)).unwrap();
        assert_eq!(store.read(c).unwrap(), block(5));
        assert_eq!(store.read(b).unwrap(), block(40_000));
        store.rollback().unwrap();
        assert_eq!(store.read(a).unwrap(), block(3));
        assert!(is_missing(store, c));
        // Dropped and committed: gone.
        store.drop_block(a).unwrap();
        store.commit(&Checkpoint { steps: 8, ..first }).unwrap();
        store.rollback().unwrap();
        assert!(is_missing(store, a));
        assert_eq!(store.last_checkpoint().unwrap().map(|c| c.steps), Some(8));
    }

    #[test]
    fn both_stores_keep_the_contract() {
        check(&MemoryStore::new());
        let folder = tempfile::tempdir().unwrap();
        check(&FileStore::open(&folder.path().join("state.redb")).unwrap());
    }

    #[test]
    fn a_file_opened_again_is_at_its_checkpoint() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.redb");
        let store = FileStore::open(&path).unwrap();
        let a = store.write(block(3)).unwrap();
        store.commit(&Checkpoint::default()).unwrap();
        let b = store.write(block(4)).unwrap();
        drop(store);
        let store = FileStore::open(&path).unwrap();
        assert_eq!(store.read(a).unwrap(), block(3));
        assert!(is_missing(&store, b));
        assert_eq!(store.write(block(5)).unwrap(), b);
    }
}
