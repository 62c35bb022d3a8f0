//! Text to statements. Each statement is parsed by itself, up to its `;`, so that one that is wrong does not hide the
//! errors of the others.

mod ast;
pub(crate) mod data_type;
mod ddl;
mod dialect;
mod function;
mod infix;
mod operands;
mod recursive;
mod rewrite;
mod setting;
mod statement;
mod tokens;

pub(crate) use ast::{
    ColumnDef, CreateFunction, CreateIndex, CreateTable, CreateType, CreateView, DeclareRecursive, ForeignKey, KeyList,
    Lateness, SetSetting, Statement, ViewKind,
};

pub(crate) use tokens::{ASOF_LEFT, GROUP_BY_DISTINCT};

use crate::diagnostic::{LIMIT, PARSE};
use crate::{Diagnostic, LineCol, Span};
use dialect::Weir;
use sqlparser::ast::Ident;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer};

/// Longest program in bytes.
pub(crate) const SOURCE_BYTES_MAX: usize = 4 << 20;
/// Most statements of a program.
pub(crate) const STATEMENTS_MAX: usize = 10_000;
/// Most tokens of one statement. Operators in a row nest to the left, so this also bounds the depth of a tree.
pub(crate) const STATEMENT_TOKENS_MAX: usize = 50_000;
/// Deepest nesting of parentheses, subqueries and the like, as `sqlparser` counts it.
const NESTING_MAX: usize = 200;

/// What could be read of a program.
pub(crate) struct Parsed {
    /// The statements that were understood, in order.
    pub(crate) statements: Vec<Statement>,
    /// Names that statements with errors would have declared: uses of them are no errors.
    pub(crate) poisoned: Vec<String>,
    /// What was wrong.
    pub(crate) errors: Vec<Diagnostic>,
}

/// Reads a program.
pub(crate) fn parse(source: &str) -> Parsed {
    let mut parsed = Parsed { statements: vec![], poisoned: vec![], errors: vec![] };
    if source.len() > SOURCE_BYTES_MAX {
        let message = format!("the program has {} bytes; at most {SOURCE_BYTES_MAX} are allowed", source.len());
        parsed.errors.push(Diagnostic::error(source, Span::default(), LIMIT, message));
        return parsed;
    }
    let mut tokens = Vec::new();
    // What was read before an error of the tokenizer stays in `tokens`, so statements before it are still looked at.
    let tokenizer_error = Tokenizer::new(&Weir, source).tokenize_with_location_into_buf(&mut tokens).err();
    let mut statements: Vec<&[TokenWithSpan]> = tokens.split(|t| t.token == Token::SemiColon).collect();
    if let Some(e) = tokenizer_error {
        let at = line_col(e.location);
        parsed.errors.push(Diagnostic::error(source, Span { start: at, end: at }, PARSE, e.message));
        if let Some(broken) = statements.pop() {
            parsed.poisoned.extend(declared_name(broken));
        }
    }
    statements.retain(|tokens| tokens.iter().any(|t| !matches!(t.token, Token::Whitespace(_) | Token::EOF)));
    if statements.len() > STATEMENTS_MAX {
        let message = format!("the program has {} statements; at most {STATEMENTS_MAX} are allowed", statements.len());
        parsed.errors.push(Diagnostic::error(source, Span::default(), LIMIT, message));
        return parsed;
    }
    for tokens in statements {
        match parse_statement(source, tokens) {
            Ok(statement) => parsed.statements.push(statement),
            Err(error) => {
                parsed.errors.push(*error);
                parsed.poisoned.extend(declared_name(tokens));
            }
        }
    }
    parsed
}

fn parse_statement(source: &str, tokens: &[TokenWithSpan]) -> Result<Statement, Box<Diagnostic>> {
    let real = || tokens.iter().filter(|t| !matches!(t.token, Token::Whitespace(_) | Token::EOF));
    let end = real().next_back().map_or_else(Span::default, |t| span(t.span));
    if real().count() > STATEMENT_TOKENS_MAX {
        let start = real().next().map_or(end, |t| span(t.span));
        let message = format!("the statement has more than {STATEMENT_TOKENS_MAX} words and signs");
        return Err(Box::new(Diagnostic::error(source, start, LIMIT, message)));
    }
    let tokens = rewrite::unicode(tokens);
    let tokens = rewrite::row_stars(&tokens);
    let mut parser =
        Parser::new(&Weir).with_recursion_limit(NESTING_MAX).with_tokens_with_locations(tokens::for_parser(&tokens));
    let result = statement::statement(source, &mut parser);
    result.map_err(|e| {
        Box::new(match e {
            Failure::Diagnostic(d) => *d,
            Failure::Parser(e) => from_parser(source, &parser, end, e),
        })
    })
}

