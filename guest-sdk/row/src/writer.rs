//! Writing rows, word by word, into a list of blocks.

use crate::{BLOCK_ROWS, BLOCK_WORDS, Block, Item, Shape, enc, text};

/// Words that a short row is copied in, whatever its length: the rest is taken back, and nothing branches on the length.
pub(crate) const WIDE: usize = 8;

/// Writes rows into blocks of bounded size: the words of a row in order, then [`end`](RowWriter::end). What lies after the last
/// `end` is no row yet.
///
/// ```
/// use weir_row::{RowWriter, enc};
/// let mut out = RowWriter::new(0);
/// out.put([enc::i32(7)]);
/// out.put_text("seven");
/// out.end(1);
/// let blocks = out.finish();
/// assert_eq!(blocks[0].row(0).len(), 2);
/// ```
#[derive(Debug)]
pub struct RowWriter {
    block: Block,
    full: Vec<Block>,
}

impl RowWriter {
    /// A writer of rows of `stride` words, or of different lengths if 0.
    pub fn new(stride: u32) -> RowWriter {
        RowWriter { block: Block::new(stride), full: Vec::new() }
    }

    /// The words of each row, 0 if they differ.
    pub fn stride(&self) -> u32 {
        self.block.stride
    }

    /// Appends words to the row.
    #[inline(always)]
    pub fn put<const N: usize>(&mut self, words: [u64; N]) {
        let to = &mut self.block.words;
        // One check of the capacity for all; `extend_from_slice` of an array is N stores.
        to.extend_from_slice(&words);
    }

    /// Appends words to the row. By a loop, because rows are short and a call to copy memory costs more than they do.
    #[inline(always)]
    pub fn copy(&mut self, words: &[u64]) {
        let to = &mut self.block.words;
        to.reserve(words.len());
        for w in words {
            to.push(*w);
        }
    }

    /// Appends a text.
    #[inline]
    pub fn put_text(&mut self, s: &str) {
        text::write(s, &mut self.block.words);
    }

    /// Appends a text or NULL.
    #[inline]
    pub fn put_text_null(&mut self, s: Option<&str>) {
        match s {
            Some(s) => self.put_text(s),
            None => self.put([0]),
        }
    }

    /// Appends bytes.
    #[inline]
    pub fn put_bytes(&mut self, bytes: &[u8]) {
        text::write_bytes(bytes, &mut self.block.words);
    }

    /// Appends bytes or NULL.
    #[inline]
    pub fn put_bytes_null(&mut self, bytes: Option<&[u8]>) {
        match bytes {
            Some(bytes) => self.put_bytes(bytes),
            None => self.put([0]),
        }
    }

    /// Appends a UUID.
    #[inline]
    pub fn put_uuid(&mut self, v: u128) {
        self.put_bytes(&v.to_be_bytes());
    }

    /// Appends a UUID or NULL.
    #[inline]
    pub fn put_uuid_null(&mut self, v: Option<u128>) {
        match v {
            Some(v) => self.put_uuid(v),
            None => self.put([0]),
        }
    }

    /// Appends an item.
    #[inline]
    pub fn put_item(&mut self, item: Item<'_>) {
        self.put_bytes(item.bytes());
    }

    /// Appends an item or NULL.
    #[inline]
    pub fn put_item_null(&mut self, item: Option<Item<'_>>) {
        self.put_bytes_null(item.map(Item::bytes));
    }

    /// Appends the text, or other bytes, or NULL at `row[at]`.
    #[inline]
    pub fn copy_text(&mut self, row: &[u64], at: usize) {
        let end = text::skip(row, at);
        self.copy(&row[at..end]);
    }

    /// Appends the escape of the nullable wide column at `slot` of `row`, if it has one.
    #[inline(always)]
    pub fn copy_escape(&mut self, shape: &Shape, row: &[u64], slot: usize) {
        if row[slot] == 1 {
            self.put([shape.escape(row, slot)]);
        }
    }

    /// Appends the escape of a nullable BIGINT or day-time interval, if it has one.
    #[inline(always)]
    pub fn escape_i64(&mut self, v: Option<i64>) {
        self.escape_u64(v.map(enc::i64));
    }

    /// Appends the escape of a nullable BIGINT UNSIGNED, if it has one.
    #[inline(always)]
    pub fn escape_u64(&mut self, v: Option<u64>) {
        if let Some(b) = v.and_then(enc::escape) {
            self.put([b]);
        }
    }

    /// Ends the row.
    ///
    /// # Panics
    /// If it has not `stride` words.
    #[inline(always)]
    pub fn end(&mut self, weight: i64) {
        let block = &mut self.block;
        block.weights.push(weight);
        if block.stride == 0 {
            block.ends.push(block.words.len() as u32);
        }
        if block.words.len() >= BLOCK_WORDS || block.weights.len() >= BLOCK_ROWS {
            self.seal();
        }
    }

