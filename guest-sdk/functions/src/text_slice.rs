//! Parts of strings: positions and lengths count characters (Unicode code points), from 1.

use crate::Kernel;
use crate::text::{TEXT_BYTES_MAX, concat, count, natural, slice, too_long};

kernels! { SLICES:
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

pub(crate) const KERNELS: &[Kernel] = SLICES;

/// What SQL calls them.
#[cfg(not(target_family = "wasm"))]
pub(crate) const FUNCTIONS: &[crate::catalog::Function] = {
    use crate::catalog::{Family, Function, Out, Param, form};
    &[
        Function::new(
            &[Family::String],
            &["left"],
            &[form(&[Param::Text, Param::Int], Out::Text, "left")],
            "The first characters, so many; none for 0 and less.",
        )
        .gives(&[
            ("LEFT('abc', 2)", "ab"),
            ("LEFT('abc', -1)", ""),
            ("LEFT('abc', 9)", "abc"),
            ("LEFT(NULL, 1)", "NULL"),
        ]),
        Function::new(
            &[Family::String],
            &["right"],
            &[form(&[Param::Text, Param::Int], Out::Text, "right")],
            "The last characters, so many; none for 0 and less.",
        )
        .gives(&[
            ("RIGHT('abc', 2)", "bc"),
            ("RIGHT('abc', 0)", ""),
            ("RIGHT('abc', 9)", "abc"),
            ("RIGHT('abc', NULL)", "NULL"),
        ]),
        Function::new(
            &[Family::String],
            &["overlay"],
            &[
                form(&[Param::Text, Param::Text, Param::Int], Out::Text, "overlay"),
                form(&[Param::Text, Param::Text, Param::Int, Param::Int], Out::Text, "overlay_for"),
            ],
            "`OVERLAY(s PLACING r FROM p FOR n)`: n characters of s from p on replaced by r; without FOR as \
             many as r has. A p below 1 leaves s as it is; a p beyond its end appends r.",
        )
        .gives(&[
            ("OVERLAY('abcd' PLACING 'X' FROM 2 FOR 2)", "aXd"),
            ("OVERLAY('abcd' PLACING 'XY' FROM 2)", "aXYd"),
            ("OVERLAY('ab' PLACING 'X' FROM 9)", "abX"),
            ("OVERLAY('ab' PLACING 'X' FROM 0)", "ab"),
            ("OVERLAY('ab' PLACING NULL FROM 1)", "NULL"),
        ]),
        Function::new(
            &[Family::String],
            &["position"],
            &[form(&[Param::Text, Param::Text], Out::Int, "position")],
            "`POSITION(part IN s)`: where part first begins in s, from 1; 0 if nowhere.",
        )
        .gives(&[
            ("POSITION('c' IN 'abc')", "3"),
            ("POSITION('x' IN 'abc')", "0"),
            ("POSITION('' IN 'abc')", "1"),
            ("POSITION(NULL IN 'abc')", "NULL"),
        ]),
        Function::new(
            &[Family::String],
            &["split_part"],
            &[form(&[Param::Text, Param::Text, Param::Int], Out::Text, "split_part")],
            "The nth part, from 1, of a text cut at a separator; a negative n counts from the end. Empty if \
             there is no such part.",
        )
        .gives(&[
            ("SPLIT_PART('a-b-c', '-', -1)", "c"),
            ("SPLIT_PART('a-b-c', '-', 2)", "b"),
            ("SPLIT_PART('a-b-c', '-', 0)", ""),
            ("SPLIT_PART('a-b-c', '-', NULL)", "NULL"),
        ]),
        Function::new(
            &[Family::String],
            &["substr"],
            &[
                form(&[Param::Text, Param::Int], Out::Text, "substr"),
                form(&[Param::Text, Param::Int, Param::Int], Out::Text, "substr_for"),
            ],
            "The text from a position on, or so many characters of it. A negative position counts from the end, \
             0 is 1; one before the start gives the whole text.",
        )
        .gives(&[
            ("SUBSTR('abcd', -3, 2)", "bc"),
            ("SUBSTR('abcd', 0, 2)", "ab"),
            ("SUBSTR('abcd', -9, 2)", "abcd"),
            ("SUBSTR('abcd', 2, -1)", ""),
            ("SUBSTR(NULL, 1)", "NULL"),
        ]),
        Function::new(
            &[Family::String],
            &["substring"],
            &[
                form(&[Param::Text, Param::Int], Out::Text, "substring"),
                form(&[Param::Text, Param::Int, Param::Int], Out::Text, "substring_for"),
            ],
            "`SUBSTRING(s FROM p FOR n)` or `SUBSTRING(s, p, n)`: n characters from p on, or all. Positions \
             before the start count as characters that are not there.",
        )
        .gives(&[
            ("SUBSTRING('abcd' FROM 0 FOR 2)", "a"),
            ("SUBSTRING('abcd' FROM 2 FOR 2)", "bc"),
            ("SUBSTRING('abcd', 3)", "cd"),
            ("SUBSTRING('abcd' FROM 2 FOR -1)", ""),
            ("SUBSTRING('abcd' FROM NULL)", "NULL"),
        ]),
    ]
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_documented() {
        let arena = &crate::Arena::new();
        assert_eq!(substring_for("abcd", 0, 2), "a");
        assert_eq!(substring_for("abcd", i32::MAX, i32::MAX), "");
        assert_eq!(substring("abcd", -5), "abcd");
        assert_eq!(substr_for("abcd", -3, 2), "bc");
        assert_eq!(substr_for("abcd", -9, 2), "abcd");
        assert_eq!(right("abc", 2), "bc");
        assert_eq!(right("äöü", 2), "öü");
        assert_eq!(overlay_for(arena, "abcd", "X", 2, 2).unwrap(), "aXd");
        assert_eq!(overlay(arena, "abcd", "X", 9).unwrap(), "abcdX");
        assert_eq!(split_part("a-b-c", "-", -1), "c");
        assert_eq!(split_part("a-b-c", "-", 4), "");
        assert_eq!(trim_both("xyaxb", "xy"), "axb");
        assert_eq!(position("c", "abc"), 3);
        assert_eq!(position("", "abc"), 1);
        assert_eq!(text_pad(arena, "abc", 5).unwrap(), "abc  ");
    }
}
