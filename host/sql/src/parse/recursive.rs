//! `DECLARE RECURSIVE VIEW`.

use super::Failure;
use super::ast::{DeclareRecursive, Parameter};
use super::ddl::name;
use super::function::typed;
use super::statement::{eat_word, error_with_hint, here, no_if_not_exists};
use sqlparser::keywords::Keyword;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::Token;

/// What follows `DECLARE`: `RECURSIVE VIEW name (column type [NOT NULL], ..)`
pub(super) fn declare_recursive(source: &str, parser: &mut Parser) -> Result<DeclareRecursive, Failure> {
    if !eat_word(parser, "RECURSIVE") {
        let hint = "write DECLARE RECURSIVE VIEW name (column type, ..)";
        return Err(error_with_hint(source, here(parser), "what is declared is a RECURSIVE VIEW", hint));
    }
    parser.expect_keyword(Keyword::VIEW)?;
    no_if_not_exists(source, parser)?;
    let name = name(source, parser)?;
    if parser.peek_token_ref().token != Token::LParen {
        let hint = "list the columns with their types; the query follows in CREATE VIEW";
        return Err(error_with_hint(source, here(parser), "a recursive view is declared with its columns", hint));
    }
    parser.expect_token(&Token::LParen)?;
    let mut columns = vec![];
    loop {
        let name = parser.parse_identifier()?;
        let (ty, span, not_null) = typed(parser)?;
        columns.push(Parameter { name, ty, span, not_null });
        if !parser.consume_token(&Token::Comma) {
            break;
        }
    }
    parser.expect_token(&Token::RParen)?;
    if eat_word(parser, "AS") {
        let hint = "write CREATE VIEW name AS .. as a statement of its own";
        return Err(error_with_hint(source, here(parser), "a declaration has no query", hint));
    }
    Ok(DeclareRecursive { name, columns })
}
