//! What the language has and `sqlparser` has not, said in words that it has: tokens are changed before they are parsed.

use sqlparser::tokenizer::{Token, TokenWithSpan};

fn is(token: Option<&Token>, words: &[&str]) -> bool {
    match token {
        Some(Token::Word(w)) => w.quote_style.is_none() && words.iter().any(|x| w.value.eq_ignore_ascii_case(x)),
        _ => false,
    }
}

/// Whether a query may begin after a token.
fn begins_query(last: Option<&Token>) -> bool {
    let words = ["as", "union", "except", "minus", "intersect", "all", "distinct"];
    last == Some(&Token::LParen) || is(last, &words)
}

/// The next token that is no white space.
fn next_word(rest: &[TokenWithSpan]) -> Option<&Token> {
    rest.iter().map(|t| &t.token).find(|t| !matches!(t, Token::Whitespace(_)))
}

/// Whether a name stands here, and a query may end after it.
fn ends_query(rest: &[TokenWithSpan]) -> bool {
    let mut rest = rest.iter().map(|t| &t.token).filter(|t| !matches!(t, Token::Whitespace(_)));
    let words = ["union", "except", "minus", "intersect", "order", "limit", "fetch", "offset"];
    let name = matches!(rest.next(), Some(Token::Word(_)));
    name && match rest.next() {
        None | Some(Token::RParen | Token::EOF | Token::SemiColon) => true,
        next => is(next, &words),
    }
}

/// The quotes of the word that stands for the DISTINCT of GROUP BY DISTINCT, which nobody can write.
pub(crate) const GROUP_BY_DISTINCT: char = '[';

/// The quotes of the word that stands for the LEFT of LEFT ASOF JOIN, which nobody can write either.
pub(crate) const ASOF_LEFT: char = '[';

/// The tokens for the parser:
///
/// - `TABLE t` as a query is `SELECT * FROM t`;
/// - `UNPIVOT INCLUDING NULLS` is `UNPIVOT INCLUDE NULLS`, and likewise EXCLUDING;
/// - `GROUP BY DISTINCT k, ..` has the word DISTINCT as its first key;
/// - `LEFT ASOF JOIN t MATCH_CONDITION (c)` is `ASOF JOIN t MATCH_CONDITION (LEFT AND c)`, and INNER is left out;
/// - without the word TABLE where it only says that a table follows: `TUMBLE(TABLE t, ..)` is `TUMBLE(t, ..)`, and so with `DATA =>`;
/// - `WITHIN DISTINCT (k, ..)` is `WITHIN GROUP (ORDER BY k, ..)`. What is written as the latter becomes something that the parser refuses.
pub(super) fn for_parser(tokens: &[TokenWithSpan]) -> Vec<TokenWithSpan> {
    let mut kept: Vec<TokenWithSpan> = Vec::with_capacity(tokens.len());
    // The places among `kept` of the last two tokens that are not white space.
    let (mut before, mut last): (Option<usize>, Option<usize>) = (None, None);
    // Whether the joins whose MATCH_CONDITION is still to come are outer ones. Those within the right side come first.
    let (mut outer, mut asof_joins) = (false, vec![]);
    for (i, t) in tokens.iter().enumerate() {
        if matches!(t.token, Token::Whitespace(_)) {
            kept.push(t.clone());
            continue;
        }
        let at = |place: Option<usize>| place.map(|i| &kept[i].token);
        let opened = at(last) == Some(&Token::LParen);
        let named = at(last) == Some(&Token::RArrow) && is(at(before), &["data"]);
        let first = opened && is(at(before), &["tumble", "hop", "session"]);
        if is(Some(&t.token), &["table"]) && (first || named) {
            (before, last) = (last, None);
            continue;
        }
        if is(Some(&t.token), &["left", "inner"]) && is(next_word(&tokens[i + 1..]), &["asof"]) {
            outer = is(Some(&t.token), &["left"]);
            continue;
        }
        if is(Some(&t.token), &["asof"]) && is(next_word(&tokens[i + 1..]), &["join"]) {
            asof_joins.push(std::mem::take(&mut outer));
        }
        if t.token == Token::LParen && is(at(last), &["match_condition"]) && asof_joins.pop() == Some(true) {
            let mark = Token::make_word("LEFT", Some(ASOF_LEFT));
            let words = [Token::LParen, mark, Token::make_keyword("AND")];
            kept.extend(words.map(|token| TokenWithSpan { token, span: t.span }));
            (before, last) = (Some(kept.len() - 2), Some(kept.len() - 1));
            continue;
        }
        if is(Some(&t.token), &["table"]) && begins_query(at(last)) && ends_query(&tokens[i + 1..]) {
            let words = ["SELECT", "*", "FROM"].map(|w| if w == "*" { Token::Mul } else { Token::make_keyword(w) });
            kept.extend(words.map(|token| TokenWithSpan { token, span: t.span }));
            (before, last) = (Some(kept.len() - 2), Some(kept.len() - 1));
            continue;
        }
        if is(at(last), &["unpivot"]) && is(Some(&t.token), &["including", "excluding"]) {
            let word = if is(Some(&t.token), &["including"]) { "INCLUDE" } else { "EXCLUDE" };
            (before, last) = (last, Some(kept.len()));
            kept.push(TokenWithSpan { token: Token::make_keyword(word), span: t.span });
            continue;
        }
        if is(Some(&t.token), &["distinct"]) && is(at(last), &["by"]) && is(at(before), &["group"]) {
            let mark = Token::make_word("DISTINCT", Some(GROUP_BY_DISTINCT));
            kept.extend([mark, Token::Comma].map(|token| TokenWithSpan { token, span: t.span }));
            (before, last) = (Some(kept.len() - 2), Some(kept.len() - 1));
            continue;
        }
        let (mut order, mut group) = (false, None);
        if t.token == Token::LParen && is(at(before), &["within"]) {
            order = is(at(last), &["distinct"]);
            let word = if order { Some("GROUP") } else { is(at(last), &["group"]).then_some("DISTINCT") };
            group = word.zip(last);
        }
        if let Some((word, place)) = group {
            kept[place].token = Token::make_keyword(word);
        }
        (before, last) = (last, Some(kept.len()));
        kept.push(t.clone());
        if order {
            let words = ["ORDER", "BY"].map(|w| TokenWithSpan { token: Token::make_keyword(w), span: t.span });
            kept.extend(words);
        }
    }
    kept
}
