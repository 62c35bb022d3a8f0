//! API keys: `apikey:` and 128 letters and digits. A key is shown once, to whom it is made for; its SHA-256 is kept.

use sha2::{Digest, Sha256};
use std::fmt::Write;
use weir_catalog::KeyHash;

/// How keys begin.
pub const PREFIX: &str = "apikey:";
/// Letters and digits of a key: 762 bits.
const LENGTH: usize = 128;
const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
/// What clients are told whose key is none.
pub(super) const UNAUTHORIZED: &str = "Unauthorized API key";

/// Makes a key of the system's randomness.
///
/// # Errors
/// The system gave none.
pub fn generate() -> Result<String, getrandom::Error> {
    let mut key = String::with_capacity(PREFIX.len() + LENGTH);
    key.push_str(PREFIX);
    let mut bytes = [0; 256];
    while key.len() < PREFIX.len() + LENGTH {
        getrandom::fill(&mut bytes)?;
        // The greatest multiple of 62 that a byte holds: all characters are equally likely.
        let fair = bytes.iter().filter(|b| **b < 248).map(|b| char::from(ALPHABET[usize::from(*b) % 62]));
        key.extend(fair.take(PREFIX.len() + LENGTH - key.len()));
    }
    Ok(key)
}

/// What is kept of a key. It is not salted or slowed: nobody guesses 762 bits.
pub fn hash(key: &str) -> KeyHash {
    Sha256::digest(key.as_bytes()).into()
}

/// The beginning of a hash, to tell keys apart in logs.
pub fn fingerprint(hash: &KeyHash) -> String {
    hash.iter().take(4).fold(String::new(), |mut text, byte| {
        // Writing to a String does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn keys_are_of_the_form_that_clients_know() {
        let keys: Vec<String> = (0..20).map(|_| generate().unwrap()).collect();
        let mut seen = BTreeSet::new();
        for key in &keys {
            let secret = key.strip_prefix(PREFIX).unwrap();
            assert_eq!(secret.len(), 128);
            assert!(secret.bytes().all(|b| b.is_ascii_alphanumeric()));
            seen.extend(secret.bytes());
        }
        assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), 20);
        // 2,560 draws from 62: none is missing but by a chance of 1e-16.
        assert_eq!(seen.len(), 62);
    }

    #[test]
    fn a_hash_is_sha_256() {
        assert_eq!(fingerprint(&hash("abc")), "ba7816bf");
    }
}
