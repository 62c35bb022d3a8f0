//! Accumulators of linear aggregates: words of a row of state that deltas are added to. Zero words are the empty
//! accumulator, and adding a row's negation takes it out again exactly.

/// Adds a row of weight `weight` to the count at `acc[at]` (one word).
#[inline(always)]
pub fn count(acc: &mut [u64], at: usize, weight: i64) {
    acc[at] = acc[at].wrapping_add(weight as u64);
}

/// The count at `acc[at]`.
#[inline(always)]
pub fn get_count(acc: &[u64], at: usize) -> i64 {
    acc[at] as i64
}

/// Adds `value`, `weight` times, to the sum of two words at `acc[at]`. Exact for values below 2^64 in size, as of all integers and of
/// decimals of one word; wider decimals use [`sum_wide`].
#[inline(always)]
pub fn sum(acc: &mut [u64], at: usize, value: i128, weight: i64) {
    let s = &mut acc[at..at + 2];
    let total = get_sum(s, 0).wrapping_add(value.wrapping_mul(weight as i128));
    s[0] = (total >> 64) as u64;
    s[1] = total as u64;
}

/// The sum at `acc[at]`, of two words.
#[inline(always)]
pub fn get_sum(acc: &[u64], at: usize) -> i128 {
    let s = &acc[at..at + 2];
    ((s[0] as u128) << 64 | s[1] as u128) as i128
}

/// Adds `value`, `weight` times, to the exclusive or at `acc[at]` (one word): twice is not at all, and taking it out is adding it again.
#[inline(always)]
pub fn xor(acc: &mut [u64], at: usize, value: u64, weight: i64) {
    if weight & 1 == 1 {
        acc[at] ^= value;
    }
}

/// Adds `value`, `weight` times, to the sum of three words at `acc[at]`; exact for every decimal.
pub fn sum_wide(acc: &mut [u64], at: usize, value: i128, weight: i64) {
    let s = &mut acc[at..at + 3];
    // 128 x 64 bits in two products, each of which fits 128 bits: value = high * 2^64 + low.
    let low = (value as u64) as i128 * weight as i128;
    let high = (value >> 64) * weight as i128;
    let (bottom, carried) = s[2].overflowing_add(low as u64);
    let mut top = ((s[0] as u128) << 64 | s[1] as u128) as i128;
    top = top.wrapping_add(low >> 64).wrapping_add(high).wrapping_add(carried as i128);
    s[0] = (top >> 64) as u64;
    s[1] = top as u64;
    s[2] = bottom;
}

/// The sum at `acc[at]`, of three words; `None` when it does not fit 128 bits.
pub fn get_sum_wide(acc: &[u64], at: usize) -> Option<i128> {
    let s = &acc[at..at + 3];
    let value = ((s[1] as u128) << 64 | s[2] as u128) as i128;
    // The top word must be the sign of the others.
    (s[0] as i64 == (value >> 127) as i64).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_exact_and_come_back_to_zero() {
        let values = [i128::MAX / 2, -(10i128.pow(38) - 1), 10i128.pow(38) - 1, -1, 0, 1, i64::MIN as i128];
        let mut acc = [0u64; 5];
        for (i, v) in values.iter().enumerate() {
            sum_wide(&mut acc, 2, *v, i as i64 * 3 - 7);
            sum(&mut acc, 0, *v as i64 as i128, i as i64 - 2);
        }
        let expected: i128 = values.iter().enumerate().map(|(i, v)| *v as i64 as i128 * (i as i128 - 2)).sum();
        assert_eq!(get_sum(&acc, 0), expected);
        for (i, v) in values.iter().enumerate() {
            sum_wide(&mut acc, 2, *v, 7 - i as i64 * 3);
            sum(&mut acc, 0, *v as i64 as i128, 2 - i as i64);
        }
        assert_eq!(acc, [0; 5]);
    }

    #[test]
    fn a_sum_beyond_128_bits_is_seen_and_forgotten_again() {
        let big = 10i128.pow(38) - 1;
        let mut acc = [0u64; 3];
        sum_wide(&mut acc, 0, big, 2);
        assert_eq!(get_sum_wide(&acc, 0), None);
        sum_wide(&mut acc, 0, big, -1);
        assert_eq!(get_sum_wide(&acc, 0), Some(big));
        sum_wide(&mut acc, 0, big, -3);
        assert_eq!(get_sum_wide(&acc, 0), None);
        sum_wide(&mut acc, 0, big, 1);
        assert_eq!(get_sum_wide(&acc, 0), Some(-big));
    }
}
