//! Strings: positions and lengths count characters (Unicode code points), from 1.

use crate::{Arena, Error, Kernel};

/// Bytes that one string may have; beyond that REPEAT, REPLACE and the like stop the pipeline instead of filling its memory.
pub const TEXT_BYTES_MAX: usize = 16 << 20;

/// The byte at which character `n` (from 0) begins; the text's end if there are fewer.
fn offset(s: &str, n: usize) -> usize {
    if s.is_ascii() { n.min(s.len()) } else { s.char_indices().nth(n).map_or(s.len(), |(at, _)| at) }
}

/// Characters `from..to` (from 0).
fn slice(s: &str, from: usize, to: usize) -> &str {
    if to <= from {
        return "";
    }
    let start = offset(s, from);
    &s[start..start + offset(&s[start..], to - from)]
}

fn count(s: &str) -> usize {
    if s.is_ascii() { s.len() } else { s.chars().count() }
}

#[cold]
fn too_long() -> Error {
    Error::new(format!("the text would be longer than {TEXT_BYTES_MAX} bytes"))
}

/// A number of characters that an `i32` argument stands for; none if it is negative.
fn natural(n: i32) -> usize {
    usize::try_from(n).unwrap_or(0)
}

/// Writes words with a capital letter each; `inside` says whether a character continues a word.
fn capitalised<'a>(arena: &'a Arena, s: &str, inside: impl Fn(char) -> bool) -> &'a str {
    let mut out = bumpalo::collections::String::with_capacity_in(s.len(), arena);
    let mut in_word = false;
    for c in s.chars() {
        if in_word {
            out.extend(c.to_lowercase());
        } else {
            out.extend(c.to_uppercase());
        }
        in_word = inside(c);
    }
    out.into_bump_str()
}

kernels! { TEXT:
    /// Both texts, one after the other.
    fn concat[arena](a: Text, b: Text) -> Text[!] = {
        if a.len() + b.len() > TEXT_BYTES_MAX {
            return Err(too_long());
        }
        let mut out = bumpalo::collections::String::with_capacity_in(a.len() + b.len(), arena);
        out.push_str(a);
        out.push_str(b);
        Ok(out.into_bump_str())
    }
    /// In lower case.
    fn lower[arena](s: Text) -> Text = { arena.alloc_str(&s.to_lowercase()) }
    /// In upper case.
    fn upper[arena](s: Text) -> Text = { arena.alloc_str(&s.to_uppercase()) }
    /// Number of characters.
    fn char_length(s: Text) -> I32 = { count(s) as i32 }
    /// Code point of the first character; 0 of none.
    fn ascii(s: Text) -> I32 = { s.chars().next().map_or(0, |c| c as i32) }
    /// The character of a code point; empty if there is none such.
    fn chr[arena](n: I32) -> Text = {
        u32::try_from(n).ok().and_then(char::from_u32).map_or("", |c| arena.alloc_str(c.encode_utf8(&mut [0; 4])))
    }
    /// The first letter of each run of letters and digits in upper case, the rest in lower case.
    fn initcap[arena](s: Text) -> Text = { capitalised(arena, s, char::is_alphanumeric) }
    /// The first letter of each word in upper case, words ending at white space.
    fn initcap_spaces[arena](s: Text) -> Text = { capitalised(arena, s, |c| !c.is_whitespace()) }
    /// The first `n` characters.
    fn left(s: Text, n: I32) -> Text = { slice(s, 0, natural(n)) }
    /// The last `n` characters.
    fn right(s: Text, n: I32) -> Text = { let all = count(s); slice(s, all.saturating_sub(natural(n)), all) }
    /// SUBSTRING from character `p` on; the whole text if `p` is below 1.
    fn substring(s: Text, p: I32) -> Text = { slice(s, natural(p).saturating_sub(1), usize::MAX) }
    /// SUBSTRING of `n` characters from `p` on, those before the text counted.
    fn substring_for(s: Text, p: I32, n: I32) -> Text = {
        let (from, end) = (i64::from(p) - 1, i64::from(p) - 1 + i64::from(n));
        if n <= 0 || end <= 0 { "" } else { slice(s, from.max(0) as usize, end as usize) }
    }
    /// SUBSTR: a negative `p` counts from the end, 0 is 1.
    fn substr(s: Text, p: I32) -> Text = { slice(s, substr_start(s, p).unwrap_or(0), usize::MAX) }
    /// SUBSTR of `n` characters; the whole text if `p` reaches before its start.
    fn substr_for(s: Text, p: I32, n: I32) -> Text = {
        match substr_start(s, p) {
            None => s,
            Some(from) => slice(s, from, from.saturating_add(natural(n))),
        }
    }
    /// First position of a part, from 1; 0 if absent: `(part, text)`.
    fn position(part: Text, s: Text) -> I32 = { s.find(part).map_or(0, |at| count(&s[..at]) as i32 + 1) }
    /// The text so many times.
    fn repeat[arena](s: Text, n: I32) -> Text[!] = {
        let n = natural(n);
        if s.len().saturating_mul(n) > TEXT_BYTES_MAX {
            return Err(too_long());
        }
        Ok(arena.alloc_str(&s.repeat(n)))
    }
    /// All of `from` replaced, left to right: `(text, from, to)`. An empty `from` changes nothing.
    fn replace[arena](s: Text, from: Text, to: Text) -> Text[!] = {
        if from.is_empty() || !s.contains(from) {
            return Ok(s);
        }
        let grown = s.len().saturating_add(s.matches(from).count().saturating_mul(to.len()));
        if grown > TEXT_BYTES_MAX.saturating_add(s.len()) {
            return Err(too_long());
        }
        Ok(arena.alloc_str(&s.replace(from, to)))
    }
    /// Characters in reverse order.
    fn reverse[arena](s: Text) -> Text = {
        let mut out = bumpalo::collections::String::with_capacity_in(s.len(), arena);
        out.extend(s.chars().rev());
        out.into_bump_str()
    }
    /// Part `n` (from 1; negative from the end) between separators; empty if there is none: `(text, separator, n)`.
    fn split_part(s: Text, d: Text, n: I32) -> Text = {
        if d.is_empty() {
            return if n == 1 || n == -1 { s } else { "" };
        }
        match n {
            0 => "",
            1.. => s.split(d).nth(n as usize - 1).unwrap_or(""),
            _ => s.rsplit(d).nth(n.unsigned_abs() as usize - 1).unwrap_or(""),
        }
    }
    /// Without leading characters of a set: `(text, set)`.
    fn trim_leading(s: Text, set: Text) -> Text = { s.trim_start_matches(|c| set.contains(c)) }
    /// Without trailing characters of a set: `(text, set)`.
    fn trim_trailing(s: Text, set: Text) -> Text = { s.trim_end_matches(|c| set.contains(c)) }
    /// Without leading and trailing characters of a set: `(text, set)`.
    fn trim_both(s: Text, set: Text) -> Text = { s.trim_matches(|c| set.contains(c)) }
    /// `n` characters from `p` on replaced: `(text, replacement, p, n)`.
    fn overlay_for[arena](s: Text, r: Text, p: I32, n: I32) -> Text[!] = {
        if p <= 0 {
            return Ok(s);
        }
        let from = natural(p) - 1;
        concat(arena, concat(arena, slice(s, 0, from), r)?, slice(s, from.saturating_add(natural(n)), usize::MAX))
    }
    /// As many characters as the replacement has, from `p` on, replaced: `(text, replacement, p)`.
    fn overlay[arena](s: Text, r: Text, p: I32) -> Text[!] = { overlay_for(arena, s, r, p, count(r) as i32) }
    /// Cut to `n` characters: what a cast to VARCHAR(n) does.
    fn text_cut(s: Text, n: I32) -> Text = { slice(s, 0, natural(n)) }
    /// Cut to, or padded with blanks to, `n` characters: what a cast to CHAR(n) does.
    fn text_pad[arena](s: Text, n: I32) -> Text[!] = {
        let (have, n) = (count(s), natural(n));
        if n > TEXT_BYTES_MAX {
            return Err(too_long());
        }
        if have >= n { Ok(slice(s, 0, n)) } else { Ok(arena.alloc_str(&format!("{s}{:1$}", "", n - have))) }
    }
}

