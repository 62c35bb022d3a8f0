//! JSON text to items, as PARSE_JSON makes them (`functions.md` section 10.2): numbers exact, keys in order, depth bounded.

use crate::json_number::decimal;
use std::borrow::Cow;
use weir_row::{ItemWriter, MapDraft};

/// Why a text is no JSON that a VARIANT holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JsonError {
    /// The byte where reading stopped, from 0.
    pub at: usize,
    /// What is wrong there.
    pub problem: &'static str,
}

impl std::fmt::Display for JsonError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at byte {}", self.problem, self.at + 1)
    }
}

/// Appends the one value that `text` is, blanks around it ignored, with at most `depth` containers in each other. `null` becomes variant null, a whole
/// number BIGINT UNSIGNED or, if it is negative, BIGINT, another number DECIMAL, an object a map of texts, of whose equal keys the last counts.
///
/// Digits behind the 38th of a number with a fraction are cut, as wherever decimals are read.
///
/// # Errors
/// Anything else than JSON, a number of more than 38 digits before its point, a surrogate on its own, too deep a value. Nothing is appended then.
pub fn read_json(text: &str, depth: usize, out: &mut ItemWriter) -> Result<(), JsonError> {
    let from = out.bytes().len();
    let mut reader = JsonText { text, at: 0 };
    let read = reader.value(depth, out).and_then(|()| {
        reader.blanks();
        if reader.at == text.len() { Ok(()) } else { reader.error("something follows the value") }
    });
    if read.is_err() {
        out.truncate(from);
    }
    read
}

