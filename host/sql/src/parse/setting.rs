//! `SET` and `CREATE INDEX`.

use super::Failure;
use super::ast::{CreateIndex, SetSetting};
use super::ddl::{idents, name};
use super::statement::{error, error_with_hint, here, last};
use sqlparser::keywords::Keyword;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::Token;

/// What follows `SET`: `name = ON | OFF | literal`
pub(super) fn set(source: &str, parser: &mut Parser) -> Result<SetSetting, Failure> {
    let name = parser.parse_identifier()?;
    parser.expect_token(&Token::Eq)?;
    let at = here(parser);
    let value = match parser.next_token().token {
        Token::Word(w) => w.value.to_lowercase(),
        Token::Number(n, _) => n,
        Token::SingleQuotedString(s) => s,
        _ => return Err(error_with_hint(source, at, "a setting is ON, OFF or a literal", "write SET name = ON")),
    };
    Ok(SetSetting { name, value, value_span: at.to(last(parser)) })
}

/// What follows `CREATE INDEX`: `name ON relation ( column, .. )`
pub(super) fn create_index(source: &str, parser: &mut Parser) -> Result<CreateIndex, Failure> {
    if parser.parse_keyword(Keyword::ON) {
        return Err(error(source, last(parser), "an index has a name"));
    }
    let name = name(source, parser)?;
    parser.expect_keyword(Keyword::ON)?;
    let relation = self::name(source, parser)?;
    let columns = idents(parser)?;
    Ok(CreateIndex { name, relation, columns })
}
