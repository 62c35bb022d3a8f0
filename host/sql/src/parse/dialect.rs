//! Our SQL as `sqlparser` sees it: what a name is made of, and which constructs of other dialects are part of it.

use super::data_type::data_type;
use super::statement::peek_word;
use super::{infix, operands};
use sqlparser::ast::{BinaryOperator, CastKind, Expr, Interval, Map, MapEntry};
use sqlparser::dialect::{Dialect, GenericDialect, Precedence};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

/// The dialect. It has no state.
#[derive(Debug)]
pub(crate) struct Weir;

impl Dialect for Weir {
    fn is_delimited_identifier_start(&self, ch: char) -> bool {
        ch == '"'
    }

    fn is_identifier_start(&self, ch: char) -> bool {
        ch.is_alphabetic() || ch == '_'
    }

    fn is_identifier_part(&self, ch: char) -> bool {
        ch.is_alphanumeric() || ch == '_' || ch == '$'
    }

    // `DEFAULT 5 NOT NULL` is a default and a constraint: NOT NULL is no operator here.
    fn get_next_precedence(&self, parser: &Parser) -> Option<Result<u8, ParserError>> {
        let is = |token: &Token, keyword: Keyword| matches!(token, Token::Word(w) if w.keyword == keyword);
        let not_null =
            is(&parser.peek_token_ref().token, Keyword::NOT) && is(&parser.peek_nth_token_ref(1).token, Keyword::NULL);
        if not_null { Some(Ok(0)) } else { infix::precedence(parser).map(Ok) }
    }

    fn prec_value(&self, prec: Precedence) -> u8 {
        match prec {
            Precedence::Between | Precedence::Like => infix::PREDICATE,
            other => GenericDialect.prec_value(other),
        }
    }

    fn parse_infix(&self, parser: &mut Parser, expr: &Expr, _precedence: u8) -> Option<Result<Expr, ParserError>> {
        // `e::T`, for our types.
        if parser.consume_token(&Token::DoubleColon) {
            return Some(data_type(parser).map(|data_type| Expr::Cast {
                kind: CastKind::DoubleColon,
                expr: Box::new(expr.clone()),
                data_type,
                format: None,
            }));
        }
        operands::quantified(parser, expr).or_else(|| infix::parse(parser, expr))
    }

    // Units of time that are no keywords: SQL_TSI_DAY.
    fn allow_extract_custom(&self) -> bool {
        true
    }

    fn supports_interval_options(&self) -> bool {
        true
    }

    // `(a - b) DAY`, the difference of two points in time as an interval: an interval whose value is a bare difference. (That of
    // `INTERVAL (a - b) DAY` is within parentheses.)
    fn parse_prefix(&self, parser: &mut Parser) -> Option<Result<Expr, ParserError>> {
        let then = &parser.peek_nth_token_ref(1).token;
        match (peek_word(parser).as_deref(), then) {
            (Some("CAST"), Token::LParen) => return Some(cast(parser, CastKind::Cast)),
            (Some("SAFE_CAST"), Token::LParen) => return Some(cast(parser, CastKind::SafeCast)),
            (Some("MAP"), Token::LBracket) => return Some(map(parser)),
            _ => {}
        }
        if let Some(query) = operands::scalar(parser) {
            return Some(query);
        }
        let unit_after = closing_parenthesis(parser).map(|close| parser.peek_nth_token(close + 1).token);
        let is_unit = matches!(&unit_after, Some(Token::Word(w)) if w.quote_style.is_none() && is_unit(&w.value));
        if !is_unit {
            return None;
        }
        let difference = parser.maybe_parse(|p| {
            p.expect_token(&Token::LParen)?;
            let value = p.parse_expr()?;
            p.expect_token(&Token::RParen)?;
            let field = p.parse_date_time_field()?;
            match value {
                Expr::BinaryOp { op: BinaryOperator::Minus, .. } => Ok(Expr::Interval(Interval {
                    value: Box::new(value),
                    leading_field: Some(field),
                    leading_precision: None,
                    last_field: None,
                    fractional_seconds_precision: None,
                })),
                _ => p.expected("a difference", p.peek_token()),
            }
        });
        match difference {
            Ok(Some(e)) => Some(Ok(e)),
            _ => None,
        }
    }

    fn supports_unicode_string_literal(&self) -> bool {
        true
    }

    fn supports_filter_during_aggregation(&self) -> bool {
        true
    }

    fn supports_window_clause_named_window_reference(&self) -> bool {
        true
    }

    fn supports_window_function_null_treatment_arg(&self) -> bool {
        true
    }

    fn supports_group_by_expr(&self) -> bool {
        true
    }

    fn supports_string_literal_concatenation_with_newline(&self) -> bool {
        true
    }

    fn supports_limit_comma(&self) -> bool {
        true
    }

    fn supports_order_by_all(&self) -> bool {
        true
    }

    fn supports_select_wildcard_except(&self) -> bool {
        true
    }

    fn supports_select_wildcard_exclude(&self) -> bool {
        true
    }

    fn supports_select_wildcard_replace(&self) -> bool {
        true
    }

    fn supports_lambda_functions(&self) -> bool {
        true
    }

    fn supports_data_type_signed_suffix(&self) -> bool {
        true
    }

    fn supports_comma_separated_trim(&self) -> bool {
        true
    }

    fn supports_values_as_table_factor(&self) -> bool {
        true
    }

    fn supports_parens_around_table_factor(&self) -> bool {
        true
    }

    fn supports_subquery_as_function_arg(&self) -> bool {
        true
    }
}

/// `CAST(e AS T)`, for our types.
fn cast(parser: &mut Parser, kind: CastKind) -> Result<Expr, ParserError> {
    parser.advance_token();
    parser.expect_token(&Token::LParen)?;
    let expr = Box::new(parser.parse_expr()?);
    parser.expect_keyword(Keyword::AS)?;
    let data_type = data_type(parser)?;
    parser.expect_token(&Token::RParen)?;
    Ok(Expr::Cast { kind, expr, data_type, format: None })
}

/// `MAP[key, value, ..]`
fn map(parser: &mut Parser) -> Result<Expr, ParserError> {
    parser.advance_token();
    parser.expect_token(&Token::LBracket)?;
    let mut entries = vec![];
    while !parser.consume_token(&Token::RBracket) {
        if !entries.is_empty() {
            parser.expect_token(&Token::Comma)?;
        }
        let key = Box::new(parser.parse_expr()?);
        parser.expect_token(&Token::Comma)?;
        entries.push(MapEntry { key, value: Box::new(parser.parse_expr()?) });
    }
    Ok(Expr::Map(Map { entries }))
}

/// Most tokens between the parentheses of `(a - b) DAY`. Bounded, because every parenthesis is looked behind.
const DIFFERENCE_TOKENS_MAX: usize = 64;

/// How many tokens ahead the parenthesis closes that is next, if it is near.
fn closing_parenthesis(parser: &Parser) -> Option<usize> {
    let mut depth = 0usize;
    for n in 0..DIFFERENCE_TOKENS_MAX {
        match &parser.peek_nth_token_ref(n).token {
            Token::LParen => depth += 1,
            Token::RParen if depth == 1 => return Some(n),
            Token::RParen => depth = depth.saturating_sub(1),
            Token::EOF => return None,
            _ => {}
        }
        if depth == 0 {
            return None;
        }
    }
    None
}

/// Whether a word is a unit that intervals have.
fn is_unit(word: &str) -> bool {
    let units = ["YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "SECOND"];
    let word = word.to_uppercase();
    units.contains(&word.strip_suffix('S').unwrap_or(&word))
}
