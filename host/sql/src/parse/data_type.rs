//! Types as they are written: what `sqlparser` knows, and beyond it `T ARRAY`, `MAP<K, V>` and `ROW(f T, ..)`.

use super::statement::peek_word;
use sqlparser::ast::{ArrayElemTypeDef, DataType, Ident, MapBracketKind, SqlOption, StructBracketKind, StructField};
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

/// What stands in a field's options when it was written `NULL`: fields of rows are NOT NULL else.
pub(crate) const NULLABLE: &str = "null";

/// Deepest nesting of a type.
const DEPTH_MAX: usize = 50;

/// A type.
pub(super) fn data_type(parser: &mut Parser) -> Result<DataType, ParserError> {
    let (ty, closed) = nested(parser, DEPTH_MAX)?;
    if closed { Err(ParserError::ParserError("Expected: a type, found: >>".into())) } else { Ok(ty) }
}

/// A type, and whether the `>>` at its end has also closed the type around it.
fn nested(parser: &mut Parser, depth: usize) -> Result<(DataType, bool), ParserError> {
    let Some(depth) = depth.checked_sub(1) else { return Err(ParserError::RecursionLimitExceeded) };
    let opens = |token: Token| parser.peek_nth_token_ref(1).token == token;
    let (mut ty, closed) = match peek_word(parser).as_deref() {
        Some("ROW") if opens(Token::LParen) => {
            parser.advance_token();
            (DataType::Struct(fields(parser, depth)?, StructBracketKind::Parentheses), false)
        }
        Some("MAP") if opens(Token::Lt) => {
            parser.advance_token();
            parser.advance_token();
            let (key, _) = nested(parser, depth)?;
            parser.expect_token(&Token::Comma)?;
            let (value, closed) = nested(parser, depth)?;
            let outer = if closed {
                false
            } else if parser.consume_token(&Token::ShiftRight) {
                true
            } else {
                parser.expect_token(&Token::Gt)?;
                false
            };
            (DataType::Map(Box::new(key), Box::new(value), MapBracketKind::AngleBrackets), outer)
        }
        _ => (parser.parse_data_type()?, false),
    };
    if closed {
        return Ok((ty, true));
    }
    while peek_word(parser).as_deref() == Some("ARRAY") {
        parser.advance_token();
        ty = DataType::Array(ArrayElemTypeDef::Qualified(Box::new(ty), None));
    }
    Ok((ty, false))
}

/// `( name type [NOT NULL | NULL], .. )`
pub(super) fn fields(parser: &mut Parser, depth: usize) -> Result<Vec<StructField>, ParserError> {
    parser.expect_token(&Token::LParen)?;
    let mut fields = vec![];
    loop {
        let name = parser.parse_identifier()?;
        let (ty, _) = nested(parser, depth)?;
        let options = match peek_word(parser).as_deref() {
            Some("NOT") => {
                parser.advance_token();
                parser.expect_keyword(sqlparser::keywords::Keyword::NULL)?;
                None
            }
            Some("NULL") => {
                parser.advance_token();
                Some(vec![SqlOption::Ident(Ident::new(NULLABLE))])
            }
            _ => None,
        };
        fields.push(StructField { field_name: Some(name), field_type: ty, options });
        if !parser.consume_token(&Token::Comma) {
            break;
        }
    }
    parser.expect_token(&Token::RParen)?;
    Ok(fields)
}

/// What follows `CREATE TYPE name AS`: a type, or the fields of a row.
pub(super) fn definition(parser: &mut Parser) -> Result<DataType, ParserError> {
    if parser.peek_token_ref().token == Token::LParen {
        return Ok(DataType::Struct(fields(parser, DEPTH_MAX)?, StructBracketKind::Parentheses));
    }
    data_type(parser)
}
