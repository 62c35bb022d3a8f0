//! Blocks of rows with weights.

use thiserror::Error;

/// Words of a block, at most, unless it is a single row: 256 KiB.
pub const BLOCK_WORDS: usize = 32 * 1024;
/// Rows of a block, at most: so that a row's place in a list of blocks fits 32 bits.
pub const BLOCK_ROWS: usize = 32 * 1024;

/// Rows with weights, as they lie in memory, cross between host and guest, and are stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// Words of each row; 0 when rows have different numbers of words (or none).
    pub stride: u32,
    /// The rows, one after the other.
    pub words: Vec<u64>,
    /// Where each row ends in `words`; empty when `stride` is not 0.
    pub ends: Vec<u32>,
    /// The weight of each row.
    pub weights: Vec<i64>,
}

/// Why a block from outside is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BlockError {
    /// A block with a stride also has row ends.
    #[error("a block of rows of equal length has row ends")]
    EndsWithStride,
    /// The number of words is not the number of rows times the stride.
    #[error("a block's words do not fit its rows")]
    Words,
    /// There are not as many row ends as weights.
    #[error("a block has not one end and one weight for each row")]
    Rows,
    /// Row ends go back, or the last one is not the number of words.
    #[error("a block's row ends are not in order")]
    Ends,
}

impl Block {
    /// An empty block of rows of `stride` words, or of different lengths if 0.
    pub fn new(stride: u32) -> Block {
        Block { stride, ..Block::default() }
    }

    /// The number of rows.
    #[inline]
    pub fn len(&self) -> usize {
        self.weights.len()
    }

    /// Whether there is no row.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.weights.is_empty()
    }

    /// The words of row `i`.
    #[inline(always)]
    pub fn row(&self, i: usize) -> &[u64] {
        if self.stride != 0 {
            let start = i * self.stride as usize;
            &self.words[start..start + self.stride as usize]
        } else {
            let start = if i == 0 { 0 } else { self.ends[i - 1] as usize };
            &self.words[start..self.ends[i] as usize]
        }
    }

    /// Where row `i` begins and ends in `words`.
    #[inline(always)]
    pub fn span(&self, i: usize) -> (usize, usize) {
        if self.stride != 0 {
            (i * self.stride as usize, (i + 1) * self.stride as usize)
        } else {
            (if i == 0 { 0 } else { self.ends[i - 1] as usize }, self.ends[i] as usize)
        }
    }

    /// The first word of row `i`, which has one.
    #[inline(always)]
    pub fn first_word(&self, i: usize) -> u64 {
        let start = if self.stride != 0 {
            i * self.stride as usize
        } else if i == 0 {
            0
        } else {
            self.ends[i - 1] as usize
        };
        self.words[start]
    }

    /// The last row, unless there is none.
    pub fn last(&self) -> Option<&[u64]> {
        self.len().checked_sub(1).map(|i| self.row(i))
    }

    /// Appends a row.
    ///
    /// # Panics
    /// If the row has not the block's stride.
    pub fn push(&mut self, row: &[u64], weight: i64) {
        if self.stride != 0 {
            assert_eq!(row.len(), self.stride as usize, "a row of another length than its block's stride");
        }
        self.words.extend_from_slice(row);
        if self.stride == 0 {
            self.ends.push(self.words.len() as u32);
        }
        self.weights.push(weight);
    }

    /// Whether words, ends and weights fit each other. To be asked of each block from outside before a row is read.
    pub fn check(&self) -> Result<(), BlockError> {
        if self.stride != 0 {
            if !self.ends.is_empty() {
                return Err(BlockError::EndsWithStride);
            }
            if self.weights.len().checked_mul(self.stride as usize) != Some(self.words.len()) {
                return Err(BlockError::Words);
            }
            return Ok(());
        }
        if self.ends.len() != self.weights.len() {
            return Err(BlockError::Rows);
        }
        if self.ends.last().map_or(0, |e| *e as usize) != self.words.len() || self.ends.windows(2).any(|e| e[0] > e[1])
        {
            return Err(BlockError::Ends);
        }
        Ok(())
    }

    /// The rows with their weights.
    pub fn iter(&self) -> Iter<'_> {
        self.range(0, self.len())
    }

    /// The rows from `from` up to `to` with their weights.
    #[inline(always)]
    pub fn range(&self, from: usize, to: usize) -> Iter<'_> {
        let start = if self.stride != 0 {
            from * self.stride as usize
        } else if from == 0 {
            0
        } else {
            self.ends[from - 1] as usize
        };
        let ends = if self.stride == 0 { &self.ends[from..to] } else { &[] };
        Iter {
            stride: self.stride as usize,
            words: &self.words[start..],
            base: start as u32,
            ends: ends.iter(),
            weights: self.weights[from..to].iter(),
        }
    }

    /// The heap memory that it holds, in bytes.
    pub fn memory_bytes(&self) -> usize {
        8 * self.words.capacity() + 4 * self.ends.capacity() + 8 * self.weights.capacity()
    }

    /// Gives back memory that is not used, if it is much.
    pub fn shrink(&mut self) {
        if self.words.capacity() > self.words.len() + self.words.len() / 4 {
            self.words.shrink_to_fit();
        }
        if self.weights.capacity() > self.weights.len() + self.weights.len() / 4 {
            self.ends.shrink_to_fit();
            self.weights.shrink_to_fit();
        }
    }
}

/// Rows of a block with their weights, in order.
#[derive(Clone, Debug, Default)]
pub struct Iter<'a> {
    stride: usize,
    /// The words from the next row on.
    words: &'a [u64],
    /// How many words of the block are behind.
    base: u32,
    ends: std::slice::Iter<'a, u32>,
    weights: std::slice::Iter<'a, i64>,
}

impl Iter<'_> {
    /// The weight of the next row; 0 if there is none.
    #[inline(always)]
    pub fn first_weight(&self) -> i64 {
        self.weights.as_slice().first().copied().unwrap_or(0)
    }
}

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a [u64], i64);

    #[inline(always)]
    fn next(&mut self) -> Option<(&'a [u64], i64)> {
        let weight = *self.weights.next()?;
        let len = if self.stride != 0 {
            self.stride
        } else {
            let end = *self.ends.next()?;
            let len = end - self.base;
            self.base = end;
            len as usize
        };
        let (row, rest) = self.words.split_at(len);
        self.words = rest;
        Some((row, weight))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.weights.size_hint()
    }
}

impl ExactSizeIterator for Iter<'_> {}

impl<'a> IntoIterator for &'a Block {
    type Item = (&'a [u64], i64);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}
