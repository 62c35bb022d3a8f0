//! Inputs made of others.

/// What mutations take for one piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A word, or a character between words.
    Token,
    /// A byte.
    Byte,
}

/// Makes inputs of seeds: pieces dropped, doubled, exchanged, put in from other seeds, or altered.
#[derive(Debug)]
pub struct Mutator {
    seeds: Vec<Vec<u8>>,
    words: Vec<Vec<u8>>,
    unit: Unit,
    state: u64,
}

/// An input never gets longer than this, in bytes.
const BYTES_MAX: usize = 64 << 10;

fn split(data: &[u8], unit: Unit) -> Vec<Vec<u8>> {
    if unit == Unit::Byte {
        return data.iter().map(|b| vec![*b]).collect();
    }
    let is_word = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b >= 0x80;
    data.chunk_by(|a, b| is_word(*a) && is_word(*b)).map(<[u8]>::to_vec).collect()
}

impl Mutator {
    /// Of seeds, of which there is at least one; the same state gives the same inputs.
    pub fn new(seeds: Vec<Vec<u8>>, unit: Unit, state: u64) -> Mutator {
        let words = seeds.iter().flat_map(|s| split(s, unit)).collect();
        Mutator { seeds, words, unit, state }
    }

    /// A number below `n`, which is not 0 (SplitMix64).
    fn below(&mut self, n: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % n as u64) as usize
    }

    fn word(&mut self) -> Vec<u8> {
        let at = self.below(self.words.len());
        self.words[at].clone()
    }
}

impl Iterator for Mutator {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let seed = self.below(self.seeds.len());
        let mut pieces = split(&self.seeds[seed], self.unit);
        for _ in 0..=self.below(6) {
            let at = self.below(pieces.len() + 1);
            let here = pieces.len() > at;
            match self.below(8) {
                0 if here => drop(pieces.remove(at)),
                1 if here => pieces.insert(at, pieces[at].clone()),
                2 if here => {
                    let other = self.below(pieces.len());
                    pieces.swap(at, other);
                }
                3 if here => pieces[at] = self.word(),
                4 => {
                    let word = self.word();
                    pieces.insert(at, word);
                }
                5 if here && !pieces[at].is_empty() => {
                    let byte = self.below(pieces[at].len());
                    let bit = self.below(8);
                    pieces[at][byte] ^= 1 << bit;
                }
                6 => {
                    let other = self.below(self.seeds.len());
                    let tail = split(&self.seeds[other], self.unit);
                    let from = self.below(tail.len() + 1);
                    pieces.truncate(at);
                    pieces.extend_from_slice(&tail[from..]);
                }
                _ => {
                    let ends: [&[u8]; 8] =
                        [b"0", b"-1", b"9223372036854775808", b"1e999", b"\0", b"\xff\xff", "é".as_bytes(), b"\"'"];
                    let end = ends[self.below(ends.len())].to_vec();
                    pieces.insert(at, end);
                }
            }
        }
        let mut out = pieces.concat();
        out.truncate(BYTES_MAX);
        Some(out)
    }
}
