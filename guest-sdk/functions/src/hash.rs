//! Hashes of strings: of the bytes of their UTF-8.

use crate::Kernel;
use md5::{Digest, Md5};
use twox_hash::XxHash64;

/// Bytes in hexadecimal, two lower-case digits each.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|b| [b >> 4, b & 15]).map(|d| char::from(DIGITS[usize::from(d)])).collect()
}

kernels! { HASHES:
    /// MD5, as 32 lower-case hexadecimal digits.
    fn md5_text[arena](s: Text) -> Text = { arena.alloc_str(&hex(Md5::digest(s).as_slice())) }
    /// XXH64 of the text with a seed, its bits read as a signed number: `(text, seed)`.
    fn xxhash_text(s: Text, seed: I64) -> I64 = { XxHash64::oneshot(seed as u64, s.as_bytes()) as i64 }
}

pub(crate) const KERNELS: &[&[Kernel]] = &[HASHES];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Arena;

    #[test]
    fn known_digests() {
        let arena = &Arena::new();
        // RFC 1321, appendix A.5.
        for (text, digest) in [
            ("", "d41d8cd98f00b204e9800998ecf8427e"),
            ("abc", "900150983cd24fb0d6963f7d28e17f72"),
            ("abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"),
            ("ab", "187ef4436122d1cc2f40dc2b92f0eba0"),
        ] {
            assert_eq!(md5_text(arena, text), digest, "{text}");
        }
        // The digest of nothing that the reference implementation prints: ef46db3751d8e999.
        assert_eq!(xxhash_text("", 0) as u64, 0xef46_db37_51d8_e999);
        assert_eq!(xxhash_text("", 0), -1_205_034_819_632_174_695);
        assert_ne!(xxhash_text("a", 0), xxhash_text("a", 1));
    }
}
