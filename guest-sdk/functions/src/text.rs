//! Strings: positions and lengths count characters (Unicode code points), from 1.

use crate::{Arena, Error, Kernel};

/// Bytes that one string may have; beyond that REPEAT, REPLACE and the like stop the pipeline instead of filling its memory.
pub const TEXT_BYTES_MAX: usize = 16 << 20;

/// The byte at which character `n` (from 0) begins; the text's end if there are fewer.
pub(crate) fn offset(s: &str, n: usize) -> usize {
    if s.is_ascii() { n.min(s.len()) } else { s.char_indices().nth(n).map_or(s.len(), |(at, _)| at) }
}

/// Characters `from..to` (from 0).
pub(crate) fn slice(s: &str, from: usize, to: usize) -> &str {
    if to <= from {
        return "";
    }
    let start = offset(s, from);
    &s[start..start + offset(&s[start..], to - from)]
}

pub(crate) fn count(s: &str) -> usize {
    if s.is_ascii() { s.len() } else { s.chars().count() }
}

#[cold]
pub(crate) fn too_long() -> Error {
    Error::new(format!("the text would be longer than {TEXT_BYTES_MAX} bytes"))
}

/// A number of characters that an `i32` argument stands for; none if it is negative.
pub(crate) fn natural(n: i32) -> usize {
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
}

pub(crate) const KERNELS: &[&[Kernel]] = &[TEXT, crate::text_slice::KERNELS];

/// What SQL calls them.
#[cfg(not(target_family = "wasm"))]
pub(crate) const FUNCTIONS: &[crate::catalog::Function] = {
    use crate::catalog::{Family, Function, Out, Param, form};
    &[
        Function::new(
            &[Family::String],
            &["ascii"],
            &[form(&[Param::Text], Out::Int, "ascii")],
            "The code point of the first character; 0 of the empty string.",
        )
        .gives(&[("ASCII('é')", "233"), ("ASCII('')", "0"), ("ASCII(NULL)", "NULL")]),
        Function::new(
            &[Family::String],
            &["chr"],
            &[form(&[Param::Int], Out::Text, "chr")],
            "The character of a code point; empty if there is none.",
        )
        .gives(&[("CHR(65)", "A"), ("CHR(-1)", ""), ("CHR(55296)", ""), ("CHR(NULL)", "NULL")]),
        Function::new(
            &[Family::String],
            &["char_length", "character_length", "length", "len"],
            &[form(&[Param::Text], Out::Int, "char_length")],
            "The number of characters (Unicode code points); those that pad a CHAR count.",
        )
        .gives(&[
            ("CHAR_LENGTH('né')", "2"),
            ("LEN('')", "0"),
            ("LENGTH(CAST('ab' AS CHAR(4)))", "4"),
            ("CHARACTER_LENGTH(NULL)", "NULL"),
        ])
        .refuses(&[("LENGTH(12)", "LENGTH does not take (INTEGER)")]),
        Function::new(
            &[Family::String],
            &["initcap"],
            &[form(&[Param::Text], Out::Text, "initcap")],
            "The first letter of each run of letters and digits in upper case, the rest in lower case.",
        )
        .gives(&[("INITCAP('o''neil-x')", "O'Neil-X"), ("INITCAP('')", ""), ("INITCAP(NULL)", "NULL")]),
        Function::new(
            &[Family::String],
            &["initcap_spaces"],
            &[form(&[Param::Text], Out::Text, "initcap_spaces")],
            "As INITCAP, but words end at white space only.",
        )
        .gives(&[
            ("INITCAP_SPACES('o''neil-x')", "O'neil-x"),
            ("INITCAP_SPACES('AB  cD')", "Ab  Cd"),
            ("INITCAP_SPACES(NULL)", "NULL"),
        ]),
        Function::new(
            &[Family::String],
            &["lower"],
            &[form(&[Param::Text], Out::Text, "lower")],
            "In lower case, by the full mapping of Unicode.",
        )
        .gives(&[("LOWER('ÅB1')", "åb1"), ("LOWER('')", ""), ("LOWER(NULL)", "NULL")]),
        Function::new(
            &[Family::String],
            &["upper"],
            &[form(&[Param::Text], Out::Text, "upper")],
            "In upper case, by the full mapping of Unicode, which may lengthen the text.",
        )
        .gives(&[("UPPER('ß')", "SS"), ("UPPER('')", ""), ("UPPER(NULL)", "NULL")])
        .refuses(&[("UPPER('a', 'b')", "UPPER does not take (VARCHAR, VARCHAR)")]),
        Function::new(
            &[Family::String],
            &["repeat"],
            &[form(&[Param::Text, Param::Int], Out::Text, "repeat")],
            "The text so many times; empty for 0 and less.",
        )
        .gives(&[("REPEAT('ab', 2)", "abab"), ("REPEAT('ab', -1)", ""), ("REPEAT('ab', NULL)", "NULL")])
        .fails(&[("REPEAT('ab', 2000000000)", "longer than")]),
        Function::new(
            &[Family::String],
            &["replace"],
            &[form(&[Param::Text, Param::Text, Param::Text], Out::Text, "replace")],
            "All occurrences of the second text, from left to right, replaced by the third. An empty second \
             text changes nothing.",
        )
        .gives(&[
            ("REPLACE('aXa', 'X', '-')", "a-a"),
            ("REPLACE('aaa', 'aa', 'b')", "ba"),
            ("REPLACE('abc', '', 'x')", "abc"),
            ("REPLACE('abc', NULL, 'x')", "NULL"),
        ]),
        Function::new(
            &[Family::String],
            &["reverse"],
            &[form(&[Param::Text], Out::Text, "reverse")],
            "The characters in reverse order.",
        )
        .gives(&[("REVERSE('abc')", "cba"), ("REVERSE('né')", "én"), ("REVERSE(NULL)", "NULL")]),
    ]
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_documented() {
        let arena = &Arena::new();
        assert_eq!(initcap(arena, "o'neil-x"), "O'Neil-X");
        assert_eq!(initcap_spaces(arena, "o'neil-x"), "O'neil-x");
        assert_eq!(upper(arena, "ß"), "SS");
        assert!(repeat(arena, "ab", i32::MAX).is_err());
        assert_eq!(chr(arena, -1), "");
    }
}
