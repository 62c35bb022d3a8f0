//! The cache folder: who may read it, how a finished folder appears in it, what is thrown out.
//!
//! Everything is built in `tmp/` and renamed into place, so that a name is either absent or whole. Programs' names are
//! hashes of ours; all access is through a capability for the folder, so that no name leads out of it.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use rustix::fs::{FlockOperation, flock};

use crate::error::CompileError;
use crate::process::CancelToken;

/// Folders in `tmp/` of a process that was killed are removed when this old.
const TMP_AGE_MAX: Duration = Duration::from_secs(24 * 3600);
/// How often a waiting process looks at the lock.
const LOCK_POLL: Duration = Duration::from_millis(50);

/// The cache folder.
#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) path: PathBuf,
    pub(crate) dir: Dir,
}

/// A folder in `tmp/` that is removed unless it is put into place.
pub(crate) struct Scratch<'a> {
    store: &'a Store,
    name: String,
}

impl Store {
    /// Open or create the folder. It must belong to this user, and becomes readable for nobody else: native code is loaded from it.
    pub(crate) fn open(path: &Path) -> Result<Store, CompileError> {
        let context = || format!("opening the cache folder {}", path.display());
        fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(CompileError::io(context()))?;
        let path = path.canonicalize().map_err(CompileError::io(context()))?;
        let dir = Dir::open_ambient_dir(&path, ambient_authority()).map_err(CompileError::io(context()))?;
        let metadata = fs::metadata(&path).map_err(CompileError::io(context()))?;
        if metadata.uid() != rustix::process::geteuid().as_raw() {
            let source = io::Error::new(io::ErrorKind::PermissionDenied, "it belongs to another user");
            return Err(CompileError::Io { context: context(), source });
        }
        if metadata.mode() & 0o077 != 0 {
            fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).map_err(CompileError::io(context()))?;
        }
        for sub in ["tmp", "std", "sdk", "crates", "programs"] {
            dir.create_dir_all(sub).map_err(CompileError::io(context()))?;
        }
        let store = Store { path, dir };
        store.remove_old("tmp", TMP_AGE_MAX);
        Ok(store)
    }

    /// The path of something in the folder, for child processes.
    pub(crate) fn path_of(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// A new folder in `tmp/`.
    pub(crate) fn scratch(&self) -> Result<Scratch<'_>, CompileError> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let nanos = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |d| d.subsec_nanos());
        let name = format!("tmp/{}-{}-{nanos}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed));
        self.dir.create_dir(&name).map_err(CompileError::io(format!("creating {name}")))?;
        Ok(Scratch { store: self, name })
    }

    /// Wait for the lock of a kind of work that several processes may begin at once.
    pub(crate) fn lock(
        &self,
        what: &str,
        progress: &dyn Fn(&str),
        cancel: &CancelToken,
    ) -> Result<fs::File, CompileError> {
        let name = format!("{what}.lock");
        let mut options = cap_std::fs::OpenOptions::new();
        options.create(true).write(true);
        let file = self.dir.open_with(&name, &options).map_err(CompileError::io(format!("opening {name}")))?.into_std();
        let mut told = false;
        loop {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(file),
                Err(rustix::io::Errno::WOULDBLOCK | rustix::io::Errno::INTR) => {}
                Err(e) => return Err(CompileError::io(format!("locking {name}"))(e.into())),
            }
            if cancel.is_cancelled() {
                return Err(CompileError::Cancelled);
            }
            if !told {
                progress("waiting for another process that is building the same");
                told = true;
            }
            std::thread::sleep(LOCK_POLL);
        }
    }

    /// Remove subfolders that were not used for some time. Failing to is no error: the next run tries again.
    pub(crate) fn remove_old(&self, folder: &str, age_max: Duration) {
        let Ok(entries) = self.dir.read_dir(folder) else { return };
        for entry in entries.flatten() {
            let age = entry.metadata().and_then(|m| m.modified()).ok().and_then(|t| t.into_std().elapsed().ok());
            if age.is_some_and(|age| age > age_max) {
                let _ = self.dir.remove_dir_all(Path::new(folder).join(entry.file_name()));
            }
        }
    }

    /// Keep the folders used last and remove the rest.
    pub(crate) fn keep_newest(&self, folder: &str, count: usize) {
        let Ok(entries) = self.dir.read_dir(folder) else { return };
        let used = |e: &cap_std::fs::DirEntry| e.metadata().and_then(|m| m.modified()).ok().map(|t| t.into_std());
        let mut found: Vec<_> = entries.flatten().map(|e| (used(&e), e.file_name())).collect();
        found.sort();
        for (_, name) in found.into_iter().rev().skip(count) {
            // What cannot be removed now is tried again by the next build.
            let _ = self.dir.remove_dir_all(Path::new(folder).join(name));
        }
    }

    /// Note that a folder is in use.
    pub(crate) fn touch(&self, folder: &str) {
        if let Ok(file) = fs::File::open(self.path_of(folder)) {
            // A folder that cannot be touched is only thrown out earlier.
            let _ = file.set_modified(SystemTime::now());
        }
    }
}

impl Scratch<'_> {
    pub(crate) fn path(&self) -> PathBuf {
        self.store.path_of(&self.name)
    }

    /// Rename into place; `false` when the name was taken already: someone else made the same, and ours goes.
    pub(crate) fn put(self, part: &str, name: &str) -> Result<bool, CompileError> {
        let from = if part.is_empty() { self.name.clone() } else { format!("{}/{part}", self.name) };
        match self.store.dir.rename(&from, &self.store.dir, name) {
            Ok(()) => Ok(true),
            Err(_) if self.store.dir.is_dir(name) => Ok(false),
            Err(e) => Err(CompileError::io(format!("renaming {from} to {name}"))(e)),
        }
    }
}

impl Drop for Scratch<'_> {
    fn drop(&mut self) {
        // What is left is removed by age.
        let _ = self.store.dir.remove_dir_all(&self.name);
    }
}
