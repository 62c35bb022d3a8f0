//! `CREATE FUNCTION` and `CREATE LINEAR AGGREGATE`.

use super::Failure;
use super::ast::{CreateFunction, Parameter};
use super::data_type::data_type;
use super::ddl::name;
use super::statement::{eat_word, error_with_hint, here, last, no_if_not_exists, peek_word, unsupported};
use sqlparser::ast::DataType;
use sqlparser::keywords::Keyword;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::Token;

/// What follows `CREATE FUNCTION`.
pub(super) fn create_function(source: &str, parser: &mut Parser) -> Result<CreateFunction, Failure> {
    let mut function = signature(source, parser)?;
    if eat_word(parser, "AS") {
        function.body = Some(Box::new(parser.parse_expr()?));
    }
    Ok(function)
}

/// What follows `CREATE`, from `LINEAR` or `AGGREGATE` on.
pub(super) fn create_aggregate(source: &str, parser: &mut Parser) -> Result<CreateFunction, Failure> {
    let at = here(parser);
    let linear = eat_word(parser, "LINEAR");
    if !eat_word(parser, "AGGREGATE") {
        return Err(error_with_hint(source, at, "LINEAR is said of aggregates", "write CREATE LINEAR AGGREGATE"));
    }
    let function = CreateFunction { aggregate: true, ..signature(source, parser)? };
    if !linear {
        return Err(unsupported(source, at.to(last(parser)), "an aggregate that is not LINEAR"));
    }
    if peek_word(parser).as_deref() == Some("AS") {
        let hint = "leave AS out, and write its accumulator in udf_rust";
        return Err(error_with_hint(source, here(parser), "an aggregate has no body in SQL", hint));
    }
    Ok(function)
}

/// `name(parameter type [NOT NULL], ..) RETURNS type [NOT NULL]`
fn signature(source: &str, parser: &mut Parser) -> Result<CreateFunction, Failure> {
    no_if_not_exists(source, parser)?;
    let name = name(source, parser)?;
    let mut params = vec![];
    parser.expect_token(&Token::LParen)?;
    if !parser.consume_token(&Token::RParen) {
        loop {
            let name = parser.parse_identifier()?;
            let (ty, span, not_null) = typed(parser)?;
            params.push(Parameter { name, ty, span, not_null });
            if !parser.consume_token(&Token::Comma) {
                break;
            }
        }
        parser.expect_token(&Token::RParen)?;
    }
    if !eat_word(parser, "RETURNS") {
        let found = parser.peek_token();
        parser.expected::<()>("RETURNS and the type of the result", found)?;
    }
    let (result, result_span, result_not_null) = typed(parser)?;
    Ok(CreateFunction { name, params, result, result_span, result_not_null, body: None, aggregate: false })
}

/// `type [NOT NULL | NULL]`: the type, its place, and whether it is NOT NULL.
pub(super) fn typed(parser: &mut Parser) -> Result<(DataType, crate::Span, bool), Failure> {
    let start = here(parser);
    let ty = data_type(parser)?;
    let span = start.to(last(parser));
    if eat_word(parser, "NOT") {
        parser.expect_keyword(Keyword::NULL)?;
        return Ok((ty, span, true));
    }
    eat_word(parser, "NULL");
    Ok((ty, span, false))
}
