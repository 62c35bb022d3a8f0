//! Forms of names and calls that `sqlparser` has not, said in others, before anything else is looked at.

use sqlparser::tokenizer::{Location, Span, Token, TokenWithSpan};
use std::borrow::Cow;

/// What `U&` names are escaped by if UESCAPE does not say.
const ESCAPE: char = '\\';

fn is_word(token: &Token, word: &str) -> bool {
    matches!(token, Token::Word(w) if w.quote_style.is_none() && w.value.eq_ignore_ascii_case(word))
}

fn is_space(token: &Token) -> bool {
    matches!(token, Token::Whitespace(_))
}

/// `U&"..."` with or without `UESCAPE 'c'` as the name that it is, and `U&'...' UESCAPE 'c'` as the text. What is neither stays, and is
/// refused later.
pub(super) fn unicode(tokens: &[TokenWithSpan]) -> Cow<'_, [TokenWithSpan]> {
    if !tokens.iter().any(|t| matches!(t.token, Token::UnicodeStringLiteral(_)) || is_word(&t.token, "u")) {
        return Cow::Borrowed(tokens);
    }
    let mut out = Vec::with_capacity(tokens.len());
    let mut rest = tokens;
    while let Some(first) = rest.first() {
        let (token, taken) = escaped(rest).unwrap_or_else(|| (first.token.clone(), 1));
        out.push(TokenWithSpan { token, span: Span::new(first.span.start, rest[taken - 1].span.end) });
        rest = &rest[taken..];
    }
    Cow::Owned(out)
}

/// What a name or a text with escapes is that stands here, and of how many tokens it is made.
fn escaped(rest: &[TokenWithSpan]) -> Option<(Token, usize)> {
    let (text, words, quote) = match rest {
        [u, and, name, ..] if is_word(&u.token, "u") && and.token == Token::Ampersand => match &name.token {
            Token::Word(w) if w.quote_style == Some('"') => (&w.value, 3, Some('"')),
            _ => return None,
        },
        [TokenWithSpan { token: Token::UnicodeStringLiteral(text), .. }, ..] => (text, 1, None),
        _ => return None,
    };
    let mut more = rest.iter().enumerate().skip(words).filter(|(_, t)| !is_space(&t.token));
    let given = more.next().filter(|(_, t)| is_word(&t.token, "uescape")).and(more.next());
    let (escape, taken) = match given {
        Some((at, TokenWithSpan { token: Token::SingleQuotedString(s), .. })) => (s.chars().next()?, at + 1),
        // The tokenizer knows the escapes that texts have by themselves.
        _ if quote.is_none() => return None,
        _ => (ESCAPE, words),
    };
    let value = unescaped(text, escape)?;
    let token = if quote.is_some() { Token::make_word(&value, quote) } else { Token::SingleQuotedString(value) };
    Some((token, taken))
}

/// A text with its escapes, `\XXXX` and `\+XXXXXX`, as the characters that they are; `None` if one is none.
fn unescaped(text: &str, escape: char) -> Option<String> {
    let mut out = String::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c != escape {
            out.push(c);
            continue;
        }
        let mut ahead = rest.clone();
        let digits = match ahead.next()? {
            c if c == escape => {
                out.push(escape);
                rest = ahead;
                continue;
            }
            '+' => {
                rest.next();
                6
            }
            _ => 4,
        };
        let code: String = rest.by_ref().take(digits).collect();
        let whole = code.len() == digits && code.chars().all(|c| c.is_ascii_hexdigit());
        out.push(whole.then(|| u32::from_str_radix(&code, 16).ok()).flatten().and_then(char::from_u32)?);
    }
    Some(out)
}

/// `ROW(t.* EXCLUDE (c), ..)` as `ROW((SELECT t.* EXCLUDE (c), ..))`: a SELECT of stars from nothing means nothing else.
pub(super) fn row_stars(tokens: &[TokenWithSpan]) -> Cow<'_, [TokenWithSpan]> {
    let mut opened: Vec<(usize, bool)> = vec![];
    let mut stars: Vec<(usize, usize)> = vec![];
    let mut last: Option<&Token> = None;
    for (i, t) in tokens.iter().enumerate().filter(|(_, t)| !is_space(&t.token)) {
        match &t.token {
            Token::LParen => {
                let of_row = last.is_some_and(|l| is_word(l, "row"));
                opened.push((i, of_row));
            }
            Token::RParen => {
                opened.pop();
            }
            Token::Mul => {
                let begins = matches!(last, Some(Token::LParen | Token::Comma | Token::Period));
                if let Some((start, true)) = opened.last().copied().filter(|_| begins)
                    && stars.last().is_none_or(|(s, _)| *s != start)
                    && let Some(end) = closing(&tokens[start..])
                {
                    stars.push((start, start + end));
                }
            }
            _ => {}
        }
        last = Some(&t.token);
    }
    if stars.is_empty() {
        return Cow::Borrowed(tokens);
    }
    let mut out = Vec::with_capacity(tokens.len() + 3 * stars.len());
    for (i, t) in tokens.iter().enumerate() {
        let here = |token: Token, at: Location| TokenWithSpan { token, span: Span::new(at, at) };
        if stars.iter().any(|(_, end)| *end == i) {
            out.push(here(Token::RParen, t.span.start));
        }
        out.push(t.clone());
        if stars.iter().any(|(start, _)| *start == i) {
            out.extend([Token::LParen, Token::make_keyword("SELECT")].map(|token| here(token, t.span.end)));
        }
    }
    Cow::Owned(out)
}

/// Where the parenthesis that begins here ends.
fn closing(tokens: &[TokenWithSpan]) -> Option<usize> {
    let mut depth = 0usize;
    tokens.iter().position(|t| {
        match t.token {
            Token::LParen => depth += 1,
            Token::RParen => depth -= 1,
            _ => {}
        }
        depth == 0
    })
}
