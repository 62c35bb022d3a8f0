//! Regular expressions: RLIKE and REGEXP_REPLACE, in the syntax of the crate `regex`, whose matching takes time linear in the text.
//!
//! Patterns mostly are constants, but a kernel is given them as any other argument: what was compiled for the last few patterns
//! is kept, so a constant pattern is compiled once. Texts and patterns are hostile, so everything about them has a bound.

use crate::text::TEXT_BYTES_MAX;
use crate::{Error, Kernel};
use regex::{Regex, RegexBuilder};
use std::cell::RefCell;

/// Longest pattern in bytes: parsing takes a multiple of its memory before the size of the compiled form is looked at.
pub const PATTERN_BYTES_MAX: usize = 64 << 10;
/// Largest compiled pattern in bytes. `\w{100}` of Unicode does not fit, `\w{10}` and long alternations do.
pub const PROGRAM_BYTES_MAX: usize = 2 << 20;
/// Memory of the automaton that matching builds on the way, per pattern; when it is full it starts anew.
const DFA_BYTES_MAX: usize = 512 << 10;
/// Compiled patterns that a thread keeps: more than a program has, unless patterns come from columns.
const CACHE_MAX: usize = 16;

thread_local! {
    /// The last patterns with their compiled forms, the latest first.
    static CACHE: RefCell<Vec<(Box<str>, Regex)>> = const { RefCell::new(Vec::new()) };
}

/// What `f` makes of the compiled pattern.
fn with<T>(pattern: &str, f: impl FnOnce(&Regex) -> Result<T, Error>) -> Result<T, Error> {
    CACHE.with_borrow_mut(|cache| {
        match cache.iter().position(|(known, _)| **known == *pattern) {
            Some(at) => cache[..=at].rotate_right(1),
            None => {
                let compiled = compile(pattern)?;
                cache.truncate(CACHE_MAX - 1);
                cache.insert(0, (Box::from(pattern), compiled));
            }
        }
        f(&cache[0].1)
    })
}

#[cold]
fn compile(pattern: &str) -> Result<Regex, Error> {
    if pattern.len() > PATTERN_BYTES_MAX {
        return Err(Error::new(format!("a regular expression has at most {PATTERN_BYTES_MAX} bytes")));
    }
    let built = RegexBuilder::new(pattern).size_limit(PROGRAM_BYTES_MAX).dfa_size_limit(DFA_BYTES_MAX).build();
    built.map_err(|e| {
        let message = e.to_string();
        // The last line says why; those before draw the pattern.
        let reason = message.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        Error::new(format!("{}: {reason}", Error::parse(pattern, "a regular expression")))
    })
}

#[cold]
fn too_long() -> Error {
    Error::new(format!("the text would be longer than {TEXT_BYTES_MAX} bytes"))
}

/// The text with every match replaced; `None` if there is no match.
fn replaced(regex: &Regex, text: &str, replacement: &str) -> Result<Option<String>, Error> {
    let references = replacement.bytes().filter(|b| *b == b'$').count();
    let mut out: Option<String> = None;
    let mut end = 0;
    // Groups are costlier than matches, so they are found only if they are referred to.
    let mut append = |found: regex::Match<'_>, expand: &dyn Fn(&mut String)| {
        let out = out.get_or_insert_default();
        out.push_str(&text[end..found.start()]);
        end = found.end();
        // Each reference stands for no more than the match.
        if references.saturating_mul(found.len()).saturating_add(replacement.len()) > TEXT_BYTES_MAX {
            return Err(too_long());
        }
        expand(out);
        if out.len() > TEXT_BYTES_MAX { Err(too_long()) } else { Ok(()) }
    };
    if references == 0 {
        regex.find_iter(text).try_for_each(|found| append(found, &|out| out.push_str(replacement)))?;
    } else {
        for groups in regex.captures_iter(text) {
            // Group 0 is the match itself.
            append(groups.get_match(), &|out| groups.expand(replacement, out))?;
        }
    }
    let Some(mut out) = out else { return Ok(None) };
    out.push_str(&text[end..]);
    if out.len() > TEXT_BYTES_MAX { Err(too_long()) } else { Ok(Some(out)) }
}

kernels! { REGULAR:
    /// Whether a regular expression is found anywhere in the text: `(text, pattern)`.
    fn rlike(s: Text, pattern: Text) -> Bool[!] = { with(pattern, |regex| Ok(regex.is_match(s))) }
    /// Every match replaced, `$1` and `${name}` standing for groups, `$$` for `$`: `(text, pattern, replacement)`.
    fn regexp_replace[arena](s: Text, pattern: Text, replacement: Text) -> Text[!] = {
        with(pattern, |regex| Ok(replaced(regex, s, replacement)?.map_or(s, |out| arena.alloc_str(&out))))
    }
    /// Every match left out: `(text, pattern)`.
    fn regexp_remove[arena](s: Text, pattern: Text) -> Text[!] = { regexp_replace(arena, s, pattern, "") }
}

pub(crate) const KERNELS: &[&[Kernel]] = &[REGULAR];

