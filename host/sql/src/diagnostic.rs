//! What the front end says about a program: errors and warnings with their places, and how they are drawn.

use std::fmt::Write;

/// `Diagnostic::kind` of a text that is not SQL.
pub(crate) const PARSE: &str = "Error parsing SQL";
/// `Diagnostic::kind` of a statement that breaks a rule of the language.
pub(crate) const STATEMENT: &str = "Error in SQL statement";
/// `Diagnostic::kind` of a construct that Weir does not know yet.
pub(crate) const UNSUPPORTED: &str = "Not supported";
/// `Diagnostic::kind` of a statement larger or deeper than the front end's bounds.
pub(crate) const LIMIT: &str = "Program too large";
/// `Diagnostic::kind` of a fault of the front end itself.
pub(crate) const INTERNAL: &str = "Internal error";

/// `Diagnostic::kind` of warnings. A program silences one by `SET FELDERA_IGNORE_WARNING_<kind>`, with `_` for spaces.
pub(crate) mod warning {
    /// What is written changes nothing.
    pub(crate) const WITHOUT_EFFECT: &str = "Without effect";
    /// A precision that the type does not have.
    pub(crate) const PRECISION: &str = "Precision ignored";
    /// NULL for a parameter that is NOT NULL.
    pub(crate) const NULL_ARGUMENT: &str = "Nullable argument";
    /// UNION ALL where rows are made distinct.
    pub(crate) const DISTINCT: &str = "Rows made distinct";
}

/// Widest source line that is drawn whole; longer ones are cut around the place.
const SNIPPET_WIDTH_MAX: usize = 160;

/// A place in the text; both from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineCol {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl Default for LineCol {
    fn default() -> Self {
        LineCol { line: 1, column: 1 }
    }
}

/// A stretch of the text. `end` is the place after the last character.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The first character.
    pub start: LineCol,
    /// The place after the last character.
    pub end: LineCol,
}

impl Span {
    /// The least span that covers both.
    pub fn to(self, other: Span) -> Span {
        Span { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// The place of a part of a text literal's value, `offset` and `length` in bytes of the value, if this is where the literal stands. The whole of
    /// it, if it is none of the form 'text'.
    pub fn of_part(self, source: &str, offset: usize, length: usize) -> Span {
        let begin = offset_of(source, self.start);
        let Some(inner) = source.get(begin..).and_then(|s| s.strip_prefix('\'')) else { return self };
        let mut at = LineCol { line: self.start.line, column: self.start.column + 1 };
        let mut part = Span { start: self.end, end: self.end };
        let (mut value, mut chars) = (0, inner.chars());
        loop {
            if value <= offset {
                part.start = at;
            }
            if value >= offset + length {
                return Span { end: at, ..part };
            }
            let Some(c) = chars.next() else { return self };
            value += c.len_utf8();
            at = if c == '\n' {
                LineCol { line: at.line + 1, column: 1 }
            } else {
                LineCol { column: at.column + 1, ..at }
            };
            if c == '\'' {
                // In the literal it is there twice; if it is not, the literal ends.
                if chars.next() != Some('\'') {
                    return Span { end: self.end, ..part };
                }
                at.column += 1;
            }
        }
    }
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The program cannot be run.
    Error,
    /// The program can be run, but may not mean what its author thinks.
    Warning,
}

/// An error or a warning with its place in the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The first character it is about.
    pub start: LineCol,
    /// The last character it is about (inclusive).
    pub end: LineCol,
    /// Offset of the first character, in bytes from the beginning of the text.
    pub offset: usize,
    /// Length of the stretch in bytes.
    pub length: usize,
    /// Error or warning.
    pub severity: Severity,
    /// The API's `error_type`.
    pub kind: &'static str,
    /// What is wrong.
    pub message: String,
    /// What would mend it.
    pub hint: Option<String>,
    /// The source line with its number, and a line of carets under the place.
    pub snippet: Option<String>,
}

impl Diagnostic {
    /// An error at `span` of `source`.
    pub fn error(source: &str, span: Span, kind: &'static str, message: String) -> Diagnostic {
        Self::new(source, span, Severity::Error, kind, message)
    }

