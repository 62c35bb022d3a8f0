//! Random numbers (Steele, Lea, Flood 2014: SplitMix64): small, and begun anew for each value.

use fake::rand::RngCore;

/// A sequence of random numbers.
pub(super) struct Random(u64);

impl Random {
    /// The sequence of some numbers: others for others.
    pub(super) fn of(numbers: &[u64]) -> Random {
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        for n in numbers {
            random.0 = random.next_u64() ^ n;
        }
        random
    }

    /// A number below `n`, which is not 0.
    pub(super) fn below(&mut self, n: u128) -> u128 {
        // What lies beyond the last whole multiple would make small numbers more likely.
        let end = u128::MAX - u128::MAX % n;
        loop {
            let drawn = u128::from(self.next_u64()) << 64 | u128::from(self.next_u64());
            if drawn < end {
                return drawn % n;
            }
        }
    }

    /// A number from 0 to 1, without 1.
    pub(super) fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A rank below `n` whose probability falls with `(rank + 1)^-e`, nearly: the distribution of real numbers from 1 to n + 1 with that density, rounded down.
    pub(super) fn zipf(&mut self, n: u128, e: f64) -> u128 {
        let (u, end) = (self.unit(), n as f64 + 1.0);
        let x = if (e - 1.0).abs() < 1e-9 {
            end.powf(u)
        } else {
            let power = 1.0 - e;
            (u * (end.powf(power) - 1.0) + 1.0).powf(1.0 / power)
        };
        ((x - 1.0).max(0.0) as u128).min(n - 1)
    }
}

impl RngCore for Random {
    fn next_u32(&mut self) -> u32 {
        (self.next_u64() >> 32) as u32
    }

    fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn fill_bytes(&mut self, to: &mut [u8]) {
        for chunk in to.chunks_mut(8) {
            chunk.copy_from_slice(&self.next_u64().to_le_bytes()[..chunk.len()]);
        }
    }
}
