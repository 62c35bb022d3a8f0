//! `CREATE TABLE` and `CREATE VIEW`.

use super::data_type::{data_type, definition};
use super::statement::{eat_word, error_with_hint, here, last, no_if_not_exists, peek_word};
use super::{ColumnDef, CreateTable, CreateType, CreateView, Failure, ForeignKey, KeyList, Lateness, ViewKind, span};
use crate::relation::Property;
use sqlparser::ast::Ident;
use sqlparser::keywords::Keyword;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::Token;

/// What follows `CREATE TABLE`.
pub(super) fn create_table(source: &str, parser: &mut Parser) -> Result<CreateTable, Failure> {
    no_if_not_exists(source, parser)?;
    let mut table = CreateTable {
        name: name(source, parser)?,
        columns: vec![],
        primary_keys: vec![],
        foreign_keys: vec![],
        properties: vec![],
    };
    parser.expect_token(&Token::LParen)?;
    loop {
        element(source, parser, &mut table)?;
        if !parser.consume_token(&Token::Comma) {
            break;
        }
    }
    parser.expect_token(&Token::RParen)?;
    table.properties = properties(parser)?;
    Ok(table)
}

/// What follows `CREATE`, from LOCAL, MATERIALIZED or VIEW on.
pub(super) fn create_view(source: &str, parser: &mut Parser) -> Result<CreateView, Failure> {
    let kind = if eat_word(parser, "LOCAL") {
        ViewKind::Local
    } else if eat_word(parser, "MATERIALIZED") {
        ViewKind::Materialized
    } else {
        ViewKind::Plain
    };
    parser.expect_keyword(Keyword::VIEW)?;
    no_if_not_exists(source, parser)?;
    let name = name(source, parser)?;
    let columns = if parser.peek_token_ref().token == Token::LParen { idents(parser)? } else { vec![] };
    let properties = properties(parser)?;
    parser.expect_keyword(Keyword::AS)?;
    let query = parser.parse_query()?;
    Ok(CreateView { name, kind, columns, properties, query })
}

/// What follows `CREATE TYPE`.
pub(super) fn create_type(source: &str, parser: &mut Parser) -> Result<CreateType, Failure> {
    no_if_not_exists(source, parser)?;
    let name = name(source, parser)?;
    parser.expect_keyword(Keyword::AS)?;
    let start = here(parser);
    let row = (peek_word(parser).as_deref() == Some("ROW")).then_some(start);
    let ty = definition(parser)?;
    Ok(CreateType { name, ty, span: start.to(last(parser)), row })
}

/// What follows `LATENESS`: `view.column expr`.
pub(super) fn lateness(parser: &mut Parser) -> Result<Lateness, Failure> {
    let start = here(parser);
    let view = parser.parse_identifier()?;
    parser.expect_token(&Token::Period)?;
    let column = parser.parse_identifier()?;
    let expr = Box::new(parser.parse_expr()?);
    Ok(Lateness { view, column, expr, span: start.to(last(parser)) })
}

/// A relation's name: one word.
pub(super) fn name(source: &str, parser: &mut Parser) -> Result<Ident, Failure> {
    let name = parser.parse_identifier()?;
    if parser.peek_token_ref().token == Token::Period {
        let hint = "leave the part before the period out";
        return Err(error_with_hint(source, span(name.span), "names of tables and views have no schema", hint));
    }
    Ok(name)
}

/// `( name, .. )`
pub(super) fn idents(parser: &mut Parser) -> Result<Vec<Ident>, Failure> {
    parser.expect_token(&Token::LParen)?;
    let idents = parser.parse_comma_separated(Parser::parse_identifier)?;
    parser.expect_token(&Token::RParen)?;
    Ok(idents)
}

/// A column, or a constraint of the table.
fn element(source: &str, parser: &mut Parser, table: &mut CreateTable) -> Result<(), Failure> {
    let at = here(parser);
    let then = match &parser.peek_nth_token_ref(1).token {
        Token::Word(w) => w.value.to_uppercase(),
        _ => String::new(),
    };
    match (peek_word(parser).as_deref(), then.as_str()) {
        (Some("PRIMARY"), "KEY") => {
            parser.advance_token();
            parser.advance_token();
            let columns = idents(parser)?;
            table.primary_keys.push(KeyList { columns, span: at.to(last(parser)) });
        }
        (Some("FOREIGN"), "KEY") => {
            parser.advance_token();
            parser.advance_token();
            let columns = idents(parser)?;
            let foreign_key = references(source, parser, columns, at)?;
            table.foreign_keys.push(foreign_key);
        }
        (Some("CONSTRAINT"), _) => {
            let hint = "leave CONSTRAINT and the name out";
            return Err(error_with_hint(source, at, "constraints have no names", hint));
        }
        _ => column(source, parser, table)?,
    }
    Ok(())
}

