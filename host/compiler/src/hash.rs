//! Content hashes: SHA-256 over parts with their lengths, so that no two lists of parts read the same.

use sha2::{Digest, Sha256};

/// Hex digits kept of a hash that names a file: 160 bits, far beyond accident.
const NAME_DIGITS: usize = 40;

pub(crate) struct Hasher(Sha256);

impl Hasher {
    pub(crate) fn new(domain: &str) -> Self {
        let mut hasher = Hasher(Sha256::new());
        hasher.part(domain.as_bytes());
        hasher
    }

    pub(crate) fn part(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
        self
    }

    /// A name for a file or folder.
    pub(crate) fn name(self) -> String {
        let mut name = hex(&self.0.finalize());
        name.truncate(NAME_DIGITS);
        name
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// SHA-256 of a file's contents in hex.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_together() {
        let name = |parts: &[&str]| {
            let mut hasher = Hasher::new("test");
            for part in parts {
                hasher.part(part.as_bytes());
            }
            hasher.name()
        };
        assert_eq!(name(&["ab", "c"]), name(&["ab", "c"]));
        assert_ne!(name(&["ab", "c"]), name(&["a", "bc"]));
        assert_ne!(name(&["ab"]), name(&["ab", ""]));
    }
}
