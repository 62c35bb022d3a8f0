//! Text, and whatever else is bytes, as words: pieces of 7 bytes, see the [crate's documentation](crate).

/// Bytes of text in a word.
pub const PIECE: usize = 7;
/// The low byte of a word that is followed by more of the same text.
pub const MORE: u64 = 9;

/// The number of words that a text of `bytes` bytes takes.
#[inline]
pub const fn words_of(bytes: usize) -> usize {
    if bytes == 0 { 1 } else { bytes.div_ceil(PIECE) }
}

/// A piece of at most 7 bytes, in the upper 56 bits.
#[inline(always)]
fn piece(bytes: &[u8]) -> u64 {
    let mut word = [0u8; 8];
    for (to, from) in word.iter_mut().zip(&bytes[..bytes.len().min(PIECE)]) {
        *to = *from;
    }
    u64::from_be_bytes(word)
}

/// Appends the words of `text`.
#[inline]
pub fn write(text: &str, out: &mut Vec<u64>) {
    write_bytes(text.as_bytes(), out);
}

/// Appends the words of bytes, be they UTF-8 or not.
#[inline]
pub fn write_bytes(bytes: &[u8], out: &mut Vec<u64>) {
    out.reserve(words_of(bytes.len()));
    let mut rest = bytes;
    // While more than a piece is left there are 8 bytes to read at once.
    while let (Some(eight), true) = (rest.first_chunk::<8>(), rest.len() > PIECE) {
        out.push(u64::from_be_bytes(*eight) & !0xff | MORE);
        rest = &rest[PIECE..];
    }
    let count = rest.len() as u64;
    let last = match bytes.last_chunk::<8>() {
        // The last 8 bytes of the text, those before the last piece shifted out.
        Some(eight) => u64::from_be_bytes(*eight) << (8 * (8 - count)),
        None => piece(rest),
    };
    out.push(last | (count + 1));
}

/// The index after the text or NULL at `row[at]`. The row must be well-formed.
#[inline(always)]
pub fn skip(row: &[u64], mut at: usize) -> usize {
    while row[at] & 0xff == MORE {
        at += 1;
    }
    at + 1
}

/// The number of words and bytes of the text at the start of `words`; `None` if it does not end there or is no text. Of NULL: one word and no bytes.
pub fn measure(words: &[u64]) -> Option<(usize, usize)> {
    for (i, word) in words.iter().enumerate() {
        match word & 0xff {
            MORE => {}
            0 if i == 0 && *word == 0 => return Some((1, 0)),
            // Only the whole text may be empty, and padding is zero: each text has just one form.
            1 if i == 0 && *word == 1 => return Some((1, 0)),
            n @ 2..=8 => {
                let used = n as usize - 1;
                let padding = *word & (u64::MAX >> (8 * used)) & !0xff;
                return (padding == 0).then_some((i + 1, i * PIECE + used));
            }
            _ => return None,
        }
    }
    None
}

/// Copies the bytes of a text of `words` into the beginning of `to`, which has room for [`PIECE`] bytes a word and one byte more: every word is written
/// as 8 bytes, the last of which the next one covers. What follows the text's own bytes is of no meaning.
///
/// # Panics
/// If `to` is too short.
#[inline]
pub fn read(words: &[u64], to: &mut [u8]) {
    for (i, word) in words.iter().enumerate() {
        to[PIECE * i..PIECE * i + 8].copy_from_slice(&word.to_be_bytes());
    }
}

/// The room that [`read`] needs for a text of so many words, in bytes.
#[inline]
pub const fn room(words: usize) -> usize {
    PIECE * words + 1
}

/// The number of bytes of the text at `row[at]`, which must be well-formed and not NULL, and the index after it.
#[inline]
pub fn extent(row: &[u64], at: usize) -> (usize, usize) {
    let end = skip(row, at);
    let last = (row[end - 1] & 0xff) as usize;
    ((end - 1 - at) * PIECE + last.saturating_sub(1).min(PIECE), end)
}

/// The bytes at the start of `words`; `None` when they are NULL or malformed.
pub fn to_bytes(words: &[u64]) -> Option<Vec<u8>> {
    let (count, bytes) = measure(words)?;
    if words[0] == 0 {
        return None;
    }
    let mut buffer = vec![0; room(count)];
    read(&words[..count], &mut buffer);
    buffer.truncate(bytes);
    Some(buffer)
}

/// The text at the start of `words`; `None` when it is NULL, malformed, or not UTF-8.
pub fn to_string(words: &[u64]) -> Option<String> {
    String::from_utf8(to_bytes(words)?).ok()
}