    /// Lets `f` write rows of `N` words in place: it gets room for some rows, at most `rows` and at least one, and their weights, and
    /// returns how many it wrote. For loops that cannot afford a look at the room for each row.
    ///
    /// # Panics
    /// If `N` is not the stride, or a row is begun but not ended.
    #[inline(always)]
    pub fn fill<const N: usize>(&mut self, rows: usize, f: impl FnOnce(&mut [[u64; N]], &mut [i64]) -> usize) {
        assert_eq!(self.block.stride as usize, N, "rows of another length than the stride");
        let room = |block: &Block| ((BLOCK_WORDS - block.words.len()) / N).min(BLOCK_ROWS - block.weights.len());
        if room(&self.block) == 0 {
            self.seal();
        }
        let (len, words) = (self.block.len(), self.block.words.len());
        assert_eq!(words, len * N, "a row without an end");
        let rows = rows.clamp(1, room(&self.block));
        self.block.words.resize(words + rows * N, 0);
        self.block.weights.resize(len + rows, 0);
        let (to, _) = self.block.words[words..].as_chunks_mut::<N>();
        let written = f(to, &mut self.block.weights[len..]);
        self.block.words.truncate(words + written * N);
        self.block.weights.truncate(len + written);
    }

    /// Appends a whole row.
    #[inline(always)]
    pub fn push(&mut self, row: &[u64], weight: i64) {
        self.copy(row);
        self.end(weight);
    }

    /// Appends the row of `words` that begins at `start` and ends before `end`, words of more rows as a rule: a short row is copied with
    /// what follows it, which is then cut off. Lengths of rows cannot be foretold, and a wrong guess costs more than the copy.
    ///
    /// # Panics
    /// If the row does not lie in `words`.
    #[inline(always)]
    pub fn push_from(&mut self, words: &[u64], start: usize, end: usize, weight: i64) {
        let n = end - start;
        match words.get(start..).and_then(|w| w.first_chunk::<WIDE>()) {
            Some(wide) if n <= WIDE => {
                let to = &mut self.block.words;
                let len = to.len() + n;
                to.extend_from_slice(wide);
                to.truncate(len);
            }
            _ => self.copy(&words[start..end]),
        }
        self.end(weight);
    }

    /// Takes the words since the last `end` back.
    pub fn abandon(&mut self) {
        let block = &mut self.block;
        let end = if block.stride == 0 {
            block.ends.last().map_or(0, |e| *e as usize)
        } else {
            block.weights.len() * block.stride as usize
        };
        block.words.truncate(end);
    }

    /// The rows written so far.
    pub fn len(&self) -> usize {
        self.full.iter().map(Block::len).sum::<usize>() + self.block.len()
    }

    /// Whether no row was ended so far.
    pub fn is_empty(&self) -> bool {
        self.full.is_empty() && self.block.is_empty()
    }

    /// Begins another block; the row that made this one too long goes there, unless it is alone.
    #[cold]
    fn seal(&mut self) {
        if self.block.is_empty() {
            return;
        }
        let stride = self.block.stride;
        let mut next = Block {
            stride,
            words: Vec::with_capacity(BLOCK_WORDS + WIDE + self.block.words.len() / self.block.len().max(1)),
            ends: Vec::with_capacity(if stride == 0 { self.block.len() } else { 0 }),
            weights: Vec::with_capacity(self.block.len()),
        };
        let last = self.block.len() - 1;
        if self.block.words.len() > BLOCK_WORDS && last > 0 {
            let (row, weight) = (self.block.row(last), self.block.weights[last]);
            next.push(row, weight);
            let keep = self.block.words.len() - row.len();
            self.block.words.truncate(keep);
            self.block.weights.truncate(last);
            self.block.ends.truncate(last);
        }
        self.check();
        self.full.push(std::mem::replace(&mut self.block, next));
    }

    /// The invariant of rows of one length, checked once a block.
    fn check(&self) {
        let block = &self.block;
        if block.stride != 0 {
            assert_eq!(
                block.words.len(),
                block.len() * block.stride as usize,
                "a row of another length than its stride"
            );
        }
    }

    /// The full blocks so far, leaving the writer with the rest.
    pub fn take_full(&mut self) -> Vec<Block> {
        std::mem::take(&mut self.full)
    }

    /// Ends the block: rows written from now on are in another.
    pub fn cut(&mut self) {
        if !self.block.is_empty() {
            self.check();
            let stride = self.block.stride;
            let mut block = std::mem::replace(&mut self.block, Block::new(stride));
            block.shrink();
            self.full.push(block);
        }
    }

    /// How many rows and words the open block has.
    pub fn open(&self) -> (usize, usize) {
        (self.block.len(), self.block.words.len())
    }

    /// All blocks; none is empty.
    ///
    /// # Panics
    /// If words lie after the last `end`, or rows have not `stride` words.
    pub fn finish(mut self) -> Vec<Block> {
        let ended = if self.block.stride == 0 {
            self.block.ends.last().map_or(0, |e| *e as usize)
        } else {
            self.block.len() * self.block.stride as usize
        };
        assert_eq!(ended, self.block.words.len(), "a row without an end, or of another length than its stride");
        self.cut();
        self.full
    }
}
