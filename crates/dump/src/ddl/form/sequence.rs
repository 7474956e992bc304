//! CREATE SEQUENCE, and the statement that sets the numbers of a sequence.

use crate::ddl::form::reader::{Reader, Refusal};
use crate::ddl::token::TokenKind;

/// An option of CREATE SEQUENCE before a number.
const NUMBERED: [&[&str]; 5] =
    [&["START", "WITH"], &["MINVALUE"], &["MAXVALUE"], &["INCREMENT", "BY"], &["CACHE"]];

/// Options without a value.
const ALONE: [&[&str]; 5] = [&["NOMINVALUE"], &["NOMAXVALUE"], &["NOCACHE"], &["CYCLE"], &["NOCYCLE"]];

/// The types that a sequence may have (MariaDB 11.5).
const TYPES: [&str; 6] = ["TINYINT", "SMALLINT", "MEDIUMINT", "INT", "INTEGER", "BIGINT"];

/// The engines that keep a sequence in the server itself.
const ENGINES: [&str; 4] = ["ARIA", "INNODB", "MEMORY", "MYISAM"];

/// How many numbers a sequence has.
const NUMBERS: usize = 8;

/// Checks CREATE SEQUENCE.
pub(super) fn check(mut sql: Reader<'_>, name: &str) -> Result<(), Refusal> {
    sql.expect(&["CREATE", "SEQUENCE"])?;
    sql.expect_name(name)?;
    if sql.eat(&["AS"]) {
        if !sql.eat_any(&TYPES) {
            return Err(sql.unexpected());
        }
        sql.eat(&["UNSIGNED"]);
    }
    while sql.peek().is_some() {
        if NUMBERED.iter().any(|words| sql.eat(words)) {
            number(&mut sql)?;
        } else if sql.eat(&["ENGINE"]) {
            sql.expect_sign(b'=')?;
            if !sql.eat_any(&ENGINES) {
                return Err(sql.unexpected());
            }
        } else if sql.eat(&["COMMENT"]) {
            sql.expect_sign(b'=')?;
            if !sql.take().is_some_and(|text| text.kind == TokenKind::Literal) {
                return Err(Refusal("COMMENT has no text".to_owned()));
            }
        } else if !ALONE.iter().any(|words| sql.eat(words)) {
            return Err(sql.unexpected());
        }
    }
    Ok(())
}

/// Checks `INSERT INTO name VALUES (…)` with the numbers of a sequence.
pub(super) fn check_value(mut sql: Reader<'_>, name: &str) -> Result<(), Refusal> {
    sql.expect(&["INSERT", "INTO"])?;
    sql.expect_name(name)?;
    sql.expect(&["VALUES"])?;
    sql.expect_sign(b'(')?;
    for place in 0..NUMBERS {
        if place > 0 {
            sql.expect_sign(b',')?;
        }
        number(&mut sql)?;
    }
    sql.expect_sign(b')')?;
    sql.end()
}

fn number(sql: &mut Reader<'_>) -> Result<(), Refusal> {
    sql.eat_sign(b'-');
    let is_number = |text: &[u8]| text.iter().all(u8::is_ascii_digit);
    match sql.peek() {
        Some(token) if token.kind == TokenKind::Word && is_number(token.text) => {
            sql.take();
            Ok(())
        }
        _ => Err(sql.unexpected()),
    }
}
