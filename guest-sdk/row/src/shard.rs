//! Which worker owns a key.

/// An odd constant with well-mixed bits (2^64 divided by the golden ratio).
const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

/// A hash of words: the same on every platform and in every version, because stored state is sharded by it. Each word goes through
/// a full 64 x 64 bit product whose halves are folded together.
#[inline]
pub fn hash_words(words: &[u64]) -> u64 {
    let mut h = MIX;
    for w in words {
        let product = u128::from(h ^ w).wrapping_mul(u128::from(MIX) << 1 | 1);
        h = (product as u64 ^ (product >> 64) as u64).wrapping_add(MIX);
    }
    let product = u128::from(h ^ h >> 32) * u128::from(MIX);
    product as u64 ^ (product >> 64) as u64
}

/// The worker, of `workers`, that owns the rows with the key `key`: the words of the key's storage layout.
#[inline]
pub fn shard_of(key: &[u64], workers: usize) -> usize {
    if workers <= 1 {
        return 0;
    }
    ((u128::from(hash_words(key)) * workers as u128) >> 64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbouring_keys_spread_evenly() {
        for workers in [2, 3, 7, 16] {
            for step in [1u64, 2, 8, 1 << 20, 1 << 32] {
                let mut counts = vec![0u32; workers];
                for i in 0..16_000u64 {
                    counts[shard_of(&[(1u64 << 63) + i * step], workers)] += 1;
                }
                let fair = 16_000 / workers as u32;
                assert!(
                    counts.iter().all(|c| *c > fair * 8 / 10 && *c < fair * 12 / 10),
                    "{workers} {step}: {counts:?}"
                );
            }
        }
    }

    #[test]
    fn order_and_number_of_words_matter() {
        assert_ne!(hash_words(&[1, 2]), hash_words(&[2, 1]));
        assert_ne!(hash_words(&[]), hash_words(&[0]));
        assert_ne!(hash_words(&[0]), hash_words(&[0, 0]));
    }
}