/// What SQL calls them.
#[cfg(not(target_family = "wasm"))]
pub(crate) const FUNCTIONS: &[crate::catalog::Function] = {
    use crate::catalog::{Family, Function, Out, Param, form};
    const TEXT: Param = Param::Text;
    &[
        Function::new(
            &[Family::String],
            &["rlike"],
            &[form(&[TEXT, TEXT], Out::Boolean, "rlike")],
            "Whether a regular expression is found anywhere in a string; also written `s RLIKE pattern` and `s NOT RLIKE pattern`. The \
             syntax is that of Rust's crate `regex`: no look-around, no back-references, time linear in the string.",
        )
        .gives(&[
            ("'abc' RLIKE 'b.'", "TRUE"),
            ("RLIKE('abc', '^b')", "FALSE"),
            ("'abc' NOT RLIKE 'b'", "FALSE"),
            ("'ABC' RLIKE '(?i)b'", "TRUE"),
            ("CAST(NULL AS VARCHAR) RLIKE 'b'", "NULL"),
        ])
        .fails(&[("'abc' RLIKE '('", "as a regular expression"), ("RLIKE('a', 'a(?=b)')", "look-around")]),
        Function::new(
            &[Family::String],
            &["regexp_replace"],
            &[
                form(&[TEXT, TEXT], Out::Text, "regexp_remove"),
                form(&[TEXT, TEXT, TEXT], Out::Text, "regexp_replace"),
            ],
            "A string with every match of a regular expression (see RLIKE) replaced, by nothing unless told. In the replacement `$1` and \
             `${name}` stand for groups, those that there are not for nothing, and `$$` for `$`.",
        )
        .gives(&[
            ("REGEXP_REPLACE('a1b2', '[0-9]', '#')", "a#b#"),
            ("REGEXP_REPLACE('a1b2', '[0-9]')", "ab"),
            ("REGEXP_REPLACE('2026-08-07', '(\\d+)-(\\d+)-(\\d+)', '$3.$2.$1')", "07.08.2026"),
            ("REGEXP_REPLACE('abc', 'b', '${no}$$')", "a$c"),
            ("REGEXP_REPLACE('abc', NULL, 'x')", "NULL"),
        ])
        .fails(&[("REGEXP_REPLACE('abc', '*', 'x')", "as a regular expression")]),
    ]
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Arena;

    #[test]
    fn finds_anywhere() {
        for (text, pattern, expected) in [
            ("abc", "b.", true),
            ("abc", "^b", false),
            ("abc", "", true),
            ("ABC", "b", false),
            ("ABC", "(?i)b", true),
            ("äöü", r"^\w{3}$", true),
            ("αβγ", r"\p{Greek}+", true),
            ("٣", r"^\d$", true),
            ("a\nb", "a.b", false),
        ] {
            assert_eq!(rlike(text, pattern), Ok(expected), "{text} RLIKE {pattern}");
        }
    }

    #[test]
    fn replaces_every_match() {
        let arena = &Arena::new();
        for (text, pattern, replacement, expected) in [
            ("a1b2", "[0-9]", "#", "a#b#"),
            ("a1b2", "[0-9]", "", "ab"),
            ("2026-08-07", r"(\d+)-(\d+)-(\d+)", "$3.$2.$1", "07.08.2026"),
            ("john", "(?<first>.)(?<rest>.*)", "${rest}-${first}", "ohn-j"),
            ("abc", "b", "$$", "a$c"),
            ("abc", "b", "$7", "ac"),
            ("abc", "b", "$none", "ac"),
            ("abc", "", "-", "-a-b-c-"),
            ("äb", "", "-", "-ä-b-"),
            ("abc", "x", "$0", "abc"),
            ("", "", "${0}x", "x"),
        ] {
            assert_eq!(regexp_replace(arena, text, pattern, replacement), Ok(expected), "{text} {pattern}");
        }
    }

    #[test]
    fn wrong_patterns_are_errors() {
        for pattern in
            ["(", "[", "*", r"(a)\1", "a(?=b)", r"\w{1000}", "a{1000}{1000}", &"a".repeat(PATTERN_BYTES_MAX + 1)]
        {
            let error = rlike("abc", pattern).unwrap_err();
            assert!(error.message().len() < 400 && !error.message().contains('\n'), "{error}");
        }
        // What comes after an error is compiled as if it had not been.
        assert_eq!(rlike("abc", "b"), Ok(true));
    }

    #[test]
    fn the_cache_is_bounded_and_keeps_what_is_used() {
        assert_eq!(rlike("x0", "x0$"), Ok(true));
        for i in 0..CACHE_MAX * 2 {
            assert_eq!(rlike(&format!("x{i}"), &format!("x{i}$")), Ok(true));
            assert_eq!(rlike("x0", "x0$"), Ok(true));
        }
        CACHE.with_borrow(|cache| {
            assert_eq!(cache.len(), CACHE_MAX);
            assert_eq!(&*cache[0].0, "x0$");
        });
    }

    #[test]
    fn output_is_bounded() {
        let arena = &Arena::new();
        let text = "a".repeat(1 << 20);
        assert!(regexp_replace(arena, &text, "a", &"b".repeat(17)).is_err());
        assert!(regexp_replace(arena, &text, "a+", &"$0".repeat(17)).is_err());
        assert!(regexp_replace(arena, &text, "a+", "$0$0").is_ok());
    }
}