/// What is left of a text.
struct JsonText<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> JsonText<'t> {
    fn error<T>(&self, problem: &'static str) -> Result<T, JsonError> {
        Err(JsonError { at: self.at, problem })
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Goes on behind `byte`, if it is next.
    fn skip(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn word(&mut self, word: &str) -> Result<(), JsonError> {
        if self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            self.at += word.len();
            return Ok(());
        }
        self.error("neither a value nor null, true or false")
    }

    fn value(&mut self, depth: usize, out: &mut ItemWriter) -> Result<(), JsonError> {
        self.blanks();
        match self.peek() {
            Some(b'{' | b'[') if depth == 0 => self.error("arrays and objects in each other too deep"),
            Some(b'[') => self.array(depth - 1, out),
            Some(b'{') => self.object(depth - 1, out),
            Some(b'"') => {
                self.at += 1;
                out.text(&self.string()?);
                Ok(())
            }
            Some(b'-' | b'0'..=b'9') => self.number(out),
            Some(b't') => self.word("true").map(|()| out.bool(true)),
            Some(b'f') => self.word("false").map(|()| out.bool(false)),
            Some(b'n') => self.word("null").map(|()| out.variant_null()),
            Some(_) => self.error("neither a value nor null, true or false"),
            None => self.error("a value is missing"),
        }
    }

    fn array(&mut self, depth: usize, out: &mut ItemWriter) -> Result<(), JsonError> {
        self.at += 1;
        out.begin_array();
        self.blanks();
        if !self.skip(b']') {
            loop {
                self.value(depth, out)?;
                self.blanks();
                if self.skip(b']') {
                    break;
                }
                if !self.skip(b',') {
                    return self.error("',' or ']' is missing");
                }
            }
        }
        out.end();
        Ok(())
    }

    fn object(&mut self, depth: usize, out: &mut ItemWriter) -> Result<(), JsonError> {
        self.at += 1;
        let mut map = MapDraft::begin(out);
        self.blanks();
        if !self.skip(b'}') {
            loop {
                self.blanks();
                if !self.skip(b'"') {
                    return self.error("a key is missing");
                }
                map.key(out);
                out.text(&self.string()?);
                map.value(out);
                self.blanks();
                if !self.skip(b':') {
                    return self.error("':' is missing");
                }
                self.value(depth, out)?;
                self.blanks();
                if self.skip(b'}') {
                    break;
                }
                if !self.skip(b',') {
                    return self.error("',' or '}' is missing");
                }
            }
        }
        map.end(out);
        Ok(())
    }

    /// The rest of a string, whose first quotation mark is behind.
    fn string(&mut self) -> Result<Cow<'t, str>, JsonError> {
        let mut owned = String::new();
        let mut from = self.at;
        loop {
            match self.peek() {
                None => return self.error("a string does not end"),
                Some(b'"') => {
                    let piece = &self.text[from..self.at];
                    self.at += 1;
                    if owned.is_empty() {
                        return Ok(Cow::Borrowed(piece));
                    }
                    owned.push_str(piece);
                    return Ok(Cow::Owned(owned));
                }
                Some(b'\\') => {
                    owned.push_str(&self.text[from..self.at]);
                    self.at += 1;
                    let c = self.escape()?;
                    owned.push(c);
                    from = self.at;
                }
                Some(0..0x20) => return self.error("a control character in a string"),
                Some(_) => self.at += 1,
            }
        }
    }

    /// The character of an escape, whose backslash is behind.
    fn escape(&mut self) -> Result<char, JsonError> {
        let Some(b) = self.peek() else { return self.error("a string does not end") };
        self.at += 1;
        Ok(match b {
            b'"' | b'\\' | b'/' => char::from(b),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.four()?;
                let code = if (0xd800..0xdc00).contains(&first) {
                    if !(self.skip(b'\\') && self.skip(b'u')) {
                        return self.error("half of a surrogate pair");
                    }
                    let second = self.four()?;
                    if !(0xdc00..0xe000).contains(&second) {
                        return self.error("half of a surrogate pair");
                    }
                    0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00)
                } else {
                    first
                };
                match char::from_u32(code) {
                    Some(c) => c,
                    None => return self.error("half of a surrogate pair"),
                }
            }
            _ => {
                self.at -= 1;
                return self.error("an escape that there is not");
            }
        })
    }

    /// Four hexadecimal digits.
    fn four(&mut self) -> Result<u32, JsonError> {
        let mut code = 0;
        for _ in 0..4 {
            let Some(digit) = self.peek().and_then(|b| char::from(b).to_digit(16)) else {
                return self.error("four hexadecimal digits are missing");
            };
            code = code << 4 | digit;
            self.at += 1;
        }
        Ok(code)
    }

    /// At least one digit.
    fn digits(&mut self) -> Result<&'t str, JsonError> {
        let from = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == from { self.error("a digit is missing") } else { Ok(&self.text[from..self.at]) }
    }

    fn number(&mut self, out: &mut ItemWriter) -> Result<(), JsonError> {
        let start = self.at;
        let negative = self.skip(b'-');
        let whole = self.digits()?;
        if whole.len() > 1 && whole.starts_with('0') {
            self.at = start;
            return self.error("a number begins with zeros");
        }
        let point = self.skip(b'.');
        let fraction = if point { self.digits()? } else { "" };
        let scaled = matches!(self.peek(), Some(b'e' | b'E'));
        let mut exponent = 0;
        if scaled {
            self.at += 1;
            let below = self.skip(b'-');
            if !below {
                self.skip(b'+');
            }
            // What does not fit is far out of range either way.
            exponent = self.digits()?.parse().unwrap_or(i64::from(u32::MAX));
            exponent = exponent.min(i64::from(u32::MAX)) * if below { -1 } else { 1 };
        }
        if !point && !scaled {
            if let Ok(n) = whole.parse::<u64>()
                && (!negative || n == 0)
            {
                out.u64(n);
                return Ok(());
            }
            if let (true, Ok(n)) = (negative, self.text[start..self.at].parse::<i64>()) {
                out.i64(n);
                return Ok(());
            }
        }
        match decimal(whole, fraction, exponent) {
            Some((units, scale)) => out.dec(if negative { -units } else { units }, scale),
            None => {
                self.at = start;
                return self.error("a number of more than 38 digits");
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forms;
    use proptest::prelude::*;
    use weir_row::item::{DEPTH_MAX, validate};
    use weir_row::{Item, View};

    fn read(text: &str) -> Result<Vec<u8>, JsonError> {
        let mut out = ItemWriter::new();
        read_json(text, DEPTH_MAX, &mut out).map(|()| out.finish())
    }

    #[test]
    fn values() {
        let nines = "9".repeat(38);
        let big = format!("{nines}.5");
        for (text, json) in [
            (" {\"b\" : 1, \"a\":[2.50,-7,null, true],\"b\":{} } ", r#"{"a":[2.5,-7,null,true],"b":{}}"#),
            (r#""\u00e9\ud83d\ude00\n\/\u0000""#, "\"é😀\\n/\\u0000\""),
            ("1e2", "100"),
            ("-0", "0"),
            ("0.00", "0"),
            ("-1.5E-3", "-0.0015"),
            ("18446744073709551615", "18446744073709551615"),
            ("18446744073709551616", "18446744073709551616"),
            ("-9223372036854775809", "-9223372036854775809"),
            ("1e-99999999999999999999", "0"),
            ("0e99999999999999999999", "0"),
            (&nines, &nines),
            (&big, &nines),
            ("0.12345678901234567890123456789012345678901", "0.12345678901234567890123456789012345678"),
            ("[]", "[]"),
            ("{}", "{}"),
        ] {
            let item = read(text).unwrap_or_else(|e| panic!("{text}: {e}"));
            assert_eq!(forms::json(Item::new(&item)), json, "{text}");
        }
        for (text, kind) in
            [("7", View::U64(7)), ("-7", View::I64(-7)), ("7.0", View::Dec(7, 0)), ("null", View::VariantNull)]
        {
            assert_eq!(Item::new(&read(text).unwrap()).view(), kind);
        }
    }

    #[test]
    fn no_values() {
        let too_large = format!("1{}", "0".repeat(38));
        for text in [
            "",
            " ",
            "{",
            "[",
            "[1",
            "[1,",
            "[1,]",
            "{\"a\"",
            "{\"a\":",
            "{\"a\":1,}",
            "{a:1}",
            "{1:1}",
            "01",
            "-",
            "1.",
            ".5",
            "1e",
            "+1",
            "nul",
            "True",
            "\"",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\ud800\"",
            "\"\\ud800\\u0041\"",
            "\"\\udc00\"",
            "\"\n\"",
            "1 2",
            "[1]]",
            "NaN",
            "1e38",
            &too_large,
        ] {
            let mut out = ItemWriter::new();
            out.i32(1);
            let before = out.bytes().to_vec();
            assert!(read_json(text, DEPTH_MAX, &mut out).is_err(), "{text}");
            assert_eq!(out.bytes(), before, "{text}");
        }
    }

    #[test]
    fn depth() {
        let nested = |n: usize| format!("{}1{}", "[".repeat(n), "]".repeat(n));
        let deepest = read(&nested(DEPTH_MAX)).unwrap();
        assert!(validate(&deepest));
        assert_eq!(forms::json(Item::new(&deepest)), nested(DEPTH_MAX));
        assert!(read(&nested(DEPTH_MAX + 1)).is_err());
        assert!(read(&"[".repeat(1 << 20)).is_err());
    }

    proptest! {
        /// Any text: no panic, and what was read is an item whose text is read and written as it is (as another item where 7.0 became 7).
        #[test]
        fn texts(text in prop_oneof![
            "[\\[\\]{}\",:0-9eE.+\\-a-f \\\\untrls]{0,24}",
            any::<String>(),
            "(\\[|\\{\"[a-c]\":|-?[0-9]{1,20}(\\.[0-9]{1,20})?(e-?[0-9])?|null|true|,|\"[a-c]\":|\\]|\\}|\"x\"){0,12}",
        ]) {
            if let Ok(item) = read(&text) {
                prop_assert!(validate(&item));
                let json = forms::json(Item::new(&item));
                let again = read(&json);
                prop_assert_eq!(again.map(|item| forms::json(Item::new(&item))), Ok(json));
            }
        }
    }
}
