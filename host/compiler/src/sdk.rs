//! The SDK's sources, which this binary carries.

use std::fs;
use std::io;
use std::path::Path;

use crate::hash::Hasher;

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// A hash of every embedded file's path and contents.
pub(crate) fn hash_into(hasher: &mut Hasher) {
    for (path, contents) in FILES {
        hasher.part(path.as_bytes()).part(contents);
    }
}

/// Write all sources below a folder.
pub(crate) fn unpack(folder: &Path) -> io::Result<()> {
    for (path, contents) in FILES {
        let path = folder.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, contents)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sdk_is_whole() {
        let paths: Vec<&str> = FILES.iter().map(|(path, _)| *path).collect();
        for path in ["Cargo.toml", "Cargo.lock", "guest-sdk/src/lib.rs", "guest-sdk/row/src/lib.rs", "wit/pipeline.wit"]
        {
            assert!(paths.contains(&path), "{path} is missing in {paths:?}");
        }
        assert!(CRATES.contains(&"weir_sdk"));
        assert!(!paths.iter().any(|p| p.contains("tests/") || p.starts_with("host/")), "{paths:?}");
    }

    #[test]
    fn the_lock_names_no_host_crate() {
        let lock =
            FILES.iter().find(|(path, _)| *path == "Cargo.lock").map(|(_, c)| String::from_utf8_lossy(c).into_owned());
        let lock = lock.unwrap();
        assert!(lock.contains("name = \"bumpalo\""));
        assert!(!lock.contains("name = \"wasmtime\"") && !lock.contains("name = \"proptest\""));
    }
}
