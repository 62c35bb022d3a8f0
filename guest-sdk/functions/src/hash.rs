//! Hashes of strings: of the bytes of their UTF-8.

use crate::Kernel;
use md5::{Digest, Md5};
use twox_hash::XxHash64;

kernels! { HASHES:
    /// MD5, as 32 lower-case hexadecimal digits.
    fn md5_text[arena](s: Text) -> Text = { arena.alloc_str(&crate::text_forms::hex(Md5::digest(s).as_slice())) }
    /// XXH64 of the text, its bits read as a signed number.
    fn xxhash_text(s: Text) -> I64 = { xxhash_text_seed(s, 0) }
    /// XXH64 of the text with a seed, its bits read as a signed number: `(text, seed)`.
    fn xxhash_text_seed(s: Text, seed: I64) -> I64 = { XxHash64::oneshot(seed as u64, s.as_bytes()) as i64 }
}

pub(crate) const KERNELS: &[&[Kernel]] = &[HASHES];

/// What SQL calls them.
#[cfg(not(target_family = "wasm"))]
pub(crate) const FUNCTIONS: &[crate::catalog::Function] = {
    use crate::catalog::{Family, Function, Out, Param, form};
    &[
        Function::new(
            &[Family::String],
            &["md5"],
            &[form(&[Param::Text], Out::Text, "md5_text")],
            "The MD5 digest of a string's UTF-8, in 32 lower-case hexadecimal digits.",
        )
        .gives(&[
            ("MD5('ab')", "187ef4436122d1cc2f40dc2b92f0eba0"),
            ("MD5('')", "d41d8cd98f00b204e9800998ecf8427e"),
            ("MD5(CAST(NULL AS VARCHAR))", "NULL"),
        ]),
        Function::new(
            &[Family::String],
            &["xxhash"],
            &[
                form(&[Param::Text], Out::BigInt, "xxhash_text"),
                form(&[Param::Text, Param::BigInt], Out::BigInt, "xxhash_text_seed"),
            ],
            "The XXH64 hash of a string's UTF-8, its bits read as a signed number. The seed is 0 unless given.",
        )
        .gives(&[
            ("XXHASH('')", "-1205034819632174695"),
            ("XXHASH('abc', 0) = XXHASH('abc')", "TRUE"),
            ("XXHASH('abc', 1) = XXHASH('abc')", "FALSE"),
            ("XXHASH(NULL)", "NULL"),
        ]),
    ]
};

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
        assert_eq!(xxhash_text("") as u64, 0xef46_db37_51d8_e999);
        assert_eq!(xxhash_text(""), -1_205_034_819_632_174_695);
        // The test vectors of the algorithm's specification: "Nobody inspects the spammish repetition".
        assert_eq!(xxhash_text("Nobody inspects the spammish repetition") as u64, 0xfbce_a83c_8a37_8bf1);
        assert_ne!(xxhash_text_seed("a", 0), xxhash_text_seed("a", 1));
    }
}
