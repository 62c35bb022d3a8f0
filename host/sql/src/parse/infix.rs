//! Operators that `sqlparser` does not know: `BETWEEN SYMMETRIC`, and the predicates on periods, `(a, b) CONTAINS (c, d)`. They become
//! calls of functions of those names. And RLIKE, which it misreads before NULL.

use sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident, ObjectName,
    UnaryOperator,
};
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Span, Token};

/// How tightly they bind, and BETWEEN, LIKE, IN with them: more than comparisons, less than `+`. (`sqlparser` has `|` there, which is no
/// operator of this language.)
pub(super) const PREDICATE: u8 = 21;

/// The name of `x BETWEEN SYMMETRIC a AND b`.
const BETWEEN_SYMMETRIC: &str = "between symmetric";

/// Whether token `n` from here is that word, unquoted.
pub(super) fn is_word(parser: &Parser, n: usize, word: &str) -> bool {
    matches!(&parser.peek_nth_token_ref(n).token, Token::Word(w) if w.quote_style.is_none() && w.value.eq_ignore_ascii_case(word))
}

/// The last token that was read, white space excepted.
fn last<'p>(parser: &'p Parser<'_>) -> Option<&'p Token> {
    let before = (0..=parser.get_current_index()).rev();
    before.map(|i| &parser.token_at(i).token).find(|t| !matches!(t, Token::Whitespace(_)))
}

/// The predicate on periods that comes next: the name of its function, and how many words it has. Its words are no keywords, and may
/// be aliases (`SELECT f(x) contains FROM t`): it is a predicate only between a parenthesis that closes and one that opens, CONTAINS
/// also before a point in time.
fn period(parser: &Parser) -> Option<(&'static str, usize)> {
    if last(parser) != Some(&Token::RParen) {
        return None;
    }
    let (name, words) = if is_word(parser, 0, "immediately") && is_word(parser, 1, "precedes") {
        ("immediately precedes", 2)
    } else if is_word(parser, 0, "immediately") && is_word(parser, 1, "succeeds") {
        ("immediately succeeds", 2)
    } else {
        let name =
            ["overlaps", "contains", "equals", "precedes", "succeeds"].into_iter().find(|w| is_word(parser, 0, w))?;
        (name, 1)
    };
    let after = &parser.peek_nth_token_ref(words).token;
    let ends =
        ["from", "where", "group", "having", "order", "limit", "union", "intersect", "except", "qualify", "window"];
    let operand = match after {
        Token::LParen => true,
        Token::Word(w) if name == "contains" => {
            w.quote_style.is_some() || !ends.iter().any(|end| w.value.eq_ignore_ascii_case(end))
        }
        _ => false,
    };
    operand.then_some((name, words))
}

/// How tightly the next token binds, if it begins one of these operators.
pub(super) fn precedence(parser: &Parser) -> Option<u8> {
    period(parser).map(|_| PREDICATE)
}

/// One of these operators after its left operand; `None` if something else comes.
pub(super) fn parse(parser: &mut Parser, left: &Expr) -> Option<Result<Expr, ParserError>> {
    if let Some((name, words)) = period(parser) {
        return Some(predicate(parser, left.clone(), name, words));
    }
    let negated = is_word(parser, 0, "not");
    let between = usize::from(negated);
    if is_word(parser, between, "rlike") {
        return Some(rlike(parser, left.clone(), negated));
    }
    let symmetric = is_word(parser, between, "between") && is_word(parser, between + 1, "symmetric");
    symmetric.then(|| between_symmetric(parser, left.clone(), negated))
}

fn predicate(parser: &mut Parser, left: Expr, name: &str, words: usize) -> Result<Expr, ParserError> {
    let at = parser.peek_token_ref().span;
    for _ in 0..words {
        parser.next_token();
    }
    let right = parser.parse_subexpr(PREDICATE)?;
    Ok(call(name, at, vec![left, right]))
}

/// `sqlparser` takes a NULL after RLIKE for a part of the operator.
fn rlike(parser: &mut Parser, left: Expr, negated: bool) -> Result<Expr, ParserError> {
    for _ in 0..1 + usize::from(negated) {
        parser.next_token();
    }
    let pattern = Box::new(parser.parse_subexpr(PREDICATE)?);
    Ok(Expr::RLike { negated, expr: Box::new(left), pattern, regexp: false })
}

fn between_symmetric(parser: &mut Parser, left: Expr, negated: bool) -> Result<Expr, ParserError> {
    let at = parser.peek_token_ref().span;
    for _ in 0..2 + usize::from(negated) {
        parser.next_token();
    }
    let low = parser.parse_subexpr(PREDICATE)?;
    parser.expect_keyword(sqlparser::keywords::Keyword::AND)?;
    let high = parser.parse_subexpr(PREDICATE)?;
    let between = call(BETWEEN_SYMMETRIC, at, vec![left, low, high]);
    Ok(if negated { Expr::UnaryOp { op: UnaryOperator::Not, expr: Box::new(between) } } else { between })
}

fn call(name: &str, at: Span, args: Vec<Expr>) -> Expr {
    let ident = Ident::with_quote_and_span('"', at, name);
    let args = args.into_iter().map(|e| FunctionArg::Unnamed(FunctionArgExpr::Expr(e))).collect();
    let list = FunctionArgumentList { duplicate_treatment: None, args, clauses: vec![] };
    Expr::Function(Function {
        name: ObjectName::from(vec![ident]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(list),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: vec![],
    })
}
