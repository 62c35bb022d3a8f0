//! Cutting a stream of bytes into JSON records, before anything is known to be valid.

use super::LineFormat;

/// Finds where records end. A record is a balanced object or array, or, when something else comes first, the rest of a line.
#[derive(Clone, Debug)]
pub(crate) struct Splitter {
    lines: LineFormat,
    /// Bytes of the record in hand that have been looked at.
    seen: usize,
    depth: usize,
    in_string: bool,
    escaped: bool,
    /// Whether the record in hand is no object or array, so that it ends with its line.
    bare: bool,
}

impl Splitter {
    pub(crate) fn new(lines: LineFormat) -> Splitter {
        Splitter { lines, seen: 0, depth: 0, in_string: false, escaped: false, bare: false }
    }

    /// The length of the first record in `bytes`, which begin where the last record ended; `None` if its end is not there yet. Call
    /// again with the same beginning and more bytes.
    pub(crate) fn next(&mut self, bytes: &[u8]) -> Option<usize> {
        let end = match self.lines {
            LineFormat::Single => self.line_end(bytes),
            LineFormat::Multiple => self.value_end(bytes),
        };
        if end.is_some() {
            *self = Splitter::new(self.lines);
        } else {
            self.seen = bytes.len();
        }
        end
    }

    fn line_end(&self, bytes: &[u8]) -> Option<usize> {
        memchr::memchr(b'\n', &bytes[self.seen..]).map(|at| self.seen + at + 1)
    }

    fn value_end(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut i = self.seen;
        while i < bytes.len() {
            if self.in_string {
                if std::mem::take(&mut self.escaped) {
                    i += 1;
                    continue;
                }
                // Most bytes are within strings, and nothing of them.
                let at = i + memchr::memchr2(b'"', b'\\', &bytes[i..])?;
                if bytes[at] == b'"' {
                    self.in_string = false
                } else {
                    self.escaped = true
                }
                i = at + 1;
                continue;
            }
            let b = bytes[i];
            i += 1;
            match b {
                b'"' if self.depth > 0 => self.in_string = true,
                b'{' | b'[' if !self.bare => self.depth += 1,
                b'}' | b']' if self.depth > 0 => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return Some(i);
                    }
                }
                b'\n' if self.depth == 0 => return Some(i),
                _ if self.depth == 0 && !b.is_ascii_whitespace() => self.bare = true,
                _ => {}
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn split_all(splitter: &mut Splitter, pieces: &[&[u8]]) -> (Vec<Vec<u8>>, Vec<u8>) {
        let (mut records, mut buffer) = (Vec::new(), Vec::new());
        for piece in pieces {
            buffer.extend_from_slice(piece);
            while let Some(end) = splitter.next(&buffer) {
                records.push(buffer.drain(..end).collect());
            }
        }
        (records, buffer)
    }

    #[test]
    fn records() {
        let text = br#"{"a":"}\"{"}[1,[2]] {"b":
            1}
nonsense { 1
{"c":1}"#;
        let (records, rest) = split_all(&mut Splitter::new(LineFormat::Multiple), &[text]);
        let records: Vec<_> = records.iter().map(|r| String::from_utf8_lossy(r).trim().to_owned()).collect();
        assert_eq!(records[0], r#"{"a":"}\"{"}"#);
        assert_eq!(records[1], "[1,[2]]");
        assert!(records[2].starts_with("{\"b\""));
        assert!(records.contains(&"nonsense { 1".to_owned()));
        assert_eq!(records.last().unwrap(), "{\"c\":1}");
        assert!(rest.is_empty());
    }

    proptest! {
        #[test]
        fn cuts_do_not_matter(text in "[{}\\[\\]\"\\\\a\n ]{0,40}", cuts in prop::collection::vec(0usize..40, 0..5)) {
            for lines in [LineFormat::Multiple, LineFormat::Single] {
                let whole = split_all(&mut Splitter::new(lines), &[text.as_bytes()]);
                let mut at: Vec<usize> = cuts.iter().map(|c| (*c).min(text.len())).collect();
                at.extend([0, text.len()]);
                at.sort_unstable();
                let pieces: Vec<&[u8]> = at.windows(2).map(|w| &text.as_bytes()[w[0]..w[1]]).collect();
                prop_assert_eq!(&split_all(&mut Splitter::new(lines), &pieces), &whole);
            }
        }
    }
}