/// `REFERENCES table ( .. )`
fn references(
    source: &str,
    parser: &mut Parser,
    columns: Vec<Ident>,
    start: crate::Span,
) -> Result<ForeignKey, Failure> {
    parser.expect_keyword(Keyword::REFERENCES)?;
    let table = name(source, parser)?;
    let referred = idents(parser)?;
    Ok(ForeignKey { columns, table, referred, span: start.to(last(parser)) })
}

/// `name type constraint*`
fn column(source: &str, parser: &mut Parser, table: &mut CreateTable) -> Result<(), Failure> {
    let name = parser.parse_identifier()?;
    let ty_start = here(parser);
    let ty = data_type(parser)?;
    let mut column = ColumnDef {
        name,
        ty,
        ty_span: ty_start.to(last(parser)),
        not_null: None,
        default: None,
        lateness: None,
        watermark: None,
    };
    loop {
        let at = here(parser);
        match peek_word(parser).as_deref() {
            Some("NOT") => {
                parser.advance_token();
                parser.expect_keyword(Keyword::NULL)?;
                column.not_null = Some(true);
            }
            Some("NULL") => {
                parser.advance_token();
                column.not_null = Some(false);
            }
            Some("PRIMARY") => {
                parser.advance_token();
                parser.expect_keyword(Keyword::KEY)?;
                let columns = vec![column.name.clone()];
                table.primary_keys.push(KeyList { columns, span: at.to(last(parser)) });
            }
            Some("FOREIGN") => {
                parser.advance_token();
                parser.expect_keyword(Keyword::KEY)?;
                let foreign_key = references(source, parser, vec![column.name.clone()], at)?;
                table.foreign_keys.push(foreign_key);
            }
            Some("DEFAULT") => {
                parser.advance_token();
                let start = here(parser);
                let expr = parser.parse_expr()?;
                let at = start.to(last(parser));
                let text = expr.to_string();
                column.default = Some((expr, text, at));
            }
            Some("LATENESS") => {
                parser.advance_token();
                let expr = parser.parse_expr()?;
                column.lateness = Some((expr, at.to(last(parser))));
            }
            Some("WATERMARK") => {
                parser.advance_token();
                let expr = parser.parse_expr()?;
                column.watermark = Some((expr, at.to(last(parser))));
            }
            Some("CONSTRAINT") => {
                let hint = "leave CONSTRAINT and the name out";
                return Err(error_with_hint(source, at, "constraints have no names", hint));
            }
            Some("UNIQUE" | "CHECK" | "REFERENCES") => {
                let hint = "known are NOT NULL, NULL, PRIMARY KEY, FOREIGN KEY REFERENCES, DEFAULT and LATENESS";
                return Err(error_with_hint(source, at, "this column constraint is not part of the language", hint));
            }
            _ => break,
        }
    }
    table.columns.push(column);
    Ok(())
}

/// `WITH ( 'key' = 'value', .. )`, if it is there.
fn properties(parser: &mut Parser) -> Result<Vec<Property>, Failure> {
    if !parser.parse_keyword(Keyword::WITH) {
        return Ok(vec![]);
    }
    parser.expect_token(&Token::LParen)?;
    let mut properties = vec![];
    loop {
        let (key, key_position) = property_string(parser)?;
        parser.expect_token(&Token::Eq)?;
        let (value, value_position) = property_string(parser)?;
        properties.push(Property { key, value, key_position, value_position });
        if !parser.consume_token(&Token::Comma) {
            break;
        }
    }
    parser.expect_token(&Token::RParen)?;
    Ok(properties)
}

fn property_string(parser: &mut Parser) -> Result<(String, crate::Span), Failure> {
    let token = parser.next_token();
    match token.token {
        Token::SingleQuotedString(text) => Ok((text, span(token.span))),
        _ => Err(parser
            .expected::<(String, crate::Span)>("a string in quotes, as in 'key' = 'value'", token)
            .map_or_else(Failure::Parser, |_| unreachable!("`expected` always returns an error"))),
    }
}
