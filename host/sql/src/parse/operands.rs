//! Queries that begin with an operand in parentheses, `((SELECT ..) UNION (SELECT ..))`, where an expression may stand: `sqlparser` takes the
//! operand for a scalar subquery there.

use super::infix::is_word;
use sqlparser::ast::{BinaryOperator, Expr};
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

/// What stands between the operands of a set operation.
const OPERATORS: [&str; 4] = ["union", "intersect", "except", "minus"];

/// Tokens from the one that comes next on, white space left out.
fn tokens<'p>(parser: &'p Parser<'_>) -> impl Iterator<Item = &'p Token> {
    let from = parser.get_current_index() + 1;
    let all = (from..).map(|i| &parser.token_at(i).token).take_while(|t| **t != Token::EOF);
    all.filter(|t| !matches!(t, Token::Whitespace(_)))
}

fn is_one_of(token: &Token, words: &[&str]) -> bool {
    matches!(token, Token::Word(w) if w.quote_style.is_none() && words.iter().any(|word| w.value.eq_ignore_ascii_case(word)))
}

/// Whether, so many tokens from here, a parenthesis opens in which a set operation stands whose first operand is in parentheses.
fn opens(parser: &Parser<'_>, skip: usize) -> bool {
    let mut rest = tokens(parser).skip(skip);
    if rest.next() != Some(&Token::LParen) || rest.next() != Some(&Token::LParen) {
        return false;
    }
    let mut depth = 1;
    let mut begun = false;
    while let Some(token) = rest.next() {
        match token {
            Token::LParen => depth += 1,
            _ if !begun => {
                if !is_one_of(token, &["select", "with", "values"]) {
                    return false;
                }
                begun = true;
            }
            Token::RParen if depth == 1 => return rest.next().is_some_and(|t| is_one_of(t, &OPERATORS)),
            Token::RParen => depth -= 1,
            _ => {}
        }
    }
    false
}

fn query(parser: &mut Parser<'_>) -> Result<Expr, ParserError> {
    parser.expect_token(&Token::LParen)?;
    let query = parser.parse_query()?;
    parser.expect_token(&Token::RParen)?;
    Ok(Expr::Subquery(query))
}

/// Such a query as a scalar subquery; `None` if something else comes.
pub(super) fn scalar(parser: &mut Parser<'_>) -> Option<Result<Expr, ParserError>> {
    opens(parser, 0).then(|| query(parser))
}

/// `op ANY (..)` and the like with such a query, after the left operand; `None` if something else comes.
pub(super) fn quantified(parser: &mut Parser<'_>, left: &Expr) -> Option<Result<Expr, ParserError>> {
    let compare_op = match parser.peek_token_ref().token {
        Token::Eq | Token::DoubleEq => BinaryOperator::Eq,
        Token::Neq => BinaryOperator::NotEq,
        Token::Lt => BinaryOperator::Lt,
        Token::LtEq => BinaryOperator::LtEq,
        Token::Gt => BinaryOperator::Gt,
        Token::GtEq => BinaryOperator::GtEq,
        _ => return None,
    };
    let (every, is_some) = (is_word(parser, 1, "all"), is_word(parser, 1, "some"));
    if !(every || is_some || is_word(parser, 1, "any")) || !opens(parser, 2) {
        return None;
    }
    parser.next_token();
    parser.next_token();
    let left = Box::new(left.clone());
    Some(query(parser).map(|right| {
        let right = Box::new(right);
        if every { Expr::AllOp { left, compare_op, right } } else { Expr::AnyOp { left, compare_op, right, is_some } }
    }))
}
