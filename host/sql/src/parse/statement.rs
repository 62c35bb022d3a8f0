//! The first words of a statement: what it is.

use super::{Failure, Statement, ddl, function, recursive, setting, span};
use crate::diagnostic::{STATEMENT, UNSUPPORTED};
use crate::{Diagnostic, Span};
use sqlparser::parser::Parser;
use sqlparser::tokenizer::Token;

/// The next token's text in upper case, if it is a word.
pub(super) fn peek_word(parser: &Parser) -> Option<String> {
    match &parser.peek_token_ref().token {
        Token::Word(w) if w.quote_style.is_none() => Some(w.value.to_uppercase()),
        _ => None,
    }
}

/// Consumes the next token if it is this word (in upper case).
pub(super) fn eat_word(parser: &mut Parser, word: &str) -> bool {
    let found = peek_word(parser).as_deref() == Some(word);
    if found {
        parser.advance_token();
    }
    found
}

/// The place of the next token.
pub(super) fn here(parser: &Parser) -> Span {
    span(parser.peek_token_ref().span)
}

/// The place of the token consumed last.
pub(super) fn last(parser: &Parser) -> Span {
    span(parser.get_current_token().span)
}

pub(super) fn error(source: &str, at: Span, message: &str) -> Failure {
    Failure::Diagnostic(Box::new(Diagnostic::error(source, at, STATEMENT, message.to_string())))
}

pub(super) fn error_with_hint(source: &str, at: Span, message: &str, hint: &str) -> Failure {
    Failure::Diagnostic(Box::new(Diagnostic::error(source, at, STATEMENT, message.to_string()).with_hint(hint)))
}

pub(super) fn unsupported(source: &str, at: Span, what: &str) -> Failure {
    Failure::Diagnostic(Box::new(Diagnostic::error(source, at, UNSUPPORTED, format!("{what} is not supported yet"))))
}

/// Parses a whole statement, up to the end of the parser's tokens.
pub(super) fn statement(source: &str, parser: &mut Parser) -> Result<Statement, Failure> {
    let at = here(parser);
    let statement = match peek_word(parser).as_deref() {
        Some("CREATE") => {
            parser.advance_token();
            create(source, parser)?
        }
        Some("SELECT" | "WITH" | "VALUES") => {
            return Err(error_with_hint(
                source,
                at,
                "a query by itself computes nothing; did you forget to CREATE VIEW?",
                "write CREATE VIEW name AS before the query",
            ));
        }
        Some("INSERT" | "REMOVE" | "DROP" | "UPDATE" | "DELETE") => {
            return Err(error_with_hint(
                source,
                at,
                "a program only declares tables and views",
                "send changes of tables to the pipeline when it runs",
            ));
        }
        Some("DECLARE") => {
            parser.advance_token();
            Statement::Recursive(recursive::declare_recursive(source, parser)?)
        }
        Some("LATENESS") => {
            parser.advance_token();
            Statement::Lateness(ddl::lateness(parser)?)
        }
        Some("SET") => {
            parser.advance_token();
            Statement::Set(setting::set(source, parser)?)
        }
        _ => {
            return Err(parser
                .expected_ref::<()>("a statement", parser.peek_token_ref())
                .map_or_else(Failure::Parser, |()| error(source, at, "expected a statement")));
        }
    };
    if parser.peek_token_ref().token != Token::EOF {
        let found = parser.peek_token();
        parser.expected::<()>("the end of the statement", found)?;
    }
    Ok(statement)
}

fn create(source: &str, parser: &mut Parser) -> Result<Statement, Failure> {
    let at = here(parser);
    match peek_word(parser).as_deref() {
        Some("TABLE") => {
            parser.advance_token();
            ddl::create_table(source, parser).map(Statement::Table)
        }
        Some("LOCAL" | "MATERIALIZED" | "VIEW") => ddl::create_view(source, parser).map(Statement::View),
        Some("OR") => Err(error_with_hint(
            source,
            at,
            "OR REPLACE is not part of the language",
            "a program is changed as a whole: leave OR REPLACE out",
        )),
        Some("TYPE") => {
            parser.advance_token();
            ddl::create_type(source, parser).map(Statement::Type)
        }
        Some("FUNCTION") => {
            parser.advance_token();
            function::create_function(source, parser).map(Statement::Function)
        }
        Some("AGGREGATE" | "LINEAR") => function::create_aggregate(source, parser).map(Statement::Function),
        Some("INDEX") => {
            parser.advance_token();
            setting::create_index(source, parser).map(Statement::Index)
        }
        _ => {
            let found = parser.peek_token();
            Err(parser
                .expected::<()>("TABLE, VIEW, LOCAL VIEW or MATERIALIZED VIEW after CREATE", found)
                .map_or_else(Failure::Parser, |()| error(source, at, "expected TABLE or VIEW")))
        }
    }
}

/// Rejects `IF NOT EXISTS`.
pub(super) fn no_if_not_exists(source: &str, parser: &Parser) -> Result<(), Failure> {
    if peek_word(parser).as_deref() == Some("IF") {
        return Err(error_with_hint(
            source,
            here(parser),
            "IF NOT EXISTS is not part of the language",
            "a program is changed as a whole: leave IF NOT EXISTS out",
        ));
    }
    Ok(())
}