/// Where SUBSTR begins, from 0; `None` when a negative position reaches before the text's start.
fn substr_start(s: &str, p: i32) -> Option<usize> {
    match p {
        0 => Some(0),
        1.. => Some(p as usize - 1),
        _ => count(s).checked_sub(p.unsigned_abs() as usize),
    }
}

pub(crate) const KERNELS: &[&[Kernel]] = &[TEXT];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_documented() {
        let arena = &Arena::new();
        assert_eq!(substring_for("abcd", 0, 2), "a");
        assert_eq!(substring_for("abcd", i32::MAX, i32::MAX), "");
        assert_eq!(substring("abcd", -5), "abcd");
        assert_eq!(substr_for("abcd", -3, 2), "bc");
        assert_eq!(substr_for("abcd", -9, 2), "abcd");
        assert_eq!(right("abc", 2), "bc");
        assert_eq!(right("äöü", 2), "öü");
        assert_eq!(overlay_for(arena, "abcd", "X", 2, 2).unwrap(), "aXd");
        assert_eq!(overlay(arena, "abcd", "X", 9).unwrap(), "abcdX");
        assert_eq!(initcap(arena, "o'neil-x"), "O'Neil-X");
        assert_eq!(initcap_spaces(arena, "o'neil-x"), "O'neil-x");
        assert_eq!(split_part("a-b-c", "-", -1), "c");
        assert_eq!(split_part("a-b-c", "-", 4), "");
        assert_eq!(trim_both("xyaxb", "xy"), "axb");
        assert_eq!(position("c", "abc"), 3);
        assert_eq!(position("", "abc"), 1);
        assert_eq!(upper(arena, "ß"), "SS");
        assert_eq!(text_pad(arena, "abc", 5).unwrap(), "abc  ");
        assert!(repeat(arena, "ab", i32::MAX).is_err());
        assert_eq!(chr(arena, -1), "");
    }
}