    /// A warning at `span` of `source`.
    pub fn warning(source: &str, span: Span, kind: &'static str, message: String) -> Diagnostic {
        Self::new(source, span, Severity::Warning, kind, message)
    }

    fn new(source: &str, span: Span, severity: Severity, kind: &'static str, message: String) -> Diagnostic {
        let offset = offset_of(source, span.start);
        let end_offset = offset_of(source, span.end).max(offset);
        let end = if span.end > span.start { before(source, span.end) } else { span.start };
        Diagnostic {
            start: span.start,
            end,
            offset,
            length: end_offset - offset,
            severity,
            kind,
            message,
            hint: None,
            snippet: snippet(source, span.start, end),
        }
    }

    /// The same, with advice.
    pub fn with_hint(mut self, hint: impl Into<String>) -> Diagnostic {
        self.hint = Some(hint.into());
        self
    }
}

/// The byte offset of a place; the end of the line or of the text if it lies beyond.
fn offset_of(source: &str, at: LineCol) -> usize {
    let mut offset = 0;
    for (i, line) in source.split_inclusive('\n').enumerate() {
        if i + 1 == at.line as usize {
            let column = (at.column as usize).saturating_sub(1);
            return offset + line.char_indices().nth(column).map_or(line.len(), |(i, _)| i);
        }
        offset += line.len();
    }
    source.len()
}

/// The place of the character before `at`, which is not the first of the text.
fn before(source: &str, at: LineCol) -> LineCol {
    if at.column > 1 {
        return LineCol { line: at.line, column: at.column - 1 };
    }
    let line = at.line.saturating_sub(1).max(1);
    let width = source.lines().nth(line as usize - 1).map_or(1, |l| l.chars().count().max(1));
    LineCol { line, column: u32::try_from(width).unwrap_or(u32::MAX) }
}

/// The source line of `start`, and carets from `start` to `end` (inclusive) or to the end of that line.
fn snippet(source: &str, start: LineCol, end: LineCol) -> Option<String> {
    let line: Vec<char> = source.lines().nth(start.line as usize - 1)?.chars().collect();
    let first = (start.column as usize - 1).min(line.len());
    let last = if end.line == start.line { (end.column as usize).min(line.len()) } else { line.len() };
    let count = last.saturating_sub(first).max(1);
    let from = if line.len() <= SNIPPET_WIDTH_MAX { 0 } else { first.saturating_sub(SNIPPET_WIDTH_MAX / 4) };
    let shown: String =
        line.iter().skip(from).take(SNIPPET_WIDTH_MAX).map(|&c| if c == '\t' { ' ' } else { c }).collect();
    let mut out = String::new();
    let number = start.line.to_string();
    let _ = writeln!(out, "{number:>5} | {}", shown.trim_end());
    let _ = write!(out, "{:>5} | {}{}", "", " ".repeat(first - from), "^".repeat(count.min(SNIPPET_WIDTH_MAX)));
    Some(out)
}

/// Diagnostics as a person reads them: the place, the message, the source line with carets under it, and advice.
pub fn render(source: &str, file_name: &str, diagnostics: &[Diagnostic]) -> String {
    let mut out = String::new();
    for d in diagnostics {
        let word = match d.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let _ = writeln!(out, "{word}: {}", d.message);
        let _ = writeln!(out, "  --> {file_name}:{}:{}", d.start.line, d.start.column);
        if let Some(s) = d.snippet.clone().or_else(|| snippet(source, d.start, d.end)) {
            let _ = writeln!(out, "{s}");
        }
        if let Some(hint) = &d.hint {
            let _ = writeln!(out, "      = help: {hint}");
        }
        out.push('\n');
    }
    out
}