/// Why a statement was not understood.
enum Failure {
    /// `sqlparser` says so.
    Parser(ParserError),
    /// We say so.
    Diagnostic(Box<Diagnostic>),
}

impl From<ParserError> for Failure {
    fn from(e: ParserError) -> Failure {
        Failure::Parser(e)
    }
}

/// `sqlparser` writes the place of an error at the end of its message.
fn from_parser(source: &str, parser: &Parser, end: Span, error: ParserError) -> Diagnostic {
    let text = match error {
        ParserError::TokenizerError(text) | ParserError::ParserError(text) => text,
        ParserError::RecursionLimitExceeded => {
            let at = span(parser.peek_token_ref().span);
            let at = if at.start.line == 0 { end } else { at };
            let message = format!("the statement is nested too deeply (more than {NESTING_MAX} levels)");
            return Diagnostic::error(source, at, LIMIT, message);
        }
    };
    let (message, place) = match text.rfind(" at Line: ") {
        Some(i) => (text[..i].to_string(), place(&text[i..])),
        None => (text, None),
    };
    let expected = message.strip_prefix("Expected: ").or(message.strip_prefix("Expected "));
    let message = match expected.and_then(|m| m.split_once(", found: ")) {
        Some((expected, "EOF")) => format!("expected {expected}, but the statement ends here"),
        Some((expected, found)) => format!("expected {expected}, found '{found}'"),
        None => message,
    };
    let found = place.and_then(|start| {
        let mut i = 0;
        loop {
            let token = parser.token_at(i);
            if token.token == Token::EOF {
                return None;
            }
            if line_col(token.span.start) == start {
                return Some(span(token.span));
            }
            i += 1;
        }
    });
    let at = found.or(place.map(|start| Span { start, end: start })).unwrap_or(Span { start: end.end, end: end.end });
    Diagnostic::error(source, at, PARSE, message)
}

/// Reads `" at Line: 3, Column: 14"`.
fn place(text: &str) -> Option<LineCol> {
    let (line, column) = text.strip_prefix(" at Line: ")?.split_once(", Column: ")?;
    Some(LineCol { line: line.parse().ok()?, column: column.parse().ok()? })
}

/// The name that a statement declares, if it begins like a declaration.
fn declared_name(tokens: &[TokenWithSpan]) -> Option<String> {
    let mut words = tokens.iter().filter_map(|t| match &t.token {
        Token::Word(w) => Some(w),
        _ => None,
    });
    let first = words.next()?;
    if !["create", "declare"].iter().any(|k| first.value.eq_ignore_ascii_case(k)) {
        return None;
    }
    words
        .find(|w| ["table", "view", "type", "function", "aggregate"].iter().any(|k| w.value.eq_ignore_ascii_case(k)))?;
    let name = words.next()?;
    Some(if name.quote_style.is_some() { name.value.clone() } else { name.value.to_lowercase() })
}

/// A name as SQL compares it: folded to lower case unless it was quoted.
pub(crate) fn fold(ident: &Ident) -> String {
    if ident.quote_style.is_some() { ident.value.clone() } else { ident.value.to_lowercase() }
}

/// The place of a token or tree; the beginning of the text if `sqlparser` does not know.
pub(crate) fn span(s: sqlparser::tokenizer::Span) -> Span {
    if s.start.line == 0 { Span::default() } else { Span { start: line_col(s.start), end: line_col(s.end) } }
}

fn line_col(l: Location) -> LineCol {
    LineCol {
        line: u32::try_from(l.line).unwrap_or(u32::MAX).max(1),
        column: u32::try_from(l.column).unwrap_or(u32::MAX).max(1),
    }
}
