//! CREATE PROCEDURE, FUNCTION, TRIGGER and EVENT: the head. [`super::body`] reads their body.

use crate::ddl::form::body;
use crate::ddl::form::reader::{Reader, Refusal};
use crate::ddl::token::{Quoting, TokenKind};

/// Words that may follow the name of a type.
const TYPE_WORDS: [&str; 8] =
    ["BINARY", "LARGE", "PRECISION", "SIGNED", "UNSIGNED", "VARYING", "ZEROFILL", "ARRAY"];

/// The characteristics of a routine before its body, except its comment and its language.
const CHARACTERISTICS: [&[&str]; 9] = [
    &["DETERMINISTIC"],
    &["NOT", "DETERMINISTIC"],
    &["CONTAINS", "SQL"],
    &["NO", "SQL"],
    &["READS", "SQL", "DATA"],
    &["MODIFIES", "SQL", "DATA"],
    &["SQL", "SECURITY", "DEFINER"],
    &["SQL", "SECURITY", "INVOKER"],
    &["LANGUAGE", "SQL"],
];

/// Checks the statement that creates code of that kind and name.
pub(super) fn check(text: &[u8], quoting: Quoting, kind: &str, name: &str) -> Result<(), Refusal> {
    let mut sql = Reader::code(text, quoting)?;
    sql.expect(&["CREATE"])?;
    definer(&mut sql)?;
    if kind == "FUNCTION" {
        sql.eat(&["AGGREGATE"]);
    }
    sql.expect(&[kind])?;
    sql.eat(&["IF", "NOT", "EXISTS"]);
    sql.expect_name(name)?;
    match kind {
        "TRIGGER" => trigger(&mut sql)?,
        "EVENT" => event(&mut sql)?,
        _ => {
            routine(&mut sql, kind == "FUNCTION", quoting.is_oracle())?;
            if quoting.is_oracle() && sql.eat_any(&["AS", "IS"]) {
                return body::check_declared(&mut sql);
            }
        }
    }
    body::check(&mut sql, quoting.is_oracle())
}

/// Takes `DEFINER = account`, if it is there.
pub(super) fn definer(sql: &mut Reader<'_>) -> Result<(), Refusal> {
    if !sql.eat(&["DEFINER"]) {
        return Ok(());
    }
    sql.expect_sign(b'=')?;
    if !sql
        .take()
        .is_some_and(|user| matches!(user.kind, TokenKind::Name | TokenKind::Literal | TokenKind::Word))
    {
        return Err(Refusal("DEFINER names nobody".to_owned()));
    }
    if !sql.eat_sign(b'@') {
        return Ok(());
    }
    match sql.take() {
        Some(host) if matches!(host.kind, TokenKind::Name | TokenKind::Literal) => Ok(()),
        // OceanBase prints the definer of a trigger without quotes: `root@%`, `root@10.0.%`.
        Some(host) if host.kind == TokenKind::Word || host.is_sign(b'%') => {
            while sql.peek().is_some_and(|next| {
                let joins = |sign| sql.last().is_some_and(|last| last.is_sign(sign));
                next.is_sign(b'.') || next.is_sign(b'%') || next.is_sign(b'-') || joins(b'.') || joins(b'-')
            }) {
                sql.take();
            }
            Ok(())
        }
        _ => Err(Refusal("DEFINER names no host".to_owned())),
    }
}

/// Reads the part between the name of a routine and its body, or the AS or IS before its body.
fn routine(sql: &mut Reader<'_>, is_function: bool, is_oracle: bool) -> Result<(), Refusal> {
    sql.group(&[])?;
    if is_function {
        sql.expect(&[if is_oracle { "RETURN" } else { "RETURNS" }])?;
        data_type(sql)?;
    }
    loop {
        if sql.eat(&["COMMENT"]) {
            if !sql.take().is_some_and(|comment| comment.kind == TokenKind::Literal) {
                return Err(Refusal("COMMENT has no text".to_owned()));
            }
        } else if !CHARACTERISTICS.iter().any(|words| sql.eat(words)) {
            return Ok(());
        }
    }
}

fn data_type(sql: &mut Reader<'_>) -> Result<(), Refusal> {
    if !sql.take().is_some_and(|word| word.kind == TokenKind::Word) {
        return Err(Refusal("RETURNS has no type".to_owned()));
    }
    loop {
        if sql.peek().is_some_and(|token| token.is_sign(b'(')) {
            sql.group(&[])?;
        } else if sql.eat(&["CHARSET"]) || sql.eat(&["CHARACTER", "SET"]) || sql.eat(&["COLLATE"]) {
            sql.take();
        } else if !sql.eat_any(&TYPE_WORDS) {
            return Ok(());
        }
    }
}

/// Reads the part between the name of a trigger and its body.
fn trigger(sql: &mut Reader<'_>) -> Result<(), Refusal> {
    if !sql.eat_any(&["BEFORE", "AFTER"]) {
        return Err(sql.unexpected());
    }
    loop {
        if !sql.eat_any(&["INSERT", "UPDATE", "DELETE"]) {
            return Err(sql.unexpected());
        }
        if !sql.eat(&["OR"]) {
            break;
        }
    }
    sql.expect(&["ON"])?;
    table_name(sql)?;
    sql.expect(&["FOR", "EACH", "ROW"])?;
    if sql.eat_any(&["FOLLOWS", "PRECEDES"]) {
        table_name(sql)?;
    }
    Ok(())
}

fn table_name(sql: &mut Reader<'_>) -> Result<(), Refusal> {
    loop {
        if !sql.take().is_some_and(|token| token.is_name()) {
            return Err(Refusal("a name is missing".to_owned()));
        }
        if !sql.eat_sign(b'.') {
            return Ok(());
        }
    }
}

/// Reads the part between the name of an event and its body.
fn event(sql: &mut Reader<'_>) -> Result<(), Refusal> {
    sql.expect(&["ON", "SCHEDULE"])?;
    while !sql.eat(&["DO"]) {
        match sql.peek() {
            Some(token) if !token.is_sign(b';') => sql.take(),
            _ => return Err(sql.expected("DO")),
        };
    }
    Ok(())
}
