//! LIKE and ILIKE.

use crate::{Error, Kernel};

/// One piece of a pattern: the character it begins with, whether it is literal, and what follows.
fn next_piece(pattern: &str, escape: Option<char>) -> Option<(Piece, &str)> {
    let mut chars = pattern.chars();
    let c = chars.next()?;
    if Some(c) == escape {
        return match chars.next() {
            Some(literal) if literal == '_' || literal == '%' || Some(literal) == escape => {
                Some((Piece::Literal(literal), chars.as_str()))
            }
            _ => Some((Piece::BadEscape, chars.as_str())),
        };
    }
    let piece = match c {
        '%' => Piece::Run,
        '_' => Piece::One,
        c => Piece::Literal(c),
    };
    Some((piece, chars.as_str()))
}

enum Piece {
    Run,
    One,
    Literal(char),
    BadEscape,
}

/// Whether the whole text matches. Time is at most length of the text times length of the pattern: on a mismatch only the
/// last `%` takes one character more.
fn matches(text: &str, pattern: &str, escape: Option<char>) -> bool {
    let (mut s, mut p) = (text, pattern);
    let mut retry: Option<(&str, &str)> = None;
    loop {
        let piece = next_piece(p, escape);
        let advanced = match (&piece, s.chars().next()) {
            (Some((Piece::Run, rest)), _) => {
                retry = Some((s, rest));
                p = rest;
                continue;
            }
            (None, None) => return true,
            (Some((Piece::One, rest)), Some(c)) => Some((c, *rest)),
            (Some((Piece::Literal(want), rest)), Some(c)) if *want == c => Some((c, *rest)),
            _ => None,
        };
        match (advanced, &mut retry) {
            (Some((c, rest)), _) => {
                s = &s[c.len_utf8()..];
                p = rest;
            }
            (None, Some((from, after))) => {
                let Some(c) = from.chars().next() else { return false };
                *from = &from[c.len_utf8()..];
                s = from;
                p = after;
            }
            (None, None) => return false,
        }
    }
}

/// Refuses a pattern whose escape character stands before anything but `_`, `%` or itself.
fn check(pattern: &str, escape: char) -> Result<(), Error> {
    let mut rest = pattern;
    while let Some((piece, after)) = next_piece(rest, Some(escape)) {
        if matches!(piece, Piece::BadEscape) {
            return Err(Error::new(format!(
                "the escape character '{escape}' in the LIKE pattern '{pattern}' must stand before '_', '%' or itself"
            )));
        }
        rest = after;
    }
    Ok(())
}

kernels! { LIKE:
    /// Whether the whole text matches a pattern of `_` (one character) and `%` (any run): `(text, pattern)`.
    fn like(s: Text, p: Text) -> Bool = { matches(s, p, None) }
    /// LIKE with an escape character: `(text, pattern, escape)`.
    fn like_escape(s: Text, p: Text, e: Text) -> Bool[!] = {
        let mut chars = e.chars();
        let (Some(escape), None) = (chars.next(), chars.next()) else {
            return Err(Error::new(format!("the escape of LIKE must be one character, not '{e}'")));
        };
        check(p, escape)?;
        Ok(matches(s, p, Some(escape)))
    }
    /// LIKE on both sides in lower case: `(text, pattern)`.
    fn ilike(s: Text, p: Text) -> Bool = { matches(&s.to_lowercase(), &p.to_lowercase(), None) }
}

pub(crate) const KERNELS: &[&[Kernel]] = &[LIKE];

/// What SQL calls them.
#[cfg(not(target_family = "wasm"))]
pub(crate) const FUNCTIONS: &[crate::catalog::Function] = {
    use crate::catalog::{Family, Function, Out, Param, form};
    &[
        Function::new(
            &[Family::String],
            &["like"],
            &[
                form(&[Param::Text, Param::Text], Out::Boolean, "like"),
                form(&[Param::Text, Param::Text, Param::Text], Out::Boolean, "like_escape"),
            ],
            "`s LIKE p [ESCAPE c]`: whether the whole of s matches p, where `_` stands for one character and \
             `%` for any run. There is no escape character but by ESCAPE; it makes a `_`, `%` or itself that \
             follows literal, and may stand before nothing else.",
        )
        .gives(&[
            ("'abc' LIKE 'a%'", "TRUE"),
            ("'' LIKE '%'", "TRUE"),
            ("'a%' LIKE 'a#%' ESCAPE '#'", "TRUE"),
            ("'abc' NOT LIKE '_b_'", "FALSE"),
            ("NULL LIKE 'a'", "NULL"),
        ])
        .fails(&[("'ab' LIKE 'a#b' ESCAPE '#'", "must stand before")]),
        Function::new(
            &[Family::String],
            &["ilike"],
            &[form(&[Param::Text, Param::Text], Out::Boolean, "ilike")],
            "LIKE with both sides in lower case. It has no ESCAPE.",
        )
        .gives(&[("'ÅB' ILIKE 'å_'", "TRUE"), ("'abc' NOT ILIKE 'B%'", "TRUE"), ("'abc' ILIKE NULL", "NULL")]),
    ]
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (text, pattern, expected) in [
            ("", "%", true),
            ("", "", true),
            ("", "_", false),
            ("abc", "a%c", true),
            ("abc", "a_c", true),
            ("abc", "ab", false),
            ("a\nc", "a_c", true),
            ("aab", "%ab", true),
            ("mississippi", "m%iss%pi", true),
            ("mississippi", "m%iss%px", false),
            ("äöü", "_ö_", true),
            ("abc", "%%%", true),
            ("abc", "b%", false),
        ] {
            assert_eq!(like(text, pattern), expected, "{text} LIKE {pattern}");
        }
        assert_eq!(like_escape("a%", "a#%", "#"), Ok(true));
        assert_eq!(like_escape("ab", "a#%", "#"), Ok(false));
        assert!(like_escape("ab", "a#b", "#").is_err());
        assert!(like_escape("ab", "ab", "##").is_err());
        assert!(ilike("ÅB", "å_"));
    }

    #[test]
    fn a_hostile_pattern_takes_no_exponential_time() {
        let text = "a".repeat(5_000);
        assert!(!like(&text, &format!("{}b", "%a".repeat(50))));
    }
}
